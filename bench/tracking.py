"""How well identities are kept: simulated detections of rendered recordings, real flies, speed.

The animals move as in Marey's rendered recordings, and their exact truth is known; what a network would find
of them is drawn from a noise model that was fixed before the tracker was first run on it:

- localisation: Gaussian, 2 % of the body length each way; 1 point in 200 jumps with 20 %; 3 % of points lost
- an animal is missed in 1 % of frames, in runs of 3 on average; a false one appears in 0.5 % of frames
- cover: keypoints of the lower animal within 12 % of a body length of the upper one's body are lost (70 %) or
  put on the nearest keypoint of the upper animal (30 %)
- with more than 70 % of its keypoints covered, an animal is not found at all, and 1 in 10 of the upper
  animal's points is that of the covered one
- slots are shuffled in every frame; where animals are marked, each detection carries probabilities of
  identity that are right in 90 % of frames when the animal is not covered, and chance when it is

    python bench/tracking.py recordings [--seeds 1 2 3] [--scenes "10 alike"] [--figure worst.png]
    python bench/tracking.py recordings --scenes "10 crowded" --frames 1000 --reliability reliability.png
    python bench/tracking.py flies ../shared/data/fly_pair
    python bench/tracking.py speed
    python bench/tracking.py memory --frames 100000 400000 [--stay 1000]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from identity_moments import (
    calibration,
    confidences,
    draw_moments,
    draw_reliability,
    expected_calibration_error,
)
from marey.formats import load_poses, save_poses, save_poses_in_blocks
from marey.model import create_poses
from marey.prediction.memory import peak_memory_mb
from marey.synthesis import Arena, Recording, RecordingSpec
from marey.tracking import doubts_of, evaluate_instances, evaluate_tracks, track

LOCALISATION = 0.02
JUMP, JUMP_RATE, DROP_RATE = 0.20, 0.005, 0.03
MISS_RATE, MISS_RUN, FALSE_RATE = 0.01, 3.0, 0.005
COVER_REACH, COVER_LOST, COVERED_ANIMAL, STOLEN = 0.12, 0.7, 0.7, 0.1
IDENTITY_RIGHT = 0.9
AWAY = 300  # frames from one animal to the next, where they come and go: longer than any gap that is bridged

SCENES = {  # name: (animals, marked, the bar for IDF1)
    "2 alike": (2, False, 0.99),
    "5 alike": (5, False, 0.97),
    "10 alike": (10, False, 0.95),
    "5 marked": (5, True, 0.995),
    "10 crowded": (10, False, None),
}
# Too small for its animals: no bar, but enough exchanges to see whether the tracker knows of them.
CROWDED = Arena(width_mm=230, height_mm=170)


@dataclass(frozen=True)
class Simulated:
    """Truth, and what a network may have found of it.

    Parameters
    ----------
    truth
        Poses of every animal in every frame.
    detections
        Poses with unordered slots.
    identities
        Probabilities, shape (n_frames, n_slots, n_animals), or None where animals are alike.
    """

    truth: xr.Dataset
    detections: xr.Dataset
    identities: np.ndarray | None


def simulate(
    n_animals: int,
    n_frames: int,
    seed: int,
    *,
    is_marked: bool,
    arena: Arena | None = None,
    fps: float = 30.0,
) -> Simulated:
    """Draw a recording, and detections after the noise model above."""
    spec = RecordingSpec(
        n_frames=n_frames,
        n_animals=n_animals,
        seed=seed,
        size=(640, 480),
        arena=arena,
        fps=fps,
        exposure_s=min(RecordingSpec.exposure_s, 0.5 / fps),
    )
    return simulate_detections(Recording(spec), is_marked=is_marked)


def simulate_detections(
    recording: Recording, *, is_marked: bool, is_hidden: np.ndarray | None = None
) -> Simulated:
    """Draw detections of a recording; what a shelter hides, (n_frames, n_animals, n_keypoints), is lost."""
    spec, n_frames, n_animals, seed = (
        recording.spec, recording.spec.n_frames, recording.spec.n_animals, recording.spec.seed
    )  # fmt: skip
    truth = recording.poses()
    points, length = recording.points_px, recording.body_length_px
    order = recording.scene.motion.order[1:-1]
    rng = np.random.default_rng((seed, 99))
    n_keypoints = points.shape[2]
    is_missed = _runs(rng, (n_frames, n_animals))
    n_slots = n_animals + 1
    found = np.full((n_frames, n_slots, n_keypoints, 2), np.nan)
    identity = np.full((n_frames, n_slots, n_animals), np.nan)
    for frame in range(n_frames):
        seen, is_covered = _look(points[frame], order[frame], length, rng)
        if is_hidden is not None:
            seen[is_hidden[frame]] = np.nan
            seen[is_hidden[frame].mean(axis=1) > COVERED_ANIMAL] = np.nan
        seen[is_missed[frame]] = np.nan
        places = rng.permutation(n_slots)
        found[frame, places[:n_animals]] = seen
        identity[frame, places[:n_animals]] = _guess(is_covered, rng)
        if rng.uniform() < FALSE_RATE:
            model = points[frame, rng.integers(n_animals)]
            low, high = points[frame].min(axis=(0, 1)), points[frame].max(axis=(0, 1))
            found[frame, places[-1]] = model - model.mean(0) + rng.uniform(low, high)
            identity[frame, places[-1]] = _guess(np.array([1.0]), rng, n_animals)
    detections = create_poses(
        found.transpose(0, 3, 2, 1),
        keypoints=recording.skeleton.keypoints,
        individuals=[f"slot{i + 1}" for i in range(n_slots)],
        fps=spec.fps,
    )
    return Simulated(truth, detections, identity if is_marked else None)


def _runs(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw when animals are missed."""
    starts = rng.uniform(size=shape) < MISS_RATE / MISS_RUN
    missed = np.zeros(shape, dtype=bool)
    for frame, animal in zip(*np.nonzero(starts), strict=True):
        missed[frame : frame + rng.geometric(1 / MISS_RUN), animal] = True
    return missed


def _look(
    points: np.ndarray, order: np.ndarray, length: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is found of the animals of one frame, and which share of each is covered."""
    n_animals, n_keypoints = points.shape[:2]
    seen = points + LOCALISATION * length * rng.standard_normal(points.shape)
    jumps = rng.uniform(size=points.shape[:2]) < JUMP_RATE
    seen += jumps[..., None] * JUMP * length * rng.standard_normal(points.shape)
    seen[rng.uniform(size=points.shape[:2]) < DROP_RATE] = np.nan
    covered = np.zeros(n_animals)
    for lower in range(n_animals):
        is_hidden = np.zeros(n_keypoints, dtype=bool)
        for upper in np.flatnonzero(order > order[lower]):
            apart = np.linalg.norm(points[lower][:, None] - points[upper][None], axis=-1)
            hides = apart.min(axis=1) < COVER_REACH * length
            moved = hides & (rng.uniform(size=n_keypoints) > COVER_LOST)
            seen[lower, hides] = np.nan
            seen[lower, moved] = points[upper][apart.argmin(axis=1)[moved]]
            is_hidden |= hides
            if hides.mean() > COVERED_ANIMAL:
                is_stolen = rng.uniform(size=n_keypoints) < STOLEN
                seen[upper, is_stolen] = points[lower, is_stolen]
        covered[lower] = is_hidden.mean()
    seen[covered > COVERED_ANIMAL] = np.nan
    return seen, covered


def _guess(covered: np.ndarray, rng: np.random.Generator, n_animals: int | None = None) -> np.ndarray:
    """Return probabilities of identity, (n, n_animals)."""
    n_animals = n_animals or len(covered)
    named = np.arange(len(covered))
    is_lost = (rng.uniform(size=len(covered)) > IDENTITY_RIGHT) | (covered > 0.3)
    named = np.where(is_lost, rng.integers(n_animals, size=len(covered)), named)
    chances = np.full((len(covered), n_animals), 0.15 / max(1, n_animals - 1))
    chances[np.arange(len(covered)), named] = 0.85
    return chances


def sort_baseline(detections: xr.Dataset, *, patience: int = 10) -> xr.Dataset:
    """Track in the manner of SORT: boxes, constant velocity, the optimal assignment by overlap, nothing else.

    After Bewley et al., "Simple online and realtime tracking", 2016, with a fixed gain in place of its
    Kalman filter and a box's centre carried on with its velocity.
    """
    points = detections["position"].transpose("time", "individual", "keypoint", "space").values
    filled = (np.where(np.isnan(points), np.inf, points), np.where(np.isnan(points), -np.inf, points))
    boxes = np.concatenate([filled[0].min(axis=2), filled[1].max(axis=2)], axis=-1)
    is_there = np.isfinite(boxes).all(axis=-1)
    tracks: list[dict] = []
    alive: list[dict] = []
    for frame in range(len(points)):
        for one in alive:
            one["box"] = one["box"] + np.tile(one["velocity"], 2)
        slots = np.flatnonzero(is_there[frame])
        overlap = np.array([[_iou(t["box"], boxes[frame, s]) for s in slots] for t in alive])
        rows, columns = linear_sum_assignment(-overlap.reshape(len(alive), len(slots)))
        pairs = [(r, c) for r, c in zip(rows, columns, strict=True) if overlap[r, c] > 0.1]
        for row, column in pairs:
            one, box = alive[row], boxes[frame, slots[column]]
            step = (box - one["box"]).reshape(2, 2).mean(axis=0)
            one.update(box=box, velocity=one["velocity"] + 0.3 * step, seen=frame)
            one["path"].append((frame, slots[column]))
        for column in set(range(len(slots))) - {c for _, c in pairs}:
            slot = slots[column]
            new = {"box": boxes[frame, slot], "velocity": np.zeros(2), "seen": frame, "path": [(frame, slot)]}
            tracks.append(new)
            alive.append(new)
        alive = [one for one in alive if frame - one["seen"] < patience]
    kept = [one["path"] for one in tracks if len(one["path"]) > 2]
    position = np.full((len(points), len(kept), *points.shape[2:]), np.nan)
    for number, path in enumerate(kept):
        for frame, slot in path:
            position[frame, number] = points[frame, slot]
    return create_poses(
        position.transpose(0, 3, 2, 1),
        keypoints=[str(name) for name in detections["keypoint"].values],
        individuals=[f"track{i + 1}" for i in range(len(kept))],
    )


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    side = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    common = float(side.prod())
    return common / max(float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - common, 1e-9)


def switches(truth: xr.Dataset, tracks: xr.Dataset) -> list[int]:
    """Return the frames from which on a true animal is nearer to another track than to the one before.

    Where two animals lie on each other, no measure notices an exchange before they part again: what counts as
    its frame is the first after the last one in which the old track was still the nearer.
    """
    true = truth["position"].transpose("time", "individual", "keypoint", "space").values
    found = tracks["position"].transpose("time", "individual", "keypoint", "space").values
    size = float(np.nanmedian(np.ptp(true, axis=2).max(axis=-1)))  # some may be missing in the truth
    latest = np.full(true.shape[1], -1)
    frames, costs = [], np.empty((len(true), true.shape[1], found.shape[1]))
    for frame in range(len(true)):
        apart = np.linalg.norm(true[frame][:, None] - found[frame][None], axis=-1)
        known = np.isfinite(apart)
        mean = np.where(known, apart, 0).sum(-1) / np.maximum(known.sum(-1), 1)
        costs[frame] = np.where(known.any(axis=-1), mean, np.nan)
        cost = np.where(known.any(axis=-1), mean, 10 * size)
        # Whoever had the animal in the frame before keeps it where both are near it (CLEAR MOT).
        cost -= 5 * size * ((np.arange(cost.shape[1])[None] == latest[:, None]) & (cost < 0.3 * size))
        rows, columns = linear_sum_assignment(cost)
        for row, column in zip(rows, columns, strict=True):
            if cost[row, column] < 0.3 * size:
                if latest[row] not in (-1, column):
                    old, new = costs[: frame + 1, row, latest[row]], costs[: frame + 1, row, column]
                    was_nearer = np.flatnonzero(old < new)
                    frames.append(int(was_nearer[-1]) + 1 if len(was_nearer) else frame)
                latest[row] = column
    return sorted(frames)


def listed_share(frames: list[int], doubts: list[dict], *, first: int = 20, slack: int = 15) -> int:
    """Return how many true switches lie in, or within half a second of, one of the first moments listed."""
    moments = [(doubt["start"] - slack, doubt["stop"] + slack) for doubt in doubts[:first]]
    return sum(any(start <= frame <= stop for start, stop in moments) for frame in frames)


def measure_recordings(
    n_frames: int,
    seeds: list[int],
    scenes: list[str],
    fps: float,
    output: Path | None,
    figure: Path | None,
    reliability: Path | None,
) -> None:
    """Track scenes, and say how well and whether the tracker knows; keep files, or draw the worst moments."""
    known, cases = [], []
    for name in scenes:
        n_animals, is_marked, bar = SCENES[name]
        for seed in seeds:
            arena = CROWDED if name == "10 crowded" else None
            drawn = simulate(n_animals, n_frames, seed, is_marked=is_marked, arena=arena, fps=fps)
            began = time.perf_counter()
            found = track(drawn.detections, n_animals=n_animals, features=drawn.identities)
            took = time.perf_counter() - began
            plain = evaluate_tracks(drawn.truth, sort_baseline(drawn.detections))
            scores = evaluate_tracks(drawn.truth, found.poses)
            at = switches(drawn.truth, found.poses)
            row = {
                "scene": name,
                "seed": seed,
                "idf1": round(scores.idf1, 4),
                "bar": bar,
                "hota": round(scores.hota, 4),
                "mota": round(scores.mota, 4),
                "id_switches": scores.id_switches,
                "sort_idf1": round(plain.idf1, 4),
                "sort_id_switches": plain.id_switches,
                "true_switches_at": at,
                "listed_in_first_20": listed_share(at, doubts_of(found.poses)),
                "seconds": round(took, 1),
            }
            print(json.dumps(row), flush=True)
            if output is not None:
                folder = output / f"{name} {seed}"
                save_poses(drawn.truth, folder / "truth.nc")
                save_poses(found.poses, folder / "tracks.nc")
            known.append(confidences(drawn.truth, found.poses))
            cases.append((f"{name}, seed {seed}", drawn.truth, found.poses, at))
    pairs = np.concatenate(known)
    for row in calibration(pairs):
        print("confidence", json.dumps(row))
    print(f"expected calibration error {expected_calibration_error(pairs):.4f}")
    if reliability is not None:
        draw_reliability(pairs, reliability)
    if figure is not None:
        draw_moments(cases, figure)


def measure_flies(folder: Path) -> None:
    """Compare the tracks of a predictions file, and those that Marey makes of it, with the proofread ones."""
    truth, given = load_poses(folder / "clip.slp"), load_poses(folder / "clip.predictions.slp")
    rng = np.random.default_rng(0)
    unordered = given.copy(deep=True)
    for frame in range(given.sizes["time"]):
        order = rng.permutation(given.sizes["individual"])
        for variable in ("position", "confidence"):
            unordered[variable].values[frame] = given[variable].values[frame][..., order]
    found = track(unordered, n_animals=2)
    unfilled = track(unordered, n_animals=2, max_gap_s=0)
    for name, tracks in (
        ("in the file", given),
        ("marey", found.poses),
        ("marey, no gaps filled", unfilled.poses),
    ):
        print(name, json.dumps(evaluate_tracks(truth, tracks).to_dict()))
        print("   poses", json.dumps(evaluate_instances(truth, tracks).to_dict()["errors"]))


def measure_speed(n_frames: int, n_animals: int) -> None:
    """Track a long recording that is in memory."""
    poses = xr.concat(list(there_and_back(n_frames, n_animals)), "time")
    began, processor_began = time.perf_counter(), time.process_time()
    found = track(poses, n_animals=n_animals)
    took, processor = time.perf_counter() - began, time.process_time() - processor_began
    print(f"{n_frames} frames of {n_animals} animals: {took:.1f} s ({processor:.1f} s of processor)")
    print(f"peak {peak_memory_mb():.0f} MB, {found.n_tracklets} tracklets")


def measure_memory(lengths: list[int], n_animals: int, stay: int | None) -> None:
    """Track recordings of several lengths from file to file, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "found.nc", Path(folder) / "tracks.nc"
        for n_frames in lengths:
            save_poses_in_blocks(there_and_back(n_frames, n_animals, stay), source)
            command = [sys.executable, "-m", "marey", "track", str(source)]
            command += ["--n-animals", str(n_animals)] if stay is None else ["--can-leave"]
            command += ["--output", str(target), "--overwrite"]
            began = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            took = time.perf_counter() - began
            print(
                f"{n_frames} frames: {took:.0f} s, {used.ru_maxrss / 1024:.0f} MB, exit {process.returncode}"
            )


def there_and_back(n_frames: int, n_animals: int, stay: int | None = None) -> Iterator[xr.Dataset]:
    """Give a long recording in blocks: 3,000 simulated frames, forwards and backwards again and again.

    With `stay`, each animal leaves after so many frames, and another one comes in its place :data:`AWAY`
    frames later.
    """
    recording = simulate(n_animals, 3000, 1, is_marked=False)
    drawn = recording.detections
    values, owners = (
        np.concatenate([part, part[::-1]]) for part in (drawn["position"].values, _owners(recording))
    )
    for start in range(0, n_frames, len(values)):
        block = values[: n_frames - start]
        if stay is not None:
            is_away = _is_away(start, len(block), n_animals, stay)
            is_away = np.take_along_axis(is_away, owners[: len(block)], axis=1)
            block = np.where(is_away[:, None, None], np.nan, block)
        yield create_poses(
            block,
            keypoints=list(map(str, drawn["keypoint"].values)),
            individuals=list(map(str, drawn["individual"].values)),
            frames=np.arange(start, start + len(block)),
            fps=30.0,
        )


def _owners(recording: Simulated) -> np.ndarray:
    """Return the animal that is nearest to each detection, shape (n_frames, n_slots)."""
    found, true = (poses["position"].mean("keypoint") for poses in (recording.detections, recording.truth))
    apart = np.linalg.norm(found.values[..., None] - true.values[:, :, None], axis=1)
    return np.nan_to_num(apart, nan=np.inf).argmin(axis=2)


def _is_away(start: int, n_frames: int, n_animals: int, stay: int) -> np.ndarray:
    """Return who is not there in so many frames from `start` on, (n_frames, n_animals); not all at once."""
    late = np.arange(n_animals) * (stay + AWAY) // n_animals
    return (np.arange(start, start + n_frames)[:, None] + late) % (stay + AWAY) < AWAY


def main() -> None:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recordings = commands.add_parser("recordings")
    recordings.add_argument("--frames", type=int, default=3000)
    recordings.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    recordings.add_argument("--scenes", nargs="+", choices=list(SCENES), default=list(SCENES))
    recordings.add_argument("--fps", type=float, default=30.0, help="frames a second")
    recordings.add_argument("--output", type=Path)
    recordings.add_argument("--figure", type=Path, help="a picture of the worst moments")
    recordings.add_argument("--reliability", type=Path, help="a picture of confidence against the truth")
    flies = commands.add_parser("flies")
    flies.add_argument("folder", type=Path)
    speed = commands.add_parser("speed")
    speed.add_argument("--frames", type=int, default=100_000)
    speed.add_argument("--animals", type=int, default=5)
    memory = commands.add_parser("memory")
    memory.add_argument("--frames", type=int, nargs="+", default=[100_000, 400_000])
    memory.add_argument("--animals", type=int, default=5)
    memory.add_argument("--stay", type=int, help="frames after which each leaves, and another one comes")
    chosen = parser.parse_args()
    if chosen.command == "recordings":
        measure_recordings(
            chosen.frames,
            chosen.seeds,
            chosen.scenes,
            chosen.fps,
            chosen.output,
            chosen.figure,
            chosen.reliability,
        )
    elif chosen.command == "flies":
        measure_flies(chosen.folder)
    elif chosen.command == "memory":
        measure_memory(chosen.frames, chosen.animals, chosen.stay)
    else:
        measure_speed(chosen.frames, chosen.animals)


if __name__ == "__main__":
    main()
