"""Checks of how features lie to one another: the same shape twice, overlaps, gaps; all vectorised."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from onemap.layers.flaws import Flaws
from onemap.layers.parts import polygon_parts

_GIANT = 2000  # points
_PIECE = 200
_ARITHMETIC_M2 = 1e-6  # less than that is no ground


def duplicate_flaws(geometries: np.ndarray, names: np.ndarray) -> list[Flaws]:
    """Features whose shape another has had before them, whatever the point at which it begins."""
    boxes = pd.DataFrame(shapely.bounds(geometries))
    alike = np.flatnonzero(boxes.duplicated(keep=False).to_numpy())  # only these can be the same
    if len(alike) == 0:
        return []
    shapes = pd.Series(shapely.to_wkb(shapely.normalize(geometries[alike])), index=alike)
    later = shapes[shapes.duplicated()]
    if later.empty:
        return []
    first = dict(zip(reversed(shapes.tolist()), reversed(shapes.index.tolist()), strict=True))
    facts = [{"other": str(names[first[shape]])} for shape in later]
    return [Flaws("topology.duplicate", later.index.to_numpy(), facts)]


@dataclass(frozen=True)
class Fit:
    """How polygons (n,) fit together: which do not fit their neighbours edge by edge, and which are giants.

    A giant, such as a city's streets in one polygon, is left out of the edge by edge look, which it would make slow.
    """

    geometries: np.ndarray
    misfits: np.ndarray
    giants: np.ndarray


def fit_of(geometries: np.ndarray) -> Fit:
    """Look at polygons edge by edge. Of two small ones that overlap at least one is a misfit."""
    giants = shapely.get_num_coordinates(geometries) > _GIANT
    misfits = np.zeros(len(geometries), dtype=bool)
    small = np.flatnonzero(~giants)
    misfits[small] = ~shapely.is_empty(shapely.coverage_invalid_edges(geometries[small]))
    return Fit(geometries, misfits, giants)


@dataclass(frozen=True)
class Least:
    """What is too little ground to be told of: by area, or by mean width, as coordinates are rounded."""

    area_m2: float
    width_m: float

    def reached(self, grounds: np.ndarray) -> np.ndarray:
        """Which of the polygons (n,) are large and wide enough."""
        area_m2, length_m = shapely.area(grounds), np.maximum(shapely.length(grounds), 1e-12)
        return np.asarray((area_m2 >= max(self.area_m2, _ARITHMETIC_M2)) & (2 * area_m2 / length_m >= self.width_m))


def overlap_flaws(fit: Fit, names: np.ndarray, least: Least) -> list[Flaws]:
    """Pairs of polygons that share enough ground to be told of; the same shape twice is told elsewhere."""
    pieces, owner = _pieces(fit)
    asked = np.flatnonzero((fit.misfits | fit.giants)[owner])
    if len(asked) == 0:
        return []
    left, right = shapely.STRtree(pieces).query(pieces[asked], predicate="intersects")
    left = asked[left]
    swap = owner[left] > owner[right]
    low, high = np.where(swap, right, left), np.where(swap, left, right)
    met = np.unique(np.column_stack([low, high])[owner[low] != owner[high]], axis=0)
    met = met[~shapely.equals(fit.geometries[owner[met[:, 0]]], fit.geometries[owner[met[:, 1]]])]
    shared = polygon_parts(shapely.intersection(pieces[met[:, 0]], pieces[met[:, 1]]))
    real = ~shapely.is_missing(shared)
    if not real.any():
        return []
    pairs, pair = np.unique(owner[met[real]], axis=0, return_inverse=True)
    # Pieces of one polygon share no ground, so areas add up.
    area_m2 = np.bincount(pair.ravel(), shapely.area(shared[real]), minlength=len(pairs))
    parts, position = shapely.get_parts(shared[real], return_index=True)
    order = np.argsort(pair.ravel()[position], kind="stable")
    grounds = shapely.multipolygons(parts[order], indices=pair.ravel()[position][order])
    kept = np.flatnonzero(least.reached(grounds))
    if len(kept) == 0:
        return []
    facts = [
        {"other": str(names[pairs[at, 1]]), "area": f"{area_m2[at]:.2f}", "area_m2": float(area_m2[at])}
        for at in kept.tolist()
    ]
    return [Flaws("topology.overlap", pairs[kept, 0], facts, grounds[kept])]


def _pieces(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """The polygons with giants cut up (k,), and to which polygon each piece belongs."""
    small = np.flatnonzero(~fit.giants)
    pieces, owners = [fit.geometries[small]], [small]
    for giant in np.flatnonzero(fit.giants).tolist():
        cut = _cut_up(fit.geometries[giant])
        pieces.append(cut)
        owners.append(np.full(len(cut), giant))
    return np.concatenate(pieces), np.concatenate(owners)


def _cut_up(polygon: shapely.Geometry) -> np.ndarray:
    """A polygon as pieces of few points, halved across its longer side again and again."""
    waiting, done = [polygon], []
    while waiting:
        piece = waiting.pop()
        west, south, east, north = piece.bounds
        if shapely.get_num_coordinates(piece) <= _PIECE or max(east - west, north - south) < 1.0:
            done.append(piece)
            continue
        middle, centre = (west + east) / 2, (south + north) / 2
        if east - west > north - south:
            halves = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
        else:
            halves = shapely.box(west, south, east, centre), shapely.box(west, centre, east, north)
        parts = polygon_parts(shapely.intersection(piece, np.array(halves, dtype=object)))
        waiting += [part for part in parts if part is not None]
    return np.array(done, dtype=object)


def union_of(fit: Fit) -> shapely.Geometry:
    """All polygons as one: those that fit their neighbours by their edges alone, the few others by overlay."""
    fits = ~(fit.misfits | fit.giants)
    parts = [shapely.coverage_union_all(fit.geometries[fits])] if fits.any() else []
    if not fits.all():
        parts.append(shapely.union_all(fit.geometries[~fits]))
    return shapely.union_all(parts)


def gap_flaws(union: shapely.Geometry, ground: shapely.Geometry | None, least: Least) -> list[Flaws]:
    """Ground without a feature, enough of it to be told of, the largest first.

    ground: what should be covered; None: whatever the features enclose.
    """
    if ground is None:
        shells = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
        ground = shapely.union_all(shells)
    bare = shapely.get_parts(polygon_parts(np.array([shapely.difference(ground, union)], dtype=object))[0])
    bare = bare[least.reached(bare)]
    area_m2 = shapely.area(bare)
    order = np.argsort(-area_m2, kind="stable")
    if len(order) == 0:
        return []
    facts = [{"area": f"{area_m2[at]:.2f}", "area_m2": float(area_m2[at])} for at in order.tolist()]
    return [Flaws("topology.gap", np.full(len(order), -1), facts, bare[order])]
