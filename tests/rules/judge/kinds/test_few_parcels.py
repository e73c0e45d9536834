"""A few parcels are overlaid with all layers at once: every row equals that of each layer separately."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.library.library import open_library
from onemap.rules.judge.kinds.ground import SharedGround
from onemap.rules.judge.overlay.overlay import Overlaps
from onemap.rules.judge.runs.run_store import KEPT, stored_rows

RULES = (
    {"id": "zone", "layer": "ZONE"},
    {"id": "some", "layer": "ZONE", "where": "GRADE = 1", "verdict": "restricted"},
    {"id": "mine", "layer": "ZONE", "where": "GRADE > 1", "when": "USE = '0701'", "verdict": "consult"},
    {"id": "plan", "kind": "use", "layer": "PLAN", "parcel_field": "USE", "plan_field": "DLBM"}
    | {"permits": {"07": ["07"]}, "verdict": "restricted"},
    {"id": "inside", "kind": "within", "layer": "PLAN", "where": "DLBM <> '0101'", "verdict": "consult"},
    {"id": "survey", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
    {"id": "empty", "layer": "FAR"},
)


def boxes(random, count, extent, largest):
    places = random.uniform(0, extent, (count, 2)) + 2000
    sizes, turns = random.uniform(3, largest, (count, 2)), random.uniform(0, 90, count)
    shapes = [shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(places, sizes, strict=True)]
    return [affinity.rotate(shape, turn) for shape, turn in zip(shapes, turns, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_every_row_is_that_of_each_layer_by_itself(desk, seed, monkeypatch):
    random = np.random.default_rng(seed)
    zones = boxes(random, 30, 400, 90)
    desk.layer("ZONE", zones, {"GRADE": random.integers(1, 4, 30).tolist()})
    plan = [shapely.box(x, y, x + 50, y + 50) for x in range(2000, 2400, 50) for y in range(2000, 2350, 50)]
    uses = np.array(["0101", "0701", None], dtype=object)[random.integers(0, 3, len(plan))]
    desk.layer("PLAN", plan, {"DLBM": list(uses)}, shapely.box(1900, 1900, 2380, 2600))
    desk.layer("FAR", [shapely.box(9000, 9000, 9100, 9100)])
    # Some cover their patches exactly, so that the ground is the parcel itself.
    parcels = {f"P{n}": shape for n, shape in enumerate([*boxes(random, 25, 400, 60), *plan[:5]])}
    wanted = list(np.array(["0701", "0101", None], dtype=object)[random.integers(0, 3, len(parcels))])
    pack = desk.pack(*RULES)
    given = desk.parcels(parcels, {"USE": wanted})

    def rows():
        answer = desk.run("check", desk.library, given, "--pack", pack).done()
        with open_library(str(desk.library)) as library:
            return {name: stored_rows(library, answer.json["run"]["id"], name) for name in KEPT}

    together = rows()
    assert len(together["overlaps"]) > 50
    for name in ("ROWS_OF_PART", "LEAST_PARCELS"):  # each parcel by itself
        monkeypatch.setattr(f"onemap.rules.judge.check.run_in_parts.{name}", 1)
    assert rows() == together
    monkeypatch.setattr("onemap.rules.judge.check.part_judgement.FEW_PARCELS", 0)
    assert rows() == together


def test_of_some_features_only_their_overlaps_and_failures_are_left():
    ground = np.array([shapely.box(0, 0, 1, at + 1) for at in range(4)], dtype=object)
    found = Overlaps(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 2]), FlatGround.of(ground), np.array([[0, 1], [2, 2]]))
    some = SharedGround(found, FlatGround.of(ground[:3])).with_features(np.array([0, 2]), 3)
    assert some.grounds is None
    assert some.overlaps.parcel.tolist() == [0, 0, 2] and some.overlaps.feature.tolist() == [0, 1, 1]
    assert some.overlaps.failed.tolist() == [[2, 1]]
    assert SharedGround(found, FlatGround.of(ground[:3])).with_features(np.arange(3), 3).overlaps is found
