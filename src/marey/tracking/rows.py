"""The rows of tracks, put together from the poses that animals were found in, block by block."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.model import append_history, load_rows
from marey.model.poses import IDENTITY_CONFIDENCE, INTERPOLATED
from marey.tracking.certainty import (
    DOUBTS_ATTRIBUTE,
    Doubt,
    certain_stretches,
    identity_confidence,
)
from marey.tracking.detections import found_alone, rows_at_a_time
from marey.tracking.filling import doubtful_gaps, fill_absences
from marey.tracking.linking import members
from marey.tracking.repair import EDITS_ATTRIBUTE

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class TrackRows:
    """Tracks of animals whose poses stay where they are until rows are asked for.

    Parameters
    ----------
    poses
        What was found, in memory or in a file that is open.
    track_of
        The track of each place along ``individual`` in `poses`, shape (n_frames, n_slots); -1 for none.
    names
        Of the tracks.
    doubts
        Moments at which identities may have been exchanged.
    max_gap
        The longest gap to fill, frames; 0 fills none.
    log
        Entries of the provenance log: operation and parameters.
    """

    poses: "xr.Dataset"
    track_of: np.ndarray
    names: Sequence[str]
    doubts: Sequence[Doubt]
    max_gap: int
    log: Sequence[tuple[str, dict]]

    def __len__(self) -> int:
        return len(self.track_of)

    def blocks(self, n_rows: int | None = None) -> Iterator["xr.Dataset"]:
        """Give all rows in blocks of `n_rows`; only the last one's attributes count what was filled in.

        Left out: of as many as keep memory flat, however many tracks there are.
        """
        n_rows = n_rows or rows_at_a_time(len(self.names) * self.poses.sizes["keypoint"])
        kept = {name: value for name, value in self.poses.attrs.items() if name != EDITS_ATTRIBUTE}
        attributes = {**kept, DOUBTS_ATTRIBUTE: json.dumps(self.describe_doubts())}
        n_filled = 0
        for start in range(0, len(self), n_rows):
            block = self._rows(start, min(start + n_rows, len(self))).assign_attrs(attributes)
            if self.max_gap > 0:
                n_filled += int(block[INTERPOLATED].sum())
                parameters = {"max_gap": self.max_gap, "method": "linear", "n_filled": n_filled}
                block = append_history(block, "interpolate_gaps", **parameters)
            for operation, parameters in self.log:
                block = append_history(block, operation, **parameters)
            yield block

    def describe_doubts(self) -> list[dict[str, Any]]:
        """Return the doubts by frame numbers and names, as :func:`marey.tracking.doubts_of` reads them."""
        return [doubt.to_dict(self.frames, self.names) for doubt in self.doubts]

    @cached_property
    def frames(self) -> np.ndarray:
        """The number of each row's frame, shape (n_frames,)."""
        return self.poses["frame"].values

    def _rows(self, start: int, stop: int) -> "xr.Dataset":
        # A gap that is filled has its ends at most so far from the rows that are asked for.
        first, last = max(0, start - self.max_gap), min(stop + self.max_gap, len(self))
        tracks, source = self._sources(first, last)
        rows = _gather(load_rows(self.poses, first, last), source, [self.names[i] for i in tracks])
        sure = self._identity_confidence(tracks, source >= 0, first)
        rows = rows.assign({IDENTITY_CONFIDENCE: (("time", "individual"), sure)})
        if self.max_gap > 0:
            rows = fill_absences(rows, self._is_doubtful(tracks, first, last), self.max_gap)
        rows = rows.isel(time=slice(start - first, stop - first))
        if len(tracks) == len(self.names):
            return rows
        return rows.reindex(individual=list(self.names), fill_value={INTERPOLATED: False})

    def _sources(self, first: int, last: int) -> tuple[list[int], np.ndarray]:
        """Return the tracks that are there in some rows, and the slot of each, (n_rows, n_tracks); or -1."""
        track_of = self.track_of[first:last]
        rows, slots = np.nonzero(track_of >= 0)
        tracks, columns = np.unique(track_of[rows, slots], return_inverse=True)
        source = np.full((last - first, len(tracks)), -1)
        source[rows, columns] = slots
        return tracks.tolist(), source

    def _identity_confidence(self, tracks: list[int], is_there: np.ndarray, first: int) -> np.ndarray:
        sure = np.full(is_there.shape, np.nan)
        for column, track in enumerate(tracks):
            there = np.flatnonzero(is_there[:, column])
            sure[there, column] = identity_confidence(first + there, self._doubts_of[track])
        return sure

    def _is_doubtful(self, tracks: list[int], first: int, last: int) -> np.ndarray:
        is_doubtful = np.zeros((last - first, len(tracks)), dtype=bool)
        for column, track in enumerate(tracks):
            for begin, end in np.clip(self._doubtful_gaps[track] - first, 0, last - first):
                is_doubtful[begin:end, column] = True
        return is_doubtful

    @cached_property
    def _doubts_of(self) -> dict[int, list[Doubt]]:
        found = defaultdict(list)
        for doubt in self.doubts:
            for track in doubt.tracks:
                found[track].append(doubt)
        return found

    @cached_property
    def _doubtful_gaps(self) -> list[np.ndarray]:
        return [
            doubtful_gaps(frames, certain_stretches(frames, self._doubts_of[track]))
            for track, (frames, _) in enumerate(members(self.track_of))
        ]


def _gather(poses: "xr.Dataset", source: np.ndarray, names: Sequence[str]) -> "xr.Dataset":
    """Return poses with a track for each individual."""
    import xarray as xr

    poses = found_alone(poses)
    rows = np.arange(len(source))[:, None]
    variables = {}
    for name, variable in poses.data_vars.items():
        if "individual" not in variable.dims or "time" not in variable.dims:
            continue
        moved = variable.transpose("time", "individual", ...)
        values = moved.values[rows, np.maximum(source, 0)].astype(float, copy=False)
        values[source < 0] = np.nan
        variables[name] = xr.Variable(moved.dims, values).transpose(*variable.dims)
    kept = {k: v for k, v in poses.coords.items() if "individual" not in v.dims}
    return xr.Dataset(variables, coords={**kept, "individual": list(names)})
