"""How sites look on the map: in the colour of clear, each with its rank."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsPalLayerSettings,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from onemap.plugin.map.layer_styles import symbol_of
from onemap.plugin.words.verdicts import LOOKS


def style_sites(layer: QgsVectorLayer, _table: str = "sites") -> None:
    """Style a table of sites, with the rank written in each."""
    colour = LOOKS["clear"].colour
    look = {"fill": colour, "fill_opacity": 0.3, "stroke": colour, "stroke_mm": 0.6}
    layer.setRenderer(QgsSingleSymbolRenderer(symbol_of(look, Qgis.GeometryType.Polygon)))
    text_format, halo = QgsTextFormat(), QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setColor(QColor("#FFFFFF"))
    text_format.setBuffer(halo)
    text_format.setForcedBold(True)
    label = QgsPalLayerSettings()
    label.fieldName = "rank"
    label.setFormat(text_format)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(label))
    layer.setLabelsEnabled(True)
    layer.triggerRepaint()
