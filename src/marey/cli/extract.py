"""``marey extract`` and ``suggest``: which frames to label first, and which next."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, progress_bars, say
from marey.words import counted

if TYPE_CHECKING:
    import xarray as xr

    from marey.project import Project

SeedOption = Annotated[int, typer.Option("--seed", help="Another number gives other frames.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("extract")(extract)
    app.command("suggest")(suggest)


def extract(
    folder: Annotated[Path, typer.Argument(metavar="PROJECT", help="The project's folder.")],
    n: Annotated[int, typer.Option("--n", help="Frames in all, spread over the videos by length.")] = 20,
    n_per_video: Annotated[
        int | None, typer.Option("--n-per-video", help="Instead: frames of each video.")
    ] = None,
    method: Annotated[str, typer.Option("--method", help="kmeans, motion or uniform.")] = "kmeans",
    frames: Annotated[
        str, typer.Option("--frames", metavar="1,5,9", help="Instead: just these frames, of one video.")
    ] = "",
    video: Annotated[
        list[str] | None, typer.Option("--video", metavar="KEY", help="Only this video; repeatable.")
    ] = None,
    start: Annotated[int, typer.Option("--start", help="Choose from this frame on.")] = 0,
    stop: Annotated[int | None, typer.Option("--stop", help="Choose among frames before this one.")] = None,
    seed: SeedOption = 0,
    json: AsJson = False,
) -> None:
    """Extract frames to label, as images; never the same one twice.

    Example: marey extract my-project --n 40
    """
    from marey.project import Project
    from marey.selection import extract_frames

    project = Project.open(folder)
    with progress_bars() as progress:
        if frames:
            key = _only_video(project, video)
            images = {key: project.add_frames(key, _parse_frames(frames), progress=progress)}
        else:
            images = extract_frames(
                project,
                n,
                n_per_video=n_per_video,
                videos=video,
                method=method,
                start=start,
                stop=stop,
                seed=seed,
                progress=progress,
            )
    for key, paths in images.items():
        say(f"{key}: {counted(len(paths), 'new frame')} in {project.frames_folder(key)}")
    if json:
        print_json({"n_new": sum(map(len, images.values())), "images": images})


def suggest(
    predictions: Annotated[Path, typer.Argument(help="Poses in any known format.")],
    n: Annotated[int, typer.Option("--n", help="How many frames.")] = 20,
    folder: Annotated[
        Path | None,
        typer.Option("--project", help="Its skeleton is used, and what is extracted is left out."),
    ] = None,
    video: Annotated[
        str, typer.Option("--video", metavar="KEY", help="Which of the project's videos was predicted.")
    ] = "",
    add: Annotated[bool, typer.Option("--add", help="Extract the frames into the project.")] = False,
    seed: SeedOption = 0,
    json: AsJson = False,
) -> None:
    """Find the frames of a predicted video whose labels would help the network most.

    Example: marey suggest predictions/day1.nc --project my-project --n 20 --add
    """
    from marey.errors import ConfigError
    from marey.formats import load_poses
    from marey.project import Project
    from marey.selection import suggest_frames

    if add and folder is None:
        raise ConfigError("--add needs a project", hint="say which with --project FOLDER")
    poses = load_poses(predictions)
    if folder is None:
        key = video or str(poses.attrs.get("source_file", predictions.name))
        suggestions = suggest_frames(poses, n, seed=seed)
    else:
        project = Project.open(folder)
        found = _only_video(project, [video]) if video else _find_predicted(project, poses, predictions)
        if found is None:  # a recording that was predicted and is in no project: a good one to add
            key = _predicted_name(poses)
            _refuse_or_tell(project, key, add=add)
            suggestions = suggest_frames(poses, n, skeleton=project.skeleton, seed=seed)
        else:
            key = found
            with project.open_video(key) as source:
                suggestions = suggest_frames(
                    poses,
                    n,
                    skeleton=project.skeleton,
                    video=source,
                    exclude=project.extracted_frames(key),
                    seed=seed,
                )
        if add:
            with progress_bars() as progress:
                images = project.add_frames(key, [s.frame for s in suggestions], progress=progress)
            say(f"{key}: {counted(len(images), 'new frame')} in {project.frames_folder(key)}")
    for item in suggestions:
        say(f"frame {item.frame:>7}  {item.score:.2f}  {item.reason}")
    if json:
        frames = [{"frame": s.frame, "score": s.score, "reason": s.reason} for s in suggestions]
        print_json({"video": key, "frames": frames})


def _find_predicted(project: "Project", poses: "xr.Dataset", predictions: Path) -> str | None:
    """Return the key of the video that was predicted; None where it is known and not in the project."""
    from marey.model.poses import read_history
    from marey.project import find_predicted_video

    source = str(poses.attrs.get("source_file", ""))
    found = find_predicted_video(project, predictions.name, source, read_history(poses))
    return found if found or _predicted_name(poses) else _only_video(project, None)


def _predicted_name(poses: "xr.Dataset") -> str:
    """Return the name of the video that Marey predicted, or "" where the poses do not say it."""
    from marey.model.poses import read_history

    return next((str(step["video"]) for step in read_history(poses) if step.get("video")), "")


def _refuse_or_tell(project: "Project", video: str, *, add: bool) -> None:
    from marey.errors import NotFoundError

    text = f"{video}, which was predicted, is not among the videos of the project {project.name}"
    hint = (
        f'add it: marey add-videos "{project.root}" PATH/{video}; '
        f"if it is there by another name, say which with --video: {', '.join(project.videos)}"
    )
    if add:
        raise NotFoundError(text, hint=hint)
    say(f"note: {text}")


def _only_video(project: "Project", videos: list[str] | None) -> str:
    from marey.errors import ConfigError
    from marey.selection.extraction import check_keys

    keys = check_keys(project, videos)
    if len(keys) != 1:
        raise ConfigError(
            f"one video is needed, but the project has {len(keys)}",
            hint=f"say which with --video: {', '.join(keys)}",
        )
    return keys[0]


def _parse_frames(text: str) -> list[int]:
    from marey.errors import ConfigError

    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise ConfigError(f"expected frame numbers with commas, such as 1,5,9, got {text!r}") from error
