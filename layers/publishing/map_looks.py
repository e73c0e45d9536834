"""How a library's layers are drawn, for a program that draws them itself: order, groups, themes, styles."""

from typing import Any

from onemap.layers.catalogue.map_order import place_of, strata, stratum_of, themes
from onemap.layers.library.library import Library
from onemap.layers.publishing.layer_look import look_text


def map_looks(library: Library, listed: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """The groups and themes of the map; `stratum`, `place` and `look` go into the listed layers themselves.

    listed: the layers as `listing()` has them. place: a layer's number from the uppermost; look: its style in QGIS's
    own format, in one language, of a layer with versions.
    """
    catalogue = library.catalogue()
    in_order = {entry.code: place for place, entry in enumerate(sorted(catalogue.values(), key=place_of))}
    in_force = set()
    for layer in listed:
        entry, versions = catalogue[layer["code"]], layer["versions"]
        layer |= {"stratum": stratum_of(entry)["id"], "place": in_order[entry.code], "look": ""}
        current = next((version for version in versions if version["in_force"]), None)
        if current is not None:
            in_force.add(entry.code)
        readable = [version for version in versions if library.connection.has_table(version["table"])]
        if readable:
            table = (current if current in readable and current else readable[-1])["table"]
            layer["look"] = look_text(entry, library.connection.field_types(table), language)
    groups = [{"id": stratum["id"], "title": stratum["title"]} for stratum in strata()]
    return {"strata": groups, "themes": themes(catalogue.values(), in_force)}
