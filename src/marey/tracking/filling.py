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
        Where gaps stay, see :func:`doubtful_gaps`, shape (n_frames, n_tracks).
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


def doubtful_gaps(frames: np.ndarray, stretches: np.ndarray) -> np.ndarray:
    """Return the gaps of a track beside which it was not followed well: first row and the one after, (n, 2).

    A stretch that is shorter than the gap beside it says little about the gap.

    Parameters
    ----------
    frames
        The rows along time in which the track is there, in order, shape (n_there,).
    stretches
        The stretch of certain identity that each of them is in, shape (n_there,).
    """
    gaps = []
    for number in (np.flatnonzero(np.diff(frames) > 1) + 1).tolist():
        before, after = frames[number - 1], frames[number]
        n = max(FOLLOWED_FRAMES, after - before - 1)
        sides = [slice(max(0, number - n), number), slice(number, number + n)]
        is_followed = all(
            len(frames[side]) == n
            and np.ptp(frames[side]) < n * SPARSEST
            and len(np.unique(stretches[side])) == 1
            for side in sides
        )
        if not is_followed:
            gaps.append((before + 1, after))
    return np.array(gaps, dtype=int).reshape(-1, 2)
