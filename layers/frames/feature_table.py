"""A table of features of any size: batches in memory, or parts of a journal, few of which are open at once.

A journal is identified by the hash of what is read, how, and by which program, and a part by its name: a part left by
an earlier attempt is not made again. Facts of all rows are read on demand.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.files.journal_folder import Journal, disk_errors_as_refusals
from onemap.layers.geometry.rings import Rings
from onemap.layers.geometry.row_blocks import BLOCK, give_back_memory
from onemap.layers.geometry.shape_column import (
    AnyShapes,
    all_of,
    areas_of,
    bodies_at,
    boxes_of,
    lengths_of,
    rings_at,
    vertices_of_each,
)
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.geometry.wkb_rings import rings_of_wkb
from onemap.layers.records import Record
from onemap.layers.stores.arrow_values import (
    arrow_batch,
    keep_batch,
    kept_batch,
    plain_column,
    plain_type,
    shape_column,
)

BOX, AREA, LENGTH, POINTS = "box", "area_m2", "length_m", "points"  # box: west, south, east, north
_MEASURES: Mapping[str, Callable[[AnyShapes], np.ndarray]] = {
    BOX: boxes_of,
    AREA: areas_of,
    LENGTH: lengths_of,
    POINTS: lambda shapes: vertices_of_each(shapes).astype(np.int32),
}
_ABOUT, _FIELDS = b"about", b"fields"  # in a part's metadata: the latter says at which column the fields begin
_COLUMNS = (str, int, float)  # the types of values that a column of Arrow holds as they are
_OPEN = 4  # parts at once: a block and some of its neighbours
Found = TypeVar("Found")
Change = Callable[[list[Any]], list[Any]]
_AS_KEPT: Mapping[str, Change] = {}


@dataclass(frozen=True)
class Features:
    """Some features (n,) in memory.

    numbers: numbers of each, (n,); fields: plain values; about: facts about all of them, plain JSON.
    """

    shapes: AnyShapes
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    fields: pd.DataFrame = field(default_factory=pd.DataFrame)
    about: Mapping[str, Any] = field(default_factory=dict)

    def column(self, name: str) -> np.ndarray:
        """Return a number of each feature (n,), or its box (n, 4)."""
        return self.numbers[name] if name in self.numbers else _MEASURES[name](self.shapes)

    def keep(self, journal: Journal, name: str, wkb: pa.Array | None = None) -> None:
        """Write the features as a part of a journal. wkb: the shapes, if they are available as WKB.

        Raises OneMapError journal.failed, UnsupportedValue.
        """
        own = {"wkb": shape_column(all_of(self.shapes)) if wkb is None else wkb}
        own[BOX] = pa.FixedSizeListArray.from_arrays(pa.array(self.column(BOX).ravel()), 4)
        own |= {name: pa.array(self.column(name)) for name in (AREA, LENGTH, POINTS, *self.numbers)}
        metadata = {_ABOUT: json.dumps(dict(self.about)), _FIELDS: str(len(own))}
        keep_batch(journal, name, arrow_batch(own, self.fields, metadata=metadata))


class FeatureTable:
    """Features in the order in which they were added, with rows numbered from 0.

    none: features without a row, which give the types of numbers if nothing is added.
    """

    def __init__(self, journal: Journal | None = None, none: Features | None = None) -> None:
        self._journal = journal
        self._batches: list[Callable[[], Features | pa.RecordBatch]] = [] if none is None else [lambda: none]
        self._starts = [0] * (1 + len(self._batches))
        self._changes: list[Mapping[str, Change]] = []
        self._names: list[str] | None = None
        self._open_batch = lru_cache(maxsize=_OPEN)(_open)

    @staticmethod
    def of(features: Features) -> "FeatureTable":
        """Make a table of features that stay in memory."""
        table = FeatureTable()
        table.add("", lambda: features)
        return table

    @staticmethod
    def of_tables(tables: "Sequence[FeatureTable]") -> "FeatureTable":
        """Concatenate tables; a field that only some tables have is None in the others.

        Names that differ only by case are the same field, as in a library: it has the spelling of the first table.
        """
        whole = FeatureTable()
        for table in tables:
            whole._batches += table._batches
            whole._changes += [table._changes_of(number) for number in range(table.parts)]
            whole._starts += [len(whole) + start for start in table._starts[1:]]
        spelled: dict[str, str] = {}
        for name in (name for table in tables for name in table.field_names):
            spelled[name.lower()] = min(name, spelled.get(name.lower(), name))
        whole._names = list(spelled.values())
        return whole

    def with_changes(self, changes: Mapping[str, Change]) -> "FeatureTable":
        """Return the same features. changes: how a field's values are changed when they are read."""
        table = FeatureTable.of_tables([self])
        table._changes = [changes] * self.parts
        return table

    def add(self, name: str, make: Callable[[], Features]) -> None:
        """Add the next features: those that an earlier attempt left under that name, else newly made ones.

        Raises OneMapError journal.failed, as on a full disk.
        """
        if self._journal is None:
            features = make()
            self._batches.append(lambda: features)
            self._starts.append(len(self) + len(features.shapes))
        elif not self.resume(name):
            make().keep(self._journal, name)
            self.resume(name)

    def resume(self, name: str) -> bool:
        """Add the part that the journal has under a name; return whether it has one."""
        if self._journal is None or not self._journal.has(name):
            return False
        batch = partial(self._open_batch, self._journal, name)
        self._starts.append(len(self) + batch().num_rows)
        self._batches.append(batch)
        return True

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def parts(self) -> int:
        """How many parts were added."""
        return len(self._batches)

    @property
    def block_rows(self) -> int:
        """The best number of rows to read at once."""
        return max(1, min(BLOCK, *np.diff(self._starts)[:1].tolist()))

    @property
    def field_names(self) -> list[str]:
        """The names of the fields."""
        return _field_names(self._batches[0]()) if self._names is None else self._names

    def abouts(self) -> list[Record]:
        """The facts that were given with each part."""
        read = (batch() for batch in self._batches)
        return [
            dict(one.about) if isinstance(one, Features) else json.loads(one.schema.metadata[_ABOUT]) for one in read
        ]

    def columns(self, *names: str) -> list[np.ndarray]:
        """Return numbers of all rows (n,), or their boxes (n, 4)."""
        columns: list[list[np.ndarray]] = [[] for _ in names]
        for batch in self._batches:
            own = batch()
            for name, parts in zip(names, columns, strict=True):
                parts.append(own.column(name) if isinstance(own, Features) else _numbers(_own_column(own, name)))
        return [np.concatenate(parts) for parts in columns]

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some geometries (k,), in any order."""
        result = np.empty(len(rows), dtype=object)
        for places, number, at in self._parts(rows):
            batch = self._batches[number]()
            if isinstance(batch, Features):
                result[places] = batch.shapes[at]
            else:
                result[places] = shapely.from_wkb(_values_at(batch.column(0), at).to_numpy(zero_copy_only=False))
        return result

    def bodies(self, rows: np.ndarray) -> Bodies:
        """Some geometries (k,) as WKB, with their boxes; rows ascend."""
        parts = [
            bodies_at(batch.shapes, at)
            if isinstance(batch := self._batches[number](), Features)
            else Bodies(_values_at(batch.column(0), at), _numbers(_values_at(_own_column(batch, BOX), at)))
            for _, number, at in self._parts(rows)
        ] or [Bodies(pa.array([], pa.large_binary()), np.empty((0, 4)))]
        return Bodies(pa.concat_arrays([one.column for one in parts]), np.concatenate([one.boxes for one in parts]))

    def rings(self, rows: np.ndarray) -> Rings:
        """The rings of some polygons (k,), in any order; rows ascend."""
        only = self._batches[0]() if len(self._batches) == 1 else None
        return rings_at(only.shapes, rows) if isinstance(only, Features) else rings_of_wkb(self.bodies(rows).column)

    def values(self, name: str, rows: np.ndarray) -> list[Any]:
        """Some values of a field; rows ascend."""
        field_values: list[Any] = []
        for _, number, at in self._parts(rows):
            batch = self._batches[number]()
            own, changes = _own_name(batch, name), self._changes_of(number)
            change = changes.get(name) or changes.get(own or name)
            values = [None] * len(at) if own is None else _values_of(batch, own, at)
            field_values += values if change is None else change(values)
        return field_values

    def arrow_values(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """Return some values of a field as an Arrow column of texts, integers or floats; None if not kept so."""
        parts = []
        for _, number, at in self._parts(rows):
            kind, column = self._plain_column(number, name)
            if kind not in _COLUMNS:
                return None
            parts.append(_values_at(column, at))
        return pa.concat_arrays(parts) if parts and len({part.type for part in parts}) == 1 else None

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None, in all rows."""
        types: set[type] = set()
        for number, (start, stop) in enumerate(pairwise(self._starts)):
            kind, column = self._plain_column(number, name)
            if kind is None:
                types.update(map(type, self.values(name, np.arange(start, stop))))
            elif column.null_count < len(column):
                types.add(kind)
        return types - {type(None)}

    def _plain_column(self, number: int, name: str) -> tuple[type | None, pa.Array]:
        """Return the one type of a part's field as it is read, None if only values can tell; and the column."""
        batch = self._batches[number]()
        own = _own_name(batch, name)
        if isinstance(batch, Features) or own is None or not {name, own}.isdisjoint(self._changes_of(number)):
            return None, pa.nulls(0)
        place = _place(batch, own)
        return plain_type(batch.schema.field(place)), batch.column(place)

    def _changes_of(self, number: int) -> Mapping[str, Change]:
        return self._changes[number] if self._changes else _AS_KEPT

    def _parts(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, int, np.ndarray]]:
        """Yield rows part by part: their places among the rows, the part's number, and their positions in it."""
        part = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(part, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if len(rows) else ():
            number = int(part[places[0]])
            yield places, number, rows[places] - self._starts[number]


def _open(journal: Journal, name: str) -> pa.RecordBatch:
    give_back_memory()
    with disk_errors_as_refusals(journal.folder):
        return kept_batch(journal, name)


def _field_names(batch: Features | pa.RecordBatch) -> list[str]:
    if isinstance(batch, Features):
        return [str(name) for name in batch.fields.columns]
    return list(batch.schema.names[_first_field(batch) :])


def _own_name(batch: Features | pa.RecordBatch, name: str) -> str | None:
    """Return how a part spells a field; None if it has no such field."""
    if isinstance(batch, Features) and name in batch.fields.columns:  # found without a look at thousands of others
        return name
    names = _field_names(batch)
    return name if name in names else next((one for one in names if one.lower() == name.lower()), None)


def _values_of(batch: Features | pa.RecordBatch, name: str, at: np.ndarray) -> list[Any]:
    """Some values of a part's field."""
    if isinstance(batch, Features):
        return list(batch.fields[name].to_numpy(dtype=object)[at].tolist())
    place = _place(batch, name)
    return list(plain_column(batch.schema.field(place), pa.chunked_array([_values_at(batch.column(place), at)])))


def _first_field(batch: pa.RecordBatch) -> int:
    return int(batch.schema.metadata[_FIELDS])


def _place(batch: pa.RecordBatch, name: str) -> int:
    """Return the column of a field, which may have the same name as a column before the fields."""
    first = _first_field(batch)
    return first + int(batch.schema.names[first:].index(name))


def _own_column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.names.index(name))


def _values_at(values: pa.Array, at: np.ndarray) -> pa.Array:
    """Return some values of a part; consecutive ones are not copied."""
    if (np.diff(at) == 1).all():
        return values if len(at) == len(values) else values.slice(int(at[0]), len(at))
    return values.take(pa.array(at))


def _numbers(column: pa.Array) -> np.ndarray:
    wide = column.type.list_size if pa.types.is_fixed_size_list(column.type) else 0
    numbers: np.ndarray = (column.flatten() if wide else column).to_numpy(zero_copy_only=False)
    return numbers.reshape(-1, wide) if wide else numbers
