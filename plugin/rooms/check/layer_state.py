"""The state of a map layer's features, which shows whether they have changed since."""

from __future__ import annotations

from itertools import count

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

_states = count()  # no state comes twice


class LayerState(QObject):
    """Follows one layer. Discarding edits, or removing a filter, leads back to the state before.

    A new feature does not change the others, so it makes no new state; nor does saving.
    """

    changed = pyqtSignal()

    def __init__(self, layer: QgsVectorLayer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer = layer
        self._edits = self._saved_edits = next(_states)
        attributes = (layer.attributeValueChanged, layer.attributeAdded, layer.attributeDeleted)
        for signal in (layer.geometryChanged, *attributes):
            signal.connect(self._take_edit)
        layer.featureDeleted.connect(self._take_deleted)
        layer.afterCommitChanges.connect(self._keep_edits)
        layer.afterRollBack.connect(self._discard_edits)
        for signal in (layer.dataSourceChanged, layer.subsetStringChanged, layer.crsChanged):
            signal.connect(self.changed)

    @property
    def now(self) -> tuple[int, str, str, str]:
        """The present state; two equal states mean the same features in the same place."""
        layer, crs = self.layer, self.layer.crs()
        return self._edits, layer.source(), layer.subsetString(), crs.authid() or crs.toWkt()

    def _take_edit(self, *_edit: object) -> None:
        self._edits = next(_states)
        self.changed.emit()

    def _take_deleted(self, feature: int) -> None:
        if feature >= 0:  # else a new one, which gets another number when it is saved
            self._take_edit()

    def _keep_edits(self) -> None:
        self._saved_edits = self._edits

    def _discard_edits(self) -> None:
        self._edits = self._saved_edits
        self.changed.emit()
