"""From one format to another: poses to poses, or labels to labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from marey.errors import FormatError, InputError
from marey.formats import detect_format, export_poses, format_named, load_labels, load_poses, save_labels
from marey.formats.pose_arrays import describe_left_out
from marey.formats.registry import FORMATS, Format
from marey.model import append_history, with_rate

Kind = Literal["poses", "labels"]

_BY_SUFFIX = {".nc": "marey", ".slp": "sleap", ".csv": "dlc", ".h5": "dlc", ".nwb": "nwb", ".json": "coco"}
_BY_SUFFIX |= {".c3d": "c3d", ".trc": "trc"}
_BY_SUFFIX_3D = _BY_SUFFIX | {".csv": "anipose"}


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
        By default what the suffix of `target` says, with Anipose's ``.csv`` for poses in 3D; a folder
        becomes a DeepLabCut project.
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
    request = _Request(source, target, to, source_format, video, fps, overwrite, not target_format)
    kinds: list[Kind] = [kind] if kind else _possible_kinds(source, to)
    if kinds[0] == "poses":
        try:
            return request.convert_poses()
        except FormatError:
            if "labels" not in kinds:
                raise
    return request.convert_labels()


@dataclass(frozen=True)
class _Request:
    """What is to be converted into what."""

    source: Path
    target: Path
    to: Format
    source_format: str | None
    video: str | None
    fps: float | None
    overwrite: bool
    is_by_suffix: bool

    def _origin(self, need: str) -> Format:
        return format_named(self.source_format) if self.source_format else detect_format(self.source, need)

    def convert_poses(self) -> ConversionReport:
        origin = self._origin("load_poses")
        options = {"video": self.video} if self.video is not None else {}
        poses = load_poses(self.source, format=origin.name, **options)
        left_out = [] if origin.name == "marey" else describe_left_out(poses)
        if self.fps is not None:
            poses = with_rate(poses, self.fps)
        if self.to.name == "marey":
            poses = append_history(poses, "convert", source=self.source.name, format=origin.name)
        to = self.to
        if self.is_by_suffix and poses.sizes["space"] == 3:
            to = format_named(_BY_SUFFIX_3D.get(self.target.suffix.lower(), to.name))
        losses = export_poses(poses, self.target, format=to.name, overwrite=self.overwrite)
        n_frames = int(np.isfinite(poses["position"].values).any(axis=(1, 2, 3)).sum())
        return ConversionReport("poses", origin.name, to.name, n_frames, (*left_out, *losses))

    def convert_labels(self) -> ConversionReport:
        origin = self._origin("load_labels")
        loaded = load_labels(self.source, format=origin.name)
        losses = save_labels(
            loaded.labels,
            self.target,
            format=self.to.name,
            images=loaded.images,
            videos=loaded.videos,
            overwrite=self.overwrite,
        )
        if loaded.embedded:
            losses.append(
                f"images inside {self.source.name}, left out: {len(loaded.embedded)}; "
                "marey import takes them out"
            )
        notes = (*loaded.notes, *losses)
        return ConversionReport("labels", origin.name, self.to.name, len(loaded.labels), notes)


def _possible_kinds(source: Path, to: Format) -> list[Kind]:
    """Return what the target can hold, poses first; a folder holds labels."""
    kinds: list[Kind] = [kind for kind in ("poses", "labels") if f"save_{kind}" in to.can]
    if not kinds:
        raise InputError(
            f"Marey reads {to.title}, but does not write it",
            hint=f"it writes {', '.join(f.name for f in FORMATS if {'save_poses', 'save_labels'} & f.can)}",
        )
    return ["labels"] if source.is_dir() and "labels" in kinds else kinds


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
