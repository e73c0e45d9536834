"""A file read by column gives what it gives row by row: every value, its type, and every refusal."""

import sqlite3
import struct
from contextlib import closing
from dataclasses import asdict

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.frames import fields
from onemap.layers.geometry.proof_beside import Provers
from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.progress import Progress
from onemap.layers.sources.gdal import vector
from onemap.layers.sources.gdal import vector_stream as vector_streams
from onemap.layers.sources.gdal.arrow_stream import LIKE_ROWS_AT_ONCE, UnlikeRows, raised_as_they_are, same_blocks
from onemap.layers.sources.gdal.vector_stream import vector_stream
from onemap.layers.stores.arrow_values import arrow_batch, listed_values
from onemap.tests.conftest import drop_triggers

ROWS = 30
SQUARE = shapely.box(0, 0, 1, 1)
RING = struct.pack("<BII", 1, 3, 1)


def make_layer(path, rows=ROWS):
    """A layer with integers beside nulls, text, numbers, and no triggers that would mind what is done to it."""
    numbers = np.arange(rows)
    columns = {
        "whole": [None if number % 7 == 3 else int(number) for number in numbers],
        "text": [f"地块{number}" if number % 5 else None for number in numbers],
        "number": np.where(numbers == 4, np.nan, numbers * 0.5),
        "small": numbers.astype("int32"),
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapely.box(numbers, 0, numbers + 1, 1), crs="EPSG:4547")
    frame.astype({"whole": "Int64"}).to_file(path, layer="a", SPATIAL_INDEX="NO")
    with closing(sqlite3.connect(path)) as connection:
        drop_triggers(connection)
        connection.commit()
    return path


def make_plain_layer(path, **columns):
    """The same as a geodatabase or a FlatGeobuf, which nobody can change as one changes a table."""
    frame = gpd.read_file(make_layer(path.with_suffix(".gpkg"))).astype({"whole": "Int64"}).assign(**columns)
    frame.to_file(path, layer="a", driver={".gdb": "OpenFileGDB", ".fgb": "FlatGeobuf"}[path.suffix])
    return path


def change_file(path, sql, *values):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def told_of(path):
    """The whole result of reading the layer, value by value, or why it is refused."""
    try:
        frame = vector.read_vector(path, "a", None)
    except OneMapError as error:
        return [problem.code for problem in error.problems]
    values = {
        name: [(type(value), repr(value)) for value in frame.attributes[name]] for name in frame.attributes.columns
    }
    return shapely.to_wkb(frame.geometries).tolist(), values, frame.problems, frame.encoding, str(frame.crs)


def both(path, monkeypatch):
    by_column = told_of(path)
    monkeypatch.setattr(vector, "COLUMN_FORMATS", set())
    return by_column, told_of(path)


ODD_COLUMNS = {
    "as it is": {},
    "dates": {"day": pd.Timestamp("2025-03-01")},
    "truths": {"truth": np.arange(ROWS) % 2 == 0},
    "numbers of 16 and 32 bits": {"short": np.arange(ROWS, dtype="int16"), "half": np.arange(ROWS, dtype="float32")},
    "heights": {"geometry": shapely.force_3d(shapely.box(0, 0, 1, np.arange(1, ROWS + 1)), 5)},
    "no geometry": {"geometry": np.where(np.arange(ROWS) == 5, None, SQUARE)},
    "several types": {"geometry": np.where(np.arange(ROWS) == 5, shapely.LineString([(0, 0), (1, 1)]), SQUARE)},
    "many parts": {"geometry": shapely.MultiPolygon([SQUARE, shapely.box(2, 0, 3, 1)])},
}


@pytest.mark.filterwarnings("ignore")  # of what a format cannot keep
@pytest.mark.parametrize("suffix", [".gdb", ".fgb"])
@pytest.mark.parametrize("columns", ODD_COLUMNS.values(), ids=ODD_COLUMNS)
def test_other_formats_are_the_same_both_ways(tmp_path, monkeypatch, columns, suffix):
    try:
        path = make_plain_layer(tmp_path / f"a{suffix}", **columns)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.GeometryError, RuntimeError) as error:
        pytest.skip(f"GDAL does not write it: {error}")
    by_column, by_row = both(path, monkeypatch)
    assert by_column == by_row


@pytest.mark.parametrize(("make", "name"), [(make_layer, "a.gpkg"), (make_plain_layer, "a.gdb")])
def test_a_layer_comes_by_the_column_block_by_block_from_any_row_on(tmp_path, monkeypatch, make, name):
    path = make(tmp_path / name)
    by_column, by_row = both_streams(path, monkeypatch, first=11)
    assert [len(shapes) for shapes, *_ in by_column[1]] == [7, 7, 5]
    assert by_column == by_row
    monkeypatch.undo()
    monkeypatch.setattr(vector_streams.VectorStream, "_blocks_from", lambda *_: pytest.fail("row by row"))
    assert streamed_values(path, 11) == by_column


@pytest.mark.parametrize("suffix", [".gdb", ".fgb"])
def test_of_many_polygons_of_other_formats_no_geometry_is_made(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(vector, "WORTH_ROWS", ROWS)
    path = make_plain_layer(tmp_path / f"a{suffix}")
    monkeypatch.setattr(vector, "_bulk_rows", lambda *_: pytest.fail("row by row"))
    frame = vector.read_vector(path, "a", None, provers=Provers(1))
    assert isinstance(frame.shapes, ShapeColumn) and frame.valid.all()
    assert shapely.equals_exact(frame.geometries, gpd.read_file(path).geometry.to_numpy()).all()


def blob(wkb):
    return b"GP\x00\x01" + struct.pack("<i", 4547) + wkb


ODD_VALUES = {
    "as it is": "UPDATE a SET small = small",
    "text in an integer": "UPDATE a SET whole = '12abc' WHERE fid = 5",
    "an integer of 63 bits": "UPDATE a SET whole = 9223372036854775807 WHERE fid = 5",
    "more than 32 bits": "UPDATE a SET small = 99999999999 WHERE fid = 5",
    "a fraction in an integer": "UPDATE a SET small = 3.7 WHERE fid = 5",
    "text in a number": "UPDATE a SET number = 'x' WHERE fid = 5",
    "an endless number": "UPDATE a SET number = 9e999 WHERE fid = 5",
    "a number in text": "UPDATE a SET text = 12.5 WHERE fid = 5",
    "bytes in text": "UPDATE a SET text = x'00016162' WHERE fid = 5",
    "GBK in text": "UPDATE a SET text = CAST(x'D6D0CEC4' AS TEXT)",
    "no geometry": "UPDATE a SET geom = NULL WHERE fid = 5",
    "half a geometry": "UPDATE a SET geom = substr(geom, 1, 60) WHERE fid = 5",
    "a gap that the file does not know of": "DELETE FROM a WHERE fid = 5",
    "a far identifier": "UPDATE a SET fid = 1000 WHERE fid = 5",
    "too small a count": "UPDATE gpkg_ogr_contents SET feature_count = 20",
}


ODD_SHAPES = {
    "of the other byte order": shapely.to_wkb(SQUARE, byte_order=0),
    "with heights": shapely.to_wkb(shapely.force_3d(SQUARE, 5)),
    "with an SRID": shapely.to_wkb(shapely.set_srid(SQUARE, 4547), include_srid=True),
    "of another type": shapely.to_wkb(shapely.Point(1, 1)),
    "a collection": shapely.to_wkb(shapely.GeometryCollection([SQUARE])),
    "open": RING + struct.pack("<I8d", 4, 0, 0, 1, 0, 1, 1, 0, 1),
    "not finite": RING + struct.pack("<I10d", 5, 0, 0, 1, 0, 1, float("nan"), 0, 1, 0, 0),
    "with measures": struct.pack("<BIII12d", 1, 2003, 1, 4, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1),
    "a multipolygon of a point": struct.pack("<BII", 1, 6, 1) + shapely.to_wkb(shapely.Point(1, 1)),
}


def streamed_values(path, first=0):
    """The whole result of reading the layer in blocks of seven, value by value, or why it is refused."""
    try:
        with vector_stream(path, "a", None) as stream:
            found, together = [], vector_streams.ReadingNotes()
            for frame, notes in stream.blocks(stream.encodings[0], first, 7):
                found.append((frame, asdict(notes)))
                together.add(notes)
            rows = first + sum(len(frame.geometries) for frame, _ in found)
            problems = stream.problems(together, rows, list(found[0][0].attributes))
    except (OneMapError, UnicodeDecodeError) as error:
        return [problem.code for problem in getattr(error, "problems", ())]
    return problems, [
        (
            shapely.to_wkb(frame.geometries).tolist(),
            {name: [(type(value), repr(value)) for value in frame.attributes[name]] for name in frame.attributes},
            frame.replaced,
            notes,
        )
        for frame, notes in found
    ]


def both_streams(path, monkeypatch, first=0):
    def unlike(*_, **_options):
        raise vector_streams.UnlikeRows
        yield

    by_column = streamed_values(path, first)
    monkeypatch.setattr(vector_streams, "same_blocks", unlike)
    return by_column, streamed_values(path, first)


ODD_ROWS = {name: (sql,) for name, sql in ODD_VALUES.items()}
ODD_ROWS |= {name: ("UPDATE a SET geom = ? WHERE fid = 25", blob(wkb)) for name, wkb in ODD_SHAPES.items()}


@pytest.mark.parametrize("ways", [both, both_streams])
@pytest.mark.parametrize("change", ODD_ROWS.values(), ids=ODD_ROWS)
def test_odd_values_and_shapes_are_the_same_both_ways(tmp_path, monkeypatch, change, ways):
    path = make_layer(tmp_path / "a.gpkg")
    change_file(path, *change)
    by_column, by_row = ways(path, monkeypatch)
    assert by_column == by_row


def journal_rows(path, by_column):
    """The attributes as a journal would store them, block by block, or why the layer is refused."""
    try:
        with vector_stream(path, "a", None) as stream:
            frames = [frame for frame, _ in stream.blocks(stream.encodings[0], 0, 7, by_column=by_column)]
    except (OneMapError, UnicodeDecodeError) as error:
        return [problem.code for problem in getattr(error, "problems", ())]
    found = []
    for frame in frames:
        has_number = [name for name in frame.attributes if fields.has_text(listed_values(frame.attributes[name]))]
        batch = arrow_batch({}, fields.storable_attributes(frame.attributes, ()))
        found.append((repr(batch.to_pydict()), batch.schema, frame.replaced, has_number))
    return found


@pytest.mark.parametrize("sql", ODD_VALUES.values(), ids=ODD_VALUES)
def test_columns_of_arrow_are_kept_as_plain_values_are(tmp_path, sql):
    path = make_layer(tmp_path / "a.gpkg")
    change_file(path, sql)
    assert journal_rows(path, by_column=True) == journal_rows(path, by_column=False)


def whole(path, rows, **options):
    """The layer as one block, by the column."""
    ((_, shapes, wkb, valid, columns, _),) = same_blocks(path, "a", 0, rows, raised_as_they_are, **options)
    return shapes, wkb, valid, columns


def test_an_ordinary_layer_is_taken_by_the_column_and_tells_how_far_it_is(tmp_path):
    rows = LIKE_ROWS_AT_ONCE + 10
    path, shares = make_layer(tmp_path / "a.gpkg", rows), []
    shapes, wkb, valid, columns = whole(path, rows, progress=Progress(lambda share, _: shares.append(share)))
    assert valid is None
    assert (len(shapes), [len(column) for column in columns]) == (rows, [rows] * 4)
    assert wkb.to_pylist() == shapely.to_wkb(shapes).tolist()
    assert shares == [LIKE_ROWS_AT_ONCE / rows, 1.0]


@pytest.mark.slow
def test_what_was_read_is_proved_while_the_rest_is(tmp_path):
    numbers = np.arange(LIKE_ROWS_AT_ONCE + 10)
    shapes = shapely.box(numbers, 0, numbers + 1, 1)
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    shapes[[0, 7000, len(shapes) - 1]] = bow
    gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4547").to_file(tmp_path / "a.gpkg", layer="a")
    _, _, valid, _ = whole(tmp_path / "a.gpkg", len(shapes), provers=Provers(2))
    assert np.flatnonzero(~valid).tolist() == [0, 7000, len(shapes) - 1]
    # Of what is more than a plain polygon nothing is said: that is looked at first.
    for odd in (shapely.Polygon(), shapely.force_3d(SQUARE), shapely.box(1e10, 0, 2e10, 1), shapely.Point(0, 0)):
        shapes[7000] = odd
        gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4547").to_file(tmp_path / "b.gpkg", layer="a")
        _, _, valid, _ = whole(tmp_path / "b.gpkg", len(shapes), provers=Provers(2))
        assert valid is None


def test_a_layer_with_dates_is_left_to_the_usual_way(tmp_path):
    frame = gpd.GeoDataFrame(
        {"day": np.array(["2026-01-01"], dtype="datetime64[ms]")}, geometry=[SQUARE], crs="EPSG:4547"
    )
    frame.to_file(tmp_path / "a.gpkg", layer="a")
    with pytest.raises(UnlikeRows):
        whole(tmp_path / "a.gpkg", 1)
