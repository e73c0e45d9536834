"""Transitions of classes in units: two versions are overlaid, and every place is counted once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, ProblemPlace
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.shape_column import all_of, some_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.records import Record
from onemap.rules.answers.compare.self_overlap import lost_to_earlier
from onemap.rules.answers.statistics.class_keys import ClassKeys, class_keys
from onemap.rules.answers.statistics.union_areas import Plane
from onemap.rules.answers.statistics.unit_pieces import POLYGON, UnitPieces, unit_pieces
from onemap.rules.answers.statistics.units import proved_ground
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.overlay import (
    ARITHMETIC_M2,
    differences,
    overlaps,
    parts_inside,
    refuse_failed,
    union_by,
)
from onemap.rules.judge.overlay.threads import Threads

_NO_FEATURE = -1  # the class of ground on which a version has no feature
_LEAST_M2 = 0.01  # of such ground; less is what rounding leaves between what was measured


@dataclass(frozen=True)
class TransitionCells:
    """Rows of some units as JSON: `unit` (its position), `from`, `to`, `area_m2`, `area_ellipsoidal_m2`.

    lost: for each version, the area that each feature, by fid, lost there to an earlier feature of the same version.
    """

    rows: list[Record]
    lost: tuple[Mapping[int, float], Mapping[int, float]]


@dataclass(frozen=True)
class VersionPair:
    """Two versions and the keys of their classes; coordinates are counted from the sources' origin."""

    library: Library
    sources: Sources
    versions: tuple[Version, Version]
    by: tuple[str, ...]
    plane: Plane

    def cells(self, grounds: np.ndarray, threads: Threads) -> TransitionCells:
        """Measure transitions in units (m,).

        Raises OneMapError statistics.field, compare.arithmetic, version.unreadable.
        """
        east, north = self.plane.origin
        west, south, right, top = shapely.total_bounds(grounds).tolist()
        box = [west + east, south + north, right + east, top + north]
        a, b = (
            _side(self, version, grounds, box, threads.part(begin, begin + 0.25))
            for begin, version in zip((0.0, 0.25), self.versions, strict=True)
        )
        cells = _cells(a, b, grounds, self.plane, threads.part(0.5, 1.0))
        rows = [
            {"unit": unit, "from": a.name(one), "to": b.name(other), "area_m2": area, "area_ellipsoidal_m2": curved}
            for unit, one, other, area, curved in zip(
                *(cells[name].tolist() for name in ("unit", "a", "b", "area_m2", "ellipsoidal_m2")), strict=True
            )
        ]
        return TransitionCells(rows, (a.lost, b.lost))


@dataclass(frozen=True)
class _Side:
    """One version on the compared ground: its features' names, their pieces, and the class of each."""

    version: Version
    names: np.ndarray
    pieces: UnitPieces
    keys: ClassKeys
    lost: Mapping[int, float]
    area_m2: np.ndarray = field(repr=False)
    ellipsoidal_m2: np.ndarray = field(repr=False)

    @property
    def of_piece(self) -> np.ndarray:
        """The class of each piece (k,)."""
        return self.keys.of_feature[self.pieces.feature]

    def name(self, at: int) -> Record | None:
        """A class as JSON; None for ground without a feature."""
        return None if at == _NO_FEATURE else self.keys.keys(at)


def _side(pair: VersionPair, version: Version, grounds: np.ndarray, box: list[float], threads: Threads) -> _Side:
    library, plane = pair.library, pair.plane
    source: LayerSource = pair.sources.of_version(version, box)
    if source.stored is None:
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    entry = library.catalogue()[version.code]
    place: ProblemPlace = {**entry.place_in(library.label), "field": "--by"}
    keys = class_keys(pair.by, source.stored.attributes, entry, place)
    shapes = source.stored.shapes
    rows, rest, _, failed_rows = lost_to_earlier(shapes, np.arange(len(shapes)), threads)
    refuse_failed(version.table, source.names, failed_rows)
    present = np.delete(np.arange(len(shapes)), rows[shapely.is_missing(rest)])
    lost_by_fid: dict[int, float] = {}
    if len(rows):
        of_version = version.table, source.names[rows]
        lost_ground = proved_ground(differences(shapes[rows], rest, threads), *of_version)
        (whole,) = union_by(np.zeros(len(grounds), dtype=np.int64), grounds, 1, threads)
        lost_m2 = np.nan_to_num(shapely.area(proved_ground(parts_inside(lost_ground, whole, threads), *of_version)))
        fids = source.stored.fids[rows].tolist()
        lost_by_fid = {fid: area for fid, area in zip(fids, lost_m2.tolist(), strict=True) if area >= ARITHMETIC_M2}
        shapes = all_of(shapes).copy()
        shapes[rows] = rest
    shapes = some_of(shapes, present)
    layer_pieces = unit_pieces(grounds, shapes, POLYGON, source.names[present], version.table, threads)
    areas = layer_pieces.ground.area_m2, plane.ellipsoidal_m2(layer_pieces.ground)
    # Versions are laid over each other as polygons; what else they were read and measured as is let go.
    pieces = replace(layer_pieces, feature=present[layer_pieces.feature], ground=FlatGround.of(layer_pieces.geometry))
    return _Side(version, source.names, pieces, keys, lost_by_fid, *areas)


def _cells(a: _Side, b: _Side, grounds: np.ndarray, plane: Plane, threads: Threads) -> pd.DataFrame:
    """Rows `unit, a, b` (classes), `area_m2, ellipsoidal_m2`: ground of both versions, of one only, of neither."""
    tree = shapely.STRtree(a.pieces.geometry)
    common_ground = overlaps(a.pieces.geometry, tree, b.pieces.geometry, threads)
    refuse_failed(a.version.table, a.names, a.pieces.feature[common_ground.failed[:, 0]])
    common_ground = common_ground.only(a.pieces.unit[common_ground.parcel] == b.pieces.unit[common_ground.feature])
    one, other, area, curved = (
        common_ground.parcel,
        common_ground.feature,
        common_ground.ground.area_m2,
        plane.ellipsoidal_m2(common_ground.ground),
    )
    parts = [_frame(a.pieces.unit[one], a.of_piece[one], b.of_piece[other], area, curved)]
    for side, index, is_a in ((a, one, True), (b, other, False)):
        count = len(side.pieces.unit)
        rest = side.area_m2 - np.bincount(index, area, count)
        rest_curved = side.ellipsoidal_m2 - np.bincount(index, curved, count)
        nothing = np.full(count, _NO_FEATURE)
        before, after = (side.of_piece, nothing) if is_a else (nothing, side.of_piece)
        parts.append(_frame(side.pieces.unit, before, after, rest, rest_curved))
    units = len(grounds)
    bare, bare_curved = shapely.area(grounds), plane.ellipsoidal_m2(grounds)
    for side in (a, b):
        bare = bare - np.bincount(side.pieces.unit, side.area_m2, units)
        bare_curved = bare_curved - np.bincount(side.pieces.unit, side.ellipsoidal_m2, units)
    bare = bare + np.bincount(a.pieces.unit[one], area, units)
    bare_curved = bare_curved + np.bincount(a.pieces.unit[one], curved, units)
    nothing = np.full(units, _NO_FEATURE)
    parts.append(_frame(np.arange(units), nothing, nothing, bare, bare_curved))
    cells = pd.concat(parts, ignore_index=True).groupby(["unit", "a", "b"], sort=True).sum().reset_index()
    real = (cells["area_m2"] >= _LEAST_M2) | ((cells["a"] != _NO_FEATURE) & (cells["b"] != _NO_FEATURE))
    return pd.DataFrame(cells[real]).reset_index(drop=True)


def _frame(unit: np.ndarray, a: np.ndarray, b: np.ndarray, area: np.ndarray, curved: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"unit": unit, "a": a, "b": b, "area_m2": area, "ellipsoidal_m2": curved})
