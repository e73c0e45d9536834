"""The view CODE of a library's file: the features of the version in force, from the tables of all versions."""

import re
from collections.abc import Iterable, Mapping, Sequence

from onemap.layers.stores.sql_text import NO_SQL, Sql, SqlPart, columns_of, compose_sql, join_sql, sql_literal
from onemap.layers.stores.store import GEOMETRY_COLUMN

_BETWEEN = Sql(" UNION ALL ")
_MOST_JOINED = 64  # tables in one statement of SQLite
_NAME = r'"(?:[^"]|"")*"'
_COLUMN = rf"(?:NULL AS {_NAME}|{_NAME}\.(?:fid AS OGC_FID|{_NAME}))"


def view_in_force(
    code: str, tables: Sequence[tuple[int, str, Iterable[str]]], holding: Sequence[int], retired: Sequence[int] = ()
) -> Sql:
    """Return the statement that makes the view of a layer, with every version's fields.

    tables: the number, the table and the fields of each version; holding: the numbers of versions whose rows are
    wanted; retired: of versions out of force.
    """
    besides = _besides(retired) if retired else NO_SQL
    holders = _first_holders({table: fields for _, table, fields in tables})
    held_tables = [one for one in tables if one[0] in holding]
    branches = [
        _branch(_view_columns(table, _held_columns(table, holders, fields)), table, number, code, besides)
        for number, table, fields in held_tables
    ]
    # The types of a view's columns are those of its first branch. Where the first table lacks some, that branch
    # gives no rows, and names of each column a table that has it.
    first = held_tables[0][1]
    joined_tables = list(dict.fromkeys((first, *holders.values())))[:_MOST_JOINED]
    if len(joined_tables) > 1:
        typed_columns = _view_columns(
            first, {name: at if at in joined_tables else None for name, at in holders.items()}
        )
        branches = [_head(typed_columns, joined_tables), *branches]
    return _view(code, join_sql(_BETWEEN, branches))


def tables_of_view(sql: str, most_columns: int) -> list[str]:
    """Return the tables of a view that this module made and that gives each row at most once; else none.

    most_columns: a view with more columns, or one that gives a column or a table twice, is not one of these.
    """
    view = _VIEW.fullmatch(sql)
    head, *others = view[1].split(_BETWEEN) if view else ("",)
    branches = others if others and _HEAD.fullmatch(head) else [head, *others]
    branch_parts = [_BRANCH.fullmatch(branch) for branch in branches]
    tables = [str(parts[2]) for parts in branch_parts if parts and _gives_once(parts[1], most_columns)]
    is_own = len(set(tables)) == len(tables) == len(branches)
    return [table[1:-1].replace('""', '"') for table in tables] if is_own else []


def _view(code: str, branches: SqlPart) -> Sql:
    return compose_sql("CREATE VIEW {view} AS {branches}", view=code, branches=branches)


def _head(columns: SqlPart, tables: SqlPart) -> Sql:
    return compose_sql("SELECT {columns} FROM {tables} WHERE false", columns=columns, tables=tables)


def _branch(columns: SqlPart, table: str, number: str | int, code: str, besides: Sql) -> Sql:
    return compose_sql(
        "SELECT {columns} FROM {table} WHERE {number} = (SELECT number FROM onemap_versions WHERE code = {code}"
        " AND coalesce(valid_from, '') <= date('now', 'localtime')"
        " AND (valid_to IS NULL OR valid_to >= date('now', 'localtime')){besides}"
        " ORDER BY coalesce(valid_from, '') DESC, number DESC LIMIT 1)",
        columns=columns,
        table=table,
        number=sql_literal(number),
        code=sql_literal(code),
        besides=besides,
    )


def _besides(retired: Sequence[str | int]) -> Sql:
    return compose_sql(" AND number NOT IN ({numbers})", numbers=list(map(sql_literal, retired)))


def _pattern(statement: Sql, **parts: str) -> re.Pattern[str]:
    """Return a pattern of statements that have these names or literals in the places of its parts."""
    pattern = re.escape(statement)
    for name, part in parts.items():
        pattern = pattern.replace(f'"{name}"', part).replace(f"'{name}'", part)
    return re.compile(pattern)


def _gives_once(columns: str, most: int) -> bool:
    """Whether a branch gives no column of its table twice, and at most `most` columns."""
    column_names = re.findall(_COLUMN, columns)
    held_columns = [column for column in column_names if not column.startswith("NULL")]
    return len(column_names) <= most and len(set(held_columns)) == len(held_columns)


def _first_holders(fields: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the columns of a view over tables with these fields, each with the first table that has it."""
    holders: dict[str, str] = {}
    for table, names in fields.items():
        known_names = {name.lower() for name in holders}
        holders.update(dict.fromkeys((name for name in names if name.lower() not in known_names), table))
    return holders


def _held_columns(table: str, columns: Iterable[str], fields: Iterable[str]) -> dict[str, str | None]:
    """Return each column of a view with the table, or None if the table lacks it."""
    held_names = {field.lower() for field in fields}
    return {name: table if name.lower() in held_names else None for name in columns}


def _view_columns(table: str, columns: Mapping[str, str | None]) -> list[Sql]:
    """Return the columns of a view's branch: the table's fid and geometry, then each column, or null."""
    # "OGC_FID" is how GDAL knows a view's identifier.
    view_columns = [compose_sql("{table}.fid AS OGC_FID", table=table), columns_of(table, [GEOMETRY_COLUMN])]
    for name, of in columns.items():
        view_columns.append(compose_sql("NULL AS {name}", name=name) if of is None else columns_of(of, [name]))
    return view_columns


_VIEW = _pattern(_view("view", "branches"), view=_NAME, branches="(.*)")
_HEAD = _pattern(_head("columns", "tables"), columns=f"{_COLUMN}(?:, {_COLUMN})*", tables=f"{_NAME}(?:, {_NAME})*")
_BESIDES = _pattern(_besides(["numbers"]), numbers=r"\d+(?:, \d+)*").pattern
_BRANCH = _pattern(
    _branch("columns", "table", "number", "code", compose_sql("{besides}", besides="besides")),
    columns=f"({_COLUMN}(?:, {_COLUMN})*)",
    table=f"({_NAME})",
    number=r"\d+",
    code="'(?:[^']|'')*'",
    besides=f"(?:{_BESIDES})?",
)
