"""raster: cells by exact weight, by hand on small grids, and real slopes compared with their truth."""

import os

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import MultiPolygon, Polygon, box

from onemap.layers.errors import OneMapError
from onemap.rules.judge.kinds import raster_grids

DEFINE = "name=g,department=land,library=base,kind=vector,geometry=raster"
RULE = {"kind": "raster", "layer": "GRID"}


def write_grid(
    path, values, west=0.0, north=40.0, cell=10.0, crs="EPSG:4547", nodata=-9999.0, dtype="float64", unit=None, **more
):
    values = np.asarray(values, dtype=dtype)
    profile = {"driver": "GTiff", "count": 1, "dtype": dtype, "nodata": nodata, "crs": crs, **more}
    shape = {"height": values.shape[0], "width": values.shape[1], "transform": from_origin(west, north, cell, cell)}
    with rasterio.open(path, "w", **profile, **shape) as dataset:
        dataset.write(values, 1)
        dataset.units = (unit,)
    return path


@pytest.fixture
def grid(desk):
    def add(values, *more, **options):
        path = write_grid(desk.folder / "grid.tif", values, **options)
        desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent", *more).done()
        return path

    return add


def test_cells_above_a_value_are_weighed_by_the_ground_that_they_share(desk, grid):
    grid([[0, 9, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    # x 5…25, y 25…40: of the cell of 9 its whole 100 m², of the cell of 5 half of it.
    found = desk.check({"A": box(5, 25, 25, 40)}, {**RULE, "above": 4})
    row = found.finding("A")
    assert (row.share, row.area_m2, row.counted) == (pytest.approx(0.5), pytest.approx(150.0), True)
    assert row.value == pytest.approx((9 * 100 + 5 * 50) / 300)
    assert row.geometry.area == pytest.approx(150.0)
    assert found.verdicts() == {"A": "prohibited"} and len(found.table("overlaps")) == 0


def test_ground_outside_the_coverage_is_unknown_though_the_grid_has_values_there(desk):
    path = write_grid(desk.folder / "grid.tif", [[0, 0, 0, 9]] * 4)
    covers = desk.write("covers", [box(0, 0, 20, 40)], {"n": [1]}, "EPSG:4547")
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", covers).done()
    parcels = {"A": box(0, 0, 20, 40), "B": box(10, 0, 30, 40), "C": box(20, 0, 45, 40)}
    found = desk.check(parcels, {**RULE, "above": 4})
    # Of C 400 m² match, 400 m² have a value of which the version does not speak, and 200 m² lie off the grid.
    assert found.verdicts() == {"A": "clear", "B": "unknown", "C": "prohibited"}
    assert found.hits() == {"C": pytest.approx(400.0)}
    assert found.finding("C").share == pytest.approx(0.5)
    assert found.unknowns() == {
        "B": (pytest.approx(400.0), "outside_coverage"),
        "C": (pytest.approx(600.0), "outside_coverage,nodata"),
    }


def test_a_raster_may_stand_in_a_layers_place_for_a_trial(desk, grid):
    grid([[1, 2, 3, 4]] * 4)
    other = write_grid(desk.folder / "other.tif", [[9, 9, 9, 0]] * 4)
    parcel = {"A": box(0, 0, 40, 40)}
    found = desk.check(parcel, {**RULE, "above": 3}, replace=f"GRID={other}")
    assert (found.finding("A").share, found.finding("A").version) == (pytest.approx(0.75), "other.tif")
    assert desk.check(parcel, {**RULE, "above": 3}).finding("A").share == pytest.approx(0.25)


def test_heights_that_cannot_be_are_told_by_who_checks_with_them_too(desk):
    """In centimetres that nobody declares: each is a slope near 90°."""
    path = write_grid(desk.folder / "dem.tif", [[29_365, 30_100, 29_000, 28_000]] * 4, unit=None)
    rule, parcel = {**RULE, "layer": "DEM", "derive": "slope", "above": 25}, {"A": box(10, 10, 30, 30)}
    other = write_grid(desk.folder / "other.tif", [[293, 301, 290, 280]] * 4)
    assert desk.run("add", desk.library, path, "--as", "DEM", "--covers", "extent").codes == ["raster.heights"]
    (remark,) = desk.check(parcel, rule).answer.json["problems"]
    assert (remark["code"], remark["file"], remark["layer"]) == ("raster.heights", "dem.tif", "DEM")
    assert desk.check(parcel, rule, replace=f"DEM={other}").answer.codes == []


def test_the_limit_is_strict_and_below_works_the_other_way(desk, grid):
    grid([[1, 2, 3, 4]] * 4)
    parcel = {"A": box(0, 0, 40, 40)}
    assert desk.check(parcel, {**RULE, "above": 3}).finding("A").share == pytest.approx(0.25)
    assert desk.check(parcel, {**RULE, "below": 3}).finding("A").share == pytest.approx(0.5)
    assert desk.check(parcel, {**RULE, "above": 4}).verdicts() == {"A": "clear"}


@pytest.mark.parametrize(
    ("north", "east", "crs"), [(4_580_000, 12_690_000, "EPSG:3857"), (2_300_000, 400_000, "EPSG:32649")]
)
def test_a_grid_with_its_axes_exchanged_is_refused(desk, north, east, crs):
    """It would lie beyond the Arctic Circle, or in the Pacific."""
    path = write_grid(desk.folder / "grid.tif", [[0] * 4] * 4, west=north, north=east, crs=crs)
    answer = desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent")
    assert (answer.code, answer.codes) == (3, ["crs.contradicted"])
    assert "The raster lies outside China" in answer.json["problems"][0]["message"]


def test_a_grid_in_a_system_that_proj_cannot_work_with_is_refused(desk):
    path = write_grid(desk.folder / "grid.tif", [[0] * 4] * 4)
    unknown = pyproj.CRS(4547).to_wkt("WKT1_GDAL").replace("Transverse_Mercator", "Of_Nobody")
    given = ("--as", "GRID", "--define", DEFINE, "--covers", "extent", "--crs", unknown)
    answer = desk.run("add", desk.library, path, *given)
    assert (answer.code, answer.codes) == (3, ["crs.unusable"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("value", "limit"), [(0.1, "above"), (24.9, "below")])  # in four bytes above 0.1, below 24.9
def test_a_cell_at_the_limit_is_no_conflict_however_many_bytes_hold_it(desk, grid, dtype, value, limit):
    grid([[value] * 4] * 4, dtype=dtype)
    assert desk.check({"A": box(0, 0, 40, 40)}, {**RULE, limit: value}).verdicts() == {"A": "clear"}


def test_a_share_below_the_least_is_reported_and_does_not_count(desk, grid):
    grid([[1, 0, 0, 0]] + [[0] * 4] * 3)
    parcel = {"A": box(0, 0, 40, 40)}
    row = desk.check(parcel, {**RULE, "above": 0.5, "min_share": 0.1}).finding("A")
    assert (row.share, row.counted, row.reason) == (pytest.approx(0.0625), False, "below_area")
    assert desk.check(parcel, {**RULE, "above": 0.5, "min_share": 0.0625}).finding("A").counted


def test_cells_without_value_and_ground_off_the_grid_are_unknown(desk, grid):
    grid([[1, -9999, 0, 0]] + [[0] * 4] * 3)
    found = desk.check(
        {"hole": box(0, 30, 20, 40), "off": box(30, 0, 60, 10), "far": box(500, 0, 510, 10)}, {**RULE, "above": 0.5}
    )
    assert found.unknowns() == {
        "hole": (pytest.approx(100.0), "nodata"),
        "off": (pytest.approx(200.0), "nodata"),
        "far": (pytest.approx(100.0), "nodata"),
    }
    row = found.finding("hole")
    assert (row.share, row.area_m2) == (pytest.approx(1.0), pytest.approx(100.0))  # of the valid ground


def test_a_long_edge_is_straight_in_the_plane_also_on_a_grid_in_degrees(desk, grid):
    rows = np.zeros((500, 500))
    row = 200
    rows[row, :] = 1
    rows[row - 1, :] = -9999
    where = {"west": 113.9, "north": 38.1, "cell": 4e-4, "crs": "EPSG:4490"}
    grid(rows, **where)
    to_plane = pyproj.Transformer.from_crs(4490, 4547, always_xy=True).transform
    # The parallels below and above the two rows, in steps of a metre or two: no edge of theirs is long.
    lower, middle, upper = (
        np.column_stack(to_plane(np.linspace(113.92, 114.08, 10_000), np.full(10_000, 38.1 - line * 4e-4)))
        for line in (row + 1, row, row - 1)
    )
    east, north = 497_000, lower[:, 1].min() + 1
    parcel = box(east, north, east + 6_000, north + 80)
    hit, blank = (parcel.intersection(Polygon([*a, *b[::-1]])).area for a, b in ((lower, middle), (middle, upper)))
    assert hit > 100_000 and blank > 1000
    found = desk.check({"A": parcel}, {**RULE, "above": 0.5})
    assert found.hits() == {"A": pytest.approx(hit, rel=1e-3)}
    assert found.unknowns() == {"A": (pytest.approx(blank, rel=1e-3), "nodata")}


def test_a_parcel_whose_corners_stand_on_corners_of_cells_in_degrees_is_judged(desk, grid):
    """Back in the plane, pieces thinner than the last digit cross themselves, and no union of them can be made."""
    cell, west, north = 2.631578947368421e-05, 114.00001315789476, 30.721698536976398
    grid(np.ones((160, 160)), west=west, north=north, cell=cell, crs="EPSG:4490")
    to_plane = pyproj.Transformer.from_crs(4490, 4547, always_xy=True).transform
    shell = np.array([(16, 15), (13, 17), (0, 10), (6, 3), (13, 6), (17, 13)])
    hole = np.array([(8, 7), (7, 7), (6, 8), (7, 9), (8, 10), (9, 9), (9, 8), (9, 7)])
    corners = [(column, row) for column in range(0, 140, 10) for row in range(0, 140, 10)]
    parcels = shapely.transform(
        [Polygon(shell + corner, [hole + corner]) for corner in corners],
        lambda xy: np.column_stack(to_plane(west + xy[:, 0] * cell, north - xy[:, 1] * cell)),
    )
    areas = {f"P{at}": pytest.approx(parcel.area) for at, parcel in enumerate(parcels)}
    found = desk.check({f"P{at}": parcel for at, parcel in enumerate(parcels)}, {**RULE, "above": 0.5})
    assert (found.hits(), found.unknowns()) == (areas, {})


@pytest.mark.parametrize(
    ("dtype", "mark", "rule"),
    [
        ("float32", -9999, {"above": 30}),
        ("float32", -9999, {"above": 5, "derive": "slope"}),
        ("float64", -99999, {"above": 30}),
        ("int16", -32768, {"above": 30}),
        ("int16", -32767, {"above": 5, "derive": "slope"}),
        ("int32", -(2**31), {"above": 30}),
        ("float32", np.finfo("float32").min, {"above": 30}),
        ("float32", np.finfo("float32").max, {"below": 3}),
        ("float64", 1e38, {"below": 3}),
        ("uint16", 65535, {"below": 3}),
    ],
)
def test_what_stands_for_no_value_is_none_whether_it_is_declared_or_not(desk, grid, dtype, mark, rule):
    rows = [[4, 4, 4, 4, 40, 2, mark, mark]] * 8
    parcels = {"blank": box(62, 2, 78, 78), "half": box(50, 10, 70, 30), "high": box(40, 10, 48, 20)}
    outcomes = []
    for nodata in (float(mark), None):
        grid(rows, f"--label=of {nodata}", dtype=dtype, nodata=nodata, north=80.0)
        found = desk.check(parcels, {**RULE, **rule})
        outcomes.append((found.verdicts(), found.hits(), found.unknowns()))
    declared, undeclared = outcomes
    assert declared == undeclared
    assert declared[0]["blank"] == "unknown"


def test_in_degrees_what_stands_for_no_value_is_not_mixed_with_the_heights_beside_it(desk):
    """A plain with nothing measured in its eastern half: between the two is no cliff."""
    rows = [[100] * 20 + [-9999] * 20] * 40
    where = {"west": 113.98, "north": 38.02, "cell": 0.001, "crs": "EPSG:4490", "dtype": "int16", "nodata": None}
    path = write_grid(desk.folder / "geo.tif", rows, **where)
    answer = desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent")
    assert answer.codes == ["raster.fill"]
    found = desk.check({"A": box(499_000, 4_206_500, 501_000, 4_206_700)}, {**RULE, "above": 1, "derive": "slope"})
    assert found.hits() == {} and found.verdicts() == {"A": "unknown"}


def test_a_parcel_without_any_value_is_unknown_as_it_is_whether_a_grid_lies_near_another_or_not(desk, grid):
    grid([[1, 2, 3, -9999]] * 4)
    # Edges of some hundred metres, across cells of ten: put together again its ground would have other corners.
    far = Polygon([(300.3, 100.7), (411.9, 133.1), (377.7, 222.2), (301.1, 180.9)])
    blank = Polygon([(31.1, 2.2), (39.7, 5.3), (37.3, 37.9), (32.3, 31.1)])
    near = {"near": box(0, 0, 20, 20), "blank": blank, "far": far}
    alone = desk.check({"far": far}, {**RULE, "above": 2}).finding("far", unknown=True)
    for name, shape in (("far", far), ("blank", blank)):
        row = desk.check(near, {**RULE, "above": 2}).finding(name, unknown=True)
        assert row.geometry.normalize().equals_exact(MultiPolygon([shape]).normalize(), 1e-6)
        assert (row.area_m2, row.share, row.reason) == (pytest.approx(shape.area), 1.0, "nodata")
    beside = desk.check(near, {**RULE, "above": 2}).finding("far", unknown=True)
    assert (beside.area_m2, beside.area_ellipsoidal_m2) == (alone.area_m2, alone.area_ellipsoidal_m2)


def test_slope_is_horns_and_the_outer_ring_has_none(desk, grid):
    # A plane that rises 10 m per 10 m eastwards: 45° everywhere but on the ring.
    grid([[0, 10, 20, 30]] * 4)
    found = desk.check(
        {"inner": box(10, 10, 30, 30), "all": box(0, 0, 40, 40)}, {**RULE, "above": 44, "derive": "slope"}
    )
    inner = found.finding("inner")
    assert (inner.share, inner.value) == (1.0, pytest.approx(45.0))
    assert found.finding("all").share == pytest.approx(1.0)
    assert found.unknowns() == {"all": (pytest.approx(1200.0), "nodata")}


@pytest.mark.parametrize(
    ("unit", "verdict"), [("ft", "clear"), ("km", "prohibited"), ("%", "unknown"), (None, "prohibited")]
)
def test_slopes_are_taken_of_heights_in_the_unit_that_the_raster_names(desk, unit, verdict):
    """6 up for every 10 m: 31° in metres, 10.4° in feet."""
    path = write_grid(desk.folder / "grid.tif", [[0, 6, 12, 18]] * 4, unit=unit)
    answer = desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent")
    assert (answer.code, answer.codes) == (0, ["raster.unit"] if unit else [])
    parcel = box(10, 10, 30, 30)
    found = desk.check({"A": parcel}, {**RULE, "above": 25, "derive": "slope"})
    assert found.verdicts() == {"A": verdict}
    assert found.unknowns() == ({"A": (pytest.approx(400.0), "heights")} if verdict == "unknown" else {})
    # A rule on the values themselves compares them as they are.
    assert desk.check({"A": parcel}, {**RULE, "above": 5}).finding("A").value == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("heights", "verdict"),
    [("6360", "clear"), ("8228", "clear"), ("5737", "prohibited")],  # feet of surveys, feet, metres
)
@pytest.mark.parametrize("is_given", [False, True])
def test_slopes_are_taken_of_heights_in_the_unit_of_the_system_where_the_raster_names_none(
    desk, heights, verdict, is_given
):
    """The system of an .asc stands beside it, or is said when it is added."""
    path = desk.folder / "grid.asc"
    path.write_text("ncols 4\nnrows 4\nxllcorner 0\nyllcorner 0\ncellsize 10\n" + "0 6 12 18\n" * 4, encoding="ascii")
    system = f"EPSG:4547+{heights}"
    given = [f"--crs={system}"] if is_given else []
    if not is_given:
        path.with_suffix(".prj").write_text(pyproj.CRS(system).to_wkt("WKT1_GDAL"), encoding="utf-8")
    answer = desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent", *given)
    assert (answer.code, answer.codes) == (0, [] if verdict == "prohibited" else ["raster.unit"])
    found = desk.check({"A": box(10, 10, 30, 30)}, {**RULE, "above": 25, "derive": "slope"})
    assert found.verdicts() == {"A": verdict}


@pytest.mark.parametrize(("dtype", "nodata"), [("float64", -9999.0), ("int16", None)])
def test_a_geographic_grid_gives_slope_in_metres(desk, dtype, nodata):
    """100 m higher every 0.001° northwards (111.0 m here): about 42 degrees."""
    rows = [[(20 - row) * 100.0] * 20 for row in range(20)]
    where = {"west": 113.99, "north": 38.02, "cell": 0.001, "crs": "EPSG:4490", "dtype": dtype, "nodata": nodata}
    path = write_grid(desk.folder / "geo.tif", rows, **where)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    found = desk.check({"A": box(499_900, 4_208_500, 500_100, 4_208_700)}, {**RULE, "above": 40, "derive": "slope"})
    assert found.finding("A").value == pytest.approx(np.degrees(np.arctan(100 / 111.0)), abs=0.3)
    (warped,) = found.answer.json["run"]["warped"]
    assert (warped["rule"], warped["layer"], round(warped["cell_m"])) == ("r", "GRID", 111)


@pytest.mark.parametrize(
    ("crs", "cell"),
    [
        ("EPSG:3857", 20.0),  # a metre on the ground is 1.27 long: by these cells it would be a slope of 24.5°
        ("+proj=tmerc +lon_0=114 +x_0=500000 +datum=WGS84 +units=us-ft", 60.0),  # and here one of 10°
    ],
)
def test_slope_of_a_grid_whose_cells_are_no_metres_of_the_ground_is_that_of_the_ground(desk, crs, cell):
    """30° everywhere: 0.577 m higher every metre eastwards in EPSG:4547."""
    to_grid = pyproj.Transformer.from_crs(4547, crs, always_xy=True)
    west, north = (round(value) for value in to_grid.transform(499_500, 4_209_100))
    x, y = np.meshgrid(west + cell * (np.arange(80) + 0.5), north - cell * (np.arange(80) + 0.5))
    east, _ = to_grid.transform(x, y, direction="INVERSE")
    heights = (east - 499_000) * np.tan(np.radians(30))
    path = write_grid(desk.folder / "web.tif", heights, west=west, north=north, cell=cell, crs=crs, nodata=None)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    found = desk.check({"A": box(499_800, 4_208_500, 499_900, 4_208_600)}, {**RULE, "above": 25, "derive": "slope"})
    assert found.verdicts() == {"A": "prohibited"}
    assert found.finding("A").value == pytest.approx(30.0, abs=0.1)
    (warped,) = found.answer.json["run"]["warped"]
    assert warped["cell_m"] == pytest.approx({"EPSG:3857": 20 / 1.2667}.get(crs, 60 * 1200 / 3937), rel=0.01)


def test_a_raster_that_changed_or_went_away_is_unreadable_and_never_clear(desk, grid):
    path = grid([[0] * 4] * 4)
    parcel, rule = {"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}
    assert desk.check(parcel, rule).verdicts() == {"A": "clear"}
    write_grid(path, [[0] * 5] * 5)
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "unreadable")}
    path.unlink()
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "unreadable")}


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("<GeoTransform>10.0, 10.0, 0.0, 40.0, 0.0, -10.0</GeoTransform>", "unknown"),
        ("<SRS>EPSG:4548</SRS>", "unknown"),
        ('<PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand>', "unknown"),
        ('<PAMRasterBand band="1"><UnitType>ft</UnitType></PAMRasterBand>', "unknown"),
        # What QGIS and ArcGIS leave there whenever they draw a raster.
        (
            '<PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MAXIMUM">9</MDI></Metadata></PAMRasterBand>',
            "prohibited",
        ),
    ],
)
def test_a_file_beside_it_that_says_otherwise_of_the_grid_makes_it_unreadable(desk, grid, words, verdict):
    """Ten metres farther east the parcel would lie off the cells of nine, and be clear."""
    path = grid([[9, 0, 0, 0]] * 4)
    parcel, rule = {"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}
    assert desk.check(parcel, rule).verdicts() == {"A": "prohibited"}
    path.with_name(f"{path.name}.aux.xml").write_text(f"<PAMDataset>{words}</PAMDataset>", encoding="utf-8")
    found = desk.check(parcel, rule)
    assert found.verdicts() == {"A": verdict}
    is_lost = verdict == "unknown"
    assert found.unknowns() == ({"A": (100.0, "unreadable")} if is_lost else {})
    proof = desk.run("verify", desk.library)
    assert (proof.code, proof.codes) == ((5, ["verify.features"]) if is_lost else (0, []))


@pytest.mark.parametrize("prj", [None, "EPSG:4548"])
def test_a_grid_of_text_whose_system_is_gone_or_another_is_unreadable(desk, prj):
    path = desk.folder / "grid.asc"
    path.write_text("ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 10\n9 9\n9 9\n", encoding="ascii")
    beside = path.with_suffix(".prj")
    beside.write_text(pyproj.CRS("EPSG:4547").to_wkt("WKT1_ESRI"), encoding="ascii")
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    parcel, rule = {"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}
    assert desk.check(parcel, rule).verdicts() == {"A": "prohibited"}
    beside.unlink()
    if prj is not None:
        beside.write_text(pyproj.CRS(prj).to_wkt("WKT1_ESRI"), encoding="ascii")
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "unreadable")}


def test_cells_that_a_file_beside_it_masks_are_not_valid_once_that_is_gone(desk, grid):
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False):
        path = write_grid(desk.folder / "grid.tif", [[0] * 4] * 4, nodata=None)
        with rasterio.open(path, "r+") as dataset:
            dataset.write_mask(np.array([[False, True, True, True]] * 4))
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    parcel, rule = {"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "nodata")}
    path.with_name(f"{path.name}.msk").unlink()
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "unreadable")}


def _write_spilled(folder):
    """A raster of ERDAS, as programs write it from two gigabytes on: all its cells lie in the file beside it."""
    return write_grid(folder / "grid.img", [[9] * 64] * 64, driver="HFA", USE_SPILL="YES"), ".ige"


def _write_band(folder):
    return write_grid(folder / "grid.bil", [[9] * 4] * 4, driver="EHdr", dtype="int16"), ".hdr"


def _write_masked(folder):
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False):
        path = write_grid(folder / "grid.tif", [[9] * 4] * 4, nodata=None)
        with rasterio.open(path, "r+") as dataset:
            dataset.write_mask(np.ones((4, 4), dtype=bool))
    return path, ".tif.msk"


def _clear_spill(path):
    path.write_bytes(path.read_bytes().replace(np.float64(9).tobytes(), np.float64(1).tobytes()))


def _swap_bytes(path):
    path.write_bytes(path.read_bytes().replace(b"BYTEORDER      I", b"BYTEORDER      M"))


def _mask_cells(path):
    with rasterio.open(path, "r+") as dataset:
        dataset.write(np.zeros((4, 4), dtype="uint8"), 1)


@pytest.mark.parametrize(
    ("write", "change"), [(_write_spilled, _clear_spill), (_write_band, _swap_bytes), (_write_masked, _mask_cells)]
)
def test_a_raster_whose_cells_lie_in_a_file_beside_it_is_unreadable_once_that_is_another(desk, write, change):
    path, end = write(desk.folder)
    beside = path.with_name(f"grid{end}")
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    parcel, rule = {"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}
    assert desk.check(parcel, rule).verdicts() == {"A": "prohibited"}
    os.utime(beside, ns=(1_600_000_000_000_000_000,) * 2)  # a copy of the same bytes
    assert desk.check(parcel, rule).verdicts() == {"A": "prohibited"}
    again = desk.run("add", desk.library, path, "--as", "GRID", "--covers", "extent")
    assert (again.code, again.json["unchanged"]) == (0, True)
    change(beside)
    assert desk.check(parcel, rule).unknowns() == {"A": (100.0, "unreadable")}
    (layer,) = [layer for layer in desk.run("layers", desk.library).json["layers"] if layer["code"] == "GRID"]
    assert [version["unreadable"] for version in layer["versions"]] == [True]
    assert desk.run("verify", desk.library).codes == ["verify.features"]
    new = desk.run("add", desk.library, path, "--as", "GRID", "--covers", "extent", "--label", "new")
    assert (new.code, new.json["unchanged"]) == (0, False)


@pytest.mark.parametrize("write", [_write_spilled, _write_band])
def test_a_raster_without_the_file_of_its_cells_is_unreadable(desk, write):
    path, end = write(desk.folder)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    path.with_name(f"grid{end}").unlink()
    assert desk.check({"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}).unknowns() == {"A": (100.0, "unreadable")}


def test_a_raster_that_is_said_to_be_scaled_after_it_was_added_is_unreadable(desk, grid):
    path = grid([[9] * 4] * 4)
    words = '<PAMDataset><PAMRasterBand band="1"><Scale>0.1</Scale></PAMRasterBand></PAMDataset>'
    path.with_name(f"{path.name}.aux.xml").write_text(words, encoding="utf-8")
    assert desk.check({"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}).unknowns() == {"A": (100.0, "unreadable")}


@pytest.mark.parametrize("where", [{}, {"west": 114.0, "north": 38.0, "cell": 1e-4, "crs": "EPSG:4490"}])
def test_a_block_that_cannot_be_read_makes_its_version_unreadable(desk, where):
    """Of six hundred rows, each a block, one is damaged that nobody looked at when it was added."""
    path = write_grid(
        desk.folder / "grid.tif", [[7.0] * 8] * 600, nodata=None, compress="deflate", blockysize=1, **where
    )
    with rasterio.open(path) as dataset:
        begin, size = (int(dataset.get_tag_item(f"BLOCK_{what}_0_1", "TIFF", 1)) for what in ("OFFSET", "SIZE"))
    content = bytearray(path.read_bytes())
    content[begin : begin + size] = b"\xff" * size
    path.write_bytes(content)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    with rasterio.open(path) as dataset:
        east, north = dataset.xy(1, 4)
    if where:
        east, north = pyproj.Transformer.from_crs(4490, 4547, always_xy=True).transform(east, north)
    parcels = {"A": box(east - 20, north - 20, east + 20, north + 20)}
    for rule in ({"above": 4}, {"above": 4, "derive": "slope"}):
        ((_, reason),) = desk.check(parcels, {**RULE, **rule}).unknowns().values()
        assert reason == "unreadable"
    layers = desk.run("identify", desk.library, east, north).json["layers"]
    assert [layer["reason"] for layer in layers if layer["code"] == "GRID"] == ["unreadable"]


def test_a_copy_lies_beside_the_library_and_outlives_its_source(desk, grid):
    path = grid([[9] * 4] * 4, "--copy")
    path.unlink()
    assert desk.check({"A": box(0, 0, 10, 10)}, {**RULE, "above": 5}).verdicts() == {"A": "prohibited"}
    (copy,) = (desk.folder / "library.gpkg.rasters").iterdir()
    with rasterio.open(copy) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


@pytest.mark.parametrize(
    ("options", "code"),
    [({}, "rule.option"), ({"above": 1, "below": 2}, "rule.option"), ({"above": 1, "min_width_m": 1}, "rule.geometry")],
)
def test_a_raster_rule_says_one_limit_and_no_threshold_of_ground(desk, grid, options, code):
    grid([[0] * 4] * 4)
    pack = desk.pack({**RULE, **options})
    answer = desk.run("check", desk.library, desk.parcels({"A": box(0, 0, 1, 1)}), "--pack", pack)
    assert (answer.code, answer.codes[0]) == (3, code)


@pytest.mark.slow
def test_thirteen_thousand_real_parcels_have_the_slopes_of_the_truth(shared_data, tmp_path, onemap):
    dem = shared_data / "dem" / "transplant"
    library = tmp_path / "l.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    answer = onemap(
        "add", library, dem / "dem_25m_epsg4547.tif", "--as", "GRID", "--define", DEFINE, "--covers", "extent"
    ).done()
    pack = tmp_path / "p.toml"
    pack.write_text(
        '[pack]\nid = "p"\nversion = "1"\n[[rule]]\nid = "slope"\nkind = "raster"\nlayer = "GRID"\n'
        'department = "water"\nverdict = "notice"\nabove = 15\nderive = "slope"\ntitle = { en = "t" }\n'
        'basis = [{ law = "l" }]\n',
        encoding="utf-8",
    )
    truth = pd.read_csv(dem / "truth_parcels2014_slope.csv").set_index("parcels_2014_row")
    frame = pyogrio.read_dataframe(shared_data / "cambridge" / "transplant_epsg4547.gpkg", layer="parcels_2014")
    frame = frame[frame["src_row"].isin(truth.index)]
    pyogrio.write_dataframe(frame, tmp_path / "parcels.gpkg")
    out = tmp_path / "o.gpkg"
    answer = onemap(
        "check", library, tmp_path / "parcels.gpkg", "--id=src_row", "--repair", "--pack", pack, "--out", out
    ).done()
    rows = pyogrio.read_dataframe(out, layer="findings", read_geometry=False, where="verdict = 'notice'")
    rows.index = rows["parcel"].astype(int)
    invalid = {int(problem["feature"]) for problem in answer.json["problems"]}
    expected = truth[truth["share_over_15deg"] > 0]
    seen = set(rows.index[rows["share"] > 1e-6])  # the truth's shares are rounded to six digits
    assert seen - invalid == set(expected.index) - invalid
    same = rows.index.difference(list(invalid))
    assert (rows.loc[same, "share"] - truth.loc[same, "share_over_15deg"]).abs().max() < 1e-5
    assert (rows.loc[same, "value"] - truth.loc[same, "mean_slope_deg_area_weighted"]).abs().max() < 1e-4


def test_the_ground_in_cells_is_held_against_their_fractions(monkeypatch):
    ground = np.array([Polygon([(0.25, 0), (3, 0), (3, 2.5), (0.25, 2.5)]), Polygon([(1, 1), (4, 1), (1, 4)])])
    cells = raster_grids.cell_weights(ground)
    every, intersection = np.ones(len(cells.row), dtype=bool), shapely.intersection
    known = [
        box(x, y, x + 1, y + 1).intersection(ground[at]).area
        for at, y, x in zip(cells.parcel, cells.row, cells.column, strict=True)
    ]

    def lose_some(left, right, **options):
        found = intersection(left, right, **options)
        if isinstance(found, np.ndarray):
            found[::3] = Polygon()
        return found

    monkeypatch.setattr(shapely, "intersection", lose_some)
    pieces = raster_grids.cell_pieces(ground, cells, every)
    assert shapely.area(pieces) == pytest.approx(known, abs=1e-9) and sum(known) == pytest.approx(2.75 * 2.5 + 4.5)
    monkeypatch.setattr(
        raster_grids, "intersections", lambda left, right, threads: (left, np.ones(len(left), dtype=bool))
    )
    with pytest.raises(OneMapError) as refused:
        raster_grids.cell_pieces(ground, cells, every)
    assert refused.value.code == "overlay.union"


def test_one_large_parcel_does_not_part_the_small_ones_around_it(tmp_path):
    rng = np.random.default_rng(8)
    values = (rng.random((2600, 2600)) < 0.3).astype("float64")
    path = write_grid(tmp_path / "grid.tif", values, cell=1.0, north=2600.0)
    west = rng.uniform(0, 1000, (60, 2))
    small = shapely.transform(
        shapely.box(*west.T, *(west.T + 30)), lambda xy: xy @ [[0.8, 0.6], [-0.6, 0.8]] + [600, 0]
    )
    polygons = np.r_[small, box(-900, -900, 1900, 1900), box(0, 0, 2500, 2500)]
    with rasterio.open(path) as dataset:
        parts = [part for part in raster_grids.grid_parts(polygons, dataset, 1) if not part.is_off_grid]
        read = [dataset.read(1, window=part.window) for part in parts]
    groups = [part.rows for part in parts if not part.is_tile]
    assert sorted(np.concatenate(groups).tolist()) == list(range(60)) and len(groups) < 8
    (whole,) = raster_grids.cell_sums(polygons, values > 0)
    sums, areas = np.zeros(62), np.zeros(62)
    for part, cells in zip(parts, read, strict=True):
        assert cells.size <= (502**2 if part.is_tile else 4_000_000)
        corner = int(part.window.row_off), int(part.window.col_off)
        sums[part.rows] += raster_grids.cell_sums(part.polygons, cells > 0, corner=corner)[0]
        areas[part.rows] += shapely.area(part.polygons)
    assert sums[:60].tolist() == whole[:60].tolist() and sums[60:].tolist() == pytest.approx(whole[60:].tolist())
    assert areas[60:].tolist() == [1900.0**2, 2500.0**2]


def test_a_parcel_far_larger_than_the_grid_is_not_cut_into_cells_beyond_it(desk, grid):
    """Of 12,000 × 60,000 cells 1,200 × 1,100 lie on the grid, in six squares: 2,000 match, 500 have no value."""
    values = np.zeros((1100, 1200))
    values[480:500, 450:550], values[700:710, 0:50] = 9, -9999  # across the edge of two squares, and in one
    grid(values, west=0.0, north=1100.0, cell=1.0)
    found = desk.check({"A": box(-6_000, -30_000, 6_000, 30_000)}, {**RULE, "above": 4})
    row = found.finding("A")
    assert (row.share, row.geometry.area) == (pytest.approx(2000 / (1200 * 1100 - 500)), pytest.approx(2000.0))
    assert found.unknowns() == {"A": (pytest.approx(12_000 * 60_000 - 1200 * 1100 + 500), "nodata")}
