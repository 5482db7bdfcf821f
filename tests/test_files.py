import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    StorageError,
    VideoError,
)
from marey.files import (
    FINGERPRINT_CHUNK_BYTES,
    LOCK_STALE_AFTER_S,
    atomic_folder,
    atomic_path,
    fingerprint,
    locked,
    sha256_of_bytes,
    utc_now,
    write_bytes,
    write_json,
    write_text,
)


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def break_off(path: Path, error: BaseException) -> None:
    """Write half of a file, and fail."""
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise error


def break_off_folder(path: Path, error: BaseException) -> None:
    """Write one file of a folder, and fail."""
    with atomic_folder(path) as temporary:
        write_text(temporary / "a.txt", "x")
        raise error


def test_utc_now_is_iso_8601_to_the_second():
    assert time.strptime(utc_now(), "%Y-%m-%dT%H:%M:%SZ")


class TestAtomicPath:
    def test_writes_into_new_folders_with_difficult_names(self, tmp_path):
        path = tmp_path / "a folder" / "mäuse 🐭" / "x.csv"
        write_text(path, "é\n")
        assert path.read_bytes() == "é\n".encode()
        assert everything_below(path.parent) == ["x.csv"]

    def test_temporary_file_keeps_the_suffix_and_is_hidden(self, tmp_path):
        with atomic_path(tmp_path / "clip.mp4") as temporary:
            temporary.write_bytes(b"x")
            assert temporary.suffix == ".mp4"
            assert temporary.name.startswith(".")
            assert temporary.parent == tmp_path

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, VideoError])
    def test_an_exception_leaves_everything_as_it_was(self, tmp_path, error):
        old = tmp_path / "old.txt"
        write_text(old, "old")
        for path in (old, tmp_path / "new" / "folder" / "new.txt"):
            with pytest.raises(error):
                break_off(path, error("stop"))
        assert old.read_text() == "old"
        assert everything_below(tmp_path) == ["old.txt"]

    def test_a_made_folder_stays_when_something_else_came_into_it(self, tmp_path):
        def fill_and_fail():
            with atomic_path(tmp_path / "new" / "a") as temporary:
                (temporary.parent / "other").write_text("x")
                raise ValueError("stop")

        with pytest.raises(ValueError, match="stop"):
            fill_and_fail()
        assert everything_below(tmp_path) == ["new", "new/other"]

    @pytest.mark.parametrize(
        ("code", "reason"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "fault")]
    )
    def test_a_failing_disk_is_a_storage_error_with_a_hint(self, tmp_path, code, reason):
        path = tmp_path / "labels.csv"
        write_text(path, "old")
        with pytest.raises(StorageError, match=reason) as raised:
            break_off(path, OSError(code, os.strerror(code)))
        assert str(path) in raised.value.message
        assert raised.value.hint
        assert path.read_text() == "old"
        assert everything_below(tmp_path) == ["labels.csv"]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_write_to_a_full_device_is_a_storage_error(self, tmp_path):
        with (
            pytest.raises(StorageError, match="disk is full"),
            atomic_path(tmp_path / "x"),
            Path("/dev/full").open("wb", buffering=0) as device,
        ):
            device.write(b"x")

    def test_an_error_about_reading_something_else_stays_what_it_is(self, tmp_path):
        with pytest.raises(PermissionError) as raised, atomic_path(tmp_path / "out"):
            raise PermissionError(errno.EACCES, "denied", "/elsewhere/source.mp4")
        assert not isinstance(raised.value, StorageError)

    def test_a_file_in_the_place_of_a_folder(self, tmp_path):
        (tmp_path / "file").write_text("x")
        for path in (tmp_path / "file" / "a", tmp_path / "file" / "b" / "a"):
            with pytest.raises(StorageError, match="a file is in the place of a folder"):
                write_text(path, "y")
        assert (tmp_path / "file").read_text() == "x"

    def test_a_folder_in_the_place_of_the_file(self, tmp_path):
        (tmp_path / "folder" / "inside").mkdir(parents=True)
        with pytest.raises(StorageError, match="a folder has this name"):
            write_text(tmp_path / "folder", "y")
        assert everything_below(tmp_path) == ["folder", "folder/inside"]

    @pytest.mark.usefixtures("stopped_by_permissions")
    def test_a_folder_without_permission(self, tmp_path):
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(StorageError, match="permission denied"):
                write_text(tmp_path / "x", "y")
        finally:
            tmp_path.chmod(0o700)

    @pytest.mark.parametrize("name", ["a" * 251 + ".csv", "🐭" * 60 + ".csv", "x." + "s" * 250, "🐭" * 63])
    def test_names_as_long_as_the_file_system_allows(self, tmp_path, name):
        write_text(tmp_path / name, "x")
        assert everything_below(tmp_path) == [name]

    def test_a_name_that_is_too_long_is_a_storage_error(self, tmp_path):
        with pytest.raises(StorageError, match="name is too long"):
            write_text(tmp_path / ("a" * 300), "x")
        assert everything_below(tmp_path) == []

    @pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
    def test_a_symbolic_link_stays_one(self, tmp_path):
        target = tmp_path / "shared" / "project.yaml"
        write_text(target, "old")
        link = tmp_path / "project.yaml"
        link.symlink_to(target)
        write_text(link, "new")
        assert link.is_symlink()
        assert target.read_text() == "new"

    def test_json_refuses_what_json_cannot_hold(self, tmp_path):
        with pytest.raises(ValueError, match="JSON"):
            write_json(tmp_path / "x.json", {"error": float("nan")})
        assert everything_below(tmp_path) == []

    def test_json_is_readable_to_people(self, tmp_path):
        write_json(tmp_path / "x.json", {"name": "Mäuse"})
        assert (tmp_path / "x.json").read_text("utf-8") == '{\n  "name": "Mäuse"\n}\n'


class TestAtomicFolder:
    def test_appears_whole(self, tmp_path):
        with atomic_folder(tmp_path / "run") as temporary:
            write_text(temporary / "deep" / "a.txt", "x")
            assert not (tmp_path / "run").exists()
        assert everything_below(tmp_path) == ["run", "run/deep", "run/deep/a.txt"]

    def test_an_exception_leaves_nothing(self, tmp_path):
        with pytest.raises(ValueError, match="stop"):
            break_off_folder(tmp_path / "new" / "run", ValueError("stop"))
        assert everything_below(tmp_path) == []

    def test_refuses_a_folder_that_holds_something(self, tmp_path):
        (tmp_path / "run").mkdir()
        with atomic_folder(tmp_path / "run"):
            pass
        write_text(tmp_path / "run" / "a", "x")
        with pytest.raises(AlreadyExistsError, match="exists already"), atomic_folder(tmp_path / "run"):
            pass

    def test_a_disk_that_fills_up_inside_is_a_storage_error(self, tmp_path):
        with (
            pytest.raises(StorageError, match="disk is full"),
            atomic_folder(tmp_path / "run") as temporary,
        ):
            raise OSError(errno.ENOSPC, "full", str(temporary / "a"))
        assert everything_below(tmp_path) == []


class TestFingerprint:
    def test_has_the_size_and_does_not_depend_on_the_name(self, tmp_path):
        (tmp_path / "a").write_bytes(b"film")
        (tmp_path / "b").write_bytes(b"film")
        assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
        assert fingerprint(tmp_path / "a").startswith("4-")
        assert len(fingerprint(tmp_path / "a")) == len("4-") + 32

    def test_of_an_empty_file(self, tmp_path):
        (tmp_path / "a").write_bytes(b"")
        assert fingerprint(tmp_path / "a") == f"0-{sha256_of_bytes(b'0')[:32]}"

    @given(st.binary(min_size=1, max_size=200), st.data())
    def test_every_byte_of_a_small_file_counts(self, tmp_path_factory, content, data):
        path = tmp_path_factory.getbasetemp() / "fingerprinted"
        path.write_bytes(content)
        before = fingerprint(path)
        place = data.draw(st.integers(0, len(content) - 1))
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert fingerprint(path) != before

    @pytest.mark.parametrize("place", [0, 5 * FINGERPRINT_CHUNK_BYTES + 7, 10 * FINGERPRINT_CHUNK_BYTES - 1])
    def test_beginning_middle_and_end_of_a_large_file_count(self, tmp_path, place):
        path = tmp_path / "large"
        with path.open("wb") as file:
            file.truncate(10 * FINGERPRINT_CHUNK_BYTES)
        before = fingerprint(path)
        with path.open("rb+") as file:
            file.seek(place)
            file.write(b"x")
        assert fingerprint(path) != before

    def test_of_nothing_and_of_a_folder(self, tmp_path):
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(NotFoundError, match="expected a file at"):
                fingerprint(path)


class TestLocked:
    def test_only_one_at_a_time(self, tmp_path):
        path = tmp_path / "counter.lock"
        counter = tmp_path / "counter"
        counter.write_text("0")

        def count() -> None:
            for _ in range(10):
                with locked(path):
                    value = int(counter.read_text())
                    time.sleep(0.001)
                    counter.write_text(str(value + 1))

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counter.read_text() == "40"
        assert everything_below(tmp_path) == ["counter"]

    def test_never_lies_there_without_saying_whose_it_is(self, tmp_path):
        """One killed between making the file and writing it would be in the way until the lock is old."""
        path = tmp_path / "x"
        is_done = threading.Event()
        seen = []

        def look() -> None:
            while not is_done.is_set():
                with contextlib.suppress(FileNotFoundError):
                    seen.append(path.read_bytes())

        thread = threading.Thread(target=look)
        thread.start()
        for _ in range(500):
            with locked(path):
                pass
        is_done.set()
        thread.join()
        assert seen
        assert {json.loads(content or "{}").get("process") for content in seen} == {os.getpid()}

    def test_on_a_disk_that_knows_no_second_names(self, tmp_path, monkeypatch):
        def refuse(*_: object) -> None:
            raise OSError(errno.EOPNOTSUPP, "not supported")

        monkeypatch.setattr(os, "link", refuse)
        path = tmp_path / "x"
        with locked(path):
            assert json.loads(path.read_text())["process"] == os.getpid()
            with pytest.raises(ConflictError), locked(path, timeout_s=0.1):
                pass
        assert everything_below(tmp_path) == []

    def test_says_who_holds_it(self, tmp_path):
        with (
            locked(tmp_path / "x"),
            pytest.raises(ConflictError, match=f"process {os.getpid()}") as raised,
            locked(tmp_path / "x", timeout_s=0.1),
        ):
            pass
        assert str(tmp_path / "x") in raised.value.hint
        assert everything_below(tmp_path) == []

    def test_is_released_after_an_exception(self, tmp_path):
        with pytest.raises(ValueError, match="stop"), locked(tmp_path / "x"):
            raise ValueError("stop")
        with locked(tmp_path / "x", timeout_s=0.1):
            pass

    def test_an_old_lock_is_taken_over_and_its_late_holder_leaves_the_new_one_alone(self, tmp_path):
        path = tmp_path / "x"
        old = time.time() - LOCK_STALE_AFTER_S - 5
        with locked(path):
            os.utime(path, (old, old))
            with locked(path, timeout_s=0.5):
                taken = path.read_text()
                held = taken
            assert not path.exists()
            path.write_text(held)
        assert path.read_text() == held
        assert everything_below(tmp_path) == ["x"]

    def test_an_unreadable_lock_is_respected_while_it_is_young(self, tmp_path):
        (tmp_path / "x").write_bytes(b"\xff\xfe not json")
        with pytest.raises(ConflictError, match="another process"), locked(tmp_path / "x", timeout_s=0.1):
            pass

    def test_a_takeover_in_progress_is_respected(self, tmp_path):
        path = tmp_path / "x"
        path.write_text("{}")
        old = time.time() - LOCK_STALE_AFTER_S - 5
        os.utime(path, (old, old))
        (tmp_path / "x.takeover").write_text("")
        with pytest.raises(ConflictError), locked(path, timeout_s=0.1):
            pass
        assert path.exists()

    @pytest.mark.skipif(os.name == "nt", reason="Windows cannot tell that a process is gone")
    def test_the_lock_of_a_killed_process_is_taken_over_at_once(self, tmp_path):
        path = tmp_path / "x"
        program = (
            "import sys, time\nfrom marey.files import locked\n"
            f"with locked({str(path)!r}):\n    print('held', flush=True)\n    time.sleep(60)\n"
        )
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"held\n"
            with pytest.raises(ConflictError), locked(path, timeout_s=0.1):
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
        with locked(path, timeout_s=0.1):
            pass
        assert everything_below(tmp_path) == []

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(StorageError, match="a file is in the place"), locked(tmp_path / "file" / "lock"):
            pass


def test_bytes_are_written_as_they_are(tmp_path):
    write_bytes(tmp_path / "x", b"\r\n\x00")
    assert (tmp_path / "x").read_bytes() == b"\r\n\x00"
