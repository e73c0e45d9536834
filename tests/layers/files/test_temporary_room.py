"""The folder for temporary files of a process: what a killed one left goes, what another is making stays."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from onemap.layers.files.journal_folder import is_locked_by_us
from onemap.layers.files.temporary_room import temporary_room


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def other_room(place: Path, name: str, age_s: float) -> Path:
    """The folder of a process that began so long ago; nobody holds its lock."""
    folder = place / f"onemap-room-{name}"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "half-written.tif").write_bytes(b"II*")
    for path in (folder / "lock", folder):
        os.utime(path, (time.time() - age_s,) * 2)
    return folder


def test_a_killed_process_s_folder_goes_and_one_that_is_being_made_stays(place):
    killed = other_room(place, "killed", age_s=3600)
    beginning = other_room(place, "beginning", age_s=1)
    working = other_room(place, "working", age_s=3600)
    with (working / "lock").open("a+b") as lock:
        assert is_locked_by_us(lock)
        with temporary_room():
            own = Path(tempfile.gettempdir())
            assert own.parent == place and own.is_dir()
            assert (killed.exists(), beginning.exists(), working.exists()) == (False, True, True)
    assert not own.exists() and tempfile.gettempdir() == str(place)
