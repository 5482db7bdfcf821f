"""Whether a tracker knows where it errs: identity confidence against the truth, and pictures of moments."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from marey.tracking import doubts_of

# Limits of the bins that confidence is compared with the truth in.
LIMITS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999, 1.0, np.inf)
# Frames of slack around a moment, and on both sides of it in pictures.
SLACK, AROUND = 15, 25
_FIGURE_COLUMNS = 4


def centers(poses: xr.Dataset) -> np.ndarray:
    """Return the middle of each animal, shape (n_frames, n_individuals, 2); NaN where it is not there."""
    points = poses["position"].transpose("time", "individual", "keypoint", "space").values
    known = np.isfinite(points)
    n = known.sum(axis=2)
    return np.where(n > 0, np.where(known, points, 0).sum(axis=2) / np.maximum(n, 1), np.nan)


def animals_of(truth: xr.Dataset, tracks: xr.Dataset) -> np.ndarray:
    """Return the animal that each track is on, shape (n_frames, n_tracks); -1 for none.

    By the optimal assignment of keypoints' mean distances, up to 0.3 of an animal's size.
    """
    true = truth["position"].transpose("time", "individual", "keypoint", "space").values
    found = tracks["position"].transpose("time", "individual", "keypoint", "space").values
    size = float(np.median(np.ptp(true, axis=2).max(axis=-1)))
    animals = np.full(found.shape[:2], -1)
    for frame in range(len(true)):
        apart = np.linalg.norm(true[frame][:, None] - found[frame][None], axis=-1)
        known = np.isfinite(apart)
        mean = np.where(known, apart, 0).sum(-1) / np.maximum(known.sum(-1), 1)
        cost = np.where(known.any(axis=-1), mean, 10 * size)
        rows, columns = linear_sum_assignment(cost)
        is_near = cost[rows, columns] < 0.3 * size
        animals[frame, columns[is_near]] = rows[is_near]
    return animals


def confidences(truth: xr.Dataset, tracks: xr.Dataset) -> np.ndarray:
    """Return identity confidences of frames of tracks, and whether they were right to be, shape (n, 2).

    The confidence of a frame says that identities were kept at the doubtful moments before and after it. So
    it is right if the stretch between these moments is on one animal from its beginning to its end, and the
    stretches beside it end and begin on the same. Exchanges at moments that nobody doubted count as well.
    """
    animals, confidence = animals_of(truth, tracks), tracks["identity_confidence"].values
    row_of = {int(frame): row for row, frame in enumerate(tracks["frame"].values)}
    pairs = []
    for column, name in enumerate(tracks["individual"].values):
        stops = {row_of[doubt["stop"]] for doubt in doubts_of(tracks) if str(name) in doubt["tracks"]}
        limits = [0, *sorted(stops - {0}), len(animals)]
        parts = [np.arange(a, b) for a, b in itertools.pairwise(limits)]
        parts = [part[animals[part, column] >= 0] for part in parts]
        parts = [part for part in parts if len(part)]
        owners = [_first_and_last(animals[part, column]) for part in parts]
        for number, part in enumerate(parts):
            around = [*owners[number]]
            around += [owners[number - 1][1]] if number > 0 else []
            around += [owners[number + 1][0]] if number + 1 < len(parts) else []
            known = confidence[part, column]
            known = known[np.isfinite(known)]
            pairs.append(np.column_stack([known, np.full(len(known), float(len(set(around)) == 1))]))
    return np.concatenate(pairs)


def _first_and_last(animals: np.ndarray) -> tuple[int, int]:
    """Return the animals that a stretch is mostly on in its first and in its last :data:`SLACK` frames."""
    first, last = (int(np.bincount(some).argmax()) for some in (animals[:SLACK], animals[-SLACK:]))
    return first, last


def calibration(pairs: np.ndarray) -> list[dict[str, float]]:
    """Return for each bin of confidence how many frames are in it, what was said, and what was true."""
    rows = []
    for low, high in itertools.pairwise(LIMITS):
        here = pairs[(pairs[:, 0] >= low) & (pairs[:, 0] < high)]
        if len(here):
            said, true = here.mean(axis=0)
            rows.append(
                {"from": low, "n": len(here), "said": round(float(said), 4), "true": round(float(true), 4)}
            )
    return rows


def expected_calibration_error(pairs: np.ndarray) -> float:
    """Return by how much confidence and truth differ, a mean over frames, in the bins of :data:`LIMITS`.

    After Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015.
    """
    rows = calibration(pairs)
    return sum(row["n"] * abs(row["said"] - row["true"]) for row in rows) / len(pairs)


def draw_reliability(pairs: np.ndarray, path: Path) -> None:
    """Draw which share of frames was right, against the confidence that was stated."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = calibration(pairs)
    figure, axis = plt.subplots(figsize=(4.4, 4.4))
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axis.plot([row["said"] for row in rows], [row["true"] for row in rows], marker="o")
    for row in rows:
        axis.annotate(
            f"{row['n']:,.0f}",
            (row["said"], row["true"]),
            fontsize=7,
            xytext=(4, -9),
            textcoords="offset points",
        )
    axis.set(
        xlabel="stated identity confidence",
        ylabel="share of frames that were right",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    axis.set_title(f"expected calibration error {expected_calibration_error(pairs):.3f}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_moments(
    cases: Sequence[tuple[str, xr.Dataset, xr.Dataset, Sequence[int]]], path: Path, *, most: int = 12
) -> None:
    """Draw where the tracks go around the worst moments: true switches, then those that were doubted most.

    Parameters
    ----------
    cases
        A title, the truth, the tracks, and the frames of true switches, of each recording.
    path
        The picture to write.
    most
        Moments drawn.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    moments: list[tuple] = []
    for title, truth, tracks, frames in cases:
        doubts = doubts_of(tracks)
        for doubt in doubts:
            is_wrong = any(doubt["start"] - SLACK <= frame <= doubt["stop"] + SLACK for frame in frames)
            moments.append((not is_wrong, -doubt["probability"], len(moments), title, truth, tracks, doubt))
    chosen = sorted(moments)[:most]
    n_rows = max(1, -(-len(chosen) // _FIGURE_COLUMNS))
    figure, axes = plt.subplots(
        n_rows, _FIGURE_COLUMNS, figsize=(3.6 * _FIGURE_COLUMNS, 3.7 * n_rows), squeeze=False
    )
    for axis in axes.flat[len(chosen) :]:
        axis.set_axis_off()
    for axis, (is_right, _, _, title, truth, tracks, doubt) in zip(axes.flat, chosen, strict=False):
        _draw_moment(axis, truth, tracks, doubt)
        verdict = "kept" if is_right else "EXCHANGED"
        axis.set_title(
            f"{title}, frame {doubt['start']}–{doubt['stop']}\n"
            f"said {doubt['probability']:.1%} exchanged; {verdict}",
            fontsize=8,
        )
    figure.suptitle(
        "Dots: the two tracks, lighter with time. Lines: the true animals. Cross: start.", fontsize=9
    )
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_moment(axis, truth: xr.Dataset, tracks: xr.Dataset, doubt: dict) -> None:  # noqa: ANN001
    names = [str(name) for name in tracks["individual"].values]
    columns = [names.index(name) for name in doubt["tracks"]]
    rows = slice(max(0, doubt["start"] - AROUND), doubt["stop"] + AROUND)
    true, found = centers(truth)[rows], centers(tracks)[rows]
    on = animals_of(truth.isel(time=rows), tracks.isel(time=rows))[:, columns]
    for animal in np.unique(on[on >= 0]):
        axis.plot(*true[:, animal].T, color="0.6", linewidth=1, zorder=1)
        axis.plot(*true[0, animal], marker="x", color="0.3", zorder=1)
    for column, colours in zip(columns, ("Blues_r", "Oranges_r"), strict=False):
        path = found[:, column]
        axis.scatter(*path.T, c=np.arange(len(path)), cmap=colours, vmax=1.6 * len(path), s=9, zorder=2)
    axis.set_aspect("equal", adjustable="datalim")
    axis.invert_yaxis()
    axis.tick_params(labelsize=6)
