"""A bounded search for how far a parcel would have to move or turn to pass whole. Every result is checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

DIRECTIONS = 16
RINGS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of the farthest move that is looked at
ANGLES_DEG = (2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0)
# Of a move and a turn at once fewer are tried: each share of the one with each share of the other.
BOTH_DIRECTIONS = 8
BOTH_SHARES = (0.1, 0.25, 0.5, 1.0)
_BOTH_RINGS = (0.5, 1.0, 2.0)  # up to which sum of both shares
_HALVINGS = 6
CHECKS_A_RING = 1 + _HALVINGS  # at most

# Which of some parcels (k,), called by their rows (k,), pass: geometries in the plane of the search.
Passes = Callable[[np.ndarray, np.ndarray], np.ndarray]
Expect = Callable[[int, int], None]  # grounds, and checks, that are still to come at most


@dataclass(frozen=True)
class Step:
    """One displacement of a parcel: east and north in m, turned by degrees about its centroid, counter-clockwise."""

    east_m: float = 0.0
    north_m: float = 0.0
    turned_deg: float = 0.0

    @property
    def moved_m(self) -> float:
        """How far the parcel is shifted, in m."""
        return float(np.hypot(self.east_m, self.north_m))

    def part(self, share: float) -> "Step":
        """The step in the same direction, reduced to a share."""
        return Step(self.east_m * share, self.north_m * share, self.turned_deg * share)

    def move_parcel(self, parcel: shapely.Geometry) -> shapely.Geometry:
        """The parcel after the step."""
        angle, centre = np.radians(self.turned_deg), shapely.get_coordinates(shapely.centroid(parcel))[0]
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return shapely.transform(parcel, lambda xy: (xy - centre) @ turn + centre + (self.east_m, self.north_m))


@dataclass(frozen=True)
class Bounds:
    """The bounds of the search: metres of a move and degrees of a turn, 0 for none."""

    move_m: float
    turn_deg: float

    def share(self, step: Step) -> float:
        """The share of the bounds that a step takes: the shares of move and turn, added."""
        move_share = step.moved_m / self.move_m if self.move_m else 0.0
        return move_share + (abs(step.turned_deg) / self.turn_deg if self.turn_deg else 0.0)

    def record(self, tried_count: int) -> dict[str, Any]:
        """The bounds as JSON, with the number of grounds tried_count: the search is not exhaustive."""
        return {
            "move_m": self.move_m,
            "turn_deg": self.turn_deg,
            "directions": DIRECTIONS if self.move_m else 0,
            "distances_m": [share * self.move_m for share in RINGS] if self.move_m else [],
            "turns_deg": _angles(self.turn_deg) if self.turn_deg else [],
            "both": BOTH_DIRECTIONS * 2 * len(BOTH_SHARES) ** 2 if self.move_m and self.turn_deg else 0,
            "halvings": _HALVINGS,
            "tried": tried_count,
            "complete": False,
        }


def searches(bounds: Bounds) -> dict[str, list[list[Step]]]:
    """The steps to try for each alternative: rings of steps, those that take the least of the bounds first."""
    rings_by_name: dict[str, list[list[Step]]] = {}
    if bounds.move_m:
        rings_by_name["moved"] = moves(bounds.move_m)
    if bounds.turn_deg:
        rings_by_name["turned"] = turns(bounds.turn_deg)
    if bounds.move_m and bounds.turn_deg:
        rings_by_name["moved_turned"] = turned_moves(bounds)
    return rings_by_name


def moves(farthest_m: float) -> list[list[Step]]:
    """Rings of moves, the nearest first."""
    return [_steps_around(share * farthest_m, DIRECTIONS) for share in RINGS]


def turns(farthest_deg: float) -> list[list[Step]]:
    """Pairs of turns to either side, the smallest first."""
    return [[Step(turned_deg=angle), Step(turned_deg=-angle)] for angle in _angles(farthest_deg)]


def turned_moves(bounds: Bounds) -> list[list[Step]]:
    """Rings of moves with a turn to either side, those that take the least of the bounds first."""
    rings: list[list[Step]] = [[] for _ in _BOTH_RINGS]
    for move_share in BOTH_SHARES:
        for turn_share in BOTH_SHARES:
            ring = int(np.searchsorted(_BOTH_RINGS, move_share + turn_share - 1e-9))
            for step in _steps_around(move_share * bounds.move_m, BOTH_DIRECTIONS):
                angle = turn_share * bounds.turn_deg
                rings[ring] += [Step(step.east_m, step.north_m, angle), Step(step.east_m, step.north_m, -angle)]
    return rings


def _steps_around(distance_m: float, directions: int) -> list[Step]:
    turn = 2 * np.pi / directions * np.arange(directions)
    return [Step(float(distance_m * np.cos(a)), float(distance_m * np.sin(a))) for a in turn]


def _angles(farthest_deg: float) -> list[float]:
    return [*(angle for angle in ANGLES_DEG if angle < farthest_deg), farthest_deg]


def nearest_steps(
    parcels: np.ndarray,
    rows: Sequence[int],
    rings: Sequence[Sequence[Step]],
    passes: Passes,
    size: Callable[[Step], float],
    smaller_than: Mapping[int, float] | None = None,
    expect: Expect = lambda grounds, checks: None,
) -> dict[int, Step]:
    """The smallest step found after which each of the parcels `rows` passes; not finding one proves nothing.

    parcels: (n,) geometries. All steps of a ring are tried before a larger one; then the best are halved towards the
    parcel's own place. smaller_than: for parcels with a known step, the size that another must stay below. expect:
    called before grounds are judged, with their largest number, and the number of checks.
    """
    steps: dict[int, Step] = {}
    known_sizes = smaller_than or {}
    failed: dict[tuple[float, ...], float] = {}  # the largest step of each way that was tried in vain
    for number, ring in enumerate(rings):
        left = [int(row) for row in rows if int(row) not in steps]
        later = sum(map(len, rings[number + 1 :]))
        trials = [(row, step) for row in left for step in ring if size(step) < known_sizes.get(row, np.inf)]
        if not trials:
            continue
        rest = CHECKS_A_RING * len(rings[number + 1 :])
        expect(len(trials) + later * len(left), CHECKS_A_RING + rest)
        good = _pass(parcels, trials, passes)
        fine = [pair for pair, passing in zip(trials, good, strict=True) if passing]
        halvings = _HALVINGS if fine else 0
        expect(len(fine) * halvings + later * (len(left) - len({row for row, _ in fine})), halvings + rest)
        low = np.array([failed.get(_way(step, size), 0.0) / size(step) for _, step in fine])
        for row, step in sorted(_shorten_steps(parcels, fine, low, passes), key=lambda item: size(item[1])):
            steps.setdefault(row, step)
        failed |= {_way(step, size): size(step) for step in ring}
    return steps


def _way(step: Step, size: Callable[[Step], float]) -> tuple[float, ...]:
    """A key for steps of one direction and one mixture of moving and turning."""
    unit = step.part(1 / size(step))
    return round(unit.east_m, 9), round(unit.north_m, 9), round(unit.turned_deg, 9)


def _pass(parcels: np.ndarray, trials: Sequence[tuple[int, Step]], passes: Passes) -> np.ndarray:
    shapes = np.empty(len(trials), dtype=object)
    shapes[:] = [step.move_parcel(parcels[row]) for row, step in trials]
    return passes(np.array([row for row, _ in trials], dtype=np.int64), shapes)


def _shorten_steps(
    parcels: np.ndarray, good: list[tuple[int, Step]], low: np.ndarray, passes: Passes
) -> list[tuple[int, Step]]:
    """Shorten each passing step (k,) as far as it still passes; low: the share (k,) of the step that does not pass."""
    if not good:
        return []
    high = np.ones(len(good))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fine = _pass(parcels, [(row, step.part(m)) for (row, step), m in zip(good, middle, strict=True)], passes)
        high, low = np.where(fine, middle, high), np.where(fine, low, middle)
    return [(row, step.part(float(share))) for (row, step), share in zip(good, high, strict=True)]
