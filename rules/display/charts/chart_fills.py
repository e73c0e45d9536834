"""The fills of a chart's parts: they differ in colour, lightness and lines, for grey print and the colour-blind."""

from dataclasses import dataclass

from onemap.rules.display.maps.svg_text import as_attribute

_DISTANCE_MM = {"rising": 1.6, "level": 1.3, "upright": 1.3}
_LINE_MM = 0.22


@dataclass(frozen=True)
class Fill:
    """colour: of the ground, #RRGGBB. lines: none, rising, level or upright; line_colour: of these."""

    colour: str
    lines: str = "none"
    line_colour: str = "#FFFFFF"


# Dark and light by turns; told apart with deuteranopia, protanopia, tritanopia and in grey, see the tests.
SERIES = (
    Fill("#1F3B63"),
    Fill("#E6A23C"),
    Fill("#3C72A3", "rising"),
    Fill("#F2DDB0", "level", "#7A5A16"),
    Fill("#7A1F3D", "upright"),
    Fill("#BFD7EA", "rising", "#1F3B63"),
    Fill("#5F6B3A", "level"),
    Fill("#D9D9D9", "upright", "#595959"),
)
UNKNOWN = Fill("#FFFFFF", "rising", "#8C8C8C")
OTHER = Fill("#A6A6A6")


def series_fill(number: int) -> Fill:
    """The fill of the n-th series, from 0; after the last fill the first follows."""
    return SERIES[number % len(SERIES)]


def filled_box(x: float, y: float, width: float, height: float, fill: Fill, outline: str = "") -> str:
    """A box in mm with its fill; lines are drawn one by one, because QtSvg of Qt 5 knows no patterns and clips."""
    if width <= 0 or height <= 0:
        return ""
    edge = f' stroke={as_attribute(outline)} stroke-width="0.18"' if outline else ""
    box = f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill.colour}"{edge}/>'
    lines = "".join(f"M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" for x1, y1, x2, y2 in _lines(x, y, width, height, fill))
    if not lines:
        return box
    return box + f'<path d="{lines}" fill="none" stroke="{fill.line_colour}" stroke-width="{_LINE_MM}"/>'


def _lines(x: float, y: float, width: float, height: float, fill: Fill) -> list[tuple[float, float, float, float]]:
    """Ends of the lines in a box, cut at its edges. Shape (n, 4)."""
    if fill.lines == "none":
        return []
    step = _DISTANCE_MM[fill.lines]
    if fill.lines == "level":
        return [(x, y + at, x + width, y + at) for at in _steps(step / 2, height, step)]
    if fill.lines == "upright":
        return [(x + at, y, x + at, y + height) for at in _steps(step / 2, width, step)]
    line_ends = []
    for at in _steps(step / 2 - height, width, step):  # from the lower edge at `at` to the upper edge at `at + height`
        first, last = max(at, 0.0), min(at + height, width)
        line_ends.append((x + first, y + height - (first - at), x + last, y + height - (last - at)))
    return line_ends


def _steps(first: float, end: float, step: float) -> list[float]:
    return [
        first + step * number for number in range(max(int((end - first) / step) + 1, 0)) if first + step * number < end
    ]
