"""From 2D poses of several cameras to 3D: triangulation, refinement over time, several animals, angles.

>>> from marey.reconstruction import flexion
>>> import numpy as np
>>> round(float(flexion(np.array([1.0, 0, 0]), np.zeros(3), np.array([0, 1.0, 0]))))
90
"""

from marey.reconstruction.angle_config import AngleConfig, read_angle_config
from marey.reconstruction.angle_series import compute_angles, count_outside
from marey.reconstruction.angles import axis_rotation, chain_rotations, cross_axis_rotation, flexion
from marey.reconstruction.matching import match_individuals
from marey.reconstruction.observations import Observations, gather
from marey.reconstruction.refinement import RefinementSettings
from marey.reconstruction.self_calibration import PoseCalibration, calibrate_from_poses
from marey.reconstruction.sight import Sight
from marey.reconstruction.synchronisation import OffsetEstimate, synchronise
from marey.reconstruction.triangulation import TriangulationSettings, triangulate

__all__ = [
    "AngleConfig",
    "Observations",
    "OffsetEstimate",
    "PoseCalibration",
    "RefinementSettings",
    "Sight",
    "TriangulationSettings",
    "axis_rotation",
    "calibrate_from_poses",
    "chain_rotations",
    "compute_angles",
    "count_outside",
    "cross_axis_rotation",
    "flexion",
    "gather",
    "match_individuals",
    "read_angle_config",
    "synchronise",
    "triangulate",
]
