"""Tests of this folder, and of some others, run as if open files could not be deleted or replaced."""

from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="it asks Linux which files are in use")
def test_an_open_file_stays(tmp_path):
    file = tmp_path / "open.gpkg"
    with file.open("wb"), pytest.raises(PermissionError):
        file.unlink()
    file.unlink()
