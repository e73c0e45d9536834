"""The plugin's icons, in the colours of the user's theme."""

from __future__ import annotations

from functools import lru_cache

from qgis.PyQt.QtCore import QByteArray, QRectF, Qt
from qgis.PyQt.QtGui import QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from qgis.PyQt.QtSvg import QSvgRenderer

from onemap.plugin.profile.paths import RESOURCES

SIZES_PX = (16, 24, 32, 48)


def icon(name: str) -> QIcon:
    """The icon of an action; its currentColor is the theme's colour of text."""
    return _icon(name, QGuiApplication.palette().color(QPalette.ColorRole.WindowText).name())


@lru_cache(maxsize=128)
def _icon(name: str, colour: str) -> QIcon:
    drawing = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    renderer = QSvgRenderer(QByteArray(drawing.encode("utf-8")))
    icon_of_drawing = QIcon()
    for size in SIZES_PX:
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        icon_of_drawing.addPixmap(picture)
    return icon_of_drawing
