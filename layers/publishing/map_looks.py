"""How a library's layers are drawn, for a program that draws them itself: order, groups, themes, styles."""

from typing import Any

import numpy as np
import pyproj

from onemap.layers.catalogue.map_order import place_of, strata, stratum_of, themes
from onemap.layers.catalogue.style_table import style_of
from onemap.layers.crs.systems import transformation
from onemap.layers.library.library import Library
from onemap.layers.publishing.layer_look import look_text
from onemap.layers.records import Record


def map_looks(library: Library, layer_records: list[Record], language: str) -> Record:
    """Return the groups and themes of the map; put `stratum`, `place` and `look` into the listed layers.

    layer_records: the layers from `listing()`. place: a layer's number from the uppermost; look: its style in QGIS's
    own format, in one language, if it has versions; swatch: its plain colours. bounds: west, south, east, north in
    degrees of all layers in force, None if there are none.
    """
    catalogue = library.catalogue()
    in_order = {entry.code: place for place, entry in enumerate(sorted(catalogue.values(), key=place_of))}
    in_force = set()
    for layer in layer_records:
        entry, versions = catalogue[layer["code"]], layer["versions"]
        style = style_of(entry)
        layer |= {"stratum": stratum_of(entry)["id"], "place": in_order[entry.code], "look": ""}
        layer["swatch"] = {"line": style.get("stroke"), "fill": style.get("fill")}
        current = next((version for version in versions if version["in_force"]), None)
        if current is not None:
            in_force.add(entry.code)
        readable = [version for version in versions if library.connection.has_table(version["table"])]
        if readable:
            table = (current if current in readable and current else readable[-1])["table"]
            layer["look"] = look_text(entry, library.connection.field_types(table), language)
    groups = [{"id": stratum["id"], "title": stratum["title"]} for stratum in strata()]
    return {
        "bounds": _map_bounds(library, layer_records),
        "strata": groups,
        "themes": themes(catalogue.values(), in_force),
    }


def _map_bounds(library: Library, layer_records: list[dict[str, Any]]) -> list[float] | None:
    tables = [one["table"] for layer in layer_records for one in layer["versions"] if one["in_force"]]
    boxes = [box for table in tables if (box := library.connection.extent(table)) is not None]
    if not boxes:
        return None
    west, south, east, north = np.array(boxes, dtype=float).T
    change = transformation(library.crs, pyproj.CRS.from_epsg(4326))
    corners = np.array([west.min(), east.max()] * 2), np.array([south.min()] * 2 + [north.max()] * 2)
    x, y = corners if change is None else change(*corners)
    return [float(x.min()), float(y.min()), float(x.max()), float(y.max())]
