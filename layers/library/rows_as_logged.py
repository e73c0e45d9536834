"""The check made before rows are logged again: whether they still agree with the log.

Without it the next lawful action would hash an edited row as it stands, and the row would pass as unaltered.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import COPY, TABLES, Library
from onemap.layers.library.log_reading import LogBook, WrittenRow, read_entries
from onemap.layers.library.row_verification import row_problems, structure_problems
from onemap.layers.library.versions import StoredFeatures, Version, content_hash
from onemap.layers.stores.logged_rows import APPENDED, PlainTable, row_name, stored_hashes
from onemap.layers.stores.sql_text import Sql, compose_sql

_MOST_NAMED = 20


def refuse_altered(problems: Iterable[Problem]) -> None:
    """Refuse altered rows; do nothing if there are none. Raises OneMapError library.altered, naming the first ones."""
    first_problems = list(islice(problems, _MOST_NAMED))
    if first_problems:
        raise OneMapError.of(
            Problem("library.altered", {**problem.facts, "how": problem}) for problem in first_problems
        )


def check_rows(
    library: Library, stored_rows: Mapping[str, Mapping[str, str]], logged_rows: Mapping[str, Mapping[str, WrittenRow]]
) -> None:
    """Refuse rows that differ from what the log says was written; both by table and name. Raises library.altered."""
    refuse_altered(
        chain.from_iterable(
            row_problems(library, table, rows.items(), logged_rows.get(table, {}))
            for table, rows in stored_rows.items()
        )
    )


def check_table(library: Library, table: PlainTable, where: Sql, parameters: Sequence[Any] = ()) -> None:
    """Refuse the rows of a plain table if they differ from the log. Raises OneMapError library.altered.

    where: the log entries to read, as SQL: all that name rows of the table. On a server an account may write rows of
    the tables in APPENDED and log nothing: `verify` names them, and they hold nobody up.
    """
    if not library.has_table(table.name):
        return
    logged_rows = read_entries(library, where, parameters).rows.get(table.name, {})
    stored_rows = stored_hashes(library.connection, table)
    if library.path is None and table.name in APPENDED:
        stored_rows = {name: hash_ for name, hash_ in stored_rows.items() if name in logged_rows}
    check_rows(library, {table.name: stored_rows}, {table.name: logged_rows})


def check_fact(library: Library, key: str, where: Sql, parameters: Sequence[Any]) -> None:
    """Refuse a fact of a library that differs from the log. where, parameters: as in `check_table`."""
    table, name = TABLES["onemap_library"], row_name([key])
    logged_rows = read_entries(library, where, parameters).rows.get(table.name, {})
    logged_fact = {name: logged_rows[name]} if name in logged_rows else {}
    check_rows(library, {table.name: stored_hashes(library.connection, table, key=key)}, {table.name: logged_fact})


def check_layer(library: Library, code: str) -> None:
    """Check a layer's versions, definition and view before a version is added or retired. Raises library.altered."""
    # A library that was made with layers of its own says so where it begins, of all of them in one entry.
    where = Sql(
        "action IN ('add', 'define', 'retire', 'retire.undo') AND (subject = ? OR substr(subject, 1, ?) = ?)"
        " OR action IN ('new', ?)"
    )
    book = read_entries(library, where, (code, len(code) + 2, f"{code}__", COPY))
    tables = [TABLES["onemap_versions"], TABLES["onemap_catalogue"]]
    stored_rows = {table.name: stored_hashes(library.connection, table, code=code) for table in tables}
    logged_rows = {table: _rows_of_layer(book.rows.get(table, {}), code) for table in stored_rows}
    check_rows(library, stored_rows, logged_rows)
    refuse_altered(structure_problems(library, book, [code]))


def _rows_of_layer(rows: Mapping[str, WrittenRow], code: str) -> dict[str, WrittenRow]:
    """Return the rows of a layer's definition, by its code, and of its versions, by code and number."""
    return {name: row for name, row in rows.items() if name == code or name.startswith(f"{code}/")}


def check_features(library: Library, version: Version, features: StoredFeatures) -> None:
    """Check that a version's rows are those that were added, before the next one keeps them. Raises library.altered."""
    if content_hash(features.geometries, features.attributes) != version.hash:
        facts = {"file": library.label, "layer": version.table}
        how = Problem("verify.features", {**facts, "since": version.recorded_at, "how": Problem("verify.record", {})})
        refuse_altered([how])


def check_growing_features(library: Library, table: str, action: str) -> None:
    """Check the schema and the last row of a growing table of features before rows are added. Raises library.altered.

    action: the action of the log entries about the table.
    """
    if not library.has_table(table):
        return
    book = read_entries(library, Sql("action IN (?, ?)"), (action, COPY))
    refuse_altered(structure_problems(library, book, [table]))
    if library.path is not None:  # on a server others may add meanwhile
        _check_last_row(library, table, book)


def _check_last_row(library: Library, table: str, book: LogBook) -> None:
    ends = [(item.first + item.count - 1, logged_row) for item, logged_row in book.features if item.table == table]
    sql = compose_sql("SELECT coalesce(max(fid), 0) FROM {table}", table=table)
    last = library.connection.execute(sql).fetchone()[0]
    last_logged, logged_row = max(ends, default=(0, None), key=lambda end: end[0])
    if last != last_logged:
        facts = {"file": library.label, "layer": table, "feature": str(max(last, last_logged))}
        authorship = {"at": logged_row.at, "who": logged_row.who} if logged_row else {}
        code = "verify.record_gone" if last < last_logged else "verify.record_unlogged"
        refuse_altered([Problem(code, {**facts, **authorship})])
