"""Native charts of a workbook, read back: each over its own cells, unknown values hatched."""

from datetime import date

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import LINES, STACKED, Figure, MatrixFigure
from onemap.rules.display.outputs.to_sheets import SheetOutput

WORDS = ChartWords("=用地", "公顷", "地类图斑 2024 (2024-12-31, abcdef01)", "zh")


def write_charts(tmp_path, *figures):
    """The sheet of charts, and its charts."""
    path = tmp_path / "out.xlsx"
    SheetOutput(path, path.name, "zh", figures).finish()
    (sheet,) = load_workbook(path).worksheets
    assert sheet.title == "图表"
    return sheet, sheet._charts


def cells(sheet, reference):
    """The values that a chart refers to."""
    name, _, place = reference.rpartition("!")
    assert name == "'图表'"
    left, top, right, bottom = range_boundaries(place.replace("$", ""))
    return [sheet.cell(row, column).value for row in range(top, bottom + 1) for column in range(left, right + 1)]


def series_of(sheet, chart):
    """The series of a chart: title, values, and whether each is hatched."""
    parts = [one for part in chart._charts for one in part.series]
    labels = {tuple(cells(sheet, one.cat.strRef.f)) for one in parts}
    assert len(labels) == 1
    found = {}
    for one in parts:
        pattern = one.graphicalProperties.pattFill
        found[cells(sheet, one.tx.strRef.f)[0]] = (cells(sheet, one.val.numRef.f), pattern and pattern.prst)
    return list(labels.pop()), found


def test_a_bar_for_each_number_a_frame_for_its_target_and_hatching_for_what_nobody_knows(tmp_path):
    figure = Figure(WORDS, ("东", "西"), (BarSeries("面积", (12.5, None)),), (20.0, None))
    sheet, (chart,) = write_charts(tmp_path, figure)
    labels, series = series_of(sheet, chart)
    assert labels == ["东", "西"]
    assert series == {
        "面积": ([12.5, None], None),
        "目标": ([20, None], None),
        "未知（不是数值）": ([None, 20], "wdUpDiag"),
    }
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert texts[:2] == ["=用地", WORDS.source] and sheet["A1"].data_type == "s", "a title is never a formula"
    assert chart.type == "bar" and chart.overlap == 100


def test_parts_of_a_sum_are_stacked_and_lines_run_over_days(tmp_path):
    parts = (BarSeries("耕地", (10.0, 30.0)), BarSeries("林地", (20.0, None)))
    days = (date(2020, 12, 31), date(2024, 12, 31))
    lines = Figure(WORDS, ("2020", "2024"), (BarSeries("东", (5.0, 4.0)),), (6.0, 6.0), LINES, days)
    sheet, (stack, run) = write_charts(tmp_path, Figure(WORDS, ("东", "西"), parts, form=STACKED), lines)
    _, series = series_of(sheet, stack)
    assert stack.grouping == "stacked" and series["未知（不是数值）"][0] == [None, pytest.approx(3.0)]
    labels, series = series_of(sheet, run)
    assert labels == ["2020", "2024"] and type(run._charts[0]).__name__ == "LineChart"
    assert {title: values for title, (values, _) in series.items()} == {"东": [5, 4], "目标": [6, 6]}


def test_a_matrix_stands_in_coloured_cells_with_both_margins_beside_its_chart(tmp_path):
    areas = {("耕地", "耕地"): 70.0, ("耕地", "建设"): 30.0, ("建设", "建设"): 50.0}
    sheet, (chart,) = write_charts(tmp_path, MatrixFigure(WORDS, ("耕地", "建设"), areas, ("2020", "2024")))
    rows = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    rows = [row for row in rows if len(row) == 4]
    assert [[cell.value for cell in row] for row in rows] == [
        ["2020 → 2024", "耕地", "建设", "合计"],
        ["耕地", 70, 30, 100],
        ["建设", 0, 50, 50],
        ["合计", 70, 80, 150],
    ]
    stays, goes = rows[1][1], rows[1][2]
    assert stays.border.left.style == "medium" and goes.fill.fgColor.rgb not in (stays.fill.fgColor.rgb, "00FFFFFF")
    _, series = series_of(sheet, chart)
    assert {title: values for title, (values, _) in series.items()} == {"2020": [100, 50], "2024": [70, 80]}
