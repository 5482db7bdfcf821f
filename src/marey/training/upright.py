"""Pictures of animals, each turned so that its body lies the same way.

What an animal looks like can be compared only when head is held against head. Nobody says which keypoints
are the head: the mean body is found by laying all bodies on top of each other (generalised Procrustes
analysis; Gower, Psychometrika 1975, without scaling, because size tells animals apart), and each animal is
turned as that body lies best on its keypoints.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marey.errors import InputError
from marey.training.augmentation import Warp
from marey.video.source import Frame

_ROUNDS = 6
_MOST_BODIES = 4000
# Keypoints that stray farther from the mean body than this share of its length are not of the trunk.
LIMP_SHARE = 0.16
# What is shown around the trunk, as a share of its length.
MARGIN_SHARE = 0.14
# The ground beside the animal is painted over: it would tell where the animal is, not who it is.
_GREY = 128.0
_RIM = 0.12
# Sides of pictures are multiples of this.
_MULTIPLE = 16


@dataclass(frozen=True)
class Upright:
    """The mean body, lying along x, and how much of it is shown.

    Parameters
    ----------
    body
        (x, y) of each keypoint of the mean body in pixels, shape (n_keypoints, 2).
    weights
        How far each keypoint is believed, shape (n_keypoints,).
    box
        (x0, y0, x1, y1) around the trunk, in the mean body's pixels.
    size
        (width, height) of the pictures.
    """

    body: np.ndarray
    weights: np.ndarray
    box: tuple[float, float, float, float]
    size: tuple[int, int]

    @classmethod
    def learn(cls, points: np.ndarray, *, width: int) -> "Upright":
        """Find the mean body.

        Parameters
        ----------
        points
            (x, y) of many animals, shape (n, n_keypoints, 2), with NaN; at least one has two keypoints.
        width
            Pixels along the body in the pictures.

        Raises
        ------
        InputError
            No animal has two keypoints.
        """
        known = np.isfinite(points[..., 0]).sum(axis=1)
        if not (known >= 2).any():
            raise InputError("expected at least one animal with two keypoints, got none")
        bodies = points[known >= 2][:: max(1, len(points) // _MOST_BODIES)]
        flat = _complex(bodies)
        mean = flat[np.argmax(np.isfinite(flat).sum(axis=1))]
        weights = np.ones(len(mean))
        for _ in range(_ROUNDS):
            turn, shift = _fit(flat, mean, weights)
            laid = (flat - shift[:, None]) / turn[:, None]
            seen = np.isfinite(laid)
            n = np.maximum(seen.sum(axis=0), 1)
            mean = np.where(seen.any(axis=0), np.where(seen, laid, 0).sum(axis=0) / n, np.nan)
            stray2 = np.where(seen, np.abs(laid - mean) ** 2, 0).sum(axis=0) / n
            least = (0.02 * _length(mean)) ** 2
            weights = np.where(np.isfinite(mean), least / (least + stray2), 0.0)
        trunk = (np.sqrt(stray2) <= LIMP_SHARE * _length(mean)) & np.isfinite(mean)
        trunk = trunk if trunk.sum() >= 2 else np.isfinite(mean)
        mean = _along_x(mean, trunk)
        x, y = mean[trunk].real, mean[trunk].imag
        margin = MARGIN_SHARE * max(float(np.ptp(x)), 1.0)
        # A body of keypoints in a row has no width of its own.
        middle, half = (y.min() + y.max()) / 2, max(float(np.ptp(y)) / 2, 0.18 * float(np.ptp(x)))
        box = (x.min() - margin, middle - half - margin, x.max() + margin, middle + half + margin)
        height = _MULTIPLE * round(width * (box[3] - box[1]) / (box[2] - box[0]) / _MULTIPLE)
        height = int(np.clip(height, 2 * _MULTIPLE, width))
        return cls(np.stack([mean.real, mean.imag], axis=-1), weights, box, (width, height))

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return the maps from frame pixels to the picture's, (n, 2, 3), for animals (n, n_keypoints, 2).

        NaN for animals with fewer than two keypoints.
        """
        flat = _complex(points)
        body = self.body[:, 0] + 1j * self.body[:, 1]
        turn, shift = _fit(flat, body, self.weights)
        x0, y0, x1, y1 = self.box
        scale = np.array([(self.size[0] - 1) / (x1 - x0), (self.size[1] - 1) / (y1 - y0)])
        back = np.conj(turn)  # (turns are of length 1)
        linear = np.stack(
            [np.stack([back.real, -back.imag], -1), np.stack([back.imag, back.real], -1)], axis=-2
        )
        offset = -back * shift
        placed = np.stack([offset.real - x0, offset.imag - y0], axis=-1)
        return np.concatenate([linear, placed[..., None]], axis=-1) * scale[:, None]

    def show(self, frame: Frame, maps: np.ndarray) -> np.ndarray:
        """Cut the pictures out of a frame, uint8 RGB, shape (n, height, width, 3); grey around the trunk."""
        shown = np.stack([self._cut(frame, one) for one in maps])
        inside = self._inside[None, :, :, None]
        return (shown * inside + _GREY * (1 - inside) + 0.5).astype(np.uint8)

    @cached_property
    def _inside(self) -> np.ndarray:
        """How far each pixel is within an ellipse around the trunk, 0 to 1, shape (height, width)."""
        x0, y0, x1, y1 = self.box
        margin = MARGIN_SHARE / (1 + 2 * MARGIN_SHARE) * (x1 - x0)
        width, height = self.size
        across = (np.arange(width) / (width - 1) - 0.5) * (x1 - x0) / ((x1 - x0 - margin) / 2)
        along = (np.arange(height) / (height - 1) - 0.5) * (y1 - y0) / ((y1 - y0 - margin) / 2)
        radius = np.hypot(across[None], along[:, None])
        return np.clip((1 - radius) / _RIM, 0, 1)

    def _cut(self, frame: Frame, place: np.ndarray) -> np.ndarray:
        width, height = self.size
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=float)
        there = np.linalg.solve(place[:, :2], (corners - place[:, 2]).T).T
        low = np.floor(there.min(axis=0)).astype(int) - 1
        high = np.ceil(there.max(axis=0)).astype(int) + 2
        part = frame.rgb((int(low[0]), int(low[1]), *(high - low).tolist()))
        moved = np.column_stack([place[:, :2], place[:, 2] + place[:, :2] @ low])
        return Warp(moved, self.size, is_mirrored=False).warp(part)


def _complex(points: np.ndarray) -> np.ndarray:
    return points[..., 0] + 1j * points[..., 1]


def _fit(flat: np.ndarray, body: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the turn (of length 1) and the shift that lay `body` best on each animal, (n,) each."""
    known = np.isfinite(flat) & np.isfinite(body)
    weight = np.where(known, weights, 0.0)
    is_placed = known.sum(axis=1) >= 2
    weight = weight / np.where(is_placed, weight.sum(axis=1), 1.0)[:, None]
    theirs, ours = np.where(known, flat, 0), np.where(known, body, 0)
    their_middle, our_middle = (weight * theirs).sum(axis=1), (weight * ours).sum(axis=1)
    agreement = (weight * (theirs - their_middle[:, None]) * np.conj(ours - our_middle[:, None])).sum(axis=1)
    size = np.abs(agreement)
    turn = np.where(size > 0, agreement / np.where(size > 0, size, 1.0), 1.0)
    turn = np.where(is_placed, turn, complex(np.nan, np.nan))
    return turn, their_middle - turn * our_middle


def _length(body: np.ndarray) -> float:
    known = body[np.isfinite(body)]
    return max(float(np.abs(known[:, None] - known[None]).max()), 1.0) if len(known) else 1.0


def _along_x(body: np.ndarray, trunk: np.ndarray) -> np.ndarray:
    """Turn the body so that its trunk lies along x, its first keypoint in front."""
    centred = body - body[trunk].mean()
    second = (centred[trunk] ** 2).sum()
    turned = centred * np.exp(-0.5j * np.angle(second)) if np.abs(second) > 0 else centred
    first = turned[np.flatnonzero(trunk)[0]]
    return -turned if first.real < 0 else turned
