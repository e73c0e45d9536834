"""The styles of layers on the map: results by verdict, catalogue layers in the style that the core has written."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsRuleBasedRenderer,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import LOOKS

STYLES = RESOURCES / "styles"
RESULT_TABLES = ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point")
OFTEN_EMPTY = ("overlaps_line", "overlaps_point")  # only rules on lines and points fill them
COUNTED, NOT_COUNTED = "#B2182B", "#6B6B6B"
OTHER_DEPARTMENT = "#6B6B6B"
PARCEL_FILL, PARCEL_OUTLINE = "255,255,255,90", "#404040"


def style_results(layer: QgsVectorLayer, table: str) -> None:
    """Style a table of a run, with a legend in the user's language."""
    if table in OFTEN_EMPTY:
        layer.setRenderer(_pieces(layer.geometryType()))
    else:
        layer.loadNamedStyle(str(STYLES / f"{table}.qml"))
    name_verdicts(layer)
    layer.triggerRepaint()


def name_verdicts(layer: QgsVectorLayer) -> None:
    """Write the verdicts in the legend of a run's table in the user's language."""
    renderer = layer.renderer()
    if isinstance(renderer, QgsCategorizedSymbolRenderer):
        for index, category in enumerate(renderer.categories()):
            verdict = str(category.value())
            renderer.updateCategoryLabel(index, f"{LOOKS[verdict].sign} {word('verdicts', verdict)}")
    elif isinstance(renderer, QgsRuleBasedRenderer):
        for rule, label in zip(renderer.rootRule().children(), (tr("Counted"), tr("Not counted"))):
            rule.setLabel(label)


def style_layer(layer: QgsVectorLayer, entry: CatalogueLayer) -> None:
    """Give a catalogue layer the style, labels and names that the core has written.

    A layer without a style, such as a service with content of its own, is drawn with thin lines.
    """
    if layer.geometryType() == Qgis.GeometryType.Null:
        return
    document = QDomDocument()
    if not (entry.look and document.setContent(entry.look) and layer.importNamedStyle(document)[0]):
        look = {"stroke": OTHER_DEPARTMENT, "stroke_mm": 0.4}
        layer.setRenderer(QgsSingleSymbolRenderer(symbol_of(look, layer.geometryType())))


def style_parcels(layer: QgsVectorLayer) -> None:
    """Give parcels to be checked an outline that hides nothing below."""
    look = {"color": PARCEL_FILL, "outline_color": PARCEL_OUTLINE, "outline_width": "0.35"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(look)))


def _pieces(geometry: Qgis.GeometryType) -> QgsRuleBasedRenderer:
    """The renderer of lines or points that a rule met: counted ones in the red of overlaps, the others in grey."""
    root = QgsRuleBasedRenderer.Rule(None)
    for test, colour in (('"counted"', COUNTED), ("ELSE", NOT_COUNTED)):
        root.appendChild(
            QgsRuleBasedRenderer.Rule(symbol_of({"stroke": colour, "stroke_mm": 1.0}, geometry), 0, 0, test)
        )
    return QgsRuleBasedRenderer(root)


def symbol_of(style: dict[str, Any], geometry: Qgis.GeometryType) -> QgsSymbol:
    """The symbol that a style of the table describes: stroke, fill, dash, hatch."""
    stroke = style.get("stroke") or OTHER_DEPARTMENT
    width = str(style.get("stroke_mm") or 0.3)
    dash = style.get("dash", "solid")
    if geometry == Qgis.GeometryType.Line:
        return QgsLineSymbol.createSimple({"line_color": stroke, "line_width": width, "line_style": dash})
    if geometry == Qgis.GeometryType.Point:
        return QgsMarkerSymbol.createSimple(
            {"name": "circle", "color": stroke, "outline_color": "#FFFFFF", "size": "2.4"}
        )
    outline = {"outline_color": stroke, "outline_width": width, "outline_style": dash}
    symbol = QgsFillSymbol.createSimple({**outline, "style": "solid" if "fill" in style else "no"})
    fill = QColor(style.get("fill", stroke))
    fill.setAlphaF(style.get("fill_opacity", 1.0))
    symbol.symbolLayer(0).setFillColor(fill)
    if "hatch" in style:
        hatch = QgsLinePatternFillSymbolLayer()
        hatch.setLineAngle(style["hatch"]["angle"])
        hatch.setDistance(style["hatch"]["distance_mm"])
        hatch.setSubSymbol(
            QgsLineSymbol.createSimple({"line_color": stroke, "line_width": str(style["hatch"]["width_mm"])})
        )
        symbol.appendSymbolLayer(hatch)
    return symbol
