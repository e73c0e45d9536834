"""Vector files that pyogrio reads: shapefile, FileGDB, GeoPackage, GeoJSON, TopoJSON, FlatGeobuf, GML, MapInfo.

What GDAL would pass over in silence is counted here: rows that a damaged file does not give, integers that lose
digits beside nulls, arcs stroked too coarsely, text with replacement characters.
"""

import contextlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from onemap.layers.crs import parse_crs
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import RawFrame
from onemap.layers.sources import curves, mapinfo
from onemap.layers.sources.formats import GDAL_DRIVERS, MAPINFO
from onemap.layers.sources.gml import OPEN_OPTIONS, gml_copy
from onemap.layers.sources.json_text import JSON_SUFFIXES, JsonText, json_text
from onemap.layers.sources.shapefile import check_complete, check_counts, shapefile_encoding
from onemap.layers.sources.text_encodings import REPLACEMENT, encoding_of

_MAY_HOLD_ARCS = {".gdb", ".gpkg", ".fgb", ".gml"}
_EXACT_INTEGERS = 2**53  # doubles hold every integer below
_READ_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError)
_MOST_REMARKS = 10
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class _Opened:
    """What GDAL is given, and what the file is: a path, a copy of it, or the bytes of a JSON turned into UTF-8.

    encoding: that of the original, where the text has been turned into UTF-8 already.
    """

    path: Path
    layer: str
    content: Path | bytes
    json: JsonText | None = None
    encoding: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, str]:
        return {"file": self.path.name, "layer": self.layer}

    @property
    def gdal_layer(self) -> str | int:
        """A GeoJSON's layer is called after its file, and bytes have no name."""
        is_named = isinstance(self.content, Path) or (self.json is not None and self.json.is_topology)
        return self.layer if is_named else 0


@contextlib.contextmanager
def _gdal_errors_as_refusals(path: Path, layer: str | None = None) -> Iterator[list[str]]:
    """GDAL's errors become refusals that name the file; its warnings are collected in the list that is yielded."""
    remarks: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield remarks
        remarks += dict.fromkeys(_without_folders(str(warning.message), path) for warning in caught)
    except (*_READ_ERRORS, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        reason = _without_folders(str(error), path)
        raise OneMapError("source.damaged", file=path.name, layer=layer, reason=reason[:300]) from error


def _without_folders(text: str, path: Path) -> str:
    """A driver's words without the folders of this machine."""
    return re.sub(r"(?<![\w.])(/[^\s'\"/]+)+/", "", text.replace(str(path), path.name)).strip().rstrip(".")


@contextlib.contextmanager
def _prepared(path: Path, layer: str, encoding: str | None) -> Iterator[_Opened]:
    """A file as GDAL may have it, its parts complete."""
    check_complete(path)
    mapinfo.check_parts(path)
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        json = json_text(path, encoding)
        yield _Opened(path, layer, json.utf8 or path, json, json.encoding)
    elif suffix == ".gml":
        with gml_copy(path, encoding) as (copy, found):
            yield _Opened(path, layer, copy, None, found, OPEN_OPTIONS)
    else:
        yield _Opened(path, layer, path)


def layer_names(path: Path) -> list[str]:
    """The layers of a file that hold geometry or rows, in the file's order."""
    with _prepared(path, "", None) as opened, _gdal_errors_as_refusals(path):
        names = [str(name) for name, _ in pyogrio.list_layers(opened.content)]
    is_unnamed = isinstance(opened.content, bytes) and not (opened.json and opened.json.is_topology)
    return [path.stem] if is_unnamed and names else names


def read_vector(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """One layer of a vector file, every row of it, arcs stroked.

    Raises OneMapError source.damaged, source.part_missing, encoding.….
    """
    with _prepared(path, layer, encoding) as opened, _gdal_errors_as_refusals(path, layer) as remarks:
        meta, wkb, columns, found = _read(opened, encoding)
        rows = _checked_count(opened, wkb, columns)
        attributes = _attributes(opened, meta, columns, rows)
        crs = _declared_crs(opened, meta["crs"])
        geometries, arcs = _geometries(opened, wkb, rows, crs)
    _refuse_replacements(attributes, opened.place)
    has_heights = shapely.has_z(geometries)
    problems = [_remark(text, opened.place) for text in remarks[:_MOST_REMARKS]]
    if has_heights.any():
        problems.append(Problem("geometry.z_dropped", dict(opened.place)))
    if arcs:
        problems.append(Problem("geometry.stroked", {**opened.place, "count": arcs}))
    return RawFrame(
        path=path,
        layer=layer,
        format="TopoJSON" if opened.json and opened.json.is_topology else GDAL_DRIVERS[path.suffix.lower()],
        geometries=shapely.force_2d(geometries) if (has_heights | shapely.has_m(geometries)).any() else geometries,
        attributes=attributes,
        crs=crs,
        encoding=opened.encoding or found,
        problems=tuple(problems),
        is_table=wkb is None,
    )


def _remark(text: str, place: dict[str, str]) -> Problem:
    if text.startswith("Measured (M)"):
        return Problem("geometry.m_dropped", dict(place))
    return Problem("source.remark", {**place, "reason": text[:300]})


def _read(opened: _Opened, encoding: str | None) -> tuple[dict[str, Any], np.ndarray | None, list[Any], str]:
    """Metadata, WKB (None for a table without geometry), columns, and the encoding of the text."""
    suffix = opened.path.suffix.lower()
    is_mapinfo = suffix in MAPINFO
    if suffix == ".shp":
        candidates = [shapefile_encoding(opened.path, encoding)]
    elif opened.encoding is not None or (is_mapinfo and mapinfo.declared_charset(opened.path)):
        candidates = ["utf-8"]
    else:
        # These formats say UTF-8; some programs write the system's code page all the same.
        candidates = [encoding_of(encoding)] if encoding else ["utf-8", "gb18030"]
    for candidate in candidates:
        try:
            meta, _, wkb, columns = pyogrio.raw.read(
                opened.content, layer=opened.gdal_layer, return_fids=False, encoding=candidate, **opened.options
            )
        except UnicodeDecodeError:
            continue
        if is_mapinfo and candidate == "utf-8":
            names = [str(name) for name in meta["fields"]]
            names, columns, candidate = mapinfo.as_decoded(opened.path, names, list(columns), encoding)
            meta = {**meta, "fields": names}
        return meta, wkb, list(columns), candidate
    code = "encoding.wrong" if encoding else "encoding.undecidable"
    raise OneMapError(code, encoding=encoding, **opened.place)


def _checked_count(opened: _Opened, wkb: np.ndarray | None, columns: list[Any]) -> int:
    """The number of rows that were read, held against the number that the file must hold."""
    rows = len(columns[0]) if columns else (0 if wkb is None else len(wkb))
    suffix = opened.path.suffix.lower()
    held = rows
    if suffix == ".shp":
        check_counts(opened.path)
    elif suffix == ".gpkg":
        # GDAL believes the file's own table of contents, which another program may have left behind the facts.
        name = opened.layer.replace('"', '""')
        sql = f'SELECT count(*) AS held FROM "{name}"'  # noqa: S608 - the name is quoted
        held = int(pyogrio.raw.read(opened.path, sql=sql, read_geometry=False)[3][0][0])
    if held != rows:
        reason = f"{rows} ≠ {held}"
        raise OneMapError("source.rows", rows=rows, held=held, reason=reason, **opened.place)
    return rows


def _attributes(opened: _Opened, meta: dict[str, Any], columns: list[Any], rows: int) -> pd.DataFrame:
    """Columns of plain values; an integer beside nulls is an integer still."""
    names = [str(name) for name in meta["fields"]]
    values: dict[str, pd.Series] = {}
    for name, declared, column in zip(names, meta["dtypes"], columns, strict=True):
        if str(declared).startswith(("int", "uint")) and column.dtype.kind == "f":
            column = _integers(opened, name, column)
        values[name] = pd.Series(list(column), dtype=object)
    return pd.DataFrame(values, index=range(rows))


def _integers(opened: _Opened, name: str, column: np.ndarray) -> list[int | None]:
    """Integers that came as doubles because some are null; long ones, which lost digits, are read once more."""
    if not (np.abs(column[np.isfinite(column)]) >= _EXACT_INTEGERS).any():
        return [None if np.isnan(value) else int(value) for value in column]
    _, table = pyogrio.raw.read_arrow(opened.content, layer=opened.gdal_layer, columns=[name], read_geometry=False)
    exact: list[int | None] = table.column(name).to_pylist()
    if len(exact) != len(column):
        raise OneMapError("source.rows", rows=len(exact), held=len(column), **opened.place)
    return exact


def _geometries(opened: _Opened, wkb: np.ndarray | None, rows: int, crs: pyproj.CRS | None) -> tuple[np.ndarray, int]:
    """WKB as geometries, and how many had arcs; the WKB is let go block by block, lest a million are held twice.

    A ring too short or open to be one reads as None and is reported as such later. GDAL has stroked arcs by angle
    (6 dm off at a radius of 1 km), so those are taken from the file once more as they are.
    """
    geometries = np.full(rows, None, dtype=object)
    if wkb is None:
        return geometries, 0
    for start in range(0, rows, _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        geometries[block] = shapely.from_wkb(wkb[block], on_invalid="ignore")
        wkb[block] = None
    if opened.path.suffix.lower() not in _MAY_HOLD_ARCS or (shapely.get_dimensions(geometries) < 1).all():
        return geometries, 0
    sagitta = _sagitta(crs, geometries)
    curved = read = 0
    with pyogrio.raw.open_arrow(
        opened.content,
        layer=opened.gdal_layer,
        columns=[],
        use_pyarrow=True,
        batch_size=_ROWS_AT_ONCE,
        **opened.options,
    ) as (meta, batches):
        for batch in batches:
            unstroked = batch.column(meta["geometry_name"] or "wkb_geometry")
            for row in _perhaps_curved(unstroked):
                geometry, arcs = curves.stroked(unstroked[row].as_py(), sagitta)
                if arcs and read + row < rows:
                    geometries[read + row] = geometry
                    curved += 1
            read += len(unstroked)
    if read != rows:
        raise OneMapError("source.rows", rows=read, held=rows, **opened.place)
    return geometries, curved


def _perhaps_curved(column: Any) -> Iterator[int]:
    """The rows of an Arrow column of WKB that may hold arcs, told by their types alone."""
    for row, body in enumerate(column):
        if body.is_valid and curves.may_be_curved(memoryview(body.as_buffer())[:5].tobytes()):
            yield row


def _sagitta(crs: pyproj.CRS | None, geometries: np.ndarray) -> float:
    """A centimetre in the units of the coordinates."""
    bounds = shapely.total_bounds(geometries)
    degrees = crs.is_geographic if crs is not None else bool(np.abs(bounds[~np.isnan(bounds)]).max(initial=0) <= 360)
    if degrees:
        return curves.SAGITTA_M / 111_320
    return curves.SAGITTA_M / (crs.axis_info[0].unit_conversion_factor if crs is not None else 1.0)


def _declared_crs(opened: _Opened, text: str | None) -> pyproj.CRS | None:
    """The CRS as the file declares it; GDAL's WGS 84 for a TopoJSON or an undeclared GeoPackage is none."""
    if not text or (opened.json is not None and opened.json.is_topology):
        return None
    crs = parse_crs(text, file=opened.path.name)
    if opened.path.suffix.lower() in MAPINFO:
        return mapinfo.by_parameters(crs) if crs.is_projected or crs.is_geographic else None
    return None if crs.name.lower().startswith(("undefined", "unknown", "unnamed")) else crs


def _refuse_replacements(attributes: pd.DataFrame, place: dict[str, str]) -> None:
    """A replacement character is text that someone has lost already. Raises OneMapError encoding.replaced."""
    problems = []
    for name in attributes.columns:
        lost = [row for row, v in enumerate(attributes[name], start=1) if isinstance(v, str) and REPLACEMENT in v]
        if lost or REPLACEMENT in name:
            facts = {**place, "feature": lost[0] if lost else None, "field": name, "count": len(lost)}
            problems.append(Problem("encoding.replaced", facts))
    if problems:
        raise OneMapError.of(problems)
