"""Runs whose network finds blobs, and a recording of them."""

from pathlib import Path

import numpy as np
import pytest

from two_views import two_view_network

from .blobs import FRAME_SIZE, WHOLE_PLAN, BlobRun, draw_frame, make_run, walk


@pytest.fixture
def run(tmp_path) -> BlobRun:
    return make_run(tmp_path / "Projekt 🐭" / "runs" / "blobs")


@pytest.fixture
def whole_run(tmp_path) -> BlobRun:
    return make_run(tmp_path / "whole" / "runs" / "blobs", WHOLE_PLAN)


@pytest.fixture(scope="session")
def recording(tmp_path_factory) -> tuple[Path, np.ndarray]:
    """A video of 300 frames, and where the blobs are in it."""
    from marey.video import VideoWriter

    truth = walk(300)
    path = tmp_path_factory.mktemp("recording") / "Käfig 1.mp4"
    with VideoWriter(path, fps=25, size=FRAME_SIZE) as writer:
        for points in truth:
            writer.write(draw_frame(points))
    return path, truth


@pytest.fixture(scope="session")
def two_views():
    """A network for crops of 96×64 and for whole frames."""
    return two_view_network()
