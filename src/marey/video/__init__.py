"""Video with exact frame numbers: reading, writing, changing, and folders of images that read the same."""

from marey.video.describe import describe_video
from marey.video.find import find_videos, is_video_file
from marey.video.frame import DecodedFrame
from marey.video.images import ImageFolder
from marey.video.open import open_video
from marey.video.reader import Video
from marey.video.source import FrameSource
from marey.video.transform import transform_video
from marey.video.writer import VideoWriter

__all__ = [
    "DecodedFrame",
    "FrameSource",
    "ImageFolder",
    "Video",
    "VideoWriter",
    "describe_video",
    "find_videos",
    "is_video_file",
    "open_video",
    "transform_video",
]
