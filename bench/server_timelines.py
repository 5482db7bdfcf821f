"""A result of 100,000 frames × 5 animals × 20 keypoints in the browser's server: time and memory.

    python bench/server_timelines.py

What the page does is timed over HTTP, in a server of its own: opening the result with its timeline, stepping
(a window of rows around random frames), and the server's memory before, during and after. Seed 0.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np

from marey.formats import save_poses
from marey.model import Skeleton, append_history, create_poses
from marey.project import Project

N_FRAMES, N_ANIMALS, N_KEYPOINTS = 100_000, 5, 20
N_STEPS = 200
WINDOW = 256


def make_project(folder: Path) -> Project:
    """Five animals that walk at random, in a project whose video is elsewhere."""
    rng = np.random.default_rng(0)
    keypoints = [f"keypoint {i}" for i in range(N_KEYPOINTS)]
    walk = np.cumsum(rng.normal(0, 1, (N_FRAMES, 2, 1, N_ANIMALS)), axis=0) + 500
    shape = rng.normal(0, 20, (1, 2, N_KEYPOINTS, N_ANIMALS))
    noise = rng.normal(0, 0.4, (N_FRAMES, 2, N_KEYPOINTS, N_ANIMALS))
    confidence = rng.uniform(0.3, 1, (N_FRAMES, N_KEYPOINTS, N_ANIMALS)).astype(np.float32)
    poses = create_poses(
        (walk + shape + noise).astype(np.float32),
        keypoints=keypoints,
        individuals=[f"animal {i}" for i in range(N_ANIMALS)],
        confidence=confidence,
        fps=30,
        attributes={"source_file": "long.mp4"},
    )
    project = Project.create(folder / "project", skeleton=Skeleton(tuple(keypoints)))
    project.add_video(folder / "long.mp4", missing_ok=True)
    save_poses(append_history(poses, "predict", run="first"), project.predictions_folder / "long.h5")
    return project


def memory_mb(process: int) -> float:
    """Return the resident memory of a process (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder)
        command = [
            sys.executable,
            "-m",
            "marey",
            "gui",
            str(project.root),
            "--port",
            "0",
            "--no-browser",
            "--json",
        ]
        environment = {**os.environ, "MAREY_STATE": str(folder / "state")}
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            print(json.dumps(measure(server), indent=2))
        finally:
            server.terminate()
            server.wait()


def measure(server: subprocess.Popen) -> dict[str, float]:
    url = httpx.URL(json.loads(server.stdout.readline())["url"])
    headers = {"Authorization": f"Bearer {url.params['token']}"}
    client = httpx.Client(base_url=url.copy_with(path="/", query=None), headers=headers, timeout=60)
    project = f"/api/projects/{client.get('/api/session').json()['project']}"
    client.get(project)
    found = {"memory_before_mb": memory_mb(server.pid)}
    peak = [0.0]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            peak[0] = max(peak[0], memory_mb(server.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    (result,) = client.get(f"{project}/results").json()
    address = f"{project}/results/{result['id']}"
    began = time.perf_counter()
    assert client.get(f"{address}/levels/0", params={"stop": 1}).status_code == 200
    found["first_time_ever_s"] = time.perf_counter() - began  # makes the pyramid, once in the life of a file
    began = time.perf_counter()
    detail = client.get(address).json()
    level = next(level for level in detail["levels"] if level["n_bins"] <= 2000)
    timeline = client.get(f"{address}/levels/{level['level']}").content
    first = client.get(f"{address}/values", params={"start": 0, "stop": WINDOW}).content
    found["open_s"] = time.perf_counter() - began
    found["timeline_mb"] = len(timeline) / 1e6
    assert len(first) == 4 * WINDOW * 2 * N_KEYPOINTS * N_ANIMALS
    rng = np.random.default_rng(0)
    steps = []
    for start in rng.integers(0, N_FRAMES - WINDOW, N_STEPS).tolist():
        began = time.perf_counter()
        client.get(f"{address}/values", params={"start": start, "stop": start + WINDOW}).raise_for_status()
        steps.append(1000 * (time.perf_counter() - began))
    is_over.set()
    watcher.join()
    found |= {
        "step_median_ms": float(np.median(steps)),
        "step_95_ms": float(np.percentile(steps, 95)),
        "memory_peak_mb": peak[0],
        "memory_after_mb": memory_mb(server.pid),
    }
    client.close()
    return {key: round(value, 3) for key, value in found.items()}


if __name__ == "__main__":
    main()
