import numpy as np
import pytest

from marey.demo.findings import compare_with_truth
from marey.errors import InputError
from marey.model import create_poses


def poses(points, **options):
    """Poses of one animal with the keypoints a and b from (n_frames, 2 keypoints, 2)."""
    position = np.asarray(points, float).transpose(0, 2, 1)[..., None]
    return create_poses(position, keypoints=("a", "b"), **options)


def test_errors_by_hand():
    truth = poses([[[0, 0], [10, 0]], [[0, 0], [10, 0]]])
    found = poses([[[3, 4], [10, 1]], [[0, 0], [np.nan, np.nan]]])
    findings = compare_with_truth(found, truth, body_length_px=50.0)
    # The distances are 5, 1 and 0; one of four points is missing.
    assert findings.mean_error_px == pytest.approx(2.0)
    assert findings.median_error_px == pytest.approx(1.0)
    assert findings.mean_error_percent == pytest.approx(4.0)
    assert findings.missing_percent == pytest.approx(25.0)
    assert findings.per_keypoint_px == pytest.approx({"a": 2.5, "b": 1.0})


def test_nothing_found_is_nan_and_all_missing():
    truth = poses(np.zeros((2, 2, 2)))
    findings = compare_with_truth(poses(np.full((2, 2, 2), np.nan)), truth, 50.0)
    assert np.isnan(findings.mean_error_px)
    assert np.isnan(findings.per_keypoint_px["a"])
    assert findings.missing_percent == 100


def test_other_frames_and_more_animals_are_refused():
    truth = poses(np.zeros((2, 2, 2)))
    with pytest.raises(InputError, match="same frames"):
        compare_with_truth(poses(np.zeros((2, 2, 2)), frames=np.array([5, 6])), truth, 50.0)
    two = create_poses(np.zeros((2, 2, 2, 2)), keypoints=("a", "b"), individuals=("p", "q"))
    with pytest.raises(InputError, match="one individual"):
        compare_with_truth(two, truth, 50.0)
