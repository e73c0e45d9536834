"""One small picture for each unit, all with the same axis, so that units can be compared at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass

from onemap.rules.display.charts.chart_fills import UNKNOWN, filled_box, series_fill
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
from onemap.rules.display.charts.number_axis import number_axis
from onemap.rules.display.maps.svg_text import svg_text, wrap_text

_PANEL_MM, _PLOT_MM, _LEAST_WIDTH_MM, _GAP_MM = 30.0, 18.0, 36.0, 4.0
_TARGET = 'stroke="#111111" stroke-width="0.6"'
_BREAK = f'stroke="{INK}" stroke-width="0.3" stroke-dasharray="1.6 0.8"'


@dataclass(frozen=True)
class Panel:
    """A unit with one number for each label of the chart, None if unknown; targets: of each label, or none.

    breaks: positions of labels from which on numbers are not comparable with those before.
    """

    title: str
    values: tuple[float | None, ...]
    targets: tuple[float | None, ...] = ()
    breaks: tuple[int, ...] = ()


def small_multiples(
    words: ChartWords, labels: Sequence[str], panels: Sequence[Panel], width_mm: float = WIDTH_MM
) -> str:
    """Vertical bars in panels, from left to right, then down; the first and the last label are below each panel."""
    across = max(1, int((width_mm + _GAP_MM) // (_LEAST_WIDTH_MM + _GAP_MM)))
    wide = (width_mm - (across - 1) * _GAP_MM) / across
    every = [value for panel in panels for value in (*panel.values, *panel.targets)]
    parts = []
    for number, panel in enumerate(panels):
        left, top = number % across * (wide + _GAP_MM), number // across * _PANEL_MM
        parts.append(_panel(panel, labels, every, left, top, wide, words))
    height = -(-len(panels) // across) * _PANEL_MM
    is_unknown = any(value is None for panel in panels for value in panel.values)
    legend = [LegendSign(words.word("unknown"), UNKNOWN)] if is_unknown else []
    if any(target is not None for panel in panels for target in panel.targets):
        legend.append(LegendSign(words.word("target"), line=_TARGET))
    if any(panel.breaks for panel in panels):
        legend.append(LegendSign(words.word("break"), line=_BREAK))
    return chart_picture(words, "".join(parts), height, legend, width_mm)


def _panel(
    panel: Panel,
    labels: Sequence[str],
    every: Sequence[float | None],
    left: float,
    top: float,
    wide: float,
    words: ChartWords,
) -> str:
    title = wrap_text(panel.title, TEXT_MM, wide, bold=True)[0]
    parts = [svg_text(title, left, top + TEXT_MM, TEXT_MM, bold=True, colour=INK)]
    axis = number_axis(every, top + 7.0 + _PLOT_MM, top + 7.0)
    zero, step = axis.place(0.0), wide / max(len(panel.values), 1)
    for number, value in enumerate(panel.values):
        x, bar = left + number * step + step * 0.12, step * 0.76
        if value is None:
            parts.append(filled_box(x, top + 7.0, bar, zero - top - 7.0, UNKNOWN, "#8C8C8C"))
            continue
        y = axis.place(value)
        parts.append(filled_box(x, min(y, zero), bar, abs(zero - y), series_fill(0)))
        if number == len(panel.values) - 1:
            text = words.number(value, every)
            parts.append(svg_text(text, left + wide, top + TEXT_MM * 2.2, TEXT_MM * 0.9, anchor="end", colour=QUIET))
    for number, target in enumerate(panel.targets):
        if target is not None:
            x, y = left + number * step, axis.place(target)
            parts.append(f'<path d="M{x:.2f} {y:.2f}h{step:.2f}" fill="none" {_TARGET}/>')
    for number in panel.breaks:
        x = left + number * step
        parts.append(straight_line(x, top + 5.5, x, top + 7.0 + _PLOT_MM, INK, 0.3, "1.6 0.8"))
        parts.append(svg_text("≠", x + 0.6, top + 7.0, TEXT_MM * 0.9, colour=QUIET))
    parts.append(straight_line(left, zero, left + wide, zero, INK, 0.25))
    below = top + 7.0 + _PLOT_MM + TEXT_MM
    if labels:
        parts.append(svg_text(labels[0], left, below, TEXT_MM * 0.85, colour=QUIET))
    if len(labels) > 1:
        parts.append(svg_text(labels[-1], left + wide, below, TEXT_MM * 0.85, anchor="end", colour=QUIET))
    return "".join(parts)
