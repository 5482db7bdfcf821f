"""A project, and recordings small enough to write in a moment."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project

MOUSE = Skeleton(
    ("snout", "ear_left", "ear_right", "tail"), edges=(("snout", "ear_left"), ("snout", "ear_right"))
)


def write_video(
    path: Path,
    *,
    n_frames: int = 12,
    size: tuple[int, int] = (64, 48),
    seed: int = 0,
    times: Sequence[int] | None = None,
) -> Path:
    """A lossless recording of `size` (width, height), in which frame i is grey of brightness 10 i + seed.

    It has 25 frames/s, or frame i is shown at ``times[i]`` twenty-fifths of a second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(25), options={"crf": "0", "preset": "ultrafast"}
        )
        stream.width, stream.height = size
        stream.pix_fmt = "yuv444p"
        for i in range(n_frames):
            image = np.full((size[1], size[0], 3), 10 * i + seed, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = i if times is None else times[i]
            frame.time_base = Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def label(video: str, frame: int, *points: tuple[float, float] | None, **values) -> LabeledFrame:
    """One animal in one frame: (x, y) or None for each keypoint of the mouse."""
    filled = [*points, *[None] * (len(MOUSE) - len(points))]
    xy = np.array([(np.nan, np.nan) if p is None else p for p in filled], dtype=float)
    image = values.pop("image", None)
    return LabeledFrame(video, frame, (Instance(xy, **values),), image)


@pytest.fixture
def disk(tmp_path):
    """A folder so deep that the search for a moved video does not leave this test's own folder."""
    folder = tmp_path / "university" / "lab" / "disk"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def project(tmp_path):
    """A project with a place for one video, "day1", that nobody has seen yet."""
    project = Project.create(tmp_path / "Mäuse 🐭 project", skeleton=MOUSE)
    project.add_video(tmp_path / "day1.mp4", missing_ok=True)
    return project
