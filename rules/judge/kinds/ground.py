"""What a kind of rule is given and what it returns: plain arrays over parcels and features."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import require_value
from onemap.layers.geometry.flat_ground import FlatGround, flat_of
from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.candidate_pairs import index_of
from onemap.rules.judge.overlay.overlay import Overlaps, grounds, overlaps, parts_inside, parts_outside
from onemap.rules.judge.overlay.subdivision import Cut, Pieces, subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads

Made = TypeVar("Made")
Covering = Callable[[AnyShapes, shapely.Geometry, Threads], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Features:
    """The features of one version that a rule's `where` selects, the same for all parts of a check.

    shapes: (m,).
    attributes: m rows.
    uncertain: (m,) `where` is unknown for the feature, so that its ground is neither hit nor clear.
    cut: keeps their pieces.
    """

    shapes: AnyShapes
    attributes: pd.DataFrame
    uncertain: np.ndarray
    cut: Cut | None = None
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False)

    def once(self, name: Hashable, work: Callable[[], Made]) -> Made:
        """The result of work(), computed once for all features. name: of the work."""
        if name not in self._made:
            self._made[name] = work()
        result: Made = self._made[name]
        return result

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (m,)."""
        return all_of(self.shapes)

    @cached_property
    def pieces(self) -> Pieces:
        """The polygons cut small; pieces of a large polygon far from the judged ground may be missing."""
        return subdivide_polygons(self.geometries) if self.cut is None else self.cut()

    @cached_property
    def certain_pieces(self) -> Pieces:
        """The pieces of the features whose `where` is known."""
        return self.pieces.only(~self.uncertain) if self.uncertain.any() else self.pieces


@dataclass(frozen=True)
class SharedGround:
    """The ground of parcels (n,) shared with each feature of a layer, and with any of them (n,), None if not known."""

    overlaps: Overlaps
    grounds: FlatGround | None

    def with_features(self, feature_rows: np.ndarray, count: int) -> "SharedGround":
        """The ground shared with some of `count` features only. feature_rows: (k,), ascending."""
        if len(feature_rows) == count:
            return self
        new_row = np.full(count, -1)
        new_row[feature_rows] = np.arange(len(feature_rows))
        pairs, failed = self.overlaps, self.overlaps.failed
        is_chosen, is_chosen_failure = new_row[pairs.feature] >= 0, new_row[failed[:, 1]] >= 0
        failures = np.column_stack([failed[is_chosen_failure, 0], new_row[failed[is_chosen_failure, 1]]])
        features = new_row[pairs.feature[is_chosen]]
        return SharedGround(Overlaps(pairs.parcel[is_chosen], features, pairs.ground.at(is_chosen), failures), None)


class CoveredGround:
    """The ground of parcels inside and outside a coverage, kept because many rules ask for the same coverage."""

    def __init__(self) -> None:
        self._last: dict[Covering, tuple[shapely.Geometry, np.ndarray, np.ndarray]] = {}

    def of(
        self, work: Covering, parcels: AnyShapes, coverage: shapely.Geometry, threads: Threads
    ) -> tuple[np.ndarray, np.ndarray]:
        """The result of work(parcels, coverage, threads), copied from the last call if the coverage is the same."""
        last = self._last.get(work)
        if last is None or last[0] != coverage:
            last = self._last[work] = coverage, *work(parcels, coverage, threads)
        return last[1].copy(), last[2].copy()


@dataclass(frozen=True)
class OtherLayer:
    """Another layer that a rule names: its geometries (m,), its coverage, and the rasters of a raster layer."""

    geometries: np.ndarray
    coverage: shapely.Geometry
    rasters: tuple[RasterReference, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What a rule judges: parcels (n,) as shapes, one layer's features, its coverage, and the rule's own options.

    rasters: of a raster layer.
    crs: the library's.
    origin: the point from which all coordinates here are counted, in metres east and north.
    others: layers that the rule names besides its own, by the key that names them.
    shared: the ground that parcels and features share, where it was computed for many layers at once.
    covered: kept for other rules that ask about the same parcels.
    """

    shapes: AnyShapes
    features: Features
    coverage: shapely.Geometry
    options: Mapping[str, Any]
    threads: Threads = field(default_factory=Threads)
    parcel_attributes: pd.DataFrame = field(default_factory=pd.DataFrame)
    rasters: tuple[RasterReference, ...] = ()
    crs: pyproj.CRS | None = None
    origin: tuple[float, float] = (0.0, 0.0)
    others: Mapping[str, OtherLayer] = field(default_factory=dict)
    shared: SharedGround | None = None
    covered: CoveredGround = field(default_factory=CoveredGround)

    @property
    def system(self) -> pyproj.CRS:
        """The library's CRS, which a check hands over to kinds that read rasters. Raises DefectError."""
        return require_value(self.crs, "the library's CRS")

    @property
    def parcels(self) -> np.ndarray:
        """The parcels as geometries (n,)."""
        return all_of(self.shapes)

    @property
    def tree(self) -> shapely.STRtree:
        """The index of the parcels' geometries, made once for all rules."""
        return index_of(self.parcels)

    def outside_coverage(self) -> tuple[np.ndarray, np.ndarray]:
        """The part of each parcel outside the layer's coverage, or None; and where computing it failed."""
        return self.covered.of(parts_outside, self.shapes, self.coverage, self.threads)

    def inside_coverage(self) -> tuple[np.ndarray, np.ndarray]:
        """The part of each parcel inside the layer's coverage, or None; and where computing it failed."""
        return self.covered.of(parts_inside, self.shapes, self.coverage, self.threads)

    def overlaps_with(self, shapes: AnyShapes) -> Overlaps:
        """The ground that each parcel shares with each of some shapes (polygons)."""
        if self.shared is not None and shapes is self.features.shapes:
            return self.shared.overlaps
        return overlaps(self.shapes, index_of(self.shapes), shapes, self.threads)

    def grounds_of(self, pairs: Overlaps) -> FlatGround:
        """All ground that each parcel (n,) shares with any of the layer's features, by `pairs`, its overlaps."""
        if self.shared is not None and self.shared.grounds is not None and pairs is self.shared.overlaps:
            return self.shared.grounds
        return grounds(pairs, self.shapes, self.features.shapes, self.threads)


@dataclass(frozen=True)
class Pairs:
    """Pieces of single features: parcel (k,), feature (k,), geometry of any dimension (k,), least distance in m (k,).

    Features of official zones that replace the layer's own are numbered after these. no_value (k,): the feature's
    condition or class is unknown; of_hit (k,): the piece belongs to the conflict, otherwise to the ground that cannot
    be judged.
    """

    parcel: np.ndarray
    feature: np.ndarray
    ground: FlatGround
    distance_m: np.ndarray
    no_value: np.ndarray
    of_hit: np.ndarray


@dataclass(frozen=True)
class Measures:
    """The measures of n parcels for kinds that have no conflicting ground, or ground that no polygon shows.

    has_row (n,): there is a finding.
    counted (n,): the finding decides; None where every finding does.
    area_m2, length_m, value, share (n,): NaN where not measured; None where the kind never measures it.
    """

    has_row: np.ndarray
    counted: np.ndarray | None = None
    area_m2: np.ndarray | None = None
    length_m: np.ndarray | None = None
    value: np.ndarray | None = None
    share: np.ndarray | None = None


@dataclass(frozen=True)
class SurveyPieces:
    """Pieces of survey patches: parcel (k,), feature (k,), ground (k,); the whole features (m,); bare ground (n,)."""

    parcel: np.ndarray
    feature: np.ndarray
    geometry: np.ndarray
    whole: AnyShapes
    bare: np.ndarray


@dataclass
class Judgement:
    """A rule's judgement of n parcels: the ground in conflict, the ground that cannot be judged, and why.

    hit, unknown: (n,) polygons or None; some kinds return the hit in flat arrays.
    distance_m: (n,) least distance of the conflict's features, NaN if not measured.
    pairs: the pieces by feature.
    reasons: reason → (n,) whether it applies to the parcel.
    measures: for kinds whose conflict is no polygon.
    zones: what the second method of areas needs.
    value: (n,) what the kind measures of a conflict of ground besides its area; None where it measures nothing else.
    net_area_m2: (n,) of the conflict, NaN where not known; None where the rule does not ask for it.
    classes: of a kind without findings: rows of `_row` (parcel), `keys` (JSON) and `_geometry`.
    survey: the pieces of which these classes are made.
    warped_to_m: the cell size of the grid to which a raster was warped, for the record.
    """

    hit: np.ndarray | FlatGround
    unknown: np.ndarray
    distance_m: np.ndarray
    pairs: Pairs
    reasons: dict[str, np.ndarray] = field(default_factory=dict)
    measures: Measures | None = None
    zones: Zones | None = None
    net_area_m2: np.ndarray | None = None
    value: np.ndarray | None = None
    classes: pd.DataFrame | None = None
    survey: SurveyPieces | None = None
    warped_to_m: float | None = None

    @property
    def hit_ground(self) -> FlatGround:
        """The ground in conflict in flat arrays (n,)."""
        return flat_of(self.hit)

    def because(self, reason: str, rows: np.ndarray) -> None:
        """Note a reason for the parcels `rows` (indices or a mask)."""
        self.reasons.setdefault(reason, np.zeros(len(self.hit), dtype=bool))[rows] = True


def no_pairs() -> Pairs:
    """The pairs of a judgement that has none."""
    nobody, never = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    return Pairs(nobody, nobody, FlatGround.of(no_ground(0)), np.empty(0), never, never)


def no_ground(count: int) -> np.ndarray:
    """The ground (count,) of parcels that have none: None for each."""
    return np.full(count, None, dtype=object)
