"""Follow the edits of a map layer: a signal names features with a new shape or new values once the user pauses."""

from __future__ import annotations

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.connection.task import one_shot_timer

PAUSE_MS = 120  # several changes of one gesture are one


class EditFollower(QObject):
    """Follows one layer at a time. Its ids are the features with a new shape or value since editing began."""

    changed = pyqtSignal()  # a shape or a value has changed: its verdict is out of date
    edits_paused = pyqtSignal()  # and for a moment none has
    places_changed = pyqtSignal()  # a feature may have another place in the layer
    edits_discarded = pyqtSignal()  # the changes were thrown away, or the layer has another file by now

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: QgsVectorLayer | None = None
        self._ids: dict[int, None] = {}
        self._timer = one_shot_timer(self, PAUSE_MS, self.edits_paused)

    @property
    def ids(self) -> list[int]:
        """The features that have changed, the latest last."""
        return list(self._ids)

    def follow(self, layer: QgsVectorLayer | None) -> None:
        """Follow a layer, or no layer for None; a layer that is followed already goes on being followed."""
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

    def add_feature(self, feature: int, *_change: object) -> None:
        """Register a change, also one that QGIS's editing does not signal."""
        self._ids.pop(feature, None)
        self._ids[feature] = None
        self._wait_for_pause()

    def signal_again(self, *_change: object) -> None:
        """Signal the same features once more, as after a change, if there are any."""
        if self._ids:
            self._wait_for_pause()

    def end_pause(self) -> None:
        """Signal no pause after the changes so far."""
        self._timer.stop()

    def remove_feature(self, feature: int) -> None:
        """Follow a feature no more that is gone."""
        if feature in self._ids:
            del self._ids[feature]
            self._wait_for_pause()

    def _wait_for_pause(self) -> None:
        self.changed.emit()
        self._timer.start()

    def _connections(self, layer: QgsVectorLayer) -> list[tuple]:
        return [
            (layer.geometryChanged, self.add_feature),
            (layer.attributeValueChanged, self.add_feature),
            (layer.attributeAdded, self.signal_again),
            (layer.attributeDeleted, self.signal_again),
            (layer.crsChanged, self.signal_again),
            (layer.featureAdded, self.add_feature),
            (layer.featureDeleted, self.remove_feature),
            (layer.committedFeaturesAdded, self._change_places),
            (layer.committedFeaturesRemoved, self._change_places),
            (layer.subsetStringChanged, self._change_places),
            (layer.dataSourceChanged, self._discard),
            (layer.editingStarted, self._begin),
            (layer.afterRollBack, self._discard),
        ]

    def _change_places(self, *_change: object) -> None:
        self.places_changed.emit()
        self.signal_again()

    def _begin(self) -> None:
        self._ids.clear()

    def _discard(self) -> None:
        self._timer.stop()
        self._ids.clear()
        self.edits_discarded.emit()
