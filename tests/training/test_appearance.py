"""Two animals that differ in a spot vanish and come back crossed: only their looks say who is who."""

from pathlib import Path

import numpy as np
import pytest

from marey.errors import ConfigError
from marey.model import create_poses
from marey.tracking import evaluate_tracks, track
from marey.training.appearance import VideoAppearance, choose_appearance

SIZE = (200, 160)
BODY = np.array([[16.0, 0.0], [0.0, 6.0], [0.0, -6.0], [-16.0, 0.0]])
N_FRAMES, GONE = 640, (240, 330)


def scene():
    """Two animals opposite each other on a circle; after a round unseen each is where the other should be."""
    turn = np.arange(N_FRAMES) * 0.07
    points = np.empty((N_FRAMES, 2, len(BODY), 2))
    for animal in range(2):
        own = turn + np.pi * ((animal == 0) == (np.arange(N_FRAMES) < GONE[0]))
        place = np.array([100.0, 80.0]) + 50 * np.stack([np.cos(own), np.sin(own)], axis=-1)
        heading = own + np.pi / 2 + 0.5 * np.sin(turn / 3)
        c, s = np.cos(heading), np.sin(heading)
        points[:, animal] = np.einsum("tij,kj->tki", np.array([[c, -s], [s, c]]).transpose(2, 0, 1), BODY)
        points[:, animal] += place[:, None]
    points[slice(*GONE)] = np.nan
    return points


def draw(animals, spots):
    import cv2

    rng = np.random.default_rng(0)
    image = np.clip(rng.normal(150, 12, (SIZE[1], SIZE[0], 3)), 0, 255).astype(np.uint8)
    for body, spot in zip(animals, spots, strict=True):
        if not np.isfinite(body).all():
            continue
        middle, ahead = body.mean(axis=0), (body[0] - body[3]) / np.linalg.norm(body[0] - body[3])
        angle = float(np.degrees(np.arctan2(ahead[1], ahead[0])))
        center = tuple(float(v) for v in middle)
        cv2.ellipse(image, (center, (40.0, 16.0), angle), (50, 46, 42), -1)
        x, y = middle + spot * ahead
        cv2.circle(image, (round(float(x)), round(float(y))), 5, (210, 200, 190), -1)
    return image


def film(path, spots):
    from marey.video import VideoWriter

    with VideoWriter(path, fps=25, size=SIZE) as writer:
        for animals in scene():
            writer.write(draw(animals, spots))
    return path


@pytest.fixture(scope="module")
def poses():
    points = scene()
    rng = np.random.default_rng(1)
    found = points + rng.normal(0, 0.6, points.shape)
    for frame in found:
        frame[:] = frame[rng.permutation(2)]
    names = {"keypoints": ["head", "left", "right", "tail"], "fps": 25.0}
    truth = create_poses(points.transpose(0, 3, 2, 1), individuals=["a", "b"], **names)
    return truth, create_poses(found.transpose(0, 3, 2, 1), individuals=["x", "y"], **names)


@pytest.fixture(scope="module")
def different(tmp_path_factory):
    return film(tmp_path_factory.mktemp("looks") / "Käfig.mp4", (9, -9))


def test_looks_say_who_came_back(poses, different):
    truth, found = poses
    blind = evaluate_tracks(truth, track(found, n_animals=2, max_gap_s=0).poses)
    looks = VideoAppearance(different)
    seen = track(found, n_animals=2, max_gap_s=0, describe=looks)
    assert blind.idf1 < 0.6  # each comes back where the other had been
    assert evaluate_tracks(truth, seen.poses).idf1 > 0.99
    assert looks.separation > 0.9
    assert "told apart by their looks" in looks.note
    assert 200 < looks.n_looks < 500
    again = track(found, n_animals=2, max_gap_s=0, describe=VideoAppearance(different))
    assert again.poses.equals(seen.poses)


def test_nobody_is_looked_at_without_need(poses, different):
    _, found = poses
    part = found.isel(time=slice(0, GONE[0]))
    looks = VideoAppearance(different)
    track(part, n_animals=2, describe=looks)
    assert looks.n_looks == 0
    assert "no need" in looks.note
    wanted = VideoAppearance(different, even_if_clear=True)
    track(part, n_animals=2, describe=wanted)
    assert wanted.n_looks > 50


def test_who_looks_and_when():
    told = []
    assert choose_appearance(None, "off") is None
    assert choose_appearance(Path("day.mp4"), "off") is None
    for when, even_if_clear in (("auto", False), ("on", True)):
        chosen = choose_appearance(Path("day.mp4"), when, progress=told.append)
        assert (chosen.video, chosen.even_if_clear) == (Path("day.mp4"), even_if_clear)
        assert chosen.progress == told.append
        with pytest.raises(ConfigError, match="no video to see them in"):
            choose_appearance(None, when)


def test_one_keypoint_is_too_little(poses, different):
    _, found = poses
    looks = VideoAppearance(different, even_if_clear=True)
    track(found.isel(keypoint=[0]), n_animals=2, describe=looks)
    assert looks.n_looks == 0
    assert "one keypoint" in looks.note


def test_animals_that_are_never_seen_apart_are_not_looked_at(poses, different):
    _, found = poses
    huddled = found.isel(time=slice(0, 100)).copy(deep=True)
    noise = np.random.default_rng(2).normal(0, 0.6, huddled["position"].shape)
    huddled["position"].values[:] = noise + BODY.T[None, :, :, None] + [60.0, 70.0]
    looks = VideoAppearance(different, even_if_clear=True)
    tracks = track(huddled, n_animals=2, describe=looks)
    assert tracks.poses.sizes["individual"] == 2
    assert looks.n_looks == 0
    assert "never seen apart" in looks.note
