"""Rows written many at once are the given rows, whatever values they share."""

import re
import sqlite3
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onemap.layers.stores.bulk_rows import insert_rows

VALUES = st.sampled_from([None, 0, 1, -0.0, 0.0, 1.5, "", "a", "it's ?1 \0", b"\x00x", 2**62])


@settings(deadline=None)
@given(
    st.integers(0, 70).flatmap(
        lambda count: st.fixed_dictionaries(
            {
                name: st.one_of(VALUES.map(lambda one: [one] * count), st.lists(VALUES, min_size=count, max_size=count))
                for name in ("a", 'b "c"', "rowid2")
            }
        )
    )
)
def test_every_row_comes_back_in_order(columns):
    connection = sqlite3.connect(":memory:")
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    connection.execute(f'CREATE TABLE "t 1" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {names})')
    insert_rows(connection, "t 1", columns)
    found = connection.execute(f'SELECT {names} FROM "t 1" ORDER BY fid').fetchall()
    assert [list(map(repr, row)) for row in found] == [
        list(map(repr, row)) for row in zip(*columns.values(), strict=True)
    ]


@pytest.mark.parametrize("columns", [1, 40, 998, 1500])
def test_tables_with_few_and_with_many_columns_are_filled(columns):
    connection = sqlite3.connect(":memory:")
    names = [f"c{at}" for at in range(columns)]
    connection.execute(f"CREATE TABLE t ({', '.join(names)})")
    insert_rows(connection, "t", {name: [at, at + 0.5, str(at)] for at, name in enumerate(names)})
    assert connection.execute("SELECT * FROM t").fetchall() == [
        tuple(range(columns)),
        tuple(at + 0.5 for at in range(columns)),
        tuple(map(str, range(columns))),
    ]


class RecordingConnection(sqlite3.Connection):
    """A connection that keeps the statements it was given."""

    def executemany(self, statement, rows, /):
        self.statements = [*getattr(self, "statements", []), statement]
        return super().executemany(statement, rows)


def test_no_mark_has_a_number_which_python_3_12_warns_of_and_3_13_looks_up_one_by_one():
    connection = sqlite3.connect(":memory:", factory=RecordingConnection)
    connection.execute("CREATE TABLE t (shared, own)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        insert_rows(connection, "t", {"shared": ["a"] * 70, "own": list(range(70))})
    assert connection.execute("SELECT count(*), sum(own) FROM t WHERE shared = 'a'").fetchone() == (70, 2415)
    assert connection.statements
    assert not any(re.search(r"\?\d", statement) for statement in connection.statements)
