"""Figures of poses in space."""

import numpy as np

from marey.model import create_poses
from marey.visualisation.figures_3d import plot_space


def test_motion_shows_however_far_from_the_origin_the_animal_is():
    t = np.arange(40) / 10
    position = np.zeros((40, 3, 2, 1))
    position[:, :, 0, 0] = np.stack([2000 + np.sin(t), -900 + np.cos(t), 0 * t], axis=1)
    position[:, :, 1, 0] = np.nan  # never seen
    position[5:9, :, 0] = np.nan
    figure = plot_space(create_poses(position, keypoints=("nose", "tail"), fps=10))
    drawn = [np.asarray(line.get_ydata(), float) for line in figure.axes[0].lines if len(line.get_ydata())]
    assert np.nanmax(np.abs(np.concatenate(drawn))) < 3
    assert "from its median" in figure.get_suptitle()
    assert np.isnan(drawn[0]).any(), "what is missing stays a gap"
