"""A clean frame block by block, so that a layer is checked and written without being in memory as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.feature_table import AREA, BOX, LENGTH, POINTS, Features, FeatureTable
from onemap.layers.frames.fields import plain_numbers, text_value
from onemap.layers.frames.frames import BadFeatures, CleanFrame, joined_bad
from onemap.layers.geometry.rings import Rings
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import SILENT, Progress


@dataclass(frozen=True)
class FileRows:
    """One of the files that make a frame: its first row in the table, and its place as problems name it."""

    first: int
    place: ProblemPlace


@dataclass(frozen=True)
class FrameBlocks:
    """A layer ready for the library, read block by block: in its CRS, two-dimensional, valid, fields by schema.

    kept: the rows of its features in the table, None for all; places of features are 0 … count - 1. key: the field that
    names features, or given_names (n,) are their names; problems, repaired, area_changed_m2, bad: as in a CleanFrame;
    files: those that make it, in the table's order, empty for a single file.
    """

    table: FeatureTable
    kept: np.ndarray | None = None
    key: str | None = None
    given_names: np.ndarray | None = None
    problems: tuple[Problem, ...] = ()
    repaired: int = 0
    area_changed_m2: float = 0.0
    bad: BadFeatures | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[FileRows, ...] = ()

    @classmethod
    def of(cls, frame: CleanFrame, key: str | None = None) -> "FrameBlocks":
        """Make blocks of a frame in memory. key: the field from which its names come, if known."""
        return cls(
            FeatureTable.of(Features(frame.shapes, fields=frame.attributes)),
            key=key if key in frame.attributes.columns else None,
            given_names=frame.names,
            problems=frame.problems,
            repaired=frame.repaired,
            area_changed_m2=frame.area_changed_m2,
            facts=frame.facts,
        )

    @classmethod
    def of_files(cls, frames: "Sequence[FrameBlocks]", places: Sequence[ProblemPlace]) -> "FrameBlocks":
        """Concatenate the frames of several files. places: of each file, as problems name it."""
        starts = np.cumsum([0, *(len(frame.table) for frame in frames)])
        kept_rows = None
        if any(frame.kept is not None for frame in frames):
            kept_rows = np.concatenate(
                [
                    start + (np.arange(len(frame.table)) if frame.kept is None else frame.kept)
                    for start, frame in zip(starts[:-1], frames, strict=True)
                ]
            )
        bad = [frame.bad for frame in frames if frame.bad is not None]
        return cls(
            FeatureTable.of_tables([frame.table for frame in frames]),
            kept=kept_rows,
            key=next((frame.key for frame in frames if frame.key is not None), None),
            problems=tuple(problem for frame in frames for problem in frame.problems),
            repaired=sum(frame.repaired for frame in frames),
            area_changed_m2=sum(frame.area_changed_m2 for frame in frames),
            bad=reduce(joined_bad, bad) if bad else None,
            files=tuple(map(FileRows, starts[:-1].tolist(), places)),
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
        columns = self.table.columns(*names)
        return columns if self.kept is None else [column[self.kept] for column in columns]

    def bounds(self, places: slice = slice(None)) -> np.ndarray:
        """Return west, south, east, north of all features, or of some places (4,), NaN if there are none."""
        boxes = self.boxes[places]
        if len(boxes) == 0 or np.isnan(boxes).all():
            return np.full(4, np.nan)
        return np.concatenate([np.nanmin(boxes[:, :2], axis=0), np.nanmax(boxes[:, 2:], axis=0)])

    def blocks(self, progress: Progress = SILENT) -> Iterator[np.ndarray]:
        """Yield the places of all features in order, as many at once as are read at once."""
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
        return self.table.values(name, self._rows(places))

    def column(self, name: str, places: np.ndarray) -> pa.Array | None:
        """Return a field's values as an Arrow column, if they are kept so; places ascend."""
        return self.table.arrow_values(name, self._rows(places))

    def numbers(self, name: str, places: np.ndarray) -> np.ndarray:
        """A field's values as floats (k,), NaN for null and for what is no number; places ascend."""
        column = self.column(name, places)
        if column is not None and not pa.types.is_string(column.type):
            return np.asarray(column.to_numpy(zero_copy_only=False), dtype=float)
        return plain_numbers(self.values(name, places))

    def attributes(self, places: np.ndarray, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Return all or some fields of some features; places ascend."""
        field_names = self.columns if names is None else names
        columns = {name: self.values(name, places) for name in field_names}
        return pd.DataFrame(columns, index=range(len(places)), dtype=object)

    def names(self, places: np.ndarray) -> dict[int, str]:
        """The names of some features in reports, by place, in any order."""
        distinct_places = np.unique(np.asarray(places, dtype=np.int64))
        rows = self._rows(distinct_places)
        if self.given_names is not None:
            return dict(zip(distinct_places.tolist(), map(str, self.given_names[rows]), strict=True))
        own_rows = zip(self.source_rows(distinct_places).tolist(), self.file_places(distinct_places), strict=True)
        numbers = [" · ".join(filter(None, (place.get("file"), str(row + 1)))) for row, place in own_rows]
        keys = [None] * len(rows) if self.key is None else map(text_value, self.table.values(self.key, rows))
        feature_names = [key or number for key, number in zip(keys, numbers, strict=True)]
        return dict(zip(distinct_places.tolist(), feature_names, strict=True))

    def source_rows(self, places: np.ndarray) -> np.ndarray:
        """Return the 0-based rows of some features in their source files (k,)."""
        rows = self._rows(np.asarray(places, dtype=np.int64))
        firsts = np.array([file.first for file in self.files] or [0])
        return rows - firsts[np.searchsorted(firsts, rows, side="right") - 1]

    def file_places(self, places: np.ndarray) -> list[ProblemPlace]:
        """Return the files of some features (k,), if there are several; empty places if there is one."""
        rows = self._rows(np.asarray(places, dtype=np.int64))
        firsts = [file.first for file in self.files]
        at = np.searchsorted(firsts, rows, side="right") - 1
        return [self.files[file].place if self.files else {} for file in at.tolist()]

    def counts_of_files(self) -> list[int]:
        """Return how many features each file gives, if there are several; their places are consecutive."""
        if not self.files:
            return []
        ends = np.array([*(file.first for file in self.files), len(self.table)])
        counts: list[int] = np.diff(ends if self.kept is None else np.searchsorted(self.kept, ends)).tolist()
        return counts

    def types(self, name: str) -> set[type]:
        """The types of a field's values besides None."""
        if self.kept is None:
            return self.table.types(name)
        types: set[type] = set()
        for block in self.blocks():
            types.update(map(type, self.values(name, block)))
        return types - {type(None)}

    def set_aside(self, problems: Mapping[int, Sequence[Problem]]) -> "FrameBlocks":
        """Return the frame without some features, which join those that were set aside before.

        problems: of each feature, by its place.
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
        kept_rows = self._rows(np.flatnonzero(keep))
        return replace(self, kept=kept_rows, bad=bad if self.bad is None else joined_bad(self.bad, bad))
