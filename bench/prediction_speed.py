"""Frames/s of the whole command `marey predict`, start to finish, with and without the adaptive crop.

    python bench/prediction_speed.py PROJECT RUN VIDEO [--rounds 3]

On a machine that is not quiet, also read the CPU seconds: divided by the number of cores they bound what the
command would reach alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time


def cpu_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def predict(project: str, run: str, video: str, adaptive_crop: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "marey", "predict", project, video, "--run", run, "--json"]
        command += ["--output", folder, "--adaptive-crop", adaptive_crop]
        began, cpu = time.perf_counter(), cpu_seconds_of_children()
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, cpu = time.perf_counter() - began, cpu_seconds_of_children() - cpu
    (done,) = json.loads(result.stdout)["videos"]
    return {
        "command_frames_per_s": done["n_frames"] / seconds,
        "ceiling_frames_per_s": done["n_frames"] * (os.cpu_count() or 1) / cpu,
        "cpu_ms_per_frame": 1000 * cpu / done["n_frames"],
        "peak_memory_mb": done["peak_memory_mb"],
        "engine": done["engine"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project")
    parser.add_argument("run")
    parser.add_argument("video")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    # The first call translates the network and judges the engines, once for each run and machine.
    predict(arguments.project, arguments.run, arguments.video, "auto")
    for adaptive_crop in ("off", "on"):
        rounds = [
            predict(arguments.project, arguments.run, arguments.video, adaptive_crop)
            for _ in range(arguments.rounds)
        ]
        best = max(rounds, key=lambda one: one["command_frames_per_s"])
        print(json.dumps({"adaptive_crop": adaptive_crop, **best}))


if __name__ == "__main__":
    main()
