"""One pass over a video: decode, predict, and keep what is done, block by block."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import Interrupted, VideoError
from marey.prediction.following import BLOCK_FRAMES, Follower
from marey.prediction.frames import VideoFrame, ahead
from marey.prediction.journal import Journal
from marey.prediction.predictor import Predictor, RawPose
from marey.prediction.request import Selection
from marey.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from marey.runs import Run
    from marey.video import FrameSource

Found = Generator[tuple[VideoFrame, list[RawPose]], None, None]

DECODED_AHEAD = 8
REPORT_EVERY_S = 0.25


@dataclass
class Task:
    """What is the same for all videos of one call."""

    run: "Run"
    selection: Selection
    predictor: Predictor
    follow_size: tuple[int, int] | None
    progress: ProgressCallback
    notes: list[str] = field(default_factory=list)


def stream_poses(
    task: Task, video: "FrameSource", path: Path, journal: Journal, follow_size: Sequence[int] | None
) -> list[str]:
    """Predict the frames that the journal lacks; return what the user should know."""
    selection = task.selection
    stop = video.n_frames if selection.stop is None else min(selection.stop, video.n_frames)
    total = len(range(selection.start, stop, selection.step))
    first = selection.start if journal.last_frame is None else journal.last_frame + selection.step
    notes: list[str] = []
    frames = ahead(_frames(video, selection, first, stop, notes), DECODED_AHEAD)
    follower = None if follow_size is None else Follower(task.predictor, (follow_size[0], follow_size[1]))
    poses = task.predictor.search_video(frames) if follower is None else _alone(follower.follow(frames))
    meter = _Meter(f"predicting {path.name}", journal.n_rows, total, task.progress)
    try:
        while block := list(islice(meter.count(poses), BLOCK_FRAMES)):
            journal.append(_rows(task.predictor, block, video, journal.dtype, selection))
    except KeyboardInterrupt:
        raise Interrupted(
            f"stopped after {journal.n_rows} of {total} frames of {path.name}; they are kept",
            hint="go on with --resume",
        ) from None
    finally:
        poses.close()
        frames.close()
    if follower is not None:
        notes.append(f"the whole frame was searched for the animal in {follower.n_searched} frames")
    if journal.n_rows < total:
        notes.append(f"{journal.n_rows} of {total} frames could be decoded and were predicted")
    return [*notes, *map(str, video.problems)]


def _alone(poses: Generator[tuple[VideoFrame, RawPose], None, None]) -> Found:
    with closing(poses):
        for frame, pose in poses:
            yield frame, [pose]


def _frames(
    video: "FrameSource", selection: Selection, first: int, stop: int, notes: list[str]
) -> Generator[VideoFrame, None, None]:
    """Decode the frames from `first` on; where decoding fails, what came before counts."""
    size = (video.width, video.height)
    if first >= stop:
        return
    is_begun = first > selection.start
    try:
        for index, decoded in video.frames(first, stop):
            is_begun = True
            if (index - selection.start) % selection.step == 0:
                yield VideoFrame(index, decoded, size, selection.crop)
    except VideoError as error:
        if not is_begun:
            raise
        notes.append(f"the video cannot be decoded further: {error.message}")


class _Meter:
    """Tells the progress while poses come by."""

    def __init__(self, stage: str, n_done: int, total: int, progress: ProgressCallback) -> None:
        self._stage, self._total, self._progress = stage, total, progress
        self._n_done, self._n_before = n_done, n_done
        self._began = self._reported = time.perf_counter()

    def count(self, poses: Found) -> Iterator[tuple[VideoFrame, list[RawPose]]]:
        for item in poses:
            self._n_done += 1
            now = time.perf_counter()
            if now - self._reported > REPORT_EVERY_S or self._n_done == self._total:
                self._reported = now
                speed = (self._n_done - self._n_before) / (now - self._began)
                values = {"frames_per_s": speed, "seconds_left": (self._total - self._n_done) / speed}
                self._progress(Progress(self._stage, self._n_done, self._total, values))
            yield item


def _rows(
    predictor: Predictor,
    block: Sequence[tuple[VideoFrame, list[RawPose]]],
    video: "FrameSource",
    dtype: np.dtype,
    selection: Selection,
) -> np.ndarray:
    prediction = predictor.judge([pose for _, poses in block for pose in poses])
    corner = (0, 0) if selection.crop is None else selection.crop[:2]
    rows = np.zeros(len(block), dtype=dtype)
    for name in set(dtype.names or ()) - {"frame", "time"}:
        rows[name] = np.nan
    # Where each pose goes: its frame's row, and a place along the animals.
    row = [i for i, (_, poses) in enumerate(block) for _ in poses]
    place = [j for _, poses in block for j in range(len(poses))]
    rows["frame"] = [frame.index for frame, _ in block]
    rows["time"] = _times(video, rows["frame"])
    rows["position"][row, :, :, place] = (prediction.points + np.array(corner)).transpose(0, 2, 1)
    rows["confidence"][row, :, place] = prediction.confidence
    rows["expected_error"][row, :, place] = prediction.expected_error
    rows["error_90"][row, :, place] = prediction.error_90
    rows["score"][row, place] = 1.0 if prediction.scores is None else prediction.scores
    for i, lower in enumerate(prediction.lower):
        rows["candidate_position"][row, i, :, :, place] = (lower.points + np.array(corner)).transpose(0, 2, 1)
        rows["candidate_confidence"][row, i, :, place] = lower.confidence
        rows["candidate_expected_error"][row, i, :, place] = lower.expected_error
        rows["candidate_error_90"][row, i, :, place] = lower.error_90
    if prediction.identities is not None:
        rows["identity"][row, place] = prediction.identities
    return rows


def _times(video: "FrameSource", frames: np.ndarray) -> np.ndarray:
    """Return the presentation time of frames in seconds, or their numbers where the video has no rate."""
    return video.timestamps_s[frames] if video.fps else frames.astype(np.float64)
