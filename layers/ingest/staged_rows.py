"""Features of a large layer in part files on disk: written once in their order, read again block by block."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.fields import text_value
from onemap.layers.geometry.rings import Rings
from onemap.layers.geometry.row_blocks import give_back_memory
from onemap.layers.geometry.shape_column import AnyShapes, all_of, areas_of, boxes_of, lengths_of, vertices_of_each
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.geometry.wkb_rings import rings_of_wkb
from onemap.layers.stores.arrow_values import (
    arrow_batch,
    keep_batch,
    kept_batch,
    plain_column,
    plain_type,
    shape_column,
)

_ABOUT = b"about"
_SIDES = ("west", "south", "east", "north")
_OWN = ("wkb", *_SIDES, "points", "area", "length")  # the columns before the fields
_COLUMNS = {str, int, float}  # the types of values that a column of Arrow holds as they are
_OPEN = 4  # parts at once: a block and some of its neighbours

Change = Callable[[list[Any]], list[Any]]


def write_part(
    journal: Journal,
    name: str,
    shapes: AnyShapes,
    attributes: pd.DataFrame,
    about: Mapping[str, Any],
    wkb: pa.Array | None,
) -> None:
    """Keep some features (n,) as a part.

    about: what belongs to them, plain JSON; wkb: the shapes, where they are there as such. Raises UnsupportedValue.
    """
    wkb = shape_column(all_of(shapes)) if wkb is None else wkb
    points = vertices_of_each(shapes).astype(np.int32)
    own = [wkb, *map(pa.array, (*boxes_of(shapes).T, points, areas_of(shapes), lengths_of(shapes)))]
    metadata = {_ABOUT: json.dumps(dict(about))}
    keep_batch(journal, name, arrow_batch(dict(zip(_OWN, own, strict=True)), attributes, metadata=metadata))


class StagedRows:
    """`Rows` in the parts of a journal. size: how many rows each part has, but the last.

    changes: what is done to a field's values when they are read; key: the field by which features are called; abouts:
    what was kept with each part.
    """

    def __init__(self, journal: Journal, names: Sequence[str], size: int) -> None:
        self._journal = journal
        self._names = list(names)
        self.size = size
        self._opened: Callable[[int], pa.RecordBatch] = lru_cache(maxsize=_OPEN)(self._open)
        self.abouts = [json.loads(self._part(number).schema.metadata[_ABOUT]) for number in range(len(names))]
        self.count = sum(self._part(number).num_rows for number in range(len(names)))
        self.columns = self._part(0).schema.names[len(_OWN) :]
        self.changes: dict[str, Change] = {}
        self.key: str | None = None

    def _open(self, number: int) -> pa.RecordBatch:
        give_back_memory()
        return kept_batch(self._journal, self._names[number])

    def _part(self, number: int) -> pa.RecordBatch:
        return self._opened(number)

    def _of_parts(self, rows: np.ndarray, column: int) -> Iterator[tuple[pa.Field, pa.ChunkedArray]]:
        """Of ascending rows one column, part by part."""
        parts = rows // self.size
        ends = np.flatnonzero(np.diff(parts)) + 1
        for some in np.split(rows, ends) if len(rows) else ():
            number = int(some[0] // self.size)
            batch, at = self._part(number), some - number * self.size
            values = batch.column(column)
            if len(at) < len(values):
                is_run = len(at) == at[-1] - at[0] + 1
                values = values.slice(int(at[0]), len(at)) if is_run else values.take(pa.array(at))
            yield batch.schema.field(column), pa.chunked_array([values])

    def _of_all(self, names: Sequence[str]) -> np.ndarray:
        """Some of the columns before the fields, of all rows: (n, columns)."""
        columns = [_OWN.index(name) for name in names]  # a field may have the same name
        batches = (self._part(number) for number in range(len(self._names)))
        return np.concatenate([np.column_stack([batch.column(at).to_numpy() for at in columns]) for batch in batches])

    def boxes(self) -> np.ndarray:
        """West, south, east, north of each (n, 4)."""
        return self._of_all(_SIDES)

    def points(self) -> np.ndarray:
        """How many coordinates each has (n,)."""
        return self._of_all(["points"])[:, 0]

    def sizes(self) -> np.ndarray:
        """Area and length of each in the plane (n, 2)."""
        return self._of_all(["area", "length"])

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some geometries (k,)."""
        found = [shapely.from_wkb(column.to_numpy()) for _, column in self._of_parts(rows, 0)]
        return np.concatenate(found) if found else np.empty(0, dtype=object)

    def bodies(self, rows: np.ndarray) -> Bodies:
        """Some geometries (k,) as WKB, with their boxes."""
        wkb: list[pa.Array] = []
        boxes = np.full((len(rows), 4), np.nan)
        of_parts = zip(*(self._of_parts(rows, column) for column in range(1 + len(_SIDES))), strict=True)
        start = 0
        for (_, own), *sides in of_parts:
            part = slice(start, start + len(own))
            wkb += own.chunks
            for side, (_, column) in enumerate(sides):
                boxes[part, side] = column.to_numpy()
            start = part.stop
        return Bodies(pa.concat_arrays(wkb) if wkb else pa.array([], pa.large_binary()), boxes)

    def rings(self, rows: np.ndarray) -> Rings:
        """The rings of some polygons (k,), in any order."""
        found = [column.chunk(0) for _, column in self._of_parts(rows, 0)]
        return rings_of_wkb(pa.concat_arrays(found) if found else pa.array([], pa.large_binary()))

    def values(self, name: str, rows: np.ndarray) -> list[Any]:
        """Some values of a field."""
        at = len(_OWN) + list(self.columns).index(name)
        found = [value for field, column in self._of_parts(rows, at) for value in plain_column(field, column)]
        return self.changes[name](found) if name in self.changes else found

    def column(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """Some values of a field as they lie in the parts, if these have one type of plain values."""
        at = len(_OWN) + list(self.columns).index(name)
        found = list(self._of_parts(rows, at))
        kinds = {plain_type(field) for field, _ in found}
        if name in self.changes or len(kinds) != 1 or not kinds <= _COLUMNS:
            return None
        return pa.concat_arrays([chunk for _, column in found for chunk in column.chunks])

    def names(self, rows: np.ndarray) -> list[str]:
        """What some features are called in reports."""
        numbers = [str(row + 1) for row in rows.tolist()]
        if self.key is None:
            return numbers
        keys = map(text_value, self.values(self.key, rows))
        return [key or number for key, number in zip(keys, numbers, strict=True)]

    def source_rows(self, rows: np.ndarray) -> np.ndarray:
        """The 0-based rows of some features in their source."""
        return rows

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None, in all rows."""
        found: set[type] = set()
        at = len(_OWN) + list(self.columns).index(name)
        for number in range(len(self._names)):
            batch = self._part(number)
            kind = None if name in self.changes else plain_type(batch.schema.field(at))
            if kind is None:
                start = number * self.size
                found.update(map(type, self.values(name, np.arange(start, start + batch.num_rows))))
            elif batch.column(at).null_count < batch.num_rows:
                found.add(kind)
        return found - {type(None)}
