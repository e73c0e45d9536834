"""Tables without geometry and rasters in packages: equal to the last row and cell, on files and on a server."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import LineString, Point, box

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import read_version, versions
from onemap.layers.rasters.raster_reference import reference_of
from onemap.layers.rasters.rasters import checked_raster
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done

PEOPLE = {
    "XZQDM": ["130902001", "130902002", "130903", "130902"],
    "ND": [2020, 2020, 2020, 2020],
    "CZRK": [1200.5, 800.0, None, 2000.5],
    "LY": ["普查", None, "年鉴", "合计"],
}


def rows_of(location, *codes):
    with open_library(str(location)) as library:
        found = {}
        for version in versions(library):
            if version.code in codes:
                stored = read_version(library, version, None)
                assert shapely.is_missing(stored.geometries).all()
                found[version.code, version.label] = (version.hash, stored.attributes.to_dict("list"))
        return found


def cells_of(location):
    """The cells of the terrain as the library reads them, and the path of its file."""
    with open_library(str(location)) as library:
        (version,) = [one for one in versions(library) if one.code == "DEM"]
        reference = reference_of(read_version(library, version, None).attributes.iloc[0], library.path)
        with checked_raster(reference) as dataset:
            return dataset.read(), dataset.transform, dataset.crs.to_epsg(), reference


@pytest.fixture
def sender(tmp_path, onemap):
    """A library of two counties with a table of population in two states, and a terrain model."""
    folder = tmp_path / "sender"
    folder.mkdir()
    path, district = folder / "county.gpkg", folder / "district.gpkg"
    ground = shapely.box(500_000, 4_200_000, 500_400, 4_200_400)
    gpd.GeoDataFrame(geometry=[ground], crs="EPSG:4547").to_file(district)
    assert onemap("new", path, "--crs=EPSG:4547", "--name=县", "--district", district).code == 0
    units = gpd.GeoDataFrame(
        {"BSM": ["1", "2"], "XZQDM": ["130902", "130903"], "XZQMC": ["新华区", "运河区"]},
        geometry=[
            shapely.box(500_000, 4_200_000, 500_200, 4_200_400),
            shapely.box(500_200, 4_200_000, 500_400, 4_200_400),
        ],
        crs="EPSG:4547",
    )
    units.to_file(folder / "units.gpkg")
    onemap("add", path, folder / "units.gpkg", "--as=XZQ", "--covers=district", "--valid-from=2020-01-01").done()
    for label, more in (("2020", {}), ("2021", {"ND": [2021] * 4, "CZRK": [1300, 800, 5, 2100]})):
        pd.DataFrame(PEOPLE | more).to_csv(folder / "people.csv", index=False)
        onemap(
            "add", path, folder / "people.csv", "--as=RKTJ", "--label", label, "--valid-from", f"{label}-12-31"
        ).done()
    heights = np.random.default_rng(3).normal(50, 5, (20, 20)).astype("float32")
    heights[3, 4] = -9999
    grid = {"width": 20, "height": 20, "count": 1, "dtype": "float32", "crs": "EPSG:4547", "nodata": -9999}
    grid["transform"] = from_origin(500_000, 4_200_400, 20, 20)
    with rasterio.open(folder / "terrain.tif", "w", driver="GTiff", **grid) as dataset:
        dataset.write(heights, 1)
    onemap("add", path, folder / "terrain.tif", "--as=DEM", "--covers=extent", "--label=2020").done()
    return path


@pytest.fixture
def receiver(tmp_path, onemap):
    path = tmp_path / "province.gpkg"
    assert onemap("new", path, "--crs=EPSG:4547", "--name=省").code == 0
    return path


def deliver(onemap, library, target, *arguments, code=0):
    answer = onemap("deliver", library, target, *arguments)
    assert answer.code == code, answer.json
    return answer.json


def receive(onemap, library, package, *arguments, code=0):
    answer = onemap("receive", library, package, *arguments)
    assert answer.code == code, answer.json
    return answer.json


def test_a_table_comes_in_to_the_last_row_and_again_nothing(sender, receiver, onemap, tmp_path):
    package = tmp_path / "p.zip"
    deliver(onemap, sender, package, "--layers=RKTJ", "--gdb")
    receive(onemap, receiver, package)
    sent, come = rows_of(sender, "RKTJ"), rows_of(receiver, "RKTJ")
    assert come == {("RKTJ", "2021"): sent["RKTJ", "2021"]} and len(come["RKTJ", "2021"][1]["CZRK"]) == 4
    assert onemap("verify", receiver).json["ok"]
    assert [row["status"] for row in receive(onemap, receiver, package)["plan"]] == ["held"]
    with zipfile.ZipFile(package) as packed:
        packed.extractall(tmp_path / "out")
    (geodatabase,) = (tmp_path / "out").rglob("features.gdb")
    rows = pyogrio.read_dataframe(geodatabase, layer="RKTJ")
    assert rows["CZRK"].tolist() == [1300, 800, 5, 2100] and not isinstance(rows, gpd.GeoDataFrame)


def test_a_change_of_a_table_is_applied_on_its_base(sender, receiver, onemap, tmp_path):
    full, change = tmp_path / "full.zip", tmp_path / "change.zip"
    deliver(onemap, sender, full, "--layers=RKTJ", "--as-of=2021-06-01")
    deliver(onemap, sender, change, "--layers=RKTJ", "--since=2020")
    refused = receive(onemap, receiver, change, code=3)
    assert refused["problems"][0]["code"] == "package.base_differs"
    receive(onemap, receiver, full)
    receive(onemap, receiver, change)
    assert rows_of(receiver, "RKTJ") == rows_of(sender, "RKTJ")


def test_of_one_unit_the_rows_of_it_and_of_what_lies_in_it_leave(sender, receiver, onemap, tmp_path):
    package = tmp_path / "p.zip"
    deliver(onemap, sender, package, "--layers=RKTJ", "--unit=XZQ=新华区")
    receive(onemap, receiver, package)
    ((_, rows),) = rows_of(receiver, "RKTJ").values()
    assert rows["XZQDM"] == ["130902001", "130902002", "130902"]
    define = "name=表,department=land,library=base,kind=census,geometry=table"
    pd.DataFrame({"A": ["x", "y"], "B": [1, 2]}).to_csv(tmp_path / "plain.csv", index=False)
    assert onemap("add", sender, tmp_path / "plain.csv", "--as=PLAIN", "--define", define).code == 0
    refused = deliver(onemap, sender, tmp_path / "q.zip", "--layers=PLAIN", "--unit=XZQ=130902", code=3)
    assert refused["problems"][0]["code"] == "package.unit_field" and not (tmp_path / "q.zip").exists()


def test_what_lies_on_the_border_of_two_units_leaves_with_either(onemap, tmp_path):
    library = tmp_path / "border.gpkg"
    done("new", library, "--crs", "EPSG:4547")
    shapes = {"UNITS": [box(0, 0, 100, 100), box(100, 0, 200, 100)], "ROADS": [LineString([(100, 10), (100, 90)])]}
    shapes |= {"WELLS": [Point(100, 50), Point(150, 50)], "FIELDS": [box(0, 0, 100, 100), box(100, 0, 200, 100)]}
    kinds = {"UNITS": "polygon", "ROADS": "line", "WELLS": "point", "FIELDS": "polygon"}
    for code, geometries in shapes.items():
        moved = shapely.transform(np.array(geometries), lambda xy: xy + (500_000, 4_200_000)).tolist()
        source = write_layer(tmp_path / f"{code}.gpkg", moved, {"BSM": [f"{n}" for n in range(len(moved))]})
        define = f"name={code},department=land,library=base,kind=vector,geometry={kinds[code]},key=BSM"
        done("add", library, source, "--as", code, "--covers", "extent", "--define", define)
    for unit, wells in (("0", 1), ("1", 2)):
        layers = ("--layers", "ROADS,WELLS,FIELDS", "--unit", f"UNITS={unit}")
        answer = done("deliver", library, tmp_path / f"{unit}.zip", *layers).json
        assert [row["features"] for row in answer["layers"]] == [1, wells, 1]


def test_a_raster_comes_in_to_the_last_cell_and_lies_beside_the_library(sender, receiver, onemap, tmp_path):
    package = tmp_path / "p.zip"
    deliver(onemap, sender, package, "--layers=DEM,RKTJ")
    receive(onemap, receiver, package)
    before, after = cells_of(sender), cells_of(receiver)
    assert np.array_equal(before[0], after[0]) and before[1:3] == after[1:3]
    assert after[3].sha256 == before[3].sha256 and after[3].path == tmp_path / "province.gpkg.rasters" / "DEM__1.tif"
    assert onemap("verify", receiver).json["ok"]
    assert {row["status"] for row in receive(onemap, receiver, package)["plan"]} == {"held"}
    onward, last = tmp_path / "onward.zip", tmp_path / "last.gpkg"
    deliver(onemap, receiver, onward, "--layers=DEM")
    assert onemap("new", last, "--crs=EPSG:4547").code == 0
    receive(onemap, last, onward, "--rasters", tmp_path / "elsewhere")
    assert np.array_equal(cells_of(last)[0], before[0])
    assert cells_of(last)[3].path == tmp_path / "elsewhere" / "DEM__1.tif"


def test_a_raster_whose_cells_lie_in_a_file_beside_it_comes_in_with_that_and_is_another_with_another(
    receiver, onemap, tmp_path
):
    """Both states have the same .img of ERDAS, byte for byte: the cells are in the .ige."""
    packages = []
    for height in (50, 60):
        folder = tmp_path / f"h{height}"
        folder.mkdir()
        assert onemap("new", folder / "county.gpkg", "--crs=EPSG:4547").code == 0
        grid = {"width": 64, "height": 64, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
        grid["transform"] = from_origin(500_000, 4_200_400, 20, 20)
        with rasterio.open(folder / "terrain.img", "w", driver="HFA", USE_SPILL="YES", **grid) as dataset:
            dataset.write(np.full((64, 64), height, dtype="float32"), 1)
        packages.append(folder / "terrain.zip")
        add = ("add", folder / "county.gpkg", folder / "terrain.img", "--as=DEM", "--covers=extent", "--label=2020")
        assert onemap(*add).code == 0
        deliver(onemap, folder / "county.gpkg", packages[-1], "--layers=DEM")
    first, second = ((path.parent / "terrain.img").read_bytes() for path in packages)
    assert first == second
    receive(onemap, receiver, packages[0])
    assert (cells_of(receiver)[0] == 50).all()
    (plan,) = receive(onemap, receiver, packages[0])["plan"]
    assert plan["status"] == "held"
    assert receive(onemap, receiver, packages[1], code=3)["problems"][0]["code"] == "package.label"


def test_a_raster_that_is_refused_leaves_no_file(sender, receiver, onemap, tmp_path):
    package = tmp_path / "p.zip"
    deliver(onemap, sender, package, "--layers=DEM,RKTJ")
    pd.DataFrame(PEOPLE).to_csv(tmp_path / "other.csv", index=False)
    assert onemap("add", receiver, tmp_path / "other.csv", "--as=RKTJ", "--label=2021").code == 0
    assert receive(onemap, receiver, package, code=3)["problems"][0]["code"] == "package.label"
    assert not (tmp_path / "province.gpkg.rasters").exists()
    (sender.parent / "terrain.tif").write_bytes(b"II*\0")
    refused = deliver(onemap, sender, tmp_path / "q.zip", "--layers=DEM", code=3)
    assert refused["problems"][0]["code"] == "version.unreadable" and not (tmp_path / "q.zip").exists()


@pytest.mark.slow
def test_tables_and_rasters_go_to_a_server_and_on_to_a_file_unchanged(sender, postgis, onemap, tmp_path):
    package, onward, last = tmp_path / "p.zip", tmp_path / "onward.zip", tmp_path / "last.gpkg"
    deliver(onemap, sender, package, "--layers=RKTJ,DEM")
    url = f"{postgis.database().url}&schema=province"
    assert onemap("new", url, "--crs", "EPSG:4547").code == 0
    assert receive(onemap, url, package, code=3)["problems"][0]["code"] == "package.no_folder"
    receive(onemap, url, package, "--rasters", tmp_path / "rasters")
    deliver(onemap, url, onward, "--layers=RKTJ,DEM")
    assert onemap("new", last, "--crs", "EPSG:4547").code == 0
    receive(onemap, last, onward)
    assert rows_of(last, "RKTJ") == {("RKTJ", "2021"): rows_of(sender, "RKTJ")["RKTJ", "2021"]}
    assert np.array_equal(cells_of(last)[0], cells_of(sender)[0])
