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
