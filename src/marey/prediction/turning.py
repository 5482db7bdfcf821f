"""Crops that are looked at several times, turned a little and larger.

What a network says of a picture and of the same picture turned differs by errors that are partly its own for
each. The mean of both lies nearer to the truth (test-time augmentation). Cells of a heatmap are finer where
the picture is larger.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from marey.networks.decoding import sigmoid
from marey.networks.views import View
from marey.prediction.frames import Frame


class Turn(NamedTuple):
    """One way of showing a crop: turned about its middle, and larger by a factor of `scale`."""

    degrees: float
    scale: float


AS_IT_IS = Turn(0.0, 1.0)
TURNS = (AS_IT_IS, Turn(-20.0, 1.1), Turn(20.0, 1.1))
# So much more on each side, as a share of the crop, lies in a corner of a crop that is turned so far.
_MARGIN = 0.09


def show_turned(frame: Frame, view: View, turns: Sequence[Turn]) -> list[np.ndarray]:
    """Return what a view shows of a frame, in each of `turns`; the first must be the crop as it is.

    Returns
    -------
    list of np.ndarray
        uint8 RGB, shape (height, width, 3) of the view's size each.
    """
    import cv2

    shown = [frame.show(view)]
    if len(turns) > 1:
        margin = int(np.ceil(_MARGIN * max(view.box[2:])))
        width, height = (round(side + 2 * margin * view.scale) for side in view.size)
        wide = View((view.corner[0] - margin, view.corner[1] - margin), view.scale, (width, height))
        image = frame.show(wide)
        corners = np.array([[0, 0], [view.size[0], 0], [0, view.size[1]]], dtype=np.float32)
        for turn in turns[1:]:
            back = cv2.invertAffineTransform(_matrix(view.size, turn))
            before = corners @ back[:, :2].T + back[:, 2]
            source = wide.to_view(view.to_frame(before)).astype(np.float32)
            matrix = cv2.getAffineTransform(corners, source)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            shown.append(cv2.warpAffine(image, matrix, view.size, flags=flags))
    return shown


def mean_logits(logits: Sequence[np.ndarray], turns: Sequence[Turn], n_heatmaps: int) -> np.ndarray:
    """Return the mean of what turned crops show, turned back; of heatmaps, that of their probabilities.

    Parameters
    ----------
    logits
        For each of `turns`, shape (B, C, height, width).
    turns
        The first is the crop as it is.
    n_heatmaps
        The channels that are heatmaps, which come first.

    Returns
    -------
    np.ndarray
        Logits, shape (B, C, height, width).
    """
    import cv2

    if len(turns) == 1:
        return logits[0]
    total = _averageable(logits[0], n_heatmaps)
    size = total.shape[:1:-1]
    weight = np.ones(total.shape[2:], dtype=np.float32)  # a cell in a corner is not in every turned crop
    for turned, turn in zip(logits[1:], turns[1:], strict=True):
        matrix, flags = _matrix(size, turn), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for sums, maps in zip(total, _averageable(turned, n_heatmaps), strict=True):
            sums += [cv2.warpAffine(one, matrix, size, flags=flags) for one in maps]
        weight += cv2.warpAffine(np.ones_like(weight), matrix, size, flags=flags)
    mean = total / weight
    heat = np.clip(mean[:, :n_heatmaps], 1e-6, 1 - 1e-6)
    mean[:, :n_heatmaps] = np.log(heat / (1 - heat))
    return mean


def _averageable(logits: np.ndarray, n_heatmaps: int) -> np.ndarray:
    """Return channels of which a mean can be taken: probabilities for heatmaps."""
    values = logits.astype(np.float32)
    values[:, :n_heatmaps] = sigmoid(values[:, :n_heatmaps])
    return values


def _matrix(size: tuple[int, int], turn: Turn) -> np.ndarray:
    """Return the matrix that turns a picture of (width, height) about its middle, shape (2, 3)."""
    import cv2

    return cv2.getRotationMatrix2D(((size[0] - 1) / 2, (size[1] - 1) / 2), *turn)
