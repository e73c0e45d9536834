"""The words of a sheet: heads with units, titles of codes, rounded numbers; in both languages."""

import openpyxl
import pandas as pd
import pytest

from onemap.layers.messages import sentences
from onemap.rules.display.outputs.sheet_titles import KnownTitles
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.display.outputs.to_sheets import SheetOutput
from onemap.rules.judge.findings.table import Table


def write_sheets(path, tables, language, **more):
    output = SheetOutput(path, path.name, language, **more)
    output.append({name: Table(pd.DataFrame(columns)) for name, columns in tables.items()})
    output.finish()
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize(
    ("language", "heads", "row"),
    [
        (
            "zh",
            ["地块", "规则", "裁去面积（m²）", "结论", "其中无法判定（m²）", "规则编号"],
            ["A", "占压红线", 12.3, "禁止", 0.0, "r"],
        ),
        (
            "en",
            ["Parcel", "Rule", "Cut (m²)", "Verdict", "Of it unknown (m²)", "Rule id"],
            ["A", "Within the line", 12.3, "prohibited", 0.0, "r"],
        ),
    ],
)
def test_what_was_cut_is_said_in_words(tmp_path, language, heads, row):
    title = {"zh": "占压红线", "en": "Within the line"}[language]
    cuts = {"parcel": ["A"], "rule": ["r"], "area_m2": [12.3], "verdict": ["prohibited"], "unknown_m2": [0.0]}
    book = write_sheets(tmp_path / "o.xlsx", {"cuts": cuts}, language, titles=KnownTitles({"r": title}))
    (sheet,) = book.worksheets
    assert sheet.title == {"zh": "裁去部分", "en": "What was cut"}[language]
    assert [[cell.value for cell in line] for line in sheet.rows] == [heads, row]
    assert sheet["C2"].number_format == "[<10]0.0;#,##0"
    assert sheet.column_dimensions["F"].hidden and sheet.column_dimensions["F"].outlineLevel == 1


def test_what_only_a_program_wants_is_on_no_sheet(tmp_path):
    spots = {"spot": ["S1"], "type": ["04"], "conflict": [True], "use_a": ["other"], "evidence": ['{"type": "04"}']}
    sheet = write_sheets(tmp_path / "o.xlsx", {"spots": spots}, "zh").worksheets[0]
    assert [cell.value for cell in sheet[2]] == ["S1", "04 仅规划二为建设", "是", "非建设"]


def test_an_object_is_names_and_values_and_other_text_stays(tmp_path):
    rows = {"feature": ["1", "2"], "before": ['{"DLBM": "0101", "BZ": null}', "[1]"]}
    sheet = write_sheets(tmp_path / "o.xlsx", {"changes": rows}, "zh").worksheets[0]
    assert [sheet["B2"].value, sheet["B3"].value] == ["地类编码：0101 水田；备注：–", "[1]"]


def test_a_number_without_a_unit_is_rounded_by_its_size_and_keeps_its_digits(tmp_path):
    columns = {"编号": ["a", "b", "c"], "数值": [1234.5678, 12.345678, 0.012345678], "道路长度（m）": [1.25, 2.5, 3.75]}
    sheet = write_sheets(tmp_path / "o.xlsx", {"指标": columns}, "zh").worksheets[0]
    assert [sheet.cell(row, 2).number_format for row in (2, 3, 4)] == ["#,##0.0", "0.00", "0.0000"]
    assert sheet["B2"].value == 1234.5678 and sheet["C2"].number_format == "#,##0.0"


def test_every_table_has_a_name_and_heads_in_both_languages():
    zh, en = sentences("zh"), sentences("en")
    assert set(zh["table_column"]) == set(en["table_column"])
    for table, columns in zh["table_column"].items():
        assert set(columns) == set(en["table_column"][table])
        for language, texts in (("zh", zh), ("en", en)):
            words = SheetWords(language)
            assert words.name(table) == texts["sheet"][table] != table or language == "en"
            assert all(words.head(column, table) == texts["table_column"][table][column] for column in columns)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_rounds_to_nothing_has_no_minus(tmp_path, language):
    clusters = {"cluster": ["a", "b", "c"], "area_m2": [-0.02, -3.0, 5.0], "shift_north_m": [-0.03, -0.06, 0.02]}
    sheet = write_sheets(tmp_path / "o.xlsx", {"clusters": clusters}, language).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet["B2:C4"]] == [[-0.02, -0.03], [-3.0, -0.06], [5.0, 0.02]]
    assert [cell.number_format for (cell,) in sheet["B2:B4"]] == ["0.0;0.0", "0.0", "[<10]0.0;#,##0"]
    assert [cell.number_format for (cell,) in sheet["C2:C4"]] == ["#,##0.0;#,##0.0", "#,##0.0", "#,##0.0"]


@pytest.mark.slow
def test_numbers_of_many_rows_have_the_form_of_few(tmp_path):
    count = 20_001
    findings = {"parcel": ["A"] * count, "area_m2": [12.3] * count}
    output = SheetOutput(tmp_path / "o.xlsx", "o.xlsx", "en")
    output.append({"findings": Table(pd.DataFrame(findings))})
    output.finish()
    book = openpyxl.load_workbook(tmp_path / "o.xlsx", read_only=True)
    (row,) = book["Findings"].iter_rows(min_row=3, max_row=3)
    assert (row[1].value, row[1].number_format) == (12.3, "[<10]0.0;#,##0")
    book.close()
