import numpy as np
import pytest

from marey.errors import InputError, NotFoundError
from marey.synthesis import SPECIES, Camera, Recording, RecordingSpec, find_species
from marey.synthesis.parts import Landmark
from marey.synthesis.raster import MARKER_COLOUR


def straight(body, heading=0.0):
    """Joints of an animal that lies straight and looks along `heading`, the tip of its head at the origin."""
    at = -np.array(body.joints_mm)
    return np.column_stack([at * np.cos(heading), at * np.sin(heading)])


def test_overhead_camera_by_hand():
    camera = Camera.overhead((320, 240), (640, 480), height_mm=1000)
    # 2 px per mm on the floor; y is up in the world and down in the image.
    np.testing.assert_allclose(camera.project(np.array([0.0, 0, 0])), [319.5, 239.5])
    np.testing.assert_allclose(camera.project(np.array([10.0, 20, 0])), [339.5, 199.5])
    assert camera.px_per_mm(0) == pytest.approx(2.0)
    assert camera.px_per_mm(200) == pytest.approx(2.5)


def test_floor_points_undo_projection():
    camera = Camera.overhead((320, 240), (64, 48))
    floor = camera.floor_points()
    pixels = camera.project(np.concatenate([floor, np.zeros((48, 64, 1))], axis=-1))
    u, v = np.meshgrid(np.arange(64), np.arange(48))
    np.testing.assert_allclose(pixels, np.stack([u, v], axis=-1), atol=1e-9)


def test_enlarged_camera_keeps_pixel_centres():
    camera = Camera.overhead((320, 240), (64, 48))
    point = np.array([31.0, -17.0, 4.0])
    small, large = camera.project(point), camera.enlarged(2).project(point)
    np.testing.assert_allclose(large, 2 * small + 0.5)


@pytest.mark.parametrize("species", SPECIES)
def test_left_is_left(species):
    body = SPECIES[species]
    # Looking along +y with y up, left is towards negative x.
    points = body.keypoints_mm(straight(body, np.pi / 2), np.asarray(0.0))
    for left, right in body.skeleton.symmetries:
        i, j = body.skeleton.index(left), body.skeleton.index(right)
        assert points[i, 0] < 0 < points[j, 0]


def test_spine_of_a_straight_mouse_by_hand():
    body = SPECIES["mouse"]
    world = body.place(straight(body), np.array([50.0]), np.array([7.0]))
    np.testing.assert_allclose(world[0, :2], [-50.0, 7.0], atol=1e-9)
    snout, base = (body.skeleton.index(name) for name in ("snout", "tailbase"))
    points = body.keypoints_mm(straight(body), np.asarray(0.0))
    assert np.linalg.norm(points[snout, :2] - points[base, :2]) == pytest.approx(body.length_mm)


@pytest.mark.parametrize("species", SPECIES)
def test_painted_markers_lie_at_the_keypoints(species):
    """The truth goes forward from the body to the image; the picture is painted backward: they must agree."""
    spec = RecordingSpec(species=species, n_frames=60, size=(480, 360), seed=5, noise=0.0, exposure_s=0.0)
    recording = Recording(spec)
    rows, columns = np.mgrid[:360, :480]
    for index in (0, 31, 59):
        plain = recording.frame(index)
        for k, keypoint in enumerate(recording.skeleton.keypoints):
            if plain.visibility[0, k] < 3:
                continue
            marked = recording.frame(index, marker=keypoint)
            change = marked.image.astype(float) - plain.image
            possible = np.array(MARKER_COLOUR) - plain.image
            # How far each pixel went towards the dot's colour; its faint tail is where shadows change too.
            weight = (change * possible).sum(axis=2) / (possible**2).sum(axis=2)
            weight = np.where(weight > 0.1, weight, 0.0)
            found = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
            assert np.linalg.norm(found - plain.points[0, k]) < 0.15, (keypoint, found, plain.points[0, k])


def test_unknown_species_and_part():
    with pytest.raises(NotFoundError, match="mouse, fly, fish"):
        find_species("unicorn")
    body = SPECIES["mouse"]
    fields = {name: getattr(body, name) for name in body.__dataclass_fields__}
    fields["landmarks"] = (Landmark(part="left_horn"), *body.landmarks[1:])
    with pytest.raises(InputError, match="left_horn"):
        type(body)(**fields)
