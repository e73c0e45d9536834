"""setback: P ∩ the features grown by their distance; straight parts by hand, round ones by formula."""

import json
import math

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from onemap.tests.rules.judge.overlay.test_grown_ground import WIGGLE
from onemap.tests.rules.run_damage import change_library

ROAD = LineString([(-1000, 0), (1000, 0)])


def setback(**options):
    return {"kind": "setback", **options}


def test_a_strip_along_a_straight_road_is_length_times_depth(desk):
    desk.layer("ZONE", [ROAD], geometry="line")
    found = desk.check({"A": box(0, 10, 50, 60)}, setback(distance_m=15))
    assert found.hits() == {"A": pytest.approx(250.0, abs=1e-9)}  # 50 × 5
    assert found.finding("A").distance_m == 10.0


def test_at_the_limit_exactly_there_is_no_conflict(desk):
    desk.layer("ZONE", [ROAD], geometry="line")
    found = desk.check({"A": box(0, 15, 50, 60)}, setback(distance_m=15))
    assert found.hits() == {} and found.verdicts() == {"A": "clear"}


def test_near_a_line_that_runs_over_itself_no_parcel_is_clear(desk):
    # Of the ground around this line GEOS leaves out two thirds, some parcels in them.
    desk.layer("ZONE", [WIGGLE], geometry="line")
    places = {"E": (20, 0), "W": (-20, 0), "N": (0, 20), "S": (0, -20)}
    assert not all(WIGGLE.buffer(30, quad_segs=64).covers(Point(at)) for at in places.values()), "GEOS is right by now"
    found = desk.check(
        {name: Point(at).buffer(2, cap_style="square") for name, at in places.items()}, setback(distance_m=30)
    )
    assert found.hits() == {name: pytest.approx(16.0, abs=1e-6) for name in places}


def test_ground_around_a_feature_that_is_not_proved_is_unknown(desk, monkeypatch):
    def unproved_ground(shapes, distance_m, threads):
        return shapely.buffer(shapes, distance_m), np.array([True, False])

    monkeypatch.setattr("onemap.rules.judge.kinds.setback.grown_ground", unproved_ground)
    desk.layer("ZONE", [ROAD, LineString([(-1000, 500), (1000, 500)])], geometry="line")
    found = desk.check(
        {"A": box(0, 10, 50, 60), "B": box(0, 490, 50, 495), "C": box(0, 200, 9, 209)}, setback(distance_m=15)
    )
    assert found.unknowns() == {"A": (pytest.approx(2500.0), "arithmetic")}
    assert found.verdicts() == {"A": "unknown", "B": "prohibited", "C": "clear"}


def test_a_parcel_on_the_road_has_distance_zero(desk):
    desk.layer("ZONE", [ROAD], geometry="line")
    row = desk.check({"A": box(0, -5, 10, 5)}, setback(distance_m=2)).finding("A")
    assert (row.distance_m, row.area_m2) == (0.0, pytest.approx(40.0, abs=1e-9))


def test_each_class_keeps_its_own_distance(desk):
    desk.layer("ZONE", [ROAD, LineString([(-1000, 100), (1000, 100)])], {"GLDJ": ["国道", "乡道"]}, geometry="line")
    distance = {"field": "GLDJ", "values": {"国道": 20, "乡道": 5}}
    found = desk.check({"A": box(0, 0, 10, 100)}, setback(distance_m=distance))
    assert found.hits() == {"A": pytest.approx(250.0, abs=1e-9)}  # 10 × 20 + 10 × 5
    assert found.finding("A").features == 2


def test_two_fields_make_one_class(desk):
    desk.layer("ZONE", [ROAD], {"TLLX": ["高铁"], "DQLX": ["城市市区"]}, geometry="line")
    distance = {"field": ["TLLX", "DQLX"], "values": {"高铁/城市市区": 10, "其他/其他地区": 15}}
    assert desk.check({"A": box(0, 0, 10, 50)}, setback(distance_m=distance)).hits() == {"A": pytest.approx(100.0)}


@pytest.mark.parametrize("value", [None, "村道"])
def test_a_feature_without_class_makes_the_ground_within_the_largest_distance_unknown(desk, value):
    desk.layer("ZONE", [ROAD], {"GLDJ": [value]}, geometry="line")
    distance = {"field": "GLDJ", "values": {"国道": 20, "乡道": 5}}
    found = desk.check({"A": box(0, 0, 10, 100)}, setback(distance_m=distance))
    assert found.hits() == {}
    assert found.unknowns() == {"A": (pytest.approx(200.0, abs=1e-9), "no_value")}
    with_default = setback(distance_m={**distance, "default": 3})
    assert desk.check({"A": box(0, 0, 10, 100)}, with_default).hits() == {"A": pytest.approx(30.0, abs=1e-9)}


def test_a_class_is_the_same_in_another_width_and_with_blanks(desk):
    desk.layer("ZONE", [ROAD], {"JB": ["Ⅰ级"]}, geometry="line")
    distance = {"field": "JB", "values": {"I 级": 20}, "default": 1}
    assert desk.check({"A": box(0, 0, 10, 50)}, setback(distance_m=distance)).hits() == {"A": pytest.approx(200.0)}


def test_numbers_name_classes_as_well(desk):
    desk.layer("ZONE", [ROAD], {"DYDJ": [220]}, geometry="line")
    distance = {"field": "DYDJ", "values": {"110": 10, "220": 15}}
    assert desk.check({"A": box(0, 0, 10, 50)}, setback(distance_m=distance)).hits() == {"A": pytest.approx(150.0)}


def test_half_widths_move_the_edge_outward(desk):
    desk.layer("ZONE", [ROAD], {"HALF": [4.0]}, geometry="line")
    parcel = {"A": box(0, 0, 10, 50)}
    for options in ({"half_width_m": 4}, {"half_width_field": "HALF"}):
        found = desk.check(parcel, setback(distance_m=6, **options))
        assert found.hits() == {"A": pytest.approx(100.0, abs=1e-9)}  # 10 × (4 + 6)
        assert found.answer.json["problems"] == []
    row = desk.check({"B": box(0, 9, 10, 50)}, setback(distance_m=6, half_width_m=4)).finding("B")
    assert row.distance_m == 5.0  # from the edge, not from the centreline


@pytest.mark.parametrize("half", [-3.0, float("inf"), None])
def test_a_half_width_that_is_none_leaves_unknown_what_it_decides(desk, half):
    desk.layer("ZONE", [ROAD], {"HALF": [half]}, geometry="line")
    found = desk.check({"A": box(0, 0, 10, 50)}, setback(distance_m=6, half_width_field="HALF"))
    assert found.hits() == {}
    assert found.unknowns() == {"A": (pytest.approx(60.0), "no_value")}
    (remark,) = found.answer.json["problems"]  # how much farther the edge may lie nobody knows
    assert remark["code"] == "rule.half_width" and "1 of 1 features" in remark["message"] and "6 m" in remark["message"]


def test_round_ends_lie_within_two_hundredths_of_a_per_cent_of_the_true_curve(desk):
    desk.layer("ZONE", [Point(0, 0)], geometry="point")
    area = desk.check({"A": box(-50, -50, 50, 50)}, setback(distance_m=30)).hits()["A"]
    assert area == pytest.approx(math.pi * 900, rel=2e-4)


def test_polygons_are_grown_from_their_edge_and_their_own_ground_counts(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)])
    found = desk.check({"A": box(2, 0, 30, 10)}, setback(distance_m=5))
    assert found.hits() == {"A": pytest.approx(130.0, abs=1e-9)}  # x 2…15


def test_ground_near_the_edge_of_the_coverage_is_unknown(desk):
    # The coverage ends at x = 100; within 20 m of it a road beyond might stand too near.
    desk.layer("ZONE", [LineString([(0, 500), (1, 500)])], covers=box(-1000, -1000, 100, 1000), geometry="line")
    parcels = {"near": box(70, 0, 90, 10), "limit": box(60, 0, 80, 10), "across": box(90, 0, 110, 10)}
    found = desk.check(parcels, setback(distance_m=20))
    assert found.unknowns() == {
        "near": (pytest.approx(100.0, abs=1e-9), "outside_coverage"),  # x 80…90
        "across": (pytest.approx(200.0, abs=1e-9), "outside_coverage"),
    }


def test_what_may_stand_beyond_the_coverage_is_as_wide_as_the_others_though_none_lies_near(desk):
    road = LineString([(-900, 0), (-900, 10)])
    desk.layer("ZONE", [road], covers=box(-1000, -1000, 100, 1000), geometry="line")
    parcels = {"A": box(70, 0, 90, 10), "beside a road": box(-900, 500, -880, 510)}
    for some in ({"A": parcels["A"]}, parcels):
        found = desk.check(some, setback(distance_m=20, half_width_m=3))
        assert found.unknowns() == {"A": (pytest.approx(130.0, abs=1e-9), "outside_coverage")}  # x 77…90


def test_a_conflict_that_is_certain_is_not_called_unknown_as_well(desk):
    desk.layer("ZONE", [LineString([(95, -500), (95, 500)])], covers=box(-1000, -1000, 100, 1000), geometry="line")
    found = desk.check({"A": box(80, 0, 100, 10)}, setback(distance_m=10))
    assert found.hits() == {"A": pytest.approx(150.0, abs=1e-9)}  # x 85…100
    assert found.unknowns() == {}  # x 90…100 is near the unknown, but lies in the conflict


def test_where_the_official_zone_is_known_it_stands_instead_of_the_computed_one(desk):
    desk.layer("ZONE", [ROAD], geometry="line")
    desk.layer("OFFICIAL", [box(-1000, -8, 1000, 8)], covers=box(-1000, -100, 50, 100))
    found = desk.check({"A": box(0, 0, 100, 40)}, setback(distance_m=20, instead="OFFICIAL"))
    assert found.hits() == {"A": pytest.approx(1400.0, abs=1e-9)}  # 50 × 8 official + 50 × 20 computed
    computed, official = found.table("overlaps").to_dict("records")
    assert (computed["area_m2"], official["area_m2"]) == pytest.approx((1000.0, 400.0), abs=1e-9)
    assert "official_layer" not in computed["attributes"]
    assert json.loads(official["attributes"])["official_layer"] == "OFFICIAL"
    assert (official["feature"], official["distance_m"], official["counted"]) == ("f1", 0.0, True)
    assert (found.finding("A").features, found.finding("A").distance_m) == (2, 0.0)


def test_a_finding_of_official_zones_alone_names_them_and_has_their_pieces(desk):
    """Two zones of which one passes by; a third lies where the official layer does not speak."""
    desk.layer("ZONE", [ROAD], geometry="line")
    zones = [box(-1000, -8, 50, 8), box(50, -8, 1000, 8), box(-1000, 60, 1000, 70), box(0, -50, 100, -40)]
    desk.layer("OFFICIAL", zones, {"NAME": ["west", "east", "north", "south"]}, covers=box(-1000, -30, 1000, 100))
    rule = setback(distance_m=20, instead="OFFICIAL")
    found = desk.check({"A": box(0, -60, 100, 40)}, rule | {"min_width_m": 0.5})
    pieces = found.table("overlaps")
    assert pieces.feature.tolist() == ["f1", "f2"] and pieces.area_m2.tolist() == pytest.approx([800.0, 800.0])
    facts = [json.loads(text) for text in pieces.attributes]
    assert [(one["official_layer"], one["NAME"]) for one in facts] == [("OFFICIAL", "west"), ("OFFICIAL", "east")]
    assert set(pieces.rule) == {found.finding("A").rule}
    finding = found.finding("A")
    assert (finding.area_m2, finding.features, finding.distance_m) == (pytest.approx(1600.0), 2, 0.0)
    steps = desk.run("explain", desk.library, found.answer.json["run"]["id"], "A", finding.rule).json["steps"]
    features = [step for step in steps if step["key"] == "feature"]
    assert [step["value"].split(" · ")[:2] for step in features] == [["OFFICIAL", "f1"], ["OFFICIAL", "f2"]]


def test_a_finding_of_official_zones_is_as_far_from_the_features_as_they_are(desk):
    """A is 12 m from the road, B farther than the rule's distance: its nearest road is not looked for."""
    desk.layer("ZONE", [ROAD], geometry="line")
    desk.layer("OFFICIAL", [box(-1000, 0, 1000, 90)])
    parcels = {"A": box(0, 12, 10, 22), "B": box(0, 30, 10, 40)}
    found = desk.check(parcels, setback(distance_m=15, half_width_m=2, instead="OFFICIAL"))
    assert found.hits() == {name: pytest.approx(100.0) for name in "AB"}
    assert found.finding("A").distance_m == pytest.approx(10.0) and np.isnan(found.finding("B").distance_m)


def test_no_column_of_a_file_names_the_official_layer(desk):
    desk.layer("ZONE", [ROAD], {"NAME": ["road"], "official_layer": ["forged"]}, geometry="line")
    zones = {"NAME": ["zone"], "official_layer": ["forged"]}
    desk.layer("OFFICIAL", [box(-1000, -8, 1000, 8)], zones, covers=box(-1000, -100, 50, 100))
    found = desk.check({"A": box(0, 0, 100, 40)}, setback(distance_m=20, instead="OFFICIAL"))
    computed, official = map(json.loads, found.table("overlaps").attributes)
    assert computed["NAME"] == "road" and "official_layer" not in computed
    assert (official["NAME"], official["official_layer"]) == ("zone", "OFFICIAL")


def test_a_computed_zone_that_an_official_layer_lifts_leaves_no_piece(desk):
    desk.layer("ZONE", [ROAD], geometry="line")
    desk.layer("OFFICIAL", [box(-1000, -80, 1000, -60)])
    found = desk.check({"A": box(0, 0, 100, 40)}, setback(distance_m=20, instead="OFFICIAL"))
    assert found.hits() == {} and found.unknowns() == {} and found.table("overlaps").empty


def test_two_parallel_roads_grown_into_each_other_count_once(desk):
    desk.layer("ZONE", [ROAD, LineString([(-1000, 10), (1000, 10)])], geometry="line")
    found = desk.check({"A": box(0, -50, 10, 50)}, setback(distance_m=8))
    assert found.hits() == {"A": pytest.approx(260.0, abs=1e-9)}  # y −8…18
    assert found.table("overlaps").area_m2.sum() == pytest.approx(320.0, abs=1e-9)


@pytest.mark.parametrize("missing", ["unknown", "checklist"])
def test_official_zones_decide_where_they_speak_though_nothing_else_was_ever_loaded(desk, missing):
    desk.layer("OFFICIAL", [box(0, 0, 100, 8)], covers=box(-1000, -1000, 50, 1000))
    distance = {"field": "KIND", "values": {"main": 20}}
    rule = setback(layer="TL", distance_m=distance, where="KIND = 'main'", instead="OFFICIAL", missing=missing)
    found = desk.check({"A": box(0, 0, 100, 40), "B": box(-90, 60, -80, 70)}, rule)
    assert found.hits() == {"A": pytest.approx(400.0, abs=1e-9)}  # 50 × 8, where they speak
    assert found.unknowns() == {"A": (pytest.approx(2000.0, abs=1e-9), "layer_missing")}
    verdicts = found.table("parcels").set_index("parcel").verdict
    assert (verdicts["A"], verdicts["B"]) == ("prohibited", "clear")
    run = found.answer.json["run"]["id"]
    assert desk.run("verify", desk.library, "--run", run).json["ok"]
    assert desk.run("explain", desk.library, run, "A", found.finding("A").rule).code == 0


def test_where_official_zones_cannot_be_read_nothing_is_known(desk):
    desk.layer("ROAD", [LineString([(-1000, 0), (1000, 0)])], geometry="line")
    desk.layer("OFFICIAL", [box(-100, -30, 100, 30)])
    change_library(desk.library, 'DROP TABLE "rtree_OFFICIAL__1_geom"')
    found = desk.check({"A": box(0, 25, 10, 35)}, setback(layer="ROAD", distance_m=20, instead="OFFICIAL"))
    assert found.unknowns() == {"A": (100.0, "unreadable")} and found.hits() == {}


def test_a_road_whose_condition_is_unknown_keeps_no_distance_and_clears_nothing(desk):
    lines = [LineString([(-99, -5), (99, -5)]), LineString([(-99, 13), (99, 13)])]
    desk.layer("ROAD", lines, {"S": ["yes", None]}, geometry="line")
    rule = {"kind": "setback", "layer": "ROAD", "distance_m": 8, "where": "S = 'yes'"}
    found = desk.check({"A": box(0, 0, 10, 10)}, rule)
    assert found.hits() == pytest.approx({"A": 30.0}, rel=1e-3)
    assert found.unknowns() == {"A": (pytest.approx(50.0, rel=1e-3), "no_value")}
    assert (found.finding("A").distance_m, found.finding("A").features) == (5.0, 1)
