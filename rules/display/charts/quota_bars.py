"""The use of a quota as bars: existing, approved, in review and free, with a line at the target."""

from collections.abc import Sequence
from dataclasses import dataclass

from onemap.rules.display.charts.chart_fills import SERIES, UNKNOWN, Fill, filled_box
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

_BAR_MM, _GAP_MM, _LINE_MM, _MARK_MM = 4.6, 3.6, TEXT_MM * 1.3, 0.8
_UNKNOWN_MM = 7.0
_TARGET = 'stroke="#111111" stroke-width="0.9"'
FREE = Fill("#FFFFFF", "upright", "#BFBFBF")
PARTS = ("existing", "approved", "in_review", "free")  # one after the other
PART_FILLS = dict(zip(PARTS, (SERIES[0], SERIES[1], SERIES[5], FREE), strict=True))


@dataclass(frozen=True)
class QuotaBar:
    """One quota. The parts are drawn to length; None if a part is unknown, and then the free part is unknown too.

    note: numbers and days in words; for a floor, `existing` is what is left after subtracting all that is committed.
    """

    title: str
    existing: float | None
    approved: float | None
    in_review: float | None
    free: float | None
    target: float | None
    note: str = ""

    @property
    def parts(self) -> tuple[float | None, ...]:
        """The parts in the order of PARTS, none below 0."""
        parts = (self.existing, self.approved, self.in_review, self.free)
        return tuple(None if part is None else max(part, 0.0) for part in parts)


def quota_bars(words: ChartWords, rows: Sequence[QuotaBar], width_mm: float = WIDTH_MM) -> str:
    """A row for each quota: its name, its bar, and below it the numbers. Bars begin at zero, on one axis."""
    ends = [sum(part or 0.0 for part in row.parts) for row in rows]
    axis = number_axis([*ends, *(row.target for row in rows)], 0.4, width_mm - _UNKNOWN_MM - 1.0)
    parts, y, has_unknown, part_names = [], 0.0, False, set()
    for row in rows:
        parts.append(
            svg_text(
                wrap_text(row.title, TEXT_MM, width_mm, bold=True)[0], 0, y + TEXT_MM, TEXT_MM, bold=True, colour=INK
            )
        )
        top, x = y + _LINE_MM + _MARK_MM, axis.place(0.0)
        for name, value in zip(PARTS, row.parts, strict=True):
            if value:
                length = axis.place(value) - axis.place(0.0)
                parts.append(filled_box(x, top, length, _BAR_MM, PART_FILLS[name], INK))
                part_names.add(name)
                x += length
        if any(part is None for part in row.parts):
            parts.append(filled_box(x, top, _UNKNOWN_MM, _BAR_MM, UNKNOWN, "#8C8C8C"))
            has_unknown = True
        if row.target is not None:
            at = axis.place(row.target)
            parts.append(straight_line(at, top - _MARK_MM, at, top + _BAR_MM + _MARK_MM, "#111111", 0.9))
        y = top + _BAR_MM + _MARK_MM
        for line in wrap_text(row.note, TEXT_MM * 0.95, width_mm) if row.note else ():
            y += _LINE_MM
            parts.append(svg_text(line, 0, y - TEXT_MM * 0.3, TEXT_MM * 0.95, colour=QUIET))
        y += _GAP_MM
    legend = [LegendSign(words.word(name), fill) for name, fill in PART_FILLS.items() if name in part_names]
    legend += [LegendSign(words.word("unknown"), UNKNOWN)] if has_unknown else []
    legend += [LegendSign(words.word("target"), line=_TARGET)] if any(row.target is not None for row in rows) else []
    return chart_picture(words, "".join(parts), max(y - _GAP_MM, 1.0), legend, width_mm)
