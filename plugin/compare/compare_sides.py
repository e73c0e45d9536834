"""The two plans of a comparison on the map: as a swipe, or side by side; one of the two at a time."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsMapLayer, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QDockWidget, QWidget

from onemap.plugin.compare.compare_form import Plan
from onemap.plugin.compare.compare_side_by_side import SideBySideMaps
from onemap.plugin.compare.compare_swipe import PlanSide, SwipeTool
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.map_layers import layer_on_map, open_version
from onemap.plugin.words.translation import tr

SWIPE, BESIDE = "swipe", "beside"


class PlanSides(QObject):
    """Shows the plans as a swipe or side by side, and says which is on."""

    changed = pyqtSignal(str)  # swipe, beside, or nothing

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, tab: QWidget) -> None:
        super().__init__(tab)
        self._library, self._canvas, self._tab = library, canvas, tab
        self.swipe: SwipeTool | None = None
        self.second_map: SideBySideMaps | None = None
        self._tool_before: QgsMapTool | None = None
        self._layer_ids: set[str] = set()  # ids of layers
        QgsProject.instance().layersWillBeRemoved.connect(self._end_for_removed_layers)

    def close_down(self) -> None:
        """Disconnect from the project, and restore the map."""
        QgsProject.instance().layersWillBeRemoved.disconnect(self._end_for_removed_layers)
        self.end()

    @property
    def is_on(self) -> bool:
        """Whether the plans are shown."""
        return self.swipe is not None or self.second_map is not None

    def show(self, mode: str, plans: tuple[Plan, Plan], spots: QgsMapLayer | None) -> None:
        """Show two plans, each below the spots. Raises Refusal where one cannot be opened.

        mode: swipe or beside.
        """
        self.end()
        left, right = (self._side(plan, spots) for plan in plans)
        self._layer_ids = {layer.id() for side in (left, right) for layer in side.layers}
        if mode == SWIPE:
            self._tool_before = self._canvas.mapTool()
            self.swipe = SwipeTool(self._canvas, left, right)
            self.swipe.ended.connect(self._finish_swipe)
            self._canvas.setMapTool(self.swipe)
        else:
            self.second_map = SideBySideMaps(self._canvas, left, right, self._panel())
            self.second_map.ended.connect(self._finish_side_by_side)
        self.changed.emit(mode)

    def end(self) -> None:
        """Restore the map."""
        if self.swipe is not None:
            self._canvas.unsetMapTool(self.swipe)
        if self.second_map is not None:
            self.second_map.end()

    def mark(self, ground: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline a spot on the second map, if there is one."""
        if self.second_map is not None:
            self.second_map.mark(ground, crs)

    def _end_for_removed_layers(self, layers: list[str]) -> None:
        """End where one of the layers is removed from the map."""
        if self.is_on and self._layer_ids & set(layers):
            self.end()

    def _side(self, plan: Plan, spots: QgsMapLayer | None) -> PlanSide:
        layer = layer_on_map(self._library, plan.version) or open_version(self._library, plan.entry, plan.version)
        if not layer.isValid():
            text = tr("“{layer}” cannot be opened from {library}.")
            raise Refusal(text.format(layer=plan.title, library=self._library.path))
        return PlanSide(plan.title, [map_layer for map_layer in (spots, layer) if map_layer is not None])

    def _panel(self) -> QDockWidget | None:
        """The panel that contains the tab."""
        widget = self._tab
        while widget is not None and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        return widget

    def _finish_swipe(self) -> None:
        tool, tool_before = self.swipe, self._tool_before
        self.swipe = self._tool_before = None
        if tool is not None:
            tool.deleteLater()
        if tool_before is not None and self._canvas.mapTool() is None:
            self._canvas.setMapTool(tool_before)
        self.changed.emit("")

    def _finish_side_by_side(self) -> None:
        self.second_map = None
        self.changed.emit("")
