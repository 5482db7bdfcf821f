"""Small videos whose frames carry their number, in every kind that tests need."""

import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BLOCK_PX = 16
COLUMNS, ROWS = 6, 2
WIDTH, HEIGHT = COLUMNS * BLOCK_PX, 64
TIME_BASE = Fraction(1, 90_000)


def draw_frame(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Return uint8 RGB with `number` in 12 black or white blocks, and a coloured shade that moves."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([x * 2 % 256, y * 3 % 256, (x + y + 5 * number) % 256], axis=-1).astype(np.uint8)
    for bit in range(COLUMNS * ROWS):
        row, column = divmod(bit, COLUMNS)
        block = np.s_[row * BLOCK_PX : (row + 1) * BLOCK_PX, column * BLOCK_PX : (column + 1) * BLOCK_PX]
        image[block] = 235 if number >> bit & 1 else 20
    return image


def read_number(image: np.ndarray) -> int:
    """Return the number that a frame carries."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    blocks = grey[: ROWS * BLOCK_PX, : COLUMNS * BLOCK_PX].reshape(ROWS, BLOCK_PX, COLUMNS, BLOCK_PX)
    bits = blocks[:, 4:-4, :, 4:-4].mean(axis=(1, 3)).ravel() > 128
    return int(sum(1 << bit for bit in np.flatnonzero(bits)))


def write_video(
    path: Path,
    images: Iterable[np.ndarray],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    fps: int = 25,
    times_s: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    gop: int = 250,
    b_frames: int = 0,
    skip: int = 0,
) -> Path:
    """Encode RGB images (or uint16 grey ones).

    `skip` gives the first frames times before 0, which an MP4 file hides with an edit list.
    """
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = None
        for number, image in enumerate(images):
            if stream is None:
                stream = container.add_stream(codec, rate=fps, options=options or {})
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = pix_fmt
                stream.codec_context.gop_size = gop
                stream.codec_context.max_b_frames = b_frames
                if times_s is not None or skip:
                    stream.codec_context.time_base = TIME_BASE
            frame = av.VideoFrame.from_ndarray(image, format="gray16le" if image.ndim == 2 else "rgb24")
            if times_s is not None or skip:
                seconds = number / fps if times_s is None else times_s[number]
                frame.pts, frame.time_base = round((seconds - skip / fps) / TIME_BASE), TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbered_video(path: Path, n: int = 40, **settings: object) -> Path:
    """Write a video whose frame k carries the number k."""
    return write_video(path, (draw_frame(k) for k in range(n)), **settings)


def turn_by_metadata(path: Path) -> Path:
    """Make players show an MP4 turned by 90° clockwise."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, HEIGHT * one, 0, 1 << 30)
    path.write_bytes(data)
    return path


def write_sound(path: Path) -> Path:
    """Write a file with sound and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        for k in range(5):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, k * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def has_encoder(name: str) -> bool:
    """Return whether this build of FFmpeg can encode with `name`."""
    try:
        av.Codec(name, "w")
    except (av.FFmpegError, ValueError):
        return False
    return True


X265_QUIET = {"x265-params": "log-level=none:keyint=10:bframes=3:open-gop=1:pools=1"}
OPEN_GOP = {"x264-params": "open-gop=1:keyint=10:min-keyint=10:bframes=3"}

# Name to (file name, encoder, how to make it with 40 frames).
KINDS: dict[str, tuple[str, str, Callable[[Path], Path]]] = {
    "b-frames": ("b.mp4", "libx264", lambda p: numbered_video(p, b_frames=3, gop=12)),
    "long-gop": ("long.mp4", "libx264", lambda p: numbered_video(p, n=120, b_frames=3, gop=300)),
    "open-gop": ("open.mp4", "libx264", lambda p: numbered_video(p, options=OPEN_GOP)),
    "matroska": ("m.mkv", "libx264", lambda p: numbered_video(p, b_frames=3, gop=12)),
    "variable": (
        "vfr.mp4",
        "libx264",
        lambda p: numbered_video(p, times_s=[k / 25 + 0.3 * (k // 7) for k in range(40)], b_frames=2, gop=9),
    ),
    "transport": ("t.ts", "libx264", lambda p: numbered_video(p, b_frames=3, gop=12)),
    "transport-open": ("o.ts", "libx264", lambda p: numbered_video(p, options=OPEN_GOP)),
    "avi-b-frames": ("b.avi", "mpeg4", lambda p: numbered_video(p, codec="mpeg4", b_frames=2, gop=10)),
    "avi-h264": ("h.avi", "libx264", lambda p: numbered_video(p, gop=10)),
    "mjpeg": ("j.avi", "mjpeg", lambda p: numbered_video(p, codec="mjpeg", pix_fmt="yuvj420p")),
    "hevc": ("h.mp4", "libx265", lambda p: numbered_video(p, codec="libx265", options=X265_QUIET)),
    "yuv444": ("444.mp4", "libx264", lambda p: numbered_video(p, pix_fmt="yuv444p", b_frames=2, gop=10)),
    "ten-bit": ("10.mkv", "ffv1", lambda p: numbered_video(p, codec="ffv1", pix_fmt="yuv422p10le")),
    "grey": ("g.mkv", "ffv1", lambda p: numbered_video(p, codec="ffv1", pix_fmt="gray")),
    "bare-stream": ("camera.h264", "libx264", lambda p: numbered_video(p, b_frames=2, gop=12)),
    "intra-refresh": (
        "ir.ts",
        "libx264",
        lambda p: numbered_video(p, options={"x264-params": "intra-refresh=1:keyint=12:bframes=2"}),
    ),
    "interlaced": (
        "i.mp4",
        "libx264",
        lambda p: numbered_video(p, options={"x264-params": "interlaced=1:keyint=12:bframes=2"}),
    ),
    "vp8-hidden-frames": (
        "v8.webm",
        "libvpx",
        lambda p: numbered_video(
            p, codec="libvpx", gop=12, options={"auto-alt-ref": "1", "lag-in-frames": "10", "cpu-used": "8"}
        ),
    ),
    "webm": (
        "v.webm",
        "libvpx-vp9",
        lambda p: numbered_video(p, codec="libvpx-vp9", gop=10, options={"cpu-used": "8"}),
    ),
}
