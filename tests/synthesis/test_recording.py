import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marey.errors import InputError
from marey.model import Visibility
from marey.synthesis import Arena, Bowl, Camera, Recording, RecordingSpec, Roof, Scene, iter_frames
from marey.synthesis.motion import Fence, Obstacle, simulate
from marey.synthesis.species import MOUSE

SMALL = RecordingSpec(n_frames=8, size=(160, 120), seed=7)


def test_same_seed_same_pixels_in_any_order():
    forward = [frame.image for frame in iter_frames(SMALL)]
    again = Recording(SMALL)
    for index in (5, 0, 7):
        np.testing.assert_array_equal(again.frame(index).image, forward[index])


def test_another_seed_is_another_recording():
    other = Recording(RecordingSpec(n_frames=8, size=(160, 120), seed=8))
    assert not np.array_equal(other.frame(0).image, Recording(SMALL).frame(0).image)
    assert not np.allclose(other.points_px, Recording(SMALL).points_px)


@pytest.mark.parametrize("species", ["mouse", "fly", "fish"])
def test_frames_and_truth_fit_together(species):
    spec = RecordingSpec(species=species, n_frames=4, size=(200, 150), n_animals=2, has_marks=True)
    recording = Recording(spec)
    poses = recording.poses()
    assert poses.sizes == {
        "time": 4,
        "space": 2,
        "keypoint": len(spec.body.skeleton),
        "individual": 2,
    }
    assert list(poses.individual.values) == [f"{species}1", f"{species}2"]
    for index, frame in enumerate(recording):
        assert frame.image.shape == (150, 200, 3)
        assert frame.image.dtype == np.uint8
        truth = poses.position.values[index].transpose(2, 1, 0)
        np.testing.assert_array_equal(frame.points, truth)
        assert set(np.unique(frame.visibility)) <= {Visibility.OCCLUDED, Visibility.VISIBLE}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), n_animals=st.integers(1, 3), is_round=st.booleans())
def test_animals_stay_in_the_arena_and_never_jump(seed, n_animals, is_round):
    fence = Fence(400.0, 300.0, is_round, (Obstacle(90.0, 40.0, 25.0),))
    motion = simulate(MOUSE, 60, n_animals, 30.0, fence, np.random.default_rng(seed))
    joints = motion.joints_mm
    if is_round:
        assert np.linalg.norm(joints, axis=-1).max() <= 200.0
    else:
        assert (np.abs(joints) <= [200.0, 150.0]).all()
    steps = np.linalg.norm(np.diff(joints[:, :, MOUSE.leader], axis=0), axis=-1)
    assert steps.max() < 2.5 * MOUSE.style.dash_mm_s / 30
    assert np.isfinite(joints).all()


def test_motion_between_frames_is_between_them():
    motion = Scene.build(SMALL).motion
    before, after = motion.at(2, 0)[0], motion.at(3, 0)[0]
    np.testing.assert_allclose(motion.at(2.25, 0)[0], 0.75 * before + 0.25 * after)
    np.testing.assert_array_equal(before, motion.joints_mm[3, 0])


def test_an_animal_moves():
    points = Recording(RecordingSpec(n_frames=150, seed=3)).points_px
    assert np.ptp(points[:, 0, 0], axis=0).max() > 100


def test_roof_hides_what_is_under_it():
    recording = Recording(SMALL)
    snout = recording.scene.keypoints_mm[0, 0, 0]
    open_frame = recording.frame(0)
    assert open_frame.visibility[0, 0] == Visibility.VISIBLE
    roofed = Arena(roofs=(Roof(snout[0], snout[1], 40, 40),))
    spec = RecordingSpec(n_frames=8, size=(160, 120), seed=7, arena=roofed)
    assert Recording(spec).frame(0).visibility[0, 0] == Visibility.OCCLUDED


def test_the_upper_animal_hides_the_lower_one():
    seen = set()
    recording = Recording(RecordingSpec(n_frames=240, size=(240, 180), n_animals=3, seed=2))
    gaps = np.linalg.norm(
        recording.points_px[:, :, None, 4] - recording.points_px[:, None, :, 4], axis=-1
    ) + 1e3 * np.eye(3)
    nearest = int(gaps.reshape(240, -1).min(axis=1).argmin())
    frame = recording.frame(nearest)
    order = recording.scene.motion.order[nearest + 1]
    seen = {int(animal) for animal in np.argwhere(frame.visibility == Visibility.OCCLUDED)[:, 0]}
    assert seen
    pair = divmod(int(gaps[nearest].argmin()), 3)
    assert min(pair, key=lambda animal: order[animal]) in seen


def test_motion_blur_smears_and_noise_is_noise():
    def spread(**options):
        spec = RecordingSpec(n_frames=40, size=(160, 120), seed=11, **options)
        return [Recording(spec).frame(i).image.astype(float) for i in range(0, 40, 8)]

    still = spread(noise=0.0, exposure_s=0.0)
    blurred = spread(noise=0.0, exposure_s=1 / 30)
    noisy = spread(noise=1.0, exposure_s=0.0)
    assert any(np.abs(a - b).max() > 5 for a, b in zip(still, blurred, strict=True))
    assert 1.0 < np.std(noisy[0] - still[0]) < 6.0


def test_grey_camera_has_equal_channels():
    image = Recording(RecordingSpec(n_frames=1, size=(96, 72), is_grey=True)).frame(0).image
    assert (image == image[..., :1]).all()


def test_second_camera_sees_the_same_scene():
    scene = Scene.build(SMALL)
    wide = Camera.overhead((900.0, 675.0), (160, 120))
    recording = Recording(SMALL, camera=wide, scene=scene)
    np.testing.assert_allclose(recording.points_px, wide.project(scene.keypoints_mm))
    assert recording.frame(0).image.shape == (120, 160, 3)
    assert recording.body_length_px < Recording(SMALL, scene=scene).body_length_px


def test_bowls_are_painted():
    plain = Recording(SMALL).frame(0).image.astype(int)
    spec = RecordingSpec(n_frames=8, size=(160, 120), seed=7, arena=Arena(bowls=(Bowl(-120, -80),)))
    with_bowl = Recording(spec)
    x, y = np.rint(with_bowl.camera.project(np.array([-120.0, -80.0, 0.0]))).astype(int)
    assert np.abs(with_bowl.frame(0).image[y, x].astype(int) - plain[y, x]).max() > 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_frames": 0}, "n_frames must be positive, got 0"),
        ({"size": (20, 100)}, "at least 32 by 32"),
        ({"exposure_s": 0.1}, "between 0 and the time of a frame"),
        ({"coats": ("tartan",)}, "black, agouti, white, grey"),
    ],
)
def test_wrong_specifications_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        RecordingSpec(**options)


def test_frames_out_of_range_are_refused():
    with pytest.raises(InputError, match="0 to 7, got 8"):
        Recording(SMALL).frame(8)
