"""Vector files as people send them: whole, in part, packed, damaged; every row is read, or the file is refused."""

import json
import shutil
import sqlite3
import struct
import sys
import warnings
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from onemap.layers.progress import Progress
from onemap.layers.sources.gdal import json_text, vector
from onemap.layers.sources.gdal.readable_file import gdal_errors_as_refusals
from onemap.layers.sources.reading import read_source
from onemap.tests.layers.conftest import read_in_blocks

CHINESE_GDB = "formats/filegdb/cambridge_epsg4547_cn.gdb"


def test_a_filegdb_with_chinese_names_is_read_by_layer(shelf, shared_data):
    source = shared_data / CHINESE_GDB
    layers = shelf.run("inspect", source).json["layers"]
    assert {layer["name"]: layer["count"] for layer in layers} == {
        "规划分区": 261,
        "洪水淹没区": 21,
        "地块_2014_前3000": 3000,
    }
    assert {layer["crs"]["code"] for layer in layers} == {"EPSG:4547"}
    assert shelf.add(source).codes == ["source.layer_needed"]
    assert shelf.add(source, layer="没有").codes == ["source.layer_unknown"]
    assert shelf.add(source, layer="规划分区").json["features"] == 261
    # The format's grid of 0.1 mm leaves the area of the original within 0.1 m².
    assert shapely.area(shelf.geometries()).sum() == pytest.approx(18_459_648.785, abs=0.1)


@pytest.mark.slow
def test_a_filegdb_in_a_zip_reads_as_the_folder_does(shelf, shared_data, tmp_path):
    source = shared_data / CHINESE_GDB
    packed = tmp_path / "delivery.gdb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir()):
            archive.write(file, f"成果/{source.name}/{file.name}")
    first, second = (shelf.add(path, layer="洪水淹没区", label=label) for path, label in ((source, 1), (packed, 2)))
    assert (first.json["features"], second.json["features"]) == (21, 21)
    assert first.json["hash"] == second.json["hash"]


@pytest.mark.slow
def test_every_layer_of_an_old_filegdb_is_told(onemap, shared_data):
    answer = onemap("inspect", shared_data / "formats/filegdb/testopenfilegdb.gdb.zip")
    layers = {layer["name"]: layer for layer in answer.json["layers"]}
    assert (answer.code, len(layers)) == (0, 37)
    assert layers["none"]["geometry"] is None
    assert layers["none"]["problems"] == []  # a table is no defect
    assert [p["code"] for p in layers["pointzm"]["problems"]] == ["geometry.m_dropped", "geometry.z_dropped"]
    assert [p["code"] for p in layers["empty_polygon"]["problems"]] == ["inspect.null"]


def test_empty_layers_are_told_and_refused(shelf, shared_data):
    source = shared_data / "formats/filegdb/featuredataset.gdb"
    layers = shelf.run("inspect", source).json["layers"]
    assert [(layer["count"], layer["problems"][0]["code"]) for layer in layers] == [(0, "source.empty")] * 4
    assert shelf.add(source, layer="standalone").codes == ["source.empty"]


def test_a_table_without_geometry_is_refused_once_and_not_row_by_row(shelf, shared_data):
    answer = shelf.add(shared_data / "formats/filegdb/testopenfilegdb.gdb.zip", layer="big_layer", crs="EPSG:4547")
    assert (answer.code, answer.codes) == (3, ["geometry.type"])


@pytest.mark.parametrize("part", [".dbf", ".shx", ".prj", ".cpg"])
def test_the_parts_of_a_shapefile_without_its_shp_are_refused_by_name(onemap, shared_data, part):
    answer = onemap("inspect", shared_data / "broken_files/missing_shp" / f"city{part}")
    assert (answer.code, answer.codes) == (3, ["source.part_missing"])
    assert "city.shp" in answer.json["problems"][0]["message"]


@pytest.mark.parametrize("part", [".dbf", ".shx"])
def test_a_shapefile_without_a_part_is_refused(shelf, layer_file, box, part):
    path = layer_file("a.shp", [box(0, 0)])
    path.with_suffix(part).unlink()
    problem = shelf.add(path).json["problems"][0]
    assert (problem["code"], f"a{part}" in problem["message"]) == ("source.part_missing", True)


@pytest.mark.parametrize(
    "name",
    [
        "broken_files/json/n_structure_100000_opening_arrays.json",
        "broken_files/json/n_structure_open_array_object.json",
        "broken_files/json/n_structure_unclosed_object.json",
        "torture/mapshaper/test/data/issues/384_invalid_json/sample.json",
    ],
)
def test_a_broken_json_is_refused(onemap, shared_data, name):
    answer = onemap("inspect", shared_data / name)
    assert (answer.code, answer.codes) == (3, ["source.damaged"])


@pytest.mark.parametrize("name", ["country.wgs84.sparse.1.geo.json", "country.gcj02.sparse.1.geo.json"])
def test_coordinates_that_are_no_numbers_are_refused_by_feature(shelf, shared_data, name):
    problem = shelf.add(shared_data / "broken_files/malformed_geojson" / name).json["problems"][0]
    assert (problem["code"] in ("geometry.null", "geometry.empty"), problem["row"]) == (True, 1)


def test_gdal_looks_through_a_geojson_once_for_its_name_and_fields(layer_file, box, monkeypatch):
    looks = []

    def with_note(look):
        return lambda *given, **more: looks.append(given) or look(*given, **more)

    for name in ("list_layers", "read_info"):
        monkeypatch.setattr(pyogrio, name, with_note(getattr(pyogrio, name)))
    for rows in (2, 3):  # the second is another content of the same file
        path = layer_file("a.geojson", [box(at, 0) for at in range(rows)])
        looks.clear()
        assert (len(read_source(path, None, None).shapes), len(looks)) == (rows, 1)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.fgb", "a.zip", "a.shp", "a.dbf", "a.shx"])
def test_a_half_written_file_never_gives_half_its_rows(shelf, layer_file, box, name, share):
    parts = [".shp", ".shx", ".dbf", ".prj", ".cpg"]
    rows = [box(n, 0) for n in range(500)]
    kind = ".shp" if name[-4:] in parts or name == "a.zip" else name[1:]
    path = layer_file(f"a{kind}", rows)
    if name == "a.zip":
        with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.write(path.with_suffix(part), f"a{part}")
        path = path.with_suffix(".zip")
    assert shelf.add(path, code="WHOLE").json["features"] == 500
    half = path.with_name(name)
    content = half.read_bytes()
    half.write_bytes(content[: int(len(content) * share)])
    answer = shelf.add(path)
    assert answer.code == 3
    assert {code.split(".")[0] for code in answer.codes} <= {"source", "geometry", "encoding", "problems"}
    assert "T__1" not in shelf.tables()


def test_damage_in_the_middle_of_a_zip_is_refused(shelf, layer_file, box, tmp_path):
    path = layer_file("a.gpkg", [box(n, 0) for n in range(500)])
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "a.gpkg")
    content = bytearray(packed.read_bytes())
    for at in (len(content) // 3, len(content) // 2):
        damaged = bytearray(content)
        damaged[at : at + 64] = bytes(64)
        packed.write_bytes(damaged)
        assert shelf.add(packed).codes == ["source.damaged"]


@pytest.mark.parametrize("note", [None, "说明.txt", "说明.docx"])
def test_a_zip_that_holds_a_zip_says_to_unpack_it(onemap, tmp_path, note):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("报送/内层.zip", b"PK")
        if note:
            archive.writestr(note, "数据说明")
    answer = onemap("inspect", path)
    assert answer.codes == ["source.archives"]
    assert "报送/内层.zip" in answer.json["problems"][0]["message"]


def test_a_locked_zip_and_one_that_climbs_out_are_refused(onemap, tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../../evil.geojson", "{}")
    assert onemap("inspect", tmp_path / "out.zip").codes == ["source.damaged"]
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
        archive.writestr("a.geojson", "{}")
    content = bytearray((tmp_path / "locked.zip").read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(content)
    assert onemap("inspect", tmp_path / "locked.zip").codes == ["source.locked"]


def test_an_archive_of_several_data_sets_asks_which_and_an_empty_one_is_refused(
    onemap, shelf, layer_file, tmp_path, box
):
    first, second = layer_file("地类.gpkg", [box(0, 0)]), layer_file("区划.geojson", [box(0, 0), box(200, 0)])
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(first, "成果/地类.gpkg")
        archive.write(second, "成果/区划.geojson")
        archive.writestr("成果/断.geojson", "{")
    layers = onemap("inspect", tmp_path / "two.zip").json["layers"]
    assert [(layer["name"], layer["count"]) for layer in layers] == [("区划", 2), ("地类", 1), ("断", None)]
    assert [problem["code"] for problem in layers[2]["problems"]] == ["source.damaged"]
    assert shelf.add(tmp_path / "two.zip").codes == ["source.layer_needed"]
    assert shelf.add(tmp_path / "two.zip", layer="地类").json["features"] == 1
    assert shelf.add(tmp_path / "two.zip", layer="断").codes == ["source.damaged"]
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("说明.docx", "")
    assert onemap("inspect", tmp_path / "none.zip").codes == ["source.nothing_inside"]
    with zipfile.ZipFile(tmp_path / "drawing.zip", "w") as archive:
        archive.writestr("红线.dwg", "x")
    assert onemap("inspect", tmp_path / "drawing.zip").codes == ["format.no_driver"]


@pytest.mark.parametrize("count", [15, 25])
def test_a_geopackage_that_miscounts_itself_is_read_whole(shelf, layer_file, box, count):
    path = layer_file("a.gpkg", [box(n, 0) for n in range(20)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE gpkg_ogr_contents SET feature_count = ?", (count,))
        connection.commit()
    assert shelf.add(path).json["features"] == 20


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.gdb", "a.fgb", "a.geojson"])
def test_a_file_read_block_by_block_is_the_same_file(shelf, layer_file, box, monkeypatch, name):
    # FlatGeobuf takes no null beside its index.
    shapes = [box(n * 200, 0) if n % 5 or name == "a.fgb" else None for n in range(20)]
    numbers = [2**53 + n if n % 3 else None for n in range(20)]  # nulls in some blocks turn integers into doubles
    columns = {"BSM": [f"{n:03}" for n in range(20)], "n": pd.array(numbers, dtype="Int64")}
    crs = "EPSG:4547" if name != "a.geojson" else "EPSG:4490"
    modern = {"driver": "OpenFileGDB", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}  # with long integers
    source = layer_file(name, shapes, columns, crs=crs, **(modern if name == "a.gdb" else {}))
    whole = vector.read_vector(source, "a", None)
    monkeypatch.setattr(vector, "ROWS_AT_ONCE", 4)
    shares: list[float] = []
    read = vector.read_vector(source, "a", None, Progress(lambda share, _: shares.append(share)))
    assert shapely.to_wkb(read.geometries).tolist() == shapely.to_wkb(whole.geometries).tolist()
    assert read.attributes.equals(whole.attributes)
    assert sorted(read.attributes["BSM"]) == columns["BSM"]
    assert shares == sorted(shares) and shares[-1] == 1.0
    # A FlatGeobuf comes by the column, a GeoJSON at once.
    assert sum(share <= vector._ROWS for share in shares) == {"a.fgb": 0, "a.geojson": 1}.get(name, 6)


def test_a_shapefile_with_fewer_records_than_shapes_is_refused(shelf, layer_file, box):
    path = layer_file("a.shp", [box(n, 0) for n in range(20)])
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[4:8] = (15).to_bytes(4, "little")
    path.with_suffix(".dbf").write_bytes(content)
    assert shelf.add(path).codes == ["source.rows"]


@pytest.mark.parametrize("newer", [[".shp"], [".shp", ".dbf"]])
def test_a_newer_shp_beside_an_older_index_is_refused(shelf, layer_file, box, newer):
    """By the older index the first shapes alone would be read, with whatever attributes."""
    path, other = (
        layer_file(f"{name}.shp", [box(n * 200, 0) for n in range(count)]) for name, count in (("a", 3), ("b", 5))
    )
    for suffix in newer:
        path.with_suffix(suffix).write_bytes(other.with_suffix(suffix).read_bytes())
    assert shelf.add(path).codes == ["source.rows"]


def test_an_index_that_names_a_shape_twice_is_refused(shelf, layer_file, box):
    """The feature 5 would stand on the ground of feature 1, and its own ground be lost."""
    path = layer_file("a.shp", [box(n, 0) for n in range(6)])
    index = bytearray(path.with_suffix(".shx").read_bytes())
    index[132:140] = index[100:108]
    path.with_suffix(".shx").write_bytes(index)
    refused = shelf.add(path)
    assert refused.codes == ["source.rows"]
    assert "5 rows could be read where it should hold 6" in refused.json["problems"][0]["message"]


@pytest.mark.parametrize("is_table", [False, True])
def test_fields_of_foxpros_own_kinds_are_refused_by_name(onemap, layer_file, box, is_table):
    """Whole numbers in four bytes and the numbers of notes came as text."""
    path = layer_file("a.shp", [box(0, 0)], {"BSM": ["1"], "NUM": ["M"], "NOTE": ["7"]})
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[32 + 32 + 11], content[32 + 64 + 11] = ord("I"), ord("M")
    table.write_bytes(content)
    if is_table:
        for suffix in (".shp", ".shx"):
            path.with_suffix(suffix).unlink()
    answer = onemap("inspect", table if is_table else path)
    assert [(one["code"], one["field"]) for one in answer.json["problems"]] == [
        ("field.kind", "NUM"),
        ("field.kind", "NOTE"),
    ]


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("GCS_Xian_1980", "EPSG:4610"),
        ("西安80", None),
        ("GCJ02", None),
    ],
)
@pytest.mark.parametrize("level", ["collection", "feature"])
def test_a_system_that_a_geojson_names_is_known_or_told(onemap, tmp_path, monkeypatch, name, code, level, is_large):
    """What GDAL does not know it takes for WGS 84, some hundred metres away."""
    monkeypatch.setattr(json_text, "_LARGE_BYTES", 0 if is_large else 1 << 20)
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [114.5, 36]}}
    collection = {"type": "FeatureCollection", "features": [feature]}
    (collection if level == "collection" else feature)["crs"] = {"type": "name", "properties": {"name": name}}
    (tmp_path / "a.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (layer,) = onemap("inspect", tmp_path / "a.geojson").json["layers"]
    if code is None:
        assert [one["code"] for one in layer["problems"]] == ["crs.unread", "crs.missing"]
        assert name in layer["problems"][0]["message"]
    else:
        assert (layer["crs"]["code"], layer["crs"]["from"]) == (code, "declared")


def test_long_integers_beside_nulls_keep_every_digit(shelf, layer_file, box):
    codes = pd.array([9_007_199_254_740_993, None, 7], dtype="Int64")  # 2⁵³ + 1: no double holds it
    assert shelf.add(layer_file("a.gpkg", [box(0, 0)] * 3, {"N": codes})).code == 0
    assert [row[0] for row in shelf.rows("SELECT N FROM T__1 ORDER BY fid")] == [9_007_199_254_740_993, None, 7]


@pytest.mark.parametrize("name", ["a.gpkg", "a.gdb", "a.fgb", "a.parquet"])
@pytest.mark.parametrize("in_blocks", [False, True])
def test_numbers_of_single_precision_are_read_as_they_were_written(shelf, box, tmp_path, monkeypatch, name, in_blocks):
    ratios = np.array([1.1, 0.7, np.nan, 2.0], dtype="float32")  # as doubles of the same bits: 1.10000002…, 0.69999999…
    shapes = gpd.GeoSeries([box(n * 200, 0) for n in range(4)], crs="EPSG:4547")
    frame = gpd.GeoDataFrame({"n": ["1", "2", "3", "4"], "far": ratios}, geometry=shapes)
    driver = {"driver": "OpenFileGDB"} if name == "a.gdb" else {}
    frame.to_parquet(tmp_path / name) if name == "a.parquet" else frame.to_file(tmp_path / name, **driver)
    if in_blocks:
        read_in_blocks(2, monkeypatch.setattr)
    shelf.add(tmp_path / name).done()
    assert shelf.rows("SELECT far FROM T__1 ORDER BY n") == [(1.1,), (0.7,), (None,), (2.0,)]


def circle(radius: float, *height: float) -> bytes:
    """A circle as a curve polygon of two arcs, in ISO WKB, perhaps with a height."""
    x, y = 500_000.0, 4_000_000.0
    points = [(x - radius, y), (x, y + radius), (x + radius, y), (x, y - radius), (x - radius, y)]
    dimensions = 1000 * len(height)
    numbers = [number for point in points for number in (*point, *height)]
    arc = struct.pack(f"<BII{len(numbers)}d", 1, dimensions + 8, 5, *numbers)
    return struct.pack("<BII", 1, dimensions + 10, 1) + arc


@pytest.mark.parametrize("radius", [0.5, 5.0, 1000.0, 10_000.0])
def test_arcs_are_stroked_to_a_centimetre_whatever_their_radius(shelf, layer_file, box, radius):
    path = layer_file("a.gpkg", [box(0, 0)], layer="a")
    with closing(sqlite3.connect(path)) as connection:
        for name, count in (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MinY", 1), ("ST_MaxX", 1), ("ST_MaxY", 1)):
            connection.create_function(name, count, lambda _: 0)
        blob = b"GP\x00\x01" + struct.pack("<i", 4547) + circle(radius)
        connection.execute("UPDATE a SET geom = ?", (blob,))
        connection.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
        connection.commit()
    answer = shelf.add(path).done()
    assert "geometry.stroked" in [problem["code"] for problem in answer.json["problems"]]
    points = shapely.get_coordinates(shelf.geometries())
    from_centre = points - (500_000, 4_000_000)
    middles = (from_centre[1:] + from_centre[:-1]) / 2
    assert np.hypot(*from_centre.T) == pytest.approx(np.full(len(points), radius), abs=1e-6)
    assert radius - np.hypot(*middles.T).min() <= 0.01


@pytest.mark.parametrize("in_blocks", [False, True])
def test_heights_of_arcs_are_told_as_those_of_other_shapes(shelf, layer_file, box, monkeypatch, in_blocks):
    path = layer_file("a.gpkg", [box(0, 0)] * 3, layer="a")
    with closing(sqlite3.connect(path)) as connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 0)
        connection.execute("UPDATE a SET geom = ?", (b"GP\x00\x01" + struct.pack("<i", 4547) + circle(10.0, 5.0),))
        connection.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON', z = 1")
        connection.commit()
    if in_blocks:
        read_in_blocks(2, monkeypatch.setattr)
    assert {"geometry.z_dropped", "geometry.stroked"} <= set(shelf.add(path).done().codes)


def test_arcs_long_integers_and_truths_beside_nulls_read_two_rows_at_a_time_are_the_same(
    shelf, layer_file, box, monkeypatch
):
    columns = {
        "N": pd.array([9_007_199_254_740_993, None, 7, 8, 9], dtype="Int64"),
        "B": pd.array([True, False, True, None, False], dtype="boolean"),
    }
    path = layer_file("a.gpkg", [box(0, 0)] * 5, columns, layer="a")
    with closing(sqlite3.connect(path)) as connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 0)
        for fid in (2, 3, 5):
            blob = b"GP\x00\x01" + struct.pack("<i", 4547) + circle(10.0 * fid)
            connection.execute("UPDATE a SET geom = ? WHERE fid = ?", (blob, fid))
        connection.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
        connection.commit()
    at_once = shelf.add(path).done()
    read_in_blocks(2, monkeypatch.setattr)
    blocked = shelf.add(path, valid_from="2026-01-01", define=None)
    assert blocked.json["problems"] == at_once.json["problems"]
    assert [p["code"] for p in blocked.json["problems"]].count("geometry.stroked") == 1
    assert shelf.rows("SELECT * FROM T__2") == shelf.rows("SELECT * FROM T__1")
    assert shelf.rows("SELECT N, B FROM T__2")[0] == (9_007_199_254_740_993, 1)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.shp"])
def test_a_null_geometry_is_refused_by_row(shelf, layer_file, box, name):
    shapes, crs = ([box(0, 0), None, box(1, 1)], "EPSG:4547")
    if name == "a.geojson":
        shapes, crs = [shapely.box(114, 36, 114.1, 36.1), None, shapely.box(114, 36, 114.1, 36.1)], "EPSG:4326"
    answer = shelf.add(layer_file(name, shapes, {"BSM": ["A", "B", "C"]}, crs=crs), key="BSM")
    assert [(p["code"], p["feature"], p["row"]) for p in answer.json["problems"]] == [("geometry.null", "B", 2)]


def test_formats_without_a_reader_say_what_to_do(onemap, tmp_path):
    for name, code in (("a.dwg", "format.no_driver"), ("a.mdb", "format.no_driver"), ("a.docx", "format.unknown")):
        (tmp_path / name).write_bytes(b"x")
        assert onemap("inspect", tmp_path / name).codes == [code]
    assert onemap("inspect", tmp_path / "none.shp").codes == ["source.missing"]
    (tmp_path / "a.gdb").write_bytes(b"x")  # a FileGDB is a folder
    (tmp_path / "b.gdb").mkdir()
    assert onemap("inspect", tmp_path / "a.gdb").codes == ["format.unknown"]
    assert onemap("inspect", tmp_path / "b.gdb").codes == ["source.damaged"]
    (tmp_path / "c.geojson").touch()
    assert onemap("inspect", tmp_path / "c.geojson").codes == ["source.damaged"]


def test_a_folder_and_a_part_of_a_shapefile_are_refused_with_what_to_name(onemap, layer_file, box, tmp_path):
    whole = layer_file("a.shp", [box(0, 0)])
    for suffix in (".dbf", ".shx", ".prj", ".cpg"):
        answer = onemap("inspect", whole.with_suffix(suffix))
        assert (answer.codes, "a.shp" in answer.json["problems"][0]["mend"]) == (["source.is_part"], True)
    (tmp_path / "lone.prj").write_text("x")
    assert onemap("inspect", tmp_path / "lone.prj").codes == ["source.part_missing"]
    assert onemap("inspect", tmp_path).codes == ["source.folder"]


def test_a_geojson_of_nothing_is_empty(shelf, tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert shelf.add(tmp_path / "a.geojson").codes == ["source.empty"]


def test_a_path_of_odd_characters_is_read(shelf, layer_file, box, tmp_path):
    odd = tmp_path / "规划 [终稿] (2)%20#1"
    odd.mkdir()
    path = layer_file("a.shp", [box(0, 0)], {"MC": ["国道"]})
    for part in tmp_path.glob("a.*"):
        shutil.copy(part, odd / f"图 斑?.{part.suffix[1:]}")
    assert path.exists()
    assert shelf.add(odd / "图 斑?.shp").json["features"] == 1
    assert shelf.column("MC") == ["国道"]


def test_what_lies_beside_a_geopackage_unfolded_is_read_and_hashed(tmp_path, layer_file, box):
    path = layer_file("a.gpkg", [box(0, 0)], {"BSM": ["1"]}, SPATIAL_INDEX="NO")
    before = read_source(path, None, None)
    connection = sqlite3.connect(path)
    copy = tmp_path / "copy"
    copy.mkdir()
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for value in ("2", "3"):
            connection.execute("UPDATE a SET BSM = ?", (value,))
            connection.commit()
            for name in ("a.gpkg", "a.gpkg-wal"):
                (copy / name).write_bytes((tmp_path / name).read_bytes())
            frame = read_source(copy / "a.gpkg", None, None)
            assert list(frame.attributes["BSM"]) == [value]
            assert frame.source_hash != before.source_hash
            assert read_source(copy / "a.gpkg", None, None).source_hash == frame.source_hash
            before = frame
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a path with a drive is never taken for an address")
@pytest.mark.parametrize("name", ["a;b.gpkg", "a;b.shp", "a;b.geojson", "a;b.gml", "of;all/a.gpkg", "of;all/a.gdb"])
def test_a_semicolon_in_a_path_is_a_sign_like_any_other(onemap, tmp_path, name):
    path, plain = tmp_path / name, tmp_path / f"plain{Path(name).suffix}"
    frame = gpd.GeoDataFrame({"DKBH": ["一", "二"]}, geometry=[shapely.box(0, 0, 9, 9)] * 2, crs="EPSG:4547")
    frame.to_file(plain, driver="OpenFileGDB" if plain.suffix == ".gdb" else None)
    path.parent.mkdir(exist_ok=True)
    for part in tmp_path.glob("plain.*"):
        part.rename(path.with_suffix(part.suffix))
    answer = onemap("inspect", path)
    assert (answer.code, answer.json["layers"][0]["count"]) == (0, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="a path with a drive is never taken for an address")
def test_what_cannot_be_read_or_written_by_its_name_is_not_called_damaged(onemap, tmp_path):
    frame = gpd.GeoDataFrame({"DKBH": ["一"]}, geometry=[shapely.box(5e5, 4e6, 5e5 + 9, 4e6 + 9)], crs="EPSG:4547")
    frame.to_file(tmp_path / "plain.gpkg")
    (tmp_path / "plain.gpkg").rename(tmp_path / "a!b.gpkg")
    answer = onemap("inspect", tmp_path / "a!b.gpkg")
    assert (answer.code, answer.codes) == (3, ["source.sign"])
    frame.to_file(tmp_path / "plain.gpkg")
    assert onemap("redline", tmp_path / "plain.gpkg", tmp_path / "text.txt").code == 0
    answer = onemap("redline", tmp_path / "text.txt", tmp_path / "a;b.shp")
    assert (answer.code, answer.codes) == (3, ["source.sign"])
    assert not list(tmp_path.glob("a*.shp*")) and not (tmp_path / "a").exists()


def test_a_file_is_not_called_damaged_for_want_of_memory(tmp_path):
    with pytest.raises(RuntimeError, match="thread"), gdal_errors_as_refusals(tmp_path / "a.gpkg"):
        raise RuntimeError("can't start new thread")
    with pytest.raises(OSError, match="not load"), gdal_errors_as_refusals(tmp_path / "a.gpkg"):
        try:
            raise OSError("lib.so: failed to map segment from shared object")
        except OSError:
            raise OSError("Could not load it.")  # noqa: B904 - as llvmlite does


def test_what_one_library_says_to_another_is_no_word_of_the_driver(tmp_path):
    with gdal_errors_as_refusals(tmp_path / "a.gdb") as remarks:
        warnings.warn("the generic unit is deprecated", DeprecationWarning, stacklevel=1)
        warnings.warn("it will be an error", FutureWarning, stacklevel=1)
        warnings.warn("unclosed database", ResourceWarning, stacklevel=1)
        warnings.warn("organizePolygons() received a polygon", RuntimeWarning, stacklevel=1)
    assert remarks == ["organizePolygons() received a polygon"]
