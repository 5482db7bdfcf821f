"""Labelled videos, in one streamed pass."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import AlreadyExistsError, InputError
from marey.model import Skeleton
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.visualisation.drawing import EDGE_RGB, Painter, Scene, opacity_of
from marey.visualisation.lettering import TEXT_RGB, Stamp, draw_legend, is_small, letter_size
from marey.visualisation.palettes import choose_animal_colours, choose_colours
from marey.visualisation.style import RenderStyle
from marey.visualisation.subject import Subject, find_skeleton
from marey.visualisation.views import View, plan_views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import xarray as xr

    from marey.video import FrameSource, VideoWriter

MAX_OUTPUT_FPS = 60.0
REPORT_EVERY_FRAMES = 10
MAX_WAITING = 4
MOST_HIDDEN = 0.01
"""Where a legend hides a larger share of the points, the names stand at the animals."""
PALENESS = 0.4
"""How much lighter names are than points: dark letters are not read on their dark rim."""


def render_video(
    video: str | Path,
    poses: xr.Dataset,
    output: str | Path,
    *,
    style: RenderStyle | None = None,
    skeleton: Skeleton | None = None,
    start: int | None = None,
    stop: int | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Path:
    """Draw poses into their video.

    Parameters
    ----------
    video
        The video that the poses belong to.
    poses
        The poses Dataset; row i is drawn into frame ``frame[i]``. Frames without a row are shown bare.
    output
        The video to write; its suffix chooses the container.
    style
        How it looks.
    skeleton
        Whose edges are drawn; by default the one stored with the poses.
    start, stop
        Frames from `start` up to but without `stop`; by default the frames that the poses cover.
    overwrite
        Replace `output` if it exists.
    progress
        Is told after every few frames.

    Returns
    -------
    pathlib.Path
        `output`.

    Raises
    ------
    AlreadyExistsError
        `output` exists and `overwrite` is false.
    InputError
        The poses have frames that the video has not, or the range is empty.
    """
    from marey.video import VideoWriter, open_video

    output, style = Path(output), style or RenderStyle()
    if output.exists() and not overwrite:
        raise AlreadyExistsError(f"{output} exists already", hint="choose another name, or --overwrite")
    subject = Subject.of(poses)
    with open_video(video) as opened:
        first, last = _check_range(subject, opened, start, stop)
        fps = opened.fps or subject.fps
        step = max(1, int(np.ceil(fps * style.speed / max(MAX_OUTPUT_FPS, fps))))
        studio = _Studio(poses, subject, (opened.width, opened.height), fps, style, skeleton)
        total = -(-(last - first) // step)
        with VideoWriter(output, fps=fps * style.speed / step, size=studio.picture_size) as writer:
            for n in write_beside(writer, studio.pictures(opened, first, last, step)):
                if n % REPORT_EVERY_FRAMES == 0 or n == total:
                    progress(Progress(f"rendering {output.name}", n, total))
    return output


def render_frame(
    video: FrameSource,
    poses: xr.Dataset,
    frame: int,
    *,
    style: RenderStyle | None = None,
    skeleton: Skeleton | None = None,
) -> np.ndarray:
    """Draw one frame as :func:`render_video` does.

    Parameters
    ----------
    video
        An open video.
    poses, style, skeleton
        As for :func:`render_video`; with ``follow``, the window depends on all rows of the poses.
    frame
        Its number.

    Returns
    -------
    np.ndarray
        uint8 RGB, shape (H, W, 3).

    Raises
    ------
    InputError
        The video has no such frame.
    """
    style, subject = style or RenderStyle(), Subject.of(poses)
    first, last = _check_range(subject, video, frame, frame + 1)
    size = (video.width, video.height)
    studio = _Studio(poses, subject, size, video.fps or subject.fps, style, skeleton)
    return next(studio.pictures(video, first, last, 1))


def write_beside(writer: VideoWriter, pictures: Iterable[np.ndarray]) -> Iterator[int]:
    """Write pictures in a thread while the next ones are drawn; yield how many were handed over."""
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="marey-encoding") as pool:
        for n, picture in enumerate(pictures, 1):
            waiting.append(pool.submit(writer.write, picture))
            if len(waiting) > MAX_WAITING:
                waiting.popleft().result()
            yield n
        for job in waiting:
            job.result()


def draw_frames(
    video: FrameSource, poses: xr.Dataset, *, style: RenderStyle, skeleton: Skeleton | None = None
) -> Iterator[np.ndarray]:
    """Yield the frames of a video from the first to the last that the poses cover, with the poses drawn in.

    Parameters
    ----------
    video
        An open video.
    poses
        2D poses; row i is drawn into frame ``frame[i]``.
    style, skeleton
        As in :func:`render_video`.
    """
    subject = Subject.of(poses)
    first, last = _check_range(subject, video, None, None)
    fps = video.fps or subject.fps
    studio = _Studio(poses, subject, (video.width, video.height), fps, style, skeleton)
    return studio.pictures(video, first, last, 1)


def _check_range(
    subject: Subject, video: FrameSource, start: int | None, stop: int | None
) -> tuple[int, int]:
    frames = subject.frames
    if len(frames) and frames.max() >= video.n_frames:
        raise InputError(
            f"the poses go up to frame {frames.max()}, but {video.path} has only {video.n_frames} frames",
            hint="is it the video that the poses were made from?",
        )
    covered = (int(frames.min()), int(frames.max()) + 1) if len(frames) else (0, video.n_frames)
    first = covered[0] if start is None else max(0, start)
    last = covered[1] if stop is None else min(stop, video.n_frames)
    if first >= last:
        raise InputError(
            f"expected frames to draw, but from {first} up to {last} there is none",
            hint=f"the video has {video.n_frames} frames, the poses cover {covered[0]} to {covered[1] - 1}",
        )
    return first, last


class _Studio:
    """All that stays the same from frame to frame."""

    def __init__(
        self,
        poses: xr.Dataset,
        subject: Subject,
        frame_size: tuple[int, int],
        fps: float,
        style: RenderStyle,
        skeleton: Skeleton | None,
    ) -> None:
        self.style = style
        self.subject = subject
        colouring = _choose_colouring(subject, style)
        scene = _build_scene(poses, subject, fps, style, skeleton, colouring)
        shown = np.where(scene.opacity[..., None] > 0, scene.points, np.nan)
        self.views = plan_views(frame_size, shown, fps, style)
        self.row_of = {int(frame): row for row, frame in enumerate(subject.frames)}
        self.picture_size = size = self._view(0).size
        self.margin = max(4, size[1] // 60)
        self.legend = (
            draw_legend(colouring.names, colouring.colours, size) if style.names == "legend" else None
        )
        self.legend_at, n_hidden = self._find_free_corner(shown)
        has_several = len(subject.individuals) > 1
        if self.legend is not None and colouring.is_by_individual and has_several:
            n_shown = np.isfinite(shown).all(axis=-1).sum()
            if n_hidden > MOST_HIDDEN * n_shown or not is_small(self.legend.size, size):
                self.legend = None
        if has_several and style.names != "none" and (style.names == "points" or self.legend is None):
            scene = replace(scene, animal_names=colouring.stamp_animals(subject.individuals, size))
        self.painter = Painter(scene, style, size)

    def pictures(self, video: FrameSource, first: int, last: int, step: int) -> Iterator[np.ndarray]:
        """Yield the finished pictures, uint8 RGB (H, W, 3)."""
        row, times = 0, video.timestamps_s if self.style.show_time else None
        for index, frame in video.frames(first, last, step):
            known = self.row_of.get(index)
            row = row if known is None else known
            view = self._view(row)
            picture = view.show(frame.rgb())
            if known is not None:
                self.painter.paint(picture, known, view)
            if self.legend is not None:
                self.legend.put(picture, *self.legend_at)
            if times is not None:
                self._put_time(picture, index, times[index])
            yield picture

    def _find_free_corner(self, points: np.ndarray) -> tuple[tuple[int, int], int]:
        """Return where the legend hides the fewest points (both upper corners, lower left), and how many."""
        if self.legend is None:
            return (self.margin, self.margin), 0
        room = np.array(self.legend.size) + 2 * self.margin
        right, bottom = np.array(self.picture_size) - self.legend.size - self.margin
        corners = [(self.margin, self.margin), (int(right), self.margin), (self.margin, int(bottom))]
        if isinstance(self.views, View):
            placed = self.views.points(points.reshape(-1, 2))
        else:
            rows = [view.points(row.reshape(-1, 2)) for view, row in zip(self.views, points, strict=True)]
            placed = np.concatenate(rows) if rows else np.empty((0, 2))
        hidden = [
            ((placed >= np.array(c) - self.margin) & (placed < np.array(c) - self.margin + room))
            .all(axis=1)
            .sum()
            for c in corners
        ]
        return corners[int(np.argmin(hidden))], int(min(hidden))

    def _view(self, row: int) -> View:
        return self.views if isinstance(self.views, View) else self.views[row]

    def _put_time(self, picture: np.ndarray, index: int, time_s: float) -> None:
        height, width = picture.shape[:2]
        stamp = Stamp.of_text(f"frame {index}   {time_s:.2f} s", letter_size((width, height)))
        stamp.put(picture, width - stamp.size[0] - self.margin, height - stamp.size[1] - self.margin)


@dataclass(frozen=True)
class _Colouring:
    """What has which colour: the animals, or else the keypoints.

    Parameters
    ----------
    is_by_individual
        Whether it is the animals.
    names, colours
        Of the animals or keypoints; RGB, uint8, shape (n, 3).
    """

    is_by_individual: bool
    names: tuple[str, ...]
    colours: np.ndarray

    def stamp_animals(self, individuals: tuple[str, ...], picture_size: tuple[int, int]) -> tuple[Stamp, ...]:
        """Return the names of the animals, in their colours where they have some."""
        pale = np.rint(self.colours + (255 - self.colours.astype(float)) * PALENESS)
        rgb = pale if self.is_by_individual else [TEXT_RGB] * len(individuals)
        size = round(0.8 * letter_size(picture_size))
        return tuple(Stamp.of_text(name, size, ink) for name, ink in zip(individuals, rgb, strict=True))


def _choose_colouring(subject: Subject, style: RenderStyle) -> _Colouring:
    n_keypoints, n_individuals = subject.points.shape[1:3]
    if style.colour_by == "individual" or (style.colour_by == "auto" and n_individuals > 1):
        return _Colouring(True, subject.individuals, choose_animal_colours(n_individuals, style.palette))
    return _Colouring(False, subject.keypoints, choose_colours(n_keypoints, style.palette))


def _build_scene(
    poses: xr.Dataset,
    subject: Subject,
    fps: float,
    style: RenderStyle,
    skeleton: Skeleton | None,
    colouring: _Colouring,
) -> Scene:
    """Return what there is to draw, without the names of the animals."""
    n_keypoints, n_individuals = subject.points.shape[1:3]
    colours = colouring.colours
    if colouring.is_by_individual:
        plane = np.broadcast_to(colours[None], (n_keypoints, n_individuals, 3))
        edge_colours = colours
    else:
        plane = np.broadcast_to(colours[:, None], (n_keypoints, n_individuals, 3))
        edge_colours = np.tile(np.array(EDGE_RGB, np.uint8), (n_individuals, 1))
    size = int(np.clip(11 * style.scale, 10, 24))
    has_errors = style.error_circles and "error_90" in poses
    return Scene(
        points=subject.points,
        opacity=opacity_of(subject.points, subject.confidence, style),
        radius_90=poses["error_90"].to_numpy() if has_errors else None,
        edges=find_skeleton(poses, skeleton).edge_indices if style.skeleton else np.empty((0, 2), int),
        colours=plane,
        edge_colours=edge_colours,
        names=[Stamp.of_text(k, size) for k in subject.keypoints] if style.names == "points" else [],
        trail_rows=round(style.trail_s * fps),
    )
