import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.networks import FEATURE_NAMES, decode_heatmaps
from marey.networks.decoding import CANDIDATE_PEAK, decode_lower_peaks, find_peaks, read_peaks
from marey.networks.targets import gaussian_targets, heatmap_loss

STRIDE = 4
SIZE = (48, 64)  # cells: 192 × 256 pixels


def logits_of(points: np.ndarray, size=SIZE, stride=STRIDE) -> np.ndarray:
    """The logits of a network that has learned its targets perfectly."""
    heat = gaussian_targets(torch.from_numpy(points), size, stride=stride, sigma_cells=1.5)
    return torch.logit(heat.double(), eps=1e-9).numpy()


@pytest.mark.parametrize(("tops", "exact"), [(False, 0.1), (True, 0.01)])
def test_points_away_from_the_border_come_back_to_a_fraction_of_a_pixel(tops, exact):
    points = np.random.default_rng(0).uniform([24, 24], [256 - 24, 192 - 24], (200, 5, 2))
    found = decode_heatmaps(logits_of(points), STRIDE, tops=tops).points
    assert np.abs(found - points).max() < exact


@pytest.mark.parametrize(("tops", "cells"), [(False, 1.5), (True, 1.3)])
def test_points_at_the_border_come_back_within_a_cell(tops, cells):
    edges = np.array([[[0.0, 0.0], [255.0, 191.0], [0.0, 100.0], [-1.5, 30.0], [128.0, 191.0]]])
    found = decode_heatmaps(logits_of(edges), STRIDE, tops=tops).points
    assert np.abs(found - edges).max() < cells * STRIDE


def test_of_two_hills_side_by_side_the_higher_one_has_the_top_and_the_centre_lies_between():
    places = np.array([[100.0, 90.0], [115.0, 90.0]])  # nearly four cells apart
    hills = gaussian_targets(torch.from_numpy(places)[:, None], SIZE, stride=STRIDE, sigma_cells=1.5)
    logits = torch.logit(torch.maximum(hills[0], 0.9 * hills[1])[None].double(), eps=1e-9).numpy()
    top, center = (decode_heatmaps(logits, STRIDE, tops=tops).points[0, 0] for tops in (True, False))
    assert np.abs(top - places[0]).max() < 0.3 * STRIDE
    assert places[0, 0] + 0.7 * STRIDE < center[0] < places[1, 0]
    assert decode_heatmaps(logits, STRIDE, tops=True).features.shape == (1, 1, len(FEATURE_NAMES))


@given(st.integers(-8, 8), st.integers(-8, 8))
@settings(deadline=None, max_examples=20)
def test_what_moves_by_a_cell_is_found_a_cell_further(dx, dy):
    points = np.array([[[101.3, 88.8]]])
    moved = decode_heatmaps(np.roll(logits_of(points), (dy, dx), axis=(2, 3)), STRIDE).points
    still = decode_heatmaps(logits_of(points), STRIDE).points
    np.testing.assert_allclose(moved - still, [[[dx * STRIDE, dy * STRIDE]]], atol=1e-6)


@pytest.mark.parametrize("stride", [2, 4, 8, 16])
def test_a_single_hot_cell_is_at_its_centre(stride):
    logits = np.full((1, 1, 12, 16), -40.0)
    logits[0, 0, 5, 7] = 3.0
    decoded = decode_heatmaps(logits, stride)
    # Cell (row 5, column 7) has its centre at ((7 + 0.5) · stride − 0.5, (5 + 0.5) · stride − 0.5).
    np.testing.assert_allclose(decoded.points[0, 0], [7.5 * stride - 0.5, 5.5 * stride - 0.5], atol=1e-3)
    assert decoded.peak[0, 0] == pytest.approx(1 / (1 + np.exp(-3)))


def test_features_tell_a_second_peak_and_a_wide_one():
    one = logits_of(np.array([[[60.0, 60.0]]]))
    two = np.maximum(one, logits_of(np.array([[[180.0, 120.0]]])))
    wide = gaussian_targets(torch.tensor([[[60.0, 60.0]]]), SIZE, stride=STRIDE, sigma_cells=4.0)
    wide = torch.logit(wide.double(), eps=1e-9).numpy()
    features = [
        dict(zip(FEATURE_NAMES, decode_heatmaps(logits, STRIDE).features[0, 0], strict=True))
        for logits in (one, two, wide)
    ]
    assert features[0]["second_peak_ratio"] < 0.1
    assert features[1]["second_peak_ratio"] > 0.9
    assert features[0]["log_spread"] + 0.2 < features[2]["log_spread"]
    assert features[0]["log_mass"] + 0.2 < features[2]["log_mass"]


def test_flat_tiny_and_extreme_maps_give_finite_answers():
    for logits in (np.zeros((1, 2, 4, 4)), np.full((1, 2, 3, 3), -1e4), np.full((1, 2, 16, 16), 1e4)):
        for tops in (False, True):
            decoded = decode_heatmaps(logits, STRIDE, tops=tops)
            assert np.isfinite(decoded.points).all()
            assert np.isfinite(decoded.features).all()
    for tops in (False, True):
        assert decode_heatmaps(np.zeros((0, 2, 4, 4)), STRIDE, tops=tops).points.shape == (0, 2, 2)


def test_a_missing_point_has_an_empty_target():
    targets = gaussian_targets(torch.full((1, 1, 2), torch.nan), (4, 4), stride=4, sigma_cells=1.5)
    assert targets.abs().sum() == 0


def test_target_and_loss_by_hand():
    # Pixel 5.5 is cell (5.5 + 0.5) / 4 − 0.5 = 1: the target is 1 there and exp(−½) one sigma away.
    targets = gaussian_targets(torch.tensor([[[5.5, 5.5]]]), (3, 3), stride=4, sigma_cells=1.0)
    assert targets[0, 0, 1].tolist() == pytest.approx([np.exp(-0.5), 1.0, np.exp(-0.5)])
    # With logits of zero every cell costs log 2; of two keypoints, only the one that counts is asked.
    loss = heatmap_loss(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3), torch.tensor([[1.0, 0.0]]))
    assert loss.item() == pytest.approx(9 * np.log(2), rel=1e-6)


def test_what_nobody_has_looked_at_pulls_on_nothing():
    logits = torch.zeros(1, 2, 3, 3, requires_grad=True)
    heatmap_loss(logits, torch.zeros(1, 2, 3, 3), torch.tensor([[1.0, 0.0]])).backward()
    assert (logits.grad[0, 0] > 0).all()  # absent: pushed down
    assert (logits.grad[0, 1] == 0).all()  # unlabelled: left alone
    nothing = heatmap_loss(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3), torch.zeros(1, 2))
    assert nothing.item() == 0


def test_animals_that_share_a_heatmap_are_found_one_by_one():
    points = np.array([[40.0, 60.0], [120.5, 61.0], [121.0, 120.0]])
    heat = gaussian_targets(torch.from_numpy(points)[None, :, None], SIZE, stride=STRIDE, sigma_cells=1.5)
    assert heat.shape == (1, 1, *SIZE)
    assert heat.max() <= 1
    logits = torch.logit(heat[0, 0].double(), eps=1e-9).numpy().astype(np.float32)
    row, column = find_peaks(logits, threshold=0.2, n_most=5)
    assert len(row) == 3
    assert (np.diff(logits[row, column]) <= 0).all()
    read = read_peaks(np.broadcast_to(logits, (3, *SIZE)), row, column, STRIDE)
    apart = np.linalg.norm(read.points[:, None] - points[None], axis=-1)
    assert apart.min(axis=0).max() < 0.1
    assert len(find_peaks(logits, threshold=0.2, n_most=2)[0]) == 2
    assert len(find_peaks(np.full(SIZE, -9.0), threshold=0.2, n_most=2)[0]) == 0


def test_the_highest_peak_is_read_like_any_other():
    logits = np.random.default_rng(1).normal(-3, 2, (2, 3, 20, 24)).astype(np.float32)
    whole = decode_heatmaps(logits, STRIDE)
    for image in range(2):
        for keypoint in range(3):
            heat = logits[image, keypoint]
            row, column = find_peaks(heat, threshold=1e-9, n_most=1)
            alone = read_peaks(heat[None], row, column, STRIDE)
            np.testing.assert_allclose(alone.points[0], whole.points[image, keypoint])
            np.testing.assert_allclose(alone.features[0], whole.features[image, keypoint])


def test_lower_peaks_come_after_the_highest_and_are_missing_where_there_are_none():
    places = np.array([[60.3, 50.7], [180.2, 120.4], [100.0, 150.0]])
    single = logits_of(places[:, None])[:, 0]  # a heatmap for each place, all of them equally high
    several = np.stack([single[0], single[1] - 2, single[2] - 4]).max(axis=0)
    lower = decode_lower_peaks(np.stack([several, single[0]]), STRIDE, 3)
    assert np.abs(lower.points[:2, 0] - places[1:]).max() < 0.5
    assert lower.peak[0, 0] > lower.peak[1, 0] > CANDIDATE_PEAK
    assert np.isnan(lower.points[2, 0]).all(), "there were but three peaks"
    assert np.isnan(lower.points[:, 1]).all()
    assert np.isnan(lower.features[:, 1]).all()
    highest = decode_heatmaps(several[None, None], STRIDE)
    assert np.abs(highest.points[0, 0] - places[0]).max() < 0.5
