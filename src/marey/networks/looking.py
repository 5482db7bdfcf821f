"""How a network looks at a frame: at all of it from afar, then closely at the animal.

Training (to select weights), evaluation and prediction all look through here, so that they see the same. The
network itself is a function from images to logits; which engine runs it is not known here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from marey.networks.decoding import Decoded, decode_heatmaps
from marey.networks.views import View, ViewPlan

Infer = Callable[[np.ndarray], np.ndarray]
"""Maps uint8 RGB images (B, H, W, 3) to heatmap logits (B, K, H / stride, W / stride)."""

# A keypoint helps to find the animal when its peak is not far below the clearest one.
HELPFUL_SHARE = 0.3
# Beyond this distance from the middle, as a share of the crop's side, the animal may be cut off by its edge.
OFF_CENTER_SHARE = 0.12


@dataclass(frozen=True)
class Looked:
    """What was seen in some frames.

    Parameters
    ----------
    points
        (x, y) in frame pixels, shape (n_frames, n_keypoints, 2).
    peak
        Height of the heatmap peak in (0, 1), shape (n_frames, n_keypoints).
    features
        What confidence is computed from, shape (n_frames, n_keypoints, n_features).
    """

    points: np.ndarray
    peak: np.ndarray
    features: np.ndarray


def look(images: Sequence[np.ndarray], plan: ViewPlan, stride: int, infer: Infer) -> Looked:
    """Find the keypoints in frames, each on its own.

    Parameters
    ----------
    images
        uint8 RGB frames, each (H, W, 3); sizes may differ.
    """
    views = [plan.locate_view((image.shape[1], image.shape[0])) for image in images]
    seen = see(images, views, stride, infer)
    if plan.kind == "whole":
        return seen
    reach = max(plan.size) / plan.scale
    for look_again in (False, True):
        centers = find_centers(seen.points, seen.peak, reach=reach)
        if look_again and not any(map(is_off_center, views, centers)):
            break
        views = [plan.crop_view(center) for center in centers]
        seen = see(images, views, stride, infer)
    return seen


def see(images: Sequence[np.ndarray], views: Sequence[View], stride: int, infer: Infer) -> Looked:
    """Show one view of each frame to the network, all views of one size."""
    batch = np.stack([view.cut(image) for image, view in zip(images, views, strict=True)])
    return to_frames(decode_heatmaps(infer(batch), stride), views)


def to_frames(decoded: Decoded, views: Sequence[View]) -> Looked:
    """Bring decoded points back to the pixels of their frames."""
    points = np.stack([view.to_frame(points) for view, points in zip(views, decoded.points, strict=True)])
    return Looked(points, decoded.peak, decoded.features)


def is_off_center(view: View, center: np.ndarray) -> bool:
    """Return whether an animal around `center` (frame pixels) is so far from the middle that it may be cut.

    The coarse view may have shown only a part of it; then the crop is moved, and the frame looked at again.
    """
    x0, y0, width, height = view.box
    middle = np.array([x0 + (width - 1) / 2, y0 + (height - 1) / 2])
    return bool((np.abs(center - middle) > OFF_CENTER_SHARE * np.array([width, height])).any())


def find_centers(
    points: np.ndarray, peak: np.ndarray, *, reach: float, helpful_share: float = HELPFUL_SHARE
) -> np.ndarray:
    """Return the middle of the animal in each frame, float64, shape (n_frames, 2).

    It is the middle of the bounding box of the keypoints that are clear (at least `helpful_share` of the
    clearest one's height) and not farther than `reach` (frame pixels) from that one, so that a stray peak
    does not move the crop off the animal.
    """
    centers = np.empty((len(points), 2))
    for i, (xy, height) in enumerate(zip(points, peak, strict=True)):
        best = int(height.argmax())
        near = np.abs(xy - xy[best]).max(axis=1) <= reach
        chosen = xy[near & (height >= helpful_share * height[best])]
        centers[i] = (chosen.min(axis=0) + chosen.max(axis=0)) / 2
    return centers
