"""Arcs, ellipses and rounded rectangles of MapInfo: the driver strokes them every two degrees, whatever their size.

A MIF describes them in plain text, so they are stroked again by sagitta. For a TAB the driver's points are kept, and
its curved objects, each of which begins with its type, are counted.
"""

import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely

from onemap.layers.geometry.shape_column import AnyShapes
from onemap.layers.sources.gdal.curves import is_measurable
from onemap.layers.sources.gdal.shapefile import sibling

_OBJECTS = rb"none|point|line|pline|region|arc|text|rect|roundrect|ellipse|multipoint|collection"
_OBJECT = re.compile(rb"^[ \t]*(" + _OBJECTS + rb")\b((?:[ \t]+-?[\d.][^\s]*)*(?:\s+-?[\d.][^\s]*){0,6})", re.I | re.M)
_DATA = re.compile(rb"^[ \t]*data[ \t]*\r?$", re.I | re.M)
_NUMBERS = {"ellipse": 4, "arc": 6, "roundrect": 5}
_LIKE_IT = 4e-4  # of the size: how far the driver's points may be from the same shape
# Types of objects in a .map: arc, rounded rectangle, ellipse, each with short coordinates and with long ones.
_CURVED_TYPES = (0x0A, 0x0B, 0x16, 0x17, 0x19, 0x1A)

_SCALES = 0x170  # in a .map: whole numbers for a unit of the coordinates, eastward and northward, as doubles


def stroked_curves(path: Path, shapes: AnyShapes, sagitta: float) -> tuple[dict[int, shapely.Geometry], int]:
    """Return curved shapes of a MIF by row, stroked again, and how many curves stay as the driver strokes them.

    shapes (n,): the driver's; sagitta: the greatest distance between an arc and its chord, in the units of the
    coordinates.
    """
    stroked: dict[int, shapely.Geometry] = {}
    if path.suffix.lower() == ".tab":
        return stroked, _curves_of_table(path)
    coarse = 0
    for row, kind, words in _curves(path.read_bytes()):
        shape = _shape(kind, words, sagitta)
        if row >= len(shapes) or shape is None or not _are_alike(shape, shapes[row], sagitta):
            coarse += 1
        elif shapely.get_num_coordinates(shape) > shapely.get_num_coordinates(shapes[row]):
            stroked[row] = shape
    return stroked, coarse


def _curves_of_table(path: Path) -> int:
    """Count the curves of a TAB: its .id says for each row where in the .map the object begins."""
    index, objects = sibling(path, ".id"), sibling(path, ".map")
    if index is None or objects is None:
        return 0
    places = np.fromfile(index, "<u4")
    content = np.fromfile(objects, np.uint8)
    return int(np.isin(content[places[(places > 0) & (places < len(content))]], _CURVED_TYPES).sum())


def grid_step(path: Path) -> float:
    """Return the grid step to which a TAB rounds its coordinates, in their units; 0 for a MIF, which has none.

    A TAB holds integers spread over the bounds that its system declares: wider bounds make a coarser grid.
    """
    objects = sibling(path, ".map") if path.suffix.lower() == ".tab" else None
    if objects is None:
        return 0.0
    with objects.open("rb") as file:
        file.seek(_SCALES)
        scales = file.read(16)
    values = struct.unpack("<dd", scales) if len(scales) == 16 else ()
    return max((1 / abs(value) for value in values if value), default=0.0)


def _curves(content: bytes) -> Iterator[tuple[int, str, list[bytes]]]:
    """Yield the curved objects of a MIF: row, kind and words. Parts of a collection are not separate objects."""
    data = _DATA.search(content)
    if data is None:
        return
    row, parts = -1, 0
    for match in _OBJECT.finditer(content, data.end()):
        kind = match.group(1).decode("ascii").lower()
        if parts:
            parts -= 1
            continue
        row += 1
        words = match.group(2).split()
        if kind == "collection":
            parts = int(words[0]) if words and words[0].isdigit() else 0
        elif kind in _NUMBERS:
            yield row, kind, words


def _shape(kind: str, words: list[bytes], sagitta: float) -> shapely.Geometry | None:
    """Return an object as a polygon or line of points on its curve; None if its words are not the right numbers."""
    try:
        numbers = [float(word) for word in words[: _NUMBERS[kind]]]
    except ValueError:
        return None
    if len(numbers) < _NUMBERS[kind]:
        return None
    (west, east), (south, north) = sorted(numbers[0:4:2]), sorted(numbers[1:4:2])
    centre, radii = np.array([west + east, south + north]) / 2, np.array([east - west, north - south]) / 2
    if not np.isfinite([*centre, *radii]).all() or radii.min() <= 0:
        return None
    if not is_measurable(float(radii.max()), 2 * math.pi, sagitta):
        return None
    if kind == "ellipse":
        return shapely.Polygon(_ellipse_points(centre, radii, 0.0, 360.0, sagitta))
    if kind == "arc":
        start, end = numbers[4], numbers[5]
        return shapely.LineString(_ellipse_points(centre, radii, start, end if end > start else end + 360.0, sagitta))
    corner_radii = np.minimum(abs(numbers[4]) / 2, radii)
    if corner_radii.min() <= 0:
        return None
    inner = radii - corner_radii
    corners = [((1, 1), 0.0), ((-1, 1), 90.0), ((-1, -1), 180.0), ((1, -1), 270.0)]
    points = [
        _ellipse_points(centre + inner * signs, corner_radii, start, start + 90.0, sagitta) for signs, start in corners
    ]
    return shapely.Polygon(np.concatenate(points))


def _ellipse_points(centre: np.ndarray, radii: np.ndarray, start: float, end: float, sagitta: float) -> np.ndarray:
    """Return points of an upright ellipse between two angles in degrees; no chord is farther off than the sagitta."""
    step = min(4 * math.asin(min(1.0, math.sqrt(sagitta / (2 * radii.max())))), math.pi / 8)
    pieces = max(1, math.ceil(math.radians(end - start) / step))
    if end - start == 360.0:
        pieces = 4 * math.ceil(pieces / 4)  # with the points that touch its box
    angles = np.radians(np.linspace(start, end, pieces + 1))
    return centre + radii * np.column_stack([np.cos(angles), np.sin(angles)])


def _are_alike(shape: shapely.Geometry, driver: shapely.Geometry | None, sagitta: float) -> bool:
    """Whether the driver made the same shape of an object, only more coarsely."""
    if driver is None or shapely.is_empty(driver) or shape.geom_type != driver.geom_type:
        return False
    size = max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1])
    return bool(shapely.hausdorff_distance(shape, driver) <= _LIKE_IT * size + sagitta)
