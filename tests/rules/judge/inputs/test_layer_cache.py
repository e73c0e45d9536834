"""A session reuses what it has read: every row equals that of a process that has read nothing yet."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from onemap.layers.library.library import open_library
from onemap.layers.stores.file_connection import FileConnection
from onemap.layers.stores.session import keeping_open
from onemap.rules.judge.inputs import layer_cache
from onemap.rules.judge.inputs.layer_cache import CachedLayer, LayerCache
from onemap.rules.judge.runs.run_store import KEPT, stored_rows

RULES = (
    {"id": "coast", "layer": "COAST"},
    {"id": "shore", "kind": "within", "layer": "COAST", "verdict": "consult"},
    {"id": "zone", "layer": "ZONE", "where": "GRADE < 3", "min_width_m": 0.5},
    {"id": "away", "kind": "setback", "layer": "ZONE", "distance_m": 12.0, "verdict": "restricted"},
    {"id": "plan", "kind": "use", "layer": "PLAN", "parcel_field": "USE", "plan_field": "DLBM"}
    | {"permits": {"07": ["07"]}, "verdict": "restricted"},
    {"id": "ground", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
)
WEST, SOUTH = 540_000.0, 4_050_000.0
# A corner that is dragged: a little, past what was read, back, far away, and back again.
PLACES = [(0, 0), (3, 1), (30, 20), (36, 24), (3, 1), (900, 700), (0, 0)]


@pytest.fixture
def city(desk):
    random = np.random.default_rng(7)
    turn = np.linspace(0, 2 * np.pi, 6000, endpoint=False)
    far = 400 * (1 + 0.05 * random.uniform(-1, 1, 6000))
    coast = shapely.Polygon(np.round(np.stack([WEST + far * np.cos(turn), SOUTH + far * np.sin(turn)], 1), 3))
    around = shapely.box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000)
    desk.layer("COAST", [coast], {"KEY": ["a"]}, around)
    places = random.uniform(-500, 900, (300, 2)) + [WEST, SOUTH]
    zones = [affinity.rotate(shapely.box(x, y, x + 25, y + 9), at) for at, (x, y) in enumerate(places)]
    desk.layer("ZONE", zones, {"GRADE": random.integers(1, 4, 300).tolist()}, around)
    corners = [(WEST + x, SOUTH + y) for x in range(-500, 900, 40) for y in range(-500, 900, 40)]
    uses = np.array(["0101", "0701", None], dtype=object)[random.integers(0, 3, len(corners))]
    desk.layer("PLAN", [shapely.box(x, y, x + 40, y + 40) for x, y in corners], {"DLBM": list(uses)}, around)
    desk.pack(*RULES)
    return desk


def rows_at(city, place):
    east, north = WEST + 380 + place[0], SOUTH + 10 + place[1]
    shape = shapely.Polygon([(east, north), (east + 70, north + 5), (east + 64, north + 60), (east - 2, north + 41)])
    given = city.parcels({"P": shape}, {"USE": ["0701"]})
    answer = city.run("check", city.library, given, "--pack", city.folder / "test.toml").done()
    with open_library(str(city.library)) as library:
        return {name: stored_rows(library, answer.json["run"]["id"], name) for name in KEPT}


@pytest.mark.slow
def test_a_corner_that_is_dragged_meets_what_it_meets_in_a_fresh_process(city, monkeypatch):
    fresh = [rows_at(city, place) for place in PLACES]
    assert fresh[0] != fresh[1] != fresh[2] and all(len(rows["overlaps"]) > 3 for rows in fresh[:5])
    asked, read = [], FileConnection.read_features
    monkeypatch.setattr(
        FileConnection, "read_features", lambda *given: asked.append(given[1]) or read(*given)
    )  # only to count
    with keeping_open():
        for place, expected in zip(PLACES, fresh, strict=True):
            assert rows_at(city, place) == expected
    read_once = {name: asked.count(name) for name in set(asked)}
    # Three layers: read at first, past what was read, far away and back; each time between costs no reading.
    assert len(read_once) == 3 and set(read_once.values()) == {4}


def ground(boxes, vertices=10, **facts):
    return CachedLayer(object(), np.array(boxes, dtype=float).reshape(-1, 4), vertices, **facts)


def test_what_is_kept_is_bounded_and_the_least_recently_asked_goes_first(monkeypatch):
    monkeypatch.setattr(layer_cache, "MOST_VERTICES", 1000)
    kept, asked = LayerCache(), []

    def near(name, vertices=280):
        found = ground([[0, 0, 1, 1]], vertices)
        kept.near(name, (0, 0, 2, 2), lambda box: asked.append(name) or found, "open")

    for name in ("a", "b", "c", "a", "d", "a", "b"):
        near(name)
    assert asked == ["a", "b", "c", "d", "b"] and kept.size <= 1000
    near("huge", 100_001)
    near("huge", 100_001)
    assert asked[-2:] == ["huge", "huge"] and set(kept.kept) == {"d", "a", "b"}


def test_only_features_whose_boxes_meet_the_question_are_given_and_a_touch_is_a_meeting():
    kept = LayerCache()
    found = ground([[0, 0, 1, 1], [2, 0, 3, 1], [8, 8, 9, 9]])
    assert kept.near("a", (0, 0, 9, 9), lambda box: found, "open") == (found.layer, None)
    layer, rows = kept.near("a", (1, 1, 2, 2), lambda box: pytest.fail("read again"), "open")
    assert layer is found.layer and rows.tolist() == [0, 1]
    assert kept.near("a", (4, 4, 5, 5), lambda box: pytest.fail("read again"), "open")[1].tolist() == []


def test_what_could_not_be_read_is_read_again():
    kept, asked = LayerCache(), []
    for _ in range(2):
        kept.near("a", (0, 0, 1, 1), lambda box: asked.append(box) or ground([], 0, is_whole=False), "open")
    assert len(asked) == 2 and not kept.kept
