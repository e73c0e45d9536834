"""avoid: P ∩ F, worked out by hand on squares."""

import contextlib
import math
import sqlite3
import tomllib

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from onemap.tests.conftest import drop_triggers

SQUARE = box(0, 0, 10, 10)


def test_overlapping_corner_is_measured_exactly(desk):
    desk.layer("ZONE", [box(6, 7, 20, 20)])
    found = desk.check({"A": SQUARE}, {})
    assert found.hits() == {"A": 12.0}  # 4 × 3
    row = found.finding("A")
    assert (row.share, row.counted_area_m2, row.features, row.distance_m, row.counted) == (0.12, 12.0, 1, 0.0, True)
    assert found.verdicts() == {"A": "prohibited"}
    assert found.answer.json["verdicts"] == {
        "prohibited": 1,
        "restricted": 0,
        "unknown": 0,
        "consult": 0,
        "notice": 0,
        "clear": 0,
    }


def test_touching_edges_and_corners_are_no_overlap(desk):
    desk.layer("ZONE", [box(10, 0, 20, 10), box(-5, -5, 0, 0)])
    found = desk.check({"A": SQUARE}, {})
    assert found.hits() == {} and found.verdicts() == {"A": "clear"}
    assert len(found.table("overlaps")) == 0


def test_ground_under_two_features_counts_once_and_each_piece_is_listed(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10), box(5, 0, 15, 10)])
    found = desk.check({"A": SQUARE}, {})
    assert found.hits() == {"A": 100.0}
    pieces = found.table("overlaps")
    assert list(zip(pieces.feature, pieces.area_m2, strict=True)) == [("f1", 100.0), ("f2", 50.0)]
    assert found.finding("A").features == 2


def test_holes_and_parts_of_feature_and_parcel_are_respected(desk):
    ring = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(2, 2), (8, 2), (8, 8), (2, 8)]])
    two = MultiPolygon([box(3, 3, 5, 5), box(20, 0, 22, 2)])
    desk.layer("ZONE", [ring])
    found = desk.check({"in the hole": two, "all": box(-1, -1, 11, 11)}, {})
    assert found.hits() == {"all": 64.0}  # 100 − 36


def test_a_parcel_equal_to_a_feature_and_one_inside_it_are_wholly_hit(desk):
    desk.layer("ZONE", [SQUARE])
    found = desk.check({"equal": SQUARE, "inside": box(1, 1, 2, 3)}, {})
    assert found.hits() == {"equal": 100.0, "inside": 2.0}


def test_a_feature_outside_the_coverage_still_counts_and_the_rest_there_is_unknown(desk):
    # Coverage: the left half. The feature spans x 4…6: 20 m² hit, 10 of them outside the coverage.
    desk.layer("ZONE", [box(4, 0, 6, 10)], covers=box(-100, -100, 5, 100))
    found = desk.check({"A": SQUARE}, {"verdict": "notice"})
    assert found.hits() == {"A": 20.0}
    assert found.unknowns() == {"A": (40.0, "outside_coverage")}
    parcel = found.table("parcels").iloc[0]
    assert (parcel.verdict, parcel.known_verdict, parcel.unknown_rules, parcel.findings) == ("unknown", "notice", 1, 2)


def test_extent_is_the_bounding_box_of_the_features(desk):
    added = desk.layer("ZONE", [box(0, 0, 2, 2), box(6, 6, 8, 8)], covers="extent")
    assert (added["coverage_m2"], added["coverage"]) == (64.0, "extent")
    found = desk.check({"A": SQUARE}, {})
    assert found.hits() == {"A": 8.0} and found.unknowns() == {"A": (36.0, "outside_coverage")}


def test_a_layer_never_loaded_is_unknown_over_the_whole_parcel(desk):
    found = desk.check({"A": SQUARE}, {"layer": "STBHHX"})
    assert found.unknowns() == {"A": (100.0, "layer_missing")}
    assert found.verdicts() == {"A": "unknown"}


def test_a_missing_layer_may_become_a_checklist_item_instead(desk):
    found = desk.check({"A": SQUARE}, {"layer": "STBHHX", "missing": "checklist"})
    assert found.verdicts() == {"A": "clear"}
    assert found.answer.json["run"]["skipped"] == [{"rule": "r", "layer": "STBHHX", "reason": "layer_missing"}]


def test_a_missing_layer_is_unknown_for_a_rule_of_net_areas_too(desk):
    found = desk.check({"A": SQUARE}, {"layer": "STBHHX", "net": {"part": "NET", "of": "GROSS"}})
    assert found.unknowns() == {"A": (100.0, "layer_missing")}


def test_a_layer_once_loaded_is_never_a_checklist_item(desk):
    desk.layer("ZONE", [SQUARE], valid_from="2020-01-01", valid_to="2021-12-31")
    found = desk.check({"A": SQUARE}, {"missing": "checklist"}, as_of="2022-01-01")
    assert found.unknowns() == {"A": (100.0, "not_in_force")}


@pytest.mark.parametrize(
    ("day", "area"), [("2020-01-01", 10.0), ("2021-12-31", 10.0), ("2022-01-01", 20.0), ("2030-05-05", 20.0)]
)
def test_the_version_in_force_on_the_day_decides(desk, day, area):
    desk.layer("ZONE", [box(0, 0, 1, 10)], valid_from="2020-01-01", valid_to="2021-12-31")
    desk.layer("ZONE", [box(0, 0, 2, 10)], valid_from="2022-01-01")
    assert desk.check({"A": SQUARE}, {}, as_of=day).hits() == {"A": area}


def test_before_the_first_version_nothing_is_in_force(desk):
    desk.layer("ZONE", [SQUARE], valid_from="2020-01-01")
    assert desk.check({"A": SQUARE}, {}, as_of="2019-12-31").unknowns() == {"A": (100.0, "not_in_force")}


def test_of_two_versions_of_one_day_the_last_added_is_in_force(desk):
    desk.layer("ZONE", [box(0, 0, 1, 10)], valid_from="2020-01-01", label="first")
    desk.layer("ZONE", [box(0, 0, 3, 10)], valid_from="2020-01-01", label="second")
    found = desk.check({"A": SQUARE}, {})
    assert found.hits() == {"A": 30.0} and found.finding("A").version == "second"


def test_what_was_recorded_later_is_not_known(desk):
    desk.layer("ZONE", [box(0, 0, 1, 10)], label="first")
    moment = next(
        v["recorded_at"] for layer in desk.run("layers", desk.library).json["layers"] for v in layer["versions"]
    )
    desk.layer("ZONE", [box(0, 0, 3, 10)], label="second")
    assert desk.check({"A": SQUARE}, {}, known_at=moment).hits() == {"A": 10.0}
    assert desk.check({"A": SQUARE}, {}, known_at="2000-01-01").unknowns() == {"A": (100.0, "layer_missing")}


def test_net_area_of_ground_under_two_features_counts_for_the_first(desk):
    shapes = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(0, 0, 10, 10), box(40, 0, 50, 10)]
    desk.layer("ZONE", shapes, {"NET": [90.0, 50.0, None, 80.0], "GROSS": [100.0, 100.0, 100.0, 100.0]})
    found = desk.check({"A": box(0, 0, 20, 2), "B": box(40, 0, 50, 2)}, {"net": {"part": "NET", "of": "GROSS"}})
    assert (found.finding("A").area_m2, found.finding("A").net_area_m2) == (30.0, pytest.approx(18.0 + 5.0))
    assert found.finding("B").net_area_m2 == pytest.approx(16.0)


def test_net_area_is_each_piece_by_its_part_of_the_whole(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10), box(5, 0, 10, 10)], {"NET": [40.0, 50.0], "GROSS": [50.0, 50.0]})
    row = desk.check({"A": box(0, 0, 10, 2)}, {"net": {"part": "NET", "of": "GROSS"}}).finding("A")
    assert (row.area_m2, row.net_area_m2) == (20.0, pytest.approx(18.0))  # 10 × 0.8 + 10 × 1


def test_a_null_in_where_is_neither_a_hit_nor_clear(desk):
    desk.layer("ZONE", [box(0, 0, 1, 10), box(2, 0, 4, 10), box(5, 0, 8, 10)], {"TBLX": ["实划", None, "储备"]})
    found = desk.check({"A": SQUARE}, {"where": "TBLX <> '储备'"})
    assert (found.hits(), found.unknowns()) == ({"A": 10.0}, {"A": (20.0, "no_value")})
    pieces = found.table("overlaps")
    assert list(zip(pieces.feature, pieces.reason, pieces.area_m2, strict=True)) == [
        ("f1", None, 10.0),
        ("f2", "no_value", 20.0),
    ]
    assert (found.finding("A").reason, found.finding("A").features) == (None, 1)


def test_ground_that_a_certain_feature_decides_is_not_unknown(desk):
    desk.layer("ZONE", [box(0, 0, 4, 10), box(0, 0, 4, 10), box(3, 0, 6, 10)], {"TBLX": [None, "实划", None]})
    found = desk.check({"A": SQUARE, "B": box(0, 0, 2, 10)}, {"where": "TBLX = '实划'"})
    assert (found.hits(), found.unknowns()) == ({"A": 40.0, "B": 20.0}, {"A": (20.0, "no_value")})
    assert found.verdicts() == {"A": "prohibited", "B": "prohibited"}


def test_a_null_alone_prohibits_nothing(desk):
    desk.layer("ZONE", [box(0, 0, 1, 10)], {"TBLX": [None]})
    found = desk.check({"A": SQUARE}, {"where": "TBLX = '实划'"})
    assert (found.hits(), found.unknowns(), found.verdicts()) == ({}, {"A": (10.0, "no_value")}, {"A": "unknown"})


def test_each_reason_of_unknown_ground_is_that_of_its_own_ground(desk):
    """B lies half outside the coverage, under a certain feature there: what is left unknown is the null's ground."""
    zones = [box(0, 0, 2, 10), box(105, 0, 110, 10), box(200, 0, 220, 10)]
    desk.layer(
        "ZONE", zones, {"TBLX": [None, "实划", None]}, covers=shapely.union(box(-9, 0, 105, 10), box(200, 0, 205, 10))
    )
    parcels = {"A": SQUARE, "B": box(100, 0, 110, 10), "C": box(200, 0, 210, 10)}
    found = desk.check(parcels, {"where": "TBLX = '实划'"})
    assert found.hits() == {"B": 50.0}
    assert found.unknowns() == {"A": (20.0, "no_value"), "C": (100.0, "outside_coverage,no_value")}


def test_when_limits_a_rule_to_parcels_and_an_unknown_when_applies_it(desk):
    desk.layer("ZONE", [SQUARE])
    parcels = {"factory": SQUARE, "school": SQUARE, "unsaid": SQUARE}
    columns = {"XMLX": ["工业", "教育", None]}
    rule = {"when": "XMLX = '工业'"}
    found = desk.check(parcels, rule, columns=columns)
    assert found.hits() == {"factory": 100.0, "unsaid": 100.0}
    assert (found.finding("factory").reason, found.finding("unsaid").reason) == (None, "no_fact")
    assert desk.check(parcels, rule).hits() == dict.fromkeys(parcels, 100.0)  # no such field: unknown for all


def test_it_is_explained_which_fact_is_missing(desk):
    desk.layer("ZONE", [SQUARE])
    rule = {"when": "XMLX = '工业' OR JZGD > 24", "unless": ["road"]}
    road = 'title = { zh = "道路", en = "Roads" }\nkinds = ["highway"]\nuse = ["1202"]\n'
    path = desk.pack(rule, classes=f"[class.road]\n{road}")
    parcels = desk.parcels({"A": SQUARE}, {"XMLX": ["教育"]})
    run = desk.run("check", desk.library, parcels, "--pack", path).json["run"]["id"]
    (rule_id,) = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    answer = desk.run("explain", desk.library, run, "A", rule_id["id"]).done()
    steps = answer.json["steps"]
    # Of its use the parcel says enough by XMLX; how tall it is, nobody says.
    assert [(step["value"], step["said"]) for step in steps if step["key"] == "no_fact"] == [
        ("JZGD", "Proposed height")
    ]


def test_the_feature_is_named_by_its_key_else_by_its_row(desk):
    desk.layer("ZONE", [box(0, 0, 1, 1), box(2, 0, 3, 1)], {"KEY": ["k1", None]})
    assert list(desk.check({"A": SQUARE}, {}).table("overlaps").feature) == ["k1", "2"]


def test_rows_come_by_parcel_then_rule_then_hit_before_unknown(desk):
    desk.layer("ZONE", [box(0, 0, 1, 10)], covers=box(-9, -9, 5, 99))
    desk.layer("OTHER", [SQUARE])
    rules = ({"id": "second", "layer": "OTHER"}, {"id": "first"})
    rows = desk.check({"B": SQUARE, "A": SQUARE}, *rules).table("findings")
    expected = [("second", "prohibited"), ("first", "prohibited"), ("first", "unknown")]
    assert list(zip(rows.parcel, rows.rule, rows.verdict, strict=True)) == [
        (parcel, *row) for parcel in "BA" for row in expected
    ]


def test_large_controls_are_measured_as_exactly_as_small_ones(desk):
    """A star of 4,000 vertices: the check cuts it, a single overlay does not."""
    angle = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    radius = 400 + 60 * np.sin(17 * angle) + 20 * np.sin(171 * angle)
    star = Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    desk.layer("ZONE", [star])
    parcels = {f"{x}/{y}": box(x, y, x + 90, y + 70) for x in range(-450, 450, 90) for y in range(-450, 450, 75)}
    hits = desk.check(parcels, {}).hits()
    for name, parcel in parcels.items():
        assert hits.get(name, 0.0) == pytest.approx(parcel.intersection(star).area, abs=1e-7)


@pytest.mark.parametrize(
    ("part", "whole"), [("x", 50.0), (40.0, 0.0), (-3.0, 50.0), (40.0, float("inf")), (None, 50.0)]
)
def test_a_net_area_of_numbers_that_are_no_areas_is_not_told(desk, part, whole):
    desk.layer("ZONE", [box(0, 0, 10, 10)], {"NET": [part], "GROSS": [whole]})
    row = desk.check({"A": SQUARE}, {"net": {"part": "NET", "of": "GROSS"}}).finding("A")
    assert row.area_m2 == 100.0
    assert math.isnan(row.net_area_m2)


def test_a_trial_of_a_layer_that_no_rule_looks_at_is_refused(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)])
    parcels, pack = desk.parcels({"A": SQUARE}), desk.pack({})
    answer = desk.run("check", desk.library, parcels, "--pack", pack, "--replace", "ZONES=x.gpkg")
    assert (answer.code, answer.json["problems"][0]["code"]) == (2, "replace.unknown")


def test_a_trial_of_a_layer_never_loaded_speaks_for_the_district_only_where_it_reaches_over_half_of_it(desk):
    parcels, pack = desk.parcels({"A": SQUARE, "B": box(200, 200, 210, 210)}), desk.pack({"layer": "STBHHX"})
    district = desk.write("district", [box(0, 0, 1000, 1000)], {"N": [1]}, "EPSG:4547")
    assert desk.run("district", desk.library, district, "--reason", "r").code == 0
    for last, unknown in ((box(15, 15, 20, 20), 1), (box(800, 800, 801, 801), 0)):
        trial = desk.write("trial", [SQUARE, last], {"BSM": ["x", "y"]}, "EPSG:4547")
        answer = desk.run("check", desk.library, parcels, "--pack", pack, "--replace", f"STBHHX={trial}")
        verdicts = answer.json["verdicts"]
        assert (verdicts["prohibited"], verdicts["unknown"], verdicts["clear"]) == (1, unknown, 1 - unknown)


def test_a_rule_of_several_layers_is_asked_by_the_name_of_each(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)])
    desk.layer("OTHER", [box(500, 0, 510, 10)])
    parcels, pack = desk.parcels({"A": SQUARE}), desk.pack({"layer": ["ZONE", "OTHER"]})
    asked = ["check", desk.library, parcels, "--pack", pack, "--unrecorded"]
    for only in ("ZONE", "OTHER", "OTHER,ZONE"):
        assert desk.run(*asked, "--only", only).json["verdicts"]["prohibited"] == 1, only
    # The first in force is judged: a file in place of the second would change nothing.
    answer = desk.run(*asked, "--replace", f"OTHER={parcels}")
    assert (answer.code, answer.codes) == (2, ["replace.unknown"])


def test_what_is_asked_by_a_layer_that_was_never_loaded_is_unknown(desk):
    parcels, pack = desk.parcels({"A": SQUARE}), desk.pack({"layer": ["STBHHX", "GYL"]})
    for only in ("STBHHX", "GYL"):
        answer = desk.run("check", desk.library, parcels, "--pack", pack, "--only", only, "--unrecorded")
        assert answer.json["verdicts"]["unknown"] == 1, only


def test_a_feature_that_is_gone_from_its_table_is_never_clear(desk):
    desk.layer("ZONE", [box(100 * n, 0, 100 * n + 10, 10) for n in range(20)])
    with contextlib.closing(sqlite3.connect(desk.library, isolation_level=None)) as connection:
        # As someone would who knows no triggers of GeoPackage: the index still has it.
        drop_triggers(connection)
        connection.execute('DELETE FROM "ZONE__1" WHERE fid = 1')
    found = desk.check({"A": box(0, 0, 10, 10)}, {})
    assert found.unknowns() == {"A": (100.0, "unreadable")}
