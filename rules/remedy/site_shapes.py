"""Places for a rectangle inside free ground: tried on a grid, in several forms and directions, none over another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.progress import SILENT, Progress
from onemap.rules.overlay.uninterruptible import run_cancellable

DIRECTIONS_DEG = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0)
FORMS = 3  # from a square to the least width
_MOST_CENTRES = 20_000  # of one form; the grid is widened until it has no more
_AT_ONCE, _MEASURED_AT_ONCE = 500, 25  # rectangles in free ground of ten thousands of vertices: tried, and measured
_SHRINKING, _TRIED = 1.4, 0.02  # measured: by how many directions of a form its ground costs, and of one the trying
_SHRINKING_S = 8e-5  # a vertex
Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Places:
    """Rectangles (k,) inside the free ground, and how far each lies from its edge in m, the farthest first."""

    grounds: np.ndarray
    clearance_m: np.ndarray


def widths_m(area_m2: float, least_m: float) -> list[float]:
    """The widths that are tried: from the square's side down to the least width."""
    side = float(np.sqrt(area_m2))
    if least_m <= 0 or least_m >= side:
        return [side]
    return [float(width) for width in np.geomspace(side, least_m, FORMS)]


def places(
    free: np.ndarray,
    area_m2: float,
    least_width_m: float,
    count: int,
    progress: Progress = SILENT,
) -> Places:
    """At most `count` rectangles of an area, at least so wide, inside free ground; none is no proof that none fits.

    free: (n,) polygons that share no ground. A least width greater than the square's side leaves only wider ground,
    so nothing is found.
    """
    if least_width_m > np.sqrt(area_m2) * (1 + 1e-9):
        return Places(np.empty(0, dtype=object), np.empty(0))
    shapely.prepare(free)
    edges = shapely.boundary(free)
    shapely.prepare(edges)
    found: list[np.ndarray] = []
    clear: list[np.ndarray] = []
    forms = [(width, area_m2 / width) for width in widths_m(area_m2, least_width_m)]
    turns = [DIRECTIONS_DEG if length > width * (1 + 1e-6) else DIRECTIONS_DEG[:3] for width, length in forms]
    parts = iter(progress.parts([cost for angles in turns for cost in (_SHRINKING, *[1.0] * len(angles))]))
    shrinking_s = _SHRINKING_S * int(shapely.get_num_coordinates(free).sum())
    for (width, length), angles in zip(forms, turns, strict=True):
        # A centre nearer to the edge than half the width can hold no such rectangle.
        by = -width / 2 * (1 - 1e-6)
        inner = run_cancellable(lambda by=by: shapely.buffer(free, by), next(parts), shrinking_s)  # type: ignore[misc]
        ground = np.flatnonzero(~shapely.is_empty(inner))
        centres, owner = _grid(inner[ground], width / 2)
        mine = ground[owner]
        for angle in angles:
            own = next(parts)
            shapes = _rectangles(centres, width, length, np.radians(angle))
            fits = _each(shapely.covers, free[mine], shapes, _AT_ONCE, own.part(0.0, _TRIED))
            found.append(shapes[fits])
            measured = own.part(_TRIED, 1.0)
            clear.append(_each(shapely.distance, edges[mine[fits]], shapes[fits], _MEASURED_AT_ONCE, measured))
    if not found:
        return Places(np.empty(0, dtype=object), np.empty(0))
    return _apart(np.concatenate(found), np.concatenate(clear), count)


def _each(operation: Operation, one: np.ndarray, other: np.ndarray, at_once: int, progress: Progress) -> np.ndarray:
    """operation(one, other) pair by pair; so few at a time that nobody waits long who wants it stopped.

    By one thread: what is prepared cannot be asked by several at once.
    """
    if len(one) == 0:
        return operation(one, other)
    parts = []
    for start in range(0, len(one), at_once):
        progress.at(start / len(one))
        parts.append(operation(one[start : start + at_once], other[start : start + at_once]))
    return np.concatenate(parts)


def _grid(inner: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (k, 2) of a grid inside polygons, one at least in each, and the polygon (k,) of each."""
    if len(inner) == 0:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    west, south, east, north = shapely.total_bounds(inner)
    step = max(step, float(np.sqrt((east - west) * (north - south) / _MOST_CENTRES)))
    x, y = np.meshgrid(np.arange(west, east + step, step), np.arange(south, north + step, step))
    points = np.column_stack([x.ravel(), y.ravel()])
    polygon, point = shapely.STRtree(shapely.points(points)).query(inner, predicate="intersects")
    own = shapely.get_coordinates(shapely.point_on_surface(inner))
    middle = shapely.get_coordinates(shapely.centroid(inner))
    every = np.arange(len(inner))
    return np.concatenate([points[point], own, middle]), np.concatenate([polygon, every, every])


def _rectangles(centres: np.ndarray, width: float, length: float, angle: float) -> np.ndarray:
    corners = np.array([(-length, -width), (length, -width), (length, width), (-length, width)]) / 2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    rings = centres[:, None, :] + (corners @ turn)[None, :, :]
    made: np.ndarray = shapely.polygons(rings) if len(centres) else np.empty(0, dtype=object)
    return made


def _apart(shapes: np.ndarray, clearance_m: np.ndarray, count: int) -> Places:
    """Those that overlap none that is farther from the edge."""
    order = np.argsort(-np.round(clearance_m, 6), kind="stable")
    tree = shapely.STRtree(shapes)
    taken = np.zeros(len(shapes), dtype=bool)
    chosen: list[int] = []
    for at in order:
        if taken[at]:
            continue
        chosen.append(int(at))
        if len(chosen) == count:
            break
        taken[tree.query(shapes[at], predicate="intersects")] = True
    return Places(shapes[chosen], clearance_m[chosen])
