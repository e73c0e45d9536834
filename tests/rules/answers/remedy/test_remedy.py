"""Remedies worked out by hand: cuts by rule, dropped parts, and remainders that pass a check."""

import geopandas as gpd
import numpy as np
import pytest
from openpyxl import load_workbook
from shapely import LineString, MultiPolygon, Point, Polygon, box

from onemap.rules.answers.remedy.cuts import ObstacleRows, Obstacles, Parts, cut_off
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.conftest import FAR

PARCEL = box(0, 0, 100, 100)


def tables(out):
    remainder = gpd.read_file(out, layer="remainder")
    return remainder.set_index("parcel"), gpd.read_file(out, layer="cuts")


def run_remedy(desk, parcels, *rules, columns=None, code=0, **options):
    """Remedy parcels by rules, prove the identity, and check the written remainder again."""
    pack = desk.pack(*rules)
    out = desk.folder / "remedy.gpkg"
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not True]
    given += [f"--{name.replace('_', '-')}" for name, value in options.items() if value is True]
    source = desk.parcels(parcels, columns)
    answer = desk.run("remedy", desk.library, source, "--pack", pack, "--out", out, "--overwrite", *given)
    assert answer.code == code, answer.json
    remainder, cuts = tables(out)
    cut = cuts.groupby("parcel")["area_m2"].sum()
    for name, shape in parcels.items():
        row = remainder.loc[name]
        assert row.area_m2 + cut.get(name, 0.0) + row.dropped_m2 == pytest.approx(shape.area, abs=1e-3)
        assert row.share == pytest.approx(row.area_m2 / shape.area)
    left = remainder[remainder.area_m2 > 0]
    assert answer.json["passing"] == len(left) and answer.json["parcels"] == len(parcels)
    assert answer.json["cut_m2"] == pytest.approx(cuts.area_m2.sum())
    assert answer.json["dropped_m2"] == pytest.approx(remainder.dropped_m2.sum())
    if len(left):
        extra = (
            {}
            if columns is None
            else {n: [v for k, v in zip(parcels, vs, strict=True) if k in left.index] for n, vs in columns.items()}
        )
        again = desk.check(dict(zip(left.index, left.geometry, strict=True)), *rules, columns=extra or None)
        severe = ["prohibited", "restricted", "unknown", "consult", "notice", "clear"]
        limit = severe.index(options.get("keep_verdict", "notice"))
        assert all(severe.index(verdict) >= limit for verdict in again.verdicts().values()), again.verdicts()
    return answer.json, remainder, cuts


def cut_of(cuts):
    return [(row.parcel, row.rule, round(row.area_m2, 3)) for row in cuts.itertuples()]


def test_half_a_parcel_on_farmland_leaves_the_other_half(desk):
    desk.layer("ZONE", [box(50, -10, 200, 200)])
    answer, remainder, cuts = run_remedy(desk, {"A": PARCEL, "B": box(-200, 0, -100, 100)}, {})
    assert remainder.area_m2.to_dict() == pytest.approx({"A": 5000, "B": 10_000}, abs=1e-6)
    assert remainder.loc["A"].geometry.equals(MultiPolygon([box(0, 0, 50, 100)]))
    assert cut_of(cuts) == [("A", "r", 5000.0)]
    assert (answer["passing"], answer["whole"], answer["cut_m2"]) == (2, 1, pytest.approx(5000))


def test_the_most_severe_verdict_cuts_first_then_the_pack_s_order(desk):
    desk.layer("ONE", [box(0, 0, 60, 100)])
    desk.layer("TWO", [box(40, 0, 80, 100)])
    desk.layer("THREE", [box(70, 0, 90, 100)])
    rules = (
        {"id": "one", "layer": "ONE", "verdict": "restricted"},
        {"id": "two", "layer": "TWO", "verdict": "prohibited"},
        {"id": "three", "layer": "THREE", "verdict": "restricted"},
    )
    _, remainder, cuts = run_remedy(desk, {"A": PARCEL}, *rules)
    assert cut_of(cuts) == [("A", "two", 4000.0), ("A", "one", 4000.0), ("A", "three", 1000.0)]
    assert remainder.loc["A"].area_m2 == pytest.approx(1000)


@pytest.mark.parametrize(("zone", "left_m2"), [(box(50, 0, 100, 100), 49.9 * 100), (None, 99.8**2)])
def test_ground_too_thin_to_be_written_is_kept_clear_of_along_what_was_cut(zone, left_m2):
    """With six digits before the kilometres a strip along a long oblique line has more than nothing, and no shape."""
    parts = Parts.whole(np.array([PARCEL], dtype=object))
    first = ObstacleRows(*(np.zeros(1, dtype=np.int64) for _ in range(3)))
    for ground, grown_m in ((zone, 0.0), (Polygon(), 0.1)):
        if ground is not None:
            cut_off(parts, Obstacles(first, np.array([ground], dtype=object)), grown_m, Threads())
    assert parts.rest.area_m2.tolist() == pytest.approx([left_m2])
    assert sum(cut.area_m2.sum() for cut in parts.cuts) == pytest.approx(PARCEL.area - left_m2)


def test_a_rule_that_finds_nothing_left_has_no_row(desk):
    desk.layer("ONE", [box(0, 0, 50, 100)])
    desk.layer("TWO", [box(0, 0, 20, 100)])
    rules = ({"id": "one", "layer": "ONE"}, {"id": "two", "layer": "TWO", "verdict": "restricted"})
    _, _, cuts = run_remedy(desk, {"A": PARCEL}, *rules)
    assert cut_of(cuts) == [("A", "one", 5000.0)]


@pytest.mark.parametrize(
    ("keep", "left"), [("clear", 4000), ("notice", 6000), ("consult", 8000), ("prohibited", 10_000)]
)
def test_what_is_not_more_severe_than_the_verdict_to_keep_stays(desk, keep, left):
    for number, verdict in enumerate(("notice", "consult", "restricted")):
        desk.layer(verdict.upper(), [box(20 * number, 0, 20 * number + 20, 100)])
    rules = [
        {"id": verdict, "layer": verdict.upper(), "verdict": verdict} for verdict in ("notice", "consult", "restricted")
    ]
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, *rules, keep_verdict=keep)
    assert remainder.loc["A"].area_m2 == pytest.approx(left)


def test_ground_that_could_not_be_judged_is_cut_too(desk):
    desk.layer("ZONE", [box(0, 0, 20, 100)], covers=box(0, 0, 70, 100))
    _, remainder, cuts = run_remedy(desk, {"A": PARCEL}, {})
    assert remainder.loc["A"].area_m2 == pytest.approx(5000)
    assert cuts[["rule", "area_m2", "unknown_m2", "verdict"]].to_numpy().tolist() == [
        ["r", pytest.approx(5000), pytest.approx(3000), "prohibited"]
    ]
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, {}, keep_verdict="unknown")
    assert remainder.loc["A"].area_m2 == pytest.approx(8000)


def test_what_does_not_count_is_not_cut(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10), box(99.8, 0, 100, 100)])
    _, remainder, cuts = run_remedy(desk, {"A": PARCEL}, {"min_area_m2": 60.0, "min_width_m": 0.5})
    assert remainder.loc["A"].area_m2 == pytest.approx(10_000) and len(cuts) == 0


def test_parts_below_the_least_are_dropped_and_told(desk):
    desk.layer("ZONE", [box(30, -1, 40, 101)])
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, {}, min_part=3500)
    row = remainder.loc["A"]
    assert (row.area_m2, row.dropped_m2, row.parts) == (pytest.approx(6000), pytest.approx(3000), 1)
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, {}, min_part=7000)
    row = remainder.loc["A"]
    assert (row.area_m2, row.dropped_m2, row.parts) == (0, pytest.approx(9000), 0)
    assert row.geometry is None or row.geometry.is_empty


def test_one_piece_and_a_least_width(desk):
    desk.layer("ZONE", [box(30, -1, 40, 101), box(60, -1, 98, 101)])
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, {}, one_piece=True)
    assert (remainder.loc["A"].area_m2, remainder.loc["A"].dropped_m2) == pytest.approx((3000, 2200))
    _, remainder, _ = run_remedy(desk, {"A": PARCEL}, {}, min_width=3)
    assert (remainder.loc["A"].area_m2, remainder.loc["A"].parts) == (pytest.approx(5000), 2)


@pytest.mark.parametrize("options", [{"one_piece": True}, {"min_part": 6000}, {"min_width": 60}])
def test_ground_that_is_a_greater_share_once_parts_were_dropped_is_cut(desk, options):
    """1500 of 15,000 m² are below the least share, and of the 10,000 that are kept they are not."""
    desk.layer("ZONE", [box(0, 0, 15, 100)])
    parcels = {"A": MultiPolygon([PARCEL, box(200, 0, 250, 100)])}
    answer, remainder, cuts = run_remedy(desk, parcels, {"min_share": 0.12}, **options)
    assert (remainder.loc["A"].area_m2, remainder.loc["A"].dropped_m2) == pytest.approx((8500, 5000), abs=0.02)
    assert cuts.area_m2.tolist() == pytest.approx([1500], abs=0.02) and answer["whole"] == 0


@pytest.mark.slow
def test_every_kind_of_rule_leaves_a_remainder_that_passes(desk):
    desk.layer("ZONE", [box(-5, -5, 10, 200)], {"USE": ["07"]})
    desk.layer("PLAN", [box(-50, 20, 200, 200), box(-50, -50, 200, 20)], {"USE": ["07", "01"]})
    desk.layer("ROAD", [LineString([(-50, 120), (150, 121)])], {"GLDJ": ["国道"]}, geometry="line")
    desk.layer("LINE", [LineString([(50, -10), (53, 117)])], geometry="line")
    desk.layer("SPRING", [Point(90, 90)], geometry="point")
    desk.layer("PIT", [box(95, 40, 97, 42)])
    rules = (
        {"id": "avoid"},
        {"id": "within", "kind": "within", "layer": "PLAN", "where": "USE = '07'"},
        {"id": "setback", "kind": "setback", "layer": "ROAD", "distance_m": 30},
        {"id": "cross", "kind": "cross", "layer": "LINE"},
        {"id": "near", "kind": "near", "layer": "SPRING", "distance_m": 5},
        {"id": "pit", "kind": "near", "layer": "PIT", "distance_m": 3},
        {
            "id": "use",
            "kind": "use",
            "layer": "PLAN",
            "parcel_field": "YDXZ",
            "plan_field": "USE",
            "permits": {"07": ["07"]},
        },
    )
    _, remainder, cuts = run_remedy(desk, {"A": PARCEL}, *rules, columns={"YDXZ": ["0701"]})
    assert set(cuts.rule) >= {"avoid", "within", "setback", "cross", "near", "pit"}
    assert 4500 < remainder.loc["A"].area_m2 < 6500


def test_a_layer_that_is_missing_leaves_nothing_to_keep(desk):
    desk.layer("ZONE", [FAR])
    answer, remainder, cuts = run_remedy(desk, {"A": PARCEL}, {"layer": "YJJBNTTB"})
    assert remainder.loc["A"].area_m2 == 0 and cuts.unknown_m2.tolist() == pytest.approx([10_000])
    assert answer["passing"] == 0


def test_the_remedy_is_kept_in_the_library_and_a_check_does_not_take_it_for_one_of_its_own(desk):
    desk.layer("ZONE", [box(50, -10, 200, 200)])
    answer, _, _ = run_remedy(desk, {"A": PARCEL}, {})
    run = answer["run"]["id"]
    refused = desk.run("explain", desk.library, run, "A", "r")
    assert (refused.code, refused.codes) == (3, ["run.kind"])
    assert desk.run("verify", desk.library, "--run", run).json == {"ok": True, "problems": []}


@pytest.mark.slow
def test_a_stored_remedy_is_written_again_as_it_was_found(desk, tmp_path):
    desk.layer("ZONE", [box(50, -10, 200, 200)])
    answer, remainder, cuts = run_remedy(
        desk, {"A": PARCEL}, {}, {"id": "gone", "layer": "YJJBNTTB", "missing": "checklist"}
    )
    asked = gpd.read_file(desk.folder / "remedy.gpkg", layer="unasked_rules")
    assert asked[["rule", "reason"]].to_numpy().tolist() == [["gone", "layer_missing"]]
    again, sheet = tmp_path / "again.gpkg", tmp_path / "again.xlsx"
    opened = desk.run("runs", desk.library, answer["run"]["id"], "--out", again, "--out", sheet)
    assert (opened.code, opened.json["run"]["kind"]) == (0, "remedy")
    stored, stored_cuts = tables(again)
    assert stored.equals(remainder) and stored_cuts.equals(cuts)
    assert gpd.read_file(again, layer="unasked_rules").equals(asked)
    assert {"What remains", "What was cut", "Rules not asked", "Run"} <= set(load_workbook(sheet).sheetnames)
    refused = desk.run("runs", desk.library, answer["run"]["id"], "--against", answer["run"]["id"])
    assert (refused.code, refused.codes) == (3, ["run.kind"])


def test_one_parcel_of_a_file_is_remedied_alone(desk):
    desk.layer("ZONE", [box(50, -10, 400, 200)])
    parcels = desk.parcels({"A": PARCEL, "B": box(200, 0, 300, 100)})
    out = desk.folder / "one.gpkg"
    answer = desk.run("remedy", desk.library, parcels, "--pack", desk.pack({}), "--parcel", "A", "--out", out)
    remainder, cuts = tables(out)
    assert answer.json["parcels"] == 1 and remainder.area_m2.to_dict() == {"A": pytest.approx(5000)}
    assert set(cuts.parcel) == {"A"}
    assert desk.run("verify", desk.library, "--run", answer.json["run"]["id"]).json["ok"]


def test_a_parcel_that_is_not_in_the_file_is_refused_by_name(desk):
    desk.layer("ZONE", [FAR])
    refused = desk.run("remedy", desk.library, desk.parcels({"A": PARCEL}), "--pack", desk.pack({}), "--parcel", "X")
    assert (refused.code, refused.codes) == (3, ["parcel.unknown"])
    assert "X" in refused.json["problems"][0]["message"] and "A" in refused.json["problems"][0]["mend"]
