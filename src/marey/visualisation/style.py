"""How a labelled video looks."""

from dataclasses import dataclass

from marey.errors import ConfigError
from marey.visualisation.palettes import PALETTES

COLOUR_BY = ("auto", "keypoint", "individual")
NAMES = ("legend", "points", "none")


@dataclass(frozen=True)
class RenderStyle:
    """What is drawn into a video, and how.

    Parameters
    ----------
    palette
        One of :data:`marey.visualisation.PALETTES`.
    colour_by
        ``"keypoint"``, ``"individual"``, or ``"auto"``: by individual where there are several.
    point_radius_px, line_width_px
        In pixels of the output; by default by the size of the picture.
    skeleton
        Draw the edges.
    trail_s
        Draw where each keypoint was during the last so many seconds; 0 draws none.
    fade
        Draw points the fainter, the less sure the network was.
    min_confidence
        Do not draw points below it.
    names
        ``"legend"``; ``"points"``: beside every point, and above every animal where there are several; or
        ``"none"``. Where a legend of animals would lie over them, their names stand above them instead.
    error_circles
        Draw the circle that holds the true position in 90 % of cases, where the poses have it.
    follow
        Show a steady window around the animals instead of the whole frame.
    follow_size_px
        Its side in pixels of the video; by default twice the animals' usual extent.
    scale
        Size of the output in relation to the video (or window).
    speed
        Of the playback: 0.25 is slow motion. Above 60 frames/s, frames are left out.
    show_time
        Write the frame's number and time into the corner.
    """

    palette: str = "auto"
    colour_by: str = "auto"
    point_radius_px: float | None = None
    line_width_px: float | None = None
    skeleton: bool = True
    trail_s: float = 0.0
    fade: bool = True
    min_confidence: float = 0.0
    names: str = "legend"
    error_circles: bool = False
    follow: bool = False
    follow_size_px: float | None = None
    scale: float = 1.0
    speed: float = 1.0
    show_time: bool = False

    def __post_init__(self) -> None:
        for name, known in (("palette", PALETTES), ("colour_by", COLOUR_BY), ("names", NAMES)):
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        for name in ("scale", "speed", "point_radius_px", "line_width_px", "follow_size_px"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"{name} must be greater than 0, got {value}")
        if not self.trail_s >= 0:
            raise ConfigError(f"trail_s must be 0 or more seconds, got {self.trail_s}")
        if not 0 <= self.min_confidence <= 1:
            raise ConfigError(f"min_confidence must be between 0 and 1, got {self.min_confidence}")
