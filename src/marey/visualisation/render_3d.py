"""A video of 3D poses: a skeleton that slowly rotates, beside the cameras' videos with its projections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import AlreadyExistsError, InputError
from marey.model import Skeleton, create_poses, standardise_poses
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.visualisation.palettes import choose_animal_colours, choose_colours
from marey.visualisation.render import draw_frames, write_beside
from marey.visualisation.space import Stage
from marey.visualisation.style import RenderStyle
from marey.visualisation.subject import Subject, find_skeleton

if TYPE_CHECKING:
    import xarray as xr

    from marey.cameras import Camera, Rig

DEFAULT_HEIGHT = 720
DEGREES_PER_S = 36.0
REPORT_EVERY_FRAMES = 10
DEFAULT_FPS = 30.0


def render_3d(
    poses: xr.Dataset,
    output: str | Path,
    *,
    videos: Mapping[str, str | Path] | None = None,
    rig: Rig | None = None,
    offsets: Mapping[str, int] | None = None,
    skeleton: Skeleton | None = None,
    up: np.ndarray | None = None,
    height: int = DEFAULT_HEIGHT,
    degrees_per_s: float = DEGREES_PER_S,
    start: int | None = None,
    stop: int | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Path:
    """Draw 3D poses as a video.

    Parameters
    ----------
    poses
        3D poses.
    output
        The video to write.
    videos
        The cameras' videos by name, shown beside the skeleton with the projections of the points.
    rig
        The calibrated cameras; needed with `videos`.
    offsets
        Frames by which a camera started early, as in :func:`marey.reconstruction.triangulate`.
    skeleton
        Whose edges are drawn; by default the one stored with the poses.
    up
        The direction that is up in the world; by default that of the cameras' pictures, or z without cameras.
    height
        Of the video, pixels.
    degrees_per_s
        How fast the view turns.
    start, stop
        Frames from `start` up to but without `stop`.
    overwrite
        Replace `output` if it exists.
    progress
        Is told after every few frames.

    Raises
    ------
    AlreadyExistsError
        `output` exists and `overwrite` is false.
    InputError
        The poses are not 3D, a camera is not calibrated, a video is too short, or there are no frames.
    """
    from marey.video import VideoWriter

    output = Path(output)
    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or --overwrite")
    poses = _chosen(standardise_poses(poses), start, stop)
    videos = dict(videos or {})
    _check_cameras(videos, rig)
    subject = Subject.of(poses)
    fps = subject.fps if subject.is_timed else DEFAULT_FPS
    skeleton = find_skeleton(poses, skeleton)
    with ExitStack() as opened:
        tiles = [
            _camera_pictures(
                opened, poses, rig, name, path, (offsets or {}).get(name, 0), skeleton, height, len(videos)
            )
            for name, path in videos.items()
        ]
        stage = _plan(poses, skeleton, _up(up, rig), height)
        pictures = _compose(stage, tiles, fps, degrees_per_s, height)
        first = next(pictures)
        size = first.shape[1], first.shape[0]
        total = poses.sizes["time"]
        with VideoWriter(output, fps=fps, size=size) as writer:
            for n in write_beside(writer, _chain(first, pictures)):
                if n % REPORT_EVERY_FRAMES == 0 or n == total:
                    progress(Progress(f"rendering {output.name}", n, total))
    return output


def _chain(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _chosen(poses: xr.Dataset, start: int | None, stop: int | None) -> xr.Dataset:
    if poses.sizes["space"] != 3:
        raise InputError(
            f"expected poses in 3D, got {poses.sizes['space']} axes", hint="draw 2D poses with `marey render`"
        )
    frames = poses["frame"].to_numpy()
    keep = (frames >= (-np.inf if start is None else start)) & (frames < (np.inf if stop is None else stop))
    if not keep.any():
        covered = (
            f"the poses cover {frames.min()} to {frames.max()}" if len(frames) else "the poses have none"
        )
        raise InputError(
            f"expected frames to draw, but from {start} up to {stop} there is none", hint=covered
        )
    return poses.isel(time=keep)


def _check_cameras(videos: Mapping[str, str | Path], rig: Rig | None) -> None:
    if videos and rig is None:
        raise InputError(
            "to draw into videos, their calibration is needed", hint="give it with --calibration"
        )
    for name in videos:
        if rig is not None and name not in rig:
            raise InputError(
                f"there is no camera {name!r} in the calibration",
                hint=f"its cameras are {', '.join(rig.names)}",
            )


def _up(up: np.ndarray | None, rig: Rig | None) -> np.ndarray:
    if up is not None:
        return np.asarray(up, dtype=np.float64)
    if rig is None:
        return np.array([0.0, 0.0, 1.0])
    # The pictures' own up, y upwards, of all cameras; of those that look straight down it is anything.
    mean = -np.mean([camera.rotation_matrix[1] for camera in rig], axis=0)
    return mean if np.linalg.norm(mean) > 1e-6 else np.array([0.0, 0.0, 1.0])


def _plan(poses: xr.Dataset, skeleton: Skeleton, up: np.ndarray, height: int) -> Stage:
    points = np.moveaxis(poses["position"].to_numpy(), 1, -1)
    n_keypoints, n_individuals = points.shape[1:3]
    if n_individuals > 1:
        colours = np.broadcast_to(choose_animal_colours(n_individuals)[None], (n_keypoints, n_individuals, 3))
    else:
        colours = choose_colours(n_keypoints)[:, None]
    return Stage.plan(points, skeleton.edge_indices, colours, (height, height), up)


def _camera_pictures(
    opened: ExitStack,
    poses: xr.Dataset,
    rig: Rig | None,
    name: str,
    path: str | Path,
    offset: int,
    skeleton: Skeleton,
    height: int,
    n_videos: int,
) -> Iterator[np.ndarray]:
    """Return the pictures of one camera with what is projected into it, one for each row of `poses`."""
    from marey.video import open_video

    assert rig is not None
    video = open_video(path)
    opened.callback(video.close)
    frames = poses["frame"].to_numpy() + offset
    if frames.min() < 0 or frames.max() >= video.n_frames:
        raise InputError(
            f"the poses need frames {frames.min()} to {frames.max()} of camera {name!r}, but {path} has "
            f"{video.n_frames}",
            hint="is it the right video, and are the offsets right?",
        )
    tile = height // (1 if n_videos == 1 else 2)
    style = RenderStyle(names="none", scale=tile / video.height)
    camera = _of_size(rig[name], (video.width, video.height), path)
    return draw_frames(video, _projected(poses, camera, frames), style=style, skeleton=skeleton)


def _of_size(camera: Camera, size: tuple[int, int], path: str | Path) -> Camera:
    """Return the camera whose images have this size: the same one, or that of smaller or larger copies."""
    scale = np.array(size) / camera.size
    if np.ptp(scale) * max(camera.size) > 2:  # beyond rounding to whole or even pixels
        raise InputError(
            f"expected images of {camera.size[0]} × {camera.size[1]} from camera {camera.name!r}, as it was "
            f"calibrated, but {path} has {size[0]} × {size[1]}",
            hint="was the video cropped or turned? draw over the one that the poses were found in",
        )
    return camera if camera.size == size else camera.resized(size)


def _projected(poses: xr.Dataset, camera: Camera, frames: np.ndarray) -> xr.Dataset:
    points = np.moveaxis(poses["position"].to_numpy(), 1, -1)
    pixels = camera.project(points.reshape(-1, 3)).reshape(*points.shape[:-1], 2)
    return create_poses(
        np.moveaxis(pixels, -1, 1),
        keypoints=[str(k) for k in poses["keypoint"].to_numpy()],
        individuals=[str(i) for i in poses["individual"].to_numpy()],
        frames=frames,
    )


def _compose(
    stage: Stage, tiles: list[Iterator[np.ndarray]], fps: float, degrees_per_s: float, height: int
) -> Iterator[np.ndarray]:
    """Yield the videos in two rows (one is alone), and the skeleton at their right."""
    for row in range(len(stage.points)):
        panel = stage.draw(row, 40.0 + degrees_per_s * row / fps)
        pictures = [next(tile) for tile in tiles]
        if not pictures:
            yield panel
            continue
        columns = [pictures] if len(pictures) == 1 else [pictures[::2], pictures[1::2]]
        rows = [
            np.concatenate([_of_height(p, height // len(columns)) for p in line], axis=1) for line in columns
        ]
        width = max(line.shape[1] for line in rows)
        padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0))) for line in rows]
        left = np.concatenate(padded, axis=0)
        yield np.concatenate([left, panel[: left.shape[0]]], axis=1)


def _of_height(picture: np.ndarray, height: int) -> np.ndarray:
    """Return the picture cut or padded by the pixel or two that even sides cost."""
    picture = picture[:height]
    return np.pad(picture, ((0, height - picture.shape[0]), (0, 0), (0, 0)), mode="edge")
