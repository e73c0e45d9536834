"""Share a library's versions as GeoParquet in a folder; many machines see it and read what is near their ground.

A version is written once, part by part: rows follow a Hilbert curve, in groups whose boxes a reader looks at before it
reads a group. The files are named by the hash of what they hold, so that none is ever out of date.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import DefectError
from onemap.layers.files.journal_folder import write_whole
from onemap.layers.geometry.hilbert import hilbert_order, places_on_curve
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.versions import StoredFeatures, Version, coverage_of, stored_features
from onemap.layers.progress import Progress
from onemap.layers.rasters.raster_reference import reference_of
from onemap.layers.stores.arrow_values import arrow_batch, shape_column
from onemap.layers.stores.geoparquet import CORNERS, KEY, geo_metadata
from onemap.layers.stores.library_tables import own_file_key
from onemap.layers.stores.shared_store import FACTS, FIELDS_FROM, SHARED_TABLES
from onemap.layers.stores.store import GEOMETRY_COLUMN, DamagedTable

_LAYOUT = 1  # of the files: another one has other names
_PART_ROWS = 50_000  # about as many features are held at once
_GROUP_ROWS, _GROUP_VERTICES = 2_000, 100_000  # of a group of rows at most, one large feature apart
_FAR_M = 1e9  # beyond any plane
_TYPES = {"INTEGER": int, "REAL": float, "TEXT": str}  # of columns; of others it is bytes


def share_versions(library: Library, chosen_versions: Sequence[Version], folder: Path, progress: Progress) -> Path:
    """Write some versions into a folder, except those that are there already.

    Returns the file with which `open_shared` reads them. A version that cannot be read here is left out, and cannot be
    read there either. Raises OSError, NotPlain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    catalogue, layers = library.catalogue(), {}
    for version in chosen_versions:
        try:
            layers[version.table] = _share_version(library, version, catalogue[version.code], folder, progress)
        except (DamagedTable, shapely.GEOSException):
            continue
    facts = json.dumps({"tables": _small_tables(library, chosen_versions), "layers": layers}, ensure_ascii=False)
    path = folder / f"{FACTS}-{sha256(facts)[:20]}.json"
    _write_once(path, lambda new_file: new_file.write_text(facts, encoding="utf-8"))
    return path


def _small_tables(library: Library, chosen_versions: Sequence[Version]) -> dict[str, dict[str, Any]]:
    """Return the library's tables about itself and about these versions, as plain rows; bytes as {"hex": …}."""
    mine, tables = {version.table for version in chosen_versions}, dict[str, dict[str, Any]]()
    with library.reading() as connection:
        for name in SHARED_TABLES:
            columns = connection.column_names(name)
            rows = [[_json_value(value) for value in row] for row in connection.read_rows(name, columns)]
            if name == "onemap_versions":
                rows = [row for row in rows if row[columns.index("table_name")] in mine]
            tables[name] = {"columns": columns, "rows": rows}
    text = library.own_file("catalogue") if library.path else None
    if text:  # a server has it among its facts already
        tables["onemap_library"]["rows"].append([own_file_key("catalogue"), text])
    return tables


def _json_value(value: Any) -> Any:
    return {"hex": bytes(value).hex()} if isinstance(value, bytes | memoryview) else value


def _share_version(
    library: Library, version: Version, entry: LayerEntry, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Write a version's files, if they are missing, and return their facts. Raises DamagedTable, GEOSException."""
    key = sha256(json.dumps([_LAYOUT, library.id, version.table, version.hash, library.srs_id]))[:16]
    index = folder / f"{version.table}-{key}.json"
    if index.exists():
        version_facts: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))
        return version_facts
    types, parts = library.connection.field_types(version.table), []
    for number, features in enumerate(_parts(library, version)):
        progress.check()
        if entry.geometry == "raster":
            features = _found_from_anywhere(features, library.path)
        path = folder / f"{index.stem}-{number:04d}.parquet"
        table, boxes, weights = _table(features, types, library)
        _write_once(path, lambda new_file, content=(table, weights): _write(new_file, *content))  # type: ignore[misc]
        there = boxes[np.isfinite(boxes).all(axis=1)]
        bounds = [*there[:, :2].min(axis=0).tolist(), *there[:, 2:].max(axis=0).tolist()] if len(there) else None
        parts.append({"file": path.name, "bounds": bounds})
    version_facts = {"rows": version.count, "fields": types, "parts": parts}
    _write_once(
        index, lambda new_file: new_file.write_text(json.dumps(version_facts, ensure_ascii=False), encoding="utf-8")
    )
    return version_facts


def _found_from_anywhere(features: StoredFeatures, library: Path | None) -> StoredFeatures:
    """Return a raster's rows with the absolute path of the raster, even if they hold a path relative to the library."""
    paths = [str(reference_of(row, library).path) for _, row in features.attributes.iterrows()]
    attributes = features.attributes.assign(path=pd.Series(paths, dtype=object, index=features.attributes.index))
    return StoredFeatures(features.fids, features.geometries, attributes)


def _parts(library: Library, version: Version) -> Iterator[StoredFeatures]:
    """Yield all features of a version, square by square along a Hilbert curve; those without ground come last.

    Raises DamagedTable if features are missing, GEOSException.
    """
    if version.count <= _PART_ROWS:
        yield stored_features(library, version.table, None, version.count)
        return
    squares = _squares(coverage_of(library, version).bounds, version.count)
    row_count = 0
    for at, square in enumerate(squares):
        some = stored_features(library, version.table, square, None if at else version.count)
        boxes = shapely.bounds(some.geometries)
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        rows = np.flatnonzero((middle >= square[:2]).all(axis=1) & (middle < square[2:]).all(axis=1))
        row_count += len(rows)
        if len(rows):
            yield some.at(rows)
    if row_count < version.count:
        every = stored_features(library, version.table, None, None)
        rows = np.flatnonzero(~np.isfinite(shapely.bounds(every.geometries)).all(axis=1))
        row_count += len(rows)
        yield every.at(rows)
    if row_count != version.count:
        raise DamagedTable("the table does not hold every feature")


def _squares(bounds: Sequence[float], count: int) -> np.ndarray:
    """Return boxes (n, 4) along the curve that divide the plane, each with some features; outer ones are endless."""
    side = int(np.ceil((count / _PART_ROWS) ** 0.5))
    west, south, east, north = bounds
    x, y = np.linspace(west, east, side + 1), np.linspace(south, north, side + 1)
    x[[0, -1]] = y[[0, -1]] = -_FAR_M, _FAR_M
    column, row = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    order = np.argsort(places_on_curve(np.column_stack([column, row]).astype(float)), kind="stable")
    column, row = column[order], row[order]
    return np.column_stack([x[column], y[row], x[column + 1], y[row + 1]])


def _table(
    features: StoredFeatures, types: Mapping[str, str], library: Library
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Return features along a Hilbert curve as GeoParquet 1.1 with a covering, their boxes (n, 4) and vertices (n,).

    Raises NotPlain.
    """
    boxes = shapely.bounds(features.geometries).reshape(-1, 4)
    there = np.isfinite(boxes).all(axis=1)
    order = np.r_[np.flatnonzero(there)[hilbert_order(boxes[there])], np.flatnonzero(~there)]
    features, boxes, there = features.at(order), boxes[order], there[order]
    cover = pa.StructArray.from_arrays([pa.array(side) for side in boxes.T], CORNERS, mask=pa.array(~there))
    name = f"{GEOMETRY_COLUMN}_bbox"
    while name in types:
        name += "_"
    own = {"fid": pa.array(features.fids), GEOMETRY_COLUMN: shape_column(features.geometries), name: cover}
    if len(own) != FIELDS_FROM:
        raise DefectError("a reader looks for the fields behind the columns of our own")
    of_python = {field: _TYPES.get(kind, bytes) for field, kind in types.items()}
    geo = geo_metadata(GEOMETRY_COLUMN, library.crs, box_column=name)
    batch = arrow_batch(own, features.attributes[list(types)], of_python, {KEY: geo})
    table = pa.Table.from_batches([batch])
    return table, boxes, shapely.get_num_coordinates(features.geometries)


def _write(path: Path, table: pa.Table, vertices: np.ndarray) -> None:
    """Write a file in groups of rows, each limited in features and in vertices."""
    share_of_group = np.maximum(1 / _GROUP_ROWS, vertices / _GROUP_VERTICES)
    group = np.floor(np.cumsum(share_of_group) - share_of_group)
    starts = [*np.flatnonzero(np.r_[True, np.diff(group) != 0]).tolist(), len(table)] if len(table) else []
    options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "write_page_checksum": True}
    with pq.ParquetWriter(path, table.schema, **options) as writer:
        for start, stop in zip(starts, starts[1:], strict=False):
            writer.write_table(table.slice(start, stop - start), row_group_size=stop - start)


def _write_once(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is named by its content, unless it exists."""
    if not path.exists():
        write_whole(path, write)
