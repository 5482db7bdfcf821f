"""The part of a project that knows its videos: added, found again when they moved, opened."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import AlreadyExistsError, ConflictError, InputError, NotFoundError, StorageError
from marey.files import atomic_path
from marey.project.document import ProjectDocument
from marey.project.names import check_name, make_name
from marey.project.project_file import MetadataValue, ProjectFile, VideoEntry
from marey.project.video_links import describe_video, find_moved, follow_link, to_link

if TYPE_CHECKING:
    from marey.video import ImageFolder, Video


class VideoLibrary(ProjectDocument):
    """The videos of a project, which may lie anywhere."""

    def add_video(
        self,
        path: str | Path,
        *,
        key: str | None = None,
        copy: bool = False,
        metadata: Mapping[str, MetadataValue] | None = None,
        missing_ok: bool = False,
    ) -> str:
        """Add a video (or a folder of images) and return its key.

        Parameters
        ----------
        path
            The file. It stays where it is, unless `copy` puts a copy into the project's ``videos``.
        key
            How the project calls it; by default the file's name without its suffix, made unique and
            portable.
        metadata
            What to record of it, such as ``{"condition": "control"}``.
        missing_ok
            Whether the file may be missing: an import of labels whose video is elsewhere.

        Raises
        ------
        NotFoundError, VideoError
            There is no such video, or it cannot be read.
        AlreadyExistsError
            It is already in the project, or the key is taken.
        """
        path = Path(path).absolute()
        if missing_ok and not path.exists():
            entry = VideoEntry(path=to_link(path, self.root))
        else:
            entry = describe_video(path, to_link(path, self.root))
            self._refuse_twice(entry, self._file)
        if key is not None:
            check_name(key, "a key")
        if copy and path.exists():
            entry = entry.model_copy(update={"path": self._copy_video(path)})
        entry = entry.model_copy(update={"metadata": dict(metadata or {})})
        chosen = ""

        def change(file: ProjectFile) -> dict[str, Any]:
            nonlocal chosen
            self._refuse_twice(entry, file)
            if key in file.videos:
                raise AlreadyExistsError(
                    f"the project has a video with the key {key!r} already", hint="choose another key"
                )
            chosen = key if key is not None else make_name(path.stem, file.videos)
            return {"videos": {**file.videos, chosen: entry}}

        self._change(change)
        return chosen

    def _refuse_twice(self, entry: VideoEntry, file: ProjectFile) -> None:
        for key, other in file.videos.items():
            if other.path == entry.path or (entry.fingerprint and other.fingerprint == entry.fingerprint):
                raise AlreadyExistsError(f"{entry.path} is already in the project, as {key!r}")

    def _copy_video(self, path: Path) -> str:
        folder = self.root / "videos"
        if path.parent == folder:
            return to_link(path, self.root)
        taken = [item.stem for item in folder.iterdir()] if folder.is_dir() else []
        target = folder / f"{make_name(path.stem, taken)}{path.suffix}"
        with atomic_path(target) as temporary:
            if path.is_dir():
                raise InputError(f"expected a video file to copy, got the folder {path}")
            shutil.copyfile(path, temporary)
        return to_link(target, self.root)

    def video_path(self, key: str, *, search: Iterable[str | Path] = ()) -> Path:
        """Return where the video lies; one that was moved or renamed is searched and linked again.

        Parameters
        ----------
        key
            Names the video.
        search
            More folders to search, with their sub-folders.

        Raises
        ------
        NotFoundError
            It is not found.
        """
        entry = self._entry(key)
        path = follow_link(entry.path, self.root)
        if path.exists():
            return path
        found = find_moved(entry, self.root, [Path(folder).absolute() for folder in search])
        if found is None:
            raise NotFoundError(
                f"the video {key!r} is not at {path}, and was not found near it nor in the project",
                hint=f'put it back, or say where to look: marey check "{self.root}" --search FOLDER',
            )
        try:
            self._relink(key, found)
        except (StorageError, ConflictError):  # found is found, even where the link cannot be written
            self._file.videos[key] = entry.model_copy(update={"path": to_link(found, self.root)})
        return found

    def _relink(self, key: str, path: Path) -> None:
        link = to_link(path, self.root)
        entry = self._entry(key)
        if entry.n_frames is None:
            seen = describe_video(path, link).model_dump(exclude={"metadata", "crop"})
            self._change_entry(key, **seen)
        else:
            self._change_entry(key, path=link)

    def open_video(self, key: str) -> "Video | ImageFolder":
        """Open the video for exact reading; close it, or use it in a ``with`` block."""
        from marey.video import open_video

        return open_video(self.video_path(key))
