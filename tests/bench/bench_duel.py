"""The kernel and GEOS overlay the same million pairs of polygons, and must agree.

Pairs are random, from a seed: fractal rings, polygons that share edges, holes that touch, slivers, duplicates,
coordinates with a zone prefix. The sum of each pair is compared with GEOS's area within both roundings, and the ground
that the kernel gives, common and remaining, by area and, for some pairs, point by point. A pair that differs by more
is computed again in rational numbers, without rounding, and the wrong side is named; the duel is lost, with an exit
code other than 0, only if it is the kernel. `--seed S --pairs N --kind K` run a part.
"""

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import shapely

from onemap.layers.geometry.parts import polygon_parts
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.flat_polygons import flat_pairs
from onemap.rules.judge.overlay.pair_ground import common_ground, remaining_ground
from onemap.rules.judge.overlay.threads import Threads

PAIRS_AT_ONCE = 10_000
LOOKED_AT = 50  # of each kind and block, of which all of the ground is compared
BOUND_M2 = 1e-7  # beside what the kernel names itself and what GEOS rounds, 4e-15 of coordinate times outline
ZONE_M = 38_000_000.0
Pairs = tuple[np.ndarray, np.ndarray]


def stars(chance: np.random.Generator, count: int, most: int = 30) -> np.ndarray:
    """Star-shaped rings of 3 to `most` corners near the origin."""
    made = []
    for _ in range(count):
        corners = chance.integers(3, most)
        turn = np.sort(chance.uniform(0, 2 * np.pi, corners))
        far = chance.uniform(10, 50, (corners, 1))
        made.append(chance.uniform(-25, 25, 2) + far * np.column_stack([np.cos(turn), np.sin(turn)]))
    return shapely.polygons([shapely.linearrings(ring) for ring in made])


def fractal(chance: np.random.Generator, count: int) -> np.ndarray:
    """Rings whose sides are halved and bent again and again."""
    made = []
    for ring in map(shapely.get_coordinates, stars(chance, count, 7)):
        for _ in range(chance.integers(2, 5)):
            way = np.diff(ring, axis=0)
            bent = (ring[:-1] + ring[1:]) / 2 + np.column_stack([-way[:, 1], way[:, 0]]) * chance.uniform(
                -0.2, 0.2, (len(way), 1)
            )
            ring = np.vstack([np.stack([ring[:-1], bent], axis=1).reshape(-1, 2), ring[:1]])
        made.append(shapely.Polygon(ring))
    return np.array(made, dtype=object)


def shared_edges(chance: np.random.Generator, count: int) -> Pairs:
    """Cells of a coverage against those of the same with some corners moved, the neighbours too."""
    side = int(math.sqrt(count / 7)) + 2
    grid = np.stack(np.meshgrid(np.arange(side + 1) * 30.0, np.arange(side + 1) * 30.0), axis=-1)
    one = grid + chance.uniform(-8, 8, grid.shape)
    other = one + chance.uniform(-0.5, 0.5, one.shape) * (chance.random((*one.shape[:2], 1)) < 0.3)
    cells = [
        shapely.polygons(np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=2).reshape(-1, 4, 2))
        for at in (one, other)
    ]
    left, right = shapely.STRtree(cells[1]).query(cells[0])
    return cells[0][left], cells[1][right]


def touching_holes(chance: np.random.Generator, count: int) -> Pairs:
    """Rings with holes that touch their shell or each other in a point, on a grid where corners meet."""
    corner = chance.integers(0, 8, (count, 2)) * 5.0
    holes = shapely.box(*(corner + 5).T, *(corner + 15).T)
    more = shapely.polygons(np.stack([corner + [15, 15], corner + [20, 15], corner + [20, 20]], axis=1))
    shell = shapely.box(*corner.T, *(corner + 25).T)
    left = shapely.difference(shapely.difference(shell, holes), more)
    return left, np.roll(left, 1)


def slivers(chance: np.random.Generator, count: int) -> Pairs:
    """A polygon and the same moved by 0.1 mm to 10 cm."""
    left = stars(chance, count)
    far = 10 ** chance.uniform(-4, -1, count)
    turn = chance.uniform(0, 2 * np.pi, count)
    points, owner = shapely.get_coordinates(left, return_index=True)
    moved = points + np.column_stack([far * np.cos(turn), far * np.sin(turn)])[owner]
    return left, shapely.polygons(shapely.linearrings(moved, indices=owner))


def duplicates(chance: np.random.Generator, count: int) -> Pairs:
    """A polygon and the same, begun elsewhere, wound the other way, or with one corner more on an edge."""
    left = stars(chance, count)
    right = left.copy()
    for at, shape in enumerate(left):
        ring = shapely.get_coordinates(shape)[:-1]
        if at % 3 == 0:
            right[at] = shape.reverse()
        elif at % 3 == 1:
            right[at] = shapely.Polygon(np.roll(ring, 1 + at % len(ring), axis=0))
        else:
            right[at] = shapely.Polygon(np.vstack([ring[:1], (ring[:1] + ring[1:2]) / 2, ring[1:]]))
    return left, right


def on_a_grid(chance: np.random.Generator, count: int) -> Pairs:
    """Corners on whole metres or millimetres, so that corners and edges coincide."""
    grid = np.where(chance.random(count) < 0.5, 1.0, 0.001)
    sides = []
    for _ in range(2):
        points, owner = shapely.get_coordinates(stars(chance, count), return_index=True)
        on = np.round(points / grid[owner][:, None]) * grid[owner][:, None]
        sides.append(shapely.polygons(shapely.linearrings(on, indices=owner)))
    return sides[0], sides[1]


def with_zone(chance: np.random.Generator, count: int) -> Pairs:
    """Eastings of 38 million: four digits less."""
    at = np.array([ZONE_M, 4_200_000.0]) + chance.uniform(0, 1e5, 2)
    return shapely.transform(stars(chance, count), lambda xy: xy + at), shapely.transform(
        fractal(chance, count), lambda xy: xy + at
    )


KINDS: dict[str, Callable[[np.random.Generator, int], Pairs]] = {
    "stars": lambda chance, count: (stars(chance, count), stars(chance, count)),
    "fractal": lambda chance, count: (fractal(chance, count), fractal(chance, count)),
    "shared edges": shared_edges,
    "touching holes": touching_holes,
    "slivers": slivers,
    "duplicates": duplicates,
    "on a grid": on_a_grid,
    "with a zone": with_zone,
}


def exact_area(left: shapely.Geometry, right: shapely.Geometry) -> Fraction:
    """The area in common in rational numbers, where nothing is rounded: trapezoids between all x where edges meet."""
    edges = [_edges(shape) for shape in (left, right)]
    xs = {Fraction(x) for side in edges for x1, _, x2, _ in side for x in (x1, x2)}
    for x1, y1, x2, y2 in edges[0]:
        for u1, v1, u2, v2 in edges[1]:
            slope = (y2 - y1) / (x2 - x1) - (v2 - v1) / (u2 - u1)
            if slope:
                x = (v1 - y1 + (y2 - y1) / (x2 - x1) * x1 - (v2 - v1) / (u2 - u1) * u1) / slope
                if max(min(x1, x2), min(u1, u2)) < x < min(max(x1, x2), max(u1, u2)):
                    xs.add(x)
    order, total = sorted(xs), Fraction(0)
    for west, east in zip(order, order[1:]):  # noqa: B905 - one is shorter on purpose
        middle = (west + east) / 2
        heights = [
            sorted(
                (y1 + (y2 - y1) * (middle - x1) / (x2 - x1))
                for x1, y1, x2, y2 in side
                if min(x1, x2) < middle < max(x1, x2)
            )
            for side in edges
        ]
        for low, high in zip(heights[0][::2], heights[0][1::2], strict=True):
            for least, most in zip(heights[1][::2], heights[1][1::2], strict=True):
                total += max(min(high, most) - max(low, least), Fraction(0)) * (east - west)
    return total


def _edges(shape: shapely.Geometry) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    found = []
    for ring in shapely.get_rings(shape):
        points = [(Fraction(x), Fraction(y)) for x, y in shapely.get_coordinates(ring).tolist()]
        found += [(*a, *b) for a, b in zip(points, points[1:], strict=False) if a[0] != b[0]]
    return found


def fought(left: np.ndarray, right: np.ndarray, score: Counter[str]) -> int:
    """Lay pairs over each other both ways, count what happened; how many the kernel has wrong."""
    area, error = common_areas(left, right, Threads())
    theirs = shapely.area(shapely.intersection(left, right))
    sizes = shapely.area(left)
    far = np.abs(shapely.bounds(left)).max(axis=1)
    allowed = BOUND_M2 + error + 4e-15 * far * (shapely.length(left) + shapely.length(right))
    suspects = np.flatnonzero(~(np.abs(area - theirs) <= allowed))
    grounds = (common_ground, area, shapely.intersection), (remaining_ground, sizes - area, shapely.difference)
    chosen = np.arange(0, len(left), max(1, len(left) // LOOKED_AT))
    pairs = flat_pairs(left, right, Threads())
    for work, expected, operation in grounds:
        found, is_told = work(pairs, Threads())
        ground = found.geometries
        score["told"] += int(is_told.sum())
        score["left to GEOS"] += int((~is_told).sum())
        made = np.nan_to_num(shapely.area(ground))
        suspects = np.union1d(suspects, np.flatnonzero(is_told & ~(np.abs(made - expected) <= allowed)))
        assert shapely.is_valid(ground[is_told & ~shapely.is_missing(ground)]).all()
        some = chosen[is_told[chosen] & (made[chosen] > 1.0)]
        by_geos = polygon_parts(operation(left[some], right[some]))  # a common edge is no ground
        apart = shapely.symmetric_difference(ground[some], by_geos, grid_size=1e-7)
        suspects = np.union1d(suspects, some[~(shapely.area(apart) <= 1e-3)])
    return sum(_kernel_faults(left[row], right[row], area[row], theirs[row], allowed[row], score) for row in suspects)


def _kernel_faults(
    left: shapely.Geometry, right: shapely.Geometry, ours: float, theirs: float, allowed: float, score: Counter[str]
) -> int:
    """Print which of the two is wrong about a pair, by rational numbers; return 1 if it is the kernel."""
    truth = float(exact_area(left, right))
    if abs(ours - truth) <= allowed and abs(theirs - truth) > allowed:
        score["differ, GEOS is off"] += 1
        return 0
    score["differ, the kernel is off"] += 1
    print(f"the kernel says {ours!r}, GEOS {theirs!r}, rational numbers {truth!r}\n  {left.wkt}\n  {right.wkt}")
    return 1


def main() -> int:
    """Draw, lay over each other, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=list(KINDS), action="append")
    wishes = parser.parse_args()
    kinds = wishes.kind or list(KINDS)
    lost, began = 0, time.monotonic()
    for number, kind in enumerate(KINDS):
        if kind not in kinds:
            continue
        score: Counter[str] = Counter()
        block, wanted = 0, math.ceil(wishes.pairs / len(kinds))
        while score["pairs"] < wanted:
            chance = np.random.default_rng([wishes.seed, number, block])
            left, right = KINDS[kind](chance, min(PAIRS_AT_ONCE, wanted - score["pairs"]))
            valid = shapely.is_valid(left) & shapely.is_valid(right) & (shapely.get_dimensions(left) == 2)
            left, right = left[valid], right[valid]
            score["pairs"] += len(left)
            lost += fought(left, right, score)
            block += 1
        print(f"{kind}: " + ", ".join(f"{count} {what}" for what, count in score.items()), flush=True)
    print(f"seed {wishes.seed}, {time.monotonic() - began:.0f} s: the kernel is wrong about {lost}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
