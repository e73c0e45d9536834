"""A layer's style as QGIS keeps it in a project: renderer, rules, symbols."""

from collections.abc import Collection, Mapping
from typing import Any

from onemap.layers.catalogue.style_table import HATCH_MM, OTHER_COLOUR
from onemap.layers.publishing.xml_text import add_options
from onemap.layers.xml_elements import Element, SubElement

Style = Mapping[str, Any]
POINT_MM, EDGE_MM = "2.4", "0.5"


def renderer_of(style: Style, geometry: str, fields: Collection[str], language: str, other: str) -> Element:
    """Return how a layer of a geometry (polygon, line, point) is drawn: by class if it has the style's field.

    other: the name for features of no class.
    """
    field = style.get("field")
    if field is None or field.lower() not in {name.lower() for name in fields}:
        renderer = _renderer("singleSymbol")
        SubElement(renderer, "symbols").append(symbol_of(style, geometry, "0"))
        return renderer
    renderer = _renderer("RuleRenderer")
    rules, symbols = SubElement(renderer, "rules", key="root"), SubElement(renderer, "symbols")

    def add(test: str, look: Style, label: str) -> None:
        name = str(len(symbols))
        SubElement(rules, "rule", key=f"rule{name}", symbol=name, filter=test, label=label)
        symbols.append(symbol_of(look, geometry, name))

    for prefix, look in style.get("prefixes", {}).items():
        title = look.get("title") or {}
        class_label = f"{prefix} {title.get(language) or title.get('en') or ''}".strip()
        add(f"left(\"{field}\", {len(prefix)}) = '{prefix}'", {**style, **look}, class_label)
    for values, look in _classes(style):
        titles, value_list = look.get("title") or {}, ", ".join(f"'{value}'" for value in values)
        test = f'"{field}" = {value_list}' if len(values) == 1 else f'"{field}" IN ({value_list})'
        add(test, {**style, **look}, titles.get(language) or values[0])
    add("ELSE", {key: style.get(key) for key in ("stroke", "stroke_mm")}, other)
    return renderer


def _classes(style: Style) -> list[tuple[list[str], Style]]:
    """Return a style's values with their looks; values of one look and title, as of two editions, share a class."""
    classes: list[tuple[list[str], Style]] = []
    for value, look in style.get("values", {}).items():
        alike = [values for values, other in classes if other == look and look.get("title")]
        if alike:
            alike[0].append(value)
        else:
            classes.append(([value], look))
    return classes


def symbol_of(style: Style, geometry: str, name: str) -> Element:
    """Return one symbol: stroke, fill, dash, hatch; for a point shape, size and edge."""
    stroke = str(style.get("stroke") or OTHER_COLOUR)
    width, dash = str(style.get("stroke_mm") or 0.3), str(style.get("dash", "solid"))
    if geometry == "line":
        return _line(stroke, width, dash, name)
    if geometry == "point":
        symbol = _symbol("marker", name)
        look = {
            "name": str(style.get("shape", "circle")),
            "color": _colour(str(style.get("fill", stroke))),
            "outline_color": _colour(str(style.get("edge", "#FFFFFF"))),
            "outline_width": EDGE_MM if "edge" in style else "0",
            "size": str(style.get("size_mm", POINT_MM)),
        }
        _symbol_layer(symbol, "SimpleMarker", look)
        return symbol
    symbol = _symbol("fill", name)
    fill = {
        "color": _colour(str(style.get("fill", stroke)), float(style.get("fill_opacity", 1.0))),
        "outline_color": _colour(stroke),
        "outline_width": width,
        "outline_style": dash,
        "style": "solid" if "fill" in style else "no",
    }
    _symbol_layer(symbol, "SimpleFill", fill)
    if "hatch" in style:
        hatch = style["hatch"]
        look = {"angle": str(hatch["angle"]), "distance": str(hatch["distance_mm"]), "line_width": "0"}
        pattern = _symbol_layer(symbol, "LinePatternFill", look)
        pattern.append(_line(stroke, str(hatch.get("width_mm", HATCH_MM)), "solid", f"@{name}@1"))
    return symbol


def _renderer(kind: str) -> Element:
    return Element("renderer-v2", type=kind, forceraster="0", symbollevels="0", enableorderby="0", referencescale="-1")


def _symbol(kind: str, name: str) -> Element:
    return Element("symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")


def _symbol_layer(symbol: Element, kind: str, look: Mapping[str, str]) -> Element:
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})  # no password  # nosec B105
    add_options(layer, look)
    return layer


def _line(colour: str, width: str, dash: str, name: str) -> Element:
    symbol = _symbol("line", name)
    _symbol_layer(symbol, "SimpleLine", {"line_color": _colour(colour), "line_width": width, "line_style": dash})
    return symbol


def _colour(text: str, opacity: float = 1.0) -> str:
    """`#RRGGBB` as red, green, blue and opacity, each to 255."""
    parts = [int(text[at : at + 2], 16) for at in (1, 3, 5)]
    return ",".join(map(str, [*parts, round(255 * opacity)]))
