"""SQL with names in it: only here a name becomes part of a statement. Values use ? marks and never enter here.

Statements that only a server gets are made by psycopg's `sql` in the same way.
"""

import re
from collections.abc import Iterable, Mapping

_TYPE = re.compile(r"(?:\w+(?: \w+)*(?:\(\d+(?:, ?\d+)?\))?)?")  # TEXT, DOUBLE PRECISION, DECIMAL(10, 2), or nothing


class Sql(str):
    """SQL that the program contains or made here, so that it enters a statement unquoted."""

    __slots__ = ()


NO_SQL = Sql()
SqlPart = str | Iterable[str]


def compose_sql(template: str, **parts: SqlPart) -> Sql:
    """Compose a statement, or part of one. template: a text of the program, never one put together at run time.

    Each {part} in it becomes a quoted name, an `Sql` part unchanged; several parts are separated by commas.
    """
    return Sql(template.format(**{name: _part_text(part) for name, part in parts.items()}))


def quote_identifier(name: str) -> Sql:
    """Quote a name for SQL; names of fields come from files and may hold anything."""
    return Sql('"' + name.replace('"', '""') + '"')


def join_sql(between: str, parts: Iterable[Sql]) -> Sql:
    """Join pieces of SQL with the same words between them, such as AND."""
    return Sql(between.join(parts))


def columns_of(table: str, columns: Iterable[str]) -> Sql:
    """Return columns qualified by the table, since SQLite takes a bare name that is not a column for a text."""
    return join_sql(", ", (compose_sql("{table}.{column}", table=table, column=column) for column in columns))


def column_definitions(columns: Mapping[str, str]) -> Sql:
    """Names and types of columns for CREATE TABLE. Raises ValueError for an unknown type."""
    if unknown := [kind for kind in columns.values() if not _TYPE.fullmatch(kind)]:
        raise ValueError(f"no type of a column: {unknown}")
    return join_sql(", ", (compose_sql("{name} {kind}", name=name, kind=Sql(kind)) for name, kind in columns.items()))


def question_marks(count: int) -> Sql:
    """Return `count` question marks, separated by commas."""
    return Sql(",".join("?" * count))


def sql_literal(value: str | int) -> Sql:
    """Return a value as SQL, for the few statements without parameters: views, and GDAL's filters."""
    return Sql(value) if isinstance(value, int) else Sql("'" + value.replace("'", "''") + "'")


def _part_text(part: SqlPart) -> str:
    if isinstance(part, Sql):
        return part
    if isinstance(part, str):
        return quote_identifier(part)
    return ", ".join(map(_part_text, part))
