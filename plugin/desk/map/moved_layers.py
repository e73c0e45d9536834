"""A library that was moved together with a project: QGIS finds its layers, and the plugin recognises them here."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsProject, QgsProviderRegistry, QgsVectorLayer

from onemap.plugin.desk.map.map_groups import PROPERTY_GROUP_OF, groups_in
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, PROPERTY_TABLE
from onemap.plugin.profile.paths import is_same_place


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
            places.setdefault(_home_of(layer), set()).add(path)
    moves = {home: paths.pop() for home, paths in places.items() if len(paths) == 1}
    moves = {home: path for home, path in moves.items() if home and not is_same_place(home, path)}
    for layer in layers:
        if _home_of(layer) in moves:
            layer.setCustomProperty(PROPERTY_LIBRARY, moves[_home_of(layer)])
    for group in groups_in(QgsProject.instance().layerTreeRoot()):
        home = str(group.customProperty(PROPERTY_GROUP_OF, "") or "")
        if home in moves:
            group.setCustomProperty(PROPERTY_GROUP_OF, moves[home])


def _home_of(layer: QgsMapLayer) -> str:
    return str(layer.customProperty(PROPERTY_LIBRARY) or "")


def _file_of(layer: QgsMapLayer) -> str:
    """The file that a layer reads; empty for a picture, a server's layer, and a layer that QGIS cannot open."""
    if not isinstance(layer, QgsVectorLayer) or layer.providerType() != "ogr" or not layer.isValid():
        return ""
    return str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or "")
