"""The part of each area unit within a walk of places: along streets if they form a network, else in straight lines.

The way used, and why, is given beside the value.
"""

from dataclasses import dataclass, field

import numpy as np

from onemap.rules.judge.overlay.grown_ground import ground_around, require_grown
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import grounds_inside, grounds_outside
from onemap.rules.numbers.indicators.street_network import REACH_SEGMENTS, StreetNetwork

NETWORK, STRAIGHT = "network", "straight"
NO_STREETS, UNJOINED = "no_streets", "streets_unjoined"
_UNITS = "units"  # how a refusal names where grounds are of


@dataclass(frozen=True)
class Walk:
    """The length of a walk in m, and the greatest distance to a street.

    join_m: within which vertices are one junction.
    """

    distance_m: float
    snap_m: float
    join_m: float


@dataclass(frozen=True)
class ReachedGround:
    """The reached part of each unit (m,), as polygons or None, and how it was found.

    off_street: the part of each unit too far from any street, None if there is no network.
    facts: columns (m,) of numbers; words: columns (m,) of words.
    """

    grounds: np.ndarray
    off_street: np.ndarray | None = None
    facts: dict[str, np.ndarray] = field(default_factory=dict)
    words: dict[str, list[str | None]] = field(default_factory=dict)


def reached_ground(
    units: np.ndarray, places: np.ndarray, streets: np.ndarray | None, walk: Walk, why_straight: str | None = None
) -> ReachedGround:
    """The ground of units (m,) within a walk of places (p,). streets: lines (s,), or None.

    Raises OneMapError overlay.union, compare.arithmetic.
    why_straight: why there are no streets, if the term names some.
    """
    reached = ground_around(places, walk.distance_m, Threads(), REACH_SEGMENTS)
    straight = grounds_inside(units, reached, _UNITS, Threads())
    count = len(units)
    if streets is None or not len(streets):
        why = [why_straight if streets is None else NO_STREETS] * count
        return ReachedGround(straight, None, {}, {"way": [STRAIGHT] * count, "way_reason": why})
    network = StreetNetwork(streets, walk.join_m)
    grown_units = require_grown(units, walk.distance_m, Threads())
    states = [network.state_in(ground) for ground in grown_units.tolist()]
    by_street = np.array([state.is_joined for state in states], dtype=bool)
    whole, off_street = straight, None
    if by_street.any():
        ground = network.ground_within_walk(places, walk.distance_m, walk.snap_m)
        whole = np.where(by_street, grounds_inside(units, ground, _UNITS, Threads()), straight)
        off_street = grounds_outside(units, network.ground_near_streets(walk.snap_m), _UNITS, Threads())
        off_street[~by_street] = None
    facts = {
        "streets_m": np.array([state.length_m for state in states]),
        "street_parts": np.array([float(state.parts) for state in states]),
        "loose_ends": np.array([float(state.loose_ends) for state in states]),
    }
    why = [None if state.is_joined else (UNJOINED if state.parts else NO_STREETS) for state in states]
    way: list[str | None] = [NETWORK if state.is_joined else STRAIGHT for state in states]
    return ReachedGround(whole, off_street, facts, {"way": way, "way_reason": why})
