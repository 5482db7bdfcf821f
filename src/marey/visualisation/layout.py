"""How all figures look: fonts, axes, time, the frame's area, thinning of long recordings."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from marey.visualisation.fonts import fonts_of_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

    from marey.visualisation.subject import Subject

P = ParamSpec("P")

STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#222222",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.dpi": 150,
    "figure.titlesize": 10,
    "figure.titleweight": "bold",
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text in Illustrator and Inkscape
    "svg.fonttype": "none",
    "xtick.color": "#444444",
    "xtick.labelsize": 8,
    "ytick.color": "#444444",
    "ytick.labelsize": 8,
}
MAX_LINE_POINTS = 4000
MINUTES_FROM_S = 600.0
BOX_INCHES = 4.6
LEGEND_ROWS = 18


def in_house_style(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let `plot` draw with :data:`STYLE`, whatever the user's own settings are."""

    @functools.wraps(plot)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib as mpl

        with mpl.rc_context():
            mpl.rcParams.update({k: v for k, v in mpl.rcParamsDefault.items() if k != "backend"})
            mpl.rcParams.update({**STYLE, "font.family": list(fonts_of_machine())})
            return plot(*args, **kwargs)

    return styled


def new_figure(
    width: float, height: float, shape: tuple[int, int] | None = None, **options: Any
) -> tuple[Figure, Any]:
    """Return a Figure of this size in inches and its axes: one, or an array of `shape`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    if shape is None:
        return figure, figure.subplots()
    return figure, figure.subplots(*shape, squeeze=False, **options)


def time_axis(subject: Subject) -> tuple[np.ndarray, str]:
    """Return the time and its unit: seconds, minutes for long recordings, else frames."""
    if not subject.is_timed:
        return subject.frames.astype(np.float64), "frames"
    if len(subject.time) and subject.time[-1] - subject.time[0] > MINUTES_FROM_S:
        return subject.time / 60, "min"
    return subject.time, "s"


def label_time(axes: Axes, time: np.ndarray, unit: str) -> None:
    """Label the time axis and let it span the recording."""
    axes.set_xlabel("frame" if unit == "frames" else f"time ({unit})")
    axes.set_xlim(*limits(time))


def limits(time: np.ndarray) -> tuple[float, float]:
    """Return the first and last time, or something of some width."""
    if len(time) < 2 or time[-1] <= time[0]:
        start = float(time[0]) if len(time) else 0.0
        return start - 0.5, start + 0.5
    return float(time[0]), float(time[-1])


def point_names(subject: Subject) -> list[str]:
    """Return a name for each keypoint of each individual, individuals first."""
    if len(subject.individuals) == 1:
        return list(subject.keypoints)
    return [
        f"{individual} {keypoint}" for individual in subject.individuals for keypoint in subject.keypoints
    ]


def columns(values: np.ndarray) -> np.ndarray:
    """Return (n_rows, n_keypoints, n_individuals) as one column for each of :func:`point_names`."""
    n_rows, n_keypoints, n_individuals = values.shape
    return values.transpose(0, 2, 1).reshape(n_rows, n_keypoints * n_individuals)


def thin(n: int, most: int) -> np.ndarray:
    """Return at most about `most` evenly spread indices of `n`."""
    return np.arange(0, n, max(1, -(-n // most)))


def thin_tail(n: int, most: int = 2000) -> np.ndarray:
    """Return about `most` indices of `n` sorted values, evenly spread in the logarithm of what is left."""
    left = np.unique(np.round(np.geomspace(1, max(n, 1), most)).astype(int))
    return n - left[::-1]


def draw_line(axes: Axes, time: np.ndarray, values: np.ndarray, colour: str) -> None:
    """Draw a line; of a long one, the lowest and highest value of each short stretch, so that peaks stay."""
    if len(values) > MAX_LINE_POINTS:
        time, values = envelope(time, values, MAX_LINE_POINTS // 2)
    axes.plot(time, values, color=colour, linewidth=0.9, solid_joinstyle="round")


def envelope(time: np.ndarray, values: np.ndarray, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest value of each of `n_bins` stretches, in the order of time."""
    edges = np.linspace(0, len(values), n_bins + 1).astype(int)[:-1]
    low = np.fmin.reduceat(values, edges)
    high = np.fmax.reduceat(values, edges)
    # A stretch with any missing point would hide it: keep the line broken where most are missing.
    missing = np.add.reduceat(np.isnan(values), edges) * 2 > np.diff(np.append(edges, len(values)))
    pairs = np.where(missing[:, None], np.nan, np.stack([low, high], axis=1))
    pairs[1::2] = pairs[1::2, ::-1]
    return np.repeat(time[edges], 2), pairs.reshape(-1)


def bin_means(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the means of at most `n_bins` stretches of rows, without NaN, (n_bins, n_columns)."""
    if len(values) <= n_bins:
        return values
    edges = np.linspace(0, len(values), n_bins + 1).astype(int)[:-1]
    known = np.isfinite(values)
    n = np.add.reduceat(known, edges, axis=0)
    total = np.add.reduceat(np.where(known, values, 0), edges, axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def frame_box(points: np.ndarray, background: np.ndarray | None) -> tuple[float, float, float, float]:
    """Return (left, right, top, bottom) of the area to show in pixels: the frame, or that of the points."""
    if background is not None:
        height, width = background.shape[:2]
        return -0.5, width - 0.5, -0.5, height - 0.5
    known = points[np.isfinite(points).all(axis=-1)]
    if not len(known):
        return -0.5, 639.5, -0.5, 479.5
    # A few wild points must not shrink everything else.
    low, high = np.percentile(known, (0.1, 99.9), axis=0)
    margin = max(10.0, 0.05 * float((high - low).max()))
    return float(low[0] - margin), float(high[0] + margin), float(low[1] - margin), float(high[1] + margin)


def size_for_box(box: tuple[float, float, float, float], extra_width: float) -> tuple[float, float]:
    """Return (width, height) in inches for an area shown to scale, with room for labels."""
    width, height = box[1] - box[0], box[3] - box[2]
    scale = BOX_INCHES / max(width, height * 1.1)
    return width * scale + 0.7 + extra_width, height * scale + 0.9


def show_frame(axes: Axes, box: tuple[float, float, float, float], background: np.ndarray | None) -> None:
    """Set up axes to scale in the frame's pixels, y downwards, with the frame pale in the background."""
    if background is not None:
        pale = 255 - (255 - background.astype(np.float32)) * 0.45
        axes.imshow(pale.astype(np.uint8), extent=(box[0], box[1], box[3], box[2]), zorder=0)
    axes.set(xlim=box[:2], ylim=(box[3], box[2]), xlabel="x (px)", ylabel="y (px)", aspect="equal")


def add_colour_bar(figure: Figure, axes: Axes, mappable: ScalarMappable, label: str) -> None:
    """Add a slim colour bar at the right."""
    bar = figure.colorbar(mappable, ax=axes, label=label, fraction=0.045, pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    if bar.ax.get_yscale() == "log":
        plain_numbers(bar.ax.yaxis)


def plain_numbers(axis: Axis) -> None:
    """Write 0.1, 1, 10 on a logarithmic axis, and 2 and 5 between them where there is room."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    decades = np.log10(high / low) if low > 0 else 1
    axis.set_major_locator(LogLocator(10, subs=(1,) if decades > 2 else (1, 2, 5), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def mark_ends(axes: Axes, path: np.ndarray) -> None:
    """Mark where a path begins (ring) and ends (dot)."""
    known = path[np.isfinite(path).all(axis=1)]
    if len(known):
        axes.plot(*known[0], "o", markersize=6, markerfacecolor="white", markeredgecolor="black", zorder=4)
        axes.plot(*known[-1], "o", markersize=5, color="black", zorder=4)


def add_legend(axes: Axes, *, above: bool = False) -> None:
    """Add a legend at the right of the axes, or above them in one row."""
    entries = len(axes.get_legend_handles_labels()[1])
    if not entries:
        return
    if above:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=entries, borderaxespad=0.1, handlelength=1.2
        )
    else:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1), ncols=legend_columns(entries), handlelength=1.2
        )


def legend_columns(entries: int) -> int:
    """Return how many columns a legend beside the axes has."""
    return 1 + entries // LEGEND_ROWS
