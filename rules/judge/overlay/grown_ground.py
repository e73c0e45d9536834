"""Ground within a distance of geometries: made by GEOS, and each result proved by distances, which are not built.

GEOS leaves out corners that are small compared with the distance, and lines that overlap themselves get ground with
holes and notches. Ground that contains a geometry, and whose edge is nowhere nearer to it than the distance, lacks
nothing.
"""

import contextlib

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.parts import line_edges, polygon_part
from onemap.rules.judge.overlay.overlay import union_by
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unproved_unions import UNPROVED, do_provable
from onemap.rules.judge.overlay.whole_grounds import union_of_all

QUARTER_SEGMENTS = 64  # a circle's polygon then differs from the true curve by less than 0.02 %, in radius and area
_ARITHMETIC_M = 1e-6
_OF_GEOS = 0.01  # of the distance: GEOS passes over corners that are so small
_AT_ONCE = 500


def grown_ground(
    shapes: np.ndarray, distance_m: np.ndarray | float, threads: Threads, segments: int = QUARTER_SEGMENTS
) -> tuple[np.ndarray, np.ndarray]:
    """The ground within a distance of each geometry (n,), or None; and which results are not proved (n,).

    distance_m: (n,) or one for all, in m; at 0 a polygon is unchanged, and lines and points have no ground; segments:
    of a quarter of a circle. A result that is not proved may lack ground.
    """
    distance = np.broadcast_to(np.asarray(distance_m, dtype=float), shapes.shape)
    grown, unproved = shapes.copy(), np.zeros(len(shapes), dtype=bool)
    areal = shapely.get_dimensions(shapes) == 2
    grown[(distance <= 0) & ~areal & ~shapely.is_missing(shapes)] = shapely.Polygon()
    rows = np.flatnonzero((distance > 0) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    parts = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
    for part, (part_ground, is_wrong) in zip(
        parts, threads.each(lambda part: _grown_part(shapes[part], distance[part], segments), parts), strict=True
    ):
        grown[part], unproved[part] = part_ground, is_wrong
    return grown, unproved


def shrunk_ground(polygons: np.ndarray, distance_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The part of each polygon (n,) farther than a distance from its edge, or None; and which are not proved."""
    shrunk = shapely.buffer(polygons, -distance_m)
    shrunk[shapely.is_empty(shrunk)] = None
    unproved, rows = np.zeros(len(polygons), dtype=bool), np.flatnonzero(~shapely.is_missing(shrunk))
    edges = shapely.boundary(polygons[rows])
    shapely.prepare(edges)
    is_far = shapely.distance(edges, shrunk[rows]) >= distance_m * (1 - _OF_GEOS) - _ARITHMETIC_M
    unproved[rows] = ~(is_far & shapely.intersects(polygons[rows], shrunk[rows]))
    return shrunk, unproved


def require_grown(
    shapes: np.ndarray, distance_m: float, threads: Threads, segments: int = QUARTER_SEGMENTS
) -> np.ndarray:
    """`grown_ground` where all results (n,) are proved. Raises OneMapError overlay.union."""
    grown, unproved = grown_ground(shapes, distance_m, threads, segments)
    if unproved.any():
        raise OneMapError(UNPROVED, count=len(shapes))
    return grown


def ground_around(shapes: np.ndarray, distance_m: float, threads: Threads, segments: int) -> shapely.Geometry:
    """The ground within a distance of any of the geometries (n,); empty without any. segments: as for `grown_ground`.

    Its union, too, is proved by distances: where many lie near each other, sums over all pairs would take long. Raises
    OneMapError overlay.union.
    """
    grown = require_grown(shapes, distance_m, threads, segments)
    with contextlib.suppress(shapely.GEOSException):
        whole = polygon_part(shapely.union_all(grown))
        if whole is not None:
            edge = shapely.boundary(whole)
            shapely.prepare([whole, edge])
            is_far = shapely.distance(edge, shapes) >= _least_m(np.array([distance_m]), segments)
            if (shapely.covers(whole, shapes) & is_far).all():
                return whole
    return union_of_all(grown, threads)


def _grown_part(shapes: np.ndarray, distance: np.ndarray, segments: int) -> tuple[np.ndarray, np.ndarray]:
    """Ground around geometries (k,), none of them empty, and which is not proved; GEOS's errors are mended."""
    grown = _buffers(shapes, distance, segments)
    rows = np.flatnonzero(~_are_proved(grown, shapes, distance, segments))
    is_wrong = np.zeros(len(shapes), dtype=bool)
    is_wrong[rows] = True
    if len(rows):
        buffers, proved, _ = do_provable(
            lambda some: _edge_by_edge(shapes[rows[some]], distance[rows[some]], segments), len(rows)
        )
        rows = rows[proved]
        grown[rows] = buffers
        is_wrong[rows] = ~_are_proved(grown[rows], shapes[rows], distance[rows], segments)
    return grown, is_wrong


def _are_proved(grown: np.ndarray, shapes: np.ndarray, distance: np.ndarray, segments: int) -> np.ndarray:
    """Whether each ground (k,) contains its geometry, and its edge is nowhere nearer to it than the distance: (k,)."""
    proved: np.ndarray = shapely.get_type_id(shapes) == 0  # around a point there is a circle
    rows = np.flatnonzero(~proved)
    edges = shapely.boundary(grown[rows])
    shapely.prepare(edges)
    is_far = shapely.distance(edges, shapes[rows]) >= _least_m(distance[rows], segments)
    proved[rows] = shapely.covers(grown[rows], shapes[rows]) & is_far
    return proved


def _least_m(distance: np.ndarray, segments: int) -> np.ndarray:
    """The least distance, in m, from a geometry to the chords of a curve with so many segments."""
    least: np.ndarray = distance * (1 - 1 / segments**2) - _ARITHMETIC_M
    return least


def _edge_by_edge(shapes: np.ndarray, distance: np.ndarray, segments: int) -> np.ndarray:
    """The union of the ground around each edge and each point of geometries (k,), and of their polygons."""
    areal = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    of_polygon = shapely.get_type_id(parts) == 3
    rings, at = shapely.get_rings(parts[of_polygon], return_index=True)
    parts, owner = np.r_[parts[~of_polygon], rings], np.r_[owner[~of_polygon], owner[of_polygon][at]]
    alone = np.flatnonzero(shapely.get_num_coordinates(parts) == 1)
    ends, part = line_edges(parts)
    of_edge = owner[part]
    edge_grounds = _buffers(
        np.r_[shapely.linestrings(ends), parts[alone]], distance[np.r_[of_edge, owner[alone]]], segments
    )
    group, polygons = np.r_[of_edge, owner[alone], areal], np.r_[edge_grounds, shapes[areal]]
    return union_by(group, polygons, len(shapes))


def _buffers(shapes: np.ndarray, distance: np.ndarray, segments: int) -> np.ndarray:
    grown: np.ndarray = shapely.buffer(shapes, distance, quad_segs=segments)
    return grown
