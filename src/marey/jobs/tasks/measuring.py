"""Tasks around predictions and their poses."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import NotFoundError
from marey.jobs.tasks import TaskContext
from marey.progress import Progress

if TYPE_CHECKING:
    from marey.project import Project


def predict_video(context: TaskContext) -> dict[str, Any]:
    """Predict one video."""
    from marey.prediction import predict
    from marey.runs import Run
    from marey.visualisation.pyramid import build_pyramid

    wanted = dict(context.arguments)
    project = context.open_project()
    run = Run.open(project.run_folder(wanted.pop("run")))
    video = project.video_path(wanted.pop("video"))
    folder = project.root / wanted.pop("output")
    (result,) = predict(run, video, folder, **wanted, progress=context.progress)
    build_pyramid(result.output)
    return {**vars(result), "output": result.output.relative_to(project.root).as_posix()}


def suggest(context: TaskContext) -> dict[str, Any]:
    """Find the frames most worth labelling in several predicted videos."""
    from marey.formats import load_poses
    from marey.selection import suggest_frames

    project = context.open_project()
    n, sources = context.arguments["n"], context.arguments["sources"]
    found = []
    for done, source in enumerate(sources):
        context.progress(Progress(f"looking at {source['video']}", done, len(sources)))
        key = source["video"]
        with project.open_video(key) as video:
            suggestions = suggest_frames(
                load_poses(project.root / source["path"]),
                n,
                skeleton=project.skeleton,
                video=video,
                exclude=project.extracted_frames(key),
                seed=context.arguments["seed"],
            )
        found += [{**source, **vars(suggestion)} for suggestion in suggestions]
    context.progress(Progress("looking", len(sources), len(sources)))
    best = sorted(found, key=lambda item: -item["score"])[:n]
    return {"suggestions": best}


def smooth_poses(context: TaskContext) -> dict[str, Any]:
    """Smooth a file of poses into another."""
    from marey.formats import load_poses, save_poses
    from marey.refinement import smooth
    from marey.visualisation.pyramid import build_pyramid

    wanted = dict(context.arguments)
    root = context.open_project().root
    source, target, overwrite = (wanted.pop(name) for name in ("source", "target", "overwrite"))
    context.progress(Progress("smoothing", 0, 1))
    save_poses(smooth(load_poses(root / source), **wanted), root / target, overwrite=overwrite)
    build_pyramid(root / target)
    context.progress(Progress("smoothing", 1, 1))
    return {"output": target}


def track_animals(context: TaskContext) -> dict[str, Any]:
    """Find out who is who in a file of poses."""
    from marey.tracking.files import track_file
    from marey.training.appearance import choose_appearance
    from marey.visualisation.pyramid import build_pyramid

    wanted = dict(context.arguments)
    project = context.open_project()
    source, target = (project.root / wanted.pop(name) for name in ("source", "target"))
    key, appearance = wanted.pop("video", None), wanted.pop("appearance", "off")
    video = None if key is None else _video_path(project, key, source, is_looked_at=appearance != "off")
    looks = choose_appearance(video, appearance, progress=context.progress)
    found = track_file(source, target, video=video, describe=looks, **wanted, progress=context.progress)
    build_pyramid(target)
    return {
        "output": target.relative_to(project.root).as_posix(),
        "n_tracks": len(found.rows.names),
        "n_doubts": len(found.doubts),
        "appearance": None if looks is None else looks.note,
    }


def _video_path(project: "Project", key: str, poses: Path, *, is_looked_at: bool) -> Path | None:
    """Return the video that poses are of; None where it is gone, and they know the frame rate themselves.

    Raises
    ------
    NotFoundError
        It is gone, and is needed.
    """
    from marey.formats.windows import summarise_poses

    try:
        return project.video_path(key)
    except NotFoundError:
        if is_looked_at or summarise_poses(poses).fps is None:
            raise
        return None


def render(context: TaskContext) -> dict[str, Any]:
    """Write a labelled video."""
    from marey.formats import load_poses
    from marey.visualisation import RenderStyle, render_video
    from marey.visualisation.subject import find_skeleton

    wanted = context.arguments
    project = context.open_project()
    poses = load_poses(project.root / wanted["source"])
    output = project.root / wanted["output"] if wanted["output"] else context.files / "preview.mp4"
    path = render_video(
        project.video_path(wanted["video"]),
        poses,
        output,
        style=RenderStyle(**wanted["style"]),
        skeleton=find_skeleton(poses, project.skeleton),
        start=wanted["start"],
        stop=wanted["stop"],
        overwrite=wanted["overwrite"],
        progress=context.progress,
    )
    return {"path": path, "file": path.name if path.parent == context.files else None}


def export(context: TaskContext) -> dict[str, Any]:
    """Write poses in another tool's format."""
    from marey.formats import export_poses, load_poses

    project = context.open_project()
    source = project.root / context.arguments["source"]
    if not source.is_file():
        raise NotFoundError(f"there are no poses at {source}")
    output = Path(context.arguments["output"])
    notes = export_poses(
        load_poses(source),
        output,
        format=context.arguments["format"],
        overwrite=context.arguments["overwrite"],
    )
    return {"path": output, "notes": notes}
