"""A clean frame block by block, so that a layer is checked and written without being held in memory as a whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.errors import Problem
from onemap.layers.frames.feature_table import AREA, BOX, LENGTH, POINTS, Features, FeatureTable
from onemap.layers.frames.fields import text_value
from onemap.layers.frames.frames import BadFeatures, CleanFrame, joined_bad
from onemap.layers.geometry.rings import Rings
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import SILENT, Progress

Change = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class FrameBlocks:
    """A layer ready for the library, read block by block: in its CRS, two-dimensional, valid, fields by schema.

    kept: the rows of its features in the table, None if they are all; places of features are 0 … count - 1. key: the
    field by which features are called, or given_names (n,) are their names; changes: what is done to a field's values
    when they are read; problems, repaired, area_changed_m2, bad: as of a CleanFrame.
    """

    table: FeatureTable
    kept: np.ndarray | None = None
    key: str | None = None
    given_names: np.ndarray | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    repaired: int = 0
    area_changed_m2: float = 0.0
    bad: BadFeatures | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: CleanFrame) -> "FrameBlocks":
        """A frame that is in memory."""
        return cls(
            FeatureTable.of(Features(frame.shapes, fields=frame.attributes)),
            given_names=frame.names,
            problems=frame.problems,
            repaired=frame.repaired,
            area_changed_m2=frame.area_changed_m2,
            facts=frame.facts,
        )

    @property
    def count(self) -> int:
        """How many features there are."""
        return len(self.table) if self.kept is None else len(self.kept)

    @property
    def columns(self) -> list[str]:
        """The names of the fields."""
        return self.table.field_names

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each feature (n, 4)."""
        return self._numbers(BOX)[0]

    @cached_property
    def points(self) -> np.ndarray:
        """How many coordinates each feature has (n,)."""
        return self._numbers(POINTS)[0]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Area and length of each feature in the plane (n, 2)."""
        return np.column_stack(self._numbers(AREA, LENGTH))

    def _numbers(self, *names: str) -> list[np.ndarray]:
        found = self.table.columns(*names)
        return found if self.kept is None else [column[self.kept] for column in found]

    def bounds(self) -> np.ndarray:
        """West, south, east, north of all of them (4,), NaN if there are none."""
        if self.count == 0 or np.isnan(self.boxes).all():
            return np.full(4, np.nan)
        return np.concatenate([np.nanmin(self.boxes[:, :2], axis=0), np.nanmax(self.boxes[:, 2:], axis=0)])

    def blocks(self, progress: Progress = SILENT) -> Iterator[np.ndarray]:
        """The places of all features in their order, as many at once as are read at once."""
        for block in blocks(len(self.table), self.table.block_rows):
            first, last = block.start, block.stop
            if self.kept is not None:
                first, last = np.searchsorted(self.kept, [first, last])
            if first < last:
                progress.at(float(first) / self.count)
                yield np.arange(first, last)

    def _rows(self, places: np.ndarray) -> np.ndarray:
        return places if self.kept is None else self.kept[places]

    def geometries(self, places: np.ndarray) -> np.ndarray:
        """The geometries of some features (k,); places ascend."""
        return self.table.geometries(self._rows(places))

    def bodies(self, places: np.ndarray) -> Bodies:
        """The geometries of some features (k,) as WKB, with their boxes; places ascend."""
        return self.table.bodies(self._rows(places))

    def rings(self, places: np.ndarray) -> Rings:
        """The rings of some polygons (k,), in any order; places ascend."""
        return self.table.rings(self._rows(places))

    def values(self, name: str, places: np.ndarray) -> list[Any]:
        """A field's values of some features; places ascend."""
        return self._values(name, self._rows(places))

    def _values(self, name: str, rows: np.ndarray) -> list[Any]:
        found = self.table.values(name, rows)
        return self.changes[name](found) if name in self.changes else found

    def column(self, name: str, places: np.ndarray) -> pa.Array | None:
        """A field's values as a column of Arrow, where they are kept so; places ascend."""
        return None if name in self.changes else self.table.arrow_values(name, self._rows(places))

    def attributes(self, places: np.ndarray, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Fields, all or some, of some features; places ascend."""
        wanted = self.columns if names is None else names
        columns = {name: pd.Series(self.values(name, places), dtype=object) for name in wanted}
        return pd.DataFrame(columns, index=range(len(places)))

    def names(self, places: np.ndarray) -> dict[int, str]:
        """The names of some features in reports, by place, in any order."""
        asked = np.unique(np.asarray(places, dtype=np.int64))
        rows = self._rows(asked)
        if self.given_names is not None:
            return dict(zip(asked.tolist(), map(str, self.given_names[rows]), strict=True))
        numbers = [str(row + 1) for row in rows.tolist()]
        keys = [None] * len(rows) if self.key is None else map(text_value, self._values(self.key, rows))
        named = [key or number for key, number in zip(keys, numbers, strict=True)]
        return dict(zip(asked.tolist(), named, strict=True))

    def source_rows(self, places: np.ndarray) -> np.ndarray:
        """The 0-based rows of some features in their source (k,)."""
        return self._rows(np.asarray(places, dtype=np.int64))

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None."""
        if self.kept is None and name not in self.changes:
            return self.table.types(name)
        found: set[type] = set()
        for block in self.blocks():
            found.update(map(type, self.values(name, block)))
        return found - {type(None)}

    def set_aside(self, problems: Mapping[int, Sequence[Problem]]) -> "FrameBlocks":
        """The frame without some of its features, which join those that were sorted out before.

        problems: what is wrong with each, by its place.
        """
        out = np.array(sorted(problems), dtype=np.int64)
        names = self.names(out)
        bad = BadFeatures(
            geometries=self.geometries(out),
            attributes=self.attributes(out),
            names=np.array([names[place] for place in out.tolist()], dtype=object),
            rows=self.source_rows(out),
            problems=tuple(tuple(problems[place]) for place in out.tolist()),
        )
        keep = np.ones(self.count, dtype=bool)
        keep[out] = False
        kept = self._rows(np.flatnonzero(keep))
        return replace(self, kept=kept, bad=bad if self.bad is None else joined_bad(self.bad, bad))
