"""Checks of the shapes in one layer: slivers, least areas, spikes, crossing lines, vertices, coordinates."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import shapely

from onemap.layers.area_units import area_to_hundredths
from onemap.layers.crs import systems
from onemap.layers.errors import Problem
from onemap.layers.geometry.boxes import meet_box
from onemap.layers.geometry.hilbert import hilbert_order
from onemap.layers.geometry.rings import rings_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import all_of, some_of
from onemap.layers.quality.matched_edges import MatchedEdges
from onemap.layers.quality.position import coordinate_step
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import MOST_LISTED, Finding
from onemap.rules.answers.deliveries.row_checks import meets_condition

_WITHIN_M = 0.001  # of an edge: there a vertex lies on it
_SAME_M = 1e-6
_AT_ONCE = 10_000  # polygons whose edges are compared with each other at once


def shape_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """The findings of one check of shapes in a layer, and the number of features."""
    findings = list(islice(_CHECKS[check.kind](layer, check), MOST_LISTED))
    return len(layer.shapes), findings


def _slivers(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Parts of polygons whose mean width, twice the area by the length of the boundary, is below the limit."""
    for some in blocks(len(layer.shapes), _AT_ONCE):
        parts, owners = shapely.get_parts(layer.shapes[some], return_index=True)
        area_m2, length_m = shapely.area(parts), shapely.length(parts)
        width_m = 2 * area_m2 / np.maximum(length_m, 1e-12)
        least = check.keys["least_width_m"]
        for at in np.flatnonzero(width_m < least).tolist():
            facts = {"width": f"{width_m[at]:.3f}", "least": f"{least:g}"}
            row, area = some.start + int(owners[at]), float(area_m2[at])
            yield layer.finding(check, Problem("proof.sliver", facts), row, parts[at], area_m2=area)


def _small(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Polygons that meet the condition and have less than the least ellipsoidal area."""
    least = check.keys["least_m2"]
    is_asked = meets_condition(layer, check.keys.get("where"))
    for at in np.flatnonzero(is_asked & (layer.areas_m2 < least)).tolist():
        facts = {"area": area_to_hundredths(layer.areas_m2[at]), "least": f"{least:g}"}
        yield layer.finding(check, Problem("proof.small", facts), at, area_m2=float(layer.areas_m2[at]))


def _spikes(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Vertices of polygons at which two edges meet at an angle below the limit."""
    least = check.keys["least_degrees"]
    for some in blocks(len(layer.shapes), _AT_ONCE):
        points, owners, degrees = _angles(layer.shapes[some])
        for place in np.flatnonzero(degrees < least).tolist():
            facts = {"angle": f"{degrees[place]:.2f}", "least": f"{least:g}"}
            row = some.start + int(owners[place])
            yield layer.finding(check, Problem("proof.angle", facts), row, shapely.Point(points[place]))


def _angles(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The vertices (k, 2) of polygons (n,), their polygons (k,), and the angles of their edges in degrees (k,).

    NaN where two successive vertices of a ring are equal.
    """
    parts, of_part = shapely.get_parts(shapes, return_index=True)
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
    return points, of_part[of_ring[ring]], np.where(lengths > 0, degrees, np.nan)


def _crossings(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Lines that cross or overlap another line anywhere but at their ends, or that cross themselves."""
    for at in np.flatnonzero(~shapely.is_simple(layer.shapes)).tolist():
        yield layer.finding(check, Problem("proof.crossing", {"other": layer.name_of(at)}), at)
    left, right = layer.tree.query(layer.shapes, predicate="intersects")
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        if one >= other:
            continue
        common = shapely.intersection(layer.shapes[one], layer.shapes[other])
        ends = shapely.intersection(shapely.boundary(layer.shapes[one]), shapely.boundary(layer.shapes[other]))
        inner = shapely.difference(common, shapely.buffer(ends, _WITHIN_M)) if not ends.is_empty else common
        if not inner.is_empty:
            problem = Problem("proof.crossing", {"other": layer.name_of(other)})
            yield layer.finding(check, problem, one, inner, others=[layer.hash_of(other)])


def _vertices(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Vertices of one polygon that lie on the edge of another polygon without a vertex there.

    Edges along which another polygon's edge runs from end to end are skipped: a third polygon there is reported as an
    overlap.
    """
    within = check.keys.get("within_m", _WITHIN_M)
    for host, owner, point in sorted(_vertices_on_edges(layer, within)):
        problem = Problem("proof.vertex", {"other": layer.name_of(owner)})
        yield layer.finding(check, problem, host, shapely.Point(point))


def _vertices_on_edges(layer: DeliveredLayer, within: float) -> list[tuple[int, int, tuple[float, float]]]:
    """The polygon with the edge, the polygon with the vertex, and the vertex; each place on an edge once."""
    boxes = shapely.bounds(layer.shapes)
    vertices_by_place: dict[tuple[int, float, float], tuple[int, int, tuple[float, float]]] = {}
    for block in _blocks(boxes):
        block_box = np.array([*boxes[block, :2].min(axis=0) - within, *boxes[block, 2:].max(axis=0) + within])
        near = np.flatnonzero(meet_box(boxes, block_box))
        shapes = layer.shapes[near]
        edges = MatchedEdges(rings_of(shapes), boxes[near], shapes.__getitem__)
        begin, end, host = edges.lone_edges(np.isin(near, block))
        for at, place, point in _points_on_edges((begin, end, host), shapes, within):
            key = int(near[at]), round(point[0], 4), round(point[1], 4)
            vertex = key[0], int(near[place]), point
            vertices_by_place[key] = min(vertices_by_place.get(key, vertex), vertex)
    return list(vertices_by_place.values())


def _blocks(boxes: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of neighbouring features, as many as are processed at once."""
    order = hilbert_order(boxes)
    for some in blocks(len(order), _AT_ONCE):
        yield np.sort(order[some])


def _points_on_edges(
    edges: tuple[np.ndarray, np.ndarray, np.ndarray], shapes: np.ndarray, within: float
) -> Iterator[tuple[int, int, tuple[float, float]]]:
    """Vertices of other polygons on edges: the polygons of the edge and of the vertex, and the vertex.

    edges: begin, end (k, 2) and polygon (k,), a position among the shapes (n,).
    """
    begin, end, host = edges
    lines = shapely.linestrings(np.stack([begin, end], axis=1))
    others = np.unique(shapely.STRtree(shapes).query(lines, predicate="dwithin", distance=within)[1])
    points, owner = shapely.get_coordinates(shapes[others], return_index=True)
    owner = others[owner]
    point, edge = shapely.STRtree(lines).query(shapely.points(points), predicate="dwithin", distance=within)
    foreign = host[edge] != owner[point]
    point, polygon = point[foreign], host[edge[foreign]]
    for at in np.unique(polygon).tolist():
        own_points = np.unique(point[polygon == at])
        vertices = shapely.STRtree(shapely.points(shapely.get_coordinates(shapes[at])))
        own_vertices, _ = vertices.query(shapely.points(points[own_points]), predicate="dwithin", distance=_SAME_M)
        for one in np.delete(own_points, own_vertices).tolist():
            yield at, int(owner[one]), (float(points[one][0]), float(points[one][1]))


def _coarse(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """A finding for the layer if all its coordinates, as its file states them, are rounded more than allowed."""
    raw, least_m = layer.source.raw, check.keys["least_m"]
    unit_m = systems.unit_m(raw.crs if raw.crs is not None else layer.plane)
    steps = []
    for some in blocks(len(raw.shapes), _AT_ONCE):
        points = shapely.get_coordinates(all_of(some_of(raw.shapes, np.arange(some.start, some.stop))))
        if len(points) == 0:
            continue
        step = coordinate_step(points, least_m / unit_m)
        if step is None:
            return
        steps.append(step)
    if steps:
        facts = {"step": f"{min(steps) * unit_m:.2g}", "least": f"{least_m:g}"}
        yield layer.finding(check, Problem("proof.coarse", facts))


_CHECKS: dict[str, Callable[[DeliveredLayer, Check], Iterator[Finding]]] = {
    "sliver": _slivers,
    "small": _small,
    "angle": _spikes,
    "crossing": _crossings,
    "vertices": _vertices,
    "precision": _coarse,
}
