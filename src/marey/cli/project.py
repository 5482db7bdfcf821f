"""``marey new``, ``add-videos``, ``info``, ``check``, ``skeleton`` and ``labels``: the project folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marey.cli.options import AsJson
from marey.cli.output import print_json, say
from marey.words import counted

if TYPE_CHECKING:
    from marey.model import Skeleton
    from marey.project import Finding, Project

FolderArgument = Annotated[Path, typer.Argument(metavar="PROJECT", help="The project's folder.")]
ConditionOption = Annotated[
    list[str] | None,
    typer.Option("--condition", metavar="NAME=VALUE", help="What to record of the videos; repeatable."),
]
CopyOption = Annotated[bool, typer.Option("--copy", help="Copy the videos into the project.")]
SearchOption = Annotated[
    list[Path] | None,
    typer.Option("--search", metavar="FOLDER", help="Where to look for videos that moved; repeatable."),
]
AuthorOption = Annotated[str, typer.Option("--author", help="Who does it; goes into the history.")]

SHOWN_PER_KIND = 5

labels_app = typer.Typer(
    name="labels", help="Look at labels, and go back to an earlier state.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("new")(new)
    app.command("add-videos")(add_videos)
    app.command("info")(info)
    app.command("check")(check)
    app.command("skeleton")(skeleton)
    app.add_typer(labels_app)


def new(
    folder: Annotated[Path, typer.Argument(help="The project's folder; made if it is not there.")],
    keypoints: Annotated[
        str, typer.Option("--keypoints", metavar="A,B,C", help="Names of the keypoints, with commas.")
    ] = "",
    edges: Annotated[
        str, typer.Option("--edges", metavar="A-B,B-C", help="Which keypoints are drawn joined.")
    ] = "",
    template: Annotated[
        str,
        typer.Option("--template", help="mouse-top, mouse-side, fly, fish, quadruped or person."),
    ] = "",
    individuals: Annotated[
        str, typer.Option("--individuals", metavar="A,B", help="Names of animals that are told apart.")
    ] = "",
    video: Annotated[list[Path] | None, typer.Option("--video", help="A video to add; repeatable.")] = None,
    name: Annotated[str, typer.Option("--name", help="The project's name; else the folder's.")] = "",
    condition: ConditionOption = None,
    copy: CopyOption = False,
    json: AsJson = False,
) -> None:
    """Make a project.

    Example: marey new my-project --keypoints snout,left_ear,right_ear,tail_base --video day1.mp4
    """
    from marey.project import Project

    conditions = _parse_conditions(condition)
    skeleton = _choose_skeleton(keypoints, edges, template)
    videos = _readable(video or [])
    project = Project.create(
        folder,
        name=name or None,
        skeleton=skeleton,
        individuals=_split(individuals),
        conditions=tuple(conditions),
    )
    say(f"made the project {project.name} at {project.root}")
    if project.skeleton.symmetries:
        say(f"left/right pairs: {_describe_pairs(project.skeleton)}")
    _add(project, videos, copy=copy, metadata=conditions)
    if json:
        print_json(_summarise(project))


def add_videos(
    project: FolderArgument,
    videos: Annotated[
        list[Path],
        typer.Argument(metavar="VIDEO...", help="Files, folders, patterns, or folders of images."),
    ],
    condition: ConditionOption = None,
    copy: CopyOption = False,
    json: AsJson = False,
) -> None:
    """Add videos to a project; they stay where they are unless copied.

    Example: marey add-videos my-project day1.mp4 day2.mp4 --condition treatment=saline
    """
    from marey.project import Project

    opened = Project.open(project)
    keys = _add(opened, _readable(videos), copy=copy, metadata=_parse_conditions(condition))
    if json:
        print_json({"videos": {key: opened.videos[key].model_dump() for key in keys}})


def info(project: FolderArgument, json: AsJson = False) -> None:
    """Say what a project holds.

    Example: marey info my-project
    """
    from marey.project import Project

    summary = _summarise(Project.open(project))
    if json:
        print_json(summary)
        return
    say(f"{summary['name']} at {summary['path']}")
    say(f"keypoints: {', '.join(summary['skeleton']['keypoints'])}")
    if summary["individuals"]:
        say(f"individuals: {', '.join(summary['individuals'])}")
    for key, entry in summary["videos"].items():
        conditions = "  ".join(f"{name}={value}" for name, value in entry["metadata"].items())
        frames = "not seen yet" if entry["n_frames"] is None else counted(entry["n_frames"], "frame")
        say(
            f"  {key}: {frames}, {entry['n_extracted']} extracted, {entry['n_labelled']} labelled"
            + (f"  ({conditions})" if conditions else "")
        )
    say(f"runs: {', '.join(summary['runs']) or 'none yet'}")


def check(
    project: FolderArgument,
    deep: Annotated[bool, typer.Option("--deep", help="Also decode every video and image.")] = False,
    search: SearchOption = None,
    json: AsJson = False,
) -> None:
    """Find out what is wrong or suspicious; exit with 1 if something does not work.

    Example: marey check my-project --deep --search /data/videos
    """
    from dataclasses import asdict

    from marey.project import Project

    findings = Project.open(project).check(deep=deep, search=search or ())
    if json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        _say_findings(findings)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def skeleton(
    project: FolderArgument,
    rename: Annotated[
        list[str] | None, typer.Option("--rename", metavar="OLD=NEW", help="Rename a keypoint; repeatable.")
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="NAME", help="Add a keypoint; repeatable.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="NAME", help="Remove a keypoint; repeatable.")
    ] = None,
    edges: Annotated[
        str, typer.Option("--edges", metavar="A-B,B-C", help="Which keypoints are drawn joined.")
    ] = "",
    pairs: Annotated[
        str, typer.Option("--pairs", metavar="LEFT-RIGHT,...", help="The left/right pairs; confirms them.")
    ] = "",
    confirm_pairs: Annotated[
        bool, typer.Option("--confirm-pairs", help="The guessed left/right pairs are right.")
    ] = False,
    drop_labels: Annotated[
        bool, typer.Option("--drop-labels", help="Remove keypoints although they have labels.")
    ] = False,
    author: AuthorOption = "",
    json: AsJson = False,
) -> None:
    """Show or change the keypoints of a project; its labels follow.

    Example: marey skeleton my-project --rename nose=snout --add tail_tip --confirm-pairs
    """
    from marey.project import Project, edit_skeleton

    opened = Project.open(project)
    if rename or add or remove or edges:
        renames = _parse_pairs(rename or [])
        changed = edit_skeleton(opened.skeleton, renames=renames, add=add or (), remove=remove or ())
        if edges:
            changed = _with_edges(changed, edges)
        opened.set_skeleton(changed, renames=renames, allow_loss=drop_labels, author=author)
    if pairs:
        opened.confirm_symmetries(parse_edges(pairs, opened.skeleton.keypoints))
    elif confirm_pairs:
        opened.confirm_symmetries()
    if json:
        print_json(opened.skeleton.to_dict() | {"symmetries_confirmed": opened.symmetries_confirmed})
        return
    say(f"keypoints: {', '.join(opened.skeleton.keypoints)}")
    say(f"edges: {', '.join('-'.join(edge) for edge in opened.skeleton.edges) or 'none'}")
    state = "confirmed" if opened.symmetries_confirmed else "guessed, not confirmed"
    say(f"left/right pairs ({state}): {_describe_pairs(opened.skeleton)}")


@labels_app.command("history")
def labels_history(
    project: FolderArgument,
    video: Annotated[str, typer.Argument(help="The video's key.")],
    json: AsJson = False,
) -> None:
    """List every saved state of the labels of a video.

    Example: marey labels history my-project day1
    """
    from dataclasses import asdict

    from marey.project import Project

    opened = Project.open(project)
    history, present = opened.labels_history(video), opened.label_revision(video)
    if json:
        print_json({"present": present, "revisions": [asdict(revision) for revision in history]})
        return
    for item in history:
        mark = "*" if item.id == present else " "
        say(f"{mark}{item.number:5d}  {item.time}  {item.n_frames:5d} frames  {item.author:12s} {item.note}")


@labels_app.command("restore")
def labels_restore(
    project: FolderArgument,
    video: Annotated[str, typer.Argument(help="The video's key.")],
    revision: Annotated[str, typer.Argument(help="The number of the state, from the history.")],
    author: AuthorOption = "",
) -> None:
    """Go back to an earlier state of the labels; what is there now stays in the history.

    Example: marey labels restore my-project day1 12
    """
    from marey.project import Project

    opened = Project.open(project)
    opened.restore_labels(video, revision, author=author)
    say(f"the labels of {video} are those of revision {revision} again")


@labels_app.command("show")
def labels_show(
    project: FolderArgument,
    video: Annotated[str, typer.Argument(help="The video's key.")],
    json: AsJson = False,
) -> None:
    """Print the labels of a video as a table, or as JSON.

    Example: marey labels show my-project day1 --json
    """
    import sys

    from marey.formats.table import encode_labels
    from marey.project import Project

    labels = Project.open(project).load_labels(video)
    if not json:
        sys.stdout.write(encode_labels(labels, labels.skeleton))
        return
    print_json(
        {
            "keypoints": labels.skeleton.keypoints,
            "frames": [
                {
                    "frame": frame.frame,
                    "image": frame.image,
                    "instances": [
                        {
                            "individual": instance.individual,
                            "points": instance.points,
                            "visibility": instance.visibility,
                            "origin": instance.origin,
                        }
                        for instance in frame.instances
                    ],
                }
                for frame in labels
            ],
        }
    )


def _choose_skeleton(keypoints: str, edges: str, template: str) -> "Skeleton":
    from marey.errors import InputError
    from marey.model import Skeleton
    from marey.project import find_template

    if bool(keypoints) == bool(template):
        raise InputError(
            "expected either --keypoints or --template", hint="for example --keypoints snout,tail_base"
        )
    chosen = find_template(template) if template else Skeleton(_split(keypoints))
    return _with_edges(chosen, edges) if edges else chosen


def _with_edges(skeleton: "Skeleton", edges: str) -> "Skeleton":
    from dataclasses import replace

    return replace(skeleton, edges=parse_edges(edges, skeleton.keypoints))


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def parse_edges(text: str, keypoints: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Split ``a-b,c-d``; a name may contain hyphens itself."""
    from marey.errors import InputError

    edges = []
    for edge in _split(text):
        splits = [(edge[:i], edge[i + 1 :]) for i, letter in enumerate(edge) if letter == "-"]
        known = [pair for pair in splits if set(pair) <= set(keypoints)]
        if not known:
            raise InputError(
                f"expected two keypoints joined by '-', got {edge!r}",
                hint=f"the keypoints are {', '.join(keypoints)}",
            )
        edges.append(known[0])
    return tuple(edges)


def _parse_pairs(texts: list[str]) -> dict[str, str]:
    from marey.errors import InputError

    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name.strip() and sign):
            raise InputError(f"expected NAME=VALUE, got {text!r}")
        pairs[name.strip()] = value.strip()
    return pairs


def _parse_conditions(texts: list[str] | None) -> dict[str, str]:
    return _parse_pairs(texts or [])


def _readable(videos: list[Path]) -> list[Path]:
    """Return the videos that files, folders and patterns mean; all of them can be opened."""
    from marey.video import find_videos, open_video

    found = find_videos(videos) if videos else []
    for path in found:
        open_video(path).close()
    return found


def _add(project: "Project", videos: list[Path], *, copy: bool, metadata: dict[str, str]) -> list[str]:
    keys = []
    for video in videos:
        key = project.add_video(video, copy=copy, metadata=metadata)
        keys.append(key)
        say(f"added {video} as {key} ({counted(project.videos[key].n_frames or 0, 'frame')})")
    return keys


def _describe_pairs(skeleton: "Skeleton") -> str:
    return ", ".join("/".join(pair) for pair in skeleton.symmetries) or "none"


def _summarise(project: "Project") -> dict[str, Any]:
    videos = {}
    for key, entry in project.videos.items():
        videos[key] = entry.model_dump() | {
            "n_labelled": len(project.load_labels(key)),
            "n_extracted": len(project.extracted_frames(key)),
        }
    return {
        "name": project.name,
        "path": project.root,
        "skeleton": project.skeleton.to_dict(),
        "symmetries_confirmed": project.symmetries_confirmed,
        "individuals": project.individuals,
        "conditions": project.conditions,
        "videos": videos,
        "runs": project.run_names(),
    }


def _say_findings(findings: "list[Finding]") -> None:
    """Say the first few of each kind, and how many more there are."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.severity, finding.code), []).append(finding)
    for (severity, code), members in kinds.items():
        for finding in members[:SHOWN_PER_KIND]:
            say(f"{severity}: {finding.where}: {finding.message}")
        if len(members) > SHOWN_PER_KIND:
            say(f"{severity}: ... and {len(members) - SHOWN_PER_KIND} more of this kind ({code})")
        if members[0].hint:
            say(f"  hint: {members[0].hint}")
    words = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("remark", "remarks")}
    counts = {kind: sum(f.severity == kind for f in findings) for kind in words}
    told = [f"{n} {words[kind][n != 1]}" for kind, n in counts.items() if n]
    say(", ".join(told) or "nothing to complain about")
