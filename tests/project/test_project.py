import threading
from pathlib import Path

import pytest
import yaml

from marey.errors import (
    AlreadyExistsError,
    ConfigError,
    LabelsError,
    NotFoundError,
    StorageError,
    VersionError,
)
from marey.model import Skeleton
from marey.project import TEMPLATES, Project, find_template
from marey.project.names import MAX_NAME_BYTES, find_name_problem, make_name

from .conftest import MOUSE, label


class TestCreateAndOpen:
    def test_is_found_from_anywhere_inside(self, project):
        inside = project.root / "labels" / "history"
        inside.mkdir(parents=True)
        for place in (project.root, project.root / "project.yaml", inside, inside / "not there"):
            opened = Project.open(place)
            assert opened.root == project.root
            assert opened.name == "Mäuse 🐭 project"
            assert opened.skeleton == project.skeleton
            assert list(opened.videos) == ["day1"]

    def test_is_found_by_a_relative_path(self, project, monkeypatch):
        monkeypatch.chdir(project.root.parent)
        assert Project.open(project.root.name).root == project.root

    def test_nothing_there(self, tmp_path):
        with pytest.raises(NotFoundError, match=r"neither it nor a folder above it holds a project.yaml"):
            Project.open(tmp_path)

    def test_a_second_project_in_the_same_folder(self, project):
        with pytest.raises(AlreadyExistsError, match="already a project"):
            Project.create(project.root, skeleton=MOUSE)

    def test_pairs_are_guessed_and_wait_to_be_confirmed(self, project):
        assert project.skeleton.symmetries == (("ear_left", "ear_right"),)
        assert not project.symmetries_confirmed
        project.confirm_symmetries()
        assert Project.open(project.root).symmetries_confirmed

    def test_pairs_that_were_given_are_confirmed(self, tmp_path):
        skeleton = Skeleton(("a", "b", "l", "r"), symmetries=(("a", "b"),))
        project = Project.create(tmp_path / "p", skeleton=skeleton)
        assert project.skeleton.symmetries == (("a", "b"),)
        assert project.symmetries_confirmed

    def test_pairs_can_be_corrected(self, project):
        project.confirm_symmetries([("ear_right", "ear_left")])
        assert Project.open(project.root).skeleton.symmetries == (("ear_right", "ear_left"),)
        with pytest.raises(LabelsError, match="not a keypoint"):
            project.confirm_symmetries([("ear_right", "nose")])

    @pytest.mark.parametrize("names", [("ben", "ben "), ("ben", " ")])
    def test_names_must_differ(self, tmp_path, names):
        with pytest.raises(ConfigError, match="individuals"):
            Project.create(tmp_path / "p", skeleton=MOUSE, individuals=names)
        assert not (tmp_path / "p").exists()

    def test_the_file_is_for_people(self, project):
        text = (project.root / "project.yaml").read_text("utf-8")
        assert "name: Mäuse 🐭 project" in text
        assert "keypoints: [snout, ear_left, ear_right, tail]" in text
        assert str(project.root.parent) not in text

    def test_settings_are_kept(self, project):
        project.set_name("123")
        project.set_individuals(["anna", "ben"])
        project.set_conditions(["treatment"])
        project.set_metadata("day1", {"treatment": "saline", "dose_mg": 0.5, "blind": True})
        project.set_crop("day1", (0, 10, 20, 30))
        opened = Project.open(project.root)
        assert (opened.name, opened.individuals, opened.conditions) == (
            "123",
            ("anna", "ben"),
            ("treatment",),
        )
        assert opened.videos["day1"].metadata == {"treatment": "saline", "dose_mg": 0.5, "blind": True}
        assert opened.videos["day1"].crop == (0, 10, 20, 30)

    def test_a_bad_setting_changes_nothing(self, project):
        before = (project.root / "project.yaml").read_bytes()
        with pytest.raises(ConfigError, match="crop"):
            project.set_crop("day1", (0, 0, 0, 5))
        with pytest.raises(NotFoundError, match="no video 'day2'"):
            project.set_crop("day2", None)
        assert (project.root / "project.yaml").read_bytes() == before

    def test_changes_of_several_people_all_count(self, project):
        others = [Project.open(project.root) for _ in range(8)]

        def add(i: int) -> None:
            for j in range(3):
                others[i].add_video(project.root / f"v{i}{j}.mp4", missing_ok=True)

        threads = [threading.Thread(target=add, args=(i,)) for i in range(len(others))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(project.videos) == 1
        project.reload()
        assert len(project.videos) == 1 + 8 * 3


class TestProjectFile:
    def change(self, project: Project, **values) -> None:
        path = project.root / "project.yaml"
        data = yaml.safe_load(path.read_text("utf-8")) | values
        path.write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not ...}), "utf-8")

    def test_a_newer_version(self, project):
        self.change(project, schema_version=7, invention="?")
        with pytest.raises(VersionError, match="schema version 7; this version of Marey knows up to 1"):
            Project.open(project.root)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"schema_version": "one"}, "expected schema_version to be a whole number from 1, got 'one'"),
            ({"schema_version": ...}, "expected schema_version to be a whole number from 1, got None"),
            ({"invention": 1}, "unknown field invention"),
            ({"skeleton": {"keypoints": ["a"], "bones": []}}, "unknown field skeleton.bones"),
            ({"skeleton": {"keypoints": []}}, "skeleton.keypoints"),
            ({"skeleton": {"keypoints": ["a", "a"]}}, "skeleton: keypoint names must differ"),
            ({"skeleton": ...}, "the field skeleton is missing"),
            ({"videos": {"a": {"path": "a.mp4", "n_frames": -1}}}, "videos.a.n_frames.*got -1"),
            ({"videos": {"a": {"path": "a.mp4", "fps": "fast"}}}, "videos.a.fps.*got 'fast'"),
            ({"videos": {"a": {"path": "a.mp4", "crop": [0, 0, 5]}}}, "videos.a.crop"),
            ({"videos": {"a/b": {"path": "a.mp4"}}}, "the key 'a/b' contains '/'"),
            ({"videos": {"Nul": {"path": "a.mp4"}}}, "the key 'Nul' is a device name"),
            (
                {"videos": {"a": {"path": "a"}, "A": {"path": "b"}}},
                "the key 'A' differs from 'a' only in case",
            ),
        ],
    )
    def test_a_bad_field_is_named(self, project, values, message):
        self.change(project, **values)
        with pytest.raises(ConfigError, match=message) as raised:
            Project.open(project.root)
        assert "project.yaml" in raised.value.message

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("<<<<<<< HEAD\nname: a\n=======\n", "not valid YAML"),
            ("name: [", "not valid YAML"),
            ("- a\n- b\n", "expected fields such as name and skeleton, got list"),
            ("", "got NoneType"),
            ("name: a\nname: b\n", "'name' occurs twice"),
            ("schema_version: 1\nname: M\xe4use\n".encode("latin-1"), "not valid YAML"),
        ],
    )
    def test_what_is_not_such_a_file(self, project, text, message):
        path = project.root / "project.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ConfigError, match=message):
            Project.open(project.root)

    def test_numbers_as_names_and_backslashes_are_understood(self, project):
        self.change(project, name=2024, videos={"a": {"path": "..\\videos\\a.mp4"}})
        opened = Project.open(project.root)
        assert opened.name == "2024"
        assert opened.videos["a"].path == "../videos/a.mp4"


class TestReadOnly:
    def test_reading_writes_nothing(self, project):
        project.save_labels("day1", [label("day1", 3, (1, 2))])
        before = {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}
        opened = Project.open(project.root)
        assert len(opened.load_labels()) == 1
        assert opened.label_revision("day1") == opened.labels_history("day1")[0].id
        assert (opened.extracted_frames("day1"), opened.run_names()) == ([], [])
        assert {path: path.stat().st_mtime_ns for path in project.root.rglob("*")} == before

    @pytest.mark.usefixtures("stopped_by_permissions")
    def test_a_folder_without_permission(self, project):
        project.save_labels("day1", [label("day1", 3, (1, 2))])
        folders = [project.root, project.labels_folder]
        for folder in folders:
            folder.chmod(0o500)
        try:
            opened = Project.open(project.root)
            assert len(opened.load_labels()) == 1
            for write in (lambda: opened.set_name("x"), lambda: opened.save_labels("day1", [])):
                with pytest.raises(StorageError, match="permission denied") as raised:
                    write()
                assert raised.value.hint
        finally:
            for folder in folders:
                folder.chmod(0o700)

    def test_writing_where_a_file_stands_for_a_folder(self, project):
        (project.root / "labels").write_text("")
        with pytest.raises(StorageError, match="a file is in the place of a folder") as raised:
            project.save_labels("day1", [label("day1", 3, (1, 2))])
        assert raised.value.hint
        assert len(Project.open(project.root).load_labels()) == 0


class TestNames:
    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("", "is empty"),
            ("..", "is empty"),
            ("a/b", "contains '/'"),
            ("a\\b", "contains"),
            ("a:b", "contains ':'"),
            ("a\nb", "contains"),
            ("ends.", "starts or ends"),
            (" starts", "starts or ends"),
            ("CON", "device name"),
            ("lpt1.day 2", "device name"),
            ("é" * 61, "longer than 120 bytes"),
        ],
    )
    def test_what_some_system_refuses(self, name, problem):
        assert problem in find_name_problem(name)

    @pytest.mark.parametrize("name", ["day1", "m 1 (2).x", "Mäuse 🐭", "console", "a-b_c"])
    def test_what_every_system_takes(self, name):
        assert find_name_problem(name) is None
        assert make_name(name, []) == name

    @pytest.mark.parametrize(
        ("wish", "taken", "name"),
        [
            ("clip", ["Clip"], "clip_2"),
            ("clip", ["Clip", "CLIP_2"], "clip_3"),
            ("cafe\u0301", ["CAF\u00c9"], "caf\u00e9_2"),
            ("con", [], "_con"),
            ("a/b:c", [], "a_b_c"),
            (" . ", [], "video"),
        ],
    )
    def test_a_wish_becomes_a_name_of_its_own(self, wish, taken, name):
        assert make_name(wish, taken) == name

    def test_long_names_stay_different(self):
        first = make_name("🐭" * 100, [])
        second = make_name("🐭" * 100, [first])
        assert first != second
        assert max(len(first.encode()), len(second.encode())) <= MAX_NAME_BYTES
        assert find_name_problem(second, [first]) is None


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_pair_all_their_sides(name):
    skeleton = find_template(name)
    paired = {keypoint for pair in skeleton.symmetries for keypoint in pair}
    assert paired == {k for k in skeleton.keypoints if k.startswith(("left_", "right_"))}
    reached = {skeleton.keypoints[0]}
    for _ in skeleton.keypoints:
        reached |= {end for edge in skeleton.edges if set(edge) & reached for end in edge}
    assert reached == set(skeleton.keypoints)


def test_an_unknown_template_lists_the_known_ones():
    with pytest.raises(NotFoundError) as raised:
        find_template("unicorn")
    assert "mouse-top" in raised.value.hint


def test_runs(project):
    assert project.run_names() == []
    for name in ("second", "first", ".hidden"):
        (project.runs_folder / name).mkdir(parents=True)
    assert project.run_names() == ["first", "second"]
    assert project.run_folder("first") == project.root / "runs" / "first"
    assert project.predictions_folder == project.root / "predictions"
    with pytest.raises(ConfigError, match="the name of a run"):
        project.run_folder("../elsewhere")


def test_a_project_that_moved_still_opens(project, tmp_path):
    project.save_labels("day1", [label("day1", 3, (1, 2))])
    moved = tmp_path / "a" / "b"
    moved.parent.mkdir()
    Path(project.root).rename(moved)
    assert len(Project.open(moved).load_labels()) == 1


def test_colours_are_kept_and_refused_when_they_are_none(tmp_path):
    project = Project.create(tmp_path / "p", skeleton=Skeleton(("snout", "tail")))
    assert project.colours == {}
    project.set_colours({"tail": "#FF8800"})
    assert Project.open(tmp_path / "p").colours == {"tail": "#ff8800"}
    with pytest.raises(ConfigError, match=r"colours\.tail"):
        project.set_colours({"tail": "red"})
    assert Project.open(tmp_path / "p").colours == {"tail": "#ff8800"}
