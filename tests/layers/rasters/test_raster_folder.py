"""Copies of rasters get names of their own, whoever adds rasters at the same time."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from onemap.layers.errors import OneMapError
from onemap.layers.files.journal_folder import is_locked_by_us
from onemap.layers.rasters.raster_folder import forsaken_files, raster_folder, reserved_stem

ROOT = Path(__file__).resolve().parents[3]


def test_whoever_fails_takes_away_what_is_his_and_nothing_else(tmp_path):
    folder = raster_folder(tmp_path / "city.gpkg")
    with reserved_stem(folder, "DEM") as first:
        first.with_name(f"{first.name}.tif").write_text("1")
        with pytest.raises(ValueError, match="refused"), reserved_stem(folder, "DEM") as second:
            assert second != first
            second.with_name(f"{second.name}.tif").write_text("2")
            second.with_name(f"{second.name}.tif.aux.xml").write_text("2")
            raise ValueError("refused")
    assert sorted(folder.iterdir()) == [first.with_name(f"{first.name}.tif")]
    with reserved_stem(folder, "DEM") as third:
        assert third not in (first, folder / "DEM")


def test_of_a_folder_that_only_a_refusal_needed_nothing_stays(tmp_path):
    folder = raster_folder(tmp_path / "city.gpkg")
    with pytest.raises(ValueError, match="refused"), reserved_stem(folder, "DEM"):
        raise ValueError("refused")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    folder = raster_folder(tmp_path / "city.gpkg")
    folder.write_text("a file of that name")
    with pytest.raises(OneMapError) as refused, reserved_stem(folder, "DEM"):
        pass
    assert (refused.value.code, folder.read_text()) == ("out.failed", "a file of that name")


def _make_old(mark):
    an_hour_ago = time.time() - 3600
    os.utime(mark, (an_hour_ago, an_hour_ago))


def test_a_name_is_locked_also_if_somebody_looks_at_its_mark_just_then(tmp_path, monkeypatch):
    folder, touch, ends = raster_folder(tmp_path / "city.gpkg"), Path.touch, []

    def touch_and_look(path, **options):
        touch(path, **options)
        file = path.open("rb")
        assert is_locked_by_us(file)
        ends.append(threading.Timer(0.2, file.close))
        ends[0].start()

    monkeypatch.setattr(Path, "touch", touch_and_look)
    with reserved_stem(folder, "DEM") as stem:
        ends[0].join()
        mark = stem.with_name(f"{stem.name}.reserved")
        _make_old(mark)
        assert forsaken_files(folder) == []
        with mark.open("rb") as file:
            assert not is_locked_by_us(file)


def test_a_name_of_this_minute_is_not_forsaken_and_an_old_one_is_also_to_a_reader(tmp_path, monkeypatch):
    mark = tmp_path / "DEM__1.reserved"
    mark.touch()
    assert forsaken_files(tmp_path) == []
    _make_old(mark)
    modes, open_file = [], Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", **rest: modes.append(mode) or open_file(path, mode, **rest)
    )
    assert (forsaken_files(tmp_path), modes) == ([[mark]], ["rb"])  # root, who may write all, runs tests too


def test_a_mark_that_cannot_be_removed_fails_no_addition_and_hides_no_refusal(tmp_path, monkeypatch):
    folder = raster_folder(tmp_path / "city.gpkg")

    def refuse(path, **_):
        raise PermissionError(f"open elsewhere: {path}")  # as Windows does while `verify` has it open

    monkeypatch.setattr(Path, "unlink", refuse)
    with reserved_stem(folder, "DEM") as stem:
        stem.with_name(f"{stem.name}.tif").write_text("1")
    with pytest.raises(ValueError, match="refused"), reserved_stem(folder, "DEM"):
        raise ValueError("refused")
    for mark in folder.glob("*.reserved"):
        _make_old(mark)
    names = [[path.name for path in files] for files in forsaken_files(folder)]
    assert names == [["DEM__1.tif", "DEM__1.reserved"], ["DEM__2.reserved"]]


# An addition that is killed when the copy lies beside the library: just before its commit, or just after it.
KILLED = """
import os, signal, sys
from onemap.layers.ingest import adding
from onemap.rules.verbs.commands.command_line import main
write, is_late = adding.write_versions, sys.argv.pop(1) == "after"
def write_and_die(*given):
    if is_late:
        write(*given)
    os.kill(os.getpid(), signal.SIGKILL)
adding.write_versions = write_and_die
sys.exit(main(sys.argv[1:]))
"""


def _raster(path, height=1):
    grid = {"width": 60, "height": 60, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    with rasterio.open(path, "w", driver="GTiff", transform=from_origin(538_000, 4_214_000, 20, 20), **grid) as made:
        made.write(np.full((1, 60, 60), height, dtype="float32"))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
@pytest.mark.parametrize(("moment", "left"), [("before", "DEM__1.tif, DEM__1.reserved"), ("after", "DEM__1.reserved")])
def test_what_a_killed_addition_left_is_named_and_what_a_version_uses_is_not(onemap, tmp_path, moment, left):
    library = tmp_path / "city.gpkg"
    onemap("new", library, "--crs", "EPSG:4547")
    words = ["add", library, _raster(tmp_path / "dem.tif"), "--as", "DEM", "--covers", "extent", "--copy"]
    killed = subprocess.run([sys.executable, "-c", KILLED, moment, *map(str, words)], check=False)
    assert killed.returncode == -signal.SIGKILL
    _make_old(raster_folder(library) / "DEM__1.reserved")
    (note,) = onemap("verify", library, lang="en").json["notes"]
    assert note["code"] == "verify.raster_forsaken" and note["message"].endswith(f": {left}.")
    with reserved_stem(raster_folder(library), "DEM"):  # of somebody who is still at it
        assert len(onemap("verify", library).json["notes"]) == 1
    for name in left.split(", "):
        (raster_folder(library) / name).unlink()
    answer = onemap("verify", library)
    assert (answer.code, "notes" in answer.json) == (0, False)


@pytest.mark.slow
def test_two_that_copy_a_raster_at_once_have_a_version_each(onemap, tmp_path):
    library = tmp_path / "city.gpkg"
    onemap("new", library, "--crs", "EPSG:4547")
    grid = {"width": 600, "height": 600, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    programs = []
    for height in (1, 2, 3):
        path = tmp_path / f"{height}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", transform=from_origin(538_000, 4_214_000, 20, 20), **grid
        ) as made:
            made.write(np.full((1, 600, 600), height, dtype="float32"))
        words = ["add", library, path, "--as", "DEM", "--covers", "extent", "--copy", "--label", f"of {height}"]
        command = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py", *words, "--json"]
        programs.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, encoding="utf-8"))
    answers = [program.communicate()[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0], answers
    (layer,) = [layer for layer in onemap("layers", library).json["layers"] if layer["code"] == "DEM"]
    assert [version["unreadable"] for version in layer["versions"]] == [False, False, False]
    assert len(list(raster_folder(library).iterdir())) == 3
