"""A small town to review in: two layers, a pack with one rule of each verdict, and cases walked step by step."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.tests.conftest import Answer
from onemap.tests.rules.command import command, done
from onemap.tests.rules.run_damage import change_library
from onemap.tests.rules.small_pack import item_text, rule_of

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
DRAFT = {"zh": "占用农田{area_ha}公顷，请避让。", "en": "Takes {area_ha} ha of farmland; move the site."}
FARM = rule_of("farm", "FARM", "占用农田", "Takes farmland", "土地管理法 第三十五条", draft=DRAFT)
RIVER = rule_of("river water consult", "RIVER", "位于河道管理范围", "Within the river's bounds", "防洪法 第二十七条")
INDUSTRY = item_text("reform", "industry", "产业政策符合性", "Industrial policy")
RULES = FARM + RIVER + INDUSTRY
ASKED = ("reform", "land", "water")
# Steps that are lawful in a case that is out, with their arguments.
LAWFUL_STEPS: dict[str, tuple[str, ...]] = {
    "opine": ("reform", "--conclusion", "agree", "--text", "同意"),
    "sign": ("water",),
    "return": ("land", "--reason", "再核"),
    "override": ("DK1", "river", "--verdict", "notice", "--reason", "已批"),
    "remedy": (),
    "extend": ("water", "--days", "3", "--reason", "补件"),
    "consolidate": (),
}
DEFINE = "name=X,department=land,library=department,kind=vector,geometry=polygon,key=KEY"


def ground(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres from the town's corner."""
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def write(path: Path, shapes: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> Path:
    """Write a file of one layer."""
    frame = gpd.GeoDataFrame(dict(columns)).set_geometry(gpd.GeoSeries(list(shapes), crs="EPSG:4547"))
    frame.to_file(path, layer="x", mode="w")
    return path


@dataclass
class Town:
    """A library in its own folder, and the verbs of the review on it."""

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
        """Write parcels by id; by default, one on the farm and in the river."""
        chosen = parcels or {"DK1": ground(0, 0, 100, 100)}
        return write(self.folder / f"{name}.gpkg", list(chosen.values()), {"DKBH": list(chosen)})

    def layer(self, code: str, *shapes: Any, **options: Any) -> Answer:
        """Add a version of a layer."""
        source = write(self.folder / f"{code}.gpkg", shapes, {"KEY": [f"k{n}" for n in range(len(shapes))]})
        given = [f"--{name.replace('_', '-')}={value}" for name, value in {"covers": "district", **options}.items()]
        return done("add", self.library, source, "--as", code, "--define", DEFINE, *given)

    def as_person(self, by: str) -> tuple[Any, tuple[str, ...]]:
        """The library and the further arguments with which a person runs a verb."""
        return self.library, ("--by", by)

    def open(
        self,
        *options: Any,
        parcels: Path | None = None,
        on: str | None = "2026-03-02",
        project: str = "小学",
        by: str = "lead",
    ) -> str:
        """Open a case, and return its id."""
        pack = () if "--pack" in options else ("--pack", self.folder / "town.toml")
        library, who = self.as_person(by)
        day = ("--on", on) if on else ()
        place = parcels or self.parcels()
        answer = done("review", "open", library, place, "--project", project, *pack, *day, *who, *options)
        return str(answer.json["case"])

    def step(self, verb: str, case: str, *arguments: Any, on: str | None = None, by: str = "clerk") -> Answer:
        """Take a step, whether allowed or not, and return the answer."""
        day = ("--on", on) if on else ()
        library, who = self.as_person(by)
        return command("review", verb, library, case, *arguments, *who, *day)

    def done(self, verb: str, case: str, *arguments: Any, on: str | None = None, by: str = "clerk") -> dict[str, Any]:
        """Take a step that must be allowed, and return the case after it."""
        answer = self.step(verb, case, *arguments, on=on, by=by)
        assert answer.code == 0, answer.json
        return answer.json

    def show(self, case: str, on: str) -> dict[str, Any]:
        """The case as it stands on a day."""
        return done("review", "show", self.library, case, "--on", on).json

    def sign_all(self, case: str, *departments: str, on: str, by: str = "head") -> dict[str, Any]:
        """Sign for departments, even if items have no answer, and return the case."""
        for department in departments or ASKED:
            after = self.done("sign", case, department, "--unanswered", "另行核实", on=on, by=by)
        return after


def alter(town: Town, statement: str, values: Sequence[Any] = ()) -> None:
    """Change rows of a town's library behind the program's back."""
    assert change_library(town.library, statement, *values) > 0


def log_length(town: Town) -> int:
    """How many rows the log of a town's library has."""
    return len(command("history", town.library).json["rows"])


def opinion(case: Mapping[str, Any], department: str) -> dict[str, Any]:
    """One department's opinion in a case's JSON."""
    return next(one for one in case["opinions"] if one["department"] == department)


def _town_in(folder: Path, *options: str) -> Path:
    town = Town(folder)
    district = write(folder / "district.gpkg", [ground(-9000, -9000, 9000, 9000)], {"n": [1]})
    done("new", town.library, "--crs", "EPSG:4547", "--district", district, *options)
    town.layer("FARM", ground(50, 0, 200, 100))
    town.layer("RIVER", ground(0, 0, 30, 100))
    town.pack()
    return folder


@pytest.fixture(scope="session")
def town_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _town_in(tmp_path_factory.mktemp("town"), "--rehearsal")


@pytest.fixture
def town(town_made: Path, tmp_path: Path) -> Town:
    """A town for rehearsals, in which a step may be of any day."""
    shutil.copytree(town_made, tmp_path / "town")
    return Town(tmp_path / "town")


@pytest.fixture(scope="session")
def real_town_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _town_in(tmp_path_factory.mktemp("real"))
    # Every weekday is worked, so that the tests need no calendar of the years to come.
    year = date.today().year
    calendar = "".join(f"[{each}]\n" for each in range(year - 1, year + 3))
    Town(folder).library.with_suffix(".calendar.toml").write_text(calendar, encoding="utf-8")
    return folder


@pytest.fixture
def real_town(real_town_made: Path, tmp_path: Path) -> Town:
    """The same town, but not for rehearsals: its days are those of the calendar."""
    shutil.copytree(real_town_made, tmp_path / "real")
    return Town(tmp_path / "real")


@pytest.fixture
def walk(town: Town) -> Callable[[str], str]:
    """Return a function that brings a case into a state on the shortest way."""

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
        town.sign_all(case, on="2026-03-03")
        town.done("consolidate", case, on="2026-03-04")
        if state == "issued":
            town.done("issue", case, on="2026-03-05")
        return case

    return to
