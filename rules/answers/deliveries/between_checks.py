"""Checks of one layer against another: inside, covers, apart, the same boundary."""

from collections.abc import Callable, Iterator

import numpy as np
import shapely

from onemap.layers.errors import Problem
from onemap.layers.geometry.parts import polygon_parts
from onemap.layers.quality.topology import SizeLimits
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import MOST_LISTED, Finding
from onemap.rules.answers.deliveries.row_checks import meets_condition

_LEAST_M2, _LEAST_WIDTH_M = 0.01, 0.001  # below that coordinates were rounded
_LEAST_M = 0.001  # of a line


def between_findings(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """What one such check finds, and at how many features of the layer it has looked."""
    found = []
    for one in _CHECKS[check.kind](layer, other, check):
        found.append(one)
        if len(found) == MOST_LISTED:
            break
    return len(layer.shapes), found


def _limits(check: Check) -> SizeLimits:
    return SizeLimits(check.keys.get("least_m2", _LEAST_M2), check.keys.get("least_width_m", _LEAST_WIDTH_M))


def _asked_rows(layer: DeliveredLayer, where: str | None) -> np.ndarray:
    return np.flatnonzero(meets_condition(layer, where))


def _ground(shape: shapely.Geometry, dimension: int, limits: SizeLimits) -> shapely.Geometry | None:
    """What of a shape is large enough to be told: its parts of area, of length or its points, as `dimension` says."""
    if dimension == 2:
        areal = polygon_parts(np.array([shape], dtype=object))[0]
        large = shapely.get_parts(areal) if areal is not None else np.empty(0, dtype=object)
        large = large[limits.exceeds_limits(large)]
        return shapely.multipolygons(large) if len(large) else None
    parts = shapely.get_parts(shape)
    if dimension == 0:
        return None if shape.is_empty else shape
    lines = parts[shapely.get_dimensions(parts) == 1]
    lines = lines[shapely.length(lines) > _LEAST_M]
    return shapely.multilinestrings(lines) if len(lines) else None


def _beyond(
    layer: DeliveredLayer, cover: DeliveredLayer, rows: np.ndarray, cover_rows: np.ndarray, limits: SizeLimits
) -> Iterator[tuple[int, shapely.Geometry]]:
    """Rows of a layer and what of each lies outside the cover."""
    tree = shapely.STRtree(cover.shapes[cover_rows])
    for row in rows.tolist():
        shape = layer.shapes[row]
        near = cover.shapes[cover_rows[np.sort(tree.query(shape, predicate="intersects"))]]
        dimension = int(shapely.get_dimensions(shape))
        rest = _ground(shapely.difference(shape, shapely.union_all(near)), dimension, limits)
        if rest is not None:
            yield row, rest


def _inside(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> Iterator[Finding]:
    rows, cover_rows = _asked_rows(layer, check.keys.get("where")), _asked_rows(other, check.keys.get("other_where"))
    for row, rest in _beyond(layer, other, rows, cover_rows, _limits(check)):
        facts = {"other": other.wish.entry.title, "area": f"{rest.area:.2f}"}
        yield layer.finding(check, Problem("proof.outside", facts), row, rest, area_m2=float(rest.area))


def _covers(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> Iterator[Finding]:
    rows, cover_rows = _asked_rows(other, check.keys.get("other_where")), _asked_rows(layer, check.keys.get("where"))
    for row, rest in _beyond(other, layer, rows, cover_rows, _limits(check)):
        facts = {"other": layer.wish.entry.title, "area": f"{rest.area:.2f}"}
        yield other.finding(check, Problem("proof.uncovered", facts), row, rest, area_m2=float(rest.area))


def _apart(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> Iterator[Finding]:
    rows, others = _asked_rows(layer, check.keys.get("where")), _asked_rows(other, check.keys.get("other_where"))
    limits = _limits(check)
    left, right = shapely.STRtree(other.shapes[others]).query(layer.shapes[rows], predicate="intersects")
    for at in np.unique(left).tolist():
        row, met = int(rows[at]), others[np.sort(right[left == at])].tolist()
        shared = shapely.union_all(shapely.intersection(layer.shapes[row], other.shapes[met]))
        dimension = int(min(shapely.get_dimensions(layer.shapes[row]), shapely.get_dimensions(other.shapes[met]).max()))
        ground = _ground(shared, dimension, limits)
        if ground is not None:
            facts = {"other": other.wish.entry.title, "features": [other.name_of(one) for one in met[:5]]}
            facts["area"] = f"{ground.area:.2f}"
            hashes = [other.hashes[one] for one in met]
            problem = Problem("proof.meets", facts)
            yield layer.finding(check, problem, row, ground, area_m2=float(ground.area), others=hashes)


def _same_boundary(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> Iterator[Finding]:
    limits = _limits(check)
    for one, another in ((layer, other), (other, layer)):
        rest = _ground(shapely.difference(one.union, another.union), 2, limits)
        for part in shapely.get_parts(rest) if rest is not None else ():
            facts = {"other": another.wish.entry.title, "area": f"{part.area:.2f}"}
            nearest = one.tree.query(part.representative_point(), predicate="intersects")
            row = int(nearest.min()) if len(nearest) else None
            yield one.finding(check, Problem("proof.boundary", facts), row, part, area_m2=float(part.area))


_CHECKS: dict[str, Callable[[DeliveredLayer, DeliveredLayer, Check], Iterator[Finding]]] = {
    "inside": _inside,
    "covers": _covers,
    "apart": _apart,
    "same_boundary": _same_boundary,
}
