"""Damaged files that the fuzzer of tests/bench has found are refused with a reason, and nothing is printed."""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from onemap.layers.sources.sheets.compound_file import file_of, stream_of
from onemap.tests.test_serve import one_core

__all__ = ["one_core"]  # a fixture; what it says on stderr fails at the end of this module

OLD_SHEET = (Path(__file__).parents[1] / "data" / "boundary.xls").read_bytes()
CM_114 = (
    'PROJCS["{name}",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
    'UNIT["Meter",1.0]]'
)


def test_an_old_workbook_that_is_cut_off_anywhere_is_refused_without_a_word_on_stderr(onemap, tmp_path):
    # Some of these make the library that reads it panic, which is no Exception to Python. What lies at the end may be
    # padding, so that a file is whole without it.
    whole_path = tmp_path / "whole.xls"
    whole_path.write_bytes(OLD_SHEET)
    whole = onemap("inspect", whole_path).json["layers"]
    for length in np.linspace(600, len(OLD_SHEET) - 1, 60).astype(int).tolist():
        path = tmp_path / "cut.xls"
        path.write_bytes(OLD_SHEET[:length])
        answer = onemap("inspect", path)
        assert answer.stderr == ""
        if answer.code == 0:
            assert answer.json["layers"] == json.loads(json.dumps(whole).replace("whole.xls", "cut.xls"))
        else:
            assert answer.codes[0].startswith(("source.", "sheet."))


@pytest.mark.slow
def test_a_panic_of_the_library_is_a_damaged_file_in_a_program_of_its_own_too(one_core, tmp_path):
    header = bytearray(OLD_SHEET)
    header[48:52] = (2**31).to_bytes(4, "little")  # where its directory begins
    stream = stream_of(OLD_SHEET, ("Workbook",))
    merged = struct.pack("<HH", 0x00E5, 26)
    assert stream.count(merged) == 1
    empty = file_of("Workbook", stream.replace(merged, struct.pack("<HHHH", 0x00E5, 0, 0, 22)))
    for number, content in enumerate((bytes(header), OLD_SHEET[:1100], empty)):
        path = tmp_path / f"{number}.xls"
        path.write_bytes(content)
        assert one_core.outcome("inspect", source=str(path))["problems"][0]["code"] == "source.damaged"


@pytest.mark.parametrize("suffix", [".kmz", ".zip"])
def test_an_archive_whose_table_of_contents_points_nowhere_is_damaged_and_not_too_large(onemap, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", "<kml/>")
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    content[end + 16 : end + 20] = (entry + 50_000).to_bytes(4, "little")  # all places now lie before the file
    path.write_bytes(bytes(content))
    answer = onemap("inspect", path)
    assert (answer.code, answer.codes) == (3, ["source.damaged"])


def test_a_dbf_that_says_it_is_longer_than_it_is_is_refused(onemap, layer_file, box):
    path = layer_file("a.shp", [box(0, 0)])
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[8:10] = (60_000).to_bytes(2, "little")
    table.write_bytes(bytes(content))
    answer = onemap("inspect", path)
    assert (answer.code, answer.codes) == (3, ["source.damaged"])


def test_a_projection_with_a_chinese_name_in_gbk_is_read_by_its_parameters(shelf, layer_file, box):
    path = layer_file("a.shp", [box(0, 0)], crs=None)
    path.with_suffix(".prj").write_bytes(CM_114.format(name="石家庄_中央经线114").encode("gb18030"))
    assert shelf.run("inspect", path).json["layers"][0]["crs"]["code"] == "EPSG:4547"
    assert shelf.add(path).json["features"] == 1
    assert shelf.geometries()[0].equals(box(0, 0))


def test_a_projection_that_cannot_be_worked_with_is_refused_as_such(shelf, layer_file, box):
    path = layer_file("a.shp", [box(0, 0)], crs=None)
    path.with_suffix(".prj").write_text(CM_114.format(name="x").replace("6378137.0", "-6378137.0"))
    answer = shelf.add(path)
    assert answer.code == 3
    assert answer.codes[0] in ("crs.unusable", "crs.unknown", "source.damaged")


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e160, pytest.param(1e300, marks=pytest.mark.nightly), 1.7e308])
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".csv"])
def test_coordinates_too_large_for_arithmetic_are_refused_and_nothing_is_warned_of(
    one_core, shelf, layer_file, tmp_path, size, suffix
):
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        path.write_text(f"点号,X坐标,Y坐标\nJ1,{size},{size}\nJ2,{size},500000\nJ3,4000000,500000\n", encoding="utf-8")
    else:
        path = layer_file(path.name, [shapely.Polygon([(0, 0), (size, 0), (size, size)])])
    assert one_core.outcome("inspect", source=str(path)).get("exit_code", 0) in (0, 3)
    defined = {"name": "t", "department": "land", "library": "base", "kind": "vector", "geometry": "polygon"}
    wishes = {"as": "T", "define": defined, "covers": "extent", "crs": "EPSG:4547"}
    refused = one_core.outcome("add", library=str(shelf.path), source=str(path), **wishes)
    assert (refused["exit_code"], refused["problems"][0]["code"]) == (3, "crs.contradicted")


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"CREATE TABL\xd5 ", b"CR\x89\xd5TE TABLE ", b"\x00REATE TABLE "])
def test_a_geopackage_whose_schema_is_damaged_is_refused(onemap, layer_file, box, damage):
    path = layer_file("a.gpkg", [box(0, 0)])
    content = path.read_bytes()
    at = content.index(b"CREATE TABLE ")
    path.write_bytes(content[:at] + damage + content[at + len(damage) :])
    answer = onemap("inspect", path)
    assert answer.code == 3
    assert answer.codes[0].startswith("source.")


def test_a_library_whose_schema_is_damaged_is_refused(shelf):
    content = shelf.path.read_bytes()
    at = content.index(b"CREATE TABLE ")
    shelf.path.write_bytes(content[:at] + b"CR\x89\xd5TE" + content[at + 6 :])
    answer = shelf.run("layers", shelf.path)
    assert (answer.code, answer.codes) == (3, ["library.damaged"])


def test_a_shape_beyond_all_measure_is_not_repaired_and_the_others_are():
    from onemap.layers.geometry.validity import sorted_geometries

    bow_tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    chance = np.random.default_rng(9)
    endless = shapely.Polygon(chance.choice([-1, 1], (8, 2)) * 10.0 ** chance.uniform(-300, 300, (8, 2)))
    with np.errstate(all="ignore"), pytest.raises(shapely.GEOSException):
        shapely.make_valid(endless)
    shapes = np.array([bow_tie, endless, shapely.box(0, 0, 1, 1), bow_tie], dtype=object)
    with np.errstate(all="ignore"):
        found = sorted_geometries(shapes, "polygon", np.array(list("abcd"), dtype=object), True, {})
    assert [(problem.code, problem.facts["row"]) for problem in found.problems] == [("geometry.beyond", 2)]
    assert [repair.facts["feature"] for repair in found.repairs] == ["a", "d"]


def test_a_dbf_whose_head_lost_a_byte_is_damaged_though_its_text_is_plain(onemap, layer_file, box):
    path = layer_file("a.shp", [box(0, 0), box(200, 0)], {"BSM": ["甲", "乙"], "MJ": [1.5, 2.5]}, encoding="UTF-8")
    table = path.with_suffix(".dbf")
    head = table.read_bytes()
    table.write_bytes(head[:31] + head[32:])
    answer = onemap("inspect", path)
    assert answer.codes == ["source.damaged"]


@pytest.mark.slow
def test_a_mapinfo_file_whose_driver_quotes_bytes_that_are_no_text_is_damaged_in_silence(one_core, tmp_path):
    path = tmp_path / "a.mif"
    path.write_bytes(
        b'Version 300\nCharset "WindowsSimp\xc8ese"\nDelimiter ","\n'
        b'CoordSys Earth Projection 8, 104, "m", 114, 0, 1, 500000, 0\nColumns 1\n  BSM Char(10)\nData\n\n'
        b"Region 1\n  5\n500000 4000000\n500000 4000100\n500100 4000100\n500100 4000000\n500000 4000000\n"
        b"    Pen (1,2,0)\nta\n\nRegion 1\n  5\n"
    )
    path.with_suffix(".mid").write_bytes(b'"1"\n"2"\n')
    assert one_core.outcome("inspect", source=str(path))["problems"][0]["code"] == "source.damaged"
