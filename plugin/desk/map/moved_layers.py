"""A library that was moved together with a project: QGIS finds its layers there, and here they are known again."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsProject, QgsProviderRegistry, QgsVectorLayer

from onemap.plugin.desk.map.map_groups import PROPERTY_GROUP_OF, groups_in
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, PROPERTY_TABLE
from onemap.plugin.profile.paths import is_same_place


def know_moved_layers() -> None:
    """Note where the libraries of the project's layers and groups lie now.

    A project finds a file from its own folder, or somebody has shown it the file; what a layer says of its library is
    the path of the day on which it was put on the map. A library has moved only if all of its layers lie at one place.
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
    """The file that a layer reads; empty for a picture, a layer of a server, and one that QGIS cannot open."""
    if not isinstance(layer, QgsVectorLayer) or layer.providerType() != "ogr" or not layer.isValid():
        return ""
    return str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or "")
