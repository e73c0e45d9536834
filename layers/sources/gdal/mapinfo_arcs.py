"""Arcs, ellipses and rounded rectangles of MapInfo: the driver strokes them every two degrees, however large they are.

A MIF says in plain text what they are, so they are stroked again, by sagitta. Of a TAB only the driver's points are to
be had: those that lie as it strokes an arc are told, with how far they may be off.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from onemap.layers.sources.gdal.curves import is_measurable

_OBJECTS = rb"none|point|line|pline|region|arc|text|rect|roundrect|ellipse|multipoint|collection"
_OBJECT = re.compile(rb"^[ \t]*(" + _OBJECTS + rb")\b((?:[ \t]+-?[\d.][^\s]*)*(?:\s+-?[\d.][^\s]*){0,6})", re.I | re.M)
_DATA = re.compile(rb"^[ \t]*data[ \t]*\r?$", re.I | re.M)
_NUMBERS = {"ellipse": 4, "arc": 6, "roundrect": 5}
_LIKE_IT = 4e-4  # of the size: how far the driver's points may be from the same shape
_LEAST_POINTS = 6
_CORNER = 40  # points; the driver gives 45 or 46 to each
_STEPS = (math.radians(0.5), math.radians(3.2))
_SAME = 1e-7  # of the size


@dataclass(frozen=True)
class Stroked:
    """How many shapes were stroked again, how many are as the driver left them, and how far those may be off."""

    again: int = 0
    coarse: int = 0
    off: float = 0.0


def restroked(path: Path, geometries: np.ndarray, sagitta: float) -> Stroked:
    """Put curved shapes of a MIF into their places in `geometries` (n,), and look for those that cannot be had.

    sagitta: the greatest distance between an arc and its chord, in the units of the coordinates.
    """
    again = set()
    if path.suffix.lower() == ".mif":
        for row, kind, numbers in _curves(path.read_bytes()):
            shape = _shape(kind, numbers, sagitta)
            if row >= len(geometries) or shape is None or not _are_alike(shape, geometries[row], sagitta):
                continue
            if shapely.get_num_coordinates(shape) > shapely.get_num_coordinates(geometries[row]):
                geometries[row] = shape
                again.add(row)
    off = [_off(geometry) for row, geometry in enumerate(geometries) if row not in again]
    coarse = [one for one in off if one > sagitta]
    return Stroked(len(again), len(coarse), max(coarse, default=0.0))


def _curves(content: bytes) -> Iterator[tuple[int, str, list[float]]]:
    """The curved objects of a MIF: row, kind and numbers. The parts of a collection are no objects of their own."""
    data = _DATA.search(content)
    if data is None:
        return
    row, parts = -1, 0
    for found in _OBJECT.finditer(content, data.end()):
        kind = found.group(1).decode("ascii").lower()
        if parts:
            parts -= 1
            continue
        row += 1
        words = found.group(2).split()
        if kind == "collection":
            parts = int(words[0]) if words and words[0].isdigit() else 0
        elif kind in _NUMBERS and len(words) >= _NUMBERS[kind]:
            try:
                yield row, kind, [float(word) for word in words[: _NUMBERS[kind]]]
            except ValueError:  # the driver has its own view of such a line; it is told if it is coarse
                continue


def _shape(kind: str, numbers: list[float], sagitta: float) -> shapely.Geometry | None:
    """An object as a polygon or line of points on its curve."""
    (west, east), (south, north) = sorted(numbers[0:4:2]), sorted(numbers[1:4:2])
    centre, radii = np.array([west + east, south + north]) / 2, np.array([east - west, north - south]) / 2
    if not np.isfinite([*centre, *radii]).all() or radii.min() <= 0:
        return None
    if not is_measurable(float(radii.max()), 2 * math.pi, sagitta):
        return None
    if kind == "ellipse":
        return shapely.Polygon(_on(centre, radii, 0.0, 360.0, sagitta))
    if kind == "arc":
        start, end = numbers[4], numbers[5]
        return shapely.LineString(_on(centre, radii, start, end if end > start else end + 360.0, sagitta))
    rounding = np.minimum(abs(numbers[4]) / 2, radii)
    if rounding.min() <= 0:
        return None
    inner = radii - rounding
    corners = [((1, 1), 0.0), ((-1, 1), 90.0), ((-1, -1), 180.0), ((1, -1), 270.0)]
    points = [_on(centre + inner * signs, rounding, start, start + 90.0, sagitta) for signs, start in corners]
    return shapely.Polygon(np.concatenate(points))


def _on(centre: np.ndarray, radii: np.ndarray, start: float, end: float, sagitta: float) -> np.ndarray:
    """Points of an upright ellipse between two angles in degrees, no chord farther from it than the sagitta."""
    step = min(4 * math.asin(min(1.0, math.sqrt(sagitta / (2 * radii.max())))), math.pi / 8)
    pieces = max(1, math.ceil(math.radians(end - start) / step))
    if end - start == 360.0:
        pieces = 4 * math.ceil(pieces / 4)  # with the points that touch its box
    angles = np.radians(np.linspace(start, end, pieces + 1))
    return centre + radii * np.column_stack([np.cos(angles), np.sin(angles)])


def _are_alike(shape: shapely.Geometry, driver: shapely.Geometry | None, sagitta: float) -> bool:
    """Whether the driver has made the same of an object, only more coarsely."""
    if driver is None or shapely.is_empty(driver) or shape.geom_type != driver.geom_type:
        return False
    size = max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1])
    return bool(shapely.hausdorff_distance(shape, driver) <= _LIKE_IT * size + sagitta)


def _off(geometry: shapely.Geometry | None) -> float:
    """How far a shape may be off the curve that the driver has stroked; 0 if it does not look like one."""
    if geometry is None or shapely.is_empty(geometry) or shapely.get_num_coordinates(geometry) < _LEAST_POINTS:
        return 0.0
    points = shapely.get_coordinates(geometry)
    points = points[np.r_[True, np.hypot(*np.diff(points, axis=0).T) > 0]]  # the driver closes a ring twice
    # All of an ellipse or an arc; of a rounded rectangle its first corner.
    return max(_off_curve(points), _off_curve(points[:_CORNER]))


def _off_curve(points: np.ndarray) -> float:
    if len(points) < _LEAST_POINTS:
        return 0.0
    middle, beside = points[1:-1], points[2:] + points[:-2]
    middle, beside = middle - middle.mean(axis=0), beside - beside.mean(axis=0)
    spread = float((middle**2).sum())
    if not np.isfinite(spread) or spread == 0:
        return 0.0
    # On an upright ellipse at equal angles each point's neighbours add up to the point by one and the same factor.
    factor = float((middle * beside).sum()) / spread
    if np.abs(beside - factor * middle).max() > _SAME * np.abs(points).max():
        return 0.0
    step = math.acos(max(-1.0, min(1.0, factor / 2)))
    if not _STEPS[0] <= step <= _STEPS[1]:
        return 0.0
    chord = float(np.hypot(*np.diff(points, axis=0).T).max())
    return chord / (2 * math.sin(step / 2)) * (1 - math.cos(step / 2))
