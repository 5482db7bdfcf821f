"""Calibration of six cameras from 200 views of a board: time, and the error against the known truth.

    python bench/calibration.py simulate sightings.npz
    python bench/calibration.py marey sightings.npz
    python bench/calibration.py anipose sightings.npz      # with a Python that has aniposelib

The cameras stand around the board on a ring of 1.4 m; each sees it where all of its 48 corners are inside the
image and its face is turned to the camera; corners have noise of 0.2 px; principal points are about
10 px off the middle, as those of real lenses are. The seed is 1. Both start from the
corners in the images and end with a bundle adjustment over everything.
"""

import resource
import sys
import time

import numpy as np

SIZE = (1280, 1024)
COLUMNS, ROWS, SQUARE = 8, 6, 30.0
N_CAMERAS, N_VIEWS, NOISE_PX = 6, 200, 0.2
DISTORTION = (-0.25, 0.08, 0.0, 0.0, 0.0)


def simulate(path: str) -> None:
    """Write the corners that each camera sees, and the true cameras."""
    from scipy.spatial.transform import Rotation

    from marey.cameras import Camera
    from marey.cameras.boards import Chessboard

    rng = np.random.default_rng(1)
    board = Chessboard(COLUMNS, ROWS, SQUARE)
    middle = board.points.mean(axis=0)
    cameras = []
    for number in range(N_CAMERAS):
        angle = 2 * np.pi * number / N_CAMERAS
        centre = np.array([700 * np.cos(angle), 700 * np.sin(angle), 900.0])
        ahead = -centre / np.linalg.norm(centre)
        right = np.cross(ahead, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        turn = np.stack([right, np.cross(ahead, right), ahead])
        cx, cy = np.array([639.5, 511.5]) + rng.normal(0, 10, 2)
        matrix = np.array([[1000, 0, cx], [0, 1001, cy], [0, 0, 1.0]])
        camera = Camera(f"c{number}", SIZE, matrix, np.array(DISTORTION), np.zeros(3), np.zeros(3))
        cameras.append(camera.placed(turn, -turn @ centre))
    corners = np.full((N_CAMERAS, N_VIEWS, len(board.points), 2), np.nan)
    for view in range(N_VIEWS):
        turn = Rotation.from_euler("zyx", [rng.uniform(-3, 3), *rng.uniform(-0.6, 0.6, 2)]) * (
            Rotation.from_euler("x", np.pi)
        )
        points = (board.points - middle) @ turn.as_matrix().T + rng.uniform(-150, 150, 3)
        for number, camera in enumerate(cameras):
            pixels = camera.project(points)
            is_inside = ((pixels > 5) & (pixels < np.array(SIZE) - 5)).all()
            towards = camera.centre - points.mean(axis=0)
            is_facing = turn.as_matrix()[:, 2] @ towards < -0.4 * np.linalg.norm(towards)
            if is_inside and is_facing:
                corners[number, view] = pixels + rng.normal(0, NOISE_PX, pixels.shape)
    centres = np.array([camera.centre for camera in cameras])
    np.savez(path, corners=corners, centres=centres)
    seen = np.isfinite(corners[..., 0, 0])
    print(f"{seen.sum()} of {seen.size} images show the board, {seen.any(axis=0).sum()} of {N_VIEWS} views")


def report(name: str, centres: np.ndarray, truth: np.ndarray, focal: np.ndarray, seconds: float) -> None:
    """Print the time, and how far distances between cameras and focal lengths are off."""
    pairs = np.triu_indices(len(truth), 1)
    found, true = (np.linalg.norm(c[pairs[0]] - c[pairs[1]], axis=1) for c in (centres, truth))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {seconds:.1f} s, distances between cameras off by {np.abs(found - true).mean():.3f} mm, "
        f"focal lengths by {np.abs(focal - 1000).mean():.3f} px, {memory:.0f} MB"
    )


def run_marey(path: str) -> None:
    """Calibrate with Marey."""
    from marey.cameras.boards import Chessboard
    from marey.cameras.calibrate import calibrate
    from marey.cameras.sightings import Sightings

    data = np.load(path)
    names = tuple(f"c{number}" for number in range(N_CAMERAS))
    views = tuple(str(view) for view in range(N_VIEWS))
    sizes = np.tile(SIZE, (N_CAMERAS, 1))
    sightings = Sightings(Chessboard(COLUMNS, ROWS, SQUARE), names, sizes, views, data["corners"])
    began, cpu_began = time.perf_counter(), time.process_time()
    found = calibrate(sightings)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    centres = np.array([camera.centre for camera in found.rig])
    focal = np.array([camera.matrix[0, 0] for camera in found.rig])
    report("marey", centres, data["centres"], focal, took)
    print(f"  {cpu:.1f} s of processor")
    again = calibrate(sightings)
    same = all(
        (a.matrix == b.matrix).all() and (a.translation == b.translation).all()
        for a, b in zip(found.rig, again.rig, strict=True)
    )
    print(f"the same twice, bit for bit: {same}; {found.rms_px:.3f} px RMS")


def run_anipose(path: str) -> None:
    """Calibrate with aniposelib, all defaults."""
    import cv2
    from aniposelib.boards import Checkerboard
    from aniposelib.cameras import Camera, CameraGroup

    np.random.seed(1)  # noqa: NPY002 - aniposelib draws from the global one
    data = np.load(path)
    board = Checkerboard(COLUMNS, ROWS, square_length=SQUARE)
    rows = [
        [
            {
                "framenum": (0, view),
                "corners": corners[view][:, None].astype(np.float32),
                "ids": np.arange(COLUMNS * ROWS),
            }
            for view in range(N_VIEWS)
            if np.isfinite(corners[view]).all()
        ]
        for corners in data["corners"]
    ]
    for camera_rows in rows:
        for row in camera_rows:
            row["filled"] = row["corners"]
    group = CameraGroup([Camera(name=f"c{number}", size=SIZE) for number in range(N_CAMERAS)])
    began = time.perf_counter()
    group.calibrate_rows(rows, board, verbose=False)
    took = time.perf_counter() - began
    centres = []
    for camera in group.cameras:
        R = cv2.Rodrigues(camera.get_rotation())[0]
        centres.append(-R.T @ np.ravel(camera.get_translation()))
    focal = np.array([camera.get_camera_matrix()[0, 0] for camera in group.cameras])
    report("aniposelib", np.array(centres), data["centres"], focal, took)


if __name__ == "__main__":
    {"simulate": simulate, "marey": run_marey, "anipose": run_anipose}[sys.argv[1]](sys.argv[2])
