"""The groups of a library on the map: each layer lies where the core says, whatever was put there first."""

from __future__ import annotations

from qgis.core import Qgis, QgsLayerTreeGroup, QgsLayerTreeLayer, QgsMapLayer, QgsProject

from onemap.plugin.library.layer_list import CatalogueLayer
from onemap.plugin.library.open_library import OpenLibrary

GROUP = "One Map"
PROPERTY_STRATUM = "onemap/stratum"  # on groups
PROPERTY_PLACE = "onemap/place"  # on layers


def insert_layer(library: OpenLibrary, entry: CatalogueLayer, layer: QgsMapLayer) -> None:
    """Insert a layer into the group of its kind, between the layers that lie over it and those below."""
    layer.setCustomProperty(PROPERTY_PLACE, entry.map_place)
    group = _stratum_group(library, entry.stratum)
    position = 0
    for index, node in enumerate(group.children()):
        lain = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
        if lain is not None and int(lain.customProperty(PROPERTY_PLACE, 0)) <= entry.map_place:
            position = index + 1
    node = group.insertLayer(position, layer)
    node.setExpanded(False)


def remove_layer(layer: QgsMapLayer) -> None:
    """Remove a layer from the map, with the groups that become empty."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    group = node.parent() if node is not None else None
    QgsProject.instance().removeMapLayer(layer.id())
    while isinstance(group, QgsLayerTreeGroup) and not group.children() and group.parent() is not None:
        group, empty = group.parent(), group
        group.removeChildNode(empty)


def insert_group(name: str, at_top: bool) -> QgsLayerTreeGroup:
    """A group of the plugin in the layer tree, found or new.

    name: the group's name.
    at_top: whether a new group goes to the top, or above the first background picture.
    """
    root = QgsProject.instance().layerTreeRoot()
    group = root.findGroup(name)
    if group is not None:
        return group
    position = 0
    if not at_top:
        pictures = [
            index
            for index, node in enumerate(root.children())
            if getattr(node, "layer", lambda: None)() is not None
            and node.layer().type() in (Qgis.LayerType.Raster, Qgis.LayerType.VectorTile)
        ]
        position = pictures[0] if pictures else len(root.children())
    return root.insertGroup(position, name)


def _stratum_group(library: OpenLibrary, stratum: str) -> QgsLayerTreeGroup:
    """The group of a kind of layers in the group of its library, found or new, in the order of the kinds."""
    library_group = insert_group(f"{GROUP} · {library.name}", at_top=False)
    order = list(library.strata)
    rank = order.index(stratum) if stratum in order else len(order)
    position = 0
    for index, node in enumerate(library_group.children()):
        other = str(node.customProperty(PROPERTY_STRATUM, "")) if isinstance(node, QgsLayerTreeGroup) else ""
        if other == stratum and isinstance(node, QgsLayerTreeGroup):
            return node
        if other in order and order.index(other) < rank:
            position = index + 1
    group = library_group.insertGroup(position, library.strata.get(stratum, GROUP))
    group.setCustomProperty(PROPERTY_STRATUM, stratum)
    return group
