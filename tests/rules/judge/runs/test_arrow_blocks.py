"""Rows of a run as stored: no digit and no type is lost, in blocks and in chunks."""

import contextlib
import io
import sqlite3
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.rules.judge.findings.table import Table, plain_values
from onemap.rules.judge.runs import arrow_blocks
from onemap.rules.judge.runs.arrow_blocks import (
    Rows,
    StoredBlock,
    read_columns,
    read_shapes,
    rows_of_table,
    same_rows,
    stream_of,
)
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import GIVEN, KEPT, Recorder, log_run, stored_question, stored_rows
from onemap.rules.judge.runs.stored_rows import check_blocks
from onemap.rules.judge.runs.stored_tables import finding_records, ground_records
from onemap.tests.rules.run_damage import change_library

SQUARE = box(0, 0, 10, 10)
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70) | st.booleans()
VALUES = st.none() | NUMBERS | st.text(st.characters(exclude_categories=()), max_size=5) | st.lists(st.text(max_size=2))


def there_and_back(rows):
    blocks = list(rows.blocks())
    shapes = [None if block.shapes is None else read_shapes(block.shapes)[0] for block in blocks]
    found = [Rows(read_columns(block.content), wkb) for block, wkb in zip(blocks, shapes, strict=True)]
    return [row for part in found for row in part]


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, st.none() | st.floats(), st.none() | st.integers(), st.text(max_size=3)), max_size=9))
@pytest.mark.slow
def test_every_value_comes_back_as_it_was_and_in_its_type(rows):
    columns = pd.DataFrame(rows, columns=["any", "number", "count", "parcel"], dtype=object)
    back = there_and_back(rows_of_table(Table(columns)))
    wanted = {name: plain_values(columns[name]) for name in columns}
    for name, values in wanted.items():
        found = [row.values[name] for row in back]
        assert [(type(value), repr(value)) for value in found] == [(type(value), repr(value)) for value in values]


def test_typed_columns_come_back_as_plain_values_and_geometries_as_they_were():
    columns = pd.DataFrame(
        {
            "parcel": pd.Series(["b", "a", None], dtype=object),
            "flag": [True, False, True],
            "features": pd.Series([1, None, 3], dtype="Int64"),
            "area_m2": [0.1 + 0.2, np.nan, -0.0],
            "keys": pd.Series(['{"a": null}', None, "x"], dtype=object),
        }
    )
    shapes = np.array([SQUARE, None, shapely.MultiPolygon([SQUARE])], dtype=object)
    back = there_and_back(rows_of_table(Table(columns, shapes)))
    assert [repr(list(row.values.values())) for row in back] == [
        repr(["b", True, 1, 0.1 + 0.2, '{"a": null}']),
        repr(["a", False, None, None, None]),
        repr([None, True, 3, -0.0, "x"]),
    ]
    assert [row.wkb for row in back] == list(shapely.to_wkb(shapes))


def test_rows_differ_by_a_digit_a_type_a_sign_of_zero_or_a_shape():
    def rows(value, shape=SQUARE):
        columns = pd.DataFrame({"a": pd.Series([value, "x"], dtype=object), "b": [1.0, 2.0]})
        return rows_of_table(Table(columns, np.array([shape, None], dtype=object)))

    same = [same_rows(rows(1), rows(other)).tolist() for other in (1, 1.0, "1", None, True)]
    assert same == [[True, True], [False, True], [False, True], [False, True], [False, True]]
    zeros = [rows_of_table(Table(pd.DataFrame({"a": [zero]}))) for zero in (0.0, -0.0)]
    assert not same_rows(*zeros).any() and same_rows(zeros[0], zeros[0]).all()
    assert same_rows(rows(1), rows(1, box(0, 0, 10, 10.5))).tolist() == [False, True]


@pytest.fixture
def city(desk, monkeypatch):
    """A run of more parcels than a block has room for."""
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 4)
    desk.layer("ZONE", [box(0, 0, 400, 5)], {"TBLX": ["实划"]})
    parcels = {f"p{n:02}": box(30 * n, 0, 30 * n + 10, 10) for n in range(11)}
    names = [None if n % 3 else f"名{n}" for n in range(11)]
    return desk, desk.check(parcels, {}, columns={"n": list(range(11)), "名": names, "x": [n / 7 for n in range(11)]})


def tables_of(library, run):
    with open_library(str(library)) as opened:
        return {name: [(row.content, row.wkb) for row in stored_rows(opened, run, name)] for name in (*KEPT, GIVEN)}


def test_rows_of_many_blocks_come_back_in_order_and_are_found_by_parcel(desk, onemap, city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    with open_library(str(desk.library)) as library:
        blocks = "SELECT first, count, lowest, highest FROM onemap_run_blocks WHERE name = 'parcels' ORDER BY first"
        assert library.connection.execute(blocks).fetchall() == [
            (0, 4, "p00", "p03"),
            (4, 4, "p04", "p07"),
            (8, 3, "p08", "p10"),
        ]
        rows = stored_rows(library, run, "parcels")
        assert [row.values["parcel"] for row in rows] == [f"p{n:02}" for n in range(11)]
        assert [row.values for row in stored_rows(library, run, "parcels", parcel="p05")] == [rows[5].values]
        assert stored_rows(library, run, "findings", parcel="p05", rule="other") == []
        given_fourth = stored_rows(library, run, GIVEN, id="p03")[0].values
        assert repr(given_fourth["attributes"]) == repr({"DKBH": "p03", "n": 3, "名": "名3", "x": 3 / 7})


def test_a_run_taken_down_in_chunks_reads_like_one_taken_down_at_once(city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    tables = {name: found.table(name) for name in ("parcels", "findings", "overlaps")}

    def part(frame, names):
        rows = frame[frame.parcel.isin(names)].reset_index(drop=True)
        return Table(pd.DataFrame(rows.drop(columns="geometry")), np.asarray(rows.geometry, dtype=object))

    everyone = tables["parcels"].parcel.tolist()
    record = {"id": "chunks", "started": "", "who": ""}
    with open_library(str(desk.library)) as library, library.writing() as connection:
        recorder = Recorder(connection, "chunks")
        for start in range(0, 11, 3):
            rows = {name: part(frame, everyone[start : start + 3]) for name, frame in tables.items()}
            recorder.append(Chunk(rows))
        recorder.finish(record, [])
        log_run(connection, "check", record, {})
    kept = [tables_of(desk.library, one) for one in (run, "chunks")]
    for name in tables:
        assert [wkb for _, wkb in kept[0][name]] == [wkb for _, wkb in kept[1][name]]
        assert len(kept[1][name]) == 11


def test_a_damaged_block_is_refused_by_name(city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    damage = "UPDATE onemap_run_blocks SET content = substr(content, 1, 99) WHERE name = 'findings'"
    change_library(desk.library, damage)
    answer = desk.run("explain", desk.library, run, "p01", "r")
    assert (answer.code, answer.codes) == (3, ["run.damaged"])
    with open_library(str(desk.library)) as library, pytest.raises(OneMapError, match="run.damaged"):
        stored_rows(library, run, "findings")


@pytest.mark.parametrize("table", ["findings", "overlaps"])
def test_a_run_that_has_lost_its_last_rows_is_not_read_as_if_it_were_whole(city, table):
    # Ground of every parcel lies in the zone: so each has a finding and its features, those of p08 to p10 in the last
    # block.
    desk, found = city
    run = found.answer.json["run"]["id"]
    assert desk.run("explain", desk.library, run, "p09", "r").code == 0
    change_library(desk.library, f"DELETE FROM onemap_run_blocks WHERE name = '{table}' AND first = 8")
    again = ("check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--against", run)
    out = ("--out", desk.folder / "o")
    for verb in (("explain", desk.library, run, "p09", "r"), ("runs", desk.library, run, *out), (*again, *out)):
        answer = desk.run(*verb)
        assert (answer.code, answer.codes, answer.json["problems"][0]["layer"]) == (3, ["run.damaged"], table)
    for records in (partial(finding_records, department="land"), ground_records):
        with open_library(str(desk.library)) as library, pytest.raises(OneMapError, match="run.damaged"):
            records(library, run, language="en")


def test_parcels_that_are_gone_with_their_findings_are_missed_where_verdicts_are_counted(city):
    # What is left of every table agrees; that p08 to p10 were judged too, only the log says.
    desk, found = city
    run = found.answer.json["run"]["id"]
    change_library(desk.library, "DELETE FROM onemap_run_blocks WHERE first = 8")
    answer, listed = desk.run("runs", desk.library, run), desk.run("runs", desk.library)
    assert (answer.code, answer.codes) == (3, ["run.damaged"])
    assert (listed.code, listed.codes, listed.json["runs"]) == (0, ["run.damaged"], [])


def test_the_log_is_gone_through_once_for_many_runs_and_what_came_since_is_read(city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    block = StoredBlock(1, b"", None, None, None)

    def record(connection, name):
        recorder = Recorder(connection, name)
        recorder.insert("findings", block)
        recorder.finish({"id": name, "started": "", "who": ""}, [])
        log_run(connection, "check", {"id": name, "who": ""}, {})

    asked = []
    with open_library(str(desk.library)) as library:
        library.connection.set_trace_callback(asked.append)
        for _ in range(3):
            check_blocks(library, run)
        assert sum("subject IN" in sql for sql in asked) == 1
        with pytest.raises(ValueError, match="taken back"), library.writing() as connection:
            record(connection, "first")
            check_blocks(library, "first")
            raise ValueError("taken back")
        with library.writing() as connection:
            record(connection, "second")
        library.connection.execute("DELETE FROM onemap_run_blocks WHERE run = 'second'")
        check_blocks(library, run)
        with pytest.raises(OneMapError, match="run.damaged"):
            check_blocks(library, "second")


@pytest.mark.parametrize(("table", "part", "column"), [("findings", "content", "title"), (GIVEN, "shapes", "wkb")])
def test_texts_and_shapes_that_are_none_are_damage(city, table, part, column):
    desk, found = city
    run = found.answer.json["run"]["id"]
    with contextlib.closing(sqlite3.connect(desk.library, isolation_level=None)) as connection:
        sql = f"SELECT rowid, {part} FROM onemap_run_blocks WHERE run = ? AND name = ?"  # names of our own
        for row, content in connection.execute(sql, (run, table)).fetchall():
            rows = pa.ipc.open_stream(content).read_all()
            body = pa.array([b"\xad\xff"] * len(rows), pa.binary())
            wrong = body if column == "wkb" else body.view(pa.string())
            rows = rows.set_column(rows.schema.get_field_index(column), column, wrong)
            stream = io.BytesIO()
            with pa.ipc.new_stream(stream, rows.schema) as writer:
                writer.write_table(rows)
            connection.execute(f"UPDATE onemap_run_blocks SET {part} = ? WHERE rowid = ?", (stream.getvalue(), row))
    with open_library(str(desk.library)) as opened, pytest.raises(OneMapError, match="run.damaged"):
        stored_rows(opened, run, table) if column == "title" else stored_question(opened, run)


def test_the_outline_of_a_parcel_is_held_once_and_comes_back_wherever_it_is_shown(desk, monkeypatch):
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 4)
    desk.layer("ZONE", [box(-5, -5, 185, 50)], {"TBLX": ["实划"]})
    parcels = {f"p{n:02}": box(30 * n, 0, 30 * n + 10, 10) for n in range(9)}
    parcels["p02"] = shapely.MultiPolygon([box(60, 0, 70, 10), box(80, 0, 84, 10)])
    found = desk.check(parcels, {})
    run = found.answer.json["run"]["id"]
    kept = tables_of(desk.library, run)
    shown = {name: found.table(name) for name in ("parcels", "findings", "overlaps")}
    assert {name: len(table) for name, table in shown.items()} == {"parcels": 9, "findings": 7, "overlaps": 7}
    for name, table in shown.items():
        assert [wkb for _, wkb in kept[name]] == list(shapely.to_wkb(np.asarray(table.geometry, dtype=object)))
    with open_library(str(desk.library)) as library:
        sql = "SELECT name, shapes FROM onemap_run_blocks WHERE shapes IS NOT NULL AND name <> ?"
        shapes = library.connection.execute(sql, (GIVEN,)).fetchall()
        parts = [body for _, stream in shapes for body in read_shapes(stream)[0].to_pylist() if body is not None]
        # Only what is left of the parcel that reaches over the zone's edge is a shape of its own.
        assert parts == [kept[name][6][1] for name in ("findings", "overlaps")]
    change_library(desk.library, "DELETE FROM onemap_run_blocks WHERE name = ? AND first = 4", GIVEN)
    with open_library(str(desk.library)) as library, pytest.raises(OneMapError, match="run.damaged"):
        stored_rows(library, run, "parcels")


@pytest.mark.parametrize("count", [1, 100, 5_000, 200_000])
def test_few_rows_and_many_come_back_whatever_packs_them(count):
    rows = pa.table({"n": pa.array(range(count)), "text": pa.array([f"地块 {row}" for row in range(count)])})
    stream = stream_of(rows)
    assert read_columns(stream).equals(rows)
    assert read_columns(stream, ["text"]).column_names == ["text"]
    assert count < 5_000 or len(stream) < rows.nbytes  # what is large is packed
