"""Parcels less the ground that stands against them, rule after rule; and the parts that are too small to keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely

from onemap.rules.findings.thresholds import vanishing
from onemap.rules.overlay.overlay import ARITHMETIC_M2, divide_polygons
from onemap.rules.overlay.threads import Threads


@dataclass(frozen=True)
class Obstacle:
    """Ground that stands against one parcel: parcel (row), the rule's place in the order of work, and why.

    is_unknown: the ground could not be judged, and is cut for that.
    """

    parcel: int
    rule: str
    verdict: str
    is_unknown: bool
    ground: shapely.Geometry


@dataclass(frozen=True)
class Cut:
    """What one rule cut from one parcel: only what no earlier one had cut."""

    parcel: int
    rule: str
    verdict: str
    is_unknown: bool
    area_m2: float
    ground: shapely.Geometry | None


@dataclass
class Parts:
    """Parcels under work: what is left of each (n,), None where nothing is; what was cut; what was dropped, in m²."""

    rest: np.ndarray
    cuts: list[Cut] = field(default_factory=list)
    dropped_m2: np.ndarray = field(default_factory=lambda: np.empty(0))

    @classmethod
    def whole(cls, parcels: np.ndarray) -> "Parts":
        """Parcels of which nothing is cut yet."""
        return cls(parcels.copy(), [], np.zeros(len(parcels)))


def cut_off(parts: Parts, obstacles: Sequence[Obstacle], grown_m: float, threads: Threads) -> None:
    """Take the obstacles from the parcels, each parcel's in the order given; `grown_m`: by so much more than they are.

    Ground whose overlay breaks down is not lost: the whole rest of that parcel goes.
    """
    queues: dict[int, list[Obstacle]] = {}
    for obstacle in obstacles:
        queues.setdefault(obstacle.parcel, []).append(obstacle)
    turns = max(map(len, queues.values()), default=0)
    for turn in range(turns):
        threads.progress.at(turn / turns)
        now = [queue[turn] for queue in queues.values() if len(queue) > turn]
        now = [obstacle for obstacle in now if parts.rest[obstacle.parcel] is not None]
        rows = np.array([obstacle.parcel for obstacle in now], dtype=np.int64)
        ground = np.empty(len(now), dtype=object)
        ground[:] = [obstacle.ground for obstacle in now]
        if grown_m:
            ground = shapely.buffer(ground, grown_m, join_style="mitre")
        before = parts.rest[rows]
        after, failed, piece = divide_polygons(before, ground, threads)
        after[failed], piece[failed] = None, before[failed]
        parts.rest[rows] = after
        area = shapely.area(before) - np.nan_to_num(shapely.area(after))
        for at, obstacle in enumerate(now):
            if area[at] >= ARITHMETIC_M2:
                facts = (obstacle.parcel, obstacle.rule, obstacle.verdict, obstacle.is_unknown)
                parts.cuts.append(Cut(*facts, float(area[at]), piece[at]))
            else:  # what floating point leaves is neither cut nor lost
                parts.rest[obstacle.parcel] = before[at]


def drop_small(parts: Parts, min_part_m2: float, min_width_m: float, one_piece: bool) -> None:
    """Drop single polygons smaller than `min_part_m2` or thinner than `min_width_m`; of several keep the largest."""
    rows = np.flatnonzero(~shapely.is_missing(parts.rest))
    pieces, owner = shapely.get_parts(parts.rest[rows], return_index=True)
    area = shapely.area(pieces)
    kept = area >= max(min_part_m2, ARITHMETIC_M2)
    if min_width_m > 0:
        kept &= ~vanishing(pieces, min_width_m)
    if one_piece and len(pieces):
        order = np.lexsort((np.arange(len(pieces)), -area, owner))
        order = order[kept[order]]
        first = order[np.r_[True, owner[order][1:] != owner[order][:-1]]] if len(order) else order
        kept = np.isin(np.arange(len(pieces)), first)
    parts.dropped_m2[rows] += np.bincount(owner[~kept], area[~kept], minlength=len(rows))
    touched = np.unique(owner[~kept])
    for at in touched:
        left = pieces[kept & (owner == at)]
        parts.rest[rows[at]] = None if len(left) == 0 else left[0] if len(left) == 1 else shapely.multipolygons(left)
