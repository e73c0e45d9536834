"""SQLite accepts the packed R-tree as its own, and finds all that a box meets."""

import sqlite3

import numpy as np
import pytest

from onemap.layers.stores.rtree import PackedRtree

WINDOW = (450_000.0, 4_000_010.0, 470_000.0, 4_020_000.0)
MEETS = "SELECT id FROM tree WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?"


@pytest.mark.parametrize(("count", "page"), [(n, 4096) for n in (0, 1, 51, 52, 2601, 2602, 7000)] + [(7000, 1024)])
def test_a_packed_index_is_sound_finds_what_meets_a_box_and_can_be_changed(count, page):
    chance = np.random.default_rng(count)
    corner = np.column_stack([chance.uniform(4e5, 5e5, count), chance.uniform(4e6, 4.1e6, count)])
    bounds = np.column_stack([corner, corner + chance.uniform(0, 300, (count, 2))])
    ids = chance.permutation(np.arange(1, count + 1))
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA page_size = {page}")  # that of a small page makes small nodes
    connection.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
    PackedRtree(ids, bounds).fill(connection, "tree")
    west, south, east, north = WINDOW
    meets = (bounds[:, 2] >= west) & (bounds[:, 0] <= east) & (bounds[:, 3] >= south) & (bounds[:, 1] <= north)
    found = {row[0] for row in connection.execute(MEETS, (west, east, south, north))}
    assert set(ids[meets].tolist()) <= found and len(found) <= meets.sum() + 5
    assert connection.execute("SELECT count(*) FROM tree").fetchone() == (count,)
    kept = {row[0]: row[1:] for row in connection.execute("SELECT id, minx, miny, maxx, maxy FROM tree")}
    if count:
        boxes = np.array([kept[number] for number in ids.tolist()])
        assert (boxes[:, :2] <= bounds[:, :2]).all() and (boxes[:, 2:] >= bounds[:, 2:]).all()
        assert np.abs(boxes - bounds).max() < 0.6
    for number in ids[:40].tolist():
        connection.execute("DELETE FROM tree WHERE id = ?", (number,))
    connection.executemany(
        "INSERT INTO tree VALUES (?,?,?,?,?)", [(count + n, n, n + 1, n, n + 1) for n in range(1, 90)]
    )
    assert connection.execute("SELECT rtreecheck('tree')").fetchone() == ("ok",)
