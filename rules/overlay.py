"""Who meets whom, and in what ground: arrays of geometries in, arrays out.

All geometries are valid and lie in one projected CRS in metres. Nothing is snapped and nothing has a tolerance;
parts below ARITHMETIC_M2 are what floating point leaves of nothing.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.errors import ShapelyError

from onemap.layers.parts import polygon_parts
from onemap.rules.trapezoids import intersection_area_m2

ARITHMETIC_M2 = 1e-6
MOST_VERTICES = 256  # of a piece; larger controls are cut, since each overlay scans all of both
_CHUNK = 2000
RETRY_GRIDS_M = (1e-8, 1e-4)
MARGIN_M = 1.0  # around a parcel's box, so that a cut never runs along the parcel's own edge
BALANCE_M2, BALANCE_SHARE = 1e-3, 1e-6  # how far |P| may differ from |P ∩ F| + |P − F|


class _UnbalancedError(ShapelyError):
    """Two parts of a polygon do not make up the whole."""


def _balanced(common_wanted: bool) -> Callable[..., np.ndarray]:
    """Intersection or difference, computed with its counterpart, so that the areas prove each other."""

    def operation(left: np.ndarray, right: np.ndarray, grid_size: float | None = None) -> np.ndarray:
        common = shapely.intersection(left, right, grid_size=grid_size)
        rest = shapely.difference(left, right, grid_size=grid_size)
        whole = shapely.area(left)
        wrong = np.abs(whole - shapely.area(common) - shapely.area(rest)) > BALANCE_M2 + BALANCE_SHARE * whole
        if np.any(wrong):
            raise _UnbalancedError
        result: np.ndarray = common if common_wanted else rest
        return result

    return operation


_INTERSECTION, _DIFFERENCE = _balanced(True), _balanced(False)


@dataclass(frozen=True)
class Crew:
    """How many threads work, and how they learn that they should stop: `check` raises Cancelled."""

    workers: int = 1
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Pieces:
    """Polygons cut small: geometries (m,) and for each the index of the polygon it is part of."""

    geometries: np.ndarray
    owner: np.ndarray


@dataclass(frozen=True)
class Overlaps:
    """Pairs that share ground: parcel (k,), feature (k,), their common polygons (k,).

    failed: (j, 2) parcel and feature whose overlay arithmetic broke down, to be reported as unknown.
    """

    parcel: np.ndarray
    feature: np.ndarray
    geometry: np.ndarray
    failed: np.ndarray


def subdivided(polygons: np.ndarray) -> Pieces:
    """Polygons (n,) cut in halves until each piece has at most MOST_VERTICES vertices; small ones stay whole."""
    done: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    geometries, owner = polygons, np.arange(len(polygons))
    while len(geometries):
        large = shapely.get_num_coordinates(geometries) > MOST_VERTICES
        done.append(geometries[~large])
        owners.append(owner[~large])
        geometries, owner = geometries[large], owner[large]
        halves = [_halves(geometry) for geometry in geometries]
        stuck = [len(half) == 1 for half in halves]
        done.append(geometries[stuck])
        owners.append(owner[stuck])
        parts = [(part, own) for half, own in zip(halves, owner, strict=True) if len(half) > 1 for part in half]
        geometries = np.array([part for part, _ in parts], dtype=object)
        owner = np.array([own for _, own in parts], dtype=np.int64)
    return Pieces(np.concatenate(done), np.concatenate(owners)) if done else Pieces(polygons, owner)


def _halves(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """The two halves of a polygon across its longer side, or itself if it cannot be cut cleanly."""
    west, south, east, north = geometry.bounds
    if east - west >= north - south:
        middle = (west + east) / 2
        boxes = ((west - 1, south - 1, middle, north + 1), (middle, south - 1, east + 1, north + 1))
    else:
        middle = (south + north) / 2
        boxes = ((west - 1, south - 1, east + 1, middle), (west - 1, middle, east + 1, north + 1))
    area = shapely.area(geometry)
    for cut in (lambda box: shapely.clip_by_rect(geometry, *box), lambda box: geometry & shapely.box(*box)):
        halves = polygon_parts(np.array([cut(box) for box in boxes], dtype=object))
        halves = halves[~shapely.is_missing(halves)]
        # A fast cut may be wrong on degenerate input: its areas tell.
        if shapely.is_valid(halves).all() and abs(shapely.area(halves).sum() - area) <= 1e-9 * area:
            fewest = shapely.get_num_coordinates(geometry)
            return list(halves) if (shapely.get_num_coordinates(halves) < fewest).all() else [geometry]
    return [geometry]


def _in_chunks(
    operation: Callable[..., np.ndarray], left: np.ndarray, right: np.ndarray, crew: Crew
) -> tuple[np.ndarray, np.ndarray]:
    """operation(left, right) in threads; (n,) results and (n,) whether it failed even on a grid of 0.1 mm."""
    starts = range(0, len(left), _CHUNK)

    def run(start: int) -> tuple[np.ndarray, np.ndarray]:
        crew.check()
        a, b = left[start : start + _CHUNK], right[start : start + _CHUNK]
        try:
            return operation(a, b), np.zeros(len(a), dtype=bool)
        except (shapely.GEOSException, _UnbalancedError):
            return _one_by_one(operation, a, b)

    if crew.workers > 1 and len(starts) > 1:
        with ThreadPoolExecutor(crew.workers) as pool:
            results = list(pool.map(run, starts))
    else:
        results = [run(start) for start in starts]
    if not results:
        return np.empty(0, dtype=object), np.empty(0, dtype=bool)
    return np.concatenate([r[0] for r in results]), np.concatenate([r[1] for r in results])


def _one_by_one(
    operation: Callable[..., np.ndarray], left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of a chunk in which one broke down, each alone, and that one again on a fine grid."""
    result = np.full(len(left), None, dtype=object)
    failed = np.zeros(len(left), dtype=bool)
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        for grid in (None, *RETRY_GRIDS_M):
            try:
                result[index] = operation(a, b, grid_size=grid)
                failed[index] = False
                break
            except (shapely.GEOSException, _UnbalancedError):
                failed[index] = True
    return result, failed


def overlaps(parcels: np.ndarray, tree: shapely.STRtree, features: np.ndarray, pieces: Pieces, crew: Crew) -> Overlaps:
    """The ground that each parcel shares with each feature it meets; touching is not sharing.

    parcels: (n,) polygons and `tree` their index; features: (m,) polygons and `pieces` the same, cut small.
    """
    piece, parcel = tree.query(pieces.geometries, predicate="intersects")
    if len(piece) == 0:
        nothing = np.empty(0, dtype=np.int64)
        return Overlaps(nothing, nothing, np.empty(0, dtype=object), np.empty((0, 2), dtype=np.int64))
    pair = parcel * np.int64(len(features)) + pieces.owner[piece]
    unique, first, count = np.unique(pair, return_index=True, return_counts=True)
    parcel, feature = np.divmod(unique, len(features))
    # A parcel that meets one piece only is measured against that piece; one across a cut against the whole.
    other = features[feature].copy()
    alone = count == 1
    other[alone] = pieces.geometries[piece[first[alone]]]
    mine = parcels[parcel]
    shapely.prepare(other)
    inside = shapely.covers(other, mine)
    geometry = mine.copy()
    rest = np.flatnonzero(~inside)
    geometry[rest], broken = _in_chunks(_INTERSECTION, mine[rest], other[rest], crew)
    lost = _looked_for_again(mine[rest], other[rest], geometry[rest])
    for index, found in lost.items():
        geometry[rest[index]] = found
        broken[index] = found is None
    failed = np.zeros(len(parcel), dtype=bool)
    failed[rest] = broken
    geometry = polygon_parts(geometry, ARITHMETIC_M2)
    keep = ~shapely.is_missing(geometry) & ~failed
    return Overlaps(parcel[keep], feature[keep], geometry[keep], np.column_stack([parcel[failed], feature[failed]]))


def _looked_for_again(left: np.ndarray, right: np.ndarray, common: np.ndarray) -> dict[int, shapely.Geometry | None]:
    """Pairs whose insides meet although their overlay is empty: its pieces may have been lost without an error.

    Index → the common ground found on a fine grid, as large as the second method says; None if it is not found.
    """
    suspects = np.flatnonzero(shapely.area(common) < ARITHMETIC_M2)
    suspects = suspects[shapely.relate_pattern(left[suspects], right[suspects], "T********")]
    found: dict[int, shapely.Geometry | None] = {}
    for index in suspects:  # two that meet by less than a millionth of a square metre are rare
        area = intersection_area_m2(left[index], right[index])
        if area > BALANCE_M2:
            tries = (shapely.intersection(left[index], right[index], grid_size=grid) for grid in RETRY_GRIDS_M)
            allowed = BALANCE_M2 + BALANCE_SHARE * area
            found[int(index)] = next((part for part in tries if abs(part.area - area) <= allowed), None)
    return found


def union_by(group: np.ndarray, geometries: np.ndarray, groups: int) -> np.ndarray:
    """The union of the geometries of each group: (groups,), None for a group without any."""
    result = np.full(groups, None, dtype=object)
    order = np.argsort(group, kind="stable")
    group, geometries = group[order], geometries[order]
    ids, start, size = np.unique(group, return_index=True, return_counts=True)
    for k in np.unique(size):
        chosen = size == k
        block = geometries[start[chosen][:, None] + np.arange(k)]
        result[ids[chosen]] = block[:, 0] if k == 1 else _proved_unions(block)
    return polygon_parts(result, ARITHMETIC_M2)


def _proved_unions(block: np.ndarray) -> np.ndarray:
    """The union of each row of (n, k) geometries: no smaller than its largest, no larger than their sum."""
    areas = shapely.area(block)
    least, most = areas.max(axis=1), areas.sum(axis=1)
    allowed = BALANCE_M2 + BALANCE_SHARE * most

    def wrong(unions: np.ndarray) -> np.ndarray:
        area = shapely.area(unions)
        bad: np.ndarray = (area < least - allowed) | (area > most + allowed)
        return bad

    result: np.ndarray = shapely.union_all(block, axis=1)
    for grid in RETRY_GRIDS_M:
        rows = np.flatnonzero(wrong(result))
        if len(rows) == 0:
            break
        result[rows] = shapely.union_all(block[rows], grid_size=grid, axis=1)
    return result


def _pairwise(
    operation: Callable[..., np.ndarray], left: np.ndarray, right: np.ndarray, crew: Crew
) -> tuple[np.ndarray, np.ndarray]:
    result = np.full(len(left), None, dtype=object)
    failed = np.zeros(len(left), dtype=bool)
    rows = np.flatnonzero(~shapely.is_missing(left) & ~shapely.is_missing(right))
    result[rows], failed[rows] = _in_chunks(operation, left[rows], right[rows], crew)
    return polygon_parts(result, ARITHMETIC_M2), failed


def intersections(left: np.ndarray, right: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """left ∩ right pair by pair, polygons only, None where they share no ground; and (n,) whether it failed."""
    return _pairwise(_INTERSECTION, left, right, crew)


def differences(left: np.ndarray, right: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """left − right pair by pair, polygons only, None where nothing is left; and (n,) whether it failed.

    A right of None takes nothing away; a left of None has nothing.
    """
    result, failed = _pairwise(_DIFFERENCE, left, right, crew)
    whole = shapely.is_missing(right)
    result[whole] = left[whole]
    return result, failed


def unions(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left ∪ right pair by pair; None counts as nothing, and two of them give None."""
    grounds = np.r_[left, right]
    present = ~shapely.is_missing(grounds)
    return union_by(np.tile(np.arange(len(left)), 2)[present], grounds[present], len(left))


def outside(polygons: np.ndarray, ground: shapely.Geometry, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """The part of each polygon that `ground` does not cover, None where it is covered; and whether it failed."""
    return _against(polygons, ground, crew, differences, apart=polygons, covered=np.full(len(polygons), None))


def inside(polygons: np.ndarray, ground: shapely.Geometry, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """The part of each polygon that `ground` covers, None where it covers nothing; and whether it failed."""
    return _against(polygons, ground, crew, intersections, apart=np.full(len(polygons), None), covered=polygons)


def _against(
    polygons: np.ndarray,
    ground: shapely.Geometry,
    crew: Crew,
    operation: Callable[[np.ndarray, np.ndarray, Crew], tuple[np.ndarray, np.ndarray]],
    apart: np.ndarray,
    covered: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """operation(polygon, ground) where the edge of the ground runs through the polygon; the answers else are known."""
    shapely.prepare(ground)
    result = covered.copy()
    failed = np.zeros(len(polygons), dtype=bool)
    rows = np.flatnonzero(~shapely.covers(ground, polygons))
    away = ~shapely.intersects(ground, polygons[rows])
    result[rows[away]] = apart[rows[away]]
    crossing = rows[~away]
    result[crossing], failed[crossing] = operation(polygons[crossing], np.full(len(crossing), ground), crew)
    return result, failed


Concerns = Callable[[np.ndarray, np.ndarray], np.ndarray]


def unions_near(
    polygons: np.ndarray, zones: np.ndarray, margin_m: float, crew: Crew, concerns: Concerns | None = None
) -> np.ndarray:
    """The union of the zones that meet each polygon's box with a margin: (n,), None where there is none.

    What is to be taken from a polygon is taken so, and not as their common ground: along the polygon's own edge
    that ground is rounded, and would leave slits that join what lies apart. Nor are the zones cut to the box: two
    that share an edge would part by a hair where the cut is rounded.
    concerns(polygon (k,), zone (k,)) → (k,): which pairs count; all do without it.
    """
    rows = np.flatnonzero(~shapely.is_missing(polygons))
    west, south, east, north = shapely.bounds(polygons[rows]).T
    boxes = shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    pieces = subdivided(zones)
    box, piece = shapely.STRtree(pieces.geometries).query(boxes, predicate="intersects")
    if concerns is not None:
        kept = concerns(rows[box], pieces.owner[piece])
        box, piece = box[kept], piece[kept]
    crew.check()
    return union_by(rows[box], pieces.geometries[piece], len(polygons))
