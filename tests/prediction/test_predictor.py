import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marey.metrics import Reliability
from marey.networks.decoding import FEATURE_NAMES
from marey.networks.looking import look
from marey.prediction.engines import create_engine
from marey.prediction.following import BLOCK_FRAMES, LAG, PATIENCE_FRAMES, Follower, expect_center, is_lost
from marey.prediction.frames import ImageFrame, ahead
from marey.prediction.predictor import Predictor, RawPose, pipelined
from marey.prediction.translation import NetworkFiles

from .blobs import FRAME_SIZE, KEYPOINTS, PLAN, draw_frame, walk


@pytest.fixture
def predictor(run) -> Predictor:
    return Predictor.of(run, create_engine("torch", NetworkFiles.of(run)))


def test_blobs_are_found_to_a_fraction_of_a_pixel(predictor):
    truth = np.array([[[100.25, 60.5], [140.0, 70.75]], [[40.0, 200.0], [20.0, 215.0]]])
    prediction = predictor.predict_images([draw_frame(points) for points in truth])
    assert prediction.points.shape == (2, 2, 2)
    np.testing.assert_allclose(prediction.points[0], truth[0], atol=0.3)
    np.testing.assert_allclose(prediction.points[1], truth[1], atol=0.6)
    assert (prediction.confidence > 0.9).all()
    assert np.isnan(prediction.error_90).all(), "nothing was calibrated"


def test_the_whole_plan_looks_once(whole_run):
    predictor = Predictor.of(whole_run, create_engine("torch", NetworkFiles.of(whole_run)))
    truth = np.array([[100.0, 60.0], [140.0, 70.0]])
    prediction = predictor.predict_images([draw_frame(truth)])
    np.testing.assert_allclose(prediction.points[0], truth, atol=0.6)


def test_predictions_are_what_training_saw(predictor):
    images = [draw_frame(points) for points in walk(5)]
    seen = look(images, PLAN, 4, predictor.engine.run)
    prediction = predictor.predict_images(images)
    np.testing.assert_allclose(prediction.points, seen.points, atol=1e-4)
    np.testing.assert_allclose(prediction.features, seen.features, atol=1e-4)


def test_batches_give_the_same_as_single_images(predictor):
    images = [draw_frame(points) for points in walk(7)]
    single = predictor.predict_images(images).points
    predictor.engine.batch_size, predictor.engine.n_in_flight = 4, 2
    np.testing.assert_allclose(predictor.predict_images(images).points, single, atol=1e-3)


def test_nothing_to_predict(predictor):
    prediction = predictor.predict_images([])
    assert prediction.points.shape == (0, 2, 2)
    assert prediction.confidence.shape == (0, 2)


def test_confidence_and_errors_come_from_the_calibration(run, predictor):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 2, len(FEATURE_NAMES)))
    errors = rng.uniform(0.5, 3, size=(40, 2))
    predictor.reliability = Reliability.fit(features, errors, feature_names=FEATURE_NAMES, threshold_px=2.0)
    prediction = predictor.predict_images([draw_frame(walk(1)[0])])
    expected = predictor.reliability.error_90_px(prediction.features)
    np.testing.assert_allclose(prediction.error_90, expected)
    assert (prediction.expected_error < prediction.error_90).all()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dx=st.integers(-60, 60), dy=st.integers(-40, 40))
def test_poses_move_with_the_animal(predictor, dx, dy):
    truth = np.array([[150.0, 110.0], [185.0, 125.0]])
    moved = truth + np.array([dx, dy])
    found = predictor.predict_images([draw_frame(truth), draw_frame(moved)]).points
    np.testing.assert_allclose(found[1] - found[0], [[dx, dy]] * 2, atol=0.1)


def test_following_agrees_with_searching(predictor):
    frames = [ImageFrame(draw_frame(points)) for points in walk(40)]
    searched = np.stack([pose.points for _, pose in predictor.search(frames)])
    follower = Follower(predictor, (96, 96))
    followed = list(follower.follow(frames))
    assert [frame for frame, _ in followed] == frames
    np.testing.assert_allclose(np.stack([pose.points for _, pose in followed]), searched, atol=0.4)
    assert follower.n_searched == LAG, "only the first frames are searched"


def test_a_jump_is_noticed_and_the_animal_found_again(predictor):
    truth = np.repeat(np.array([[[60.0, 60.0], [100.0, 60.0]]]), 20, axis=0)
    truth[10:] += (170, 110)
    follower = Follower(predictor)
    found = np.stack([pose.points for _, pose in follower.follow(ImageFrame(draw_frame(p)) for p in truth)])
    np.testing.assert_allclose(found, truth, atol=0.6)
    assert LAG < follower.n_searched <= 3 * LAG


def test_a_keypoint_that_comes_back_outside_the_crop_is_found_again(predictor):
    truth = np.repeat(np.array([[[60.0, 60.0], [100.0, 60.0]]]), 60, axis=0)
    truth[6:12, 1] = np.nan  # the crop moves to the first keypoint ...
    truth[12:, 1] = 130, 60  # ... and does not reach as far as the second
    follower = Follower(predictor, (96, 96))
    poses = [pose for _, pose in follower.follow(ImageFrame(draw_frame(p)) for p in truth)]
    found = np.stack([pose.points for pose in poses])
    np.testing.assert_allclose(found[12 + PATIENCE_FRAMES :], truth[12 + PATIENCE_FRAMES :], atol=0.6)


def test_a_keypoint_that_stays_away_is_looked_for_now_and_then(predictor):
    truth = np.repeat(np.array([[[60.0, 60.0], [np.nan, np.nan]]]), 100, axis=0)
    follower = Follower(predictor)
    for _ in follower.follow(ImageFrame(draw_frame(p)) for p in truth):
        pass
    assert LAG + 1 <= follower.n_searched <= LAG + 1 + 100 // PATIENCE_FRAMES


def test_an_absent_animal_is_searched_for_until_it_comes_back(predictor):
    truth = np.repeat(np.array([[[60.0, 60.0], [100.0, 60.0]]]), 16, axis=0)
    shown = truth.copy()
    shown[4:10] = np.nan
    poses = [pose for _, pose in Follower(predictor).follow(ImageFrame(draw_frame(p)) for p in shown)]
    assert all((pose.peak < 0.1).all() for pose in poses[4:10])
    np.testing.assert_allclose(np.stack([pose.points for pose in poses[10:]]), truth[10:], atol=0.6)


def test_blocks_begin_anew(predictor):
    truth = np.repeat(walk(1), BLOCK_FRAMES + 3, axis=0)
    image = ImageFrame(draw_frame(truth[0]))
    follower = Follower(predictor)
    n_frames = sum(1 for _ in follower.follow([image] * len(truth)))
    assert n_frames == len(truth)
    assert follower.n_searched == LAG + 3


def test_where_the_animal_is_expected():
    from collections import deque

    centers = deque(maxlen=4)
    assert expect_center(centers) is None
    centers.append(np.array([10.0, 20.0]))
    np.testing.assert_array_equal(expect_center(centers), [10, 20])
    centers.extend(np.array([10.0 + 2 * i, 20.0]) for i in (1, 2, 3))
    # At 16 after moving by 2 a frame; 70 % of that for 4 more frames is 5.6.
    np.testing.assert_allclose(expect_center(centers), [21.6, 20])
    centers.append(None)
    assert expect_center(centers) is None


def make_pose(points, peak, corner=(100, 60)) -> RawPose:
    from dataclasses import replace

    view = replace(PLAN.crop_view((0, 0)), corner=corner)
    return RawPose(np.array(points, float), np.array(peak), np.zeros((2, 4)), view)


@pytest.mark.parametrize(
    ("points", "peak", "corner", "expected"),
    [
        ([[150, 120], [160, 130]], [0.9, 0.9], (100, 60), False),
        ([[150, 120], [160, 130]], [0.1, 0.1], (100, 60), True),  # nothing is seen
        ([[101, 120], [160, 130]], [0.9, 0.9], (100, 60), True),  # at the crop's left edge
        ([[101, 120], [160, 130]], [0.1, 0.9], (100, 60), False),  # a point that is not seen may be there
        ([[1, 120], [60, 130]], [0.9, 0.9], (0, 60), False),  # at the edge of the frame nothing is cut off
        ([[318, 120], [260, 130]], [0.9, 0.9], (192, 60), False),
        ([[150, 186], [160, 130]], [0.9, 0.9], (100, 60), True),  # at the lower edge
    ],
)
def test_when_a_crop_has_lost_the_animal(points, peak, corner, expected):
    assert is_lost(make_pose(points, peak, corner), FRAME_SIZE) is expected


def test_keypoints_of_the_run(predictor):
    assert predictor.keypoints == KEYPOINTS


def test_a_pipeline_starts_ahead_and_keeps_the_order():
    events = []

    def start(item):
        events.append(f"start {item}")
        return lambda: events.append(f"finish {item}") or item * 10

    results = list(pipelined([1, 2, 3], start, 2))
    assert results == [(1, 10), (2, 20), (3, 30)]
    assert events == ["start 1", "start 2", "finish 1", "start 3", "finish 2", "finish 3"]


def test_reading_ahead_keeps_order_and_errors():
    def items():
        yield 1
        yield 2
        raise ValueError("broken")

    read = ahead(items(), 4)
    assert [next(read), next(read)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(read)
    assert list(ahead(range(20), 3)) == list(range(20))


def test_reading_ahead_is_bounded():
    taken = []
    source = (taken.append(i) or i for i in range(1000))
    read = ahead(source, 5)
    next(read)
    read.close()
    assert len(taken) <= 7
