"""Arcs in files that GDAL reads: taken from the file as they are, and stroked by sagitta.

GDAL strokes by angle, 6 dm off at a radius of 1 km; only through Arrow does it hand curves out as curves.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal import curves
from onemap.layers.sources.gdal.gdal_name import gdal_name

_ROWS_AT_ONCE = 50_000
_WKB_HEAD = 5
_PLACES = 256 ** np.arange(_WKB_HEAD, dtype=np.int64)  # of the bytes of a head, as one number


@dataclass(frozen=True)
class ArcSurvey:
    """What a look at a layer's geometries as they are has shown.

    curved: how many had arcs; read: how many rows the layer gave; are_measured: some have measures (M), which are lost
    on GDAL's usual way.
    """

    curved: int
    read: int
    are_measured: bool


def restroke_arcs(
    content: Path | bytes,
    layer: str | int,
    options: Mapping[str, str],
    geometries: np.ndarray,
    crs: pyproj.CRS | None,
    progress: Progress = SILENT,
) -> ArcSurvey:
    """Put those of a layer's geometries that have arcs into their places in `geometries` (n,), stroked."""
    sagitta = sagitta_of(crs, geometries)
    curved = read = 0
    are_measured = False
    with arc_stream(content, layer, 0, options) as stream:
        while True:
            looked = stream.restroke(geometries[read : read + _ROWS_AT_ONCE], sagitta)
            curved, are_measured, read = curved + looked.curved, are_measured | looked.are_measured, read + looked.read
            progress.at(read / max(1, len(geometries)))
            if looked.read < _ROWS_AT_ONCE:
                return ArcSurvey(curved, read + stream.count_remaining(), are_measured)


def restroke_runs(
    content: Path | bytes,
    layer: str | int,
    options: Mapping[str, str],
    geometries: np.ndarray,
    crs: pyproj.CRS | None,
    runs: Sequence[tuple[int, int]],
) -> ArcSurvey:
    """The same in runs of rows, each by its first row and its number of rows."""
    sagitta = sagitta_of(crs, geometries)
    curved = read = 0
    are_measured = False
    for first, count in runs:
        with arc_stream(content, layer, first, options) as stream:
            looked = stream.restroke(geometries[first : first + count], sagitta)
        curved, are_measured, read = curved + looked.curved, are_measured | looked.are_measured, read + looked.read
    return ArcSurvey(curved, read, are_measured)


@contextlib.contextmanager
def arc_stream(
    content: Path | bytes, layer: str | int, first: int, options: Mapping[str, Any] | None = None
) -> Iterator["ArcStream"]:
    """A layer's geometries as they are, from row `first` on (from 0)."""
    wanted: dict[str, Any] = {"columns": [], "use_pyarrow": True, "batch_size": _ROWS_AT_ONCE, **(options or {})}
    if first:
        wanted["skip_features"] = first
    with pyogrio.raw.open_arrow(gdal_name(content), layer=layer, **wanted) as (meta, batches):
        yield ArcStream(meta["geometry_name"] or "wkb_geometry", batches)


class ArcStream:
    """Geometries as the file has them, in its order, in step with those that GDAL has stroked."""

    def __init__(self, name: str, batches: Iterable[Any]) -> None:
        self._columns = (batch.column(name) for batch in batches)
        self._waiting: Any = None

    def restroke(self, geometries: np.ndarray, sagitta: float) -> ArcSurvey:
        """Look at the next n geometries, and put those with arcs into their places in `geometries` (n,), stroked."""
        curved = read = 0
        are_measured = False
        while read < len(geometries):
            column = self._waiting if self._waiting is not None else next(self._columns, None)
            self._waiting = None
            if column is None:
                break
            room = len(geometries) - read
            if len(column) > room:
                column, self._waiting = column.slice(0, room), column.slice(room)
            heads, rows = heads_of(column)
            are_measured |= any(curves.is_measured(head) for head in heads)
            for row in rows:
                geometry, arcs = curves.stroke_curve(column[row].as_py(), sagitta)
                if arcs:
                    geometries[read + row] = geometry
                    curved += 1
            read += len(column)
        return ArcSurvey(curved, read, are_measured)

    def count_remaining(self) -> int:
        """How many geometries are left; they are passed over."""
        waiting = 0 if self._waiting is None else len(self._waiting)
        return waiting + sum(len(column) for column in self._columns)


def heads_of(column: Any) -> tuple[list[bytes], list[int]]:
    """The types that an Arrow column of WKB holds, and the rows that may hold arcs, told by their types alone."""
    _, offsets, content = column.buffers()
    width = np.int64 if str(column.type).startswith("large") else np.int32
    ends = np.frombuffer(offsets, width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False) & (np.diff(ends) >= _WKB_HEAD))
    if len(rows) == 0:
        return [], []
    heads = np.frombuffer(content, np.uint8)[ends[rows][:, None] + np.arange(_WKB_HEAD)]
    _, first, kind = np.unique(heads @ _PLACES, return_index=True, return_inverse=True)
    found = [head.tobytes() for head in heads[first]]
    is_curved = np.array([curves.may_be_curved(head) for head in found])
    return found, [int(row) for row in rows[is_curved[kind.reshape(-1)]]]


def sagitta_of(crs: pyproj.CRS | None, geometries: np.ndarray) -> float:
    """A centimetre in the units of the coordinates."""
    bounds = shapely.total_bounds(geometries)
    degrees = crs.is_geographic if crs is not None else bool(np.abs(bounds[~np.isnan(bounds)]).max(initial=0) <= 360)
    if degrees:
        return curves.SAGITTA_M / 111_320
    return curves.SAGITTA_M / (crs.axis_info[0].unit_conversion_factor if crs is not None else 1.0)
