"""A library copied from file to server or back, row by row, and compared with the original before it counts."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import OWN_FILES, own_file_path
from onemap.layers.errors import OneMapError, text_reason
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.library.library import COPY, TABLES, Library, LibraryPlace, log, make_store, system_user
from onemap.layers.library.version_writing import GEOMETRY_TYPES, show_layer
from onemap.layers.library.versions import content_hash, versions
from onemap.layers.progress import Progress, settle_work
from onemap.layers.records import Record
from onemap.layers.stores.library_tables import LIBRARY_TABLES, own_file_key
from onemap.layers.stores.logged_rows import (
    LOGGED_LATER,
    insert_logged,
    note,
    note_stored,
    note_structure,
    plain_tables,
    row_name,
)
from onemap.layers.stores.rights import Right
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable, FeatureRows, StoreConnection, TableDefinition

_BLOCK = 5000
_A_RUN_BLOCK = 500  # what some thousand rows of a run take that are kept together, in rows of features
# Of the work on features: when they are read, hashed, written, indexed, and read once more.
_READ, _HASHED, _WRITTEN, _INDEXED, _AGAIN = 0.15, 0.35, 0.6, 0.7, 0.85
_MODULUS = 1 << 256


def copy_library(
    source: Library, place: LibraryPlace, tables: Sequence[str], grants: Sequence[Right], progress: Progress
) -> Record:
    """Copy a whole library, as of one moment, to a new place; nothing is left there if the copy differs.

    tables, grants: as for `make_library`.
    Returns how many versions and rows were copied, and the original's head, which the copy's log names.
    Raises OneMapError copy.…, library.….
    """
    if not source.roles.is_owner:
        raise OneMapError("copy.owner", file=source.label)
    _check_rasters(source)
    counts: dict[str, int] = {}

    def fill(target: StoreConnection) -> None:
        for table in (*LIBRARY_TABLES, *tables):
            target.execute(table)
        work = _Work(source, progress)
        counts["rows"] = _plain_tables(source, target, work)
        counts["versions"] = _features(source, target, work)
        if place.path is None:
            _keep_own_files(source, target)
        target.protect(grants)
        _note_late_rows(source, target, tables)
        _log_copy(source, target, place, number, head)
        settle_work()

    with source.reading():
        number, head = source.chain_head()
        make_store(place, source.crs, fill)
        if place.path is not None:
            _write_own_files(source, place.path)
    return {**counts, "log": number, "head": head}


class _Work:
    """Counts how much of a library has been copied, in rows of features."""

    def __init__(self, source: Library, progress: Progress) -> None:
        rows = sum(version.count for version in versions(source))
        plain = sum(_rows_of(source, name) * _row_cost(name) for name in _plain_names(source))
        self._all, self._row_count, self._progress = max(rows + plain, 1), 0.0, progress

    def count_copied(self, rows: float) -> None:
        """Count further copied objects."""
        self._row_count += rows
        self._progress.at(self._row_count / self._all)

    def part(self, rows: int) -> Progress:
        """The progress of the next rows, which are features."""
        begin, self._row_count = self._row_count, self._row_count + rows
        return self._progress.part(begin / self._all, self._row_count / self._all)


def _plain_names(source: Library) -> list[str]:
    """One Map's own tables without geometry."""
    names = source.connection.own_tables()
    return [name for name in names if name.startswith("onemap_") and name != "onemap_problems"]


def _rows_of(source: Library, table: str) -> int:
    return int(source.connection.execute(compose_sql("SELECT count(*) FROM {table}", table=table)).fetchone()[0])


def _row_cost(table: str) -> int:
    return _A_RUN_BLOCK if table == "onemap_run_blocks" else 1


def _check_rasters(source: Library) -> None:
    """Refuse a library whose rasters lie beside its file: a copy has no place for them."""
    for version in versions(source):
        if source.catalogue()[version.code].geometry == "raster":
            try:
                rows = source.connection.read_features(version.table, ["path"], None, None)
            except DamagedTable as error:
                raise OneMapError("copy.damaged", file=source.label, layer=version.table) from error
            if any(not Path(path).is_absolute() for path in rows.values["path"]):
                raise OneMapError("copy.rasters", file=source.label, layer=version.code)


def _feature_tables(source: Library) -> dict[str, TableDefinition]:
    """Return the tables of features by name: versions, features that were set aside, and problems."""
    connection, catalogue = source.connection, source.catalogue()
    tables = {}
    for version in versions(source):
        entry = catalogue[version.code]
        title = f"{entry.title_in('zh')} {version.label}"
        tables[version.table] = TableDefinition(
            version.table, title, GEOMETRY_TYPES[entry.geometry], connection.field_types(version.table)
        )
    for name in connection.own_tables():
        if name == "onemap_problems" or name.removesuffix("__bad") in tables and name not in tables:
            tables[name] = TableDefinition(name, name, "GEOMETRY", connection.field_types(name))
    return tables


def _plain_tables(source: Library, target: StoreConnection, work: _Work) -> int:
    """Copy every table of One Map's own that has no geometry, and return the number of rows."""
    connection, total = source.connection, 0
    for name in _plain_names(source):
        if not target.has_table(name):
            raise OneMapError("copy.table", file=source.label, layer=name)
        columns = connection.column_names(name)
        row_done = partial(work.count_copied, _row_cost(name) / 2)  # once on the way, and once there
        # Closed here: what is cancelled in the middle would read on when the library is shut already.
        with closing(connection.read_rows(name, columns)) as rows:  # type: ignore[type-var]
            before = _RowSum((row for row in rows if not _is_own_file(name, row)), row_done)
            target.write_rows(name, columns, before)
        with closing(target.read_rows(name, columns)) as rows:  # type: ignore[type-var]
            after = _RowSum(rows, row_done)
            after.run()
        if (before.count, before.total) != (after.count, after.total):
            raise OneMapError("copy.differs", file=source.label, layer=name)
        total += before.count
    return total


def _is_own_file(table: str, row: Sequence[Any]) -> bool:
    return table == "onemap_library" and row[0] in map(own_file_key, OWN_FILES)


class _RowSum:
    """Rows on their way, counted and summed, so that two tables are compared whatever the order of their rows.

    row_done: called after each row; it may raise Cancelled.
    """

    def __init__(self, rows: Iterable[Sequence[Any]], row_done: Callable[[], None]) -> None:
        self.rows = rows
        self.row_done = row_done
        self.count = 0
        self.total = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self.rows:
            digest = hashlib.sha256(repr(tuple(row)).encode(errors="backslashreplace")).digest()
            self.count += 1
            self.total = (self.total + int.from_bytes(digest, "big")) % _MODULUS
            yield row
            self.row_done()

    def run(self) -> None:
        """Go through all rows."""
        for _ in self:
            continue


def _features(source: Library, target: StoreConnection, work: _Work) -> int:
    """Copy the tables of features, make the views, and return the number of versions."""
    tables, all_versions = _feature_tables(source), versions(source)
    of = {version.table: version for version in all_versions}
    for name, table in tables.items():
        version = of.get(name)
        part = work.part(version.count if version else 0)
        _copy_features(source, target, table, version.hash if version else None, part)
        part.at(1.0)
    catalogue = source.catalogue()
    for code in dict.fromkeys(version.code for version in all_versions):
        show_layer(target, catalogue[code], all_versions, source.today())
    return len(all_versions)


def _copy_features(
    source: Library, target: StoreConnection, table: TableDefinition, expected: str | None, progress: Progress
) -> None:
    """Copy one table. expected: the hash of the version, which the original and the copy must have."""
    fields = list(table.fields)
    progress.at(0.0)
    try:
        rows = source.connection.read_features(table.name, fields, None, None)
    except DamagedTable as error:
        raise OneMapError("copy.damaged", file=source.label, layer=table.name) from error
    geometries, values = rows.geometries, [rows.values[name] for name in fields]
    before = _content_hash(rows, progress.part(_READ, _HASHED))
    in_order = np.array_equal(rows.fids, np.arange(1, len(rows.fids) + 1))
    if not in_order or (expected is not None and before != expected):
        raise OneMapError("copy.damaged", file=source.label, layer=table.name)
    target.make_features(table)
    target.add_features(table, _blocks(geometries, progress.part(_HASHED, _WRITTEN)), values)
    target.show_features(table, shapely.total_bounds(geometries))
    target.index_features(table, shapely.bounds(geometries).reshape(-1, 4), progress.part(_WRITTEN, _INDEXED))
    again = target.read_features(table.name, fields, None, None if expected is None else len(geometries))
    if _content_hash(again, progress.part(_AGAIN, 1.0)) != before:
        raise OneMapError("copy.differs", file=source.label, layer=table.name)


def _content_hash(rows: FeatureRows, progress: Progress) -> str:
    columns = {name: list(column) for name, column in rows.values.items()}
    return content_hash(rows.geometries, pd.DataFrame(columns, index=range(len(rows.fids)), dtype=object), progress)


def _blocks(geometries: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    for block in blocks(len(geometries), _BLOCK):
        progress.at(block.start / len(geometries))
        yield geometries[block]


def _keep_own_files(source: Library, target: StoreConnection) -> None:
    """Store the city's own files among the facts of a library on a server."""
    texts = {kind: source.own_file(kind) for kind in OWN_FILES}
    rows = [(own_file_key(kind), text) for kind, text in texts.items() if text is not None]
    insert_logged(target, TABLES["onemap_library"], rows)


def _note_late_rows(source: Library, target: StoreConnection, tables: Sequence[str]) -> None:
    """Add to the copy's log the rows that a server's log need not know yet."""
    for table in plain_tables(tuple(tables)).values():
        if table.name in LOGGED_LATER and source.path is None:
            note_stored(target, table)


def _log_copy(source: Library, target: StoreConnection, place: LibraryPlace, number: int, head: str) -> None:
    """Log the copy: where the original's log stood, and what the new store keeps in its own way."""
    if place.path is not None:
        for kind in OWN_FILES:  # they lie beside a file
            note(target, "onemap_library", row_name([own_file_key(kind)]), None)
    note_structure(target)
    log(target, system_user(), COPY, place.name, {"of": source.label, "number": number, "head": head})


def _write_own_files(source: Library, path: Path) -> None:
    """Write the city's own files beside a new library's file, which goes if that fails.

    One that differs is never overwritten.
    """
    new_files, own_file = [path], path
    try:
        for kind in OWN_FILES:
            text, own_file = source.own_file(kind), own_file_path(path, kind)
            if text is None or own_file.is_file() and own_file.read_text(encoding="utf-8-sig") == text:
                continue  # from an earlier copy
            with own_file.open("x", encoding="utf-8") as file:
                new_files.append(own_file)
                file.write(text)
    except BaseException as error:
        for one in new_files:
            one.unlink(missing_ok=True)
        if isinstance(error, (OSError, UnicodeDecodeError)):
            raise OneMapError("out.failed", file=own_file.name, reason=text_reason(error)) from error
        raise
