"""The core's tests once more on a machine that treats open files as Windows does: see windows_like.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onemap.tests.machines import windows_like

ROOT = Path(__file__).resolve().parents[2]
RUN_AGAIN = [
    "tests/layers/files",
    "tests/layers/ingest",
    "tests/layers/library",
    "tests/layers/stores/test_arrow_values.py",
    "tests/layers/stores/test_bulk_rows.py",
    "tests/layers/stores/test_session.py",
    "tests/rules/check",
    "tests/rules/outputs",
]
pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="it asks Linux which files are in use")


@pytest.mark.slow
@pytest.mark.parametrize("place", RUN_AGAIN)
def test_nothing_of_the_core_deletes_or_replaces_what_is_open(place):
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "onemap.tests.machines.windows_like",
        "-m",
        "not slow",
        place,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", env={**os.environ, "CI": ""})
    assert done.returncode == 0, done.stdout[-4000:]


def test_an_open_file_is_neither_deleted_nor_replaced(tmp_path, monkeypatch):
    file, other = tmp_path / "a", tmp_path / "b"
    for path in (file, other):
        path.write_text(path.name)
    monkeypatch.setattr(os, "unlink", windows_like._deleting("unlink"))
    monkeypatch.setattr(os, "replace", windows_like._replace)
    monkeypatch.setattr(os, "rename", windows_like._rename)
    with file.open():
        for forbidden in (file.unlink, lambda: other.replace(file), lambda: file.replace(tmp_path / "c")):
            with pytest.raises(PermissionError):
                forbidden()
    with pytest.raises(FileExistsError):
        other.rename(file)
    other.replace(file)
    assert file.read_text() == "b"
    file.unlink()


def test_a_mapped_file_is_in_use(tmp_path):
    import pyarrow as pa

    file = tmp_path / "mapped"
    file.write_bytes(b"12345678")
    mapped = pa.memory_map(str(file))
    assert str(file) in windows_like.files_in_use()
    mapped.close()
