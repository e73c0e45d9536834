"""Numbers over time: a line for each series, with its own sign and dashes, targets, and breaks of the series."""

from collections.abc import Mapping, Sequence

from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_fills import UNKNOWN, filled_box
from onemap.rules.display.charts.chart_sheet import (
    GRID,
    INK,
    QUIET,
    TEXT_MM,
    WIDTH_MM,
    ChartWords,
    LegendSign,
    chart_picture,
    straight_line,
)
from onemap.rules.display.charts.number_axis import NumberAxis, number_axis
from onemap.rules.display.maps.svg_text import svg_text, text_width

HEIGHT_MM = 55.0
_LEFT_MM, _RIGHT_MM = 18.0, 20.0
_LOOKS = (("#1F3B63", ""), ("#B35900", "2.2 1"), ("#4C86B8", "0.9 0.9"), ("#7A1F3D", "3 0.9 0.9 0.9"))
_TARGET = ("#111111", "0.5 0.7")


def line_chart(
    words: ChartWords,
    moments: Mapping[str, float],
    series: Sequence[BarSeries],
    targets: Sequence[float | None] = (),
    breaks: Mapping[str, str] | None = None,
    width_mm: float = WIDTH_MM,
    height_mm: float = HEIGHT_MM,
) -> str:
    """Lines over time, at true distances; targets: of each moment, as a dotted line.

    moments: the name of each moment, such as its year, and its time, in order.
    breaks: moments from which on numbers are not comparable with those before, with short reasons.
    A moment that is unknown in some series is hatched, and no line crosses it. height_mm: of the lines alone.
    """
    values = [value for one in series for value in one.values]
    axis = number_axis([*values, *targets], height_mm, 4.0)
    names, times = list(moments), list(moments.values())
    span = (times[-1] - times[0]) or 1.0
    at = [_LEFT_MM + 4 + (time - times[0]) / span * (width_mm - _LEFT_MM - _RIGHT_MM - 8) for time in times]
    parts = [_grid(axis, width_mm), *_names(names, at, height_mm)]
    unknown = [number for number in range(len(names)) if any(one.values[number] is None for one in series)]
    parts += [filled_box(at[number] - 1.6, 4.0, 3.2, height_mm - 4.0, UNKNOWN) for number in unknown]
    for name, why in (breaks or {}).items():
        x = at[names.index(name)] - 2.6
        parts.append(straight_line(x, 1.0, x, height_mm, INK, 0.3, "1.6 0.8"))
        text = f"≠ {why}"
        fits = x + 1.0 + text_width(text, TEXT_MM * 0.9) <= width_mm
        text_x, anchor = (x + 1.0, "start") if fits else (x - 1.0, "end")
        parts.append(svg_text(text, text_x, 3.0, TEXT_MM * 0.9, anchor=anchor, colour=QUIET))
    legend = []
    for number, one in enumerate(series):
        colour, dash = _LOOKS[number % len(_LOOKS)]
        parts.append(_drawn_line(axis, at, one.values, colour, dash, number))
        last = next((row for row in range(len(names) - 1, -1, -1) if one.values[row] is not None), None)
        if last is not None and (value := one.values[last]) is not None:
            y = axis.place(value) + TEXT_MM * 0.35
            parts.append(svg_text(words.number(value, values), at[last] + 2.2, y, TEXT_MM, colour=INK))
        if len(series) > 1:
            legend.append(LegendSign(one.title, line=_stroke(colour, dash)))
    if any(target is not None for target in targets):
        parts.append(_drawn_line(axis, at, targets, *_TARGET, None))
        legend.append(LegendSign(words.word("target"), line=_stroke(*_TARGET)))
    if unknown:
        legend.append(LegendSign(words.word("unknown"), UNKNOWN))
    return chart_picture(words, "".join(parts), height_mm + 6.0, legend, width_mm)


def _names(names: Sequence[str], at: Sequence[float], height_mm: float) -> list[str]:
    """The names of moments below the axis; a name that would overlap the one before is left out, but never the last."""
    parts: list[str] = []
    free = at[-1] - text_width(names[-1], TEXT_MM) / 2
    end = 0.0
    for name, x in zip(names, at, strict=True):
        half = text_width(name, TEXT_MM) / 2
        if x == at[-1] or end < x - half and x + half + 1.0 < free:
            parts.append(svg_text(name, x, height_mm + 4.5, TEXT_MM, anchor="middle", colour=INK))
            end = x + half + 1.0
    return parts


def _grid(axis: NumberAxis, width_mm: float) -> str:
    """Horizontal lines with their numbers; the line at zero, which the axis always has, stands out."""
    parts = []
    for mark in axis.marks:
        y = axis.place(mark)
        is_zero = abs(mark) < axis.step / 2
        parts.append(straight_line(_LEFT_MM, y, width_mm - _RIGHT_MM, y, INK if is_zero else GRID))
        text = axis.text(mark)
        parts.append(svg_text(text, _LEFT_MM - 1.5, y + TEXT_MM * 0.33, TEXT_MM * 0.9, anchor="end", colour=QUIET))
    return "".join(parts)


def _drawn_line(
    axis: NumberAxis, at: Sequence[float], values: Sequence[float | None], colour: str, dash: str, sign: int | None
) -> str:
    """The stretches between unknown years, and a sign on each value. sign: its number, None for no sign."""
    path, signs, is_open = "", [], False
    for x, value in zip(at, values, strict=True):
        if value is None:
            is_open = False
            continue
        y = axis.place(value)
        path += f"{'L' if is_open else 'M'}{x:.2f} {y:.2f}"
        is_open = True
        if sign is not None:
            signs.append(_sign(x, y, sign, colour))
    return f'<path d="{path}" fill="none" {_stroke(colour, dash)}/>{"".join(signs)}' if path else ""


def _stroke(colour: str, dash: str) -> str:
    return f'stroke="{colour}" stroke-width="0.6"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _sign(x: float, y: float, number: int, colour: str) -> str:
    """Circle, square, triangle and diamond by turns."""
    look = f'fill="{colour}" stroke="#FFFFFF" stroke-width="0.2"'
    if number % 4 == 0:
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1" {look}/>'
    shapes = {1: "M-.9-.9h1.8v1.8h-1.8z", 2: "M0-1.2L1.1.8H-1.1z", 3: "M0-1.3L1.2 0L0 1.3L-1.2 0z"}
    return f'<path d="{shapes[number % 4]}" transform="translate({x:.2f} {y:.2f})" {look}/>'
