"""Coordinate sheets: Excel and CSV tables of boundary points, of points, or of WKT.

Boundary points become one polygon per parcel; a table of points, or of WKT, has one feature a row.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.systems import DEGREE_M, parse_crs
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.ring_nesting import closed_parts, polygon_of_rings
from onemap.layers.sources.gdal.curve_text import has_arcs, wkb_of
from onemap.layers.sources.gdal.curves import SAGITTA_M, stroke_curve
from onemap.layers.sources.sheets.sheet_axes import coordinates_of, datum_said, declared_crs, rows_like_points
from onemap.layers.sources.sheets.sheet_columns import Columns, columns_of, headings_of, plain
from onemap.layers.sources.sheets.sheet_grid import SUFFIXES, Grid, address, grids_of
from onemap.layers.sources.sheets.sheet_rows import (
    Parcel,
    is_boundary,
    parcels_of,
    point_rows,
    short_runs,
    title_text,
    words_below,
)

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,14})\.\d+", re.ASCII)
_LOSES_ZEROS = re.compile(r".*\.\d*0", re.ASCII).fullmatch
_UNIT = re.compile(r"单位\s*:\s*([^\s,;)]+)")  # above a table, of all its numbers
_SRID = re.compile(r"\s*SRID\s*=\s*(\d{3,6})\s*;", re.IGNORECASE | re.ASCII)
_NUMBERS = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
_MOST_LISTED = 1000
_LOOKED_AT = 2_000  # rows of a sheet without a header


def sheet_names(path: Path) -> list[str]:
    """Return the sheets that hold coordinates; all sheets if none does, so that reading one can say what it lacks.

    If one has a header, sheets with points but no header are included, since a list may continue there.
    """
    if path.suffix.lower() == ".csv":
        return [path.stem]
    grids = grids_of(path, None)
    with_header = [grid.name for grid in grids if _has_coordinates(grid, path.name)]
    if not with_header:
        return [grid.name for grid in grids]
    return [grid.name for grid in grids if grid.name in with_header or rows_like_points(grid, _first_rows(grid))]


def _first_rows(grid: Grid) -> range:
    return range(min(len(grid.rows), _LOOKED_AT))


def has_coordinates(path: Path) -> bool:
    """Whether a sheet of a file holds coordinates. Raises OneMapError source.damaged, sheet.too_large, encoding.…."""
    return any(_has_coordinates(grid, path.name) for grid in grids_of(path, None))


def _has_coordinates(grid: Grid, file: str) -> bool:
    try:
        return columns_of(grid, file) is not None
    except OneMapError:
        return True  # a header that cannot be used is reported when the sheet is read


def read_sheet(path: Path, layer: str, encoding: str | None, *, as_table: bool) -> RawFrame:
    """Read one sheet as parcels, points, or as its WKT says; as_table: as rows, whatever its columns are.

    Raises OneMapError sheet.…, source.damaged, source.empty, source.layer_unknown, encoding.….
    """
    grid = next((grid for grid in grids_of(path, encoding) if grid.name == layer), None)
    if grid is None:
        raise OneMapError("source.layer_unknown", file=path.name, layer=layer, names=sheet_names(path))
    if as_table:
        return _table_frame(path, grid)
    columns = columns_of(grid, path.name)
    if columns is None:
        raise OneMapError("sheet.no_header", file=path.name, layer=layer)
    if columns.pair is None:
        return _wkt_frame(path, grid, columns)
    parcels = parcels_of(grid, columns, path.name)
    rows = [row for parcel in parcels for run in parcel.runs for row in run]
    if not rows:
        raise OneMapError("source.empty", file=path.name, layer=layer)
    if is_boundary(grid, columns, parcels):
        return _boundary_frame(path, grid, columns, parcels, rows)
    return _point_frame(path, grid, columns)


def _frame(
    path: Path,
    grid: Grid,
    geometries: np.ndarray,
    attributes: pd.DataFrame,
    crs: pyproj.CRS | None,
    problems: tuple[Problem, ...] = (),
    datum: str | None = None,
) -> RawFrame:
    kind = SUFFIXES[path.suffix.lower()]
    return RawFrame(path, grid.name, kind, geometries, attributes, crs, grid.encoding, problems, datum=datum)


def _boundary_frame(path: Path, grid: Grid, columns: Columns, parcels: list[Parcel], rows: list[int]) -> RawFrame:
    titles = title_text(grid, columns)
    coordinates = coordinates_of(grid, columns, rows, True, titles, path.name)
    short = short_runs(parcels, path.name, grid.name)
    if short:
        raise OneMapError.of(short[:_MOST_LISTED])
    place = dict(zip(rows, coordinates.values, strict=True))
    geometries = np.array([_polygon(parcel, place, columns, grid.name, path.name) for parcel in parcels], dtype=object)
    _refuse_unclear_gaps(parcels, geometries, path.name, grid.name)
    others = [row for row in range(columns.row + 1, len(grid.rows)) if row not in place]
    if further := rows_like_points(grid, others):
        raise OneMapError("sheet.other_columns", file=path.name, layer=grid.name, feature=further[0] + 1)
    crs = declared_crs(titles, coordinates, path.name, words_below(grid, others))
    attributes = _parcel_attributes(grid, columns, parcels)
    return _frame(path, grid, geometries, attributes, crs, coordinates.problems, datum_said(titles))


def _polygon(parcel: Parcel, place: dict[int, np.ndarray], columns: Columns, layer: str, file: str) -> shapely.Geometry:
    rings: list[np.ndarray] = []
    for run in parcel.runs:
        facts: dict[str, Any] = {"file": file, "layer": layer, "feature": parcel.key, "line": run[0] + 1}
        points = np.array([place[row] for row in run])
        try:
            parts = closed_parts(points) if len(np.unique(points, axis=0)) >= 3 else []
        except ValueError:
            parts = []
        if not parts:
            raise OneMapError("sheet.ring", **facts)
        rings += parts
    geometry = polygon_of_rings(rings)
    is_told = {"parcel", "name", "ring"} & columns.roles.keys()
    if geometry.geom_type == "MultiPolygon" and not is_told:
        row = parcel.runs[min(1, len(parcel.runs) - 1)][0] + 1
        raise OneMapError("sheet.ring_or_parcel", file=file, layer=layer, feature=row)
    return geometry


def _refuse_unclear_gaps(parcels: list[Parcel], geometries: np.ndarray, file: str, layer: str) -> None:
    """Refuse a blank row before points in another parcel, perhaps a hole. Raises OneMapError sheet.ring_or_parcel."""
    by_gap = [at for at, parcel in enumerate(parcels) if parcel.by_gap]
    if not by_gap:
        return
    inner, outer = shapely.STRtree(geometries).query(geometries[by_gap], predicate="within")
    for at, other in zip(inner, outer, strict=True):
        if by_gap[at] != other:
            row = parcels[by_gap[at]].runs[0][0] + 1
            raise OneMapError("sheet.ring_or_parcel", file=file, layer=layer, feature=row)


def _parcel_attributes(grid: Grid, columns: Columns, parcels: list[Parcel]) -> pd.DataFrame:
    """Return DKBH and DKMC, and every column that has one value per parcel."""
    values: dict[str, list[Any]] = {}
    if "parcel" in columns.roles or len(parcels) > 1 or any(parcel.key != "1" for parcel in parcels):
        values["DKBH"] = [parcel.key or None for parcel in parcels]
    if "name" in columns.roles and "parcel" in columns.roles:
        values["DKMC"] = [_first_text(grid, parcel, columns.roles["name"]) for parcel in parcels]
    elif any(parcel.name for parcel in parcels):
        values["DKMC"] = [parcel.name or None for parcel in parcels]
    for column, heading in enumerate(columns.headings):
        if column in columns.roles.values() or heading in values or heading.startswith("_"):
            continue
        if all(len(_texts(grid, parcel, column)) <= 1 for parcel in parcels):
            texts = [_first_text(grid, parcel, column) for parcel in parcels]
            if any(value is not None for value in texts):
                values[heading] = texts
    return pd.DataFrame(values, index=range(len(parcels)), dtype=object)


def _texts(grid: Grid, parcel: Parcel, column: int) -> set[str]:
    return {text for run in parcel.runs for row in run if (text := plain(grid.at(row, column)))}


def _first_text(grid: Grid, parcel: Parcel, column: int) -> str | None:
    return next(iter(sorted(_texts(grid, parcel, column))), None)


def _point_frame(path: Path, grid: Grid, columns: Columns) -> RawFrame:
    """Return one point a row; a row without coordinates has no geometry, and is reported when the frame is checked."""
    rows = point_rows(grid, columns)
    placed_rows = [row for row in rows if any(plain(grid.at(row, columns.roles[role])) for role in columns.axes)]
    titles = title_text(grid, columns)
    coordinates = coordinates_of(grid, columns, placed_rows, False, titles, path.name)
    geometries = np.full(len(rows), None, dtype=object)
    at = {row: index for index, row in enumerate(rows)}
    geometries[[at[row] for row in placed_rows]] = shapely.points(coordinates.values)
    problems = (*coordinates.problems, Problem("sheet.as_points", {"file": path.name, "layer": grid.name}))
    crs = declared_crs(titles, coordinates, path.name)
    return _frame(path, grid, geometries, _row_attributes(grid, columns, rows), crs, problems, datum_said(titles))


def _wkt_frame(path: Path, grid: Grid, columns: Columns) -> RawFrame:
    """Return a frame of WKT. Raises OneMapError sheet.wkt for every cell that is not WKT, crs.several."""
    rows = point_rows(grid, columns)
    column = columns.roles["wkt"]
    texts = [plain(grid.at(row, column)) for row in rows]
    numbers = {match[1] if (match := _SRID.match(text)) else "" for text in texts if text}
    bare = np.array([_SRID.sub("", text, count=1) or None for text in texts], dtype=object)
    geometries = np.array([_shape_of(text) for text in bare], dtype=object)
    problems = [
        Problem(
            "sheet.wkt",
            {"file": path.name, "layer": grid.name, "feature": address(row, column), "text": text[:40]},
        )
        for row, text, geometry in zip(rows, texts, geometries, strict=True)
        if text and geometry is None
    ]
    if problems:
        raise OneMapError.of(problems[:_MOST_LISTED])
    if len(numbers - {""}) > 1:
        raise OneMapError("crs.several", file=path.name, names=sorted(f"SRID={one}" for one in numbers if one))
    number = numbers.pop() if len(numbers) == 1 else ""
    crs = parse_crs(f"EPSG:{number}", file=path.name) if number else None
    remarks = []
    curved = sum(has_arcs(text) for text in texts)
    if curved:
        remarks.append(Problem("geometry.stroked", {"file": path.name, "layer": grid.name, "count": curved}))
    if shapely.has_z(geometries).any():
        remarks.append(Problem("geometry.z_dropped", {"file": path.name, "layer": grid.name}))
    attributes = _row_attributes(grid, columns, rows).drop(columns=columns.headings[column])
    return _frame(path, grid, shapely.force_2d(geometries), attributes, crs, tuple(remarks))


def _table_frame(path: Path, grid: Grid) -> RawFrame:
    """Return rows without geometry; the first row with several headings and only text names the columns.

    Raises OneMapError sheet.no_header, source.empty.
    """
    header = next((row for row in range(len(grid.rows)) if _names_columns(grid.rows[row])), None)
    if header is None:
        raise OneMapError("sheet.no_header", file=path.name, layer=grid.name)
    columns = Columns(header, {}, headings_of(grid, grid.rows[header]))
    rows = [row for row in range(header + 1, len(grid.rows)) if any(map(plain, grid.rows[row]))]
    if not rows:
        raise OneMapError("source.empty", file=path.name, layer=grid.name)
    geometries = np.full(len(rows), None, dtype=object)
    unit = _UNIT.search(title_text(grid, columns))
    remarks = (Problem("sheet.unit", {"file": path.name, "layer": grid.name, "unit": unit[1]}),) if unit else ()
    frame = _frame(path, grid, geometries, _row_attributes(grid, columns, rows), None, remarks)
    return replace(frame, is_table=True)


def _names_columns(row: list[Any]) -> bool:
    """Whether a row has headings: text in more than one cell, none of it a number; a title has one cell."""
    texts = [plain(value) for value in row if plain(value)]
    return len(set(texts)) > 1 and not any(_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text) for text in texts)


def _shape_of(text: str | None) -> shapely.Geometry | None:
    """Return the geometry of a WKT, with arcs that GEOS cannot read stroked; None if it is not WKT."""
    try:
        return shapely.from_wkt(text, on_invalid="ignore")
    except NotImplementedError:
        return _stroked_curve(text or "")


def _stroked_curve(text: str) -> shapely.Geometry | None:
    try:
        body = wkb_of(text)
    except (ValueError, RecursionError):
        return None
    points = np.array([float(number) for number in _NUMBERS.findall(text)])
    sagitta = SAGITTA_M / DEGREE_M if np.abs(points).max(initial=0) <= 360 else SAGITTA_M
    return stroke_curve(body, sagitta)[0]


def _row_attributes(grid: Grid, columns: Columns, rows: list[int]) -> pd.DataFrame:
    """Return all columns of the rows; a text column whose values are all plain numbers becomes numeric."""
    values = {
        heading: _typed_values([grid.at(row, column) for row in rows])
        for column, heading in enumerate(columns.headings)
        if not heading.startswith("_") or any(plain(grid.at(row, column)) for row in rows)
    }
    return pd.DataFrame(values, index=range(len(rows)), dtype=object)


def _typed_values(values: list[Any]) -> list[Any]:
    """Convert text to numbers if all of it is numeric: 0601 and 12345678901234567 are codes, not numbers.

    So are 3.9, 3.10 and 3.11, unlike 3.50 and 12.25, which have the same number of decimals.
    """
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(texts) < sum(value is not None for value in values):
        return [value.strip() or None if isinstance(value, str) else value for value in values]
    convert: Any = None
    if all(map(_INTEGER.fullmatch, texts)):
        convert = int
    elif all(_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text) for text in texts):
        convert = float
    if convert is float and len({len(text.partition(".")[2]) for text in texts}) > 1 and any(map(_LOSES_ZEROS, texts)):
        convert = None
    return [None if value is None else convert(value) if convert else value.strip() for value in values]
