"""Labels and poses of other tools, read and written; one record per format in :mod:`.registry`."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import AlreadyExistsError, InputError, NotFoundError
from marey.formats.registry import FORMATS, Format, detect_format, format_named
from marey.formats.source import FrameKey, LabelSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import xarray as xr

    from marey.model import Labels

__all__ = [
    "FORMATS",
    "Format",
    "LabelSource",
    "detect_format",
    "export_poses",
    "format_named",
    "load_labels",
    "load_poses",
    "save_labels",
    "save_poses",
    "save_poses_in_blocks",
]


def load_labels(path: str | Path, *, format: str | None = None) -> LabelSource:  # noqa: A002
    """Read the labels of any known tool.

    Parameters
    ----------
    path
        A file or a project's folder.
    format
        The format's name; found out by content when left out.

    Raises
    ------
    FormatError
        It is in no known format, or damaged.
    """
    return _choose(Path(path), format, "load_labels")(Path(path))


def save_labels(
    labels: "Labels",
    path: str | Path,
    *,
    format: str,  # noqa: A002
    images: "Mapping[FrameKey, Path] | None" = None,
    videos: "Mapping[str, Path] | None" = None,
    overwrite: bool = False,
    **options: Any,
) -> list[str]:
    """Write labels in the format of another tool.

    Parameters
    ----------
    labels
        What is written.
    path
        A file or a folder, as the format has it.
    format
        The format's name.
    images
        The image file of each frame, by (video, frame), where there is one; those of frames that are not
        labelled wait to be.
    videos
        The path of each video, by its key.
    overwrite
        Replace a file that is there already.
    options
        What the format takes besides, such as ``scorer`` for DeepLabCut.

    Returns
    -------
    list of str
        What the format could not hold, in words.

    Raises
    ------
    InputError
        The labels have no keypoints, so that there is nothing to write.
    """
    path = Path(path)
    if not labels.skeleton.keypoints:
        raise _nothing_to_write("labels of at least one keypoint")
    chosen = format_named(format)
    save = chosen.function("save_labels")
    _check_free(path, overwrite)
    _check_options(save, options, format)
    losses = save(labels, path, images=images, videos=videos, **options)
    n_waiting = len({*(images or {})} - {frame.key for frame in labels})
    if n_waiting and (path.suffix or not chosen.keeps_waiting):
        losses.append(f"images waiting to be labelled, left out: {n_waiting}")
    return losses


def load_poses(path: str | Path, *, format: str | None = None, **options: Any) -> "xr.Dataset":  # noqa: A002
    """Read poses of any known tool into the Dataset of :mod:`marey.model.poses`.

    Parameters
    ----------
    path
        The file.
    format
        The format's name; found out by content when left out.
    options
        What the format takes besides, such as ``video`` for a ``.slp`` file of several videos.

    Raises
    ------
    FormatError
        The file is in no known format, or damaged.
    """
    load = _choose(Path(path), format, "load_poses")
    _check_options(load, options, format or str(path))
    return load(Path(path), **options)


def save_poses(dataset: "xr.Dataset", path: str | Path, *, overwrite: bool = True) -> None:
    """Write poses in Marey's own netCDF; see :mod:`marey.formats.native`."""
    from marey.formats import native

    _check_free(Path(path), overwrite)
    native.save_poses(dataset, path)


def save_poses_in_blocks(blocks: "Iterable[xr.Dataset]", path: str | Path, *, overwrite: bool = True) -> None:
    """Write poses that come block by block; see :func:`marey.formats.native.save_blocks`."""
    from marey.formats import native

    _check_free(Path(path), overwrite)
    native.save_blocks(blocks, path)


def export_poses(
    dataset: "xr.Dataset",
    path: str | Path,
    *,
    format: str,  # noqa: A002
    overwrite: bool = False,
    **options: Any,
) -> list[str]:
    """Write poses in the format of another tool.

    Returns
    -------
    list of str
        What the format could not hold, in words.

    Raises
    ------
    InputError
        The poses have no keypoints or no animals, so that there is nothing to write.
    """
    for dimension in ("keypoint", "individual"):
        if dataset.sizes[dimension] == 0:
            raise _nothing_to_write(f"poses of at least one {dimension}")
    save = format_named(format).function("save_poses")
    _check_free(Path(path), overwrite)
    _check_options(save, options, format)
    return save(dataset, Path(path), **options) or []


def _choose(path: Path, name: str | None, need: str) -> "Callable[..., Any]":
    if not path.exists():
        raise NotFoundError(f"expected a file or folder at {path}, but there is none")
    chosen = format_named(name) if name else detect_format(path, need)
    return chosen.function(need)


def _nothing_to_write(expected: str) -> InputError:
    return InputError(
        f"expected {expected}, but these have none",
        hint="nothing was written; look at the source in the tool that made it",
    )


def _check_options(function: "Callable[..., Any]", options: dict[str, Any], where: str) -> None:
    accepted = inspect.signature(function).parameters
    for name in options:
        if name not in accepted:
            raise InputError(f"the format of {where} has no option {name!r}")


def _check_free(path: Path, overwrite: bool) -> None:
    if path.is_file() and not overwrite:
        raise AlreadyExistsError(
            f"{path} exists already", hint="choose another name, or overwrite it (--overwrite)"
        )
