"""Recordings of a project by several cameras: which videos belong together, and the calibration.

``project.yaml`` keeps a pattern on file names, the calibration in use and, by session, what is known of the
timing. Everything else follows from the videos, so a video that is added later is in its session at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from marey.cameras.files import read_cameras, write_cameras
from marey.cameras.naming import compile_pattern
from marey.cameras.sessions import Session
from marey.errors import ConfigError, InputError, NotFoundError
from marey.project.names import check_name
from marey.project.project_file import TimingEntry
from marey.project.video_links import to_link

if TYPE_CHECKING:
    from marey.cameras.rig import Rig
    from marey.project.project import Project

CALIBRATIONS = "calibrations"
POSES_3D = "poses3d"


@dataclass(frozen=True)
class Recording:
    """One recording session of a project.

    Parameters
    ----------
    name
        Of the session; "" where the pattern has none.
    videos
        The key of each camera's video.
    offsets, dropped
        As of :class:`marey.cameras.sessions.Session`.
    """

    name: str
    videos: Mapping[str, str]
    offsets: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def session(self) -> Session:
        """Return it as cameras know it, with keys for paths."""
        paths = {camera: Path(key) for camera, key in self.videos.items()}
        known = {
            name: {camera: value for camera, value in values.items() if camera in paths}
            for name, values in (("offsets", self.offsets), ("dropped", self.dropped))
        }
        return Session(self.name, paths, **known)  # type: ignore[arg-type]

    def n_frames(self, lengths: Mapping[str, int | None]) -> int:
        """Return how many frames the recording has, given the number of frames of each video."""
        ends = [
            (lengths.get(key) or 0) - self.offsets.get(camera, 0) + len(self.dropped.get(camera, ()))
            for camera, key in self.videos.items()
        ]
        return max([0, *ends])


def find_recordings(project: "Project", *, pattern: str | None = None) -> list[Recording]:
    """Return the recording sessions of a project, in the order of its videos.

    Parameters
    ----------
    project
        Whose videos.
    pattern
        Another pattern than the project's, to see what it would find. It is compared with the end of each
        video's path, as many folders as it has; see :func:`marey.cameras.naming.find_named` for what it may
        hold.

    Raises
    ------
    ConfigError
        The pattern lacks ``{camera}`` or has an unknown field.
    InputError
        Two videos are of the same camera in the same session.
    """
    entry = project.cameras
    wanted = entry.pattern if pattern is None else pattern
    if not wanted:
        return []
    expression = compile_pattern(wanted)
    n_parts = None if "**" in wanted else len(PurePosixPath(wanted).parts)
    found: dict[str, dict[str, str]] = {}
    for key, video in project.videos.items():
        parts = PurePosixPath(video.path).parts
        match = expression.fullmatch("/".join(parts if n_parts is None else parts[-n_parts:]))
        if match is None:
            continue
        groups = match.groupdict()
        videos = found.setdefault(groups.get("session") or "", {})
        if groups["camera"] in videos:
            raise InputError(
                f"expected one video of camera {groups['camera']!r} in session {groups.get('session')!r}, "
                f"got {videos[groups['camera']]} and {key}",
                hint="make the pattern say more, or add {session} to it",
            )
        videos[groups["camera"]] = key
    return [
        Recording(name, videos, **entry.timing.get(name, TimingEntry()).model_dump())
        for name, videos in found.items()
    ]


def find_recording(project: "Project", name: str) -> Recording:
    """Return one recording session.

    Raises
    ------
    NotFoundError
        The pattern finds none of this name.
    """
    recordings = find_recordings(project)
    for recording in recordings:
        if recording.name == name:
            return recording
    known = ", ".join(repr(recording.name) for recording in recordings) or "none"
    raise NotFoundError(f"the project has no recording session {name!r}", hint=f"its pattern finds {known}")


def set_pattern(project: "Project", pattern: str) -> list[Recording]:
    """State how file names tell session and camera, and return what is found; "" forgets it.

    Raises
    ------
    ConfigError, InputError
        The pattern makes no sense, or takes two videos for one; nothing was changed.
    """
    if pattern:
        find_recordings(project, pattern=pattern)
    project.set_cameras(pattern=pattern)
    return find_recordings(project)


def set_timing(
    project: "Project",
    session: str,
    *,
    offsets: Mapping[str, int],
    dropped: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """State how the videos of a session correspond; see :class:`marey.cameras.sessions.Session`.

    Raises
    ------
    NotFoundError
        There is no such session, or it has no such camera.
    """
    recording = find_recording(project, session)
    for camera in {*offsets, *(dropped or {})}:
        recording.session().video(camera)
    kept = dict(recording.dropped) if dropped is None else dropped
    entry = {
        "offsets": {camera: int(value) for camera, value in offsets.items() if value},
        "dropped": {camera: tuple(frames) for camera, frames in kept.items() if len(frames)},
    }
    timing = {name: value.model_dump() for name, value in project.cameras.timing.items() if name != session}
    if any(entry.values()):
        timing[session] = entry
    project.set_cameras(timing=timing)


def list_calibrations(project: "Project") -> list[str]:
    """Return the names of the calibrations in the project."""
    return sorted(path.stem for path in (project.root / CALIBRATIONS).glob("*.toml"))


def calibration_path(project: "Project", name: str) -> Path:
    """Return where the calibration of a name lies in the project.

    Raises
    ------
    ConfigError
        The name cannot be a file's.
    """
    check_name(name, "the name of a calibration")
    return project.root / CALIBRATIONS / f"{name}.toml"


def import_calibration(
    project: "Project", source: str | Path, name: str, *, overwrite: bool = False
) -> "Rig":
    """Copy a calibration of any known format into the project, and use it from now on.

    Raises
    ------
    FormatError, NotFoundError
        It cannot be read.
    AlreadyExistsError
        The project has one of this name.
    """
    rig = read_cameras(source)
    path = calibration_path(project, name)
    write_cameras(rig, path, overwrite=overwrite)
    use_calibration(project, name)
    return rig


def use_calibration(project: "Project", name: str) -> None:
    """Use a calibration that lies in the project; "" uses none.

    Raises
    ------
    NotFoundError
        There is none of this name.
    """
    if name and not calibration_path(project, name).is_file():
        known = ", ".join(list_calibrations(project)) or "none"
        raise NotFoundError(f"the project has no calibration {name!r}", hint=f"it has {known}")
    link = to_link(calibration_path(project, name), project.root) if name else ""
    project.set_cameras(calibration=link)


def calibration_name(project: "Project") -> str:
    """Return the name of the calibration in use, "" for none."""
    return PurePosixPath(project.cameras.calibration).stem


def read_calibration(project: "Project") -> "Rig":
    """Return the cameras of the calibration in use.

    Raises
    ------
    ConfigError
        None is in use.
    NotFoundError, FormatError
        Its file is gone or cannot be read.
    """
    if not project.cameras.calibration:
        raise ConfigError(
            "the project has no calibration",
            hint="import one or calibrate on the page Cameras, or: marey cameras PROJECT --calibration FILE",
        )
    return read_cameras(project.root / project.cameras.calibration)


def poses_3d_path(project: "Project", session: str) -> Path:
    """Return where the 3D poses of a session lie."""
    return project.root / POSES_3D / f"{session.replace('/', '-') or 'recording'}.nc"
