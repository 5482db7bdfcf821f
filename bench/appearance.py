"""Whether animals are kept apart by how they look, where motion alone cannot tell.

Five mice and a shelter that they vanish under for seconds at a time, 15 frames a second; the pictures are
rendered, detections drawn by the noise model of ``bench/tracking.py``; nothing is found under the shelter.

    python bench/appearance.py KIND [--frames 1500] [--seeds 1 2] [--work FOLDER]

KIND is ``marked`` (dye marks), ``shaded`` (coats of different shade, two alike), ``fur`` (one coat, but each
with a fur of its own) or ``identical`` (the very same skin). IDF1 is over the animals that were found, and no
gap is filled: an exchange is the only mistake. ``perfect`` gives every detection to its true animal.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from marey.synthesis import Arena, Recording, RecordingSpec, Roof
from marey.tracking import evaluate_tracks, track
from marey.training.appearance import VideoAppearance
from marey.video import VideoWriter
from tracking import simulate_detections

N_ANIMALS = 5
KINDS: dict[str, dict[str, Any]] = {
    "marked": {"has_marks": True},
    "shaded": {"coats": ("black", "agouti", "grey", "white", "black")},
    "fur": {},
    "identical": {},
}


def record(kind: str, seed: int, n_frames: int) -> Recording:
    arena = Arena(wall_mm=118.4, roofs=(Roof(60.0, -30.0, 110.0, 85.0),))
    spec = RecordingSpec(
        n_frames=n_frames,
        n_animals=N_ANIMALS,
        seed=seed,
        size=(400, 300),
        fps=15.0,
        arena=arena,
        **KINDS[kind],
    )
    recording = Recording(spec)
    if kind == "identical":
        recording._renderer._skins = [recording._renderer._skins[0]] * N_ANIMALS
    return recording


def film(recording: Recording, path: Path) -> Path:
    if not path.exists():
        with VideoWriter(path, fps=recording.spec.fps, size=recording.spec.size) as writer:
            for frame in recording:
                writer.write(frame.image)
    return path


def under_roofs(recording: Recording) -> np.ndarray:
    """Return which keypoints a shelter hides, (n_frames, n_animals, n_keypoints)."""
    points = recording.points_px
    hidden = np.zeros(points.shape[:3], dtype=bool)
    for roof in recording.spec.usual_arena.roofs:
        outline = recording.camera.project(roof.corners_mm(roof.height_mm)).astype(np.float32)
        for place in np.ndindex(hidden.shape):
            at = (float(points[place][0]), float(points[place][1]))
            hidden[place] |= cv2.pointPolygonTest(outline, at, False) >= 0
    return hidden


def found_truth(truth: xr.Dataset, detections: xr.Dataset) -> xr.Dataset:
    """Return the detections, each under the name of the animal that it is of."""
    true = truth["position"].transpose("time", "individual", "keypoint", "space").values
    seen = detections["position"].transpose("time", "individual", "keypoint", "space").values
    size = float(truth.attrs["body_length_px"])
    named = np.full(true.shape, np.nan)
    for frame in range(len(true)):
        apart = np.linalg.norm(seen[frame][:, None] - true[frame][None], axis=-1)
        known = np.isfinite(apart)
        mean = np.where(known, apart, 0).sum(-1) / np.maximum(known.sum(-1), 1)
        cost = np.where(known.any(axis=-1), mean, 10 * size)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < 0.5 * size:
                named[frame, column] = seen[frame, row]
    result = truth.copy(deep=True)
    result["position"].values[:] = named.transpose(0, 3, 2, 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--work", type=Path, default=Path("appearance"), help="where videos are kept")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        recording = record(options.kind, seed, options.frames)
        video = film(recording, options.work / f"{options.kind}-{seed}-{options.frames}.mp4")
        drawn = simulate_detections(recording, is_marked=False, is_hidden=under_roofs(recording))
        truth = found_truth(drawn.truth, drawn.detections)
        row: dict[str, Any] = {"kind": options.kind, "seed": seed}
        row["perfect"] = round(evaluate_tracks(truth, truth).idf1, 4)
        looks = VideoAppearance(video)
        for name, describe in (("motion alone", None), ("with looks", looks)):
            began = time.perf_counter()
            poses = track(drawn.detections, n_animals=N_ANIMALS, max_gap_s=0, describe=describe).poses
            scores = evaluate_tracks(truth, poses)
            row[name] = {"idf1": round(scores.idf1, 4), "id_switches": scores.id_switches}
            row[name]["seconds"] = round(time.perf_counter() - began, 1)
        print(json.dumps(row | {"separation": looks.separation, "n_looks": looks.n_looks}), flush=True)


if __name__ == "__main__":
    main()
