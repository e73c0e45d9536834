"""Some features of a version that lies in a file, by their fids, or by boxes that lie far from each other."""

import sqlite3
from collections.abc import Sequence

import numpy as np
import shapely

from onemap.layers.library.library import Library
from onemap.layers.library.versions import COUNTED, StoredFeatures, Version, as_stored
from onemap.layers.stores import geopackage
from onemap.layers.stores.index_entries import check_index, corners, near
from onemap.layers.stores.sql_text import columns_of, compose_sql, question_marks
from onemap.layers.stores.store import GEOMETRY_COLUMN, DamagedTable, FeatureRows

_ASKED_AT_ONCE = 500  # fids in one statement


def features_near(library: Library, version: Version, boxes: np.ndarray) -> StoredFeatures:
    """Return the features of a version whose boxes meet any of the given boxes (k, 4), by fid. Raises DamagedTable."""
    counted_tables: set[str] = library.kept.setdefault(COUNTED, set())
    sql = compose_sql("SELECT id {near}", near=near(version.table))
    fids: set[int] = set()
    try:
        if version.table not in counted_tables:
            check_index(library.connection, version.table, version.count)
        for box in boxes.tolist():
            fids.update(row[0] for row in library.connection.execute(sql, corners(box)))
    except sqlite3.Error as error:
        raise DamagedTable(str(error)) from error
    features = features_of(library, version, np.array(sorted(fids), dtype=np.int64))
    counted_tables.add(version.table)
    return features


def features_of(library: Library, version: Version, fids: np.ndarray) -> StoredFeatures:
    """Return the features of a version with the given fids (k,), ascending; each must exist. Raises DamagedTable."""
    fields = list(library.connection.field_types(version.table))
    rows: list[Sequence[object]] = []
    try:
        for start in range(0, len(fids), _ASKED_AT_ONCE):
            some = fids[start : start + _ASKED_AT_ONCE].tolist()
            sql = compose_sql(
                "SELECT {columns} FROM {table} WHERE fid IN ({marks}) ORDER BY fid",
                columns=columns_of(version.table, ("fid", GEOMETRY_COLUMN, *fields)),
                table=version.table,
                marks=question_marks(len(some)),
            )
            rows += library.connection.execute(sql, some).fetchall()
        geometries = geopackage.from_blobs(row[1] for row in rows)  # type: ignore[misc]  # a blob, or damaged
    except (sqlite3.Error, shapely.GEOSException, ValueError, IndexError, TypeError) as error:
        raise DamagedTable(str(error)) from error
    if [row[0] for row in rows] != fids.tolist():
        raise DamagedTable("features are gone")
    values = list(zip(*rows, strict=True))[2:] if rows else [()] * len(fields)
    return as_stored(FeatureRows(fids, geometries, dict(zip(fields, values, strict=True))), np.arange(len(fids)))
