"""Where an animal was while it was not found, for moments before and after which it was followed well."""

import itertools
from typing import TYPE_CHECKING

import numpy as np

from marey.refinement import interpolate_gaps

if TYPE_CHECKING:
    import xarray as xr

# An animal must have been followed for so many frames on both sides of a gap, and as long as the gap.
FOLLOWED_FRAMES = 5


def fill_absences(poses: "xr.Dataset", tracklets: np.ndarray, max_gap: int) -> "xr.Dataset":
    """Fill gaps of tracks; what is filled in has confidence 0 and is marked as interpolated.

    A stretch that is shorter than the gap beside it says little about the gap, which stays.

    Parameters
    ----------
    poses
        Tracks.
    tracklets
        The tracklet that each track is in, shape (n_frames, n_tracks); -1 where it is not there.
    max_gap
        The longest gap to fill, frames.
    """
    filled = interpolate_gaps(poses, max_gap)
    is_doubtful = np.stack([_doubtful_gaps(column) for column in tracklets.T], axis=1)
    invented = filled["is_interpolated"].values & is_doubtful[:, None, :]
    kept = ~invented
    for name in ("position", "confidence"):
        dimensions = filled[name].dims
        mask = filled["is_interpolated"].copy(data=kept)
        filled[name] = filled[name].where(mask).transpose(*dimensions)
    filled["is_interpolated"] = filled["is_interpolated"] & kept
    return filled


def _doubtful_gaps(tracklets: np.ndarray) -> np.ndarray:
    """Return the frames of gaps between stretches of which one is short, (n_frames,)."""
    there = np.flatnonzero(tracklets >= 0)
    result = np.zeros(len(tracklets), dtype=bool)
    lengths = np.bincount(tracklets[there]) if len(there) else np.empty(0, dtype=int)
    for before, after in itertools.pairwise(there):
        gap = after - before - 1
        shortest = min(lengths[tracklets[before]], lengths[tracklets[after]])
        if gap > 0 and shortest < max(FOLLOWED_FRAMES, gap):
            result[before + 1 : after] = True
    return result
