"""Figures of poses, ready for a paper: each gives a Matplotlib Figure and touches no global state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from marey.visualisation import layout
from marey.visualisation.layout import in_house_style, new_figure
from marey.visualisation.palettes import BLUE, VERMILLION, as_hex, choose_animal_colours, choose_colours
from marey.visualisation.subject import Subject

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

X_COLOUR, Y_COLOUR = as_hex(BLUE), as_hex(VERMILLION)
MAX_PATH_POINTS = 20_000
N_CONFIDENCE_BINS = 800
N_STEP_BINS = 45
N_HEAT_BINS = 48


@in_house_style
def plot_trajectory(poses: xr.Dataset, *, background: np.ndarray | None = None) -> Figure:
    """Draw where the animals went: the median of each one's keypoints, in the frame's pixels.

    A single animal's path is coloured by time; of several, each has its colour.

    Parameters
    ----------
    poses
        The poses Dataset.
    background
        A frame of the video to draw on, uint8 RGB (H, W, 3).
    """
    from matplotlib.collections import LineCollection

    subject = Subject.of(poses)
    centres = subject.centres()
    box = layout.frame_box(subject.points, background)
    extra_width = 1.2 * layout.legend_columns(len(subject.individuals))
    figure, axes = new_figure(*layout.size_for_box(box, extra_width))
    layout.show_frame(axes, box, background)
    time, unit = layout.time_axis(subject)
    keep = layout.thin(len(time), MAX_PATH_POINTS)
    colours = choose_animal_colours(len(subject.individuals)) / 255
    for i, name in enumerate(subject.individuals):
        path = centres[keep, i]
        segments = np.stack([path[:-1], path[1:]], axis=1)
        single = len(subject.individuals) == 1
        look: dict[str, Any] = (
            {"array": time[keep][:-1], "cmap": "viridis"} if single else {"color": colours[i]}
        )
        lines = LineCollection(list(segments), linewidths=1.1, alpha=0.9, rasterized=True, label=name, **look)
        axes.add_collection(lines)
        layout.mark_ends(axes, path)
        if single:
            layout.add_colour_bar(figure, axes, lines, f"time ({unit})")
    if len(subject.individuals) > 1:
        layout.add_legend(axes)
    axes.set_title("Path of the animal" + "s" * (len(subject.individuals) > 1))
    return figure


@in_house_style
def plot_coordinates(poses: xr.Dataset) -> Figure:
    """Draw x and y of every keypoint over time, one row for each keypoint, one column for each animal.

    The animals of a row share its axis, so that they can be compared.
    """
    subject = Subject.of(poses)
    n_rows, n_columns = len(subject.keypoints), len(subject.individuals)
    figure, grid = new_figure(
        3.6 + 3.6 * n_columns,
        0.9 + max(0.75, 1.15 - 0.025 * n_rows) * n_rows,
        (n_rows, n_columns),
        sharex=True,
        sharey="row",
    )
    time, unit = layout.time_axis(subject)
    for (k, i), axes in np.ndenumerate(grid):
        for axis, colour in enumerate((X_COLOUR, Y_COLOUR)):
            layout.draw_line(axes, time, subject.points[:, k, i, axis], colour)
        if i == 0:
            axes.set_ylabel(subject.keypoints[k], rotation=0, ha="right", va="center")
        if k == 0 and n_columns > 1:
            axes.set_title(subject.individuals[i])
    for axes in grid[-1]:
        layout.label_time(axes, time, unit)
    for name, colour in (("x", X_COLOUR), ("y", Y_COLOUR)):
        grid[0, -1].plot([], [], color=colour, label=name)
    layout.add_legend(grid[0, -1], above=True)
    figure.suptitle("Position over time (px)", x=0.02, ha="left")
    return figure


@in_house_style
def plot_confidence(poses: xr.Dataset) -> Figure:
    """Draw the confidence of every keypoint over time, and its distribution.

    The bars at the right hold 90 % of the frames, the thick part half of them, the dot is the median.
    """
    subject = Subject.of(poses)
    names = layout.point_names(subject)
    values = layout.columns(subject.confidence)
    height = 1.3 + 0.28 * max(4, len(names))
    figure, grid = new_figure(7.4, height, (1, 2), sharey=True, width_ratios=(3, 1))
    raster, spread = grid[0]
    time, unit = layout.time_axis(subject)
    binned = layout.bin_means(values, N_CONFIDENCE_BINS) if len(values) else np.full((1, len(names)), np.nan)
    extent = (*layout.limits(time), len(names) - 0.5, -0.5)
    image = raster.imshow(
        binned.T, aspect="auto", extent=extent, cmap="cividis", vmin=0, vmax=1, interpolation="nearest"
    )
    raster.set_facecolor("#d9d9d9")
    raster.set_title("Confidence over time")
    spread.set_title("Distribution")
    raster.set_yticks(range(len(names)), names)
    raster.tick_params(axis="y", length=0)
    layout.label_time(raster, time, unit)
    _draw_spreads(spread, values)
    spread.set(xlim=(0, 1.02), xlabel="confidence")
    layout.add_colour_bar(figure, raster, image, "confidence")
    return figure


@in_house_style
def plot_steps(poses: xr.Dataset) -> Figure:
    """Draw how far every keypoint moves from one frame to the next: how often, and how rarely very far.

    A tail of long steps that no animal could make tells of jumps in the tracking.
    """
    subject = Subject.of(poses)
    names = layout.point_names(subject)
    following = np.diff(subject.frames) == 1
    moves = np.linalg.norm(np.diff(subject.points, axis=0)[following], axis=-1)
    moves = layout.columns(moves)
    figure, grid = new_figure(5.8 + 1.6 * layout.legend_columns(len(names)), 3.3, (1, 2))
    often, rare = grid[0]
    present = moves[np.isfinite(moves) & (moves > 0)]
    low, high = (max(present.min(), present.max() / 1e5), present.max()) if len(present) else (0.1, 10.0)
    edges = np.geomspace(low, max(high, low * 1.01) * 1.001, N_STEP_BINS)
    for steps, name, colour in zip(moves.T, names, choose_colours(len(names)) / 255, strict=True):
        steps = np.sort(steps[np.isfinite(steps)])  # noqa: PLW2901
        if not len(steps):
            continue
        share = np.histogram(steps, edges)[0] / len(steps)
        often.stairs(share * 100, edges, color=colour, linewidth=1.4, label=name)
        keep = layout.thin_tail(len(steps))
        left = 1 - np.arange(len(steps)) / len(steps)
        rare.plot(np.maximum(steps[keep], low), left[keep] * 100, color=colour, linewidth=1.4, label=name)
    often.set(xscale="log", xlabel="step (px per frame)", ylabel="frames (%)", title="Length of the steps")
    rare.set(xscale="log", yscale="log", xlabel="step (px per frame)", ylabel="frames with a longer step (%)")
    rare.set_title("Rare long steps")
    for axes in (often, rare):
        axes.set_xlim(edges[0], edges[-1])
        layout.plain_numbers(axes.xaxis)
    layout.plain_numbers(rare.yaxis)
    if names:
        layout.add_legend(rare)
    return figure


@in_house_style
def plot_heatmap(poses: xr.Dataset, *, background: np.ndarray | None = None) -> Figure:
    """Draw how long the animals were where, by the median of each one's keypoints.

    Parameters
    ----------
    poses
        The poses Dataset.
    background
        A frame of the video, whose size is the area shown; uint8 RGB (H, W, 3).
    """
    from matplotlib.colors import LogNorm

    subject = Subject.of(poses)
    centres = subject.centres().reshape(-1, 2)
    centres = centres[np.isfinite(centres).all(axis=1)]
    box = layout.frame_box(subject.points, background)
    figure, axes = new_figure(*layout.size_for_box(box, extra_width=1.2))
    layout.show_frame(axes, box, background)
    side = max(box[1] - box[0], box[3] - box[2]) / N_HEAT_BINS
    x_edges = np.arange(box[0], box[1] + side, side)
    y_edges = np.arange(box[2], box[3] + side, side)
    counts = np.histogram2d(centres[:, 0], centres[:, 1], (x_edges, y_edges))[0].T
    spent = np.ma.masked_equal(counts / subject.fps, 0)
    top = max(float(spent.max()), 1e-9) if spent.count() else 1.0
    norm = LogNorm(min(1 / subject.fps, top / 2), top)
    image = axes.pcolormesh(x_edges, y_edges, spent, cmap="magma_r", norm=norm, rasterized=True)
    axes.set(xlim=box[:2], ylim=(box[3], box[2]))
    unit = "s" if subject.is_timed else "frames"
    layout.add_colour_bar(figure, axes, image, f"time spent ({unit} per {side:.0f} px square)")
    axes.set_title("Where the animal was" if len(subject.individuals) == 1 else "Where the animals were")
    return figure


def _draw_spreads(axes: Axes, values: np.ndarray) -> None:
    """Draw a bar from the 5th to the 95th percentile of each column, thick between the quartiles."""
    for row, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if not len(known):
            continue
        low, q1, median, q3, high = np.percentile(known, (5, 25, 50, 75, 95))
        axes.hlines(row, low, high, color="#5b7fa6", linewidth=1.3)
        axes.hlines(row, q1, q3, color="#5b7fa6", linewidth=5)
        axes.plot(median, row, "o", color="white", markeredgecolor="#1f3b5c", markersize=5)
    axes.grid(axis="x", color="#e6e6e6")
    axes.set_axisbelow(True)
