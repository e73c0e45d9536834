"""Convert cells to coordinates, east before north: which column is which, all forms of degrees, the titles' CRS."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyproj

from onemap.layers.crs.systems import DEGREE_M
from onemap.layers.crs.zones import GEOGRAPHIC_CODES, ZONE_NUMBERS, Zone, width_of_number, zone_crs
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.sources.redline.redline_text import number_of
from onemap.layers.sources.sheets.angles import degrees_of, digits_of, may_be_sexagesimal, spelling_said
from onemap.layers.sources.sheets.sheet_columns import Columns
from onemap.layers.sources.sheets.sheet_grid import Grid, address

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_DATUMS = (
    ("cgcs2000", re.compile(r"2000\s*国家|CGCS\s*_?2000|国家\s*2000|大地\s*2000", re.IGNORECASE)),
    ("xian80", re.compile(r"80\s*年?\s*西安|西安\s*(19)?80|xi'?an\s*_?(19)?80", re.IGNORECASE)),
    ("beijing54", re.compile(r"54\s*年?\s*北京|北京\s*(19)?54|beijing\s*_?(19)?54", re.IGNORECASE)),
    ("wgs84", re.compile(r"WGS\s*[-_]?\s*(19)?84", re.IGNORECASE)),
)
_MERIDIAN = re.compile(r"中央(?:子午线|经线)\D{0,4}(\d{2,3})")
_ZONE = re.compile(r"带号\D{0,3}(\d{2})(?!\d)|第?\s*(\d{2})\s*(?:度?带)(?!宽)")
_FEWEST_POINTS, _NEAR_M, _MOST_DEGREES = 3, 1e5, 180.0
_CHANGE = re.compile(r"转换|换算|改算")
_MOST_SHOWN = 60  # signs of a title
_WIDTH = re.compile(r"([36])\s*(?:°|度)\s*分?带|([36])\s*-?degree", re.IGNORECASE)


@dataclass(frozen=True)
class Coordinates:
    """East and north (n, 2), whether they are degrees, and the remarks on how they were read."""

    values: np.ndarray
    are_degrees: bool
    problems: tuple[Problem, ...] = ()


def planar_number(value: Any) -> float | None:
    """Return a cell as a number, even if it is text, full-width, with thousands separators, or with its unit."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value) if np.isfinite(value) else None
    text = re.sub(r"\s*(m|米)$", "", unicodedata.normalize("NFKC", str(value)).strip())
    return number_of(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)


def coordinates_of(
    grid: Grid, columns: Columns, rows: Sequence[int], is_boundary: bool, titles: str, file: str
) -> Coordinates:
    """Return the rows' coordinates. Raises OneMapError sheet.cell, sheet.swapped, sheet.angle, naming each cell."""
    place = ProblemPlace(file=file, layer=grid.name)
    cells = [[grid.at(row, columns.roles[role]) for role in columns.axes] for row in rows]
    if columns.axes[0] == "longitude" or (columns.axes[0] == "x" and _look_like_degrees(cells)):
        return _degrees(columns, rows, cells, is_boundary, titles, place)
    numbers = _parse_axes(columns, rows, cells, planar_number, place)
    first, second = numbers[:, 0], numbers[:, 1]
    visible_order = axis_seen(first, second)
    names = [columns.heading(role) for role in columns.axes]
    if columns.axes[0] == "north":
        if visible_order == "first is east":
            raise OneMapError("sheet.swapped", north=names[0], east=names[1], **place)
        return Coordinates(np.column_stack([second, first]), False)
    is_survey = is_boundary or any(ord(sign) > 0x2E80 for name in names for sign in name)
    if is_boundary and visible_order == "first is east":
        raise OneMapError("sheet.swapped", north=names[0], east=names[1], **place)
    is_north_first = visible_order == "first is north" if visible_order else is_survey
    north, east = names if is_north_first else names[::-1]
    remark = Problem("sheet.axes", {**place, "north": north, "east": east})
    return Coordinates(np.column_stack([second, first] if is_north_first else [first, second]), False, (remark,))


def _parse_axes(
    columns: Columns, rows: Sequence[int], cells: list[list[Any]], parse: Any, place: ProblemPlace
) -> np.ndarray:
    """Return both columns as numbers (n, 2). Raises OneMapError sheet.cell for every cell that is not a number."""
    problems = []
    numbers = np.full((len(rows), 2), np.nan)
    for at, (row, pair) in enumerate(zip(rows, cells, strict=True)):
        for axis, (role, value) in enumerate(zip(columns.axes, pair, strict=True)):
            number = parse(value)
            if number is None:
                cell = address(row, columns.roles[role])
                facts = {"feature": cell, "field": columns.heading(role), "text": str(value or "")[:40]}
                problems.append(Problem("sheet.cell", {**place, **facts}))
            else:
                numbers[at, axis] = number
    if problems:
        raise OneMapError.of(problems[:1000])
    return numbers


def rows_like_points(grid: Grid, rows: Iterable[int]) -> list[int]:
    """Return the rows that hold points by their numbers alone.

    The numbers are adjacent, in columns of three or more rows whose points are near each other.
    """
    by_column: dict[tuple[int, bool], dict[int, tuple[float, float]]] = {}
    for row in rows:
        for column, pair in enumerate(pairwise(grid.rows[row])):
            if (point := _point_like(*pair)) is not None:
                by_column.setdefault((column, point[0] < _MOST_DEGREES), {})[row] = point
    for (_, are_degrees), points in by_column.items():
        spread = np.ptp(np.array([*points.values()]), axis=0)
        if len(points) >= _FEWEST_POINTS and (spread < _NEAR_M / (DEGREE_M if are_degrees else 1)).all():
            return [*points]
    return []


def _point_like(first: Any, second: Any) -> tuple[float, float] | None:
    """Return north and east from two cells that can only be coordinates.

    They have seven digits and six, a zone's number, or are degrees of China with their signs or decimals.
    """
    numbers = [number for number in map(planar_number, (first, second)) if number is not None]
    angles = [] if numbers else [angle for cell in (first, second) if (angle := degrees_of(cell, False)) is not None]
    if len(numbers) + len(angles) < 2:
        return None
    low, high = sorted(numbers or angles)
    if 3 < low < 60 and 70 < high < 140:
        is_written_so = bool(angles) or all(round(number, 4) != number for number in numbers)
        return (low, high) if is_written_so else None
    north, east = (low, high) if high >= 1.3e7 else (high, low)
    return (north, east) if 1e6 <= north < 6e6 and (1e5 <= east < 1e6 or 1.3e7 <= east < 4.6e7) else None


def axis_seen(first: np.ndarray, second: np.ndarray) -> str | None:
    """Return which axis comes first, if the numbers leave no doubt: zone prefixes, or seven digits and six."""
    for east, north, answer in ((second, first, "first is north"), (first, second, "first is east")):
        prefixed = (east >= 1.3e7) & (east < 4.6e7) & (north < 1e7)
        plain = (east >= 1e5) & (east < 1e6) & (north >= 1e6) & (north < 6e6)
        if len(east) and (prefixed.all() or plain.all()):
            return answer
    return None


def _look_like_degrees(cells: list[list[Any]]) -> bool:
    """Whether columns called X and Y hold degrees of China, or angles with signs."""
    if any(planar_number(v) is None and degrees_of(v, False) is not None for pair in cells for v in pair):
        return True
    numbers = np.array([[planar_number(v) for v in pair] for pair in cells], dtype=float)
    if not len(numbers) or np.isnan(numbers).any():
        return False
    low, high = np.sort(numbers, axis=1).T
    return bool(((low > 3) & (low < 60) & (high > 70) & (high < 140)).all())


def _degrees(
    columns: Columns,
    rows: Sequence[int],
    cells: list[list[Any]],
    is_boundary: bool,
    titles: str,
    place: ProblemPlace,
) -> Coordinates:
    names = [columns.heading(role) for role in columns.axes]
    is_packed = _is_packed(cells, names, is_boundary, titles, place)
    numbers = _parse_axes(columns, rows, cells, lambda value: degrees_of(value, is_packed), place)
    first, second = numbers[:, 0], numbers[:, 1]
    is_turned = (first < 60).all() and (second > 60).all()
    if columns.axes[0] == "x":
        order, north, east = (second, first), *(names if is_turned else names[::-1])
        remark = Problem("sheet.axes", {**place, "north": north, "east": east})
        return Coordinates(np.column_stack(order if is_turned else order[::-1]), True, (remark,))
    if is_turned or (np.abs(second) > 90).any() or (np.abs(first) > 180).any():
        raise OneMapError("sheet.swapped", north=names[1], east=names[0], **place)
    return Coordinates(numbers, True)


def _is_packed(cells: list[list[Any]], names: list[str], is_boundary: bool, titles: str, place: ProblemPlace) -> bool:
    """Whether bare numbers are ddd.mmss. Raises OneMapError sheet.angle if they could be that or decimal degrees."""
    spelling = spelling_said(" ".join(names)) or spelling_said(titles)
    digits = [text for pair in cells for text in map(digits_of, pair) if text is not None]
    if spelling is not None or not digits:
        return spelling == "sexagesimal"
    are_latin = all(sign.isascii() for name in names for sign in name)
    if not all(map(may_be_sexagesimal, digits)) or (are_latin and not is_boundary):
        return False
    raise OneMapError("sheet.angle", text=digits[0], field=names[0], **place)


def declared_crs(titles: str, coordinates: Coordinates, file: str, below: Sequence[str] = ()) -> pyproj.CRS | None:
    """Return the CRS that a sheet's titles name, with the zone of the eastings, of a central meridian, or of 带号.

    below: words between and under the points. Raises OneMapError crs.several, and redline.zone, redline.zone_width,
    redline.mixed_prefix if titles and numbers disagree.
    """
    _refuse_several_systems([*titles.splitlines(), *below], file)
    datum = next((name for name, pattern in _DATUMS if pattern.search(titles)), None)
    prefix = None if coordinates.are_degrees else _prefix(coordinates.values[:, 0], file)
    if datum is None:
        return None
    if coordinates.are_degrees:
        return pyproj.CRS.from_epsg(4326 if datum == "wgs84" else GEOGRAPHIC_CODES[datum])
    if datum == "wgs84":
        return None
    width_text, zone_text, meridian_text = (
        next(filter(None, match.groups()), "") if match else ""
        for match in (pattern.search(titles) for pattern in (_WIDTH, _ZONE, _MERIDIAN))
    )
    width = int(width_text) if width_text else None
    number = int(zone_text) if zone_text else prefix
    if number is None and meridian_text:
        number, width = _of_meridian(int(meridian_text), width)
    if number is None:
        return None
    if prefix is not None and number != prefix:
        raise OneMapError("redline.zone", file=file, declared=number, prefix=prefix)
    width = width or width_of_number(number) or 3
    if number not in ZONE_NUMBERS[width]:
        raise OneMapError("redline.zone_width", file=file, zone=number, width=width)
    return zone_crs(Zone(datum, width, number, prefix is not None))


def datum_said(titles: str) -> str | None:
    """Return the datum that a sheet's titles name, with or without a zone; lines about a conversion do not count."""
    lines = [line for line in titles.splitlines() if not _CHANGE.search(line)]
    return next((name for name, pattern in _DATUMS for line in lines if pattern.search(line)), None)


def _refuse_several_systems(lines: Sequence[str], file: str) -> None:
    """Refuse lines that name different datums, zones or meridians: each then applies to other parcels.

    A line may mention a conversion from one to another. Raises OneMapError crs.several.
    """
    for kind in (_DATUMS, (("", _MERIDIAN),), (("", _ZONE),), (("", _WIDTH),)):
        statements: dict[tuple[str, ...], str] = {}
        for line in lines:
            line_systems = {
                (name, *filter(None, match.groups())) for name, pattern in kind for match in pattern.finditer(line)
            }
            if len(line_systems) == 1 and not _CHANGE.search(line):
                statements.setdefault(line_systems.pop(), line)
        if len(statements) > 1:
            raise OneMapError("crs.several", file=file, names=[line[:_MOST_SHOWN] for line in statements.values()])


def _of_meridian(meridian: int, width: int | None) -> tuple[int | None, int | None]:
    """Return the zone of a central meridian: a 3° zone unless six degrees are stated, or only they have it."""
    if width != 6 and meridian % 3 == 0 and meridian // 3 in ZONE_NUMBERS[3]:
        return meridian // 3, 3
    if width != 3 and (meridian + 3) % 6 == 0 and (meridian + 3) // 6 in ZONE_NUMBERS[6]:
        return (meridian + 3) // 6, 6
    return None, None


def _prefix(east: np.ndarray, file: str) -> int | None:
    prefixed = (east >= 1.3e7) & (east < 4.6e7)
    numbers = np.unique(east[prefixed] // 1e6)
    if prefixed.any() and not (prefixed.all() and len(numbers) == 1):
        raise OneMapError("redline.mixed_prefix", file=file)
    return int(numbers[0]) if len(numbers) else None
