"""A bureau for documents: a survey, three lines and a plan around two cases whose numbers can be worked out."""

import contextlib
import io
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from onemap.layers.library.library import open_library
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import item_text, pack_text, rule_of

WEST, SOUTH = 500_000, 4_200_000  # on the central meridian, where the plane is as large as the ellipsoid
MARKUP = "城北小学 <b>A&B</b> {{ 7*7 }} {% if %} #set 100%"
DEVELOPER = "石家庄<某>&公司 {{ x }} $y$ *z* _w_"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwx"  # sixty, and no place to break
CHARACTERS = (
    "望河镇东风村第三村民小组集体建设用地整理项目一期工程" * 2 + "含附属道路及"
)  # as many as make a name of sixty
DRAFT = {"zh": "项目占用永久基本农田{area_ha}公顷，请避让。", "en": "The project takes {area_ha} ha; move it."}
FARM = "占用永久基本农田", "Occupies permanent basic farmland", "土地管理法 第三十五条；基本农田保护条例 第十五条"
SURVEY = "土地利用现状", "Present land use", "土地调查条例"
URBAN = "位于城镇开发边界外", "Outside the urban boundary", "国土空间规划 城镇开发边界的管制规则"
LIMITED = "位于限制建设区", "In a limited construction zone", "土地利用总体规划"
FLOOD = "位于蓄滞洪区", "In a flood storage area", "防洪法 第三十三条"
HAZARD = "位于地质灾害易发区", "In an area prone to hazards", "地质灾害防治条例 第二十一条"
PACK = (
    pack_text(id="bureau", version="2026.1", title=("试行规则", "Rules on trial"), review={"prefix": "石自然资预审"})
    + rule_of("farmland.permanent", "YJJBNTTB", *FARM, draft=DRAFT)
    + rule_of("land.composition land notice", "DLTB", *SURVEY, kind="composition", by=["QSXZ", "DLBM"])
    + rule_of("boundary.urban planning restricted", "CZKFBJ", *URBAN, kind="within")
    + rule_of("control.limited land restricted", "JSYDGZQ", *LIMITED, where="GZQLXDM LIKE '03%'")
    + rule_of("flood.storage water restricted", "XZHQ", *FLOOD, missing="checklist")
    + rule_of("hazard.prone land restricted", "DZZHYFQ", *HAZARD)
    + item_text("transport", "traffic.impact", "交通影响评价和出入口设置", "Traffic impact and access")
)
DATA = f"""
project_code = "2026-130100-47-01-123456"
developer = "{DEVELOPER}"
investment_wan = 12000
"""


def at(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres from the bureau's corner."""
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


@dataclass(frozen=True)
class Bureau:
    """A library with two cases: one parcel that can be reckoned by hand, and fifty with names of sixty characters."""

    folder: Path
    library: Path
    one: str
    fifty: str
    names: tuple[str, ...]

    def copied(self, folder: Path, profile: str = "") -> "Bureau":
        """A copy in another folder, which keeps the profile of a bureau, if one is given."""
        made = replace(self, folder=folder, library=folder / self.library.name)
        shutil.copyfile(self.library, made.library)
        if profile:
            given = folder / "ours.profile.toml"
            given.write_text(profile, encoding="utf-8")
            assert done("keep", made.library, given).json["kind"] == "profile"
        return made

    def export(self, name: str, case: str, language: str = "zh", **options: Any) -> Path:
        """Write a document of a case and give its path."""
        target = self.folder / name
        given = [f"--{option}={value}" for option, value in options.items()]
        words = ("review", "export", str(self.library), case, str(target), "--overwrite", *given, "--lang", language)
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(words) == 0
        return target

    def content(self, case: str, language: str = "zh", **options: Any) -> dict[str, Any]:
        """The content of a document of a case."""
        found: dict[str, Any] = json.loads(self.export("content.json", case, language, **options).read_text("utf-8"))
        return found

    def step(self, action: str, case: str, *rest: str, by: str = "李", on: str = "2026-11-17") -> dict[str, Any]:
        """One step of a case's review."""
        return done("review", action, self.library, case, *rest, "--by", by, "--on", on).json

    def log(self) -> list[dict[str, Any]]:
        """The rows of the library's log."""
        with open_library(str(self.library)) as library:
            rows = library.connection.execute("SELECT subject, hash FROM onemap_audit ORDER BY number").fetchall()
        return [{"subject": subject, "hash": digest} for subject, digest in rows]

    def issue(self, case: str) -> dict[str, Any]:
        """The steps from circulation to the issued statement."""
        self.step("circulate", case)
        # No layer told of flood storage areas, so that the water department has to say something itself.
        self.step("opine", case, "water", "--conclusion", "agree", "--text", "已核实，不在蓄滞洪区。")
        for department in ("land", "planning", "water", "transport"):
            self.step("sign", case, department, "--unanswered", "另行核实", by="王")
        self.step("consolidate", case, on="2026-11-18")
        return self.step("issue", case, on="2026-11-19")


def bureau_in(folder: Path) -> Bureau:
    """Layers, parcels and cases. In the first hectare: a half of survey patch A, farm land with ridges of a tenth."""
    library = folder / "bureau.gpkg"
    (folder / "bureau.toml").write_text(PACK, encoding="utf-8")
    (folder / "data.toml").write_text(DATA, encoding="utf-8")
    done("new", library, "--crs", "EPSG:4547", "--name", "试验局 <i>&", "--pack", folder / "bureau.toml", "--rehearsal")
    everywhere = write_layer(folder / "everywhere.gpkg", [at(-2000, -2000, 4000, 4000)], {"n": [1]})
    hazards = write_layer(folder / "partly.gpkg", [at(-2000, -2000, 4000, 50)], {"n": [1]})
    survey = {
        "BSM": ["1", "2", "3"],
        "DLBM": ["0102", "0701", "1101"],
        "QSXZ": ["30", "20", "20"],
        "TBMJ": [5000.0, 10000.0, 3_000_000.0],
        "KCXS": [0.1, None, None],
    }
    shapes = {
        "DLTB": ([at(0, 0, 50, 100), at(50, 0, 150, 100), at(0, 200, 1500, 2200)], survey),
        "YJJBNTTB": ([at(0, 0, 20, 100)], {"BSM": ["1"]}),
        "CZKFBJ": ([at(-1000, 0, 70, 100), at(0, 200, 1500, 2200)], {"BSM": ["1", "2"]}),
        "JSYDGZQ": ([at(0, 0, 20, 50), at(0, 500, 300, 900)], {"BSM": ["1", "2"], "GZQLXDM": ["030", "031"]}),
        "DZZHYFQ": ([at(3000, -500, 3100, 0)], {"BH": ["1"]}),
    }
    for code, (ground, columns) in shapes.items():
        source = write_layer(folder / f"{code}.gpkg", ground, columns)
        covers = hazards if code == "DZZHYFQ" else everywhere
        done(
            "add", library, source, "--as", code, "--covers", covers, "--label", "2025版", "--valid-from", "2025-01-01"
        )
    names = tuple((LETTERS[:56] if n % 2 else CHARACTERS[:56]) + f"{n:04d}" for n in range(50))
    plots = [at(100 * (n % 10), 300 + 90 * (n // 10), 100 * (n % 10) + 60, 350 + 90 * (n // 10)) for n in range(50)]
    cases = []
    for file, ids, grounds in (("one", ["DK1"], [at(0, 0, 100, 100)]), ("fifty", list(names), plots)):
        parcels = write_layer(folder / f"{file}.gpkg", grounds, {"DKBH": ids})
        data = ("--data", folder / "data.toml") if file == "one" else ()
        opened = done(
            *("review", "open", library, parcels, "--project", MARKUP if file == "one" else "五十个地块", *data),
            *("--by", "李", "--on", "2026-11-16", "--as-of", "2026-11-16"),
        )
        cases.append(opened.json["case"])
    return Bureau(folder, library, cases[0], cases[1], names)
