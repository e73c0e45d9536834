"""Rows of a large layer by the column, in their order, block by block: GDAL goes through it once and keeps none.

A GeoJSON comes only so; a GeoPackage as far as its rows come the same on the usual way.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.proof_beside import NOBODY, ProofBeside, Provers
from onemap.layers.geometry.shape_column import AnyShapes
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.progress import SILENT
from onemap.layers.sources.gdal.arrow_rows import ROWS_AT_ONCE, are_plain_fields, are_plain_shapes
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options, shapes_name

StreamBlock = tuple[
    dict[str, Any], AnyShapes, pa.Array, np.ndarray | None, list[np.ndarray] | list[pa.Array], list[str]
]

_ROWS_AT_ONCE = 5_000  # as Arrow keeps them: their WKB is held twice meanwhile

# The types whose values come the same by the column as they do row by row.
_LISTS = {"OFTIntegerList", "OFTInteger64List", "OFTRealList", "OFTStringList"}
_TYPES = {"OFTInteger", "OFTInteger64", "OFTReal", "OFTString", "OFTDate", "OFTDateTime", "OFTTime"} | _LISTS
_SUBTYPES = {"OFSTNone", "OFSTBoolean", "OFSTJSON"}


def comes_by_column(info: dict[str, Any]) -> bool:
    """Whether all fields of a layer have types that can be taken so. info: what pyogrio says of the layer."""
    is_plain = set(info["ogr_types"]) <= _TYPES and set(info["ogr_subtypes"]) <= _SUBTYPES
    return is_plain and info["driver"] == "GeoJSON" and shapes_name(info) not in info["fields"]


def has_lists_of_truths(info: dict[str, Any]) -> bool:
    """Whether a field holds lists of truths, which come by the column only."""
    return any(
        kind in _LISTS and subtype == "OFSTBoolean"
        for kind, subtype in zip(info["ogr_types"], info["ogr_subtypes"], strict=True)
    )


class UnlikeRows(Exception):
    """What comes next may differ by a value or by a warning from what the usual way gives."""


def same_blocks(
    path: Path | bytes,
    layer: str | int,
    first: int,
    size: int,
    errors: Callable[[], AbstractContextManager[list[str]]],
    *,
    by_column: bool,
    provers: Provers = NOBODY,
) -> Iterator[StreamBlock]:
    """`column_blocks` as long as they are what the usual way gives; then raises UnlikeRows."""
    try:
        yield from column_blocks(path, layer, first, size, errors, like_rows=True, by_column=by_column, provers=provers)
    except (UnicodeDecodeError, pa.ArrowException, OneMapError) as error:
        raise UnlikeRows from error  # what is wrong is told on the usual way


def column_blocks(
    path: Path | bytes,
    layer: str | int,
    first: int,
    size: int,
    errors: Callable[[], AbstractContextManager[list[str]]],
    *,
    like_rows: bool = False,
    by_column: bool = False,
    provers: Provers = NOBODY,
) -> Iterator[StreamBlock]:
    """From row `first` on `size` rows at a time: metadata, shapes (n,), WKB, which are valid, columns (n,), warnings.

    errors: within which GDAL is asked; like_rows: only what comes the same on the usual way; by_column: columns stay
    Arrow's; provers: they prove meanwhile which are valid (n,), None where nobody has, or some are more than plain
    polygons: of these no geometry is made. Raises UnicodeDecodeError for text that is no UTF-8, UnlikeRows, and what
    `errors` raises.
    """
    held: list[tuple[pa.Array, pa.RecordBatch]] = []
    count = 0
    most = ROWS_AT_ONCE if like_rows else _ROWS_AT_ONCE
    wanted = {"use_pyarrow": True, "batch_size": min(size, most), "skip_features": first, **open_options(path)}
    with contextlib.ExitStack() as opened, ProofBeside(provers) as proof:

        def block() -> StreamBlock:
            return meta, *_shapes_of([wkb for wkb, _ in held], proof, like_rows), _columns_of(held, by_column), seen

        with errors() as seen:
            meta, batches = opened.enter_context(pyogrio.raw.open_arrow(gdal_name(path), layer=layer, **wanted))
        if like_rows and not are_plain_fields(meta):
            raise UnlikeRows
        names = [str(name) for name in meta["fields"]]
        while True:
            with errors() as gdal_texts:
                batch = next(batches, None)
                if like_rows and batch is not None and not are_plain_shapes(batch.column(shapes_name(meta))):
                    raise UnlikeRows
                pieces = list(_pieces(batch, shapes_name(meta), size - count, size))
            seen += gdal_texts
            if not pieces:
                break
            for wkb, piece in pieces:
                proof.add(wkb)
                held.append((wkb, piece.select(names)))
                count += len(piece)
                if count == size:
                    yield block()
                    held, seen, count = [], [], 0
        if held:
            yield block()


def _pieces(
    batch: pa.RecordBatch | None, name: str, first: int, size: int
) -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
    """A batch and the WKB of its geometries in pieces of one block each: GDAL may give fewer rows than asked for."""
    start = 0
    while batch is not None and start < len(batch):
        piece = batch.slice(start, first if start == 0 else size)
        yield piece.column(name), piece
        start += len(piece)


def _shapes_of(
    parts: list[pa.Array], proof: ProofBeside, like_rows: bool
) -> tuple[AnyShapes, pa.Array, np.ndarray | None]:
    """The shapes of WKB (n,), this, and which are valid, where that is proved of all. Raises UnlikeRows."""
    wkb, proved = pa.concat_arrays(parts), proof.result(SILENT)
    if proved is not None:
        wkb = wkb.cast(pa.large_binary())
        return proved.column(wkb), wkb, proved.valid
    with np.errstate(all="ignore"):  # numbers that are none are told by feature
        shapes = geometries_of_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
    if like_rows and shapely.is_missing(shapes).any():
        raise UnlikeRows
    return shapes, wkb, None


def _columns_of(held: list[tuple[pa.Array, pa.RecordBatch]], by_column: bool) -> list[np.ndarray] | list[pa.Array]:
    as_block = _checked_column if by_column else _values
    return [as_block(column) for column in pa.Table.from_batches([batch for _, batch in held]).columns]


def _checked_column(column: pa.ChunkedArray) -> pa.Array:
    """A column (n,) of texts, integers of 64 bits, or numbers. Raises pa.ArrowInvalid for text that is no UTF-8."""
    column.validate(full=True)
    is_text, is_integer = pa.types.is_large_string(column.type), pa.types.is_integer(column.type)
    kind = pa.string() if is_text else pa.int64() if is_integer else column.type
    return column.cast(kind).combine_chunks()


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
