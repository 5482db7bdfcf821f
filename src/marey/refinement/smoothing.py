"""The one door to smoothing: cut, fill, smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marey.errors import ConfigError
from marey.refinement.filters import median_filter, savgol_filter
from marey.refinement.gaps import cut_by_confidence, interpolate_gaps
from marey.refinement.kalman import kalman_smooth
from marey.refinement.viterbi import split_candidates, viterbi_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

METHODS = ("kalman", "median", "savgol", "viterbi")


def smooth(
    poses: xr.Dataset,
    method: str = "kalman",
    *,
    candidates: Sequence[xr.Dataset] = (),
    min_confidence: float = 0.0,
    max_gap: int = 0,
    window: int = 7,
    polyorder: int = 2,
) -> xr.Dataset:
    """Smooth poses, after cutting unsure points and filling short gaps if told to.

    Confidence and expected errors of points that were measured stay those of the prediction.

    Parameters
    ----------
    poses
        The poses Dataset.
    method
        ``"kalman"``: weighs each point by its expected error or confidence, is not misled by single jumps,
        finds out by itself how much to smooth, and uses the true times. ``"median"``, ``"savgol"``:
        a sliding window of `window` frames. ``"viterbi"``: takes in each frame the candidate, or none, that
        is on the most likely path; see :func:`marey.refinement.viterbi_filter`.
    candidates
        More predictions of the same video, for ``"viterbi"`` to choose from beside the lower peaks that the
        poses may have kept.
    min_confidence
        Points below it are removed first, of all candidates.
    max_gap
        Gaps of at most so many frames are filled, and marked; see :func:`interpolate_gaps`.
    window
        Length of the window in frames, odd; not used by ``"kalman"``.
    polyorder
        Degree of the polynomial of ``"savgol"``.

    Returns
    -------
    xarray.Dataset
        New poses; the provenance log says what was done.

    Raises
    ------
    ConfigError
        The method is unknown or takes no candidates, or a setting is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from marey.model import create_poses
    >>> x = np.array([0.0, 1.0, 50.0, 3.0, 4.0])
    >>> poses = create_poses(np.stack([x, x], axis=1)[:, :, None, None], keypoints=["snout"])
    >>> smooth(poses, "median", window=3).position.values[:, 0, 0, 0].tolist()
    [0.5, 1.0, 3.0, 4.0, 3.5]
    """
    if method not in METHODS:
        raise ConfigError(f"expected the method {', '.join(METHODS)}, got {method!r}")
    if candidates and method != "viterbi":
        raise ConfigError(
            f"candidates are there to choose from, which {method} does not do",
            hint="choose with viterbi; to combine several networks there is `marey ensemble`",
        )
    if method == "viterbi":
        poses, *candidates = (peaks for table in (poses, *candidates) for peaks in split_candidates(table))
    if min_confidence > 0:
        poses = cut_by_confidence(poses, min_confidence)
        candidates = [cut_by_confidence(table, min_confidence) for table in candidates]
    if method == "kalman":
        return kalman_smooth(poses, max_gap=max_gap)
    if method == "viterbi":
        poses = viterbi_filter(poses, candidates)
    if max_gap > 0:
        poses = interpolate_gaps(poses, max_gap)
    if method == "viterbi":
        return poses
    if method == "median":
        return median_filter(poses, window)
    return savgol_filter(poses, window, polyorder)
