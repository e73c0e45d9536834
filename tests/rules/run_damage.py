"""What someone does who changes a stored run behind One Map's back, and how libraries kept runs before."""

import json
import sqlite3

import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.library.library import open_library, sha256
from onemap.layers.stores.library_tables import FORMER_TABLES
from onemap.rules.runs.arrow_blocks import Rows, read_columns
from onemap.rules.runs.run_store import GIVEN, stored_rows


def change_value(library, table, column, before, after):
    """Write another text in a column of every block of a table, in all runs of a library."""
    with sqlite3.connect(library) as connection:
        blocks = connection.execute(
            "SELECT run, first, content FROM onemap_run_blocks WHERE name = ? AND first >= 0", (table,)
        ).fetchall()
        for run, first, content in blocks:
            columns = read_columns(content)
            values = columns[column].combine_chunks()
            changed = pc.if_else(
                pc.equal(values, pa.scalar(before, values.type)), pa.scalar(after, values.type), values
            )
            columns = columns.set_column(columns.column_names.index(column), columns.schema.field(column), changed)
            connection.execute(
                "UPDATE onemap_run_blocks SET content = ? WHERE run = ? AND name = ? AND first = ?",
                (Rows(columns, None).block().content, run, table, first),
            )
    connection.close()


def keep_as_before(library, run, tables):
    """Keep the rows of a run as libraries had them before there were blocks: one by one, as JSON and WKB."""
    with open_library(str(library)) as opened:
        rows = [
            (run, name, position, as_before(name, row), row.wkb)
            for name in tables
            for position, row in enumerate(stored_rows(opened, run, name))
        ]
    with sqlite3.connect(library) as connection:
        connection.execute("DROP TABLE onemap_run_blocks")
        connection.execute(FORMER_TABLES["onemap_run_rows"])
        connection.executemany("INSERT INTO onemap_run_rows VALUES (?,?,?,?,?)", rows)
    connection.close()


def as_before(name, row):
    """The JSON of a row; a parcel as it was given had a hash of its ground as well."""
    if name != GIVEN:
        return row.content
    return json.dumps({"id": row.values["id"], "ground": sha256(row.wkb), "attributes": row.values["attributes"]})
