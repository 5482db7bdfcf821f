"""A project made from labels of another tool."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from marey.errors import AlreadyExistsError, InputError, VideoError
from marey.files import atomic_folder
from marey.formats import LabelSource, detect_format, load_labels, save_labels
from marey.model import LabeledFrame
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.project.frame_store import name_frame
from marey.project.names import make_name
from marey.project.project import Project
from marey.project.rows import save_rows
from marey.project.video_links import follow_link

MAX_EXTRACTED = 500
"""With more labelled frames than this, frames stay in the video instead of becoming images."""


@dataclass(frozen=True)
class ImportReport:
    """What an import made.

    Parameters
    ----------
    project
        The new project.
    format
        The name of the format it came from.
    n_frames, n_images, n_videos
        Labelled frames, images that came along, and videos that were found.
    notes
        In words: what was left out and what was assumed.
    """

    project: Project
    format: str
    n_frames: int
    n_images: int
    n_videos: int
    notes: tuple[str, ...]


def import_project(
    source: str | Path,
    destination: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    name: str | None = None,
    author: str = "",
    copy_videos: bool = False,
    extract: bool = True,
    progress: ProgressCallback = ignore_progress,
) -> ImportReport:
    """Make a project at `destination` from the labels of another tool.

    Images are copied; videos are linked where they lie, unless `copy_videos`. Frames that only a model
    labelled are left out: they are predictions, and no labels. When anything fails, `destination` stays as
    it was.

    Parameters
    ----------
    source
        A file or folder of the other tool.
    destination
        The project's folder; it must not exist, or be empty.
    format
        The format's name; found out by content when left out.
    name
        The project's name; by default the source's, or that of the folder.
    author
        Who placed the points, where the source does not say.
    copy_videos
        Copy the videos into the project.
    extract
        Extract labelled frames that have no image, where their video is found.
    progress
        Told of the images and videos done.

    Raises
    ------
    FormatError, LabelsError
        The source is damaged, in no known format, or contradicts itself.
    AlreadyExistsError
        There is something at `destination`.
    """
    source, destination = Path(source), Path(destination)
    chosen = format or detect_format(source, "load_labels").name
    loaded = load_labels(source, format=chosen)
    if not loaded.labels.skeleton.keypoints:
        raise InputError(f"{source} names no keypoints, and a project needs at least one")
    title = name or str(loaded.metadata.get("name") or "") or destination.resolve().name
    with atomic_folder(destination) as folder:
        project = Project.create(
            folder,
            name=title,
            skeleton=loaded.labels.skeleton,
            individuals=loaded.labels.individuals,
        )
        builder = _Builder(project, loaded, copy_videos=copy_videos, extract=extract, progress=progress)
        builder.build(author, note=f"imported from {source.name} ({chosen})")
    return ImportReport(
        Project.open(destination),
        chosen,
        builder.n_frames,
        builder.n_images,
        builder.n_videos,
        (*loaded.notes, *builder.notes),
    )


class _Builder:
    """Fills a new project from what a reader gave."""

    def __init__(
        self,
        project: Project,
        source: LabelSource,
        *,
        copy_videos: bool,
        extract: bool,
        progress: ProgressCallback,
    ) -> None:
        self._project = project
        self._source = source
        self._copy_videos = copy_videos
        self._extract = extract
        self._progress = progress
        self.notes: list[str] = []
        self.n_frames = self.n_images = self.n_videos = 0

    def build(self, author: str, note: str) -> None:
        """Add the videos, the images and the labels."""
        frames = self._kept_frames()
        self._extract = self._extract and len(frames) <= MAX_EXTRACTED
        owners = (video for video, _ in self._source.images)
        videos = dict.fromkeys([*(frame.video for frame in frames), *self._source.videos, *owners])
        found, keys = {}, {}
        for done, video in enumerate(videos, start=1):
            key = keys[video] = make_name(video, self._project.videos)
            found[video] = self._add_video(video, key)
            of_video = [frame for frame in frames if frame.video == video]
            with_images = self._add_images(key, of_video, has_video=found[video])
            self._add_waiting(video, key)
            if with_images:
                self._project.save_labels(key, with_images, author=author, note=note)
            self._progress(Progress("importing", done, len(videos)))
        rows = [(keys.get(frame.video, frame.video), frame.frame) for frame in self._source.labels]
        save_rows(self._project.labels_folder, rows)
        self.n_frames, self.n_videos = len(frames), sum(found.values())
        self._note_absent(frames, found)

    def _kept_frames(self) -> list[LabeledFrame]:
        frames = self._source.labels.frames
        kept = [frame for frame in frames if not _is_prediction(frame)]
        if len(kept) < len(frames):
            self.notes.append(
                f"frames that only a model labelled, left out: {len(frames) - len(kept)}; "
                "as poses they can be had with: marey convert"
            )
        return kept

    def _add_video(self, video: str, key: str) -> bool:
        """Add the video, or the place where it belongs; return whether it was found."""
        path = self._source.videos.get(video)
        if path is not None and path.exists():
            try:
                self._project.add_video(path, key=key, copy=self._copy_videos)
            except (VideoError, AlreadyExistsError) as error:
                self.notes.append(f"the video {video} was not added: {error.message}")
            else:
                return True
        self._project.add_video(self._project.root / "videos" / f"{key}.mp4", key=key, missing_ok=True)
        return False

    def _add_images(self, key: str, frames: Sequence[LabeledFrame], *, has_video: bool) -> list[LabeledFrame]:
        """Add the images of one video's frames; return the frames with the images' names."""
        added = [self._with_image(key, frame) for frame in frames]
        without = [frame.frame for frame in added if frame.image is None]
        if not (has_video and self._extract and without):
            return added
        paths = self._project.add_frames(key, without, progress=self._progress)
        names = dict(zip(sorted(without), (path.name for path in paths), strict=True))
        self.n_images += len(paths)
        return [replace(f, image=names.get(f.frame, f.image)) for f in added]

    def _add_waiting(self, video: str, key: str) -> None:
        """Add the images that nobody has labelled yet."""
        labelled = {frame.key for frame in self._source.labels.frames}
        for (owner, frame), path in self._source.images.items():
            if owner == video and (owner, frame) not in labelled:
                self._project.add_image(key, frame, path)

    def _with_image(self, key: str, frame: LabeledFrame) -> LabeledFrame:
        path = self._source.images.get(frame.key)
        if path is not None:
            self.n_images += 1
            return replace(frame, video=key, image=self._project.add_image(key, frame.frame, path).name)
        data = self._source.embedded.get(frame.key)
        if data is not None:
            suffix = ".png" if data.startswith(b"\x89PNG") else ".jpg"
            with tempfile.TemporaryDirectory() as folder:
                image = Path(folder) / f"{Path(name_frame(frame.frame, None)).stem}{suffix}"
                image.write_bytes(data)
                name = self._project.add_image(key, frame.frame, image).name
            self.n_images += 1
            return replace(frame, video=key, image=name)
        return replace(frame, video=key)

    def _note_absent(self, frames: Sequence[LabeledFrame], found: dict[str, bool]) -> None:
        absent = [video for video, is_found in found.items() if not is_found]
        if absent:
            self.notes.append(
                f"videos that are not here: {len(absent)} of {len(found)} ({', '.join(absent[:5])}"
                f"{' and others' if len(absent) > 5 else ''}); "
                "their labels and images do not need them"
            )
        n_blank = len(frames) - self.n_images
        if n_blank:
            self.notes.append(f"labelled frames without an image in the project: {n_blank}")


def _is_prediction(frame: LabeledFrame) -> bool:
    """Tell whether only a model said something about a frame."""
    placed = [i for i in frame.instances if i.has_position.any()]
    return bool(placed) and not any(i.is_confirmed.any() for i in frame.instances)


def export_project(
    project: Project | str | Path,
    output: str | Path,
    *,
    format: str,  # noqa: A002
    overwrite: bool = False,
) -> list[str]:
    """Write the labels of a project in the format of another tool.

    Parameters
    ----------
    project
        The project, or its folder.
    output
        The folder or file to write, as the format has it.
    format
        The format's name.
    overwrite
        Replace a file that is there already.

    Returns
    -------
    list of str
        What the format could not hold, in words.
    """
    if not isinstance(project, Project):
        project = Project.open(project)
    labels = project.load_labels()
    if not labels.frames:
        raise InputError(f"{project.root} has no labels to export", hint="label some frames first")
    images = {
        (video, number): project.frames_folder(video) / name
        for video in project.videos
        for number, name in project.frame_images(video).items()
    }
    videos = {key: follow_link(entry.path, project.root) for key, entry in project.videos.items()}
    options = {"name": project.name} if format == "dlc" else {}
    return save_labels(
        labels,
        output,
        format=format,
        images=images,
        videos={key: path for key, path in videos.items() if path.exists()},
        overwrite=overwrite,
        **options,
    )
