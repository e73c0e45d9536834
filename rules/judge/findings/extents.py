"""Where the geometries of a table lie and of which types they are, as GeoParquet says at the end of a file."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.boxes import Bounds, box_around

_NAMES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}


@dataclass(frozen=True)
class Extent:
    """The box of geometries (west, south, east, north), None without any ground, and their types by name."""

    box: Bounds | None
    kinds: frozenset[str]


def extent_of(geometries: np.ndarray) -> Extent:
    """The extent of geometries (n,), of which some may be missing or empty."""
    there = geometries[~shapely.is_missing(geometries)]
    return extent_from(shapely.bounds(geometries), np.unique(shapely.get_type_id(there)).tolist())


def extent_from(boxes: np.ndarray, types: Iterable[int]) -> Extent:
    """The extent of geometries by their boxes (n, 4) and their types, as shapely numbers them."""
    kinds = frozenset(_NAMES[shapely.GeometryType(kind).name] for kind in types)
    return Extent(box_around(boxes), kinds)


def joined_extent(parts: Iterable[Extent]) -> Extent:
    """The extent of all parts together."""
    some = list(parts)
    boxes = np.array([part.box for part in some if part.box is not None]).reshape(-1, 4)
    return Extent(box_around(boxes), frozenset(kind for part in some for kind in part.kinds))
