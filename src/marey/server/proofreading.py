"""Tracks while somebody repairs them: what may be wrong, repairs, and undo."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marey.errors import ConfigError, ConflictError, InputError
from marey.formats import native
from marey.model import read_history
from marey.server import results
from marey.server.schemas import tracks as schema
from marey.server.track_labels import corrected_frames
from marey.tracking import History, TrackEditor, find_suspicions
from marey.tracking.edits import IDENTITY_CONFIDENCE, edit_from_dict, edit_to_dict
from marey.tracking.repair import OpenedTracks, revision_of
from marey.visualisation.pyramid import pyramid_path

if TYPE_CHECKING:
    import xarray as xr

    from marey.server.context import OpenProject
    from marey.server.schemas.jobs import Job
    from marey.tracking import Entry

MOST_SUSPICIONS = 500
MOST_BINS = 4096
TRACKED = "-tracks"


class ProofreadingDesk:
    """Keeps the tracks that were looked at last in memory, because every repair needs all of them.

    One change is made at a time, and only from the state that the page has seen.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._opened: OpenedTracks | None = None
        self._described: schema.Tracks | None = None

    def describe(self, path: Path) -> schema.Tracks:
        """Say what may be wrong with the tracks of a file, and what was done about it."""
        with self._lock:
            self._open(path)
            assert self._described is not None
            return self._described

    def lanes(self, path: Path, start: int, stop: int | None, n_bins: int) -> np.ndarray:
        """Return when each track is there, and how sure its identity is at the least.

        Returns
        -------
        numpy.ndarray
            Shape (n_bins, n_tracks), at most `n_bins` of rows from `start` up to `stop`; NaN where a track is
            not there at all, 1 where nobody doubts it.
        """
        with self._lock:
            poses = self._open(path).poses.isel(time=slice(start, stop))
        values = _sureness(poses)
        if not len(values):
            raise InputError(f"these tracks have no row {start}")
        edges = np.linspace(0, len(values), min(n_bins, len(values), MOST_BINS) + 1).astype(int)[:-1]
        return np.fmin.reduceat(values, edges, axis=0)

    def change(self, path: Path, change: schema.TrackChange) -> schema.Tracks:
        """Do or undo repairs; they are on disk when this returns.

        Raises
        ------
        ConflictError
            The file is not in the state that the page has seen; nothing was written.
        InputError
            A repair does not fit; then none is done.
        """
        return self._apply(path, change, lambda editor: _do(editor, change))

    def undo(self, path: Path, change: schema.TrackChange) -> schema.Tracks:
        """Take the last repair back."""
        return self._apply(path, change, lambda editor: editor.undo())

    def redo(self, path: Path, change: schema.TrackChange) -> schema.Tracks:
        """Do again what was undone last."""
        return self._apply(path, change, lambda editor: editor.redo())

    def _apply(
        self, path: Path, change: schema.TrackChange, act: Callable[[TrackEditor], object]
    ) -> schema.Tracks:
        with self._lock:
            opened = self._open(path)
            if opened.revision != change.revision:
                raise ConflictError(
                    f"somebody else changed {path.name} in the meantime; nothing was written",
                    hint="the page shows the present state now: look again, and repeat the repair",
                )
            editor = TrackEditor(path, author=change.labeller, opened=opened)
            act(editor)
            pyramid_path(path).unlink(missing_ok=True)
            return self._keep(path, editor.opened)

    def _open(self, path: Path) -> OpenedTracks:
        if self._opened is None or (path, revision_of(path)) != (self._path, self._opened.revision):
            opened = OpenedTracks.load(path)
            self._keep(path, opened)
            return opened
        return self._opened

    def _keep(self, path: Path, opened: OpenedTracks) -> schema.Tracks:
        self._described = _describe(path, opened.poses, opened.revision)
        self._path, self._opened = path, opened
        return self._described


def start_tracking(project: "OpenProject", result_id: str, request: schema.TrackingRequest) -> "Job":
    """Follow the animals of a file of poses; the tracks are written beside it.

    Raises
    ------
    ConfigError
        The animals' looks were asked for, and there is no video to see them in.
    """
    file = results.find(project, result_id)
    video = results.video_of(project, file)
    if request.appearance != "off" and video is None:
        raise ConfigError(
            "the animals' looks were asked for, but there is no video to see them in",
            hint="add the video on the page Videos, or follow the animals without their looks",
        )
    root = project.project.root
    target = file.path.with_name(f"{file.path.stem}{TRACKED}.nc")
    return project.start(
        "track",
        {
            "source": file.path.relative_to(root).as_posix(),
            "target": target.relative_to(root).as_posix(),
            "video": video,
            **request.model_dump(),
        },
        title=f"following the animals of {file.path.stem}",
        subject={"result": result_id, "video": video},
    )


def _do(editor: TrackEditor, change: schema.TrackChange) -> None:
    assert isinstance(change, schema.TrackEdits)
    editor.apply(*(edit_from_dict(edit.model_dump(exclude_none=True)) for edit in change.edits))


def _describe(path: Path, poses: "xr.Dataset", revision: str) -> schema.Tracks:
    names = [str(name) for name in poses["individual"].to_numpy()]
    is_flat = poses.sizes["space"] == 2
    found = find_suspicions(poses) if is_flat else []
    history = History.of(poses)
    return schema.Tracks(
        revision=revision,
        names=names,
        is_tracked=results.is_tracked(read_history(poses), names),
        is_editable=is_flat and native.detect(path),
        suspicions=[
            schema.TrackSuspicion(
                kind=item.kind,
                start=item.start,
                stop=item.stop,
                tracks=list(item.tracks),
                likelihood=item.likelihood,
                priority=item.priority,
                reason=item.reason,
            )
            for item in found[:MOST_SUSPICIONS]
        ],
        n_suspicions=len(found),
        done=[_entry(entry) for entry in history.done],
        undone=[_entry(entry) for entry in history.undone],
        corrected=corrected_frames(poses),
    )


def _entry(entry: "Entry") -> schema.TrackEntry:
    edit = schema.TrackEdit.model_validate(edit_to_dict(entry.edit))
    return schema.TrackEntry(
        edit=edit, description=entry.edit.describe(), time=entry.time, author=entry.author
    )


def _sureness(poses: "xr.Dataset") -> np.ndarray:
    """Return how sure each track is of its identity in each row, (n_rows, n_tracks); NaN where it is not.

    What was filled in is as sure as what was last seen before it.
    """
    position = poses["position"].transpose("time", "individual", "keypoint", "space").to_numpy()
    is_there = np.isfinite(position).all(axis=-1).any(axis=-1)
    sure = np.ones(is_there.shape)
    if IDENTITY_CONFIDENCE in poses:
        known = poses[IDENTITY_CONFIDENCE].transpose("time", "individual").to_numpy()
        rows = np.where(np.isfinite(known), np.arange(len(known))[:, None], 0)
        last = np.take_along_axis(known, np.maximum.accumulate(rows, axis=0), axis=0)
        sure = np.where(np.isfinite(last), last, 1.0)
    return np.where(is_there, sure, np.nan)
