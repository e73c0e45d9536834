"""The frame of every chart: title, unit and legend above; year and versions of its numbers below."""

from collections.abc import Sequence
from dataclasses import dataclass

from onemap.layers.messages import phrase
from onemap.rules.display.charts.chart_fills import Fill, filled_box
from onemap.rules.display.charts.number_axis import decimal_text, value_text
from onemap.rules.display.maps.fonts import FONTS
from onemap.rules.display.maps.svg_text import as_attribute, svg_text, text_width, wrap_text

WIDTH_MM = 165.0
TEXT_MM = 2.7
INK, QUIET, GRID = "#222222", "#595959", "#D0D0D0"
_TITLE_MM, _SOURCE_MM, _LINE = 3.4, 2.3, 1.35


@dataclass(frozen=True)
class ChartWords:
    """The texts of a chart besides its numbers.

    unit: of the numbers, with what they measure. source: year and versions, printed under the picture. is_count:
    numbers are whole. is_below_title: the page's title just above is the same, so it is not drawn again. digits:
    decimals of the numbers, those of the table below; None: by their size.
    """

    title: str
    unit: str
    source: str
    language: str
    is_count: bool = False
    is_below_title: bool = False
    digits: int | None = None

    def number(self, value: float, values: Sequence[float | None]) -> str:
        """A number beside its mark; values: all of the chart."""
        if self.is_count:
            return f"{value:,.0f}".replace("-", "−")
        return value_text(value, values) if self.digits is None else decimal_text(value, self.digits)

    def word(self, name: str) -> str:
        """A word of every chart, such as `unknown`, in the reader's language."""
        return phrase(f"chart.{name}", self.language)


@dataclass(frozen=True)
class LegendSign:
    """One entry of a legend: a swatch, or a line where `line` is its SVG attributes."""

    title: str
    fill: Fill | None = None
    line: str = ""


def chart_picture(words: ChartWords, body: str, body_mm: float, legend: Sequence[LegendSign], width_mm: float) -> str:
    """The picture as SVG text. body: drawn with its upper left corner at (0, 0), `body_mm` high."""
    parts, y = [], 0.0
    for line in () if words.is_below_title else wrap_text(words.title, _TITLE_MM, width_mm, bold=True):
        y += _TITLE_MM * _LINE
        parts.append(svg_text(line, 0, y - _TITLE_MM * 0.3, _TITLE_MM, bold=True, colour=INK))
    if words.unit:
        y += TEXT_MM * _LINE
        parts.append(svg_text(words.unit, 0, y - TEXT_MM * 0.3, TEXT_MM, colour=QUIET))
    legend_parts, height = _legend(legend, y + 1.0, width_mm)
    parts += legend_parts
    y += height + 2.0
    parts.append(f'<g transform="translate(0 {y:.2f})">{body}</g>')
    y += body_mm + 1.0
    for line in wrap_text(words.source, _SOURCE_MM, width_mm):
        y += _SOURCE_MM * _LINE
        parts.append(svg_text(line, 0, y - _SOURCE_MM * 0.3, _SOURCE_MM, colour=QUIET))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:g}mm" height="{y + 1:.2f}mm"'
        f' viewBox="0 0 {width_mm:g} {y + 1:.2f}" role="img" aria-label={as_attribute(words.title)}'
        f" font-family={as_attribute(FONTS)}>"
        f'<rect x="0" y="0" width="{width_mm:g}" height="{y + 1:.2f}" fill="#FFFFFF"/>{"".join(parts)}</svg>'
    )


def _legend(entries: Sequence[LegendSign], top: float, width_mm: float) -> tuple[list[str], float]:
    """The legend's rows and their height in mm."""
    parts, x, y = [], 0.0, top
    for entry in entries:
        entry_width = 7.0 + text_width(entry.title, TEXT_MM) + 4.0
        if x and x + entry_width > width_mm:
            x, y = 0.0, y + TEXT_MM * 1.6
        if entry.fill:
            parts.append(filled_box(x, y, 5.5, TEXT_MM, entry.fill, INK))
        else:
            parts.append(f'<path d="M{x:.2f} {y + TEXT_MM / 2:.2f}h5.5" fill="none" {entry.line}/>')
        parts.append(svg_text(entry.title, x + 7.0, y + TEXT_MM * 0.85, TEXT_MM, colour=INK))
        x += entry_width
    return parts, (y - top + TEXT_MM * 1.6) if entries else 0.0


def straight_line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 0.18, dash: str = "") -> str:
    """A line in mm; dash: lengths of line and gap."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}"'
        f' stroke-width="{width:g}"{dashed}/>'
    )
