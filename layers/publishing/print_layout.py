"""The layouts of a published project: a sheet with title, map, legend, scale bar, north and date, to print or to serve.

QGIS shows them under Project → Layouts, QGIS Server prints them by GetPrint. What is not said here is as QGIS has it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from onemap.layers.geometry.boxes import Bounds
from onemap.layers.xml_elements import Element, SubElement

MAP_ID = "map"
_PAGES_MM = {"A4": (297, 210), "A3": (420, 297)}  # lying
_PAGE, _MAP, _PICTURE, _LABEL, _LEGEND, _SCALE_BAR = "65638", "65639", "65640", "65641", "65642", "65646"
_MARGIN_MM, _TITLE_MM, _FOOT_MM, _SIDE_MM, _GAP_MM = 10.0, 12.0, 8.0, 64.0, 4.0
_NORTH_MM, _BAR_MM = 14.0, 16.0
_ROOM = 1.05  # of the ground around what the map has to show
_NORTH_ARROW = ":/images/north_arrows/layout_default_north_arrow.svg"  # QGIS's own
_POINTS = {"title": 18, "foot": 8, "legend": 8, "legend title": 10}
_LEGEND_STYLES = {"title": 0, "group": 3, "subgroup": 2, "symbol": 1.5, "symbolLabel": 1.5}  # mm above, or beside
_SCALE = "1:[% format_number(item_variables('map')['map_scale'], 0) %]"  # QGIS puts in how the map lies
_Box = tuple[float, float, float, float]  # from the left and the upper edge of the page, width, height, in mm


@dataclass(frozen=True)
class SheetText:
    """The texts of a sheet: its title, the title of the legend, and the line below the map."""

    title: str
    legend: str
    foot: str


def print_layouts(bounds: Bounds, text: SheetText) -> Element:
    """A layout for each size of paper, whose map shows the ground within `bounds` (metres of the project's system)."""
    layouts = Element("Layouts")
    for name, page in _PAGES_MM.items():
        layouts.append(_layout(name, page, bounds, text))
    return layouts


def _layout(name: str, page: Sequence[float], bounds: Bounds, text: SheetText) -> Element:
    width, height = page
    map_uuid = _uuid(name, MAP_ID)
    layout = Element("Layout", name=name, units="mm", printResolution="300", worldFileMap=map_uuid)
    _item(SubElement(layout, "PageCollection"), _PAGE, name, "page", (0, 0, width, height))
    top, side = _MARGIN_MM + _TITLE_MM, width - _MARGIN_MM - _SIDE_MM
    low = height - _MARGIN_MM - _FOOT_MM
    map_box = (_MARGIN_MM, top, side - _GAP_MM - _MARGIN_MM, low - top)
    _label(layout, name, "title", (_MARGIN_MM, _MARGIN_MM, width - 2 * _MARGIN_MM, _TITLE_MM), _plain(text.title))
    foot = f"{_SCALE}    {_plain(text.foot)}"
    _label(layout, name, "foot", (_MARGIN_MM, low, width - 2 * _MARGIN_MM, _FOOT_MM), foot)
    north = (side + (_SIDE_MM - _NORTH_MM) / 2, top, _NORTH_MM, _NORTH_MM)
    _item(layout, _PICTURE, name, "north", north, file=_NORTH_ARROW, mapUuid=map_uuid, northMode="0", anchorPoint="4")
    bar = {"mapUuid": map_uuid, "style": "Single Box", "segmentSizeMode": "1", "minBarWidth": "30"}
    bar |= {"maxBarWidth": "45", "height": "2", "numSegments": "2", "numSegmentsLeft": "0", "unitType": "meters"}
    bar |= {"unitLabel": "m", "numMapUnitsPerScaleBarUnit": "1", "boxContentSpace": "1", "labelBarSpace": "1.5"}
    scale_bar = _item(layout, _SCALE_BAR, name, "scale", (side, low - _BAR_MM, _SIDE_MM, _BAR_MM), **bar)
    _text_style(scale_bar, "foot")
    _legend(layout, name, (side, top + _NORTH_MM + _GAP_MM, _SIDE_MM, _NORTH_MM), text.legend, map_uuid)
    shown = _item(layout, _MAP, name, MAP_ID, map_box, frame="true", background="true", keepLayerSet="false")
    SubElement(shown, "Extent", _extent(bounds, map_box[2] / map_box[3]))
    return layout


def _legend(layout: Element, name: str, box: _Box, title: str, map_uuid: str) -> None:
    """The classes that are drawn on the map, and no others: a city has hundreds."""
    facts = {"title": title, "map_uuid": map_uuid, "legendFilterByMap": "1", "resizeToContents": "1"}
    facts |= {"symbolWidth": "5", "symbolHeight": "2.5", "boxSpace": "0", "columnCount": "1", "splitLayer": "1"}
    legend = _item(layout, _LEGEND, name, "legend", box, **facts)
    styles = SubElement(legend, "styles")
    for style, space in _LEGEND_STYLES.items():
        side = "marginLeft" if style == "symbolLabel" else "marginTop"
        facts = {"name": style, "alignment": "1", "indent": "0", side: str(space)}
        _text_style(SubElement(styles, "style", facts), "legend title" if style == "title" else "legend")


def _label(layout: Element, name: str, what: str, box: _Box, text: str) -> None:
    label = _item(layout, _LABEL, name, what, box, labelText=text, valign="128", halign="1", htmlState="0")
    _text_style(label, what)


def _plain(text: str) -> str:
    """A text in which QGIS finds no expression: a library may have any name."""
    return text.replace("[%", "[ %")


def _text_style(parent: Element, what: str) -> None:
    facts = {"fontSize": str(_POINTS[what]), "fontSizeUnit": "Point", "textColor": "0,0,0,255", "textOpacity": "1"}
    SubElement(parent, "text-style", facts)


def _item(parent: Element, kind: str, layout: str, what: str, box: _Box, **facts: str) -> Element:
    left, top, width, height = (f"{value:g}" for value in box)
    own = _uuid(layout, what)
    place = {"position": f"{left},{top},mm", "positionOnPage": f"{left},{top},mm", "size": f"{width},{height},mm"}
    known = {"type": kind, "id": what, "uuid": own, "templateUuid": own, **place, "visibility": "1", "opacity": "1"}
    return SubElement(parent, "LayoutItem", {**known, "frame": "false", "background": "false", **facts})


def _uuid(layout: str, what: str) -> str:
    """The same for the same item: the same library gives the same file."""
    return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, f'onemap:layout/{layout}/{what}')}}}"


def _extent(bounds: Bounds, shape: float) -> dict[str, str]:
    """What a map of a shape (width by height) shows: all of the ground within `bounds`, in the middle."""
    west, south, east, north = bounds
    width = max(east - west, (north - south) * shape, 1.0) * _ROOM
    half_width, half_height = width / 2, width / shape / 2
    x, y = (west + east) / 2, (south + north) / 2
    sides = {"xmin": x - half_width, "ymin": y - half_height, "xmax": x + half_width, "ymax": y + half_height}
    return {name: f"{value:.6f}" for name, value in sides.items()}
