"""Layers of a library on a server that QGIS could not draw: the map is blank there, as if nothing lay on it."""

from __future__ import annotations

import time

from qgis.core import QgsMapLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.connection.server_location import is_server
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_layers import is_of_library, layers_of_library

SOON_MS, LATER_MS = 300, 60_000  # a layer that can never be drawn is not tried all the time


class LostLayers(QObject):
    """Notes that there are some, and draws the library's layers again once it answers."""

    found = pyqtSignal()  # some were lost: does the library answer?

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._canvas = library, canvas
        self._drawn_at = -LATER_MS / 1000
        self._is_second_due = False
        self._timer = one_shot_timer(self, SOON_MS, self.found.emit)
        canvas.renderErrorOccurred.connect(self._note)
        canvas.mapCanvasRefreshed.connect(self._draw_again)

    def close_down(self) -> None:
        """Release the map."""
        self._timer.stop()
        self._canvas.renderErrorOccurred.disconnect(self._note)
        self._canvas.mapCanvasRefreshed.disconnect(self._draw_again)

    def draw(self) -> None:
        """Draw the library's layers twice: a connection that was lost at first gives no features, and no error."""
        self._drawn_at = time.monotonic()
        self._is_second_due = bool(self._repaint())

    def _note(self, _error: str, layer: QgsMapLayer | None) -> None:
        if layer is None or not is_server(self._library.path) or not is_of_library(layer, self._library):
            return
        if self._timer.remainingTime() < 0:  # it does not run
            is_again = time.monotonic() - self._drawn_at < LATER_MS / 1000
            self._timer.start(LATER_MS if is_again else SOON_MS)

    def _draw_again(self) -> None:
        if self._is_second_due:
            self._is_second_due = False
            self._repaint()

    def _repaint(self) -> list[QgsMapLayer]:
        layers = layers_of_library(self._library) if is_server(self._library.path) else []
        for layer in layers:
            layer.triggerRepaint()
        return layers
