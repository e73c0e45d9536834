"""Blocks cut into parcels: rows along the streets, wide and narrow fronts, yards, courts and split sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.resources.sample_city.city_ground import Array
from onemap.resources.sample_city.streets import USES, CityBlock

DEPTH_TO_FRONT = 2.2  # a parcel is about so much deeper than it is wide
PLACE_M = 0.05
CORNER_M = 5.0  # corners at crossings are cut off, so that drivers see each other
SPLIT_SITES, COURTS, CORNER_YARDS = 0.008, 0.006, 0.03  # shares of all parcels


@dataclass(frozen=True)
class Lots:
    """Parcels in local metres: their ground, and the index of the block in which each lies."""

    ground: np.ndarray
    block: np.ndarray


def lots(rng: np.random.Generator, blocks: tuple[CityBlock, ...], count: int) -> Lots:
    """Exactly `count` parcels on `blocks`; they share their borders vertex for vertex and never overlap."""
    split, yards = int(count * SPLIT_SITES), int(count * CORNER_YARDS)
    courts = int(count * COURTS)
    # Each join takes one away. Each court adds one; so many plots stay empty, for the count to be exact.
    plans = _plans(rng, blocks, count + split + yards)
    cut = [_cut(rng, block, plan) for block, plan in zip(blocks, plans, strict=True)]
    ground = np.concatenate(cut)
    block = np.repeat(np.arange(len(blocks)), [len(piece) for piece in cut])
    ground, block = _join_parcels(rng, ground, block, yards, across=False)
    ground, block = _join_parcels(rng, ground, block, split, across=True)
    ground, block = _courts(rng, ground, block, courts)
    keep = np.sort(rng.permutation(len(ground))[:count])
    return Lots(ground[keep], block[keep])


def _plans(rng: np.random.Generator, blocks: tuple[CityBlock, ...], lot_count: int) -> list[list[list[float]]]:
    """For each block its rows, each a list of fronts (shares of the row): about `wanted` in all, never fewer.

    The mean front is found by halving; then single parcels are joined with a neighbour until the count is met.
    """
    widths = np.array([block.a1 - block.a0 for block in blocks])
    heights = np.array([block.b1 - block.b0 for block in blocks])
    longer, shorter = np.maximum(widths, heights), np.minimum(widths, heights)
    grain = np.array([USES[block.use][1] for block in blocks])

    def rows_and_fronts(mean_m: float) -> tuple[Array, Array]:
        front = np.maximum(mean_m * grain, 4.0)
        # Behind the second row a parcel has no street; only a very dense town does that.
        rows = np.clip(np.round(shorter / (DEPTH_TO_FRONT * front)), 1, 2 if mean_m > 12 else 6)
        return rows, np.maximum(1, np.floor(longer / front))

    low, high = 2.0, 400.0
    for _ in range(60):
        middle = (low + high) / 2
        rows, fronts = rows_and_fronts(middle)
        low, high = (middle, high) if np.sum(rows * fronts) >= lot_count else (low, middle)
    rows, fronts = rows_and_fronts(low)
    counts = np.repeat(fronts, rows.astype(int)).astype(int)  # one entry per row of each block
    spare = int(counts.sum()) - lot_count
    while spare > 0 and (counts > 1).any():
        thinned = rng.choice(np.flatnonzero(counts > 1), 1)
        counts[thinned] -= 1
        spare -= 1
    ends = np.cumsum(rows.astype(int))
    return [
        [_fronts(rng, number) for number in counts[end - number_of_rows : end]]
        for end, number_of_rows in zip(ends, rows.astype(int), strict=True)
    ]


def _fronts(rng: np.random.Generator, number: int) -> list[float]:
    """Where a row of `number` parcels is cut, as shares of its length from 0 to 1: fronts of unlike width."""
    shares = np.cumsum(rng.lognormal(0.0, 0.33, number))
    return [0.0, *(shares[:-1] / shares[-1]), 1.0]


def _cut(rng: np.random.Generator, block: CityBlock, rows: list[list[float]]) -> np.ndarray:
    """The parcels of one block. All lines are cut where any other meets them, so neighbours share vertices."""
    is_turned = block.a1 - block.a0 < block.b1 - block.b0
    low, high = (block.a0, block.a1) if is_turned else (block.b0, block.b1)
    start, stop = (block.b0, block.b1) if is_turned else (block.a0, block.a1)
    depths = np.cumsum(rng.uniform(0.8, 1.2, len(rows)))
    edges = np.concatenate([[low], low + (high - low) * depths / depths[-1]])
    slant = rng.normal(0, 0.05)
    cuts = [_places(start, stop, np.asarray(row)) for row in rows]
    filling = _places(start, stop, np.linspace(0, 1, max(2, int((stop - start) / 30))))
    stations = np.unique(np.concatenate([*cuts, filling]))
    rings = []
    for row, (near, far) in enumerate(zip(edges, edges[1:], strict=False)):
        for first, last in zip(cuts[row], cuts[row][1:], strict=False):
            along = stations[(stations >= first) & (stations <= last)]
            ring = np.concatenate(
                [
                    np.column_stack([along, np.full(len(along), near)]),
                    np.column_stack([along[::-1], np.full(len(along), far)]),
                ]
            )
            rings.append(_corners_cut(ring, start, stop, low, high))
    return shapely.polygons([shapely.linearrings(_place_ring(block, ring, is_turned, slant)) for ring in rings])


def _places(start: float, stop: float, shares: Array) -> Array:
    """Places at `shares` of the way, the inner ones on a grid: two are the same, or a walker can tell them apart."""
    places = start + np.round((stop - start) * shares / PLACE_M) * PLACE_M
    places[[0, -1]] = start, stop
    return places


def _corners_cut(ring: Array, start: float, stop: float, low: float, high: float) -> Array:
    """`ring` with a corner of the block, where it has one, replaced by a short slanting edge."""
    corner = np.isin(ring[:, 0], (start, stop)) & np.isin(ring[:, 1], (low, high))
    cut = min(CORNER_M, (high - low) / 8, (stop - start) / 8)
    points = []
    for index, point in enumerate(ring):
        if not corner[index]:
            points.append(point)
            continue
        for neighbour in (ring[index - 1], ring[(index + 1) % len(ring)]):
            leg = neighbour - point
            points.append(point + leg * min(0.4, cut / np.hypot(*leg)))
    return np.asarray(points)


def _place_ring(block: CityBlock, ring: Array, is_turned: bool, slant: float) -> Array:
    """`ring` in local metres: lot lines lean a little, less so towards the ends of the block."""
    along, across = ring[:, 0], ring[:, 1]
    low, high = (block.a0, block.a1) if is_turned else (block.b0, block.b1)
    start, stop = (block.b0, block.b1) if is_turned else (block.a0, block.a1)
    fade = np.sin(np.pi * np.clip((along - start) / (stop - start), 0, 1))
    along = along + slant * (across - (low + high) / 2) * fade
    x, y = block.warp(across, along) if is_turned else block.warp(along, across)
    return np.round(np.column_stack([x, y]), 3)


def _join_parcels(
    rng: np.random.Generator, ground: np.ndarray, block: np.ndarray, number: int, across: bool
) -> tuple[np.ndarray, np.ndarray]:
    """`number` pairs made one parcel each: side by side or back to back, or `across` a street in two parts."""
    if number == 0:
        return ground, block
    reach_m = 22.0 if across else 0.0
    one, other = shapely.STRtree(ground).query(ground, predicate="dwithin", distance=reach_m)
    same = block[one] == block[other]
    is_pair = (one < other) & (~same if across else same)
    one, other = one[is_pair], other[is_pair]
    if not across:  # a common wall, not a common corner
        wall = shapely.length(shapely.intersection(shapely.boundary(ground[one]), shapely.boundary(ground[other])))
        one, other = one[wall > 8.0], other[wall > 8.0]
    order = rng.permutation(len(one))
    used_parcels: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for index in order:  # a parcel is joined once only
        pair = (int(one[index]), int(other[index]))
        if len(pairs) < number and used_parcels.isdisjoint(pair):
            pairs.append(pair)
            used_parcels.update(pair)
    if not pairs:  # a hamlet may have no two that stand so
        return ground, block
    first, second = np.asarray(pairs).T
    ground = ground.copy()
    ground[first] = shapely.normalize(shapely.union(ground[first], ground[second]))
    keep = np.setdiff1d(np.arange(len(ground)), second)
    return ground[keep], block[keep]


def _courts(
    rng: np.random.Generator, ground: np.ndarray, block: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """`number` of the larger parcels with a court inside that belongs to somebody else."""
    inner = shapely.area(shapely.buffer(ground, -12.0))
    large = np.flatnonzero((shapely.get_type_id(ground) == 3) & (inner > 300))
    parcel_rows = np.sort(rng.choice(large, min(number, len(large)), replace=False))
    if len(parcel_rows) == 0:
        return ground, block
    centre = shapely.get_coordinates(shapely.point_on_surface(shapely.buffer(ground[parcel_rows], -12.0)))
    half = rng.uniform(4.0, 7.5, (len(parcel_rows), 2))
    turn = rng.uniform(0, np.pi, len(parcel_rows))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])[None] * half[:, None, :]
    x = corners[..., 0] * np.cos(turn)[:, None] - corners[..., 1] * np.sin(turn)[:, None]
    y = corners[..., 0] * np.sin(turn)[:, None] + corners[..., 1] * np.cos(turn)[:, None]
    court = shapely.polygons(np.round(np.stack([x, y], -1) + centre[:, None, :], 3))
    inside = shapely.contains_properly(ground[parcel_rows], court)
    parcel_rows, court = parcel_rows[inside], court[inside]
    ground = ground.copy()
    ground[parcel_rows] = shapely.difference(ground[parcel_rows], court)
    return np.concatenate([ground, court]), np.concatenate([block, block[parcel_rows]])
