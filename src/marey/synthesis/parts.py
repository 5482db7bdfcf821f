"""What a body is put together from: coats, tubes, patches, legs, and the way it moves.

Everything is in millimetres along the spine, from the tip of the head (0) backwards, and across it, positive
to the animal's left.
"""

from dataclasses import dataclass, replace

import numpy as np

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


def swing(phase: np.ndarray, size: float) -> np.ndarray:
    """Return how far a foot is ahead of its middle, at a phase counted in strides."""
    return size * np.sin(2 * np.pi * np.asarray(phase))


def left_and_right(name: str) -> tuple[str, str]:
    """Return the names of the two of a pair."""
    return f"left_{name}", f"right_{name}"
