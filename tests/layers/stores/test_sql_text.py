"""Names from files, inserted into SQL."""

import sqlite3

import pytest

from onemap.layers.stores.sql_text import (
    Sql,
    column_definitions,
    columns_of,
    compose_sql,
    join_sql,
    question_marks,
    sql_literal,
)

NAMES = ['a"b', "order", "' OR 1 --", "图斑 {0}", "x); DROP TABLE t; --"]


def test_a_table_of_any_name_is_made_written_and_read():
    connection = sqlite3.connect(":memory:")
    for table in NAMES:
        fields = dict.fromkeys(NAMES, "TEXT")
        made = compose_sql("CREATE TABLE {table} ({columns})", table=table, columns=column_definitions(fields))
        connection.execute(made)
        marks = question_marks(len(NAMES))
        into = compose_sql("INSERT INTO {table} ({columns}) VALUES ({marks})", table=table, columns=NAMES, marks=marks)
        connection.execute(into, NAMES)
        sql = compose_sql("SELECT {columns} FROM {table}", columns=columns_of(table, NAMES), table=table)
        assert connection.execute(sql).fetchall() == [tuple(NAMES)]
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
    assert [table for (table,) in tables] == NAMES


def test_a_column_that_is_not_there_is_no_text():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a TEXT)")
    connection.execute("INSERT INTO t VALUES ('1')")
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        connection.execute(compose_sql("SELECT {columns} FROM t", columns=columns_of("t", ["b"])))


def test_a_type_that_is_none_is_refused():
    assert column_definitions({"a": "DECIMAL(10, 2)", "b": ""}) == '"a" DECIMAL(10, 2), "b" '
    with pytest.raises(ValueError, match="no type"):
        column_definitions({"a": "TEXT); DROP TABLE t; --"})


def test_values_that_must_stand_in_the_text_are_quoted():
    sql = compose_sql("SELECT {text} || {number}", text=sql_literal("O'Hara"), number=sql_literal(3))
    assert sqlite3.connect(":memory:").execute(sql).fetchone() == ("O'Hara3",)


def test_pieces_are_joined_as_they_are():
    conditions = [compose_sql("{name} = ?", name=name) for name in ("a", 'b"')]
    assert join_sql(" AND ", conditions) == '"a" = ? AND "b""" = ?'
    assert isinstance(join_sql(" AND ", conditions), Sql)
