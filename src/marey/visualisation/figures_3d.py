"""Figures of 3D poses and of angles over time, with bands that hold the truth in 90 % of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marey.visualisation import layout
from marey.visualisation.layout import in_house_style, new_figure
from marey.visualisation.palettes import choose_animal_colours
from marey.visualisation.subject import Subject

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_IN_A_ROW = 4
AXIS_COLOURS = ("#0072B2", "#D55E00", "#009E73")
NORMAL_90 = 1.645
JUMP_DEGREES = 180.0
MIN_SPAN_DEGREES = 1.0


@in_house_style
def plot_space(poses: xr.Dataset) -> Figure:
    """Draw x, y and z of every keypoint over time, a row for each keypoint, a column for each animal.

    They are drawn from each coordinate's median: on one axis with where the animal is, its motion would not
    show.
    With ``covariance``, the bands hold the true coordinate in 90 % of frames.
    """
    subject = Subject.of(poses)
    n_rows, n_columns = len(subject.keypoints), len(subject.individuals)
    position = poses["position"].transpose("time", "space", "keypoint", "individual").to_numpy()
    position = position - _middle(position)
    deviation = _deviations(poses)
    figure, grid = new_figure(
        3.6 + 3.6 * n_columns,
        0.9 + max(0.75, 1.15 - 0.025 * n_rows) * n_rows,
        (n_rows, n_columns),
        sharex=True,
    )
    time, unit = layout.time_axis(subject)
    for (k, i), axes in np.ndenumerate(grid):
        for axis, colour in enumerate(AXIS_COLOURS):
            spread = None if deviation is None else deviation[:, axis, k, i]
            _draw_band(axes, time, position[:, axis, k, i], spread, colour)
        if i == 0:
            axes.set_ylabel(subject.keypoints[k], rotation=0, ha="right", va="center")
        if k == 0 and n_columns > 1:
            axes.set_title(subject.individuals[i])
    for axes in grid[-1]:
        layout.label_time(axes, time, unit)
    for name, colour in zip("xyz", AXIS_COLOURS, strict=True):
        grid[0, -1].plot([], [], color=colour, label=name)
    layout.add_legend(grid[0, -1], above=True)
    unit_of_space = str(poses.attrs.get("space_unit", "unknown"))
    figure.suptitle(f"Position in space over time, from its median ({unit_of_space})", x=0.02, ha="left")
    return figure


@in_house_style
def plot_angles(angles: xr.Dataset) -> Figure:
    """Draw every angle over time, a row for each; dots mark what is outside the limits of a joint.

    With ``degrees_sd``, the bands hold the true angle in 90 % of frames.
    """
    names = [str(name) for name in angles["angle"].to_numpy()]
    individuals = [str(name) for name in angles["individual"].to_numpy()]
    is_timed = angles.attrs.get("time_unit") == "seconds"
    time = (angles["time"] if is_timed else angles["frame"]).to_numpy().astype(np.float64)
    figure, grid = new_figure(7.2, 0.9 + 1.1 * len(names), (len(names), 1), sharex=True)
    colours = (
        choose_animal_colours(len(individuals)) / 255
        if len(individuals) > 1
        else np.array([[0.0, 0.447, 0.698]])
    )
    for axes, name in zip(grid[:, 0], names, strict=True):
        for individual, colour in zip(individuals, colours, strict=True):
            chosen = angles.sel(angle=name, individual=individual)
            values = _broken_at_jumps(chosen["degrees"].to_numpy())
            spread = chosen["degrees_sd"].to_numpy() if "degrees_sd" in angles else None
            _draw_band(axes, time, values, spread, colour)
            if "is_outside_limits" in angles:
                outside = chosen["is_outside_limits"].to_numpy().astype(bool)
                axes.plot(time[outside], values[outside], ".", color="#CC0000", markersize=3)
        _widen(axes)
        axes.set_ylabel(f"{name}\n(°)", rotation=0, ha="right", va="center")
    layout.label_time(grid[-1, 0], time, "s" if is_timed else "frames")
    if len(individuals) > 1:
        for individual, colour in zip(individuals, colours, strict=True):
            grid[0, 0].plot([], [], color=colour, label=individual)
        layout.add_legend(grid[0, 0], above=len(individuals) <= MOST_IN_A_ROW)
    figure.suptitle("Angles over time", x=0.02, ha="left")
    return figure


def _widen(axes: Axes) -> None:
    """Make an axis at least one degree high: an angle that never changes is a straight line."""
    low, high = axes.get_ylim()
    if high - low < MIN_SPAN_DEGREES:
        middle = (low + high) / 2
        axes.set_ylim(middle - MIN_SPAN_DEGREES / 2, middle + MIN_SPAN_DEGREES / 2)


def _middle(position: np.ndarray) -> np.ndarray:
    """Return the median over the first axis of what is known; 0 where nothing is."""
    masked = np.ma.masked_invalid(position)
    return np.ma.median(masked, axis=0).filled(0.0)


def _deviations(poses: xr.Dataset) -> np.ndarray | None:
    """Return the standard deviation of each coordinate, shaped as the position."""
    if "covariance" not in poses:
        return None
    covariance = (
        poses["covariance"].transpose("time", "space", "space_b", "keypoint", "individual").to_numpy()
    )
    return np.sqrt(np.stack([covariance[:, axis, axis] for axis in range(3)], axis=1))


def _draw_band(
    axes: Axes, time: np.ndarray, values: np.ndarray, spread: np.ndarray | None, colour: object
) -> None:
    layout.draw_line(axes, time, values, colour)  # type: ignore[arg-type]
    if spread is not None:
        keep = layout.thin(len(time), layout.MAX_LINE_POINTS)
        low, high = values - NORMAL_90 * spread, values + NORMAL_90 * spread
        axes.fill_between(time[keep], low[keep], high[keep], color=colour, alpha=0.25, linewidth=0)


def _broken_at_jumps(degrees: np.ndarray) -> np.ndarray:
    """Return the angles with a gap where they wrap around, which would be a line across the figure."""
    broken = degrees.copy()
    broken[1:][np.abs(np.diff(degrees)) > JUMP_DEGREES] = np.nan
    return broken
