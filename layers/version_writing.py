"""A version is written: its table, its index, its record, and the view that shows the one in force."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
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
from onemap.layers.versions import Digest, Version, digest_attributes, digest_geometries

_GEOMETRY_TYPES = {
    "polygon": "MULTIPOLYGON",
    "line": "MULTILINESTRING",
    "point": "MULTIPOINT",
    "raster": "MULTIPOLYGON",
}
_ROWS_AT_ONCE = 5000  # between two looks at whether someone has cancelled
_BLOCK = 20_000  # geometries that are held as blobs too
_TABLE_SHARE = 0.3  # of the time for writing; the rest goes into the spatial index


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


def define_layer(connection: sqlite3.Connection, entry: LayerEntry, who: str) -> None:
    """Put a layer that `--define` has made into the library's own catalogue, inside the open transaction."""
    title = json.dumps(entry.title, ensure_ascii=False)
    values = (entry.code, title, entry.department, entry.library, entry.kind, entry.geometry, entry.key)
    connection.execute("INSERT INTO onemap_catalogue VALUES (?,?,?,?,?,?,?)", values)
    log(connection, who, "define", entry.code, {"title": entry.title})


def _sql_type(values: pd.Series) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and kinds:
        return "INTEGER"
    if kinds <= {int, float} and kinds:
        return "REAL"
    return "BLOB" if kinds == {bytes} else "TEXT"


def _as_stored(attributes: pd.DataFrame) -> pd.DataFrame:
    """The values as SQLite will give them back, so that their hash can be taken again from the table."""
    convert: dict[str, Callable[[Any], Any]] = {"REAL": float, "TEXT": str}
    columns = {}
    for name in attributes.columns:
        change = convert.get(_sql_type(attributes[name]))
        values = attributes[name].tolist()
        columns[name] = values if change is None else [None if value is None else change(value) for value in values]
    return pd.DataFrame(columns, index=attributes.index, dtype=object)


def add_version(
    library: Library,
    connection: sqlite3.Connection,
    entry: LayerEntry,
    frame: CleanFrame,
    facts: VersionFacts,
    source_report: dict[str, Any],
    told: Callable[[float], None],
) -> Version:
    """Add a new version inside the open transaction; the layer's view then shows whichever is in force.

    source_report: what was found when the source was read, kept with the version. told: how much is written, 0 to 1;
    it may raise Cancelled. Raises OneMapError version.label if the label is used, and the library's refusals.
    """
    geometry_type = _GEOMETRY_TYPES[entry.geometry]
    geometries = frame.geometries
    attributes = _as_stored(frame.attributes)
    number = 1 + (
        connection.execute("SELECT max(number) FROM onemap_versions WHERE code = ?", (entry.code,)).fetchone()[0] or 0
    )
    label = _label(connection, entry.code, number, facts)
    table = f"{entry.code}__{number}"
    digest = hashlib.sha256()
    blobs = _blobs(geometries, "polygon" if entry.geometry == "raster" else entry.geometry, library.srs_id, digest)
    write_table(connection, table, attributes, blobs, geometry_type, lambda share: told(_TABLE_SHARE * share))
    digest_attributes(digest, attributes)
    version = Version(
        code=entry.code,
        number=number,
        table=table,
        label=label,
        valid_from=facts.valid_from.isoformat() if facts.valid_from else None,
        valid_to=facts.valid_to.isoformat() if facts.valid_to else None,
        recorded_at=now(),
        count=len(geometries),
        hash=digest.hexdigest(),
        coverage_kind=facts.coverage_kind,
        coverage_m2=float(shapely.area(facts.coverage)),
        accuracy_m=facts.accuracy_m,
    )
    title = f"{entry.title.get('zh', entry.code)} {label}"
    bounds = shapely.total_bounds(geometries)
    geopackage.register(connection, version.table, title, library.srs_id, geometry_type, bounds)
    geopackage.index_geometries(
        connection,
        version.table,
        range(1, len(geometries) + 1),
        shapely.bounds(geometries),
        lambda share: told(_TABLE_SHARE + (1 - _TABLE_SHARE) * share),
    )
    _record(connection, version, facts, source_report)
    _refresh_view(connection, entry, library.srs_id, geometry_type)
    detail = {"label": label, "hash": version.hash, "source": facts.source, "source_hash": facts.source_hash}
    log(connection, facts.who, "add", version.table, detail)
    return version


def _blobs(geometries: np.ndarray, geometry: str, srs_id: int, digest: Digest) -> Iterator[bytes | None]:
    """Geometries as the table keeps them, hashed on the way, block by block: a million are never held twice."""
    for start in range(0, len(geometries), _BLOCK):
        block = multi(geometries[start : start + _BLOCK], geometry)
        digest_geometries(digest, block)
        yield from geopackage.to_blobs(block, srs_id)


def _label(connection: sqlite3.Connection, code: str, number: int, facts: VersionFacts) -> str:
    """--label, else valid_from, else v1, v2 …, the first from this version's number on that is free.

    Raises OneMapError version.label if a given one, or the date, is used.
    """
    used = {row[0] for row in connection.execute("SELECT label FROM onemap_versions WHERE code = ?", (code,))}
    label = facts.label or (facts.valid_from.isoformat() if facts.valid_from else None)
    if label is None:
        while f"v{number}" in used:
            number += 1
        return f"v{number}"
    if label in used:
        raise OneMapError("version.label", layer=code, label=label, field="--label")
    return label


def write_table(
    connection: sqlite3.Connection,
    table: str,
    attributes: pd.DataFrame,
    blobs: Iterable[bytes | None],
    geometry_type: str,
    told: Callable[[float], None],
) -> None:
    """A new table of features, fid from 1; values as `_as_stored` leaves them. told: how much is written, 0 to 1."""
    names = list(attributes.columns)
    columns = "".join(f", {quoted(name)} {_sql_type(attributes[name])}" for name in names)
    connection.execute(
        f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY NOT NULL, geom {geometry_type}{columns})"
    )
    marks = ",".join("?" * (len(names) + 2))
    values = [attributes[name].tolist() for name in names]

    def rows() -> Iterator[tuple[Any, ...]]:
        for fid, row in enumerate(zip(blobs, *values, strict=True), start=1):
            if fid % _ROWS_AT_ONCE == 0:
                told(fid / len(attributes))
            yield (fid, *row)

    connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({marks})", rows())


def _record(
    connection: sqlite3.Connection, version: Version, facts: VersionFacts, source_report: dict[str, Any]
) -> None:
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
            json.dumps(source_report, ensure_ascii=False),
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
        of_table[table] = {name.lower() for name in names}
        known = {name.lower() for name in columns}
        columns.update(dict.fromkeys(name for name in names if name.lower() not in known))
    # "OGC_FID" is how GDAL knows a view's identifier.
    branches = [
        "SELECT fid AS OGC_FID, geom"
        + "".join(
            f", {quoted(name)}" if name.lower() in of_table[table] else f", NULL AS {quoted(name)}" for name in columns
        )
        + f" FROM {quoted(table)} WHERE {number} = (SELECT number FROM onemap_versions WHERE code = '{entry.code}'"
        " AND coalesce(valid_from, '') <= date('now', 'localtime')"
        " AND (valid_to IS NULL OR valid_to >= date('now', 'localtime'))"
        " ORDER BY coalesce(valid_from, '') DESC, number DESC LIMIT 1)"
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
