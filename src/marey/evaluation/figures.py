"""The figures of the report, as SVG text that takes its colours from the page (light or dark)."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.evaluation.evaluate import Evaluation
from marey.evaluation.part import Part
from marey.visualisation.palettes import BLUE, GREEN, ORANGE, as_hex

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart with any kind of colour vision, on white and on dark grey.
COLOURS = {"test": as_hex(BLUE), "validation": as_hex(ORANGE), "train": as_hex(GREEN)}
INK = "#7a7f87"
PART_WORDS = {"test": "test", "validation": "validation", "train": "training"}


def cumulative_errors(evaluation: Evaluation) -> str:
    """Draw the share of points within each distance of the truth, by part."""
    figure, axes = _axes(5.2, 3.2)
    for name, part in evaluation.parts.items():
        errors = np.sort(part.errors[np.isfinite(part.errors)])
        if len(errors):
            share = np.arange(1, len(errors) + 1) / len(errors)
            axes.step(errors, 100 * share, where="post", color=COLOURS[name], label=PART_WORDS[name])
    axes.set(xlabel="distance from the truth (px)", ylabel="points within it (%)", ylim=(0, 101))
    axes.set_xlim(0, _upper(evaluation))
    _legend(axes)
    return _svg(figure)


def keypoint_errors(evaluation: Evaluation, part_name: str) -> str:
    """Draw the spread of the errors of each keypoint: every point, the median, the middle half."""
    part = evaluation.parts[part_name]
    names = evaluation.run.skeleton.keypoints
    figure, axes = _axes(5.2, 0.7 + 0.3 * max(4, len(names)))
    rng = np.random.default_rng(0)
    for row, errors in enumerate(part.errors.T):
        known = errors[np.isfinite(errors)]
        if not len(known):
            continue
        axes.scatter(
            known, row + rng.uniform(-0.22, 0.22, len(known)), s=9, alpha=0.45, color=COLOURS[part_name], lw=0
        )
        low, middle, high = np.percentile(known, [25, 50, 75])
        axes.plot([low, high], [row, row], color=INK, lw=5, alpha=0.45, solid_capstyle="round")
        axes.plot(middle, row, "o", color=COLOURS[part_name], ms=6, mec="white", mew=0.8)
    axes.set_yticks(range(len(names)), names)
    end = _upper(evaluation)
    n_beyond = int((part.errors > end).sum())
    beyond = f"; {n_beyond} beyond {end:.0f} px" if n_beyond else ""
    axes.set(xlabel=f"error on {PART_WORDS[part_name]} frames (px{beyond})", ylim=(len(names) - 0.5, -0.5))
    axes.set_xlim(0, end)
    return _svg(figure)


def reliability(figures: dict[str, Any], threshold_px: float) -> str:
    """Draw the share of points that were right against the confidence that was stated."""
    figure, axes = _axes(3.7, 3.2)
    axes.plot([0, 100], [0, 100], color=INK, lw=1, ls=(0, (4, 3)))
    for name, colour in COLOURS.items():
        curve = figures.get(name, {}).get("reliability")
        if curve and name != "train":
            x, y = 100 * np.array(curve["confidence"]), 100 * np.array(curve["accuracy"])
            axes.plot(x, y, "o-", color=colour, ms=5, lw=1.4, label=PART_WORDS[name])
    axes.set(
        xlabel="stated confidence (%)",
        ylabel=f"within {threshold_px:.1f} px (%)",
        xlim=(0, 101),
        ylim=(0, 103),
    )
    _legend(axes, loc="lower right")
    return _svg(figure)


def stated_against_found(part: Part, part_name: str) -> str:
    """Draw each point's error against the error that was expected of it."""
    figure, axes = _axes(3.7, 3.2)
    known = np.isfinite(part.errors) & np.isfinite(part.expected_error)
    expected, found = part.expected_error[known], np.maximum(part.errors[known], 0.05)
    if len(found):
        limits = (min(expected.min(), found.min()) * 0.8, max(expected.max(), found.max()) * 1.25)
        axes.plot(limits, limits, color=INK, lw=1, ls=(0, (4, 3)))
        axes.scatter(expected, found, s=10, alpha=0.5, color=COLOURS[part_name], lw=0)
        axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    axes.set(xlabel="expected error (px)", ylabel=f"error on {PART_WORDS[part_name]} frames (px)")
    return _svg(figure)


def training_curve(rows: list[dict[str, float]]) -> str:
    """Draw the loss and the validation error over the steps of training."""
    figure, axes = _axes(5.2, 2.6)
    steps = [row["step"] for row in rows]
    axes.plot(steps, [row["loss"] for row in rows], color=INK, lw=1.4)
    axes.set(xlabel="training step", ylabel="loss")
    errors = axes.twinx()
    errors.plot(
        steps, [row["validation_error_px"] for row in rows], "o-", color=COLOURS["validation"], ms=3.5
    )
    errors.set_ylabel("validation error (px)", color=COLOURS["validation"])
    errors.set_ylim(bottom=0)
    _style(errors)
    return _svg(figure)


def _upper(evaluation: Evaluation) -> float:
    """Return where the error axes end: beyond nearly all points, so that one outlier does not rule them."""
    errors = np.concatenate([part.errors[np.isfinite(part.errors)] for part in evaluation.parts.values()])
    return max(1.0, 1.15 * float(np.percentile(errors, 98))) if len(errors) else 1.0


def _axes(width: float, height: float) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    _style(axes)
    return figure, axes


def _legend(axes: "Axes", **place: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor=INK, **place)


def _style(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(colors=INK, labelsize=9)
    axes.xaxis.label.set(color=INK, size=9.5)
    axes.yaxis.label.set(color=INK, size=9.5)
    axes.patch.set_alpha(0)
    axes.grid(visible=True, color=INK, alpha=0.15, lw=0.7)


def _svg(figure: "Figure") -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "marey"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
