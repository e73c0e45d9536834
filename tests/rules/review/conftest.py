"""A small town to review in: two layers, a pack with one rule of each verdict, and cases that are walked by steps."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.tests.conftest import Answer
from onemap.tests.rules.command import command, done

WEST, SOUTH = 500_000, 4_200_000
HEAD = """
[pack]
id = "town"
version = "{version}"
title = {{ zh = "小城", en = "Town" }}

[review]
days = 5
overdue = "{overdue}"
self_sign = {self_sign}
prefix = "城预审"
"""
RULES = """
[[rule]]
id = "farm"
kind = "avoid"
layer = "FARM"
department = "land"
verdict = "prohibited"
title = { zh = "占用农田", en = "Takes farmland" }
draft = { zh = "占用农田{area_ha}公顷，请避让。", en = "Takes {area_ha} ha of farmland; move the site." }
basis = [{ law = "土地管理法", article = "第三十五条" }]

[[rule]]
id = "river"
kind = "avoid"
layer = "RIVER"
department = "water"
verdict = "consult"
title = { zh = "位于河道管理范围", en = "Within the river's bounds" }
basis = [{ law = "防洪法", article = "第二十七条" }]

[[checklist]]
id = "industry"
department = "reform"
title = { zh = "产业政策符合性", en = "Industrial policy" }
"""
ASKED = ("reform", "land", "water")
DEFINE = "name=X,department=land,library=department,kind=vector,geometry=polygon,key=KEY"


def ground(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres from the town's corner."""
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def write(path: Path, shapes: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> Path:
    """A file of one layer."""
    frame = gpd.GeoDataFrame(dict(columns)).set_geometry(gpd.GeoSeries(list(shapes), crs="EPSG:4547"))
    frame.to_file(path, layer="x", mode="w")
    return path


@dataclass
class Town:
    """A library of its own in a folder of its own, and the verbs of the review on it."""

    folder: Path

    @property
    def library(self) -> Path:
        return self.folder / "town.gpkg"

    def pack(self, rules: str = RULES, overdue: str = "escalate", self_sign: bool = False, version: str = "1") -> Path:
        head = HEAD.format(version=version, overdue=overdue, self_sign=str(self_sign).lower())
        path = self.folder / "town.toml"
        path.write_text(head + rules, encoding="utf-8")
        return path

    def parcels(self, name: str = "parcels", **parcels: Any) -> Path:
        """Parcels by id; without any, one on the farm and in the river."""
        chosen = parcels or {"DK1": ground(0, 0, 100, 100)}
        return write(self.folder / f"{name}.gpkg", list(chosen.values()), {"DKBH": list(chosen)})

    def layer(self, code: str, *shapes: Any, **options: Any) -> Answer:
        """Add a version of a layer."""
        source = write(self.folder / f"{code}.gpkg", shapes, {"KEY": [f"k{n}" for n in range(len(shapes))]})
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return done("add", self.library, source, "--as", code, "--define", DEFINE, *given)

    def open(self, *options: Any, parcels: Path | None = None, on: str = "2026-03-02", project: str = "小学") -> str:
        """Open a case; its id."""
        pack = () if "--pack" in options else ("--pack", self.folder / "town.toml")
        place = parcels or self.parcels()
        by = () if "--by" in options else ("--by", "lead")
        answer = done("review", "open", self.library, place, "--project", project, *pack, "--on", on, *by, *options)
        return str(answer.json["case"])

    def step(self, verb: str, case: str, *arguments: Any, on: str | None = None, by: str = "clerk") -> Answer:
        """One step, allowed or not."""
        day = ("--on", on) if on else ()
        return command("review", verb, self.library, case, *arguments, "--by", by, *day)

    def done(self, verb: str, case: str, *arguments: Any, on: str | None = None, by: str = "clerk") -> dict[str, Any]:
        """One step that must be allowed: the case after it."""
        answer = self.step(verb, case, *arguments, on=on, by=by)
        assert answer.code == 0, answer.json
        return answer.json

    def show(self, case: str, on: str) -> dict[str, Any]:
        """The case as it stands on a day."""
        return done("review", "show", self.library, case, "--on", on).json

    def signed(self, case: str, *departments: str, on: str, by: str = "head") -> dict[str, Any]:
        """Sign for departments; the case afterwards."""
        for department in departments or ASKED:
            after = self.done("sign", case, department, on=on, by=by)
        return after


def opinion(case: Mapping[str, Any], department: str) -> dict[str, Any]:
    """One department's opinion in a case's JSON."""
    return next(one for one in case["opinions"] if one["department"] == department)


@pytest.fixture(scope="session")
def town_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    town = Town(folder)
    district = write(folder / "district.gpkg", [ground(-9000, -9000, 9000, 9000)], {"n": [1]})
    done("new", town.library, "--crs", "EPSG:4547", "--district", district)
    town.layer("FARM", ground(50, 0, 200, 100))
    town.layer("RIVER", ground(0, 0, 30, 100))
    town.pack()
    return folder


@pytest.fixture
def town(town_made: Path, tmp_path: Path) -> Town:
    shutil.copytree(town_made, tmp_path / "town")
    return Town(tmp_path / "town")


@pytest.fixture
def walk(town: Town) -> Callable[[str], str]:
    """A case in each state, by the shortest way."""

    def to(state: str) -> str:
        case = town.open()
        if state == "draft":
            return case
        if state == "withdrawn":
            town.done("withdraw", case, on="2026-03-02")
            return case
        town.done("circulate", case, on="2026-03-02")
        if state == "circulating":
            return case
        town.signed(case, on="2026-03-03")
        town.done("consolidate", case, on="2026-03-04")
        if state == "issued":
            town.done("issue", case, on="2026-03-05")
        return case

    return to
