"""Hashes of tables computed before they are written equal those of the rows that SQLite then returns."""

import contextlib
import sqlite3

import numpy as np
import pytest

from onemap.layers.stores.rtree import PackedRtree
from onemap.layers.stores.table_hashes import hash_of_contents, hash_of_numbers, hash_of_table


@pytest.mark.parametrize("count", [0, 1, 19_999, 20_000, 20_001, 45_000])
def test_rows_of_numbers_and_of_bytes_are_hashed_as_they_are_read(count):
    numbers = np.arange(count) * 3 + 1
    other = np.random.default_rng(3).integers(-9, 10**12, count)
    bodies = [bytes([number % 256, 39, 34]) * (number % 3) for number in numbers.tolist()]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE pairs (a INTEGER PRIMARY KEY, b)")
        connection.executemany("INSERT INTO pairs VALUES (?,?)", zip(numbers.tolist(), other.tolist(), strict=True))
        assert hash_of_numbers(numbers, other) == hash_of_table(connection, "pairs")
        connection.executemany("UPDATE pairs SET b = ? WHERE a = ?", zip(bodies, numbers.tolist(), strict=True))
        assert hash_of_contents(zip(numbers.tolist(), bodies, strict=True)) == hash_of_table(connection, "pairs")


@pytest.mark.parametrize("count", [1, 51, 52, 3_000])
@pytest.mark.parametrize("page", [1024, 4096])
def test_an_index_knows_the_hashes_of_its_tables_or_says_nothing(count, page):
    chance = np.random.default_rng(4)
    bounds = np.sort(chance.uniform(0, 1000, (count, 2, 2)), axis=1).reshape(count, 4)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
        index = PackedRtree(chance.permutation(count) + 1, bounds)
        index.make_ready(hashed=True)
        known = index.fill(connection, "tree")
        assert set(known) == (set() if page < 2048 else {"tree_node", "tree_parent", "tree_rowid"})
        for table, hash_ in known.items():
            assert hash_of_table(connection, table) == hash_
