"""Ensembles of networks: real predictions of a pupil, and drawn ones against a known truth.

    python bench/ensembles.py pupil SHARED_DATA
    python bench/ensembles.py drawn [SEED ...]

The drawn networks are five, in three or four cameras. Their noise is 1 px, half of it the same in all of
them; in each camera each point is hidden for stretches, and 12 to 15 times as noisy then. In the second and
third case errors also last for a while, networks lose points and take one keypoint for the next now and then,
and points are hidden for 40 frames; in the third the animal rests and darts.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from marey.cameras import Rig
from marey.formats import load_poses
from marey.model import create_poses
from marey.refinement import combine_ensemble, ensemble_smooth, ensemble_smooth_views
from triangulation import points_of, ring
from viterbi import move

N_MEMBERS = 5
Drawn = tuple[dict[str, list[xr.Dataset]], dict[str, np.ndarray], dict[str, np.ndarray]]


def pupil(data: str) -> None:
    members = [load_poses(f) for f in sorted((Path(data) / "ensembles" / "ibl-pupil").glob("*.csv"))]

    def agreement(poses: xr.Dataset) -> float:
        p = points_of(poses)
        k = {str(name): i for i, name in enumerate(poses["keypoint"].to_numpy())}
        height = np.linalg.norm(p[:, k["pupil_top_r"]] - p[:, k["pupil_bottom_r"]], axis=1)
        width = np.linalg.norm(p[:, k["pupil_left_r"]] - p[:, k["pupil_right_r"]], axis=1)
        return np.corrcoef(height, width)[0, 1]

    print("correlation of the pupil's height and width")
    print("  networks alone", np.round([agreement(m) for m in members], 3))
    print(f"  median of the networks {agreement(combine_ensemble(members)):.3f}")
    print(f"  ensemble smoother {agreement(ensemble_smooth(members)):.3f}")
    print(f"  ensemble smoother, three latents {agreement(ensemble_smooth(members, n_latents=3)):.3f}")


def lasting(rng: np.random.Generator, shape: tuple[int, ...], n_frames: float) -> np.ndarray:
    """Return errors of variance 1 that last for so many frames, shape (n_frames, ...)."""
    kept = np.exp(-1 / n_frames)
    errors = rng.normal(size=shape)
    for t in range(1, len(errors)):
        errors[t] = kept * errors[t - 1] + np.sqrt(1 - kept**2) * errors[t]
    return errors


def hide(rng: np.random.Generator, shape: tuple[int, int], n: int, length: int) -> np.ndarray:
    """Return where points are hidden: `n` stretches of each keypoint, bool, (n_frames, n_keypoints)."""
    hidden = np.zeros(shape, dtype=bool)
    for k in range(shape[1]):
        for start in rng.choice(shape[0] - length, n, replace=False):
            hidden[start : start + length, k] = True
    return hidden


def table(pixels: np.ndarray) -> xr.Dataset:
    names = [f"k{k}" for k in range(pixels.shape[1])]
    return create_poses(np.moveaxis(pixels, -1, 1)[..., None], keypoints=names, fps=30)


def draw(seed: int, rig: Rig, body: np.ndarray, *, lasts: bool) -> Drawn:
    """Return by camera the predictions of each network, where points are, and where they are hidden."""
    rng = np.random.default_rng(seed)
    members, seen, hidden = {}, {}, {}
    for camera in rig:
        pixels = camera.project(body.reshape(-1, 3)).reshape(*body.shape[:2], 2)
        n, length = (2, 40) if lasts else (len(body) // 100, 10)
        is_hidden = hide(rng, body.shape[:2], n, length)
        sigma = np.where(is_hidden, 15.0 if lasts else 12.0, 1.0)[..., None]
        if not lasts:
            shared = rng.normal(size=pixels.shape) * 0.5
            each = [shared + rng.normal(size=pixels.shape) for _ in range(N_MEMBERS)]
            members[camera.name] = [table(pixels + error * sigma) for error in each]
        else:
            shared = lasting(rng, pixels.shape, 15) * 0.5
            members[camera.name] = []
            for _ in range(N_MEMBERS):
                error = lasting(rng, pixels.shape, 5) * 0.8 + rng.normal(size=pixels.shape) * 0.4
                found = pixels + (shared + error) * sigma
                wrong = rng.random(is_hidden.shape) < 0.03
                found[wrong] = np.roll(pixels, -1, axis=1)[wrong]
                found[rng.random(is_hidden.shape) < np.where(is_hidden, 0.3, 0.02)] = np.nan
                members[camera.name].append(table(found))
        seen[camera.name], hidden[camera.name] = pixels, is_hidden
    return members, seen, hidden


def compare(title: str, drawn: Drawn) -> None:
    members, seen, hidden = drawn
    results: dict[str, Mapping[str, xr.Dataset]] = {
        "one network": {name: tables[0] for name, tables in members.items()},
        "median": {name: combine_ensemble(tables) for name, tables in members.items()},
        "ensemble smoother": {name: ensemble_smooth(tables) for name, tables in members.items()},
        "across cameras": ensemble_smooth_views(members),
    }
    for method, tables in results.items():
        off = {name: np.linalg.norm(points_of(poses) - seen[name], axis=-1) for name, poses in tables.items()}
        open_ = np.nanmean(np.concatenate([off[name][~hidden[name]] for name in off]))
        behind = np.nanmean(np.concatenate([off[name][hidden[name]] for name in off]))
        print(f"{title}, {method}: mean error {open_:.2f} px where seen, {behind:.2f} px where hidden")


def drawn(*seeds: str) -> None:
    for seed in map(int, seeds or ("1",)):
        compare(f"seed {seed}, noise", draw(seed, ring(3), move(seed, 1, 1)[:600], lasts=False))
        for title, dart in (("errors that last", 1), ("the same, darting", 3)):
            compare(f"seed {seed}, {title}", draw(seed, ring(4), move(seed, 1, dart)[:700], lasts=True))


if __name__ == "__main__":
    {"pupil": pupil, "drawn": drawn}[sys.argv[1]](*sys.argv[2:])
