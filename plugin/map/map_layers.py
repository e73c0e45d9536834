"""Library layers on the map: opened read-only from the library's file or server, styled, grouped by department."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsFeatureRequest,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from onemap.plugin.library.layer_list import CatalogueLayer, Version
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.layer_styles import lies_over, style_layer
from onemap.plugin.map.table_layers import table_layer
from onemap.plugin.words.core_words import word

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


def open_version(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsVectorLayer:
    """A version's table, read-only and styled, not yet on the map. The caller checks isValid()."""
    layer = table_layer(library.path, version.table, f"{entry.title} {version.label}")
    if layer.isValid():
        style_layer(layer, entry)
    return layer


def put_on_map(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsMapLayer:
    """Add a version to the map with its style; the library is never written.

    A raster is shown as a picture, below everything else. It is shown as its outline where the file is missing, or
    where the core says that it is not the file that was added.
    """
    layer = open_version(library, entry, version)
    if not layer.isValid():
        return layer
    is_picture = entry.geometry == "raster" and not version.unreadable
    picture = _picture(layer, Path(library.path).parent, layer.name()) if is_picture else None
    map_layer = picture or layer
    map_layer.setCustomProperty(PROPERTY_LIBRARY, library.path)
    map_layer.setCustomProperty(PROPERTY_TABLE, version.table)
    QgsProject.instance().addMapLayer(map_layer, False)
    if picture is not None:
        _library_group(library).addLayer(picture)
        return picture
    is_over = lies_over(entry, layer.geometryType())
    group = layer_group(library, entry.department, is_over)
    group.insertLayer(0 if is_over else len(group.children()), layer)
    return layer


def _picture(outline: QgsVectorLayer, folder: Path, title: str) -> QgsRasterLayer | None:
    """The raster whose path, absolute or relative to the library, stands in the outline's row; None if missing."""
    for feature in outline.getFeatures():
        path = folder / str(feature["path"])  # a whole path stays one
        picture = QgsRasterLayer(str(path), title) if path.is_file() else None
        if picture is not None and picture.isValid():
            return picture
    return None


def remove_from_map(library: OpenLibrary, version: Version) -> None:
    """Remove a version from the map; the library is not changed."""
    layer = layer_on_map(library, version)
    if layer is not None:
        remove_layer(layer)


def remove_layer(layer: QgsMapLayer) -> None:
    """Remove a layer from the map, with the groups that become empty."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    group = node.parent() if node is not None else None
    QgsProject.instance().removeMapLayer(layer.id())
    while isinstance(group, QgsLayerTreeGroup) and not group.children() and group.parent() is not None:
        group, empty = group.parent(), group
        group.removeChildNode(empty)


def reopen_stale_layers(library: str) -> None:
    """Open layers of a library again where they can no longer read it, and redraw them.

    QGIS takes a library out of WAL mode when it closes its project, and opens it in that mode again. Once the core has
    written, the file is back in WAL mode, and an earlier reader sees nothing of it.

    Only the layers are asked. Opening the file here would release every lock that QGIS holds on it, because locks
    belong to the process: the core would then remove the journal that QGIS uses, and QGIS would read the old state
    from there on.
    """
    registry = QgsProviderRegistry.instance()
    for layer in QgsProject.instance().mapLayers().values():
        is_file = isinstance(layer, QgsVectorLayer) and layer.providerType() == "ogr"
        if is_file and registry.decodeUri("ogr", layer.source()).get("path") == library and _returns_nothing(layer):
            layer.dataProvider().reloadData()
            layer.triggerRepaint()


def _returns_nothing(layer: QgsVectorLayer) -> bool:
    """Whether a layer that has features returns none."""
    first = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    return first is None and layer.featureCount() != 0


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


def layer_group(library: OpenLibrary, department: str, at_top: bool) -> QgsLayerTreeGroup:
    """The group of a department in the group of its library, found or new.

    at_top: whether a new group goes above the others, or below them.
    """
    library_group = _library_group(library)
    name = word("departments", department)
    group_count = sum(not isinstance(node, QgsLayerTreeLayer) for node in library_group.children())
    position = 0 if at_top else group_count  # pictures are below all groups
    return library_group.findGroup(name) or library_group.insertGroup(position, name)


def _library_group(library: OpenLibrary) -> QgsLayerTreeGroup:
    return insert_group(f"{GROUP} · {library.name}", at_top=False)
