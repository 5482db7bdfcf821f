"""The rows of tracks, put together from the poses that animals were found in, block by block."""

import json
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
from marey.tracking.detections import BLOCK_FRAMES, found_alone
from marey.tracking.filling import doubtful_gaps, fill_absences
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
    source
        The place along ``individual`` in `poses` that each track is in, shape (n_frames, n_tracks); -1
        where it is not there.
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
    source: np.ndarray
    names: Sequence[str]
    doubts: Sequence[Doubt]
    max_gap: int
    log: Sequence[tuple[str, dict]]

    def blocks(self, n_rows: int = BLOCK_FRAMES) -> Iterator["xr.Dataset"]:
        """Give all rows in blocks of `n_rows`; only the last one's attributes count what was filled in."""
        kept = {name: value for name, value in self.poses.attrs.items() if name != EDITS_ATTRIBUTE}
        attributes = {**kept, DOUBTS_ATTRIBUTE: json.dumps(self.describe_doubts())}
        n_filled = 0
        for start in range(0, len(self.source), n_rows):
            block = self._rows(start, min(start + n_rows, len(self.source))).assign_attrs(attributes)
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
        margin = self.max_gap
        first, last = max(0, start - margin), min(stop + margin, len(self.source))
        rows = _gather(load_rows(self.poses, first, last), self.source[first:last], self.names)
        confidence = self._identity_confidence[first:last]
        rows = rows.assign({IDENTITY_CONFIDENCE: (("time", "individual"), confidence)})
        if self.max_gap > 0:
            rows = fill_absences(rows, self._doubtful_gaps[first:last], self.max_gap)
        return rows.isel(time=slice(start - first, stop - first))

    @cached_property
    def _identity_confidence(self) -> np.ndarray:
        return identity_confidence(self.source >= 0, self.doubts)

    @cached_property
    def _doubtful_gaps(self) -> np.ndarray:
        return doubtful_gaps(certain_stretches(self.source >= 0, self.doubts))


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
