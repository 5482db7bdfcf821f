import numpy as np
import pytest

from marey.errors import ConfigError
from marey.formats import load_poses, save_poses
from marey.model import read_history
from marey.refinement import smooth


@pytest.mark.parametrize("method", ["kalman", "median", "savgol"])
def test_one_door_cuts_fills_and_smooths(method, recording, make_poses, tmp_path):
    truth, noisy, _ = recording
    confidence = np.where(np.linalg.norm(noisy - truth, axis=1) > 20, 0.1, 0.9)[..., None]
    poses = make_poses(noisy, fps=30, confidence=confidence)
    result = smooth(poses, method, min_confidence=0.5, max_gap=3)
    error = np.linalg.norm(result["position"].to_numpy()[..., 0] - truth, axis=1)
    assert np.isfinite(error).all()
    assert error.mean() < 0.75 * np.linalg.norm(noisy - truth, axis=1)[confidence[..., 0] > 0.5].mean()
    assert result["is_interpolated"].to_numpy().sum() == (confidence < 0.5).sum()
    operations = [entry["operation"] for entry in read_history(result)]
    assert operations[0] == "cut_by_confidence"
    assert operations[-1].startswith(method)
    save_poses(result, tmp_path / "smooth.nc")
    loaded = load_poses(tmp_path / "smooth.nc")
    np.testing.assert_array_equal(loaded["position"], result["position"])
    np.testing.assert_array_equal(loaded["is_interpolated"], result["is_interpolated"])
    assert read_history(loaded) == read_history(result)


def test_an_unknown_method(make_poses):
    with pytest.raises(ConfigError, match="kalman, median, savgol, viterbi, got 'gaussian'"):
        smooth(make_poses([1]), "gaussian")


def test_candidates_belong_to_viterbi(make_poses):
    first, second = make_poses([0.0, 50, 2, 3, 4, 5]), make_poses([50.0, 1, 50, 50, 50, 50])
    with pytest.raises(ConfigError, match="candidates are there to choose from, which kalman does not do"):
        smooth(first, "kalman", candidates=[second])
    kept = first.assign(
        candidate_position=(
            ("time", "candidate", "space", "keypoint", "individual"),
            second["position"].to_numpy()[:, None],
        ),
        candidate_confidence=(
            ("time", "candidate", "keypoint", "individual"),
            np.full((6, 1, 1, 1), 0.4),
        ),
    )
    chosen = smooth(kept, "viterbi")["position"].to_numpy()[:, 0, 0, 0]
    np.testing.assert_array_equal(chosen, [0, 1, 2, 3, 4, 5])
    # The lower peak is below the threshold, so that there is no other place to choose.
    cut = smooth(kept, "viterbi", min_confidence=0.5)["position"].to_numpy()[:, 0, 0, 0]
    np.testing.assert_array_equal(cut, [0, np.nan, 2, 3, 4, 5])


@pytest.mark.data
def test_predictions_of_another_tool_lose_their_jumps(shared_data):
    folder = shared_data / "formats" / "dlc_predictions"
    (path,) = (p for p in folder.glob("*.h5") if "filtered" not in p.name)
    poses = load_poses(path)
    before, after = (
        np.linalg.norm(p["position"].diff("time").to_numpy(), axis=1) for p in (poses, smooth(poses))
    )
    assert (before > 80).sum() > 10
    assert (after > 80).sum() <= 0.5 * (before > 80).sum()
    assert np.median(np.abs(smooth(poses)["position"] - poses["position"])) < 1, "good points moved too"
