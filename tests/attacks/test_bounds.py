"""Small files that expand to fill the memory, never end, or end the process are refused within limits."""

import json
import sqlite3
import struct
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely

from onemap.layers.bounded_process import Bounds, JobLimits, machine_bytes, run_python
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.errors import OneMapError
from onemap.layers.geometry import validity
from onemap.layers.geometry.wkb_reading import DEEPEST, deep_rows, is_deep
from onemap.layers.progress import SILENT
from onemap.layers.sources import reading, separate_reading
from onemap.layers.sources.gdal import json_stream, json_text
from onemap.layers.sources.gdal.geopackage_schema import computes_rows
from onemap.rules.display.maps import typst_pages
from onemap.rules.display.maps.typst_pages import set_pages
from onemap.tests.conftest import ROOT, drop_triggers, write_layer
from onemap.tests.rules.command import done, make_city
from onemap.tests.test_serve import Served, limited_core

__all__ = ["limited_core"]  # a fixture

POINT = shapely.to_wkb(shapely.Point(500000, 4e6))
BOX = shapely.box(500000, 4e6, 500100, 4000100)
GEO = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "crs": None}}}
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="bounds a process as Linux does")


def codes(answer: dict) -> list[str]:
    return [problem["code"] for problem in answer["problems"]]


# --- depth


def nested_wkb(depth: int, *, big: bool = False, kind: int = 7, srid: bool = False, before: bytes = b"") -> bytes:
    order = ">" if big else "<"
    code = struct.pack(f"{order}I", kind | (0x20000000 if srid else 0)) + (b"\0\0\x10\xe6" if srid else b"")
    count = struct.pack(f"{order}I", 2 if before else 1)
    return (bytes([not big]) + code + count + before) * depth + POINT


def geoparquet(path: Path, bodies: list[bytes], geo: bytes | None = None) -> Path:
    table = pa.table({"geometry": pa.array(bodies, pa.binary())})
    pq.write_table(table.replace_schema_metadata({b"geo": geo or json.dumps(GEO).encode()}), path)
    return path


VARIETIES = (
    {},
    {"big": True},
    {"kind": 6},
    {"kind": 1004},
    {"kind": 7 | 0x80000000},
    {"srid": True},
    {"before": shapely.to_wkb(shapely.LineString())},
    {"before": shapely.to_wkb(BOX)},
)


@pytest.mark.parametrize("variety", VARIETIES)
def test_wkb_nested_too_deep_is_known_in_every_form(variety):
    whole, deep = nested_wkb(DEEPEST - 1, **variety), nested_wkb(DEEPEST, **variety)
    assert deep_rows([None, whole, deep, POINT]) == [2]
    assert deep_rows([whole.hex(), nested_wkb(50_000, **variety).hex()]) == [1]


def test_collections_of_every_kind_are_not_deep():
    parts = [shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)]), BOX, shapely.box(0, 0, 9, 9).buffer(2)]
    several = shapely.MultiPolygon([shapely.Point(3 * at, 0).buffer(1) for at in range(100)])
    inner = shapely.GeometryCollection([*parts, several, shapely.MultiPoint(np.arange(80).reshape(-1, 2))])
    for shape in (several, shapely.GeometryCollection([inner, *parts]), shapely.force_3d(inner)):
        for order in (0, 1):
            assert not is_deep(shapely.to_wkb(shape, byte_order=order))


@pytest.mark.slow
@ON_LINUX
def test_a_geoparquet_with_deep_wkb_names_the_feature(limited_core: Served, tmp_path):
    path = geoparquet(tmp_path / "a.parquet", [POINT, nested_wkb(200_000), POINT])
    (layer,) = limited_core.outcome("inspect", source=str(path))["layers"]
    found = [problem for problem in layer["problems"] if problem["code"] == "source.record"]
    assert [(problem["feature"], layer["count"]) for problem in found] == [("2", 3)]


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize("kind", [7, 9, 11])
def test_a_geopackage_with_deep_wkb_is_refused(limited_core: Served, tmp_path, kind):
    path = write_layer(tmp_path / "a.gpkg", [BOX])
    with closing(sqlite3.connect(path)) as connection:
        drop_triggers(connection)
        blob = b"GP\0\1" + struct.pack("<i", 4547) + nested_wkb(100_000, kind=kind)
        connection.execute("UPDATE a SET geom = ?", (blob,))
        connection.commit()
    assert codes(limited_core.outcome("inspect", source=str(path))) == ["source.damaged"]


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize("form", ["WKB", "SpatiaLite"])
def test_a_spatialite_with_deep_geometry_names_the_feature(limited_core: Served, tmp_path, form):
    deep = struct.pack("<II", 7, 1) + b"\x69"
    own = b"\0\1" + struct.pack("<i", 4547) + bytes(32) + b"\x7c" + deep * 5000 + struct.pack("<Idd", 1, 1, 1) + b"\xfe"
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute(
            "CREATE TABLE geometry_columns (f_table_name, f_geometry_column, geometry_type, srid, geometry_format)"
        )
        connection.execute("CREATE TABLE spatial_ref_sys (srid, auth_name, auth_srid, srtext)")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, geom BLOB)")
        connection.execute("INSERT INTO geometry_columns VALUES ('t', 'geom', 7, 4547, ?)", (form,))
        connection.execute("INSERT INTO t VALUES (1, ?)", (nested_wkb(200_000) if form == "WKB" else own,))
        connection.commit()
    (layer,) = limited_core.outcome("inspect", source=str(tmp_path / "a.sqlite"))["layers"]
    assert "source.record" in [problem["code"] for problem in layer["problems"]]


@pytest.mark.parametrize("depth", [900, 100_000])
def test_deep_metadata_of_a_parquet_is_refused(onemap, tmp_path, depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    answer = onemap("inspect", geoparquet(tmp_path / "a.parquet", [POINT], b'{"primary_column": ' + deep + b"}"))
    assert (answer.code, answer.codes) == (3, ["source.damaged"])


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.kml", "<kml><Document>{}<name>x</name>{}</Document></kml>"),
        ("a.gml", '<a xmlns:gml="http://www.opengis.net/gml/3.2">{}{}</a>'),
    ],
)
def test_deep_xml_ends_in_words(limited_core: Served, tmp_path, name, text):
    (tmp_path / name).write_text(text.format("<Folder>" * 100_000, "</Folder>" * 100_000))
    assert limited_core.outcome("inspect", source=str(tmp_path / name)).get("exit_code", 0) in (0, 3)


@pytest.mark.parametrize("name", ["a.geojson", "a.geojsonl"])
def test_deep_geojson_is_refused(onemap, tmp_path, name):
    many = 2000
    shape = '{"type": "GeometryCollection", "geometries": [' * many + "]}" * many
    (tmp_path / name).write_text(f'{{"type": "Feature", "properties": {{}}, "geometry": {shape}}}')
    assert onemap("inspect", tmp_path / name).codes == ["source.damaged"]


# --- what unfolds


def parquet_of(path: Path, column: pa.Array) -> Path:
    pq.write_table(pa.table({"a": column}), path, compression="zstd")
    return path


def repeated(count: int, length: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype="i4")), pa.array(["x" * length]))


def unfolding_columns() -> dict[str, pa.Array]:
    text = repeated(300_000, 100_000)
    return {
        "numbers": pa.array(np.zeros(20_000_000, dtype="i8")),
        "nulls": pa.nulls(20_000_000, pa.string()),
        "list": pa.array([np.zeros(20_000_000, dtype="i1")], pa.list_(pa.int8())),
        "text": text,
        "texts in a list": pa.ListArray.from_arrays(pa.array([0, 300_000], pa.int32()), text),
        "texts in a structure": pa.StructArray.from_arrays([text], ["x"]),
    }


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize("kind", ["numbers", "nulls", "list", "text", "texts in a list", "texts in a structure"])
def test_a_small_parquet_that_unfolds_is_refused_with_the_bound(limited_core: Served, tmp_path, kind):
    path = parquet_of(tmp_path / "a.parquet", unfolding_columns()[kind])
    assert path.stat().st_size < 200_000
    answer = limited_core.outcome("inspect", source=str(path))
    assert codes(answer) == ["source.swollen"]
    assert "300 MB" in answer["problems"][0]["message"]


@pytest.mark.slow
@ON_LINUX
def test_a_geometry_that_is_repeated_a_million_times_is_refused(limited_core: Served, tmp_path):
    body = shapely.to_wkb(shapely.Point(0, 0).buffer(1, quad_segs=5000))
    column = pa.array([body] * 2000, pa.binary())
    table = pa.table({"geometry": column}).replace_schema_metadata({b"geo": json.dumps(GEO).encode()})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd", row_group_size=2000)
    assert (tmp_path / "a.parquet").stat().st_size < 1_000_000
    assert codes(limited_core.outcome("inspect", source=str(tmp_path / "a.parquet"))) == ["source.swollen"]


@pytest.mark.slow
@ON_LINUX
@pytest.mark.parametrize("name", ["a.geojson", "a.geojsonl"])
def test_records_that_each_bring_a_field_of_their_own_are_refused(limited_core: Served, tmp_path, name):
    place = '"geometry": {"type": "Point", "coordinates": [114, 36]}'
    records = [f'{{"type": "Feature", "properties": {{"k{at}": 1}}, {place}}}' for at in range(8000)]
    whole = '{"type": "FeatureCollection", "features": [' + ",\n".join(records) + "]}"
    (tmp_path / name).write_text(whole if name == "a.geojson" else "\n".join(records))
    assert codes(limited_core.outcome("inspect", source=str(tmp_path / name))) == ["source.swollen"]


@pytest.mark.slow
def test_a_parquet_of_repeated_values_that_fits_is_read_as_it_is(onemap, tmp_path):
    columns = {
        "text": repeated(30_000, 1000),
        "codes": pa.array([f"{at % 7:04d}" for at in range(30_000)]),
        "numbers": pa.array([1, None] * 15_000).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    answer = onemap("inspect", tmp_path / "a.parquet")
    fields = {field["name"]: field for field in answer.json["layers"][0]["fields"]}
    assert answer.json["layers"][0]["count"] == 30_000
    assert fields["codes"]["samples"] == ["0000", "0001", "0002"]


@pytest.mark.slow
def test_a_raster_whose_one_block_fills_the_memory_is_refused(onemap, tmp_path):
    place = rasterio.transform.from_origin(500000, 4e6, 1, 1)
    facts = {"driver": "GTiff", "count": 1, "dtype": "float64", "crs": "EPSG:4547", "transform": place}
    large = {"width": 50_000, "height": 50_000, "blockysize": 50_000, "SPARSE_OK": True, "compress": "deflate"}
    with rasterio.open(tmp_path / "a.tif", "w", **facts, **large):
        pass
    assert onemap("inspect", tmp_path / "a.tif").codes == ["source.swollen"]


# --- views


def with_view(path: Path, sql: str) -> Path:
    write_layer(path, [shapely.box(at, 0, at + 1, 1) for at in range(3)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v', 'features', 'v', 4547)"
        )
        connection.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POLYGON', 4547, 0, 0)")
        connection.commit()
    return path


JOINED = "CREATE VIEW v AS SELECT a.fid AS OGC_FID, a.geom FROM a JOIN a AS b ON a.fid = b.fid"


@pytest.mark.parametrize(
    ("sql", "is_plain"),
    [
        ("CREATE VIEW v AS SELECT * FROM a", True),
        ('CREATE VIEW "v" AS SELECT fid AS OGC_FID, a."geom" AS geom FROM a WHERE fid > 1 AND BSM <> \'x\'', True),
        (JOINED, False),
        ("CREATE VIEW v AS SELECT fid, geom, upper(BSM) AS n FROM a", False),
        ("CREATE VIEW v AS SELECT fid, geom, BSM || BSM AS n FROM a", False),
        ("CREATE VIEW v AS SELECT a.fid, a.geom FROM a, a AS b", False),
        ("CREATE VIEW v AS SELECT fid, geom FROM a UNION ALL SELECT fid, geom FROM a", False),
        ("CREATE VIEW v AS SELECT fid, geom, BSM, BSM AS n FROM a", False),
        ("CREATE VIEW v AS SELECT *, * FROM a", False),
    ],
)
def test_only_a_view_that_chooses_is_plain(tmp_path, sql, is_plain):
    assert computes_rows(with_view(tmp_path / "a.gpkg", sql)) is not is_plain


def test_a_table_beside_a_view_that_computes_is_plain_unless_the_view_stands_for_its_index(tmp_path):
    path = with_view(tmp_path / "a.gpkg", JOINED)
    assert not computes_rows(path, "a")
    assert computes_rows(path, "v") and computes_rows(path, "none")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE VIEW RTREE_b_geom AS {JOINED.partition(' AS ')[2]}")
        connection.commit()
    assert computes_rows(path, "a")


OWN_COLUMN = '"STBHHX__1"."BSM"'


def make_own_views(folder):
    make_city(folder)
    for number, name in enumerate(("HXMC", 'a "b" (c), d', "BZ")):
        source = write_layer(folder / f"{number}.gpkg", [BOX], {"BSM": ["1"], name: ["x"]})
        day = ("--valid-from", "2999-01-01") if number == 2 else ()
        given = ("--as", "STBHHX", "--label", number, "--covers", "extent", "--sure", *day)
        done("add", folder / "city.gpkg", source, *given)
    done("retire", folder / "city.gpkg", "STBHHX", "1", "--reason", "wrong file", "--by", "li")


@pytest.fixture
def own_views(copied, tmp_path):
    """A library with three versions of a layer, of unlike fields: the second out of force, the last to come."""
    copied(make_own_views, tmp_path)
    return tmp_path / "city.gpkg"


def test_a_library_s_own_view_of_a_layer_is_read_in_this_process(own_views):
    assert computes_rows(own_views)
    assert not computes_rows(own_views, "STBHHX")
    assert len(reading.read_layer(own_views, "STBHHX", None).shapes) == 1


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (OWN_COLUMN, f"upper({OWN_COLUMN})"),
        (OWN_COLUMN, f"{OWN_COLUMN}, {OWN_COLUMN}"),
        (OWN_COLUMN, ", ".join([OWN_COLUMN, *(f'NULL AS "n{at}"' for at in range(300))])),
        ('FROM "STBHHX__3"', 'FROM "STBHHX__1"'),
        ('FROM "STBHHX__3"', 'FROM "STBHHX__3", "STBHHX__1"'),
        ('FROM "STBHHX__3"', 'FROM "onemap_cases"'),
        ("WHERE false", "WHERE true"),
        ("'localtime'", "printf('%.*c', 900000000, 'x')"),
    ],
)
def test_a_view_that_only_resembles_a_library_s_own_is_read_in_another_process(own_views, text, other):
    with closing(sqlite3.connect(own_views)) as connection:
        ((made,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'STBHHX'").fetchall()
        assert text in made
        connection.execute("DROP VIEW STBHHX")
        connection.execute(made.replace(text, other))
        connection.commit()
    assert computes_rows(own_views, "STBHHX")


def test_a_library_whose_own_tables_are_views_is_read_in_another_process(own_views):
    with closing(sqlite3.connect(own_views)) as connection:
        connection.execute("ALTER TABLE onemap_versions RENAME TO other_versions")
        connection.execute("DROP VIEW STBHHX")
        connection.execute("CREATE VIEW onemap_versions AS SELECT a.* FROM other_versions AS a, other_versions AS b")
        connection.commit()
    assert computes_rows(own_views, "STBHHX__1")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ADD COLUMN t TEXT AS/**/(printf('%.*c', 900000000, 'x'))",
        f"ALTER TABLE a ADD COLUMN t TEXT DEFAULT '{'x' * 300_000}'",
        f"CREATE TABLE b ({', '.join(f'c{at}' for at in range(1900))})",
    ],
)
def test_a_table_whose_rows_hold_less_than_they_give_is_read_in_another_process(tmp_path, sql):
    path = write_layer(tmp_path / "a.gpkg", [BOX])
    assert not computes_rows(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()
    assert computes_rows(path)
    assert computes_rows(path, "a") is ("ALTER" in sql)  # by its own columns


def test_of_a_file_with_a_view_that_computes_a_large_table_is_read_in_blocks_and_the_view_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "LARGE_ROWS", 0)
    path = with_view(tmp_path / "a.gpkg", JOINED)
    with reading.large_layer(path, "a", None) as table, reading.large_layer(path, "v", None) as view:
        assert table is not None and table.count == 3
        assert view is None


def test_a_view_whose_text_is_none_hides_nothing(tmp_path):
    path = with_view(tmp_path / "a.gpkg", JOINED + " /*QQ*/")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = CAST(replace(CAST(sql AS BLOB), x'5151', x'ff80') AS TEXT) WHERE name = 'v'"
        )
        connection.commit()
    assert computes_rows(path)


@ON_LINUX
@pytest.mark.slow
def test_a_default_that_fills_the_memory_is_refused(limited_core: Served, tmp_path):
    path = write_layer(tmp_path / "a.gpkg", [BOX])
    with closing(sqlite3.connect(path)) as connection:
        drop_triggers(connection)
        connection.executemany("INSERT INTO a (BSM) VALUES (?)", [(str(at),) for at in range(20_000)])
        connection.execute(f"ALTER TABLE a ADD COLUMN t TEXT DEFAULT '{'x' * 300_000}'")
        connection.commit()
    assert codes(limited_core.outcome("inspect", source=str(path)))[0] in ("source.unbounded", "source.damaged")


@pytest.mark.slow
def test_a_joined_view_that_fits_is_read_in_another_process(onemap, tmp_path):
    answer = onemap("inspect", with_view(tmp_path / "a.gpkg", JOINED))
    assert [(layer["name"], layer["count"]) for layer in answer.json["layers"]] == [("a", 3), ("v", 3)]


@pytest.mark.slow
def test_a_view_that_never_ends_is_refused_and_the_table_beside_it_read(onemap, tmp_path, monkeypatch):
    tables = ", ".join(f"a AS a{at}" for at in range(30))
    path = with_view(tmp_path / "a.gpkg", f"CREATE VIEW v AS SELECT a0.fid AS OGC_FID, a0.geom FROM {tables}")
    with monkeypatch.context() as bound:  # only of what never ends: a busy machine may take long for the other
        bound.setattr(separate_reading, "MOST_S", 0.5)
        answer = onemap("inspect", path, "--layer", "v")
    assert (answer.code, answer.codes) == (3, ["source.unbounded"])
    assert onemap("inspect", path, "--layer", "a").json["layers"][0]["count"] == 3


@ON_LINUX
@pytest.mark.slow
def test_a_column_that_grows_without_bound_is_refused(onemap, tmp_path, monkeypatch):
    monkeypatch.setattr(separate_reading, "MOST_BYTES", 2 << 30)
    path = write_layer(tmp_path / "a.gpkg", [BOX] * 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE a ADD COLUMN t TEXT GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x'))")
        connection.commit()
    answer = onemap("inspect", path)
    assert answer.code == 3
    assert answer.codes[0] in ("source.unbounded", "source.damaged")  # the latter where SQLite says that it is full


# --- large features


@pytest.mark.slow
def test_a_feature_of_too_many_vertices_is_named_with_the_bound(onemap, tmp_path, monkeypatch):
    monkeypatch.setattr(validity, "MOST_VERTICES", 1000)
    shapes = [BOX, shapely.Point(500000, 4e6).buffer(9, quad_segs=300), BOX]
    for name in ("a.gpkg", "a.shp", "a.fgb", "a.geojson", "a.gml"):
        answer = onemap("inspect", write_layer(tmp_path / name, shapes))
        problem = answer.json["problems"][0]
        assert (answer.code, problem["code"]) == (3, "geometry.vertices"), name
        assert problem["feature"] == "2" or name == "a.fgb", name  # its rows lie in an order of their own
        assert "1000" in problem["message"]


def test_a_feature_of_too_much_text_is_named_by_its_line(onemap, tmp_path, monkeypatch):
    monkeypatch.setattr(json_text, "_LARGE_BYTES", 0)
    monkeypatch.setattr(json_stream, "MOST_SIGNS", 2_000_000)
    small = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [114, 36]}}'
    large = small.replace("{}", '{"a": "' + "x" * 5_000_000 + '"}')
    (tmp_path / "a.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [\n{small},\n{large},\n{small}\n]}}'
    )
    assert onemap("inspect", tmp_path / "a.geojson").codes == ["source.feature_large"]


# --- texts and numbers


LONG = ("a" + ".a" * 200_000, "甲" + ".甲" * 200_000, '"a"' + ' . "a"' * 200_000, "'a'" + ".'a'" * 200_000)


@pytest.mark.parametrize("key", LONG, ids=["bare", "Chinese", "quoted", "single"])
@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "[[{}]]", "x = {{ {} = 1 }}"])
def test_a_key_of_many_parts_is_refused_at_once(key, form):
    with pytest.raises(ValueError, match="more than 32 parts"):
        toml_content(form.format(key))


def test_dots_that_are_no_key_are_read():
    dots, key = "a." * 1000, ".".join("abcdefghijklmnopqrstuvwxyz")
    text = f"{key} = 1\nx = \"{dots}\"\ny = '{dots}'\nz = '''\n{dots}'''\nw = [{'1.5,' * 100}] # {dots}\n"
    assert toml_content(text)["x"] == dots


def test_a_text_of_many_megabytes_is_no_toml():
    with pytest.raises(ValueError, match="characters"):
        toml_content("a = 1\n" * 2_000_000)


def test_a_pack_with_such_a_key_is_refused(onemap, tmp_path):
    write_layer(tmp_path / "parcels.gpkg", [BOX])
    assert onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547").code == 0
    (tmp_path / "own.toml").write_text(f"{LONG[0]} = 1\n")
    words = ("check", tmp_path / "city.gpkg", tmp_path / "parcels.gpkg")
    for option in ("--pack", "--data"):
        assert onemap(*words, option, tmp_path / "own.toml").code == 3


@pytest.mark.parametrize("head", ["xllcorner nan", "cellsize nan", "xllcorner inf", "cellsize inf", "cellsize 0"])
def test_a_grid_that_lies_nowhere_is_damaged(onemap, tmp_path, head):
    facts = {"ncols": 4, "nrows": 4, "xllcorner": 500000, "yllcorner": 4000000, "cellsize": 10, **dict([head.split()])}
    text = "\n".join(f"{name} {value}" for name, value in facts.items())
    (tmp_path / "a.asc").write_text(text + "\n" + "1 1 1 1\n" * 4)
    assert onemap("inspect", tmp_path / "a.asc").codes == ["source.damaged"]


def test_a_grid_with_cells_that_are_no_number_is_read(onemap, tmp_path):
    head = "ncols 2\nnrows 2\nxllcorner 500000\nyllcorner 4000000\ncellsize 10\nNODATA_value nan\n"
    (tmp_path / "a.asc").write_text(head + "nan 1\n1 nan\n")
    assert onemap("inspect", tmp_path / "a.asc").json["layers"][0]["raster"]["nodata"] == "nan"


@pytest.mark.slow
@ON_LINUX
def test_sheets_and_tables_that_unfold_end_in_words(limited_core: Served, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", "<sst>" + "<si><t>x</t></si>" * 3_000_000 + "</sst>")
    head = struct.pack("<BBBBIHH20x", 3, 26, 1, 1, 0xFFFFFFFF, 33 + 32, 0xFFFF)
    (tmp_path / "a.dbf").write_bytes(head + b"A".ljust(11, b"\0") + b"C" + bytes(4) + b"\xff" + bytes(15) + b"\r")
    for name in ("a.xlsx", "a.dbf"):
        assert limited_core.outcome("inspect", source=str(tmp_path / name))["exit_code"] == 3


# --- processes of their own


@pytest.mark.parametrize(("line", "code"), [("", "source.empty"), ("1", "sheet.spread")])
def test_short_rows_under_a_wide_header_do_not_unfold(onemap, tmp_path, line, code):
    head = ",".join(f"c{number}" for number in range(10_000))
    (tmp_path / "wide.csv").write_text(f"{head}\n" + f"{line}\n" * 100_000)
    assert onemap("inspect", tmp_path / "wide.csv").codes == [code]


@pytest.mark.slow
def test_a_process_is_ended_for_its_time_and_its_memory():
    ended = run_python("while True: pass", b"", Bounds(1.0), lambda _: None)
    assert ended.code is None and ended.has_crashed
    ended = run_python("import os; os.abort()", b"", Bounds(20.0), lambda _: None)
    assert ended.has_crashed
    ended = run_python("import sys; print(sys.stdin.read()); sys.exit(4)", b"said", Bounds(20.0), lambda _: None)
    assert (ended.code, ended.out.strip(), ended.has_crashed) == (4, b"said", False)


@ON_LINUX
def test_a_process_gets_no_more_memory_than_it_may():
    text = "try:\n    bytes(1 << 30)\nexcept MemoryError:\n    print('full')"
    assert run_python(text, b"", Bounds(20.0, 1 << 29), lambda _: None).out.strip() == b"full"
    assert run_python(text, b"", Bounds(20.0, 4 << 30), lambda _: None).out.strip() == b""


def test_the_limits_of_a_job_are_laid_out_as_windows_has_them():
    import ctypes

    assert ctypes.sizeof(JobLimits) == (144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112)
    assert JobLimits.ProcessMemoryLimit.offset == (112 if ctypes.sizeof(ctypes.c_void_p) == 8 else 96)


@pytest.mark.slow
@ON_LINUX
def test_pages_for_which_there_is_no_memory_are_refused_in_words(tmp_path):
    (tmp_path / "a.typ").write_text("= A")
    code = (
        "import resource, runpy; runpy.run_path(%r)['_register_package']()\n"
        "from pathlib import Path\nfrom onemap.layers.errors import OneMapError\n"
        "from onemap.rules.display.maps.typst_pages import set_pages\n"
        "(pages,) = set_pages(Path(%r), 'a.typ'); print(pages[:4])\n"
        "resource.setrlimit(resource.RLIMIT_AS, (60 << 20, resource.RLIM_INFINITY))\n"
        "try: set_pages(Path(%r), 'a.typ')\nexcept OneMapError as error: print(error.problems[0].code)"
    )
    place = str(tmp_path / "a.typ")
    text = code % (str(ROOT / "__main__.py"), place, place)
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["b'%PDF'", "memory.full"], done.stderr


@ON_LINUX
def test_pages_get_no_more_memory_than_the_machine_has_to_spare(tmp_path, monkeypatch):
    """Wherever it ends: as typst is loaded, which takes 80 MB, as it begins its threads, or as it reads fonts."""
    (tmp_path / "a.typ").write_text("= A")
    there = machine_bytes()
    assert there is not None and there > 1 << 30

    def outcome_with(megabytes):
        monkeypatch.setattr(typst_pages, "machine_bytes", lambda: (megabytes << 20) * 4 // 3)
        try:
            return [page[:4] for page in set_pages(tmp_path / "a.typ", "a.typ")]
        except OneMapError as refusal:
            return refusal.code

    assert outcome_with(1024) == [b"%PDF"]
    assert all(outcome_with(megabytes) in ([b"%PDF"], "memory.full") for megabytes in range(80, 125, 5))
    assert [outcome_with(megabytes) for megabytes in (20, 40, 60)] == ["memory.full"] * 3


def test_pages_that_stand_still_end_in_words(tmp_path, monkeypatch):
    """As they do where a thread of typst's has found no memory for what the others wait for."""
    (tmp_path / "a.typ").write_text("= A")
    monkeypatch.setattr(typst_pages, "_SETTING", "import threading\nthreading.Event().wait()\n")
    monkeypatch.setattr(typst_pages, "MOST_S", 1.0)
    monkeypatch.setattr(typst_pages, "_PATIENCE", 1)
    with pytest.raises(OneMapError) as refused:
        set_pages(tmp_path / "a.typ", "a.typ")
    assert refused.value.code == "memory.full"


@pytest.mark.slow
def test_what_is_read_apart_is_refused_as_it_would_be_here(tmp_path):
    from onemap.layers.sources.reading import read_layer

    path = with_view(tmp_path / "a.gpkg", JOINED)
    with pytest.raises(OneMapError) as refused:
        read_layer(path, "gone", None, SILENT)
    assert refused.value.code == "source.damaged"
