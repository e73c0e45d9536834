"""A placemark's geometry: coordinates read strictly; lines of one point and rings of two reported, never dropped."""

import math
import re
from collections.abc import Callable

import shapely

from onemap.layers.xml_elements import Element

_AROUND_COMMAS = re.compile(r"\s*,\s*")
_SHOWN = 60
_MOST_NESTED = 32
_MOST_OF_A_POINT = 4  # some write a measure behind the height

Points = list[tuple[float, ...]]


class Unreadable(Exception):
    """A geometry cannot be read, with the reason."""


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def shape_of(mark: Element) -> tuple[shapely.Geometry | str, bool]:
    """Return a placemark's geometry in two dimensions, and whether it had heights; "" if it has no geometry.

    Raises Unreadable.
    """
    parts = _parts(mark, 0)
    if not parts:
        return "", False
    has_heights = any(heights for _, heights in parts)
    return _join_parts([shape for shape, _ in parts]), has_heights


def _parts(parent: Element, depth: int) -> list[tuple[shapely.Geometry, bool]]:
    if depth > _MOST_NESTED:
        raise Unreadable("nested too deep")
    parts: list[tuple[shapely.Geometry, bool]] = []
    for element in parent:
        kind = local(element)
        if kind in ("MultiGeometry", "MultiTrack"):
            parts += _parts(element, depth + 1)
        elif kind in _MAKERS:
            parts.append(_MAKERS[kind](element))
    return parts


def _join_parts(parts: list[shapely.Geometry]) -> shapely.Geometry:
    """Return one part unchanged, several of one type as a multi, others as a collection."""
    if len(parts) == 1:
        return parts[0]
    makers = {
        "Point": shapely.MultiPoint,
        "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }
    kinds = {part.geom_type for part in parts}
    return makers[kinds.pop()](parts) if len(kinds) == 1 else shapely.GeometryCollection(parts)


def _point(element: Element) -> tuple[shapely.Geometry, bool]:
    points = _coordinates(element, most=_MOST_OF_A_POINT)
    return shapely.Point(points[0][:2]), len(points[0]) > 2


def _line(element: Element) -> tuple[shapely.Geometry, bool]:
    return _line_of(_coordinates(element))


def _track(element: Element) -> tuple[shapely.Geometry, bool]:
    texts = [" ".join((part.text or "").split()) for part in element if local(part) == "coord"]
    return _line_of([_numbers(text, " ") for text in texts if text])


def _line_of(points: Points) -> tuple[shapely.Geometry, bool]:
    if len(points) < 2:
        raise Unreadable(f"a line of {len(points)} point")
    return shapely.LineString([point[:2] for point in points]), any(len(point) > 2 for point in points)


def _polygon(element: Element) -> tuple[shapely.Geometry, bool]:
    rings: dict[str, list[Points]] = {"outerBoundaryIs": [], "innerBoundaryIs": []}
    for boundary in element:
        if local(boundary) in rings:
            # Some programs write several holes into one boundary.
            rings[local(boundary)] += [_ring(ring) for ring in boundary if local(ring) == "LinearRing"]
    outer, holes = rings["outerBoundaryIs"], rings["innerBoundaryIs"]
    if len(outer) != 1:
        raise Unreadable(f"a polygon of {len(outer)} outer rings")
    shape = shapely.Polygon([p[:2] for p in outer[0]], [[p[:2] for p in hole] for hole in holes])
    return shape, any(len(point) > 2 for ring in (*outer, *holes) for point in ring)


def _ring(element: Element) -> Points:
    points = _coordinates(element)
    if len({point[:2] for point in points}) < 3:
        raise Unreadable(f"a ring of {len(points)} points")
    return points if points[0][:2] == points[-1][:2] else [*points, points[0]]


def _model(element: Element) -> tuple[shapely.Geometry, bool]:
    """Return a building's place as a point."""
    where = {local(part): (part.text or "").strip() for child in element for part in child}
    point = _numbers(f"{where.get('longitude')},{where.get('latitude')}", ",")
    return shapely.Point(point), bool(where.get("altitude"))


_MAKERS: dict[str, Callable[[Element], tuple[shapely.Geometry, bool]]] = {
    "Point": _point,
    "LineString": _line,
    "LinearRing": _line,
    "Polygon": _polygon,
    "Track": _track,
    "Model": _model,
}


def _coordinates(element: Element, most: int = 3) -> Points:
    """Return the points of an element. most: how many numbers a point may have; more mean that a blank is missing."""
    text = next((child.text for child in element if local(child) == "coordinates"), None) or ""
    words = text.split()
    if not words:
        raise Unreadable("no coordinates")
    try:
        return [_numbers(word, ",", most) for word in words]
    except Unreadable:
        # "114.5, 38.1" is written by hand.
        return [_numbers(word, ",", most) for word in _AROUND_COMMAS.sub(",", text).split()]


def _numbers(word: str, separator: str, most: int = 3) -> tuple[float, ...]:
    try:
        numbers = tuple(float(number) for number in word.removesuffix(separator).split(separator))
    except ValueError:
        numbers = ()
    if not 2 <= len(numbers) <= most or not all(math.isfinite(number) for number in numbers):
        raise Unreadable(word[:_SHOWN])
    return numbers
