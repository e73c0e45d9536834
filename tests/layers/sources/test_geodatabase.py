"""FileGDB: codes and their names, subtypes, ranges, feature datasets, heights and measures."""

import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from onemap.tests.layers.conftest import read_in_blocks

MAKER = Path(__file__).parent / "geodatabase_maker.py"
DEBIAN_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Made by the GDAL that QGIS has; the wheels' GDAL writes no domains from Python."""
    python = DEBIAN_PYTHON if Path(DEBIAN_PYTHON).exists() else shutil.which("python3")
    probe = "from osgeo import gdal; assert gdal.VersionInfo() >= '3060000'; import osgeo.ogr"
    if python is None or subprocess.run([python, "-c", probe], capture_output=True).returncode:
        pytest.skip("needs a Python with GDAL's bindings from 3.6 on (Debian: python3-gdal, comes with QGIS)")
    path = tmp_path_factory.mktemp("gdb") / "domains.gdb"
    subprocess.run([python, str(MAKER), str(path)], check=True, capture_output=True, timeout=60)
    return path


def problems_by_code(answer):
    return {problem["code"]: problem for problem in answer.json["problems"]}


def test_a_code_stays_in_its_field_and_its_name_stands_beside_it(shelf, database):
    answer = shelf.add(database).done()
    assert shelf.rows('SELECT "DLBM", "DLBM_name" FROM "T__1" ORDER BY fid') == [
        ("0101", "水田"),
        ("0103", "旱地"),
        ("9999", None),
        (None, None),
    ]
    problem = next(problem for problem in answer.json["problems"] if problem["code"] == "domain.code")
    assert (problem["field"], problem["feature"]) == ("DLBM", "3")
    assert "9999" in problem["message"]
    assert "DLBM → DLBM_name" in problems_by_code(answer)["domain.decoded"]["message"]


def test_a_subtype_has_a_name_and_its_own_domains(shelf, database):
    answer = shelf.add(database)
    assert shelf.rows('SELECT "KIND", "KIND_name", "USE", "USE_name_" FROM "T__1" ORDER BY fid') == [
        (1, "耕地", "A", "种植"),
        (2, "建设用地", "A", "居住"),  # what A means depends on the subtype
        (None, None, "A", "种植"),
        (3, None, "B", "灌溉"),
    ]
    unknown = [problem for problem in answer.json["problems"] if problem["code"] == "domain.code"]
    assert [(problem["field"], problem["feature"]) for problem in unknown] == [("DLBM", "3"), ("KIND", "4")]


def test_a_value_outside_its_range_is_warned_of_and_the_ends_are_inside(shelf, database):
    problem = problems_by_code(shelf.add(database))["domain.range"]
    assert (problem["field"], problem["feature"]) == ("PD", "2")  # 30 is outside 0 to 25, 25 is not
    assert "1 row of" in problem["message"]
    assert shelf.column("PD") == [None, 3.0, 25.0, 30.0]  # kept as they are


def test_codes_names_and_ranges_of_a_database_read_two_rows_at_a_time_are_told_as_of_a_whole(
    shelf, database, monkeypatch
):
    at_once = shelf.add(database).json["problems"]
    read_in_blocks(2, monkeypatch.setattr)
    assert shelf.add(database, valid_from="2026-01-01", define=None).json["problems"] == at_once
    assert shelf.rows("SELECT * FROM T__2") == shelf.rows("SELECT * FROM T__1")


def test_the_names_go_where_the_schema_has_a_field_for_them(shelf, database):
    answer = shelf.run("add", shelf.path, database, "--as", "DLTB", "--covers", "extent", "--fields", "BSM=PD",
                       "--keep-bad")  # fmt: skip
    columns = {row[1] for row in shelf.rows('PRAGMA table_info("DLTB__1")')}
    assert answer.code == 0, answer.json
    assert shelf.rows('SELECT DISTINCT "DLBM", "DLMC" FROM "DLTB__1" WHERE "DLBM" = \'0101\'') == [("0101", "水田")]
    assert "DLBM_name" not in columns


def test_inspect_lists_the_names_and_says_where_they_come_from(onemap, database):
    (layer,) = onemap("inspect", database).json["layers"]
    names = [field["name"] for field in layer["fields"]]
    assert names == ["DLBM", "PD", "KIND", "USE", "USE_name", "DLBM_name", "KIND_name", "USE_name_"]
    assert "domain.decoded" in {problem["code"] for problem in layer["problems"]}


@pytest.mark.slow
def test_nothing_of_the_drivers_words_reaches_stderr(core, database):
    assert b"Warning" not in core("inspect", database, "--json").stderr


def test_a_field_that_has_the_names_field_name_already_is_left_alone(shelf, database):
    assert shelf.add(database).code == 0
    assert shelf.rows('SELECT "USE_name", "USE_name_" FROM "T__1" WHERE "DLBM" = \'0101\'') == [("甲", "种植")]


def test_layers_of_feature_datasets_are_read_each_with_its_own_system(shelf, tmp_path, box):
    path = tmp_path / "sets.gdb"
    for name, folder, crs, shape in (
        ("一", "规划", "EPSG:4547", box(0, 0)),
        ("二", "规划", "EPSG:4547", box(100, 0)),
        ("三", "现状", "EPSG:4490", shapely.box(114.0, 36.0, 114.001, 36.001)),
    ):
        frame = gpd.GeoDataFrame({"BSM": ["1"]}).set_geometry(gpd.GeoSeries([shape], crs=crs))
        pyogrio.write_dataframe(
            frame, path, layer=name, driver="OpenFileGDB", append=path.exists(), FEATURE_DATASET=folder
        )
    layers = {layer["name"]: layer for layer in shelf.run("inspect", path).json["layers"]}
    assert {name: layer["crs"]["code"] for name, layer in layers.items()} == {
        "一": "EPSG:4547",
        "二": "EPSG:4547",
        "三": "EPSG:4490",
    }
    for number, name in enumerate(layers):
        assert shelf.add(path, code=f"T{number}", layer=name).json["features"] == 1
    assert shelf.geometries("T2__1")[0].centroid.distance(box(0, 0).centroid) < 2_000_000


@pytest.mark.parametrize(("layer", "codes"), [
    ("polygonm", {"geometry.m_dropped"}),
    ("polygon25D", {"geometry.z_dropped"}),
    ("polygonzm", {"geometry.m_dropped", "geometry.z_dropped"}),
])  # fmt: skip
def test_heights_and_measures_are_dropped_with_a_word_each(shelf, shared_data, layer, codes):
    answer = shelf.add(shared_data / "formats/filegdb/testopenfilegdb.gdb.zip", layer=layer).done()
    assert {code for code in problems_by_code(answer) if code.endswith("_dropped")} == codes
    assert not shapely.has_z(shelf.geometries()).any()


@pytest.mark.parametrize(("wkt", "codes"), [
    ("POLYGON M ((500000 4000000 7,500100 4000000 7,500100 4000100 7,500000 4000000 7))", {"geometry.m_dropped"}),
    ("POLYGON ZM ((500000 4000000 5 7,500100 4000000 5 7,500100 4000100 5 7,500000 4000000 5 7))",
     {"geometry.m_dropped", "geometry.z_dropped"}),
    ("POLYGON ((500000 4000000,500100 4000000,500100 4000100,500000 4000000))", set()),
])  # fmt: skip
def test_measures_are_told_of_a_layer_of_any_type_too(shelf, tmp_path, wkt, codes):
    """A GeoPackage written by hand: the drivers of the wheels write no measures."""
    path = tmp_path / "any.gpkg"
    frame_of_any_type(path)
    ring = shapely.from_wkt(wkt)
    body = shapely.to_wkb(ring, output_dimension=4, flavor="iso", byte_order=1)
    blob = struct.pack("<2sBBi", b"GP", 0, 0x01, 4547) + body
    with sqlite3.connect(path) as connection:
        for trigger in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]:
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE any SET geom = ?", (blob,))
    connection.close()
    answer = shelf.add(path).done()
    assert {code for code in problems_by_code(answer) if code.endswith("_dropped")} == codes


def frame_of_any_type(path):
    frame = gpd.GeoDataFrame({"BSM": ["1"]}).set_geometry(gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs="EPSG:4547"))
    pyogrio.write_dataframe(frame, path, layer="any", driver="GPKG", geometry_type="Unknown", SPATIAL_INDEX="NO")
