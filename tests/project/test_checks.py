import pytest

from marey.model import LabeledFrame, Skeleton
from marey.project import Finding, Project
from marey.project.findings import sort_findings

from .conftest import MOUSE, label, write_video


@pytest.fixture
def filmed(disk):
    """A healthy project: one recording, one labelled image."""
    project = Project.create(disk / "project", skeleton=MOUSE)
    project.add_video(write_video(disk / "day1.mp4"))
    project.confirm_symmetries()
    project.add_frames("day1", [4])
    project.save_labels("day1", [label("day1", 4, (10, 10), (20, 10), image="img00004.png")])
    return project


def codes(project: Project, **values) -> dict[str, Finding]:
    return {finding.code: finding for finding in project.check(**values)}


@pytest.mark.parametrize("deep", [False, True])
def test_a_healthy_project(filmed, deep):
    assert filmed.check(deep=deep) == []


def test_an_empty_project(disk):
    project = Project.create(disk / "project", skeleton=MOUSE)
    findings = project.check()
    assert [(f.severity, f.code) for f in findings] == [("warning", "no-videos"), ("warning", "symmetries")]
    assert "ear_left/ear_right" in findings[1].message
    assert str(project.root) in findings[0].hint


def test_that_no_pairs_were_guessed_is_only_worth_knowing(tmp_path):
    project = Project.create(tmp_path / "project", skeleton=Skeleton(("nose", "tail")))
    finding = codes(project)["symmetries"]
    assert finding.severity == "info"
    assert "no left/right pairs were found" in finding.message


class TestVideos:
    def test_missing(self, filmed, disk):
        (disk / "day1.mp4").unlink()
        found = codes(filmed)
        assert set(found) == {"video-missing"}
        assert found["video-missing"].severity == "error"
        assert found["video-missing"].hint

    def test_one_that_was_never_seen_is_no_error_where_images_are_there(self, filmed):
        project = Project.create(filmed.root.parent / "imported", skeleton=MOUSE)
        project.add_video(filmed.root.parent / "none.mp4", key="day1", missing_ok=True)
        (image,) = filmed.frames_folder("day1").iterdir()
        project.add_image("day1", 4, image)
        project.save_labels("day1", [label("day1", 4, (10, 10), (64, 10))])
        found = codes(project)
        assert {finding.severity for finding in found.values()} == {"warning"}
        assert set(found) == {"video-missing", "symmetries", "outside-image"}

    def test_moved_is_found_and_said(self, filmed, disk):
        (disk / "far").mkdir()
        (disk / "day1.mp4").rename(disk / "far" / "b.mp4")
        found = codes(filmed, search=[disk / "far"])
        assert found["video-moved"].message.endswith(str(disk / "far" / "b.mp4"))
        assert filmed.check() == []

    def test_another_file_in_its_place(self, filmed, disk):
        write_video(disk / "day1.mp4", n_frames=9, seed=3)
        found = codes(filmed)
        assert set(found) == {"video-changed", "frame-count"}
        assert "has 9 frames, but had 12" in found["frame-count"].message

    def test_cut_off_in_the_middle(self, filmed, disk):
        path = disk / "day1.mp4"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        found = codes(filmed)
        assert "video-changed" in found
        assert {"video-unreadable", "video-problem", "frame-count"} & set(found)

    def test_frames_that_cannot_be_decoded(self, filmed, disk):
        path = disk / "day1.mp4"
        content = bytearray(path.read_bytes())
        start = content.index(b"mdat") + 4
        content[start + 1200 : start + 1500] = bytes(300)
        path.write_bytes(content)
        assert "video-damaged" not in codes(filmed)
        assert "of 12 frames can be decoded" in codes(filmed, deep=True)["video-damaged"].message

    def test_a_variable_frame_rate(self, filmed, disk):
        times = [0, 1, 2, 3, 9, 10, 11, 20, 21]
        filmed.add_video(write_video(disk / "jumpy.mp4", n_frames=9, times=times))
        finding = codes(filmed)["video-problem"]
        assert finding.video == "jumpy"
        assert "frame rate varies" in finding.message

    def test_the_same_twice(self, filmed, disk):
        (disk / "b.mp4").write_bytes((disk / "day1.mp4").read_bytes())
        key = filmed.add_video(disk / "none.mp4", key="b", missing_ok=True)
        filmed._change_entry(key, **filmed.videos["day1"].model_dump())
        assert codes(filmed)["video-twice"].message == "day1, b are the same video"

    def test_conditions_that_are_not_stated(self, filmed):
        filmed.set_conditions(["drug"])
        assert codes(filmed)["no-condition"].message == "does not say its drug"
        filmed.set_metadata("day1", {"drug": "saline"})
        assert filmed.check() == []


class TestImages:
    def test_a_labelled_frame_without_an_image(self, filmed, disk):
        frames = [*filmed.load_labels("day1").frames, label("day1", 6, (10, 10))]
        filmed.save_labels("day1", frames)
        finding = codes(filmed)["no-image"]
        assert (finding.severity, finding.frame) == ("warning", 6)
        (disk / "day1.mp4").unlink()
        assert codes(filmed)["no-image"].severity == "error"

    def test_an_image_is_known_by_its_number_too(self, filmed):
        filmed.save_labels("day1", [label("day1", 4, (10, 10))])
        assert filmed.check() == []

    def test_images_that_wait(self, filmed):
        filmed.add_frames("day1", [1])
        assert codes(filmed)["unlabelled-images"].message == "1 image waits to be labelled"
        filmed.add_frames("day1", [2])
        finding = codes(filmed)["unlabelled-images"]
        assert (finding.severity, finding.message) == ("info", "2 images wait to be labelled")

    def test_an_image_that_cannot_be_read(self, filmed):
        path = filmed.frames_folder("day1") / "img00004.png"
        path.write_bytes(path.read_bytes()[:40])
        assert "image-unreadable" not in codes(filmed)
        assert "img00004.png is not an image" in codes(filmed, deep=True)["image-unreadable"].message
        path.write_bytes(b"")
        assert "image-unreadable" in codes(filmed)

    def test_the_same_image_twice_and_of_another_size(self, filmed):
        folder = filmed.frames_folder("day1")
        (folder / "img00005.png").write_bytes((folder / "img00004.png").read_bytes())
        assert "img00004.png, img00005.png are the same" in codes(filmed, deep=True)["image-twice"].message
        filmed._change_entry("day1", width=32)
        assert "64x48 pixels, others of this video 32x48" in codes(filmed, deep=True)["image-size"].message


class TestLabels:
    def test_a_table_that_cannot_be_read_hides_no_other_finding(self, filmed, disk):
        filmed.add_video(disk / "none.mp4", missing_ok=True)
        (filmed.labels_folder / "day1.csv").write_text("frame\n")
        found = codes(filmed)
        assert "missing keypoint, x, y" in found["labels-unreadable"].message
        assert "video-missing" in found

    def test_a_table_of_no_video(self, filmed):
        stray = filmed.labels_folder / "day1 (conflicted copy).csv"
        stray.write_text("frame\n")
        (filmed.labels_folder / ".day1.1234abcd.csv").write_text("half-written")
        finding = codes(filmed)["stray-labels"]
        assert finding.where == str(stray)

    def test_a_copy_of_the_project_file(self, filmed):
        stray = filmed.root / "project (conflicted copy).yaml"
        stray.write_text("")
        assert codes(filmed)["stray-project"].where == str(stray)

    @pytest.mark.parametrize("frames", [[], [LabeledFrame("day1", 4, image="img00004.png")]])
    def test_nothing_labelled(self, filmed, frames):
        filmed.save_labels("day1", frames)
        assert "nothing-labelled" in codes(filmed)

    def test_labels_are_checked_against_the_video(self, filmed):
        filmed.save_labels("day1", [label("day1", 4, (64, 10), individual="eve"), label("day1", 40, (1, 1))])
        assert {"outside-image", "beyond-end", "unknown-individual"} <= set(codes(filmed))


def test_paths_that_windows_cannot_hold(tmp_path):
    root = tmp_path / ("a" * 100) / ("b" * 90)
    project = Project.create(root, skeleton=MOUSE)
    project.add_video(root / f"{'v' * 60}.mp4", missing_ok=True)
    assert "Windows stops at 259" in codes(project)["long-path"].message


def test_the_most_severe_come_first():
    findings = [Finding(severity, "x", "", "") for severity in ("info", "error", "warning")]
    assert [finding.severity for finding in sort_findings(findings)] == ["error", "warning", "info"]
