"""`inspect` describes a raster: its cells, its place, and whether it can be read at all."""

import zipfile
from contextlib import nullcontext

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.shutil import copy as copy_raster
from rasterio.transform import Affine, from_origin

from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import make_city

X, Y = 538_000.0, 4_214_000.0


def write(path, *, crs="EPSG:4547", transform=None, dtype="float32", nodata=None, driver="GTiff", overviews=()):
    """A raster of 40 × 30 cells of 20 m."""
    place = {} if transform is False else {"transform": transform or from_origin(X, Y, 20, 20)}
    made = {"driver": driver, "width": 40, "height": 30, "count": 1, "dtype": dtype, "nodata": nodata}
    with rasterio.open(path, "w", crs=crs, **made, **place) as dataset:
        dataset.write(np.arange(1200).reshape(1, 30, 40).astype(dtype))
        if overviews:
            dataset.build_overviews(overviews)
    return path


@pytest.fixture
def add(copied, tmp_path, onemap):
    """Add a raster to a library of its own."""
    copied(make_city, tmp_path)
    library = tmp_path / "city.gpkg"
    return lambda path, *more, code="DEM": onemap("add", library, path, "--as", code, "--covers", "extent", *more)


def test_a_raster_is_described_by_its_cells_without_loading_it(onemap, tmp_path):
    path = write(tmp_path / "高程.tif", crs="EPSG:4547+5737", nodata=-9999.0, overviews=[2, 4])
    answer = onemap("inspect", path).done()
    assert answer.json["format"] == "GTiff"
    layer = answer.json["layers"][0]
    assert (layer["name"], layer["count"], layer["geometry"]) == ("高程", 1, "Raster")
    assert layer["crs"]["from"] == "declared"
    assert layer["bounds"] == [X, Y - 600, X + 800, Y]
    assert layer["problems"] == []
    assert layer["raster"] == {
        "width": 40,
        "height": 30,
        "cell_width": 20.0,
        "cell_height": 20.0,
        "bands": 1,
        "data_type": "float32",
        "nodata": -9999.0,
        "vertical_datum": "Yellow Sea 1985 height",
        "overviews": [2, 4],
    }


def test_nodata_that_is_no_number_is_said_in_words(onemap, tmp_path):
    answer = onemap("inspect", write(tmp_path / "dem.tif", nodata=float("nan")))
    assert answer.json["layers"][0]["raster"]["nodata"] == "nan"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"crs": None}, "crs.missing"),
        ({"crs": None, "transform": False, "dtype": "uint8", "driver": "PNG"}, "raster.unplaced"),
        ({"transform": Affine(20, 3, X, 3, -20, Y)}, "raster.rotated"),
        ({"transform": from_origin(38_000_000 + X, Y, 20, 20)}, "crs.contradicted"),
    ],
)
def test_what_is_wrong_with_its_place_is_told(onemap, tmp_path, options, code):
    suffix = ".png" if options.get("driver") == "PNG" else ".tif"
    with pytest.warns() if options.get("transform") is False else nullcontext():
        path = write(tmp_path / f"a{suffix}", **options)
    answer = onemap("inspect", path).done()
    assert [problem["code"] for problem in answer.json["layers"][0]["problems"]] == [code]
    assert answer.stderr == ""


def test_a_raster_whose_cells_cannot_be_read_is_refused_and_not_added(onemap, add, tmp_path):
    path = write(tmp_path / "dem.tif")
    content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    assert onemap("inspect", path).codes == ["source.damaged"]
    assert add(path).codes == ["source.damaged"]


@pytest.mark.parametrize(
    ("options", "given", "code"),
    [
        ({"crs": None, "transform": False}, ["--crs", "EPSG:4547"], "raster.unplaced"),
        ({"transform": from_origin(38_000_000 + X, Y, 20, 20)}, [], "crs.contradicted"),
    ],
)
def test_a_raster_that_lies_nowhere_or_in_another_zone_is_not_added(add, tmp_path, options, given, code):
    with pytest.warns() if options.get("transform") is False else nullcontext():
        path = write(tmp_path / "dem.tif", **options)
    answer = add(path, *given)
    assert answer.codes == [code]
    assert answer.stderr == ""


def test_a_raster_whose_numbers_stand_for_other_values_is_refused(onemap, add, tmp_path):
    path = write(tmp_path / "dem.tif")
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (100.0,)
    problems = onemap("inspect", path).json["layers"][0]["problems"]
    assert [problem["code"] for problem in problems] == ["raster.scaled"]
    assert add(path).codes == ["raster.scaled"]


def test_a_raster_in_an_archive_is_named_with_the_way_out(onemap, add, tmp_path):
    packed = tmp_path / "dem.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(write(tmp_path / "高程.tif"), "国土/高程.tif")
        archive.writestr("国土/说明.docx", "")
    for answer in (onemap("inspect", packed), add(packed)):
        assert answer.codes == ["raster.packed"] and "高程.tif" in answer.json["problems"][0]["message"]


def test_a_raster_in_a_geopackage_is_named_with_the_way_out(onemap, add, tmp_path):
    tiles = tmp_path / "dem.gpkg"
    copy_raster(write(tmp_path / "terrain.tif"), tiles, driver="GPKG", RASTER_TABLE="高程")
    for answer in (onemap("inspect", tiles), add(tiles)):
        assert answer.codes == ["raster.tiles"] and "高程" in answer.json["problems"][0]["message"]


def test_a_form_of_rasters_that_is_not_read_is_named_with_the_way_out(onemap, add, tmp_path):
    """A grid of Esri is a folder of files, of which one stands for all."""
    sent = tmp_path / "sent"
    (sent / "dem").mkdir(parents=True)
    for name in ("dblbnd", "hdr", "sta", "w001001", "w001001x"):
        (sent / "dem" / f"{name}.adf").write_bytes(b"GRID1.2")
    for answer in (onemap("inspect", sent / "dem" / "w001001.adf"), add(sent / "dem" / "w001001.adf")):
        assert answer.codes == ["format.no_driver"] and "GeoTIFF" in answer.json["problems"][0]["mend"]
    plan = onemap("ingest", tmp_path / "city.gpkg", sent, "--plan", tmp_path / "plan.toml").json["plan"]
    assert [row["source"] for row in plan if row["status"] == "unreadable"] == ["dem/hdr.adf"]


@pytest.mark.parametrize(
    ("declared", "given", "codes"),
    [
        ("EPSG:4547", [], []),
        ("EPSG:4547", ["--crs", "EPSG:4547"], []),
        (None, ["--crs", "EPSG:4547"], []),
        ("EPSG:4548", ["--crs", "EPSG:4547"], ["crs.overridden"]),
        ("EPSG:32650", [], ["crs.identity"]),
        ("EPSG:4548", ["--crs", "EPSG:32650"], ["crs.overridden", "crs.identity"]),
    ],
)
def test_it_is_said_that_another_system_is_taken_or_two_datums_are_one(add, tmp_path, declared, given, codes):
    path = write(tmp_path / "dem.tif", crs=declared, transform=from_origin(538_000, 4_214_000, 20, 20))
    answer = add(path, *given)
    assert (answer.code, answer.codes) == (0, codes)
    assert {problem["level"] for problem in answer.json["problems"]} <= {"warn", "note"}


def test_of_several_bands_it_is_said_that_the_first_is_read(onemap, add, tmp_path):
    path = tmp_path / "dem.tif"
    grid = {"width": 4, "height": 3, "count": 2, "dtype": "float32", "transform": from_origin(X, Y, 20, 20)}
    with rasterio.open(path, "w", crs="EPSG:4547", **grid) as dataset:
        dataset.write(np.zeros((2, 3, 4), dtype="float32"))
    assert [problem["code"] for problem in onemap("inspect", path).json["layers"][0]["problems"]] == ["raster.bands"]
    answer = add(path)
    assert (answer.code, answer.codes) == (0, ["raster.bands"])
    assert answer.json["problems"][0]["level"] == "warn"


def test_of_several_pages_it_is_said_that_the_first_is_read(onemap, add, tmp_path):
    path = tmp_path / "dem.tif"
    grid = {"width": 4, "height": 3, "count": 1, "dtype": "float32", "transform": from_origin(X, Y, 20, 20)}
    for more in ({}, {"APPEND_SUBDATASET": "YES"}):
        with rasterio.open(path, "w", driver="GTiff", crs="EPSG:4547", **grid, **more) as dataset:
            dataset.write(np.zeros((1, 3, 4), dtype="float32"))
    (problem,) = onemap("inspect", path).json["layers"][0]["problems"]
    assert problem["code"] == "raster.pages" and "2" in problem["message"]
    answer = add(path)
    assert (answer.code, answer.codes) == (0, ["raster.pages"])


@pytest.mark.parametrize("bands", [1, 2])
def test_of_netcdf_one_grid_is_read_and_of_several_none(onemap, add, tmp_path, bands):
    """GDAL writes each band as a variable."""
    grid = {"width": 4, "height": 3, "count": bands, "dtype": "float32", "transform": from_origin(X, Y, 20, 20)}
    with rasterio.open(tmp_path / "dem.tif", "w", driver="GTiff", crs="EPSG:4547", **grid) as dataset:
        dataset.write(np.zeros((bands, 3, 4), dtype="float32"))
    path = tmp_path / "dem.nc"
    copy_raster(tmp_path / "dem.tif", path, driver="netCDF")
    answer = add(path)
    if bands == 1:
        assert (answer.code, answer.codes) == (0, [])
    else:
        assert onemap("inspect", path).codes == answer.codes == ["raster.several"]
        assert "Band1, Band2" in answer.json["problems"][0]["message"]


def test_an_undeclared_number_for_no_value_is_told_and_of_a_declared_one_nothing(onemap, add, tmp_path):
    grid = {"width": 4, "height": 5, "count": 1, "dtype": "float32", "transform": from_origin(X, Y, 20, 20)}
    cells = np.full((5, 4), 31.5, dtype="float32")
    cells[:, 0] = -9999
    for name, nodata in (("told.tif", None), ("declared.tif", -9999)):
        with rasterio.open(tmp_path / name, "w", crs="EPSG:4547", nodata=nodata, **grid) as dataset:
            dataset.write(cells, 1)
    for name, codes in (("told.tif", ["raster.fill"]), ("declared.tif", [])):
        problems = onemap("inspect", tmp_path / name).json["layers"][0]["problems"]
        assert [problem["code"] for problem in problems] == codes
        assert all("25.0 % hold -9999" in problem["message"] for problem in problems)
        answer = add(tmp_path / name, "--label", name)
        assert (answer.code, answer.codes) == (0, codes)


@pytest.mark.parametrize(
    ("beyond", "others", "unit", "codes"),
    [
        (29_365, 2_510, None, ["raster.heights"]),  # centimetres that nobody declares
        (29_365, 2_510, "cm", ["raster.unit"]),
        (-600, 31, None, ["raster.heights"]),
        (8_848, -430, None, []),
        (29_365, 2_510, "mGal", ["raster.unit"]),  # no length: no height is known
        (-32_768, 31, None, ["raster.fill"]),
        (3_600, 2_510, None, []),  # one steep step of fifteen
    ],
)
def test_heights_that_cannot_be_are_told(add, tmp_path, beyond, others, unit, codes):
    grid = {"width": 4, "height": 5, "count": 1, "dtype": "int16", "transform": from_origin(X, Y, 20, 20)}
    cells = np.full((5, 4), others, dtype="int16")
    cells[0, 0] = beyond
    with rasterio.open(tmp_path / "dem.tif", "w", crs="EPSG:4547", **grid) as dataset:
        dataset.write(cells, 1)
        dataset.units = (unit,)
    answer = add(tmp_path / "dem.tif")
    assert (answer.code, answer.codes) == (0, codes)
    if codes == ["raster.heights"]:
        assert "5.0 % hold no height" in answer.json["problems"][0]["message"]
    picture = add(tmp_path / "dem.tif", "--sure", code="DOM")
    assert picture.code == 0 and "raster.heights" not in picture.codes


@pytest.mark.parametrize(
    ("crs", "transform", "unit", "codes"),
    [
        ("EPSG:4547", from_origin(X, Y, 20, 20), None, ["raster.steep"]),
        ("EPSG:4547", from_origin(X, Y, 20, 20), "cm", ["raster.unit"]),
        ("EPSG:4547", from_origin(X, Y, 200, 200), None, []),
        ("EPSG:4490", from_origin(114, 36, 2e-4, 2e-4), None, ["raster.steep"]),
        ("EPSG:4490", from_origin(114, 36, 2e-3, 2e-3), None, []),
    ],
)
def test_ground_too_steep_to_be_is_told(add, tmp_path, crs, transform, unit, codes):
    """Hills of 2 m, in centimetres: steps of 200 in every other row."""
    cells = np.full((5, 4), 2_500, dtype="int16")
    cells[::2, ::2] += 200
    grid = {"width": 4, "height": 5, "count": 1, "dtype": "int16", "transform": transform}
    with rasterio.open(tmp_path / "dem.tif", "w", crs=crs, **grid) as dataset:
        dataset.write(cells, 1)
        dataset.units = (unit,)
    answer = add(tmp_path / "dem.tif")
    assert (answer.code, [code for code in answer.codes if code.startswith("raster.")]) == (0, codes)


def test_complex_numbers_are_refused(onemap, add, tmp_path):
    path = write(tmp_path / "dem.tif", dtype="complex64")
    problems = onemap("inspect", path).json["layers"][0]["problems"]
    assert [problem["code"] for problem in problems] == ["raster.complex"]
    assert add(path).codes == ["raster.complex"]


def test_a_vector_file_for_a_raster_layer_is_no_damaged_one(add, tmp_path):
    vector = write_layer(tmp_path / "a.gpkg", [shapely.Point(X, Y)])
    assert add(vector).codes == ["raster.vector"]
    broken = tmp_path / "b.tif"
    broken.write_bytes(b"II*\0 no more")
    assert add(broken).codes == ["source.damaged"]


def test_a_folder_of_tiles_says_how_they_become_one_raster(add, tmp_path):
    folder = tmp_path / "tiles"
    folder.mkdir()
    refused = add(folder)
    assert (refused.code, refused.codes) == (3, ["source.folder"])
    for name in ("2.tif", "1.tif"):
        write(folder / name)
    (problem,) = add(folder).json["problems"]
    assert problem["code"] == "raster.folder" and "1.tif, 2.tif" in problem["message"]
