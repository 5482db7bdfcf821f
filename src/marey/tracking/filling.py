"""Where an animal was while it was not found, for moments before and after which it was followed well."""

from typing import TYPE_CHECKING

import numpy as np

from marey.model.poses import INTERPOLATED
from marey.refinement import interpolate_gaps

if TYPE_CHECKING:
    import xarray as xr

# An animal must have been followed for so many frames on both sides of a gap, and as long as the gap.
FOLLOWED_FRAMES = 5
# ... in most frames: spread over at most so many times as many.
SPARSEST = 1.5


def fill_absences(poses: "xr.Dataset", is_doubtful: np.ndarray, max_gap: int) -> "xr.Dataset":
    """Fill gaps of tracks; what is filled in has confidence 0 and is marked as interpolated.

    Parameters
    ----------
    poses
        Tracks.
    is_doubtful
        Where gaps stay, from :func:`doubtful_gaps`, shape (n_frames, n_tracks).
    max_gap
        The longest gap to fill, frames.
    """
    import xarray as xr

    filled = interpolate_gaps(poses, max_gap)
    mark = filled[INTERPOLATED].transpose("time", "keypoint", "individual")
    is_left = mark & xr.DataArray(is_doubtful, dims=("time", "individual"))
    for name in ("position", "confidence"):
        poses = poses.assign({name: filled[name].where(~is_left).transpose(*poses[name].dims)})
    invented = (mark & ~is_left).transpose("time", "keypoint", "individual").values
    return poses.assign({INTERPOLATED: (("time", "keypoint", "individual"), invented)})


def doubtful_gaps(stretches: np.ndarray) -> np.ndarray:
    """Return the frames of gaps beside which a track was not followed well, shape (n_frames, n_tracks).

    A stretch that is shorter than the gap beside it says little about the gap.

    Parameters
    ----------
    stretches
        The stretch of certain identity that each track is in, shape (n_frames, n_tracks); -1 where it is not
        there.
    """
    result = np.zeros(stretches.shape, dtype=bool)
    for track, own in enumerate(stretches.T):
        there = np.flatnonzero(own >= 0)
        for number in (np.flatnonzero(np.diff(there) > 1) + 1).tolist():
            before, after = there[number - 1], there[number]
            n = max(FOLLOWED_FRAMES, after - before - 1)
            sides = there[max(0, number - n) : number], there[number : number + n]
            is_followed = all(
                len(side) == n and np.ptp(side) < n * SPARSEST and len(np.unique(own[side])) == 1
                for side in sides
            )
            result[before + 1 : after, track] = not is_followed
    return result
