"""A trained network on disk: configuration, skeleton, split, views, weights, calibration, provenance.

Opening a run reads small text files; torch is imported only when its network is asked for.
"""

from marey.runs.config import PRESETS, AugmentationConfig, TrainingConfig, preset
from marey.runs.run import Identity, Run, Split

__all__ = ["PRESETS", "AugmentationConfig", "Identity", "Run", "Split", "TrainingConfig", "preset"]
