"""The place that a request names: a point, a line or a box, in the library's plane."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike

from onemap.layers.crs.systems import SWAPPED, crs_name, parse_crs, suggestion, transformation
from onemap.layers.errors import UsageError
from onemap.layers.geometry.areas import to_degrees

RADIUS_M = 10.0  # how far lines and points may lie from the place, where nothing else is said
_LARGEST = 1e9  # coordinate of a place in whatever system: a zone's number before an easting is below it
_ROUNDING_M = 1e-6  # by how much a place may miss an edge on which it lies once it is moved to another system
_EDGE_PARTS = 32  # of each side of a box, which is no straight line in another system


@dataclass(frozen=True)
class Place:
    """The place of an `identify` request.

    shape: point, line or polygon in the library's plane; x, y: as given (for a line or a box its middle), in `crs`.
    kind: point, line, box.
    radius_m: the distance within which lines and points count.
    rounding_m: the distance within which a polygon's edge counts as meeting the place.
    """

    shape: shapely.Geometry
    x: float
    y: float
    crs: str
    kind: str
    radius_m: float
    rounding_m: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The box in the library's plane outside of which nothing needs to be read."""
        west, south, east, north = shapely.bounds(self.shape).tolist()
        reach_m = max(self.radius_m, self.rounding_m)
        return west - reach_m, south - reach_m, east + reach_m, north + reach_m


def place_of(
    point: tuple[float | None, float | None],
    line: str | None,
    box: Sequence[float] | None,
    crs: str | None,
    plane: pyproj.CRS,
    radius_m: float | None,
) -> Place:
    """The place of a request; east before north, longitude before latitude.

    line: WKT. box: west, south, east, north. crs: of the numbers, else the library's own.
    Raises UsageError identify.place, identify.beyond, identify.swapped, usage.value, OneMapError crs.….
    """
    if sum((point != (None, None), line is not None, box is not None)) != 1 or (None in point and point != (None,) * 2):
        raise UsageError("identify.place", field="X Y")
    kind, own_shape = _given_shape(point, line, box)
    own = plane if crs is None else parse_crs(crs, field="--crs")
    change = transformation(own, plane)
    shape = (
        own_shape
        if change is None
        else shapely.transform(own_shape, lambda xy: np.column_stack(change(xy[:, 0], xy[:, 1])))
    )
    places = shapely.get_coordinates(shape)
    if not (_is_on_earth(places) and _is_on_earth(to_degrees(plane).transform(*places.T))):
        looks = suggestion(own_shape.bounds)
        facts = {"crs": crs_name(own), "suggestion": looks}
        code = "identify.swapped" if looks.code in SWAPPED else "identify.beyond"
        raise UsageError(code, field="X Y" if kind == "point" else f"--{kind}", **facts)
    middle = own_shape if kind == "point" else shapely.centroid(own_shape)
    return Place(
        shape=shape,
        x=float(shapely.get_x(middle)),
        y=float(shapely.get_y(middle)),
        crs=crs_name(own),
        kind=kind,
        radius_m=RADIUS_M if radius_m is None else radius_m,
        rounding_m=0.0 if change is None else _ROUNDING_M,
    )


def _given_shape(
    point: tuple[float | None, float | None], line: str | None, box: Sequence[float] | None
) -> tuple[str, shapely.Geometry]:
    """The kind of a place, and its shape in the system in which it was given."""
    if line is not None:
        return "line", _line(line)
    if box is not None:
        west, south, east, north = box
        if not (west < east and south < north and _is_on_earth(box)):
            raise UsageError("usage.value", field="--box", value=",".join(map(str, box)))
        rectangle = shapely.box(west, south, east, north)
        return "box", shapely.segmentize(rectangle, max(east - west, north - south) / _EDGE_PARTS)
    return "point", shapely.Point(*point)


def _is_on_earth(numbers: ArrayLike) -> bool:
    """Whether coordinates are numbers that a place can have; larger ones cannot be computed with."""
    return bool((np.abs(np.asarray(numbers, dtype=float)) <= _LARGEST).all())  # no number is not less either


def _line(text: str) -> shapely.Geometry:
    try:
        line = shapely.from_wkt(text)
    except shapely.GEOSException:
        line = None
    is_line = line is not None and line.geom_type in ("LineString", "MultiLineString")
    if not is_line or not _is_on_earth(shapely.get_coordinates(line)) or not line.length:
        raise UsageError("usage.value", field="--line", value=text)
    return shapely.force_2d(line)
