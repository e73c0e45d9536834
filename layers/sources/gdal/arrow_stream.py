"""Rows of a large GeoJSON in their order, block by block: GDAL goes through its text once and keeps none of them."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from onemap.layers.sources.gdal.gdal_name import gdal_name

Block = tuple[dict[str, Any], np.ndarray, list[np.ndarray], list[str]]

_SHAPES = "wkb_geometry"  # what the column of a layer is called whose geometries have no name
_ROWS_AT_ONCE = 5_000  # as Arrow keeps them: their WKB is held twice meanwhile

# The types whose values come the same by the column as they do row by row.
_LISTS = {"OFTIntegerList", "OFTInteger64List", "OFTRealList", "OFTStringList"}
_TYPES = {"OFTInteger", "OFTInteger64", "OFTReal", "OFTString", "OFTDate", "OFTDateTime", "OFTTime"} | _LISTS
_SUBTYPES = {"OFSTNone", "OFSTBoolean", "OFSTJSON"}


def comes_by_column(info: dict[str, Any]) -> bool:
    """Whether all fields of a layer have types that can be taken so. info: what pyogrio says of the layer."""
    is_plain = set(info["ogr_types"]) <= _TYPES and set(info["ogr_subtypes"]) <= _SUBTYPES
    return is_plain and info["driver"] == "GeoJSON" and _SHAPES not in info["fields"]


def has_lists_of_truths(info: dict[str, Any]) -> bool:
    """Whether a field holds lists of truths, which come by the column only."""
    return any(
        kind in _LISTS and subtype == "OFSTBoolean"
        for kind, subtype in zip(info["ogr_types"], info["ogr_subtypes"], strict=True)
    )


def column_blocks(
    path: Path | bytes, layer: str | int, first: int, size: int, errors: Callable[[], AbstractContextManager[list[str]]]
) -> Iterator[Block]:
    """From row `first` on `size` rows at a time: metadata, geometries (n,), columns (n,) each, and GDAL's warnings.

    errors: within which GDAL is asked. Raises UnicodeDecodeError for text that is no UTF-8, and what `errors` raises.
    """
    held: list[tuple[np.ndarray, pa.RecordBatch]] = []
    count = 0
    wanted = {"use_pyarrow": True, "batch_size": min(size, _ROWS_AT_ONCE), "skip_features": first}
    with contextlib.ExitStack() as opened:
        with errors() as seen:
            meta, batches = opened.enter_context(pyogrio.raw.open_arrow(gdal_name(path), layer=layer, **wanted))
        names = [str(name) for name in meta["fields"]]
        while True:
            with errors() as told:
                pieces = list(_pieces(next(batches, None), size - count, size))
            seen += told
            if not pieces:
                break
            for shapes, batch in pieces:
                held.append((shapes, batch.select(names)))
                count += len(batch)
                if count == size:
                    yield meta, *_block_of(held), seen
                    held, seen, count = [], [], 0
    if held:
        yield meta, *_block_of(held), seen


def _pieces(batch: pa.RecordBatch | None, first: int, size: int) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
    """A batch and its geometries in pieces of one block each: GDAL may give fewer rows than it was asked for."""
    start = 0
    while batch is not None and start < len(batch):
        piece = batch.slice(start, first if start == 0 else size)
        wkb = piece.column(_SHAPES).to_numpy(zero_copy_only=False)
        yield shapely.from_wkb(wkb, on_invalid="ignore"), piece
        start += len(piece)


def _block_of(held: list[tuple[np.ndarray, pa.RecordBatch]]) -> tuple[np.ndarray, list[np.ndarray]]:
    table = pa.Table.from_batches([batch for _, batch in held])
    return np.concatenate([shapes for shapes, _ in held]), [_values(column) for column in table.columns]


def _values(column: pa.ChunkedArray) -> np.ndarray:
    """A column (n,): truths, and integers beside nulls, as plain values; moments as their own clock shows them."""
    if isinstance(column.type, pa.BaseExtensionType):  # text that is JSON
        column = column.cast(column.type.storage_type)
    if pa.types.is_timestamp(column.type) and column.type.tz:
        ahead = np.timedelta64(_minutes_ahead(column.type.tz), "m")
        return np.asarray(column.cast(pa.timestamp(column.type.unit)).to_numpy() + ahead)
    is_number = pa.types.is_integer(column.type)
    if pa.types.is_boolean(column.type) or (is_number and column.null_count):
        return np.fromiter(column.to_pylist(), dtype=object, count=len(column))
    values: np.ndarray = column.to_numpy()
    return values


def _minutes_ahead(zone: str) -> int:
    """How far a zone's clock is ahead of UTC, as GDAL names one: UTC, +08:00, -03:30."""
    if zone[0] not in "+-":
        return 0
    hours, minutes = zone[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-1 if zone[0] == "-" else 1)
