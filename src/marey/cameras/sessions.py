"""Recording sessions: videos of named cameras that were taken together, and how their frames correspond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from marey.cameras.naming import find_named
from marey.errors import InputError, NotFoundError


@dataclass(frozen=True)
class Session:
    """Videos of one recording.

    Parameters
    ----------
    name
        Of the session; "" where there is only one.
    videos
        The video of each camera.
    offsets
        At which frame of its video each camera stood when the recording began, counted in frames; 0 where not
        said. Frame i of the recording is frame ``i + offset`` of the video.
    dropped
        Frames of the recording that a camera did not take, by camera; later frames of its video move up.
    """

    name: str
    videos: Mapping[str, Path]
    offsets: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for camera in {*self.offsets, *self.dropped}:
            self.video(camera)

    @property
    def cameras(self) -> tuple[str, ...]:
        """The names of the cameras."""
        return tuple(self.videos)

    def video(self, camera: str) -> Path:
        """Return the video of a camera.

        Raises
        ------
        NotFoundError
            The session has no such camera.
        """
        if camera not in self.videos:
            raise NotFoundError(
                f"session {self.name!r} has no camera {camera!r}, only {', '.join(self.videos)}",
                hint="check the file names and the pattern",
            )
        return self.videos[camera]

    def frames_of(self, camera: str, n_frames: int, n_video: int) -> np.ndarray:
        """Return the frame of a camera's video for each frame of the recording.

        Parameters
        ----------
        camera
            Its name.
        n_frames
            Of the recording.
        n_video
            Frames that the video has.

        Returns
        -------
        numpy.ndarray
            int, shape (n_frames,); -1 where the camera has no frame: dropped, not begun or already ended.
        """
        self.video(camera)
        is_dropped = np.zeros(n_frames, dtype=bool)
        dropped = np.asarray(self.dropped.get(camera, ()), dtype=int)
        is_dropped[dropped[(dropped >= 0) & (dropped < n_frames)]] = True
        frames = np.arange(n_frames) + self.offsets.get(camera, 0) - np.cumsum(is_dropped)
        return np.where(is_dropped | (frames < 0) | (frames >= n_video), -1, frames)


def find_sessions(folder: str | Path, pattern: str, *, cameras: Sequence[str] | None = None) -> list[Session]:
    """Find sessions by a pattern on file names, such as ``{session}/{camera}.mp4``.

    Parameters
    ----------
    folder
        Where to look: a folder of recordings, or of a project.
    pattern
        See :func:`marey.cameras.naming.find_named`.
    cameras
        Those that every session must have; by default all that any session has.

    Raises
    ------
    InputError
        A session lacks a camera, or has two videos of one.
    """
    found: dict[str, dict[str, Path]] = {}
    for file in find_named(folder, pattern):
        videos = found.setdefault(file.session, {})
        if file.camera in videos:
            raise InputError(
                f"expected one video of camera {file.camera!r} in session {file.session!r}, got "
                f"{videos[file.camera].name} and {file.path.name}",
                hint="make the pattern say more, or add {session} to it",
            )
        videos[file.camera] = file.path
    wanted = (
        list(cameras)
        if cameras
        else list(dict.fromkeys(name for videos in found.values() for name in videos))
    )
    for session, videos in found.items():
        missing = [camera for camera in wanted if camera not in videos]
        if missing:
            raise InputError(
                f"session {session!r} has no video of {', '.join(missing)}; it has {', '.join(videos)}",
                hint="check the names of the files, or name the cameras that are wanted",
            )
    return [
        Session(session, {camera: videos[camera] for camera in wanted}) for session, videos in found.items()
    ]


def dropped_from_times(times_s: np.ndarray, fps: float) -> list[int]:
    """Return which frames of a recording a camera dropped, told by gaps in its time stamps.

    Parameters
    ----------
    times_s
        Time of each frame that there is, s.
    fps
        Frames a second that the camera should take.
    """
    times = np.asarray(times_s, dtype=float)
    places = np.rint((times - times[:1]) * fps).astype(int)
    if (np.diff(places) < 1).any():
        raise InputError(
            f"expected time stamps that rise by about {1 / fps:.4g} s or more from frame to frame",
            hint="check the frame rate",
        )
    return sorted(set(range(int(places[-1]) + 1 if len(places) else 0)) - set(places.tolist()))
