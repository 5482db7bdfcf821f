"""``project.yaml``: what it holds, and how it is read, checked and written."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from marey.errors import ConfigError, LabelsError, NotFoundError, VersionError
from marey.files import write_text
from marey.model import Skeleton
from marey.project.names import find_name_problem

FILE_NAME = "project.yaml"
SCHEMA_VERSION = 1

Text = Annotated[str, Field(min_length=1)]
MetadataValue = str | bool | int | float | None


class VideoEntry(BaseModel):
    """One video (or folder of images) of a project.

    Parameters
    ----------
    path
        Where it lies, relative to the project with ``/`` between folders; ``..`` leads out of the project,
        and an absolute path is the last resort, such as another Windows drive.
    fingerprint
        Of its content (:func:`marey.files.fingerprint`), by which a moved file is recognised; "" for a
        video that nobody has seen yet and for a folder of images.
    n_frames, fps, width, height
        As decoded; None where the video has not been seen.
    metadata
        What the user wants to know about it: condition, animal, date.
    crop
        (x, y, width, height) in pixels of the part that matters, or None for the whole frame.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    path: Text
    fingerprint: str = ""
    n_frames: Annotated[int, Field(ge=0)] | None = None
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    crop: tuple[int, int, int, int] | None = None

    @field_validator("path")
    @classmethod
    def _is_posix(cls, path: str) -> str:
        return path.replace("\\", "/")

    @field_validator("crop")
    @classmethod
    def _is_box(cls, crop: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
        if crop is not None and (min(crop[:2]) < 0 or min(crop[2:]) < 1):
            raise ValueError("expected (x, y, width, height) with a corner from 0 and a size from 1")
        return crop


class SkeletonEntry(BaseModel):
    """The skeleton as it stands in the file; :class:`marey.model.Skeleton` checks what it says."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    name: Text = "animal"
    keypoints: Annotated[tuple[str, ...], Field(min_length=1)]
    edges: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[tuple[str, str], ...] = ()

    def to_skeleton(self) -> Skeleton:
        """Return the skeleton, checked."""
        return Skeleton(**self.model_dump())


class TimingEntry(BaseModel):
    """How the videos of one recording session correspond; see :class:`marey.cameras.sessions.Session`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offsets: dict[str, int] = Field(default_factory=dict)
    dropped: dict[str, tuple[Annotated[int, Field(ge=0)], ...]] = Field(default_factory=dict)


class CamerasEntry(BaseModel):
    """How the videos belong together that several cameras took at once.

    Parameters
    ----------
    pattern
        On the end of the videos' paths, such as ``{session}/{camera}.mp4``; "" where nothing is said.
    calibration
        The file of the calibrated cameras, relative to the project; "" for none.
    timing
        By session, for those whose videos do not begin at once or that lack frames.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = ""
    calibration: str = ""
    timing: dict[str, TimingEntry] = Field(default_factory=dict)


class ProjectFile(BaseModel):
    """All that ``project.yaml`` says.

    Parameters
    ----------
    schema_version
        The version of this layout.
    symmetries_confirmed
        Whether a person has looked at the left/right pairs, which are first guessed from the names.
    individuals
        Names of the animals that are told apart; empty where they are not.
    conditions
        Names of the experimental conditions that the videos' metadata are expected to state.
    videos
        By key. The key names the files of labels and the folder of frames.
    colours
        ``#rrggbb`` by keypoint, for those that a person gave one; the palette has the others.
    cameras
        Which videos several cameras took at once; absent where there is one camera.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    schema_version: int = SCHEMA_VERSION
    name: Text
    skeleton: SkeletonEntry
    symmetries_confirmed: bool = False
    individuals: tuple[Text, ...] = ()
    conditions: tuple[Text, ...] = ()
    colours: dict[str, Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]] = Field(default_factory=dict)
    cameras: CamerasEntry | None = None
    videos: dict[str, VideoEntry] = Field(default_factory=dict)

    @field_validator("individuals", "conditions")
    @classmethod
    def _differ(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in names)
        if len(set(names)) < len(names) or "" in names:
            raise ValueError(f"expected different names, got {', '.join(names)}")
        return names

    @field_validator("videos")
    @classmethod
    def _have_portable_keys(cls, videos: dict[str, VideoEntry]) -> dict[str, VideoEntry]:
        for key in videos:
            if problem := find_name_problem(key, videos):
                raise ValueError(f"the key {key!r} {problem}")
        return videos


def read_project_file(path: Path) -> ProjectFile:
    """Read and check ``project.yaml``.

    Raises
    ------
    NotFoundError
        There is no such file.
    VersionError
        A newer version of Marey wrote it.
    ConfigError
        It is not YAML, or a field is unknown, missing or not what it should be.
    """
    data = _parse(path)
    version = data.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ConfigError(f"{path}: expected schema_version to be a whole number from 1, got {version!r}")
    if version > SCHEMA_VERSION:
        raise VersionError(
            f"{path} has schema version {version}; this version of Marey knows up to {SCHEMA_VERSION}",
            hint="update Marey: pip install --upgrade marey",
        )
    try:
        project = ProjectFile.model_validate(data)
        project.skeleton.to_skeleton()
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe_problems(error)}", hint=_suggest(error)) from error
    except LabelsError as error:
        raise ConfigError(f"{path}: skeleton: {error.message}", hint=error.hint) from error
    return project


def write_project_file(path: Path, project: ProjectFile) -> None:
    """Write ``project.yaml`` atomically, readable to a person."""
    data = project.model_dump(mode="json", exclude_none=True)
    write_text(
        path,
        yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_bytes(), Loader=_UniqueKeyLoader)  # noqa: S506 - it is a SafeLoader
    except FileNotFoundError as error:
        raise NotFoundError(
            f"expected a project at {path.parent}, but there is no {FILE_NAME}",
            hint="make one with: marey new FOLDER --keypoints nose,tailbase",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid YAML: {' '.join(str(error).split())}",
            hint="undo the last edit, or look for leftovers of a merge (<<<<<<<)",
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected fields such as name and skeleton, got {type(data).__name__}")
    return data


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML lets the last of two equal keys win, and a video entered twice by hand would get lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} occurs twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, str | int | float) else id(key_node))
        return super().construct_mapping(node, deep=deep)


def describe_problems(error: ValidationError) -> str:
    """Say where the first problems are and what is wrong, in words of the file."""
    lines = []
    for problem in error.errors()[:3]:
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown field {where}")
        elif problem["type"] == "missing":
            lines.append(f"the field {where} is missing")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {message[0].lower()}{message[1:]}, got {problem['input']!r:.80}")
    return "; ".join(lines)


def _suggest(error: ValidationError) -> str | None:
    if not any(problem["type"] == "extra_forbidden" for problem in error.errors()):
        return None
    return "check the spelling, or put what is your own into the metadata of a video"
