"""From one format to another: poses to poses, or labels to labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from marey.errors import InputError
from marey.formats import detect_format, export_poses, format_named, load_labels, load_poses, save_labels
from marey.formats.registry import FORMATS, Format
from marey.model import append_history

Kind = Literal["poses", "labels"]

_BY_SUFFIX = {".nc": "marey", ".slp": "sleap", ".csv": "dlc", ".h5": "dlc", ".nwb": "nwb", ".json": "coco"}


@dataclass(frozen=True)
class ConversionReport:
    """What a conversion did.

    Parameters
    ----------
    kind
        Whether poses or labels were converted.
    source_format, target_format
        The formats' names.
    n_frames
        Frames with poses or labels.
    notes
        In words: what was assumed in reading, and what the target could not hold.
    """

    kind: Kind
    source_format: str
    target_format: str
    n_frames: int
    notes: tuple[str, ...]


def convert(
    source: str | Path,
    target: str | Path,
    *,
    target_format: str | None = None,
    source_format: str | None = None,
    kind: Kind | None = None,
    video: str | None = None,
    fps: float | None = None,
    overwrite: bool = False,
) -> ConversionReport:
    """Convert a file or folder of poses or labels into another format.

    Parameters
    ----------
    source, target
        What is read and what is written.
    target_format
        By default what the suffix of `target` says; a folder becomes a DeepLabCut project.
    source_format
        By default found out by content.
    kind
        What to convert where a source holds, and a target takes, both; by default poses, if there are any.
    video
        Which video's poses, where the source holds several.
    fps
        Frames per second, where the source does not say.
    overwrite
        Replace a file that is there already.

    Raises
    ------
    FormatError
        The source is damaged or in no known format.
    InputError
        The target's format cannot hold what the source does.
    AlreadyExistsError
        There is something at `target`.
    """
    source, target = Path(source), Path(target)
    to = format_named(target_format or _format_by_name(target))
    kind = kind or _choose_kind(source, source_format, to)
    load = "load_poses" if kind == "poses" else "load_labels"
    origin = format_named(source_format) if source_format else detect_format(source, load)
    if kind == "labels":
        loaded = load_labels(source, format=origin.name)
        losses = save_labels(
            loaded.labels,
            target,
            format=to.name,
            images=loaded.images,
            videos=loaded.videos,
            overwrite=overwrite,
        )
        return ConversionReport("labels", origin.name, to.name, len(loaded.labels), (*loaded.notes, *losses))
    options = {"video": video} if video is not None else {}
    poses = load_poses(source, format=origin.name, **options)
    if fps is not None:
        if fps <= 0:
            raise InputError(f"fps must be above 0, got {fps}")
        poses = poses.assign_coords(time=poses["frame"].values / fps)
        poses.attrs.update(fps=float(fps), time_unit="seconds")
    if to.name == "marey":
        poses = append_history(poses, "convert", source=source.name, format=origin.name)
    losses = export_poses(poses, target, format=to.name, overwrite=overwrite)
    n_frames = int(np.isfinite(poses["position"].values).any(axis=(1, 2, 3)).sum())
    return ConversionReport("poses", origin.name, to.name, n_frames, tuple(losses))


def _format_by_name(target: Path) -> str:
    if target.name.lower().endswith(".analysis.h5"):
        return "sleap-analysis"
    if not target.suffix or target.is_dir():
        return "dlc"
    try:
        return _BY_SUFFIX[target.suffix.lower()]
    except KeyError:
        raise InputError(
            f"the suffix {target.suffix} of {target.name} does not tell the format",
            hint=f"say which with --format: {', '.join(item.name for item in FORMATS)}",
        ) from None


def _choose_kind(source: Path, source_format: str | None, to: Format) -> Kind:
    """Return "poses" if both sides can and the source really holds some."""
    if "save_poses" not in to.can:
        return "labels"
    if "save_labels" not in to.can:
        return "poses"
    if source.is_dir():
        return "labels"
    origin = format_named(source_format) if source_format else detect_format(source, "load_poses")
    if "load_poses" not in origin.can:
        return "labels"
    return "poses" if origin.name != "dlc" or _rows_are_frames(source) else "labels"


def _rows_are_frames(source: Path) -> bool:
    from marey.formats.deeplabcut.predictions import read_table

    return read_table(source).has_frame_numbers
