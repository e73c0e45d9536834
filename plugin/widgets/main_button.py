"""The button of a room's main action: it stands out, and shows that it has the focus besides."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QPushButton

INSET_PX = 3


class MainButton(QPushButton):
    """A default button. Some styles draw one with the focus no otherwise than one without: here it has a frame."""

    def __init__(self, *words: object) -> None:
        super().__init__(*words)
        self.setDefault(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and a dashed frame inside while it has the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.ButtonText), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(INSET_PX, INSET_PX, -INSET_PX - 1, -INSET_PX - 1))
            painter.end()
