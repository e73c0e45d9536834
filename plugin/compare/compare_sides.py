"""The two plans of a comparison over the map: as a swipe, or side by side; one of the two at a time."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsMapLayer, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QDockWidget, QWidget

from onemap.plugin.compare.compare_form import Plan
from onemap.plugin.compare.compare_side_by_side import BesideMaps
from onemap.plugin.compare.compare_swipe import PlanSide, SwipeTool
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.map_layers import layer_on_map, open_version
from onemap.plugin.words.translation import tr

SWIPE, BESIDE = "swipe", "beside"


class PlanSides(QObject):
    """Shows the plans in the way asked for, and says which way is on."""

    changed = pyqtSignal(str)  # swipe, beside, or nothing

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, room: QWidget) -> None:
        super().__init__(room)
        self._library, self._canvas, self._room = library, canvas, room
        self.swipe: SwipeTool | None = None
        self.beside: BesideMaps | None = None
        self._tool_before: QgsMapTool | None = None
        self._shown: set[str] = set()  # ids of layers
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_go)

    def close_down(self) -> None:
        """Let go of the project and of the map."""
        QgsProject.instance().layersWillBeRemoved.disconnect(self._layers_go)
        self.end()

    @property
    def is_on(self) -> bool:
        """Whether plans are shown."""
        return self.swipe is not None or self.beside is not None

    def show(self, way: str, plans: tuple[Plan, Plan], spots: QgsMapLayer | None) -> None:
        """Show two plans, each below the spots. Raises Refusal where one cannot be opened."""
        self.end()
        left, right = (self._side(plan, spots) for plan in plans)
        self._shown = {layer.id() for side in (left, right) for layer in side.layers}
        if way == SWIPE:
            self._tool_before = self._canvas.mapTool()
            self.swipe = SwipeTool(self._canvas, left, right)
            self.swipe.ended.connect(self._swipe_ended)
            self._canvas.setMapTool(self.swipe)
        else:
            self.beside = BesideMaps(self._canvas, left, right, self._panel())
            self.beside.ended.connect(self._beside_ended)
        self.changed.emit(way)

    def end(self) -> None:
        """Give the map back."""
        if self.swipe is not None:
            self._canvas.unsetMapTool(self.swipe)
        if self.beside is not None:
            self.beside.end()

    def mark(self, ground: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline a spot on the second map, where there is one."""
        if self.beside is not None:
            self.beside.mark(ground, crs)

    def _layers_go(self, layers: list[str]) -> None:
        """A layer that is taken off the map cannot be drawn any more."""
        if self.is_on and self._shown & set(layers):
            self.end()

    def _side(self, plan: Plan, spots: QgsMapLayer | None) -> PlanSide:
        layer = layer_on_map(self._library, plan.version) or open_version(self._library, plan.entry, plan.version)
        if not layer.isValid():
            said = tr("“{layer}” cannot be opened from {library}.")
            raise Refusal(said.format(layer=plan.title, library=self._library.path))
        return PlanSide(plan.title, [one for one in (spots, layer) if one is not None])

    def _panel(self) -> QDockWidget | None:
        """The panel in which the room is."""
        widget = self._room
        while widget is not None and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        return widget

    def _swipe_ended(self) -> None:
        tool, before = self.swipe, self._tool_before
        self.swipe = self._tool_before = None
        if tool is not None:
            tool.deleteLater()
        if before is not None and self._canvas.mapTool() is None:
            self._canvas.setMapTool(before)
        self.changed.emit("")

    def _beside_ended(self) -> None:
        self.beside = None
        self.changed.emit("")
