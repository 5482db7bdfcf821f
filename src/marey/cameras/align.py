"""Choosing the world: where its origin is, which way its axes point, and how long its unit is."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras.calibrate import Calibration
from marey.cameras.quality import triangulate_corners
from marey.cameras.rig import Rig
from marey.errors import FormatError, InputError, NotFoundError

COLUMNS = ("point", "camera", "x", "y")
WORLD_COLUMNS = ("X", "Y", "Z")


def align_to_board(calibration: Calibration, view: str) -> Rig:
    """Make the board of one view the world: origin at its first corner, z towards the cameras.

    Lay the board on the floor in that view, and the floor is z = 0.

    Raises
    ------
    NotFoundError
        There is no such view, or it was not used.
    """
    views = calibration.sightings.views
    if view not in views:
        raise NotFoundError(
            f"expected the name of a view that was used, got {view!r}",
            hint=f"the views are {', '.join(views[:8])}{' ...' if len(views) > 8 else ''}",
        )
    pose = calibration.boards[views.index(view)]
    R, origin = Rotation.from_rotvec(pose[:3]).as_matrix(), pose[3:]
    return align_to_axes(calibration.rig, origin, origin + R[:, 0], origin + R[:, 1])


def align_to_axes(rig: Rig, origin: np.ndarray, along_x: np.ndarray, along_y: np.ndarray) -> Rig:
    """Make three points the world: x from the first to the second, the third in the plane z = 0.

    z points to the side of the plane where most cameras are, so y is towards the third point or away from it.

    Raises
    ------
    InputError
        The points lie on one line.
    """
    origin = np.asarray(origin, dtype=float)
    x, side = along_x - origin, along_y - origin
    z = np.cross(x, side)
    lengths = float(np.linalg.norm(x)), max(float(np.linalg.norm(side)), 1e-12)
    if not float(np.linalg.norm(z)) > 1e-6 * lengths[0] * lengths[1]:
        raise InputError("expected three points that are not on one line")
    x, z = x / np.linalg.norm(x), z / np.linalg.norm(z)
    z = z * _side_of_cameras(rig, origin, z)
    R = np.stack([x, np.cross(z, x), z])
    return rig.aligned(R, -R @ origin)


def align_to_floor(rig: Rig, points: np.ndarray) -> Rig:
    """Make points on the floor lie at z = 0 as well as they can, their middle the origin, cameras above.

    Parameters
    ----------
    rig
        The cameras.
    points
        On the floor, at least three, shape (n, 3). x keeps the direction of the first camera's x, laid flat.
    """
    points = np.asarray(points, dtype=float)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 3:
        raise InputError(f"expected at least three points on the floor, got {len(points)}")
    middle = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - middle)
    if spread[1] < 1e-6 * spread[0]:
        raise InputError("expected points on the floor that are not on one line")
    z = axes[2] * _side_of_cameras(rig, middle, axes[2])
    x = rig.cameras[0].rotation_matrix[0]
    x = x - (x @ z) * z
    x = axes[0] if np.linalg.norm(x) < 1e-6 else x / np.linalg.norm(x)
    R = np.stack([x, np.cross(z, x), z])
    return rig.aligned(R, -R @ middle)


def align_to_points(rig: Rig, measured: np.ndarray, wanted: np.ndarray, *, units: str = "mm") -> Rig:
    """Move, turn and scale the world so that measured points come as near as possible to known ones.

    The least-squares similarity of Umeyama, IEEE PAMI 13 (1991), equations 40 to 42.

    Parameters
    ----------
    rig
        The cameras.
    measured, wanted
        Shape (n, 3), at least three points that are not on one line, in the old and the new world.
    units
        Of the new world.
    """
    known = np.isfinite(measured).all(axis=1) & np.isfinite(wanted).all(axis=1)
    a, b = np.asarray(measured, dtype=float)[known], np.asarray(wanted, dtype=float)[known]
    if len(a) < 3:
        raise InputError(f"expected at least three points that two cameras see, got {len(a)}")
    a0, b0 = a - a.mean(axis=0), b - b.mean(axis=0)
    U, spread, Vt = np.linalg.svd(b0.T @ a0)
    if spread[1] < 1e-9 * spread[0]:
        raise InputError("expected known points that are not on one line")
    signs = np.array([1, 1, np.sign(np.linalg.det(U @ Vt))])
    R = U @ np.diag(signs) @ Vt
    scale = float((spread * signs).sum() / (a0**2).sum())
    return rig.aligned(R, b.mean(axis=0) - scale * R @ a.mean(axis=0), scale, units=units)


def scale_to_length(rig: Rig, first: np.ndarray, second: np.ndarray, length: float, *, units: str) -> Rig:
    """Scale the world so that two points are `length` apart."""
    measured = float(np.linalg.norm(np.asarray(second) - np.asarray(first)))
    if not (np.isfinite(measured) and measured > 0 and length > 0):
        raise InputError(f"expected two different points and a length above 0, got {measured} and {length}")
    return rig.aligned(np.eye(3), np.zeros(3), length / measured, units=units)


def align_to_file(rig: Rig, path: str | Path, *, units: str = "mm") -> Rig:
    """Align the world to points that a person marked in the images.

    Parameters
    ----------
    rig
        The cameras.
    path
        A CSV table with the columns point, camera, x, y (pixels): each point in at least two cameras. Where
        it also has X, Y, Z, these are the point's coordinates in the world, and the scale follows from them.
        Otherwise the points are called origin, x and y (three points that make the axes), or are all on the
        floor.
    units
        Of X, Y, Z.
    """
    names, pixels, wanted = _read_points(rig, Path(path))
    measured = triangulate_corners(rig, pixels)
    lost = [name for name, point in zip(names, measured, strict=True) if not np.isfinite(point).all()]
    if lost:
        raise InputError(f"expected each point of {path} in two cameras or more; not so {', '.join(lost)}")
    if np.isfinite(wanted).any():
        return align_to_points(rig, measured, wanted, units=units)
    if {"origin", "x", "y"} <= set(names):
        return align_to_axes(rig, *(measured[names.index(name)] for name in ("origin", "x", "y")))
    return align_to_floor(rig, measured)


def _read_points(rig: Rig, path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    if not path.is_file():
        raise NotFoundError(f"expected a table of points at {path}, but there is none")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not set(COLUMNS) <= set(rows[0]):
        raise FormatError(f"expected a table with the columns {', '.join(COLUMNS)} in {path}")
    names = list(dict.fromkeys(row["point"] for row in rows))
    pixels = np.full((len(rig), len(names), 2), np.nan)
    wanted = np.full((len(names), 3), np.nan)
    for line, row in enumerate(rows, start=2):
        rig[row["camera"]]
        place = rig.names.index(row["camera"]), names.index(row["point"])
        try:
            pixels[place] = float(row["x"]), float(row["y"])
            if all(row.get(column) for column in WORLD_COLUMNS):
                wanted[place[1]] = [float(row[column]) for column in WORLD_COLUMNS]
        except (TypeError, ValueError) as error:
            raise FormatError(f"expected numbers in line {line} of {path}") from error
    return names, pixels, wanted


def _side_of_cameras(rig: Rig, origin: np.ndarray, z: np.ndarray) -> float:
    heights = [(camera.centre - origin) @ z for camera in rig]
    return 1.0 if sum(np.sign(heights)) >= 0 else -1.0
