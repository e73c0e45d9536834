"""Whether a whole layer is shifted against the library's data about the same things."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import Problem
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.geometry.gcj02 import gcj02_step_m
from onemap.layers.quality.feature_problems import Flaws
from onemap.layers.quality.position import GCJ02_WITHIN_M, MOST_M, Borders, borders_of, segments_in, shift_facts

_SEEDS, _POINTS, _POINTS_OF_A_PLACE = 24, 2400, 40_000
_CELL_M = 10.0  # of the votes
_PAIRS_AT_ONCE = 200_000
_WITHIN_M = (2.0, 5.0, 15.0)  # how near points must come to lines; the narrowest that is enough counts
_LEAST_POINTS, _LEAST_FEATURES, _MANY_POINTS = 40, 3, 150
_FITS, _MISSES, _OTHERWISE = 0.7, 0.35, 0.6  # shares of the points: with the step, without it, with another one


@dataclass(frozen=True)
class KnownLines:
    """A layer of the library with which another should agree.

    near: its features whose boxes meet a box, (n,); are_borders: together they make up the ground of a district.
    """

    layer: str
    label: str
    near: Callable[[Bounds], np.ndarray]
    are_borders: bool = False


@dataclass(frozen=True)
class Displacement:
    """The shift of a layer against known lines: east and north in metres, and the share of its points that then fit."""

    known: KnownLines
    east_m: float
    north_m: float
    certainty: float
    middle: tuple[float, float]


def displacement(
    frame: FrameBlocks, known_lines: Sequence[KnownLines], least_m: float
) -> tuple[Displacement | None, bool]:
    """Return the shift of at least `least_m` between a frame and known lines; and whether it fits some without a shift.

    Pairs of vertices vote for the shift between them; the winner is compared with the lines. There is no result if
    another shift would do nearly as well, as in a grid or along a straight line.
    """
    features = _seeds(frame)
    for one in known_lines:
        place = _place(features, one)
        if place is None:
            continue
        before = _share(place, np.zeros(2), _WITHIN_M[-1])
        step = _voted_step(place)
        far_m = 0.0 if step is None else math.hypot(*step)
        if step is not None and least_m <= far_m <= MOST_M and (certainty := _certainty(place, step)) is not None:
            middle = np.median(place.points, axis=0)
            return Displacement(
                one, float(step[0]), float(step[1]), certainty, (float(middle[0]), float(middle[1]))
            ), False
        if before >= _FITS:
            return None, True
    return None, False


def displacement_flaws(shift: Displacement, crs: pyproj.CRS) -> list[Flaws]:
    """Return a displacement as the problem of a whole layer. crs: of its coordinates."""
    step = (shift.east_m, shift.north_m)
    is_gcj02 = math.dist(step, gcj02_step_m(*shift.middle, crs)) < GCJ02_WITHIN_M
    layer_fact = Problem("suggest.beside_layer", {"code": shift.known.layer, "label": shift.known.label})
    return [
        Flaws("position.shift", np.array([-1]), [shift_facts(step, shift.certainty, layer_fact, is_gcj02=is_gcj02)])
    ]


@dataclass(frozen=True)
class _Place:
    """Points of some features (n, 2), the feature of each (n,), and the known lines around them.

    vertices: for each feature the vertices of lines near it (m, 2).
    """

    points: np.ndarray
    owner: np.ndarray
    lines: Borders
    vertices: list[np.ndarray]


def _seeds(frame: FrameBlocks) -> list[np.ndarray]:
    """Return vertices of some features that are evenly spread in a frame."""
    rows = np.unique(np.linspace(0, frame.count - 1, min(frame.count, _SEEDS)).astype(int))
    seeds, most = [], _POINTS // len(rows)
    for geometry in frame.geometries(rows):
        vertices = shapely.get_coordinates(geometry)
        if len(vertices):
            some = np.unique(np.linspace(0, len(vertices) - 1, min(len(vertices), most)).astype(int))
            seeds.append(vertices[some])
    return seeds


def _place(features: Sequence[np.ndarray], known_lines: KnownLines) -> _Place | None:
    points, owner, vertices, begins, ends = [], [], [], [], []
    for number, own in enumerate(features):
        low, high = own.min(axis=0) - MOST_M, own.max(axis=0) + MOST_M
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        shapes = known_lines.near(box)
        if len(shapes) == 0:
            vertices.append(np.empty((0, 2)))
            continue
        begin, end = segments_in(shapes, box)
        points.append(own)
        owner.append(np.full(len(own), number))
        vertices.append(begin[:: 1 + len(begin) // _POINTS_OF_A_PLACE])
        begins.append(begin)
        ends.append(end)
    if not begins or sum(map(len, points)) < _LEAST_POINTS or not sum(map(len, begins)):
        return None
    # Places overlap, and most segments are of several; numpy would sort all of them byte by byte.
    every = pd.DataFrame(np.hstack([np.concatenate(begins), np.concatenate(ends)]))
    segments = every.drop_duplicates().to_numpy()
    lines = borders_of(segments[:, :2], segments[:, 2:])
    return _Place(np.concatenate(points), np.concatenate(owner), lines, vertices)


def _voted_step(place: _Place) -> np.ndarray | None:
    """Return the shift from known vertices to the points for which most pairs vote; None without a pair."""
    cells = int(2 * MOST_M / _CELL_M)
    votes = np.zeros((cells, cells), dtype=np.int64)
    of_each = [(place.points[place.owner == number], vertices) for number, vertices in enumerate(place.vertices)]
    for points, vertices in of_each:
        _count_votes(votes, points, vertices)
    if not votes.any():
        return None
    edged = np.pad(votes, 1)
    vote_sums = np.sum([edged[i : i + cells, j : j + cells] for i in range(3) for j in range(3)], axis=0)
    best = np.array(np.unravel_index(np.argmax(vote_sums), vote_sums.shape)) * _CELL_M + _CELL_M / 2 - MOST_M
    close = np.concatenate([_ways_near(best, points, vertices) for points, vertices in of_each])
    step: np.ndarray = np.median(close, axis=0)
    return step


def _count_votes(votes: np.ndarray, points: np.ndarray, vertices: np.ndarray) -> None:
    """Count in votes (c, c) the cell of each shift from a vertex (m, 2) to a point (n, 2), block by block.

    A hundred million pairs are usual: a block has as many as fit into the processor's cache.
    """
    cells = len(votes)
    at_once = max(1, _PAIRS_AT_ONCE // max(1, len(vertices)))
    for start in range(0, len(points), at_once):
        some = points[start : start + at_once]
        east = (some[:, :1] - vertices[:, 0] + MOST_M) / _CELL_M
        north = (some[:, 1:] - vertices[:, 1] + MOST_M) / _CELL_M
        is_near = (east > 0) & (east < cells) & (north > 0) & (north < cells)
        cell = east[is_near].astype(np.int32) * cells + north[is_near].astype(np.int32)
        votes += np.bincount(cell, minlength=cells * cells).reshape(cells, cells)


def _ways_near(best: np.ndarray, points: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Return the shifts (k, 2) from vertices to points that differ from `best` by at most a cell and a half."""
    aims, far = points - best, 1.5 * _CELL_M
    boxes = shapely.box(aims[:, 0] - far, aims[:, 1] - far, aims[:, 0] + far, aims[:, 1] + far)
    point, vertex = shapely.STRtree(shapely.points(vertices)).query(boxes, predicate="intersects")
    ways: np.ndarray = points[point] - vertices[vertex]
    return ways


def _share(place: _Place, step: np.ndarray, within_m: float) -> float:
    """Return the share of points that lie on known lines once a shift is undone."""
    return float((place.lines.distances_m(place.points - step) <= within_m).mean())


def _certainty(place: _Place, step: np.ndarray) -> float | None:
    """Return the share of points that fit with a shift; None if the shift is not certain."""
    for within_m in _WITHIN_M:
        fits = place.lines.distances_m(place.points - step) <= within_m
        share = float(fits.mean())
        if share < _FITS:
            continue
        shares = [fits[place.owner == number].mean() for number in np.unique(place.owner)]
        is_broad = sum(one >= _FITS for one in shares) >= _LEAST_FEATURES or len(place.points) >= _MANY_POINTS
        turns = np.linspace(0, 2 * math.pi, 8, endpoint=False)
        aside = [step + far * np.array([math.cos(turn), math.sin(turn)]) for turn in turns for far in (60.0, 150.0)]
        misses = is_broad and _share(place, np.zeros(2), within_m) <= _MISSES
        if misses and all(_share(place, other, within_m) <= _OTHERWISE * share for other in aside):
            return share
    return None
