"""Crops that are looked at turned: what is found in them is turned back to where it was."""

import numpy as np
import pytest

from marey.networks.decoding import decode_heatmaps
from marey.networks.views import View
from marey.prediction.frames import ImageFrame
from marey.prediction.turning import AS_IT_IS, TURNS, mean_logits, show_turned

STRIDE = 4
SPOTS = np.array([[50.0, 58.0], [75.5, 30.0], [40.0, 95.0]])  # in the crop


def frame_with(spots):
    y, x = np.mgrid[:240, :320]
    distance = np.hypot(x - spots[:, 0, None, None], y - spots[:, 1, None, None])
    return ImageFrame(
        np.repeat((255 * np.exp(-(distance**2) / (2 * 6.0**2)).max(0))[..., None], 3, 2).astype(np.uint8)
    )


def logits_of(crops):
    """What a network that says "bright" would: one channel, (1, 1, height, width)."""
    cells = np.stack(crops)[..., 0].astype(float)
    size = cells.shape[1] // STRIDE
    mean = cells.reshape(-1, size, STRIDE, size, STRIDE).mean(axis=(2, 4)) / 255
    mean = np.clip(mean, 1e-4, 1 - 1e-4)
    return [np.log(one / (1 - one))[None, None] for one in mean]


def probability(logits):
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("scale", [1.0, 0.8, 1.5])
@pytest.mark.parametrize("corner", [(100, 70), (-9, 60)])
def test_what_is_seen_in_turned_crops_lies_where_it_was(scale, corner):
    view = View(corner, scale, (128, 128))
    frame = frame_with(view.to_frame(SPOTS))
    crops = show_turned(frame, view, TURNS)
    np.testing.assert_array_equal(crops[0], view.cut(frame.image))
    alone, *turned = logits_of(crops)
    straight = decode_heatmaps(alone, STRIDE).points[0, 0]
    for turn, one in zip(TURNS[1:], turned, strict=True):
        mean = mean_logits([alone, one], (AS_IT_IS, turn), 1)
        assert np.abs(probability(mean) - probability(alone)).max() < 0.1
        np.testing.assert_allclose(decode_heatmaps(mean, STRIDE).points[0, 0], straight, atol=0.3)
        wrong = mean_logits([alone, one], (AS_IT_IS, turn._replace(degrees=-turn.degrees)), 1)
        assert np.abs(probability(wrong) - probability(alone)).max() > 0.3


@pytest.mark.parametrize("n_heatmaps", [3, 2])
def test_the_mean_of_equals_is_what_they_say(n_heatmaps):
    logits = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    assert mean_logits([logits], (AS_IT_IS,), 3) is logits
    np.testing.assert_allclose(
        mean_logits([logits, logits], (AS_IT_IS, AS_IT_IS), n_heatmaps), logits, rtol=1e-4, atol=1e-5
    )


def test_what_lies_in_the_corners_of_a_turned_crop_is_shown():
    """A crop that is turned after it was cut would have black corners."""
    frame = ImageFrame(np.full((240, 320, 3), 200, np.uint8))
    for crop in show_turned(frame, View((100, 70), 1.0, (128, 128)), TURNS):
        assert (crop == 200).all()


def test_what_only_some_crops_see_is_not_taken_for_unlikely():
    """A cell in a corner lies outside of the crops that are turned."""
    sure = np.full((1, 2, 16, 16), 3.0, np.float32)
    mean = mean_logits([sure] * 3, TURNS, 1)
    np.testing.assert_allclose(mean, sure, rtol=1e-3)
