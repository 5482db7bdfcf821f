import pytest

from marey.demo.folder import MARK, DemoFolder
from marey.errors import AlreadyExistsError


def test_a_new_folder_is_made_and_marked(tmp_path):
    folder = DemoFolder.claim(tmp_path / "première fois 🐭" / "demo")
    assert (folder.root / MARK).is_file()


def test_what_an_earlier_demo_made_is_replaced_and_nothing_else(tmp_path):
    folder = DemoFolder.claim(tmp_path / "demo")
    folder.results.mkdir()
    (folder.results / "old.nc").write_text("old")
    (folder.root / "notes.txt").write_text("mine")
    DemoFolder.claim(tmp_path / "demo")
    assert not folder.results.exists()
    assert (folder.root / "notes.txt").read_text() == "mine"


def test_a_folder_of_somebody_else_is_refused_unless_told(tmp_path):
    (tmp_path / "thesis.docx").write_text("five years")
    with pytest.raises(AlreadyExistsError, match="was not made by the demo"):
        DemoFolder.claim(tmp_path)
    DemoFolder.claim(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.docx").read_text() == "five years"


def test_a_foreign_project_is_never_replaced(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "project.yaml").write_text("mine")
    with pytest.raises(AlreadyExistsError, match="project exists"):
        DemoFolder.claim(tmp_path, overwrite=True)
    assert (tmp_path / "project" / "project.yaml").read_text() == "mine"
    assert not (tmp_path / MARK).exists()


def test_a_mark_that_is_not_ours_does_not_count(tmp_path):
    (tmp_path / MARK).write_text('{"made_by": "somebody"}')
    with pytest.raises(AlreadyExistsError):
        DemoFolder.claim(tmp_path)


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(AlreadyExistsError):
        DemoFolder.claim(tmp_path / "demo")
