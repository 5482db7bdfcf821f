"""Sessions of several cameras, as a project finds and keeps them."""

import json

import pytest
from typer.testing import CliRunner

from cameras.rigs import ring
from marey.cameras import write_cameras
from marey.cli.app import app
from marey.errors import AlreadyExistsError, ConfigError, InputError, NotFoundError
from marey.model import Skeleton
from marey.project import Project
from marey.project.project_file import FILE_NAME
from marey.project.recordings import (
    calibration_name,
    find_recording,
    find_recordings,
    import_calibration,
    read_calibration,
    set_pattern,
    set_timing,
    use_calibration,
)


@pytest.fixture
def study(tmp_path):
    """A project of two sessions by two cameras, and a video that belongs to neither."""
    project = Project.create(tmp_path / "Étude 🐁", skeleton=Skeleton(("nose", "tail")))
    for name in ("jour 1/top.mp4", "jour 1/side.mp4", "jour 2/top.mp4", "jour 2/side.mp4", "alone.mp4"):
        project.add_video(tmp_path / "videos" / name, missing_ok=True)
    return project


def test_sessions_follow_from_the_end_of_the_paths(study):
    assert find_recordings(study) == []
    found = set_pattern(study, "{session}/{camera}.mp4")
    # "videos/alone.mp4" fits the pattern too: it is a session of one camera
    assert [(item.name, sorted(item.videos)) for item in found] == [
        ("jour 1", ["side", "top"]),
        ("jour 2", ["side", "top"]),
        ("videos", ["alone"]),
    ]
    assert [item.name for item in find_recordings(Project.open(study.root))] == ["jour 1", "jour 2", "videos"]


def test_a_pattern_that_takes_two_videos_for_one_changes_nothing(study):
    with pytest.raises(InputError, match="one video of camera 'top'"):
        set_pattern(study, "{camera}.mp4")
    with pytest.raises(ConfigError, match=r"expected \{camera\}"):
        set_pattern(study, "{session}.mp4")
    assert Project.open(study.root).cameras.pattern == ""


def test_a_project_without_cameras_says_nothing_of_them(study):
    assert "cameras" not in (study.root / FILE_NAME).read_text(encoding="utf-8")
    set_pattern(study, "{session}/{camera}.mp4")
    set_pattern(study, "")
    assert "cameras" not in (study.root / FILE_NAME).read_text(encoding="utf-8")


def test_offsets_and_dropped_frames_stay_with_their_session(study):
    set_pattern(study, "{session}/{camera}.mp4")
    set_timing(study, "jour 1", offsets={"top": 3, "side": 0}, dropped={"side": [2]})
    recording = find_recording(Project.open(study.root), "jour 1")
    assert (dict(recording.offsets), dict(recording.dropped)) == ({"top": 3}, {"side": (2,)})
    assert recording.session().frames_of("top", 4, 6).tolist() == [3, 4, 5, -1]
    assert recording.session().frames_of("side", 4, 6).tolist() == [0, 1, -1, 2]
    assert recording.n_frames({recording.videos["top"]: 6, recording.videos["side"]: 6}) == 7
    assert find_recording(study, "jour 2").offsets == {}
    set_timing(study, "jour 1", offsets={"top": 1})
    assert dict(find_recording(study, "jour 1").dropped) == {"side": (2,)}
    with pytest.raises(NotFoundError, match="no camera 'front'"):
        set_timing(study, "jour 1", offsets={"front": 1})
    with pytest.raises(NotFoundError, match="no recording session 'jour 9'"):
        set_timing(study, "jour 9", offsets={})


def test_a_calibration_is_copied_into_the_project_and_used(study, tmp_path):
    with pytest.raises(ConfigError, match="no calibration"):
        read_calibration(study)
    write_cameras(ring(3), tmp_path / "rig.yaml")
    import_calibration(study, tmp_path / "rig.yaml", "mars")
    (tmp_path / "rig.yaml").unlink()
    again = Project.open(study.root)
    assert (calibration_name(again), again.cameras.calibration) == ("mars", "calibrations/mars.toml")
    assert read_calibration(again).names == ("cam1", "cam2", "cam3")
    write_cameras(ring(2), tmp_path / "other.toml")
    with pytest.raises(AlreadyExistsError):
        import_calibration(study, tmp_path / "other.toml", "mars")
    with pytest.raises(NotFoundError, match="no calibration 'mai'"):
        use_calibration(study, "mai")
    with pytest.raises(ConfigError):
        use_calibration(study, "../mars")
    use_calibration(study, "")
    assert calibration_name(study) == ""


def test_the_command_does_what_the_page_does(study, tmp_path):
    write_cameras(ring(2), tmp_path / "rig.toml")
    options = ["--pattern", "{session}/{camera}.mp4", "--calibration", str(tmp_path / "rig.toml")]
    options += ["--session", "jour 2", "--offset", "side=2", "--json"]
    result = CliRunner().invoke(app, ["cameras", str(study.root), *options])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["calibration"], told["calibrations"]) == ("rig", ["rig"])
    assert told["sessions"][1]["offsets"] == {"side": 2}
    assert "jour 2: top, side (+2 frames); without cam1, cam2, which the calibration has" in result.stderr
    assert "3 sessions, calibration rig" in result.stderr
