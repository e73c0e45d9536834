"""GeoParquet 1 and 2: columns of values, geometries as WKB or in GeoArrow's form, and their metadata.

From version 2 on Parquet itself knows geometries: a column is of the type GEOMETRY or GEOGRAPHY, with or without
GeoParquet's metadata. A file that describes no geometry in either way is a table.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.crs.zones import by_parameters
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.full_size import VALUE_BYTES, check_full_size, most_bytes
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, PlainProof, ProofBeside, Provers
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, in_plane
from onemap.layers.geometry.wkb_reading import TOO_DEEP, geometries_of_wkb, geometry_of_wkb
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.open_formats.nested_values import plain_value
from onemap.layers.stores.arrow_values import doubles_of

if TYPE_CHECKING:
    import pyarrow.parquet as pq

SUFFIXES = {".parquet", ".geoparquet"}
FORMAT = "GeoParquet"
_TEXTS = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
_NATIVE = ("GEOMETRY", "GEOGRAPHY")  # Parquet's own types
_WGS_84 = "EPSG:4326"  # what a file means that leaves its system out; coordinates are always east, north


def read_geoparquet(path: Path, progress: Progress, provers: Provers) -> RawFrame:
    """Read all rows of a file, in order. Raises OneMapError source.damaged, crs.unknown.

    provers: they prove polygons valid while their attributes are read; many plain ones are not made into geometries.
    """
    import pyarrow.parquet as pq  # here: every command imports this module to know what it could read

    place = ProblemPlace(file=path.name, layer=path.stem)
    try:
        file = pq.ParquetFile(path, read_dictionary=_repeated_texts(pq.ParquetFile(path), path))
        facts = _facts(file)
        primary = facts.get("primary_column")
        if primary and primary not in file.schema_arrow.names:
            raise ValueError(f"primary_column: {primary}")
        column = facts.get("columns", {}).get(primary, {})
        aside = {primary, *_box_columns(column), *(set(facts.get("columns", {})) - {primary})}
        names = [name for name in file.schema_arrow.names if name not in aside]
        bodies = _geometries(path, file, primary, column) if primary else None
        progress.at(0.5)
        attributes, proved = _proved_rows(path, file, names, bodies, provers)
    except OneMapError:
        raise
    except (pa.ArrowException, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise OneMapError("source.damaged", reason=str(error)[:200], **place) from error
    geometries, broken_rows = _shapes(bodies, proved, len(attributes))
    shapes, has_heights = in_plane(geometries)
    problems = [Problem("geometry.z_dropped", dict(place))] if has_heights else []
    if column.get("edges", "planar") != "planar":
        problems.append(Problem("geometry.edges", dict(place)))
    other = sorted(set(facts.get("columns", {})) - {primary})
    if other:
        problems.append(Problem("source.aside", {**place, "names": other}))
    progress.at(1.0)
    return RawFrame(
        path=path,
        layer=path.stem,
        format=FORMAT,
        shapes=shapes,
        attributes=attributes,
        crs=_crs(column, path) if primary else None,
        encoding="utf-8",
        problems=tuple(problems),
        is_table=bodies is None,
        broken=broken_rows,
        wkb=None if proved is None else bodies,
        valid=None if proved is None else proved.valid,
    )


def _repeated_texts(file: "pq.ParquetFile", path: Path) -> list[str]:
    """Return the columns of texts that could fill the memory because values are repeated, by the file's metadata.

    Raises OneMapError source.swollen if even its numbers, or its bytes when decompressed, would fill it.
    """
    metadata, most = file.metadata, most_bytes(path)
    groups, columns = range(metadata.num_row_groups), range(metadata.num_columns)
    parts = [metadata.row_group(at).column(of) for at in groups for of in columns]
    full_bytes = max(
        sum(part.num_values for part in parts) * VALUE_BYTES,
        metadata.num_rows * len(file.schema_arrow.names) * VALUE_BYTES,
        sum(part.total_uncompressed_size for part in parts),
    )
    check_full_size(path, full_bytes)
    # A text is at most as long as its chunk is before it is packed, and may stand in every row.
    texts = (part for part in parts if part.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"))
    return sorted({part.path_in_schema for part in texts if part.num_values * part.total_uncompressed_size > most})


def _plain_texts(column: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
    """Return a column of deduplicated texts with all of them in full. Raises OneMapError source.swollen."""
    full_bytes = 0
    for texts in (leaf for chunk in column.chunks for leaf in _folded_leaves(chunk)):
        lengths = pc.binary_length(texts.dictionary.cast(pa.large_binary()))
        sizes = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False)
        full_bytes += int(sizes[texts.indices.drop_null().to_numpy(zero_copy_only=False)].sum())
    check_full_size(path, full_bytes)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _folded_leaves(values: pa.Array) -> Iterator[pa.DictionaryArray]:
    """Yield the deduplicated texts of a column, also those in lists and structures."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        if kind.value_type in _TEXTS:
            yield values
    elif pa.types.is_map(kind):
        yield from (leaf for part in (values.keys, values.items) for leaf in _folded_leaves(part))
    elif pa.types.is_struct(kind):
        yield from (leaf for part in values.flatten() for leaf in _folded_leaves(part))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _folded_leaves(values.flatten())


def _facts(file: "pq.ParquetFile") -> dict[str, Any]:
    """Return a file's facts about its geometry; empty if it has none. Raises ValueError if they are contradictory."""
    metadata = file.schema_arrow.metadata or {}
    try:
        facts = json.loads(metadata[b"geo"]) if b"geo" in metadata else {}
        native = _native_columns(file)
    except RecursionError:
        raise ValueError(f"geo: {TOO_DEEP}") from None
    if not isinstance(facts, dict):
        raise ValueError("geo")
    columns = facts.get("columns", {})
    for name in columns.keys() & native.keys():
        one, other = (about.get("crs") for about in (columns[name], native[name]))
        if one and other and not parse_crs(one).equals(parse_crs(other), ignore_axis_order=True):
            raise ValueError(f"crs: {str(one)[:80]} ≠ {str(other)[:80]}")
        columns[name] = {**native[name], **columns[name]}
    if not facts and native:
        return {"primary_column": next(iter(native)), "columns": native}
    return facts


def _native_columns(file: "pq.ParquetFile") -> dict[str, dict[str, Any]]:
    """Return the columns of Parquet's own geometry types, each described in GeoParquet's terms."""
    schema, columns = file.schema, {}
    for at in range(len(schema)):
        column = schema.column(at)
        if column.logical_type.type in _NATIVE:
            about = json.loads(column.logical_type.to_json())
            columns[column.path] = {"encoding": "WKB", **_native_crs(about.get("crs") or "", file)}
            if about["Type"] == "Geography":
                columns[column.path]["edges"] = about.get("algorithm", "spherical")
    return columns


def _native_crs(text: str, file: "pq.ParquetFile") -> dict[str, Any]:
    """Return the system of a native column in GeoParquet's terms; a bare number names no system we could know."""
    kind, _, rest = text.partition(":")
    if kind == "projjson":
        return {"crs": json.loads((file.metadata.metadata or {})[rest.encode()])}
    if kind == "srid" or text.isdigit():
        return {"crs": None}
    return {"crs": json.loads(text) if text.startswith("{") else text} if text else {}


def _box_columns(column: dict[str, Any]) -> set[str]:
    """The columns that only repeat the boxes of the geometries."""
    sides = column.get("covering", {}).get("bbox", {}).values()
    return {side[0] for side in sides}


def _proved_rows(
    path: Path, file: "pq.ParquetFile", names: list[str], bodies: pa.Array | np.ndarray | None, provers: Provers
) -> tuple[pd.DataFrame, PlainProof | None]:
    """Return the attributes of all rows, and the proof of their geometries made meanwhile."""
    is_wkb = isinstance(bodies, pa.Array) and pa.types.is_large_binary(bodies.type) and len(bodies) >= WORTH_ROWS
    with ProofBeside(provers if is_wkb else NOBODY) as proof:
        if is_wkb:
            proof.add(bodies)
        return _attributes(path, file, names), proof.result(SILENT)


def _shapes(
    bodies: pa.Array | np.ndarray | None, proved: PlainProof | None, count: int
) -> tuple[AnyShapes, dict[int, str]]:
    """Return the shapes (n,), None for each row of a table; and the errors of unreadable ones by row."""
    if proved is not None:
        return proved.column(bodies), {}
    if isinstance(bodies, pa.Array):
        return shapes_of(np.array(bodies.to_pylist(), dtype=object))
    return np.full(count, None, dtype=object) if bodies is None else bodies, {}


def _geometries(path: Path, file: "pq.ParquetFile", name: str, column: dict[str, Any]) -> pa.Array | np.ndarray:
    """Return the WKB (n,), or the geometries if they are stored in another form."""
    if column.get("encoding", "WKB").upper() != "WKB":
        import geopandas as gpd  # GeoArrow's own encodings; few files have them

        frame = gpd.read_parquet(path, columns=[name])
        return np.asarray(frame.geometry.array, dtype=object)
    bodies = file.read(columns=[name]).column(0)
    if isinstance(bodies.type, pa.BaseExtensionType):  # where somebody has taught Arrow the type
        bodies = bodies.cast(bodies.type.storage_type)
    bodies = _plain_texts(bodies, path)
    bodies = bodies.cast(pa.large_binary()) if pa.types.is_binary(bodies.type) else bodies
    return pa.concat_arrays(bodies.chunks) if bodies.num_chunks else pa.array([], bodies.type)


def shapes_of(bodies: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
    """WKB (n,) or None as geometries (n,), None for invalid WKB; and the error of each such row."""
    try:
        return geometries_of_wkb(bodies), {}
    except (shapely.GEOSException, ValueError, TypeError):
        shapes, broken_rows = np.full(len(bodies), None, dtype=object), {}
        for row, body in enumerate(bodies):
            try:
                shapes[row] = geometry_of_wkb(body)
            except (shapely.GEOSException, ValueError, TypeError) as error:
                broken_rows[row] = str(error)[:200]
        return shapes, broken_rows


def _attributes(path: Path, file: "pq.ParquetFile", names: list[str]) -> pd.DataFrame:
    table = file.read(columns=names)
    columns = ((name, doubles_of(_plain_texts(table.column(name), path))) for name in names)
    values = {name: [*map(plain_value, column.to_pylist())] for name, column in columns}
    return pd.DataFrame(values, index=range(file.metadata.num_rows), dtype=object)


def _crs(column: dict[str, Any], path: Path) -> pyproj.CRS | None:
    """Return the system that the file declares; null means unknown. Raises OneMapError crs.unknown."""
    if "crs" in column and column["crs"] is None:
        return None
    return by_parameters(parse_crs(column.get("crs", _WGS_84), file=path.name))
