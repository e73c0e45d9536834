"""Arcs in files that GDAL reads: taken from the file unchanged, and stroked by sagitta.

GDAL strokes by angle, 6 dm off at a radius of 1 km; it returns curves as curves only through Arrow.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from onemap.layers.crs import systems
from onemap.layers.geometry.shape_column import AnyShapes, all_of, boxes_of
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal import curves
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options, shapes_name

_ROWS_AT_ONCE = 50_000
_WKB_HEAD = 5
_PLACES = 256 ** np.arange(_WKB_HEAD, dtype=np.int64)  # of the bytes of a head, as one number


@dataclass(frozen=True)
class ArcSurvey:
    """The result of examining a layer's geometries before arcs are stroked.

    stroked: by row the stroked geometry, if it has arcs; read: how many rows the layer gave; are_measured: some have
    measures (M), which GDAL's usual reading loses.
    """

    stroked: dict[int, shapely.Geometry | None]
    read: int
    are_measured: bool


def stroked_arcs(
    content: Path | bytes,
    layer: str | int,
    options: Mapping[str, str],
    count: int,
    sagitta: float,
    progress: Progress = SILENT,
) -> ArcSurvey:
    """Stroke the rows with arcs of a layer that should have `count` rows."""
    with arc_stream(content, layer, 0, options) as stream:
        stroked = stream.next_rows(count, sagitta, progress)
        return replace(stroked, read=stroked.read + stream.count_remaining())


def stroked_runs(
    content: Path | bytes, layer: str | int, options: Mapping[str, str], sagitta: float, runs: Sequence[tuple[int, int]]
) -> ArcSurvey:
    """Stroke the rows with arcs in some runs of rows, each given by its first row and its number of rows."""
    stroked: dict[int, shapely.Geometry | None] = {}
    read, are_measured = 0, False
    for first, count in runs:
        with arc_stream(content, layer, first, options) as stream:
            run = stream.next_rows(count, sagitta)
        stroked |= {first + row: geometry for row, geometry in run.stroked.items()}
        are_measured, read = are_measured | run.are_measured, read + run.read
    return ArcSurvey(stroked, read, are_measured)


def with_stroked(shapes: AnyShapes, stroked: Mapping[int, shapely.Geometry | None]) -> AnyShapes:
    """Return shapes (n,) with some rows replaced; without any, the same shapes, and no geometry is made."""
    if not stroked:
        return shapes
    geometries = all_of(shapes).copy()
    for row, geometry in stroked.items():
        geometries[row] = geometry
    return geometries


@contextlib.contextmanager
def arc_stream(
    content: Path | bytes, layer: str | int, first: int, options: Mapping[str, Any] | None = None
) -> Iterator["ArcStream"]:
    """Open a stream of a layer's unchanged geometries, from row `first` on (from 0)."""
    reading: dict[str, Any] = {
        "columns": [],
        "use_pyarrow": True,
        "batch_size": _ROWS_AT_ONCE,
        **(options or open_options(content)),
    }
    if first:
        reading["skip_features"] = first
    with pyogrio.raw.open_arrow(gdal_name(content), layer=layer, **reading) as (meta, batches):
        yield ArcStream(shapes_name(meta), batches)


class ArcStream:
    """Geometries unchanged and in the order of the file."""

    def __init__(self, name: str, batches: Iterable[Any]) -> None:
        self._columns = (batch.column(name) for batch in batches)
        self._waiting: Any = None

    def next_rows(self, count: int, sagitta: float, progress: Progress = SILENT) -> ArcSurvey:
        """Survey the next rows, at most `count` of them."""
        stroked: dict[int, shapely.Geometry | None] = {}
        read, are_measured = 0, False
        while read < count:
            column = self._waiting if self._waiting is not None else next(self._columns, None)
            self._waiting = None
            if column is None:
                break
            room = count - read
            if len(column) > room:
                column, self._waiting = column.slice(0, room), column.slice(room)
            heads, rows = heads_of(column)
            are_measured |= any(curves.is_measured(head) for head in heads)
            for row in rows:
                geometry, arcs = curves.stroke_curve(column[row].as_py(), sagitta)
                if arcs:
                    stroked[read + row] = geometry
            read += len(column)
            progress.at(read / count)
        return ArcSurvey(stroked, read, are_measured)

    def count_remaining(self) -> int:
        """Skip all geometries that are left, and return their number."""
        waiting = 0 if self._waiting is None else len(self._waiting)
        return waiting + sum(len(column) for column in self._columns)


def heads_of(column: Any) -> tuple[list[bytes], list[int]]:
    """Return the types in an Arrow column of WKB, and the rows whose type may hold arcs."""
    _, offsets, content = column.buffers()
    width = np.int64 if str(column.type).startswith("large") else np.int32
    ends = np.frombuffer(offsets, width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False) & (np.diff(ends) >= _WKB_HEAD))
    if len(rows) == 0:
        return [], []
    heads = np.frombuffer(content, np.uint8)[ends[rows][:, None] + np.arange(_WKB_HEAD)]
    _, first, kind = np.unique(heads @ _PLACES, return_index=True, return_inverse=True)
    types = [head.tobytes() for head in heads[first]]
    is_curved = np.array([curves.may_be_curved(head) for head in types])
    return types, [int(row) for row in rows[is_curved[kind.reshape(-1)]]]


def sagitta_of(crs: pyproj.CRS | None, shapes: AnyShapes) -> float:
    """Return a centimetre in the units of the coordinates."""
    if crs is not None:
        return curves.SAGITTA_M / systems.unit_m(crs)
    degrees = bool(np.fmax.reduce(np.abs(boxes_of(shapes)), axis=None, initial=0) <= 360)
    return curves.SAGITTA_M / (systems.DEGREE_M if degrees else 1.0)
