"""The furniture of a map: grid ticks with their numbers, scale bar and number, north arrow."""

import math

from onemap.layers.messages import phrase
from onemap.rules.display.maps.svg_paths import View
from onemap.rules.display.maps.svg_text import svg_text

TICK_TEXT_MM = 1.9
_INK = "#111111"
_STEPS = (1, 2, 5, 10)


def grid_ticks(view: View) -> str:
    """Ticks at round coordinates along the frame, crosses inside, and the coordinates in metres of the plane."""
    west, south, east, north = view.bounds
    step = _round_step((east - west) / 4)
    right, bottom = view.left + view.width, view.top + view.height
    columns = [(view.left + (value - west) * view.mm_per_m, value) for value in _multiples(west, east, step)]
    rows = [(view.top + (north - value) * view.mm_per_m, value) for value in _multiples(south, north, step)]
    lines, texts = [], []
    for x, value in columns:
        lines.append(f"M{x:.2f} {view.top:.2f}v2M{x:.2f} {bottom:.2f}v-2")
        if view.left + 6 < x < right - 6:
            texts.append(svg_text(_coordinate(value), x, view.top - 0.8, TICK_TEXT_MM, anchor="middle"))
            texts.append(svg_text(_coordinate(value), x, bottom + 2.2, TICK_TEXT_MM, anchor="middle"))
    for y, value in rows:
        lines.append(f"M{view.left:.2f} {y:.2f}h2M{right:.2f} {y:.2f}h-2")
        if view.top + 7 < y < bottom - 7:
            texts.append(
                svg_text(_coordinate(value), view.left - 0.8, y, TICK_TEXT_MM, anchor="middle", is_turned=True)
            )
            texts.append(svg_text(_coordinate(value), right + 2.2, y, TICK_TEXT_MM, anchor="middle", is_turned=True))
    crosses = "".join(f"M{x - 1.2:.2f} {y:.2f}h2.4M{x:.2f} {y - 1.2:.2f}v2.4" for x, _ in columns for y, _ in rows)
    return (
        f'<path d="{crosses}" fill="none" stroke="{_INK}" stroke-width="0.1" stroke-opacity="0.6"/>'
        f'<path d="{"".join(lines)}" fill="none" stroke="{_INK}" stroke-width="0.2"/>{"".join(texts)}'
    )


def _round_step(size: float) -> float:
    power = 10.0 ** math.floor(math.log10(size))
    return max(1.0, power * max(step for step in _STEPS if step * power <= size))


def _multiples(least: float, most: float, step: float) -> list[float]:
    first = math.ceil(least / step)
    return [number * step for number in range(first, math.floor(most / step) + 1)]


def _coordinate(value: float) -> str:
    return f"{value:.0f}"


def north_arrow(x: float, y: float) -> str:
    """An arrow to the grid's north, its point at (x, y) in mm, 11 mm high; readable on any ground."""
    return (
        f'<circle cx="{x:.2f}" cy="{y + 6.2:.2f}" r="6.6" fill="#FFFFFF" fill-opacity="0.85"/>'
        f'<path d="M{x:.2f} {y + 3.6:.2f}l2.4 7.4l-2.4 -1.8z" fill="{_INK}"/>'
        f'<path d="M{x:.2f} {y + 3.6:.2f}l-2.4 7.4l2.4 -1.8z" fill="#FFFFFF" stroke="{_INK}" stroke-width="0.25"'
        ' stroke-linejoin="round"/>' + svg_text("N", x, y + 3.0, 3.0, anchor="middle", bold=True)
    )


def scale_number(scale: int) -> str:
    """A scale as it is printed: 1:2 000."""
    return f"1:{scale:,}".replace(",", " ")


def scale_bar(x: float, y: float, scale: int, longest_mm: float, language: str) -> str:
    """A bar of four parts with its lengths, its number before it; (x, y): the left end of its base line, in mm."""
    number = f"{phrase('map.scale', language)} {scale_number(scale)}"
    start = x + 38
    length_m = _round_step(longest_mm * scale / 1000)
    part = length_m * 1000 / scale / 4
    bars = "".join(
        f'<rect x="{start + order * part:.2f}" y="{y - 1.4:.2f}" width="{part:.2f}" height="1.2"'
        f' fill="{_INK if order % 2 == 0 else "#FFFFFF"}" stroke="{_INK}" stroke-width="0.2"/>'
        for order in range(4)
    )
    marks = [(0, "0"), (2, _length(length_m / 2)), (4, f"{_length(length_m)} m")]
    texts = "".join(
        svg_text(text, start + order * part, y - 2.0, TICK_TEXT_MM, anchor="middle") for order, text in marks
    )
    return svg_text(number, x, y, 3.0, bold=True) + bars + texts


def _length(metres: float) -> str:
    return f"{metres:,.10g}".replace(",", " ")
