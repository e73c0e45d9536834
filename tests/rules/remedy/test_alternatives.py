"""Alternatives: moved or turned only as far as was asked, each one checked; nothing found is told as nothing."""

import json

import geopandas as gpd
import pytest
import shapely
from shapely import box

from onemap.rules.remedy.search import Step, moves, nearest_steps, turns

PARCEL = box(0, 0, 100, 100)


def remedied(desk, parcels, *rules, **options):
    out = desk.folder / "remedy.gpkg"
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    source = desk.parcels(parcels)
    answer = desk.run("remedy", desk.library, source, "--pack", desk.pack(*rules), "--out", out, "--overwrite", *given)
    assert answer.code == 0, answer.json
    return answer.json, gpd.read_file(out, layer="alternatives").set_index("alternative")


def test_a_parcel_is_moved_off_what_it_touches_and_no_further_than_need_be(desk):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    answer, rows = remedied(desk, {"A": PARCEL, "B": box(-500, 0, -400, 100)}, {}, move=100)
    assert rows["parcel"].tolist() == ["A", "A"] and rows["passes"].all()
    assert rows.loc["cut", "area_m2"] == pytest.approx(8000)
    moved = rows.loc["moved"]
    assert moved["area_m2"] == pytest.approx(10_000) and moved["share"] == pytest.approx(1)
    assert 20 <= moved["moved_m"] < 21 and moved["east_m"] < 0
    assert moved.geometry.intersection(box(80, -50, 300, 150)).area == pytest.approx(0, abs=1e-6)
    assert json.loads(moved["departments"]) == {"land": {"before_m2": 2000.0, "after_m2": 0.0}}
    assert (answer["moved"], answer["turned"]) == (1, 0)


def test_a_parcel_that_could_go_nowhere_has_no_such_alternative(desk):
    desk.layer("ZONE", [box(-500, -500, 95, 500), box(105, -500, 600, 500)])
    answer, rows = remedied(desk, {"A": PARCEL}, {}, move=50, turn=45)
    assert "moved" not in rows.index and "turned" not in rows.index and answer["moved"] == 0
    assert rows.loc["cut", "area_m2"] == pytest.approx(500)


def test_a_turn_is_found_where_it_helps(desk):
    # A bar of 200 m × 20 m between two walls 60 m apart, lying across: it fits only along.
    desk.layer("ZONE", [box(-300, -300, -30, 300), box(30, -300, 300, 300)])
    _, rows = remedied(desk, {"A": box(-100, -10, 100, 10)}, {}, turn=90)
    turned = rows.loc["turned"]
    assert turned["passes"] and 60 < abs(turned["turned_deg"]) <= 90 and turned["moved_m"] == 0
    assert turned["area_m2"] == pytest.approx(4000)


def test_of_a_remainder_of_several_parts_the_largest_is_an_alternative(desk):
    desk.layer("ZONE", [box(30, -10, 40, 110)])
    _, rows = remedied(desk, {"A": PARCEL}, {})
    assert rows["area_m2"].to_dict() == pytest.approx({"cut": 9000, "one_piece": 6000})


def test_a_remedy_with_a_search_repeats_row_by_row(desk):
    desk.layer("ZONE", [box(80, -50, 300, 150)])
    answer, _ = remedied(desk, {"A": PARCEL}, {}, move=100, turn=30)
    assert desk.run("verify", desk.library, "--run", answer["run"]["id"]).json["ok"]


@pytest.mark.parametrize("given", ["--turn=181", "--turn=-1", "--move=-1", "--turn=x"])
def test_steps_that_are_none_are_refused(desk, given):
    answer = desk.run("remedy", desk.library, "parcels.gpkg", given)
    assert (answer.code, answer.codes) == (2, ["usage.value"])


def test_rings_grow_and_steps_keep_the_area():
    sizes = [max(step.moved_m for step in ring) for ring in moves(100)]
    assert sizes == sorted(sizes) and sizes[-1] == pytest.approx(100)
    assert [ring[0].turned_deg for ring in turns(45)] == [2, 5, 10, 20, 30, 45]
    shifted = Step(3, 4, 37).applied(PARCEL)
    assert shifted.area == pytest.approx(10_000) and shifted.centroid.distance(PARCEL.centroid) == pytest.approx(5)


def test_the_search_finds_the_smallest_step_of_its_directions():
    wall = box(90, -1000, 1000, 1000)

    def passes(rows, shapes):
        return shapely.area(shapely.intersection(shapes, wall)) == 0

    parcels = shapely.box([0.0], [0.0], [100.0], [100.0])
    found = nearest_steps(parcels, [0], moves(100), passes)
    assert 10 <= found[0].moved_m < 10.2 and found[0].east_m < 0
    assert nearest_steps(parcels, [0], moves(9), passes) == {}
