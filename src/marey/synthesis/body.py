"""What an animal looks like: a spine of joints with tubes, patches and legs attached to it.

A species is one :class:`Body`; see :mod:`marey.synthesis.species`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from marey.errors import InputError
from marey.model import Skeleton
from marey.synthesis.parts import Coat, Knots, Landmark, Leg, Patch, Style, Tube, left_and_right, swing


@dataclass(frozen=True)
class Body:
    """A species.

    Parameters
    ----------
    skeleton
        Names of the keypoints, their edges and symmetries.
    landmarks
        Where each keypoint sits, in the order of the skeleton.
    joints_mm
        Positions of the joints along the spine.
    leader
        Index of the joint that walks; those before it are the head, those behind it follow.
    bend_deg
        The largest angle at each joint.
    stiffness_per_s
        How fast each joint straightens by itself.
    height_mm
        Pairs (along, height above the floor).
    tubes
        From bottom to top.
    patches, legs
        See there.
    coats
        By name; the first is the usual one.
    style
        How it moves.
    length_mm
        The length that errors are measured by: straight, from the first keypoint to the root of the tail.
    arena_mm
        Width and height of the arena that suits it.
    """

    skeleton: Skeleton
    landmarks: tuple[Landmark, ...]
    joints_mm: tuple[float, ...]
    leader: int
    bend_deg: tuple[float, ...]
    stiffness_per_s: tuple[float, ...]
    height_mm: Knots
    tubes: tuple[Tube, ...]
    coats: dict[str, Coat]
    style: Style
    length_mm: float
    arena_mm: tuple[float, float]
    patches: tuple[Patch, ...] = ()
    legs: tuple[Leg, ...] = ()

    def __post_init__(self) -> None:
        n_joints = len(self.joints_mm)
        for name, values, n in (
            ("bend_deg", self.bend_deg, n_joints),
            ("stiffness_per_s", self.stiffness_per_s, n_joints),
            ("style.wave_deg", self.style.wave_deg, n_joints),
            ("landmarks", self.landmarks, len(self.skeleton)),
        ):
            if len(values) != n:
                raise InputError(f"{self.name}: {name} must have {n} entries, got {len(values)}")
        parts = set(self.patch_by_name) | {name for leg in self.legs for name in left_and_right(leg.name)}
        for keypoint, landmark in zip(self.skeleton.keypoints, self.landmarks, strict=True):
            if landmark.part and landmark.part not in parts:
                raise InputError(
                    f"{self.name}: the keypoint {keypoint} sits on {landmark.part!r}, which does not exist",
                    hint=f"the parts are {', '.join(sorted(parts))}",
                )

    @property
    def name(self) -> str:
        """The name of the species."""
        return self.skeleton.name

    @cached_property
    def patch_by_name(self) -> dict[str, Patch]:
        """Every patch, left and right apart."""
        return {side.name: side for patch in self.patches for side in patch.sides()}

    @cached_property
    def _spline(self) -> CubicSpline:
        # A spline through the joints is linear in them: one spline of unit vectors serves every posture.
        return CubicSpline(self.joints_mm, np.eye(len(self.joints_mm)), bc_type="natural")

    @cached_property
    def _known_weights(self) -> dict[bytes, tuple[np.ndarray, np.ndarray]]:
        return {}

    def _weights(self, along_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how much each joint counts for position and direction along the spine, (n, n_joints)."""
        # The same few places are asked for in every frame.
        key = along_mm.tobytes()
        if key not in self._known_weights:
            self._known_weights[key] = self._spline(along_mm), self._spline(along_mm, 1)
        return self._known_weights[key]

    def elevation_mm(self, along_mm: np.ndarray) -> np.ndarray:
        """Return the height above the floor at positions along the spine."""
        return np.interp(along_mm, *np.transpose(self.height_mm))

    def spine(self, joints: np.ndarray, along_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return points of the spine and the unit vectors to the animal's left.

        Parameters
        ----------
        joints
            (x, y) of the joints in mm, shape (..., n_joints, 2).
        along_mm
            Positions along the spine, shape (n,).

        Returns
        -------
        tuple of np.ndarray
            Points and vectors, each (..., n, 2).
        """
        position, direction = self._weights(np.asarray(along_mm, dtype=np.float64))
        points, backward = position @ joints, direction @ joints
        # The animal looks against the direction of the spine, so its left is the clockwise normal of it.
        left = np.stack([backward[..., 1], -backward[..., 0]], axis=-1)
        return points, left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-9)

    def place(
        self, joints: np.ndarray, along_mm: np.ndarray, across_mm: np.ndarray, lift_mm: float = 0.0
    ) -> np.ndarray:
        """Return world points (x, y, z) in mm of places on the body, shape (..., n, 3)."""
        points, left = self.spine(joints, along_mm)
        flat = points + left * np.asarray(across_mm)[..., None]
        z = np.broadcast_to(self.elevation_mm(along_mm) + lift_mm, flat.shape[:-1])
        return np.concatenate([flat, z[..., None]], axis=-1)

    def patch_axes(self, patch: Patch, joints: np.ndarray, stride: np.ndarray) -> np.ndarray:
        """Return the centre of a patch and one mm along each of its axes, shape (..., 3, 3).

        The rows are the centre, the centre plus a step along the long axis (backwards), and the centre plus
        a step along the short axis (to the left), in world mm.
        """
        points, left = self.spine(joints, np.array([patch.along_mm]))
        point, left = points[..., 0, :], left[..., 0, :]
        backward = np.stack([-left[..., 1], left[..., 0]], axis=-1)
        angle = np.deg2rad(patch.angle_deg)
        long = np.cos(angle) * backward + np.sin(angle) * left
        short = -np.sin(angle) * backward + np.cos(angle) * left
        step = swing(np.asarray(stride) + patch.step_phase, patch.step_mm)[..., None]
        centre = point + left * patch.across_mm - backward * step
        flat = np.stack([centre, centre + long, centre + short], axis=-2)
        z = float(self.elevation_mm(np.array(patch.along_mm))) + patch.lift_mm
        return np.concatenate([flat, np.full((*flat.shape[:-1], 1), z)], axis=-1)

    def leg_points(self, leg: Leg, side: int, joints: np.ndarray, stride: np.ndarray) -> np.ndarray:
        """Return hip, knee and foot in world mm, shape (..., 3, 3)."""
        along, across = leg.joints_mm(side).T
        points, left = self.spine(joints, np.full(3, along[0]))
        backward = np.stack([-left[..., 1], left[..., 0]], axis=-1)
        behind = (along - along[0]) - leg.swing_mm(side, np.asarray(stride))
        flat = points + left * across[:, None] + backward * behind[..., None]
        z = float(self.elevation_mm(np.array(along[0]))) * np.array([0.8, 1.0, 0.0])
        return np.concatenate([flat, np.broadcast_to(z, flat.shape[:-1])[..., None]], axis=-1)

    def keypoints_mm(self, joints: np.ndarray, stride: np.ndarray) -> np.ndarray:
        """Return the world position of every keypoint.

        Parameters
        ----------
        joints
            (x, y) of the joints in mm, shape (..., n_joints, 2).
        stride
            Strides made so far, shape (...).

        Returns
        -------
        np.ndarray
            (x, y, z) in mm, shape (..., n_keypoints, 3).
        """
        found = [self._locate(landmark, joints, np.asarray(stride)) for landmark in self.landmarks]
        return np.stack(found, axis=-2)

    def _locate(self, landmark: Landmark, joints: np.ndarray, stride: np.ndarray) -> np.ndarray:
        if not landmark.part:
            return self.place(joints, np.array([landmark.along_mm]), np.array([landmark.across_mm]))[
                ..., 0, :
            ]
        if patch := self.patch_by_name.get(landmark.part):
            centre, long, short = np.moveaxis(self.patch_axes(patch, joints, stride), -2, 0)
            return centre + (long - centre) * landmark.along_mm + (short - centre) * landmark.across_mm
        leg = next(leg for leg in self.legs if landmark.part in left_and_right(leg.name))
        side = 1 if landmark.part.startswith("left") else -1
        return self.leg_points(leg, side, joints, stride)[..., 2, :]
