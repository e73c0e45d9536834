"""Where the geometries of a table lie and of which types they are, as GeoParquet says at the end of a file."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

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

    box: tuple[float, float, float, float] | None
    kinds: frozenset[str]


def extent_of(geometries: np.ndarray) -> Extent:
    """The extent of geometries (n,), of which some may be missing or empty."""
    boxes = shapely.bounds(geometries).reshape(-1, 4)
    there = geometries[~shapely.is_missing(geometries)]
    kinds = (_NAMES[shapely.GeometryType(kind).name] for kind in np.unique(shapely.get_type_id(there)))
    return Extent(_around(boxes), frozenset(kinds))


def joined_extent(parts: Iterable[Extent]) -> Extent:
    """The extent of all parts together."""
    some = list(parts)
    boxes = np.array([part.box for part in some if part.box is not None]).reshape(-1, 4)
    return Extent(_around(boxes), frozenset(kind for part in some for kind in part.kinds))


def _around(boxes: np.ndarray) -> tuple[float, float, float, float] | None:
    boxed = boxes[np.isfinite(boxes).all(axis=1)]
    if len(boxed) == 0:
        return None
    (west, south), (east, north) = boxed[:, :2].min(axis=0).tolist(), boxed[:, 2:].max(axis=0).tolist()
    return west, south, east, north
