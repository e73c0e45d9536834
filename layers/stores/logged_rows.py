"""Rows as the log records them: for each written row its table, its name and the hash of all its values.

A name joins the columns that identify a row of the table, "2026…/1/land"; the hash covers every column.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from onemap.layers.stores.sql_text import NO_SQL, Sql, columns_of, compose_sql, join_sql, question_marks
from onemap.layers.stores.store import StoreConnection

SCHEMA = "sqlite_master"  # of a file; a server has its catalogue, as which `SERVER_CLASSES` stand
INDEXES = "index"
GEOPACKAGE_TABLES = ("gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions")
_SERVER = "server_"
OBJECT_PART = f"{_SERVER}object"  # what no library has: an operator, a type, a sequence
SURROUNDING_PART = f"{_SERVER}surrounding"  # what acts on a library from outside its schema
VERSION_PART = f"{_SERVER}version"  # by which the parts are printed
# Parts of a schema as the server prints them. Libraries before format 3 call theirs by the names of catalogues, such as
# pg_class, and print them in another way: the two are never compared.
SERVER_CLASSES = (
    *(f"{_SERVER}{name}" for name in ("table", "view", "trigger", "function", "policy", "rule", "constraint", "index")),
    *(f"{_SERVER}{name}" for name in ("schema", "role", "grant")),  # a grant: to anyone but the owner of something
    *(OBJECT_PART, SURROUNDING_PART, VERSION_PART),
)
# What departments append on a server waits for no turn: the log takes the heads of its chains up with the next entry.
LOGGED_LATER = ("onemap_events", "onemap_comments")
# What every account of a server appends, with an entry of the log that names it or without.
APPENDED = ("onemap_decisions", "onemap_warning_looks", "onemap_warning_steps")
# Names and places of the public can be erased: what the log says for ever must not hold even their hash.
NEVER_LOGGED = ("onemap_comment_persons",)
HEADS = "heads"  # under which an entry keeps them: by chain the number and the hash of its last row
# What a store keeps of its tables, in its own way: a copy in another store has it anew.
STRUCTURE = (SCHEMA, INDEXES, *GEOPACKAGE_TABLES, *SERVER_CLASSES)


@dataclass(frozen=True)
class PlainTable:
    """A table without geometries as the code declares it. key: the columns that identify a row."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def row_name(self, values: Sequence[Any]) -> str:
        """Return the name of a row. values: the values of all columns."""
        return row_name([values[self.columns.index(name)] for name in self.key])


@lru_cache
def plain_tables(statements: tuple[str, ...]) -> dict[str, PlainTable]:
    """Return the tables that some statements make, by name. Without a primary key, all columns identify a row."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {}
        for name in names:
            columns = connection.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (name,)).fetchall()
            key = tuple(column for column, place in sorted(columns, key=lambda row: row[1]) if place)
            every = tuple(column for column, _ in columns)
            tables[name] = PlainTable(name, every, key or every)
    return tables


def row_name(key: Iterable[Any]) -> str:
    """Return the name of a row from the values of its key; different keys give different names."""
    return "/".join(_part(value) for value in key)


def _part(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        value = f"x'{bytes(value)[:40].hex()}'"
    return str(value).replace("\\", "\\\\").replace("/", "\\/")


def row_hash(values: Iterable[Any]) -> str:
    """Return the hash of a row's values; a text never equals a number or bytes."""
    plain = [
        {"blob": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes | memoryview) else value
        for value in values
    ]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def note(connection: StoreConnection, table: str, name: str, hash_: str | None) -> None:
    """Make the next log entry say that a row was written, or removed if the hash is None."""
    connection.unlogged.setdefault(table, {})[name] = hash_


def insert_logged(
    connection: StoreConnection, table: PlainTable, rows: Iterable[Sequence[Any]], conflict: Sql = NO_SQL
) -> None:
    """Append whole rows to a plain table, with values typed as its columns are, and note them for the log.

    conflict: what happens if a row exists already, ON CONFLICT ….
    """

    def noted_rows() -> Iterator[Sequence[Any]]:
        for row in rows:
            note(connection, table.name, table.row_name(row), row_hash(row))
            yield row

    sql = compose_sql(
        "INSERT INTO {table} ({columns}) VALUES ({marks}) {conflict}",
        table=table.name,
        columns=table.columns,
        marks=question_marks(len(table.columns)),
        conflict=conflict,
    )
    connection.executemany(sql, noted_rows())


def stored_hashes(connection: StoreConnection, table: PlainTable, **key_values: Any) -> dict[str, str]:
    """Return by name the hashes of the stored rows of a plain table that have the `key_values`."""
    sql = compose_sql(
        "SELECT {columns} FROM {table} WHERE {where}",
        columns=columns_of(table.name, table.columns),
        table=table.name,
        where=join_sql(" AND ", [Sql("true"), *(compose_sql("{name} = ?", name=name) for name in key_values)]),
    )
    rows = connection.execute(sql, tuple(key_values.values()))
    return {table.row_name(row): row_hash(row) for row in rows}


def note_stored(connection: StoreConnection, table: PlainTable, **key_values: Any) -> None:
    """Note for the log the present state of the rows that have the `key_values`."""
    for name, hash_ in stored_hashes(connection, table, **key_values).items():
        note(connection, table.name, name, hash_)


def part_word(kind: str) -> str:
    """The word for a part of a server's schema: the policy, the trigger."""
    return kind.removeprefix(_SERVER)


def note_structure(
    connection: StoreConnection, tables: Sequence[str] | None = None, hashes: Mapping[str, str] | None = None
) -> None:
    """Note for the log the store's own definitions of some tables and views, or of all.

    hashes: from `index_features`, if nothing was written into these tables since.
    """
    for kind, name, values in connection.structure(tables, hashes):
        if values is not None and kind != OBJECT_PART:  # which is reported as long as it is there
            note(connection, kind, name, row_hash(values))
