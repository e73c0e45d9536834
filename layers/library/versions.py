"""Versions of layers: chosen by date, read back as they were added."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.boxes import meet_box
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import AnyShapes, all_of, some_of
from onemap.layers.library.library import Library
from onemap.layers.library.value_texts import Column, json_values, row_texts
from onemap.layers.progress import SILENT, Progress
from onemap.layers.records import Record
from onemap.layers.stores.arrow_values import data_of
from onemap.layers.stores.store import AS_STORED, DamagedTable, FeatureRows
from onemap.layers.value_groups import groups_of

COUNTED = "counted"  # among what is kept of an open library: the tables whose features and index were whole already
_ROWS_AT_ONCE = 20_000  # as WKB, beside the geometries


@dataclass(frozen=True)
class Retirement:
    """By whom, when and why a version was taken out of force. at: ISO moment."""

    at: str
    who: str
    reason: str


@dataclass(frozen=True)
class Version:
    """One immutable state of a layer, as the library records it. Dates are ISO text; None is open.

    retired: set if the version was added by mistake, so that it is in force on no day; else None.
    """

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
    retired: Retirement | None = None


_RETIRED = "retired."  # before the name of a version's table, among the facts of a library
_SQL = (
    "SELECT code, number, table_name, label, valid_from, valid_to, recorded_at, count, hash, coverage_kind,"
    " coverage_m2, accuracy_m FROM onemap_versions ORDER BY code, number"
)


def versions(library: Library, known_at: datetime | None = None) -> list[Version]:
    """Return all versions recorded until `known_at`, by code, and within a layer in the order they were added.

    Versions retired by then say so. Raises OneMapError library.damaged.
    """
    # The clock may be set back between two versions; their numbers are not.
    all_versions = [Version(*row) for row in library.connection.execute(_SQL)]
    if known_at is not None:
        all_versions = [version for version in all_versions if datetime.fromisoformat(version.recorded_at) <= known_at]
    retired = _retirements(library, known_at)
    return [replace(one, retired=retired[one.table]) if one.table in retired else one for one in all_versions]


def retirement_key(table: str) -> str:
    """Return the key under which a library's facts hold the retirement of a version."""
    return _RETIRED + table


def retirement_events(library: Library) -> dict[str, list[dict[str, Any]]]:
    """Return by version table each time it was retired or put back: at, who, reason, undo.

    Raises OneMapError library.damaged.
    """
    events: dict[str, list[dict[str, Any]]] = {}
    for key, value in library.connection.execute("SELECT key, value FROM onemap_library"):
        if isinstance(key, str) and key.startswith(_RETIRED):
            events[key.removeprefix(_RETIRED)] = _listed_events(library, key, value)
    return events


def _listed_events(library: Library, key: str, text: Any) -> list[dict[str, Any]]:
    try:
        events = json.loads(text)
        if all({"at", "who", "reason", "undo"} == set(one) and datetime.fromisoformat(one["at"]) for one in events):
            return list(events)
    except (TypeError, ValueError):
        pass
    raise OneMapError("library.damaged", file=library.label, reason=key, layer=key.removeprefix(_RETIRED))


def _retirements(library: Library, known_at: datetime | None) -> dict[str, Retirement]:
    """Return the retired versions by table, as far as was known at a moment."""
    retirements: dict[str, Retirement] = {}
    for table, events in retirement_events(library).items():
        known_events = [one for one in events if known_at is None or datetime.fromisoformat(one["at"]) <= known_at]
        if known_events and not known_events[-1]["undo"]:
            retirements[table] = Retirement(known_events[-1]["at"], known_events[-1]["who"], known_events[-1]["reason"])
    return retirements


def last_version(library: Library, code: str) -> Version | None:
    """Return the version of a layer that was added last and is not retired, in force or not; None if there is none."""
    of_layer = [version for version in versions(library) if version.code == code and version.retired is None]
    return of_layer[-1] if of_layer else None


def version_before(of_layer: Sequence[Version], as_of: date) -> Version | None:
    """Return a layer's version in force on a day; if there is none, the latest one that had begun by then."""
    earlier_versions = [one for one in of_layer if one.retired is None and (one.valid_from or "") <= as_of.isoformat()]
    return in_force(earlier_versions, as_of) or max(
        earlier_versions, key=lambda one: (one.valid_from or "", one.number), default=None
    )


def files_of(library: Library, version: Version) -> list[Record]:
    """Return the files that a version was made from: source, features, hash, how each was read; empty if only one."""
    return [dict(file) for file in source_report(library, version).get("files") or ()]


def bad_table(version_table: str) -> str:
    """Return the name of the table with a version's features that were set aside."""
    return f"{version_table}__bad"


def source_report(library: Library, version: Version) -> Record:
    """Return how a version's source was read, with answers and problems; empty if the report cannot be read."""
    sql = "SELECT report FROM onemap_versions WHERE table_name = ?"
    try:
        report = json.loads(library.connection.execute(sql, (version.table,)).fetchone()[0])
    except (TypeError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


class Digest(Protocol):
    """A hash being computed."""

    def update(self, content: bytes | memoryview, /) -> None:
        """Take the next bytes into the hash."""


def content_hash(geometries: np.ndarray, attributes: pd.DataFrame, progress: Progress = SILENT) -> str:
    """Return the SHA-256 of a version's rows as stored: geometries as WKB, then each field's name and values."""
    digest, names = hashlib.sha256(), attributes.columns
    count, columns = len(geometries), 1 + len(names)

    def parts(column: int) -> Iterator[slice]:
        for block in blocks(count, _ROWS_AT_ONCE):
            progress.at((column + block.start / count) / columns)
            yield block

    for block in parts(0):
        digest_geometries(digest, geometries[block])
    for column, name in enumerate(names, start=1):
        values = attributes[name].tolist()
        digest_field(digest, name, (values[block] for block in parts(column)))
    return digest.hexdigest()


def digest_geometries(digest: Digest, geometries: np.ndarray) -> list[int]:
    """Add the next geometries (n,) of a version to its hash; return a checksum of each."""
    return digest_wkb(digest, shapely.to_wkb(geometries, byte_order=1).tolist())


def digest_wkb(digest: Digest, wkb: Iterable[bytes | None]) -> list[int]:
    """Add the next geometries (n,), as little-endian WKB, to a version's hash; return a checksum of each."""
    bodies = [body or b"" for body in wkb]  # what was set aside may have none
    digest.update(b"".join(bodies))
    return list(map(zlib.crc32, bodies))


def digest_bodies(digest: Digest, wkb: pa.Array) -> list[int]:
    """Add the next geometries (n,), an Arrow column of large binaries, to a version's hash; return checksums."""
    digest.update(data_of(wkb))
    return list(map(zlib.crc32, wkb.fill_null(b"").to_pylist()))


def digest_field(digest: Digest, name: str, blocks: Iterable[Column]) -> None:
    """Add a field's name and values, block by block, to a version's hash: as JSON, [name, [value, …]]."""
    digest.update(f"[{json.dumps(name, ensure_ascii=False)}, [".encode())
    between = b""
    for values in blocks:
        if len(values):
            digest.update(between)
            digest.update(json_values(values))
            between = b", "
    digest.update(b"]]")


def row_hashes(of_geometries: Sequence[int], columns: Sequence[Column]) -> np.ndarray:
    """Return a checksum of each row (n,) of a version, made from its geometry's checksum and its values.

    It locates damage. columns: the values (n,) of each field, in order. Raises ValueError if their number is not n.
    """
    texts = row_texts(columns) if columns else [b"()"] * len(of_geometries)
    if len(texts) != len(of_geometries):
        raise ValueError("as many values as geometries")
    return np.array(list(map(zlib.crc32, texts, of_geometries)), dtype="<u4")


def kept_row_hashes(library: Library, version: Version) -> np.ndarray | None:
    """Return the checksums (n,) kept for a version's rows when it was added; None if they are missing."""
    sql = "SELECT hashes FROM onemap_row_hashes WHERE table_name = ?"
    row = library.connection.execute(sql, (version.table,)).fetchone()
    return np.frombuffer(row[0], dtype="<u4") if row and len(row[0]) == 4 * version.count else None


def in_force(candidates: Sequence[Version], as_of: date) -> Version | None:
    """Return the version of one layer in force: the latest valid_from; among equals the one added last.

    A retired version is in force on no day.
    """
    day = as_of.isoformat()
    best: Version | None = None
    for version in (one for one in candidates if one.retired is None):
        holds = (version.valid_from or "") <= day and (version.valid_to is None or day <= version.valid_to)
        if holds and (best is None or (version.valid_from or "") >= (best.valid_from or "")):
            best = version
    return best


def versions_to_hold(of_layer: Iterable[Version], since: date) -> list[Version]:
    """Return the versions of one layer that may be in force on `since` or later, as far as is known.

    It leaves out versions that have ended, and those before the last that has begun and has no end.
    """
    day = since.isoformat()
    live_versions = [one for one in of_layer if one.retired is None and (one.valid_to is None or one.valid_to >= day)]
    ranks = {one.number: (one.valid_from or "", one.number) for one in live_versions}
    without_end = [ranks[one.number] for one in live_versions if one.valid_to is None and (one.valid_from or "") <= day]
    return [one for one in live_versions if ranks[one.number] >= max(without_end, default=("", 0))]


def layer_in_force(all_versions: Iterable[Version], code: str, as_of: date) -> Version | None:
    """Return the version of one layer in force on a day. all_versions: the versions of all layers."""
    return in_force([version for version in all_versions if version.code == code], as_of)


def previous_version(all_versions: Iterable[Version], newer: Version) -> Version | None:
    """Return the last version of the layer that begins before `newer` and is not retired; None if there is none."""
    begin = newer.valid_from or ""
    before = (
        one for one in all_versions if one.code == newer.code and one.retired is None and (one.valid_from or "") < begin
    )
    return max(before, key=lambda one: (one.valid_from or "", one.number), default=None)


def versions_in_force(all_versions: Iterable[Version], codes: Iterable[str], as_of: date) -> list[Version]:
    """Return the versions of some layers in force on a day. all_versions: the versions of all layers."""
    of_layers = groups_of((version.code, version) for version in all_versions)
    holding = (in_force(of_layers.get(code, ()), as_of) for code in codes)
    return [version for version in holding if version is not None]


@dataclass(frozen=True)
class StoredFeatures:
    """Features of one version near some ground: fids and shapes (n,), and its fields as columns.

    boxes (n, 4): in the library's plane, whatever origin the geometries have; None if unknown.
    """

    fids: np.ndarray
    shapes: AnyShapes
    attributes: pd.DataFrame
    boxes: np.ndarray | None = None

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (n,)."""
        return all_of(self.shapes)

    def at(self, rows: np.ndarray) -> "StoredFeatures":
        """Return the features in some rows (k,)."""
        attributes = self.attributes.iloc[rows].reset_index(drop=True)
        return StoredFeatures(self.fids[rows], some_of(self.shapes, rows), attributes)


def stored_features(
    library: Library,
    table: str,
    bounds: Sequence[float] | None,
    count: int | None,
    origin: tuple[float, float] = AS_STORED,
) -> StoredFeatures:
    """Return the features of a table whose boxes meet `bounds` (west, south, east, north), or all, by fid.

    count: how many the table and its index must hold in all; origin: the point that geometries are relative to. Raises
    DamagedTable.
    """
    feature_rows = library.connection.read_features(table, None, bounds, count, origin)
    rows = np.arange(len(feature_rows.fids))
    if bounds is not None and feature_rows.boxes is not None:
        # A store's index may give more than is asked for, and each gives another more.
        rows = np.flatnonzero(meet_box(feature_rows.boxes, bounds))
    return as_stored(feature_rows, rows)


def as_stored(feature_rows: FeatureRows, rows: np.ndarray) -> StoredFeatures:
    """Return the features in some rows (k,) that a store has read."""
    values = np.empty((len(rows), len(feature_rows.values)), dtype=object)
    for at, column in enumerate(feature_rows.values.values()):
        values[:, at] = np.fromiter(column, dtype=object, count=len(feature_rows.fids))[rows]
    names = pd.Index(
        list(feature_rows.values), dtype=object
    )  # pandas would make Arrow's text of them, which takes its time
    attributes = pd.DataFrame(values, index=range(len(rows)), columns=names, dtype=object)
    boxes = None if feature_rows.boxes is None else feature_rows.boxes[rows]
    return StoredFeatures(feature_rows.fids[rows], some_of(feature_rows.shapes, rows), attributes, boxes)


def read_version(
    library: Library, version: Version, bounds: Sequence[float] | None, origin: tuple[float, float] = AS_STORED
) -> StoredFeatures:
    """Return the features of a version whose boxes meet `bounds` (west, south, east, north), or all, by fid.

    origin: the point that geometries are relative to. Raises OneMapError version.unreadable if the table is damaged or
    gone.
    """
    counted_tables: set[str] = library.kept.setdefault(COUNTED, set())
    try:
        count = None if version.table in counted_tables else version.count
        features = stored_features(library, version.table, bounds, count, origin)
        counted_tables.add(version.table)
        return features
    except DamagedTable as error:
        raise OneMapError("version.unreadable", file=library.label, layer=version.table) from error


def coverage_wkb(library: Library, version: Version) -> bytes:
    """Return the coverage of a version in the library's CRS, as WKB, which may be damaged."""
    sql = "SELECT coverage FROM onemap_versions WHERE table_name = ?"
    row = library.connection.execute(sql, (version.table,)).fetchone()
    return bytes(memoryview(row[0])) if row and row[0] is not None else b""


def coverage_of(library: Library, version: Version) -> shapely.Geometry:
    """Return the coverage of a version in the library's CRS. Raises OneMapError version.unreadable."""
    try:
        return shapely.from_wkb(coverage_wkb(library, version))
    except shapely.GEOSException as error:
        raise OneMapError("version.unreadable", file=library.label, layer=version.table) from error
