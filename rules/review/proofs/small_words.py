"""Shapes in small words: a parcel as "100 × 100", a feature as "30 m from", both in metres.

Coordinates are counted from the parcel's south-west corner. A feature lies east of the parcel, or reaches into it from
there, unless its word says otherwise.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import shapely

POLYGON, LINE, POINT, RASTER = "polygon", "line", "point", "raster"
FARTHEST_M = 2_400.0  # from the parcel's corner: a cell's next neighbour stays out of every rule's reach
_BEYOND_M, _LONG_M, _DEEP_M = 10.0, 300.0, 100.0  # a feature about the parcel; beside it: its length each way, depth
_NUMBER = r"(\d+(?:\.\d+)?)"
_FORMS: Mapping[str, str] = {  # English | Chinese
    "inside": r"inside|在内|之内|内部",
    "half": r"half inside|一半在内",
    "touching": r"touching|相接",
    "from": rf"{_NUMBER}\s*m from|相距\s*{_NUMBER}\s*米",
    "share": rf"{_NUMBER}\s*% inside|占\s*{_NUMBER}\s*%",
    "area": rf"{_NUMBER}\s*(?:m²|m2) inside|占\s*{_NUMBER}\s*平方米",
    "strip": rf"{_NUMBER}\s*m strip|窄条\s*{_NUMBER}\s*米",
    "outside": rf"{_NUMBER}\s*(?:m²|m2) outside|缺\s*{_NUMBER}\s*平方米",
}
_SIZE = re.compile(rf"{_NUMBER}\s*(?:m|米)?\s*[×x*]\s*{_NUMBER}\s*(?:m|米)?")
EXAMPLES = ("inside", "half inside", "touching", "30 m from", "5 % inside", "1.05 m² inside", "0.3 m strip")
_WKT_OF = {POLYGON: ("Polygon", "MultiPolygon"), LINE: ("LineString", "MultiLineString"), POINT: ("Point",)}


class ShapeError(ValueError):
    """A shape that cannot be drawn.

    reason: the key of its sentence in the messages under `shape`; facts: of the sentence.
    """

    def __init__(self, reason: str, **facts: Any) -> None:
        """reason, facts: as above."""
        self.reason, self.facts = reason, facts
        super().__init__(reason)


def parcel_shape(shape_text: Any) -> shapely.Geometry:
    """A parcel from "100 × 100", a box [west, south, east, north], or WKT. Raises ShapeError."""
    if isinstance(shape_text, str) and (size := _SIZE.fullmatch(shape_text.strip())):
        return _box([0, 0, float(size[1]), float(size[2])])
    if isinstance(shape_text, str):
        return _drawn_near(_wkt(shape_text, POLYGON))
    return _drawn_near(_box(shape_text))


def feature_shape(item: Mapping[str, Any], parcel: shapely.Geometry, geometry: str) -> shapely.Geometry:
    """A feature's shape beside its parcel.

    item: its table in the case file; geometry: of its layer. Raises ShapeError.
    """
    shape_keys = [name for name in ("lies", "box", "line", "point", "wkt") if name in item]
    if len(shape_keys) != 1:
        raise ShapeError("one_of")
    (name,) = shape_keys
    value = item[name]
    if geometry == RASTER:
        return shapely.box(*_widened_box(parcel.bounds, _DEEP_M))
    if name == "lies":
        return _drawn_near(_in_words(value, parcel, geometry))
    makers: Mapping[str, Callable[[], shapely.Geometry]] = {
        "box": lambda: _box(value),
        "line": lambda: _line(value),
        "point": lambda: shapely.Point(_numbers(value, 2)),
        "wkt": lambda: _wkt(value, geometry),
    }
    shape = makers[name]()
    if name != "wkt" and name != {POLYGON: "box", LINE: "line", POINT: "point"}.get(geometry):
        raise ShapeError("geometry", given=name, geometry=geometry)
    return _drawn_near(shape)


def _in_words(text: Any, parcel: shapely.Geometry, geometry: str) -> shapely.Geometry:
    for form, pattern in _FORMS.items():
        match = re.fullmatch(pattern, text.strip()) if isinstance(text, str) else None
        if match is not None:
            number = next((float(part) for part in match.groups() if part is not None), math.nan)
            maker = {POLYGON: _polygon_in, LINE: _line_in, POINT: _point_in}[geometry]
            shape = maker(form, number, parcel.bounds)
            if shape is None:
                raise ShapeError("word_geometry", word=text, geometry=geometry)
            return shape
    raise ShapeError("word", word=text, known=list(EXAMPLES))


def _polygon_in(form: str, number: float, box: tuple[float, ...]) -> shapely.Geometry | None:
    west, south, east, north = box
    outer_box = _widened_box(box, _BEYOND_M)
    if form == "half":
        return shapely.box(outer_box[0], outer_box[1], (west + east) / 2, outer_box[3])
    if form in ("touching", "from"):
        begin = east if form == "touching" else east + number
        return shapely.box(begin, south - _LONG_M, begin + _DEEP_M, north + _LONG_M)
    if form in ("share", "strip"):
        depth = number if form == "strip" else (east - west) * number / 100
        return shapely.box(east - depth, outer_box[1], outer_box[2], outer_box[3])
    if form in ("area", "outside"):
        side = math.sqrt(number)
        if number >= (east - west) * (north - south) or side > min(east - west, north - south):
            raise ShapeError("too_large", number=number)
        corner = shapely.box(east - side, south, east, south + side)
        return corner if form == "area" else shapely.difference(shapely.box(*outer_box), corner)
    return shapely.box(*outer_box)


def _line_in(form: str, number: float, box: tuple[float, ...]) -> shapely.Geometry | None:
    west, south, east, north = box
    middle = (west + east) / 2
    if form == "half":
        return shapely.LineString([(middle, south - _LONG_M), (middle, (south + north) / 2)])
    at = {"inside": middle, "touching": east, "from": east + number}.get(form)
    return None if at is None else shapely.LineString([(at, south - _LONG_M), (at, north + _LONG_M)])


def _point_in(form: str, number: float, box: tuple[float, ...]) -> shapely.Geometry | None:
    west, south, east, north = box
    at = {"inside": (west + east) / 2, "touching": east, "from": east + number}.get(form)
    return None if at is None else shapely.Point(at, (south + north) / 2)


def _widened_box(box: tuple[float, ...], by: float) -> tuple[float, float, float, float]:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _numbers(values: Any, count: int) -> list[float]:
    is_right = isinstance(values, (list, tuple)) and len(values) == count
    if not is_right or not all(isinstance(one, (int, float)) and math.isfinite(one) for one in values):
        raise ShapeError("numbers", count=count)
    return [float(one) for one in values]


def _box(values: Any) -> shapely.Geometry:
    west, south, east, north = _numbers(values, 4)
    if west >= east or south >= north:
        raise ShapeError("empty_box")
    return shapely.box(west, south, east, north)


def _line(values: Any) -> shapely.Geometry:
    numbers = _numbers(values, 4)
    if numbers[:2] == numbers[2:]:
        raise ShapeError("empty_line")
    return shapely.LineString([numbers[:2], numbers[2:]])


def _wkt(text: Any, geometry: str) -> shapely.Geometry:
    try:
        shape = shapely.from_wkt(text)
    except (shapely.GEOSException, TypeError):
        raise ShapeError("wkt") from None
    if shape.geom_type not in _WKT_OF[geometry] or shape.is_empty:
        raise ShapeError("geometry", given=shape.geom_type, geometry=geometry)
    if not shape.is_valid:
        raise ShapeError("invalid", why=shapely.is_valid_reason(shape))
    return shape


def _drawn_near(shape: shapely.Geometry) -> shapely.Geometry:
    if max(map(abs, shape.bounds)) > FARTHEST_M:
        raise ShapeError("far", most=int(FARTHEST_M))
    return shape
