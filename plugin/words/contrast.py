"""Brightness and contrast of colours, and a grey that can be read in any theme."""

from __future__ import annotations

from qgis.PyQt.QtGui import QBrush, QColor, QPalette
from qgis.PyQt.QtWidgets import QApplication

CONTRAST = 4.5  # of signs and words against what is behind them
SHADES = 20  # between a text and its background
STEPS = 24  # from a colour to a readable one


def quiet_brush(
    palette: QPalette,
    text: QPalette.ColorRole = QPalette.ColorRole.Text,
    ground: QPalette.ColorRole = QPalette.ColorRole.Base,
) -> QBrush:
    """A brush for less important text, such as a layer without data: paler than other text, but readable.

    The palette's own disabled text is no use: QGIS's light themes make it too pale, a dark theme as bright as other
    text.
    """
    strong, background = palette.color(text), palette.color(ground)
    for shade in range(SHADES // 2, SHADES):
        quiet = mixed_colour(strong, background, shade / SHADES)
        if contrast(quiet, background) >= CONTRAST:
            return QBrush(quiet)
    return QBrush(strong)


def mixed_colour(one: QColor, other: QColor, share: float) -> QColor:
    """A mixture of two colours. share: of the first, 0 to 1."""
    parts = zip(one.getRgb()[:3], other.getRgb()[:3])
    return QColor(*(round(share * first + (1 - share) * second) for first, second in parts))


def link_colour(palette: QPalette) -> str:
    """The theme's colour of links, made lighter or darker until it is readable on the dock, as `#RRGGBB`.

    A theme that is a style sheet, as QGIS's own are, has backgrounds that no palette tells: there a link, which is
    underlined, has the colour of other text.
    """
    if QApplication.instance().styleSheet():
        return palette.color(QPalette.ColorRole.WindowText).name()
    ground = palette.color(QPalette.ColorRole.Window)
    link = readable_colour_on(ground, palette.color(QPalette.ColorRole.Link))
    return (link if contrast(link, ground) >= CONTRAST else palette.color(QPalette.ColorRole.WindowText)).name()


def readable_colour_on(ground: QColor, colour: QColor) -> QColor:
    """A colour of signs and words, made lighter or darker until it is readable on a background."""
    is_dark = luminance(ground) < 0.5
    for _step in range(STEPS):
        if contrast(colour, ground) >= CONTRAST:
            break
        colour = colour.lighter(112) if is_dark else colour.darker(108)
    return colour


def readable_ground(ground: QColor, text: QColor) -> QColor:
    """A background on which a text is readable: the given one, made darker or lighter as far as needed."""
    is_light_text = luminance(text) > luminance(ground)
    colour = QColor(ground)
    for _step in range(STEPS):
        if contrast(colour, text) >= CONTRAST:
            break
        colour = colour.darker(106) if is_light_text else colour.lighter(106)
    return colour


def luminance(colour: QColor) -> float:
    """How bright a colour is, 0 to 1, as WCAG has it."""
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first: QColor, second: QColor) -> float:
    """The contrast ratio of two colours: 1 for the same colour, 21 for black on white."""
    lights = sorted((luminance(first), luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)
