"""A packed R-tree in the form in which SQLite keeps one: all nodes are made at once, instead of box by box."""

import sqlite3
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.stores.bulk_rows import insert_rows
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.table_hashes import hash_of_contents, hash_of_numbers

HEADER_BYTES, _CELL_BYTES = 4, 24
CELL = np.dtype([("child", ">i8"), ("box", ">f4", 4)])  # least x, greatest x, least y, greatest y
ROOT = 1
_ROWS_AT_ONCE = 100_000
_USUAL_BYTES = HEADER_BYTES + 51 * _CELL_BYTES  # of a node, where pages are no smaller than 2048 bytes


@dataclass(frozen=True)
class _Level:
    """The nodes of one level: children (n,) and their parents (n,), and the nodes' numbers (m,) and contents.

    contents: (m, bytes of a node). They are arrays; some rows at a time become numbers and bytes.
    """

    children: np.ndarray
    parents: np.ndarray
    numbers: np.ndarray
    contents: np.ndarray


class PackedRtree:
    """An R-tree of two dimensions, packed when it is first needed; any thread may pack it.

    ids: (n,) of the rows, each once; bounds: (n, 4) west, south, east, north, all finite.
    """

    def __init__(self, ids: np.ndarray, bounds: np.ndarray) -> None:
        self._ids = ids
        self._bounds = bounds
        self._hashes: dict[str, str] = {}

    @property
    def extent(self) -> list[float] | None:
        """West, south, east, north of all rows; None without any."""
        if len(self._ids) == 0:
            return None
        return [*self._bounds[:, :2].min(axis=0).tolist(), *self._bounds[:, 2:].max(axis=0).tolist()]

    def make_ready(self, *, hashed: bool = False) -> None:
        """Pack the tree. hashed: also compute the hashes of its tables."""
        if len(self._ids):
            levels = self._usual
            self._hashes = _hashes(levels) if hashed else {}

    @cached_property
    def _usual(self) -> list[_Level]:
        return _levels(self._ids, self._bounds, _USUAL_BYTES)

    def fill(self, connection: sqlite3.Connection, index: str) -> dict[str, str]:
        """Fill an empty virtual table `rtree(id, minx, maxx, miny, maxy)`; return the tables' known hashes by name."""
        if len(self._ids) == 0:
            return {}
        nodes = f"{index}_node"
        sql = compose_sql("SELECT length(data) FROM {nodes} WHERE nodeno = ?", nodes=nodes)
        (size,) = connection.execute(sql, (ROOT,)).fetchone()
        levels = self._usual if size == _USUAL_BYTES else _levels(self._ids, self._bounds, size)
        for depth, level in enumerate(levels):
            table, key, value = (
                (f"{index}_parent", "nodeno", "parentnode") if depth else (f"{index}_rowid", "rowid", "nodeno")
            )
            for rows in blocks(len(level.children), _ROWS_AT_ONCE):
                columns = {key: level.children[rows].tolist(), value: level.parents[rows].tolist()}
                insert_rows(connection, table, columns)
            connection.executemany(
                compose_sql(
                    "INSERT INTO {nodes} VALUES (?,?) ON CONFLICT (nodeno) DO UPDATE SET data = excluded.data",
                    nodes=nodes,
                ),
                (
                    (int(number), content.tobytes())
                    for number, content in zip(level.numbers, level.contents, strict=True)
                ),
            )
        return {f"{index}_{part}": hash_ for part, hash_ in self._hashes.items() if levels is self._usual}


def _hashes(levels: list[_Level]) -> dict[str, str]:
    """Return the hashes of the tables in which SQLite keeps a tree, as the log has them."""
    above = [np.concatenate([getattr(level, name) for level in levels[1:]] or [[]]) for name in ("children", "parents")]
    rows = (
        (int(number), content.tobytes())
        for level in (levels[-1], *levels[:-1])  # the root has the first number
        for number, content in zip(level.numbers, level.contents, strict=True)
    )
    return {
        "rowid": hash_of_numbers(levels[0].children, levels[0].parents),
        "parent": hash_of_numbers(*(numbers.astype(np.int64) for numbers in above)),
        "node": hash_of_contents(rows),
    }


def _levels(ids: np.ndarray, bounds: np.ndarray, size: int) -> list[_Level]:
    """The levels of a packed tree with nodes of `size` bytes, from the leaves to the root."""
    capacity = (size - HEADER_BYTES) // _CELL_BYTES
    order = _spatial_order(bounds, capacity)
    children, boxes = np.asarray(ids, dtype=np.int64)[order], np.empty((len(order), 4), dtype=np.float32)
    for rows in blocks(len(order), _ROWS_AT_ONCE):
        boxes[rows] = outward(bounds[order[rows]])
    del order
    number = ROOT + 1
    levels: list[_Level] = []
    while True:
        count = -(-len(children) // capacity)
        numbers = np.arange(number, number + count) if count > 1 else np.array([ROOT])
        number += count
        parent = np.repeat(numbers, capacity)[: len(children)]
        sorted_rows = np.argsort(children, kind="stable")  # appended to the table one after the other
        nodes = _pack_level(children, boxes, count, capacity, size, len(levels) if count == 1 else 0)
        levels.append(_Level(children[sorted_rows], parent[sorted_rows], numbers, nodes))
        if count == 1:
            return levels
        first = np.arange(0, len(children), capacity)
        least = np.minimum.reduceat(boxes[:, [0, 2]], first)
        greatest = np.maximum.reduceat(boxes[:, [1, 3]], first)
        boxes = np.column_stack([least[:, 0], greatest[:, 0], least[:, 1], greatest[:, 1]])
        children = numbers


def _spatial_order(bounds: np.ndarray, capacity: int) -> np.ndarray:
    """Return an order in which each node's boxes lie together: strips from west to east, each from south to north."""
    x, y = bounds[:, 0] + bounds[:, 2], bounds[:, 1] + bounds[:, 3]
    strips = int(np.ceil(np.sqrt(len(bounds) / capacity)))
    in_strip = capacity * int(np.ceil(len(bounds) / capacity / strips))
    rank = np.empty(len(bounds), dtype=np.int64)
    rank[np.argsort(x, kind="stable")] = np.arange(len(bounds))
    return np.lexsort((y, rank // in_strip))


def outward(bounds: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) as min x, max x, min y, max y in 32 bits, rounded so that they contain the given ones."""
    wide = bounds[:, [0, 2, 1, 3]]
    narrow = wide.astype(np.float32)
    least, greatest = np.float32(-np.inf), np.float32(np.inf)
    below = np.where(narrow > wide, np.nextafter(narrow, least), narrow)
    above = np.where(narrow < wide, np.nextafter(narrow, greatest), narrow)
    return np.column_stack([below[:, 0], above[:, 1], below[:, 2], above[:, 3]])


def _pack_level(
    children: np.ndarray, boxes: np.ndarray, count: int, capacity: int, size: int, depth: int
) -> np.ndarray:
    """Return the nodes of one level, `count` nodes of `size` bytes each: (count, size)."""
    cells = np.zeros(count * capacity, dtype=CELL)
    cells["child"][: len(children)] = children
    cells["box"][: len(children)] = boxes
    entry_counts = np.full(count, capacity)
    entry_counts[-1] = len(children) - capacity * (count - 1)
    whole = np.zeros((count, size), dtype=np.uint8)
    whole[:, :HEADER_BYTES] = np.column_stack([np.full(count, depth), entry_counts]).astype(">u2").view(np.uint8)
    body = cells.view(np.uint8).reshape(count, capacity * _CELL_BYTES)
    whole[:, HEADER_BYTES : HEADER_BYTES + capacity * _CELL_BYTES] = body
    return whole
