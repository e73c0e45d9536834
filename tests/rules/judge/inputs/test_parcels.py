"""Parcels: ids are found, checked and stored as text; invalid ground is refused by name."""

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon, box

from onemap.layers.errors import Cancelled
from onemap.layers.geometry.validity import are_finite
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.progress import Progress
from onemap.rules.judge.inputs.parcels import read_parcels

SQUARE = box(0, 0, 10, 10)


@pytest.fixture
def zone(desk):
    desk.layer("ZONE", [SQUARE])
    desk.pack({})
    return desk


def check(desk, shapes, columns, *more):
    source = desk.write("given", shapes, columns, "EPSG:4547")
    return desk.run("check", desk.library, source, "--pack", desk.folder / "test.toml", *more)


def ids(desk, shapes, columns, *more):
    out = desk.folder / "out.gpkg"
    check(desk, shapes, columns, "--out", out, "--overwrite", *more).done()
    return list(pyogrio.read_dataframe(out, layer="parcels").parcel)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"BSM": ["b"], "DKBH": ["d"], "parcel": ["p"]}, "p"),
        ({"BSM": ["b"], "DKID": ["i"]}, "i"),
        ({"XMDM": ["x"], "BSM": ["b"]}, "b"),
        ({"dkbh": ["lower"]}, "lower"),
        ({"NAME": ["n"]}, "1"),
        ({"DKBH": [12.0]}, "12"),
        ({"DKBH": [7]}, "7"),
    ],
)
def test_the_id_is_the_first_known_field_else_the_row(zone, columns, expected):
    assert ids(zone, [SQUARE], columns) == [expected]


def test_a_field_may_be_named(zone):
    assert ids(zone, [SQUARE], {"DKBH": ["d"], "NAME": ["n"]}, "--id", "NAME") == ["n"]
    answer = check(zone, [SQUARE], {"DKBH": ["d"]}, "--id", "NOPE")
    assert (answer.code, answer.codes) == (3, ["field.missing"])
    assert answer.json["problems"][0]["mend"] == "Choose one that is there with --id."


@pytest.mark.parametrize(
    ("values", "rows"), [(["a", None], [2]), (["a", "a"], [1, 2]), (["a", " "], [2]), ([1, 1.0], [1, 2])]
)
def test_a_null_or_repeated_id_is_refused_and_each_row_named(zone, values, rows):
    answer = check(zone, [SQUARE, box(20, 0, 30, 10)], {"DKBH": values})
    assert (answer.code, set(answer.codes)) == (3, {"parcel.id"})
    assert [problem["row"] for problem in answer.json["problems"]] == rows


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "geometry.null"),
        (Polygon(), "geometry.empty"),
        (LineString([(0, 0), (1, 1)]), "geometry.type"),
        (Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), "geometry.invalid"),
    ],
)
def test_ground_that_is_none_is_refused_by_name(zone, shape, code):
    answer = check(zone, [SQUARE, shape], {"DKBH": ["good", "bad"]})
    assert (answer.code, answer.codes, answer.json["problems"][0]["feature"]) == (3, [code], "bad")


def test_a_repaired_parcel_is_measured_and_named(zone):
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    answer = check(zone, [bow_tie], {"DKBH": ["bow"]}, "--repair").done()
    problem = answer.json["problems"][0]
    assert (problem["code"], problem["feature"], problem["area_changed_m2"]) == ("geometry.repaired", "bow", 50.0)


def test_a_feature_of_several_polygons_is_one_parcel(zone):
    found = zone.check({"A": MultiPolygon([box(8, 0, 12, 10), box(-5, 0, 1, 10)])}, {})
    assert found.hits() == {"A": 30.0}


def test_parcels_that_overlap_each_other_are_judged_alone(zone):
    assert zone.check({"A": SQUARE, "B": SQUARE}, {}).hits() == {"A": 100.0, "B": 100.0}


def test_parcels_in_another_zone_are_brought_to_the_librarys(zone):
    shifted = shapely.transform(SQUARE, lambda xy: xy + [38_000_000, 0])  # EPSG:4526 is 4547 with the zone's prefix
    source = zone.write("prefixed", [shifted], {"DKBH": ["A"]}, "EPSG:4526")
    out = zone.folder / "o.gpkg"
    zone.run("check", zone.library, source, "--pack", zone.folder / "test.toml", "--out", out).done()
    row = pyogrio.read_dataframe(out, layer="findings").iloc[0]
    assert row.area_m2 == 100.0


@pytest.mark.slow
def test_a_layer_of_the_library_itself_may_be_checked(zone):
    """The library's own SQLite copies it first: another engine on the open file would drop its locks."""
    answer = zone.run(
        "check", zone.library, zone.library, "--layer", "ZONE__1", "--id", "KEY", "--pack", zone.folder / "test.toml"
    )
    assert (answer.code, answer.json["verdicts"]["prohibited"]) == (0, 1)
    assert zone.run("layers", zone.library).code == 0


MANY = 60_000  # parcels, which are read and proved some ten thousand at a time


@pytest.fixture(scope="module")
def many_parcels(tmp_path_factory):
    east, north = np.divmod(np.arange(MANY), 300)
    squares = shapely.box(500_000 + 20 * east, 4_000_000 + 20 * north, 500_010 + 20 * east, 4_000_010 + 20 * north)
    path = tmp_path_factory.mktemp("many") / "many.gpkg"
    gpd.GeoDataFrame({"DKBH": np.arange(MANY)}, geometry=squares, crs="EPSG:4547").to_file(path, SPATIAL_INDEX="NO")
    return path


def read_until(path, stop):
    """The progress of reading a file's parcels; stop(share) returns True to stop."""
    shares = []

    def report(share, _step):
        shares.append(share)
        if stop(share):
            raise Cancelled

    try:
        parcels = read_parcels(
            str(path), None, None, None, SourceOptions(), pyproj.CRS("EPSG:4547"), 2, Progress(report)
        )
    except Cancelled:
        return shares, None
    return shares, parcels


def test_reading_tells_how_far_it_is(many_parcels):
    shares, parcels = read_until(many_parcels, lambda share: False)
    assert len(parcels.ids) == MANY
    assert shares == sorted(shares)
    assert len({share for share in shares if share <= 0.5}) >= 2  # rows of the file
    assert len({share for share in shares if share > 0.5}) >= MANY // 5_000  # parts that are proved
    assert shares[-1] == 1.0


@pytest.mark.parametrize("at", [0.1, 0.5, 0.65, 0.9])
def test_reading_ends_where_somebody_has_had_enough(many_parcels, at):
    shares, parcels = read_until(many_parcels, lambda share: share >= at)
    assert parcels is None
    assert at <= shares[-1] <= at + 0.25
    assert all(share < at for share in shares[:-1])


def test_every_coordinate_of_a_polygon_is_looked_at():
    hole = [(2, 2), (2, 4), (4, 4), (2, 2)]
    whole = [*(SQUARE, MultiPolygon([SQUARE, box(20, 0, 30, 10)])), Polygon(SQUARE.exterior.coords, [hole])]
    for shape in whole:
        points = shapely.get_coordinates(shape)
        for at in range(len(points)):
            for value in (np.nan, np.inf):
                broken, same = points.copy(), (points == points[at]).all(axis=1)
                if np.isnan(value) and same.sum() > 1:
                    continue  # a ring that begins and ends at no number is not closed
                broken[same, at % 2] = value
                given = shapely.set_coordinates(np.array([shape, shape]), np.concatenate([points, broken]))
                assert are_finite(given).tolist() == [True, False]
    assert are_finite(np.array([box(0, 0, 1e200, 1e200), None, Polygon()])).all()
