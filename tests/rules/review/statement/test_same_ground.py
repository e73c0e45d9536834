"""One measured ground has the same number on every paper: in the statement, and on the query sheet."""

import html
import re

import numpy as np
import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.content import statement_content
from onemap.rules.review.statement.printed_content import printed_texts
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import RULES, Town, ground, town, town_made, write  # noqa: F401 - fixtures
from onemap.tests.rules.small_pack import rule_of

ROADS = '\n[class.road]\ntitle = { zh = "公路", en = "Highways" }\nkinds = ["highway"]\nuse = ["1202"]\n'
EXCUSING = ROADS + RULES.replace('id = "farm"', 'id = "farm"\nunless = ["road"]')
CASES = 24


@pytest.mark.slow
def test_what_a_statement_prints_as_ground_is_what_the_query_sheet_prints(town: Town):  # noqa: F811 - the fixture
    """Parcels of any size, slivers too, half of them roads, whom the rule on farmland excuses: to the last digit."""
    town.pack(EXCUSING)
    excused = []
    random = np.random.default_rng(37)
    for number in range(CASES):
        west, south, width, height = (*random.uniform(-60, 210, 2), *10 ** random.uniform(-2, 2.5, 2))
        name = f"DK{number}"
        columns = {"DKBH": [name], "YDXZ": ["1202" if number % 2 else "0701"]}
        parcels = write(town.folder / "one.gpkg", [ground(west, south, west + width, south + height)], columns)
        case = town.open(parcels=parcels, project=name)
        with open_library(str(town.library)) as library:
            printed = printed_texts(statement_content(library, read_case(library, case), "en"))
        page = town.folder / "sheet.html"
        done("sheet", town.library, parcels, page, "--pack", town.folder / "town.toml", "--overwrite")
        text = page.read_text(encoding="utf-8")
        of_rule = {"farm": "Takes farmland", "river": "Within the river&#39;s bounds"}
        on_sheet = {
            rule: [
                html.unescape(area)
                for area in re.findall(rf'<td class="w">{re.escape(title)}.*?<td class="n">([^<]*)</td>', text)
            ]
            for rule, title in of_rule.items()
        }
        in_statement = {
            rule: [row["hectares_text"] for row in printed["parcel_findings"] if row["rule"] == rule]
            for rule in of_rule
        }
        assert in_statement == on_sheet, (name, width, height)
        excused += [row for row in printed["parcel_findings"] if row["state"] == "excused"]
    assert len(excused) > 3
    # Ground of a rule that does not apply is not called clear: it does lie there.
    assert {(row["verdict"], row["verdict_sign"], row["verdict_title"]) for row in excused} == {
        ("clear", "–", "Not applicable")
    }


def test_an_excused_rule_says_what_excuses_and_not_that_its_layer_is_missing(town: Town):  # noqa: F811 - the fixture
    hazard = rule_of("hazard", "DZZHYFQ", "位于地质灾害易发区", "In a hazard zone", "地质灾害防治条例 第二十一条")
    town.pack(EXCUSING + hazard.replace('id = "hazard"', 'id = "hazard"\nunless = ["road"]\nmissing = "unknown"'))
    columns = {"DKBH": ["DK1", "DK2"], "YDXZ": ["1202", "0701"]}
    shapes = [ground(0, 0, 100, 100), ground(0, 200, 100, 300)]
    case = town.open(parcels=write(town.folder / "two.gpkg", shapes, columns))
    with open_library(str(town.library)) as library:
        content = statement_content(library, read_case(library, case), "zh")
    rows = [row for row in content["parcel_findings"] if row["rule"] == "hazard"]
    results = {row["parcel"]: row["result"] for row in rows}
    assert results == {"DK1": "不适用（项目属“公路”（据用途代码 1202））", "DK2": "? 无法判定（图层未入库）"}
    assert {row["parcel"]: row["reason"] for row in rows}["DK1"] == "layer_missing,excused"
