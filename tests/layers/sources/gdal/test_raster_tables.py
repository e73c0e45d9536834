"""Rasters beside features in a GeoPackage or a FileGDB are named, not silently skipped."""

from uuid import uuid4

import fiona
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from onemap.tests.conftest import write_layer

PLOT = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)


def write_raster(path, **options):
    """A raster of 4 × 3 cells of 20 m."""
    place = {"crs": "EPSG:4547", "transform": from_origin(500_000, 4_000_100, 20, 20)}
    with rasterio.open(path, "w", width=4, height=3, count=1, dtype="uint8", **place, **options) as dataset:
        dataset.write(np.arange(12, dtype="uint8").reshape(1, 3, 4))


def list_item(geodatabase, name, kind):
    """Enter a name into a geodatabase's own table of what it holds, as ArcGIS does for a raster that it writes."""
    with fiona.open(geodatabase, "a", layer="GDB_Items", LIST_ALL_TABLES="YES") as items:
        properties = dict.fromkeys(items.schema["properties"]) | {"Name": name, "Type": kind, "UUID": f"{{{uuid4()}}}"}
        items.write({"geometry": None, "properties": properties})


def kind_of(geodatabase, title):
    """The identifier of a kind of items, as the geodatabase lists it itself."""
    kinds = pyogrio.read_dataframe(geodatabase, layer="GDB_ItemTypes", LIST_ALL_TABLES="YES")
    return kinds.loc[kinds["Name"] == title, "UUID"].item()


@pytest.mark.parametrize("form", ["gpkg", "gdb"])
def test_a_raster_beside_features_is_named(onemap, tmp_path, form):
    library, sent = tmp_path / "library.gpkg", tmp_path / "sent"
    sent.mkdir()
    if form == "gpkg":
        path = sent / "地类.gpkg"
        write_raster(path, driver="GPKG", RASTER_TABLE="高程")
        write_layer(path, [PLOT], layer="DLTB", engine="pyogrio", mode="a")
    else:
        path = write_layer(sent / "地类.gdb", [PLOT], layer="DLTB", driver="OpenFileGDB")
        list_item(path, "高程", kind_of(path, "Raster Dataset"))
        list_item(path, "影像", kind_of(path, "Mosaic Dataset"))
        list_item(path, "规则", kind_of(path, "Topology"))
    [layer] = onemap("inspect", path).json["layers"]
    [problem] = [one for one in layer["problems"] if one["code"] == "raster.passed_over"]
    assert {"gpkg": "(高程)", "gdb": "(高程, 影像)"}[form] in problem["message"]
    assert layer["name"] == "DLTB" and "规则" not in problem["message"]
    onemap("new", library, "--crs", "EPSG:4547")
    report = onemap("add", library, path, "--as", "YJJBNTTB", "--covers", "extent", "--sure").json
    assert "raster.passed_over" in [one["code"] for one in report["problems"]]


def test_a_geodatabase_of_rasters_alone_is_refused(onemap, tmp_path):
    path, library = tmp_path / "地形.gdb", tmp_path / "library.gpkg"
    write_layer(path, [PLOT], layer="DLTB", driver="OpenFileGDB")
    list_item(path, "高程", kind_of(path, "Raster Dataset"))
    fiona.remove(str(path), driver="OpenFileGDB", layer="DLTB")
    onemap("new", library, "--crs", "EPSG:4547")
    for words in (("inspect", path), ("add", library, path, "--as", "DEM", "--covers", "extent")):
        answer = onemap(*words)
        assert answer.codes == ["raster.tiles"] and "高程" in answer.json["problems"][0]["message"]
