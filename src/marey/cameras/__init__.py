"""Cameras: their model, calibration from boards or animals, their files, and recordings by several."""

from marey.cameras.board_files import parse_board
from marey.cameras.calibrate import Calibration, calibrate
from marey.cameras.camera import Camera
from marey.cameras.check import check_rig
from marey.cameras.detection import detect_boards
from marey.cameras.files import read_cameras, write_cameras
from marey.cameras.quality import find_warnings, measure_spacing, summarise
from marey.cameras.rig import Rig
from marey.cameras.sightings import Sightings

__all__ = [
    "Calibration",
    "Camera",
    "Rig",
    "Sightings",
    "calibrate",
    "check_rig",
    "detect_boards",
    "find_warnings",
    "measure_spacing",
    "parse_board",
    "read_cameras",
    "summarise",
    "write_cameras",
]
