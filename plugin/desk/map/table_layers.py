"""One table of a library as a read-only QGIS layer: from its file, or from its server."""

from __future__ import annotations

import time

from qgis.core import QgsVectorLayer

from onemap.plugin.connection.server_location import data_source, is_server
from onemap.plugin.connection.server_logins import entry_of

GEOMETRY, KEY = "geom", "fid"
SERVER_PROVIDER = "postgres"
QUICK_S = 1.0


def table_layer(
    location: str, table: str, title: str, geometry: str = GEOMETRY, is_listed: bool = True
) -> QgsVectorLayer:
    """A table of a library; the layer is not valid if the table cannot be read.

    geometry: the geometry column on a server, as the core names it; empty for none. A file declares its own.
    is_listed: whether the file declares the table; GDAL hides undeclared ones as soon as a table has no geometry.
    """
    options = QgsVectorLayer.LayerOptions()
    options.forceReadOnly, options.loadDefaultStyle = True, False  # the core writes the look
    source, provider = table_source(location, table, geometry, is_listed)
    start_s = time.monotonic()
    layer = QgsVectorLayer(source, title, provider, options)
    return QgsVectorLayer(source, title, provider, options) if is_to_be_tried_again(layer, start_s) else layer


def is_to_be_tried_again(layer: QgsVectorLayer, start_s: float) -> bool:
    """Whether a layer of a server failed at once: QGIS makes a connection that the server has closed anew after that.

    start_s: by the monotonic clock, when it was opened; a server that answers nobody is not waited for twice.
    """
    is_quick = time.monotonic() - start_s < QUICK_S
    return is_quick and layer.providerType() == SERVER_PROVIDER and not layer.isValid()


def table_source(location: str, table: str, geometry: str = GEOMETRY, is_listed: bool = True) -> tuple[str, str]:
    """The data source of a table of a library, and the provider that reads it; arguments as in `table_layer`."""
    if is_server(location):
        return data_source(location, entry_of(location), table, geometry, KEY), SERVER_PROVIDER
    unlisted = "" if is_listed else "|option:LIST_ALL_TABLES=YES"
    return f"{location}|layername={table}{unlisted}", "ogr"
