"""Several numbers of the same units: a panel with its own axis for each number, and in it a bar for each unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onemap.rules.display.charts.chart_fills import UNKNOWN, filled_box, series_fill
from onemap.rules.display.charts.chart_sheet import (
    INK,
    QUIET,
    TEXT_MM,
    ChartWords,
    LegendSign,
    chart_picture,
    straight_line,
)
from onemap.rules.display.charts.number_axis import NumberAxis, number_axis
from onemap.rules.display.maps.svg_text import svg_text, text_width, wrap_text

_ACROSS, _GAP_MM, _ROW_MM, _BAR_MM, _LINE_MM = 3, 5.0, 5.2, 3.4, TEXT_MM * 1.25
_TITLE_LINES = 2
_TARGET = 'stroke="#111111" stroke-width="0.6"'


@dataclass(frozen=True)
class UnitPanel:
    """One number for each unit, in a unit of measure, with its targets; None if it is unknown.

    apply: False if there can be no number: such a unit has no bar and no hatch. digits: decimals, as in ChartWords.
    """

    title: str
    measure: str
    values: tuple[float | None, ...]
    targets: tuple[float | None, ...]
    apply: tuple[bool, ...]
    digits: int | None = None


def unit_bars(words: ChartWords, units: Sequence[str], panels: Sequence[UnitPanel], width_mm: float) -> str:
    """The panels from left to right, then down, with the units' names beside each row. Bars begin at zero."""
    wide = min(max((text_width(unit, TEXT_MM) for unit in units), default=0.0), width_mm * 0.22) + 2.0
    across = min(_ACROSS, max(len(panels), 1))
    panel_mm = (width_mm - wide - (across - 1) * _GAP_MM) / across
    head = (_TITLE_LINES + 1) * _LINE_MM + 1.0
    band = head + len(units) * _ROW_MM + 4.0
    parts = []
    for number, panel in enumerate(panels):
        left, top = wide + number % across * (panel_mm + _GAP_MM), number // across * band
        if number % across == 0:
            parts += [_name(unit, wide - 2.0, top + head + row * _ROW_MM) for row, unit in enumerate(units)]
        parts.append(_panel(panel, left, top, panel_mm, head, replace(words, digits=panel.digits)))
    is_unknown = any(_is_unknown(panel, row) for panel in panels for row in range(len(units)))
    legend = [LegendSign(words.word("unknown"), UNKNOWN)] if is_unknown else []
    if any(target is not None for panel in panels for target in panel.targets):
        legend.append(LegendSign(words.word("target"), line=_TARGET))
    return chart_picture(words, "".join(parts), -(-len(panels) // across) * band, legend, width_mm)


def _name(unit: str, right: float, top: float) -> str:
    lines = wrap_text(unit, TEXT_MM, right)
    text = lines[0] if len(lines) == 1 else f"{lines[0].rstrip()}…"
    return svg_text(text, right, top + _ROW_MM / 2 + TEXT_MM * 0.35, TEXT_MM, anchor="end", colour=INK)


def _is_unknown(panel: UnitPanel, row: int) -> bool:
    return panel.apply[row] and panel.values[row] is None


def _panel(panel: UnitPanel, left: float, top: float, wide: float, head: float, words: ChartWords) -> str:
    lines = wrap_text(panel.title, TEXT_MM, wide, bold=True)
    if len(lines) > _TITLE_LINES:
        lines = [*lines[: _TITLE_LINES - 1], f"{lines[_TITLE_LINES - 1].rstrip()}…"]
    parts = [
        svg_text(line, left, top + (number + 0.8) * _LINE_MM, TEXT_MM, bold=True, colour=INK)
        for number, line in enumerate(lines)
    ]
    parts.append(svg_text(panel.measure, left, top + (len(lines) + 0.8) * _LINE_MM, TEXT_MM * 0.9, colour=QUIET))
    number_texts = [words.number(value, panel.values) for value in panel.values if value is not None]
    texts_mm = max((text_width(text, TEXT_MM) for text in number_texts), default=0.0) + 2.0
    axis = number_axis([*panel.values, *panel.targets], left, left + max(wide - texts_mm, wide * 0.3))
    parts += [_bar(panel, row, axis, top + head + row * _ROW_MM, words) for row in range(len(panel.values))]
    zero, end = axis.place(0.0), top + head + len(panel.values) * _ROW_MM
    parts.append(straight_line(zero, top + head - 0.6, zero, end, INK, 0.25))
    return "".join(parts)


def _bar(panel: UnitPanel, row: int, axis: NumberAxis, top: float, words: ChartWords) -> str:
    value, target = panel.values[row], panel.targets[row]
    y, zero, middle = top + (_ROW_MM - _BAR_MM) / 2, axis.place(0.0), top + _ROW_MM / 2 + TEXT_MM * 0.35
    parts = []
    if value is not None:
        end = axis.place(value)
        parts.append(filled_box(min(zero, end), y, abs(end - zero), _BAR_MM, series_fill(0), INK))
        text_x = max(end, zero) + 1.0
        number_text = words.number(value, panel.values)
        if target is not None and text_x - 1.5 < axis.place(target) < text_x + text_width(number_text, TEXT_MM):
            text_x = axis.place(target) + 1.0  # the number would stand on the target
        parts.append(svg_text(number_text, text_x, middle, TEXT_MM * 0.9, colour=INK))
    elif _is_unknown(panel, row):
        parts.append(filled_box(zero, y, axis.end - zero, _BAR_MM, UNKNOWN, "#8C8C8C"))
    else:
        parts.append(svg_text("–", zero + 1.0, middle, TEXT_MM * 0.9, colour=QUIET))
    if target is not None:
        x = axis.place(target)
        parts.append(straight_line(x, y - 0.7, x, y + _BAR_MM + 0.7, "#111111", 0.6))
    return "".join(parts)
