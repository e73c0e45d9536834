"""A session of `serve` keeps its library open: each answer equals a fresh process's, whatever others did."""

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import log, open_library
from onemap.layers.stores.session import keeping_open
from onemap.rules.judge.overlay.compiler import is_kept
from onemap.rules.judge.runs.run_store import KEPT, stored_rows
from onemap.rules.verbs.commands.serve import _IDLE_S
from onemap.tests.test_serve import Served, check_of, end_core, one_core, served_core, town, town_made_once

__all__ = ["one_core", "served_core", "town", "town_made_once"]  # fixtures


def answer_and_rows(one: Served, number: int, town: Path) -> tuple[Any, ...]:
    """A check's answer, and every row that it stores, without its id and its time."""
    one.ask("check", number, **check_of(town))
    answer = one.answer()
    assert answer["id"] == number and "result" in answer, answer
    result = answer["result"]
    with open_library(str(town / "city.gpkg")) as library:
        rows = {name: stored_rows(library, result["run"]["id"], name) for name in KEPT}
    return result["verdicts"], result["run"]["layers"], result["run"]["recorded"], rows


def fresh(town: Path) -> tuple[Any, ...]:
    """The same from a process that has seen nothing."""
    one = Served()
    found = answer_and_rows(one, 1, town)
    end_core(one)
    return found


def zones(town: Path, shift: float) -> Path:
    shapes = [shapely.box(500_000 + n + shift, 4_000_000, 500_001.5 + n + shift, 4_000_300) for n in range(300)]
    path = town / "later.gpkg"
    frame = gpd.GeoDataFrame({"BSM": [str(n) for n in range(300)]})
    frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4547")).to_file(path)
    return path


@pytest.mark.slow
def test_a_warm_session_answers_as_a_fresh_one_after_another_process_added_a_version(served_core, town, onemap):
    first = answer_and_rows(served_core, 1, town)
    assert answer_and_rows(served_core, 2, town) == first
    later = zones(town, 20.0)
    onemap("add", town / "city.gpkg", later, "--as", "T", "--covers", "extent", "--label", "later", "--sure").done()
    again = answer_and_rows(served_core, 3, town)
    assert again != first and again == fresh(town)


@pytest.mark.nightly
def test_a_warm_session_sees_that_a_layer_was_damaged_meanwhile(served_core, town):
    first = answer_and_rows(served_core, 1, town)
    assert first[0]["unknown"] == 0
    with sqlite3.connect(town / "city.gpkg") as connection:
        connection.execute("DELETE FROM rtree_T__1_geom WHERE id = 499")
    again = answer_and_rows(served_core, 2, town)
    assert again[0]["unknown"] + again[0]["prohibited"] > 0 and again == fresh(town)
    assert {layer["reason"] for layer in again[1]} == {"unreadable"}


@pytest.mark.slow
def test_a_warm_session_reads_the_file_that_has_taken_the_librarys_place(served_core, town, onemap):
    assert answer_and_rows(served_core, 1, town)[1][0]["label"] == "v1"
    other = town / "other.gpkg"
    # Not a copy of the file: the session may just then write into it what stands in its -wal.
    with (
        contextlib.closing(sqlite3.connect(town / "city.gpkg")) as source,
        contextlib.closing(sqlite3.connect(other)) as to,
    ):
        source.backup(to)
    assert (
        onemap("add", other, zones(town, 3.0), "--as", "T", "--covers", "extent", "--label", "other", "--sure").code
        == 0
    )
    other.replace(town / "city.gpkg")
    for end in ("-wal", "-shm"):
        (town / f"city.gpkg{end}").unlink(missing_ok=True)
    again = answer_and_rows(served_core, 2, town)
    assert again[1][0]["label"] == "other" and again == fresh(town)


def test_what_is_kept_open_is_one_file_again_when_it_is_closed(town):
    path = town / "city.gpkg"
    with keeping_open() as kept:
        with open_library(str(path)) as library, library.writing() as connection:
            log(connection, "test", "note", "x", {})
        with open_library(str(path)) as again:
            assert again is library
            with open_library(str(path)) as beside:
                assert beside is not library
        assert path.with_name("city.gpkg-wal").exists()
        kept.close()
        assert not path.with_name("city.gpkg-wal").exists()
        with open_library(str(path)) as anew:
            assert anew is not library and anew.chain_head()[0] == library_rows(path)


def library_rows(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("SELECT count(*) FROM onemap_audit").fetchone()[0])


def test_after_a_refusal_and_after_another_connection_wrote_the_library_is_opened_anew(town):
    path = str(town / "city.gpkg")
    with keeping_open():
        with open_library(path) as first:
            first.kept["something"] = 1
        with pytest.raises(OneMapError, match=r"run\.unknown"), open_library(path) as same:
            assert same is first
            raise OneMapError("run.unknown", run="x")
        with open_library(path) as second:
            assert second is not first and not second.kept
        with sqlite3.connect(path) as other:
            other.execute("UPDATE onemap_library SET value = 'renamed' WHERE key = 'name'")
        with open_library(path) as third:
            assert third.name == "renamed"


@pytest.mark.nightly
def test_a_library_that_was_taken_away_is_no_concern_of_the_next_one(served_core, town, tmp_path):
    shutil.copytree(town, tmp_path / "other")
    assert answer_and_rows(served_core, 1, tmp_path / "other")
    shutil.rmtree(tmp_path / "other")
    assert answer_and_rows(served_core, 2, town) == fresh(town)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/maps").exists() or not is_kept(), reason="no kernel is kept here")
def test_a_session_loads_the_kernel_after_its_first_answer_and_not_before(town):
    one = Served()

    def is_loaded() -> bool:
        return "llvmlite" in Path(f"/proc/{one.program.pid}/maps").read_text()

    time.sleep(2 * _IDLE_S)
    assert not is_loaded()  # nobody has asked for ground
    first = answer_and_rows(one, 1, town)
    assert answer_and_rows(one, 2, town) == first  # which was begun when the kernel was there
    assert is_loaded()
    end_core(one)
