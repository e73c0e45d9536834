"""The start-up file of an environment on Windows, run here on folders laid out as by QGIS's installer."""

import os
import sys

import pytest

from onemap.plugin.connection.dll_search import SITE_FOLDER, START_UP, write_start_up


@pytest.fixture
def added_folders(monkeypatch):
    """The folders that the start-up file adds for an interpreter's base."""

    def run(base):
        added = []
        monkeypatch.setattr(sys, "base_prefix", str(base))
        monkeypatch.setattr(os, "add_dll_directory", added.append, raising=False)
        exec(compile(START_UP, "sitecustomize.py", "exec"), {})  # our own file, as Python runs it
        return added

    return run


def test_qgis_s_python_finds_the_folder_bin_beside_apps(tmp_path, added_folders):
    base = tmp_path / "QGIS 3.44" / "apps" / "Python312"
    bin_folder = tmp_path / "QGIS 3.44" / "bin"
    for folder in (base / "DLLs", bin_folder):
        folder.mkdir(parents=True)
    assert added_folders(base) == [str(base), str(base / "DLLs"), str(bin_folder)]


def test_another_python_is_given_no_folder_of_strangers(tmp_path, added_folders):
    base = tmp_path / "Programs" / "Python312"
    for folder in (base, tmp_path / "bin"):
        folder.mkdir(parents=True)
    assert added_folders(base) == [str(base)]


def test_it_lies_where_python_on_windows_looks_for_it(tmp_path):
    write_start_up(tmp_path)
    assert (tmp_path / "Lib" / "site-packages" / "sitecustomize.py").read_text(encoding="utf-8") == START_UP
    assert SITE_FOLDER.parts == ("Lib", "site-packages")
