"""The part of each feature in each unit: a feature that crosses a border is divided by its area or length."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from onemap.layers.catalogue.unit_codes import plain_unit_code
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.shape_column import AnyShapes, all_of, areas_of
from onemap.rules.judge.overlay.candidate_pairs import index_of
from onemap.rules.judge.overlay.in_chunks import intersecting_pairs
from onemap.rules.judge.overlay.lines_inside import proved_pieces
from onemap.rules.judge.overlay.overlay import overlaps, refuse_failed
from onemap.rules.judge.overlay.threads import Threads

POLYGON, LINE, POINT = "polygon", "line", "point"
_NONE = np.empty(0)


@dataclass(frozen=True)
class UnitPieces:
    """Pieces (k,): the unit, the feature, the ground that they share, and the share of the feature.

    areas: in the plane and on the ellipsoid, in m², measured once for all sums.
    """

    unit: np.ndarray
    feature: np.ndarray
    ground: FlatGround
    share: np.ndarray
    areas: tuple[np.ndarray, np.ndarray] = (_NONE, _NONE)

    @property
    def geometry(self) -> np.ndarray:
        """The common ground as geometries (k,), made on demand."""
        return self.ground.geometries

    def of_features(self, is_chosen: np.ndarray) -> "UnitPieces":
        """The pieces of chosen features. is_chosen: mask of features (n,)."""
        rows = is_chosen[self.feature]
        planar, ellipsoidal = (area[rows] if len(area) else area for area in self.areas)
        columns = self.unit[rows], self.feature[rows], self.ground.at(rows), self.share[rows]
        return UnitPieces(*columns, (planar, ellipsoidal))


def whole_features(shapes: AnyShapes) -> UnitPieces:
    """Every feature as one piece of a single unit that is all ground."""
    count = len(shapes)
    return UnitPieces(np.zeros(count, dtype=np.int64), np.arange(count), FlatGround.all_of(shapes), np.ones(count))


def unit_pieces(
    grounds: np.ndarray, shapes: AnyShapes, kind: str, names: np.ndarray, layer: str, threads: Threads
) -> UnitPieces:
    """The features' (n,) pieces in units (m,), both counted from one origin; touching does not count.

    kind: polygon, line or point; names: of the features; layer: how a refusal names their layer.
    Raises OneMapError compare.arithmetic.
    """
    if kind == POLYGON:
        return _polygons(grounds, shapes, names, layer, threads)
    geometries = all_of(shapes)
    tree = shapely.STRtree(grounds)
    shapely.prepare(grounds)
    feature, unit = intersecting_pairs(tree, geometries, threads)
    order = np.lexsort((feature, unit))
    feature, unit = feature[order], unit[order]
    # Of each unit by one thread: what is prepared cannot be asked by several at once.
    _, first = np.unique(unit, return_index=True)
    of_units = [slice(begin, end) for begin, end in pairwise([*first.tolist(), len(unit)])]
    parts = threads.each(lambda part: _clip_to_units(geometries[feature[part]], grounds[unit[part]]), of_units)
    pieces = np.concatenate([np.empty(0, dtype=object), *parts])
    return pieces_with_shares(unit, feature, pieces, geometries, kind)


def pieces_with_shares(
    unit: np.ndarray, feature: np.ndarray, pieces: np.ndarray, geometries: np.ndarray, kind: str
) -> UnitPieces:
    """Pieces (k,) of lines or points that are not empty, with shares of their features; geometries: of all features."""
    size, whole = pieces_size(pieces, kind), pieces_size(geometries, kind)[feature]
    keep = size > 0
    share = np.divide(size, whole, out=np.zeros(len(size)), where=whole > 0)
    return UnitPieces(unit[keep], feature[keep], FlatGround.of(pieces[keep]), share[keep])


def _clip_to_units(geometries: np.ndarray, grounds: np.ndarray) -> np.ndarray:
    """Clip lines or points to their units, pair by pair; those wholly inside are not cut."""
    result = geometries.copy()
    rows = np.flatnonzero(~shapely.covers(grounds, geometries))
    result[rows] = proved_pieces(shapely.intersection, geometries[rows], grounds[rows])
    return result


def pieces_size(geometries: np.ndarray, kind: str) -> np.ndarray:
    """The size of lines or points (n,): length, or number of points."""
    size = shapely.length(geometries) if kind == LINE else shapely.get_num_coordinates(geometries)
    return np.asarray(size, dtype=float)


def _polygons(grounds: np.ndarray, shapes: AnyShapes, names: np.ndarray, layer: str, threads: Threads) -> UnitPieces:
    """The pieces of polygons.

    Features, many and small, take the role of parcels in the overlay; units that of features.
    """
    common_ground = overlaps(shapes, index_of(shapes), grounds, threads)
    refuse_failed(layer, names, common_ground.failed[:, 0])
    order = np.lexsort((common_ground.parcel, common_ground.feature))
    feature, unit, ground = common_ground.parcel[order], common_ground.feature[order], common_ground.ground.at(order)
    whole = areas_of(shapes)[feature]
    share = np.divide(ground.area_m2, whole, out=np.ones(len(ground)), where=whole > 0)
    return UnitPieces(unit, feature, ground, share)


def joined_rows(names: np.ndarray, keys: Sequence[str | None]) -> tuple[UnitPieces, list[str | None]]:
    """The rows of a table (n,) by unit code, and the codes that belong to no unit. names: of the units (m,)."""
    place = {plain_unit_code(str(name)): at for at, name in enumerate(names.tolist())}
    unit = np.array([-1 if key is None else place.get(plain_unit_code(key), -1) for key in keys], dtype=np.int64)
    rows = np.flatnonzero(unit >= 0)
    rows = rows[np.argsort(unit[rows], kind="stable")]
    lost_codes = [key for key, at in zip(keys, unit, strict=True) if at < 0]
    return UnitPieces(unit[rows], rows, FlatGround.empty(len(rows)), np.ones(len(rows))), lost_codes
