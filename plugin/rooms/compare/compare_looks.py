"""The styles of differences between two plans: colour, hatch and number for each type; a mark for decided ones."""

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
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPixmap

from onemap.plugin.desk.map.layer_styles import symbol_of
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

SWATCH_PX = 16
EDGE = "#767676"  # seen on white and on a dark list
DECIDED = "#1A7F37"
HIDDEN_TYPES = ("98", "02", "01")  # they cover the map, and say that there is nothing to do


@lru_cache(maxsize=1)
def _looks() -> dict[str, dict[str, Any]]:
    return json.loads((RESOURCES / "styles" / "differences.json").read_text(encoding="utf-8"))


def difference_order() -> tuple[str, ...]:
    """The types in the order of lists: conflicts first, agreement last."""
    return tuple(_looks())


def difference_rank(kind: str) -> int:
    """The position of a type among all."""
    order = difference_order()
    return order.index(kind) if kind in order else len(order)


def difference_name(kind: str) -> str:
    """A type's number and name."""
    name = word("differences", kind)
    return kind if name == kind else f"{kind} {name}"


@lru_cache(maxsize=32)
def swatch(kind: str) -> QIcon:
    """A type's map style as an icon, on white and with an edge, because a hatch is not seen on a dark list."""
    symbol = symbol_of(_looks().get(kind, {}), Qgis.GeometryType.Polygon)
    plate = QPixmap(SWATCH_PX, SWATCH_PX)
    plate.fill(Qt.GlobalColor.white)
    painter = QPainter(plate)
    painter.drawPixmap(0, 0, QgsSymbolLayerUtils.symbolPreviewIcon(symbol, plate.size()).pixmap(SWATCH_PX, SWATCH_PX))
    painter.setPen(QColor(EDGE))
    painter.drawRect(0, 0, SWATCH_PX - 1, SWATCH_PX - 1)
    painter.end()
    return QIcon(plate)


def style_spots(layer: QgsVectorLayer, _table: str = "spots") -> None:
    """Style a table of spots, with a legend in the user's language."""
    root = QgsRuleBasedRenderer.Rule(None)
    kinds = layer.uniqueValues(layer.fields().lookupField("type"))
    for kind, look in _looks().items():
        if kind not in kinds:
            continue
        symbol = symbol_of(look, Qgis.GeometryType.Polygon)
        rule = QgsRuleBasedRenderer.Rule(symbol, 0, 0, f"\"type\" = '{kind}'", difference_name(kind))
        rule.setActive(kind not in HIDDEN_TYPES)
        root.appendChild(rule)
    root.appendChild(QgsRuleBasedRenderer.Rule(_mark(), 0, 0, '"decision" IS NOT NULL', "✓ " + tr("Decided")))
    layer.setRenderer(QgsRuleBasedRenderer(root))
    layer.triggerRepaint()


def _mark() -> QgsFillSymbol:
    """A point on each decided spot."""
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
