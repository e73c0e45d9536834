"""height: the proposed height against fields, numbers and surfaces above sea level; by hand, nulls too."""

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import box

from onemap.rules.judge.kinds import height

SQUARE = box(0, 0, 10, 10)
BY_FIELD = {"kind": "height", "parcel_field": "JZGD", "limit": {"field": "XG"}}
SURFACE = {"kind": "height", "layer": "SURFACE", "parcel_field": "JZGD", "ground": "DEM"}
RASTER = "name=g,department=land,library=base,kind=vector,geometry=raster"


def heights(desk, limits, parcel_height, **rule):
    """A square parcel of a height under zones with limits: the outcome."""
    desk.layer("ZONE", [shape for shape, _ in limits], {"XG": [limit for _, limit in limits]})
    return desk.check({"A": SQUARE}, {**BY_FIELD, **rule}, columns={"JZGD": [parcel_height]})


def grid(
    desk, code, values, *, west=0.0, north=40.0, cell=10.0, crs="EPSG:4547", covers="extent", nodata=-9999.0, unit=None
):
    """A raster of heights as a version of a layer."""
    values = np.asarray(values, dtype="float64")
    path = desk.folder / f"{code}.tif"
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "nodata": nodata, "crs": crs}
    shape = {"height": values.shape[0], "width": values.shape[1], "transform": from_origin(west, north, cell, cell)}
    with rasterio.open(path, "w", **profile, **shape) as dataset:
        dataset.write(values, 1)
        dataset.units = (unit,)
    if not isinstance(covers, str):
        covers = desk.write(f"{code}_coverage", [covers], {"n": [1]}, "EPSG:4547")
    define = [] if code == "DEM" else ["--define", RASTER]  # the catalogue has it
    desk.run("add", desk.library, path, "--as", code, "--covers", covers, *define).done()


def test_ground_under_a_lower_limit_is_the_conflict_and_the_excess_is_told(desk):
    found = heights(desk, [(box(0, 0, 6, 10), 24.0), (box(6, 0, 8, 10), 18.0), (box(8, 0, 10, 10), 60.0)], 30.0)
    assert found.hits() == {"A": 80.0} and found.unknowns() == {}
    assert (found.finding("A").value, found.finding("A").features, found.finding("A").distance_m) == (12.0, 2, 0.0)
    assert sorted(found.table("overlaps").feature) == ["f1", "f2"]


def test_at_the_limit_exactly_there_is_no_conflict(desk):
    assert heights(desk, [(SQUARE, 30.0)], 30.0).verdicts() == {"A": "clear"}
    assert heights(desk, [(SQUARE, 29.999)], 30.0, id="s").verdicts() == {"A": "prohibited"}


def test_a_number_limits_all_features_and_ground_without_one_is_free(desk):
    desk.layer("ZONE", [box(0, 0, 4, 10)])
    rule = {**BY_FIELD, "limit": 24}
    parcels = {"low": SQUARE, "high": box(0, 0, 10, 10), "away": box(50, 0, 60, 10)}
    found = desk.check(parcels, rule, columns={"JZGD": [24, 24.5, 500]})
    assert found.verdicts() == {"low": "clear", "high": "prohibited", "away": "clear"}
    assert found.hits() == {"high": 40.0} and found.finding("high").value == 0.5


# What a zone's limit, the rule's condition on it and the parcel's height make of the ground under the zone.
TRUTH = [
    # height, limit, condition, answer
    (30.0, 24.0, "yes", "hit"),
    (20.0, 24.0, "yes", "clear"),
    (30.0, 24.0, "no", "clear"),
    (30.0, 24.0, None, "no_value"),
    (20.0, 24.0, None, "no_value"),
    (30.0, None, "yes", "no_value"),
    (30.0, None, "no", "clear"),
    (30.0, None, None, "no_value"),
    (None, 24.0, "yes", "no_value"),
    (None, 24.0, "no", "clear"),
    (None, None, "yes", "no_value"),
    (None, None, None, "no_value"),
]


def test_the_truth_table_with_its_nulls(desk):
    places = [box(20 * n, 0, 20 * n + 10, 10) for n in range(len(TRUTH))]
    desk.layer("ZONE", places, {"XG": [row[1] for row in TRUTH], "IS": [row[2] for row in TRUTH]})
    names = [f"p{n}" for n in range(len(TRUTH))]
    columns = {"JZGD": [row[0] for row in TRUTH]}
    found = desk.check(dict(zip(names, places, strict=True)), {**BY_FIELD, "where": "IS = 'yes'"}, columns=columns)
    answers = dict.fromkeys(names, "clear")
    answers |= dict.fromkeys(found.hits(), "hit") | {name: reason for name, (_, reason) in found.unknowns().items()}
    assert answers == {name: row[3] for name, row in zip(names, TRUTH, strict=True)}


def test_where_one_zone_is_in_doubt_and_another_forbids_the_ground_is_decided(desk):
    found = heights(desk, [(box(0, 0, 6, 10), None), (box(4, 0, 10, 10), 24.0)], 30.0)
    assert found.hits() == {"A": 60.0} and found.unknowns() == {"A": (40.0, "no_value")}
    marks = found.table("overlaps").set_index("feature").reason
    assert marks["f1"] == "no_value" and marks["f2"] is None


@pytest.mark.slow
def test_a_height_that_is_no_height_is_none(desk):
    for wrong in ("-3", "tall", "inf"):
        assert heights(desk, [(SQUARE, 24.0)], wrong, id=f"r{len(wrong)}").unknowns(f"r{len(wrong)}") == {
            "A": (100.0, "no_value")
        }
    assert heights(desk, [(SQUARE, "24")], "24.5", id="text").hits("text") == {"A": 100.0}
    without_field = desk.check({"A": SQUARE}, BY_FIELD)
    assert without_field.unknowns() == {"A": (100.0, "no_value")}


def test_outside_the_coverage_zones_count_and_the_rest_is_unknown(desk):
    desk.layer("ZONE", [box(5, 0, 8, 10)], {"XG": [24.0]}, covers=box(-99, -99, 4, 99))
    found = desk.check({"A": SQUARE}, BY_FIELD, columns={"JZGD": [30.0]})
    assert found.hits() == {"A": 30.0} and found.unknowns() == {"A": (30.0, "outside_coverage")}


def test_under_a_surface_the_limit_is_the_surface_less_the_ground(desk):
    grid(desk, "SURFACE", [[145.0] * 4] * 4)
    grid(desk, "DEM", [[100.0, 110.0, 120.0, 125.0]] * 4)
    # Allowed: 45, 35, 25 and 20 m from west to east, in columns of 10 m.
    parcels = {"low": box(0, 0, 40, 40), "mid": box(5, 5, 35, 15), "tall": box(0, 0, 15, 10), "null": box(0, 0, 8, 5)}
    found = desk.check(parcels, SURFACE, columns={"JZGD": [20.0, 30.0, 40.0, None]})
    assert found.verdicts() == {"low": "clear", "mid": "prohibited", "tall": "prohibited", "null": "unknown"}
    assert found.hits() == {"mid": pytest.approx(150.0), "tall": pytest.approx(50.0)}
    assert (found.finding("mid").value, found.finding("tall").value) == (10.0, 5.0)
    assert found.finding("mid").geometry.symmetric_difference(box(20, 5, 35, 15)).area < 1e-6
    assert found.unknowns() == {"null": (pytest.approx(40.0), "no_value")}


@pytest.mark.parametrize(
    ("unit", "height", "verdict"),
    [("ft", 50.0, "prohibited"), ("ft", 45.0, "clear"), ("degree", 45.0, "unknown"), ("m", 380.0, "clear")],
)
def test_a_surface_in_another_unit_than_the_ground_is_met_in_metres(desk, unit, height, verdict):
    """487 feet are 148.4 m: above ground of 100 m they allow 48.4 m, and as metres they would allow 387."""
    grid(desk, "SURFACE", [[487.0] * 4] * 4, unit=unit)
    grid(desk, "DEM", [[100.0] * 4] * 4, unit="metre")
    found = desk.check({"A": SQUARE}, SURFACE, columns={"JZGD": [height]})
    assert found.verdicts() == {"A": verdict}
    assert found.unknowns() == ({"A": (pytest.approx(100.0), "heights")} if verdict == "unknown" else {})


@pytest.mark.parametrize(
    ("surface", "floor", "verdict"),
    [
        ("EPSG:4547+5737", "EPSG:4547+3855", "unknown"),  # Yellow Sea 1985 against EGM2008
        ("EPSG:4547+5737", "EPSG:4547+5737", "clear"),
        ("EPSG:4547+5737", "EPSG:4547", "clear"),  # what is not stated is not known to be another
    ],
)
def test_heights_that_count_from_different_zeros_are_not_compared(desk, surface, floor, verdict):
    grid(desk, "SURFACE", [[145.0] * 4] * 4, crs=surface)
    grid(desk, "DEM", [[100.0] * 4] * 4, crs=floor)
    found = desk.check({"A": SQUARE}, SURFACE, columns={"JZGD": [20.0]})
    assert found.verdicts() == {"A": verdict}
    assert found.unknowns() == ({"A": (pytest.approx(100.0), "heights")} if verdict == "unknown" else {})


def test_grids_of_unlike_cells_are_laid_over_each_other(desk):
    grid(desk, "SURFACE", [[150.0, 130.0]] * 2, cell=20.0)
    grid(desk, "DEM", [[100.0] * 8] * 6, north=39.0, west=-3.0, cell=7.0)
    found = desk.check({"A": box(2, 1, 38, 33)}, {**SURFACE, "limit": "SURFACE"}, columns={"JZGD": [40.0]})
    assert found.hits() == {"A": pytest.approx(18 * 32)} and found.unknowns() == {}


def test_a_surface_in_degrees_is_met_by_heights_in_metres(desk):
    """Two cells side by side: the boundary between them as pyproj has it, not as the kind does."""
    edge = Transformer.from_crs(4490, 4547, always_xy=True).transform(114.001, 38.0005)
    grid(desk, "SURFACE", [[160.0, 120.0]], west=114.0, north=38.001, cell=0.001, crs="EPSG:4490")
    east, north = edge
    grid(desk, "DEM", [[100.0] * 20] * 20, west=east - 100, north=north + 100)
    parcel = box(east - 20, north - 5, east + 30, north + 5)
    found = desk.check({"A": parcel}, SURFACE, columns={"JZGD": [30.0]})
    assert found.hits() == {"A": pytest.approx(300.0, abs=0.05)} and found.unknowns() == {}


@pytest.mark.parametrize("nodata", [-9999.0, None])
def test_cells_without_a_value_and_ground_off_a_grid_are_unknown(desk, nodata):
    """Also where the file does not declare what stands for no value: a surface 10,145 m above ground allows all."""
    grid(desk, "SURFACE", [[145.0, -9999.0, 145.0, 145.0]] * 4, nodata=nodata)
    grid(desk, "DEM", [[100.0, 100.0, -9999.0]] * 4, nodata=nodata)
    found = desk.check({"A": box(0, 0, 40, 10)}, SURFACE, columns={"JZGD": [60.0]})
    assert found.hits() == {"A": pytest.approx(100.0)}
    ((area, reason),) = found.unknowns().values()
    assert area == pytest.approx(300.0) and reason == "outside_coverage,nodata"


@pytest.mark.parametrize("covered", ["SURFACE", "DEM"])
def test_neither_raster_speaks_further_than_its_version(desk, covered):
    part = {covered: box(0, 0, 10, 40)}
    grid(desk, "SURFACE", [[145.0] * 4] * 4, covers=part.get("SURFACE", "extent"))
    grid(desk, "DEM", [[100.0] * 4] * 4, covers=part.get("DEM", "extent"))
    found = desk.check({"A": box(0, 0, 30, 10)}, SURFACE, columns={"JZGD": [20.0]})
    assert found.hits() == {} and found.unknowns() == {"A": (pytest.approx(200.0), "outside_coverage")}


def test_without_heights_of_the_ground_nothing_is_known(desk):
    grid(desk, "SURFACE", [[145.0] * 4] * 4)
    found = desk.check({"A": SQUARE}, SURFACE, columns={"JZGD": [20.0]})
    assert found.unknowns() == {"A": (100.0, "layer_missing")}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"limit": {"field": "XG"}}, "rule.option"),
        ({"parcel_field": "JZGD"}, "rule.option"),
        ({"parcel_field": "JZGD", "limit": -1}, "rule.option"),
        ({"parcel_field": "JZGD", "limit": {"field": "XG", "default": 3}}, "rule.option"),
        ({"parcel_field": "JZGD", "limit": 3, "ground": "ZONE"}, "rule.geometry"),
        ({"parcel_field": "JZGD", "limit": "ZONE"}, "rule.geometry"),
        ({"parcel_field": "JZGD", "limit": 3, "min_width_m": 1}, "rule.geometry"),
        ({"parcel_field": "JZGD", "limit": 3, "heigth": 1}, "rule.key"),
        ({"parcel_field": "JZGD", "limit": {"field": "NONE"}}, "rule.field"),
    ],
)
def test_what_is_wrong_with_a_rule_is_named(desk, options, code):
    desk.layer("ZONE", [SQUARE], {"XG": [24.0]})
    pack = desk.pack({"kind": "height", **options})
    answer = desk.run("check", desk.library, desk.parcels({"A": SQUARE}), "--pack", pack)
    assert answer.code == 3 and code in answer.codes


def test_explain_and_remedy_speak_of_heights(desk):
    found = heights(desk, [(box(0, 0, 6, 10), 24.0)], 30.0)
    run = found.answer.json["run"]["id"]
    answer = desk.run("explain", desk.library, run, "A", "r")
    text = str(answer.json["steps"])
    assert answer.code == 0 and "60.000 m²" in text
    out = desk.folder / "remedy.gpkg"
    given = ("--pack", desk.folder / "test.toml", "--out", out)
    answer = desk.run("remedy", desk.library, desk.folder / "parcels.gpkg", *given)
    assert answer.code == 0 and answer.json["cut_m2"] == 60.0


def portions_of(monkeypatch):
    """The grounds that are cut along cells at once, as they come."""
    asked, cut = [], height._cells
    monkeypatch.setattr(height, "_cells", lambda grounds, *given: asked.append(grounds) or cut(grounds, *given))
    return asked


def test_a_parcel_over_many_cells_is_cut_into_squares_and_its_ground_merged_again(desk, monkeypatch):
    """Under 12 × 12 cells of 10 m, of which 8 are blank, a height of 15 m is too much on the western half."""
    surface = np.full((12, 12), 120.0)
    surface[:, :6], surface[4:6, 4:8] = 110.0, -9999.0
    grid(desk, "SURFACE", surface, north=120.0)
    grid(desk, "DEM", np.full((14, 14), 100.0), west=-7.0, north=126.0)  # its cells lie across the other ones
    asked = portions_of(monkeypatch)
    monkeypatch.setattr(height, "_MOST_CELLS", 20)
    found = desk.check({"A": box(0, 0, 120, 120), "B": box(100, 0, 120, 10)}, SURFACE, columns={"JZGD": [15.0, 15.0]})
    assert len(asked) > 4 and max(shapely.area(grounds).sum() for grounds in asked) < 2 * 20 * 100
    assert found.verdicts() == {"A": "prohibited", "B": "clear"}
    (hit,), (blank,) = found.hits().items(), found.unknowns().items()
    assert hit == ("A", pytest.approx(60 * 120 - 400, abs=1e-6))
    assert blank[1] == (pytest.approx(800, abs=1e-6), "nodata") and found.finding("A").value == 5.0
    assert len(shapely.get_parts(found.finding("A").geometry)) == 1


@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4546"])
def test_ground_beyond_the_grids_is_not_cut_along_cells(desk, monkeypatch, crs):
    """A parcel of 3 by 3 km over a surface of 1 km²: 200 m are too low, the rest is free, and none is known beyond."""
    x, y = 500_000.0, 3_000_000.0
    values = np.full((10, 10), 120.0)
    values[:, :2] = 110.0
    west, south = Transformer.from_crs("EPSG:4547", crs, always_xy=True).transform(x, y)
    grid(desk, "SURFACE", values, west=west, north=south + 1000, cell=100.0, crs=crs)
    grid(desk, "DEM", np.full((200, 200), 100.0), west=x - 9000, north=y + 9000, cell=100.0)
    asked = portions_of(monkeypatch)
    monkeypatch.setattr(height, "_MOST_CELLS", 500)
    far = box(x + 20_000, y, x + 30_000, y + 10_000)
    parcels = {"A": box(x - 1000, y - 1000, x + 2000, y + 2000), "far": far}
    found = desk.check(parcels, SURFACE, columns={"JZGD": [15.0, 15.0]})
    assert len(asked) == 2 and shapely.area(asked[0]).sum() < 1.1e6  # cut along the surface, then the ground
    assert found.verdicts() == {"A": "prohibited", "far": "unknown"}
    assert found.hits()["A"] == pytest.approx(2e5, rel=3e-3)  # the other zone is wider by that
    area = {name: area for name, (area, _) in found.unknowns().items()}
    assert area == {"A": pytest.approx(8e6, rel=3e-3), "far": pytest.approx(1e8, rel=1e-9)}


def test_a_coarse_surface_over_fine_ground_comes_in_portions_too(desk, monkeypatch):
    grid(desk, "SURFACE", [[120.0]], north=100.0, cell=100.0)
    grid(desk, "DEM", np.full((100, 100), 100.0), north=100.0, cell=1.0)
    asked = portions_of(monkeypatch)
    monkeypatch.setattr(height, "_MOST_CELLS", 500)
    found = desk.check({"A": box(0, 0, 100, 100)}, SURFACE, columns={"JZGD": [25.0]})
    assert max(shapely.area(grounds).sum() for grounds in asked if len(grounds)) < 2 * 500
    assert found.hits() == {"A": pytest.approx(1e4, rel=1e-9)} and found.unknowns() == {}
