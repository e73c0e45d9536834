"""The tables of a block on disk: GeoParquet, whose row groups are the ranges of positions in which all are merged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from onemap.rules.blocks.kept_parcels import ranges_of
from onemap.rules.run_tables import ROW_TABLES, Table, typed

_POSITION, _SHAPE = "position", "geometry"
BY_RULE = {name for name, first in ROW_TABLES.items() if first == "rule"}


@dataclass(frozen=True)
class KeptTable:
    """One table of a block: its rows, and of each row group the rule (None: of all) and the range of positions."""

    rows: int
    size: int
    groups: Sequence[tuple[int | None, int]]


def keep_table(
    folder: Path, name: str, table: Table, positions: np.ndarray, rules: Mapping[str, int], crs: pyproj.CRS
) -> KeptTable:
    """Write one table of a block. positions: (n,) of each row's parcel among all; rules: their order."""
    columns = [pa.array(positions)]
    names = [_POSITION]
    for column in table.columns.columns:
        names.append(str(column))
        columns.append(_arrow(table.columns[column]))
    metadata = {}
    if table.geometries is not None:
        names.append(_SHAPE)
        columns.append(pa.array(table.wkb, pa.large_binary()))
        metadata = {b"geo": json.dumps(_geo(table.geometry_type, crs)).encode()}
    whole = pa.Table.from_arrays(columns, names=names).replace_schema_metadata(metadata)
    by_rule = name in BY_RULE
    order = table.columns["rule"].map(rules).to_numpy(dtype=np.int64) if by_rule else np.zeros(len(whole), np.int64)
    keys = np.column_stack([order, ranges_of(positions)])
    starts = np.flatnonzero(np.r_[len(keys) > 0, (np.diff(keys, axis=0) != 0).any(axis=1)])
    groups: list[tuple[int | None, int]] = []
    path = folder / f"{name}.parquet"
    with pq.ParquetWriter(path, whole.schema, compression="zstd", compression_level=1) as writer:
        for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(whole)][: len(starts)], strict=True):
            writer.write_table(whole.slice(start, stop - start), row_group_size=stop - start)
            groups.append((int(keys[start, 0]) if by_rule else None, int(keys[start, 1])))
    return KeptTable(len(whole), path.stat().st_size, groups)


def _arrow(values: pd.Series) -> pa.Array:
    if values.dtype == object:
        return pa.array(values.tolist(), pa.string())
    if values.dtype == "Int64":
        return pa.array(values.to_numpy(dtype=np.int64, na_value=0), mask=values.isna().to_numpy())
    return pa.array(values.to_numpy())  # not a number stays one, and is no null


def read_group(path: Path, group: int) -> tuple[np.ndarray, Table]:
    """The rows of one row group, with the positions of their parcels (n,)."""
    with pq.ParquetFile(path) as file:
        return _read(file.read_row_group(group))


def read_none(path: Path) -> Table:
    """The same table without rows."""
    return _read(pq.read_schema(path).empty_table())[1]


def _read(found: pa.Table) -> tuple[np.ndarray, Table]:
    wkb, geometry_type = None, ""
    if _SHAPE in found.column_names:
        wkb = found.column(_SHAPE).to_numpy(zero_copy_only=False)
        (geometry_type,) = json.loads(found.schema.metadata[b"geo"])["columns"][_SHAPE]["geometry_types"]
    names = [name for name in found.column_names if name not in (_POSITION, _SHAPE)]
    columns = pd.DataFrame({name: _values(found.column(name)) for name in names})
    shapes = None if wkb is None else shapely.from_wkb(wkb)
    return found.column(_POSITION).to_numpy(), Table(typed(columns), shapes, geometry_type or "MultiPolygon", wkb)


def _values(column: pa.ChunkedArray) -> Any:
    if pa.types.is_string(column.type):
        return pd.Series(column.to_pylist(), dtype=object)
    if pa.types.is_integer(column.type):
        missing = column.is_null().to_numpy()
        return pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), missing)
    return column.to_numpy()


def joined(parts: Sequence[tuple[np.ndarray, Table]]) -> Table:
    """Rows of several blocks in the order of their parcels; those of one parcel stay as they stand."""
    positions = np.concatenate([part[0] for part in parts])
    order = np.argsort(positions, kind="stable")
    columns = pd.concat([part[1].columns for part in parts], ignore_index=True).iloc[order].reset_index(drop=True)
    first = parts[0][1]
    if first.geometries is None:
        return Table(columns, None, first.geometry_type)
    shapes = [(table.geometries, table.wkb) for _, table in parts if table.geometries is not None]
    geometries, wkb = (np.concatenate(part)[order] for part in zip(*shapes, strict=True))
    return Table(columns, geometries, first.geometry_type, wkb)


def _geo(geometry_type: str, crs: pyproj.CRS) -> dict[str, Any]:
    """What GeoParquet says of the column of geometries."""
    column = {"encoding": "WKB", "geometry_types": [geometry_type], "crs": crs.to_json_dict()}
    return {"version": "1.1.0", "primary_column": _SHAPE, "columns": {_SHAPE: column}}
