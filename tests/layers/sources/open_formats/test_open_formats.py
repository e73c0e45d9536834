"""GeoParquet, GeoJSON by line, SpatiaLite and OpenStreetMap's format give the same shapes, whoever wrote them."""

import json
import sqlite3
import struct
import subprocess
import sys
import zlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

LONG = 12_345_678_901_234_567  # a double would lose its last digit


@pytest.fixture
def plots(box):
    """Three features; an integer beside a null, and Chinese."""
    values = {"BSM": ["a", "b", "c"], "MC": ["甲", None, "丙"], "MJ": pd.array([LONG, None, 3], dtype="Int64")}
    shapes = [box(0, 0), shapely.MultiPolygon([box(300, 0), box(600, 0)]), box(0, 300).difference(box(20, 320, 20, 20))]
    return gpd.GeoDataFrame(values, geometry=shapes, crs="EPSG:4547")


def holds(shelf, plots, within=1e-9, missing=None):
    """Whether the library has just these."""
    assert [row[0] for row in shelf.rows("SELECT MJ FROM T__1 ORDER BY fid")] == [LONG, missing, 3]
    assert [row[0] for row in shelf.rows("SELECT MC FROM T__1 ORDER BY fid")] == ["甲", None, "丙"]
    distances = shapely.hausdorff_distance(shelf.geometries(), np.array(plots.geometry))
    assert (distances <= within).all()
    return True


@pytest.mark.parametrize("name", ["a.parquet", "a.geoparquet"])
@pytest.mark.parametrize("form", ["WKB", "geoarrow"])
def test_geoparquet(shelf, tmp_path, plots, name, form):
    if form == "geoarrow":
        plots = plots.set_geometry(
            gpd.GeoSeries(
                [shapely.multipolygons([g]) if g.geom_type == "Polygon" else g for g in plots.geometry], crs=plots.crs
            )
        )
    plots.to_parquet(tmp_path / name, geometry_encoding=form, write_covering_bbox=True)
    (layer,) = shelf.run("inspect", tmp_path / name).json["layers"]
    assert (layer["crs"]["code"], layer["crs"]["from"], layer["count"]) == ("EPSG:4547", "declared", 3)
    assert [field["name"] for field in layer["fields"]] == ["BSM", "MC", "MJ"]
    assert shelf.add(tmp_path / name).code == 0
    assert holds(shelf, plots)


def test_a_parquet_file_without_geometry_is_a_table_and_one_without_system_has_none(shelf, tmp_path, plots):
    pq.write_table(pa.table({"BSM": ["a"]}), tmp_path / "table.parquet")
    assert shelf.run("inspect", tmp_path / "table.parquet").json["layers"][0]["geometry"] is None
    assert shelf.add(tmp_path / "table.parquet").codes == ["crs.missing", "geometry.type"]
    plots.set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    assert shelf.run("inspect", tmp_path / "bare.parquet").json["layers"][0]["crs"]["from"] == "none"
    assert shelf.add(tmp_path / "bare.parquet").codes == ["crs.missing"]
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "bare.parquet").read_bytes()[:-40])
    assert shelf.run("inspect", tmp_path / "cut.parquet").codes == ["source.damaged"]
    (tmp_path / "other.parquet").write_bytes(b"hello")
    assert shelf.run("inspect", tmp_path / "other.parquet").codes == ["source.damaged"]


class NativeGeometry(pa.ExtensionType):
    """What Arrow writes as Parquet's own type GEOMETRY, or with edges on the sphere GEOGRAPHY."""

    def __init__(self, about=""):
        self.about = about
        super().__init__(pa.binary(), "geoarrow.wkb")

    def __arrow_ext_serialize__(self):
        return self.about.encode()


def write_native(path, plots, about, geo=None, more=None):
    bodies = pa.array([None if shape is None else shape.wkb for shape in plots.geometry], pa.binary())
    table = pa.Table.from_pandas(pd.DataFrame(plots.drop(columns="geometry")), preserve_index=False)
    native = pa.ExtensionArray.from_storage(NativeGeometry(json.dumps(about) if about else ""), bodies)
    table = table.append_column("shape", native)
    table = table.append_column("outline", native) if more else table
    metadata = {"geo": json.dumps(geo)} if geo else {}
    pq.write_table(table.replace_schema_metadata({**metadata, **(more or {})}), path)
    types = {pq.ParquetFile(path).schema.column(at).logical_type.type for at in range(table.num_columns)}
    assert types & {"GEOMETRY", "GEOGRAPHY"}


def test_geoparquet_2_and_bare_parquet_with_its_own_type_of_geometry_are_read_alike(shelf, tmp_path, plots):
    projjson = plots.crs.to_json_dict()
    words = {"version": "2.0.0", "primary_column": "shape"}
    for name, about, column in (
        ("bare", {"crs": "EPSG:4547"}, None),
        ("json", {"crs": projjson}, None),
        ("both", {"crs": projjson}, {"encoding": "WKB", "geometry_types": [], "crs": projjson}),
        ("half", {"crs": projjson}, {"encoding": "WKB", "geometry_types": []}),
    ):
        path = tmp_path / f"{name}.parquet"
        write_native(path, plots, about, column and {**words, "columns": {"shape": column}})
        (layer,) = shelf.run("inspect", path).json["layers"]
        assert (layer["crs"]["code"], layer["crs"]["from"], layer["count"]) == ("EPSG:4547", "declared", len(plots))
        assert "shape" not in [field["name"] for field in layer["fields"]]
    shelf.add(tmp_path / "half.parquet").done()
    assert holds(shelf, plots)


def test_a_native_geometry_says_its_system_or_none_is_guessed(shelf, tmp_path, plots):
    path = tmp_path / "a.parquet"
    write_native(path, plots, {"crs": "4547", "crs_type": "srid"})  # a number in nobody's list
    assert shelf.add(path).codes == ["crs.missing"]
    columns = {"shape": {"encoding": "WKB", "crs": "EPSG:4546"}}
    wrong = {"version": "2.0.0", "primary_column": "shape", "columns": columns}
    write_native(path, plots, {"crs": "EPSG:4547"}, wrong)
    answer = shelf.run("inspect", path)
    assert answer.codes == ["source.damaged"] and "4546" in answer.json["problems"][0]["message"]
    globe = plots.to_crs(4326)
    write_native(path, globe, {"crs": "OGC:CRS84", "edges": "spherical"})  # the standard's default, so it goes unsaid
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert [problem["code"] for problem in layer["problems"]] == ["geometry.edges"]
    assert layer["crs"]["code"] == "EPSG:4326"
    write_native(path, plots, {"crs": "EPSG:4547"}, more={"note": "two columns"})
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert "outline" in str(layer["problems"])


def test_lists_in_a_parquet_file_are_text_and_a_missing_column_of_shapes_is_refused(shelf, tmp_path, plots):
    path = tmp_path / "a.parquet"
    plots.assign(MC=[["甲", "乙"], [], None], names=[{"primary": "路"}, None, None]).to_parquet(path)
    assert shelf.run("inspect", path).json["layers"][0]["count"] == 3
    assert shelf.add(path).code == 0
    assert [row[0] for row in shelf.rows("SELECT MC FROM T__1 ORDER BY fid")] == ['["甲", "乙"]', "[]", None]
    table = pq.read_table(path)
    geo = table.schema.metadata[b"geo"].replace(b'"primary_column": "geometry"', b'"primary_column": "shape"')
    pq.write_table(table.replace_schema_metadata({b"geo": geo}), path)
    assert shelf.run("inspect", path).codes == ["source.damaged"]


@pytest.mark.parametrize("name", ["a.geojsonl", "a.ndjson", "a.geojsons"])
def test_geojson_by_the_line(shelf, tmp_path, plots, name):
    features = json.loads(plots.to_crs(4326).to_json())["features"]
    texts = [json.dumps(feature, ensure_ascii=False) for feature in features]
    sequence = "".join(f"\x1e{json.dumps(feature, ensure_ascii=False, indent=1)}\n" for feature in features)
    (tmp_path / name).write_text(sequence if name.endswith("s") else "\n".join(texts), encoding="utf-8")
    (layer,) = shelf.run("inspect", tmp_path / name).json["layers"]
    assert (layer["crs"]["code"], layer["crs"]["from"], layer["count"]) == ("EPSG:4326", "guessed", 3)
    assert shelf.add(tmp_path / name).code == 0
    assert holds(shelf, plots, 1e-3)


def test_a_broken_line_is_named_and_the_rest_kept(shelf, tmp_path, plots):
    features = json.loads(plots.to_crs(4326).to_json())["features"]
    texts = [json.dumps(feature) for feature in features]
    path = tmp_path / "a.geojsonl"
    path.write_text(
        "\n".join([texts[0], texts[1][:60], '{"type": "Feature", "geometry": {"type": "Polygon"}}', texts[2]])
    )
    problems = shelf.run("inspect", path).json["layers"][0]["problems"]
    assert [(one["code"], one["feature"]) for one in problems[:2]] == [("source.record", "2"), ("source.record", "3")]
    assert shelf.add(path).codes == ["source.record", "source.record"]
    kept = shelf.add(path, keep_bad=True)
    assert (kept.json["features"], kept.json["set_aside"]) == (2, 2)
    assert shelf.rows("SELECT source_row, problem FROM T__1__bad") == [(2, "source.record"), (3, "source.record")]


WRITE = """
import sys, geopandas as gpd
gpd.read_parquet(sys.argv[1]).to_file(sys.argv[2], driver="SQLite", layer="plots", spatialite=sys.argv[3] == "yes")
"""


@pytest.mark.slow
@pytest.mark.parametrize("spatialite", ["yes", "no"])
def test_spatialite_and_the_sqlite_that_gdal_writes(shelf, tmp_path, plots, spatialite):
    plots["MJ"] = [LONG, 2, 3]  # beside a null the writer would make a double of it
    plots.to_parquet(tmp_path / "a.parquet")
    path = tmp_path / "a.sqlite"  # written by a GDAL that may, in a program of its own
    command = [sys.executable, "-I", "-c", WRITE, str(tmp_path / "a.parquet"), str(path), spatialite]
    subprocess.run(command, check=True, capture_output=True, env={}, timeout=60)
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert (layer["name"], layer["crs"]["code"], layer["count"]) == ("plots", "EPSG:4547", 3)
    assert shelf.add(path, fields="MC=mc,MJ=mj").code == 0
    assert holds(shelf, plots, missing=2)


def point_blob(x, y, tiny):
    """A point as SpatiaLite's documentation has it."""
    if tiny:
        return struct.pack("<BBiB2dB", 0, 0x81, 4547, 1, x, y, 0xFE)
    return struct.pack("<BBi4dBI2dB", 0, 1, 4547, x, y, x, y, 0x7C, 1, x, y, 0xFE)


def test_spatialite_by_its_documentation_with_a_blob_that_is_none(shelf, tmp_path):
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE wells (id INTEGER, geom BLOB)")
        columns = "f_table_name, f_geometry_column, geometry_type, coord_dimension, srid, spatial_index_enabled"
        database.execute(f"CREATE TABLE geometry_columns ({columns})")
        database.execute("INSERT INTO geometry_columns VALUES ('wells', 'GEOM', 1, 2, 7, 0)")
        database.execute("CREATE TABLE spatial_ref_sys (srid, auth_name, auth_srid, proj4text)")
        database.execute("INSERT INTO spatial_ref_sys VALUES (7, 'epsg', 4547, '')")
        blobs = [
            point_blob(500_001.5, 4_000_002.5, False),
            point_blob(500_003.5, 4_000_004.5, True),
            b"\x00\x01nothing",
        ]
        database.executemany("INSERT INTO wells VALUES (?, ?)", list(enumerate(blobs)))
    assert shelf.add(path, geometry="point").codes == ["source.record"]
    assert shelf.add(path, geometry="point", keep_bad=True).json["set_aside"] == 1
    assert shapely.get_coordinates(shelf.geometries()).tolist() == [[500_001.5, 4_000_002.5], [500_003.5, 4_000_004.5]]


def unknown_blob(kind):
    head = struct.pack("<BBi4dB", 0, 1, 4547, 0, 0, 1, 1, 0x7C)
    return head + struct.pack("<II", kind, 1) + b"\x69" * 40 + b"\xfe"


@pytest.mark.parametrize(
    ("column", "srid", "second", "code"),
    [
        ("geom", 7, unknown_blob(5001), "source.record"),
        ("geom", 7, 10**12, "source.record"),
        ("geom", 7, "point", "source.record"),
        ("geom", "seven", None, "crs.missing"),
        ("shape", 7, None, "source.damaged"),
    ],
)
def test_spatialite_whose_lists_or_rows_are_not_what_they_say_is_refused(shelf, tmp_path, column, srid, second, code):
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE wells (id INTEGER, geom BLOB)")
        database.execute("CREATE TABLE geometry_columns (f_table_name, f_geometry_column, srid)")
        database.execute("INSERT INTO geometry_columns VALUES ('wells', ?, ?)", (column, srid))
        database.execute("CREATE TABLE spatial_ref_sys (srid, auth_name, auth_srid, proj4text)")
        database.execute("INSERT INTO spatial_ref_sys VALUES (7, 'epsg', 4547, '')")
        rows = [(1, point_blob(500_001.5, 4_000_002.5, False)), (2, second)]
        database.executemany("INSERT INTO wells VALUES (?, ?)", rows if second else rows[:1])
    answer = shelf.add(path, geometry="point")
    assert (answer.code, answer.codes) == (3, [code]), answer.json


def test_a_database_that_is_no_map_is_refused(shelf, tmp_path):
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("CREATE TABLE notes (id INTEGER)")
    assert shelf.run("inspect", tmp_path / "a.sqlite").codes == ["source.damaged"]


def varint(number):
    found = b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def field(number, value):
    """A field of protobuf: an integer, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zigzag(numbers):
    steps = [now - before for before, now in zip([0, *numbers], numbers, strict=False)]
    return b"".join(varint(step << 1 ^ step >> 63) for step in steps)


def osm_block(kind, content):
    blob = field(2, len(content)) + field(3, zlib.compress(content))
    head = field(1, kind) + field(3, len(blob))
    return struct.pack(">I", len(head)) + head + blob


@pytest.mark.slow
def test_openstreetmap(shelf, tmp_path):
    """A wood, made by the format's own description: four nodes, one closed way."""
    corners = [(114.0, 36.0), (114.002, 36.0), (114.002, 36.001), (114.0, 36.001)]
    strings = [b"", b"landuse", b"forest", b"name", "南林".encode()]
    units = [[round(part * 1e7) for part in corner] for corner in corners]
    dense = field(1, zigzag([1, 2, 3, 4])) + field(8, zigzag([lat for _, lat in units]))
    dense += field(9, zigzag([lon for lon, _ in units]))
    way = field(1, 10) + field(2, bytes([1, 3])) + field(3, bytes([2, 4])) + field(8, zigzag([1, 2, 3, 4, 1]))
    table = field(1, b"".join(field(1, text) for text in strings))
    content = table + field(2, field(2, dense)) + field(2, field(3, way))
    header = osm_block(b"OSMHeader", field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes"))
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(header + osm_block(b"OSMData", content))
    counts = {layer["name"]: layer["count"] for layer in shelf.run("inspect", path).json["layers"]}
    assert counts["multipolygons"] == 1
    assert shelf.add(path, layer="multipolygons").json["features"] == 1
    assert (shelf.column("landuse"), shelf.column("name")) == (["forest"], ["南林"])
    expected = gpd.GeoSeries([shapely.Polygon(corners)], crs=4326).to_crs(4547)[0]
    assert shapely.hausdorff_distance(shelf.geometries()[0], expected) < 0.02
    (tmp_path / "tile.pbf").write_bytes(b"\x1a\x05hello")
    assert shelf.run("inspect", tmp_path / "tile.pbf").codes == ["source.damaged"]
