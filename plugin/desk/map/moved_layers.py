"""Layers of a library that the dock did not put on the map: of a library that moved, and of a published project."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsProject, QgsProviderRegistry, QgsVectorLayer

from onemap.plugin.connection.server_location import USUAL_PORT, is_server
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import PROPERTY_GROUP_OF, groups_in
from onemap.plugin.desk.map.map_layers import PROPERTY_CODE, PROPERTY_LIBRARY, PROPERTY_TABLE, home_of
from onemap.plugin.desk.map.table_layers import table_source
from onemap.plugin.profile.paths import is_same_place

PUBLISHED = "onemap_layer_"  # with it the id of a layer begins that the core published; its table follows
SERVER_PLACE = {"service": "", "host": "", "port": USUAL_PORT, "dbname": "", "schema": ""}  # and where nothing is said


def know_moved_layers() -> None:
    """Record the present paths of the libraries of the project's layers and groups.

    A project finds a file relative to its own folder, or a person has pointed to the file; but a layer records the path
    of its library from the day on which it was added. A library counts as moved only if all of its layers lie at one
    place.
    """
    layers = list(QgsProject.instance().mapLayers().values())
    places: dict[str, set[str]] = {}
    for layer in layers:
        if layer.customProperty(PROPERTY_TABLE) and (path := _file_of(layer)):
            places.setdefault(home_of(layer), set()).add(path)
    moves = {home: paths.pop() for home, paths in places.items() if len(paths) == 1}
    moves = {home: path for home, path in moves.items() if home and not is_same_place(home, path)}
    for layer in layers:
        if home_of(layer) in moves:
            layer.setCustomProperty(PROPERTY_LIBRARY, moves[home_of(layer)])
    for group in groups_in(QgsProject.instance().layerTreeRoot()):
        home = str(group.customProperty(PROPERTY_GROUP_OF, "") or "")
        if home in moves:
            group.setCustomProperty(PROPERTY_GROUP_OF, moves[home])


def know_published_layers(library: OpenLibrary) -> None:
    """Record on the layers of a published project that they show versions of a library, if they read this one.

    A picture reads its own file, so it is the library's if the project's other published layers are.
    """
    published = {
        layer: layer.id()[len(PUBLISHED) :]
        for layer in QgsProject.instance().mapLayers().values()
        if layer.id().startswith(PUBLISHED) and not layer.customProperty(PROPERTY_TABLE)
    }
    tables = {layer: table for layer, table in published.items() if isinstance(layer, QgsVectorLayer)}
    if not tables or not all(_reads(layer, library.path, table) for layer, table in tables.items()):
        return
    for layer, table in published.items():
        layer.setCustomProperty(PROPERTY_LIBRARY, library.path)
        layer.setCustomProperty(PROPERTY_TABLE, table)
        layer.setCustomProperty(PROPERTY_CODE, table.rpartition("__")[0])


def _reads(layer: QgsMapLayer, location: str, table: str) -> bool:
    """Whether a layer reads a table of a library."""
    source, provider = table_source(location, table)
    if layer.providerType() != provider:
        return False
    own, other = (QgsProviderRegistry.instance().decodeUri(provider, text) for text in (layer.source(), source))
    if not is_server(location):
        return is_same_place(str(own.get("path") or ""), location) and own.get("layerName") == table
    return own.get("table") == table and all(
        (own.get(part) or usual) == (other.get(part) or usual) for part, usual in SERVER_PLACE.items()
    )


def _file_of(layer: QgsMapLayer) -> str:
    """The file that a layer reads; empty for a picture, a server's layer, and a layer that QGIS cannot open."""
    if not isinstance(layer, QgsVectorLayer) or layer.providerType() != "ogr" or not layer.isValid():
        return ""
    return str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or "")
