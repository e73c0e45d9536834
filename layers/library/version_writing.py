"""Write a version: its table, its index, its record, and the view that shows the version in force."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.in_threads import in_order, one_thread_more
from onemap.layers.library.library import TABLES, catalogue_row, log
from onemap.layers.library.log_reading import LoggedFeatures
from onemap.layers.library.value_texts import Column
from onemap.layers.library.versions import (
    Digest,
    Version,
    digest_bodies,
    digest_field,
    row_hashes,
    versions_to_hold,
)
from onemap.layers.progress import Progress
from onemap.layers.stores.logged_rows import insert_logged, note_stored, note_structure
from onemap.layers.stores.store import NO_GEOMETRY, StoreConnection, TableDefinition

GEOMETRY_TYPES = {
    "polygon": "MULTIPOLYGON",
    "line": "MULTILINESTRING",
    "point": "MULTIPOINT",
    "raster": "MULTIPOLYGON",
    "table": NO_GEOMETRY,
}
_COLUMNS = {"TEXT": pa.large_string(), "INTEGER": pa.int64(), "REAL": pa.float64()}
# As what a column of Arrow is stored in a field of a type, by that type and its own; the others value by value.
_STORED = {
    ("TEXT", pa.string()): _COLUMNS["TEXT"],
    ("INTEGER", pa.int64()): _COLUMNS["INTEGER"],
    ("REAL", pa.int64()): _COLUMNS["REAL"],
    ("REAL", pa.float64()): _COLUMNS["REAL"],
}
_BLOCK = 5000  # geometries that are held in the store's form too; between two, someone may cancel
_ROWS_SHARE = 0.8  # of the time for writing; the rest is the index


@dataclass(frozen=True)
class VersionFacts:
    """The facts that are given with a version when it is added.

    is_ground_given: somebody has said for which ground it speaks; sure: the ways in which its source did not look like
    the layer, confirmed by somebody; proof: facts for the log about the delivery it came with: template, score, grade,
    and the hash of the report.
    """

    label: str | None
    valid_from: date | None
    valid_to: date | None
    coverage: shapely.Geometry
    coverage_kind: str
    source: str
    source_hash: str
    accuracy_m: float | None
    who: str
    is_ground_given: bool = True
    sure: tuple[str, ...] = ()
    proof: Mapping[str, Any] | None = None

    @property
    def given_label(self) -> str | None:
        """The label that was given, else the first day; None without either."""
        return self.label or (self.valid_from.isoformat() if self.valid_from else None)


def _define_layer(connection: StoreConnection, entry: LayerEntry) -> bool:
    """Put a layer from `--define` into the library's own catalogue; return False if someone else just added it.

    Raises OneMapError layer.defined if someone has defined it differently.
    """
    values = catalogue_row(entry)
    sql = "SELECT code, title, department, library, kind, geometry, key FROM onemap_catalogue WHERE code = ?"
    there = connection.execute(sql, (entry.code,)).fetchone()
    if there == values:
        return False  # someone who adds the same layer was quicker
    if there is not None:
        raise OneMapError("layer.defined", layer=entry.code, field="--define")
    insert_logged(connection, TABLES["onemap_catalogue"], [values])
    return True


def sql_types(attributes: pd.DataFrame) -> dict[str, str]:
    """Return the type of each field in a library's table: INTEGER, REAL, TEXT or BLOB."""
    return {name: _sql_type(set(map(type, attributes[name]))) for name in attributes.columns}


def _sql_type(kinds: set[type]) -> str:
    """Return the SQL type that holds values of all these types."""
    kinds = kinds - {type(None)}
    if kinds <= {int} and kinds:
        return "INTEGER"
    if kinds <= {int, float} and kinds:
        return "REAL"
    return "BLOB" if kinds == {bytes} else "TEXT"


def as_stored(attributes: pd.DataFrame, types: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the values as a library gives them back, so that the table yields the same hash.

    types: the types of the table's fields, if the table exists already.
    """
    types = sql_types(attributes) if types is None else types
    columns = {name: _stored_values(attributes[name].tolist(), kind) for name, kind in types.items()}
    return pd.DataFrame(columns, index=attributes.index, dtype=object)


def _stored_values(values: list[Any], kind: str) -> list[Any]:
    """Return the values of a field of this type as a library gives them back."""
    changes: dict[str, Callable[[Any], Any]] = {"REAL": _stored_number, "TEXT": str}
    change = changes.get(kind)
    return values if change is None else [None if value is None else change(value) for value in values]


def _stored_number(value: Any) -> float:
    """Return a float as SQLite gives it back: it keeps whole numbers as integers, so zero has no sign."""
    return float(value) + 0.0


def add_version(
    connection: StoreConnection,
    entry: LayerEntry,
    frame: CleanFrame | FrameBlocks,
    facts: VersionFacts,
    source_report: Mapping[str, Any],
    progress: Progress,
    all_versions: Sequence[Version],
    is_new: bool = False,
) -> Version:
    """Add a new version inside the open transaction, and update the layer's view.

    source_report: what was found when the source was read, kept with the version; all_versions: the versions that the
    library has; is_new: the layer has just been defined. Log entries are written last, since from then on a server lets
    no others write. Raises OneMapError version.label if the label is used, field.too_many, layer.defined, library.….
    """
    is_new = is_new and _define_layer(connection, entry)
    features = frame if isinstance(frame, FrameBlocks) else FrameBlocks.of(frame)
    number, label, table = _next_table(connection, entry, features, facts)
    hashes = _write_table(connection, table, features, entry, progress)
    version = Version(
        code=entry.code,
        number=number,
        table=table.name,
        label=label,
        valid_from=facts.valid_from.isoformat() if facts.valid_from else None,
        valid_to=facts.valid_to.isoformat() if facts.valid_to else None,
        recorded_at=connection.moment(),
        count=features.count,
        hash=hashes.hash,
        coverage_kind=facts.coverage_kind,
        coverage_m2=float(shapely.area(facts.coverage)),
        accuracy_m=facts.accuracy_m,
    )
    connection.show_features(table, features.bounds().tolist())
    _record(connection, version, facts, source_report)
    connection.execute("INSERT INTO onemap_row_hashes VALUES (?,?)", (table.name, hashes.of_rows.tobytes()))
    show_layer(connection, entry, [*all_versions, version], date.fromisoformat(version.recorded_at[:10]))
    _log_version(connection, entry, version, facts, is_new, hashes.of_index)
    return version


def show_layer(connection: StoreConnection, entry: LayerEntry, all_versions: Iterable[Version], today: date) -> None:
    """Make the layer's view anew, which shows the version in force. all_versions: versions, perhaps of other layers
    too.

    A file's view joins at most 500 tables, so it joins only those that may be in force from the day before today on:
    clocks of other machines read it.
    """
    of_layer = sorted((one for one in all_versions if one.code == entry.code), key=lambda version: version.number)
    holding = [one.number for one in versions_to_hold(of_layer, today - timedelta(days=1)) or of_layer[-1:]]
    tables = [(version.number, version.table) for version in of_layer]
    retired = [version.number for version in of_layer if version.retired is not None]
    title, geometry_type = entry.title_in("zh"), GEOMETRY_TYPES[entry.geometry]
    connection.show_in_force(entry.code, title, geometry_type, tables, holding, retired)


@dataclass(frozen=True)
class _WrittenTable:
    """A new table: the hash of its content, the checksum of each row (n,), the hashes of its index's tables."""

    hash: str
    of_rows: np.ndarray
    of_index: Mapping[str, str]


def _write_table(
    connection: StoreConnection, table: TableDefinition, features: FrameBlocks, entry: LayerEntry, progress: Progress
) -> _WrittenTable:
    """Make a table and its index, and hash their content in another thread."""
    geometry = "polygon" if entry.geometry == "raster" else entry.geometry
    digest = hashlib.sha256()
    index = None if geometry == "table" else connection.packed_index(features.boxes)
    with one_thread_more() as thread:
        packing = thread.submit(index.make_ready, hashed=True) if index is not None else None
        of_rows = _write_features(connection, table, features, geometry, digest, progress.part(0.0, _ROWS_SHARE))
        digested = thread.submit(_digest_fields, digest, table, features)
        if packing is not None:
            packing.result()
        of_index = connection.index_features(table, features.boxes, progress.part(_ROWS_SHARE, 1.0), index)
        digested.result()
    return _WrittenTable(digest.hexdigest(), of_rows, of_index)


def _next_table(
    connection: StoreConnection, entry: LayerEntry, features: FrameBlocks, facts: VersionFacts
) -> tuple[int, str, TableDefinition]:
    """Return the number, the label and the definition of the table for a layer's next version; nothing is made yet.

    Raises OneMapError field.too_many, version.label.
    """
    if len(features.columns) > connection.most_fields:
        counts = {"count": len(features.columns), "most": connection.most_fields}
        raise OneMapError("field.too_many", file=facts.source, layer=entry.code, **counts)
    types = field_types(features)
    sql = "SELECT max(number) FROM onemap_versions WHERE code = ?"
    number = 1 + (connection.execute(sql, (entry.code,)).fetchone()[0] or 0)
    label = _label(connection, entry.code, number, facts)
    title = f"{entry.title_in('zh')} {label}"
    return number, label, TableDefinition(f"{entry.code}__{number}", title, GEOMETRY_TYPES[entry.geometry], types)


def field_types(features: FrameBlocks) -> dict[str, str]:
    """Return the type of each field in the table that features would get."""
    return {name: _sql_type(features.types(name)) for name in features.columns}


def _digest_fields(digest: Digest, table: TableDefinition, features: FrameBlocks) -> None:
    """Hash the values of every field of a table, field by field."""
    for name, kind in table.fields.items():
        digest_field(digest, name, (stored_column(features, name, kind, block) for block in features.blocks()))


def stored_column(features: FrameBlocks, name: str, kind: str, places: np.ndarray) -> Column:
    """Return the values of some features as a library gives them back."""
    column = features.column(name, places)
    if column is None:
        return _stored_values(features.values(name, places), kind)
    stored_type = _COLUMNS["TEXT"] if column.null_count == len(column) else _STORED.get((kind, column.type))
    if stored_type is None:
        return _stored_values(column.to_pylist(), kind)
    column = column.cast(stored_type, safe=False)  # of a whole number the nearest with a point, as Python has it
    return pc.add(column, 0.0) if pa.types.is_floating(column.type) else column  # see `_stored_number`


def _log_version(
    connection: StoreConnection,
    entry: LayerEntry,
    version: Version,
    facts: VersionFacts,
    is_new: bool,
    of_index: Mapping[str, str],
) -> None:
    """Log the layer, if it is new, and the version. of_index: the known hashes of its index's tables."""
    if is_new:
        log(connection, facts.who, "define", entry.code, {"title": entry.title})
    note_stored(connection, TABLES["onemap_versions"], table_name=version.table)
    note_stored(connection, TABLES["onemap_row_hashes"], table_name=version.table)
    note_structure(connection, [version.table, entry.code], of_index)
    detail: dict[str, Any] = {"label": version.label, "source": facts.source, "source_hash": facts.source_hash}
    detail |= {"sure": list(facts.sure)} if facts.sure else {}
    detail |= {"proof": dict(facts.proof)} if facts.proof else {}
    content = LoggedFeatures(version.table, 1, version.count, version.hash, entry.geometry == "raster")
    log(connection, facts.who, "add", version.table, {**detail, **content.detail()})


def _write_features(
    connection: StoreConnection,
    table: TableDefinition,
    features: FrameBlocks,
    geometry: str,
    digest: Digest,
    progress: Progress,
) -> np.ndarray:
    """Fill a new table of features block by block, hash the geometries, and return the checksum of each row (n,)."""
    connection.make_features(table)
    hashes = np.zeros(features.count, dtype="<u4")
    hashed = partial(_hashed_block, table, features, geometry, digest)
    # One thread hashes the next block, in their order, while SQLite writes this one.
    with contextlib.closing(in_order(hashed, features.blocks(), workers=1)) as hashed_blocks:
        for places, shapes, columns, of_rows in hashed_blocks:
            hashes[places] = of_rows
            for rows in blocks(len(places), _BLOCK):
                first = int(places[rows.start])
                progress.at(first / features.count)
                values = [column[rows] for column in columns]
                connection.add_features(table, [shapes.part(rows)], values, first + 1)
    return hashes


def _hashed_block(
    table: TableDefinition, features: FrameBlocks, geometry: str, digest: Digest, places: np.ndarray
) -> tuple[np.ndarray, Bodies, list[list[Any]], np.ndarray]:
    """Hash some features and return them as a table has them: places, geometries, values, and checksums of rows."""
    shapes = features.bodies(places)
    if geometry != "table":
        shapes = shapes.multi(geometry)
    columns = [stored_column(features, name, kind, places) for name, kind in table.fields.items()]
    of_rows = row_hashes(digest_bodies(digest, shapes.column), columns)
    values = [column.to_pylist() if isinstance(column, pa.Array) else list(column) for column in columns]
    return places, shapes, values, of_rows


def _label(connection: StoreConnection, code: str, number: int, facts: VersionFacts) -> str:
    """Return --label, else valid_from, else the first free one of v1, v2 …, from this version's number on.

    Raises OneMapError version.label if a given label, or the date, is used.
    """
    used_labels = {row[0] for row in connection.execute("SELECT label FROM onemap_versions WHERE code = ?", (code,))}
    label = facts.given_label
    if label is None:
        while f"v{number}" in used_labels:
            number += 1
        return f"v{number}"
    refuse_used_label(connection, code, label)
    return label


def refuse_used_label(connection: StoreConnection, code: str, label: str, file: str | None = None) -> None:
    """Refuse a label that a layer already has. Raises OneMapError version.label."""
    sql = "SELECT 1 FROM onemap_versions WHERE code = ? AND label = ?"
    if connection.execute(sql, (code, label)).fetchone() is not None:
        raise OneMapError("version.label", file=file, layer=code, label=label, field="--label")


def free_label(connection: StoreConnection, code: str, wanted_label: str) -> str:
    """Return the wanted label, with a number appended if the layer already has it."""
    used_labels = {row[0] for row in connection.execute("SELECT label FROM onemap_versions WHERE code = ?", (code,))}
    label, more = wanted_label, 1
    while label in used_labels:
        more += 1
        label = f"{wanted_label}-{more}"
    return label


def _record(
    connection: StoreConnection, version: Version, facts: VersionFacts, source_report: Mapping[str, Any]
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
