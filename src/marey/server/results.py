"""Files of poses: listed, read in windows and levels, smoothed, drawn, exported."""

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import ConfigError, InputError, MareyError, NotFoundError
from marey.formats.windows import PosesSummary, read_rows, summarise_poses
from marey.formats.windows import read_frame_numbers as read_numbers
from marey.project import find_predicted_video
from marey.server.schemas import results as schema
from marey.tracking.repair import REPAIRED
from marey.visualisation.pyramid import build_pyramid, open_pyramid, pyramid_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

    from marey.server.context import OpenProject
    from marey.server.schemas.jobs import Job

MAX_ROWS = 4096
MAX_PREVIEW_ROWS = 20_000
SUFFIXES = (".h5", ".nc")
SMOOTHED = "-smooth"
ORIGINAL = ".original"
# What the provenance says of poses that were found, and of those that were followed.
PREDICTED, TRACKED = "predict", "track"


@dataclass(frozen=True)
class ResultFile:
    """A file of poses in a project.

    Parameters
    ----------
    id
        Names it in addresses.
    path
        The file.
    summary
        What it holds.
    """

    id: str
    path: Path
    summary: PosesSummary


def list_results(project: "OpenProject") -> list[schema.Result]:
    """Return the files of poses of a project, latest first; what cannot be read is left out."""
    files = [file for path in _paths(project) if (file := _look(project, path)) is not None]
    shown = [_describe(project, file) for file in files]
    return sorted(shown, key=lambda result: result.modified, reverse=True)


def find(project: "OpenProject", result_id: str) -> ResultFile:
    """Return one file of poses.

    Raises
    ------
    NotFoundError
        There is none of this id.
    """
    for path in _paths(project):
        if _identify(project, path) == result_id:
            status = path.stat()
            return ResultFile(result_id, path, _summary_of(path, status.st_mtime_ns, status.st_size))
    raise NotFoundError("these poses are not there any more", hint="analyse the video again")


def _paths(project: "OpenProject") -> list[Path]:
    folder = project.project.predictions_folder
    found = [p for p in folder.rglob("*") if p.suffix in SUFFIXES and not p.name.startswith(".")]
    # What tracks were before their first repair is kept beside them for undo, and is no result.
    return [p for p in found if not p.stem.endswith(ORIGINAL)]


def _look(project: "OpenProject", path: Path) -> ResultFile | None:
    try:
        status = path.stat()
        summary = _summary_of(path, status.st_mtime_ns, status.st_size)
    except (MareyError, OSError):
        return None
    return ResultFile(_identify(project, path), path, summary)


@lru_cache(maxsize=1024)
def _summary_of(path: Path, _modified: int, _size: int) -> PosesSummary:
    return summarise_poses(path)


def _identify(project: "OpenProject", path: Path) -> str:
    inside = path.relative_to(project.project.predictions_folder).as_posix()
    return hashlib.sha256(inside.encode(errors="surrogateescape")).hexdigest()[:12]


def video_of(project: "OpenProject", file: ResultFile) -> str | None:
    """Return the key of the video that the poses belong to."""
    source = str(file.summary.attributes.get("source_file", ""))
    return find_predicted_video(project.project, file.path.name, source, file.summary.history)


def is_tracked(history: "Sequence[Mapping[str, Any]]", individuals: "Sequence[str]") -> bool:
    """Tell whether a name means the same animal all along, by what was done to the poses.

    Animals were followed or repaired by hand, or several were named by another tool; the places of a
    prediction name nobody.
    """
    operations = {step.get("operation") for step in history}
    return bool(operations & {TRACKED, REPAIRED}) or (PREDICTED not in operations and len(individuals) > 1)


def _describe(project: "OpenProject", file: ResultFile) -> schema.Result:
    status, summary = file.path.stat(), file.summary
    predicted = next((step for step in summary.history if step.get("operation") == PREDICTED), {})
    operations = [str(step.get("operation", "")) for step in summary.history]
    return schema.Result(
        id=file.id,
        name=file.path.stem,
        path=file.path.relative_to(project.project.root).as_posix(),
        video=video_of(project, file),
        run=predicted.get("run"),
        n_frames=summary.n_rows,
        fps=summary.fps,
        keypoints=list(summary.keypoints),
        individuals=list(summary.individuals),
        is_tracked=is_tracked(summary.history, summary.individuals),
        is_smoothed=any("smooth" in name or "filter" in name for name in operations),
        modified=datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        size=status.st_size,
    )


def describe_in_detail(project: "OpenProject", result_id: str) -> schema.ResultDetail:
    """Look into one file of poses; its pyramid is begun where there is none."""
    file = find(project, result_id)
    first, last = file.summary.frames
    pyramid = open_pyramid(file.path)
    if pyramid is None:
        project.timelines.begin(file.path)
    levels = () if pyramid is None else pyramid.levels
    edges = project.project.skeleton.edges
    known = set(file.summary.keypoints)
    return schema.ResultDetail(
        **_describe(project, file).model_dump(),
        first_frame=first,
        last_frame=last,
        is_contiguous=last - first == file.summary.n_rows - 1,
        edges=[edge for edge in edges if set(edge) <= known],
        variables=list(file.summary.variables),
        levels=[
            schema.PyramidLevel(level=i, frames_per_bin=level.frames_per_bin, n_bins=level.n_bins)
            for i, level in enumerate(levels)
        ],
        history=list(file.summary.history),
    )


def read_values(project: "OpenProject", result_id: str, variable: str, start: int, stop: int) -> np.ndarray:
    """Return rows of one variable, float32."""
    if stop - start > MAX_ROWS:
        raise InputError(f"expected at most {MAX_ROWS} rows at a time, got {stop - start}")
    return read_rows(find(project, result_id).path, variable, start, stop)


def read_level(
    project: "OpenProject",
    result_id: str,
    level: int,
    start: int,
    stop: int | None,
    keypoints: "Sequence[int] | None",
    individuals: "Sequence[int] | None",
) -> np.ndarray:
    """Return bins of the pyramid, float32; see :meth:`Pyramid.read`."""
    file = find(project, result_id)
    pyramid = open_pyramid(file.path) or build_pyramid(file.path)
    values = pyramid.read(level, start, stop)
    for axis, chosen, names in (
        (3, keypoints, file.summary.keypoints),
        (4, individuals, file.summary.individuals),
    ):
        if chosen is not None:
            if not all(0 <= index < len(names) for index in chosen):
                raise InputError(f"expected numbers from 0 to {len(names) - 1}, got {list(chosen)}")
            values = values.take(chosen, axis=axis)
    return values


def parse_indices(text: str | None) -> list[int] | None:
    """Read ``0,3,4``; None stays None."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"expected numbers with commas, got {text!r}") from None


def read_frame_numbers(project: "OpenProject", result_id: str) -> np.ndarray:
    """Return the number of every row's frame, shape (n_rows,)."""
    return read_numbers(find(project, result_id).path)


def rows_of_frames(file: ResultFile, frames: "Sequence[int]") -> dict[int, int]:
    """Return the row of each frame that the poses have."""
    first, last = file.summary.frames
    if last - first == file.summary.n_rows - 1:
        return {frame: frame - first for frame in frames if first <= frame <= last}
    place = {int(number): row for row, number in enumerate(read_numbers(file.path))}
    return {frame: place[frame] for frame in frames if frame in place}


def newest_of_video(project: "OpenProject", key: str, run: str | None = None) -> ResultFile | None:
    """Return the newest poses of a video that fit the skeleton, of one run or of any."""
    for result in list_results(project):
        fits = tuple(result.keypoints) == project.project.skeleton.keypoints
        if result.video == key and fits and run in (None, result.run):
            return find(project, result.id)
    return None


def lowest_confidence(project: "OpenProject", key: str, frames: "Sequence[int]") -> dict[int, float]:
    """Return the lowest confidence of the newest prediction in each of some frames of a video."""
    file = newest_of_video(project, key) if frames else None
    if file is None or "confidence" not in file.summary.variables:
        return {}
    lowest: dict[int, float] = {}
    block, values = -1, np.empty(0)
    with contextlib.suppress(MareyError):
        for frame, row in sorted(rows_of_frames(file, frames).items(), key=lambda item: item[1]):
            if row // MAX_ROWS != block:
                block = row // MAX_ROWS
                values = read_rows(file.path, "confidence", block * MAX_ROWS, (block + 1) * MAX_ROWS)
            here = values[row - block * MAX_ROWS]
            lowest[frame] = float(np.nanmin(here)) if np.isfinite(here).any() else float("nan")
    return lowest


def preview_smoothing(project: "OpenProject", result_id: str, request: schema.SmoothingPreview) -> np.ndarray:
    """Return smoothed positions of some rows, float32; nothing is written."""
    from marey.refinement import smooth

    if request.stop - request.start > MAX_PREVIEW_ROWS:
        raise InputError(f"expected at most {MAX_PREVIEW_ROWS} rows to preview")
    poses = _load_rows(find(project, result_id), request.start, request.stop)
    settings = request.model_dump(exclude={"start", "stop"})
    return smooth(poses, **settings)["position"].to_numpy()


def start_smoothing(project: "OpenProject", result_id: str, request: schema.SmoothRequest) -> "Job":
    """Smooth a whole file into another one beside it."""
    file = find(project, result_id)
    root = project.project.root
    target = file.path.with_name(f"{file.path.stem}{SMOOTHED}.nc")
    return project.start(
        "smooth",
        {
            "source": file.path.relative_to(root).as_posix(),
            "target": target.relative_to(root).as_posix(),
            **request.model_dump(),
        },
        title=f"smoothing {file.path.stem}",
        subject={"result": result_id, "video": video_of(project, file)},
    )


def preview_render(project: "OpenProject", result_id: str, request: schema.RenderPreview) -> bytes:
    """Draw one frame as it would be in the labelled video, as JPEG."""
    from marey.formats import load_poses
    from marey.jobs.pictures import to_jpeg
    from marey.visualisation import RenderStyle
    from marey.visualisation.render import render_frame
    from marey.visualisation.subject import find_skeleton

    file = find(project, result_id)
    rows = rows_of_frames(file, [request.frame])
    row = rows.get(request.frame)
    if row is None:
        raise InputError(f"these poses do not have frame {request.frame}")
    style = RenderStyle(**request.style.model_dump())
    n_before = min(MAX_PREVIEW_ROWS, int(np.ceil(style.trail_s * (file.summary.fps or 30))))
    # The window that follows the animal depends on all rows, everything else on those of the trail.
    poses = load_poses(file.path) if style.follow else _load_rows(file, max(0, row - n_before), row + 1)
    with project.videos.source(_require_video(project, file), request.frame) as video:
        skeleton = find_skeleton(poses, project.project.skeleton)
        return to_jpeg(render_frame(video, poses, request.frame, style=style, skeleton=skeleton))


def _load_rows(file: ResultFile, start: int, stop: int) -> "xr.Dataset":
    """Return some rows as a Dataset."""
    from marey.model import create_poses

    first, last = file.summary.frames
    is_contiguous = last - first == file.summary.n_rows - 1
    position = read_rows(file.path, "position", start, stop)
    stop = start + len(position)
    frames = np.arange(first + start, first + stop) if is_contiguous else read_numbers(file.path)[start:stop]
    planes: dict[str, Any] = {
        name: read_rows(file.path, name, start, stop) for name in file.summary.variables if name != "position"
    }
    kept = {name: value for name, value in file.summary.attributes.items() if name == "skeleton"}
    return create_poses(
        position,
        keypoints=file.summary.keypoints,
        individuals=file.summary.individuals,
        fps=file.summary.fps,
        frames=frames,
        attributes=kept,
        **planes,
    )


def start_render(project: "OpenProject", result_id: str, request: schema.RenderRequest) -> "Job":
    """Write a labelled video."""
    file = find(project, result_id)
    video = _require_video(project, file)
    output = None if request.is_preview else f"rendered/{file.path.stem}.mp4"
    arguments = request.model_dump(exclude={"is_preview"}) | {
        "source": file.path.relative_to(project.project.root).as_posix(),
        "video": video,
        "output": output,
    }
    title = f"{'previewing' if request.is_preview else 'rendering'} {file.path.stem}"
    return project.start("render", arguments, title=title, subject={"result": result_id, "video": video})


def start_export(project: "OpenProject", result_id: str, request: schema.PosesExport) -> "Job":
    """Write the poses in another tool's format."""
    from marey.formats import format_named

    file = find(project, result_id)
    suffix = format_named(request.format).suffix
    output = project.project.root / "exports" / f"{file.path.stem}-{request.format}{suffix}"
    return project.start(
        "export-poses",
        {
            "source": file.path.relative_to(project.project.root).as_posix(),
            "output": str(output),
            **request.model_dump(),
        },
        title=f"exporting {file.path.stem} ({request.format})",
        subject={"result": result_id},
    )


def delete(project: "OpenProject", result_id: str) -> None:
    """Delete a file of poses and its pyramid."""
    path = find(project, result_id).path
    path.unlink(missing_ok=True)
    pyramid_path(path).unlink(missing_ok=True)


def _require_video(project: "OpenProject", file: ResultFile) -> str:
    key = video_of(project, file)
    if key is None:
        raise ConfigError(
            f"the video of {file.path.name} is not in this project", hint="add it on the page Videos"
        )
    return key
