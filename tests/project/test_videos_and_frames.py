import os

import numpy as np
import pytest

from marey.errors import AlreadyExistsError, ConfigError, FormatError, InputError, NotFoundError, VideoError
from marey.model import LabeledFrame
from marey.project import Project
from marey.project.frame_store import encode_png, name_frame, read_frame_number

from .conftest import MOUSE, label, write_video


@pytest.fixture
def filmed(disk):
    """A project beside a folder of recordings, one of which it has, as "day 1"."""
    write_video(disk / "recordings" / "day 1.mp4")
    project = Project.create(disk / "project", skeleton=MOUSE)
    project.add_video(disk / "recordings" / "day 1.mp4", metadata={"condition": "saline"})
    return project


class TestAdding:
    def test_a_video_is_linked_and_described(self, filmed):
        entry = filmed.videos["day 1"]
        assert entry.path == "../recordings/day 1.mp4"
        assert (entry.n_frames, entry.fps, entry.width, entry.height) == (12, 25, 64, 48)
        assert entry.metadata == {"condition": "saline"}
        assert filmed.video_path("day 1") == filmed.root.parent / "recordings" / "day 1.mp4"

    def test_a_copy_stays_inside(self, filmed, disk):
        other = write_video(disk / "elsewhere" / "day 1.mp4", seed=1)
        key = filmed.add_video(other, copy=True)
        assert key == "day 1_2"
        assert filmed.videos[key].path == "videos/day 1.mp4"
        assert (filmed.root / "videos" / "day 1.mp4").read_bytes() == other.read_bytes()
        third = filmed.add_video(write_video(disk / "third" / "day 1.mp4", seed=2), copy=True)
        assert filmed.videos[third].path == "videos/day 1_2.mp4"

    def test_the_same_video_twice(self, filmed, disk):
        twin = disk / "twin.mp4"
        twin.write_bytes((disk / "recordings" / "day 1.mp4").read_bytes())
        for path in (disk / "recordings" / "day 1.mp4", twin):
            with pytest.raises(AlreadyExistsError, match="already in the project, as 'day 1'"):
                filmed.add_video(path, copy=True)
        assert not (filmed.root / "videos").exists()

    @pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
    def test_through_a_symbolic_link_to_the_project_it_is_linked_from_the_project_itself(self, filmed, disk):
        shortcut = disk / "desktop" / "shortcut"
        shortcut.parent.mkdir()
        shortcut.symlink_to(filmed.root, target_is_directory=True)
        other = disk / "desktop" / "far" / "away" / "down" / "b.mp4"
        other.parent.mkdir(parents=True)
        other.symlink_to(write_video(disk / "archive" / "b.mp4", seed=1))  # which stays a link, too
        key = Project.open(shortcut).add_video(other)
        for root in (filmed.root, shortcut):
            project = Project.open(root)
            assert project.videos[key].path == "../desktop/far/away/down/b.mp4"
            assert project.video_path(key).samefile(other)
            assert project.video_path("day 1").samefile(disk / "recordings" / "day 1.mp4")
        with pytest.raises(AlreadyExistsError):
            Project.open(shortcut).add_video(other)

    @pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
    def test_a_symbolic_link_to_a_video_stays_one(self, filmed, disk):
        target = write_video(disk / "archive" / "b.mp4", seed=1)
        (disk / "recordings" / "b.mp4").symlink_to(target)
        key = filmed.add_video(disk / "recordings" / "b.mp4")
        assert filmed.videos[key].path == "../recordings/b.mp4"

    def test_a_key_that_is_taken_or_bad(self, filmed, disk):
        other = write_video(disk / "b.mp4", seed=1)
        with pytest.raises(AlreadyExistsError, match="a video with the key 'day 1'"):
            filmed.add_video(other, key="day 1")
        with pytest.raises(ConfigError, match="device name"):
            filmed.add_video(other, key="nul")
        assert filmed.add_video(other, key="b 2") == "b 2"

    def test_what_is_no_video_changes_nothing(self, filmed, disk):
        before = (filmed.root / "project.yaml").read_bytes()
        (disk / "zero.mp4").write_bytes(b"")
        with pytest.raises(VideoError):
            filmed.add_video(disk / "zero.mp4")
        with pytest.raises(NotFoundError, match="expected a video at"):
            filmed.add_video(disk / "none.mp4")
        assert (filmed.root / "project.yaml").read_bytes() == before


class TestFindingAgain:
    @pytest.mark.parametrize(
        "target", ["recordings/renamed.mp4", "recordings/new/day 1.mp4", "project/x.mp4"]
    )
    def test_a_video_that_moved_or_was_renamed(self, filmed, disk, target):
        place = disk / target
        place.parent.mkdir(exist_ok=True)
        (disk / "recordings" / "day 1.mp4").rename(place)
        assert filmed.video_path("day 1") == place
        assert Project.open(filmed.root).videos["day 1"].path in (f"../{target}", "x.mp4")

    def test_a_project_that_moved_without_its_videos(self, filmed, disk):
        moved = disk / "far" / "away" / "project"
        moved.parent.mkdir(parents=True)
        filmed.root.rename(moved)
        project = Project.open(moved)
        with pytest.raises(NotFoundError, match="'day 1' is not at") as raised:
            project.video_path("day 1")
        assert "--search FOLDER" in raised.value.hint
        found = project.video_path("day 1", search=[disk / "recordings"])
        assert found == disk / "recordings" / "day 1.mp4"
        assert Project.open(moved).videos["day 1"].path == "../../../recordings/day 1.mp4"

    def test_another_video_of_the_same_name_is_not_taken(self, filmed, disk):
        (disk / "recordings" / "day 1.mp4").unlink()
        write_video(disk / "recordings" / "copy" / "day 1.mp4", seed=5)
        with pytest.raises(NotFoundError):
            filmed.video_path("day 1")

    def test_a_video_that_was_never_seen_is_known_by_its_name(self, filmed, disk):
        key = filmed.add_video("C:\\films\\clip.mp4", key="clip", missing_ok=True)
        assert filmed.videos[key].n_frames is None
        write_video(filmed.root / "videos" / "clip.mp4", n_frames=5)
        assert filmed.video_path(key) == filmed.root / "videos" / "clip.mp4"
        assert filmed.videos[key].n_frames == 5
        assert filmed.videos[key].fingerprint

    @pytest.mark.usefixtures("stopped_by_permissions")
    def test_where_nothing_can_be_written_it_is_still_found(self, filmed, disk):
        (disk / "recordings" / "day 1.mp4").rename(disk / "recordings" / "b.mp4")
        filmed.root.chmod(0o500)
        try:
            assert filmed.video_path("day 1") == disk / "recordings" / "b.mp4"
        finally:
            filmed.root.chmod(0o700)


class TestFrames:
    def test_frames_are_exact_and_never_the_same_twice(self, filmed):
        events = []
        paths = filmed.add_frames("day 1", [7, 3, 7], progress=events.append)
        assert [path.name for path in paths] == ["img00003.png", "img00007.png"]
        assert [(event.done, event.total) for event in events] == [(1, 2), (2, 2)]
        assert filmed.extracted_frames("day 1") == [3, 7]
        stamps = [path.stat().st_mtime_ns for path in paths]
        assert [path.name for path in filmed.add_frames("day 1", range(3, 9))] == [
            f"img0000{i}.png" for i in (4, 5, 6, 8)
        ]
        assert [path.stat().st_mtime_ns for path in paths] == stamps
        with filmed.open_video("day 1") as video:
            for i in (3, 7):
                image = filmed.read_image(LabeledFrame("day 1", i))
                np.testing.assert_array_equal(image, video.read(i))
                assert abs(int(image[0, 0, 0]) - 10 * i) <= 3

    @pytest.mark.parametrize("index", [-1, 12])
    def test_beyond_the_end(self, filmed, index):
        with pytest.raises(InputError, match=f"has the frames 0 to 11, got {index}"):
            filmed.add_frames("day 1", [2, index])
        assert filmed.extracted_frames("day 1") == []

    def test_a_frame_without_an_image_comes_from_the_video(self, filmed):
        frame = LabeledFrame("day 1", 5, image="gone.png")
        assert filmed.image_path(frame) is None
        assert filmed.read_image(frame).shape == (48, 64, 3)

    def test_images_from_elsewhere_keep_name_and_bytes(self, filmed, disk):
        source = disk / "Bild é.png"
        source.write_bytes(encode_png(np.full((48, 64), 77, np.uint8)))
        assert filmed.add_image("day 1", 9, source).read_bytes() == source.read_bytes()
        assert filmed.extracted_frames("day 1") == []
        filmed.save_labels("day 1", [label("day 1", 9, (1, 1), image="Bild é.png")])
        assert filmed.extracted_frames("day 1") == [9]
        (frame,) = filmed.load_labels()
        assert filmed.read_image(frame)[0, 0].tolist() == [77, 77, 77]
        assert filmed.add_frames("day 1", [9]) == []

    def test_adding_the_same_image_again_is_fine_and_another_is_refused(self, filmed):
        image = np.zeros((48, 64, 3), np.uint8)
        path = filmed.add_image("day 1", 2, image)
        assert filmed.add_image("day 1", 2, image) == path
        with pytest.raises(AlreadyExistsError, match="is already another image"):
            filmed.add_image("day 1", 2, image + 1)
        with pytest.raises(NotFoundError, match="expected an image at"):
            filmed.add_image("day 1", 2, filmed.root / "none.png")

    def test_colours_keep_their_order(self, filmed):
        image = np.zeros((48, 64, 3), np.uint8)
        image[:] = (200, 100, 50)
        filmed.add_image("day 1", 2, image)
        assert filmed.read_image(LabeledFrame("day 1", 2))[0, 0].tolist() == [200, 100, 50]

    @pytest.mark.parametrize("content", [b"", b"not an image"])
    def test_an_image_that_cannot_be_read(self, filmed, content):
        path = filmed.add_image("day 1", 2, np.zeros((48, 64, 3), np.uint8))
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"img00002\.png is not an image"):
            filmed.read_image(LabeledFrame("day 1", 2))

    def test_a_name_cannot_lead_out_of_the_folder(self, filmed):
        with pytest.raises(InputError, match="expected the file name of an image"):
            filmed.image_path(LabeledFrame("day 1", 2, image="../../project.yaml"))

    @pytest.mark.parametrize("image", [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
    def test_arrays_that_are_no_images(self, image):
        with pytest.raises(InputError, match="expected a uint8 image"):
            encode_png(image)


@pytest.mark.parametrize(
    ("frame", "n_frames", "name"),
    [(42, 2330, "img00042.png"), (42, None, "img00042.png"), (42, 1_000_001, "img0000042.png")],
)
def test_names_of_frames_sort_like_numbers(frame, n_frames, name):
    assert name_frame(frame, n_frames) == name
    assert read_frame_number(name) == frame


@pytest.mark.parametrize(("name", "number"), [("cam2_img007.jpg", 7), ("frame.png", None), ("3a.png", 3)])
def test_numbers_in_foreign_names(name, number):
    assert read_frame_number(name) == number
