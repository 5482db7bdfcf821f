"""Eight tabs open while a network is trained: how long the page waits for what it asks.

    python bench/server_tabs.py

Each tab follows the stream of jobs, and asks for frames, labels and the project page, one after the other,
while a training runs in the background; the same is measured before without it. Seed 0.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import av
import httpx
import numpy as np

from marey.model import Instance, LabeledFrame, Skeleton
from marey.project import Project

N_TABS, N_REQUESTS, N_FRAMES = 8, 25, 300
SETTINGS = {
    "steps": 2000,
    "batch_size": 4,
    "whole_side": 128,
    "weights": "none",
    "device": "cpu",
    "workers": 0,
}


def make_project(folder: Path) -> Project:
    """A labelled video of 1280 × 1024."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (1024, 1600, 3), dtype=np.uint8) // 8 + 96
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.gop_size = 1280, 1024, "yuv420p", 12
        for i in range(N_FRAMES):
            image = np.ascontiguousarray(noise[:, i : i + 1280])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    project = Project.create(folder / "project", skeleton=Skeleton(("snout", "neck", "tail")))
    project.add_video(folder / "video.mp4")
    frames = [
        LabeledFrame("video", i, (Instance(rng.uniform(400, 700, (3, 2))),)) for i in range(0, N_FRAMES, 10)
    ]
    project.save_labels("video", frames)
    return project


def use_a_tab(url: httpx.URL, project: str, seed: int, quality: int, waits: dict[str, list[float]]) -> None:
    """Do what a person does in one tab: jump to frames that nobody has looked at."""
    headers = {"Authorization": f"Bearer {url.params['token']}"}
    rng = np.random.default_rng(seed)
    base = url.copy_with(path="/", query=None)
    with (
        httpx.Client(base_url=base, headers=headers, timeout=60) as client,
        client.stream("GET", "/api/jobs/stream") as stream,
    ):
        next(stream.iter_lines())
        for i in range(N_REQUESTS):
            frame = int(rng.integers(0, N_FRAMES))
            kind, path = (
                ("frame", f"{project}/videos/video/frames/{frame}.jpg?quality={quality}"),
                ("labels", f"{project}/labels/video/{frame}"),
                ("project", project),
            )[i % 3]
            began = time.perf_counter()
            client.get(path).raise_for_status()
            waits.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
            time.sleep(0.1)


def measure(url: httpx.URL, project: str, quality: int) -> dict[str, dict[str, float]]:
    waits: dict[str, list[float]] = {}
    tabs = [threading.Thread(target=use_a_tab, args=(url, project, i, quality, waits)) for i in range(N_TABS)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    return {
        kind: {"median_ms": round(float(np.median(ms)), 1), "worst_ms": round(max(ms), 1)}
        for kind, ms in sorted(waits.items())
    }


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
            url = httpx.URL(json.loads(server.stdout.readline())["url"])
            headers = {"Authorization": f"Bearer {url.params['token']}"}
            client = httpx.Client(base_url=url.copy_with(path="/", query=None), headers=headers, timeout=60)
            address = f"/api/projects/{client.get('/api/session').json()['project']}"
            found = {"without a training": measure(url, address, 92)}
            body = {"name": "first", "settings": SETTINGS}
            job = client.post(f"{address}/runs", json=body).raise_for_status().json()
            while (client.get(f"/api/jobs/{job['id']}").json()["progress"] or {}).get("done", 0) < 10:
                time.sleep(0.5)
            # Another quality, so that no frame is there already.
            found["during a training"] = measure(url, address, 93)
            state = client.get(f"/api/jobs/{job['id']}").json()
            assert state["status"] == "running", state
            client.post(f"/api/jobs/{job['id']}/cancel")
            while client.get(f"/api/jobs/{job['id']}").json()["status"] == "running":
                time.sleep(0.5)
            print(json.dumps(found, indent=2))
            client.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
