"""One table of a library as a read-only QGIS layer: from its file, or from its server."""

from __future__ import annotations

from qgis.core import QgsVectorLayer

from onemap.plugin.connection.server_location import data_source, is_server
from onemap.plugin.connection.server_logins import entry_of

GEOMETRY, KEY = "geom", "fid"


def table_layer(
    location: str, table: str, title: str, geometry: str = GEOMETRY, is_listed: bool = True
) -> QgsVectorLayer:
    """A table of a library; the layer is not valid where the table cannot be read.

    geometry: the geometry column on a server, as the core names it; empty for none. A file declares its own.
    is_listed: whether the file declares the table; of others GDAL shows none once there is a table without geometry.
    """
    options = QgsVectorLayer.LayerOptions()
    options.forceReadOnly = True
    if is_server(location):
        source = data_source(location, entry_of(location), table, geometry, KEY)
        return QgsVectorLayer(source, title, "postgres", options)
    unlisted = "" if is_listed else "|option:LIST_ALL_TABLES=YES"
    return QgsVectorLayer(f"{location}|layername={table}{unlisted}", title, "ogr", options)
