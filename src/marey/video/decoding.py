"""Opening a container and decoding its packets, with FFmpeg's errors turned into words."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from marey.errors import NotFoundError, VideoError


def open_container(path: Path) -> tuple[Any, Any]:
    """Open a video file; return PyAV's container and its first video stream, decoding on all cores.

    Raises
    ------
    NotFoundError
        There is no such file.
    VideoError
        It is empty, no video, or damaged beyond opening.
    """
    import av

    if not path.is_file():
        raise NotFoundError(f"there is no video at {path}")
    if path.stat().st_size == 0:
        raise VideoError(f"{path} is empty (0 bytes)", hint="copy the recording again")
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{path} cannot be read as a video: {_reason(error)}",
            hint="play it in a media player; if that fails too, the file is damaged or no video. A recording "
            "that was cut off before its end was written can often be repaired with the camera's software",
        ) from error
    streams = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not streams:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        container.close()
        raise VideoError(f"{path} holds no video, only {kinds}", hint="choose the file with the pictures")
    stream = streams[0]
    stream.thread_type = "AUTO"
    return container, stream


def decode_packets(container: Any, stream: Any) -> Iterator[Any]:
    """Decode from where the container stands to its end; packets that cannot be decoded are skipped."""
    import av

    with suppress(av.FFmpegError):
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.EOFError:
                return
            except av.FFmpegError:
                continue
        return
    # The container ended with a fault, in the middle of a packet; what the decoder holds back is good.
    with suppress(av.FFmpegError):
        yield from stream.codec_context.decode(None)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
