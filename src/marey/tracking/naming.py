"""Names for tracks, where a network says of each animal who it may be."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from marey.model.poses import IDENTITY_PROBABILITY
from marey.tracking.appearance import ALIKE_DETECTIONS, Features

if TYPE_CHECKING:
    import xarray as xr

# A track is named when its name is better than the next by so much evidence, as a logarithm.
LEAST_NATS = 3.0
_LEAST_PROBABILITY = 0.01


def identity_features(poses: "xr.Dataset") -> Features | None:
    """Return what a network says of who animals are, as something that they are told apart by."""
    if IDENTITY_PROBABILITY not in poses:
        return None
    return Features(_logarithms(poses))


def named(tracks: "xr.Dataset") -> "xr.Dataset":
    """Return tracks under the names of the individuals that they are of, where a network told them apart.

    Every name is given at most once, so that all together fit best. A track whose name is doubtful, or for
    which there is none left, keeps the name that it has.
    """
    if IDENTITY_PROBABILITY not in tracks:
        return tracks
    evidence = np.nansum(_logarithms(tracks), axis=0) / ALIKE_DETECTIONS
    names = [str(name) for name in tracks["individual"].values]
    known = [str(name) for name in tracks["identity"].values]
    for track, own in zip(*linear_sum_assignment(-evidence), strict=True):
        others = np.delete(evidence[track], own)
        if evidence[track, own] - others.max(initial=-np.inf) >= LEAST_NATS:
            names[track] = known[own]
    return tracks.assign_coords(individual=names)


def _logarithms(poses: "xr.Dataset") -> np.ndarray:
    chances = poses[IDENTITY_PROBABILITY].transpose("time", "individual", "identity").values
    return np.log(np.maximum(chances, _LEAST_PROBABILITY))
