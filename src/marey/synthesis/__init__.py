"""Rendered recordings of animals, with the exact truth: for the demo, for tests, for benchmarks."""

from marey.synthesis.arena import Arena, Bowl, Roof
from marey.synthesis.body import Body
from marey.synthesis.camera import Camera
from marey.synthesis.recording import Recording, RecordingSpec, Scene, iter_frames
from marey.synthesis.renderer import Frame
from marey.synthesis.species import SPECIES, find_species

__all__ = [
    "SPECIES",
    "Arena",
    "Body",
    "Bowl",
    "Camera",
    "Frame",
    "Recording",
    "RecordingSpec",
    "Roof",
    "Scene",
    "find_species",
    "iter_frames",
]
