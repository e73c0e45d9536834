"""cross and near: lengths, counts and distances by hand; no ground is in conflict."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon, box

SQUARE = box(0, 0, 10, 10)


def test_the_length_inside_is_measured_and_the_pieces_are_lines(desk):
    desk.layer("ZONE", [LineString([(-5, 5), (15, 5)]), LineString([(2, -5), (2, 4)])], geometry="line")
    found = desk.check({"A": SQUARE}, {"kind": "cross"})
    row = found.finding("A")
    assert (row.length_m, row.features, row.counted, row.distance_m) == (14.0, 2, True, 0.0)  # 10 + 4
    assert row.geometry is None and row.area_m2 != row.area_m2 and row.value != row.value
    assert row.area_ellipsoidal_m2 != row.area_ellipsoidal_m2
    pieces = found.table("overlaps_line")
    assert list(zip(pieces.feature, pieces.length_m, strict=True)) == [("f1", 10.0), ("f2", 4.0)]
    assert found.verdicts() == {"A": "prohibited"} and len(found.table("overlaps")) == 0


def test_a_line_along_the_edge_or_at_a_corner_does_not_cross(desk):
    desk.layer("ZONE", [LineString([(0, 0), (0, 10)]), LineString([(-5, 5), (0, 10), (-5, 15)])], geometry="line")
    assert desk.check({"A": SQUARE}, {"kind": "cross"}).verdicts() == {"A": "clear"}


def test_what_lies_on_a_slanting_edge_does_not_cross_whatever_else_of_it_does(desk):
    corners = [(0.3, 0.7), (40.9, 11.3), (33.7, 41.9), (11.1, 47.3)]
    parcels = {f"P{n}": Polygon([(x * (1 + n / 9) + 100 * n, y * (1 + n / 9)) for x, y in corners]) for n in range(12)}
    rings = [LineString(parcel.exterior.coords) for parcel in parcels.values()]
    streets = [LineString([(100 * n - 9, 13.7 + n / 7), (100 * n + 99, 17.9 + n / 3)]) for n in range(12)]
    desk.layer("ZONE", [MultiLineString([*both]) for both in zip(rings, streets, strict=True)], geometry="line")
    rows = desk.check(parcels, {"kind": "cross"}).table("findings")
    inside_m = [street.intersection(parcel).length for street, parcel in zip(streets, parcels.values(), strict=True)]
    assert rows.length_m.tolist() == pytest.approx(inside_m)
    masts = [ring.interpolate(share, normalized=True) for ring in rings for share in (0.1, 0.3, 0.6, 0.9)]
    desk.layer("MAST", [MultiPoint([*masts[:4], parcels["P0"].centroid]), *masts[4:]], geometry="point")
    found = desk.check(parcels, {"kind": "cross", "layer": "MAST"})
    assert {parcel for parcel, verdict in found.verdicts().items() if verdict != "clear"} == {"P0"}
    assert found.finding("P0").value == 1


def test_points_inside_are_counted_and_those_on_the_edge_are_not(desk):
    desk.layer("ZONE", [Point(1, 1), Point(0, 5), MultiPoint([(2, 2), (3, 3), (30, 30)])], geometry="point")
    found = desk.check({"A": SQUARE}, {"kind": "cross"})
    row = found.finding("A")
    assert (row.value, row.features) == (3.0, 2) and row.length_m != row.length_m
    assert len(found.table("overlaps_point")) == 2


def test_polygons_cross_by_their_outline(desk):
    desk.layer("ZONE", [box(5, -5, 20, 20)])
    assert desk.check({"A": SQUARE, "within": box(6, 0, 7, 1)}, {"kind": "cross"}).finding("A").length_m == 10.0


def test_a_line_drawn_twice_counts_once(desk):
    twice = [LineString([(-5, 5), (15, 5)])] * 2
    partly = [LineString([(15, 5), (6, 5)]), LineString([(2, -5), (2, 4), (2, -5)])]
    desk.layer("ZONE", [*twice, *partly], geometry="line")
    found = desk.check({"A": SQUARE, "B": box(20, 0, 30, 10)}, {"kind": "cross"})
    assert found.finding("A").length_m == 14.0 and found.finding("A").features == 4  # 10 across, 4 up and down
    assert found.table("overlaps_line").length_m.tolist() == [10.0, 10.0, 4.0, 4.0]  # each piece by itself
    assert found.finding("B") is None


def test_neighbours_share_an_outline_that_counts_once(desk):
    desk.layer("ZONE", [box(-5, -5, 5, 15), box(5, -5, 15, 15)])
    assert desk.check({"A": SQUARE}, {"kind": "cross"}).finding("A").length_m == 10.0  # x = 5, of both


def test_points_at_one_place_count_once(desk):
    desk.layer("ZONE", [Point(1, 1), Point(1, 1), MultiPoint([(1, 1), (2, 2)])], geometry="point")
    row = desk.check({"A": SQUARE}, {"kind": "cross"}).finding("A")
    assert (row.value, row.features) == (2.0, 3)


def test_a_slanting_line_drawn_twice_counts_once_wherever_it_is_cut(desk):
    """The second has its points elsewhere, and ends elsewhere: its pieces lie on the first's but for the last digit."""
    start, end = np.array([-17.3, -4.1]), np.array([31.7, 23.9])
    at = [tuple(start + (end - start) * share) for share in (0.0, 0.31, 0.437, 0.5003, 0.71, 1.0)]
    lines = [LineString([at[0], at[5]]), LineString(at), MultiLineString([at[1:3], at[2:4]]), LineString(at[5:2:-1])]
    desk.layer("ZONE", lines, geometry="line")
    square = shapely.affinity.rotate(SQUARE, 13)
    once = LineString([at[0], at[5]]).intersection(square).length
    assert desk.check({"A": square}, {"kind": "cross"}).finding("A").length_m == pytest.approx(once, abs=1e-5)


def test_lengths_of_many_lines_are_those_of_shapely_s_union(desk):
    random = np.random.default_rng(7)
    ends = random.uniform(-20, 120, (60, 2, 2))
    lines = [LineString(pair) for pair in ends]
    lines += [lines[row].reverse() for row in random.integers(0, 60, 30)]
    desk.layer("ZONE", lines, geometry="line")
    parcels = {f"P{x}{y}": box(x * 25, y * 25, x * 25 + 24, y * 25 + 24) for x in range(4) for y in range(4)}
    found = desk.check(parcels, {"kind": "cross"})
    for name, parcel in parcels.items():
        expected = shapely.unary_union(lines).intersection(parcel).length
        assert found.finding(name).length_m == pytest.approx(expected, abs=1e-9)


def test_outside_the_coverage_lines_may_cross_unseen(desk):
    desk.layer("ZONE", [LineString([(-5, 5), (4, 5)])], covers=box(-99, -99, 8, 99), geometry="line")
    found = desk.check({"A": SQUARE}, {"kind": "cross"})
    assert found.finding("A").length_m == 4.0
    assert found.unknowns() == {"A": (20.0, "outside_coverage")}


def test_objects_within_the_distance_are_counted_the_limit_included(desk):
    desk.layer("ZONE", [Point(13, 5), Point(15, 5), Point(15.001, 5)], geometry="point")
    found = desk.check({"A": SQUARE}, {"kind": "near", "distance_m": 5})
    row = found.finding("A")
    assert (row.features, row.distance_m, row.counted) == (2, 3.0, True)
    pieces = found.table("overlaps_point")
    assert list(zip(pieces.feature, pieces.distance_m, strict=True)) == [("f1", 3.0), ("f2", 5.0)]


def test_an_object_at_the_limit_is_near_also_to_parcels_that_come_in_degrees(desk):
    limits = [Point(100 * n + 15.3, 5.7) for n in range(40)]
    parcels = {f"P{n}": box(100 * n, 0, 100 * n + 10.3, 10.9) for n in range(40)}
    desk.layer("ZONE", limits, geometry="point")
    desk.pack({"kind": "near", "distance_m": 5})
    degrees = gpd.GeoSeries(list(parcels.values()), crs=4547).to_crs(4490)
    source = desk.write("degrees", degrees, {"DKBH": list(parcels)}, "EPSG:4490")
    answer = desk.run("check", desk.library, source, "--pack", desk.folder / "test.toml").done()
    assert answer.json["verdicts"]["prohibited"] == 40


def test_nothing_near_is_clear_and_what_lies_inside_is_at_zero(desk):
    desk.layer("ZONE", [box(2, 2, 3, 3)])
    found = desk.check({"A": SQUARE, "far": box(50, 0, 60, 10)}, {"kind": "near", "distance_m": 5})
    assert found.finding("A").distance_m == 0.0 and found.verdicts()["far"] == "clear"


def test_a_parcel_inside_a_polygon_is_near_it_however_far_the_outline(desk):
    desk.layer("ZONE", [box(-100, -100, 110, 110)])
    found = desk.check({"A": SQUARE}, {"kind": "near", "distance_m": 5})
    assert (found.finding("A").features, found.finding("A").distance_m) == (1, 0.0)


def test_near_the_edge_of_the_coverage_is_unknown(desk):
    desk.layer("ZONE", [Point(-500, 0)], covers=box(-1000, -1000, 13, 1000), geometry="point")
    found = desk.check({"A": SQUARE}, {"kind": "near", "distance_m": 5})
    assert found.unknowns() == {"A": (pytest.approx(20.0, abs=1e-9), "outside_coverage")}  # x 8…10


@pytest.mark.parametrize("kind", ["cross", "near"])
def test_thresholds_of_area_do_not_belong_to_them(desk, kind):
    desk.layer("ZONE", [SQUARE])
    rule = {"kind": kind, "min_area_m2": 1.0} | ({"distance_m": 1} if kind == "near" else {})
    answer = desk.run("check", desk.library, desk.parcels({"A": SQUARE}), "--pack", desk.pack(rule))
    assert (answer.code, answer.codes) == (3, ["rule.geometry"])


def test_a_line_that_may_match_makes_the_whole_parcel_unknown(desk):
    lines = [LineString([(2, -5), (2, 50)]), LineString([(5, -5), (5, 50)])]
    desk.layer("ROAD", lines, {"S": ["yes", None]}, geometry="line")
    rule = {"kind": "cross", "layer": "ROAD", "where": "S = 'yes'"}
    found = desk.check({"A": box(0, 0, 10, 10), "B": box(4, 20, 8, 30), "C": box(20, 0, 30, 10)}, rule)
    assert found.finding("A").length_m == 10.0 and found.finding("B") is None
    assert found.unknowns() == {"A": (100.0, "no_value"), "B": (40.0, "no_value")}
    pieces = found.table("overlaps_line")
    assert list(zip(pieces.parcel, pieces.feature, pieces.reason, strict=True)) == [
        ("A", "f1", None),
        ("A", "f2", "no_value"),
        ("B", "f2", "no_value"),
    ]


def test_an_object_that_may_match_makes_the_ground_near_it_unknown(desk):
    desk.layer("SITE", [Point(-2, 5), Point(13, 5)], {"S": ["yes", None]}, geometry="point")
    rule = {"kind": "near", "layer": "SITE", "distance_m": 5, "where": "S = 'yes'"}
    found = desk.check({"A": box(0, 0, 10, 10), "limit": box(0, 20, 8, 30)}, rule)
    assert (found.finding("A").distance_m, found.finding("A").features) == (2.0, 1)
    disc = Point(13, 5).buffer(5, quad_segs=512).intersection(box(0, 0, 10, 10)).area
    assert found.unknowns() == {"A": (pytest.approx(disc, rel=1e-3), "no_value")}
