"""Planted causes and clusters are found: a shifted road, a renamed class, a real conflict, an old plan."""

import json

import geopandas as gpd
import pytest
from shapely import box
from shapely.affinity import rotate, translate

from onemap.rules.answers.compare.triage import cause_of
from onemap.tests.rules.answers.compare.conftest import GROUND


def clusters(found):
    return gpd.read_file(found.out, layer="clusters")


def plant_town(table):
    """A town of 1 km: a road that b draws 6 m further north, four renamed works, a factory that b does not know."""
    road = [box(x, 500, x + 190, 520) for x in (0, 200, 400, 600, 800)]
    works = [box(100 + 200 * n, 100, 180 + 200 * n, 180) for n in range(4)]
    factory = box(700, 700, 900, 900)
    fields = GROUND.difference(road[0])
    for shape in [*road[1:], *works, factory]:
        fields = fields.difference(shape)
    table.plan(
        "A", [*((shape, "0702") for shape in road), *((w, "0788") for w in works), (factory, "0711"), (fields, "01")]
    )
    north = [translate(shape, 0, 6) for shape in road]
    other = GROUND
    for shape in [*north, *works]:
        other = other.difference(shape)
    table.plan("B", [*((shape, "R9") for shape in north), *((w, "M1") for w in works), (other, "E")])
    return table.compare()


def test_a_shifted_road_a_renamed_class_and_a_real_conflict_are_told_apart(table):
    found = plant_town(table)
    rows = clusters(found).set_index("cause")
    assert sorted(rows.index) == ["boundary_shift", "classification", "policy"]
    shift = rows.loc["boundary_shift"]
    # Each of the five pieces of road leaves a strip of 6 m on either side; the step north is the same for all.
    assert (shift["spots"], shift["types"]) == (10, "03,04")
    assert shift["area_m2"] == pytest.approx(2 * 5 * 190 * 6)
    assert (shift["shift_east_m"], shift["shift_north_m"]) == pytest.approx((0, 6), abs=0.15)
    assert rows.loc["classification"][["spots", "class_a", "class_b"]].tolist() == [4, "0788", "M1"]
    assert rows.loc["policy"][["spots", "area_m2", "types"]].tolist() == [1, 40_000.0, "03"]


def test_every_spot_carries_its_figures_and_the_name_of_its_cluster(table):
    found = plant_town(table)
    spots, groups = found.spots, clusters(found)
    assert set(spots["cluster"].dropna()) == set(groups["cluster"])
    assert spots[spots["type"].isin(["01", "02", "98"])]["cause"].isna().all()
    strip = spots[spots["cause"] == "boundary_shift"].iloc[0]
    figures = json.loads(strip["evidence"])
    assert figures["shift_m"] == pytest.approx(6, abs=0.15) and figures["line_distance_m"] == 0
    assert strip["mean_width_m"] == pytest.approx(2 * 190 * 6 / (2 * 196))
    factory = spots[spots["cause"] == "policy"].iloc[0]
    assert factory["line_distance_m"] == pytest.approx(170 + 4)  # b's road ends at y = 526
    assert factory["compactness"] == pytest.approx(0.785, abs=0.001)


def test_the_step_is_told_whatever_the_direction_of_the_road(table):
    turn = [rotate(box(100, 480, 900, 520), angle, origin=(500, 500)) for angle in (30,)]
    step = (8 * 0.5, -8 * 0.8660254037844386)  # across the road
    moved = [translate(shape, *step) for shape in turn]
    table.plan("A", [(turn[0], "07"), (GROUND - turn[0], "01")])
    table.plan("B", [(moved[0], "R"), (GROUND - moved[0], "E")])
    (row,) = clusters(table.compare()).to_dict("records")
    assert row["cause"] == "boundary_shift" and row["spots"] == 2
    assert (row["shift_east_m"], row["shift_north_m"]) == pytest.approx(step, abs=0.4)


def test_where_the_newer_plan_agreed_before_it_changed_the_other_is_outdated(table):
    table.plan("B", [(GROUND, "E")], label="2018", valid_from="2018-01-01")
    table.plan("A", [(GROUND, "01")], label="2020", valid_from="2020-01-01")
    new = box(300, 300, 500, 500)
    table.plan("B", [(new, "R"), (GROUND - new, "E")], label="2024", valid_from="2024-01-01")
    spots = table.compare().spots
    spot = spots[spots["type"] == "04"].iloc[0]
    assert (spot["cause"], json.loads(spot["evidence"])["agreed_before_b"]) == ("outdated", 1.0)
    assert (spot["date_a"], spot["date_b"]) == ("2020-01-01", "2024-01-01")
    against_old = table.compare(b="B@2018").spots
    assert set(against_old["type"]) == {"01"}


def test_slivers_are_digitising_and_one_cluster_for_each_pair_of_uses(table):
    yards = [box(100 * n, 0, 100 * n + 50, 500) for n in range(5)]
    table.plan("A", [*((yard, "07") for yard in yards), (box(900, 0, 910, 10), "07")])
    table.plan("B", [(box(0, 0.5, 1000, 1000), "R"), (box(0, 0, 1000, 0.5), "E"), (box(900, 0, 910, 10), "E")])
    found = table.compare()
    rows = clusters(found)
    assert rows["cause"].tolist() == ["digitising", "digitising"]  # the uses differ, or both plans build there
    assert rows["spots"].tolist() == [6, 1]
    assert rows["area_m2"].tolist() == pytest.approx([5 * 50 * 0.5 + 10 * 0.5, 10 * 9.5])


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, "boundary_shift"),
        ({"type": "90"}, "digitising"),
        ({"agreed_before_a": 0.95}, "outdated"),
        ({"agreed_before_a": 0.85}, "boundary_shift"),
        ({"pair_share": 0.8, "pair_spots": 3}, "classification"),
        ({"pair_share": 0.79, "pair_spots": 3}, "boundary_shift"),
        ({"pair_share": 1.0, "pair_spots": 2}, "boundary_shift"),
        ({"mean_width_m": 10.1}, "policy"),
        ({"length_by_width": 3.9}, "policy"),
        ({"shift_m": None}, "policy"),
        ({"shift_m": 20.5}, "policy"),
    ],
)
def test_causes_follow_from_the_figures_alone(change, cause):
    facts = {"type": "03", "mean_width_m": 10.0, "length_by_width": 4.0, "shift_m": 6.0, "pair_share": 0.5}
    assert cause_of({**facts, "pair_spots": 5, **change}) == cause
