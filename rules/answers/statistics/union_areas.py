"""Areas of unions without building them all: only overlapping pieces are united."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.geometry.areas import areas_of_ground_m2
from onemap.layers.geometry.flat_ground import FlatGround, flat_of
from onemap.layers.geometry.shape_column import AnyShapes
from onemap.rules.answers.compare.dissolve import joined_groups
from onemap.rules.answers.statistics.unit_pieces import UnitPieces
from onemap.rules.judge.overlay.mutual_overlaps import earlier_neighbours
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, union_by
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class Plane:
    """A plane, and the origin from which coordinates are counted."""

    crs: pyproj.CRS
    origin: tuple[float, float]

    def ellipsoidal_m2(self, ground: np.ndarray | FlatGround) -> np.ndarray:
        """The ellipsoidal areas of ground (n,)."""
        return areas_of_ground_m2(flat_of(ground), self.crs, self.origin)


@dataclass(frozen=True)
class UnionAreas:
    """The area of the union of each of n groups, and the area that overlaps took from the sum, also ellipsoidal."""

    area_m2: np.ndarray
    ellipsoidal_m2: np.ndarray
    overlap_m2: np.ndarray
    overlap_ellipsoidal_m2: np.ndarray


def overlapping_pairs(shapes: AnyShapes, threads: Threads) -> np.ndarray:
    """Pairs (2, p) of polygons that share ground, each once; touching does not count."""
    every = np.arange(len(shapes))
    return earlier_neighbours(shapes, every, threads, lambda _, areas, errors: areas > errors + ARITHMETIC_M2)


def union_areas(
    group: np.ndarray, pieces: UnitPieces, groups: int, pairs: np.ndarray, plane: Plane, threads: Threads
) -> UnionAreas:
    """The areas of the unions of pieces (k,) by group (k,); the pieces' own areas are known.

    pairs: of features that overlap each other, (2, p).
    """
    planar, ellipsoidal = pieces.areas
    total = np.bincount(group, planar, groups)
    result = total.copy()
    total_on_ellipsoid = np.bincount(group, ellipsoidal, groups)
    on_ellipsoid = total_on_ellipsoid.copy()
    cluster = _clusters(group, pieces.feature, pairs, threads)
    rows = np.flatnonzero(cluster >= 0)
    if len(rows):
        _, at = np.unique(cluster[rows], return_inverse=True)
        count = int(at.max()) + 1
        of_group = np.zeros(count, dtype=np.int64)
        of_group[at] = group[rows]
        grounds = union_by(at, pieces.ground.at(rows).geometries, count, threads)
        less = np.nan_to_num(shapely.area(grounds)) - np.bincount(at, planar[rows], count)
        result += np.bincount(of_group, less, groups)
        curved = plane.ellipsoidal_m2(grounds) - np.bincount(at, ellipsoidal[rows], count)
        on_ellipsoid += np.bincount(of_group, curved, groups)
    curved_overlap = np.maximum(total_on_ellipsoid - on_ellipsoid, 0.0)
    return UnionAreas(result, on_ellipsoid, np.maximum(total - result, 0.0), curved_overlap)


def _clusters(group: np.ndarray, feature: np.ndarray, pairs: np.ndarray, threads: Threads) -> np.ndarray:
    """Which pieces (k,) have to be united: a number for each cluster, -1 for a piece that overlaps none."""
    cluster = np.full(len(group), -1, dtype=np.int64)
    if pairs.shape[1] == 0 or len(group) == 0:
        return cluster
    pieces = pd.DataFrame({"group": group, "feature": feature, "row": np.arange(len(group))})
    links = pd.DataFrame({"one": pairs[0], "other": pairs[1]})
    row_pairs = links.merge(pieces, left_on="one", right_on="feature").merge(
        pieces, left_on=["other", "group"], right_on=["feature", "group"], suffixes=("", "_other")
    )
    one, other = row_pairs["row"].to_numpy(), row_pairs["row_other"].to_numpy()
    linked_rows = np.unique(np.r_[one, other])
    cluster[linked_rows] = joined_groups(len(group), one, other, threads)[linked_rows]
    return cluster
