"""Ground in two units, or on their border, counts in both of them, but only once in the total of all units."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.rules.answers.compare.self_overlap import first_row_wins
from onemap.rules.answers.statistics.unit_pieces import LINE, UnitPieces, pieces_with_shares, unit_pieces
from onemap.rules.answers.statistics.units import AreaUnits, shared_m2
from onemap.rules.judge.overlay.candidate_pairs import boxes_meet
from onemap.rules.judge.overlay.in_chunks import chunks, intersecting_pairs
from onemap.rules.judge.overlay.overlay import refuse_failed
from onemap.rules.judge.overlay.threads import Threads

_NEAR_M = 1e-8  # what runs as near to each other is one line, rounded twice
_TOUCH_M = 1e-7  # what lines have in common if they only touch, some times


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
        common_m2 = shared_m2(units, threads)
        if not common_m2:
            return cls(units.grounds, units.grounds, 0.0)
        own, _, failed = first_row_wins(units.grounds, threads)
        refuse_failed(units.source, units.names, failed)
        return cls(units.grounds, own, common_m2)

    @property
    def own_m2(self) -> np.ndarray:
        """The areas of `own` (m,), which sum to the ground of all."""
        areas: np.ndarray = np.nan_to_num(shapely.area(self.own))
        return areas

    def from_origin(self, origin: tuple[float, float]) -> "CountedOnce":
        """The same units with coordinates counted from an origin."""
        shift = -origin[0], -origin[1]
        grounds = shift_geometries(self.grounds, shift)
        if self.own is self.grounds:
            return replace(self, grounds=grounds, own=grounds)
        present = ~shapely.is_missing(self.own)
        own = self.own.copy()
        own[present] = shift_geometries(self.own[present], shift)
        return replace(self, grounds=grounds, own=own)

    def in_first_unit(
        self, pieces: UnitPieces, rows: np.ndarray, kind: str, shapes: AnyShapes, threads: Threads
    ) -> UnitPieces:
        """Pieces (k,) of lines or points without the parts that an earlier unit has, too.

        rows: positions of the pieces' units (b,) among all units; shapes: of the features. What an earlier unit has are
        its pieces, and not its ground: where a line runs along a border with other vertices, every overlay rounds
        anew, and would take away what that unit never got.
        """
        geometries, place = all_of(shapes), rows[pieces.unit]
        every, feature, of_unit = self._with_pieces_beyond(pieces, rows, kind, geometries, threads)
        # Of most features there is one piece only.
        several = np.flatnonzero(np.bincount(feature, minlength=len(geometries))[feature] > 1)
        own = several[several < len(place)]
        tree = shapely.STRtree(every[several])
        piece, other = tree.query(every[own], predicate="dwithin", distance=_NEAR_M)
        piece, other = own[piece], several[other]
        is_earlier = (feature[piece] == feature[other]) & (of_unit[other] < place[piece])
        piece, other = piece[is_earlier], other[is_earlier]
        order = np.lexsort((of_unit[other], piece))
        piece, other = piece[order], other[order]
        rest = pieces.geometry.copy()
        turn = np.arange(len(piece)) - np.searchsorted(piece, piece)
        for number in range(int(turn.max(initial=-1)) + 1):  # one unit after the other is taken away
            some = np.flatnonzero(turn == number)
            rest[piece[some]] = _differences(rest[piece[some]], every[other[some]], kind, threads)
        return pieces_with_shares(pieces.unit, pieces.feature, rest, geometries, kind)

    def _with_pieces_beyond(
        self, pieces: UnitPieces, rows: np.ndarray, kind: str, geometries: np.ndarray, threads: Threads
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pieces (k,) and after them those of the same features in all other units, their features and units."""
        other_units, here = np.setdiff1d(np.arange(len(self.grounds)), rows), np.unique(pieces.feature)
        if len(other_units) == 0:
            return pieces.geometry, pieces.feature, rows[pieces.unit]
        more = unit_pieces(self.grounds[other_units], geometries[here], kind, np.empty(0), "", threads)
        every = np.concatenate([pieces.geometry, more.geometry])
        return every, np.r_[pieces.feature, here[more.feature]], np.r_[rows[pieces.unit], other_units[more.unit]]

    def crossing_features(self, shapes: AnyShapes, rows: np.ndarray, threads: Threads) -> np.ndarray:
        """Which features (n,) meet a unit outside a block; mask. rows: of the block's units."""
        others = np.setdiff1d(np.arange(len(self.grounds)), rows)
        tree, crosses = shapely.STRtree(self.grounds[others]), np.zeros(len(shapes), dtype=bool)
        near = np.unique(boxes_meet(tree, shapes, threads)[0])
        feature, _ = intersecting_pairs(tree, shapes[near], threads)
        crosses[near[feature]] = True
        return crosses


def _differences(left: np.ndarray, right: np.ndarray, kind: str, threads: Threads) -> np.ndarray:
    """left − right pair by pair, of lines or points; lines as near as `_NEAR_M` are one."""
    if kind != LINE:
        return shapely.difference(left, right)

    def take_away(part: slice) -> np.ndarray:
        return shapely.difference(left[part], shapely.buffer(right[part], _NEAR_M, quad_segs=1))

    rest = np.concatenate([np.empty(0, dtype=object), *threads.each(take_away, chunks(len(left)))])
    # Lines that only touch keep their ends.
    return np.where(shapely.length(left) - shapely.length(rest) > _TOUCH_M, rest, left)


@dataclass(frozen=True)
class UnitBlock:
    """The units measured at a time: their rows (b,) among all units (m,)."""

    every: CountedOnce
    rows: np.ndarray
