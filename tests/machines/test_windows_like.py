"""The machine that should treat open files as Windows does: it does so (see windows_like.py)."""

import ctypes
import os
import signal
from pathlib import Path

import pytest

from onemap.layers.errors import Cancelled
from onemap.rules.verbs.commands import command_line, stop_signals
from onemap.tests.machines import windows_like, windows_names

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="it asks Linux which files are in use")


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


def test_names_that_differ_in_case_alone_are_one_file(tmp_path, monkeypatch):
    file = tmp_path / "City" / "City.gpkg"
    file.parent.mkdir()
    file.write_text("1")
    windows_names.ignore_case(monkeypatch)
    twin = tmp_path / "CITY" / "city.GPKG"
    assert twin.exists() and twin.samefile(file) and twin.read_text() == "1"
    twin.write_text("2")
    assert os.listdir(tmp_path / "cITY") == ["City.gpkg"] and file.read_text() == "2"
    twin.unlink()
    assert not file.exists()


def test_a_library_named_in_another_case_is_the_same_library(onemap, tmp_path, monkeypatch):
    windows_names.ignore_case(monkeypatch)
    assert onemap("new", tmp_path / "City.gpkg", "--crs", "EPSG:4547").code == 0
    again = onemap("new", tmp_path / "city.GPKG", "--crs", "EPSG:4547")
    assert again.codes == ["library.exists"]
    assert [path.name for path in tmp_path.glob("*.gpkg")] == ["City.gpkg"]


def test_ctrl_break_stops_the_work_where_posix_signals_are_missing(monkeypatch):
    windows_names.lack_what_windows_has_not(monkeypatch)
    assert not hasattr(stop_signals.signal, "pthread_kill")

    def stop(_number, _frame):
        raise Cancelled

    before = signal.getsignal(signal.SIGUSR1)
    with pytest.raises(Cancelled), stop_signals.handling_signals(stop):
        signal.raise_signal(stop_signals.signal.SIGBREAK)
    assert signal.getsignal(signal.SIGUSR1) == before


def test_words_for_another_program_are_in_the_console_s_page(monkeypatch):
    class Kernel:
        GetConsoleOutputCP = staticmethod(lambda: 936)

    class Windows:
        kernel32 = Kernel

    monkeypatch.setattr(ctypes, "windll", Windows, raising=False)
    monkeypatch.setattr(command_line, "os", windows_names.Lacking(os, (), name="nt"))
    assert command_line.wanted_encoding(["layers", "city.gpkg"]) == "cp936"
    assert "一张图".encode("cp936") == b"\xd2\xbb\xd5\xc5\xcd\xbc"
    assert command_line.wanted_encoding(["layers", "city.gpkg", "--json"]) == "utf-8"
    assert command_line.wanted_encoding(["layers", "--output-encoding", "gb18030"]) == "gb18030"
