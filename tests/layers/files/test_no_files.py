"""A pipe, a socket or a device instead of a file is refused at once, wherever a path is given."""

import os
import socket

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import box

from onemap.tests.conftest import write_layer

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows keeps pipes in no folder")
SUFFIXES = [".gpkg", ".shp", ".geojson", ".zip", ".7z", ".kml", ".dxf", ".vct", ".txt", ".csv", ".xlsx", ".xls",
            ".parquet", ".sqlite", ".gml", ".tab", ".tif", ".fgb", ".pbf", ".gdb", ".toml", ""]  # fmt: skip


@pytest.fixture
def pipe(tmp_path):
    def make(name: str):
        os.mkfifo(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def city(onemap, tmp_path):
    assert onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547").code == 0
    return tmp_path / "city.gpkg"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_as_a_source(onemap, pipe, suffix):
    answer = onemap("inspect", pipe(f"a{suffix}"))
    assert (answer.code, answer.codes) == (3, ["source.no_file"])
    assert answer.json["problems"][0]["mend"]


def test_a_socket_and_a_device_as_a_source(onemap, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("a.gpkg")
        assert onemap("inspect", "a.gpkg").codes == ["source.no_file"]
    (tmp_path / "zero.gpkg").symlink_to("/dev/zero")
    assert onemap("inspect", tmp_path / "zero.gpkg").codes == ["source.no_file"]


@pytest.mark.parametrize(
    "words",
    [
        ("check", "CITY", "PIPE"),
        ("check", "CITY", "PLOTS", "--pack", "PIPE"),
        ("check", "CITY", "PLOTS", "--replace", "YJJBNTTB=PIPE"),
        ("check", "CITY", "PLOTS", "--data", "PIPE"),
        ("add", "CITY", "PIPE", "--as", "DEM"),
        ("add", "CITY", "PLOTS", "--as", "X", "--define", "PIPE"),
        ("add", "CITY", "PLOTS", "--as", "YJJBNTTB", "--covers", "PIPE"),
        ("add", "CITY", "PLOTS", "--as", "YJJBNTTB", "--transform", "PIPE"),
        ("ingest", "CITY", "PIPE"),
        ("receive", "CITY", "PIPE"),
        ("layers", "PIPE"),
        ("new", "OTHER", "--crs", "EPSG:4547", "--district", "PIPE"),
        ("redline", "PIPE", "OTHER"),
        ("changes", "CITY", "YJJBNTTB", "PIPE", "PLOTS"),
        ("verify", "CITY", "--head", "PIPE"),
    ],
)
def test_a_pipe_wherever_a_file_is_named(onemap, pipe, city, tmp_path, words):
    plots = write_layer(tmp_path / "plots.gpkg", [box(500_000, 4_200_000, 500_100, 4_200_100)])
    places = {"CITY": city, "PIPE": pipe("a.toml"), "PLOTS": plots, "OTHER": tmp_path / "other.gpkg"}
    given = [str(places[word]) if word in places else word.replace("PIPE", str(places["PIPE"])) for word in words]
    answer = onemap(*given)
    assert (answer.code, answer.codes) == (3, ["source.no_file"]), answer.json


@pytest.mark.parametrize(
    ("name", "part"), [("a.shp", "a.cpg"), ("a.gml", "a.xsd"), ("a.gdb", "b.gdbtable"), ("a.mif", "a.x")]
)
def test_a_pipe_beside_a_source_under_its_name(onemap, pipe, tmp_path, name, part):
    driver = {"a.gdb": "OpenFileGDB", "a.gml": "GML", "a.mif": "MapInfo File"}.get(name, "ESRI Shapefile")
    source = write_layer(tmp_path / name, [box(500_000, 4_200_000, 500_100, 4_200_100)], driver=driver)
    (tmp_path / part).unlink(missing_ok=True)
    pipe(f"a.gdb/{part}" if name == "a.gdb" else part)
    assert onemap("inspect", source).codes == ["source.no_file"]


def test_a_pipe_beside_a_raster(onemap, pipe, tmp_path):
    facts = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8", "crs": "EPSG:4547"}
    with rasterio.open(tmp_path / "a.tif", "w", transform=from_origin(500_000, 4_200_000, 1, 1), **facts) as raster:
        raster.write(np.ones((1, 2, 2), np.uint8))
    assert onemap("inspect", tmp_path / "a.tif").code == 0
    pipe("a.tif.aux.xml")
    assert onemap("inspect", tmp_path / "a.tif").codes == ["source.no_file"]
