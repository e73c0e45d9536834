"""Watches a map layer while somebody edits it: which features have got another shape, told when the hand rests."""

from __future__ import annotations

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

QUIET_MS = 120  # several changes of one gesture are one


class EditWatch(QObject):
    """Follows one layer at a time. The ids are those of features that were reshaped since editing began."""

    stirred = pyqtSignal()  # a shape has changed: what was said of it is of yesterday
    rested = pyqtSignal()  # and for a moment none has
    dropped = pyqtSignal()  # the changes were thrown away

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: QgsVectorLayer | None = None
        self._ids: dict[int, None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self.rested)

    @property
    def ids(self) -> list[int]:
        """The features that were reshaped, the last one last."""
        return list(self._ids)

    def follow(self, layer: QgsVectorLayer | None) -> None:
        """Follow a layer, or none; following the same one goes on."""
        if layer is self.layer:
            return
        self._timer.stop()
        self._ids.clear()
        if self.layer is not None and self.layer in QgsProject.instance().mapLayers().values():
            for signal, slot in self._connections(self.layer):
                signal.disconnect(slot)
        self.layer = layer
        if layer is not None:
            for signal, slot in self._connections(layer):
                signal.connect(slot)

    def touch(self, feature: int) -> None:
        """Take note of a shape that no editing has told of."""
        self._ids.pop(feature, None)
        self._ids[feature] = None
        self.stirred.emit()
        self._timer.start()

    def _connections(self, layer: QgsVectorLayer) -> list[tuple]:
        return [
            (layer.geometryChanged, self._reshaped),
            (layer.featureAdded, self.touch),
            (layer.featureDeleted, self._deleted),
            (layer.editingStarted, self._begin),
            (layer.afterRollBack, self._drop),
        ]

    def _reshaped(self, feature: int, _geometry: object) -> None:
        self.touch(feature)

    def _deleted(self, feature: int) -> None:
        if feature in self._ids:
            del self._ids[feature]
            self.stirred.emit()
            self._timer.start()

    def _begin(self) -> None:
        self._ids.clear()

    def _drop(self) -> None:
        self._timer.stop()
        self._ids.clear()
        self.dropped.emit()
