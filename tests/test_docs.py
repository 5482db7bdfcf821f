"""The pages of the documentation say what happens: their examples are run, their links and names exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import marey
from marey.prediction import gate

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "decisions" not in path.parts)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXECUTED = ("shell", "python")
SLOW = ("tutorial.md", "how-to/figures.md", "how-to/train.md", "how-to/several-animals.md")

# What keeps the examples short here, while the pages show what a user would type.
SHORTER = {
    "--preset fast --split": "--preset fast --steps 12 --split",
    "--approach auto --time-limit 20": "--approach auto --steps 3",
    "--run first --output poses": "--run first --output poses --frames 0:60",
    '"steps": 600': '"steps": 4',
    "marey.evaluate(project, run)": 'marey.evaluate(project, run, parts=["test"])',
}
# What the pages name, and where it lies in the shared data.
DATA = {
    "openfield": "openfield",
    "mirror_mouse": "mirror_mouse",
    "centered_pair": "centered_pair",
    "fly_pair": "fly_pair",
    "coco": "formats/coco",
    "nwb": "formats/nwb",
}
PREDICTION = "formats/dlc_predictions/m3v1_300DLC_Resnet50_openfieldOct30shuffle6_snapshot_best-20.h5"


def blocks(page):
    return FENCE.findall(page.read_text(encoding="utf-8"))


def runnable(pages):
    for page in pages:
        if any(language in EXECUTED for language, _ in blocks(page)):
            name = page.relative_to(DOCS).as_posix()
            marks = [pytest.mark.slow] if name in SLOW else []
            yield pytest.param(page, id=name, marks=marks)


def run_shell(text):
    from typer.testing import CliRunner

    from marey.cli.app import app

    for line in text.strip().splitlines():
        program, *arguments = shlex.split(line)
        assert program == "marey", f"expected a marey command, got {line!r}"
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, f"{line}\n{result.output}"


def run_python(text, names):
    exec(compile(text, "documentation", "exec"), names)


@pytest.fixture
def workplace(shared_data, tmp_path, monkeypatch):
    """A folder with the data that the pages name, and engines that are compared on a few frames."""
    for name, few in {"MAX_FRAMES": 4, "TIMED_IMAGES": 2, "TIMING_ROUNDS": 1}.items():
        monkeypatch.setattr(gate, name, few)
    for name, place in DATA.items():
        (tmp_path / name).symlink_to(shared_data / place, target_is_directory=True)
    shutil.copy(shared_data / PREDICTION, tmp_path / "dlc-predictions.h5")
    monkeypatch.chdir(tmp_path)


@pytest.mark.data
@pytest.mark.parametrize("page", list(runnable(PAGES)))
def test_examples_run(page, workplace):
    names = {}
    for language, text in blocks(page):
        for long, short in SHORTER.items():
            text = text.replace(long, short)  # noqa: PLW2901
        if language == "shell":
            run_shell(text)
        elif language == "python":
            run_python(text, names)


def test_nothing_in_the_table_of_short_forms_is_stale():
    everything = "".join(text for page in PAGES for language, text in blocks(page) if language in EXECUTED)
    assert [long for long in SHORTER if long not in everything] == []


def test_every_block_says_what_it_is():
    unknown = [
        (page.name, language)
        for page in PAGES
        for language, _ in blocks(page)
        if page.name != "architecture.md" and language not in (*EXECUTED, "text", "yaml", "csv")
    ]
    assert unknown == []


def test_the_runners_notice_failures(tmp_path):
    with pytest.raises(marey.MareyError):
        run_shell(f"marey info {shlex.quote(str(tmp_path))}")
    with pytest.raises(AssertionError, match="expected a marey command"):
        run_shell("rm -rf data")
    with pytest.raises(ZeroDivisionError):
        run_python("1 / 0", {})


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    generated = ("docs/images/demo.png",)
    assert [t for t in local if t not in generated and not (page.parent / t).exists()] == []


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [p.name for p in PAGES if p.relative_to(DOCS).as_posix() not in navigation] == []


def test_every_public_name_is_in_the_reference():
    reference = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    documented = {
        line.rsplit(".", 1)[-1] for line in re.findall(r"^(?:::: |\s+- )(\S+)", reference, re.MULTILINE)
    }
    assert [name for name in marey.__all__ if name != "__version__" and name not in documented] == []


def test_commands_in_the_pages_exist():
    """Also those that are only shown, and those of the README."""
    import typer.main

    from marey.cli.app import app

    known = set(typer.main.get_command(app).commands)
    texts = [
        page.read_text(encoding="utf-8") for page in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    ]
    named = set(re.findall(r"(?:^|`)marey ([a-z][a-z0-9-]+)", "\n".join(texts), re.MULTILINE))
    assert len(named) > 12
    assert sorted(named - known) == []


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "kalman_smooth" in (tmp_path / "site" / "reference" / "refinement" / "index.html").read_text(
        "utf-8"
    )
