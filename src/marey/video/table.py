"""The table of a video's frames: which there are, in the order in which they are shown.

A frame's number is its rank by presentation time among the packets of the stream; everything in Marey uses
this one table. It is made by reading the packets once, without decoding them.
"""

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

AVI_CHUNK_HEADER_BYTES = 8
TRANSPORT_SYNC = 0x47
TRANSPORT_PACKET_BYTES = 188
TRANSPORT_PERIODS_BYTES = (188, 192, 204)
TRANSPORT_HEAD_BYTES = 16 * 204


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
        The packets carry no times, or not those of the file's index: the frames were decoded and counted,
        `pts` are 0, 1, 2 and so on, and a frame is only reached by decoding from the start.
    n_hidden
        How many more frames an edit list hides.
    is_cut
        The file ends in the middle of a packet: it was cut off, or its rest is damaged.
    settled
        The presentation time after which frames may lack neighbours if the file was cut off: those that would
        be shown in between are stored later. None where the packets do not say.
    """

    pts: np.ndarray
    keyframes: np.ndarray
    is_counted: bool = False
    is_cut: bool = False
    n_hidden: int = 0
    settled: int | None = None

    def rank(self, pts: int) -> int:
        """Return the number of the frame shown at `pts`, or -1 where none is."""
        place = int(np.searchsorted(self.pts, pts))
        return place if place < len(self.pts) and self.pts[place] == pts else -1


def read_table(container: Any, stream: Any) -> FrameTable:
    """Read all packets of `stream` and make its table."""
    import av

    pts: list[int] = []
    keyframes: list[int] = []
    places: dict[int, int | None] = {}
    is_cut = False
    # The last two: where frames are parsed out of packets, the very last does not carry its packet's fault.
    faults: deque[bool] = deque(maxlen=2)
    settled = None
    n_hidden = 0
    try:
        for packet in container.demux(stream):
            n_hidden += packet.is_discard
            if packet.size == 0 or packet.is_discard:  # the end, and what an edit list hides
                continue
            if packet.pts is None:
                return _count_frames(container)
            pts.append(packet.pts)
            places[packet.pos] = settled = packet.dts
            faults.append(packet.is_corrupt)
            if packet.is_keyframe:
                keyframes.append(packet.pts)
    except av.FFmpegError:
        is_cut = True
    is_cut = is_cut or any(faults) or _ends_within_transport_packet(container)
    if len(set(pts)) != len(pts) or not _agrees_with_index(container, stream, places):
        return replace(_count_frames(container), is_cut=is_cut)
    return FrameTable(
        np.sort(np.array(pts, dtype=np.int64)),
        np.sort(np.array(keyframes, dtype=np.int64)),
        is_cut=is_cut,
        n_hidden=n_hidden,
        settled=settled,
    )


def _ends_within_transport_packet(container: Any) -> bool:
    """Return whether a transport stream (.ts, .m2ts) ends in the middle of a packet.

    It announces no length. Its packets are of 188 bytes each, and each begins with 0x47 (ISO/IEC 13818-1,
    2.4.3.2); some recorders write four bytes before each, or sixteen after it.
    """
    if container.format.name != "mpegts":
        return False
    path = Path(container.name)
    with path.open("rb") as file:
        head = file.read(TRANSPORT_HEAD_BYTES)
    for period in TRANSPORT_PERIODS_BYTES:
        for first in range(period):
            starts = head[first::period]
            if len(starts) > 2 and set(starts) == {TRANSPORT_SYNC}:
                rest = (path.stat().st_size - first) % period
                return 0 < rest < TRANSPORT_PACKET_BYTES
    return False


def _agrees_with_index(container: Any, stream: Any, places: dict[int, int | None]) -> bool:
    """Return whether a seek finds the same frame under a number as reading in order does.

    AVI has no times but the order of its frames, so after a lost one, its index and what is in it disagree.
    """
    if container.format.name != "avi" or stream.frames == len(places):
        return True
    return all(
        places.get(entry.pos + AVI_CHUNK_HEADER_BYTES, entry.timestamp) == entry.timestamp
        for entry in stream.index_entries
    )


def _count_frames(container: Any) -> FrameTable:
    from marey.video.decoding import decode_packets, open_container

    # Opened again, because bare streams (.h264) cannot be wound back.
    container, stream = open_container(Path(container.name))
    with container:
        n_frames = sum(1 for _ in decode_packets(container, stream))
    return FrameTable(np.arange(n_frames), np.zeros(min(1, n_frames), dtype=np.int64), is_counted=True)
