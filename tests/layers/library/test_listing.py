"""`onemap layers` lists the possible fields of each layer, for matching a file's fields."""

import contextlib
import os
import sqlite3

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin


def layer_of(shelf, code):
    return next(layer for layer in shelf.run("layers", shelf.path).json["layers"] if layer["code"] == code)


def test_every_layer_tells_its_fields_in_both_languages(shelf):
    layers = shelf.run("layers", shelf.path).json["layers"]
    fields = [field for layer in layers for field in layer["fields"]]
    assert {tuple(field) for field in fields} == {("name", "type", "title", "aliases", "required")}
    assert all(field["title"]["zh"] and field["title"]["en"] for field in fields)
    assert {field["type"] for field in fields} <= {"text", "integer", "number", "date"}
    land_class = next(field for field in layer_of(shelf, "DLTB")["fields"] if field["name"] == "DLBM")
    assert land_class["title"] == {"zh": "地类编码", "en": "Land class code"}
    assert "地类代码" in land_class["aliases"]


@pytest.mark.parametrize("code", ["DLTB", "JSYDGZQ", "LDYZT", "KGDK"])
def test_the_required_fields_are_those_without_which_add_refuses(shelf, layer_file, box, code):
    required = {field["name"] for field in layer_of(shelf, code)["fields"] if field["required"]}
    path = layer_file("a.gpkg", [box(0, 0)], {"无关": ["1"]})
    answer = shelf.run("add", shelf.path, path, "--as", code, "--covers", "extent")
    missing = {problem["field"] for problem in answer.json["problems"] if problem["code"] == "field.missing"}
    assert answer.code == 3
    assert missing == required
    assert len(required) > 1


def test_a_field_that_only_a_rule_asks_for_is_listed_and_its_type_is_not_known(shelf, onemap, tmp_path):
    pack = tmp_path / "own.toml"
    pack.write_text(
        '[pack]\nid = "own"\nversion = "1"\ntitle = { zh = "自定", en = "Own" }\n'
        '[[rule]]\nid = "own.one"\nkind = "avoid"\nlayer = "STBHHX"\ndepartment = "environment"\n'
        'verdict = "prohibited"\nwhere = "HXLX = \'一类\'"\ntitle = { zh = "红线", en = "Red line" }\n'
        'basis = [{ law = "试验法", article = "第一条" }]\n',
        encoding="utf-8",
    )
    library = tmp_path / "own.gpkg"
    onemap("new", library, "--crs", "EPSG:4547", "--pack", pack).done()
    layers = {layer["code"]: layer for layer in onemap("layers", library).json["layers"]}
    own = [field for field in layers["STBHHX"]["fields"] if field["name"] == "HXLX"]
    assert own == [{"name": "HXLX", "type": None, "title": {"zh": "", "en": ""}, "aliases": [], "required": True}]
    assert not any(field["name"] == "HXLX" for field in layer_of(shelf, "STBHHX")["fields"])


def test_a_layer_that_the_library_defines_lists_its_key(shelf, layer_file, box):
    assert shelf.add(layer_file("a.gpkg", [box(0, 0)]), key="BSM").code == 0
    (field,) = layer_of(shelf, "T")["fields"]
    assert (field["name"], field["required"]) == ("BSM", True)


@pytest.mark.slow
def test_a_version_whose_raster_is_no_longer_what_was_added_or_whose_table_is_gone_is_unreadable(
    shelf, terminal, layer_file, box, tmp_path
):
    def is_unreadable(code):
        (version,) = layer_of(shelf, code)["versions"]
        return version["unreadable"]

    path = tmp_path / "高程.tif"
    with rasterio.open(
        path, "w", "GTiff", 40, 30, 1, "EPSG:4547", from_origin(538_000, 4_214_000, 20, 20), "uint8"
    ) as dataset:
        dataset.write(np.ones((1, 30, 40), dtype="uint8"))
    added = path.read_bytes()
    assert shelf.add(path, code="DEM", geometry="raster", define=None).code == 0
    assert is_unreadable("DEM") is False
    os.utime(path, (1_000_000, 1_000_000))
    assert is_unreadable("DEM") is False  # another time, the same file
    path.write_bytes(added[:-1] + bytes([added[-1] ^ 1]))
    assert is_unreadable("DEM") is True  # of the same size
    path.write_bytes(added)
    assert is_unreadable("DEM") is False
    path.unlink()
    assert is_unreadable("DEM") is True
    printed = terminal("layers", shelf.path, "--lang", "en").stdout.decode("utf-8")
    assert [line.endswith("  the layer cannot be read") for line in printed.splitlines() if "DEM" in line] == [True]
    assert shelf.add(layer_file("a.gpkg", [box(0, 0)])).code == 0
    assert is_unreadable("T") is False
    with contextlib.closing(sqlite3.connect(shelf.path)) as connection:
        connection.execute('DROP VIEW IF EXISTS "T"')
        connection.execute('ALTER TABLE "T__1" RENAME TO "elsewhere"')
    assert is_unreadable("T") is True


LAYERS = {  # of the three surveys, the plans before and after 2019, and the controls of use
    "polygon": "XZQ CJDCQ DLTB PDT CZCDYD PZWJSTD LSYD YJJBNTTB YJJBNT YJJBNTBHTB JBNTBHQ JBNTTB JQDLTB TDGHDL TDYTQ "
    "JSYDGZQ STBHHX CZKFBJ GHFQ ZXCQGHFQ ZXCQGHYDYH ZXCQCSLX ZXCQCSLVX ZXCQCSZX ZXCQCSHX HLFXKZX LSWHBHX XS_XMKJFW "
    "ZZ_NYDZYFW ZZ_TDZSFW LSYD_XMZDFW WFDK YGYSXZJSYDTB",
    "line": "XZQJX CJDCQJX XZDW",
    "point": "LXDW",
}


def test_the_catalogue_has_every_layer_that_surveys_and_plans_deliver(shelf):
    found = {layer["code"]: layer for layer in shelf.run("layers", shelf.path).json["layers"]}
    for geometry, codes in LAYERS.items():
        assert {found[code]["geometry"] for code in codes.split()} == {geometry}
    assert all(layer["key"] for layer in found.values() if layer["geometry"] in LAYERS)


def test_each_version_tells_what_it_is_today_and_on_which_day_it_is_first_in_force(shelf, layer_file, box):
    for number, (label, since) in enumerate(
        (
            ("old", "2020-01-01"),
            ("new", "2022-01-01"),
            ("mended", "2022-01-01"),
            ("next", "2999-01-01"),
        )
    ):
        shelf.add(layer_file(f"{label}.gpkg", [box(0, number)]), key="BSM", label=label, valid_from=since).done()
    for day in ("2021-06-01", "2999-06-01"):  # whatever day is asked for
        answer = shelf.run("layers", shelf.path, "--as-of", day).json
        (versions,) = [layer["versions"] for layer in answer["layers"] if layer["code"] == "T"]
        assert {one["label"]: (one["today"], one["day"]) for one in versions} == {
            "old": ("past", "2020-01-01"),
            "new": ("past", None),
            "mended": ("in_force", "2022-01-01"),
            "next": ("upcoming", "2999-01-01"),
        }


def test_a_version_without_a_date_beside_a_dated_one_is_not_called_past(shelf, layer_file, box):
    for number, (label, dates) in enumerate(
        (
            ("older", {}),
            ("undated", {}),
            ("ended", {"valid_to": "2020-12-31"}),
            ("dated", {"valid_from": "2022-01-01"}),
        )
    ):
        shelf.add(layer_file(f"{label}.gpkg", [box(0, number)]), key="BSM", label=label, **dates).done()

    def states(day):
        answer = shelf.run("layers", shelf.path, "--as-of", day).json
        (versions,) = [layer["versions"] for layer in answer["layers"] if layer["code"] == "T"]
        return {one["label"]: (one["in_force"], one["undated"], one["today"]) for one in versions}

    now = {"older": "undated", "undated": "undated", "ended": "past", "dated": "in_force"}
    assert states("2023-01-01") == {
        label: (state == "in_force", state == "undated", state) for label, state in now.items()
    }
    assert states("2021-06-01") == {label: (label == "undated", False, state) for label, state in now.items()}
