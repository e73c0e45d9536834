"""Layers that are removed from the project disappear from the picture of the map too.

QGIS draws the map again when the list of layers changes. But a deleted layer has dropped out of that list by itself
before QGIS compares it; and labels drawn meanwhile are kept for the next picture, because no layer disowns them.

A 3D view that is loading still reads a layer after it is deleted, and crashes QGIS: seen in 3.40 when a layer is
switched off, or a project emptied, within a second after the view was opened.
"""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject
from qgis.PyQt.QtGui import QGuiApplication


class RemovedLayers(QObject):
    """Redraws the whole map when layers on it are removed from the project.

    It does not matter what removes them: this panel, QGIS's own, or a project that is closed.
    """

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._is_stale = canvas, False
        QgsProject.instance().layersWillBeRemoved.connect(self._leave_views)
        QgsProject.instance().layersRemoved.connect(self._draw_anew)

    def close_down(self) -> None:
        """Disconnect from the project."""
        QgsProject.instance().layersWillBeRemoved.disconnect(self._leave_views)
        QgsProject.instance().layersRemoved.disconnect(self._draw_anew)

    def _leave_views(self, identifiers: list[str]) -> None:
        take_from_views(identifiers)
        self._is_stale = any(layer.id() in identifiers for layer in self._canvas.layers())
        if self._is_stale:
            self._canvas.stopRendering()

    def _draw_anew(self, _identifiers: list[str]) -> None:
        if self._is_stale:
            self._is_stale = False
            self._canvas.clearCache()
            self._canvas.refresh()


def take_from_views(identifiers: list[str]) -> None:
    """Take layers out of every open 3D view before they are deleted.

    QGIS tells its views only after it has deleted the layers. By then their terrain disconnects from deleted objects,
    and a part that is loading has begun to read a deleted layer.
    """
    for view in _open_views():
        settings, scene = view.mapSettings(), view.scene()
        scene_layers = settings.layers() if settings is not None else []
        left = [layer for layer in scene_layers if layer.id() not in identifiers]
        if len(left) < len(scene_layers):
            settings.setLayers(left)
            for part in scene.children() if scene is not None else ():
                QCoreApplication.sendPostedEvents(part, QEvent.Type.DeferredDelete)  # now, not once the layer is gone


def _open_views() -> list[Any]:
    windows = [one for one in QGuiApplication.allWindows() if one.metaObject().className() == "Qgs3DMapCanvas"]
    if not windows:
        return []
    from qgis._3d import Qgs3DMapCanvas

    return [sip.cast(window, Qgs3DMapCanvas) for window in windows]  # Qt knows them as windows only
