"""statistics of tables: a unit without a row in the table is unknown, never silently zero."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from openpyxl import load_workbook
from shapely import box

from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.conftest import write_layer

CATALOGUE = "library.catalogue.toml"
CODES = ["139901001", "139901002", "139901003"]
ROWS = [("139901001", 120, 5), ("139901001", 30, 0), ("139901002", None, 0)]  # nothing of 139901003


@pytest.fixture
def counts(desk):
    """Three units, and a table with rows of two of them, of which the one has no number."""
    desk.layer("UNITS", [box(x, 0, x + 10, 10) for x in (0, 10, 20)], {"XZQDM": CODES})
    return desk


def load(desk):
    path = desk.folder / "counts.csv"
    pd.DataFrame(ROWS, columns=["XZQDM", "N", "M"]).to_csv(path, index=False)
    define = "name=台账,department=land,library=base,kind=census,geometry=table"
    desk.run("add", desk.library, path, "--as", "COUNTS", "--define", define, "--covers=extent").done()


def ask(desk, *options):
    return (
        desk.run("statistics", desk.library, "COUNTS", "--within=UNITS", "--unit=XZQDM", "--sum=N", *options)
        .done()
        .json
    )


def test_a_unit_without_a_row_is_unknown_and_says_why(counts):
    load(counts)
    found = ask(counts)
    sums = {row["unit"]: (row["sums"]["N"], row["reason"], row["features"]) for row in found["rows"]}
    assert sums == {CODES[0]: (150.0, None, 2), CODES[1]: (None, "no_value", 1), CODES[2]: (None, "no_row", 0)}
    assert found["total"]["sums"] == {"N": 150.0} and found["total"]["without_value"] == {"N": 1}
    messages = {problem["code"]: problem["message"] for problem in found["problems"]}
    assert CODES[2] in messages["statistics.no_row"] and "1" in messages["statistics.no_row"]


def test_of_a_condition_that_no_row_meets_nobody_knows_the_sum(counts):
    load(counts)
    found = ask(counts, "--where=N > 1000")
    assert [row["sums"]["N"] for row in found["rows"]] == [None] * 3 and found["total"]["sums"] == {"N": None}


def test_of_a_complete_table_what_has_no_row_is_nothing(counts):
    """Said in the city's own catalogue; there alone a zero is one."""
    own = """[COUNTS]
title = { zh = "台账", en = "Counts" }
department = "land"
library = "base"
kind = "census"
geometry = "table"
unit = "XZQDM"
complete = true
"""
    (counts.folder / CATALOGUE).write_text(own, encoding="utf-8")
    path = counts.folder / "counts.csv"
    pd.DataFrame(ROWS, columns=["XZQDM", "N", "M"]).to_csv(path, index=False)
    assert counts.run("add", counts.library, path, "--as", "COUNTS", "--covers=extent").code == 0
    found = ask(counts)
    assert {row["unit"]: row["sums"]["N"] for row in found["rows"]} == {CODES[0]: 150.0, CODES[1]: None, CODES[2]: 0.0}
    assert "statistics.no_row" not in [problem["code"] for problem in found["problems"]]


def test_a_page_names_units_and_the_library_and_tells_namesakes_apart(counts):
    load(counts)
    grounds = [box(x, 0, x + 10, 10) for x in (0, 10, 20)]
    keys = ["139901110000000001", "139901110000000002", "139901110000000003"]
    columns = {"BSM": keys, "XZQDM": CODES, "XZQMC": ["东街", "西街", "西街"]}
    source = write_layer(counts.folder / "xzq.gpkg", grounds, columns)
    assert counts.run("add", counts.library, source, "--as", "XZQ", "--covers", "extent").code == 0
    page = counts.folder / "named.html"
    found = counts.run("statistics", counts.library, "UNITS", "--within=XZQ", f"--page={page}")
    assert [unit["unit_title"] for unit in found.json["units"]] == ["东街", "西街", "西街"], found.json
    text = page.read_text(encoding="utf-8")
    assert "东街" in text and keys[0] not in text, "a name alone, where it is one unit's"
    assert f"西街 {keys[1]}" in text and f"西街 {keys[2]}" in text
    assert f"{Path(counts.library).name} ·" not in text


@pytest.mark.parametrize(("language", "length"), [("en", "length"), ("zh", "长度")])
def test_the_text_has_no_column_of_a_size_that_rows_of_a_table_do_not_have(counts, language, length):
    load(counts)
    answer = counts.run("statistics", counts.library, "COUNTS", "--by=XZQDM", lang=language)
    text = result_text("statistics", answer.json, language)
    assert length not in text and "–" not in text and CODES[0] in text


SHEET = {"en": ("Statistics", "Area unit", "Sum", "Why unknown"), "zh": ("统计", "统计单元", "合计", "不明的原因")}


@pytest.mark.parametrize(("language", "words"), [("en", "no row of this unit"), ("zh", "表中没有该单元")])
def test_text_page_and_tables_say_unknown(counts, language, words):
    load(counts)
    page, sheet, table = (counts.folder / f"out.{suffix}" for suffix in ("html", "xlsx", "gpkg"))
    outs = f"--page={page}", f"--out={sheet}", f"--out={table}"
    counts.run(
        "statistics", counts.library, "COUNTS", "--within=UNITS", "--unit=XZQDM", "--sum=N", *outs, lang=language
    ).done()
    text = page.read_text(encoding="utf-8")
    assert words in text and text.count('fill="#FFFFFF" stroke="#8C8C8C"') == 2, "hatched"
    name, unit, value, why = SHEET[language]
    rows = list(load_workbook(sheet)[name].values)
    places = [next(at for at, head in enumerate(rows[0]) if head.startswith(start)) for start in (unit, why)]
    column = next(at for at, head in enumerate(rows[0]) if "N" in head and value in head)
    assert [row[column] for row in rows[1:]] == [150, None, None]
    assert [row[places[0]] for row in rows[1:]] == CODES, "heads are words, codes of units stay"
    assert rows[1][places[1]] is None and words in rows[3][places[1]]
    written = gpd.read_file(table, layer="statistics")
    assert written.sum_N.isna().tolist() == [False, True, True] and written.reason.tolist()[1:] == [
        "no_value",
        "no_row",
    ]
