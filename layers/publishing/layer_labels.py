"""Labels of a layer in QGIS's form: text, size, smallest scale and position."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.xml_elements import Element, SubElement

# The first that a machine has; Chinese must be among its letters.
FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "SimHei")
_CURVED, _HORIZONTAL, _IN_ORDER = "3", "4", "6"  # QGIS's numbers
_PLACEMENTS = {"point": _IN_ORDER, "line": _CURVED, "polygon": _HORIZONTAL}
_LEAST_MM = "3"  # a feature that is smaller on the map has no label


def labeling_of(label: Mapping[str, Any], expression: str, geometry: str) -> Element:
    """Return the labels of one layer.

    label: size in points, colour, halo_mm, and up_to, the smallest scale 1 : up_to at which labels are shown; 0 for
    all. expression: the text; it may have several lines.
    """
    labeling = Element("labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    settings.append(_text_style(label, expression))
    SubElement(settings, "text-format", multilineAlign="1", wrapChar="", autoWrapLength="0")
    placement = {
        "placement": _PLACEMENTS[geometry],
        "placementFlags": "9",
        "dist": "0.6",
        "distUnits": "MM",
        "predefinedPositionOrder": "TR,TL,BR,BL,R,L,TSR,BSR",
        "offsetType": "1",
        "priority": str(label.get("priority", 5)),
        "centroidInside": "1",
    }
    SubElement(settings, "placement", placement)
    up_to = int(label["up_to"])
    rendering = {
        "drawLabels": "1",
        "scaleVisibility": str(int(up_to > 0)),
        "scaleMax": str(up_to),  # QGIS's word for the smallest scale
        "scaleMin": "0",
        "minFeatureSize": "0" if geometry == "point" else _LEAST_MM,
        "limitNumLabels": "0",
        "fitInPolygonOnly": str(int(geometry == "polygon" and label["text"] != "name")),
        "obstacle": "1",
        "obstacleType": "1" if geometry == "polygon" else "0",
        "fontMinPixelSize": "3",
        "fontMaxPixelSize": "10000",
        "mergeLines": str(int(geometry == "line")),
        "upsidedownLabels": "0",
    }
    SubElement(settings, "rendering", rendering)
    return labeling


def _text_style(label: Mapping[str, Any], expression: str) -> Element:
    look = {
        "fieldName": expression,
        "isExpression": "1",
        "fontFamily": FONTS[0],
        "fontSize": str(label["size"]),
        "fontSizeUnit": "Point",
        "textColor": _colour(label["colour"]),
        "textOpacity": "1",
        "multilineHeight": "0.95",
        "multilineHeightUnit": "Percentage",
    }
    style = Element("text-style", look)
    families = SubElement(style, "families")
    for font in FONTS:
        SubElement(families, "family", name=font)
    halo = {
        "bufferDraw": "1",
        "bufferSize": str(label["halo_mm"]),
        "bufferSizeUnits": "MM",
        "bufferColor": "255,255,255,255",
        "bufferOpacity": "0.85",
        "bufferNoFill": "1",
        "bufferJoinStyle": "128",
    }
    SubElement(style, "text-buffer", halo)
    return style


def _colour(text: str) -> str:
    """`#RRGGBB` as red, green, blue and full opacity."""
    return ",".join([*(str(int(text[at : at + 2], 16)) for at in (1, 3, 5)), "255"])
