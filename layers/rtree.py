"""A packed R-tree in the shape in which SQLite keeps one: all nodes at once, instead of box by box."""

import sqlite3

import numpy as np

from onemap.layers.bulk_rows import insert_rows
from onemap.layers.stores.store import quoted

_HEADER_BYTES, _CELL_BYTES = 4, 24
_CELL = np.dtype([("child", ">i8"), ("box", ">f4", 4)])  # least x, greatest x, least y, greatest y
_ROOT = 1


def fill_rtree(connection: sqlite3.Connection, index: str, ids: np.ndarray, bounds: np.ndarray) -> None:
    """Fill an empty R-tree of two dimensions, a virtual table `rtree(id, minx, maxx, miny, maxy)`.

    ids: (n,) of the rows, each once; bounds: (n, 4) west, south, east, north, all finite.
    """
    if len(ids) == 0:
        return
    nodes = quoted(f"{index}_node")
    (size,) = connection.execute(f"SELECT length(data) FROM {nodes} WHERE nodeno = {_ROOT}").fetchone()  # noqa: S608
    capacity = (size - _HEADER_BYTES) // _CELL_BYTES
    order = _near_to_near(bounds, capacity)
    children, boxes = np.asarray(ids, dtype=np.int64)[order], _outward(bounds[order])
    number, depth = _ROOT + 1, 0
    while True:
        count = -(-len(children) // capacity)
        numbers = np.arange(number, number + count) if count > 1 else np.array([_ROOT])
        number += count
        parent = np.repeat(numbers, capacity)[: len(children)]
        sorted_rows = np.argsort(children, kind="stable")  # appended to the table one after the other
        table, key, value = (
            (f"{index}_parent", "nodeno", "parentnode") if depth else (f"{index}_rowid", "rowid", "nodeno")
        )
        rows = {key: children[sorted_rows].tolist(), value: parent[sorted_rows].tolist()}
        insert_rows(connection, table, rows)
        packed = _packed(children, boxes, count, capacity, size, depth if count == 1 else 0)
        connection.executemany(
            f"INSERT INTO {nodes} VALUES (?,?) ON CONFLICT (nodeno) DO UPDATE SET data = excluded.data",  # noqa: S608
            zip(numbers.tolist(), packed, strict=True),
        )
        if count == 1:
            return
        first = np.arange(0, len(children), capacity)
        least = np.minimum.reduceat(boxes[:, [0, 2]], first)
        greatest = np.maximum.reduceat(boxes[:, [1, 3]], first)
        boxes = np.column_stack([least[:, 0], greatest[:, 0], least[:, 1], greatest[:, 1]])
        children, depth = numbers, depth + 1


def _near_to_near(bounds: np.ndarray, capacity: int) -> np.ndarray:
    """An order in which every node's boxes lie together: strips from west to east, each from south to north."""
    x, y = bounds[:, 0] + bounds[:, 2], bounds[:, 1] + bounds[:, 3]
    strips = int(np.ceil(np.sqrt(len(bounds) / capacity)))
    in_strip = capacity * int(np.ceil(len(bounds) / capacity / strips))
    rank = np.empty(len(bounds), dtype=np.int64)
    rank[np.argsort(x, kind="stable")] = np.arange(len(bounds))
    return np.lexsort((y, rank // in_strip))


def _outward(bounds: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as least and greatest x, least and greatest y in 32 bits, which hold the given ones."""
    wide = bounds[:, [0, 2, 1, 3]]
    narrow = wide.astype(np.float32)
    least, greatest = np.float32(-np.inf), np.float32(np.inf)
    below = np.where(narrow > wide, np.nextafter(narrow, least), narrow)
    above = np.where(narrow < wide, np.nextafter(narrow, greatest), narrow)
    return np.column_stack([below[:, 0], above[:, 1], below[:, 2], above[:, 3]])


def _packed(children: np.ndarray, boxes: np.ndarray, count: int, capacity: int, size: int, depth: int) -> list[bytes]:
    """The nodes of one level, as many as `count`, each of `size` bytes."""
    cells = np.zeros(count * capacity, dtype=_CELL)
    cells["child"][: len(children)] = children
    cells["box"][: len(children)] = boxes
    held = np.full(count, capacity)
    held[-1] = len(children) - capacity * (count - 1)
    whole = np.zeros((count, size), dtype=np.uint8)
    whole[:, :_HEADER_BYTES] = np.column_stack([np.full(count, depth), held]).astype(">u2").view(np.uint8)
    body = cells.view(np.uint8).reshape(count, capacity * _CELL_BYTES)
    whole[:, _HEADER_BYTES : _HEADER_BYTES + capacity * _CELL_BYTES] = body
    content = whole.tobytes()
    return [content[at : at + size] for at in range(0, len(content), size)]
