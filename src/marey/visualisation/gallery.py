"""All figures of a recording, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import AlreadyExistsError, ConfigError
from marey.files import atomic_path
from marey.visualisation import figures, layout
from marey.visualisation.fonts import quiet_about_fonts, tell_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import xarray as xr
    from matplotlib.figure import Figure

FIGURES = ("trajectory", "coordinates", "confidence", "steps", "heatmap")
FORMATS = ("png", "svg", "pdf")
DPI = 200
_FONT_SETTINGS = ("pdf.fonttype", "svg.fonttype")


def plot_poses(
    poses: xr.Dataset,
    folder: str | Path,
    *,
    kinds: Sequence[str] = FIGURES,
    format: str = "png",  # noqa: A002
    background: np.ndarray | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Draw figures of poses and write them as ``<kind>.<format>`` into `folder`.

    Parameters
    ----------
    poses
        The poses Dataset.
    folder
        Where to; made if it is not there.
    kinds
        Some of :data:`FIGURES`.
    format
        ``"png"``, ``"svg"`` or ``"pdf"``.
    background
        A frame of the video for the trajectory and the heat map, uint8 RGB (H, W, 3).
    overwrite
        Replace figures that exist.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ConfigError
        A kind or the format is unknown.
    AlreadyExistsError
        A file exists and `overwrite` is false; nothing was written.
    """
    if unknown := [kind for kind in kinds if kind not in FIGURES]:
        raise ConfigError(f"expected figures of {', '.join(FIGURES)}, got {unknown[0]!r}")
    if format not in FORMATS:
        raise ConfigError(f"expected the format {', '.join(FORMATS)}, got {format!r}")
    paths = {kind: Path(folder) / f"{kind}.{format}" for kind in dict.fromkeys(kinds)}
    if taken := [path for path in paths.values() if path.exists() and not overwrite]:
        raise AlreadyExistsError(f"{taken[0]} exists already", hint="choose another folder, or --overwrite")
    for kind, path in paths.items():
        options = {"background": background} if kind in ("trajectory", "heatmap") else {}
        save_figure(getattr(figures, f"plot_{kind}")(poses, **options), path)
    return list(paths.values())


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure; the suffix of `path` chooses the format (png, svg, pdf)."""
    import matplotlib as mpl
    from matplotlib.text import Text

    path = Path(path)
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise ConfigError(f"expected a figure that ends in .{', .'.join(FORMATS)}, got {path}")
    # No date, so that the same figure gives the same file.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    fonts = {name: value for name, value in layout.STYLE.items() if name in _FONT_SETTINGS}
    tell_missing(text.get_text() for text in figure.findobj(Text))
    with atomic_path(path) as temporary, mpl.rc_context(fonts), quiet_about_fonts():
        figure.savefig(temporary, format=suffix, dpi=DPI, metadata=metadata)
    return path
