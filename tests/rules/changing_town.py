"""A town whose layers and parcels a test can change, and a pack with every kind of rule."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from shapely import LineString, affinity, box

from onemap.tests.rules.conftest import Desk

CLASSES = np.array(["0101", "0301", "0701", None], dtype=object)
RULES = (
    {"id": "zone", "where": "GRADE = 1", "min_width_m": 0.4},
    {"id": "plan", "kind": "use", "layer": "PLAN", "parcel_field": "USE", "plan_field": "DLBM"}
    | {"permits": {"07": ["07"], "01": ["01", "03"]}, "verdict": "restricted"},
    {"id": "inside", "kind": "within", "layer": "PLAN", "where": "DLBM <> '0101'", "verdict": "consult"},
    {"id": "road", "kind": "setback", "layer": "ROAD", "verdict": "restricted"}
    | {"distance_m": {"field": "GRADE", "values": {"1": 12, "2": 5}}},
    {"id": "close", "kind": "near", "layer": "ROAD", "distance_m": 9, "verdict": "notice"},
    {"id": "through", "kind": "cross", "layer": "ROAD", "verdict": "notice"},
    {"id": "survey", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
)


def squares(random, count, extent, largest):
    shapes = []
    for west, south, width, turn in zip(*random.uniform(0, 1, (4, count)), strict=True):
        side = 1 + largest * width
        square = box(west * extent, south * extent, west * extent + side, south * extent + side)
        shapes.append(affinity.rotate(square, 90 * turn))
    return shapes


class Town:
    """A library of three layers, with parcels, which can be changed at one place."""

    def __init__(self, desk, seed):
        self.desk, self.random = desk, np.random.default_rng(seed)
        self.zones = squares(self.random, 40, 900, 60)
        self.grades = list(self.random.integers(1, 4, 40))
        self.plan = [box(x, y, x + 100, y + 100) for x in range(0, 900, 100) for y in range(0, 900, 100)]
        self.uses = list(CLASSES[self.random.integers(0, 4, len(self.plan))])
        self.roads = [LineString(shape.exterior.coords) for shape in squares(self.random, 12, 900, 80)]
        self.road_grades = [str(grade) for grade in self.random.integers(1, 4, 12)]
        self.parcels = {f"P{n}": shape for n, shape in enumerate(squares(self.random, 60, 900, 30))}
        self.wanted = list(np.array(["0701", "0101", None], dtype=object)[self.random.integers(0, 3, 60)])
        self.keys = [f"z{n}" for n in range(40)]
        self.add_zones("a")
        self.add_plan("a")
        covers = box(-50, -50, 880, 960)
        desk.layer("ROAD", self.roads, {"GRADE": self.road_grades}, covers, "line", label="a")

    def add_zones(self, label, covers=None, **options):
        ground = covers or box(-10, -10, 960, 700)
        self.desk.layer("ZONE", self.zones, {"KEY": self.keys, "GRADE": self.grades}, ground, label=label, **options)

    def add_plan(self, label):
        self.desk.layer("PLAN", self.plan, {"DLBM": self.uses}, label=label)

    def check(self, *rules, **options):
        found = self.desk.check(self.parcels, *(rules or RULES), columns={"USE": self.wanted}, **options)
        return found.answer.json["run"]

    def differing_rows(self, run):
        """The differences between a run's rows and those of the whole run computed anew."""
        answer = self.desk.run("verify", self.desk.library, "--run", run["id"])
        return answer.json["problems"]

    def copied(self, folder: Path, run: Callable[..., Any]) -> "Town":
        """A copy of the town in another folder, which a test may change. run: the command line."""
        town = copy.copy(self)
        town.desk = Desk(shutil.copytree(self.desk.folder, folder), run)
        for name in ("parcels", "wanted", "zones", "grades", "plan", "uses", "keys", "random"):
            setattr(town, name, copy.deepcopy(getattr(self, name)))
        return town
