"""One door to everything that has frames."""

from pathlib import Path

from marey.video.images import ImageFolder
from marey.video.reader import Video


def open_video(path: str | Path) -> Video | ImageFolder:
    """Open a video file, or a folder of images that is read like one.

    Examples
    --------
    ::

        with open_video("day 1.mp4") as video:
            print(video.n_frames, video.fps)
            image = video.read(100)  # uint8 RGB, (height, width, 3)

    Raises
    ------
    NotFoundError, VideoError
        There is nothing at `path`, or it holds no frames that can be read.
    """
    path = Path(path)
    return ImageFolder(path) if path.is_dir() else Video(path)
