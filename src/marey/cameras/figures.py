"""The figures of a calibration's report, as SVG text that takes its colours from the page (light or dark)."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np

from marey.cameras.calibrate import Calibration
from marey.cameras.quality import triangulate_corners

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#7a7f87"
BLUE, ORANGE = "#0072B2", "#D55E00"
# Okabe and Ito's colours, told apart with any kind of colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999933", "#882255")
N_COLUMNS = 4
# How long a usual error is drawn, in widths of the image.
DRAWN = 0.02


def enlargement(calibration: Calibration) -> int:
    """Return how many times as long as it is an error is drawn: one, two or five times a power of ten."""
    width = float(np.max(calibration.sightings.sizes))
    wanted = np.log10(DRAWN * width / max(calibration.rms_px, 1e-6))
    steps = [10.0**power * digit for power in range(7) for digit in (1, 2, 5)]
    return int(min(steps, key=lambda step: abs(np.log10(step) - wanted)))


def errors_over_image(calibration: Calibration) -> str:
    """Draw every corner where it was seen, its error as a line from it, for each camera."""
    names = calibration.sightings.cameras
    n_columns = min(N_COLUMNS, len(names))
    n_rows = -(-len(names) // n_columns)
    sizes = np.asarray(calibration.sightings.sizes)
    height = 2.5 * n_rows * float(np.clip((sizes[:, 1] / sizes[:, 0]).max(), 0.6, 1.8))
    figure = _figure(2.5 * n_columns + 0.6, height + 0.4)
    axes_list = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes in axes_list[len(names) :]:
        axes.set_axis_off()
    for number, (axes, name) in enumerate(zip(axes_list, names, strict=False)):
        _style(axes)
        axes.grid(visible=False)
        corners = calibration.sightings.corners[number].reshape(-1, 2)
        errors = calibration.residuals[number].reshape(-1, 2)
        known = np.isfinite(corners).all(axis=1) & np.isfinite(errors).all(axis=1)
        corners, errors = corners[known], errors[known]
        ends = corners + enlargement(calibration) * errors
        # One line with gaps instead of thousands: the page stays small.
        strokes = np.stack([corners, ends, np.full_like(corners, np.nan)], axis=1).reshape(-1, 2)
        axes.plot(*corners.T, ".", color=BLUE, ms=2, alpha=0.5, mew=0)
        axes.plot(*strokes.T, color=ORANGE, lw=0.6)
        width, tall = sizes[number]
        axes.set(xlim=(0, width), ylim=(tall, 0), aspect="equal")
        axes.set_title(name, color=INK, size=10)
        axes.spines[["top", "right"]].set_visible(True)
        axes.spines[["top", "right"]].set_color(INK)
        axes.tick_params(labelsize=7)
    return _svg(figure)


def errors_by_view(calibration: Calibration) -> str:
    """Draw the root mean square error of each camera in each view."""
    views = calibration.sightings.views
    squares = (calibration.residuals**2).sum(axis=-1)
    count = np.isfinite(squares).sum(axis=-1)
    errors = np.sqrt(np.nansum(squares, axis=-1) / np.where(count, count, np.nan))
    figure = _figure(8.0, 2.9)
    axes = figure.add_subplot()
    _style(axes)
    for number, name in enumerate(calibration.sightings.cameras):
        axes.plot(errors[number], "o-", color=COLOURS[number % len(COLOURS)], ms=3.5, lw=0.9, label=name)
    step = max(1, len(views) // 20)
    axes.set_xticks(range(0, len(views), step), [views[i][-10:] for i in range(0, len(views), step)])
    axes.tick_params(axis="x", rotation=60, labelsize=7)
    axes.set(ylabel="RMS error (px)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, labelcolor=INK, ncols=4, fontsize=8)
    return _svg(figure)


def layout(calibration: Calibration) -> str:
    """Draw the cameras and the boards from above and from the side of the first camera."""
    figure = _figure(8.0, 3.8)
    axes_list = figure.subplots(1, 2)
    unit = calibration.rig.units
    boards = calibration.boards[np.isfinite(calibration.boards).all(axis=1), 3:]
    centres = np.stack([camera.centre for camera in calibration.rig])
    reach = 0.18 * max(float(np.ptp(np.concatenate([centres, boards]), axis=0).max()), 1e-9)
    for axes, (i, j) in zip(axes_list, ((0, 2), (2, 1)), strict=True):
        _style(axes)
        axes.plot(boards[:, i], boards[:, j], ".", color=INK, ms=4, alpha=0.6)
        for number, camera in enumerate(calibration.rig):
            colour = COLOURS[number % len(COLOURS)]
            tip = camera.centre + reach * camera.forward
            axes.plot([camera.centre[i], tip[i]], [camera.centre[j], tip[j]], color=colour, lw=2)
            axes.plot(camera.centre[i], camera.centre[j], "o", color=colour, ms=6)
            axes.annotate(
                camera.name,
                (camera.centre[i], camera.centre[j]),
                color=colour,
                size=8,
                xytext=(4, 4),
                textcoords="offset points",
            )
        axes.set(xlabel=f"{'xyz'[i]} ({unit})", ylabel=f"{'xyz'[j]} ({unit})", aspect="equal")
        axes.set_adjustable("datalim")
        if j == 1:
            axes.invert_yaxis()
    return _svg(figure)


def spacing(calibration: Calibration) -> str:
    """Draw how long the sides of the board's squares are in 3D."""
    board = calibration.sightings.board
    ends = triangulate_corners(calibration.rig, calibration.sightings.corners)[:, board.neighbours]
    lengths = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=-1)
    known = lengths[np.isfinite(lengths)]
    figure = _figure(3.9, 2.9)
    axes = figure.add_subplot()
    _style(axes)
    if known.size:
        low, high = np.percentile(known, [0.5, 99.5])
        axes.hist(known, bins=np.linspace(low, high, 41).tolist(), color=BLUE, alpha=0.75)
    axes.axvline(board.spacing, color=ORANGE, lw=1.4)
    axes.set(xlabel=f"distance between neighbours ({board.units})", ylabel="pairs of corners")
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _style(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(colors=INK, labelsize=8)
    axes.xaxis.label.set(color=INK, size=9)
    axes.yaxis.label.set(color=INK, size=9)
    axes.patch.set_alpha(0)
    axes.grid(visible=True, color=INK, alpha=0.15, lw=0.7)


def _svg(figure: Figure) -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "marey"}):
        figure.savefig(buffer, format="svg", transparent=True)
    text = buffer.getvalue()
    return re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
