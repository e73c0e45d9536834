"""Layers that leave the map leave its picture too.

QGIS draws anew when the list of layers changes. A layer that is deleted has dropped out of that list by itself before
QGIS compares it; and labels drawn meanwhile are kept for the next picture, because nobody is left who disowns them.
"""

from __future__ import annotations

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject


class RemovedLayers(QObject):
    """Has a map drawn anew, from nothing kept, when layers on it are removed from the project."""

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._is_stale = canvas, False
        QgsProject.instance().layersWillBeRemoved.connect(self._stop_drawing)
        QgsProject.instance().layersRemoved.connect(self._draw_anew)

    def close_down(self) -> None:
        """Disconnect from the project."""
        QgsProject.instance().layersWillBeRemoved.disconnect(self._stop_drawing)
        QgsProject.instance().layersRemoved.disconnect(self._draw_anew)

    def _stop_drawing(self, identifiers: list[str]) -> None:
        self._is_stale = any(layer.id() in identifiers for layer in self._canvas.layers())
        if self._is_stale:
            self._canvas.stopRendering()

    def _draw_anew(self, _identifiers: list[str]) -> None:
        if self._is_stale:
            self._is_stale = False
            self._canvas.clearCache()
            self._canvas.refresh()
