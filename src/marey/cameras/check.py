"""What can be wrong with a calibration, seen from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras.camera import Camera
from marey.cameras.rig import Rig

# Two cameras are taken for one where they are closer than this share of the rig's extent and turned by less.
SAME_PLACE = 1e-3
SAME_TURN_DEGREES = 0.1
FOCAL_RANGE = (0.2, 15.0)  # in widths of the image
MAX_CENTRE_OFF = 0.25
MAX_ASPECT = 1.1
MIN_ANGLE_DEGREES = 3.0
MIN_CROSSING_DEGREES = 15.0
GOOD_RMS_PX = 1.5


def check_rig(rig: Rig) -> list[str]:
    """Return what looks wrong with a calibration, in sentences; empty when nothing does.

    It tells cameras that came out the same, lenses that cannot be, cameras that do not look at a common place
    or from nearly one direction only, and what the calibration itself had noted.
    """
    warnings = [*_own_notes(rig)]
    for camera in rig:
        warnings += _check_lens(camera)
    if len(rig) > 1 and rig.metadata.get("placed", True):
        warnings += _check_pairs(rig)
        warnings += _check_view(rig)
    return list(dict.fromkeys(warnings))


def _own_notes(rig: Rig) -> Iterator[str]:
    if rig.metadata.get("placed") is False:
        yield "only the lenses were calibrated: the cameras are not placed, and nothing can be triangulated"
    notes = rig.metadata.get("warnings", [])
    yield from (str(note) for note in notes if isinstance(notes, list))
    error = rig.metadata.get("rms_px", rig.metadata.get("error"))
    if isinstance(error, int | float) and error > GOOD_RMS_PX:
        yield f"the error of the calibration was {error:.2f} px, which is large"


def _check_lens(camera: Camera) -> Iterator[str]:
    width = max(camera.size)
    fx, fy = camera.matrix[0, 0], camera.matrix[1, 1]
    low, high = (factor * width for factor in FOCAL_RANGE)
    if not low < fx < high:
        yield f"camera {camera.name}: a focal length of {fx:.0f} px is unusual for an image {width} px wide"
    if not 1 / MAX_ASPECT < fx / fy < MAX_ASPECT:
        yield f"camera {camera.name}: its pixels are not square ({fx:.0f} and {fy:.0f} px)"
    middle = (np.array(camera.size) - 1) / 2
    off = np.linalg.norm(camera.matrix[:2, 2] - middle) / width
    if off > MAX_CENTRE_OFF:
        yield (
            f"camera {camera.name}: its optical axis meets the image {100 * off:.0f} % of a width from the "
            "middle; "
            "was the image cropped, or the board seen only in a corner?"
        )
    lost = _share_beyond_fold(camera)
    if lost > 0.05:
        yield (
            f"camera {camera.name}: the lens model folds back before the edge of the image "
            f"({100 * lost:.0f} % of it "
            "is beyond); points there cannot be triangulated"
        )


def _share_beyond_fold(camera: Camera) -> float:
    u, v = np.meshgrid(np.linspace(0, camera.size[0] - 1, 33), np.linspace(0, camera.size[1] - 1, 33))
    return float(np.isnan(camera.undistort(np.column_stack([u.ravel(), v.ravel()]))[:, 0]).mean())


def _check_pairs(rig: Rig) -> Iterator[str]:
    centres = np.stack([camera.centre for camera in rig])
    extent = float(np.linalg.norm(centres - centres.mean(axis=0), axis=1).max())
    for first, second in combinations(rig, 2):
        turn = Rotation.from_matrix(first.rotation_matrix @ second.rotation_matrix.T).magnitude()
        is_near = np.linalg.norm(first.centre - second.centre) <= SAME_PLACE * extent
        has_same_lens = np.array_equal(first.matrix, second.matrix) and np.array_equal(
            first.distortion, second.distortion
        )
        if is_near and np.degrees(turn) < SAME_TURN_DEGREES:
            same = "identical" if has_same_lens else "the same in place and direction"
            yield (
                f"cameras {first.name} and {second.name} are {same}: two cameras cannot be in one place, "
                "so at least "
                "one of them is wrong; calibrate again"
            )
        elif has_same_lens:
            yield (
                f"cameras {first.name} and {second.name} have exactly the same lens: each has its own, so "
                "one was "
                "probably copied"
            )
    if extent == 0.0 and len(rig) > 2:
        yield "all cameras are in one place"


def _check_view(rig: Rig) -> Iterator[str]:
    """Say where the cameras' axes come nearest to each other, and whether all of them look there."""
    axes = np.stack([camera.forward for camera in rig])
    centres = np.stack([camera.centre for camera in rig])
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    if np.linalg.cond(across.sum(axis=0)) > 1e6:
        yield "the cameras look along one line: depth cannot be measured"
        return
    middle = np.linalg.solve(across.sum(axis=0), (across @ centres[..., None]).sum(axis=0))[:, 0]
    for camera in rig:
        if camera.to_camera(middle[None])[0, 2] <= 0:
            yield f"camera {camera.name} looks away from where the other cameras look"
    if np.degrees(np.arccos(np.clip(axes @ axes.T, -1, 1))).max() < MIN_CROSSING_DEGREES:
        return  # nearly parallel axes meet far behind the scene: where that is, the file does not say
    rays = middle - centres
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    widest = np.degrees(np.arccos(np.clip(rays @ rays.T, -1, 1))).max()
    if widest < MIN_ANGLE_DEGREES:
        yield (
            f"the cameras see the scene from directions that differ by {widest:.1f}° at most: depth will "
            "be uncertain"
        )
