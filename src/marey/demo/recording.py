"""Rendered recordings as video files, with their truth beside them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from marey.model import Skeleton
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.synthesis import Recording, RecordingSpec
from marey.video import VideoWriter


@dataclass(frozen=True, eq=False)
class RenderedRecording:
    """A rendered video and what is true of it.

    Parameters
    ----------
    path
        The video.
    poses
        The exact positions, hidden keypoints included.
    visibility
        :class:`~marey.model.Visibility`, int8, shape (n_frames, n_animals, n_keypoints).
    skeleton
        The keypoints.
    body_length_px
        From the snout to the root of the tail of a straight animal.
    """

    path: Path
    poses: xr.Dataset
    visibility: np.ndarray
    skeleton: Skeleton
    body_length_px: float

    @property
    def points(self) -> np.ndarray:
        """(x, y) of every keypoint, shape (n_frames, n_animals, n_keypoints, 2)."""
        return self.poses["position"].values.transpose(0, 3, 2, 1)


def render_recording(
    spec: RecordingSpec, path: str | Path, *, progress: ProgressCallback = ignore_progress
) -> RenderedRecording:
    """Render a recording into a video file.

    Parameters
    ----------
    spec
        What to render.
    path
        The video to write; its suffix chooses the container.
    """
    path = Path(path)
    recording = Recording(spec)
    visibility = np.empty((len(recording), spec.n_animals, len(recording.skeleton)), dtype=np.int8)
    with VideoWriter(path, fps=spec.fps, size=spec.size) as writer:
        for index, frame in enumerate(recording):
            writer.write(frame.image)
            visibility[index] = frame.visibility
            progress(Progress(f"rendering {path.name}", index + 1, len(recording)))
    return RenderedRecording(
        path, recording.poses(), visibility, recording.skeleton, recording.body_length_px
    )
