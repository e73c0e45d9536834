"""Read rows of a layer by column, in order, in blocks or at once: GDAL goes through it once and keeps nothing.

GDAL gives most layers this way in a third of the time, and lets other threads work meanwhile. A large GeoJSON is only
read so; other files as far as the rows equal those read one by one: arcs, measures, rows without a readable geometry,
dates, booleans, and text of another encoding are left to the usual reader.
"""

import contextlib
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.proof_beside import NOBODY, PlainProof, ProofBeside, Provers
from onemap.layers.geometry.shape_column import AnyShapes
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal import curves
from onemap.layers.sources.gdal.arcs import heads_of
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options, shapes_name

StreamBlock = tuple[
    dict[str, Any], AnyShapes, pa.Array, np.ndarray | None, list[np.ndarray] | list[pa.Array], list[str]
]

COLUMN_FORMATS = {".gpkg", ".gdb", ".fgb"}  # whose rows are worth to be taken so where they come the same
LIKE_ROWS_AT_ONCE = 25_000
_ROWS_AT_ONCE = 5_000  # of GeoJSON, as Arrow keeps them: their WKB is held twice meanwhile
_READ = 0.7  # of the time, where something is still to be proved when all is read
_HAS_SRID = 0x20000000
_SAME = {"OFTInteger", "OFTInteger64", "OFTReal", "OFTString"}  # the types that come the same on both ways

# The types whose values come the same by the column as they do row by row.
_LISTS = {"OFTIntegerList", "OFTInteger64List", "OFTRealList", "OFTStringList"}
_TYPES = {"OFTInteger", "OFTInteger64", "OFTReal", "OFTString", "OFTDate", "OFTDateTime", "OFTTime"} | _LISTS
_SUBTYPES = {"OFSTNone", "OFSTBoolean", "OFSTJSON"}


def comes_by_column(info: dict[str, Any]) -> bool:
    """Whether all fields of a layer have types that can be read by column. info: pyogrio's description of the layer."""
    is_plain = set(info["ogr_types"]) <= _TYPES and set(info["ogr_subtypes"]) <= _SUBTYPES
    return is_plain and info["driver"] == "GeoJSON" and shapes_name(info) not in info["fields"]


def has_lists_of_truths(info: dict[str, Any]) -> bool:
    """Whether a field holds lists of booleans, which can only be read by column."""
    return any(
        kind in _LISTS and subtype == "OFSTBoolean"
        for kind, subtype in zip(info["ogr_types"], info["ogr_subtypes"], strict=True)
    )


def _are_plain_fields(meta: Mapping[str, Any]) -> bool:
    """Whether a layer has geometries, and both readers give equal values. meta: pyogrio's description of it."""
    is_plain = set(meta["ogr_types"]) <= _SAME and set(meta["ogr_subtypes"]) <= {"OFSTNone"}
    return meta["geometry_type"] is not None and is_plain and shapes_name(meta) not in meta["fields"]


def _are_plain_shapes(column: pa.Array) -> bool:
    """Whether both readers give equal WKB: none missing, no arcs, no measures."""
    if column.null_count:
        return False
    heads, curved = heads_of(column)
    return len(curved) == 0 and all(map(_is_plain, heads))


def _is_plain(head: bytes) -> bool:
    """Whether WKB with this head has no measures and no SRID, which GeoPackage does not allow there."""
    (code,) = struct.unpack("<I" if head[0] == 1 else ">I", head[1:5])
    return not curves.is_measured(head) and not code & _HAS_SRID


def raised_as_they_are() -> AbstractContextManager[list[str]]:
    """A context that raises GDAL's errors unchanged and ignores its warnings."""
    return contextlib.nullcontext([])


class UnlikeRows(Exception):
    """The next rows may differ from those of the usual reader by a value or a warning."""


def same_blocks(
    path: Path | bytes,
    layer: str | int,
    first: int,
    size: int,
    errors: Callable[[], AbstractContextManager[list[str]]],
    *,
    by_column: bool = False,
    provers: Provers = NOBODY,
    progress: Progress = SILENT,
) -> Iterator[StreamBlock]:
    """Yield `column_blocks` as long as they equal what the usual reader gives; then raise UnlikeRows."""
    try:
        yield from column_blocks(
            path, layer, first, size, errors, like_rows=True, by_column=by_column, provers=provers, progress=progress
        )
    except (UnicodeDecodeError, pa.ArrowException, OneMapError) as error:
        raise UnlikeRows from error  # what is wrong is reported on the usual way


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
    progress: Progress = SILENT,
) -> Iterator[StreamBlock]:
    """Yield the rows from `first` on, `size` at a time: metadata, shapes (n,), WKB, validity, columns (n,), warnings.

    errors: the context for calls of GDAL; like_rows: only rows equal to the usual reader's; by_column: columns stay
    Arrow's; provers: they prove which polygons are valid (n,), None if nobody did or some are not plain, and proved
    ones are not made into geometries; progress: of each block. Raises UnicodeDecodeError for text that is not UTF-8,
    UnlikeRows, and what `errors` raises.
    """
    rows: list[tuple[pa.Array, pa.RecordBatch]] = []
    count = 0
    most = LIKE_ROWS_AT_ONCE if like_rows else _ROWS_AT_ONCE
    reading = _READ if provers.threads else 1.0
    read_options = {"use_pyarrow": True, "batch_size": min(size, most), "skip_features": first, **open_options(path)}
    with contextlib.ExitStack() as stack, ProofBeside(provers) as proof:

        def block() -> StreamBlock:
            proved = proof.result(progress.part(reading, 1.0))
            return meta, *_shapes_of([wkb for wkb, _ in rows], proved, like_rows), _columns_of(rows, by_column), texts

        with errors() as texts:
            meta, batches = stack.enter_context(pyogrio.raw.open_arrow(gdal_name(path), layer=layer, **read_options))
        if like_rows and not _are_plain_fields(meta):
            raise UnlikeRows
        while True:
            with errors() as gdal_texts:
                pieces = list(_pieces(next(batches, None), shapes_name(meta), size - count, size, like_rows))
            texts += gdal_texts
            if not pieces:
                break
            for wkb, piece in pieces:
                proof.add(wkb)
                rows.append((wkb, piece.select(list(meta["fields"]))))
                count += len(piece)
                progress.at(reading * count / size)
                if count == size:
                    yield block()
                    rows, texts, count = [], [], 0
        if rows:
            yield block()


def _pieces(
    batch: pa.RecordBatch | None, name: str, first: int, size: int, like_rows: bool
) -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
    """Yield a batch and its WKB in pieces of one block each: GDAL may give fewer rows than requested.

    Raises UnlikeRows.
    """
    if like_rows and batch is not None and not _are_plain_shapes(batch.column(name)):
        raise UnlikeRows
    start = 0
    while batch is not None and start < len(batch):
        piece = batch.slice(start, first if start == 0 else size)
        yield piece.column(name), piece
        start += len(piece)


def _shapes_of(
    parts: list[pa.Array], proved: PlainProof | None, like_rows: bool
) -> tuple[AnyShapes, pa.Array, np.ndarray | None]:
    """Return the shapes of WKB (n,), the WKB, and which are valid, if all are proved. Raises UnlikeRows."""
    wkb = pa.concat_arrays([part.cast(pa.large_binary()) for part in parts])  # together they may exceed 2 GB
    if proved is not None:
        return proved.column(wkb), wkb, proved.valid
    part_shapes = [geometries_of_wkb(part.to_numpy(zero_copy_only=False), on_invalid="ignore") for part in parts]
    shapes = np.concatenate(part_shapes)
    if like_rows and shapely.is_missing(shapes).any():
        raise UnlikeRows
    return shapes, wkb, None


def _columns_of(
    block_batches: list[tuple[pa.Array, pa.RecordBatch]], by_column: bool
) -> list[np.ndarray] | list[pa.Array]:
    as_block = _checked_column if by_column else _values
    return [as_block(column) for column in pa.Table.from_batches([batch for _, batch in block_batches]).columns]


def _checked_column(column: pa.ChunkedArray) -> pa.Array:
    """Return a column (n,) of texts, 64-bit integers or floats. Raises pa.ArrowInvalid for text that is not UTF-8."""
    column.validate(full=True)
    is_text, is_integer = pa.types.is_large_string(column.type), pa.types.is_integer(column.type)
    kind = pa.string() if is_text else pa.int64() if is_integer else column.type
    return column.cast(kind).combine_chunks()


def _values(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column (n,): booleans, and integers beside nulls, as plain values; times in their own time zone."""
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
    """Return how far a time zone is ahead of UTC, as GDAL names it: UTC, +08:00, -03:30."""
    if zone[0] not in "+-":
        return 0
    hours, minutes = zone[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-1 if zone[0] == "-" else 1)
