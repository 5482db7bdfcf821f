"""The likeliest path through candidates: what it keeps, loses and puts right, against a known truth.

    python bench/viterbi.py [SEED ...]

Keypoints of the renderer's mouse as one camera sees them, 1,500 frames, noise of 1 px. In bouts of some
frames a keypoint is taken for another, with the right place as the second candidate; 2 % of points are
anywhere. The animal moves as the renderer has it; four times as far in a frame; or it rests and darts, and
then moves 15 times as fast as when it rests.
"""

import sys

import numpy as np
import xarray as xr

from marey.model import create_poses
from marey.refinement import viterbi_filter
from marey.synthesis.recording import RecordingSpec, Scene
from triangulation import points_of, ring

N_FRAMES = 1500
WRONG_PX = 6.0
MOTIONS = {"as rendered": (1, 1), "a quarter of the frames": (4, 1), "rests and darts": (1, 6)}


def move(seed: int, stride: int, dart: float) -> np.ndarray:
    """Return points in space, (n_frames, n_keypoints, 3), time running faster in 40 of 160 frames."""
    body = Scene.build(RecordingSpec(n_frames=N_FRAMES, seed=seed)).keypoints_mm[:, 0]
    if dart == 1:
        return body[::stride]
    at = np.cumsum(np.where((np.arange(N_FRAMES) // 40) % 4 == 3, dart, 0.4))
    at = at[at < N_FRAMES - 1]
    whole = at.astype(int)
    part = (at - whole)[:, None, None]
    return body[whole] * (1 - part) + body[whole + 1] * part


def film(body: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, list[xr.Dataset]]:
    """Return where the points are in the image, and the first and second candidates."""
    shape = body.shape[:2]
    truth = ring(2).cameras[0].project(body.reshape(-1, 3)).reshape(*shape, 2)
    first, sure = truth + rng.normal(size=truth.shape), rng.beta(18, 1.2, shape)
    second, unsure = np.full_like(truth, np.nan), np.full(shape, np.nan)
    for k in range(shape[1]):
        taken_for = (k + 1) % shape[1]
        start = rng.geometric(1 / 60)
        while start < shape[0]:
            bout = slice(start, min(start + rng.geometric(1 / 3), shape[0]))
            n = bout.stop - bout.start
            second[bout, k] = truth[bout, k] + rng.normal(size=(n, 2))
            first[bout, k] = truth[bout, taken_for] + rng.normal(size=(n, 2))
            unsure[bout, k], sure[bout, k] = rng.uniform(0.2, 0.5, n), rng.uniform(0.3, 0.8, n)
            start = bout.stop + 1 + rng.geometric(1 / 60)
    wild = rng.random(shape) < 0.02
    first[wild] = truth[wild] + rng.uniform(-200, 200, (wild.sum(), 2))
    sure[wild] = rng.uniform(0.1, 0.6, wild.sum())
    faint = (rng.random(shape) < 0.3) & np.isnan(unsure)
    second[faint] = truth[faint] + rng.uniform(-150, 150, (faint.sum(), 2))
    unsure[faint] = rng.uniform(0.02, 0.2, faint.sum())
    names = [f"k{k}" for k in range(shape[1])]
    return truth, [
        create_poses(np.moveaxis(points, -1, 1)[..., None], keypoints=names, confidence=c[..., None], fps=30)
        for points, c in ((first, sure), (second, unsure))
    ]


def main(seeds: list[int]) -> None:
    for seed in seeds:
        for title, (stride, dart) in MOTIONS.items():
            truth, candidates = film(move(seed, stride, dart), np.random.default_rng(seed))
            is_wrong = np.linalg.norm(points_of(candidates[0]) - truth, axis=-1) > WRONG_PX
            for n in (1, 2):
                found = points_of(viterbi_filter(candidates[0], candidates[1:n]))
                off = np.linalg.norm(found - truth, axis=-1)
                lost, left = ~(off[~is_wrong] <= WRONG_PX), off[is_wrong] > WRONG_PX
                print(
                    f"seed {seed}, {title}, {n} candidates: {100 * lost.mean():.2f} % of right points lost; "
                    f"of {100 * is_wrong.mean():.1f} % wrong ones {100 * left.mean():.1f} % stay wrong",
                    flush=True,
                )


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [1])
