"""Polygons that a comparison makes block by block: held, or in parts of a journal, where they are found again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.files.journal_folder import Journal, disk_errors_as_refusals
from onemap.layers.stores.arrow_values import arrow_batch, keep_batch, kept_batch, shape_column
from onemap.rules.judge.distributed.partition import blocks_of, most_parcels

_SHAPE = "wkb"


@dataclass(frozen=True)
class Batch:
    """The polygons of one block (k,), and what is told of each: numbers or truths, (k,) or (k, 4) each."""

    polygons: np.ndarray
    columns: Mapping[str, np.ndarray]


class KeptPolygons:
    """Polygons, block after block; those of a journal lie on disk, and only their columns are held.

    none: a batch without polygons, from which the columns have their types where there is no block.
    """

    def __init__(self, none: Batch, journal: Journal | None = None) -> None:
        self._journal = journal
        self._parts: list[np.ndarray | str] = []
        self._starts = [0]
        self._columns = [none.columns]

    def add(self, name: str, make: Callable[[], Batch]) -> None:
        """The next block: what an earlier attempt has left of that name, else what `make` finds.

        Raises OneMapError journal.failed, as on a full disk.
        """
        if self._journal is None:
            batch = make()
            self._parts.append(batch.polygons)
            self._columns.append(batch.columns)
        else:
            if not self._journal.has(name):
                write_batch(self._journal, name, make())
            self._parts.append(name)
            self._columns.append(read_columns(self._journal, name))
        self._starts.append(self._starts[-1] + len(next(iter(self._columns[-1].values()))))

    def column(self, name: str) -> np.ndarray:
        """A column of all blocks, one after the other (n,) or (n, 4)."""
        return np.concatenate([columns[name] for columns in self._columns])

    def forget_columns(self) -> None:
        """Let go of what is told of the polygons, once nobody asks for it any more."""
        self._columns = []

    def take(self, places: np.ndarray) -> np.ndarray:
        """The polygons at some places (k,)."""
        part = np.searchsorted(self._starts, places, side="right") - 1
        result = np.empty(len(places), dtype=object)
        for number in np.unique(part).tolist():
            mine = np.flatnonzero(part == number)
            at, source = places[mine] - self._starts[number], self._parts[number]
            if isinstance(source, np.ndarray):
                result[mine] = source[at]
            elif self._journal is not None:
                result[mine] = read_polygons(self._journal, source, at)
        return result


@dataclass(frozen=True)
class Polygons:
    """Polygons (n,), held or on disk: of each its box (n, 4), area_m2 (n,), points (n,), and where in `kept` it is."""

    boxes: np.ndarray
    area_m2: np.ndarray
    points: np.ndarray
    at: np.ndarray
    polygon_store: KeptPolygons

    @staticmethod
    def in_memory(polygons: np.ndarray) -> "Polygons":
        """Polygons that stay in memory."""
        polygon_store = KeptPolygons(Batch(polygons[:0], polygon_columns(polygons[:0])))
        polygon_store.add("", lambda: Batch(polygons, polygon_columns(polygons)))
        return Polygons.among(polygon_store, np.arange(len(polygons)))

    @staticmethod
    def among(polygon_store: KeptPolygons, at: np.ndarray) -> "Polygons":
        """The polygons at some places of `kept`."""
        boxes, area_m2, points = (polygon_store.column(name)[at] for name in ("box", "area_m2", "points"))
        return Polygons(boxes, area_m2, points, at, polygon_store)

    def __len__(self) -> int:
        return len(self.at)

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some of the polygons (k,)."""
        return self.polygon_store.take(self.at[rows])

    def meeting(self, boxes: np.ndarray) -> np.ndarray:
        """The rows whose boxes meet one of the boxes (k, 4), ascending; only these, and not all, get an index."""
        if len(boxes) == 0:
            return np.empty(0, dtype=np.int64)
        near = np.flatnonzero(boxes_meet(self.boxes, extent(boxes)))
        tree = shapely.STRtree(shapely.box(*self.boxes[near].T))
        return near[np.unique(tree.query(shapely.box(*boxes.T))[1])]

    def blocks(self, rows: np.ndarray) -> list[np.ndarray]:
        """Some rows in blocks of neighbours; each row belongs to one block as a whole."""
        return spatial_blocks(rows, self.boxes[rows], self.points[rows])


def extent(boxes: np.ndarray) -> np.ndarray:
    """The box around boxes (n, 4), of which there are some."""
    return np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]


def boxes_meet(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Which of the boxes (n, 4) meet a box."""
    west, south, east, north = boxes.T
    return np.asarray((west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1]))


def write_batch(journal: Journal, name: str, batch: Batch) -> None:
    """Keep a block as a part of the journal. Raises OneMapError journal.failed."""
    columns = {_SHAPE: shape_column(batch.polygons)}
    for named, values in batch.columns.items():
        flat = pa.array(np.ravel(values))
        columns[named] = flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    keep_batch(journal, name, arrow_batch(columns))


def read_columns(journal: Journal, name: str) -> dict[str, np.ndarray]:
    """What is told of a kept block's polygons. Raises OneMapError journal.failed."""
    polygon_store = _batch_in_journal(journal, name)
    found = {}
    for column in polygon_store.schema.names[1:]:
        values = polygon_store.column(column)
        if pa.types.is_fixed_size_list(values.type):
            wide = values.type.list_size
            found[column] = values.flatten().to_numpy(zero_copy_only=False).reshape(-1, wide).copy()
        else:
            found[column] = values.to_numpy(zero_copy_only=False).copy()
    return found


def read_polygons(journal: Journal, name: str, rows: np.ndarray | None = None) -> np.ndarray:
    """A kept block's polygons, or some of them (k,). Raises OneMapError journal.failed."""
    bodies = _batch_in_journal(journal, name).column(_SHAPE)
    found: np.ndarray = shapely.from_wkb((bodies if rows is None else bodies.take(pa.array(rows))).to_numpy(False))
    return found


def _batch_in_journal(journal: Journal, name: str) -> pa.RecordBatch:
    with disk_errors_as_refusals(journal.folder):
        return kept_batch(journal, name)


def polygon_columns(polygons: np.ndarray) -> dict[str, np.ndarray]:
    """What is held of each polygon (k,) while it lies on disk: its box, its area, its number of points."""
    return {
        "box": np.reshape(shapely.bounds(polygons), (-1, 4)),
        "area_m2": shapely.area(polygons),
        "points": shapely.get_num_coordinates(polygons),
    }


def spatial_blocks(rows: np.ndarray, boxes: np.ndarray, points: np.ndarray) -> list[np.ndarray]:
    """Rows (n,) in blocks of neighbours, ascending in each; boxes (n, 4), points (n,): of these rows."""
    if len(rows) == 0:
        return []
    block = blocks_of((boxes[:, :2] + boxes[:, 2:]) / 2, points, most_parcels())
    order = np.argsort(block, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(block[order])) + 1)
