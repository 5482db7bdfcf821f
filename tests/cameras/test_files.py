import json
import pickle

import numpy as np
import pytest

from cameras.rigs import ring
from marey.cameras import Rig, read_cameras, write_cameras
from marey.errors import AlreadyExistsError, FormatError, NotFoundError


def same(a: Rig, b: Rig):
    points = np.random.default_rng(0).uniform(-100, 100, (20, 3))
    assert a.names == b.names
    assert [camera.size for camera in a] == [camera.size for camera in b]
    np.testing.assert_array_equal(a.project(points), b.project(points))


@pytest.mark.parametrize("suffix", [".toml", ".yaml", ".json"])
@pytest.mark.parametrize("fisheye", [False, True])
def test_a_calibration_survives(tmp_path, suffix, fisheye):
    distortion = (0.1, 0.01, 0.001, 0.0001) if fisheye else (-0.2, 0.05, 0.001, 0.002, 0.01)
    rig = ring(3, fisheye=fisheye, distortion=distortion)
    path = tmp_path / f"caméras 🐁{suffix}"
    write_cameras(rig, path)
    again = read_cameras(path)
    same(again, rig)
    assert again.units == "mm"
    with pytest.raises(AlreadyExistsError):
        write_cameras(rig, path)


def test_metadata_survives_in_toml(tmp_path):
    rig = Rig(ring(2).cameras, metadata={"rms_px": 0.25, "warnings": ['a "b"\n'], "cameras": {"ä": {"n": 3}}})
    write_cameras(rig, tmp_path / "a.toml")
    assert read_cameras(tmp_path / "a.toml").metadata == rig.metadata


def test_opencv_reads_what_is_written(tmp_path):
    import cv2

    rig = ring(2)
    write_cameras(rig, tmp_path / "a.yaml")
    storage = cv2.FileStorage(str(tmp_path / "a.yaml"), cv2.FILE_STORAGE_READ)
    np.testing.assert_array_equal(storage.getNode("cam2").getNode("camera_matrix").mat(), rig["cam2"].matrix)
    storage.release()


def test_opencv_stereo_yaml(tmp_path):
    import cv2

    first, second = ring(2).cameras
    path = tmp_path / "stereo.yml"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    R = second.rotation_matrix @ first.rotation_matrix.T
    values = {
        "M1": first.matrix,
        "D1": first.distortion,
        "M2": second.matrix,
        "D2": second.distortion,
        "R": R,
        "T": second.translation - R @ first.translation,
    }
    for key, value in values.items():
        storage.write(key, value)
    storage.release()
    rig = read_cameras(path)
    points = first.to_camera(np.array([[10.0, 20, 30]]))
    np.testing.assert_allclose(rig.project(points)[1], second.project([[10, 20, 30]]), atol=1e-8)


STEREO = json.dumps(
    {
        "image_width": 640,
        "image_height": 480,
        "M1": [[500, 0, 320], [0, 500, 240], [0, 0, 1]],
        "D1": [0, 0],
        "M2": [[500, 0, 320], [0, 500, 240], [0, 0, 1]],
        "D2": [0, 0],
        "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "T": [0, 0, 0],
    }
)
LENS_ONLY = """[a]
name = 'a'
size = [640, 480]
matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
distortions = []
rotation = [0, 0, 0]
translation = [0, 0, 0]
"""
QUALISYS = """<calibration><cameras><camera serial="1">
    <fov_video left="0" top="0" right="99" bottom="99"/></camera></cameras></calibration>"""


def pair(**more):
    matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    return {
        "cameraMatrix1": matrix,
        "distCoeffs1": np.zeros((1, 5)),
        "cameraMatrix2": matrix,
        "distCoeffs2": np.zeros((1, 5)),
        "R": np.eye(3),
        "T": np.array([[1.0], [2], [3]]),
        "image_shape": [(640, 480), (640, 480)],
        **more,
    }


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_stereo_pickle_is_read_safely(tmp_path, protocol):
    path = tmp_path / "stereo_params.pickle"
    path.write_bytes(pickle.dumps({"camera-1-camera-2": pair()}, protocol))
    rig = read_cameras(path)
    assert rig.names == ("camera-1", "camera-2")
    assert rig.cameras[1].translation.tolist() == [1, 2, 3]
    assert rig.cameras[0].size == (640, 480)


@pytest.mark.parametrize(
    ("pair_of", "names"), [("left-right", ("left", "right")), ("top", ("top", "camera-2"))]
)
def test_the_cameras_of_a_stereo_pickle_have_their_names(tmp_path, pair_of, names):
    path = tmp_path / "stereo_params.pickle"
    path.write_bytes(pickle.dumps({pair_of: pair()}))
    assert read_cameras(path).names == names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"R": np.zeros((3, 3))}, "expected a rotation without mirroring for camera 'b'"),
        ({"R": np.diag([1, 1, -1.0])}, "expected a rotation without mirroring for camera 'b'"),
        ({"T": np.zeros(2)}, "expected translation of camera 'b' to be 3 finite numbers"),
        ({"cameraMatrix1": "x"}, "could not convert string"),
        ({"cameraMatrix2": np.full((3, 3), np.nan)}, "expected the width and the height|expected matrix"),
        ({"image_shape": [(640,)]}, "not enough values"),
        ({"image_shape": 5}, "not subscriptable"),
        ({"image_shape": [(640, 0), (640, 480)]}, "the width and the height of the images of camera 'a'"),
    ],
)
def test_a_stereo_pickle_of_impossible_cameras(tmp_path, change, message):
    path = tmp_path / "stereo_params.pickle"
    path.write_bytes(pickle.dumps({"a-b": pair(**change)}))
    with pytest.raises(FormatError, match=f"the cameras a-b of .* cannot be used: .*({message})"):
        read_cameras(path)


class Evil:
    def __reduce__(self):
        return (eval, ("1/0",))


def test_a_pickle_that_holds_a_program_is_refused(tmp_path):
    path = tmp_path / "stereo_params.pickle"
    path.write_bytes(pickle.dumps({"a-b": pair(R=Evil())}))
    with pytest.raises(FormatError, match=r"read safely: it asks for (builtins|__builtin__)\.eval"):
        read_cameras(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "board_x = 3", "expected tables of cameras"),
        (
            "a.toml",
            "[cam_0]\nname = 'a'",
            r"expected size, matrix, distortions, rotation, translation in \[cam_0\]",
        ),
        ("a.toml", "[cam_0\n", "expected a calibration in TOML"),
        ("a.json", "{", "expected JSON"),
        ("a.json", '{"a": 1}', "expected cameras with camera_matrix"),
        ("a.yaml", "%YAML:1.0\n---\n- 1", "expected maps of cameras"),
        ("a.yaml", "%YAML:1.0\n---\nM1: !!opencv-matrix", "a matrix of OpenCV is a map"),
        ("a.json", STEREO.replace("[0, 0, 0]", "[0, 0]"), "translation of camera 'camera-2'"),
        ("a.json", STEREO.replace("[[1, 0, 0]", "[[2, 0, 0]"), "expected a rotation without mirroring"),
        ("a.json", STEREO.replace("640", "Infinity"), "the width and the height of the images"),
        ("a.json", STEREO.replace('"image_height"', '"height"'), "expected image_width and image_height"),
        (
            "a.toml",
            LENS_ONLY.replace("640", "inf"),
            r"the camera \[a\] of .* cannot be used: expected the width and the height",
        ),
        ("a.xml", QUALISYS.replace('left="0"', ""), "fov_video with the numbers .* for camera '1'"),
        ("a.xml", QUALISYS.replace('right="99"', 'right="inf"'), "got 0.0, 0.0, inf, 99.0"),
        ("a.xml", "<calibration></calibration>", "expected cameras of Qualisys"),
        ("a.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "no declarations"),
        ("a.xml", "<calibration>", "expected XML"),
    ],
)
def test_damaged_files(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        read_cameras(tmp_path / name)


def test_no_file_and_no_format(tmp_path):
    with pytest.raises(NotFoundError, match="there is none"):
        read_cameras(tmp_path / "a.toml")
    with pytest.raises(FormatError, match=r"ends in \.toml"):
        write_cameras(ring(2), tmp_path / "a.xyz")


@pytest.mark.data
def test_qualisys_agrees_with_the_boards(shared_data):
    rig = read_cameras(shared_data / "multicam_person" / "calibration" / "Calib.qca.txt")
    assert rig.names == ("cam01", "cam02", "cam03", "cam04")
    assert rig["cam01"].size == (1088, 1920)
    assert rig["cam01"].matrix[0, 0] == pytest.approx(107599.671875 / 64)
    # all look down at the middle of the room from about two metres
    for camera in rig:
        assert 1600 < camera.centre[2] < 2200
        assert camera.forward[2] < 0
