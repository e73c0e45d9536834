"""The spatial index of a table in a file: which features lie near a box, and which entries are wrong.

Entries are read from the nodes, since SQLite does not get through a damaged index. A node is a depth and a count of 16
bits, then cells of a child and its box; see https://sqlite.org/rtree.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from onemap.layers.stores import geopackage
from onemap.layers.stores.rtree import CELL, HEADER_BYTES, ROOT, outward
from onemap.layers.stores.sql_text import Sql, compose_sql
from onemap.layers.stores.store import GEOMETRY_COLUMN, DamagedTable, Executor

_UNIT = 1 / 8_388_608  # by which SQLite widens a side that 32 bits do not hold
INDEX_PARTS = ("node", "parent", "rowid")  # in which SQLite keeps a spatial index


def misplaced_features(connection: Executor, index: str) -> list[int]:
    """Return the fids that an index lacks, places elsewhere, or holds although no such feature exists.

    index: its virtual table, rtree_TABLE_geom. Faults that belong to no feature, such as a detached node, are left out.
    """
    table = index.removeprefix("rtree_").removesuffix(f"_{GEOMETRY_COLUMN}")
    nodes, parents, rowids = (_pairs(connection, f"{index}_{part}") for part in INDEX_PARTS)
    tree = _Tree(nodes, parents, rowids)
    tree.walk(ROOT, None)
    sql = compose_sql("SELECT fid, {geometry} FROM {table}", geometry=GEOMETRY_COLUMN, table=table)
    rows = connection.execute(sql).fetchall()
    bounds = shapely.bounds(geopackage.readable_shapes([row[1] for row in rows])).reshape(-1, 4)
    possible_boxes = {row[0]: boxes for row, *boxes in zip(rows, outward(bounds), _widened_boxes(bounds), strict=True)}
    faults = set(tree.faults)
    for fid, boxes in possible_boxes.items():
        index_box = tree.boxes.get(fid)
        if np.isnan(boxes[0]).any():
            faults |= {fid} if index_box is not None else set()
        elif index_box is None or not any(np.array_equal(index_box, box) for box in boxes):
            faults.add(fid)
    faults |= tree.boxes.keys() - possible_boxes.keys()
    return sorted(faults | {fid for fid in tree.rowids if isinstance(fid, int) and fid not in tree.boxes})


@dataclass
class _Tree:
    """An index as its three tables have it.

    boxes: the box of each feature that is reached; faults: features on which the tables contradict each other.
    """

    nodes: Mapping[Any, Any]
    parents: Mapping[Any, Any]
    rowids: Mapping[Any, Any]
    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    faults: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    def walk(self, number: int, depth: int | None) -> tuple[list[int], np.ndarray | None]:
        """Return the features under a node, and the box around them. depth: the node's; None for the root's own."""
        cells, own_depth = _cells(self.nodes.get(number))
        if cells is None or number in self.seen or len(self.seen) > len(self.nodes):
            return [], None
        self.seen.add(number)
        depth = own_depth if depth is None else depth
        under: list[int] = []
        for child, box in cells:
            features = self._leaf(child, box, number) if depth == 0 else self._inner(child, box, number, depth)
            under += features
        boxes = np.array([box for _, box in cells])
        outer_box = None
        if len(boxes):
            outer_box = np.array([boxes[:, 0].min(), boxes[:, 1].max(), boxes[:, 2].min(), boxes[:, 3].max()])
        return under, outer_box

    def _leaf(self, fid: int, box: np.ndarray, number: int) -> list[int]:
        if fid in self.boxes or self.rowids.get(fid) != number:
            self.faults.add(fid)
        self.boxes[fid] = box
        return [fid]

    def _inner(self, child: int, box: np.ndarray, number: int, depth: int) -> list[int]:
        under, outer_box = self.walk(child, depth - 1)
        if self.parents.get(child) != number or outer_box is None or not np.array_equal(outer_box, box):
            self.faults |= set(under)
        return under


def _cells(data: Any) -> tuple[list[tuple[int, np.ndarray]] | None, int]:
    """The cells of a node, and its depth; None if it is not a node."""
    if not isinstance(data, bytes) or len(data) < HEADER_BYTES:
        return None, 0
    depth, count = (int(number) for number in np.frombuffer(data, ">u2", 2))
    if depth > 40 or len(data) < HEADER_BYTES + count * CELL.itemsize:
        return None, 0
    cells = np.frombuffer(data, CELL, count, HEADER_BYTES)
    return list(zip(cells["child"].tolist(), cells["box"].astype(np.float32), strict=True)), depth


def _pairs(connection: Executor, table: str) -> dict[Any, Any]:
    try:
        rows = connection.execute(compose_sql("SELECT * FROM {table}", table=table)).fetchall()
        return dict(row[:2] for row in rows)
    except Exception:  # noqa: BLE001 - a table that is gone, or in pieces, holds nothing
        return {}


def _widened_boxes(bounds: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) in 32 bits, as SQLite's own triggers round them when they fill the index."""
    wide = bounds[:, [0, 2, 1, 3]]
    narrow = wide.astype(np.float32)
    outward_factor = np.where(wide < 0, 1 + _UNIT, 1 - _UNIT)
    below = np.where(narrow > wide, (wide * outward_factor).astype(np.float32), narrow)
    toward = np.where(wide < 0, 1 - _UNIT, 1 + _UNIT)
    above = np.where(narrow < wide, (wide * toward).astype(np.float32), narrow)
    return np.column_stack([below[:, 0], above[:, 1], below[:, 2], above[:, 3]])


def index_tables(table: str) -> list[str]:
    """Return the virtual table of a table's spatial index, and the tables in which SQLite keeps the index."""
    index = geopackage.index_name(table)
    return [index, *(f"{index}_{part}" for part in INDEX_PARTS)]


def near(table: str) -> Sql:
    """Return what follows SELECT id to find features whose boxes meet a box; `corners` gives the parameters."""
    index = geopackage.index_name(table)
    return compose_sql("FROM {index} WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?", index=index)


def corners(box: Sequence[float]) -> tuple[float, ...]:
    """Return west, south, east, north in the order of `near`."""
    return box[0], box[2], box[1], box[3]


def check_index(connection: Executor, table: str, count: int) -> None:
    """Check that the index has every feature; a missing entry would hide one. Raises DamagedTable."""
    indexed = compose_sql("SELECT count(*) FROM {entries}", entries=f"{geopackage.index_name(table)}_rowid")
    if connection.execute(indexed).fetchone()[0] != count:
        raise DamagedTable("the spatial index does not hold every feature")
