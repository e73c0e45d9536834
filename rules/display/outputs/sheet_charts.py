"""Native charts in a workbook: a sheet of them, each over the cells that it is drawn from, with its source below it."""

from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.chart import BarChart, LineChart, Reference, Series
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.fill import ColorChoice, PatternFillProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname

from onemap.layers.messages import phrase
from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_fills import UNKNOWN, Fill, series_fill
from onemap.rules.display.charts.figures import LINES, STACKED, Figure, MatrixFigure
from onemap.rules.display.charts.number_axis import number_axis, number_form
from onemap.rules.display.charts.transition_table import tint

_ROW_CM, _WIDTH_CM, _LEAST_CM, _BAR_CM = 0.529, 24.0, 7.0, 0.75
_NAME_WIDTH, _VALUE_WIDTH = 34, 15  # characters
_PATTERNS = {"rising": "wdUpDiag", "level": "narHorz", "upright": "narVert"}
_INK, _QUIET, _TARGET = "222222", "595959", "111111"
SheetFigure = Figure | MatrixFigure


def write_charts(workbook: Any, figures: Sequence[SheetFigure], sheet_names: Iterable[str]) -> None:
    """Add a sheet of charts after the other sheets. sheet_names: the names of these. Cells have the values unrounded.

    The cell of an unknown value is empty; a hatched bar replaces it, in a column of its own with a note.
    """
    if not figures:
        return
    name = phrase("sheet.charts", figures[0].words.language)
    sheet = workbook.create_sheet(f"{name} 2" if name in set(sheet_names) else name)
    widest = max(len(figure.classes if isinstance(figure, MatrixFigure) else figure.series) for figure in figures)
    sheet.column_dimensions["A"].width = _NAME_WIDTH
    for number in range(widest + 3):
        sheet.column_dimensions[get_column_letter(number + 2)].width = _VALUE_WIDTH
    top = 1
    for figure in figures:
        chart = figure.margins if isinstance(figure, MatrixFigure) else figure
        rows = _matrix_rows(sheet, figure) if isinstance(figure, MatrixFigure) else []
        top = _write_figure(sheet, chart, rows, top)


def _write_figure(sheet: Any, figure: Figure, before: list[list[Any]], top: int) -> int:
    """Write title, chart, source and cells from a row on; return the row after them."""
    words = figure.words
    count = len(figure.labels) * (1 if figure.form == STACKED else max(len(figure.series), 1))
    height = _LEAST_CM if figure.form == LINES else max(_LEAST_CM, 3.0 + count * _BAR_CM)
    chart_rows = int(height / _ROW_CM) + 2
    lines: list[list[Any]] = [[_cell(sheet, words.title, Font(bold=True, size=12))], *([] for _ in range(chart_rows))]
    lines += [[_cell(sheet, words.source, Font(color=_QUIET, size=9))], []]
    lines += [*before, []] if before else []
    head = top + len(lines)
    columns = _columns(figure)
    lines.append([_cell(sheet, text, Font(bold=True)) for text in (words.unit, *(one.title for one in columns))])
    for at, label in enumerate(figure.labels):
        lines.append([_cell(sheet, label), *(one.values[at] for one in columns)])
    for line in lines:
        sheet.append(line)
    chart = _chart(sheet, figure, columns, head)
    chart.width, chart.height = _WIDTH_CM, height
    sheet.add_chart(chart, f"A{top + 1}")
    sheet.append([])
    return top + len(lines) + 1


def _columns(figure: Figure) -> list[BarSeries]:
    """The series; then the targets, if there are any; then a mark for unknown values, if there are any."""
    words, columns = figure.words, list(figure.series)
    if any(target is not None for target in figure.targets):
        columns.append(BarSeries(words.word("target"), tuple(figure.targets)))
    unknown = [any(one.values[at] is None for one in figure.series) for at in range(len(figure.labels))]
    if any(unknown):
        end = _reach(figure)
        columns.append(
            BarSeries(words.word("unknown_mark"), tuple(end if is_unknown else None for is_unknown in unknown))
        )
    return columns


def _reach(figure: Figure) -> float:
    """The length of the bar for unknown values: to the end of the axis, or a tenth of it for stacked parts."""
    if figure.form == STACKED:
        return max(sum(one.values[at] or 0.0 for one in figure.series) for at in range(len(figure.labels))) / 10 or 1.0
    axis = number_axis([*(value for one in figure.series for value in one.values), *figure.targets], 0.0, 1.0)
    return axis.high or axis.low


def _chart(sheet: Any, figure: Figure, columns: Sequence[BarSeries], head: int) -> Any:
    last, words, place = head + len(figure.labels), figure.words, quote_sheetname(sheet.title)
    has_target = any(target is not None for target in figure.targets)
    bars, lines = BarChart(), LineChart()
    values = [value for one in figure.series for value in one.values]
    form = "#,##0" if words.is_count else number_form(values)
    own = len(figure.series)
    for number, column in enumerate(columns):
        if figure.form == STACKED and has_target and number == own:
            continue  # it would stand on top of the parts; it is among the cells, and what is free ends there
        series = Series(Reference(sheet, min_col=number + 2, min_row=head + 1, max_row=last))
        series.tx = SeriesLabel(StrRef(f"{place}!${get_column_letter(number + 2)}${head}"))
        series.cat = AxDataSource(strRef=StrRef(f"{place}!$A${head + 1}:$A${last}"))
        is_target = has_target and number == own
        is_unknown = number >= own + has_target
        if is_unknown or (figure.form != LINES and not is_target):
            fill = UNKNOWN if is_unknown else column.fill or series_fill(number)
            series.graphicalProperties = _fill_properties(fill)
            bars.series.append(series)
        elif figure.form == LINES:
            _draw_line(series, _TARGET if is_target else series_fill(number).colour[1:], is_target)
            lines.series.append(series)
        else:
            series.graphicalProperties = GraphicalProperties(noFill=True)
            series.graphicalProperties.line = LineProperties(solidFill=_TARGET, w=19050)
            bars.series.append(series)
        if not is_target and figure.form != STACKED:
            series.dLbls = _value_labels(is_unknown, form)
    bars.type = "col" if figure.form == LINES else "bar"
    bars.grouping, bars.overlap = ("stacked", 100) if figure.form == STACKED else ("clustered", 0)
    if own == 1 and figure.form != STACKED:
        bars.overlap = 100  # the target is a frame around its bar
    bars.gapWidth = 40
    chart = bars if figure.form != LINES else lines
    if figure.form == LINES and bars.series:
        bars += lines
        chart = bars
    _dress(chart, words.unit, is_lying=figure.form != LINES, has_legend=len(columns) > 1)
    return chart


def _dress(chart: Any, unit: str, is_lying: bool, has_legend: bool) -> None:
    chart.y_axis.title, chart.x_axis.delete, chart.y_axis.delete = unit or None, False, False
    chart.y_axis.scaling.min = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D0D0D0"))
    chart.x_axis.tickLblPos = "low"
    if is_lying:
        chart.x_axis.scaling.orientation = "maxMin"  # the first label is the uppermost
        chart.y_axis.crosses = "max"  # and the numbers stand below
    chart.display_blanks = "gap"
    if has_legend:
        chart.legend.position = "b"
    else:
        chart.legend = None


def _fill_properties(fill: Fill) -> GraphicalProperties:
    """The fill of the picture on a page, with a pattern for its lines."""
    properties = GraphicalProperties(solidFill=fill.colour[1:])
    if fill.lines != "none":
        colours = (ColorChoice(srgbClr=colour[1:]) for colour in (fill.line_colour, fill.colour))
        properties = GraphicalProperties(
            pattFill=PatternFillProperties(_PATTERNS[fill.lines], fgClr=next(colours), bgClr=next(colours))
        )
    properties.line = LineProperties(solidFill=_INK if fill is not UNKNOWN else "8C8C8C", w=6350)
    return properties


def _draw_line(series: Any, colour: str, is_target: bool) -> None:
    series.graphicalProperties = GraphicalProperties()
    series.graphicalProperties.line = LineProperties(
        solidFill=colour, w=19050 if is_target else 25400, prstDash="sysDot" if is_target else "solid"
    )
    series.marker = Marker(symbol="none") if is_target else Marker(symbol="circle", size=7)
    if not is_target:
        series.marker.graphicalProperties = GraphicalProperties(solidFill=colour)
    series.smooth = False


def _value_labels(is_unknown: bool, form: str) -> DataLabelList:
    """The labels of a series: the number of each value, or the word for unknown ones."""
    labels = DataLabelList()
    labels.showVal, labels.showSerName = not is_unknown, is_unknown
    labels.showLegendKey = labels.showCatName = labels.showPercent = False
    if not is_unknown:
        labels.numFmt = form
    letters = CharacterProperties(sz=900, solidFill=_INK)
    labels.txPr = RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=letters), endParaRPr=letters)])
    return labels


def _matrix_rows(sheet: Any, figure: MatrixFigure) -> list[list[Any]]:
    """The table of transitions with both margins, as in the picture."""
    classes, total = figure.classes, figure.words.word("sum")
    thin = Side(style="medium", color=_INK)
    rows = [[_cell(sheet, text, Font(bold=True)) for text in (" → ".join(figure.heads), *classes, total)]]
    for one in classes:
        values = [figure.areas.get((one, other), 0.0) for other in classes]
        whole = sum(values)
        row: list[Any] = [_cell(sheet, one)]
        for other, value in zip(classes, values, strict=True):
            cell = WriteOnlyCell(sheet, value)
            cell.number_format = "#,##0.0000"
            if one == other:
                cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            elif value and whole:
                cell.fill = PatternFill("solid", fgColor=tint(value / whole)[1:])
            row.append(cell)
        rows.append([*row, _sum_cell(sheet, whole)])
    sums = [sum(figure.areas.get((other, one), 0.0) for other in classes) for one in classes]
    rows.append([_cell(sheet, total, Font(bold=True)), *(_sum_cell(sheet, value) for value in (*sums, sum(sums)))])
    return rows


def _sum_cell(sheet: Any, value: float) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    cell.number_format, cell.fill = "#,##0.0000", PatternFill("solid", fgColor="F2F2F2")
    return cell


def _cell(sheet: Any, text: str, font: Font | None = None) -> WriteOnlyCell:
    """A text, never a formula."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.alignment = Alignment("left")
    if font is not None:
        cell.font = font
    return cell
