import subprocess
import sys

import pytest
from typer.testing import CliRunner

from marey.cli.app import app
from marey.demo import DemoResult
from marey.demo.findings import Findings


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "marey", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_has_an_example(tmp_path):
    done = run("demo", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "marey demo my-first-demo" in done.stdout


def test_refusals_leave_everything_as_it_was(tmp_path):
    (tmp_path / "thesis.docx").write_text("five years")
    done = run("demo", ".", "--no-open", cwd=tmp_path)
    assert done.returncode == 1
    assert "was not made by the demo" in done.stderr
    assert "hint: choose a new folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
    done = run("demo", "new", "--minutes", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert "--minutes must be positive" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("steps", "is_told"), [(95, True), (1250, False)])
def test_a_busy_computer_is_told(tmp_path, monkeypatch, steps, is_told):
    found = Findings(3.0, 2.0, 2.5, 120.0, 0.0, {"snout": 3.0}, 600)
    paths = [tmp_path / name for name in ("project", "video", "poses", "smoothed", "labelled", "report")]
    result = DemoResult(tmp_path, *paths, (), found, found, steps, 1300, {"total": 200.0})
    monkeypatch.setattr("marey.demo.run_demo", lambda *_args, **_options: result)
    done = CliRunner().invoke(app, ["demo", str(tmp_path / "new"), "--no-open"])
    assert done.exit_code == 0
    assert ("95 of 1300 training steps only" in done.stderr) is is_told
