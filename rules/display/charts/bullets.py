"""Value against target, a row for each indicator: on its own axis from zero, with its status as sign and word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from onemap.layers.value_groups import groups_of
from onemap.rules.display.charts.chart_fills import UNKNOWN, Fill, filled_box
from onemap.rules.display.charts.chart_sheet import (
    INK,
    QUIET,
    TEXT_MM,
    WIDTH_MM,
    ChartWords,
    LegendSign,
    chart_picture,
    straight_line,
)
from onemap.rules.display.charts.number_axis import NumberAxis, number_axis, value_text
from onemap.rules.display.maps.svg_text import svg_text, wrap_text

_ROW_MM, _BAR_MM, _BAND_MM = 9.0, 2.6, 5.4
_BEYOND, _BETWEEN, _WITHIN = "#B0B0B0", "#D2D2D2", "#EFEFEF"
_VALUE = Fill("#1F3B63")


@dataclass(frozen=True)
class Bullet:
    """One row. value: None if it is unknown. warn, alarm: the limits of warnings; is_ceiling: a warning is above them.

    status: sign and word, in the reader's language. written: value and target as in the page's table; by default they
    are rounded by their size.
    """

    title: str
    unit: str
    value: float | None
    status: str
    target: float | None = None
    warn: float | None = None
    alarm: float | None = None
    is_ceiling: bool = False
    written: str = ""

    @property
    def marks(self) -> list[float]:
        """The marks with which the value is compared."""
        return [mark for mark in (self.target, self.warn, self.alarm) if mark is not None]


def bullet_chart(words: ChartWords, rows: Sequence[Bullet], width_mm: float = WIDTH_MM) -> str:
    """Bars on grey bands, the darkest for the alarm; the black stroke is the target.

    Values without target and limits share one axis with those of the same unit; one that is alone in its unit has no
    bar, because its length would depend only on the axis.
    """
    left, right = width_mm * 0.3, width_mm * 0.64
    axes = _axes_by_unit(rows, left, right)
    if any(row.unit in axes and not row.marks for row in rows):
        words = replace(words, unit=words.word("same_axis"))
    parts = [_row(words, row, number * _ROW_MM, left, right, axes) for number, row in enumerate(rows)]
    legend = []
    if any(row.target is not None for row in rows):
        legend.append(LegendSign(words.word("target"), line='stroke="#111111" stroke-width="0.9"'))
    if any(mark is not None for row in rows for mark in (row.warn, row.alarm)):
        legend += [LegendSign(words.word("warn"), Fill(_BETWEEN)), LegendSign(words.word("alarm"), Fill(_BEYOND))]
    if any(row.value is None for row in rows):
        legend.append(LegendSign(words.word("unknown"), UNKNOWN))
    return chart_picture(words, "".join(parts), len(rows) * _ROW_MM, legend, width_mm)


def _axes_by_unit(rows: Sequence[Bullet], left: float, right: float) -> dict[str, NumberAxis]:
    """The axis, by unit of measure, of the values without target and limits; shares are parts of a whole."""
    values = groups_of((row.unit, row.value) for row in rows if row.value is not None and not row.marks)
    whole = {"%": [100.0]}
    return {
        unit: number_axis([*numbers, *whole.get(unit, [])], left, right)
        for unit, numbers in values.items()
        if len(numbers) > 1 or unit in whole
    }


def _row(words: ChartWords, row: Bullet, top: float, left: float, right: float, axes: Mapping[str, NumberAxis]) -> str:
    lines = wrap_text(row.title, TEXT_MM, left - 3)[:2]
    middle = top + _ROW_MM / 2
    first = middle - (len(lines) - 1) * TEXT_MM * 0.62 + TEXT_MM * 0.35
    parts = [
        svg_text(line, left - 2, first + number * TEXT_MM * 1.25, TEXT_MM, anchor="end", colour=INK)
        for number, line in enumerate(lines)
    ]
    has_bar = bool(row.marks) or row.unit in axes
    axis = axes[row.unit] if has_bar and not row.marks else number_axis([row.value, *row.marks], left, right)
    band = middle - _BAND_MM / 2
    for low, high, colour in _bands(row, axis.low, axis.high) if row.marks else ():
        start, end = axis.place(low), axis.place(high)
        parts.append(filled_box(start, band, end - start, _BAND_MM, Fill(colour)))
    zero = axis.place(0.0)
    if row.value is None:
        parts.append(filled_box(left, middle - _BAR_MM / 2, right - left, _BAR_MM, UNKNOWN, "#8C8C8C"))
        text = words.word("unknown")
    else:
        end = axis.place(row.value)
        if has_bar:
            parts.append(filled_box(min(zero, end), middle - _BAR_MM / 2, abs(end - zero), _BAR_MM, _VALUE))
        text = row.written or f"{value_text(row.value, [row.value])} {row.unit}".strip()
    if row.target is not None:
        x = axis.place(row.target)
        parts.append(straight_line(x, band - 0.4, x, band + _BAND_MM + 0.4, "#111111", 0.9))
        text += "" if row.written and row.value is not None else f" / {value_text(row.target, [row.target])}"
    if row.marks or (has_bar and row.value is not None):
        parts.append(straight_line(zero, band, zero, band + _BAND_MM, INK, 0.25))
    parts.append(svg_text(text, right + 2, middle - 0.3, TEXT_MM, colour=INK))
    parts.append(svg_text(row.status, right + 2, middle + TEXT_MM * 1.05, TEXT_MM * 0.92, colour=QUIET))
    return "".join(parts)


def _bands(row: Bullet, low: float, high: float) -> list[tuple[float, float, str]]:
    """Start, end and grey of the bands between warn, alarm and the ends of the axis."""
    marks = [mark for mark in (row.warn, row.alarm) if mark is not None]
    if not marks:
        return [(low, high, _WITHIN)]
    near, far = (min(marks), max(marks)) if row.is_ceiling else (max(marks), min(marks))
    if row.is_ceiling:
        return [(low, near, _WITHIN), (near, far, _BETWEEN), (far, high, _BEYOND)]
    return [(low, far, _BEYOND), (far, near, _BETWEEN), (near, high, _WITHIN)]
