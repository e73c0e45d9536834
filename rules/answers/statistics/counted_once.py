"""Ground in two units, or on their border, counts in both of them, but only once in the total of all units."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.rules.answers.compare.self_overlap import first_row_wins
from onemap.rules.answers.statistics.unit_pieces import UnitPieces, pieces_with_shares
from onemap.rules.answers.statistics.units import AreaUnits, shared_m2
from onemap.rules.judge.overlay.candidate_pairs import boxes_meet
from onemap.rules.judge.overlay.in_chunks import chunks, intersecting_pairs
from onemap.rules.judge.overlay.overlay import refuse_failed
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class CountedOnce:
    """All units (m,) that a question names, in the library's plane; a block is a part of them.

    own: the ground of each that no earlier unit has, None if nothing is left; equal to `grounds` if no two share any.
    shared_m2: the ground that lies in two of them.
    """

    grounds: np.ndarray
    own: np.ndarray
    shared_m2: float

    @classmethod
    def of(cls, units: AreaUnits, threads: Threads) -> "CountedOnce":
        """Find the ground that units share. Raises OneMapError compare.arithmetic."""
        shared = shared_m2(units, threads)
        if not shared:
            return cls(units.grounds, units.grounds, 0.0)
        own, _, failed = first_row_wins(units.grounds, threads)
        refuse_failed(units.source, units.names, failed)
        return cls(units.grounds, own, shared)

    @property
    def own_m2(self) -> np.ndarray:
        """The areas of `own` (m,), which sum to the ground of all."""
        areas: np.ndarray = np.nan_to_num(shapely.area(self.own))
        return areas

    def from_origin(self, origin: tuple[float, float]) -> "CountedOnce":
        """The same units with coordinates counted from an origin."""
        away = -origin[0], -origin[1]
        grounds = shift_geometries(self.grounds, away)
        if self.own is self.grounds:
            return replace(self, grounds=grounds, own=grounds)
        present = ~shapely.is_missing(self.own)
        own = self.own.copy()
        own[present] = shift_geometries(self.own[present], away)
        return replace(self, grounds=grounds, own=own)

    def in_first_unit(
        self, pieces: UnitPieces, rows: np.ndarray, kind: str, shapes: AnyShapes, threads: Threads
    ) -> UnitPieces:
        """Pieces (k,) of lines or points without the parts that lie in an earlier unit, or on its border.

        rows: positions of the pieces' units (b,) among all units; shapes: of the features.
        """
        place = rows[pieces.unit]
        piece, unit = intersecting_pairs(shapely.STRtree(self.grounds), pieces.geometry, threads)
        is_earlier = unit < place[piece]
        order = np.lexsort((unit[is_earlier], piece[is_earlier]))
        piece, unit = piece[is_earlier][order], unit[is_earlier][order]
        rest = pieces.geometry.copy()
        turn = np.arange(len(piece)) - np.searchsorted(piece, piece)
        for number in range(int(turn.max(initial=-1)) + 1):  # one unit after the other is taken away
            some = np.flatnonzero(turn == number)
            rest[piece[some]] = _differences(rest[piece[some]], self.grounds[unit[some]], threads)
        return pieces_with_shares(pieces.unit, pieces.feature, rest, all_of(shapes), kind)

    def crossing_features(self, shapes: AnyShapes, rows: np.ndarray, threads: Threads) -> np.ndarray:
        """Which features (n,) meet a unit outside a block; mask. rows: of the block's units."""
        others = np.setdiff1d(np.arange(len(self.grounds)), rows)
        tree, crosses = shapely.STRtree(self.grounds[others]), np.zeros(len(shapes), dtype=bool)
        near = np.unique(boxes_meet(tree, shapes, threads)[0])
        feature, _ = intersecting_pairs(tree, shapes[near], threads)
        crosses[near[feature]] = True
        return crosses


def _differences(left: np.ndarray, right: np.ndarray, threads: Threads) -> np.ndarray:
    """left − right pair by pair, of lines or points."""
    parts = threads.each(lambda part: shapely.difference(left[part], right[part]), chunks(len(left)))
    return np.concatenate([np.empty(0, dtype=object), *parts])


@dataclass(frozen=True)
class UnitBlock:
    """The units measured at a time: their rows (b,) among all units (m,)."""

    every: CountedOnce
    rows: np.ndarray
