"""The layouts of a published project: a sheet with title, map, legend, scale bar, north and date, to print or to serve.

QGIS shows them under Project → Layouts, QGIS Server prints them by GetPrint. QGIS's own templates in resources/layouts/
place everything on the paper; the dock prints the working map with them, too.
"""

from dataclasses import dataclass

from defusedxml.ElementTree import fromstring

from onemap.layers.geometry.boxes import Bounds
from onemap.layers.shipped_files import RESOURCES
from onemap.layers.xml_elements import Element, SubElement

_TEMPLATES = RESOURCES / "layouts"
_PAGES = ("A4", "A3")
_ROOM = 1.05  # of the ground around what the map has to show


@dataclass(frozen=True)
class SheetText:
    """The texts of a sheet: its title, the title of the legend, and the line below the map."""

    title: str
    legend: str
    foot: str


def print_layouts(bounds: Bounds, text: SheetText) -> Element:
    """Return a layout for each paper size, with the ground within `bounds` (metres of the project's system)."""
    layouts = Element("Layouts")
    layouts.extend(_layout(name, bounds, text) for name in _PAGES)
    return layouts


def _layout(name: str, bounds: Bounds, text: SheetText) -> Element:
    layout: Element = fromstring((_TEMPLATES / f"{name}.qpt").read_bytes())
    items = {item.get("id"): item for item in layout.iter("LayoutItem")}
    items["title"].set("labelText", _plain(text.title))
    items["foot"].set("labelText", f"{items['foot'].get('labelText')}    {_plain(text.foot)}")
    items["legend"].set("title", text.legend)
    width, height, _ = str(items["map"].get("size")).split(",")
    SubElement(items["map"], "Extent", _extent(bounds, float(width) / float(height)))
    return layout


def _plain(text: str) -> str:
    """Return a text without QGIS expressions: a library may have any name."""
    return text.replace("[%", "[ %")


def _extent(bounds: Bounds, shape: float) -> dict[str, str]:
    """Return the extent of a map of a shape (width by height): all ground within `bounds`, centred."""
    west, south, east, north = bounds
    width = max(east - west, (north - south) * shape, 1.0) * _ROOM
    half_width, half_height = width / 2, width / shape / 2
    x, y = (west + east) / 2, (south + north) / 2
    sides = {"xmin": x - half_width, "ymin": y - half_height, "xmax": x + half_width, "ymax": y + half_height}
    return {name: f"{value:.6f}" for name, value in sides.items()}
