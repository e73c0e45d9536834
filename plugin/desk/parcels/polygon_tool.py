"""The tool that draws a parcel: click the corners, with snapping; finish with the right button or Enter."""

from __future__ import annotations

from qgis.core import Qgis, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand, QgsSnapIndicator
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import QLabel

from onemap.plugin.words.number_format import area_beside_text, area_text, length_text
from onemap.plugin.words.translation import tr

MIN_CORNERS = 3
MEASURE_PX = 8  # from the corner of the map
COLOUR = "#1098AD"


class DrawParcelTool(QgsMapTool):
    """A map tool that draws one polygon in the map's coordinate system."""

    drawn = pyqtSignal(object)  # QgsGeometry
    cancelled = pyqtSignal()
    undone = pyqtSignal()  # there is no corner to take back
    refused = pyqtSignal(str)  # why the outline is not taken; on the map a message of QGIS may lie over it

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._corners: list[QgsPointXY] = []
        self._band: QgsRubberBand | None = None
        self._snap_indicator = QgsSnapIndicator(canvas)
        self.measure = QLabel(canvas, autoFillBackground=True, margin=4)  # beside the drawing, while it is drawn
        self.measure.move(MEASURE_PX, MEASURE_PX)
        self.measure.hide()

    def flags(self) -> QgsMapTool.Flag:
        """Declare an edit tool, so that QGIS shows no menu on the right button."""
        return QgsMapTool.Flag.EditTool

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Move the last corner with the pointer."""
        event.snapPoint()
        self._snap_indicator.setMatch(event.mapPointMatch())
        if self._band is not None:
            self._band.movePoint(event.mapPoint())
            self._show_measure([*self._corners, QgsPointXY(event.mapPoint())])

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Add a corner with the left button; finish with the right one."""
        if event.button() == Qt.MouseButton.RightButton:
            self._finish()
            return
        event.snapPoint()
        self._corners.append(QgsPointXY(event.mapPoint()))
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Insert adds the map's centre, Enter finishes, Backspace removes the last corner, Escape gives up."""
        is_undo = event.matches(QKeySequence.StandardKey.Undo)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
        elif event.key() == Qt.Key.Key_Insert:
            self._corners.append(self.canvas().center())
            self._show()
        elif (is_undo or event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)) and self._corners:
            self._corners.pop()
            self.measure.hide()
            self._show()
        elif is_undo:
            self.undone.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self._clear()
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)  # an event that is ignored here would not move the map either
            return
        event.accept()

    def deactivate(self) -> None:
        """Remove the drawing from the map."""
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

    def _show_measure(self, corners: list[QgsPointXY]) -> None:
        """Show the length of the last side and, from three corners on, the area of the parcel.

        Both are ellipsoidal, as in a check: in a web map's plane a parcel in Hebei appears 1.6 times as large.
        """
        measurer, project = QgsDistanceArea(), QgsProject.instance()
        crs = self.canvas().mapSettings().destinationCrs()
        measurer.setSourceCrs(crs, project.transformContext())
        measurer.setEllipsoid(crs.ellipsoidAcronym())
        texts = [tr("Last side: {length}").format(length=length_text(measurer.measureLine(corners[-2:])))]
        if len(corners) >= MIN_CORNERS:
            outline = measurer.measureLine([*corners, corners[0]])
            area_m2 = measurer.measurePolygon(corners)
            texts.append(tr("Outline: {length}").format(length=length_text(outline)))
            texts.append(f"{area_text(area_m2)} · {area_beside_text(area_m2)}")
        self._say("\n".join(texts))

    def _say(self, text: str) -> None:
        self.measure.setText(text)
        self.measure.adjustSize()
        self.measure.show()

    def _finish(self) -> None:
        corners = self._corners
        if len(corners) < MIN_CORNERS:
            return
        polygon = QgsGeometry.fromPolygonXY([[*corners, corners[0]]])
        if not polygon.isGeosValid():  # no rule could judge it, nor what is drawn after it
            text = tr("The outline crosses or touches itself. Take corners back with Backspace.")
            self._say(text)
            self.refused.emit(text)
            return
        self._clear()
        self.drawn.emit(polygon)

    def _clear(self) -> None:
        self._corners = []
        self.measure.hide()
        self._snap_indicator.setMatch(type(self._snap_indicator.match())())
        self._remove_band()

    def _remove_band(self) -> None:
        if self._band is not None:
            self.canvas().scene().removeItem(self._band)
            self._band = None
