"""How fast videos are read: whole frames, crops, thumbnails, jumps, and choosing frames with k-means.

    python bench/video_reading.py VIDEO [--repeats 5] [--json]

Prints the median of the repeats in frames per second. Run it on a machine that does nothing else.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from marey.selection import select_frames
from marey.selection.thumbnails import make_thumbnails
from marey.video import DecodedFrame, open_video

CROP_PX = 224
N_JUMPS = 60
N_SELECTED = 20


def measure_all(path: Path, repeats: int) -> dict[str, float]:
    with open_video(path) as video:
        n_frames = video.n_frames
        box = ((video.width - CROP_PX) // 2, (video.height - CROP_PX) // 2, CROP_PX, CROP_PX)
    conversions: dict[str, Callable[[DecodedFrame], object]] = {
        "decoding alone": lambda _frame: None,
        "whole frames, RGB": lambda frame: frame.rgb(),
        f"{CROP_PX}×{CROP_PX} crops, RGB": lambda frame: frame.rgb(box),
        "whole frames, grey": lambda frame: frame.grey(),
        "PyAV's own RGB, one thread": lambda frame: frame.native.to_ndarray(format="rgb24", threads=1),
    }
    rates = {
        name: n_frames / median_seconds(lambda c=convert: read_through(path, c), repeats)
        for name, convert in conversions.items()
    }
    rates["thumbnails"] = n_frames / median_seconds(lambda: thumbnails(path), repeats)
    rates["frames by number, at random"] = N_JUMPS / median_seconds(lambda: jump(path), repeats)
    return rates


def read_through(path: Path, convert: Callable[[DecodedFrame], object]) -> None:
    with open_video(path) as video:
        for _, frame in video.frames():
            convert(frame)


def thumbnails(path: Path) -> None:
    with open_video(path) as video:
        make_thumbnails(video, range(video.n_frames))


def jump(path: Path) -> None:
    with open_video(path) as video:
        for number in np.random.default_rng(0).integers(0, video.n_frames, N_JUMPS):
            video.read(int(number))


def select(path: Path) -> None:
    with open_video(path) as video:
        select_frames(video, N_SELECTED)


def seconds_of_extract_command(path: Path) -> float:
    """Make a project of the video, then time the command that extracts frames, start of Python included."""
    with tempfile.TemporaryDirectory() as folder:
        marey = [sys.executable, "-m", "marey"]
        new = [*marey, "new", f"{folder}/project", "--keypoints", "snout", "--video", str(path)]
        subprocess.run(new, check=True, capture_output=True)
        start = time.perf_counter()
        extract = [*marey, "extract", f"{folder}/project", "--n", str(N_SELECTED)]
        subprocess.run(extract, check=True, capture_output=True)
        return time.perf_counter() - start


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rates = measure_all(arguments.video, arguments.repeats)
    selecting_s = median_seconds(lambda: select(arguments.video), arguments.repeats)
    extracting_s = statistics.median(
        seconds_of_extract_command(arguments.video) for _ in range(arguments.repeats)
    )
    if arguments.json:
        print(json.dumps({"frames_per_s": rates, "kmeans_s": selecting_s, "extract_command_s": extracting_s}))
        return
    for name, rate in rates.items():
        print(f"{name:<32} {rate:8.0f} frames/s")
    print(f"{f'k-means, {N_SELECTED} frames':<32} {selecting_s:8.2f} s")
    print(f"{'marey extract, whole command':<32} {extracting_s:8.2f} s")


if __name__ == "__main__":
    main()
