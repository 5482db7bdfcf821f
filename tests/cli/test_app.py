"""The shell around all commands: exit codes, errors in words, a quick start."""

import json
import os
import subprocess
import sys

from marey import __version__


def run_marey(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "marey", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_version_is_printed_on_stdout():
    result = run_marey("--version")
    assert (result.returncode, result.stdout.strip()) == (0, __version__)


def test_unknown_command_is_wrong_usage():
    result = run_marey("tranquilise")
    assert result.returncode == 2
    assert "tranquilise" in result.stderr


def test_errors_are_words_without_a_traceback(tmp_path):
    result = run_marey("info", str(tmp_path / "no such project"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "hint: " in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_any_name_can_be_piped_whatever_the_system_writes_by_default(tmp_path):
    folder = tmp_path / "mysz łąka 🐭"
    result = subprocess.run(
        [sys.executable, "-m", "marey", "new", folder, "--template", "fly", "--json"],
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.decode("utf-8"))["path"] == str(folder)
    assert "mysz łąka 🐭" in result.stderr.decode("utf-8")


def test_every_command_explains_itself_with_an_example():
    import typer.main

    from marey.cli.app import app

    def leaves(command, path=()):
        children = getattr(command, "commands", None)
        if children is None:
            yield path, command
        else:
            for name, child in children.items():
                yield from leaves(child, (*path, name))

    commands = list(leaves(typer.main.get_command(app)))
    assert len(commands) > 10
    without = [" ".join(path) for path, command in commands if "marey " not in (command.help or "")]
    assert without == []
