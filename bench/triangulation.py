"""Triangulation and refinement: real recordings, rendered truth, and speed.

    python bench/triangulation.py arena SHARED_DATA CALIBRATION
    python bench/triangulation.py person SHARED_DATA
    python bench/triangulation.py truth [SEED ...]
    python bench/triangulation.py animals [SEED ...]
    python bench/triangulation.py synchronise SHARED_DATA CALIBRATION [SEED ...]
    python bench/triangulation.py speed

CALIBRATION is what ``marey calibrate`` made of the arena's board images. The seed of everything rendered is
1 unless told otherwise.
"""

import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import xarray as xr

from marey.cameras import Camera, Rig
from marey.cameras.files import read_cameras
from marey.errors import InputError
from marey.formats import load_poses
from marey.model import create_poses
from marey.prediction.memory import peak_memory_mb
from marey.reconstruction import RefinementSettings, Sight, synchronise, triangulate
from marey.reconstruction.limbs import limb_lengths
from marey.reconstruction.linear import intersect
from marey.reconstruction.solution import reprojection_distances
from marey.synthesis.recording import RecordingSpec, Scene
from marey.visualisation.subject import find_skeleton

HEAD = [
    ("Nose", "Ear_R"),
    ("Nose", "Ear_L"),
    ("Ear_R", "Ear_L"),
    ("Nose", "Head"),
    ("Head", "Ear_R"),
    ("Head", "Ear_L"),
]
LIMBS = [
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
]
SIZE = (1280, 1024)


def points_of(poses: xr.Dataset) -> np.ndarray:
    return np.moveaxis(poses["position"].to_numpy()[..., 0], 1, -1)


def variation(points: np.ndarray, names: list[str], pairs: list[tuple[str, str]]) -> float:
    """Return the mean coefficient of variation of segment lengths, per cent."""
    found = []
    for a, b in pairs:
        lengths = limb_lengths(points, names.index(a), names.index(b))
        found.append(100 * np.nanstd(lengths) / np.nanmean(lengths))
    return float(np.mean(found))


def load_arena(data: str) -> dict[str, xr.Dataset]:
    folder = Path(data) / "arena_4cam"
    return {
        name: load_poses(folder / name / f"minimal_{name}_proofread.analysis.h5")
        for name in ("back", "mid", "side", "top")
    }


def load_person(data: str) -> tuple[dict[str, xr.Dataset], Rig]:
    folder = Path(data) / "multicam_person"
    rig = read_cameras(folder / "calibration" / "Calib.qca.txt")
    return {c.name: load_poses(folder / "poses" / f"{c.name}.csv") for c in rig}, rig


def arena(data: str, calibration: str) -> None:
    folder, poses = Path(data) / "arena_4cam", load_arena(data)
    names = tuple(poses)
    keypoints = [str(k) for k in poses["back"]["keypoint"].to_numpy()]
    import h5py

    with h5py.File(folder / "points3d.h5") as file:
        shipped = file["tracks"][()][:, 0]
    shipped_rig = read_cameras(folder / "calibration.toml")
    results = {"shipped points3d.h5": (shipped, shipped_rig)}
    results["shipped calibration, triangulated"] = points_of(triangulate(poses, shipped_rig)), shipped_rig
    ours = read_cameras(calibration)
    results["triangulated"] = points_of(triangulate(poses, ours)), ours
    edges = tuple((a, b) for a, b in find_skeleton(poses["back"]).edge_indices.tolist())
    refined = triangulate(poses, ours, refinement=RefinementSettings(edges=edges))
    results["refined"] = points_of(refined), ours
    head = tuple((keypoints.index(a), keypoints.index(b)) for a, b in HEAD)
    told = triangulate(poses, ours, refinement=RefinementSettings(edges=edges, constant=head))
    results["refined, told that the head is rigid"] = points_of(told), ours
    for title, (points, calibrated) in results.items():
        rig = calibrated.select(names)
        pixels = np.stack([points_of(poses[n]) for n in names])
        off = reprojection_distances(Sight.of(rig), points, pixels)
        print(
            f"{title}: median reprojection error {np.nanmedian(off):.2f} px "
            f"(by camera {np.round(np.nanmedian(off, axis=(1, 2)), 2)}), "
            f"variation of head segments {variation(points, keypoints, HEAD):.2f} %, "
            f"missing {np.isnan(points[..., 0]).sum()}"
        )


def person(data: str) -> None:
    poses, rig = load_person(data)
    for title, settings in (("triangulated", None), ("refined", RefinementSettings())):
        result = triangulate(poses, rig, refinement=settings)
        names = [str(k) for k in result["keypoint"].to_numpy()]
        print(
            f"{title}: median reprojection error {result.attrs['median_reprojection_px']:.2f} px, "
            f"variation of arms and legs {variation(points_of(result), names, LIMBS):.3f} %"
        )


def ring(n: int) -> Rig:
    cameras = []
    for i in range(n):
        angle = 2 * np.pi * i / n + 0.3
        centre = np.array([700 * np.cos(angle), 700 * np.sin(angle), 500 + 100 * (i % 2)])
        ahead = -centre / np.linalg.norm(centre)
        right = np.cross(ahead, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        turn = np.stack([right, np.cross(ahead, right), ahead])
        matrix = np.array([[900, 0, 639.5], [0, 900, 511.5], [0, 0, 1.0]])
        camera = Camera(
            f"c{i}", SIZE, matrix, np.array([-0.25, 0.08, 0.001, -0.0005, 0]), np.zeros(3), np.zeros(3)
        )
        cameras.append(camera.placed(turn, -turn @ centre))
    return Rig(tuple(cameras))


def film(rig: Rig, truth: np.ndarray, rng: np.random.Generator) -> dict[str, xr.Dataset]:
    """Noise of 0.7 to 2 px, 20 % of points missing, 5 % gross errors of 20 to 200 px."""
    n_frames, n_keypoints = truth.shape[:2]
    poses = {}
    for camera in rig:
        sigma = rng.uniform(0.7, 2.0, (n_frames, n_keypoints))
        pixels = camera.project(truth.reshape(-1, 3)).reshape(n_frames, n_keypoints, 2)
        pixels = pixels + rng.normal(size=pixels.shape) * sigma[..., None]
        wrong = rng.random(sigma.shape) < 0.05
        angle, far = rng.uniform(0, 2 * np.pi, wrong.sum()), rng.uniform(20, 200, wrong.sum())
        pixels[wrong] += (far * np.stack([np.cos(angle), np.sin(angle)])).T
        pixels[rng.random(sigma.shape) < 0.2] = np.nan
        poses[camera.name] = create_poses(
            np.moveaxis(pixels, -1, 1)[..., None],
            keypoints=[f"k{k}" for k in range(n_keypoints)],
            expected_error=sigma[..., None] * np.sqrt(np.pi / 2),
            fps=30,
        )
    return poses


def coverage(poses: xr.Dataset, truth: np.ndarray) -> float:
    off = points_of(poses) - truth
    known = np.isfinite(off).all(axis=-1)
    covariance = np.moveaxis(poses["covariance"].to_numpy()[..., 0], -1, 1)[known]
    squares = np.einsum("na,nab,nb->n", off[known], np.linalg.inv(covariance), off[known])
    return 100 * (squares < 6.251).mean()


def truth(*seeds: str) -> None:
    for seed in map(int, seeds or ("1",)):
        body = Scene.build(RecordingSpec(n_frames=600, seed=seed)).keypoints_mm[:, 0]
        for n in (2, 3, 4, 5, 6):
            rig = ring(n)
            poses = film(rig, body, np.random.default_rng([seed, n]))
            print(f"seed {seed}, {compare_with_truth(rig, poses, body)}", flush=True)


def compare_with_truth(rig: Rig, poses: dict[str, xr.Dataset], body: np.ndarray) -> str:
    """Return in words how far off the linear solution and the refined points are."""
    pixels = np.stack([points_of(p) for p in poses.values()])
    sight = Sight.of(rig)
    rays = sight.rays(pixels.reshape(len(pixels), -1, 2))
    plain = intersect(sight, rays, np.isfinite(rays[..., 0]).astype(float)).reshape(body.shape)
    result = triangulate(poses, rig, refinement=RefinementSettings())
    again = triangulate(poses, rig, refinement=RefinementSettings())
    is_same = all(result[name].to_numpy().tobytes() == again[name].to_numpy().tobytes() for name in result)
    error = [np.linalg.norm(p - body, axis=-1) for p in (plain, points_of(result))]
    both = np.isfinite(error[0]) & np.isfinite(error[1])
    invented = (np.isfinite(error[1]) & (np.isfinite(pixels[..., 0]).sum(axis=0) < 2)).sum()
    means, medians = ([f(e[both]) for e in error] for f in (np.mean, np.median))
    return (
        f"{len(rig.cameras)} cameras: mean (median) error linear {means[0]:.2f} ({medians[0]:.2f}), "
        f"refined {means[1]:.2f} ({medians[1]:.2f}) mm, ratio {means[1] / means[0]:.2f} "
        f"({medians[1] / medians[0]:.2f}); 90 % ellipsoids hold {coverage(result, body):.1f} %; "
        f"invented {invented}; the same twice, bit for bit: {is_same}"
    )


def film_together(rig: Rig, truth: np.ndarray, rng: np.random.Generator) -> dict[str, xr.Dataset]:
    """As :func:`film`, of animals (n_frames, n_animals, n_keypoints, 3), each unseen in 5 % of frames."""
    n_frames, n_animals = truth.shape[:2]
    alone = [film(rig, truth[:, i], rng) for i in range(n_animals)]
    poses = {}
    for camera in rig:
        together = xr.concat(
            [one[camera.name].assign_coords(individual=[f"a{i}"]) for i, one in enumerate(alone)],
            "individual",
            combine_attrs="override",
        )
        position = together["position"].transpose("time", "individual", ...).to_numpy()
        position[rng.random((n_frames, n_animals)) < 0.05] = np.nan
        error = together["expected_error"].transpose("time", "individual", ...).to_numpy()
        for t in range(n_frames):
            order = rng.permutation(n_animals)
            position[t], error[t] = position[t, order], error[t, order]
        poses[camera.name] = create_poses(
            np.moveaxis(position, 1, -1),
            keypoints=together["keypoint"].to_numpy().tolist(),
            individuals=together["individual"].to_numpy().tolist(),
            expected_error=np.moveaxis(error, 1, -1),
            fps=30,
        )
    return poses


def animals(*seeds: str) -> None:
    """Say who is where: of each found animal, whom it is nearest to, by the median over keypoints."""
    for seed in map(int, seeds or ("1",)):
        for n_cameras in (2, 3, 4):
            for n_animals in (2, 3, 4, 5):
                spec = RecordingSpec(n_frames=240, seed=seed, n_animals=n_animals)
                truth, rig = Scene.build(spec).keypoints_mm, ring(n_cameras)
                found = triangulate(film_together(rig, truth, np.random.default_rng(seed)), rig)
                points = found["position"].transpose("time", "individual", "keypoint", "space").to_numpy()
                away = np.linalg.norm(points[:, :, None] - truth[:, None], axis=-1)
                known = np.isfinite(away)
                middle = np.ma.median(np.ma.masked_array(away, ~known), axis=-1).filled(np.inf)
                who = np.where(known.any(axis=(2, 3)), middle.argmin(axis=-1), -1)
                runs = [who[who[:, i] >= 0, i] for i in range(n_animals)]
                usual = [int(np.bincount(run).argmax()) for run in runs]
                astray = sum(int((run != animal).sum()) for run, animal in zip(runs, usual, strict=True))
                # An animal that was exchanged for good is another one at the end than at the beginning.
                ends = [np.bincount(run[:20]).argmax() != np.bincount(run[-20:]).argmax() for run in runs]
                print(
                    f"seed {seed}, {n_cameras} cameras, {n_animals} animals: {len(set(usual))} told apart, "
                    f"{sum(ends)} exchanged, {astray} of {sum(map(len, runs))} poses astray, "
                    f"{100 * np.isfinite(points[..., 0]).mean():.0f} % of points found",
                    flush=True,
                )


def find_starts(data: str, calibration: str, *seeds: str) -> None:
    """Say how often the offsets of cameras that started apart are found: real ones (0) and rendered ones."""
    for poses, rig in ((load_arena(data), read_cameras(calibration)), load_person(data)):
        for n in (2, 3, 4):
            for names in combinations(poses, n):
                print(", ".join(names), judge_starts({name: poses[name] for name in names}, rig, [0] * n))
    outcomes: dict[tuple[int, int, int], list[str]] = {}
    for seed in map(int, seeds or range(1, 9)):
        for n_animals in (1, 3):
            truth = Scene.build(RecordingSpec(n_frames=900, seed=seed, n_animals=n_animals)).keypoints_mm
            for n_cameras in (2, 3, 4):
                rig, rng = ring(n_cameras), np.random.default_rng([seed, n_cameras])
                whole = film(rig, truth[:, 0], rng) if n_animals == 1 else film_together(rig, truth, rng)
                for n_frames in (100, 300, 700):
                    starts = rng.integers(0, 60, n_cameras)
                    poses = {
                        name: table.isel(time=slice(start, start + n_frames)).assign_coords(
                            frame=("time", np.arange(n_frames))
                        )
                        for (name, table), start in zip(whole.items(), starts, strict=True)
                    }
                    case = outcomes.setdefault((n_animals, n_cameras, n_frames), [])
                    case.append(judge_starts(poses, rig, list(starts[0] - starts)))
    for (n_animals, n_cameras, n_frames), found in outcomes.items():
        told = ", ".join(f"{word} {n}" for word, n in sorted(Counter(found).items()))
        print(f"{n_animals} animals, {n_cameras} cameras, {n_frames} frames: {told}")


def judge_starts(poses: dict[str, xr.Dataset], rig: Rig, truth: list[int]) -> str:
    try:
        found = list(synchronise(poses, rig).values())
    except InputError:
        return "refused"
    worst = max(abs(estimate.offset - true) for estimate, true in zip(found, truth, strict=True))
    return "exact" if worst == 0 else f"off by {worst}"


def speed(n_frames: int = 10_000, n_cameras: int = 6) -> None:
    scene = Scene.build(RecordingSpec(n_frames=n_frames, seed=1, n_animals=2)).keypoints_mm
    body = np.concatenate([scene[:, 0], scene[:, 1]], axis=1)[:, :20]
    rig = ring(n_cameras)
    poses = film(rig, body, np.random.default_rng(1))
    start, cpu = time.perf_counter(), time.process_time()
    triangulate(poses, rig)
    middle, cpu_middle = time.perf_counter(), time.process_time()
    triangulate(poses, rig, refinement=RefinementSettings())
    end, cpu_end = time.perf_counter(), time.process_time()
    memory = peak_memory_mb() * 1e6 / 1024**3
    print(
        f"{n_frames} frames x {body.shape[1]} points x {n_cameras} cameras: triangulated in "
        f"{middle - start:.1f} s ({cpu_middle - cpu:.1f} s of CPU); triangulated and refined in "
        f"{end - middle:.1f} s ({cpu_end - cpu_middle:.1f} s of CPU); at most {memory:.2f} GiB"
    )


if __name__ == "__main__":
    commands = {
        "arena": arena,
        "person": person,
        "truth": truth,
        "animals": animals,
        "synchronise": find_starts,
        "speed": speed,
    }
    commands[sys.argv[1]](*sys.argv[2:])
