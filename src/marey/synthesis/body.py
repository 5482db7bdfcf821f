"""What an animal looks like: a spine of joints with tubes, patches and legs attached to it.

Everything is in millimetres along the spine, from the tip of the head (0) backwards, and across it, positive
to the animal's left. A species is one :class:`Body`; see :mod:`marey.synthesis.species`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from marey.errors import InputError
from marey.model import Skeleton

Colour = tuple[float, float, float]
Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Coat:
    """How the skin of one animal is coloured.

    Parameters
    ----------
    back, flank
        RGB, 0 to 255, along the midline and at the sides.
    grain
        Contrast of the texture, 0 to 1.
    sheen
        How strongly it shines, 0 to 1.
    """

    back: Colour
    flank: Colour
    grain: float = 0.2
    sheen: float = 0.15


@dataclass(frozen=True)
class Tube:
    """A tapering part along the spine, such as a trunk or a tail.

    Parameters
    ----------
    half_width_mm
        Pairs (position along the spine, half width); the first and the last say where it begins and ends.
    coat
        Its own colours; None takes the animal's.
    fur
        Whether its outline is hairy.
    roundness
        1 is shaded like a cylinder, 0 like a sheet.
    opacity
        1 hides what is behind.
    bands
        Number of dark bands across it.
    """

    half_width_mm: Knots
    coat: Coat | None = None
    fur: bool = False
    roundness: float = 1.0
    opacity: float = 1.0
    bands: int = 0

    @property
    def start_mm(self) -> float:
        """Where it begins."""
        return self.half_width_mm[0][0]

    @property
    def end_mm(self) -> float:
        """Where it ends."""
        return self.half_width_mm[-1][0]


@dataclass(frozen=True)
class Patch:
    """A flat ellipse fixed to the spine: an ear, an eye, a paw, a wing.

    Parameters
    ----------
    name
        What keypoints refer to it by; a pair becomes ``left_<name>`` and ``right_<name>``.
    along_mm, across_mm
        Its centre.
    semi_axes_mm
        Half its length and half its breadth.
    angle_deg
        How its long axis turns away from the spine, to the outside.
    colour, rim
        RGB inside and at the edge.
    lift_mm
        How far it stands above the spine.
    opacity
        1 hides what is behind.
    coat_share
        How much of the animal's coat its colours take on, 0 to 1.
    below
        Whether it is drawn under the tubes.
    paired
        Whether there is a mirrored one on the right.
    step_mm, step_phase
        How far it swings along the spine with every stride, and when (in strides); the right one swings
        half a stride later.
    """

    name: str
    along_mm: float
    across_mm: float
    semi_axes_mm: tuple[float, float]
    colour: Colour
    rim: Colour
    angle_deg: float = 0.0
    lift_mm: float = 0.0
    opacity: float = 1.0
    coat_share: float = 0.0
    below: bool = False
    paired: bool = True
    step_mm: float = 0.0
    step_phase: float = 0.0

    def sides(self) -> "tuple[Patch, ...]":
        """Return the patch itself, or its left and right one."""
        if not self.paired:
            return (self,)
        mirrored = replace(
            self,
            name=f"right_{self.name}",
            across_mm=-self.across_mm,
            angle_deg=-self.angle_deg,
            step_phase=self.step_phase + 0.5,
        )
        return replace(self, name=f"left_{self.name}"), mirrored


@dataclass(frozen=True)
class Leg:
    """A pair of jointed legs under the body, from a hip over a knee to a foot.

    Parameters
    ----------
    name
        The pair becomes ``left_<name>`` and ``right_<name>``.
    hip_mm, knee_mm, foot_mm
        (along, across) of the left one's joints.
    half_width_mm
        Half its breadth at the hip; it tapers to half of that.
    colour
        RGB.
    step_mm, step_phase
        As for :class:`Patch`; the foot swings fully, the knee by half.
    """

    name: str
    hip_mm: tuple[float, float]
    knee_mm: tuple[float, float]
    foot_mm: tuple[float, float]
    half_width_mm: float
    colour: Colour
    step_mm: float = 0.0
    step_phase: float = 0.0

    def joints_mm(self, side: int) -> np.ndarray:
        """Return (along, across) of hip, knee and foot, shape (3, 2); `side` is 1 for left, -1 for right."""
        return np.array([self.hip_mm, self.knee_mm, self.foot_mm]) * (1.0, side)

    def swing_mm(self, side: int, stride: np.ndarray) -> np.ndarray:
        """Return how far hip, knee and foot are swung forward, shape (..., 3)."""
        phase = stride + self.step_phase + (0.5 if side < 0 else 0.0)
        return swing(phase, self.step_mm)[..., None] * np.array([0.0, 0.5, 1.0])


@dataclass(frozen=True)
class Landmark:
    """Where a keypoint sits: on the spine's coordinates, or on a patch or the foot of a leg.

    Parameters
    ----------
    along_mm, across_mm
        On the spine; or, with `part`, from the centre of that patch along its own axes.
    part
        Name of a patch, such as ``"left_wing"``, or of a leg.
    """

    along_mm: float = 0.0
    across_mm: float = 0.0
    part: str = ""


@dataclass(frozen=True)
class Style:
    """How a species moves.

    Parameters
    ----------
    walk_mm_s, dash_mm_s
        Usual speeds.
    pause_share, dash_share
        Which part of the bouts are pauses and dashes.
    bout_s
        Mean duration of a bout.
    turn_deg_s
        Spread of the turning rate.
    head_yaw_deg
        Spread of the angle between head and trunk.
    stride_mm
        Way that is made with one stride.
    wave_deg, wave_hz, wave_lag
        A wave that runs down the spine: amplitude at every joint, frequency at walking speed, and delay
        between joints in periods.
    idle_wave
        How much of the wave is left at rest, 0 to 1.
    """

    walk_mm_s: float
    dash_mm_s: float
    pause_share: float
    dash_share: float
    bout_s: float
    turn_deg_s: float
    head_yaw_deg: float
    stride_mm: float
    wave_deg: tuple[float, ...]
    wave_hz: float
    wave_lag: float = 0.1
    idle_wave: float = 0.3


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
        parts = set(self.patch_by_name) | {name for leg in self.legs for name in _pair(leg.name)}
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
        leg = next(leg for leg in self.legs if landmark.part in _pair(leg.name))
        side = 1 if landmark.part.startswith("left") else -1
        return self.leg_points(leg, side, joints, stride)[..., 2, :]


def swing(phase: np.ndarray, size: float) -> np.ndarray:
    """Return how far a foot is ahead of its middle, at a phase counted in strides."""
    return size * np.sin(2 * np.pi * np.asarray(phase))


def _pair(name: str) -> Sequence[str]:
    return f"left_{name}", f"right_{name}"
