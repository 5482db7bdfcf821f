"""Figures of poses in space."""

import numpy as np
import xarray as xr

from marey.model import create_poses
from marey.visualisation.figures_3d import plot_angles, plot_space


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


def test_an_angle_that_never_changes_is_not_magnified():
    degrees = 1e-12 * np.random.default_rng(0).normal(size=(50, 2, 1))
    degrees[:, 1] += np.linspace(10, 80, 50)[:, None]
    angles = xr.Dataset(
        {"degrees": (("time", "angle", "individual"), degrees)},
        coords={
            "time": np.arange(50.0),
            "frame": ("time", np.arange(50)),
            "angle": ["still", "moving"],
            "individual": ["animal"],
        },
    )
    still, moving = (axes.get_ylim() for axes in plot_angles(angles).axes)
    assert still[1] - still[0] == 1
    assert still[0] < 0 < still[1]
    assert moving[1] - moving[0] > 70
