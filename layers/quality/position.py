"""Check where a layer lies: beyond the district, or shifted against its borders as a whole."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.errors import Problem
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.gcj02 import gcj02_step_m
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.progress import SILENT, Progress
from onemap.layers.quality.feature_problems import FlawList, Flaws

_REACH_M = 3000.0  # how far a border is looked for
MOST_M = 1500.0  # a longer step is no datum, but another border that happens to be alike
_SAMPLES = 3000
_SEARCHED = 5  # a step is looked for with every fifth sample, and proved with all
_AT_ONCE = 100_000  # segments
_SAMPLED, _CUT_UP, _INDEXED = 0.05, 0.3, 0.85  # of the look for a shift: points, segments, and their index are made
_LEAST_SAMPLES = 50  # of the district's border that must have found its like
_MOST_OF_IT, _MUCH_OF_IT = 0.6, 0.3
_WINDING = 4 * math.pi  # the turns that a border must take before its like elsewhere is no chance
_SEARCH_M = (1500, 1500, 1000, 700, 500, 300, 300, 200, 200, 100, 100, 100)
GCJ02_WITHIN_M = 60.0
_ON_GRID = 1e-3  # of a step: so near to it lies a number that was rounded to it, as doubles have it
_COARSEST = 1_000.0


def outside_flaws(
    frame: FrameBlocks, district: shapely.Geometry | None, far_m: float, most: int | None, progress: Progress
) -> list[Flaws]:
    """Return features beyond the district, or that the whole frame or a whole file lies at least `far_m` from it.

    most: how many are reported, None for all.
    """
    if district is None or district.is_empty:
        return []
    shapely.prepare(district)
    outside = FlawList("position.partly", most)
    ends = np.cumsum(frame.counts_of_files() or [frame.count])
    of_files = np.zeros(len(ends), dtype=np.int64)
    for block in frame.blocks(progress):
        outside_rows = block[~shapely.intersects(district, frame.geometries(block))]
        outside.add(outside_rows, lambda at: {})
        of_files += np.bincount(np.searchsorted(ends, outside_rows, side="right"), minlength=len(ends))
    far = []
    for file, (first, end) in enumerate(pairwise([0, *ends.tolist()])):
        if first < end and of_files[file] == end - first:
            box = shapely.box(*frame.bounds(slice(first, end)))
            distance_m = float(shapely.distance(district, box))
            place = frame.files[file].place if frame.files else {}
            facts = {**place, "distance": f"{distance_m / 1000:,.0f}", "distance_m": distance_m}
            far += [facts] if distance_m >= far_m else []
    return [Flaws("position.outside", np.full(len(far), -1), far)] if far else outside.flaws()


def shift_flaws(
    outlines: Iterable[np.ndarray],
    district: shapely.Geometry,
    crs: pyproj.CRS,
    least_m: float,
    within_m: float,
    progress: Progress = SILENT,
) -> list[Flaws]:
    """Return that a layer's borders are shifted against the district's, all by one step of at least `least_m`.

    outlines: the layer's geometries, or their union, in blocks; crs: of both; within_m: how near to the district's
    border they must be once the shift is undone.
    """
    points = _border_points(district)
    progress.at(_SAMPLED)
    segments = _segments_near(outlines, district, progress.part(_SAMPLED, _CUT_UP))
    if segments is None:
        return []
    here = borders_of(*segments, progress.part(_CUT_UP, _INDEXED))
    step = _step(points[::_SEARCHED], here)
    size_m = math.hypot(*step)
    if not least_m <= size_m <= MOST_M:
        return []
    before = here.distances_m(points)
    fits = here.distances_m(points + step) <= within_m
    # Borders that cannot be told from their neighbours, or that fitted before, show no step.
    if fits.sum() < _LEAST_SAMPLES or fits.sum() < 3 * (before <= within_m).sum():
        return []
    if not (fits.mean() >= _MOST_OF_IT or _is_own_border(points, fits, here, step, within_m)):
        return []
    if not _is_fixed(points[fits], here, step):
        return []
    middle = np.median(points[fits], axis=0)
    expected = gcj02_step_m(float(middle[0]), float(middle[1]), crs)
    is_gcj02 = math.dist(step.tolist(), expected) < GCJ02_WITHIN_M
    facts = shift_facts(step.tolist(), float(fits.mean()), Problem("suggest.beside_district"), is_gcj02=is_gcj02)
    return [Flaws("position.shift", np.array([-1]), [facts], np.array([shapely.multipoints(points[fits])]))]


def shift_facts(step: Sequence[float], certainty: float, layer_fact: Problem, *, is_gcj02: bool) -> dict[str, Any]:
    """Return the facts of a shift. certainty: the share of points that fit when the shift is removed."""
    return {
        "east": f"{step[0]:+.0f}",
        "north": f"{step[1]:+.0f}",
        "shift": f"{math.hypot(*step):.0f}",
        "east_m": float(step[0]),
        "north_m": float(step[1]),
        "certainty": f"{100 * certainty:.0f}",
        "beside": layer_fact,
        "suggestion": Problem("suggest.gcj02" if is_gcj02 else "suggest.shifted"),
    }


@lru_cache(maxsize=2)
def _border_points(district: shapely.Geometry) -> np.ndarray:
    """Return points evenly spaced along the district's outer borders (n, 2); each layer of a delivery uses them."""
    rings = shapely.get_exterior_ring(shapely.get_parts(district))
    lengths = shapely.length(rings)
    points = [
        shapely.get_coordinates(
            shapely.line_interpolate_point(
                ring, np.linspace(0, length, max(2, int(_SAMPLES * length / lengths.sum())), endpoint=False)
            )
        )
        for ring, length in zip(rings, lengths, strict=True)
    ]
    border_points = np.vstack(points)
    border_points.flags.writeable = False
    return border_points


def _segments_near(
    outlines: Iterable[np.ndarray], district: shapely.Geometry, progress: Progress
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the begins and ends (n, 2) of all outlines' segments within reach of the district's box."""
    west, south, east, north = district.bounds
    box = (west - _REACH_M, south - _REACH_M, east + _REACH_M, north + _REACH_M)
    segments = []
    for geometries in outlines:
        segments.append(segments_in(geometries, box))
        progress.at(1 - 0.5 ** len(segments))  # how many there will be is not known
    begins, ends = (np.concatenate([part[side] for part in segments]) for side in (0, 1))
    return (begins, ends) if len(begins) else None


def segments_in(geometries: np.ndarray, box: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the begins and ends (n, 2) of the outlines' segments that meet a box: west, south, east, north."""
    west, south, east, north = box
    boxes = shapely.bounds(geometries)
    near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    lines = geometries[near]
    areal = shapely.get_dimensions(lines) == 2
    lines = np.where(areal, shapely.boundary(lines), lines)
    coordinates, line = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    first = np.flatnonzero(line[:-1] == line[1:])
    begin, end = coordinates[first], coordinates[first + 1]
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    keep = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    return begin[keep], end[keep]


@dataclass
class Borders:
    """The segments of a layer's outlines, with an index to find the nearest one."""

    begin: np.ndarray
    end: np.ndarray
    tree: shapely.STRtree

    def nearest(self, points: np.ndarray, within_m: float) -> tuple[np.ndarray, np.ndarray]:
        """Return which points have a segment within a distance, and the vector from each to that segment (k, 2)."""
        # Asked with `max_distance` the tree lists all that lies within it first: kilometres around every point.
        point, segment = self.tree.query_nearest(shapely.points(points), all_matches=False)
        begin, along = self.begin[segment], self.end[segment] - self.begin[segment]
        squared = np.maximum((along**2).sum(axis=1), 1e-12)
        part = np.clip(((points[point] - begin) * along).sum(axis=1) / squared, 0, 1)
        offset = begin + along * part[:, None] - points[point]
        near = np.hypot(offset[:, 0], offset[:, 1]) <= within_m
        return point[near], offset[near]

    def distances_m(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of each point from its nearest segment (n,), infinite beyond reach."""
        result = np.full(len(points), np.inf)
        point, offset = self.nearest(points, _REACH_M)
        result[point] = np.hypot(offset[:, 0], offset[:, 1])
        return result


def borders_of(begin: np.ndarray, end: np.ndarray, progress: Progress = SILENT) -> Borders:
    """Return segments (n, 2) with their index, made in parts so that it can be cancelled soon."""
    ends, parts = np.stack([begin, end], axis=1), []
    for rows in blocks(len(ends), _AT_ONCE):
        parts.append(shapely.linestrings(ends[rows]))
        progress.at(0.9 * rows.stop / len(ends))
    return Borders(begin, end, shapely.STRtree(np.concatenate(parts)))


def _step(points: np.ndarray, borders: Borders) -> np.ndarray:
    """Return the shift, east and north, with which the points fit the borders best.

    Each round takes the vector from every point to its nearest border, and by least squares the shift that explains
    most of them; the farthest fifth, which has no counterpart, is left out.
    """
    step = np.zeros(2)
    for within_m in _SEARCH_M:
        _, offset = borders.nearest(points + step, within_m)
        if len(offset) < _LEAST_SAMPLES / _SEARCHED:
            break
        length = np.hypot(offset[:, 0], offset[:, 1])
        near = length <= max(30.0, float(np.quantile(length, 0.8)))
        offset, length = offset[near], length[near]
        toward = offset / np.maximum(length, 1e-9)[:, None]
        normal = toward.T @ toward + 1e-6 * len(offset) * np.eye(2)
        step = step + np.clip(np.linalg.solve(normal, toward.T @ length), -within_m, within_m)
    return step


def _is_own_border(points: np.ndarray, fits: np.ndarray, borders: Borders, step: np.ndarray, within_m: float) -> bool:
    """Whether the fitting points wind like a border, and are much of the district's border or of the layer's lines.

    Two surveys of one border fit in parts. The country's outline shares only a province's coast, but there it is
    nothing else. A ring road that turns one corner as the district does is no border.
    """
    ends = np.flatnonzero(fits[:-2] & fits[1:-1] & fits[2:])
    ways = np.stack([points[ends + 1] - points[ends], points[ends + 2] - points[ends + 1]])
    angles = np.arctan2(ways[..., 1], ways[..., 0])
    turns = np.abs((angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi)
    if turns.sum() < _WINDING:
        return False
    district = borders_of(points, np.roll(points, -1, axis=0))
    middles = (borders.begin + borders.end) / 2
    lengths = np.hypot(*(borders.end - borders.begin).T)
    distances_m = district.distances_m(middles - step)
    near = np.isfinite(distances_m)
    mostly = lengths[distances_m <= within_m].sum() >= _MOST_OF_IT * lengths[near].sum()
    return bool(mostly or fits.mean() >= _MUCH_OF_IT)


def _is_fixed(points: np.ndarray, borders: Borders, step: np.ndarray) -> bool:
    """Whether the borders run in more than one direction; along a straight border a shift means nothing."""
    for direction in (0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4):
        aside = step + 300.0 * np.array([math.cos(direction), math.sin(direction)])
        if np.quantile(borders.distances_m(points + aside), 0.8) < 60.0:
            return False
    return True


def coordinate_step(points: np.ndarray, finest: float) -> float | None:
    """Return the grid step of all coordinates (n, 2); None if any is as fine as `finest`, in their unit.

    The step is a power of ten, or what single precision leaves of coordinates as large as these.
    """
    if len(points) == 0:
        return None
    step = 10.0 ** (math.ceil(math.log10(finest) - 1e-9) + 1)  # the next power of ten that is coarser
    last_step = None
    while step <= _COARSEST and _on_grid(points, step):
        last_step, step = step, step * 10
    if last_step is None and bool((points.astype(np.float32) == points).all()):
        single = float(np.spacing(np.abs(points).max().astype(np.float32)))
        last_step = single if single > finest else None
    return last_step


def _on_grid(points: np.ndarray, step: float) -> bool:
    places = points / step
    return bool((np.abs(places - np.round(places)) <= np.maximum(_ON_GRID, np.abs(places) * 1e-15)).all())
