"""Draws a parcel on the map: click the corners, snap to what is there, finish with the right button or Enter."""

from __future__ import annotations

from qgis.core import Qgis, QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand, QgsSnapIndicator
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent

FEWEST_CORNERS = 3
COLOUR = "#1098AD"


class DrawParcelTool(QgsMapTool):
    """A map tool that gives one polygon in the map's coordinate system."""

    drawn = pyqtSignal(object)  # QgsGeometry
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._corners: list[QgsPointXY] = []
        self._band: QgsRubberBand | None = None
        self._snapped = QgsSnapIndicator(canvas)

    def flags(self) -> QgsMapTool.Flag:
        """It draws, so QGIS keeps the right button's menu away."""
        return QgsMapTool.Flag.EditTool

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        """Follow the pointer with the last corner."""
        event.snapPoint()
        self._snapped.setMatch(event.mapPointMatch())
        if self._band is not None:
            self._band.movePoint(event.mapPoint())

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        """Left: a corner. Right: finished."""
        if event.button() == Qt.MouseButton.RightButton:
            self._finish()
            return
        event.snapPoint()
        self._corners.append(QgsPointXY(event.mapPoint()))
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter finishes, Backspace takes the last corner back, Esc gives up."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
        elif event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and self._corners:
            self._corners.pop()
            self._show()
        elif event.key() == Qt.Key.Key_Escape:
            self._clear()
            self.given_up.emit()
        else:
            event.ignore()
            return
        event.accept()

    def deactivate(self) -> None:
        """Leave nothing behind on the map."""
        self._clear()
        super().deactivate()

    def _show(self) -> None:
        corners = list(self._corners)
        self._remove_band()
        if not corners:
            return
        self._band = QgsRubberBand(self.canvas(), Qgis.GeometryType.Polygon)
        self._band.setStrokeColor(QColor(COLOUR))
        fill = QColor(COLOUR)
        fill.setAlpha(50)
        self._band.setFillColor(fill)
        self._band.setWidth(2)
        for corner in [*corners, corners[-1]]:  # the last follows the pointer
            self._band.addPoint(corner)

    def _finish(self) -> None:
        corners = self._corners
        if len(corners) < FEWEST_CORNERS:
            return
        self._clear()
        self.drawn.emit(QgsGeometry.fromPolygonXY([[*corners, corners[0]]]))

    def _clear(self) -> None:
        self._corners = []
        self._snapped.setMatch(type(self._snapped.match())())
        self._remove_band()

    def _remove_band(self) -> None:
        if self._band is not None:
            self.canvas().scene().removeItem(self._band)
            self._band = None
