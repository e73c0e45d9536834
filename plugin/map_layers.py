"""Library layers on the map: opened read-only from the library's file, styled, grouped by department."""

from __future__ import annotations

from qgis.core import Qgis, QgsLayerTreeGroup, QgsMapLayer, QgsProject, QgsVectorLayer

from onemap.plugin.layer_list import CatalogueLayer, Version
from onemap.plugin.open_library import OpenLibrary
from onemap.plugin.styles import lies_over, style_layer
from onemap.plugin.words import word

PROPERTY_TABLE = "onemap/table"
PROPERTY_LIBRARY = "onemap/library"
PROPERTY_RUN = "onemap/run"  # on layers of results
GROUP = "One Map"


def layer_on_map(library: OpenLibrary, version: Version) -> QgsMapLayer | None:
    """The project's layer that shows a version; None while it is not on the map."""
    for layer in QgsProject.instance().mapLayers().values():
        is_ours = layer.customProperty(PROPERTY_LIBRARY) == library.path
        if is_ours and layer.customProperty(PROPERTY_TABLE) == version.table:
            return layer
    return None


def put_on_map(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsVectorLayer:
    """Add a version to the map with its style; the library's file is never written."""
    options = QgsVectorLayer.LayerOptions()
    options.forceReadOnly = True
    title = f"{entry.title} {version.label}"
    layer = QgsVectorLayer(f"{library.path}|layername={version.table}", title, "ogr", options)
    if not layer.isValid():
        return layer
    layer.setCustomProperty(PROPERTY_LIBRARY, library.path)
    layer.setCustomProperty(PROPERTY_TABLE, version.table)
    style_layer(layer, entry)
    QgsProject.instance().addMapLayer(layer, False)
    is_over = lies_over(entry, layer.geometryType())
    group = _group_for(library, entry.department, is_over)
    group.insertLayer(0 if is_over else len(group.children()), layer)
    return layer


def take_from_map(library: OpenLibrary, version: Version) -> None:
    """Remove a version from the map; the library keeps it."""
    layer = layer_on_map(library, version)
    if layer is None:
        return
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    group = node.parent() if node is not None else None
    QgsProject.instance().removeMapLayer(layer.id())
    while isinstance(group, QgsLayerTreeGroup) and not group.children() and group.parent() is not None:
        group, empty = group.parent(), group
        group.removeChildNode(empty)


def insert_group(name: str, at_top: bool) -> QgsLayerTreeGroup:
    """A group of ours in the layer tree: on top, or above the first background picture."""
    root = QgsProject.instance().layerTreeRoot()
    found = root.findGroup(name)
    if found is not None:
        return found
    place = 0
    if not at_top:
        pictures = [
            index
            for index, node in enumerate(root.children())
            if getattr(node, "layer", lambda: None)() is not None
            and node.layer().type() in (Qgis.LayerType.Raster, Qgis.LayerType.VectorTile)
        ]
        place = pictures[0] if pictures else len(root.children())
    return root.insertGroup(place, name)


def _group_for(library: OpenLibrary, department: str, at_top: bool) -> QgsLayerTreeGroup:
    home = insert_group(f"{GROUP} · {library.name}", at_top=False)
    name = word("departments", department)
    return home.findGroup(name) or home.insertGroup(0 if at_top else len(home.children()), name)
