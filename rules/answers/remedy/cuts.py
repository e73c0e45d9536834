"""Cut conflicting ground from parcels, rule after rule, and drop parts that are too small to keep."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import largest_of_each
from onemap.layers.geometry.rings import planar_lengths_m
from onemap.layers.geometry.shape_column import AnyShapes, all_of, some_of
from onemap.rules.judge.findings.thresholds import are_broad, vanish_under_erosion
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, divided_ground
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class ObstacleRows:
    """Obstacles of parcels (k,): parcel (row), the rule's position in the order of work, the verdict's rank."""

    parcel: np.ndarray
    rule: np.ndarray
    rank: np.ndarray

    def at(self, rows: np.ndarray) -> "ObstacleRows":
        """The obstacles at some positions (j,)."""
        return ObstacleRows(self.parcel[rows], self.rule[rows], self.rank[rows])


@dataclass(frozen=True)
class Obstacles:
    """Ground (k,) that conflicts with parcels: parcel after parcel, for each in the order of cutting."""

    against: ObstacleRows
    ground: AnyShapes

    def __len__(self) -> int:
        return len(self.ground)


@dataclass(frozen=True)
class Cuts:
    """The ground that rules cut from parcels (k,), without ground that an earlier rule had cut."""

    against: ObstacleRows
    area_m2: np.ndarray
    ground: FlatGround


@dataclass
class Parts:
    """Parcels while they are cut: the ground left of each (n,), the parts cut off, and the m² of dropped parts."""

    rest: FlatGround
    cuts: list[Cuts]
    dropped_m2: np.ndarray

    @classmethod
    def whole(cls, parcels: AnyShapes) -> "Parts":
        """Parcels before anything is cut; no geometry of a column is made."""
        nobody = np.empty(0, dtype=np.int64)
        nothing = Cuts(ObstacleRows(nobody, nobody, nobody), np.empty(0), FlatGround.empty(0))
        return cls(FlatGround.all_of(parcels), [nothing], np.zeros(len(parcels)))

    @property
    def is_left(self) -> np.ndarray:
        """Which parcels have ground left: mask (n,)."""
        left: np.ndarray = self.rest.dimension >= 0
        return left

    def cut(self, against: ObstacleRows, rest: FlatGround, area_m2: np.ndarray, ground: FlatGround) -> None:
        """Set the rest of some parcels, and record what was cut from each: (k,)."""
        self.rest = self.rest.with_ground(against.parcel, rest)
        self.cuts.append(Cuts(against, area_m2, ground))


def cut_off(parts: Parts, obstacles: Obstacles, grown_m: float, threads: Threads) -> None:
    """Cut the obstacles from the parcels, each parcel's in the given order; `grown_m`: widen the obstacles by this.

    If an overlay fails, the whole rest of that parcel is cut, so that no ground is lost.
    """
    parcel, every = obstacles.against.parcel, np.arange(len(obstacles))
    begins = np.r_[True, parcel[1:] != parcel[:-1]][: len(every)]
    turn_of = every - np.maximum.accumulate(np.where(begins, every, 0))
    turns = int(turn_of.max(initial=-1)) + 1
    for turn in range(turns):
        threads.progress.at(turn / turns)
        rows = np.flatnonzero((turn_of == turn) & parts.is_left[parcel])
        before, obstacle_ground = parts.rest.at(parcel[rows]), some_of(obstacles.ground, rows)
        if grown_m:
            obstacle_ground = shapely.buffer(all_of(obstacle_ground), grown_m, join_style="mitre")
            for at in np.flatnonzero(shapely.is_empty(obstacle_ground)).tolist():
                obstacle_ground[at] = _ground_along_cuts(parts, parcel[rows[at]], grown_m)
        rest, cut = divided_ground(before, obstacle_ground, threads)
        area_m2 = before.area_m2 - np.nan_to_num(rest.area_m2)
        real = np.flatnonzero(area_m2 >= ARITHMETIC_M2)  # what floating point leaves is neither cut nor lost
        parts.cut(obstacles.against.at(rows[real]), rest.at(real), area_m2[real], cut.at(real))


def _ground_along_cuts(parts: Parts, parcel: int, by_m: float) -> shapely.Geometry:
    """The ground that was cut from a parcel, widened; if nothing was cut yet, the rim of the parcel's ground.

    It replaces an obstacle so thin that nothing was left of it when written: the obstacle lies along these lines.
    """
    cut = [one.ground.at(np.flatnonzero(one.against.parcel == parcel)).geometries for one in parts.cuts]
    edge = shapely.boundary(parts.rest.at(np.array([parcel])).geometries)
    cut_ground = np.concatenate(cut) if any(map(len, cut)) else edge
    return shapely.union_all(shapely.buffer(cut_ground, by_m, join_style="mitre"))


def drop_small(parts: Parts, min_part_m2: float, min_width_m: float, one_piece: bool) -> None:
    """Drop single polygons smaller than `min_part_m2` or thinner than `min_width_m`; one_piece: keep the largest."""
    count, area_m2, least_m2 = parts.rest.parts, parts.rest.area_m2, max(min_part_m2, ARITHMETIC_M2)
    # What is of one part is made only where it may be too small or too thin.
    is_large = (count == 1) & (area_m2 >= least_m2)
    if min_width_m > 0:
        rings = parts.rest.rings()
        holes = np.bincount(rings.polygon, rings.is_hole, len(count))
        is_large &= are_broad(area_m2, planar_lengths_m(rings, len(count)), holes, min_width_m)
    rows = np.flatnonzero((count > 0) & ~is_large)
    pieces, owner = shapely.get_parts(parts.rest.at(rows).geometries, return_index=True)
    area = shapely.area(pieces)
    is_kept = area >= least_m2
    if min_width_m > 0:
        is_kept &= ~vanish_under_erosion(pieces, min_width_m)
    if one_piece and len(pieces):
        several = np.flatnonzero(is_kept)
        is_kept = np.isin(np.arange(len(pieces)), several[largest_of_each(area[several], owner[several])])
    parts.dropped_m2[rows] += np.bincount(owner[~is_kept], area[~is_kept], minlength=len(rows))
    touched = np.unique(owner[~is_kept])
    left = np.full(len(touched), None, dtype=object)
    for place, at in enumerate(touched):
        mine = pieces[is_kept & (owner == at)]
        left[place] = None if len(mine) == 0 else mine[0] if len(mine) == 1 else shapely.multipolygons(mine)
    parts.rest = parts.rest.with_others(rows[touched], left)
