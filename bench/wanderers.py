"""How well identities are kept on recordings of another kind than those that the tracker was made on.

    python bench/wanderers.py [--seeds 31 32 33 34] [--frames 4000]

Animals are stiff bodies that wander, rest and chase each other without keeping off each other, so that they
lie on each other for long; `bench/tracking.py` has mice that move as a physical model lets them. What lies
under another body is found seldom and badly, and now and then a hidden point is put on the neighbour.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from marey.model import create_poses
from marey.tracking import doubts_of, evaluate_tracks, track
from tracking import listed_share, switches

MISS_RATE, FALSE_RATE, POINT_MISS_RATE = 0.02, 0.01, 0.02
# Of the points under another body so many are missed; an animal with any has one in so many frames put wrong.
HIDDEN_MISS_RATE, JUMP_RATE = 0.85, 0.15
JITTER_PX, HIDDEN_JITTER = 1.5, 2.5
FEWEST_POINTS = 2
REST, WANDER, CHASE = range(3)


@dataclass(frozen=True)
class Scene:
    """Who wanders where.

    Parameters
    ----------
    n_animals, fps
        How many, and frames a second.
    speed_px, turn
        Usual step, pixels a frame, and how much the heading changes, radians a frame.
    agility
        How sharply they turn when they chase each other.
    moods_per_s
        How often each starts to rest, to wander or to chase another.
    side_px, length_px
        Of the square arena, and of an animal.
    n_frames, seed
        Of the recording.
    """

    n_animals: int
    fps: float
    speed_px: float
    turn: float
    agility: float = 1.0
    moods_per_s: float = 0.75
    side_px: float = 600.0
    length_px: float = 60.0
    n_frames: int = 4000
    seed: int = 0


SCENES = (
    Scene(2, 30, 6.0, 0.15),
    Scene(5, 30, 6.0, 0.15),
    Scene(10, 30, 6.0, 0.15, side_px=800),
    Scene(5, 60, 3.5, 0.09, agility=3, moods_per_s=2.5, side_px=700),
    Scene(3, 100, 2.0, 0.05, agility=3, moods_per_s=2.5),
    Scene(2, 200, 1.0, 0.03, agility=3, moods_per_s=5.0, side_px=400),
)


def body(length: float) -> np.ndarray:
    """Return the keypoints of an animal at the origin that heads along x, (n_keypoints, 2)."""
    return length * np.array([[0.48, 0], [0, 0], [-0.48, 0], [0.3, 0.14], [0.3, -0.14]])


def wander(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places (n_frames, n_animals, 2), headings, and who lies above whom, (n_frames, n_animals)."""
    n, side = scene.n_animals, scene.side_px
    place = rng.uniform(scene.length_px, side - scene.length_px, (n, 2))
    heading, speed, turning = rng.uniform(0, 2 * np.pi, n), np.zeros(n), np.zeros(n)
    steer, limit = 0.6 * scene.agility * scene.turn, 2.3 * scene.agility * scene.turn
    mood, quarry, layer = np.full(n, WANDER), np.zeros(n, dtype=int), rng.permutation(n)
    places, headings = np.empty((scene.n_frames, n, 2)), np.empty((scene.n_frames, n))
    layers = np.empty((scene.n_frames, n), dtype=int)
    for frame in range(scene.n_frames):
        decides = rng.random(n) < scene.moods_per_s / scene.fps
        mood = np.where(decides, rng.choice(3, n, p=[0.3, 0.45, 0.25]), mood)
        chosen = (np.arange(n) + rng.integers(1, n, n)) % n
        quarry = np.where(decides, chosen, quarry)
        wanted = scene.speed_px * np.array([0.0, 1.0, 1.3])[mood]
        speed = np.maximum(speed + 0.2 * (wanted - speed) + rng.normal(0, 0.03 * scene.speed_px, n), 0)
        lively = 0.3 + speed / scene.speed_px
        turning = 0.8 * turning + rng.normal(0, 0.5 * scene.turn, n) * lively
        turning += np.where(mood == CHASE, steer * _bearing(place[quarry] - place, heading), 0)
        inwards = side / 2 - place
        is_outside = np.linalg.norm(inwards, axis=1) > side / 2 - 0.6 * scene.length_px
        turning += np.where(is_outside, 0.8 * scene.turn * _bearing(inwards, heading), 0)
        turning = np.clip(turning, -limit, limit)
        heading = heading + turning
        place = place + speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        place = np.clip(place, 5, side - 5)
        if rng.random() < 0.3 / scene.fps:
            layer = rng.permutation(n)
        places[frame], headings[frame], layers[frame] = place, heading, layer
    return places, headings, layers


def _bearing(towards: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Return by how much to turn to head somewhere, radians, (n,)."""
    return (np.arctan2(towards[:, 1], towards[:, 0]) - heading + np.pi) % (2 * np.pi) - np.pi


def record(scene: Scene) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the truth, and what a network may have found of it, in slots without order."""
    rng = np.random.default_rng(scene.seed)
    places, headings, layers = wander(scene, rng)
    shape, n = body(scene.length_px), scene.n_animals
    turned = rotations(headings)
    truth = np.einsum("fnab,kb->fnka", turned, shape) + places[:, :, None]
    found = np.full((scene.n_frames, n + 1, len(shape), 2), np.nan)
    for frame, points in enumerate(truth):
        slots = rng.permutation(n + 1)
        hidden = _hidden(points, places[frame], turned[frame], layers[frame], scene.length_px)
        missed = rng.random(hidden.shape) < np.where(hidden, HIDDEN_MISS_RATE, POINT_MISS_RATE)
        jitter = JITTER_PX * np.where(hidden, HIDDEN_JITTER, 1.0)[..., None]
        seen = np.where(missed[..., None], np.nan, points + rng.normal(size=points.shape) * jitter)
        for animal in np.flatnonzero(hidden.any(axis=1) & (rng.random(n) < JUMP_RATE)):
            apart = np.linalg.norm(places[frame] - places[frame, animal], axis=1)
            neighbour, keypoint = np.argsort(apart)[1], rng.integers(len(shape))
            seen[animal, keypoint] = points[neighbour, keypoint] + rng.normal(0, JITTER_PX, 2)
        is_lost = (rng.random(n) < MISS_RATE) | (np.isfinite(seen[..., 0]).sum(axis=1) < FEWEST_POINTS)
        seen[is_lost] = np.nan
        found[frame, slots[:n]] = seen
        if rng.random() < FALSE_RATE:
            spot = rng.uniform(0, scene.side_px, 2)
            found[frame, slots[n]] = spot + rng.normal(0, scene.length_px / 3, shape.shape)
    return poses_of(truth, scene.fps), poses_of(found, scene.fps)


def _hidden(
    points: np.ndarray, places: np.ndarray, turned: np.ndarray, layer: np.ndarray, length: float
) -> np.ndarray:
    """Return which points lie under another animal's body, (n_animals, n_keypoints)."""
    own = np.einsum("mab,nkma->nkmb", turned, points[:, :, None] - places)
    is_inside = (own[..., 0] / (0.52 * length)) ** 2 + (own[..., 1] / (0.18 * length)) ** 2 < 1
    is_above = layer[None, :] > layer[:, None]
    return (is_inside & is_above[:, None]).any(axis=2)


def rotations(headings: np.ndarray) -> np.ndarray:
    """Return the matrices that turn what heads along x to these headings, (..., 2, 2)."""
    cos, sin = np.cos(headings), np.sin(headings)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def poses_of(points: np.ndarray, fps: float) -> xr.Dataset:
    """Return poses of points (n_frames, n_animals, n_keypoints, 2)."""
    return create_poses(
        points.transpose(0, 3, 2, 1),
        keypoints=["head", "middle", "tail", "left", "right"],
        individuals=[f"slot{i + 1}" for i in range(points.shape[1])],
        fps=fps,
    )


def main() -> None:
    """Track all scenes with all seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33, 34])
    parser.add_argument("--frames", type=int, default=4000)
    options = parser.parse_args()
    for scene in SCENES:
        for seed in options.seeds:
            truth, found = record(replace(scene, n_frames=options.frames, seed=seed))
            began = time.perf_counter()
            tracks = track(found, n_animals=scene.n_animals)
            took = time.perf_counter() - began
            scores = evaluate_tracks(truth, tracks.poses)
            at = switches(truth, tracks.poses)
            n_listed = listed_share(at, doubts_of(tracks.poses))
            print(
                f"{scene.n_animals} animals, {scene.fps:g} frames/s, seed {seed}: IDF1 {scores.idf1:.3f}, "
                f"{n_listed} of {len(at)} switches among the first 20 doubts, {took:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
