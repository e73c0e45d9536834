"""A bounded search: how far a parcel would have to move, or turn, to pass whole. What it finds is checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

DIRECTIONS = 16
RINGS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of the farthest move that is looked at
ANGLES_DEG = (2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0)
_HALVINGS = 6

# Which of some parcels (k,), called by their rows (k,), pass: geometries in the plane of the search.
Passes = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Step:
    """One way to shift a parcel: east and north in m, turned by degrees about its centroid, counter-clockwise."""

    east_m: float = 0.0
    north_m: float = 0.0
    turned_deg: float = 0.0

    @property
    def moved_m(self) -> float:
        """How far."""
        return float(np.hypot(self.east_m, self.north_m))

    def scaled(self, share: float) -> "Step":
        """The same way, a share of it."""
        return Step(self.east_m * share, self.north_m * share, self.turned_deg * share)

    def applied(self, parcel: shapely.Geometry) -> shapely.Geometry:
        """The parcel after the step."""
        angle, centre = np.radians(self.turned_deg), shapely.get_coordinates(shapely.centroid(parcel))[0]
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return shapely.transform(parcel, lambda xy: (xy - centre) @ turn + centre + (self.east_m, self.north_m))


def moves(farthest_m: float) -> list[list[Step]]:
    """Rings of moves, the nearest first."""
    turn = 2 * np.pi / DIRECTIONS * np.arange(DIRECTIONS)
    return [[Step(share * farthest_m * np.cos(a), share * farthest_m * np.sin(a)) for a in turn] for share in RINGS]


def turns(farthest_deg: float) -> list[list[Step]]:
    """Pairs of turns to either side, the smallest first."""
    angles = [angle for angle in ANGLES_DEG if angle < farthest_deg] + [farthest_deg]
    return [[Step(turned_deg=angle), Step(turned_deg=-angle)] for angle in angles]


def nearest_steps(
    parcels: np.ndarray, rows: np.ndarray, rings: Sequence[Sequence[Step]], passes: Passes
) -> dict[int, Step]:
    """For each of the parcels `rows` the smallest step found after which it passes; none is no proof that none is.

    parcels: (n,) geometries. All steps of a ring are tried before a larger one; then the best are halved towards
    where the parcel still failed.
    """
    found: dict[int, Step] = {}
    inner = 0.0
    for ring in rings:
        left = [int(row) for row in rows if int(row) not in found]
        if not left:
            break
        outer = max(_size(step) for step in ring)
        tried = [(row, step) for row in left for step in ring]
        good = _pass(parcels, tried, passes)
        best = _halved(parcels, [pair for pair, fine in zip(tried, good, strict=True) if fine], inner / outer, passes)
        found.update(best)
        inner = outer
    return found


def _pass(parcels: np.ndarray, tried: Sequence[tuple[int, Step]], passes: Passes) -> np.ndarray:
    shapes = np.empty(len(tried), dtype=object)
    shapes[:] = [step.applied(parcels[row]) for row, step in tried]
    return passes(np.array([row for row, _ in tried], dtype=np.int64), shapes)


def _halved(parcels: np.ndarray, good: list[tuple[int, Step]], least: float, passes: Passes) -> dict[int, Step]:
    """Of the steps that pass, shortened as far as they still do, the smallest for each parcel.

    least: the share of them at which the ring before failed.
    """
    if not good:
        return {}
    low, high = np.full(len(good), least), np.ones(len(good))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fine = _pass(parcels, [(row, step.scaled(m)) for (row, step), m in zip(good, middle, strict=True)], passes)
        high, low = np.where(fine, middle, high), np.where(fine, low, middle)
    best: dict[int, Step] = {}
    for (row, step), share in zip(good, high, strict=True):
        shortened = step.scaled(float(share))
        if row not in best or _size(shortened) < _size(best[row]):
            best[row] = shortened
    return best


def _size(step: Step) -> float:
    return step.moved_m + abs(step.turned_deg)
