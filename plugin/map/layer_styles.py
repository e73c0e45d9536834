"""How layers look on the map: results by their verdict, catalogue layers by the table in resources/styles."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsFeatureRenderer,
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

from onemap.plugin.library.layer_list import CatalogueLayer, title_of
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import LOOKS

STYLES = RESOURCES / "styles"
RESULT_TABLES = ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point")
OFTEN_EMPTY = ("overlaps_line", "overlaps_point")  # only rules on lines and points fill them
COUNTED, NOT_COUNTED = "#B2182B", "#6B6B6B"
OTHER_DEPARTMENT = "#6B6B6B"
FAINT = 0.25  # an opacity that hides little
PARCEL_FILL, PARCEL_OUTLINE = "255,255,255,90", "#404040"


def style_results(layer: QgsVectorLayer, table: str) -> None:
    """Give a table of a run its look, with a legend in the user's language."""
    if table in OFTEN_EMPTY:
        layer.setRenderer(_pieces(layer.geometryType()))
    else:
        layer.loadNamedStyle(str(STYLES / f"{table}.qml"))
    renderer = layer.renderer()
    if isinstance(renderer, QgsCategorizedSymbolRenderer):
        for index, category in enumerate(renderer.categories()):
            verdict = str(category.value())
            renderer.updateCategoryLabel(index, f"{LOOKS[verdict].sign} {word('verdicts', verdict)}")
    elif isinstance(renderer, QgsRuleBasedRenderer):
        for rule, label in zip(renderer.rootRule().children(), (tr("Counted"), tr("Below the threshold"))):
            rule.setLabel(label)
    layer.triggerRepaint()


def style_layer(layer: QgsVectorLayer, entry: CatalogueLayer) -> None:
    """Give a layer of the catalogue its look; one without an entry is drawn in its department's colour."""
    if layer.geometryType() == Qgis.GeometryType.Null:
        return
    style = _style_of(entry)
    renderer = _classified(style, layer) if "field" in style else None
    layer.setRenderer(renderer or QgsSingleSymbolRenderer(symbol_of(style, layer.geometryType())))


def lies_over(entry: CatalogueLayer, geometry: Qgis.GeometryType) -> bool:
    """Whether a layer is drawn by lines, so that it hides little and should lie over those that fill."""
    style = _style_of(entry)
    is_filled = "prefixes" in style or style.get("fill_opacity", 1.0 if "fill" in style else 0.0) > FAINT
    return geometry != Qgis.GeometryType.Polygon or not is_filled


def style_parcels(layer: QgsVectorLayer) -> None:
    """Give parcels to be checked an outline that hides nothing below."""
    look = {"color": PARCEL_FILL, "outline_color": PARCEL_OUTLINE, "outline_width": "0.35"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(look)))


def _pieces(geometry: Qgis.GeometryType) -> QgsRuleBasedRenderer:
    """Lines or points that a rule met: what counts in the red of overlaps, the rest in grey."""
    root = QgsRuleBasedRenderer.Rule(None)
    for test, colour in (('"counted"', COUNTED), ("ELSE", NOT_COUNTED)):
        root.appendChild(
            QgsRuleBasedRenderer.Rule(symbol_of({"stroke": colour, "stroke_mm": 1.0}, geometry), 0, 0, test)
        )
    return QgsRuleBasedRenderer(root)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return json.loads((STYLES / "layers.json").read_text(encoding="utf-8"))


def _style_of(entry: CatalogueLayer) -> dict[str, Any]:
    colour = _table()["departments"].get(entry.department, OTHER_DEPARTMENT)
    style = _table()["layers"].get(
        entry.code, {"fill": colour, "fill_opacity": 0.2, "stroke": colour, "stroke_mm": 0.4}
    )
    return {**_table()["layers"][style["like"]], **style} if "like" in style else style


def _classified(style: dict[str, Any], layer: QgsVectorLayer) -> QgsFeatureRenderer | None:
    """A legend of classes, by the start of a code or by a whole value; None where the layer lacks the field."""
    field = style["field"]
    if layer.fields().lookupField(field) < 0:
        return None
    root = QgsRuleBasedRenderer.Rule(None)
    for prefix, look in style.get("prefixes", {}).items():
        test = f"left(\"{field}\", {len(prefix)}) = '{prefix}'"
        label = f"{prefix} {title_of(look.get('title'), '')}".strip()
        root.appendChild(
            QgsRuleBasedRenderer.Rule(symbol_of({**style, **look}, layer.geometryType()), 0, 0, test, label)
        )
    for value, look in style.get("values", {}).items():
        test = f"\"{field}\" = '{value}'"
        root.appendChild(
            QgsRuleBasedRenderer.Rule(symbol_of({**style, **look}, layer.geometryType()), 0, 0, test, value)
        )
    rest = symbol_of({"stroke": style.get("stroke"), "stroke_mm": style.get("stroke_mm")}, layer.geometryType())
    root.appendChild(QgsRuleBasedRenderer.Rule(rest, 0, 0, "ELSE", tr("Other")))
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
        hatch.setSubSymbol(QgsLineSymbol.createSimple({"line_color": stroke, "line_width": "0.2"}))
        symbol.appendSymbolLayer(hatch)
    return symbol
