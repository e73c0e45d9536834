"""The plot of the benchmark as SVG: a panel for each job, with bars from zero on its own scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, LABELS, RIGHT = 860, 210, 80
LINE, BAR, HEAD, FOOT = 22, 14, 58, 34
OURS_COLOUR, PEER_COLOUR, INK, PALE = "#1f6f8b", "#b9c0c7", "#222222", "#e6e8ea"


@dataclass(frozen=True)
class Bar:
    """One program: its name, seconds of the later calls, and of the first."""

    name: str
    seconds: float
    first_s: float
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    """One job: its title and its bars."""

    title: str
    bars: Sequence[Bar]


def plot(panels: Sequence[Panel]) -> str:
    """All panels below each other."""
    top, body = 64, []
    for panel in panels:
        body.append(_panel(panel, top))
        top += HEAD + LINE * len(panel.bars) + FOOT
    legend = (
        f'<rect x="20" y="36" width="14" height="{BAR - 2}" fill="{OURS_COLOUR}"/>'
        f'<text x="40" y="46">One Map</text>'
        f'<rect x="120" y="36" width="14" height="{BAR - 2}" fill="{PEER_COLOUR}"/>'
        f'<text x="140" y="46">peers</text>'
        f'<line x1="207" x2="207" y1="34" y2="50" stroke="{INK}" stroke-width="2"/>'
        f'<text x="216" y="46">first call in a fresh process; the bar: median of the calls after it</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{INK}">'
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>'
        '<text x="20" y="22" font-size="15" font-weight="bold">'
        "Seconds, each job on its own scale: shorter is better</text>"
        f"{legend}{''.join(body)}</svg>\n"
    )


def _panel(panel: Panel, top: int) -> str:
    longest = max(max(bar.seconds, bar.first_s) for bar in panel.bars)
    step = _step(longest)
    span = WIDTH - LABELS - RIGHT

    def x(value: float) -> float:
        return LABELS + span * value / longest

    bottom = top + HEAD + LINE * len(panel.bars)
    parts = [f'<text x="20" y="{top + 30}" font-size="13" font-weight="bold">{escape(panel.title)}</text>']
    for number in range(int(longest / step) + 1):
        at = x(number * step)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top + 44}" y2="{bottom}" stroke="{PALE}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{_short(number * step)} s</text>')
    for number, bar in enumerate(panel.bars):
        y, end = top + HEAD - 8 + LINE * number, x(bar.seconds)
        colour, weight = (OURS_COLOUR, "bold") if bar.is_ours else (PEER_COLOUR, "normal")
        name, first = escape(bar.name), x(bar.first_s)
        parts.append(
            f'<text x="{LABELS - 10}" y="{y + 11}" text-anchor="end" font-weight="{weight}">{name}</text>'
            f'<rect x="{LABELS}" y="{y}" width="{max(end - LABELS, 1):.1f}" height="{BAR}" fill="{colour}"/>'
            f'<line x1="{first:.1f}" x2="{first:.1f}" y1="{y - 2}" y2="{y + BAR + 2}" stroke="{INK}" stroke-width="2"/>'
            f'<text x="{max(end, first) + 7:.1f}" y="{y + 11}">{_short(bar.seconds)}</text>'
        )
    return "".join(parts)


def _step(longest: float) -> float:
    """A round step that parts a scale of this length into four to ten."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(power * part for part in (0.2, 0.5, 1.0) if longest / (power * part) <= 10)


def _short(seconds: float) -> str:
    """Three digits, and no more zeros than needed."""
    if seconds >= 100:
        return f"{seconds:.0f}"
    return f"{seconds:.3g}"
