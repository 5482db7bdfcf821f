"""Cameras: their model, calibration from boards or animals, their files, and recordings by several."""

from marey.cameras.camera import Camera
from marey.cameras.rig import Rig

__all__ = ["Camera", "Rig"]
