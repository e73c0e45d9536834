"""The table of transitions between classes with both margins; a darker cell has more of the class."""

from collections.abc import Mapping, Sequence

from onemap.rules.display.charts.chart_fills import Fill, filled_box
from onemap.rules.display.charts.chart_sheet import GRID, INK, QUIET, TEXT_MM, WIDTH_MM, ChartWords, chart_picture
from onemap.rules.display.charts.number_axis import decimal_text, value_text
from onemap.rules.display.maps.svg_text import svg_text, text_width, wrap_text

_ROW_MM, _HEAD_MM, _LEAST_MM, _GOOD_MM = 7.0, 15.0, 1.5, 2.2
_LIGHTEST, _DARKEST = (255, 255, 255), (201, 120, 60)


def transition_table(
    words: ChartWords,
    classes: Sequence[str],
    areas: Mapping[tuple[str, str], float],
    heads: tuple[str, str],
    width_mm: float = WIDTH_MM,
) -> str:
    """A table with the classes before as rows and the classes after as columns.

    areas: by (before, after), in the chart's unit; a missing one is 0. heads: the names of the years before and after.
    The diagonal, the unchanged ground, is framed and never coloured.
    """
    name_mm = min(
        max((text_width(name, TEXT_MM) for name in (*classes, words.word("sum"))), default=10.0) + 3, width_mm * 0.3
    )
    column_mm = (width_mm - name_mm) / (len(classes) + 1)
    rows = {name: [areas.get((name, other), 0.0) for other in classes] for name in classes}
    before = {name: sum(row) for name, row in rows.items()}
    after = [sum(rows[name][column] for name in classes) for column in range(len(classes))]
    every = [*before.values(), *after]
    digits = _digits([*every, sum(after)], column_mm)

    def text(value: float) -> str:
        return value_text(value, every) if digits is None else decimal_text(value, digits)

    size = _letter_size([text(value) for value in [*every, sum(after)]], column_mm)
    parts = [svg_text(f"{heads[0]} ↓   {heads[1]} →", 0, TEXT_MM, TEXT_MM * 0.9, colour=QUIET)]
    for column, name in enumerate([*classes, words.word("sum")]):
        parts.append(_head(name, name_mm + column * column_mm, column_mm, size))
    for number, name in enumerate(classes):
        top = _HEAD_MM + number * _ROW_MM
        parts.append(_name(name, top, name_mm))
        for column, area in enumerate(rows[name]):
            stays = number == column
            share = 0.0 if stays or not before[name] else area / before[name]
            place = (name_mm + column * column_mm, top, column_mm)
            parts.append(_cell(text(area) if area else "–", *place, size, tint(share), stays))
        end = name_mm + len(classes) * column_mm
        parts.append(_cell(text(before[name]), end, top, column_mm, size, "#F2F2F2", False))
    top = _HEAD_MM + len(classes) * _ROW_MM
    parts.append(_name(words.word("sum"), top, name_mm))
    for column, area in enumerate([*after, sum(after)]):
        place = (name_mm + column * column_mm, top, column_mm)
        parts.append(_cell(text(area), *place, size, "#F2F2F2", False))
    return chart_picture(words, "".join(parts), top + _ROW_MM, (), width_mm)


def _digits(values: Sequence[float], column_mm: float) -> int | None:
    """Four decimals, as in the tables, if letters of a good size have room for them, else None: by their size."""
    return 4 if _letter_size([decimal_text(value, 4) for value in values], column_mm) >= _GOOD_MM else None


def _letter_size(texts: Sequence[str], column_mm: float) -> float:
    widest = max((text_width(text, 1.0) for text in texts), default=1.0)
    return max(min(TEXT_MM, (column_mm - 1.4) / widest), _LEAST_MM)


def _head(name: str, left: float, width: float, size: float) -> str:
    lines = wrap_text(name, size, width - 1)[:3]
    first = _HEAD_MM - 1.2 - (len(lines) - 1) * size * 1.15
    return "".join(
        svg_text(line, left + width - 0.8, first + number * size * 1.15, size, anchor="end", colour=INK)
        for number, line in enumerate(lines)
    )


def _name(name: str, top: float, width: float) -> str:
    lines = wrap_text(name, TEXT_MM, width - 2)[:2]
    first = top + _ROW_MM / 2 - (len(lines) - 1) * TEXT_MM * 0.58 + TEXT_MM * 0.35
    return "".join(
        svg_text(line, 0, first + number * TEXT_MM * 1.16, TEXT_MM, colour=INK) for number, line in enumerate(lines)
    )


def _cell(text: str, left: float, top: float, width: float, size: float, colour: str, is_framed: bool) -> str:
    box = filled_box(left, top, width, _ROW_MM, Fill(colour), GRID)
    if is_framed:
        box += (
            f'<rect x="{left + 0.3:.2f}" y="{top + 0.3:.2f}" width="{width - 0.6:.2f}" height="{_ROW_MM - 0.6:.2f}"'
            f' fill="none" stroke="{INK}" stroke-width="0.4"/>'
        )
    return box + svg_text(text, left + width - 0.8, top + _ROW_MM / 2 + size * 0.35, size, anchor="end", colour=INK)


def tint(share: float) -> str:
    """A colour from white for nothing to the darkest on which black text still has a contrast of 4.5."""
    strength = min(max(share, 0.0), 1.0) ** 0.5
    parts = (round(light + (dark - light) * strength) for light, dark in zip(_LIGHTEST, _DARKEST, strict=True))
    return "#" + "".join(f"{part:02X}" for part in parts)
