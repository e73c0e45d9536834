"""Checks of one layer against another: inside, covers, apart, the same boundary.

The ground that two layers of polygons share is first computed by sums; it is cut out only where it may be reported.
"""

from collections.abc import Callable, Iterator

import numpy as np
import shapely

from onemap.layers.area_units import area_to_hundredths
from onemap.layers.errors import Problem
from onemap.layers.geometry.hilbert import hilbert_order
from onemap.layers.geometry.parts import polygon_part
from onemap.layers.progress import SILENT, Progress
from onemap.layers.quality.topology import SizeLimits
from onemap.rules.answers.deliveries.check_kinds import MOST_LISTED
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.answers.deliveries.row_checks import meets_condition
from onemap.rules.judge.overlay.candidate_pairs import CandidatePairs, candidate_pairs
from onemap.rules.judge.overlay.mutual_overlaps import features_overlap
from onemap.rules.judge.overlay.subdivision import MOST_VERTICES, cut_around, tiles_near
from onemap.rules.judge.overlay.threads import Threads

_LEAST_M2, _LEAST_WIDTH_M = 0.01, 0.001  # below that coordinates were rounded
_LEAST_M = 0.001  # of a line
_ARITHMETIC_M2 = 1e-5  # what sums leave of nothing
_MARGIN_M = 1.0  # around what large polygons are cut out near
_AT_ONCE = 2_000  # features of which ground is cut out in one step
_PAIRS_AT_ONCE = 50_000  # whose shared areas are summed in one step
_POLYGON = 2


def between_findings(
    layer: DeliveredLayer, other: DeliveredLayer, check: Check, progress: Progress = SILENT
) -> tuple[int, list[Finding]]:
    """The findings of one check between two layers, and the number of the layer's features."""
    findings = []
    for one in _CHECKS[check.kind](layer, other, check, Threads.of(None, progress)):
        findings.append(one)
        if len(findings) == MOST_LISTED:
            break
    return len(layer.shapes), findings


def _limits(check: Check) -> SizeLimits:
    return SizeLimits(check.keys.get("least_m2", _LEAST_M2), check.keys.get("least_width_m", _LEAST_WIDTH_M))


def _asked_rows(layer: DeliveredLayer, where: str | None) -> np.ndarray:
    return np.flatnonzero(meets_condition(layer, where))


def _are_polygons(shapes: np.ndarray) -> bool:
    return bool(len(shapes)) and bool((shapely.get_dimensions(shapes) == _POLYGON).all())


def _ground(shape: shapely.Geometry, dimension: int, limits: SizeLimits) -> shapely.Geometry | None:
    """The part of a shape that is large enough to report; `dimension` tells whether area, length or points count."""
    if dimension == _POLYGON:
        areal = polygon_part(shape)
        large = shapely.get_parts(areal) if areal is not None else np.empty(0, dtype=object)
        large = large[limits.exceeds_limits(large)]
        return shapely.multipolygons(large) if len(large) else None
    parts = shapely.get_parts(shape)
    if dimension == 0:
        return None if shape.is_empty else shape
    lines = parts[shapely.get_dimensions(parts) == 1]
    lines = lines[shapely.length(lines) > _LEAST_M]
    return shapely.multilinestrings(lines) if len(lines) else None


def _rest(
    shapes: np.ndarray, cover: np.ndarray, least_m2: float, threads: Threads
) -> Iterator[tuple[int, shapely.Geometry]]:
    """The shapes (n,) that may lie partly outside the cover (m,): their positions, and the parts outside.

    least_m2: polygons that certainly leave less outside are skipped.
    """
    are_polygons = _are_polygons(cover)
    if are_polygons and _are_polygons(shapes):
        rows = _open_polygons(shapes, cover, least_m2, threads)
    else:
        rows = _open_shapes(shapes, cover)
    tree = shapely.STRtree(cover)
    for start in range(0, len(rows), _AT_ONCE):
        threads.progress.check()
        some = rows[start : start + _AT_ONCE]
        at, cover_rows = tree.query(shapes[some], predicate="intersects")
        order = np.lexsort((cover_rows, at))
        at, cover_rows = at[order], cover_rows[order]
        near = _parts_near(cover, cover_rows, shapes[some[at]], threads) if are_polygons else cover[cover_rows]
        ends = np.searchsorted(at, np.arange(len(some) + 1))
        for number, row in enumerate(some.tolist()):
            cover_parts = near[ends[number] : ends[number + 1]]
            yield (
                row,
                shapely.difference(shapes[row], shapely.union_all(cover_parts)) if len(cover_parts) else shapes[row],
            )


def _parts_near(polygons: np.ndarray, which: np.ndarray, shapes: np.ndarray, threads: Threads) -> np.ndarray:
    """The part of polygons[which] (k,) around the shapes (k,); only large polygons are cut."""
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    distinct, place = np.unique(which, return_inverse=True)
    return cut_around(tiles_near(polygons[distinct], place, boxes, _MARGIN_M, threads), boxes, _MARGIN_M)


def _open_polygons(shapes: np.ndarray, cover: np.ndarray, least_m2: float, threads: Threads) -> np.ndarray:
    """Which polygons (n,) may leave enough ground outside the cover, by the areas that they share with its polygons."""
    tree, is_open = shapely.STRtree(cover), np.zeros(len(shapes), dtype=bool)
    for some in _blocks(shapes, tree):
        threads.progress.check()
        near = np.unique(tree.query(shapely.box(*shapely.bounds(shapes[some]).T))[1])
        is_open[some] = _are_open(shapes[some], cover[near], least_m2, threads)
    return np.flatnonzero(is_open)


def _blocks(shapes: np.ndarray, tree: shapely.STRtree) -> Iterator[np.ndarray]:
    """Positions of neighbouring shapes in blocks, each of which meets a limited number of the tree's boxes."""
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    order = hilbert_order(boxes)
    met_counts = np.bincount(tree.query(shapely.box(*boxes[order].T))[0], minlength=len(order))
    block = np.cumsum(met_counts + 1) // _PAIRS_AT_ONCE
    yield from np.split(order, np.flatnonzero(np.diff(block)) + 1)


def _are_open(shapes: np.ndarray, cover: np.ndarray, least_m2: float, threads: Threads) -> np.ndarray:
    """The result of `_open_polygons` for one block, as a mask (n,)."""
    pairs = candidate_pairs(shapes, shapely.STRtree(shapes), cover, threads)
    count = len(shapes)
    shared_m2 = np.bincount(pairs.parcel, pairs.area_m2, count)
    error_m2 = np.bincount(pairs.parcel, pairs.error_m2, count)
    left_m2 = shapely.area(shapes) - shared_m2
    is_open: np.ndarray = left_m2 + error_m2 >= max(least_m2, _ARITHMETIC_M2)
    several = ~is_open & (np.bincount(pairs.parcel, minlength=count) > 1)
    several &= np.bincount(pairs.parcel, pairs.is_within, count) == 0
    # Where two of the cover share ground on a polygon, what they share with it counts twice. Large ones are not held
    # against each other as wholes: what a polygon leaves of them is cut out near it.
    is_large = shapely.get_num_coordinates(cover) > MOST_VERTICES
    is_open |= several & (np.bincount(pairs.parcel, is_large[pairs.feature], count) > 0)
    several &= ~is_open
    doubtful = pairs.only(np.flatnonzero(several[pairs.parcel]))
    return is_open | features_overlap(doubtful.parcel, doubtful.feature, cover, count, _ARITHMETIC_M2, threads)


def _open_shapes(shapes: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Which shapes (n,) do not lie within a single shape of the cover."""
    at, cover_rows = shapely.STRtree(cover).query(shapes)
    shapely.prepare(cover)
    inside = at[shapely.covers(cover[cover_rows], shapes[at])]
    return np.setdiff1d(np.arange(len(shapes)), inside)


def _check_inside(layer: DeliveredLayer, other: DeliveredLayer, check: Check, threads: Threads) -> Iterator[Finding]:
    wheres = check.keys.get("where"), check.keys.get("other_where")
    yield from _outside(layer, other, wheres, "proof.outside", check, threads)


def _covers(layer: DeliveredLayer, other: DeliveredLayer, check: Check, threads: Threads) -> Iterator[Finding]:
    wheres = check.keys.get("other_where"), check.keys.get("where")
    yield from _outside(other, layer, wheres, "proof.uncovered", check, threads)


def _outside(
    layer: DeliveredLayer,
    cover: DeliveredLayer,
    wheres: tuple[str | None, str | None],
    code: str,
    check: Check,
    threads: Threads,
) -> Iterator[Finding]:
    """Findings for features with ground outside the cover that is large enough to report. wheres: of both layers."""
    limits, rows, cover_rows = _limits(check), _asked_rows(layer, wheres[0]), _asked_rows(cover, wheres[1])
    shapes = layer.shapes[rows]
    for at, rest in _rest(shapes, cover.shapes[cover_rows], limits.area_m2 / 2, threads):
        ground = _ground(rest, int(shapely.get_dimensions(shapes[at])), limits)
        if ground is not None:
            facts = {"other": cover.wish.entry.title, "area": area_to_hundredths(ground.area)}
            yield layer.finding(check, Problem(code, facts), int(rows[at]), ground, area_m2=float(ground.area))


def _check_apart(layer: DeliveredLayer, other: DeliveredLayer, check: Check, threads: Threads) -> Iterator[Finding]:
    rows, others = _asked_rows(layer, check.keys.get("where")), _asked_rows(other, check.keys.get("other_where"))
    limits, shapes, grounds = _limits(check), layer.shapes[rows], other.shapes[others]
    for at, ground_rows, near in _met(shapes, grounds, limits, threads):
        row, with_whom = int(rows[at]), others[ground_rows].tolist()
        common = shapely.union_all(shapely.intersection(shapes[at], near))
        dimension = int(min(shapely.get_dimensions(shapes[at]), shapely.get_dimensions(grounds[ground_rows]).max()))
        ground = _ground(common, dimension, limits)
        if ground is not None:
            facts = {"other": other.wish.entry.title, "features": [other.name_of(one) for one in with_whom[:5]]}
            facts["area"] = area_to_hundredths(ground.area)
            hashes = [other.hash_of(one) for one in with_whom]
            problem = Problem("proof.meets", facts)
            yield layer.finding(check, problem, row, ground, area_m2=float(ground.area), others=hashes)


def _met(
    shapes: np.ndarray, grounds: np.ndarray, limits: SizeLimits, threads: Threads
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The shapes (n,) that meet grounds (m,): their positions, the grounds' (k,), and the grounds' parts nearby."""
    are_polygons = _are_polygons(grounds)
    if are_polygons and _are_polygons(shapes):
        at, ground_rows = _pairs_sharing_ground(
            candidate_pairs(shapes, shapely.STRtree(shapes), grounds, threads), len(shapes), limits
        )
    else:
        at, ground_rows = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    order = np.lexsort((ground_rows, at))
    at, ground_rows = at[order], ground_rows[order]
    for start in range(0, len(at), _AT_ONCE):
        threads.progress.check()
        begin = start if start == 0 else int(np.searchsorted(at, at[start], side="left"))
        end = len(at) if start + _AT_ONCE >= len(at) else int(np.searchsorted(at, at[start + _AT_ONCE], side="left"))
        some, which = at[begin:end], ground_rows[begin:end]
        near = _parts_near(grounds, which, shapes[some], threads) if are_polygons else grounds[which]
        for one, first, count in zip(*np.unique(some, return_index=True, return_counts=True), strict=True):
            yield int(one), which[first : first + count], near[first : first + count]


def _pairs_sharing_ground(pairs: CandidatePairs, count: int, limits: SizeLimits) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that share ground, for polygons (n,) that may share enough of it to be reported."""
    pairs = pairs.only(np.flatnonzero(pairs.area_m2 + pairs.error_m2 >= _ARITHMETIC_M2))
    most_m2 = np.bincount(pairs.parcel, pairs.area_m2 + pairs.error_m2, count)
    enough = np.flatnonzero((most_m2 >= limits.area_m2 / 2)[pairs.parcel])
    return pairs.parcel[enough], pairs.feature[enough]


def _same_boundary(layer: DeliveredLayer, other: DeliveredLayer, check: Check, threads: Threads) -> Iterator[Finding]:
    limits = _limits(check)
    least_m2 = min(limits.area_m2, _LEAST_M2) / 10  # of one feature: the ground of several may be one part
    for one, another in ((layer, other), (other, layer)):
        left = [rest for _, rest in _rest(one.shapes, another.shapes, least_m2, threads)]
        rest = _ground(shapely.union_all(left), _POLYGON, limits) if left else None
        for part in shapely.get_parts(rest) if rest is not None else ():
            facts = {"other": another.wish.entry.title, "area": area_to_hundredths(part.area)}
            nearest = one.tree.query(part.representative_point(), predicate="intersects")
            row = int(nearest.min()) if len(nearest) else None
            yield one.finding(check, Problem("proof.boundary", facts), row, part, area_m2=float(part.area))


_CHECKS: dict[str, Callable[[DeliveredLayer, DeliveredLayer, Check, Threads], Iterator[Finding]]] = {
    "inside": _check_inside,
    "covers": _covers,
    "apart": _check_apart,
    "same_boundary": _same_boundary,
}
