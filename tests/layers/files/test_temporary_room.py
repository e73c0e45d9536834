"""A process's folder for temporary files: that of a killed process is removed, that of a running one stays."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from onemap.layers.files.journal_folder import is_locked_by_us
from onemap.layers.files.temporary_room import temporary_room


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def other_room(place: Path, name: str) -> Path:
    """The folder of another process, whose lock nobody holds."""
    folder = place / f"onemap-room-{name}"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "half-written.tif").write_bytes(b"II*")
    return folder


def test_a_killed_process_s_folder_goes_and_that_of_one_at_work_stays(place):
    killed, working = other_room(place, "killed"), other_room(place, "working")
    beginning = place / "onemap-room-beginning"
    beginning.mkdir()
    with (working / "lock").open("a+b") as lock:
        assert is_locked_by_us(lock)
        with temporary_room():
            own = Path(tempfile.gettempdir())
            assert own.parent == place and own.is_dir()
            assert (killed.exists(), beginning.exists(), working.exists()) == (False, True, True)
    assert not own.exists() and tempfile.gettempdir() == str(place)


LOOP = """
import pathlib, sys, tempfile
from onemap.layers.files.temporary_room import temporary_room
for _ in range(300):
    with temporary_room():
        (pathlib.Path(tempfile.gettempdir()) / "written").touch()
"""


def test_processes_that_begin_and_end_together_never_take_each_other_s_folder(place):
    words = [sys.executable, "-P", "-c", LOOP]
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8") for _ in range(4)]
    assert [child.communicate()[1] for child in started] == [""] * 4
    assert list(place.iterdir()) == []
