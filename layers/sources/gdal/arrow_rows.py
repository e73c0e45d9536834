"""Rows of a file taken by the column, in one pass, where that gives the same values as taking them one by one.

GDAL hands out most layers so in a third of the time, and lets other threads work meanwhile. Whatever may differ by a
value or by a warning is left to the usual way: arcs, measures, rows without a geometry that can be read, dates, truths,
text of another encoding.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from onemap.layers.geometry.proof_beside import NOBODY, ProofBeside, Provers
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.progress import Progress
from onemap.layers.sources.gdal import curves
from onemap.layers.sources.gdal.arcs import heads_of
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options, shapes_name

FORMATS = {".gpkg", ".gdb", ".fgb"}
ROWS_AT_ONCE = 25_000
_READ = 0.7  # of the time, where something is still to be proved when all is read
_HAS_SRID = 0x20000000
_SAME = {"OFTInteger", "OFTInteger64", "OFTReal", "OFTString"}  # the types that come the same on both ways

ArrowRows = tuple[dict[str, Any], AnyShapes, list[np.ndarray], pa.Array, np.ndarray | None]


def arrow_rows(
    path: Path, layer: str | int, expected: int, progress: Progress, provers: Provers = NOBODY
) -> ArrowRows | None:
    """Metadata, shapes (n,), columns (n,) each, WKB (n,), as pyogrio reads them by row; None where it might not.

    expected: how many rows there are, as the file says. provers: they prove meanwhile which are valid (n,),
    which is the last that is returned; None where nobody has, or some are more than plain polygons. Of many plain ones
    that were proved no geometry is made.
    """
    shapes: list[np.ndarray] = []
    bodies: list[pa.Array] = []
    read: list[pa.RecordBatch] = []
    done, reading = 0, _READ if provers.threads else 1.0
    is_much = expected >= WORTH_ROWS and provers.threads > 0
    given = {"layer": layer, "use_pyarrow": True, "batch_size": ROWS_AT_ONCE, **open_options(path)}
    with ProofBeside(provers) as proof, pyogrio.raw.open_arrow(gdal_name(path), **given) as (meta, batches):
        if not are_plain_fields(meta):
            return None
        for batch in batches:
            column = batch.column(shapes_name(meta))
            if not are_plain_shapes(column):
                return None
            bodies.append(column.cast(pa.large_binary()))
            if not is_much and not _add_geometries(shapes, column):
                return None
            proof.add(bodies[-1], None if is_much else shapes[-1])
            read.append(batch.select(list(meta["fields"])))
            done += len(batch)
            progress.at(reading * done / max(1, expected))
        if done != expected or not read:
            return None
        table = pa.Table.from_batches(read)
        try:
            columns = [_values(table.column(at)) for at in range(table.num_columns)]
        except (UnicodeDecodeError, pa.ArrowException):  # no UTF-8
            return None
        proved, wkb = proof.result(progress.part(reading, 1.0)), pa.concat_arrays(bodies)
        if is_much and proved is not None:
            return meta, proved.column(wkb), columns, wkb, proved.valid
        if is_much and not _add_geometries(shapes, wkb):
            return None
        return meta, np.concatenate(shapes), columns, wkb, None if proved is None else proved.valid


def _add_geometries(shapes: list[np.ndarray], column: pa.Array) -> bool:
    """Add the geometries of WKB (n,) to others, if all can be read."""
    shapes.append(geometries_of_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore"))
    return not shapely.is_missing(shapes[-1]).any()


def are_plain_fields(meta: Mapping[str, Any]) -> bool:
    """Whether a layer has geometries, and all its values come the same on both ways. meta: what pyogrio says of it."""
    is_plain = set(meta["ogr_types"]) <= _SAME and set(meta["ogr_subtypes"]) <= {"OFSTNone"}
    return meta["geometry_type"] is not None and is_plain and shapes_name(meta) not in meta["fields"]


def are_plain_shapes(column: pa.Array) -> bool:
    """Whether WKB comes the same on both ways: no arcs, no measures."""
    heads, curved = heads_of(column)
    return len(curved) == 0 and all(map(_is_plain, heads))


def _is_plain(head: bytes) -> bool:
    """Whether WKB that begins so has neither measures nor an SRID, which no GeoPackage may have there."""
    (code,) = struct.unpack("<I" if head[0] == 1 else ">I", head[1:5])
    return not curves.is_measured(head) and not code & _HAS_SRID


def _values(column: pa.ChunkedArray) -> np.ndarray:
    """A column (n,): numbers as such; integers beside nulls, and text, as plain values."""
    if pa.types.is_integer(column.type) and column.null_count:
        return np.fromiter(column.to_pylist(), dtype=object, count=len(column))
    values: np.ndarray = column.to_numpy()
    return values
