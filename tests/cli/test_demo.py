import subprocess
import sys


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
