"""The map tool that asks about a place: a click, or Enter for the middle of the map; Esc gives up."""

from __future__ import annotations

from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent


class IdentifyTool(QgsMapTool):
    """A map tool that names points in the map's coordinate system."""

    pointed = pyqtSignal(object)  # QgsPointXY
    cancelled = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.WhatsThisCursor)

    def flags(self) -> QgsMapTool.Flag:
        """The map's menu stays on the right button."""
        return QgsMapTool.Flag.ShowContextMenu

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        """Ask about the place of a left click."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pointed.emit(event.mapPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about the middle of the map with Enter, give up with Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pointed.emit(self.canvas().center())
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            event.ignore()
            return
        event.accept()
