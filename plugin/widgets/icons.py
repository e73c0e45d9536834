"""The plugin's icons, in the colours of the user's theme."""

from __future__ import annotations

from functools import lru_cache

from qgis.PyQt.QtCore import QByteArray, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from qgis.PyQt.QtSvg import QSvgRenderer

from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.contrast import luminance

SIZES_PX = (16, 24, 32, 48)
ACCENT = "#0F93A8"
ACCENT_ON_DARK = "#3CC3D6"  # the same one, seen on the buttons of a dark theme


def icon(name: str) -> QIcon:
    """The icon of an action; its currentColor is the theme's colour of text, or of disabled text."""
    palette, role = QGuiApplication.palette(), QPalette.ColorRole.WindowText
    disabled = palette.color(QPalette.ColorGroup.Disabled, role).name()
    return _icon(name, palette.color(QPalette.ColorGroup.Active, role).name(), disabled)


@lru_cache(maxsize=128)
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    drawing = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    icon_of_drawing, normal = QIcon(), drawing.replace("currentColor", colour)
    accent = ACCENT if luminance(QColor(colour)) < 0.5 else ACCENT_ON_DARK
    _add_pictures(icon_of_drawing, normal.replace(ACCENT, accent), QIcon.State.Off)
    # On the grey of a button that is pressed in, the accent would not be seen.
    _add_pictures(icon_of_drawing, normal.replace(ACCENT, colour), QIcon.State.On)
    # Qt would make a disabled icon brighter than its text where the theme is dark.
    dim = drawing.replace("currentColor", disabled).replace(ACCENT, disabled)
    for state in (QIcon.State.Off, QIcon.State.On):
        _add_pictures(icon_of_drawing, dim, state, QIcon.Mode.Disabled)
    return icon_of_drawing


def _add_pictures(
    icon_of_drawing: QIcon, drawing: str, state: QIcon.State, mode: QIcon.Mode = QIcon.Mode.Normal
) -> None:
    renderer = QSvgRenderer(QByteArray(drawing.encode("utf-8")))
    for size in SIZES_PX:
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        icon_of_drawing.addPixmap(picture, mode, state)
