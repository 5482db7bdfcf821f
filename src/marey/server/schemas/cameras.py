"""Recordings by several cameras: sessions, calibrations, poses in 3D."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import Place, Wire

Vector = tuple[float, float, float]


class RecordingSession(Wire):
    """Videos that were taken together."""

    name: str
    """"" where the pattern has none."""
    videos: dict[str, str]
    """The key of each camera's video."""
    offsets: dict[str, int]
    """Frame i of the recording is frame i + offset of the camera's video."""
    dropped: dict[str, list[int]]
    """Frames of the recording that a camera did not take; later ones of its video move up."""
    n_frames: int
    problems: list[str]
    """What keeps it from being seen in 3D, in words."""
    reconstruction: str | None
    """Its poses in 3D, where there are some."""


class CamerasState(Wire):
    """What a project knows of several cameras."""

    pattern: str
    calibration: str
    """The name of the one in use; "" for none."""
    calibrations: list[str]
    sessions: list[RecordingSession]
    unmatched: list[str]
    """Keys of videos that belong to no session."""


class CamerasChange(Wire):
    """What to change; what is left out stays."""

    pattern: str | None = None
    calibration: str | None = None


class Timing(Wire):
    """How the videos of a session correspond."""

    offsets: dict[str, int] = {}
    dropped: dict[str, list[int]] | None = None
    """Left out, it stays."""


class BoardView(Wire):
    """One view of the board by one camera."""

    name: str
    rms_px: float | None


class CalibratedCamera(Wire):
    """One camera, as :class:`marey.cameras.Camera`: enough to project a point in the browser."""

    name: str
    size: tuple[int, int]
    matrix: tuple[Vector, Vector, Vector]
    distortion: list[float]
    fisheye: bool
    rotation: tuple[Vector, Vector, Vector]
    """World to camera."""
    translation: Vector
    centre: Vector
    rms_px: float | None = None
    n_views: int | None = None
    covered: float | None = None
    """The share of the image inside the hull of all corners that were seen."""
    coverage: list[list[int]] = []
    """Corners seen in parts of the image, rows from the top."""
    views: list[BoardView] = []


class CalibrationDetail(Wire):
    """A calibration, looked into."""

    name: str
    is_used: bool
    units: str
    is_placed: bool
    """Whether the cameras have places, or only lenses."""
    cameras: list[CalibratedCamera]
    rms_px: float | None
    held_out_rms_px: float | None
    board: str
    warnings: list[str]


class CalibrationImport(Wire):
    """A calibration of any known format to copy into the project."""

    place: Place
    name: str = Field(min_length=1)
    overwrite: bool = False


class CalibrationRequest(Wire):
    """Images or videos of a board to calibrate from."""

    folder: Place
    views: str = Field(min_length=1)
    """Which files: ``{camera}/*.jpg``."""
    board: str = ""
    """``chessboard:COLSxROWS:SQUARE``, ``charuco:...`` or ``aruco:...``."""
    board_file: Place | None = None
    """A board.toml instead."""
    name: str = Field(min_length=1)
    lens: Literal["auto", "pinhole", "wide", "fisheye"] = "auto"
    overwrite: bool = False


class TriangulationRequest(Wire):
    """A session to see in 3D."""

    session: str
    refine: bool = True
    overwrite: bool = True


class Reconstruction(Wire):
    """Poses in 3D of a session."""

    id: str
    session: str
    path: str
    n_frames: int
    first_frame: int
    fps: float | None
    keypoints: list[str]
    individuals: list[str]
    edges: list[tuple[str, str]]
    units: str
    median_reprojection_px: float | None
    modified: str
