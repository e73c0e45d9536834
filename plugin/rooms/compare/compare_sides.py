"""The two plans of a comparison on the map: as a swipe, or side by side; only one of the two at a time."""

from __future__ import annotations

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsGeometry, QgsMapLayer, QgsPointXY, QgsRectangle
from qgis.gui import QgsDockWidget, QgsMapCanvas, QgsMapToolPan, QgsRubberBand, QgsVertexMarker
from qgis.PyQt.QtCore import QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_layers import layer_on_map, open_version
from onemap.plugin.desk.map.tool_turn import take_map
from onemap.plugin.rooms.compare.compare_form import Plan
from onemap.plugin.rooms.compare.compare_swipe import PAPER, PlanPictures, PlanSide, SwipeTool
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import LOOKS

SWIPE, BESIDE = "swipe", "beside"
POINTER = "#B2182B"
POINTER_PX = 14
MIN_SIZE_PX = 200


class PlanSides(QObject):
    """Shows the plans as a swipe or side by side, and tells which of the two is on."""

    changed = pyqtSignal(str)  # swipe, beside, or nothing

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, tab: QWidget) -> None:
        super().__init__(tab)
        self._library, self._canvas, self._tab = library, canvas, tab
        self.swipe: SwipeTool | None = None
        self.second_map: SideBySideMaps | None = None

    @property
    def is_on(self) -> bool:
        """Whether the plans are shown."""
        return self.swipe is not None or self.second_map is not None

    def show(self, mode: str, plans: tuple[Plan, Plan], spots: QgsMapLayer | None) -> None:
        """Show two plans, each below the spots. Raises Refusal if one cannot be opened.

        mode: swipe or beside.
        """
        self.end()
        left, right = (self._side(plan, spots) for plan in plans)
        if mode == SWIPE:
            self.swipe = SwipeTool(self._canvas, left, right)
            self.swipe.ended.connect(self._finish_swipe)
            take_map(self._canvas, self.swipe)
        else:
            self.second_map = SideBySideMaps(self._canvas, left, right, self._panel())
            self.second_map.ended.connect(self._finish_side_by_side)
        self.changed.emit(mode)

    def end(self) -> None:
        """Restore the map."""
        if self.swipe is not None:
            self.swipe.end()
        if self.second_map is not None:
            self.second_map.end()

    def mark(self, ground: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline a spot on the second map, if there is one."""
        if self.second_map is not None:
            self.second_map.mark(ground, crs)

    def _side(self, plan: Plan, spots: QgsMapLayer | None) -> PlanSide:
        layer = layer_on_map(self._library, plan.version) or open_version(self._library, plan.entry, plan.version)
        if not layer.isValid():
            text = tr("“{layer}” cannot be opened from {library}.")
            raise Refusal(text.format(layer=plan.title, library=self._library.name))
        return PlanSide(plan.title, [map_layer for map_layer in (spots, layer) if map_layer is not None])

    def _panel(self) -> QDockWidget | None:
        """The panel that contains the tab."""
        widget = self._tab
        while widget is not None and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        return widget

    def _finish_swipe(self) -> None:
        tool, self.swipe = self.swipe, None
        if tool is not None:
            tool.deleteLater()
        self.changed.emit("")

    def _finish_side_by_side(self) -> None:
        self.second_map = None
        self.changed.emit("")


class SideBySideMaps(QObject):
    """Shows plan A on the map and plan B on a second map. Closing the second map ends it."""

    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, left: PlanSide, right: PlanSide, panel: QDockWidget | None) -> None:
        super().__init__(canvas)
        self._main, self._is_following = canvas, True  # until the second map has its place
        self.pictures: PlanPictures | None = PlanPictures(canvas, (left,), (right,))
        self.pictures.layer_removed.connect(self.end)
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
        self._sizes: dict[QDockWidget, int] = {}  # the widths for both
        self._band: QgsRubberBand | None = None
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
        """Outline a spot on the second map, in the colour of the outline on the first."""
        if self._band is not None:
            self.second.scene().removeItem(self._band)
        self._band = band = QgsRubberBand(self.second, Qgis.GeometryType.Polygon)
        band.setToGeometry(ground, crs)
        band.setStrokeColor(QColor(LOOKS["notice"].colour))
        band.setSecondaryStrokeColor(QColor(255, 255, 255, 180))
        band.setBrushStyle(Qt.BrushStyle.NoBrush)
        band.setWidth(2)

    def _place(self, panel: QDockWidget | None) -> None:
        """Put the second map between the map and the panel; without a main window, in a window of its own."""
        window = self._main.window()
        if not isinstance(window, QMainWindow):
            self.dock.show()
            return
        map_width, panel_width = self._main.width() // 2, panel.width() if panel is not None else 0
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        is_right = panel is not None and window.dockWidgetArea(panel) == Qt.DockWidgetArea.RightDockWidgetArea
        self._sizes = {self.dock: map_width}
        if is_right and not panel.isFloating():
            window.splitDockWidget(self.dock, panel, Qt.Orientation.Horizontal)
            self._sizes[panel] = panel_width
            self._panel = panel
        # After the window has laid them out; before, their sizes are undefined.
        QTimer.singleShot(0, self._resize_docks)

    def _resize_docks(self) -> None:
        if self.pictures is not None:  # not ended meanwhile
            docks, widths = list(self._sizes), list(self._sizes.values())
            self._main.window().resizeDocks(docks, widths, Qt.Orientation.Horizontal)

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
        follower.setExtent(QgsRectangle.fromCenterAndSize(centre, size.width() * unit, size.height() * unit))
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
