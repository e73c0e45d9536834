"""Parts of geometries: only the polygons, only multis, many at once."""

import numpy as np
import shapely

from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.row_by_row import apply_by_row

_COLLECTION = 7
_MULTIS = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)  # by dimension


def largest_of_each(areas: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return the largest part of each owner, the first of equals: positions (m,), owner after owner.

    areas (n,), owner (n,): of parts.
    """
    order = np.lexsort((np.arange(len(areas)), -areas, owner))
    largest: np.ndarray = order[np.unique(owner[order], return_index=True)[1]]
    return largest


def have_one_ring(geometries: np.ndarray) -> np.ndarray:
    """Which geometries (n,), or None, are two-dimensional polygons with one ring."""
    has_one_ring: np.ndarray = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    has_one_ring &= (shapely.get_num_interior_rings(geometries) == 0) & ~shapely.is_empty(geometries)
    return has_one_ring & (shapely.get_coordinate_dimension(geometries) == 2)


def polygon_parts(geometries: np.ndarray, least_m2: float = 0.0) -> np.ndarray:
    """Return the polygons of each geometry as one (multi)polygon, without lines, points and parts below `least_m2`.

    geometries: (n,) of any type, or None; result (n,), None where no polygon remains.
    """
    result = np.full(len(geometries), None, dtype=object)
    types = shapely.get_type_id(geometries)
    # A multipolygon of one part is looked at as it is, and not taken apart.
    single = (types == 3) | ((types == 6) & (shapely.get_num_geometries(geometries) == 1))
    is_single = single & (shapely.area(geometries) >= least_m2) if least_m2 > 0 else single
    result[is_single] = geometries[is_single]
    compound = np.flatnonzero(((types == 6) | (types == _COLLECTION)) & ~single)
    parts, owner = _single_parts(geometries[compound])
    keep = shapely.get_type_id(parts) == 3
    if least_m2 > 0:
        keep &= shapely.area(parts) >= least_m2
    # A multipolygon of which every part stays is the same geometry, and not a copy of it.
    has_parts = np.bincount(owner, minlength=len(compound)) > 0
    loses = np.bincount(owner[~keep], minlength=len(compound)) > 0
    same = (types[compound] == 6) & has_parts & ~loses
    result[compound[same]] = geometries[compound[same]]
    keep &= ~same[owner]
    parts, owner = parts[keep], owner[keep]
    if len(parts):
        owners, position = np.unique(owner, return_inverse=True)
        result[compound[owners]] = shapely.multipolygons(parts, indices=position)
    return result


def _single_parts(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points, lines and polygons of which geometries (n,) consist, at whatever depth (m,), and whose they are."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    return parts, owner


def open_collections(geometries: np.ndarray) -> np.ndarray:
    """Geometries (n,), or None; a collection of parts of one kind as the multi-geometry that it is, others stay."""
    result = geometries.copy()
    for row in np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION).tolist():
        parts, _ = _single_parts(geometries[row : row + 1])
        parts = parts[~shapely.is_empty(parts)]
        kinds = set(shapely.get_dimensions(parts).tolist())
        if len(kinds) == 1:
            result[row] = _MULTIS[kinds.pop()](parts)
    return result


def polygon_part(geometry: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return the polygons of one geometry as one (multi)polygon; None if it has none."""
    return polygon_parts(np.array([geometry], dtype=object))[0]


def line_edges(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the straight edges (m, 2, 2) of single lines or rings (n,), and the line of each edge (m,)."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    follows = np.flatnonzero(line[1:] == line[:-1])
    return np.stack([points[follows], points[follows + 1]], axis=1), line[follows]


def unwrap_parts(polygons: np.ndarray) -> np.ndarray:
    """Return (multi)polygons (n,) with one-part multipolygons replaced by their part."""
    result = polygons.copy()
    alone = np.flatnonzero((shapely.get_type_id(polygons) == 6) & (shapely.get_num_geometries(polygons) == 1))
    result[alone] = shapely.get_parts(polygons[alone])
    return result


def shift_geometries(geometries: np.ndarray, by: tuple[float, float]) -> np.ndarray:
    """Move geometries (n,), or None, east and north by metres.

    Whole metres are subtracted and added again without loss: the digits that an easting of 38 million costs come back.
    """
    return shapely.transform(geometries, lambda xy: xy + by)


def shift_polygons(geometries: np.ndarray, by: tuple[float, float]) -> np.ndarray:
    """Move valid polygons (n,), or None, east and north by whole metres, and keep them valid.

    Far from the origin coordinates lie on a coarser grid, and rings that almost touch may cross on it. Such polygons
    are first snapped to that grid, so that the move is exact; if they were made valid only afterwards, a hole that its
    shell crosses could be filled. None where nothing is left.
    """
    result = shift_geometries(geometries, by)
    invalid_rows = np.flatnonzero((shapely.get_dimensions(result) == 2) & ~shapely.is_valid(result))
    rows = invalid_rows[shapely.is_valid(geometries[invalid_rows])]
    if len(rows):
        finest = np.spacing(np.abs(shapely.bounds(result[rows])).max(axis=1))
        fitted = shapely.set_precision(geometries[rows], finest)
        result[rows] = shift_geometries(polygon_parts(shapely.set_precision(fitted, 0, mode="pointwise")), by)
    result[invalid_rows] = sound(result[invalid_rows])  # all others are proved already
    return result


def sound(geometries: np.ndarray) -> np.ndarray:
    """Return moved polygons (n,), made valid where the last digit made rings cross."""
    result = geometries.copy()
    rows = np.flatnonzero((shapely.get_dimensions(result) == 2) & ~shapely.is_valid(result))
    grounds = apply_by_row(shapely.make_valid, result[rows])
    # Of rings that run back on themselves the edges cannot always be made into rings again; their ground can.
    failed = shapely.is_missing(grounds)
    grounds[failed] = shapely.make_valid(result[rows[failed]], method="structure", keep_collapsed=False)
    result[rows] = polygon_parts(grounds)
    return result


def without_empty_rings(geometries: np.ndarray) -> np.ndarray:
    """Return polygons (n,) without empty holes, which some files hold and GEOS cannot bear."""
    result = geometries.copy()
    holed = [block.start + _with_empty_rings(geometries[block]) for block in blocks(len(geometries))]
    for row in np.concatenate(holed) if holed else ():
        mended = [
            shapely.Polygon(part.exterior, [ring for ring in part.interiors if not ring.is_empty])
            for part in shapely.get_parts(result[row])
        ]
        result[row] = mended[0] if len(mended) == 1 else shapely.multipolygons(mended)
    return result


def _with_empty_rings(geometries: np.ndarray) -> np.ndarray:
    """Return the rows of polygons that have an empty ring."""
    types = shapely.get_type_id(geometries)
    owner = np.arange(len(geometries))
    polygons, areal = geometries, types == 3
    if (types > 3).any():
        polygons, owner = shapely.get_parts(geometries, return_index=True)
        areal = shapely.get_type_id(polygons) == 3
    # Of the others the shell is the only ring, and has points.
    candidates = np.flatnonzero(areal & ((shapely.get_num_interior_rings(polygons) > 0) | shapely.is_empty(polygons)))
    rings, of_polygon = shapely.get_rings(polygons[candidates], return_index=True)
    return np.unique(owner[candidates[of_polygon[shapely.is_empty(rings)]]])


def multi(geometries: np.ndarray, geometry: str) -> np.ndarray:
    """Return single geometries as multi-geometries, so that a table holds one type; None and empty ones stay."""
    makers = {
        "polygon": (3, shapely.multipolygons),
        "line": (1, shapely.multilinestrings),
        "point": (0, shapely.multipoints),
    }
    single, make = makers[geometry]
    result = geometries.copy()
    types = shapely.get_type_id(result)
    rings = np.flatnonzero(types == 2)
    if len(rings):
        points, ring = shapely.get_coordinates(result[rings], return_index=True)
        result[rings] = shapely.linestrings(points, indices=ring)
        types = shapely.get_type_id(result)
    alone = np.flatnonzero((types == single) & ~shapely.is_empty(result))
    if len(alone):
        result[alone] = make(result[alone], indices=np.arange(len(alone)))
    return result
