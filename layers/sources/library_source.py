"""A layer of a One Map library as a source: parcels that are kept there, or a version of another city's library.

Another SQLite, such as GDAL's, or merely closing the file, would drop the locks that this process holds on an open
library; so a library is never read as other GeoPackages are.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.errors import OneMapError
from onemap.layers.frames.frames import RawFrame
from onemap.layers.library.library import BUSY_WAIT_S, sha256
from onemap.layers.stores import geopackage
from onemap.layers.stores.file_store import open_file, sqlite_errors_as_refusals
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import GEOMETRY_COLUMN

_IDENTIFIERS = {"fid", "OGC_FID", GEOMETRY_COLUMN}


@contextlib.contextmanager
def _open_connection(path: Path) -> Iterator[sqlite3.Connection]:
    with open_file(path, BUSY_WAIT_S) as store, sqlite_errors_as_refusals(path):
        yield store.connection


def library_layers(path: Path) -> list[str]:
    """The names of a library's feature tables and views."""
    with _open_connection(path) as connection:
        sql = "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY rowid"
        return [row[0] for row in connection.execute(sql)]


def read_library_layer(path: Path, layer: str) -> RawFrame:
    """Read one table or view of a library, in the order of its rows.

    Raises OneMapError source.damaged, and the library's refusals.
    """
    with _open_connection(path) as connection:
        declared_crs = connection.execute(
            "SELECT s.organization, s.organization_coordsys_id FROM gpkg_geometry_columns g"
            " JOIN gpkg_spatial_ref_sys s USING (srs_id) WHERE g.table_name = ?",
            (layer,),
        ).fetchone()
        cursor = connection.execute(compose_sql("SELECT * FROM {layer}", layer=layer))
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    try:
        geometries = geopackage.from_blobs(columns[GEOMETRY_COLUMN])
    except (shapely.GEOSException, ValueError, LookupError, TypeError) as error:
        raise OneMapError("source.damaged", file=path.name, layer=layer, reason=str(error)[:200]) from error
    own = {name: columns[name] for name in names if name not in _IDENTIFIERS}
    return RawFrame(
        path=path,
        layer=layer,
        format="GPKG",
        shapes=geometries if rows else np.empty(0, dtype=object),
        attributes=pd.DataFrame(own, index=range(len(rows)), dtype=object),
        crs=parse_crs(f"{declared_crs[0]}:{declared_crs[1]}", file=path.name) if declared_crs else None,
        encoding="utf-8",
        source_hash=sha256(repr(rows)),
    )
