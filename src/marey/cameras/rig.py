"""Several cameras that look at the same world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from marey.cameras.camera import Camera
from marey.errors import InputError, NotFoundError

ROTATION_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Rig:
    """Cameras in a fixed order, with names that differ.

    Parameters
    ----------
    cameras
        At least one.
    units
        Of the world's coordinates: ``"mm"``, ``"m"``, or ``"unknown"`` where nothing gave the scale.
    metadata
        Whatever else is known of the calibration: numbers, text, lists and tables of them, as TOML holds.

    Raises
    ------
    InputError
        There is no camera, or two have the same name.
    """

    cameras: tuple[Camera, ...]
    units: str = "mm"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cameras", tuple(self.cameras))
        object.__setattr__(self, "metadata", dict(self.metadata))
        names = [camera.name for camera in self.cameras]
        if not names:
            raise InputError("expected at least one camera, got none")
        if len(set(names)) < len(names):
            raise InputError(
                f"expected cameras with different names, got {', '.join(names)}",
                hint="rename one in the calibration file",
            )

    def __len__(self) -> int:
        return len(self.cameras)

    def __iter__(self) -> Iterator[Camera]:
        return iter(self.cameras)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Camera:
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise NotFoundError(
            f"expected a camera of this calibration ({', '.join(self.names)}), got {name!r}",
            hint="the names of videos or poses must be those of the calibration",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(camera.name for camera in self.cameras)

    def select(self, names: Sequence[str]) -> Rig:
        """Return the cameras called `names`, in that order.

        Raises
        ------
        NotFoundError
            One of them is not there.
        """
        return replace(self, cameras=tuple(self[name] for name in names))

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the world appear in each camera.

        Parameters
        ----------
        points
            Shape (n, 3).

        Returns
        -------
        numpy.ndarray
            Pixels, shape (n_cameras, n, 2); NaN for missing points and for those behind a camera.
        """
        return np.stack([camera.project(points) for camera in self.cameras])

    def undistort(self, pixels: np.ndarray) -> np.ndarray:
        """Return the normalised coordinates of pixels, both of shape (n_cameras, n, 2); NaN stays NaN."""
        if len(pixels) != len(self):
            raise InputError(f"expected pixels of {len(self)} cameras, got {len(pixels)}")
        return np.stack([camera.undistort(seen) for camera, seen in zip(self.cameras, pixels, strict=True)])

    def aligned(
        self,
        rotation: np.ndarray,
        translation: np.ndarray,
        scale: float = 1.0,
        *,
        units: str | None = None,
    ) -> Rig:
        """Return the same cameras in another world, whose points are ``scale · rotation · X + translation``.

        Parameters
        ----------
        rotation
            Shape (3, 3), a proper rotation.
        translation
            Shape (3,), in the new units.
        scale
            New units for each old one, above 0.
        units
            What the new units are called; the old ones by default.

        Raises
        ------
        InputError
            `rotation` is not a rotation, or `scale` is not above 0.
        """
        rotation = np.asarray(rotation, dtype=float)
        is_orthogonal = np.allclose(rotation @ rotation.T, np.eye(3), atol=ROTATION_TOLERANCE)
        if rotation.shape != (3, 3) or not is_orthogonal or np.linalg.det(rotation) < 0:
            raise InputError(f"expected a 3 × 3 rotation without mirroring, got {rotation.tolist()}")
        if not (np.isfinite(scale) and scale > 0):
            raise InputError(f"expected a scale above 0, got {scale}")
        moved = []
        for camera in self.cameras:
            turned = camera.rotation_matrix @ rotation.T
            moved.append(camera.placed(turned, scale * camera.translation - turned @ np.asarray(translation)))
        return replace(self, cameras=tuple(moved), units=units or self.units)
