"""identify and sheet: the nearest feature if there is none, and the accuracy of a layer, by hand and without index."""

import json
import math
import re
import sqlite3

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPoint, Point, box
from shapely.affinity import rotate

from onemap.rules.answers.identify.identify_rows import identify_view
from onemap.rules.answers.identify.layer_fitness import layer_fitness
from onemap.rules.display.rows.answer_rows import view_text

DISTRICT = box(-100_000, -100_000, 100_000, 100_000)


@pytest.fixture
def identify(desk):
    def ask(*arguments, **options):
        answer = desk.run("identify", desk.library, *arguments, **options).done()
        return {layer["code"]: layer for layer in answer.json["layers"]}

    return ask


def test_the_nearest_is_found_at_any_distance_up_to_twenty_kilometres_and_named_with_its_direction(desk, identify):
    desk.layer("NEAR", [box(30, -5, 40, 5), box(-300, -5, -200, 5)], covers=DISTRICT)
    desk.layer("MILE", [LineString([(0, 1_600), (100, 1_600)])], covers=DISTRICT, geometry="line")
    desk.layer("FAR", [Point(-12_000, -12_000)], covers=DISTRICT, geometry="point")
    desk.layer("EDGE", [Point(0, 20_000)], covers=DISTRICT, geometry="point")
    desk.layer("OUT", [Point(20_001, 0)], covers=DISTRICT, geometry="point")
    layers = identify(0, 0)
    found = {code: layers[code]["nearest"] for code in ("NEAR", "MILE", "FAR", "EDGE", "OUT")}
    assert found.pop("OUT") is None
    assert {code: (one["feature"], one["distance_m"], one["bearing_deg"]) for code, one in found.items()} == {
        "NEAR": ("f1", 30.0, 90.0),
        "MILE": ("f1", 1_600.0, 0.0),
        "FAR": ("f1", pytest.approx(12_000 * math.sqrt(2)), pytest.approx(225.0)),
        "EDGE": ("f1", 20_000.0, 0.0),
    }
    assert all(one["certain"] for one in found.values())
    assert identify(35, 0)["NEAR"]["nearest"] is None  # it lies here


def test_the_nearest_of_many_is_that_of_a_search_without_an_index(desk, identify):
    chance = np.random.default_rng(7)
    at = chance.uniform(-15_000, 15_000, (300, 2))
    shapes = shapely.box(at[:, 0], at[:, 1], at[:, 0] + 40, at[:, 1] + 25)
    desk.layer("MANY", shapes.tolist(), covers=DISTRICT)
    for x, y in chance.uniform(-18_000, 18_000, (6, 2)).round(2).tolist():
        nearest = identify(x, y)["MANY"]["nearest"]
        distances = shapely.distance(shapes, Point(x, y))
        assert nearest["distance_m"] == pytest.approx(distances.min(), abs=1e-6)
        assert nearest["feature"] == f"f{distances.argmin() + 1}"


def test_what_the_layer_does_not_cover_may_hold_a_nearer_one(desk, identify):
    desk.layer("PART", [box(100, 0, 110, 10)], covers=box(-50, -50, 120, 50))
    nearest = identify(0, 5)["PART"]["nearest"]
    assert (nearest["distance_m"], nearest["certain"]) == (100.0, False)
    assert identify(90, 5)["PART"]["nearest"]["certain"]
    beyond = identify(300, 5)["PART"]
    assert (beyond["covered"], beyond["nearest"]) == (False, None)  # nothing is known here, so nothing is said of near
    text = view_text(identify_view(desk.run("identify", desk.library, 0, 5).json, "en"), "en")
    assert "PART: 100.0 m east, No. f1, ground between is not covered" in text


def test_that_nothing_is_near_is_said_as_far_as_the_layer_covers_all_ground(desk, identify):
    desk.layer("WIDE", [box(-50_000, 0, -49_000, 10)], covers=DISTRICT)
    desk.layer("PART", [box(-50_000, 0, -49_000, 10)], covers=box(-50.5, -900, 900, 900))
    layers = identify(0, 0)
    assert [(layers[code]["nearest"], layers[code]["none_within_m"]) for code in ("WIDE", "PART")] == [
        (None, 20_000.0),
        (None, 50.5),
    ]
    assert identify(1_000, 0)["PART"]["none_within_m"] is None
    text = view_text(identify_view(desk.run("identify", desk.library, 0, 0).json, "en"), "en")
    assert "WIDE: none within 20,000 m\n" in text
    assert "PART: none within 50 m, the layer does not cover all ground beyond" in text


def test_a_layer_that_cannot_be_read_around_the_place_is_not_said_to_have_nothing_near(desk, identify):
    desk.layer("ZONE", [box(1_500, 0, 1_600, 10)], covers=DISTRICT)
    with sqlite3.connect(desk.library) as connection:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ZONE__1'"
        for (trigger,) in connection.execute(sql).fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE ZONE__1 SET geom = X'4750'")
    connection.close()
    zone = identify(0, 0)["ZONE"]
    assert (zone["covered"], zone["reason"], zone["none_within_m"]) == (False, "unreadable", None)
    target = desk.folder / "s.json"
    given = (desk.parcels({"A": box(0, 0, 10, 10)}), target, "--pack", desk.pack({"layer": "OTHER"}))
    desk.layer("OTHER", [box(40, 0, 50, 10)], covers=DISTRICT)
    assert desk.run("sheet", desk.library, *given).code == 0
    (sheet,) = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    assert [row["layer"] for row in sheet["nearest"]] == ["OTHER"]


def test_a_sliver_that_is_not_covered_between_the_corners_of_a_drawn_circle_is_seen(desk, identify):
    covered = rotate(box(-99.95, -99.95, 99.95, 99.95), 90 / 32)  # the middle between two corners of a circle's quarter
    at = 99.98 / math.sqrt(2)
    desk.layer("WELL", [Point(at, at)], covers=covered, geometry="point")
    nearest = identify(0, 0)["WELL"]["nearest"]
    assert (nearest["distance_m"], nearest["certain"]) == (pytest.approx(99.98), False)


def test_accuracy_is_held_against_the_size_of_the_place(desk, identify):
    desk.layer("ROUGH", [box(0, 0, 1_000, 1_000)], covers=DISTRICT, accuracy=20)
    desk.layer("SHARP", [box(0, 0, 1_000, 1_000)], covers=DISTRICT, accuracy=0.05)
    desk.layer("MUTE", [box(0, 0, 1_000, 1_000)], covers=DISTRICT)
    plot = identify("--box=400,400,500,500")
    # Ten thousand square metres with an edge of four hundred: 20 × 400 / 10,000, and 0.05 × 400 / 10,000.
    assert plot["ROUGH"]["fitness"] == {"accuracy_m": 20.0, "share": pytest.approx(0.8), "grade": "unfit"}
    assert plot["SHARP"]["fitness"] == {"accuracy_m": 0.05, "share": pytest.approx(0.002), "grade": "fit"}
    assert plot["MUTE"]["fitness"] == {"accuracy_m": None, "share": None, "grade": "unknown"}
    grades = [identify(x, 500)["ROUGH"]["fitness"]["grade"] for x in (21, 19, -19, -21)]
    assert grades == ["fit", "unfit", "unfit", "fit"]  # of a point: whether a boundary may lie on its other side
    text = view_text(identify_view(desk.run("identify", desk.library, "--box=400,400,500,500").json, "zh"), "zh")
    assert "定位精度仅 ±20 米" in text and "±0.05" not in text


@pytest.mark.parametrize(
    ("shape", "share"),
    [
        (LineString([(0, 0), (100, 0)]), 0.1),
        (box(0, 0, 100, 100), 0.2),
        (box(0, 0, 1, 1), 1.0),
        (MultiPoint([(500, 500)]), 0.0),
    ],
)
def test_the_open_share_by_hand(shape, share):
    found = layer_fitness(shape, 5.0, np.array([box(0, 0, 400, 400)]))
    assert found["share"] == pytest.approx(share)


def test_a_sheet_says_how_far_the_nearest_lines_are_and_which_layers_are_too_coarse(desk):
    desk.layer("ZONE", [box(40, 0, 50, 10), box(200, 0, 210, 10)], covers=DISTRICT, accuracy=30)
    desk.layer("EDGE", [box(240, -5, 260, 5)], covers=DISTRICT)
    desk.layer("LAKE", [box(5, 5, 6, 6)], covers=DISTRICT)
    parcels = desk.parcels({"A": box(0, 0, 10, 10), "B": box(230, 0, 240, 10)})
    target = desk.folder / "s.json"
    desk.run("sheet", desk.library, parcels, target, "--pack", desk.pack({}), lang="en").done()
    first, second = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    near = [[(row["layer"], row["distance_m"]) for row in sheet["nearest"]] for sheet in (first, second)]
    assert near == [[("ZONE", 30.0), ("EDGE", 230.0)], [("EDGE", 0.0), ("ZONE", 20.0), ("LAKE", 224.0)]]
    # What adjoins the parcel lies in no direction.
    assert [row["bearing_deg"] for row in second["nearest"]] == [None, 270.0, pytest.approx(270.0, abs=1.5)]
    assert first["coarse"] == {"ZONE": {"accuracy_m": 30.0, "share": 1.0, "grade": "unfit"}}
    page = desk.folder / "s.html"
    assert desk.run("sheet", desk.library, parcels, page, "--pack", desk.pack({}), lang="en").code == 0
    text = page.read_text(encoding="utf-8")
    assert re.search("Nearest of the plans and lines.*>0.0<.*>adjoining<.*>20.0<.*>west<", text, re.DOTALL)
    assert "Not accurate enough for a parcel of this size" in text
