"""Checks of the shapes in one layer: slivers, least areas, spikes, crossing lines, vertices on the neighbour's edge."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import shapely

from onemap.layers.errors import Problem
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import MOST_LISTED, Finding
from onemap.rules.answers.deliveries.row_checks import meets_condition

_WITHIN_M = 0.001  # of an edge: there a vertex lies on it
_SAME_M = 1e-6


def shape_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """What one such check finds in a layer, and at how many features it has looked."""
    found = list(islice(_CHECKS[check.kind](layer, check), MOST_LISTED))
    return len(layer.shapes), found


def _slivers(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Parts of polygons that are on the mean narrower than asked: twice the area by the length of the boundary."""
    parts, owners = shapely.get_parts(layer.shapes, return_index=True)
    area_m2, length_m = shapely.area(parts), shapely.length(parts)
    width_m = 2 * area_m2 / np.maximum(length_m, 1e-12)
    least = check.keys["least_width_m"]
    for at in np.flatnonzero(width_m < least).tolist():
        facts = {"width": f"{width_m[at]:.3f}", "least": f"{least:g}"}
        yield layer.finding(
            check, Problem("proof.sliver", facts), int(owners[at]), parts[at], area_m2=float(area_m2[at])
        )


def _small(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Polygons, of those that meet the condition, below the least area, measured on the ellipsoid."""
    least = check.keys["least_m2"]
    asked = meets_condition(layer, check.keys.get("where"))
    for at in np.flatnonzero(asked & (layer.areas_m2 < least)).tolist():
        facts = {"area": f"{layer.areas_m2[at]:.2f}", "least": f"{least:g}"}
        yield layer.finding(check, Problem("proof.small", facts), at, area_m2=float(layer.areas_m2[at]))


def _spikes(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Vertices of polygons where two edges meet under a smaller angle than asked."""
    least = check.keys["least_degrees"]
    parts, of_part = shapely.get_parts(layer.shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    is_first = np.append(True, ring[1:] != ring[:-1])[: len(ring)]
    is_last = np.append(is_first[1:], True)[: len(ring)]  # which is the first once more
    points, ring, is_first = points[~is_last], ring[~is_last], is_first[~is_last]
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], len(ring))[: len(starts)] - 1
    previous, following = np.arange(len(ring)) - 1, np.arange(len(ring)) + 1
    previous[starts], following[ends] = ends, starts
    before, after = points[previous] - points, points[following] - points
    lengths = np.hypot(*before.T) * np.hypot(*after.T)
    cosine = (before * after).sum(axis=1) / np.maximum(lengths, 1e-12)
    degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    for place in np.flatnonzero((degrees < least) & (lengths > 0)).tolist():
        facts = {"angle": f"{degrees[place]:.2f}", "least": f"{least:g}"}
        owner = int(of_part[of_ring[ring[place]]])
        yield layer.finding(check, Problem("proof.angle", facts), owner, shapely.Point(points[place]))


def _crossings(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Lines that cross another one, or lie on it, elsewhere than at their ends; or that cross themselves."""
    for at in np.flatnonzero(~shapely.is_simple(layer.shapes)).tolist():
        yield layer.finding(check, Problem("proof.crossing", {"other": layer.name_of(at)}), at)
    left, right = layer.tree.query(layer.shapes, predicate="intersects")
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        if one >= other:
            continue
        shared = shapely.intersection(layer.shapes[one], layer.shapes[other])
        ends = shapely.intersection(shapely.boundary(layer.shapes[one]), shapely.boundary(layer.shapes[other]))
        inner = shapely.difference(shared, shapely.buffer(ends, _WITHIN_M)) if not ends.is_empty else shared
        if not inner.is_empty:
            problem = Problem("proof.crossing", {"other": layer.name_of(other)})
            yield layer.finding(check, problem, one, inner, others=[layer.hashes[other]])


def _vertices(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Vertices of one polygon that lie on the edge of another which has none there."""
    within = check.keys.get("within_m", _WITHIN_M)
    boundaries = shapely.boundary(layer.shapes)
    points, owners = shapely.get_coordinates(layer.shapes, return_index=True)
    dots = shapely.points(points)
    tree = shapely.STRtree(boundaries)
    dot, edge = tree.query(dots, predicate="dwithin", distance=within)
    foreign = owners[dot] != edge
    dot, edge = dot[foreign], edge[foreign]
    # Which vertex lies on one of which polygon: each such pair as one number.
    one, same = shapely.STRtree(dots).query(dots, predicate="dwithin", distance=_SAME_M)
    shared = np.unique(one * len(layer.shapes) + owners[same])
    is_alone = ~np.isin(dot * len(layer.shapes) + edge, shared)
    places: set[tuple[int, float, float]] = set()
    for at, other in zip(dot[is_alone].tolist(), edge[is_alone].tolist(), strict=True):
        place = (other, round(float(points[at][0]), 4), round(float(points[at][1]), 4))
        if place in places:
            continue
        places.add(place)
        problem = Problem("proof.vertex", {"other": layer.name_of(int(owners[at]))})
        yield layer.finding(check, problem, other, dots[at])


_CHECKS: dict[str, Callable[[DeliveredLayer, Check], Iterator[Finding]]] = {
    "sliver": _slivers,
    "small": _small,
    "angle": _spikes,
    "crossing": _crossings,
    "vertices": _vertices,
}
