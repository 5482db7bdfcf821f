"""The table of a video's frames: which there are, in the order in which they are shown.

A frame's number is its rank by presentation time among the packets of the stream; everything in Marey uses
this one table. It is made by reading the packets once, without decoding them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FrameTable:
    """The frames of a video stream.

    Parameters
    ----------
    pts
        Presentation times in units of the stream's time base, ascending, int64, shape (n_frames,).
    keyframes
        Presentation times of the frames at which decoding can begin, ascending, int64.
    is_counted
        The packets carry no usable times: the frames were decoded and counted, `pts` are 0, 1, 2 and so on,
        and a frame is only reached by decoding from the start.
    is_cut
        The packets end with a fault: the file was cut off, or its rest is damaged.
    """

    pts: np.ndarray
    keyframes: np.ndarray
    is_counted: bool = False
    is_cut: bool = False

    def rank(self, pts: int) -> int:
        """Return the number of the frame shown at `pts`, or -1 where none is."""
        place = int(np.searchsorted(self.pts, pts))
        return place if place < len(self.pts) and self.pts[place] == pts else -1


def read_table(container: Any, stream: Any) -> FrameTable:
    """Read all packets of `stream` and make its table."""
    import av

    pts: list[int] = []
    keyframes: list[int] = []
    is_cut = False
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.is_discard:  # the end, and what an edit list hides
                continue
            if packet.pts is None:
                return _count_frames(container, stream)
            pts.append(packet.pts)
            if packet.is_keyframe:
                keyframes.append(packet.pts)
    except av.FFmpegError:
        is_cut = True
    if len(set(pts)) != len(pts):
        return _count_frames(container, stream)
    return FrameTable(
        np.sort(np.array(pts, dtype=np.int64)), np.sort(np.array(keyframes, dtype=np.int64)), is_cut=is_cut
    )


def _count_frames(container: Any, stream: Any) -> FrameTable:
    from marey.video.decoding import decode_packets

    container.seek(0)
    n_frames = sum(1 for _ in decode_packets(container, stream))
    return FrameTable(np.arange(n_frames), np.zeros(min(1, n_frames), dtype=np.int64), is_counted=True)
