"""What can be read on what: brightness and contrast of colours, and the grey that still can be read in any theme."""

from __future__ import annotations

from qgis.PyQt.QtGui import QBrush, QColor, QPalette

CONTRAST = 4.5  # of signs and words against what is behind them
STEPS = 20


def quiet_brush(palette: QPalette, text: QPalette.ColorRole, ground: QPalette.ColorRole) -> QBrush:
    """For words that matter less, such as a layer without data: paler than the others, and still readable.

    The palette's own disabled text is no answer: it is too pale in QGIS's light themes, and in a dark one as bright
    as any other.
    """
    loud, behind = palette.color(text), palette.color(ground)
    for step in range(STEPS // 2, STEPS):
        share = step / STEPS
        parts = [round(share * one + (1 - share) * other) for one, other in zip(loud.getRgb()[:3], behind.getRgb()[:3])]
        quiet = QColor(*parts)
        if contrast(quiet, behind) >= CONTRAST:
            return QBrush(quiet)
    return QBrush(loud)


def luminance(colour: QColor) -> float:
    """How bright a colour is, 0 to 1, as WCAG has it."""
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    """1 for the same colour, 21 for black on white."""
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)
