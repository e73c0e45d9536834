"""Portable SQL in PostgreSQL's dialect."""

import pytest

from onemap.layers.stores.server.server_sql import made_if_absent, server_sql


@pytest.mark.parametrize(
    ("portable", "spoken"),
    [
        ("SELECT a FROM t WHERE b = ? AND c = '?'", "SELECT a FROM t WHERE b = %s AND c = '?'"),
        ("SELECT '50%', \"a?%\" WHERE a LIKE ?", "SELECT '50%%', \"a?%%\" WHERE a LIKE %s"),
        ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', %s"),
        ("SELECT 7 % ?", "SELECT 7 %% %s"),
        ("CREATE TABLE t (a INTEGER, b REAL, c BLOB)", "CREATE TABLE t (a bigint, b double precision, c bytea)"),
        ('CREATE TABLE t ("TEXT" TEXT) WITHOUT ROWID', 'CREATE TABLE t ("TEXT" text COLLATE "C")'),
        ("SELECT TEXT FROM t", "SELECT TEXT FROM t"),
    ],
)
def test_marks_and_types_are_translated_outside_of_quotes(portable, spoken):
    assert server_sql(portable) == spoken


def test_what_is_made_if_absent_is_known_by_name():
    assert made_if_absent("CREATE TABLE IF NOT EXISTS onemap_x (a TEXT)") == "onemap_x"
    assert made_if_absent('create unique index if not exists "onemap_i" ON t (a)') == "onemap_i"
    assert made_if_absent("CREATE TABLE onemap_x (a TEXT)") is None
