"""A broken record is named, and with --keep-bad the others are added; a bad cell blocks nothing else."""

import contextlib
import sqlite3
import struct
import sys

import pytest
import shapely

from onemap.tests.conftest import drop_triggers
from onemap.tests.layers.conftest import read_in_blocks

REASONS = {"gpkg": "WKB", "shp": "Corrupted .shp file"}


def break_geopackage(path, row, body):
    """Put something else into a row, behind the header of its geometry."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        drop_triggers(database)
        (blob,) = database.execute("SELECT geom FROM a WHERE fid = ?", (row,)).fetchone()
        database.execute("UPDATE a SET geom = ? WHERE fid = ?", (body(blob), row))


@pytest.fixture
def break_file(layer_file, box):
    """A file of four squares whose second record says that it has more than it has."""

    def write(kind):
        path = layer_file(f"a.{kind}", [box(200 * n, 0) for n in range(4)], {"BSM": list("abcd"), "MJ": [1, 2, 3, 4]})
        if kind == "gpkg":
            break_geopackage(path, 2, lambda blob: blob[:60])
        else:
            content = bytearray(path.read_bytes())
            record = 8 + 4 + 32 + 4 + 4 + 4 + 16 * 5
            struct.pack_into("<i", content, 100 + record + 8 + 36, 99_999)  # rings of the second
            path.write_bytes(content)
        return path

    return write


@pytest.fixture(params=["fiona", "pyogrio"])
def way(request, monkeypatch):
    """By fiona, and where it is not installed."""
    if request.param == "pyogrio":
        monkeypatch.setitem(sys.modules, "fiona", None)
    else:
        pytest.importorskip("fiona")
    return request.param


@pytest.mark.parametrize("kind", ["gpkg", "shp"])
def test_a_broken_record_is_named_and_the_rest_kept(shelf, break_file, box, way, kind):
    path = break_file(kind)
    answer = shelf.run("inspect", path)
    assert answer.stderr == ""
    (layer,) = answer.json["layers"]
    assert layer["count"] == 4
    remark = next(problem for problem in layer["problems"] if problem["code"] == "source.record")
    assert remark["feature"] == "2"
    assert way == "pyogrio" or REASONS[kind] in remark["message"]
    refused = shelf.add(path, key="BSM")
    assert (refused.code, [(p["code"], p["feature"]) for p in refused.json["problems"]]) == (
        3,
        [("source.record", "b")],
    )
    kept = shelf.add(path, key="BSM", keep_bad=True)
    assert (kept.json["features"], kept.json["set_aside"]) == (3, 1)
    assert (shelf.column("BSM"), shelf.column("MJ")) == (["a", "c", "d"], [1, 3, 4])
    assert [shape.equals(box(200 * n, 0)) for shape, n in zip(shelf.geometries(), (0, 2, 3), strict=True)] == [True] * 3
    assert shelf.rows("SELECT BSM, MJ, source_row, problem FROM T__1__bad") == [("b", 2, 2, "source.record")]


def test_a_record_without_geometry_is_not_broken(shelf, layer_file, box, way):
    answer = shelf.add(layer_file("a.gpkg", [box(0, 0), None, box(200, 0)]), keep_bad=True)
    assert shelf.rows("SELECT source_row, problem FROM T__1__bad") == [(2, "geometry.null")]
    assert answer.json["features"] == 2


def test_a_large_file_with_a_broken_record_is_read_all_the_same(shelf, break_file, monkeypatch):
    read_in_blocks(2, monkeypatch.setattr)
    assert shelf.add(break_file("gpkg"), keep_bad=True).json["features"] == 3


def test_parcels_with_a_broken_record(shelf, break_file):
    path = break_file("gpkg")
    refused = shelf.run("check", shelf.path, path)
    assert refused.codes == ["source.record"]
    kept = shelf.run("check", shelf.path, path, "--keep-bad")
    assert (kept.json["parcels"], kept.json["set_aside"]) == (3, 1)


def test_a_surface_of_triangles_is_read_as_polygons(shelf, layer_file, box):
    pytest.importorskip("fiona")
    path = layer_file("a.gpkg", [box(0, 0), box(200, 0)])
    ring = struct.pack("<BIII8d", 1, 17, 1, 4, 5e5, 4e6, 5e5 + 10, 4e6, 5e5 + 10, 4e6 + 10, 5e5, 4e6)
    break_geopackage(path, 2, lambda blob: blob[:40] + struct.pack("<BII", 1, 16, 1) + ring)
    answer = shelf.add(path)
    assert (answer.code, answer.json["features"]) == (0, 2)
    (surfaces,) = [problem for problem in answer.json["problems"] if problem["code"] == "geometry.surfaces"]
    assert surfaces["message"] == "1 feature is a surface of triangles or faces, read as polygons."
    assert shapely.area(shelf.geometries()).tolist() == [10_000.0, 50.0]


def test_a_file_that_ends_early_is_refused_with_the_record(shelf, layer_file, box):
    pytest.importorskip("fiona")
    path = layer_file("a.fgb", [box(200 * n, 0) for n in range(4)])
    content = bytearray(path.read_bytes())
    content[-100:-60] = b"\xff" * 40
    path.write_bytes(bytes(content))
    answer = shelf.add(path, keep_bad=True)
    assert (answer.codes, answer.json["problems"][0]["feature"]) == (["source.damaged"], "4")


@pytest.fixture
def roads(layer_file, box):
    def write(encoding="utf-8", code_page="UTF-8"):
        names = [f"国道{n}" for n in range(100, 130)]
        path = layer_file(
            "a.shp",
            [box(200 * n, 0) for n in range(30)],
            {"BSM": names, "MC": [f"名{n}" for n in names]},
            encoding=encoding,
        )
        code = path.with_suffix(".cpg")
        code.unlink()
        if code_page:
            code.write_text(code_page)
        return path

    return write


@pytest.mark.parametrize(("encoding", "code_page"), [("utf-8", "UTF-8"), ("utf-8", None), ("gb18030", None)])
def test_one_bad_cell_is_told_and_refused_only_in_the_key(shelf, roads, encoding, code_page):
    path = roads(encoding, code_page)
    table = path.with_suffix(".dbf")
    content, whole = table.read_bytes(), "名国道107".encode(encoding)
    assert content.count(whole) == 1
    cut = "名国道".encode(encoding)[:-1]  # as writers cut at the end of a field
    table.write_bytes(content.replace(whole, cut.ljust(len(whole))))
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert (layer["encoding"], layer["count"]) == (encoding, 30)
    assert [(p["code"], p["feature"], p["field"]) for p in layer["problems"]] == [("encoding.replaced", "8", "MC")]
    answer = shelf.add(path, key="BSM")
    assert (answer.code, answer.codes) == (0, ["encoding.replaced"])
    assert shelf.rows("SELECT MC FROM T__1 WHERE fid = 7") == [("名国道106",)]
    assert shelf.rows("SELECT MC FROM T__1 WHERE fid = 8")[0][0].startswith("名国\ufffd")
    assert shelf.add(path, "K", key="MC").codes == ["encoding.replaced"]


def test_names_of_fields_that_were_cut_inside_a_character_end_before_the_cut(shelf, layer_file, box):
    """GDAL and QGIS write ten bytes of a name, whatever is cut: 永久基 and a byte of 本."""
    path = layer_file("a.shp", [box(0, 0)], {"NAME": ["保护区"], "MC": ["国道"]}, encoding="utf-8")
    table = path.with_suffix(".dbf")
    content = table.read_bytes()
    assert content.count(b"NAME".ljust(11, b"\0")) == 1
    table.write_bytes(content.replace(b"NAME".ljust(11, b"\0"), "永久基本农田".encode()[:10] + b"\0"))
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert [field["name"] for field in layer["fields"]] == ["永久基", "MC"]
    assert [problem["code"] for problem in layer["problems"]] == ["field.cut_names"]
    assert shelf.add(path).code == 0
    assert (shelf.column("永久基"), shelf.column("MC")) == (["保护区"], ["国道"])


def test_a_name_that_was_cut_before_its_number_ends_before_the_cut(shelf, layer_file, box):
    """Of 权属单位代码 and 权属单位名称 GDAL writes the second as eight bytes, of which two are half of 位, and _1."""
    path = layer_file("a.shp", [box(0, 0)], {"ONE": ["1"], "TWO": ["某村"]}, encoding="utf-8")
    table = path.with_suffix(".dbf")
    content, name = table.read_bytes(), "权属单位".encode()
    for old, new in ((b"ONE", name[:10]), (b"TWO", name[:8] + b"_1")):
        content = content.replace(old.ljust(11, b"\0"), new.ljust(11, b"\0"))
    table.write_bytes(content)
    (layer,) = shelf.run("inspect", path).json["layers"]
    assert [field["name"] for field in layer["fields"]] == ["权属单", "权属_1"]
    assert [problem["code"] for problem in layer["problems"]] == ["field.cut_names"]
    assert shelf.add(path).code == 0
    assert (shelf.column("权属单"), shelf.column("权属_1")) == (["1"], ["某村"])


@pytest.mark.parametrize("large", [False, True])
def test_a_field_that_is_called_as_the_tables_own_number_keeps_its_values(shelf, layer_file, box, monkeypatch, large):
    if large:
        read_in_blocks(1, monkeypatch.setattr)
    path = layer_file("a.shp", [box(0, 0), box(200, 0)], {"FID": [70, 80], "OGC_FID": ["x", "y"]})
    answer = shelf.add(path)
    renamings = [(p["code"], p["field"], p["level"]) for p in answer.json["problems"] if p["code"] == "field.renamed"]
    assert renamings == [("field.renamed", "FID", "note"), ("field.renamed", "OGC_FID", "note")]
    assert "FID_" in answer.json["problems"][0]["message"]
    assert (shelf.column("FID_"), shelf.column("OGC_FID_")) == ([70, 80], ["x", "y"])
