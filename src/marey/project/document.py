"""The part of a project that ``project.yaml`` holds: read once, changed under a lock."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from marey.errors import ConfigError, NotFoundError
from marey.files import locked
from marey.model import Skeleton
from marey.project.project_file import (
    FILE_NAME,
    CamerasEntry,
    MetadataValue,
    ProjectFile,
    VideoEntry,
    describe_problems,
    read_project_file,
    write_project_file,
)


class ProjectDocument:
    """What ``project.yaml`` says, and how it is changed.

    The properties say what the file said when it was read. Every change takes a lock, reads the file
    again, applies itself and writes, so that nobody undoes the change of somebody else.

    Parameters
    ----------
    root
        The project's folder.
    file
        What ``project.yaml`` in it says.
    """

    def __init__(self, root: Path, file: ProjectFile) -> None:
        self.root = root
        self._set(file)

    def _set(self, file: ProjectFile) -> None:
        self._file = file
        self._skeleton = file.skeleton.to_skeleton()

    @property
    def name(self) -> str:
        """What the project is called."""
        return self._file.name

    @property
    def skeleton(self) -> Skeleton:
        """The keypoints, edges and left/right pairs."""
        return self._skeleton

    @property
    def individuals(self) -> tuple[str, ...]:
        """Names of the animals that are told apart; empty where they are not."""
        return self._file.individuals

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the experimental conditions that the videos' metadata are expected to state."""
        return self._file.conditions

    @property
    def colours(self) -> dict[str, str]:
        """``#rrggbb`` by keypoint, for those that a person gave one."""
        return {
            name: colour for name, colour in self._file.colours.items() if name in self.skeleton.keypoints
        }

    @property
    def symmetries_confirmed(self) -> bool:
        """Whether a person has looked at the left/right pairs."""
        return self._file.symmetries_confirmed

    @property
    def videos(self) -> dict[str, VideoEntry]:
        """The videos by key, in their order."""
        return dict(self._file.videos)

    @property
    def cameras(self) -> CamerasEntry:
        """How the videos belong together that several cameras took at once."""
        return self._file.cameras or CamerasEntry()

    def reload(self) -> None:
        """Read ``project.yaml`` again, for what others changed."""
        self._set(read_project_file(self.root / FILE_NAME))

    def _lock(self) -> AbstractContextManager[None]:
        return locked(self.root / f".{FILE_NAME}.lock")

    def _change(self, change: Callable[[ProjectFile], dict[str, Any]]) -> None:
        """Apply `change`, which returns the new values of fields, to what ``project.yaml`` says now."""
        with self._lock():
            file = read_project_file(self.root / FILE_NAME)
            values = file.model_dump(exclude={"videos"}) | {"videos": dict(file.videos)} | change(file)
            new = build_project_file(**values)
            write_project_file(self.root / FILE_NAME, new)
        self._set(new)

    def set_name(self, name: str) -> None:
        """Give the project another name."""
        self._change(lambda _: {"name": name})

    def set_individuals(self, individuals: Sequence[str]) -> None:
        """State the names of the animals that are told apart."""
        self._change(lambda _: {"individuals": tuple(individuals)})

    def set_conditions(self, conditions: Sequence[str]) -> None:
        """State the names of the experimental conditions."""
        self._change(lambda _: {"conditions": tuple(conditions)})

    def set_colours(self, colours: Mapping[str, str]) -> None:
        """State ``#rrggbb`` of keypoints; the palette has those that are left out."""
        self._change(lambda _: {"colours": {name: colour.lower() for name, colour in colours.items()}})

    def set_cameras(self, **values: Any) -> None:
        """Change fields of :attr:`cameras`; what is left out stays."""

        def change(file: ProjectFile) -> dict[str, Any]:
            entry = (file.cameras or CamerasEntry()).model_dump() | values
            return {"cameras": None if entry == CamerasEntry().model_dump() else entry}

        self._change(change)

    def set_metadata(self, video: str, metadata: Mapping[str, MetadataValue]) -> None:
        """Replace the metadata of `video`."""
        self._change_entry(video, metadata=dict(metadata))

    def set_crop(self, video: str, crop: tuple[int, int, int, int] | None) -> None:
        """State the part (x, y, width, height) of `video` that matters, or None for all of it."""
        self._change_entry(video, crop=crop)

    def confirm_symmetries(self, symmetries: Iterable[tuple[str, str]] | None = None) -> None:
        """Record that a person has looked at the left/right pairs, and corrected them if given."""

        def change(file: ProjectFile) -> dict[str, Any]:
            skeleton = file.skeleton.to_skeleton()
            if symmetries is not None:
                skeleton = replace(skeleton, symmetries=tuple(symmetries))
            return {"skeleton": skeleton.to_dict(), "symmetries_confirmed": True}

        self._change(change)

    def _change_entry(self, video: str, **values: Any) -> None:
        def change(file: ProjectFile) -> dict[str, Any]:
            if video not in file.videos:
                raise self._no_such_video(video)
            entry = file.videos[video].model_dump() | values
            return {"videos": {**file.videos, video: entry}}

        self._change(change)

    def _entry(self, key: str) -> VideoEntry:
        if key not in self._file.videos:
            raise self._no_such_video(key)
        return self._file.videos[key]

    def _no_such_video(self, key: str) -> NotFoundError:
        known = ", ".join(self._file.videos) or "none yet"
        return NotFoundError(f"the project has no video {key!r}", hint=f"its videos are: {known}")


def build_project_file(**values: Any) -> ProjectFile:
    """Return the content of a ``project.yaml``, checked.

    Raises
    ------
    ConfigError, LabelsError
        A value is not what it should be, or the skeleton contradicts itself.
    """
    try:
        file = ProjectFile(**values)
    except ValidationError as error:
        raise ConfigError(f"the project would not be valid: {describe_problems(error)}") from error
    file.skeleton.to_skeleton()
    return file
