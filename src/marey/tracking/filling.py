"""Where an animal was while it was not found, for moments before and after which it was followed well."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from marey.refinement import interpolate_gaps

if TYPE_CHECKING:
    import xarray as xr

# An animal must have been followed for so many frames on both sides of a gap, and as long as the gap.
FOLLOWED_FRAMES = 5
# ... in most frames: spread over at most so many times as many.
SPARSEST = 1.5


def fill_absences(poses: "xr.Dataset", stretches: np.ndarray, max_gap: int) -> "xr.Dataset":
    """Fill gaps of tracks; what is filled in has confidence 0 and is marked as interpolated.

    A stretch that is shorter than the gap beside it says little about the gap, which stays.

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
    filled = interpolate_gaps(poses, max_gap)
    is_doubtful = np.stack([_doubtful_gaps(column) for column in stretches.T], axis=1)
    invented = filled["is_interpolated"].values & is_doubtful[:, None, :]
    kept = ~invented
    for name in ("position", "confidence"):
        dimensions = filled[name].dims
        mask = filled["is_interpolated"].copy(data=kept)
        filled[name] = filled[name].where(mask).transpose(*dimensions)
    filled["is_interpolated"] = filled["is_interpolated"] & kept
    return filled


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
