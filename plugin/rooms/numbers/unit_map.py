"""One indicator on the map: units coloured by status, or by value if no unit has a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPalLayerSettings,
    QgsProject,
    QgsRuleBasedRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from onemap.plugin.desk.map.layer_styles import symbol_of
from onemap.plugin.desk.map.map_groups import put_on_top
from onemap.plugin.rooms.numbers.unit_values import JUDGED, LOOK_OF, STATUSES, UnitValue, sign_and_word
from onemap.plugin.words.verdicts import LOOKS

FIELDS = "field=unit:string&field=name:string&field=status:string&field=value:double&field=label:string"
GRADES = ("#DEEBF7", "#9ECAE1", "#4292C6", "#2171B5", "#084594")  # light to dark, so that a print in grey tells it
OUTLINE, LABEL = "#404040", "#1A1A1A"
HATCH = {"angle": 45, "distance_mm": 2.0, "width_mm": 0.2}
# What is broken is filled most densely; only what is unknown is hatched, and the sign stands in each label.
FILLS = {"alarm": 0.65, "warn": 0.4, "ok": 0.2}


class TemporaryLayer:
    """A layer of an answer that the project has until `hide` removes it."""

    def __init__(self) -> None:
        self._layer_id = ""

    @property
    def layer(self) -> QgsVectorLayer | None:
        """The layer while it is on the map."""
        return QgsProject.instance().mapLayer(self._layer_id) if self._layer_id else None

    def make(self, definition: str, system: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        """A new layer, to be put on the map. definition: of its geometry and fields, as QGIS takes it."""
        layer = QgsVectorLayer(definition, "", "memory")
        layer.setCrs(system)
        layer.setCustomProperty("skipMemoryLayersCheck", 1)  # QGIS need not ask whether to keep it
        self._layer_id = layer.id()
        return layer

    def hide(self) -> None:
        """Take the layer off the map."""
        if self.layer is not None:
            QgsProject.instance().removeMapLayer(self._layer_id)
        self._layer_id = ""


class UnitMap(TemporaryLayer):
    """The layer of the units."""

    def __init__(self) -> None:
        super().__init__()
        self._grounds: dict[str, QgsGeometry] = {}
        self._system = QgsCoordinateReferenceSystem()

    def take(self, grounds: Mapping[str, QgsGeometry], system: QgsCoordinateReferenceSystem) -> None:
        """Take other units, by their code."""
        self.hide()
        self._grounds, self._system = dict(grounds), system

    def show(self, title: str, values: Sequence[UnitValue]) -> None:
        """Colour the units by one indicator's values."""
        layer = self.layer or self._new_layer()
        layer.setName(title)
        features = []
        for value in values:
            if value.unit in self._grounds:
                feature = QgsFeature(layer.fields())
                feature.setGeometry(self._grounds[value.unit])
                sign = sign_and_word(value.status).split(" ", 1)[0] if value.status in LOOK_OF else ""
                label = f"{value.unit_name}\n{sign} {value.value_text}".replace("\n ", "\n")
                feature.setAttributes([value.unit, value.unit_name, value.status, value.value, label])
                features.append(feature)
        layer.dataProvider().truncate()
        layer.dataProvider().addFeatures(features)
        layer.setRenderer(_renderer(values))
        layer.updateExtents()
        layer.triggerRepaint()

    def _new_layer(self) -> QgsVectorLayer:
        layer = self.make(f"MultiPolygon?{FIELDS}", self._system)
        layer.setLabeling(QgsVectorLayerSimpleLabeling(_labels()))
        layer.setLabelsEnabled(True)
        put_on_top(layer)
        return layer


def _labels() -> QgsPalLayerSettings:
    text = QgsTextFormat()
    text.setColor(QColor(LABEL))
    text.setSize(9)
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.8)
    text.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName = "label"
    settings.setFormat(text)
    return settings


def _renderer(values: Sequence[UnitValue]) -> QgsRuleBasedRenderer:
    """A rule for each status that occurs; units without a status are shaded by value if no unit is judged."""
    root = QgsRuleBasedRenderer.Rule(None)
    present = {value.status for value in values}
    for status in STATUSES:
        if status not in present:
            continue
        if status == "none" and not present.intersection(JUDGED):
            _add_grades(root, values)
        else:
            _add(root, _status_look(status), f"\"status\" = '{status}'", sign_and_word(status))
    return QgsRuleBasedRenderer(root)


def _status_look(status: str) -> dict[str, object]:
    if status not in LOOK_OF:
        return {"stroke": OUTLINE, "stroke_mm": 0.3}
    colour = LOOKS[LOOK_OF[status]].colour
    if status == "unknown":
        return {"stroke": colour, "stroke_mm": 0.4, "dash": "dash", "hatch": HATCH}
    return {"stroke": colour, "stroke_mm": 0.6, "fill": colour, "fill_opacity": FILLS[status]}


def _add_grades(root: QgsRuleBasedRenderer.Rule, values: Sequence[UnitValue]) -> None:
    """Add equal steps from the least to the greatest value, labelled by the values in them; no value is left empty."""
    unjudged = [value for value in values if value.status == "none"]
    known_values = sorted((value for value in unjudged if value.value is not None), key=lambda value: value.value)
    numbers = sorted({value.value for value in known_values})
    if len(unjudged) > len(known_values):
        _add(root, _status_look("none"), '"status" = \'none\' AND "value" IS NULL', sign_and_word("none"))
    count = min(len(GRADES), len(numbers))
    for place in range(count):
        low, high = (numbers[0] + (numbers[-1] - numbers[0]) * part / count for part in (place, place + 1))
        is_last = place == count - 1
        test = f'"status" = \'none\' AND "value" >= {low!r}' + ("" if is_last else f' AND "value" < {high!r}')
        look = {"stroke": OUTLINE, "stroke_mm": 0.3, "fill": GRADES[place], "fill_opacity": 0.75}
        inside = [value for value in known_values if low <= value.value and (value.value < high or is_last)]
        if inside:
            ends = dict.fromkeys(value.value_text for value in (inside[0], inside[-1]))
            _add(root, look, test, " – ".join(ends))


def _add(root: QgsRuleBasedRenderer.Rule, look: dict[str, object], test: str, label: str) -> None:
    root.appendChild(QgsRuleBasedRenderer.Rule(symbol_of(look, Qgis.GeometryType.Polygon), 0, 0, test, label))
