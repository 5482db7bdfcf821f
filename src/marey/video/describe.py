"""What there is to know about a video, as plain values."""

from pathlib import Path
from typing import Any

from marey.video.open import open_video


def describe_video(path: str | Path, *, decode_all: bool = False) -> dict[str, Any]:
    """Return size, frames, rate and problems of a video.

    Parameters
    ----------
    path
        A video file, or a folder of images.
    decode_all
        Decode every frame, so that damage is found.

    Returns
    -------
    dict
        ``path``, ``width``, ``height``, ``n_frames``, ``fps`` (mean, or None), ``duration_s`` (None without a
        rate), ``is_variable_rate``, ``problems`` (texts) and, with `decode_all`, ``n_unreadable``.
    """
    with open_video(path) as video:
        description: dict[str, Any] = {
            "path": video.path,
            "width": video.width,
            "height": video.height,
            "n_frames": video.n_frames,
            "fps": video.fps,
            "duration_s": float(video.timestamps_s[-1]) + 1 / video.fps if video.fps else None,
            "is_variable_rate": video.is_variable_rate,
        }
        if decode_all:
            for _ in video.frames():
                pass
            description["n_unreadable"] = video.n_unreadable
        return {**description, "problems": list(video.problems)}
