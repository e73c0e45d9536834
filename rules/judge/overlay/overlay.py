"""The overlay of parcels and features: arrays of geometries in, arrays out.

All geometries are valid and lie in one projected CRS in metres. Nothing is snapped and nothing has a tolerance; parts
below ARITHMETIC_M2 are rounding errors of an empty result.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.boxes import lie_inside
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import have_one_ring, polygon_parts
from onemap.layers.geometry.row_by_row import apply_by_row
from onemap.layers.geometry.shape_column import (
    AnyShapes,
    Picked,
    ShapeColumn,
    all_of,
    are_equal,
    areas_at,
    areas_of,
    boxes_of,
    parts_of_each,
    picked_of,
    some_of,
)
from onemap.rules.judge.overlay.candidate_pairs import CandidatePairs, candidate_pairs, index_of, lies_apart
from onemap.rules.judge.overlay.common_areas import areas_of_pairs, common_areas, pair_sums
from onemap.rules.judge.overlay.flat_polygons import FlatPairs, FlatPolygons, distinct, flat_pairs
from onemap.rules.judge.overlay.mutual_overlaps import Known, features_overlap, union_bounds
from onemap.rules.judge.overlay.pair_ground import common_ground, remaining_ground
from onemap.rules.judge.overlay.subdivision import MOST_VERTICES, Pieces, cut_around, tiles_near
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import compute_once

ARITHMETIC_M2 = 1e-6
_CHUNK = 1000  # geometries that one thread takes at once
RETRY_GRIDS_M = (1e-8, 1e-4)
MARGIN_M = 1.0  # around a parcel's box, so that a cut never runs along the parcel's own edge
_ALONE = Threads()
BALANCE_M2, BALANCE_SHARE = 1e-3, 1e-6  # how far an overlay may differ from the sums of trapezoids, of |P|


@dataclass(frozen=True)
class Overlaps:
    """Pairs that share ground: parcel (k,), feature (k,), their common polygons (k,).

    failed: (j, 2) parcel and feature whose overlay failed, to be reported as unknown.
    """

    parcel: np.ndarray
    feature: np.ndarray
    ground: FlatGround
    failed: np.ndarray

    @property
    def geometry(self) -> np.ndarray:
        """The polygons as geometries (k,), made only where somebody asks."""
        return self.ground.geometries

    def only(self, is_wanted: np.ndarray) -> "Overlaps":
        """Some of the pairs: a mask (k,). With all of them it returns the same object; `failed` stays."""
        if is_wanted.all():
            return self
        return Overlaps(self.parcel[is_wanted], self.feature[is_wanted], self.ground.at(is_wanted), self.failed)


def refuse_failed(layer: str | None, names: np.ndarray, rows: np.ndarray) -> None:
    """Refuse the work by its first feature whose overlay failed: its ground is neither lost nor guessed.

    rows: of features that failed, by their names (n,). Raises OneMapError compare.arithmetic.
    """
    if len(rows):
        raise OneMapError("compare.arithmetic", layer=layer, feature=names[rows[0]])


Operation = Callable[..., np.ndarray]


def _proved_ground(
    operation: Operation,
    left: Picked,
    right: Picked,
    expected_m2: np.ndarray,
    threads: Threads,
    flat: FlatPairs | None = None,
) -> tuple[FlatGround, np.ndarray]:
    """operation(left, right) pair by pair, in threads: (n,) polygons or None, and (n,) whether it failed even on grids.

    expected_m2 (n,): the area of each result by sums of trapezoids, which do not depend on the overlay. flat: the same
    pairs in the kernel's form, where they are already made.
    """
    flat = flat or flat_pairs(left[np.arange(len(left))], right[np.arange(len(right))], threads)
    allowed_m2 = BALANCE_M2 + BALANCE_SHARE * flat.left.areas_m2(flat.left_index)
    make = common_ground if operation is shapely.intersection else remaining_ground
    result, is_sure = make(flat, threads, ARITHMETIC_M2)
    untold = np.flatnonzero(~is_sure)
    result = result.with_others(untold, _by_geos(operation, left[untold], right[untold], threads))
    failed = np.zeros(len(result), dtype=bool)
    areas = np.where(is_sure & (result.dimension < 0), 0.0, result.area_m2)
    doubtful = np.flatnonzero(~(np.abs(areas - expected_m2) <= allowed_m2))
    again = np.full(len(doubtful), None, dtype=object)
    for at, row in enumerate(doubtful):
        again[at], failed[row] = _once_more(operation, left[row], right[row], expected_m2[row], allowed_m2[row])
    result = result.with_others(doubtful, again)
    rest = np.union1d(untold, doubtful)
    return result.with_others(rest, polygon_parts(result.others[rest], ARITHMETIC_M2)), failed


def _by_geos(operation: Operation, left: np.ndarray, right: np.ndarray, threads: Threads) -> np.ndarray:
    """operation(left, right) pair by pair, None where it fails: (n,).

    Of large polygons only the part near the other one is used.
    """
    near = _parts_near(right, left, threads)
    near_left = _parts_near(left, right, threads) if operation is shapely.intersection else left

    def run(start: int) -> np.ndarray:
        rows = slice(start, start + _CHUNK)
        one, other = near_left[rows], cut_around(near[rows], shapely.bounds(left[rows]), MARGIN_M)
        if operation is shapely.intersection:
            one = cut_around(one, shapely.bounds(right[rows]), MARGIN_M)
        return apply_by_row(operation, one, other)

    blocks = threads.each(run, range(0, len(left), _CHUNK))
    return np.concatenate(blocks) if blocks else np.empty(0, dtype=object)


def _parts_near(polygons: np.ndarray, others: np.ndarray, threads: Threads) -> np.ndarray:
    """Polygons (n,), the large ones cut to what lies near the other's box; an error made here is found by the proof."""
    near = polygons.copy()
    large = np.flatnonzero(shapely.get_num_coordinates(polygons) > MOST_VERTICES)
    different, which = distinct(polygons[large])
    near[large] = tiles_near(different, which, shapely.bounds(others[large]), MARGIN_M, threads)
    return near


def _once_more(
    operation: Operation, left: shapely.Geometry, right: shapely.Geometry, expected_m2: float, allowed_m2: float
) -> tuple[shapely.Geometry | None, bool]:
    """Repeat a pair that failed or came out wrong: whole, then on finer and coarser grids; and whether it fails."""
    for grid in (None, *RETRY_GRIDS_M):
        with contextlib.suppress(shapely.GEOSException):
            result = operation(left, right, grid_size=grid)
            if abs(float(shapely.area(result)) - expected_m2) <= allowed_m2:
                return result, False
    return None, True


def overlaps(parcels: AnyShapes, tree: shapely.STRtree, features: AnyShapes, threads: Threads) -> Overlaps:
    """The ground that each parcel shares with each feature; touching is not sharing.

    parcels: (n,) polygons and `tree` their index; features: (m,) polygons.
    """
    return build_overlaps(parcels, features, candidate_pairs(parcels, tree, features, threads), threads)


def build_overlaps(parcels: AnyShapes, features: AnyShapes, candidates: CandidatePairs, threads: Threads) -> Overlaps:
    """The ground of candidate pairs, each compared with its sum."""
    candidates = candidates.only(np.flatnonzero(candidates.area_m2 + candidates.error_m2 >= ARITHMETIC_M2))
    candidates = candidates.only(np.lexsort((candidates.feature, candidates.parcel)))
    mine, other, area = (
        picked_of(parcels, candidates.parcel),
        picked_of(features, candidates.feature),
        candidates.area_m2,
    )
    # What no edge of the feature comes near lies inside as a whole, and needs no other proof: of one part it is the
    # parcel itself, and no polygon is made of it.
    is_whole = candidates.is_within & (parts_of_each(parcels) == 1)[candidates.parcel]
    is_whole &= (areas_of(parcels) >= ARITHMETIC_M2)[candidates.parcel]
    geometry, rest = np.full(len(mine), None, dtype=object), candidates.is_within & ~is_whole
    geometry[rest] = mine[rest]
    boxes = boxes_of(parcels)[candidates.parcel], boxes_of(features)[candidates.feature]
    whole_features = _add_covered(geometry, is_whole, (mine, other), boxes, area)
    failed = np.zeros(len(mine), dtype=bool)
    is_open, apart = (
        shapely.is_missing(geometry) & ~is_whole,
        compute_once(parcels, "apart", lies_apart)[candidates.parcel],
    )
    geometry[~is_open] = polygon_parts(geometry[~is_open], ARITHMETIC_M2)
    rows = np.flatnonzero(is_open & apart)
    geometry[rows], failed[rows] = _common_by_parts(mine[rows], other[rows], area[rows], threads)
    rows = np.flatnonzero(is_open & ~apart)
    flat = candidates.flat.only(rows)
    pair = picked_of(mine, rows), picked_of(other, rows)
    proved_ground, failed[rows] = _proved_ground(shapely.intersection, *pair, area[rows], threads, flat)
    ground = _laid_out(proved_ground.among(geometry, rows), whole_features)
    ground = ground.with_whole(np.flatnonzero(is_whole), parcels, candidates.parcel[is_whole])
    keep = (ground.dimension >= 0) & ~failed
    broken_pairs = np.column_stack([candidates.parcel[failed], candidates.feature[failed]])
    return Overlaps(candidates.parcel[keep], candidates.feature[keep], ground.at(keep), broken_pairs)


def _add_covered(
    geometry: np.ndarray,
    is_known: np.ndarray,
    pair: tuple[Picked, Picked],
    boxes: tuple[np.ndarray, np.ndarray],
    area_m2: np.ndarray,
) -> np.ndarray:
    """Put parcels or features that lie wholly inside the other into the ground of pairs that have none: (k,).

    is_known (k,): ground that is known without a geometry; pair, boxes: of parcels and features, (k,) each; area_m2
    (k,): what they share. Only where boxes and sums say that all of one is shared, and it really lies inside. Returns
    the rows of whole features.
    """
    rows = np.empty(0, dtype=np.int64)
    for own in (0, 1):
        whole, outer = pair[own], pair[1 - own]
        is_open = shapely.is_missing(geometry) & ~is_known
        rows = np.flatnonzero(is_open & lie_inside(boxes[own], boxes[1 - own]))
        rows = rows[np.abs(areas_at(whole, rows) - area_m2[rows]) <= BALANCE_M2]
        is_same = shapely.equals_exact(outer[rows], whole[rows])
        open_rows = rows[~is_same]
        shapely.prepare(outer[open_rows])
        covered_rows = open_rows[shapely.covers(outer[open_rows], whole[open_rows])]
        rows = np.sort(np.r_[rows[is_same], covered_rows])
        geometry[rows] = whole[rows]
    return rows


def _laid_out(ground: FlatGround, rows: np.ndarray) -> FlatGround:
    """Turn whole features in some rows (k,) into rings where they have one ring, like all other ground."""
    rows = rows[have_one_ring(ground.others[rows])]
    if len(rows) == 0:
        return ground
    whole, nothing = ground.others[rows], np.full(len(rows), None, dtype=object)
    rings = FlatGround(shapely.get_coordinates(whole), shapely.get_num_coordinates(whole), nothing, shapely.area(whole))
    return replace(ground, known_m2=ground.area_m2).with_ground(rows, rings)


def _common_by_parts(
    mine: np.ndarray, other: np.ndarray, area_m2: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """mine ∩ other where mine has parts far apart: part by part, each with the near part of the other."""
    parts, owner = shapely.get_parts(mine, return_index=True)
    ground, is_broken = intersections(parts, other[owner], threads)
    result = union_by(owner[~shapely.is_missing(ground)], ground[~shapely.is_missing(ground)], len(mine), threads)
    failed = np.bincount(owner, is_broken, len(mine)) > 0
    failed |= ~(
        np.abs(np.nan_to_num(shapely.area(result)) - area_m2) <= BALANCE_M2 + BALANCE_SHARE * shapely.area(mine)
    )
    return result, failed


def grounds(
    overlaps: Overlaps, parcels: AnyShapes, features: AnyShapes, threads: Threads, known_flat: Known | None = None
) -> FlatGround:
    """All ground that each parcel (n,) shares with any feature: (n,), empty where there is none.

    known_flat: the features in the kernel's form, where they are already made.

    Where a feature covers the whole parcel, or the ground that it shares with features that do not overlap each other
    adds up to the parcel, the result is the parcel itself.
    """
    size = areas_of(parcels)
    total = np.bincount(overlaps.parcel, overlaps.ground.area_m2, len(parcels))
    several = np.bincount(overlaps.parcel, minlength=len(parcels)) > 1
    is_full = np.bincount(overlaps.parcel, are_whole(overlaps, parcels), len(parcels)) > 0
    rows = np.flatnonzero(several & ~is_full & (np.abs(total - size) < ARITHMETIC_M2))
    in_rows = np.isin(overlaps.parcel, rows)
    one = overlaps.parcel[in_rows], overlaps.feature[in_rows]
    is_full[rows] = ~features_overlap(*one, features, len(parcels), ARITHMETIC_M2, threads, known_flat)[rows]
    rest = ~is_full[overlaps.parcel]
    united = united_ground(overlaps.parcel[rest], overlaps.ground.at(rest), len(parcels), threads)
    full = np.flatnonzero(is_full)
    return united.with_whole(full, parcels, full)


def united_ground(group: np.ndarray, ground: FlatGround, groups: int, threads: Threads) -> FlatGround:
    """The union of the ground of each group: (groups,); the only geometry of a group is returned unchanged."""
    order = np.argsort(group, kind="stable")
    group, ground = group[order], ground.at(order)
    is_alone = (np.bincount(group, minlength=groups) == 1)[group]
    united = union_by(group[~is_alone], ground.at(~is_alone).geometries, groups, threads)
    return ground.at(is_alone).among(united, group[is_alone])


def are_whole(overlaps: Overlaps, parcels: AnyShapes) -> np.ndarray:
    """Which of the pieces (k,) are their whole parcel."""
    whole: np.ndarray = overlaps.ground.area_m2 == areas_of(parcels)[overlaps.parcel]
    return whole


def union_by(group: np.ndarray, geometries: np.ndarray, groups: int, threads: Threads = _ALONE) -> np.ndarray:
    """The union of the polygons, or None, of each group: (groups,), None for a group without any.

    Raises OneMapError overlay.union.
    """
    result, present = np.full(groups, None, dtype=object), ~shapely.is_missing(geometries)
    if not present.all():
        group, geometries = group[present], geometries[present]
    if len(group) == 0:
        return result
    order = np.argsort(group, kind="stable")
    group, geometries = group[order], geometries[order]
    ids, start, size = np.unique(group, return_index=True, return_counts=True)
    alone = size == 1
    result[ids[alone]] = geometries[start[alone]]
    parts = [
        (k, rows[at : at + step])
        for k in np.unique(size[~alone]).tolist()
        for rows, step in ((np.flatnonzero(size == k), max(1, _CHUNK // k)),)
        for at in range(0, len(rows), step)
    ]
    threads = threads if len(group) > _CHUNK else replace(threads, workers=1)
    one_thread = Threads(1, threads.progress)
    united = threads.each(
        lambda part: _proved_unions(geometries[start[part[1]][:, None] + np.arange(part[0])], one_thread), parts
    )
    for (_, rows), unions_of_rows in zip(parts, united, strict=True):
        result[ids[rows]] = unions_of_rows
    return polygon_parts(result, ARITHMETIC_M2)


def _proved_unions(block: np.ndarray, threads: Threads) -> np.ndarray:
    """The union of each row of (n, k) polygons, compared with the sums of its pairs, on grids where it is wrong.

    Raises OneMapError overlay.union.
    """
    whole = shapely.area(block).sum(axis=1)
    allowed, (least, most) = BALANCE_M2 + BALANCE_SHARE * whole, union_bounds(block, threads)
    result, rows = np.full(len(block), None, dtype=object), np.arange(len(block))
    for grid in (None, *RETRY_GRIDS_M):
        result[rows] = apply_by_row(partial(_unite, grid_size=grid), block[rows])
        area = shapely.area(result[rows])
        is_right = (area >= (least - allowed)[rows]) & (area <= (most + allowed)[rows])
        # Where three polygons share ground one could be lost between the two bounds.
        some = np.flatnonzero(is_right & (most - least > allowed)[rows])
        is_right[some] = _inside_m2(result[rows[some]], block[rows[some]], threads) >= (whole - allowed)[rows[some]]
        rows = rows[~is_right]
        if len(rows) == 0:
            return result
    raise OneMapError("overlay.union", count=block.shape[1])


def _unite(block: np.ndarray, grid_size: float | None) -> np.ndarray:
    united: np.ndarray = shapely.union_all(block, grid_size=grid_size, axis=1)
    return united


def _inside_m2(unions: np.ndarray, block: np.ndarray, threads: Threads) -> np.ndarray:
    """The area of the polygons of each row (n, k) that lies in their union (n,), by sums."""
    areas, _ = common_areas(block.ravel(), unions.repeat(block.shape[1]), threads)
    areas_m2: np.ndarray = areas.reshape(block.shape).sum(axis=1)
    return areas_m2


def _pairwise(
    left: np.ndarray, right: np.ndarray, threads: Threads, *, common_wanted: bool
) -> tuple[np.ndarray, np.ndarray]:
    result = np.full(len(left), None, dtype=object)
    failed = np.zeros(len(left), dtype=bool)
    rows = np.flatnonzero(~shapely.is_missing(left) & ~shapely.is_missing(right))
    if len(rows) == 0:
        return result, failed
    sums = pair_sums(left[rows], right[rows], threads)
    # Two that share nothing have no common ground, and nothing to take from each other.
    apart = sums.area_m2 + sums.error_m2 < ARITHMETIC_M2
    if not common_wanted:
        result[rows[apart]] = polygon_parts(left[rows[apart]], ARITHMETIC_M2)
    rows, common, flat = rows[~apart], sums.area_m2[~apart], sums.flat_of(np.flatnonzero(~apart))
    one, other = left[rows], right[rows]
    expected = common if common_wanted else shapely.area(one) - common
    operation = shapely.intersection if common_wanted else shapely.difference
    ground, failed[rows] = _proved_ground(operation, one, other, expected, threads, flat)
    result[rows] = ground.geometries
    return result, failed


def intersections(left: np.ndarray, right: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """left ∩ right pair by pair, polygons only, None where they share no ground; and (n,) whether it failed."""
    return _pairwise(left, right, threads, common_wanted=True)


def differences(left: np.ndarray, right: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """left − right pair by pair, polygons only, None where nothing is left; and (n,) whether it failed.

    A right of None takes nothing away; a left of None has nothing.
    """
    result, failed = _pairwise(left, right, threads, common_wanted=False)
    whole = shapely.is_missing(right)
    result[whole] = left[whole]
    return result, failed


def divided_ground(ground: FlatGround, shapes_taken: AnyShapes, threads: Threads) -> tuple[FlatGround, FlatGround]:
    """The parts of ground (n,) outside and inside shapes (n,), row by row; the areas of both are known.

    ground: with known areas. Where it equals its shape, or the overlay fails, all of it counts as inside.
    """
    shapes = ground.shapes()
    is_all = are_equal(shapes, shapes_taken)
    rows = np.flatnonzero(~is_all)
    mine, other = some_of(shapes, rows), some_of(shapes_taken, rows)
    flat = FlatPairs(
        FlatPolygons(mine, threads), np.arange(len(rows)), FlatPolygons(other, threads), np.arange(len(rows))
    )
    common_m2, error_m2, _ = areas_of_pairs(flat, threads)
    common_rows = np.flatnonzero(common_m2 + error_m2 >= ARITHMETIC_M2)
    rows, flat, common_m2 = rows[common_rows], flat.only(common_rows), common_m2[common_rows]
    pair = picked_of(mine, common_rows), picked_of(other, common_rows)
    common, is_broken = _proved_ground(shapely.intersection, *pair, common_m2, threads, flat)
    rest, failed = _proved_ground(shapely.difference, *pair, areas_at(mine, common_rows) - common_m2, threads, flat)
    is_all[rows[failed | is_broken]] = True
    nothing = FlatGround.empty(len(ground))
    left = ground.with_ground(rows, rest).with_ground(np.flatnonzero(is_all), nothing.at(is_all))
    return left, nothing.with_ground(rows, common).with_ground(np.flatnonzero(is_all), ground.at(is_all))


def unions(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left ∪ right pair by pair; None counts as nothing, and two of them give None."""
    grounds = np.r_[left, right]
    present = ~shapely.is_missing(grounds)
    return union_by(np.tile(np.arange(len(left)), 2)[present], grounds[present], len(left))


def parts_outside(polygons: AnyShapes, ground: shapely.Geometry, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The part of each polygon that `ground` does not cover, None where it is covered; and where the overlay failed."""
    return _overlay_with_ground(
        polygons, ground, threads, differences, apart=polygons, covered_result=np.full(len(polygons), None)
    )


def parts_inside(polygons: AnyShapes, ground: shapely.Geometry, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The part of each polygon that `ground` covers, None where it covers nothing; and where the overlay failed."""
    whole = all_of(polygons)
    return _overlay_with_ground(
        whole, ground, threads, intersections, apart=np.full(len(whole), None), covered_result=whole
    )


def _overlay_with_ground(
    polygons: AnyShapes,
    ground: shapely.Geometry,
    threads: Threads,
    operation: Callable[[np.ndarray, np.ndarray, Threads], tuple[np.ndarray, np.ndarray]],
    apart: AnyShapes,
    covered_result: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """operation(polygon, ground) where the ground's edge crosses the polygon.

    apart, covered_result: results elsewhere.
    """
    shapely.prepare(ground)
    result = covered_result.copy()
    failed = np.zeros(len(polygons), dtype=bool)
    rows = np.arange(len(polygons))
    if isinstance(polygons, ShapeColumn) and len(rows):  # where a box lies inside, so does what is in it
        west_south, east_north = polygons.boxes[:, :2].min(axis=0), polygons.boxes[:, 2:].max(axis=0)
        is_around = shapely.covers(ground, shapely.box(*west_south, *east_north))
        rows = rows[:0] if is_around else rows[~shapely.covers(ground, index_of(polygons).geometries)]
    rows = rows[~shapely.covers(ground, polygons[rows])]
    is_apart = ~shapely.intersects(ground, polygons[rows])
    result[rows[is_apart]] = apart[rows[is_apart]]
    crossing_rows = rows[~is_apart]
    if len(crossing_rows) == 0:
        return result, failed
    result[crossing_rows], failed[crossing_rows] = operation(
        polygons[crossing_rows], np.full(len(crossing_rows), ground), threads
    )
    return result, failed


Concerns = Callable[[np.ndarray, np.ndarray], np.ndarray]


def unions_near(
    polygons: np.ndarray, zones: Pieces, margin_m: float, threads: Threads, concerns: Concerns | None = None
) -> np.ndarray:
    """The union of the zones that meet each polygon's box with a margin: (n,), None where there is none.

    Zones are subtracted as they are, not as their common ground with the polygon: along the polygon's own edge that
    ground is rounded and would leave slits that join separate parts. Nor are they cut to the box: two that share an
    edge would come apart where the cut is rounded. concerns(polygon (k,), zone (k,)) → (k,): which pairs count; all of
    them by default.
    """
    rows = np.flatnonzero(~shapely.is_missing(polygons))
    west, south, east, north = shapely.bounds(polygons[rows]).T
    boxes = shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    box, piece = zones.tree.query(boxes, predicate="intersects")
    order = np.lexsort((piece, box))  # the tree's own order depends on pieces that are far away
    box, piece = box[order], piece[order]
    if concerns is not None:
        concerned = concerns(rows[box], zones.owner[piece])
        box, piece = box[concerned], piece[concerned]
    threads.progress.check()
    return union_by(rows[box], zones.geometries[piece], len(polygons), threads)
