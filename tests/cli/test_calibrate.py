import json

import numpy as np
import pytest
from typer.testing import CliRunner

from cameras.drawing import film_board
from cameras.rigs import ring
from marey.cameras import read_cameras, write_cameras
from marey.cameras.boards import Chessboard
from marey.cli.app import app
from marey.errors import AlreadyExistsError, ConfigError, InputError, NotFoundError
from marey.formats import load_poses, save_poses
from marey.model import create_poses

BOARD = Chessboard(6, 5, 40.0)


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A board filmed by three cameras of known lens and place, in a folder whose name is awkward."""
    folder = tmp_path_factory.mktemp("étalonnage du 3 mai 🐁")
    rig = ring(3, radius=450.0, height=700.0, distortion=(-0.15, 0.03), size=(360, 288), focal=400.0)
    film_board(folder, rig, BOARD, n_views=10)
    return folder, rig


def calibrate(folder, output, *more):
    return run(
        "calibrate",
        folder,
        "--views",
        "{camera}/*.png",
        "--board",
        BOARD.describe(),
        "--output",
        output,
        "--json",
        *more,
    )


@pytest.mark.slow
def test_calibrates_a_known_rig_and_reports(filmed, tmp_path):
    folder, truth = filmed
    output, report, cache = tmp_path / "cams.toml", tmp_path / "report.html", tmp_path / "found.npz"
    told = calibrate(folder, output, "--report", report, "--cache", cache)
    assert told["rms_px"] < 0.3
    assert set(told["cameras"]) == {"cam1", "cam2", "cam3"}
    assert told["spacing"]["mean"] == pytest.approx(40, abs=0.1)
    rig = read_cameras(output)
    for camera in rig:
        expected = truth[camera.name]
        sd = told["cameras"][camera.name]["focal_sd_px"][0]
        assert abs(camera.matrix[0, 0] - expected.matrix[0, 0]) < max(6 * sd, 4)
    distance = np.linalg.norm(rig["cam1"].centre - rig["cam2"].centre)
    assert distance == pytest.approx(np.linalg.norm(truth["cam1"].centre - truth["cam2"].centre), rel=0.01)
    page = report.read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "data:image/jpeg" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    first = output.read_bytes()
    again = calibrate(folder, output, "--overwrite", "--cache", cache)
    assert output.read_bytes() == first
    assert again["rms_px"] == told["rms_px"]
    with pytest.raises(AlreadyExistsError, match="exists already"):
        calibrate(folder, output)


@pytest.mark.slow
def test_a_board_that_two_cameras_never_saw_together(filmed, tmp_path):
    folder, _ = filmed
    for name in ("cam1", "cam2"):
        (tmp_path / name).mkdir()
        for image in sorted((folder / name).glob("*.png")):
            (tmp_path / name / f"{'other-' if name == 'cam2' else ''}{image.name}").write_bytes(
                image.read_bytes()
            )
    with pytest.raises(InputError, match="never seen together by one of cam1 and one of cam2") as told:
        calibrate(tmp_path, tmp_path / "cams.toml")
    assert "--intrinsics-only" in str(told.value)


@pytest.mark.slow
def test_a_board_that_does_not_fit(filmed, tmp_path):
    folder, _ = filmed
    with pytest.raises(
        InputError, match=r"to see the board chessboard:9x4:40 in some of 30 images"
    ) as caught:
        run(
            "calibrate",
            folder,
            "--views",
            "{camera}/*.png",
            "--board",
            "chessboard:9x4:40",
            "-o",
            tmp_path / "x.toml",
        )
    assert "columns and rows" in caught.value.hint
    assert not (tmp_path / "x.toml").exists()


def test_one_camera_is_too_few(filmed, tmp_path):
    folder, _ = filmed
    with pytest.raises(InputError, match="at least two cameras, got view"):
        run(
            "calibrate",
            folder / "cam1",
            "--views",
            "{camera}01.png",
            "--board",
            BOARD.describe(),
            "-o",
            tmp_path / "x.toml",
        )


@pytest.mark.parametrize(
    ("views", "board", "error", "message"),
    [
        ("*.png", "chessboard:6x5:40", ConfigError, "expected {camera} in the pattern"),
        ("{kamera}/*.png", "chessboard:6x5:40", ConfigError, "{kamera}"),
        ("{camera}/*.bmp", "chessboard:6x5:40", NotFoundError, "there are none"),
        ("{camera}/*.png", "chessboard:6:40", ConfigError, "chessboard:COLSxROWS:SQUARE"),
        ("{camera}/*.png", "nothing.toml", NotFoundError, "board's description"),
        ("{camera}/*.png", "charuco:6x5:40:30:9X9_7", ConfigError, "dictionary of markers"),
    ],
)
def test_wrong_arguments_are_told(filmed, tmp_path, views, board, error, message):
    folder, _ = filmed
    with pytest.raises(error) as caught:
        run("calibrate", folder, "--views", views, "--board", board, "--output", tmp_path / "x.toml")
    assert message in str(caught.value)


def test_check_calibration_finds_twins(tmp_path):
    rig = ring(4)
    twin = type(rig)((*rig.cameras[:3], rig.cameras[2].__class__(**{**vars(rig.cameras[2]), "name": "twin"})))
    write_cameras(twin, tmp_path / "cams.toml")
    told = run("check-calibration", tmp_path / "cams.toml", "--json")
    assert [text for text in told["warnings"] if "cam3 and twin are identical" in text]
    write_cameras(rig, tmp_path / "good.toml")
    assert run("check-calibration", tmp_path / "good.toml", "--json")["warnings"] == []


@pytest.mark.data
def test_the_shipped_calibration_has_two_identical_cameras(shared_data):
    told = run("check-calibration", shared_data / "arena_4cam" / "calibration.toml", "--json")
    assert [text for text in told["warnings"] if "side and top are identical" in text]


@pytest.mark.data
@pytest.mark.slow
def test_stereo_boards_reach_the_published_answer(shared_data, tmp_path):
    output = tmp_path / "stereo.toml"
    told = run(
        "calibrate",
        shared_data / "stereo_boards",
        "--views",
        "{camera}*.jpg",
        "--board",
        "chessboard:9x6:30",
        "--output",
        output,
        "--json",
    )
    assert told["rms_px"] <= 0.22
    rig = read_cameras(output)
    np.testing.assert_allclose(rig["left"].matrix[[0, 1], [0, 1]], [533.0, 533.2], atol=0.5)
    np.testing.assert_allclose(rig["right"].translation, [-99.8, 1.1, 0.4], atol=0.3)


def test_from_poses_of_an_animal(tmp_path):
    rig = ring(3)
    rng = np.random.default_rng(0)
    middle = rng.uniform(-120, 120, (80, 1, 3))
    along = rng.normal(size=(80, 1, 3))
    half = 30 * along / np.linalg.norm(along, axis=-1, keepdims=True)
    points = np.concatenate([middle + half, middle - half], axis=1)
    folder = tmp_path / "séance 2"
    folder.mkdir()
    for camera in rig:
        pixels = camera.project(points.reshape(-1, 3)).reshape(80, 2, 2) + rng.normal(0, 0.3, (80, 2, 2))
        save_poses(
            create_poses(np.moveaxis(pixels, -1, 1)[..., None], keypoints=("nose", "tail")),
            folder / f"{camera.name}.nc",
        )
    write_cameras(rig, tmp_path / "lenses.toml")
    arguments = ["calibrate", folder, "--from-poses", "{camera}.nc", "--length", "nose-tail:60"]
    arguments += ["--output", tmp_path / "cams.toml"]
    told = run(*arguments, "--intrinsics", tmp_path / "lenses.toml", "--json")
    assert told["median_px"] < 0.6
    assert told["units"] == "mm"
    found = read_cameras(tmp_path / "cams.toml")
    distance = np.linalg.norm(found["cam1"].centre - found["cam2"].centre)
    assert distance == pytest.approx(np.linalg.norm(rig["cam1"].centre - rig["cam2"].centre), rel=0.01)
    marks = ["point,camera,x,y,X,Y,Z"]
    for name, point in zip("abcd", ([0, 0, 0], [200, 0, 0], [0, 150, 0], [50, 60, 80.0]), strict=True):
        for camera in rig:
            x, y = camera.project(np.array([point]))[0]
            marks.append(",".join(map(str, (name, camera.name, x, y, *point))))
    (tmp_path / "marks.csv").write_text("\n".join(marks), encoding="utf-8")
    lenses = ["--intrinsics", tmp_path / "lenses.toml", "--overwrite"]
    told = run(*arguments[:4], *arguments[-2:], *lenses, "--world", tmp_path / "marks.csv", "--json")
    assert told["units"] == "mm"
    for camera in read_cameras(tmp_path / "cams.toml"):
        np.testing.assert_allclose(camera.centre, rig[camera.name].centre, atol=5)
    late = load_poses(folder / "cam2.nc")
    save_poses(
        late.isel(time=slice(4, None)).assign_coords(frame=("time", np.arange(76))), folder / "cam2.nc"
    )
    told = run(*arguments, *lenses, "--offset", "cam2=-4", "--json")
    assert told["median_px"] < 0.6
    assert told["offsets"] == {"cam2": -4}
    with pytest.raises(InputError, match="do not tell by how many frames"):
        run(*arguments, *lenses, "--synchronise")
    with pytest.raises(ConfigError, match="works without a board, but there are --board and --report"):
        run(*arguments, *lenses, "--board", "chessboard:9x6:30", "--report", tmp_path / "r.html")
    with pytest.raises(InputError, match="lens of cam1, cam2, cam3 is not known"):
        run(*arguments, "--overwrite")
    with pytest.raises(ConfigError, match="expected --size CAMERA=WIDTHxHEIGHT"):
        run(*arguments, "--overwrite", "--size", "cam1=wide")
    with pytest.raises(ConfigError, match="expected --length KEYPOINT-KEYPOINT:MILLIMETRES"):
        run(*arguments[:4], "--length", "nose:60", *arguments[-2:], "--overwrite")


def test_neither_board_nor_poses(tmp_path):
    with pytest.raises(ConfigError, match="expected --views and --board"):
        run("calibrate", tmp_path, "--output", tmp_path / "x.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--offset", "cam1=3"], "--offset is for --from-poses"),
        (["--synchronise", "--length", "a-b:3"], "--length and --synchronise are for --from-poses"),
        (["--size", "cam1=640x480", "--min-confidence", "0.5"], "--size and --min-confidence are"),
        (
            ["--from-poses", "{camera}.nc", "--lens", "fisheye", "--intrinsics-only"],
            "--intrinsics-only and --lens",
        ),
    ],
)
def test_options_that_would_be_ignored_are_refused(tmp_path, options, message):
    board = [] if "--from-poses" in options else ["--views", "{camera}/*.png", "--board", "chessboard:8x6:25"]
    with pytest.raises(ConfigError, match=message):
        run("calibrate", tmp_path, "--output", tmp_path / "x.toml", *board, *options)


def write_views(folder, camera, shapes, name="view{}.png"):
    import cv2

    (folder / camera).mkdir(parents=True)
    for number, (height, width) in enumerate(shapes):
        _, data = cv2.imencode(".png", np.full((height, width), 90, np.uint8))
        (folder / camera / name.format(number)).write_bytes(data.tobytes())


def test_images_of_one_camera_in_two_sizes(tmp_path):
    write_views(tmp_path, "left", [(48, 64), (64, 48)])
    with pytest.raises(InputError, match=r"left, got 64 × 48 and, in view1\.png, 48 × 64"):
        run(
            "calibrate",
            tmp_path,
            "--views",
            "{camera}/*.png",
            "--board",
            "chessboard:6x5:40",
            "-o",
            tmp_path / "x.toml",
        )
