"""Library layers on the map: opened read-only from the library's file or server, styled, in their order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from qgis.core import (
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from onemap.plugin.connection.server_logins import entry_of
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.layer_styles import style_layer
from onemap.plugin.desk.map.map_groups import give_name, insert_layer, remove_layer
from onemap.plugin.desk.map.table_layers import SERVER_PROVIDER, is_to_be_tried_again, table_layer, table_source
from onemap.plugin.desk.map.theme_places import show_in_themes, themes_that_show
from onemap.plugin.profile.paths import file_identity, is_same_place

PROPERTY_TABLE = "onemap/table"
PROPERTY_LIBRARY = "onemap/library"
PROPERTY_CODE = "onemap/code"
PROPERTY_FOLLOWS = "onemap/follows"  # whether it shows the version in force on the library's day
PROPERTY_RUN = "onemap/run"  # on layers of results
OPENED_FILE = "onemap_file"  # which file a layer reads; no project keeps it


def layer_on_map(library: OpenLibrary, version: Version) -> QgsMapLayer | None:
    """The project's layer that shows a version; None while it is not on the map."""
    for layer in QgsProject.instance().mapLayers().values():
        if is_of_library(layer, library) and layer.customProperty(PROPERTY_TABLE) == version.table:
            return layer
    return None


def open_version(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsVectorLayer:
    """A version's table, read-only and styled, not yet on the map. The caller checks isValid()."""
    layer = table_layer(library.path, version.table, version_title(entry, version))
    if layer.isValid():
        style_layer(layer, entry)
    return layer


def put_on_map(library: OpenLibrary, entry: CatalogueLayer, version: Version, follows_day: bool = False) -> QgsMapLayer:
    """Add a version to the map with its style, in its place; the library is never written.

    A raster is shown as a picture, or as its outline where its file is missing or, as the core says, is not the file
    that was added.

    follows_day: whether the layer shows another version when the library's day changes.
    """
    file = file_identity(library.path)
    layer = open_version(library, entry, version)
    if not layer.isValid():
        return layer
    layer.setProperty(OPENED_FILE, file)
    is_picture = entry.geometry == "raster" and not version.unreadable
    picture = _picture(layer, Path(library.path).parent, layer.name()) if is_picture else None
    map_layer = picture or layer
    give_name(map_layer, layer.name())
    map_layer.setCustomProperty(PROPERTY_LIBRARY, library.path)
    map_layer.setCustomProperty(PROPERTY_TABLE, version.table)
    map_layer.setCustomProperty(PROPERTY_CODE, entry.code)
    map_layer.setCustomProperty(PROPERTY_FOLLOWS, follows_day)
    put_in_place(library, entry, map_layer)
    return map_layer


def put_in_place(library: OpenLibrary, entry: CatalogueLayer, layer: QgsMapLayer) -> None:
    """Add a layer to the map where it belongs."""
    QgsProject.instance().addMapLayer(layer, False)
    insert_layer(library, entry, layer)


def home_of(layer: QgsMapLayer) -> str:
    """The path of the library from which a layer of the project was added; empty for any other layer."""
    return str(layer.customProperty(PROPERTY_LIBRARY) or "")


def is_of_library(layer: QgsMapLayer, library: OpenLibrary) -> bool:
    """Whether a layer of the project was added from a library."""
    return is_same_place(home_of(layer), library.path)


def layers_of_library(library: OpenLibrary) -> list[QgsMapLayer]:
    """The project's layers that show versions of a library."""
    return [
        layer
        for layer in QgsProject.instance().mapLayers().values()
        if is_of_library(layer, library) and layer.customProperty(PROPERTY_TABLE)
    ]


def show_version(layer: QgsMapLayer, library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsMapLayer:
    """Show another version in a layer of the map; the layer keeps its place, its style and its map themes.

    For a raster, the new picture is a new layer.
    """
    follows_day = bool(layer.customProperty(PROPERTY_FOLLOWS))
    if not isinstance(layer, QgsVectorLayer) or entry.geometry == "raster":
        themes = themes_that_show(layer)
        remove_layer(layer)
        layer_of_version = put_on_map(library, entry, version, follows_day)
        show_in_themes(layer_of_version, themes)
        return layer_of_version
    _set_source(layer, *table_source(library.path, version.table), version_title(entry, version))
    give_name(layer, version_title(entry, version))
    layer.setCustomProperty(PROPERTY_TABLE, version.table)
    layer.triggerRepaint()
    return layer


def version_title(entry: CatalogueLayer, version: Version) -> str:
    """The title of a map layer that shows a version."""
    return f"{entry.title} {version.label}"


def _picture(outline: QgsVectorLayer, folder: Path, title: str) -> QgsRasterLayer | None:
    """The raster whose path, absolute or relative to the library, is in the outline's row; None if it is missing."""
    for feature in outline.getFeatures():
        path = folder / str(feature["path"])  # a whole path stays one
        picture = QgsRasterLayer(str(path), title) if path.is_file() else None
        if picture is not None and picture.isValid():
            return picture
    return None


def is_visible(layer: QgsMapLayer) -> bool:
    """Whether a layer on the map is switched on; False for a layer that is not in the layer tree."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    return node is not None and node.itemVisibilityChecked()


def remove_from_map(library: OpenLibrary, version: Version) -> None:
    """Remove a version from the map; the library is not changed."""
    layer = layer_on_map(library, version)
    if layer is not None:
        remove_layer(layer)


def reopen_stale_layers(library: str) -> Iterator[None]:
    """Open a library's layers again where they read another file, can no longer read it, or use another login.

    One layer per step.

    A layer goes on to read the file that it has opened, also after another copy was put in its place.

    QGIS takes a library out of WAL mode when it closes its project, and opens it in that mode again. Once the core has
    written, the file is back in WAL mode, and an earlier reader sees nothing of it.

    Only the layers are asked. Opening the file here would release every lock that QGIS holds on it, because locks
    belong to the process: the core would then remove the journal that QGIS uses, and QGIS would read the old state from
    there on.
    """
    registry, file = QgsProviderRegistry.instance(), file_identity(library)
    for layer_id in list(QgsProject.instance().mapLayers()):
        layer = QgsProject.instance().mapLayer(layer_id)
        if layer is not None and home_of(layer) == library and layer.providerType() == SERVER_PROVIDER:
            _follow_login(layer, library)
            yield
        is_file = isinstance(layer, QgsVectorLayer) and layer.providerType() == "ogr"
        path = (registry.decodeUri("ogr", layer.source()).get("path") or "") if is_file else ""
        if path and is_same_place(path, library):
            is_of_file = layer.property(OPENED_FILE) == file
            layer.setProperty(OPENED_FILE, file)
            if not is_of_file or _returns_nothing(layer):
                layer.dataProvider().reloadData()
                layer.triggerRepaint()
            yield


def _follow_login(layer: QgsVectorLayer, library: str) -> None:
    """Let a layer that logs in by an entry of QGIS's store use the library's; it keeps its style and its place."""
    uri, entry = QgsDataSourceUri(layer.source()), entry_of(library)
    if uri.authConfigId() not in ("", entry):
        uri.setAuthConfigId(entry)
        _set_source(layer, uri.uri(False), SERVER_PROVIDER, layer.name())
        layer.triggerRepaint()


def _set_source(layer: QgsVectorLayer, source: str, provider: str, title: str) -> None:
    """Let a layer read another table, or by another login; it keeps its style, which is not read anew."""
    start_s = time.monotonic()
    layer.setDataSource(source, title, provider)
    if is_to_be_tried_again(layer, start_s):
        layer.setDataSource(source, title, provider)


def _returns_nothing(layer: QgsVectorLayer) -> bool:
    """Whether a layer that has features returns none."""
    first = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    return first is None and layer.featureCount() != 0
