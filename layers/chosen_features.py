"""Some features of a version that lies in a file, by their fids."""

import sqlite3
from collections.abc import Sequence

import numpy as np
import shapely

from onemap.layers import geopackage
from onemap.layers.library import Library
from onemap.layers.stores.store import DamagedTable, FeatureRows, quoted
from onemap.layers.versions import StoredFeatures, Version, as_stored

_ASKED_AT_ONCE = 500  # fids in one statement


def features_of(library: Library, version: Version, fids: np.ndarray) -> StoredFeatures:
    """The features of a version with these fids (k,), ascending, each of which must be there. Raises DamagedTable."""
    fields = list(library.connection.field_types(version.table))
    columns = "".join(f", {quoted(name)}" for name in fields)
    sql = f"SELECT fid, geom{columns} FROM {quoted(version.table)} WHERE fid IN ({{}}) ORDER BY fid"  # noqa: S608 - quoted
    rows: list[Sequence[object]] = []
    try:
        for start in range(0, len(fids), _ASKED_AT_ONCE):
            some = fids[start : start + _ASKED_AT_ONCE].tolist()
            rows += library.connection.execute(sql.format(",".join("?" * len(some))), some).fetchall()
        geometries = geopackage.from_blobs(row[1] for row in rows)  # type: ignore[misc]  # a blob, or damaged
    except (sqlite3.Error, shapely.GEOSException, ValueError, IndexError, TypeError) as error:
        raise DamagedTable(str(error)) from error
    if [row[0] for row in rows] != fids.tolist():
        raise DamagedTable("features are gone")
    values = list(zip(*rows, strict=True))[2:] if rows else [()] * len(fields)
    return as_stored(FeatureRows(fids, geometries, dict(zip(fields, values, strict=True))), np.arange(len(fids)))
