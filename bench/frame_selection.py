"""How well chosen frames stand for a video, and what choosing them costs, for each method.

    python bench/frame_selection.py VIDEO [--n 20] [--seeds 3] [--json]

Coverage is the root mean square difference in grey levels between a frame's thumbnail and the most similar
one among the frames chosen, over all frames: its mean, and its 95th percentile, which tells of rare pictures.
Lower is better. The mean of the seeds is printed, and CPU seconds.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from marey.selection import METHODS, select_frames
from marey.selection.thumbnails import make_thumbnails, spread_evenly
from marey.video import open_video

MAX_JUDGED = 3000


def judge(path: Path, n: int, n_seeds: int) -> dict[str, dict[str, float]]:
    """Return coverage and CPU seconds of each method."""
    with open_video(path) as video:
        numbers, thumbnails = make_thumbnails(video, spread_evenly(np.arange(video.n_frames), MAX_JUDGED))
    results = {}
    for method in METHODS:
        rows = []
        for seed in range(n_seeds):
            before = time.process_time()
            with open_video(path) as video:
                chosen = select_frames(video, n, method=method, seed=seed)
            seconds = time.process_time() - before
            places = np.abs(numbers[:, None] - np.array(chosen)).argmin(axis=0)
            distance = coverage(thumbnails, thumbnails[places])
            rows.append((distance.mean(), np.quantile(distance, 0.95), seconds))
        names = ("mean_grey_levels", "p95_grey_levels", "cpu_s")
        results[method] = {
            name: float(value) for name, value in zip(names, np.mean(rows, axis=0), strict=True)
        }
    return results


def coverage(thumbnails: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the root mean square difference from the most similar chosen one, shape (n_frames,)."""
    nearest = np.full(len(thumbnails), np.inf)
    for picture in chosen:
        nearest = np.minimum(nearest, np.sqrt(((thumbnails - picture) ** 2).mean(axis=1)))
    return nearest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = judge(arguments.video, arguments.n, arguments.seeds)
    if arguments.json:
        print(json.dumps(results))
        return
    print(f"{'method':<10} {'mean':>7} {'95 %':>7} {'CPU s':>7}")
    for method, row in results.items():
        print(
            f"{method:<10} {row['mean_grey_levels']:7.2f} {row['p95_grey_levels']:7.2f} {row['cpu_s']:7.2f}"
        )


if __name__ == "__main__":
    main()
