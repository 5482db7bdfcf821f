"""A video's poses in other formats, beside Marey's own file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marey.formats.deeplabcut_names import dlc_file_name, dlc_scorer_name

if TYPE_CHECKING:
    from marey.runs import Run

FORMATS = ("dlc",)


def write_exports(
    run: "Run", poses_file: Path, video: Path, formats: Sequence[str], *, overwrite: bool = True
) -> tuple[Path, ...]:
    """Write the poses in each of `formats`; without `overwrite`, what is there already is left as it is.

    Returns
    -------
    tuple of Path
        The files in these formats, written now or before.
    """
    return tuple(file for name in formats for file in _export(run, poses_file, video, name, overwrite))


def dlc_scorer(run: "Run") -> str:
    """Return what DeepLabCut would call a run's network."""
    return dlc_scorer_name(network=run.config.backbone, task=run.name, date="", snapshot=run.weights_hash[:8])


def _export(run: "Run", poses_file: Path, video: Path, name: str, overwrite: bool) -> list[Path]:
    from marey.formats import export_poses, load_poses

    scorer = dlc_scorer(run)
    files = [poses_file.with_name(dlc_file_name(video, scorer, suffix=suffix)) for suffix in (".csv", ".h5")]
    if due := [file for file in files if overwrite or not file.exists()]:
        poses = load_poses(poses_file)
        for file in due:
            export_poses(poses, file, format=name, overwrite=True, scorer=scorer)
    return files
