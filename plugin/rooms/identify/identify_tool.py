"""The map tool that asks about a place: a click asks about a point, a drag about a box, and corners make a line."""

from __future__ import annotations

from qgis.core import Qgis, QgsGeometry, QgsPointXY, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent
from qgis.PyQt.QtWidgets import QApplication

POINT, LINE, BOX = "point", "line", "box"
WAYS = (POINT, LINE, BOX)
COLOUR = "#0F93A8"
MIN_CORNERS = 2


class IdentifyTool(QgsMapTool):
    """A map tool that emits points, lines and boxes in the map's coordinate system."""

    pointed = pyqtSignal(object)  # QgsPointXY
    line_drawn = pyqtSignal(object)  # QgsGeometry
    box_drawn = pyqtSignal(object)  # QgsRectangle
    cancelled = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.WhatsThisCursor)
        self.way = POINT  # the shape that is asked about: one of `WAYS`
        self._corners: list[QgsPointXY] = []  # of a line; of a box the first
        self._pressed_at: QPoint | None = None
        self._pressed_corner: QgsPointXY | None = None
        self._is_dragged = False
        self._band: QgsRubberBand | None = None

    def use_way(self, way: str, first_corner: QgsPointXY | None = None) -> None:
        """Ask about points, lines or boxes from now on. first_corner: the start of a line or a box."""
        self._clear()
        self.way = way
        self.setCursor(Qt.CursorShape.WhatsThisCursor if way == POINT else Qt.CursorShape.CrossCursor)
        if first_corner is not None and way != POINT:
            self._corners = [QgsPointXY(first_corner)]
            self._show(first_corner)

    def flags(self) -> QgsMapTool.Flag:
        """Leave the map's menu on the right button, except while a line is drawn, which that button ends."""
        is_drawing = self.way == LINE and self._corners
        return QgsMapTool.Flag.EditTool if is_drawing else QgsMapTool.Flag.ShowContextMenu

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """Remember where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at, self._pressed_corner = event.pos(), QgsPointXY(event.mapPoint())

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Draw the dragged box, or the last part of the line or box."""
        point = QgsPointXY(event.mapPoint())
        if self._pressed_at is not None and self.way != LINE:
            distance_px = (event.pos() - self._pressed_at).manhattanLength()
            self._is_dragged = self._is_dragged or distance_px >= QApplication.startDragDistance()
            if self._is_dragged:
                self._show_box(self._pressed_corner, point)
                return
        if self._corners:
            self._show(point)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Ask about a click or a dragged box; add a corner to a line, or end it with the right button."""
        point = QgsPointXY(event.mapPoint())
        if event.button() == Qt.MouseButton.RightButton:
            self._end_line()
            return
        if self._pressed_at is None:  # the second click of a double click, which has its own event
            return
        first, is_dragged = self._pressed_corner, self._is_dragged
        self._pressed_at, self._is_dragged = None, False
        if is_dragged:
            self._take_box(first, point)
        elif self.way == POINT:
            self.pointed.emit(point)
        elif self.way == BOX and self._corners:
            self._take_box(self._corners[0], point)
        else:
            self._add_corner(point)

    def canvasDoubleClickEvent(self, _event: QgsMapMouseEvent) -> None:
        """End a line, to which the first click has added the last corner."""
        self._end_line()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Make Enter ask about the map's centre, about all that the map shows, or about the drawn line.

        Insert adds the map's centre to a line, Backspace removes the last corner, Esc gives up.
        """
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._ask_by_key()
        elif key == Qt.Key.Key_Insert and self.way == LINE:
            self._add_corner(self.canvas().center())
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and self._corners:
            self._corners.pop()
            self._show(None)
        elif key == Qt.Key.Key_Escape and self._corners:
            self._clear()
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)  # an event that is ignored here would not move the map either
            return
        event.accept()

    def deactivate(self) -> None:
        """Remove the drawing from the map."""
        self._clear()
        super().deactivate()

    def _ask_by_key(self) -> None:
        if self.way == POINT:
            self.pointed.emit(self.canvas().center())
        elif self.way == LINE:
            self._end_line()
        else:
            self._clear()
            self.box_drawn.emit(self.canvas().extent())

    def _add_corner(self, point: QgsPointXY) -> None:
        if not self._corners or self._corners[-1] != point:
            self._corners.append(point)
        self._show(point)

    def _end_line(self) -> None:
        corners = self._corners
        if self.way == LINE and len(corners) >= MIN_CORNERS:
            self._clear()
            self.line_drawn.emit(QgsGeometry.fromPolylineXY(corners))

    def _take_box(self, first: QgsPointXY, second: QgsPointXY) -> None:
        box = QgsRectangle(first, second)
        self._clear()
        if box.width() > 0 and box.height() > 0:
            self.box_drawn.emit(box)

    def _show(self, pointer: QgsPointXY | None) -> None:
        """Draw the corners, and the line or box from the last corner to the pointer."""
        if not self._corners:
            self._remove_band()
        elif self.way == BOX:
            self._show_box(self._corners[0], pointer or self._corners[0])
        else:
            self._show_geometry(QgsGeometry.fromPolylineXY([*self._corners, pointer or self._corners[-1]]))

    def _show_box(self, first: QgsPointXY, second: QgsPointXY) -> None:
        self._show_geometry(QgsGeometry.fromRect(QgsRectangle(first, second)))

    def _show_geometry(self, geometry: QgsGeometry) -> None:
        self._remove_band()
        self._band = drawn_band(self.canvas(), geometry)

    def _clear(self) -> None:
        self._corners, self._pressed_at, self._is_dragged = [], None, False
        self._remove_band()

    def _remove_band(self) -> None:
        if self._band is not None:
            self.canvas().scene().removeItem(self._band)
            self._band = None


def drawn_band(canvas: QgsMapCanvas, geometry: QgsGeometry) -> QgsRubberBand:
    """A band for a drawn shape in the map's coordinate system: a dashed outline that hides nothing below it."""
    band = QgsRubberBand(canvas, geometry.type())
    band.setToGeometry(geometry, canvas.mapSettings().destinationCrs())
    band.setStrokeColor(QColor(COLOUR))
    band.setFillColor(QColor(Qt.GlobalColor.transparent))
    band.setLineStyle(Qt.PenStyle.DashLine)
    band.setWidth(2)
    if geometry.type() == Qgis.GeometryType.Point:
        band.setIcon(QgsRubberBand.IconType.ICON_CROSS)
        band.setIconSize(12)
    band.show()
    return band
