"""Alternatives: moved or turned only within the limits, each one checked; the answer says if none is found."""

import json

import geopandas as gpd
import pytest
import shapely
from shapely import box

from onemap.rules.answers.remedy.search import Bounds, Step, moves, nearest_steps, turned_moves, turns

PARCEL = box(0, 0, 100, 100)


def run_remedy(desk, parcels, *rules, **options):
    out = desk.folder / "remedy.gpkg"
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    source = desk.parcels(parcels)
    answer = desk.run(
        "remedy", desk.library, source, "--pack", desk.pack(*rules), "--out", out, "--overwrite", *given
    ).done()
    return answer.json, gpd.read_file(out, layer="alternatives").set_index("alternative")


def test_a_parcel_is_moved_off_what_it_touches_and_no_further_than_need_be(desk):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    answer, rows = run_remedy(desk, {"A": PARCEL, "B": box(-500, 0, -400, 100)}, {}, move=100)
    assert rows["parcel"].tolist() == ["A", "A"] and rows["passes"].all()
    assert rows.loc["cut", "area_m2"] == pytest.approx(8000)
    moved = rows.loc["moved"]
    assert moved["area_m2"] == pytest.approx(10_000) and moved["share"] == pytest.approx(1)
    assert 20 <= moved["moved_m"] < 21 and moved["east_m"] < 0
    assert moved.geometry.intersection(box(80, -50, 300, 150)).area == pytest.approx(0, abs=1e-6)
    land = json.loads(moved["departments"])["land"]
    assert (land["before_m2"], land["after_m2"], land["verdict_before"], land["verdict_after"]) == (
        *(2000.0, 0.0, "prohibited", "clear"),
    )
    assert (answer["moved"], answer["turned"]) == (1, 0)


@pytest.mark.parametrize(("west", "moved"), [(-10, False), (-40, True)])
def test_a_parcel_is_not_moved_out_of_the_district(desk, west, moved):
    """Its layers speak of ground beyond it; north, east and south it would have to go 100 m."""
    ground = desk.write("district", [box(west, -10, 120, 110)], {"n": [1]}, "EPSG:4547")
    assert desk.run("district", desk.library, ground, "--reason=test").code == 0
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    answer, _ = run_remedy(desk, {"A": PARCEL}, {}, move=40)
    assert answer["moved"] == moved


def test_a_parcel_that_could_go_nowhere_has_no_such_alternative(desk):
    desk.layer("ZONE", [box(-500, -500, 95, 500), box(105, -500, 600, 500)])
    answer, rows = run_remedy(desk, {"A": PARCEL}, {}, move=50, turn=45)
    assert "moved" not in rows.index and "turned" not in rows.index and answer["moved"] == 0
    assert rows.loc["cut", "area_m2"] == pytest.approx(500)


def test_a_turn_is_found_where_it_helps(desk):
    # A bar of 200 m × 20 m between two walls 60 m apart, lying across: it fits only along.
    desk.layer("ZONE", [box(-300, -300, -30, 300), box(30, -300, 300, 300)])
    _, rows = run_remedy(desk, {"A": box(-100, -10, 100, 10)}, {}, turn=90)
    turned = rows.loc["turned"]
    assert turned["passes"] and 60 < abs(turned["turned_deg"]) <= 90 and turned["moved_m"] == 0
    assert turned["area_m2"] == pytest.approx(4000)


def test_of_a_remainder_of_several_parts_the_largest_is_an_alternative(desk):
    desk.layer("ZONE", [box(30, -10, 40, 110)])
    _, rows = run_remedy(desk, {"A": PARCEL}, {})
    assert rows["area_m2"].to_dict() == pytest.approx({"cut": 9000, "one_piece": 6000})


def test_a_remedy_with_a_search_repeats_row_by_row(desk):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    answer, _ = run_remedy(desk, {"A": PARCEL}, {}, move=100, turn=30)
    assert desk.run("verify", desk.library, "--run", answer["run"]["id"]).json["ok"]


@pytest.mark.parametrize("given", ["--turn=181", "--turn=-1", "--move=-1", "--turn=x"])
def test_steps_that_are_none_are_refused(desk, given):
    answer = desk.run("remedy", desk.library, "parcels.gpkg", given)
    assert (answer.code, answer.codes) == (2, ["usage.value"])


def test_rings_grow_and_steps_keep_the_area():
    sizes = [max(step.moved_m for step in ring) for ring in moves(100)]
    assert sizes == sorted(sizes) and sizes[-1] == pytest.approx(100)
    assert [ring[0].turned_deg for ring in turns(45)] == [2, 5, 10, 20, 30, 45]
    shifted = Step(3, 4, 37).move_parcel(PARCEL)
    assert shifted.area == pytest.approx(10_000) and shifted.centroid.distance(PARCEL.centroid) == pytest.approx(5)


def test_the_search_finds_the_smallest_step_of_its_directions():
    wall = box(90, -1000, 1000, 1000)

    def passes(rows, shapes):
        return shapely.area(shapely.intersection(shapes, wall)) == 0

    parcels = shapely.box([0.0], [0.0], [100.0], [100.0])
    found = nearest_steps(parcels, [0], moves(100), passes, Bounds(100, 0).share)
    assert 10 <= found[0].moved_m < 10.2 and found[0].east_m < 0
    assert nearest_steps(parcels, [0], moves(9), passes, Bounds(9, 0).share) == {}


def test_steps_of_both_kinds_stay_within_both_bounds_and_the_least_come_first():
    bounds = Bounds(80, 30)
    rings = turned_moves(bounds)
    steps = [step for ring in rings for step in ring]
    assert len(steps) == len(set(steps)) == bounds.record(0)["both"] == 256
    assert max(step.moved_m for step in steps) == pytest.approx(80)
    assert {step.turned_deg for step in steps} == {turn * sign for turn in (3, 7.5, 15, 30) for sign in (1, -1)}
    for nearer, farther in zip(rings, rings[1:], strict=False):
        assert max(map(bounds.share, nearer)) < min(map(bounds.share, farther))


def test_a_parcel_that_must_both_move_and_turn_is_moved_and_turned(desk):
    # A bar of 200 m × 20 m, lying across; the only corridor runs north, 40 m wide, and its middle is 30 m east.
    desk.layer("ZONE", [box(-500, -500, 10, 500), box(50, -500, 500, 500)])
    answer, rows = run_remedy(desk, {"A": box(-100, -10, 100, 10)}, {}, move=60, turn=90)
    assert "moved" not in rows.index and "turned" not in rows.index
    both = rows.loc["moved_turned"]
    assert both["passes"] and 0 < both["moved_m"] <= 60 and 0 < abs(both["turned_deg"]) <= 90
    assert both["area_m2"] == pytest.approx(4000) and both["verdict"] == "clear"
    assert both.geometry.within(box(10 - 1e-6, -500, 50 + 1e-6, 500))
    search = answer["search"]
    assert (answer["moved_turned"], search["complete"], search["both"]) == (1, False, 256) and search["tried"] > 256
    assert "60 m" in search["text"] and "90°" in search["text"] and "optimum" in search["text"]


def test_where_a_short_move_is_enough_no_larger_step_is_proposed(desk):
    desk.layer("ZONE", [box(99, -50, 300, 150)])
    _, rows = run_remedy(desk, {"A": PARCEL}, {}, move=50, turn=60)
    best = rows.loc["moved"]["moved_m"] / 50
    assert best < 0.03
    if "moved_turned" in rows.index:
        both = rows.loc["moved_turned"]
        assert both["moved_m"] / 50 + abs(both["turned_deg"]) / 60 < best


@pytest.mark.parametrize("least", [{"min_part": 10_001}, {"min_width": 101}])
def test_a_parcel_below_the_least_area_or_width_is_proposed_nowhere(desk, least):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    _, rows = run_remedy(desk, {"A": PARCEL}, {}, move=100, turn=30, **least)
    assert len(rows) == 0


def departments(desk):
    columns = ["parcel", "alternative", "department"]
    return gpd.read_file(desk.folder / "remedy.gpkg", layer="departments").set_index(columns)


def test_what_each_department_keeps_and_gives_up_is_told_by_ground_and_by_verdict(desk):
    # The parcel lies 20 m deep in farmland, half of which two rules protect; west of it a wood is met by moving.
    desk.layer("FARM", [box(80, -50, 300, 150)])
    desk.layer("CORE", [box(90, -50, 300, 150)])
    desk.layer("WOOD", [box(-300, -50, -10, 150)])
    rules = (
        {"id": "farm", "layer": "FARM"},
        {"id": "core", "layer": "CORE"},
        {"id": "wood", "layer": "WOOD", "department": "forestry", "verdict": "notice"},
    )
    answer, rows = run_remedy(desk, {"A": PARCEL}, *rules, move=100)
    table = departments(desk)
    cut = table.loc[("A", "cut", "land")]
    # Ground under both rules counts once.
    assert cut[["before_m2", "after_m2", "kept_m2", "given_up_m2"]].tolist() == pytest.approx([2000, 0, 2000, 0])
    assert (cut["verdict_before"], cut["verdict_after"]) == ("prohibited", "clear")
    moved, wood = rows.loc["moved"], table.loc[("A", "moved", "forestry")]
    assert (wood["verdict_before"], wood["verdict_after"]) == ("clear", "notice")
    assert wood["given_up_m2"] == pytest.approx(moved.geometry.intersection(box(-300, -50, -10, 150)).area)
    assert wood["given_up_m2"] > 0 and wood["kept_m2"] == wood["before_m2"] == 0
    departments_of = {(row["parcel"], row["alternative"]): row["departments"] for row in answer["alternatives"]}
    assert departments_of["A", "moved"]["forestry"]["given_up_m2"] == pytest.approx(wood["given_up_m2"], abs=1e-3)
    assert set(departments_of["A", "cut"]) == {"land"}


def test_ground_on_which_nothing_is_known_is_nobodys_and_told_apart(desk):
    desk.layer("ZONE", [box(80, -50, 300, 150)], covers=box(-60, -500, 500, 500))
    _, rows = run_remedy(desk, {"A": PARCEL}, {}, keep_verdict="unknown", move=100)
    cut = departments(desk).loc[("A", "cut", "land")]
    assert cut[["before_m2", "unknown_before_m2", "unknown_after_m2"]].tolist() == pytest.approx([2000, 0, 0])
    _, rows = run_remedy(desk, {"A": box(-100, 0, 0, 100)}, {}, move=100)
    cut = departments(desk).loc[("A", "cut", "land")]
    assert cut[["before_m2", "unknown_before_m2", "unknown_after_m2"]].tolist() == pytest.approx([0, 4000, 0])
    assert (cut["verdict_before"], cut["verdict_after"]) == ("unknown", "clear")


@pytest.mark.slow
def test_a_search_in_small_shares_finds_the_same_steps(desk, monkeypatch):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    parcels = {"A": PARCEL, "B": box(0, 120, 90, 200)}
    whole, rows = run_remedy(desk, parcels, {}, move=60, turn=20)
    monkeypatch.setattr("onemap.rules.answers.remedy.alternatives._TRIED_AT_ONCE", 5)
    parts, again = run_remedy(desk, parcels, {}, move=60, turn=20)
    assert parts["search"] == whole["search"] and parts["alternatives"] == whole["alternatives"]
    assert rows.geometry.to_wkb().tolist() == again.geometry.to_wkb().tolist()
