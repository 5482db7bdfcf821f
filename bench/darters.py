"""How well identities are kept of animals that rest and dart, as flies do.

    python bench/darters.py [--seeds 51 52 53] [--frames 1500]

Animals of five keypoints stand still for seconds, turn on the spot, and dart nearly a body length a frame.
They stop before they come near each other, so that whoever looks at the frames can tell them apart. Beside
Marey, told how many there are or that they come and go, stands who gives every track the nearest detection.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from marey.tracking import evaluate_tracks, track
from wanderers import poses_of, rotations

FPS, SIDE_PX, LENGTH_PX, JITTER_PX = 30.0, 500.0, 20.0, 0.5
BODY = LENGTH_PX * np.array([[0.5, 0], [0, 0], [-0.5, 0], [0.2, 0.15], [0.2, -0.15]])
DART_RATE, STOP_RATE, TURN_RATE, STEP_LENGTHS = 0.02, 0.15, 0.01, 0.9
KEEP_OFF_LENGTHS = 2.5


@dataclass(frozen=True)
class Scene:
    """How many animals there are, and in which share of frames each is missed, and each of its points."""

    n_animals: int
    miss_rate: float


SCENES = tuple(Scene(n, rate) for n in (2, 3, 6) for rate in (0.0, 0.02))


def dart_about(n: int, n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return the true points, (n_frames, n_animals, n_keypoints, 2)."""
    place, heading = rng.uniform(50, SIDE_PX - 50, (n, 2)), rng.uniform(0, 2 * np.pi, n)
    is_darting = np.zeros(n, dtype=bool)
    points = np.empty((n_frames, n, *BODY.shape))
    for frame in range(n_frames):
        begins = ~is_darting & (rng.random(n) < DART_RATE)
        is_darting = (is_darting & (rng.random(n) >= STOP_RATE)) | begins
        turns = begins | (~is_darting & (rng.random(n) < TURN_RATE))
        heading = np.where(turns, rng.uniform(0, 2 * np.pi, n), heading)
        step = STEP_LENGTHS * LENGTH_PX * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        for animal in np.flatnonzero(is_darting):
            there = place[animal] + step[animal]
            others = np.delete(place, animal, axis=0)
            apart = np.linalg.norm(others - there, axis=1).min(initial=np.inf)
            if (
                abs(there - SIDE_PX / 2) < SIDE_PX / 2 - LENGTH_PX
            ).all() and apart > KEEP_OFF_LENGTHS * LENGTH_PX:
                place[animal] = there
            else:
                is_darting[animal] = False
        points[frame] = np.einsum("nab,kb->nka", rotations(heading), BODY) + place[:, None]
    return points


def find(truth: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Return what a network may have found of the truth, in slots without order; NaN where it missed."""
    found = truth + rng.normal(0, JITTER_PX, truth.shape)
    found[rng.random(truth.shape[:3]) < scene.miss_rate] = np.nan
    found[rng.random(truth.shape[:2]) < scene.miss_rate] = np.nan
    return np.stack([frame[rng.permutation(len(frame))] for frame in found])


def nearest(found: np.ndarray) -> np.ndarray:
    """Return tracks that take, in every frame, the detections nearest to where they were seen last."""
    tracks = np.full(found.shape, np.nan)
    seen = np.isfinite(found).all(axis=-1, keepdims=True)
    centers = np.where(seen, found, 0).sum(axis=2) / np.maximum(seen.sum(axis=2), 1)
    is_there = seen.any(axis=(2, 3))
    place = centers[np.argmax(is_there.all(axis=1))].copy()
    for frame, there in enumerate(is_there):
        slots = np.flatnonzero(there)
        apart = np.linalg.norm(place[:, None] - centers[frame, slots], axis=-1)
        rows, columns = linear_sum_assignment(apart)
        place[rows], tracks[frame, rows] = centers[frame, slots[columns]], found[frame, slots[columns]]
    return tracks


def main() -> None:
    """Track all scenes with all seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[51, 52, 53])
    parser.add_argument("--frames", type=int, default=1500)
    options = parser.parse_args()
    for scene in SCENES:
        for seed in options.seeds:
            rng = np.random.default_rng(seed)
            points = dart_about(scene.n_animals, options.frames, rng)
            truth, found = poses_of(points, FPS), poses_of(find(points, scene, rng), FPS)
            several = {
                "closed": track(found, n_animals=scene.n_animals).poses,
                "open": track(found, can_leave=True).poses,
                "nearest": poses_of(nearest(found["position"].values.transpose(0, 3, 2, 1)), FPS),
            }
            scores = {name: evaluate_tracks(truth, tracks) for name, tracks in several.items()}
            told = ", ".join(f"{name} {s.idf1:.3f} ({s.id_switches} switches)" for name, s in scores.items())
            print(f"{scene.n_animals} animals, {scene.miss_rate:.0%} missed, seed {seed}: {told}", flush=True)


if __name__ == "__main__":
    main()
