"""Names for tracks, where a network says of each animal who it may be."""

from collections.abc import Sequence
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from marey.model import load_rows
from marey.model.poses import IDENTITY_PROBABILITY
from marey.scratch import scratch_array
from marey.tracking.appearance import ALIKE_DETECTIONS, Features
from marey.tracking.detections import blocks_of

if TYPE_CHECKING:
    import xarray as xr

# A track is named when its name is better than the next by so much evidence, as a logarithm.
LEAST_NATS = 3.0
_LEAST_PROBABILITY = 0.01


def identity_features(poses: "xr.Dataset") -> Features | None:
    """Return what a network says of who animals are, as something that they are told apart by."""
    if IDENTITY_PROBABILITY not in poses:
        return None
    chances = poses[[IDENTITY_PROBABILITY]]
    shape = tuple(chances.sizes[dimension] for dimension in ("time", "individual", "identity"))
    logarithms = scratch_array(shape)
    for rows in blocks_of(logarithms):
        block = load_rows(chances, rows.start, rows.stop)[IDENTITY_PROBABILITY]
        values = block.transpose("time", "individual", "identity").values
        logarithms[rows] = np.log(np.maximum(values, _LEAST_PROBABILITY))
    return Features(logarithms)


def names_of(
    chains: Sequence[Sequence[int]],
    parts: Sequence[tuple[np.ndarray, np.ndarray]],
    said: Features | None,
    known: Sequence[str],
) -> list[str]:
    """Return names for tracks: those of the individuals that they are of, where a network told them apart.

    Every name is given at most once, so that all together fit best. A track whose name is doubtful, or for
    which there is none left, has a number.

    Parameters
    ----------
    chains
        The tracklets of each track.
    parts
        Frames and slots of each tracklet.
    said
        From :func:`identity_features`.
    known
        The individuals' names.
    """
    numbered = (name for n in count(1) if (name := f"track_{n}") not in known)
    names = list(islice(numbered, len(chains)))
    if said is None:
        return names
    of_parts = np.array([np.nansum(said.at(*part), axis=0) for part in parts])
    evidence = np.array([of_parts[list(chain)].sum(axis=0) for chain in chains]) / ALIKE_DETECTIONS
    for track, own in zip(*linear_sum_assignment(-evidence), strict=True):
        others = np.delete(evidence[track], own)
        if evidence[track, own] - others.max(initial=-np.inf) >= LEAST_NATS:
            names[track] = known[own]
    return names
