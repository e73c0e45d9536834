"""Vector files that pyogrio reads: shapefile, FileGDB, GeoPackage, GeoJSON, TopoJSON, FlatGeobuf, GML, MapInfo.

What GDAL would silently skip is counted here: rows that a damaged file does not give, integers that lose digits beside
nulls, arcs stroked too coarsely, text with replacement characters.
"""

import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import replaced_text
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, ProofBeside, Provers
from onemap.layers.geometry.row_blocks import give_back_memory
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, in_plane
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal import mapinfo, mapinfo_arcs
from onemap.layers.sources.gdal.arcs import ArcSurvey, sagitta_of, stroked_arcs, stroked_runs, with_stroked
from onemap.layers.sources.gdal.arrow_stream import (
    COLUMN_FORMATS,
    UnlikeRows,
    column_blocks,
    has_lists_of_truths,
    raised_as_they_are,
    same_blocks,
)
from onemap.layers.sources.gdal.curves import SAGITTA_M, is_surface
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS, MAPINFO
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.sources.gdal.geodatabase import DecodedAttributes, decode_attributes
from onemap.layers.sources.gdal.geopackage_schema import only_layer, row_count
from onemap.layers.sources.gdal.raster_tables import raster_remarks
from onemap.layers.sources.gdal.readable_file import (
    UTF_8,
    ReadableFile,
    declared_crs,
    encoding_refusal,
    encodings_to_try,
    file_info,
    gdal_errors_as_refusals,
    is_assumed_crs,
    prepared_file,
    unknown_system,
)
from onemap.layers.sources.gdal.record_reading import BULK_ERRORS, RecordSurvey, read_runs, survey_records
from onemap.layers.sources.gdal.shapefile import RAW, check_counts, shapefile_text
from onemap.layers.stores.arrow_values import doubles_of, series_of
from onemap.layers.stores.sql_text import compose_sql, sql_literal

MAY_HOLD_ARCS = {".gdb", ".gpkg", ".fgb", ".gml"}
_EXACT_INTEGERS = 2**53  # doubles hold every integer below
_MOST_REMARKS = 10
_FINE_GRID_M = 0.00101  # coordinates to the millimetre, as red lines have them
_MOST_UNKNOWN = 10_000  # records without geometry that are looked at one by one; of more, most just have none
SEEKABLE = {".shp", ".gdb", ".gpkg"}
IN_BLOCKS = SEEKABLE | {".geojson", ".json"}
ROWS_AT_ONCE = 50_000  # as WKB, beside the geometries
_ROWS = 0.7  # of the time: the rest is looking for arcs


RowBlock = tuple[dict[str, Any], Any, list[np.ndarray]]  # what GDAL says, WKB (k,) or None for a table, columns (k,)


@dataclass
class _ReadLayer:
    """A layer as it was read: GDAL's description, geometries (None for a table without), columns, their encoding.

    survey: the result of reading record by record, if reading in bulk failed; cut: names of fields that ended inside a
    character; is_straight: it has no arcs; wkb: of the geometries, if known; valid: as in `RawFrame`.
    """

    meta: dict[str, Any]
    shapes: AnyShapes | None
    columns: list[Any]
    encoding: str
    survey: RecordSurvey = field(default_factory=RecordSurvey)
    cut: tuple[str, ...] = ()
    is_straight: bool = False
    wkb: pa.Array | None = None
    valid: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0]) if self.columns else (0 if self.shapes is None else len(self.shapes))


def read_vector(
    path: Path,
    layer: str,
    encoding: str | None,
    progress: Progress = SILENT,
    lenient: bool = False,
    provers: Provers = NOBODY,
) -> RawFrame:
    """Read one layer of a vector file, every row of it, with arcs stroked; unreadable records are named in `broken`.

    lenient: text of no encoding is read too, with replacement characters for invalid bytes; provers: as in
    `read_layer`. Raises OneMapError source.damaged, source.part_missing, encoding.….
    """
    with prepared_file(path, layer, encoding) as readable, gdal_errors_as_refusals(path, layer) as remarks:
        read = _read(readable, encoding, lenient, progress, provers)
        rows = read.rows
        check_count(readable, rows)
        attributes = attributes_of(readable, read.meta, read.columns, rows)
        crs = declared_crs(readable, read.meta["crs"])
        shapes = np.full(rows, None, dtype=object) if read.shapes is None else read.shapes
        arc_survey, coarse = _survey_arcs(readable, shapes, crs, read, progress.part(_ROWS, 1.0))
        progress.at(1.0)
    codes = (
        decode_attributes(path, layer, attributes) if path.suffix.lower() == ".gdb" else DecodedAttributes(attributes)
    )
    flat, has_heights = in_plane(shapes)  # what is stroked has lost its heights
    shapes = with_stroked(flat, arc_survey.stroked)
    problems = remarks_of(remarks, readable.place, has_heights, arc_survey.are_measured, len(arc_survey.stroked))
    problems += [*_further_remarks(read, coarse, readable.place), *raster_remarks(path, readable.place)]
    problems += _remark_on_grid(readable, crs, shapes)
    problems += unknown_system(readable, crs)
    return RawFrame(
        path=path,
        layer=layer,
        format="TopoJSON" if readable.json and readable.json.is_topology else GDAL_DRIVERS[path.suffix.lower()],
        shapes=shapes,
        attributes=codes.attributes,
        crs=crs,
        encoding=readable.encoding or read.encoding,
        problems=(*problems, *codes.problems),
        is_table=read.shapes is None,
        decoded=codes.names,
        is_assumed=is_assumed_crs(readable),
        broken=read.survey.broken,
        replaced=replaced_text(attributes),
        wkb=None if arc_survey.stroked else read.wkb,
        valid=None if arc_survey.stroked else read.valid,
    )


def _further_remarks(read: _ReadLayer, coarse: int, place: ProblemPlace) -> list[Problem]:
    """Return remarks on coarse arcs, on surfaces, and on names that were cut."""
    counts = (("geometry.coarse", coarse), ("geometry.surfaces", len(read.survey.shapes)))
    problems = [Problem(code, {**place, "count": count}) for code, count in counts if count]
    if read.cut:
        problems.append(Problem("field.cut_names", {**place, "names": list(read.cut)}))
    return problems


def _remark_on_grid(readable: ReadableFile, crs: pyproj.CRS | None, shapes: AnyShapes) -> list[Problem]:
    """Return a remark if the grid of a TAB is coarser than a millimetre."""
    step = mapinfo_arcs.grid_step(readable.path)
    step_m = step / sagitta_of(crs, shapes) * SAGITTA_M if step else 0.0
    return [Problem("geometry.grid", {**readable.place, "step": round(step_m, 3)})] if step_m > _FINE_GRID_M else []


def remarks_of(
    texts: Sequence[str], place: ProblemPlace, has_heights: bool, are_measured: bool, curved: int
) -> list[Problem]:
    """Return remarks on how a layer was read. texts: GDAL's own warnings; curved: how many geometries had arcs."""
    problems = [_remark(text, place) for text in texts[:_MOST_REMARKS]]
    if has_heights:
        problems.append(Problem("geometry.z_dropped", dict(place)))
    if are_measured and not any(problem.code == "geometry.m_dropped" for problem in problems):
        problems.append(Problem("geometry.m_dropped", dict(place)))
    if curved:
        problems.append(Problem("geometry.stroked", {**place, "count": curved}))
    return problems


def _remark(text: str, place: ProblemPlace) -> Problem:
    if text.startswith("Measured (M)"):
        return Problem("geometry.m_dropped", dict(place))
    return Problem("source.remark", {**place, "reason": text[:300]})


def _by_column(readable: ReadableFile, encoding: str | None, progress: Progress, provers: Provers) -> _ReadLayer | None:
    """Return a layer read by column, or None; the usual reader then reports what is wrong."""
    is_fit = readable.path.suffix.lower() in COLUMN_FORMATS and encodings_to_try(readable, encoding)[0] == UTF_8
    if not is_fit:
        return None
    is_geopackage = only_layer(readable.path) == readable.layer
    expected = row_count(readable.path, readable.layer) if is_geopackage else file_info(readable)["features"]
    reading = readable.path, readable.gdal_layer, 0, max(1, expected), raised_as_they_are
    try:
        who = provers if expected >= WORTH_ROWS else NOBODY  # of fewer, geometries are made at once
        blocks = list(same_blocks(*reading, provers=who, progress=progress))
    except (*BULK_ERRORS, RuntimeError, OSError, UnlikeRows):
        return None
    if [len(shapes) for _, shapes, *_ in blocks] != [expected]:
        return None
    ((meta, shapes, wkb, valid, columns, _),) = blocks
    return _ReadLayer(meta, shapes, columns, UTF_8, is_straight=True, wkb=wkb, valid=valid)


def _read(
    readable: ReadableFile, encoding: str | None, lenient: bool, progress: Progress, provers: Provers
) -> _ReadLayer:
    """Read a layer by column, or with the first encoding that fits its text."""
    by_column = _by_column(readable, encoding, progress, provers)
    if by_column is not None:
        return by_column
    suffix = readable.path.suffix.lower()
    if suffix == ".shp":
        text = shapefile_text(readable.path, encoding, lenient)
        try:
            layer_rows = _rows(readable, text.encoding if text.is_plain else RAW, progress.part(0.0, _ROWS), provers)
        except UnicodeDecodeError as error:  # the text was proved: a damaged head has GDAL look for it elsewhere
            raise OneMapError("source.damaged", reason=str(error)[:200], **readable.place) from error
        if not text.is_plain:
            layer_rows.meta = {**layer_rows.meta, "fields": list(text.names)}
            layer_rows.columns, layer_rows.encoding, layer_rows.cut = (
                text.decode_columns(layer_rows.columns),
                text.encoding,
                text.cut,
            )
        return layer_rows
    for candidate in encodings_to_try(readable, encoding):
        try:
            layer_rows = _rows(readable, candidate, progress.part(0.0, _ROWS), provers)
        except UnicodeDecodeError:
            continue
        if suffix in MAPINFO and candidate == UTF_8:
            names = [str(name) for name in layer_rows.meta["fields"]]
            names, layer_rows.columns, layer_rows.encoding = mapinfo.as_decoded(
                readable.path, names, layer_rows.columns, encoding
            )
            layer_rows.meta = {**layer_rows.meta, "fields": names}
        return layer_rows
    raise encoding_refusal(readable, encoding)


def _rows(readable: ReadableFile, encoding: str, progress: Progress, provers: Provers) -> _ReadLayer:
    """Read a layer in one encoding; record by record if it cannot be read in bulk.

    A ring that is too short or open reads as None and is reported as such later.
    """
    try:
        layer_rows, unknown = _bulk_rows(readable, encoding, progress, provers)
    except BULK_ERRORS as error:
        layer_rows = _whole_records(readable, encoding, error)
        unknown = frozenset()
    if 0 < len(unknown) <= _MOST_UNKNOWN and isinstance(readable.content, Path):
        try:
            survey = survey_records(readable.content, readable.gdal_layer, _driver(readable), unknown)
        except BULK_ERRORS:
            return layer_rows  # a format that cannot be read so; they have no geometry
        shapes = {row: shape for row, shape in survey.shapes.items() if row in unknown}
        if isinstance(layer_rows.shapes, np.ndarray):
            for row, shape in shapes.items():
                layer_rows.shapes[row] = shape
        layer_rows.survey = RecordSurvey(survey.count, survey.broken, shapes)
    return layer_rows


def _whole_records(readable: ReadableFile, encoding: str, error: Exception) -> _ReadLayer:
    """Read all whole records. Raises the error again if no record caused it, source.damaged with the place."""
    if not isinstance(readable.content, Path):
        raise error
    survey = survey_records(readable.content, readable.gdal_layer, _driver(readable))
    expected = file_info(readable, encoding)["features"]
    if survey.count < expected:
        reason = str(error)[:200]
        raise OneMapError("source.damaged", reason=reason, feature=survey.count + 1, **readable.place) from error
    if not survey.broken or len(survey.broken) == survey.count:
        raise error
    record_columns = read_runs(readable.content, readable.gdal_layer, encoding, readable.options, survey)
    return _ReadLayer(*record_columns, encoding, survey)


def _driver(readable: ReadableFile) -> str:
    suffix = readable.path.suffix.lower()
    return "MapInfo File" if suffix in MAPINFO else GDAL_DRIVERS[suffix]


def _bulk_rows(
    readable: ReadableFile, encoding: str, progress: Progress, provers: Provers
) -> tuple[_ReadLayer, frozenset[int]]:
    """Read metadata, geometries and columns, in blocks if GDAL can begin in the middle of a file.

    Return also the rows without geometry, which may be broken records, or of a kind that cannot be read in bulk.
    """
    at_once = ROWS_AT_ONCE if readable.path.suffix.lower() in SEEKABLE else None
    info = file_info(readable, encoding)
    if readable.json is not None and has_lists_of_truths(info):
        return _columns_at_once(readable)
    blocks: list[list[Any]] = []
    shapes = _BulkShapes(provers)
    meta: dict[str, Any] = {}
    read = 0
    with shapes.proof:
        for meta, wkb, columns in row_blocks(readable, encoding, at_once):  # noqa: B007 - the last one's counts
            count = len(columns[0]) if columns else (0 if wkb is None else len(wkb))
            if count or not blocks:
                blocks.append([_shared_values(column) for column in columns])
                if wkb is not None:
                    shapes.add(wkb)
            read += count
            if count == at_once:
                give_back_memory()
            progress.at(read / max(1, info["features"]))
        joined_columns = (
            blocks[0] if len(blocks) == 1 else [np.concatenate(column) for column in zip(*blocks, strict=True)]
        )
        return shapes.reading(meta, joined_columns, encoding), frozenset(shapes.unknown)


def row_blocks(
    readable: ReadableFile, encoding: str, at_once: int | None, first: int = 0, fid: str = ""
) -> Iterator[RowBlock]:
    """Yield the rows from `first` on, in at least one block.

    at_once: rows of a block, None for all; fid: the column by which the rows are ordered; with it GDAL begins after a
    block without reading the rows before. Raises as pyogrio does.
    """
    reading = {"layer": readable.gdal_layer, "encoding": encoding, "return_fids": bool(fid), **readable.options}
    part: dict[str, Any] = {"skip_features": first}
    while True:
        meta, fids, wkb, columns = pyogrio.raw.read(
            gdal_name(readable.content), max_features=at_once, **part, **reading
        )
        gc.collect(0)  # what pyogrio leaves goes in circles, and holds the rows
        count = len(columns[0]) if len(columns) else (0 if wkb is None else len(wkb))
        yield meta, wkb, list(columns)
        del wkb, columns  # before the next rows come
        if at_once is None or count < at_once:
            return
        first += count
        part = {"skip_features": first}
        if fid:
            part = {"where": str(compose_sql("{fid} > {last}", fid=fid, last=sql_literal(int(fids[-1]))))}


class _BulkShapes:
    """The shapes of a layer, block by block; many proved polygons are not made into geometries.

    unknown: the rows without a geometry, which may be broken records, or of a kind that cannot be read in bulk.
    """

    def __init__(self, provers: Provers) -> None:
        self.proof = ProofBeside(provers)
        self.unknown: list[int] = []
        self._are_proved = provers.threads > 0
        self._bodies: list[pa.Array] = []
        self._shapes: list[np.ndarray] = []
        self._count = 0

    def add(self, wkb: np.ndarray) -> None:
        """Add the next rows (k,)."""
        if self._are_proved and (self._bodies or len(wkb) >= WORTH_ROWS):
            self._bodies.append(pa.array(wkb, pa.large_binary()))
            self.proof.add(self._bodies[-1])
        else:
            self._add_geometries(wkb)

    def _add_geometries(self, wkb: np.ndarray) -> None:
        self._shapes.append(geometries_of_wkb(wkb, on_invalid="ignore"))
        missing_rows = np.flatnonzero(shapely.is_missing(self._shapes[-1])).tolist()
        self.unknown += [self._count + row for row in missing_rows if wkb[row] is None or is_surface(wkb[row])]
        self._count += len(wkb)

    def reading(self, meta: dict[str, Any], columns: list[Any], encoding: str) -> _ReadLayer:
        """Return the layer, once all rows are added."""
        proved = self.proof.result(SILENT)
        if proved is not None:
            wkb = pa.concat_arrays(self._bodies)
            return _ReadLayer(meta, proved.column(wkb), columns, encoding, wkb=wkb, valid=proved.valid)
        for part in self._bodies:
            self._add_geometries(np.asarray(part.to_numpy(zero_copy_only=False), dtype=object))
        return _ReadLayer(meta, np.concatenate(self._shapes) if self._shapes else None, columns, encoding)


def _columns_at_once(readable: ReadableFile) -> tuple[_ReadLayer, frozenset[int]]:
    """Read a GeoJSON with lists of booleans, on which reading row by row fails."""
    column_blocks_of_layer = column_blocks(readable.content, readable.gdal_layer, 0, sys.maxsize, raised_as_they_are)
    meta, shapes, _, _, columns, _ = next(iter(column_blocks_of_layer))
    return _ReadLayer(meta, shapes, columns, UTF_8), frozenset()


def _shared_values(column: np.ndarray) -> np.ndarray:
    """Return a column in which equal texts are one object: most fields of a plan are codes, with few values."""
    if column.dtype != object:
        return column
    first_values: dict[Any, Any] = {}
    column[:] = [first_values.setdefault(value, value) if type(value) is str else value for value in column]
    return column


def check_count(readable: ReadableFile, rows: int) -> None:
    """Compare the number of rows that were read with the number that the file must hold.

    Raises OneMapError source.rows, source.damaged.
    """
    suffix = readable.path.suffix.lower()
    held_count = rows
    if suffix == ".shp":
        check_counts(readable.path)
    elif suffix == ".gpkg":
        held_count = row_count(readable.path, readable.layer)
    if held_count != rows:
        reason = f"{rows} ≠ {held_count}"
        raise OneMapError("source.rows", rows=rows, held=held_count, reason=reason, **readable.place)


def attributes_of(
    readable: ReadableFile, meta: dict[str, Any], columns: list[Any], rows: int, part: dict[str, int] | None = None
) -> pd.DataFrame:
    """Return columns of plain values; integers and booleans beside nulls keep their type; Arrow columns stay.

    part: the rows that were read, in pyogrio's terms; None for all.
    """
    names = [str(name) for name in meta["fields"]]
    values: dict[str, pd.Series] = {}
    for name, declared_type, column in zip(names, meta["dtypes"], columns, strict=True):
        if isinstance(column, pa.Array):
            values[name] = series_of(doubles_of(column))
            continue
        if column.dtype == np.float32:
            column = doubles_of(pa.array(column)).to_numpy()
        if str(declared_type).startswith(("int", "uint")) and column.dtype.kind == "f":
            column = _integers(readable, name, column, part or {})
        elif str(declared_type) == "bool" and column.dtype.kind == "f":
            column = [None if np.isnan(value) else bool(value) for value in column]
        values[name] = pd.Series(list(column), dtype=object)
    return pd.DataFrame(values, index=range(rows))


def _integers(readable: ReadableFile, name: str, column: np.ndarray, part: dict[str, int]) -> list[int | None]:
    """Return integers that came as floats because of nulls; long ones, which lost digits, are read again."""
    if not (np.abs(column[np.isfinite(column)]) >= _EXACT_INTEGERS).any():
        return [None if np.isnan(value) else int(value) for value in column]
    only = {"columns": [name], "read_geometry": False, **part, **open_options(readable.content)}
    _, table = pyogrio.raw.read_arrow(gdal_name(readable.content), layer=readable.gdal_layer, **only)
    exact: list[int | None] = table.column(name).to_pylist()
    if len(exact) != len(column):
        raise OneMapError("source.rows", rows=len(exact), held=len(column), **readable.place)
    return exact


def _survey_arcs(
    readable: ReadableFile, shapes: AnyShapes, crs: pyproj.CRS | None, read: _ReadLayer, progress: Progress
) -> tuple[ArcSurvey, int]:
    """Return the features with arcs, stroked by sagitta, with remarks; and the number of coarse arcs."""
    suffix = readable.path.suffix.lower()
    if suffix in MAPINFO:
        stroked, coarse = mapinfo_arcs.stroked_curves(readable.path, shapes, sagitta_of(crs, shapes))
        return ArcSurvey({**stroked}, len(shapes), False), coarse
    # A layer that may hold any type is looked at in any case: GDAL does not warn of its measures.
    is_mixed = read.meta["geometry_type"] == "Unknown"
    are_points = not is_mixed and isinstance(shapes, np.ndarray) and bool((shapely.get_dimensions(shapes) < 1).all())
    if read.is_straight or suffix not in MAY_HOLD_ARCS or are_points or len(shapes) == 0:
        return ArcSurvey({}, len(shapes), False), 0
    layer_source = readable.content, readable.gdal_layer, readable.options
    if read.survey.broken:
        runs = [(first, count) for first, count, is_broken in read.survey.runs() if not is_broken]
        return stroked_runs(*layer_source, sagitta_of(crs, shapes), runs), 0
    arc_survey = stroked_arcs(*layer_source, len(shapes), sagitta_of(crs, shapes), progress)
    if arc_survey.read != len(shapes):
        raise OneMapError("source.rows", rows=arc_survey.read, held=len(shapes), **readable.place)
    return arc_survey, 0
