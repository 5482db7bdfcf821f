"""The figures of the pages about several cameras, from cameras and a mouse that are simulated (seed 1).

python bench/figures_3d.py docs/images/space
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras.boards import Chessboard
from marey.cameras.calibrate import Calibration, calibrate
from marey.cameras.figures import errors_over_image
from marey.cameras.rig import Rig
from marey.cameras.sightings import Sightings
from marey.files import atomic_path, write_text
from marey.model import Skeleton
from marey.reconstruction import RefinementSettings, triangulate
from marey.synthesis.recording import RecordingSpec, Scene
from marey.video import VideoWriter, open_video
from marey.visualisation.figures_3d import plot_space
from marey.visualisation.gallery import save_figure
from marey.visualisation.render_3d import render_3d
from triangulation import film, ring

N_FRAMES = 200
FRAME = 120
UP = np.array([0, 0, 1.0])


def calibrated(rig: Rig) -> Calibration:
    """Calibrate from a board that is waved about, at the place where it is seen by all."""
    rng = np.random.default_rng(1)
    board = Chessboard(9, 6, 30.0)
    middle = board.points.mean(axis=0)
    corners = np.full((len(rig), 14, len(board.points), 2), np.nan)
    for view in range(corners.shape[1]):
        turn = Rotation.from_euler("xyz", [np.pi + rng.uniform(-0.5, 0.5), *rng.uniform(-0.5, 0.5, 2)])
        points = (board.points - middle) @ turn.as_matrix().T + rng.uniform(-180, 180, 3)
        for number, camera in enumerate(rig):
            pixels = camera.project(points)
            if ((pixels > 0) & (pixels < camera.size)).all():
                corners[number, view] = pixels + rng.normal(0, 0.15, pixels.shape)
    sizes = np.array([camera.size for camera in rig])
    views = tuple(f"view {view}" for view in range(corners.shape[1]))
    return calibrate(Sightings(board, rig.names, sizes, views, corners))


def main(folder: Path) -> None:
    """Draw everything into `folder`."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    rig = Rig(tuple(camera.cropped(370, 312, (540, 400)) for camera in ring(4)))
    write_text(folder / "errors.svg", errors_over_image(calibrated(ring(4))))
    scene = Scene.build(RecordingSpec(n_frames=N_FRAMES, seed=1))
    body = scene.keypoints_mm[:, 0]
    body = body - np.nanmean(body, axis=(0, 1))
    skeleton = scene.spec.body.skeleton
    names = list(skeleton.keypoints)
    poses = {
        name: table.assign_coords(keypoint=names)
        for name, table in film(rig, body, np.random.default_rng(1)).items()
    }
    result = triangulate(poses, rig, refinement=RefinementSettings())
    figure = plot_space(result.isel(keypoint=slice(0, 3)))
    save_figure(figure, folder / "coordinates.png")
    around, height = np.linspace(0, 2 * np.pi, 200), np.full(200, np.nanmin(body[..., 2]))
    floor = np.column_stack([150 * np.cos(around), 150 * np.sin(around), height])
    picture = np.full((*rig.cameras[0].size[::-1], 3), 70, np.uint8)
    edge = np.rint(rig.cameras[0].project(floor)).astype(np.int32)
    cv2.fillPoly(picture, [edge], (205, 205, 200), cv2.LINE_AA)
    with tempfile.TemporaryDirectory() as place:
        video, drawn = Path(place) / "c0.mp4", Path(place) / "space.mp4"
        with VideoWriter(video, fps=30, size=rig.cameras[0].size) as writer:
            for _ in range(N_FRAMES):
                writer.write(picture)
        render_3d(
            result, drawn, videos={"c0": video}, rig=rig, up=UP, height=480, stop=FRAME + 1,
            skeleton=Skeleton(tuple(names), tuple(skeleton.edges)),
        )  # fmt: skip
        with open_video(drawn) as opened:
            frame = opened.read(FRAME)
    _, data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    with atomic_path(folder / "skeleton.jpg") as temporary:
        temporary.write_bytes(data.tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
