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
    """A version's table, read-only and with its style, on no map yet; one that is not valid says so itself."""
    layer = table_layer(library.path, version.table, f"{entry.title} {version.label}")
    if layer.isValid():
        style_layer(layer, entry)
    return layer


def put_on_map(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsMapLayer:
    """Add a version to the map with its style; the library is never written.

    Of a raster the picture itself is shown, below everything else; its outline where the picture is not there, or the
    core has said that it is another one than was added.
    """
    layer = open_version(library, entry, version)
    if not layer.isValid():
        return layer
    is_picture = entry.geometry == "raster" and not version.unreadable
    picture = _picture(layer, Path(library.path).parent, layer.name()) if is_picture else None
    shown = picture or layer
    shown.setCustomProperty(PROPERTY_LIBRARY, library.path)
    shown.setCustomProperty(PROPERTY_TABLE, version.table)
    QgsProject.instance().addMapLayer(shown, False)
    if picture is not None:
        _home(library).addLayer(picture)
        return picture
    is_over = lies_over(entry, layer.geometryType())
    group = layer_group(library, entry.department, is_over)
    group.insertLayer(0 if is_over else len(group.children()), layer)
    return layer


def _picture(outline: QgsVectorLayer, home: Path, title: str) -> QgsRasterLayer | None:
    """The raster that a row of the library names, by its path, whole or from the library; None if it is gone."""
    for feature in outline.getFeatures():
        path = home / str(feature["path"])  # a whole path stays one
        picture = QgsRasterLayer(str(path), title) if path.is_file() else None
        if picture is not None and picture.isValid():
            return picture
    return None


def take_from_map(library: OpenLibrary, version: Version) -> None:
    """Remove a version from the map; the library keeps it."""
    layer = layer_on_map(library, version)
    if layer is not None:
        take_layer(layer)


def take_layer(layer: QgsMapLayer) -> None:
    """Remove a layer from the map, and groups that it leaves empty."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    group = node.parent() if node is not None else None
    QgsProject.instance().removeMapLayer(layer.id())
    while isinstance(group, QgsLayerTreeGroup) and not group.children() and group.parent() is not None:
        group, empty = group.parent(), group
        group.removeChildNode(empty)


def reopen_cut_off(library: str) -> None:
    """Open layers of a library again where they can no longer read it, and draw them.

    QGIS takes a library out of WAL mode when it closes its project, and opens it so again. Once the core has written,
    the file is back in WAL mode, and a reader that came before sees nothing of it.

    Only the layers are asked. To look into the file itself would end every lock that QGIS has on it, for they belong
    to the process: the core would then take the journal away under QGIS, which from there on reads the file as it was.
    """
    registry = QgsProviderRegistry.instance()
    for layer in QgsProject.instance().mapLayers().values():
        is_file = isinstance(layer, QgsVectorLayer) and layer.providerType() == "ogr"
        if is_file and registry.decodeUri("ogr", layer.source()).get("path") == library and _is_cut_off(layer):
            layer.dataProvider().reloadData()
            layer.triggerRepaint()


def _is_cut_off(layer: QgsVectorLayer) -> bool:
    """Whether a layer that has features gives none."""
    first = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    return first is None and layer.featureCount() != 0


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


def layer_group(library: OpenLibrary, department: str, at_top: bool) -> QgsLayerTreeGroup:
    """The group of a department in the group of its library; a new one on top of the others, or below them."""
    home = _home(library)
    name = word("departments", department)
    below = len([node for node in home.children() if not isinstance(node, QgsLayerTreeLayer)])  # pictures are lowest
    return home.findGroup(name) or home.insertGroup(0 if at_top else below, name)


def _home(library: OpenLibrary) -> QgsLayerTreeGroup:
    return insert_group(f"{GROUP} · {library.name}", at_top=False)
