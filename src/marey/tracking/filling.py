"""Where an animal was while it was not found, for moments before and after which it was followed well."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from marey.model import append_history
from marey.refinement import interpolate_gaps

if TYPE_CHECKING:
    import xarray as xr

# An animal must have been followed for so many frames on both sides of a gap, and as long as the gap.
FOLLOWED_FRAMES = 5
# ... in most frames: spread over at most so many times as many.
SPARSEST = 1.5


def fill_absences(poses: "xr.Dataset", stretches: np.ndarray, max_gap: int) -> "xr.Dataset":
    """Fill gaps of tracks; what is filled in has confidence 0 and is marked as interpolated.

    It is filled into the arrays of `poses` themselves, so that long recordings are not held twice. A stretch
    that is shorter than the gap beside it says little about the gap, which stays.

    Parameters
    ----------
    poses
        Tracks.
    stretches
        The stretch of certain identity that each track is in, shape (n_frames, n_tracks); -1 where it is not
        there.
    max_gap
        The longest gap to fill, frames.
    """
    import xarray as xr

    marks = []
    # Track by track, for the same reason.
    for track, column in enumerate(stretches.T):
        own = {"individual": [track]}
        filled = interpolate_gaps(poses.isel(own), max_gap)
        mark = filled["is_interpolated"]
        kept = ~(mark & xr.DataArray(_doubtful_gaps(column), dims="time"))
        for name in ("position", "confidence"):
            poses[name][own] = filled[name].where(kept)
        marks.append((mark & kept).transpose("time", "keypoint", "individual").values)
    invented = np.concatenate(marks, axis=2)
    result = poses.assign(is_interpolated=(("time", "keypoint", "individual"), invented))
    n_filled = int(invented.sum())
    return append_history(result, "interpolate_gaps", max_gap=max_gap, method="linear", n_filled=n_filled)


def _doubtful_gaps(stretches: np.ndarray) -> np.ndarray:
    """Return the frames of gaps beside which a track was not followed well in its stretch, (n_frames,)."""
    there = np.flatnonzero(stretches >= 0)
    result = np.zeros(len(stretches), dtype=bool)
    for number, (before, after) in enumerate(itertools.pairwise(there.tolist()), start=1):
        gap = after - before - 1
        if gap > 0:
            n = max(FOLLOWED_FRAMES, gap)
            sides = there[max(0, number - n) : number], there[number : number + n]
            is_followed = all(
                len(side) == n and np.ptp(side) < n * SPARSEST and len(np.unique(stretches[side])) == 1
                for side in sides
            )
            result[before + 1 : after] = not is_followed
    return result
