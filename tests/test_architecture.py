"""The layering that docs/architecture.md draws, and what an import may cost."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "cv2", "matplotlib", "pandas", "xarray", "av", "h5py", "scipy", "timm")


def modules_after(*arguments: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``marey.cli.app`` ran with `arguments`."""
    program = (
        "import sys, json, contextlib\n"
        "import marey\n"
        "arguments = json.loads(sys.argv[1])\n"
        "if arguments:\n"
        "    sys.argv = ['marey', *arguments]\n"
        "    from marey.cli.app import main\n"
        "    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):\n"
        "        main()\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("arguments", [(), ("--help",), ("check", "--help"), ("--version",)])
def test_starting_loads_nothing_heavy(arguments):
    loaded = modules_after(*arguments)
    assert "marey" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_probe_sees_what_is_loaded(tmp_path):
    assert "yaml" in modules_after("info", str(tmp_path))


def test_the_data_model_loads_no_table_library():
    program = "import sys, marey.model; print([name for name in sys.argv[1:] if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program, *HEAVY], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_imports_follow_the_contracts():
    linter = pytest.importorskip("importlinter.cli")
    program = f"import sys; from {linter.__name__} import lint_imports_command as run; run()"
    result = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contracts_are_those_of_the_document():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    block = text.split("```")[1]
    drawn = [re.findall(r"\w+", re.split(r"\s{3,}", line)[0]) for line in block.strip().splitlines()]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    held = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]
    assert [sorted(layer) for layer in held] == [sorted(layer) for layer in drawn]
