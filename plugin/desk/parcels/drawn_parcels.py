"""Drawn parcels: layers of the project, one for each coordinate system; every step can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsProject,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QMetaType, QObject, pyqtSignal

from onemap.plugin.desk.map.map_groups import put_on_top
from onemap.plugin.desk.parcels.use_choice import SYSTEM_FIELD, USE_FIELD
from onemap.plugin.words.number_format import value_or_none

PROPERTY_SHIFTED = "onemap/shifted"


@dataclass(frozen=True)
class _Step:
    """A change of a layer; the layer is named by its id, because the user may remove it at any time."""

    layer: str
    added: tuple[int, ...] = ()
    removed: tuple[QgsFeature, ...] = ()


class DrawnParcels(QObject):
    """The drawings of one choice of parcels.

    mark: the property that marks their layers; title: the name of these layers.
    """

    removed = pyqtSignal(object, int)  # QgsVectorLayer, feature

    def __init__(self, canvas: QgsMapCanvas, mark: str, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._mark, self._title = canvas, mark, title
        self._steps: list[_Step] = []

    def owns(self, layer: Any) -> bool:
        """Whether a layer holds what is drawn."""
        return isinstance(layer, QgsVectorLayer) and bool(layer.customProperty(self._mark))

    def shifted_maps(self, layer: Any) -> str:
        """The names of the shifted maps over which a layer's parcels were drawn; empty for none."""
        is_drawn = self.owns(layer) and layer.featureCount() > 0
        return str(layer.customProperty(PROPERTY_SHIFTED) or "") if is_drawn else ""

    def mark_shifted(self, layer: QgsVectorLayer, maps: str) -> None:
        """Record the shifted maps over which a layer's parcels were drawn."""
        layer.setCustomProperty(PROPERTY_SHIFTED, maps)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        self._steps = [step for step in self._steps if QgsProject.instance().mapLayer(step.layer) is not None]
        return bool(self._steps)

    @property
    def last(self) -> tuple[QgsVectorLayer, int] | None:
        """The parcel that was drawn last and is still there."""
        for step in reversed(self._steps if self.can_undo else []):
            layer = QgsProject.instance().mapLayer(step.layer)
            if step.added and layer.getFeature(step.added[-1]).isValid():
                return layer, step.added[-1]
        return None

    def add(
        self, geometry: QgsGeometry, is_alone: bool = False, crs: QgsCoordinateReferenceSystem | None = None
    ) -> QgsVectorLayer:
        """Add a polygon. is_alone: replace the others; crs: its coordinate system, by default the map's."""
        layer = self._layer(crs or self._canvas.mapSettings().destinationCrs())  # in which the tool draws
        others = tuple(layer.getFeatures()) if is_alone else ()
        self._remove(layer, others)
        feature = QgsFeature(layer.fields())
        feature.setAttributes([_free_name(layer), *[None] * (layer.fields().count() - 1)])
        feature.setGeometry(QgsGeometry.collectGeometry([geometry]))
        new_ids = self._insert(layer, (feature,))
        self._steps.append(_Step(layer.id(), new_ids, others))
        return layer

    def clear(self, layer: QgsVectorLayer) -> None:
        """Remove all polygons of a layer, as one step."""
        features = tuple(layer.getFeatures())
        self._remove(layer, features)
        self._steps.append(_Step(layer.id(), removed=features))

    def undo(self) -> None:
        """Take the last step back."""
        if not self.can_undo:
            return
        step = self._steps.pop()
        layer = QgsProject.instance().mapLayer(step.layer)
        self._remove(layer, [feature for feature in map(layer.getFeature, step.added) if feature.isValid()])
        new_ids = dict(zip((feature.id() for feature in step.removed), self._insert(layer, step.removed)))
        self._steps = [
            replace(one, added=tuple(new_ids.get(feature, feature) for feature in one.added))
            if one.layer == step.layer
            else one
            for one in self._steps
        ]

    def shapes(self, layer: QgsVectorLayer | None) -> frozenset[bytes]:
        """The polygons of a layer of drawings; none of any other layer."""
        features = layer.getFeatures() if layer is not None and self.owns(layer) else ()
        return frozenset(feature.geometry().asWkb().data() for feature in features)

    def use_of(self, layer: QgsVectorLayer, feature: int) -> tuple[str, str]:
        """The use code that a parcel states, and the system of the code; both empty for none."""
        values = layer.getFeature(feature).attributeMap()
        return str(value_or_none(values.get(USE_FIELD)) or ""), str(value_or_none(values.get(SYSTEM_FIELD)) or "")

    def state_use(self, layer: QgsVectorLayer, feature: int, code: str, system: str) -> None:
        """State the proposed use of a parcel. code: empty for no use; system: the system of the code."""
        use_values = {USE_FIELD: code or None, SYSTEM_FIELD: system if code else None}
        columns = {layer.fields().indexOf(name): value for name, value in use_values.items()}
        if all(column >= 0 for column in columns):  # a layer of drawings of an older plugin has no such fields
            layer.dataProvider().changeAttributeValues({feature: columns})
            layer.triggerRepaint()

    def _insert(self, layer: QgsVectorLayer, features: tuple[QgsFeature, ...]) -> tuple[int, ...]:
        _is_added, inserted = layer.dataProvider().addFeatures(list(features))
        ids = tuple(feature.id() for feature in inserted)
        self._show_change(layer)
        return ids

    def _remove(self, layer: QgsVectorLayer, features: list[QgsFeature] | tuple[QgsFeature, ...]) -> None:
        layer.dataProvider().deleteFeatures([feature.id() for feature in features])
        self._show_change(layer)
        for feature in features:
            self.removed.emit(layer, feature.id())

    @staticmethod
    def _show_change(layer: QgsVectorLayer) -> None:
        layer.updateExtents()
        layer.triggerRepaint()

    def _layer(self, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        for layer in QgsProject.instance().mapLayers().values():
            if self.owns(layer) and layer.crs() == crs:
                return layer
        layer = QgsVectorLayer("MultiPolygon", self._title, "memory")
        layer.setCrs(crs)
        names = ("parcel", USE_FIELD, SYSTEM_FIELD)
        layer.dataProvider().addAttributes([QgsField(name, QMetaType.Type.QString) for name in names])
        layer.updateFields()
        layer.setCustomProperty(self._mark, True)
        look = {"color": "16,152,173,40", "outline_color": "#1098AD", "outline_width": "0.6"}
        layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(look)))
        put_on_top(layer)
        return layer


def _free_name(layer: QgsVectorLayer) -> str:
    """The number of the next parcel; after one was removed in QGIS, the count alone may be a name that is taken."""
    names = {str(value) for feature in layer.getFeatures() for value in feature.attributes()[:1]}
    return next(str(number) for number in count(layer.featureCount() + 1) if str(number) not in names)
