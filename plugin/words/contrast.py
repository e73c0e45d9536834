"""Brightness and contrast of colours, and a grey that can be read in any theme."""

from __future__ import annotations

from qgis.PyQt.QtGui import QBrush, QColor, QPalette
from qgis.PyQt.QtWidgets import QApplication

CONTRAST = 4.5  # of signs and words against what is behind them
STEPS = 20


def quiet_brush(palette: QPalette, text: QPalette.ColorRole, ground: QPalette.ColorRole) -> QBrush:
    """A brush for less important text, such as a layer without data: paler than other text, but readable.

    The palette's own disabled text is no use: QGIS's light themes make it too pale, a dark theme as bright as other
    text.
    """
    strong, background = palette.color(text), palette.color(ground)
    for step in range(STEPS // 2, STEPS):
        share = step / STEPS
        parts = [
            round(share * text_part + (1 - share) * ground_part)
            for text_part, ground_part in zip(strong.getRgb()[:3], background.getRgb()[:3])
        ]
        quiet = QColor(*parts)
        if contrast(quiet, background) >= CONTRAST:
            return QBrush(quiet)
    return QBrush(strong)


def link_colour(palette: QPalette) -> str:
    """The theme's colour of links, made lighter or darker until it is readable on the dock, as `#RRGGBB`.

    A theme that is a style sheet, as QGIS's own are, has backgrounds that no palette tells: there a link, which is
    underlined, has the colour of other text.
    """
    if QApplication.instance().styleSheet():
        return palette.color(QPalette.ColorRole.WindowText).name()
    ground, colour = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.Link)
    for _step in range(STEPS):
        if contrast(colour, ground) >= CONTRAST:
            return colour.name()
        colour = colour.lighter(112) if luminance(ground) < 0.5 else colour.darker(108)
    return palette.color(QPalette.ColorRole.WindowText).name()


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
