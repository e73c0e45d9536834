"""Versions of layers: chosen by date, read back as they were added."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np
import pandas as pd
import shapely

from onemap.layers import geopackage
from onemap.layers.errors import OneMapError
from onemap.layers.geopackage import quoted
from onemap.layers.library import Library

_ROWS_AT_ONCE = 20_000  # as WKB, beside the geometries


@dataclass(frozen=True)
class Version:
    """One immutable state of a layer, as the library records it. Dates are ISO text; None is open."""

    code: str
    number: int
    table: str
    label: str
    valid_from: str | None
    valid_to: str | None
    recorded_at: str
    count: int
    hash: str
    coverage_kind: str
    coverage_m2: float
    accuracy_m: float | None


_COLUMNS = (
    "code, number, table_name, label, valid_from, valid_to, recorded_at, count, hash, coverage_kind, coverage_m2,"
    " accuracy_m"
)


def versions(library: Library, known_at: datetime | None = None) -> list[Version]:
    """All versions that were recorded until `known_at`, in the order in which they were added."""
    # The clock may be set back between two versions; their numbers are not.
    rows = library.connection.execute(f"SELECT {_COLUMNS} FROM onemap_versions ORDER BY rowid")
    found = [Version(*row) for row in rows]
    if known_at is None:
        return found
    return [version for version in found if datetime.fromisoformat(version.recorded_at) <= known_at]


class Digest(Protocol):
    """A hash that is being taken."""

    def update(self, content: bytes, /) -> None:
        """Take in more."""


def content_hash(geometries: np.ndarray, attributes: pd.DataFrame) -> str:
    """SHA-256 of a version's rows as they are stored: geometries as WKB, then each field's name and values."""
    digest = hashlib.sha256()
    for start in range(0, len(geometries), _ROWS_AT_ONCE):
        digest_geometries(digest, geometries[start : start + _ROWS_AT_ONCE])
    digest_attributes(digest, attributes)
    return digest.hexdigest()


def digest_geometries(digest: Digest, geometries: np.ndarray) -> None:
    """Take the next geometries (n,) of a version into its hash."""
    for body in shapely.to_wkb(geometries, byte_order=1):
        digest.update(body)


def digest_attributes(digest: Digest, attributes: pd.DataFrame) -> None:
    """Take the fields of a version into its hash, after all its geometries."""
    for name in attributes.columns:
        values = attributes[name].tolist()
        digest.update(json.dumps([name, values], ensure_ascii=False, default=str).encode())


def in_force(candidates: Sequence[Version], as_of: date) -> Version | None:
    """Of one layer's versions the one in force: the latest valid_from, of equals the last added."""
    day = as_of.isoformat()
    best: Version | None = None
    for version in candidates:
        holds = (version.valid_from or "") <= day and (version.valid_to is None or day <= version.valid_to)
        if holds and (best is None or (version.valid_from or "") >= (best.valid_from or "")):
            best = version
    return best


@dataclass(frozen=True)
class StoredFeatures:
    """Features of one version near some ground: fids and geometries (n,), and its fields as columns."""

    fids: np.ndarray
    geometries: np.ndarray
    attributes: pd.DataFrame


def field_names(library: Library, version: Version) -> list[str]:
    """The fields of a version's table, without fid and geometry."""
    rows = library.connection.execute(f"PRAGMA table_info({quoted(version.table)})").fetchall()
    return [row[1] for row in rows if row[1] not in ("fid", geopackage.GEOMETRY_COLUMN)]


def read_version(library: Library, version: Version, bounds: Sequence[float] | None) -> StoredFeatures:
    """The features of a version whose boxes meet `bounds` (west, south, east, north), or all, by fid.

    Raises OneMapError version.unreadable if the table is damaged or gone.
    """
    names = field_names(library, version)
    columns = "".join(f", f.{quoted(name)}" for name in names)
    sql = f"SELECT f.fid, f.geom{columns} FROM {quoted(version.table)} f"
    parameters: tuple[float, ...] = ()
    if bounds is not None:
        sql += f" WHERE f.fid IN (SELECT id FROM {quoted(f'rtree_{version.table}_geom')} WHERE maxx >= ? AND minx <= ?"
        sql += " AND maxy >= ? AND miny <= ?)"
        parameters = (bounds[0], bounds[2], bounds[1], bounds[3])
    try:
        # An index that lost entries would hide features, and hidden is not clear.
        indexed = f"SELECT count(*) FROM {quoted(f'rtree_{version.table}_geom_rowid')}"
        if library.connection.execute(indexed).fetchone()[0] != version.count:
            raise ValueError("the spatial index does not hold every feature")
        rows = library.connection.execute(sql + " ORDER BY f.fid", parameters).fetchall()
        geometries = geopackage.from_blobs(row[1] for row in rows)
    except (sqlite3.Error, shapely.GEOSException, ValueError, IndexError, TypeError) as error:
        raise OneMapError("version.unreadable", file=library.path.name, layer=version.table) from error
    values = list(zip(*rows, strict=True)) if rows else [()] * (len(names) + 2)
    return StoredFeatures(
        fids=np.array(values[0], dtype=np.int64),
        geometries=geometries if len(rows) else np.empty(0, dtype=object),
        attributes=pd.DataFrame(
            {name: pd.Series(list(column), dtype=object) for name, column in zip(names, values[2:], strict=True)},
            index=range(len(rows)),
        ),
    )


def coverage_of(library: Library, version: Version) -> shapely.Geometry:
    """The ground for which a version speaks, in the library's CRS.

    Raises OneMapError version.unreadable.
    """
    row = library.connection.execute(
        "SELECT coverage FROM onemap_versions WHERE table_name = ?", (version.table,)
    ).fetchone()
    try:
        return shapely.from_wkb(row[0])
    except (shapely.GEOSException, TypeError) as error:
        raise OneMapError("version.unreadable", file=library.path.name, layer=version.table) from error
