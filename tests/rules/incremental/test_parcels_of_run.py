"""Parcels of the same source come from the run that read it, as reading would give them; else they are read."""

import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Polygon, affinity, box

from onemap.layers.ingest.placing import Wishes
from onemap.layers.library.library import open_library
from onemap.layers.stores.session import keeping_open
from onemap.rules.incremental.parcels_of_run import former_parcels
from onemap.rules.incremental.run_cache import known_run
from onemap.rules.inputs.parcels import no_parcels, read_parcels
from onemap.rules.question.question import CheckWishes, question_about
from onemap.rules.runs.run_store import run_record

SHAPES = [
    box(0, 0, 10, 10),
    Polygon([(20, 0, 5), (40, 0, 5), (40, 30, 5), (20, 30, 5)]),
    MultiPolygon([box(50, 0, 60, 5), box(60, 5, 70, 9)]),
    Polygon(box(80, 0, 99, 20).exterior.coords, [box(82, 2, 90, 9).exterior.coords]),
]
COLUMNS = {
    "DKBH": ["a", "b", "c", "d"],
    "n": [1, 2, 3, 4],
    "share": [0.5, None, 1.0, -2.5],
    "USE": ["0701", None, "", "x"],
}


@pytest.fixture
def asked(desk):
    """A run of four parcels, and its id."""
    desk.layer("ZONE", [box(5, 0, 65, 3)])
    pack, path = desk.pack({}), desk.write("given", SHAPES, COLUMNS, "EPSG:4547")
    answer = desk.run("check", desk.library, path, "--pack", pack)
    assert {problem["code"] for problem in answer.json["problems"]} == {"geometry.z_dropped"}
    return desk, path, answer.json["run"]["id"]


def found(desk, path, run, normalising=None, most=100, **wishes):
    """What the run gives, and what reading gives."""
    asked = CheckWishes(
        str(path), normalising=normalising or Wishes(), packs=(str(desk.folder / "test.toml"),), **wishes
    )
    with open_library(str(desk.library)) as library:
        former = former_parcels(library, run, most)
        if former is None:
            return None, None
        question = question_about(library, asked, "en", no_parcels(asked.parcels, ""))
        given = former.read(asked, question.source)
        source = (asked.parcels, asked.layer, asked.id_field, asked.encoding)
        return given, read_parcels(*source, asked.normalising, library.crs)


def test_the_run_gives_what_reading_gives(asked):
    given, read = found(*asked)
    assert given.ids.tolist() == read.ids.tolist()
    assert given.wkb.tolist() == shapely.to_wkb(given.geometries, byte_order=1).tolist() == read.wkb.tolist()
    pd.testing.assert_frame_equal(given.attributes, read.attributes)
    for name in ("id_field", "source", "source_hash", "problems", "is_as_read", "ground_hash"):
        assert getattr(given, name) == getattr(read, name)
    assert given.is_as_read and not given.at(np.array([1])).is_as_read


def test_the_answer_is_that_of_a_whole_run_and_says_the_same_of_the_source(asked):
    desk, path, first = asked
    desk.layer("ZONE", [box(5, 0, 65, 3), box(85, 0, 90, 3)], label="2")
    words = ("check", desk.library, path, "--pack", desk.folder / "test.toml")
    again, whole = desk.run(*words, "--against", first).json, desk.run(*words).json
    assert again["problems"] == whole["problems"] and again["verdicts"] == whole["verdicts"]
    assert (again["run"]["computed"], whole["run"]["computed"]) == (1, 4)
    assert again["run"]["parameters"] == whole["run"]["parameters"]
    assert desk.run("verify", desk.library, "--run", again["run"]["id"]).json["problems"] == []
    # What has read nothing can be asked again in its turn.
    assert found(desk, path, again["run"]["id"])[0] is not None


@pytest.mark.parametrize(
    "wishes",
    [{"id_field": "n"}, {"normalising": Wishes(repair=True)}, {"encoding": "utf-8"}, {"layer": "given"}, {"most": 3}],
)
def test_what_is_asked_otherwise_is_read(asked, wishes):
    assert found(*asked, **wishes)[0] is None


def test_another_content_or_one_that_is_not_all_in_the_file_is_read(asked):
    desk, path, run = asked
    renamed = path.with_name("other.gpkg")
    shutil.copy(path, renamed)
    assert found(desk, renamed, run)[0] is None
    beside = path.with_name(path.name + "-wal")
    beside.write_bytes(b"")
    assert found(desk, path, run)[0] is None
    beside.unlink()
    assert found(desk, path, run)[0] is not None
    desk.write("given", [*SHAPES[:3], affinity.translate(SHAPES[3], 0, 1e-3)], COLUMNS, "EPSG:4547")
    given, _ = found(desk, path, run)
    assert given is None


@pytest.mark.parametrize(
    ("crs", "columns"), [("EPSG:4490", COLUMNS), ("EPSG:4547", {**COLUMNS, "day": pd.to_datetime(["2026-01-01"] * 4)})]
)
def test_what_was_carried_from_another_plane_or_does_not_come_back_is_read(desk, crs, columns):
    desk.layer("ZONE", [box(5, 0, 65, 3)])
    shapes = (
        SHAPES
        if crs == "EPSG:4547"
        else [affinity.translate(affinity.scale(shape, 1e-5, 1e-5), 114, 38) for shape in SHAPES]
    )
    pack, path = desk.pack({}), desk.write("given", shapes, columns, crs)
    run = desk.run("check", desk.library, path, "--pack", pack).json["run"]["id"]
    assert found(desk, path, run)[0] is None


def test_what_was_read_while_a_part_of_it_lay_beside_is_read_again(asked):
    desk, path, _ = asked
    beside = path.with_name(path.name + "-wal")
    beside.write_bytes(b"")
    run = desk.run("check", desk.library, path, "--pack", desk.folder / "test.toml").json["run"]["id"]
    beside.unlink(missing_ok=True)
    assert found(desk, path, run)[0] is None


def test_parcels_that_are_damaged_in_the_library_are_not_taken_for_what_was_asked(asked):
    desk, path, run = asked
    with sqlite3.connect(desk.library) as connection:
        other = desk.run(
            "check",
            desk.library,
            desk.write("moved", [affinity.translate(shape, 1, 0) for shape in SHAPES], COLUMNS, "EPSG:4547"),
            "--pack",
            desk.folder / "test.toml",
        )
        taken = "(SELECT shapes FROM onemap_run_blocks WHERE name = 'given' AND run = ?)"
        connection.execute(
            f"UPDATE onemap_run_blocks SET shapes = {taken} WHERE name = 'given' AND run = ?",
            (other.json["run"]["id"], run),
        )
    connection.close()
    assert found(desk, path, run)[0] is None


def test_only_polygons_that_the_run_has_byte_by_byte_are_known_to_be_sound(asked):
    desk, path, run = asked
    wkb = found(desk, path, run)[1].wkb
    with open_library(str(desk.library)) as library:
        former = former_parcels(library, run, 100)
        assert former.proved(np.array(["a", "b", "c", "d"], dtype=object), wkb).all()
        order = np.array(["new", "d", "a", "b"], dtype=object)
        assert former.proved(order, wkb[[0, 3, 1, 1]]).tolist() == [False, True, False, True]


def test_what_is_unsound_beside_sound_parcels_is_told_as_ever(asked):
    desk, _, run = asked
    bowtie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    path = desk.write("given", [*SHAPES[:3], bowtie], COLUMNS, "EPSG:4547")
    words = ("check", desk.library, path, "--pack", desk.folder / "test.toml")
    again, whole = desk.run(*words, "--against", run), desk.run(*words)
    assert (again.code, again.json) == (whole.code, whole.json) and again.codes == ["geometry.invalid"]
    again, whole = desk.run(*words, "--repair", "--against", run), desk.run(*words, "--repair")
    assert again.json["problems"] == whole.json["problems"] and again.json["run"]["computed"] == 1
    assert desk.run("verify", desk.library, "--run", again.json["run"]["id"]).json["problems"] == []


def test_what_is_worked_out_of_a_run_stays_beside_it_and_is_never_taken_when_it_is_damaged(asked):
    desk, path, run = asked
    words = ("check", desk.library, path, "--pack", desk.folder / "test.toml", "--against", run)
    desk.layer("ZONE", [box(5, 0, 65, 3), box(85, 0, 90, 3)], label="2")
    first = desk.run(*words).json
    change = "UPDATE onemap_run_blocks SET content = {} WHERE run = ? AND name LIKE 'places.%'"
    found = []
    for damage in ("content", "zeroblob(length(content))", "substr(content, 1, 40)"):
        with sqlite3.connect(desk.library) as connection:
            assert connection.execute(change.format(damage), (run,)).rowcount > 4
        connection.close()
        with open_library(str(desk.library)) as library:
            known = known_run(library, run, run_record(library, run))
            found.append([known.boxes(library).tolist(), known.said(library, "findings").parcel.tolist()])
        again = desk.run(*words).json
        assert (again["verdicts"], again["run"]["computed"]) == (first["verdicts"], 1)
        assert desk.run("verify", desk.library, "--run", again["run"]["id"]).json["problems"] == []
    assert found == [[[list(shape.bounds) for shape in SHAPES], [0, 1, 2]]] * 3


def test_a_session_knows_a_run_while_its_library_is_closed_but_not_another_of_its_name(asked):
    desk, path, run = asked
    with keeping_open() as kept:
        before = [known_in(desk, run), kept.close(), known_in(desk, run)]
        assert before[0] is before[2]
        with sqlite3.connect(desk.library) as connection:
            connection.execute("UPDATE onemap_runs SET record = replace(record, '\"who\"', '\"whom\"')")
        connection.close()
        assert known_in(desk, run) is not before[0]


def known_in(desk, run):
    with open_library(str(desk.library)) as library:
        return known_run(library, run, run_record(library, run))
