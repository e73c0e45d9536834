"""Marks of the features near some ground on a server: while the marks are equal, what was read is still true.

PostgreSQL never changes a row in place: whoever alters a row writes another one, in another place or by another
transaction. So the places and transactions of all rows near some ground stand for their content, and cost a fiftieth
of reading it.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache

import psycopg
from psycopg import errors, sql

from onemap.layers.stores.server.server_sql import server_sql

_DEFINITIONS = """SELECT c.relname, c.oid, c.relfilenode, string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid,
a.atttypmod, d.description), ';' ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = a.attnum AND d.classoid = 'pg_class'::regclass
WHERE n.nspname = %s AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2, 3"""
_VERSIONS = "SELECT table_name, xmin::text, ctid::text FROM onemap_versions WHERE table_name = ANY(%s)"
_ROWS = sql.SQL(
    "SELECT {name}, (SELECT count(*) FROM {table}), (SELECT sha256(convert_to(string_agg(concat_ws(',', tableoid, xmin,"
    " ctid), ';' ORDER BY tableoid, ctid), 'UTF8')) FROM {table} WHERE geom && ST_MakeEnvelope(?, ?, ?, ?, {srs}))"
)
_UNKNOWABLE = (errors.UndefinedTable, errors.UndefinedColumn, errors.InsufficientPrivilege, errors.DataError)


def marks_near(
    raw: "psycopg.Connection[tuple[object, ...]]", schema: str, srs_id: int, boxes: Mapping[str, Sequence[float]]
) -> dict[str, tuple[Hashable, ...]]:
    """Return the marks of versions' tables near some ground: the number of all features, then marks of the rest.

    boxes: by table west, south, east, north in the library's plane. If one table cannot be read, no table has a mark.
    """
    if not boxes:
        return {}
    tables = list(boxes)
    sides = [float(side) for box in boxes.values() for side in box]
    try:
        with raw.transaction():  # part of the open one, which goes on where this is refused
            definitions = {name: rest for name, *rest in raw.execute(_DEFINITIONS, (schema, tables))}
            versions = {name: rest for name, *rest in raw.execute(_VERSIONS, (tables,))}
            # Prepared, since to plan it takes the server longer than to answer it.
            features = raw.execute(_rows_query(tuple(tables), srs_id), sides, prepare=True).fetchall()
    except _UNKNOWABLE:
        return {}
    return {
        str(name): (count, digest, *definitions[name], *versions[name])
        for name, count, digest in features
        if name in definitions and name in versions
    }


@lru_cache(maxsize=32)
def _rows_query(tables: Sequence[str], srs_id: int) -> bytes:
    """Return the query for the rows of all tables, with four placeholders for each table's box."""
    srs = sql.Literal(srs_id)
    rows = [_ROWS.format(name=sql.Literal(table), table=sql.Identifier(table), srs=srs) for table in tables]
    return server_sql(sql.SQL(" UNION ALL ").join(rows).as_string(None)).encode()
