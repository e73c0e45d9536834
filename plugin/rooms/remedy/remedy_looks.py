"""The styles of remedies and sites on the map: remainder and sites in the colour of clear, sites with their rank."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsPalLayerSettings,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from onemap.plugin.desk.map.layer_styles import symbol_of
from onemap.plugin.words.core_words import word
from onemap.plugin.words.verdicts import LOOKS, SEVERITY

HATCHES = {  # as on the maps of documents
    "prohibited": {"angle": 45, "distance_mm": 1.1, "width_mm": 0.28},
    "restricted": {"angle": 45, "distance_mm": 2.6, "width_mm": 0.28},
    "unknown": {"angle": 90, "distance_mm": 2.6, "width_mm": 0.28},
}
POLYGON = Qgis.GeometryType.Polygon


def style_remedy(layer: QgsVectorLayer, table: str) -> None:
    """Style the table of the remainder or of the cuts, with a legend in the user's language."""
    if table == "remainder":
        layer.setRenderer(_renderer_of_clear())
    else:
        categories = []
        for verdict in SEVERITY:
            look = {"stroke": LOOKS[verdict].colour, "stroke_mm": 0.5}
            look["dash"] = "dash" if verdict == "unknown" else "solid"
            if verdict in HATCHES:
                look["hatch"] = HATCHES[verdict]
            label = f"{LOOKS[verdict].sign} {word('verdicts', verdict)}"
            categories.append(QgsRendererCategory(verdict, symbol_of(look, POLYGON), label))
        layer.setRenderer(QgsCategorizedSymbolRenderer("verdict", categories))
    layer.triggerRepaint()


def style_sites(layer: QgsVectorLayer, _table: str = "sites") -> None:
    """Style a table of sites, with the rank written in each."""
    layer.setRenderer(_renderer_of_clear())
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


def _renderer_of_clear() -> QgsSingleSymbolRenderer:
    colour = LOOKS["clear"].colour
    look = {"fill": colour, "fill_opacity": 0.3, "stroke": colour, "stroke_mm": 0.6}
    return QgsSingleSymbolRenderer(symbol_of(look, POLYGON))
