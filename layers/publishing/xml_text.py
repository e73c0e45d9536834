"""Small pieces of a QGIS project's XML: a child with text, a table of options, a coordinate system."""

import re
from collections.abc import Mapping

import pyproj

from onemap.layers.xml_elements import Element, SubElement

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def add_text(parent: Element, tag: str, text: object, **attributes: str) -> Element:
    """A child with text."""
    child = SubElement(parent, tag, attributes)
    child.text = str(text)
    return child


def add_options(parent: Element, values: Mapping[str, str]) -> None:
    """A table of texts as QGIS keeps it."""
    table = SubElement(parent, "Option", type="Map")
    for name, value in sorted(values.items()):
        SubElement(table, "Option", type="QString", name=name, value=value)


def add_crs(parent: Element, crs: pyproj.CRS) -> None:
    """Add a coordinate system: by its number if it has one, and as text for a QGIS that does not know it."""
    system = SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    add_text(system, "wkt", crs.to_wkt("WKT2_2019"))
    code = crs.to_epsg()
    if code is not None:
        add_text(system, "srid", code)
        add_text(system, "authid", f"EPSG:{code}")
    add_text(system, "description", crs.name)
    add_text(system, "geographicflag", "true" if crs.is_geographic else "false")


def add_list(parent: Element, tag: str, values: list[str]) -> None:
    """A list of texts among a project's properties."""
    element = SubElement(parent, tag, type="QStringList")
    for value in values:
        add_text(element, "value", value)


def clean(root: Element) -> None:
    """Replace characters that XML cannot hold: names and labels come from files."""
    for element in root.iter():
        element.text = _FORBIDDEN.sub("\ufffd", element.text) if element.text else None
        for name, value in element.items():
            element.set(name, _FORBIDDEN.sub("\ufffd", value))
