"""Horizontal bars, so that long names can be read: one row for each label, series side by side or stacked."""

from collections.abc import Sequence
from dataclasses import dataclass

from onemap.rules.display.charts.chart_fills import UNKNOWN, Fill, filled_box, series_fill
from onemap.rules.display.charts.chart_sheet import (
    INK,
    TEXT_MM,
    WIDTH_MM,
    ChartWords,
    LegendSign,
    chart_picture,
    straight_line,
)
from onemap.rules.display.charts.number_axis import NumberAxis, number_axis
from onemap.rules.display.maps.svg_text import svg_text, text_width, wrap_text

_BAR_MM, _GAP_MM, _LINE_MM = 4.0, 2.2, TEXT_MM * 1.25
_VALUES_MM = 24.0  # to the right of the longest bar, for its number
_TARGET = 'stroke="#111111" stroke-width="0.7"'


@dataclass(frozen=True)
class BarSeries:
    """One kind of number for every label; None if a number is unknown. fill: by default that of the n-th series."""

    title: str
    values: tuple[float | None, ...]
    fill: Fill | None = None


def bar_chart(
    words: ChartWords,
    labels: Sequence[str],
    series: Sequence[BarSeries],
    targets: Sequence[float | None] = (),
    width_mm: float = WIDTH_MM,
) -> str:
    """A row for each label with a bar for each series; targets: one line a row. Bars begin at zero."""
    fills = [one.fill or series_fill(number) for number, one in enumerate(series)]
    every = [value for one in series for value in one.values]
    names, axis = _axis([*every, *targets], labels, width_mm, words.is_count)
    parts, y = [], 0.0
    for row, label in enumerate(names):
        target = targets[row] if targets else None
        height = max(len(series) * _BAR_MM, len(label) * _LINE_MM)
        parts.append(_label(label, axis.start - 2.0, y, height))
        top = y + (height - len(series) * _BAR_MM) / 2
        for number, one in enumerate(series):
            parts.append(_bar(axis, top + number * _BAR_MM, one.values[row], target, fills[number], every, words))
        if target is not None:
            x = axis.place(target)
            parts.append(straight_line(x, y - 0.6, x, y + height + 0.6, "#111111", 0.7))
        y += height + _GAP_MM
    legend = [LegendSign(one.title, fill) for one, fill in zip(series, fills, strict=True)] if len(series) > 1 else []
    legend += _notes(words, any(value is None for value in every), any(value is not None for value in targets))
    return chart_picture(words, _grid(axis, y) + "".join(parts), y + 4.0, legend, width_mm)


def stacked_bars(
    words: ChartWords, labels: Sequence[str], series: Sequence[BarSeries], width_mm: float = WIDTH_MM
) -> str:
    """A row for each label, with its series one after the other.

    Values are not negative; an unknown part is hatched at the end, and the sum says "at least".
    """
    fills = [one.fill or series_fill(number) for number, one in enumerate(series)]
    rows = [[one.values[row] for one in series] for row in range(len(labels))]
    sums = [sum(value for value in row if value is not None) for row in rows]
    names, axis = _axis(sums, labels, width_mm, words.is_count)
    parts, y = [], 0.0
    for label, row, total in zip(names, rows, sums, strict=True):
        height = max(_BAR_MM * 1.3, len(label) * _LINE_MM)
        parts.append(_label(label, axis.start - 2.0, y, height))
        x, top = axis.place(0.0), y + (height - _BAR_MM * 1.3) / 2
        for value, fill in zip(row, fills, strict=True):
            if value:
                length = axis.place(value) - axis.place(0.0)
                parts.append(filled_box(x, top, length, _BAR_MM * 1.3, fill, INK))
                x += length
        text = words.number(total, sums)
        if any(value is None for value in row):
            parts.append(filled_box(x, top, 6.0, _BAR_MM * 1.3, UNKNOWN, INK))
            x, text = x + 6.0, f"≥ {text}"
        parts.append(svg_text(text, x + 1.2, y + height / 2 + TEXT_MM * 0.35, TEXT_MM, colour=INK))
        y += height + _GAP_MM
    legend = [LegendSign(one.title, fill) for one, fill in zip(series, fills, strict=True)]
    legend += _notes(words, any(value is None for row in rows for value in row), False)
    return chart_picture(words, _grid(axis, y) + "".join(parts), y + 4.0, legend, width_mm)


def _axis(
    values: Sequence[float | None], labels: Sequence[str], width_mm: float, is_count: bool
) -> tuple[list[list[str]], NumberAxis]:
    """The names in lines, and the axis to the right of them."""
    wide = min(max((text_width(label, TEXT_MM) for label in labels), default=0.0), width_mm * 0.34)
    names = [wrap_text(label, TEXT_MM, wide) for label in labels]
    return names, number_axis(values, wide + 3.0, width_mm - _VALUES_MM, is_count=is_count)


def _label(lines: Sequence[str], right: float, top: float, height: float) -> str:
    first = top + (height - len(lines) * _LINE_MM) / 2 + _LINE_MM * 0.72
    return "".join(
        svg_text(line, right, first + number * _LINE_MM, TEXT_MM, anchor="end", colour=INK)
        for number, line in enumerate(lines)
    )


def _bar(
    axis: NumberAxis,
    top: float,
    value: float | None,
    target: float | None,
    fill: Fill,
    every: Sequence[float | None],
    words: ChartWords,
) -> str:
    zero, high, middle = axis.place(0.0), _BAR_MM * 0.84, top + _BAR_MM * 0.42 + TEXT_MM * 0.35
    if value is None:
        box = filled_box(zero, top, axis.end - zero, high, UNKNOWN, "#8C8C8C")
        return box + svg_text(words.word("unknown"), axis.end + 1.2, middle, TEXT_MM, colour=INK)
    end, number_text = axis.place(value), words.number(value, every)
    text_x = max(end, zero) + 1.2
    if target is not None and text_x - 2 < axis.place(target) < text_x + text_width(number_text, TEXT_MM):
        text_x = axis.place(target) + 1.2  # the number would stand on the target
    text = svg_text(number_text, text_x, middle, TEXT_MM, colour=INK)
    return filled_box(min(zero, end), top, abs(end - zero), high, fill, INK) + text


def _grid(axis: NumberAxis, height: float) -> str:
    lines = "".join(
        straight_line(axis.place(mark), -0.8, axis.place(mark), height, INK if abs(mark) < axis.step / 2 else "#D0D0D0")
        for mark in axis.marks
    )
    step = max(1, round(14.0 / ((axis.end - axis.start) / max(len(axis.marks) - 1, 1))))
    return lines + "".join(
        svg_text(axis.text(mark), axis.place(mark), height + TEXT_MM, TEXT_MM * 0.9, anchor="middle", colour="#595959")
        for mark in axis.marks[::step]
    )


def _notes(words: ChartWords, has_unknown: bool, has_target: bool) -> list[LegendSign]:
    unknown = [LegendSign(words.word("unknown"), UNKNOWN)] if has_unknown else []
    return unknown + ([LegendSign(words.word("target"), line=_TARGET)] if has_target else [])
