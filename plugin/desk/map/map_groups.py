"""The groups of a library on the map: each layer has the place that the core gives it, in whichever order they came."""

from __future__ import annotations

from collections.abc import Iterator

from qgis.core import Qgis, QgsLayerTreeGroup, QgsLayerTreeLayer, QgsMapLayer, QgsProject

from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile.paths import is_same_place

GROUP = "One Map"
PROPERTY_STRATUM = "onemap/stratum"  # on groups
PROPERTY_GROUP_OF = "onemap/library"  # on the group of a library: where the library lies
PROPERTY_PLACE = "onemap/place"  # on layers
PROPERTY_NAME = "onemap/name"  # on layers and groups: what the plugin called them


def insert_layer(library: OpenLibrary, entry: CatalogueLayer, layer: QgsMapLayer) -> None:
    """Insert a layer into its group, between the layers that belong above it and those below."""
    layer.setCustomProperty(PROPERTY_PLACE, entry.map_place)
    group = _stratum_group(library, entry.stratum)
    position = 0
    for index, node in enumerate(group.children()):
        lain = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
        if lain is not None and int(lain.customProperty(PROPERTY_PLACE, 0)) <= entry.map_place:
            position = index + 1
    node = group.insertLayer(position, layer)
    node.setExpanded(False)


def remove_layer(layer: QgsMapLayer, is_kept: bool = False) -> None:
    """Remove a layer from the map, and groups that become empty. is_kept: the caller keeps the layer itself."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    group = node.parent() if node is not None else None
    if is_kept:
        QgsProject.instance().takeMapLayer(layer)
    else:
        QgsProject.instance().removeMapLayer(layer.id())
    while isinstance(group, QgsLayerTreeGroup) and not group.children() and group.parent() is not None:
        group, empty = group.parent(), group
        group.removeChildNode(empty)


def switch_layer(layer: QgsMapLayer, is_on: bool, with_groups: bool = False) -> None:
    """Switch a layer of the layer tree on or off. with_groups: one that is switched on is seen, whatever its groups."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    if node is not None and is_on and with_groups:
        node.setItemVisibilityCheckedParentRecursive(True)
    elif node is not None:
        node.setItemVisibilityChecked(is_on)


def insert_group(name: str) -> QgsLayerTreeGroup:
    """A group of the plugin at the top of the layer tree, found or new."""
    root = QgsProject.instance().layerTreeRoot()
    return root.findGroup(name) or root.insertGroup(0, name)


def put_in(group: QgsLayerTreeGroup, layer: QgsMapLayer) -> QgsLayerTreeLayer:
    """Add a layer to the map at the top of a group."""
    QgsProject.instance().addMapLayer(layer, False)
    return group.insertLayer(0, layer)


def put_on_top(layer: QgsMapLayer) -> None:
    """Add a layer to the map above all others."""
    put_in(QgsProject.instance().layerTreeRoot(), layer)


def _lies_below(node: QgsLayerTreeGroup | QgsLayerTreeLayer) -> bool:
    """Whether a library's group belongs above a node: the node is another library's group, or a picture."""
    if isinstance(node, QgsLayerTreeGroup):
        return bool(_library_of(node))
    layer = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
    return layer is not None and layer.type() in (Qgis.LayerType.Raster, Qgis.LayerType.VectorTile)


def _library_group(library: OpenLibrary) -> QgsLayerTreeGroup:
    """The group of a library, even if it was renamed or moved; else a new one above those of other libraries."""
    root = QgsProject.instance().layerTreeRoot()
    for group in groups_in(root):
        if is_same_place(_library_of(group), library.path):
            return group
    title = _group_title(library)
    group = root.findGroup(title)
    if group is None or _library_of(group):  # there is none, or it is of another library of this name
        below = [index for index, node in enumerate(root.children()) if _lies_below(node)]
        group = root.insertGroup(below[0] if below else len(root.children()), title)
        give_name(group, title)
    group.setCustomProperty(PROPERTY_GROUP_OF, library.path)
    bring_forward(library)
    return group


def bring_forward(library: OpenLibrary) -> None:
    """Show only the group of a library; the other libraries' groups are folded and hidden, as labels would double."""
    for group in groups_in(QgsProject.instance().layerTreeRoot()):
        if _library_of(group):
            is_current = is_same_place(_library_of(group), library.path)
            group.setItemVisibilityChecked(is_current)
            group.setExpanded(is_current)


def rename_groups(library: OpenLibrary) -> None:
    """Give a library's groups the present names of the library and its strata; names given by a person stay."""
    for group in groups_in(QgsProject.instance().layerTreeRoot()):
        if is_same_place(_library_of(group), library.path):
            rename(group, _group_title(library))
            for below in groups_in(group):
                title = library.strata.get(str(below.customProperty(PROPERTY_STRATUM, "")))
                if title:
                    rename(below, title)


def _group_title(library: OpenLibrary) -> str:
    return f"{GROUP} · {library.name}"


def groups_in(parent: QgsLayerTreeGroup) -> Iterator[QgsLayerTreeGroup]:
    """The groups in a group, at any depth."""
    for node in parent.children():
        if isinstance(node, QgsLayerTreeGroup):
            yield node
            yield from groups_in(node)


def _library_of(group: QgsLayerTreeGroup) -> str:
    """The path of the library of a group; empty for any other group."""
    return str(group.customProperty(PROPERTY_GROUP_OF, "") or "")


def _stratum_group(library: OpenLibrary, stratum: str) -> QgsLayerTreeGroup:
    """The group of a stratum inside the group of its library, found or new, in the order of the strata."""
    library_group = _library_group(library)
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
    give_name(group, group.name())
    group.setCustomProperty(PROPERTY_STRATUM, stratum)
    return group


def give_name(item: QgsMapLayer | QgsLayerTreeGroup, name: str) -> None:
    """Name a layer or a group, and record that the name is the plugin's."""
    item.setName(name)
    item.setCustomProperty(PROPERTY_NAME, name)


def rename(item: QgsMapLayer | QgsLayerTreeGroup, name: str) -> bool:
    """Replace a name that the plugin gave; return whether the plugin had given a different one.

    A name that a person has given stays.
    """
    own_name = str(item.customProperty(PROPERTY_NAME) or "")
    if not own_name or own_name == name:
        return False
    if item.name() == own_name:
        item.setName(name)
    item.setCustomProperty(PROPERTY_NAME, name)
    return True
