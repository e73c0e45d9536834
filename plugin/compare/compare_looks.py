"""How differences between two plans look: a colour, a hatch and a number for each type; what is decided is marked."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from qgis.core import (
    Qgis,
    QgsCentroidFillSymbolLayer,
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsRuleBasedRenderer,
    QgsSymbolLayerUtils,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QIcon

from onemap.plugin.map.layer_styles import symbol_of
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

SWATCH_PX = 16
DECIDED = "#1A7F37"
OFF_AT_FIRST = ("98", "02", "01")  # they cover the map, and say that there is nothing to do


@lru_cache(maxsize=1)
def _looks() -> dict[str, dict[str, Any]]:
    return json.loads((RESOURCES / "styles" / "differences.json").read_text(encoding="utf-8"))


def difference_order() -> tuple[str, ...]:
    """The types as they are listed: conflicts first, agreement last."""
    return tuple(_looks())


def difference_rank(kind: str) -> int:
    """Where a type stands among all."""
    order = difference_order()
    return order.index(kind) if kind in order else len(order)


def difference_name(kind: str) -> str:
    """A type's number with its words."""
    said = word("differences", kind)
    return kind if said == kind else f"{kind} {said}"


@lru_cache(maxsize=32)
def swatch(kind: str) -> QIcon:
    """A type's look in the map, for lists."""
    symbol = symbol_of(_looks().get(kind, {}), Qgis.GeometryType.Polygon)
    return QgsSymbolLayerUtils.symbolPreviewIcon(symbol, QSize(SWATCH_PX, SWATCH_PX))


def style_spots(layer: QgsVectorLayer, _table: str = "spots") -> None:
    """Give a table of spots its look, with a legend in the user's language."""
    root = QgsRuleBasedRenderer.Rule(None)
    kinds = layer.uniqueValues(layer.fields().lookupField("type"))
    for kind, look in _looks().items():
        if kind not in kinds:
            continue
        symbol = symbol_of(look, Qgis.GeometryType.Polygon)
        rule = QgsRuleBasedRenderer.Rule(symbol, 0, 0, f"\"type\" = '{kind}'", difference_name(kind))
        rule.setActive(kind not in OFF_AT_FIRST)
        root.appendChild(rule)
    root.appendChild(QgsRuleBasedRenderer.Rule(_mark(), 0, 0, '"decision" IS NOT NULL', "✓ " + tr("Decided")))
    layer.setRenderer(QgsRuleBasedRenderer(root))
    layer.triggerRepaint()


def _mark() -> QgsFillSymbol:
    """A point on the ground of a spot that is decided."""
    point = QgsMarkerSymbol.createSimple(
        {"name": "circle", "color": DECIDED, "outline_color": "#FFFFFF", "outline_width": "0.5", "size": "3.4"}
    )
    centre = QgsCentroidFillSymbolLayer()
    centre.setPointOnSurface(True)
    centre.setSubSymbol(point)
    symbol = QgsFillSymbol()
    symbol.deleteSymbolLayer(0)
    symbol.appendSymbolLayer(centre)
    return symbol
