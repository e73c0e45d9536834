"""Versions of layers: added whole or not at all, chosen by date, read back as they were."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers import geopackage
from onemap.layers.catalogue import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames import CleanFrame
from onemap.layers.geopackage import quoted
from onemap.layers.library import Library, log, now
from onemap.layers.parts import multi

_GEOMETRY_TYPES = {"polygon": "MULTIPOLYGON", "line": "MULTILINESTRING", "point": "MULTIPOINT"}


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


@dataclass(frozen=True)
class VersionFacts:
    """What is said of a version when it is added."""

    label: str | None
    valid_from: date | None
    valid_to: date | None
    coverage: shapely.Geometry
    coverage_kind: str
    source: str
    source_hash: str
    accuracy_m: float | None
    who: str


_COLUMNS = (
    "code, number, table_name, label, valid_from, valid_to, recorded_at, count, hash, coverage_kind, coverage_m2,"
    " accuracy_m"
)


def versions(library: Library, known_at: datetime | None = None) -> list[Version]:
    """All versions that were recorded until `known_at`, in the order in which they were added."""
    rows = library.connection.execute(f"SELECT {_COLUMNS} FROM onemap_versions ORDER BY recorded_at, rowid")
    found = [Version(*row) for row in rows]
    if known_at is None:
        return found
    return [version for version in found if datetime.fromisoformat(version.recorded_at) <= known_at]


def in_force(candidates: Sequence[Version], as_of: date) -> Version | None:
    """Of one layer's versions the one in force: the latest valid_from, of equals the last added."""
    day = as_of.isoformat()
    best: Version | None = None
    for version in candidates:
        holds = (version.valid_from or "") <= day and (version.valid_to is None or day <= version.valid_to)
        if holds and (best is None or (version.valid_from or "") >= (best.valid_from or "")):
            best = version
    return best


def _content_hash(frame: CleanFrame) -> str:
    """SHA-256 of a version's rows: geometries as WKB, then each field's name and values."""
    digest = hashlib.sha256()
    for body in shapely.to_wkb(frame.geometries, byte_order=1):
        digest.update(body)
    for name in frame.attributes.columns:
        values = frame.attributes[name].tolist()
        digest.update(json.dumps([name, values], ensure_ascii=False, default=str).encode())
    return digest.hexdigest()


def _sql_type(values: pd.Series) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and kinds:
        return "INTEGER"
    if kinds <= {int, float} and kinds:
        return "REAL"
    return "BLOB" if kinds == {bytes} else "TEXT"


def add_version(
    library: Library,
    connection: sqlite3.Connection,
    entry: LayerEntry,
    frame: CleanFrame,
    facts: VersionFacts,
    report: Any,
) -> Version:
    """Add a new version inside the open transaction; the layer's view then shows whichever is in force.

    Raises OneMapError version.label if the label is used, and the library's refusals.
    """
    geometry_type = _GEOMETRY_TYPES[entry.geometry]
    geometries = multi(frame.geometries, entry.geometry)
    content_hash = _content_hash(frame)
    blobs = geopackage.to_blobs(geometries, library.srs_id)
    number = 1 + (
        connection.execute("SELECT max(number) FROM onemap_versions WHERE code = ?", (entry.code,)).fetchone()[0] or 0
    )
    label = facts.label or (facts.valid_from.isoformat() if facts.valid_from else f"v{number}")
    used = connection.execute(
        "SELECT 1 FROM onemap_versions WHERE code = ? AND label = ?", (entry.code, label)
    ).fetchone()
    if used:
        raise OneMapError("version.label", layer=entry.code, label=label, file=library.path.name)
    version = Version(
        code=entry.code,
        number=number,
        table=f"{entry.code}__{number}",
        label=label,
        valid_from=facts.valid_from.isoformat() if facts.valid_from else None,
        valid_to=facts.valid_to.isoformat() if facts.valid_to else None,
        recorded_at=now(),
        count=len(geometries),
        hash=content_hash,
        coverage_kind=facts.coverage_kind,
        coverage_m2=float(shapely.area(facts.coverage)),
        accuracy_m=facts.accuracy_m,
    )
    _write_table(connection, version.table, frame.attributes, blobs, geometry_type)
    title = f"{entry.title.get('zh', entry.code)} {label}"
    bounds = shapely.total_bounds(geometries)
    geopackage.register(connection, version.table, title, library.srs_id, geometry_type, bounds)
    fids = range(1, len(geometries) + 1)
    geopackage.index_geometries(connection, version.table, list(fids), shapely.bounds(geometries))
    _record(connection, version, facts, report)
    _refresh_view(connection, entry, library.srs_id, geometry_type)
    detail = {"label": label, "hash": content_hash, "source": facts.source, "source_hash": facts.source_hash}
    log(connection, facts.who, "add", version.table, detail)
    return version


def _write_table(
    connection: sqlite3.Connection,
    table: str,
    attributes: pd.DataFrame,
    blobs: list[bytes | None],
    geometry_type: str,
) -> None:
    names = list(attributes.columns)
    columns = "".join(f", {quoted(name)} {_sql_type(attributes[name])}" for name in names)
    connection.execute(
        f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY NOT NULL, geom {geometry_type}{columns})"
    )
    marks = ",".join("?" * (len(names) + 2))
    values = [attributes[name].tolist() for name in names]
    connection.executemany(
        f"INSERT INTO {quoted(table)} VALUES ({marks})",
        zip(range(1, len(blobs) + 1), blobs, *values, strict=True),
    )


def _record(connection: sqlite3.Connection, version: Version, facts: VersionFacts, report: Any) -> None:
    connection.execute(
        "INSERT INTO onemap_versions (code, number, table_name, label, valid_from, valid_to, recorded_at, recorded_by,"
        " count, hash, source, source_hash, coverage_kind, coverage_m2, coverage, accuracy_m, report)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            version.code,
            version.number,
            version.table,
            version.label,
            version.valid_from,
            version.valid_to,
            version.recorded_at,
            facts.who,
            version.count,
            version.hash,
            facts.source,
            facts.source_hash,
            version.coverage_kind,
            version.coverage_m2,
            shapely.to_wkb(facts.coverage),
            version.accuracy_m,
            json.dumps(report, ensure_ascii=False),
        ),
    )


def _refresh_view(connection: sqlite3.Connection, entry: LayerEntry, srs_id: int, geometry_type: str) -> None:
    """The view CODE: rows of the version in force on the day on which it is read, with every version's fields."""
    tables = [
        (row[0], row[1])
        for row in connection.execute(
            "SELECT number, table_name FROM onemap_versions WHERE code = ? ORDER BY number", (entry.code,)
        )
    ]
    columns: dict[str, None] = {}
    of_table: dict[str, set[str]] = {}
    for _, table in tables:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({quoted(table)})")][2:]
        of_table[table] = set(names)
        known = {name.lower() for name in columns}
        columns.update(dict.fromkeys(name for name in names if name.lower() not in known))
    # "OGC_FID" is how GDAL knows a view's identifier.
    branches = [
        "SELECT fid AS OGC_FID, geom"
        + "".join(f", {quoted(name)}" if name in of_table[table] else f", NULL AS {quoted(name)}" for name in columns)
        + f" FROM {quoted(table)} WHERE {number} = (SELECT number FROM onemap_versions WHERE code = '{entry.code}'"
        " AND coalesce(valid_from, '') <= date('now', 'localtime')"
        " AND (valid_to IS NULL OR valid_to >= date('now', 'localtime'))"
        " ORDER BY coalesce(valid_from, '') DESC, recorded_at DESC LIMIT 1)"
        for number, table in tables
    ]
    connection.execute(f"DROP VIEW IF EXISTS {quoted(entry.code)}")
    connection.execute(f"CREATE VIEW {quoted(entry.code)} AS " + " UNION ALL ".join(branches))
    extent = connection.execute(
        "SELECT min(min_x), min(min_y), max(max_x), max(max_y) FROM gpkg_contents WHERE table_name IN"
        " (SELECT table_name FROM onemap_versions WHERE code = ?)",
        (entry.code,),
    ).fetchone()
    bounds = None if None in extent else extent
    geopackage.register(connection, entry.code, entry.title.get("zh", entry.code), srs_id, geometry_type, bounds)


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
