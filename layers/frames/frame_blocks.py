"""A clean frame block by block: what is checked and written of a layer never stands in memory for all of it at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.errors import Problem
from onemap.layers.frames.frames import BadFeatures, CleanFrame, joined_bad
from onemap.layers.geometry.rings import Rings
from onemap.layers.geometry.row_blocks import BLOCK, blocks
from onemap.layers.geometry.shape_column import areas_of, bodies_at, boxes_of, lengths_of, rings_at, vertices_of_each
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import SILENT, Progress


class FrameRows(Protocol):
    """Where the features of a frame are kept, numbered from 0; numbers that are asked for ascend.

    size: how many are read at once at best.
    """

    count: int
    size: int
    columns: Sequence[str]

    def boxes(self) -> np.ndarray:
        """West, south, east, north of each (n, 4)."""

    def points(self) -> np.ndarray:
        """How many coordinates each has (n,)."""

    def sizes(self) -> np.ndarray:
        """Area and length of each in the plane (n, 2)."""

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some geometries (k,)."""

    def bodies(self, rows: np.ndarray) -> Bodies:
        """Some geometries (k,) as WKB, with their boxes."""

    def rings(self, rows: np.ndarray) -> Rings:
        """The rings of some polygons (k,), in any order."""

    def values(self, name: str, rows: np.ndarray) -> list[Any]:
        """Some values of a field."""

    def column(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """Some values of a field as texts, integers, or numbers of Arrow; None where they are not kept so."""

    def names(self, rows: np.ndarray) -> list[str]:
        """What some features are called in reports."""

    def source_rows(self, rows: np.ndarray) -> np.ndarray:
        """The 0-based rows of some features in their source."""

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None, in all rows."""


class HeldRows:
    """`Rows` of a frame that is in memory."""

    def __init__(self, frame: CleanFrame) -> None:
        self._frame = frame
        self.count = len(frame.shapes)
        self.size = BLOCK
        self.columns = [str(name) for name in frame.attributes.columns]

    def boxes(self) -> np.ndarray:
        """West, south, east, north of each (n, 4)."""
        return boxes_of(self._frame.shapes)

    def points(self) -> np.ndarray:
        """How many coordinates each has (n,)."""
        return vertices_of_each(self._frame.shapes)

    def sizes(self) -> np.ndarray:
        """Area and length of each in the plane (n, 2)."""
        return np.column_stack([areas_of(self._frame.shapes), lengths_of(self._frame.shapes)])

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some geometries (k,)."""
        return self._frame.shapes[rows]

    def bodies(self, rows: np.ndarray) -> Bodies:
        """Some geometries (k,) as WKB, with their boxes."""
        return bodies_at(self._frame.shapes, rows)

    def rings(self, rows: np.ndarray) -> Rings:
        """The rings of some polygons (k,)."""
        return rings_at(self._frame.shapes, rows)

    def values(self, name: str, rows: np.ndarray) -> list[Any]:
        """Some values of a field."""
        return list(self._frame.attributes[name].to_numpy(dtype=object)[rows])

    def column(self, name: str, rows: np.ndarray) -> pa.Array | None:
        """None: they are plain values."""
        return None

    def names(self, rows: np.ndarray) -> list[str]:
        """What some features are called in reports."""
        return [str(name) for name in self._frame.names[rows]]

    def source_rows(self, rows: np.ndarray) -> np.ndarray:
        """The 0-based rows of some features in their source."""
        return rows

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None, in all rows."""
        return set(map(type, self._frame.attributes[name])) - {type(None)}


@dataclass(frozen=True)
class FrameBlocks:
    """A layer ready for the library, read block by block: in its CRS, two-dimensional, valid, fields by schema.

    kept: the numbers of its features in `held`, None if they are all; places of features are 0 … count - 1. problems,
    repaired, area_changed_m2, bad: as of a CleanFrame.
    """

    held: FrameRows
    kept: np.ndarray | None = None
    problems: tuple[Problem, ...] = ()
    repaired: int = 0
    area_changed_m2: float = 0.0
    bad: BadFeatures | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: CleanFrame) -> "FrameBlocks":
        """A frame that is in memory."""
        return cls(
            HeldRows(frame),  # type: ignore[arg-type]
            problems=frame.problems,
            repaired=frame.repaired,
            area_changed_m2=frame.area_changed_m2,
            facts=frame.facts,
        )

    @property
    def count(self) -> int:
        """How many features there are."""
        return self.held.count if self.kept is None else len(self.kept)

    @property
    def columns(self) -> list[str]:
        """The names of the fields."""
        return list(self.held.columns)

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each feature (n, 4)."""
        boxes = self.held.boxes()
        return boxes if self.kept is None else boxes[self.kept]

    @cached_property
    def points(self) -> np.ndarray:
        """How many coordinates each feature has (n,)."""
        points = self.held.points()
        return points if self.kept is None else points[self.kept]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Area and length of each feature in the plane (n, 2)."""
        sizes = self.held.sizes()
        return sizes if self.kept is None else sizes[self.kept]

    def bounds(self) -> np.ndarray:
        """West, south, east, north of all of them (4,), NaN if there are none."""
        if self.count == 0 or np.isnan(self.boxes).all():
            return np.full(4, np.nan)
        return np.concatenate([np.nanmin(self.boxes[:, :2], axis=0), np.nanmax(self.boxes[:, 2:], axis=0)])

    def blocks(self, progress: Progress = SILENT) -> Iterator[np.ndarray]:
        """The places of all features in their order, as many at once as are read at once."""
        for block in blocks(self.held.count, self.held.size):
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
        return self.held.geometries(self._rows(places))

    def bodies(self, places: np.ndarray) -> Bodies:
        """The geometries of some features (k,) as WKB, with their boxes; places ascend."""
        return self.held.bodies(self._rows(places))

    def rings(self, places: np.ndarray) -> Rings:
        """The rings of some polygons (k,), in any order; places ascend."""
        return self.held.rings(self._rows(places))

    def values(self, name: str, places: np.ndarray) -> list[Any]:
        """A field's values of some features; places ascend."""
        return self.held.values(name, self._rows(places))

    def column(self, name: str, places: np.ndarray) -> pa.Array | None:
        """A field's values as a column of Arrow, where they are kept so; places ascend."""
        return self.held.column(name, self._rows(places))

    def attributes(self, places: np.ndarray, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Fields, all or some, of some features; places ascend."""
        wanted = self.columns if names is None else names
        columns = {name: pd.Series(self.values(name, places), dtype=object) for name in wanted}
        return pd.DataFrame(columns, index=range(len(places)))

    def names(self, places: np.ndarray) -> dict[int, str]:
        """What some features, in any order, are called in reports, by place."""
        asked = np.unique(np.asarray(places, dtype=np.int64))
        return dict(zip(asked.tolist(), self.held.names(self._rows(asked)), strict=True))

    def source_rows(self, places: np.ndarray) -> np.ndarray:
        """The 0-based rows of some features in their source (k,)."""
        return self.held.source_rows(self._rows(np.asarray(places, dtype=np.int64)))

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None."""
        if self.kept is None:
            return self.held.types(name)
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
