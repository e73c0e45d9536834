"""Two plans side by side: plan A on the map, plan B on a second map; the two move together."""

from __future__ import annotations

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle
from qgis.gui import QgsDockWidget, QgsMapCanvas, QgsMapToolPan, QgsRubberBand, QgsVertexMarker
from qgis.PyQt.QtCore import QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow

from onemap.plugin.compare.compare_swipe import PAPER, PlanPictures, PlanSide
from onemap.plugin.words.verdicts import LOOKS

POINTER = "#B2182B"
POINTER_PX = 14
MIN_SIZE_PX = 200


class SideBySideMaps(QObject):
    """The map shows plan A, a second map shows plan B. Closing the second map ends it."""

    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, left: PlanSide, right: PlanSide, panel: QDockWidget | None) -> None:
        super().__init__(canvas)
        self._main, self._is_following = canvas, True  # until the second map has its place
        self.pictures: PlanPictures | None = PlanPictures(canvas, (left,))
        self.second = QgsMapCanvas()
        self.second.setCanvasColor(QColor(PAPER))
        self.second.enableAntiAliasing(True)
        self.second.setMinimumSize(MIN_SIZE_PX, MIN_SIZE_PX)
        self.second.setDestinationCrs(canvas.mapSettings().destinationCrs())
        self.second.setLayers(right.layers)
        self._layers = right.layers  # the canvas keeps no layer alive that is in no project
        self._pan = QgsMapToolPan(self.second)
        self.second.setMapTool(self._pan)
        self.dock = QgsDockWidget(right.title)
        self.dock.setObjectName("OneMapBeside")
        self.dock.setWidget(self.second)
        self.dock.closed.connect(self.end)
        self._panel: QDockWidget | None = None  # where it stands beside the second map
        self._bands: list[QgsRubberBand] = []
        self._pointers = {map_canvas: _pointer(map_canvas) for map_canvas in (canvas, self.second)}
        # Methods, for a canvas that outlives this object would call a lambda that is gone.
        self._links = [
            (canvas.extentsChanged, self._move_second),
            (canvas.destinationCrsChanged, self._follow_system),
            (canvas.xyCoordinates, self._point_on_second),
            (self.second.extentsChanged, self._move_first),
            (self.second.xyCoordinates, self._point_on_first),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        self._place(panel)
        self._is_following = False
        self._move_second()

    def end(self) -> None:
        """Remove the second map, and restore the first one; more than once does no harm."""
        if self.pictures is None:
            return
        self.pictures.remove()
        self.pictures = None
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._main.scene().removeItem(self._pointers[self._main])
        self.second.stopRendering()
        self.dock.close()
        window, panel = self.dock.parent(), self._panel
        if isinstance(window, QMainWindow):
            panel_width = panel.width() if panel is not None else 0
            window.removeDockWidget(self.dock)
            if panel is not None:  # else it would take the width of the second map
                window.resizeDocks([panel], [panel_width], Qt.Orientation.Horizontal)
        self.dock.deleteLater()
        self.ended.emit()
        self.deleteLater()

    def mark(self, ground: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline a spot on the second map, in its colour on the first."""
        for band in self._bands:
            self.second.scene().removeItem(band)
        band = QgsRubberBand(self.second, Qgis.GeometryType.Polygon)
        band.setToGeometry(ground, crs)
        band.setStrokeColor(QColor(LOOKS["notice"].colour))
        band.setSecondaryStrokeColor(QColor(255, 255, 255, 180))
        band.setBrushStyle(Qt.BrushStyle.NoBrush)
        band.setWidth(2)
        self._bands = [band]

    def _place(self, panel: QDockWidget | None) -> None:
        """Put the second map between the map and the panel, or in a window of its own without a main window."""
        window = self._main.window()
        if not isinstance(window, QMainWindow):
            self.dock.show()
            return
        map_width, panel_width = self._main.width() // 2, panel.width() if panel is not None else 0
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        is_right = panel is not None and window.dockWidgetArea(panel) == Qt.DockWidgetArea.RightDockWidgetArea
        sizes = {self.dock: map_width}
        if is_right and not panel.isFloating():
            window.splitDockWidget(self.dock, panel, Qt.Orientation.Horizontal)
            sizes[panel] = panel_width
            self._panel = panel
        # After the window has laid them out; before, their sizes are undefined.
        QTimer.singleShot(0, lambda: self._resize_docks(window, sizes))

    def _resize_docks(self, window: QMainWindow, sizes: dict[QDockWidget, int]) -> None:
        if self.pictures is not None:  # not ended meanwhile
            window.resizeDocks(list(sizes), list(sizes.values()), Qt.Orientation.Horizontal)

    def _move_second(self) -> None:
        self._follow(self._main, self.second)

    def _move_first(self) -> None:
        self._follow(self.second, self._main)

    def _point_on_second(self, place: QgsPointXY) -> None:
        self._point(self.second, place)

    def _point_on_first(self, place: QgsPointXY) -> None:
        self._point(self._main, place)

    def _follow(self, leader: QgsMapCanvas, follower: QgsMapCanvas) -> None:
        """Show the same centre at the same scale; the two maps may differ in size."""
        if self._is_following or self.pictures is None:
            return
        self._is_following = True
        unit, size, centre = leader.mapUnitsPerPixel(), follower.mapSettings().outputSize(), leader.center()
        half_width, half_height = size.width() * unit / 2, size.height() * unit / 2
        follower.setExtent(
            QgsRectangle(
                centre.x() - half_width, centre.y() - half_height, centre.x() + half_width, centre.y() + half_height
            )
        )
        follower.refresh()
        self._is_following = False

    def _follow_system(self) -> None:
        self.second.setDestinationCrs(self._main.mapSettings().destinationCrs())

    def _point(self, canvas: QgsMapCanvas, place: QgsPointXY) -> None:
        """Show the pointer's position of one map on the other."""
        for map_canvas, pointer in self._pointers.items():
            pointer.setVisible(map_canvas is canvas)
        self._pointers[canvas].setCenter(place)


def _pointer(canvas: QgsMapCanvas) -> QgsVertexMarker:
    marker = QgsVertexMarker(canvas)
    marker.setIconType(QgsVertexMarker.IconType.ICON_CROSS)
    marker.setColor(QColor(POINTER))
    marker.setIconSize(POINTER_PX)
    marker.setPenWidth(2)
    marker.hide()
    return marker
