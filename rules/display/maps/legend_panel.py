"""The panel beside or below a map: legend and coordinates, flowing into columns; nothing is cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from onemap.rules.display.maps.svg_text import svg_text, wrap_text
from onemap.rules.display.maps.symbols import Symbol, fill_attributes, outline_attributes

_SIZES_MM = (2.7, 2.4, 2.1, 1.8, 1.5)  # of the letters: smaller ones where there is much to say
_SWATCH = 7.0
_GAP = 4.0


@dataclass(frozen=True)
class LegendEntry:
    """One look and its meaning. kind: polygon, line, point, or code; pattern: its SVG pattern's id, or its code."""

    symbol: Symbol
    kind: str
    text: str
    pattern: str = ""


@dataclass(frozen=True)
class Line:
    """One line of plain text in cells at parts (0…1) of a column's width; a heading stays with what follows."""

    cells: tuple[tuple[float, str], ...]
    bold: bool = False
    heads: bool = False


LegendRow = LegendEntry | Line


@dataclass(frozen=True)
class Panel:
    """A laid out panel: its height in mm, and what draws it at any place."""

    height: float
    columns: tuple[tuple[LegendRow, ...], ...]
    column_width: float
    size: float

    def svg(self, left: float, top: float) -> str:
        """The panel with its upper left corner at (left, top) in mm."""
        svg_parts = []
        for number, rows in enumerate(self.columns):
            x, y = left + number * (self.column_width + _GAP), top
            for row in rows:
                svg_parts.append(_row_svg(row, x, y, self.column_width, self.size))
                y += _row_height(row, self.column_width, self.size)
        return "".join(svg_parts)


def laid_out(rows: Sequence[LegendRow], width: float, column_width: float, most_height: float) -> Panel:
    """Rows in as many columns as the width holds; in smaller letters until they fit the height, if they can."""
    count = max(1, int((width + _GAP) // (column_width + _GAP)))
    wide = (width - (count - 1) * _GAP) / count
    for size in _SIZES_MM:
        total = sum(_row_height(row, wide, size) for row in rows)
        height = max([total / count, *(_row_height(row, wide, size) for row in rows)], default=0.0)
        columns = _columns(rows, wide, size, height)
        while len(columns) > count:
            height += size
            columns = _columns(rows, wide, size, height)
        used_height = max((sum(_row_height(row, wide, size) for row in column) for column in columns), default=0.0)
        if used_height <= most_height:
            break
    return Panel(used_height, tuple(columns), wide, size)


def _columns(rows: Sequence[LegendRow], width: float, size: float, height: float) -> list[tuple[LegendRow, ...]]:
    columns: list[list[LegendRow]] = [[]]
    filled_height = 0.0
    for row in rows:
        row_height = _row_height(row, width, size)
        if columns[-1] and filled_height + row_height > height + 1e-6:
            headings: list[LegendRow] = []
            while len(columns[-1]) > 1 and isinstance(columns[-1][-1], Line) and columns[-1][-1].heads:
                headings.insert(0, columns[-1].pop())
            columns.append(headings)
            filled_height = sum(_row_height(heading, width, size) for heading in headings)
        columns[-1].append(row)
        filled_height += row_height
    return [tuple(column) for column in columns]


def _row_height(row: LegendRow, width: float, size: float) -> float:
    if isinstance(row, Line):
        return size * 1.55
    return max(min(4.4, size * 1.7), len(_legend_lines(row, width, size)) * size * 1.25 + 1.2)


def _legend_lines(entry: LegendEntry, width: float, size: float) -> list[str]:
    return wrap_text(entry.text, size, width - _SWATCH - 2)


def _row_svg(row: LegendRow, x: float, y: float, width: float, size: float) -> str:
    if isinstance(row, Line):
        return "".join(svg_text(text, x + part * width, y + size, size, bold=row.bold) for part, text in row.cells)
    lines = _legend_lines(row, width, size)
    height = _row_height(row, width, size)
    first = y + (height - len(lines) * size * 1.25) / 2 + size * 0.95
    texts = "".join(
        svg_text(text, x + _SWATCH + 2, first + order * size * 1.25, size) for order, text in enumerate(lines)
    )
    return _swatch(row, x, y + height / 2) + texts


def _swatch(entry: LegendEntry, x: float, middle: float) -> str:
    if entry.kind == "code":
        return svg_text(entry.pattern, x + _SWATCH / 2, middle + 0.7, 1.9, anchor="middle", colour="#333333")
    if entry.kind == "point":
        return (
            f'<circle cx="{x + _SWATCH / 2:.2f}" cy="{middle:.2f}" r="1.1" fill="{entry.symbol.stroke}"'
            ' stroke="#FFFFFF" stroke-width="0.2"/>'
        )
    if entry.kind == "line":
        return f'<path d="M{x:.2f} {middle:.2f}h{_SWATCH:.2f}" {outline_attributes(entry.symbol)}/>'
    box = f'd="M{x + 0.4:.2f} {middle - 1.5:.2f}h{_SWATCH - 0.8:.2f}v3h-{_SWATCH - 0.8:.2f}z"'
    fills = "".join(f"<path {box} {look}/>" for look in fill_attributes(entry.symbol, entry.pattern))
    return f"{fills}<path {box} {outline_attributes(entry.symbol)}/>"
