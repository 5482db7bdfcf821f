import cv2
import numpy as np
import pytest

from marey.cameras import detect_boards, parse_board
from marey.cameras.boards import ArucoGrid, Charuco, Chessboard
from marey.errors import ConfigError, InputError
from marey.video.images import read_image_file

SQUARE_PX = 40


def picture_of(columns, rows, *, legacy=False, margin=30):
    """Draw a ChArUco board seen from straight ahead; its first inner corner is at `margin` + a square."""
    markers = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    board = cv2.aruco.CharucoBoard((columns, rows), 24.0, 18.0, markers)
    board.setLegacyPattern(legacy)
    flat = board.generateImage((columns * SQUARE_PX, rows * SQUARE_PX))
    return cv2.copyMakeBorder(flat, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=255)


def write_jpeg(path, image, *, orientation=None):
    """Write a JPEG, with the tag by which a camera says how it was held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 97])[1].tobytes()
    if orientation is not None:
        entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\x00\x00"
        body = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
        data = data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
    path.write_bytes(data)


@pytest.mark.parametrize("legacy", [False, True])
def test_charuco_corners_by_hand(legacy):
    found = Charuco(7, 6, 24.0, 18.0, "4X4_50", legacy).detect(picture_of(7, 6, legacy=legacy))
    x, y = np.meshgrid(np.arange(1, 7), np.arange(1, 6))
    expected = 30 + SQUARE_PX * np.stack([x.ravel(), y.ravel()], axis=1) - 0.5
    np.testing.assert_allclose(found, expected, atol=0.6)


@pytest.mark.parametrize("legacy", [False, True])
def test_the_pattern_of_a_charuco_board_is_found_out(tmp_path, legacy):
    for camera in ("left", "right"):
        write_jpeg(tmp_path / camera / "1.jpg", picture_of(7, 6, legacy=legacy))
    found = detect_boards(tmp_path, "{camera}/*.jpg", parse_board("charuco:7x6:24:18:4X4_50"))
    assert found.board.legacy is legacy
    assert found.n_seen.tolist() == [[30], [30]]


def test_a_part_of_a_charuco_board_is_enough():
    found = Charuco(7, 6, 24.0, 18.0, "4X4_50").detect(picture_of(7, 6)[:, :200])
    known = np.isfinite(found).all(axis=1).reshape(5, 6)
    assert known[:, :2].all()
    assert not known[:, 4:].any()


def test_another_board_is_not_taken_for_this_one():
    assert np.isnan(Chessboard(8, 5, 24.0).detect(picture_of(7, 6))).all()
    assert np.isnan(ArucoGrid(3, 3, 20.0, 5.0, "6X6_50").detect(picture_of(7, 6))).all()


def test_aruco_markers_are_as_large_as_they_are():
    """Blurred corners of a dark square look as if they lay inside it."""
    markers = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    large = np.full((1600, 1600), 255, np.uint8)
    for number, x in enumerate((260, 860)):
        large[560:1040, x : x + 480] = cv2.aruco.generateImageMarker(markers, number, 480)
    turn = cv2.getRotationMatrix2D((799.5, 799.5), 20, 1.0)
    turned = cv2.warpAffine(large, turn, (1600, 1600), borderValue=255)
    seen = cv2.GaussianBlur(turned.reshape(160, 10, 160, 10).mean(axis=(1, 3)), (0, 0), 0.8)
    found = ArucoGrid(2, 1, 48.0, 12.0, "5X5_50").detect(seen.round().astype(np.uint8)).reshape(2, 4, 2)
    sides = np.linalg.norm(found - np.roll(found, 1, axis=1), axis=-1)
    np.testing.assert_allclose(sides, 48.0, atol=0.1)


def test_aruco_grid():
    markers = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    flat = np.full((160, 210), 255, np.uint8)
    for number in range(6):
        x, y = 20 + 60 * (number % 3), 20 + 60 * (number // 3)
        flat[y : y + 48, x : x + 48] = cv2.aruco.generateImageMarker(markers, number, 48)
    found = ArucoGrid(3, 2, 48.0, 12.0, "5X5_50").detect(flat)
    np.testing.assert_allclose(found[[0, 20]], [[19.5, 19.5], [139.5, 79.5]], atol=0.6)
    sides = np.linalg.norm(found.reshape(6, 4, 2) - np.roll(found.reshape(6, 4, 2), 1, axis=1), axis=-1)
    np.testing.assert_allclose(sides, sides.mean(), rtol=0.03)


def chessboard(columns, rows):
    squares = np.indices((rows + 1, columns + 1)).sum(axis=0) % 2
    flat = (np.kron(squares, np.ones((SQUARE_PX, SQUARE_PX))) * 200 + 20).astype(np.uint8)
    return cv2.copyMakeBorder(flat, 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=220)


def test_a_chessboard_keeps_its_numbers_when_it_is_turned():
    board, image = Chessboard(8, 5, 24.0), chessboard(8, 5)
    upright = board.detect(image)
    turned = board.detect(np.ascontiguousarray(image[::-1, ::-1]))
    size = np.array(image.shape[::-1])
    np.testing.assert_allclose(size - 1 - turned, upright, atol=0.1)


@pytest.mark.parametrize("orientation", [None, 1, 6])
def test_how_a_camera_was_held_does_not_turn_its_pixels(tmp_path, orientation):
    image = picture_of(7, 6)
    write_jpeg(tmp_path / "cam" / "1.jpg", image, orientation=orientation)
    assert read_image_file(tmp_path / "cam" / "1.jpg").shape[:2] == image.shape


def test_boards_that_cannot_be():
    with pytest.raises(ConfigError, match="markers smaller than the squares"):
        parse_board("charuco:7x6:24:30:4X4_50")
    with pytest.raises(ConfigError, match="has only 50"):
        Charuco(20, 20, 24.0, 18.0, "4X4_50").detect(picture_of(7, 6))
    with pytest.raises(InputError, match="above 0"):
        parse_board("chessboard:8x5:0")
    with pytest.raises(ConfigError, match="at least 3 × 3"):
        parse_board("chessboard:8x2:25")
