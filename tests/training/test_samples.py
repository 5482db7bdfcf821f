import numpy as np
import pytest

from marey.errors import InputError
from marey.model import Instance, LabeledFrame, Origin, Visibility
from marey.networks import ViewPlan
from marey.runs import AugmentationConfig
from marey.training.augmentation import Warp, different_postures, random_warp, rotation_range, vary_appearance
from marey.training.samples import Samples
from marey.training.subjects import frame_targets

from .conftest import SIDE

PLAN = ViewPlan("whole", (SIDE, SIDE), 1.0, (SIDE, SIDE), 1.0, (SIDE, SIDE))
CROP = ViewPlan("crop", (SIDE, SIDE), 1.0, (32, 32), 0.5, (32, 32))
NAN = np.nan


def blob(center: np.ndarray, size: tuple[int, int], sigma: float) -> np.ndarray:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    image = 255 * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * sigma**2))
    return np.repeat(image.astype(np.uint8)[..., None], 3, axis=2)


def centroid(image: np.ndarray) -> np.ndarray:
    weight = image[..., 0].astype(float)
    y, x = np.indices(weight.shape)
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


@pytest.mark.parametrize("scale", [0.12, 0.3, 0.45, 0.8, 1.0, 2.5])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_points_follow_the_pixels(scale, is_mirrored):
    angle, center = 0.7, np.array([200.3, 150.6])
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = linear @ np.diag([-1.0, 1.0]) if is_mirrored else linear
    middle = np.array([70.0, 60.0])
    warp = Warp(np.column_stack([linear, middle - linear @ center]), (160, 128), is_mirrored)
    for offset in ([0, 0], [12, -7]):
        at = center + np.array(offset) / scale
        shown = warp.warp(blob(at, (731, 577), 4 / scale))
        assert np.abs(centroid(shown) - warp.apply(at)).max() < 0.1


def test_shrinking_does_not_skip_pixels():
    checkers = np.indices((400, 400)).sum(axis=0) % 2 * 255
    image = np.repeat(checkers.astype(np.uint8)[..., None], 3, axis=2)
    warp = Warp(np.array([[0.25, 0, 0], [0, 0.25, 0]]), (64, 64))
    assert np.ptp(warp.warp(image)[5:-5, 5:-5].astype(int)) < 20  # grey, not a moiré


def test_random_warps_stay_in_their_range():
    settings = AugmentationConfig(scale=1.5)
    center, size = np.array([33.0, 12.0]), (96, 64)
    rng = np.random.default_rng(0)
    warps = [
        random_warp(center, 0.5, size, settings, rotation_degrees=25, shift=0.1, flip=True, rng=rng)
        for _ in range(300)
    ]
    zooms = np.array([np.sqrt(abs(np.linalg.det(w.matrix[:, :2]))) for w in warps])
    assert 0.5 / 1.5 <= zooms.min() < 0.36
    assert 0.70 < zooms.max() <= 0.5 * 1.5
    moved = np.array([w.apply(center) for w in warps]) - (np.array(size) - 1) / 2
    assert (np.abs(moved) <= 0.1 * np.array(size) + 1e-9).all()
    mirrored = np.array([w.is_mirrored for w in warps])
    assert 100 < mirrored.sum() < 200
    assert ((np.array([np.linalg.det(w.matrix[:, :2]) for w in warps]) < 0) == mirrored).all()


def test_appearance_keeps_shape_and_leaves_the_original_alone():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    before = image.copy()
    varied = [vary_appearance(image, AugmentationConfig(), np.random.default_rng(i)) for i in range(30)]
    assert all(v.shape == image.shape and v.dtype == np.uint8 for v in varied)
    assert len({v.tobytes() for v in varied}) == 30
    np.testing.assert_array_equal(image, before)
    still = AugmentationConfig(brightness=0, contrast=1, gamma=1, blur_px=0, noise=0, occluders=0)
    np.testing.assert_array_equal(vary_appearance(image, still, np.random.default_rng(0)), image)


def turning(degrees: np.ndarray) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.zeros((len(angles), 2)), 30 * np.stack([np.cos(angles), np.sin(angles)], -1)], axis=1)


def test_images_are_turned_until_animals_are_seen_in_all_directions():
    assert rotation_range(turning(np.arange(0, 360, 10))) == 25
    gap = np.arange(-130, 131, 10)  # none within 50 degrees of 180; one label in 27 is not enough
    assert rotation_range(turning(gap)) == pytest.approx(50, abs=6)
    half = np.arange(-60, 61, 10)  # these say nothing of the other half
    assert rotation_range(turning(half)) == 180
    assert rotation_range(turning(np.append(half, 180))) == 180


def test_animals_that_keep_to_a_direction_are_not_turned_far():
    fixed = np.tile([[0.0, 0.0], [30.0, 1.0], [15.0, 5.0]], (40, 1, 1))
    fixed[:, 2] += 10 * np.sin(np.arange(40))[:, None]  # a paw
    fixed[:20, 1] = NAN
    assert rotation_range(fixed) == 25
    assert rotation_range(np.full((3, 2, 2), NAN)) == 180
    assert rotation_range(np.zeros((5, 1, 2))) == 180


def test_animals_that_rest_say_nothing_about_the_directions_they_take():
    resting = np.array([[[0.0, 0.0], [30.0, 1.0]], [[60.0, 40.0], [85.0, 44.0]]])
    trembling = np.random.default_rng(0).normal(0, 0.3, (300, 2, 2, 2)) + resting
    assert rotation_range(trembling.reshape(-1, 2, 2)) == 180
    assert len(different_postures(trembling.reshape(-1, 2, 2), 1.5)) == 2
    walking = np.array([[[0.0, 0.0], [30.0, 1.0]]]) + 20 * np.arange(12)[:, None, None]
    assert rotation_range(walking) == 25
    assert rotation_range(walking[:4]) == 180


def instance(**options) -> Instance:
    return Instance(np.array([[1.0, 2.0], [3.0, 4.0], [NAN, NAN], [NAN, NAN]]), **options)


def test_only_what_a_person_said_counts():
    seen = [Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.ABSENT, Visibility.UNLABELED]
    frames = [
        LabeledFrame("a", 0, (instance(visibility=seen),)),
        LabeledFrame("a", 1, (instance(visibility=seen, origin=[Origin.MODEL] * 4),)),
        LabeledFrame("a", 2, (instance(visibility=seen, origin=[Origin.ACCEPTED, Origin.MODEL, 0, 0]),)),
        LabeledFrame("a", 3, ()),  # a person saw no animal
    ]
    points, counts = frame_targets(frames, 4)
    assert counts.tolist() == [[1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]
    np.testing.assert_array_equal(points[0], [[1, 2], [3, 4], [NAN, NAN], [NAN, NAN]])
    assert np.isnan(points[1]).all()
    np.testing.assert_array_equal(np.isnan(points[2]).any(axis=1), [False, True, True, True])
    with pytest.raises(InputError, match="frame 7 of a has 2 labelled animals"):
        frame_targets([LabeledFrame("a", 7, (instance(), instance()))], 4)


def samples(project, config, plan=PLAN, **options) -> Samples:
    options = {"flip_indices": np.array([1, 0]), "is_flip_allowed": False} | options
    return Samples(project, list(project.load_labels()), plan, config, **options)


@pytest.mark.parametrize("plan", [PLAN, CROP])
def test_samples_depend_on_the_seed_and_the_step_alone(project, config, plan):
    few, many = (
        list(samples(project, config.with_settings({"workers": n, "cache_gb": gb}), plan).batches(0, 6))
        for n, gb in ((1, 1), (4, 0))
    )
    late = list(samples(project, config, plan).batches(4, 6))
    for a, b in zip([*few, *few[4:]], [*many, *late], strict=True):
        np.testing.assert_array_equal(a.images, b.images)
        np.testing.assert_array_equal(a.points, b.points)
    other = samples(project, config.with_settings({"seed": 1}), plan).batch(0)
    assert not np.array_equal(few[0].images, other.images)


def test_images_are_turned_less_at_the_end_of_a_training(project, config):
    turning = config.with_settings({"augmentation.rotation_degrees": 60, "augmentation.settle": 0.5})
    drawn = samples(project, turning)
    drawn.total_steps = 100
    labelled = [frame.instances[0].points for frame in project.load_labels()]

    def widest_turn(steps: range) -> float:
        angles = []
        for step in steps:
            for i, points in enumerate(drawn.batch(step).points[:, 0]):
                before, after = (
                    np.diff(p, axis=0)[0] @ [1, 1j]
                    for p in (labelled[drawn._draw(config.batch_size * step + i)], points)
                )
                angles.append(abs(np.angle(after / before, deg=True)))
        return max(angles)

    assert 40 < widest_turn(range(10)) <= 60
    assert widest_turn(range(90, 100)) <= 60 * (0.25 + 0.75 * 0.2)


def test_every_frame_is_drawn_once_before_any_is_drawn_again(project, config):
    drawn = samples(project, config)
    rows = [drawn._draw(i) for i in range(3 * 24)]
    assert all(sorted(rows[i : i + 24]) == list(range(24)) for i in (0, 24, 48))
    assert rows[:24] != rows[24:48]


def test_blobs_lie_where_the_targets_say_also_mirrored(project, config):
    settings = {"augmentation.occluders": 0, "augmentation.noise": 0, "augmentation.flip": True}
    is_swapped = []
    for step in range(8):
        batch = samples(project, config.with_settings(settings)).batch(step)
        for image, points in zip(batch.images, batch.points[:, 0], strict=True):
            if not ((points > 6) & (points < SIDE - 7)).all() or np.ptp(points, axis=0).max() < 20:
                continue
            colours = image[tuple(points.round().astype(int).T[::-1])].astype(int)
            is_swapped.append(colours[0, 1] > colours[0, 0] + 40)  # the first point is on the green blob
            expected = (1, 0) if is_swapped[-1] else (0, 1)
            assert colours[0, expected[0]] > colours[0, expected[1]] + 40
            assert colours[1, expected[1]] > colours[1, expected[0]] + 40
    # Mirrored images swap left and right: here that is which colour the first keypoint lies on.
    assert any(is_swapped)
    assert not all(is_swapped)


def test_frames_that_only_a_video_has_are_read_once_in_order_of_time(tmp_path, config):
    from marey.model import Skeleton
    from marey.project import Project
    from marey.video import VideoWriter

    video = tmp_path / "Käfig 1.mp4"
    with VideoWriter(video, fps=25, size=(SIDE, SIDE)) as writer:
        for level in range(12):
            writer.write(np.full((SIDE, SIDE, 3), 20 * level, np.uint8))
    project = Project.create(tmp_path / "project", skeleton=Skeleton(("red", "green")))
    key = project.add_video(video)
    points = np.array([[10.0, 20.0], [30.0, 40.0]])
    frames = [LabeledFrame(key, i, (Instance(points),)) for i in (9, 2, 5)]
    drawn = Samples(project, frames, PLAN, config, flip_indices=np.array([0, 1]), is_flip_allowed=False)
    video.unlink()  # everything has been read
    assert [round(float(drawn._images[row].mean()), -1) for row in range(3)] == [180, 40, 100]
    none = config.with_settings({"cache_gb": 0})
    Samples(project, frames, PLAN, none, flip_indices=np.array([0, 1]), is_flip_allowed=False)


def test_images_are_read_in_the_order_asked_for(project):
    frames = list(project.load_labels())[5:2:-1]
    for frame, image in zip(frames, project.read_images(frames), strict=True):
        np.testing.assert_array_equal(image, project.read_image(frame))
