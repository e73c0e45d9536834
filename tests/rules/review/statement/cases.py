"""A small town made on the spot: plans and control lines, parcels with holes and long names, and a case on them."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.layers.library.library import Library
from onemap.rules.review.cases.case import Case, ChecklistItem, Entry, Opinion, Override, Round, Terms
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import item_text, pack_text, rule_of

EAST, NORTH = 538_000.0, 4_210_000.0
DAY = date(2026, 11, 20)
LONG_NAME = "地块名称很长的一宗用地" * 5 + "ABCDE"  # sixty characters
MARKUP = 'School <script>document.title="struck"</script> & "north" </title>'
FARM = "占用永久基本农田", "Occupies permanent basic farmland", "土地管理法 第三十五条"
ROAD = "位于公路建筑控制区", "Too near a highway", "公路安全保护条例 第十一条"
RIVER = "位于河湖管理范围", "In a river management area", "河道管理条例 第二十四条"
PACK = (
    pack_text()
    + rule_of("farmland", "YJJBNTTB", *FARM)
    + rule_of("road transport restricted", "GL", *ROAD, kind="setback", distance_m=20)
    + rule_of("river water notice", "HLGLFW", *RIVER)
    + item_text("land", "land.quota", "用地指标", "Quota of land")
)


def at(west: float, south: float, width: float, height: float) -> shapely.Geometry:
    """A box, in metres from the town's corner."""
    return shapely.box(EAST + west, NORTH + south, EAST + west + width, NORTH + south + height)


def line(*points: tuple[float, float]) -> shapely.Geometry:
    """A line, in metres from the town's corner."""
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


PARCELS = {
    "DK1": at(100, 100, 100, 80),
    "DK2": shapely.MultiPolygon([at(250, 100, 90, 90) - at(280, 130, 20, 20), at(360, 100, 30, 30)]),
    LONG_NAME: at(100, 320, 60, 40),
    "DK4": at(300, 320, 50, 50),
}


def town(folder: Path, parcels: dict[str, Any] | None = None) -> tuple[Path, str]:
    """A library and the run of its parcels: path and run id."""
    library = folder / "town.gpkg"
    (folder / "test.toml").write_text(PACK, encoding="utf-8")
    done("new", library, "--crs", "EPSG:4547", "--name", "小镇 <i>", "--pack", folder / "test.toml")
    fields = [at(0, 0, 220, 140), at(150, 90, 120, 60), at(500, 0, 20, 20)]
    uses = [at(0, 0, 240, 500), at(240, 0, 260, 250), at(240, 250, 260, 250)]
    layers: dict[str, tuple[list[shapely.Geometry], dict[str, list[Any]]]] = {
        "YJJBNTTB": (fields, {"BSM": ["1", "2", "3"]}),
        "GL": ([line((0, 310), (600, 310))], {"GLBH": ["G1"], "GLMC": ["一号<路>"], "GLDJ": ["国道"]}),
        "DLTB": (uses, {"BSM": ["1", "2", "3"], "DLBM": ["0101", "0701", "1101"]}),
        "HLGLFW": ([at(700, 700, 50, 50)], {"BH": ["H1"], "MC": ["远河"]}),
    }
    for code, (shapes, columns) in layers.items():
        source = write_layer(folder / f"{code}.gpkg", shapes, columns)
        done("add", library, source, "--as", code, "--covers", "extent" if code == "DLTB" else _everywhere(folder))
    grounds = PARCELS if parcels is None else parcels
    file = write_layer(folder / "parcels.gpkg", list(grounds.values()), {"DKBH": list(grounds)})
    answer = done("check", library, file, "--id", "DKBH")
    return library, answer.json["run"]["id"]


def _everywhere(folder: Path) -> Path:
    path = folder / "everywhere.gpkg"
    return path if path.exists() else write_layer(path, [at(-5000, -5000, 12000, 12000)], {"n": [1]})


def case_of(library: Library, run: str, **changes: Any) -> Case:
    """A circulating case of a run, made by hand: every department has a draft, land has an item to judge."""
    opinions = tuple(_opinion(department) for department in DEPARTMENTS)
    items = (ChecklistItem("land.quota", "land", {"zh": "用地指标 <b>", "en": "Quota <b>"}),)
    override = Override("DK4", "road", "restricted", "notice", "已批准 </td>", "li", DAY)
    round_ = Round(1, run, "wang", DAY, "wang", DAY, opinions, items, (override,))
    entry = Entry(1, 1, "open", "wang", DAY, "2026-11-20T01:00:00Z", None, {})
    case = Case(
        id="20261120-0001",
        library=library.id,
        project=MARKUP,
        data={},
        state="circulating",
        round=1,
        revision=2,
        opened_by="wang",
        opened_on=DAY,
        on=DAY,
        terms=Terms(),
        options={},
        rounds=(round_,),
        entries=(entry,),
    )
    return replace(case, **changes)


def _opinion(department: str) -> Opinion:
    text = "项目占用永久基本农田 0.8 公顷。\n建议避让 </p><script>1</script>。"
    return Opinion(
        department=department,
        round=1,
        number=1,
        state="drafted",
        conclusion="disagree" if department == "land" else "not_involved",
        text=text,
        text_en="The project takes farmland.\nKeep clear of it </p><script>1</script>.",
        basis="土地管理法 第三十五条",
        routed=department == "land",
        why="findings",
        drafted_by="onemap",
        drafted_on=DAY,
        due=date(2026, 11, 27),
        days_left=5,
    )
