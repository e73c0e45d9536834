"""Reach on foot along streets: the ground within a walk of places, by the lengths of a network of lines.

A walker goes straight to a street that is near enough, along streets, and straight to the place. Lines join where they
share a vertex, or have vertices within a tolerance; a crossing without a vertex is taken for a bridge. Lines that do
not join are counted, never mended.
"""

import heapq
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from onemap.layers.geometry.parts import line_edges
from onemap.rules.answers.compare.dissolve import joined_groups
from onemap.rules.judge.overlay.grown_ground import ground_around
from onemap.rules.judge.overlay.lines_inside import proved_pieces
from onemap.rules.judge.overlay.threads import Threads

NEARLY_M = 5.0  # a dead end that comes so near to another street has most likely been meant to meet it
REACH_SEGMENTS = 16  # of a quarter of a circle around what is reached
_STEP_M = 10.0  # along a street beside a place, how far apart the points are where it can be entered


@dataclass(frozen=True)
class NetworkState:
    """How complete a network is: its length in m, its separate parts, and dead ends that nearly meet a street.

    is_joined: whether it is a network at all: some of its lines meet, or there is only one.
    """

    length_m: float
    parts: int
    loose_ends: int
    is_joined: bool


@dataclass(frozen=True)
class _Edges:
    """Straight segments (k,) of streets: their nodes (k, 2), end points (k, 2, 2), length, and line."""

    nodes: np.ndarray
    ends: np.ndarray
    length: np.ndarray
    line: np.ndarray


class StreetNetwork:
    """A graph of lines. join_m: vertices this near to each other, and ends this near to another street, are joined."""

    def __init__(self, lines: np.ndarray, join_m: float) -> None:
        parts, self._line_of_part = shapely.get_parts(lines, return_index=True)
        self._lines = parts
        self._edges, self._points, self._links = _graph_of(parts, join_m)

    @cached_property
    def _labels(self) -> np.ndarray:
        """The number of the connected part to which each node (n,) belongs."""
        pairs = np.vstack([self._edges.nodes, self._links])
        return joined_groups(len(self._points), pairs[:, 0], pairs[:, 1], Threads())

    @cached_property
    def _ways(self) -> tuple[list[int], list[int], list[float]]:
        """The index of each node's first way (n + 1,), and for each way (w,) its target node and its length.

        They are lists because the search reads them one by one.
        """
        gap = np.linalg.norm(self._points[self._links[:, 0]] - self._points[self._links[:, 1]], axis=1)
        pairs, length = np.vstack([self._edges.nodes, self._links]), np.concatenate([self._edges.length, gap])
        begin, end = np.concatenate([pairs, pairs[:, ::-1]]).T
        order = np.argsort(begin, kind="stable")
        first = np.searchsorted(begin[order], np.arange(len(self._points) + 1))
        return first.tolist(), end[order].tolist(), np.concatenate([length, length])[order].tolist()

    @cached_property
    def _loose(self) -> np.ndarray:
        """Dead ends (p,), as points, that come near a street of another line without meeting it."""
        # Nodes that are joined are one place.
        place = joined_groups(len(self._points), self._links[:, 0], self._links[:, 1], Threads())
        degree = np.bincount(place[self._edges.nodes.ravel()], minlength=len(self._points))
        is_dead = degree[place[self._edges.nodes]] == 1
        edge, side = np.nonzero(is_dead)
        long_enough = shapely.length(self._lines)[self._edges.line[edge]] > NEARLY_M
        edge, side = edge[long_enough], side[long_enough]
        points = shapely.points(self._edges.ends[edge, side])
        end, near = shapely.STRtree(self._lines).query(points, predicate="dwithin", distance=NEARLY_M)
        other = self._edges.line[edge[end]] != near
        loose_ends: np.ndarray = points[np.unique(end[other])]
        return loose_ends

    def state_in(self, ground: shapely.Geometry) -> NetworkState:
        """How complete the network is, for the lines that meet a polygon."""
        line_rows = np.flatnonzero(shapely.intersects(ground, self._lines))
        if not len(line_rows):
            return NetworkState(0.0, 0, 0, False)
        is_here = np.isin(self._edges.line, line_rows)
        parts = len(np.unique(self._labels[self._edges.nodes[is_here, 0]]))
        pieces = proved_pieces(shapely.intersection, self._lines[line_rows], np.full(len(line_rows), ground))
        inside = float(shapely.length(pieces).sum())
        features = len(np.unique(self._line_of_part[line_rows]))
        loose = int(shapely.intersects(ground, self._loose).sum()) if len(self._loose) else 0
        return NetworkState(inside, parts, loose, features == 1 or parts < features)

    def ground_within_walk(self, places: np.ndarray, distance_m: float, snap_m: float) -> shapely.Geometry:
        """The ground within a walk of any of the places (p,): of points, lines or polygons.

        A walk is at most distance_m long, including the ways to and from a street, each of at most snap_m. From a point
        of a street at which the walk has r left, it reaches all ground within r. Further along the street such a disc
        lies inside the first one, so the reached ground is all ground within snap_m of the streets at which that much
        is left.
        """
        budget = distance_m - snap_m
        near, stretches = places, self._stretches(places, snap_m, budget)
        if len(stretches):
            merged_lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(stretches)))
            near = np.concatenate([near, merged_lines])
        return ground_around(near, snap_m, Threads(), REACH_SEGMENTS)

    def ground_near_streets(self, snap_m: float) -> shapely.Geometry:
        """The ground within snap_m of any street."""
        return ground_around(self._lines, snap_m, Threads(), REACH_SEGMENTS)

    def _stretches(self, places: np.ndarray, snap_m: float, budget: float) -> np.ndarray:
        """The straight stretches (s,) of streets that a walker reaches within the budget, as lines."""
        edge, position, cost = self._starts(places, snap_m)
        if not len(edge):
            return np.empty(0, dtype=object)
        length, nodes = self._edges.length, self._edges.nodes
        first = np.full(len(self._points), np.inf)
        np.minimum.at(first, nodes[edge, 0], cost + position)
        np.minimum.at(first, nodes[edge, 1], cost + length[edge] - position)
        left = np.maximum(budget - self._costs(first, budget), 0.0)
        forth, back = left[nodes[:, 0]], left[nodes[:, 1]]
        is_whole = forth + back >= length
        open_edges = np.flatnonzero(~is_whole)
        spare = np.maximum(budget - cost, 0.0)
        own = ~is_whole[edge]
        spans = np.concatenate([np.flatnonzero(is_whole), open_edges, open_edges, edge[own]])
        begin = np.concatenate(
            [np.zeros(int(is_whole.sum())), np.zeros(len(open_edges)), (length - back)[open_edges]]
            + [(position - spare)[own]]
        )
        end = np.concatenate(
            [length[is_whole], forth[open_edges], length[open_edges], (position + spare)[own]],
        )
        begin, end = np.maximum(begin, 0.0), np.minimum(end, length[spans])
        is_stretch = end > begin
        return self._part_lines(spans[is_stretch], begin[is_stretch], end[is_stretch])

    def _part_lines(self, edge: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        lines: np.ndarray = shapely.linestrings(np.stack([self._at(edge, begin), self._at(edge, end)], axis=1))
        return lines

    def _at(self, edge: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Coordinates (k, 2) at a position along edges (k,); both ends are exact, so that stretches meet."""
        ends, share = self._edges.ends[edge], (position / self._edges.length[edge])[:, None]
        coordinates: np.ndarray = np.where(share >= 1.0, ends[:, 1], ends[:, 0] + share * (ends[:, 1] - ends[:, 0]))
        return coordinates

    def _starts(self, places: np.ndarray, snap_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where walks from places meet a street: edge (s,), position along it, and distance from the place, in m.

        They are the nearest point of each street, and points every few metres, for places along it and for slanting
        ways.
        """
        lines = shapely.linestrings(self._edges.ends)
        place, edge = shapely.STRtree(lines).query(places, predicate="dwithin", distance=snap_m)
        foot = shapely.line_locate_point(
            lines[edge], shapely.get_point(shapely.shortest_line(lines[edge], places[place]), 0)
        )
        steps = (self._edges.length[edge] // _STEP_M).astype(int)
        row = np.repeat(np.arange(len(edge)), steps + 1)
        count = np.arange(len(row)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
        position = np.concatenate([foot, np.minimum(count * _STEP_M, self._edges.length[edge[row]])])
        edge, place = np.concatenate([edge, edge[row]]), np.concatenate([place, place[row]])
        cost = shapely.distance(shapely.points(self._at(edge, position)), places[place])
        is_near = cost <= snap_m
        return edge[is_near], position[is_near], cost[is_near]

    def _costs(self, first: np.ndarray, budget: float) -> np.ndarray:
        """The distance of each node (n,) from its nearest place, in m. first: the distance without passing other nodes.

        Ways beyond the budget are not searched; there the result is `first`.
        The shortest ways after E. W. Dijkstra, A Note on Two Problems in Connexion with Graphs, 1959.
        """
        begin, end, length = self._ways
        costs = first.tolist()
        heap = [(cost, node) for node, cost in enumerate(costs) if cost <= budget]
        heapq.heapify(heap)
        while heap:
            cost, node = heapq.heappop(heap)
            if cost > costs[node]:
                continue  # it was reached in a shorter way since
            for way in range(begin[node], begin[node + 1]):
                farther = cost + length[way]
                if farther <= budget and farther < costs[end[way]]:
                    costs[end[way]] = farther
                    heapq.heappush(heap, (farther, end[way]))
        return np.array(costs)


def _graph_of(lines: np.ndarray, join_m: float) -> tuple[_Edges, np.ndarray, np.ndarray]:
    """Edges, nodes (n, 2), and pairs (l, 2) of nodes at most join_m apart."""
    ends, line = line_edges(lines)
    is_long = (ends[:, 0] != ends[:, 1]).any(axis=1)
    ends, line = _split(ends[is_long], line[is_long], lines, join_m)
    points, node = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    shapes = shapely.points(points)
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=join_m).T
    return _Edges(node.reshape(-1, 2), ends, length, line), points, pairs[pairs[:, 0] < pairs[:, 1]]


def _split(ends: np.ndarray, line: np.ndarray, lines: np.ndarray, join_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Segments (k, 2, 2) of lines, split where another line ends on them, and the line of each."""
    segments = shapely.linestrings(ends)
    stops = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    stop, segment = shapely.STRtree(segments).query(stops, predicate="dwithin", distance=join_m)
    position = shapely.line_locate_point(segments[segment], stops[stop])
    length = shapely.length(segments)
    inside = (position > join_m) & (position < length[segment] - join_m)
    segment, position = segment[inside], position[inside]
    count = np.arange(len(segments))
    at = np.concatenate([count, count, segment])
    along = np.concatenate([np.zeros(len(segments)), length, position])
    vertex = np.concatenate(
        [ends[:, 0], ends[:, 1], shapely.get_coordinates(shapely.line_interpolate_point(segments[segment], position))]
    )
    order = np.lexsort((along, at))
    at, along, vertex = at[order], along[order], vertex[order]
    rows = np.flatnonzero((at[1:] == at[:-1]) & (np.diff(along) > 0))
    return np.stack([vertex[rows], vertex[rows + 1]], axis=1), line[at[rows]]
