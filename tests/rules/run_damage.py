"""Changes to a library and its runs behind One Map's back."""

import sqlite3
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.stores import geopackage
from onemap.rules.judge.runs.arrow_blocks import Rows, read_columns


def change_library(library, sql, *values):
    """Run a statement on a library as another program may, and return how many rows it changed."""
    with closing(sqlite3.connect(library)) as connection, connection:
        geopackage.add_functions(connection)  # triggers ask for them
        return connection.execute(sql, values).rowcount


def change_value(library, table, column, before, after):
    """Write another text in a column of every block of a table, in all runs of a library."""
    with sqlite3.connect(library) as connection:
        blocks = connection.execute(
            "SELECT run, first, content FROM onemap_run_blocks WHERE name = ?", (table,)
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
