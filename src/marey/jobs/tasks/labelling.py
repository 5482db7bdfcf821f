"""Tasks around projects and labels."""

from pathlib import Path
from typing import Any

from marey.jobs.tasks import TaskContext


def extract(context: TaskContext) -> dict[str, Any]:
    """Choose frames and extract them."""
    from marey.selection import extract_frames

    images = extract_frames(context.open_project(), **context.arguments, progress=context.progress)
    return {"n_new": sum(map(len, images.values())), "by_video": {key: len(v) for key, v in images.items()}}


def import_labels(context: TaskContext) -> dict[str, Any]:
    """Make a project from the labels of another tool."""
    from marey.project.importing import import_project

    report = import_project(**context.arguments, progress=context.progress)
    return {
        "path": report.project.root,
        "format": report.format,
        "n_frames": report.n_frames,
        "n_images": report.n_images,
        "n_videos": report.n_videos,
        "notes": report.notes,
    }


def export(context: TaskContext) -> dict[str, Any]:
    """Write the labels in another tool's format."""
    from marey.project.importing import export_project

    output = Path(context.arguments["output"])
    notes = export_project(
        context.open_project(),
        output,
        format=context.arguments["format"],
        overwrite=context.arguments["overwrite"],
    )
    return {"path": output, "notes": notes}


def demo(context: TaskContext) -> dict[str, Any]:
    """Make the demo."""
    from marey.demo import run_demo

    result = run_demo(
        context.arguments["folder"],
        time_limit_minutes=context.arguments["minutes"],
        progress=context.progress,
    )
    return {**result.to_dict(), "path": result.project}
