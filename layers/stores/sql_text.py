"""SQL with names in it: the one place where a name becomes part of a statement. Values go by ? marks, never in here.

What is sent to a server alone is made by psycopg's `sql` in the same way.
"""

import re
from collections.abc import Iterable, Mapping

_TYPE = re.compile(r"(?:\w+(?: \w+)*(?:\(\d+(?:, ?\d+)?\))?)?")  # TEXT, DOUBLE PRECISION, DECIMAL(10, 2), or nothing


class Sql(str):
    """SQL that stands in the program or was made here, so that it goes into a statement as it is."""

    __slots__ = ()


NO_SQL = Sql()
SqlPart = str | Iterable[str]


def compose_sql(template: str, **parts: SqlPart) -> Sql:
    """A statement, or part of one. template: a text of the program, never one that is put together.

    Each {part} in it becomes a quoted name; `Sql` as it is; several of them with commas between.
    """
    return Sql(template.format(**{name: _part_text(part) for name, part in parts.items()}))


def quote_identifier(name: str) -> Sql:
    """A name as SQL; names of fields come from files and may hold anything."""
    return Sql('"' + name.replace('"', '""') + '"')


def join_sql(between: str, parts: Iterable[Sql]) -> Sql:
    """Pieces of SQL with the same words between them, such as AND."""
    return Sql(between.join(parts))


def columns_of(table: str, columns: Iterable[str]) -> Sql:
    """Columns with the table's name before each: SQLite takes a lone name that is no column's for a text."""
    return join_sql(", ", (compose_sql("{table}.{column}", table=table, column=column) for column in columns))


def column_definitions(columns: Mapping[str, str]) -> Sql:
    """Names and types of columns for CREATE TABLE. Raises ValueError for an unknown type."""
    if unknown := [kind for kind in columns.values() if not _TYPE.fullmatch(kind)]:
        raise ValueError(f"no type of a column: {unknown}")
    return join_sql(", ", (compose_sql("{name} {kind}", name=name, kind=Sql(kind)) for name, kind in columns.items()))


def question_marks(count: int) -> Sql:
    """A list of as many ? as there are values."""
    return Sql(",".join("?" * count))


def sql_literal(value: str | int) -> Sql:
    """A value as SQL, for the few statements that take no parameters: views, and GDAL's filters."""
    return Sql(value) if isinstance(value, int) else Sql("'" + value.replace("'", "''") + "'")


def _part_text(part: SqlPart) -> str:
    if isinstance(part, Sql):
        return part
    if isinstance(part, str):
        return quote_identifier(part)
    return ", ".join(map(_part_text, part))
