"""Measure terms in area units: the value, the versions used, and the part of each unit that these cover.

Areas are ellipsoidal and of unions. A feature that crosses a unit's border is divided by its area or length, and is
counted where its largest part lies. If a condition is unknown for a feature, it counts nowhere, which is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, ProblemPlace, require_value
from onemap.layers.frames.fields import plain_numbers, text_values
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import all_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, in_force, previous_version, versions
from onemap.layers.reason import Reason
from onemap.rules.answers.statistics.conditions_of_layers import column_of, truth_of
from onemap.rules.answers.statistics.layer_in_units import LayerInUnits, StatisticsOptions
from onemap.rules.answers.statistics.statistics import record_of
from onemap.rules.answers.statistics.union_areas import Plane
from onemap.rules.answers.statistics.unit_pieces import POLYGON, UnitPieces
from onemap.rules.answers.statistics.units import AreaUnits, proved_ground, units_beside
from onemap.rules.judge.kinds.conditions import Truth
from onemap.rules.judge.overlay.grown_ground import require_grown
from onemap.rules.judge.overlay.overlay import differences, intersections, parts_outside, union_by, unions
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.class_editions import CLASSES, NO_EDITION, class_editions, is_broken
from onemap.rules.numbers.indicators.indicator_keys import (
    AREA,
    COUNT,
    GROUND,
    LENGTH,
    NET,
    OF_TABLE,
    REACH,
    REVIEW,
    TRANSITION,
)
from onemap.rules.numbers.indicators.indicator_pack import LayerPart, Term
from onemap.rules.numbers.indicators.reach import ReachedGround, Walk, reached_ground
from onemap.rules.numbers.indicators.term_values import TermValues, of_units
from onemap.rules.numbers.indicators.unit_of_measure import factors_to
from onemap.rules.review.cases.review_ground import review_ground

_Bounds = tuple[np.ndarray | None, np.ndarray | None]  # the certain and the possible ground by unit (m,)
_Walked = tuple[ReachedGround, tuple[np.ndarray, np.ndarray] | None, list[Version]]
LARGEST = 10  # features of a unit and a term that the trace names
_REASONS = {
    "version.unreadable": Reason.UNREADABLE,
    "statistics.field": "no_field",
    "statistics.where": "no_field",
    "compare.arithmetic": Reason.ARITHMETIC,
    "overlay.union": Reason.ARITHMETIC,
}


@dataclass(frozen=True)
class _CutGround:
    """The ground on which a term is measured, as polygons by unit (m,), None for all ground; and the unknown m² of it.

    bounds: given if a condition on another layer is unknown somewhere.
    """

    ground: np.ndarray | None
    open_m2: np.ndarray
    bounds: _Bounds | None = None


class _Unknown(Exception):
    """A term has no value in any unit; it carries the reason."""

    def __init__(self, reason: str, versions_asked: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(reason)
        self.reason, self.versions = reason, list(versions_asked)


class TermMeasures:
    """The terms of one day in the same units; each layer is read once."""

    def __init__(
        self, library: Library, units: AreaUnits, as_of: date, known_at: datetime | None, threads: Threads
    ) -> None:
        self.library, self.units, self.as_of, self.known_at, self.threads = library, units, as_of, known_at, threads
        self._count = len(units.names)
        self._plane = Plane(library.crs, (0.0, 0.0))
        self._versions = versions(library, known_at)
        self._layers: dict[tuple[str, str, float], LayerInUnits] = {}
        self._grounds: dict[LayerPart, tuple[np.ndarray, np.ndarray]] = {}
        self._walks: dict[tuple[Any, ...], _Walked] = {}
        self._outside_by_table: dict[str, np.ndarray] = {}
        self._values: dict[tuple[str, str, int | None], TermValues] = {}
        self.counted: dict[LayerInUnits, dict[str | None, np.ndarray]] = {}  # by condition which features may meet it
        self.ground_m2: np.ndarray = shapely.area(units.grounds)

    def measure(self, pack: str, term: Term, year: int | None = None) -> TermValues:
        """A term of a pack in every unit. year: of a table's rows; None for the last one until the day."""
        key = (pack, term.id, year if term.kind == OF_TABLE else None)
        if key not in self._values:
            self._values[key] = self._term_values(term, year)
        return self._values[key]

    def _term_values(self, term: Term, year: int | None) -> TermValues:
        try:
            if term.kind == GROUND:
                area = self._plane.ellipsoidal_m2(self.units.grounds)
                nothing = np.zeros(self._count, dtype=np.int64)
                return TermValues(area, [None] * self._count, nothing, np.ones(self._count))
            if term.kind == REVIEW:
                return self._of_cases(term)
            if term.kind == OF_TABLE:
                return self._of_table(term, year)
            counted_values = self._with_neighbours(term) if term.kind == COUNT and self.units.is_part else None
            return self._of_layer(term) if counted_values is None else counted_values
        except _Unknown as unknown:
            return self._values_missing(unknown.reason, unknown.versions)
        except OneMapError as error:
            reason = _REASONS.get(error.problems[0].code)
            if reason is None:
                raise
            return self._values_missing(reason, [])

    def _values_missing(self, reason: str, versions_asked: list[dict[str, Any]]) -> TermValues:
        empty, nothing = np.full(self._count, np.nan), np.zeros(self._count, dtype=np.int64)
        return TermValues(empty, [reason] * self._count, nothing, np.zeros(self._count), {}, versions_asked)

    def _version(self, part: LayerPart) -> Version:
        layer_versions = [version for version in self._versions if version.code == part.layer]
        day = self.as_of if part.state is None else date(part.state, 12, 31)
        version = in_force(layer_versions, day)
        if version is None:
            raise _Unknown(Reason.NOT_IN_FORCE if layer_versions else Reason.LAYER_MISSING)
        if not part.is_earlier:
            return version
        before = previous_version(layer_versions, version)
        if before is None:
            raise _Unknown("no_earlier", [record_of(version)])
        return before

    def _layer(self, version: Version, around_m: float = 0.0) -> LayerInUnits:
        """A version, read near the units. around_m: also within this distance of them."""
        key = (version.code, version.label, around_m)
        if key not in self._layers:
            options = StatisticsOptions(f"{version.code}@{version.label}", known_at=self.known_at, as_of=self.as_of)
            units = self.units
            if around_m:
                units = replace(units, grounds=require_grown(units.grounds, around_m, self.threads))
            still = self.threads.part(0.0, 0.0)
            self._layers[key] = LayerInUnits(self.library, options, still, units)
        return self._layers[key]

    def _truth(self, layer: LayerInUnits, where: str | None) -> Truth:
        place = ProblemPlace(file=self.library.label, layer=layer.version.table, field="where")
        return truth_of(where, layer.source.features.attributes, place, layer.entry)

    def _numbers(self, layer: LayerInUnits, name: str) -> np.ndarray:
        return plain_numbers(self._column(layer, name))

    def _column(self, layer: LayerInUnits, name: str) -> np.ndarray:
        place = ProblemPlace(file=self.library.label, layer=layer.version.table, field="field")
        return column_of(layer.source.features.attributes, name, place)

    def _of_layer(self, term: Term) -> TermValues:
        of = require_value(term.of, "the layer of a term, as the pack was refused without")
        term_versions = [self._version(part) for part in term.layers]
        layer = self._layer(term_versions[0])
        truth = self._truth(layer, of.where)
        words = self._editions((of, *term.inside, *term.outside), term_versions)
        cut = self._ground(term)
        reached = None
        if term.to is not None:
            reached, bounds, walked = self._walk_ground(term)
            cut, term_versions = self._cut_by_walk(cut, reached, bounds), [*term_versions, *walked]
        ground, unsure = cut.ground, cut.open_m2
        pieces = layer.pieces if ground is None else self._pieces_in(layer, ground)
        certain = pieces.of_features(truth.true)
        value, features, facts, measure = self._value(term, layer, certain)
        self.counted.setdefault(layer, {})[of.where] = truth.possible
        bare_m2 = self._beyond_m2(term_versions)
        own_m2, doubt = self._unsure(layer, pieces, truth, certain)
        spoken_of = 1.0 - np.minimum((bare_m2 + unsure) / self.ground_m2, 1.0)
        if term.kind == COUNT or layer.entry.geometry != POLYGON:
            known_share = spoken_of * (1.0 - self._doubt(term, layer, pieces, truth))
        else:  # a unit's ground is large against what is asked of it: of the features that may count most must be sure
            known_share = np.minimum(np.maximum(spoken_of - own_m2 / self.ground_m2, 0.0), 1.0 - doubt)

        def amount_in(ground: np.ndarray, is_wide: bool) -> np.ndarray:
            of_ground = self._pieces_in(layer, ground).of_features(truth.possible if is_wide else truth.true)
            return self._amount(term, layer, of_ground)

        known_share = np.minimum(known_share, 1.0 - self._doubt_of_cut(cut, amount_in))
        unsure = unsure + own_m2
        no_values = np.bincount(pieces.unit[truth.unknown[pieces.feature]], minlength=self._count)
        if "without_value" in facts:
            known_share = known_share * (1.0 - self._share_lacking(term, layer, certain))
        if reached is not None and reached.off_street is not None:
            far_pieces = self._pieces_in(layer, reached.off_street).of_features(truth.true)
            areas = layer.areas_of(far_pieces, far_pieces.unit, self._count)
            facts |= {} if areas is None else {"off_street_m2": areas.ellipsoidal_m2}
        facts |= {} if reached is None else reached.facts
        facts = {**facts, "uncovered_m2": bare_m2, "no_value_m2": unsure, "no_value_features": no_values.astype(float)}
        words |= {} if reached is None else reached.words
        records, year = (
            [record_of(version) for version in dict.fromkeys(term_versions)],
            None if of.state else _year(term_versions[0]),
        )
        why, largest = _why_open(bare_m2 / self.ground_m2, 1.0 - known_share), self._largest(layer, certain, measure)
        return TermValues(value, why, features, known_share, facts, records, largest, year=year, words=words)

    def _of_cases(self, term: Term) -> TermValues:
        """The ground of the cases in review on the day, each case once, in every unit."""
        review = review_ground(self.library, self.as_of, self.known_at)
        cut = self._ground(term)
        ground, unsure = self.units.grounds if cut.ground is None else cut.ground, cut.open_m2
        term_versions = [self._version(part) for part in term.layers]
        united_cases = union_by(np.zeros(len(review.cases), dtype=np.int64), review.grounds, 1, self.threads)
        every = united_cases.repeat(self._count)
        value, certain = self._in_cases(term, self._common(ground, every))
        features, largest = np.zeros(self._count, dtype=np.int64), []
        for at, name in enumerate(review.cases):
            amounts, _ = self._in_cases(term, self._common(ground, review.grounds[[at]].repeat(self._count)))
            features += amounts > 0
            rows = np.flatnonzero(amounts)
            largest += [{"unit": unit, "feature": name, "value": float(amounts[unit])} for unit in rows]
        bare_m2 = self._beyond_m2(term_versions) if term_versions else np.zeros(self._count)
        known_share = (1.0 - np.minimum((bare_m2 + unsure) / self.ground_m2, 1.0)) * certain
        open_share = self._doubt_of_cut(
            cut, lambda some, is_wide: self._in_cases(term, self._common(some, every), is_wide=is_wide)[0]
        )
        known_share = np.minimum(known_share, 1.0 - open_share)
        if review.unreadable:  # their ground may lie anywhere
            known_share = np.zeros(self._count)
        reason: list[str | None] = [Reason.OUTSIDE_COVERAGE if out > 0 else Reason.NO_VALUE for out in bare_m2.tolist()]
        records = [record_of(version) for version in dict.fromkeys(term_versions)]
        return TermValues(value, reason, features, known_share, {}, records, largest)

    def _in_cases(self, term: Term, grounds: np.ndarray, *, is_wide: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """The amount in the ground of cases by unit (m,), and the part of it that is known.

        It is an area, or for a term with a layer the net area of that layer's features in it, as a quota counts.
        is_wide: also of features that only may count.
        """
        if term.of is None:
            return np.nan_to_num(self._plane.ellipsoidal_m2(grounds)), np.ones(self._count)
        layer = self._layer(self._version(term.of))
        truth, pieces = self._truth(layer, term.of.where), self._pieces_in(layer, grounds)
        certain = pieces.of_features(truth.possible if is_wide else truth.true)
        number = np.nan_to_num(self._summed_numbers(term, layer)[certain.feature]) * certain.share
        _, doubt = self._unsure(layer, pieces, truth, certain)
        known_share = (1.0 - doubt) * (1.0 - self._share_lacking(term, layer, certain))
        return np.bincount(certain.unit, number, self._count), known_share

    def _value(
        self, term: Term, layer: LayerInUnits, pieces: UnitPieces
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray]:
        """The value and features of a term by unit (m,), the facts beside them, and the measure of each piece (k,)."""
        features = np.bincount(pieces.unit, minlength=self._count)
        facts: dict[str, np.ndarray] = {}
        areas = layer.areas_of(pieces, pieces.unit, self._count)
        if areas is not None:
            facts = {"area_m2": areas.ellipsoidal_m2, "planar_m2": areas.area_m2, "overlap_m2": areas.overlap_m2}
        if term.kind in (AREA, TRANSITION) or (term.kind == REACH and term.field is None):
            return facts["area_m2"], features, facts, pieces.areas[1]
        if term.kind == LENGTH:
            length = layer.length_of(pieces, pieces.unit, self._count)
            return np.zeros(0) if length is None else length, features, facts, shapely.length(pieces.geometry)
        if term.kind == COUNT:
            value, features = self._counts(term, layer, pieces)
            return value, features, facts, pieces.share
        factor = 1.0 if term.kind == NET else term.unit.factor
        number = self._summed_numbers(term, layer)[pieces.feature] * pieces.share * factor
        missing = np.isnan(number)
        facts |= layer.declared_areas(term.field or layer.net_field, pieces, self._count)
        facts["without_value"] = np.bincount(pieces.unit[missing], minlength=self._count).astype(float)
        number = np.nan_to_num(number)
        return np.bincount(pieces.unit, number, self._count), features, facts, number

    def _summed_numbers(self, term: Term, layer: LayerInUnits) -> np.ndarray:
        """The numbers (n,) that a term adds up, one for each feature; NaN if a feature has none."""
        name = term.field or (layer.net_field if term.kind in (NET, REVIEW) else None)
        if name is None:
            raise _Unknown("no_field", [record_of(layer.version)])
        return self._numbers(layer, name)

    def _share_lacking(self, term: Term, layer: LayerInUnits, pieces: UnitPieces) -> np.ndarray:
        """The share (m,) of a sum's features without a number, by their ground, length or points.

        One field of fifty hectares may be most of the sum, however many small ones have their number.
        """
        size = layer.sizes_of(pieces)
        lacks = np.isnan(self._summed_numbers(term, layer))[pieces.feature]
        whole = np.bincount(pieces.unit, size, self._count)
        return _share(np.bincount(pieces.unit[lacks], size[lacks], self._count), whole, 0.0)

    def _doubt(self, term: Term, layer: LayerInUnits, pieces: UnitPieces, truth: Truth) -> np.ndarray:
        """The share (m,) of the possible amount for which it is unknown whether it counts.

        It is a share of what the term measures: features of a count, the lines' length, a multipoint's points.
        """
        certain, possible = (
            self._amount(term, layer, pieces.of_features(is_counted)) for is_counted in (truth.true, truth.possible)
        )
        return 1.0 - _share(certain, possible)

    def _amount(self, term: Term, layer: LayerInUnits, pieces: UnitPieces) -> np.ndarray:
        """The amount that a term measures by unit (m,): features, points, or m or m² of the union."""
        if term.kind == COUNT:
            return self._counts(term, layer, pieces)[1].astype(float)
        areas = layer.areas_of(pieces, pieces.unit, self._count)
        amount = layer.length_of(pieces, pieces.unit, self._count) if areas is None else areas.area_m2
        return np.bincount(pieces.unit, layer.sizes_of(pieces), self._count) if amount is None else amount

    def _counts(self, term: Term, layer: LayerInUnits, pieces: UnitPieces) -> tuple[np.ndarray, np.ndarray]:
        """The number of features, or of values of a field; a feature counts in the unit that has most of it."""
        order = np.lexsort((pieces.unit, -pieces.share, pieces.feature))
        _, first = np.unique(pieces.feature[order], return_index=True)
        unit, feature = pieces.unit[order][first], pieces.feature[order][first]
        features = np.bincount(unit, minlength=self._count)
        if term.distinct is None:
            return features.astype(float), features
        names = text_values(self._column(layer, term.distinct)[feature].tolist())
        keys = [f"={name}" if name is not None else f"#{at}" for name, at in zip(names, feature.tolist(), strict=True)]
        once = pd.DataFrame({"unit": unit, "key": keys}).drop_duplicates()
        return np.bincount(once["unit"].to_numpy(dtype=np.int64), minlength=self._count).astype(float), features

    def _with_neighbours(self, term: Term) -> TermValues | None:
        """A count in some units of a layer, measured together with other units that its features reach.

        The number of things in a unit is then independent of the units requested. None if no other unit is reached.
        """
        layer = self._layer(self._version(term.layers[0]))
        shapes = shift_geometries(all_of(layer.shapes)[np.unique(layer.pieces.feature)], layer.plane.origin)
        names, grounds = self._all_units.names, self._all_units.grounds
        is_asked = np.isin(names, self.units.names)
        reaches = np.zeros(len(names), dtype=bool)
        reaches[shapely.STRtree(shapes).query(grounds, predicate="intersects")[0]] = True
        rows = is_asked | reaches
        if rows.sum() == self._count:
            return None
        units = replace(self._all_units, names=names[rows], grounds=grounds[rows])
        every = TermMeasures(self.library, units, self.as_of, self.known_at, self.threads)._of_layer(term)
        place = {name: at for at, name in enumerate(units.names.tolist())}
        return of_units(every, [place[name] for name in self.units.names.tolist()])

    @cached_property
    def _all_units(self) -> AreaUnits:
        return units_beside(self.library, self.units)

    def _ground(self, term: Term) -> "_CutGround":
        """The ground on which the term is measured. Raises OneMapError compare.arithmetic."""
        open_m2, is_open = np.zeros(self._count), False
        for part in (*term.inside, *term.outside):
            sure, possible = self._ground_of(part)
            is_open |= possible is not sure
            open_m2 += np.nan_to_num(shapely.area(possible)) - np.nan_to_num(shapely.area(sure))
        ground = self._cut_ground(term, is_wide=False, is_cut_wide=False)
        if not is_open:
            return _CutGround(ground, open_m2)
        bounds = (
            self._cut_ground(term, is_wide=False, is_cut_wide=True),
            self._cut_ground(term, is_wide=True, is_cut_wide=False),
        )
        return _CutGround(ground, np.maximum(open_m2, 0.0), bounds)

    def _cut_ground(self, term: Term, *, is_wide: bool, is_cut_wide: bool) -> np.ndarray | None:
        """The units' ground inside and outside other layers, as polygons by unit (m,); None for all of it.

        is_wide, is_cut_wide: whether features that only may count are included in the layers inside, and outside.
        """
        ground: np.ndarray | None = None
        for part in term.inside:
            own = self._ground_of(part)[is_wide]
            ground = own if ground is None else self._common(ground, own)
        for part in term.outside:
            whole, own = self.units.grounds if ground is None else ground, self._ground_of(part)[is_cut_wide]
            ground = proved_ground(differences(whole, own, self.threads), self.units.source, self.units.names)
        return ground

    def _doubt_of_cut(self, cut: "_CutGround", amount: Callable[[np.ndarray, bool], np.ndarray]) -> np.ndarray:
        """The share (m,) of an amount for which it is unknown whether it lies inside or outside other layers.

        A zone of unknown kind may be small compared with its unit, and still hold the whole amount.
        amount: in some ground of the units, of certain features, or of all that may count.
        """
        if cut.bounds is None:
            return np.zeros(self._count)
        least, most = (self.units.grounds if one is None else one for one in cut.bounds)
        sure, possible = amount(least, False), amount(most, True)
        return 1.0 - _share(sure, possible)

    def _common(self, ground: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The common ground of two grounds of each unit (m,). Raises OneMapError compare.arithmetic."""
        return proved_ground(intersections(ground, other, self.threads), self.units.source, self.units.names)

    def _ground_of(self, part: LayerPart) -> tuple[np.ndarray, np.ndarray]:
        """The part of each unit under a layer's certain features, and under all that may count (same if certain)."""
        if part not in self._grounds:
            layer = self._layer(self._version(part))
            truth, pieces = self._truth(layer, part.where), layer.pieces
            part_grounds = []
            for is_counted in truth.certain_and_possible:
                some = pieces.of_features(is_counted)
                united = union_by(some.unit, some.geometry, self._count, self.threads)
                part_grounds.append(shift_geometries(united, layer.plane.origin))
            self._grounds[part] = part_grounds[0], part_grounds[-1]
        return self._grounds[part]

    def _editions(self, parts: Sequence[LayerPart], term_versions: Sequence[Version]) -> dict[str, list[str | None]]:
        """The editions of classes of the term's own layer, and whether an earlier version is written in another.

        Raises _Unknown class_edition if no known edition has a layer's codes.
        """
        editions: list[frozenset[str] | None] = []
        for part, version in zip(parts, term_versions, strict=False):
            features = self._layer(version).source.stored
            entry = self.library.catalogue()[version.code]
            editions.append(None if features is None else class_editions(part.where, features.attributes, entry))
            if editions[-1] is not None and not editions[-1]:
                raise _Unknown(NO_EDITION, [record_of(version)])
        own = editions[0]
        if own is None:
            return {}
        words: dict[str, list[str | None]] = {"classes": [",".join(sorted(own))] * self._count}
        if any(part.is_earlier and is_broken(own, one) for part, one in zip(parts, editions, strict=True)):
            words["break"] = [CLASSES] * self._count
        return words

    def _walk_ground(self, term: Term) -> _Walked:
        """The part of each unit within a walk from a term's places; its bounds; the streets' version.

        It has bounds if the condition on some places or streets is unknown.
        """
        to, walk = require_value(term.to, "the places of a walk"), require_value(term.walk, "a walk")
        key = to, walk, term.streets
        if key not in self._walks:
            places = self._layer(self._version(to), walk.distance_m)
            truth = self._truth(places, to.where)
            shapes = shift_geometries(all_of(places.shapes), places.plane.origin)
            streets, street_version, why = self._streets(term, walk)
            walks = [
                reached_ground(self.units.grounds, shapes[is_place], lines, walk, why)
                for is_place in truth.certain_and_possible
                for lines in streets
            ]
            least, most = walks[0].grounds, walks[0].grounds
            for one in walks[1:]:  # without a network the way is straight, so that fewer streets may reach further
                least, most = self._common(least, one.grounds), unions(most, one.grounds)
            self._walks[key] = walks[0], (least, most) if len(walks) > 1 else None, street_version
        return self._walks[key]

    def _cut_by_walk(
        self, cut: "_CutGround", reached: ReachedGround, bounds: tuple[np.ndarray, np.ndarray] | None
    ) -> "_CutGround":
        """The ground within a walk."""

        def inside(ground: np.ndarray | None, of_walk: np.ndarray) -> np.ndarray:
            return of_walk if ground is None else self._common(ground, of_walk)

        ground = inside(cut.ground, reached.grounds)
        if cut.bounds is None and bounds is None:
            return _CutGround(ground, cut.open_m2)
        least, most = bounds or (reached.grounds, reached.grounds)
        of_cut = cut.bounds or (cut.ground, cut.ground)
        open_m2 = np.nan_to_num(shapely.area(most)) - np.nan_to_num(shapely.area(least))
        return _CutGround(ground, cut.open_m2 + open_m2, (inside(of_cut[0], least), inside(of_cut[1], most)))

    def _streets(self, term: Term, walk: Walk) -> tuple[list[np.ndarray | None], list[Version], str | None]:
        """The lines that a term's walk follows, certain and possible; their version; or why there are none."""
        if term.streets is None:
            return [None], [], None
        try:
            version = self._version(term.streets)
        except _Unknown as unknown:
            return [None], [], unknown.reason
        layer = self._layer(version, walk.distance_m)
        truth = self._truth(layer, term.streets.where)
        return (
            [shift_geometries(layer.shapes[lines], layer.plane.origin) for lines in truth.certain_and_possible],
            [version],
            None,
        )

    def _pieces_in(self, layer: LayerInUnits, ground: np.ndarray) -> UnitPieces:
        """A layer's pieces in some ground of each unit (m,), None where there is none."""
        rows = np.flatnonzero(~shapely.is_missing(ground) & ~shapely.is_empty(ground))
        east, north = layer.plane.origin
        pieces = layer.pieces_in(shift_geometries(ground[rows], (-east, -north)))
        return replace(pieces, unit=rows[pieces.unit])

    def _unsure(
        self, layer: LayerInUnits, pieces: UnitPieces, truth: Truth, certain: UnitPieces
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ground by unit under features that only may count, and under none that certainly counts.

        In m², and as a share of the ground under all features that may count.
        """
        if layer.entry.geometry != POLYGON or not truth.unknown.any():
            return np.zeros(self._count), np.zeros(self._count)
        possible = pieces.of_features(truth.possible)
        areas = [layer.areas_of(some, some.unit, self._count) for some in (possible, certain)]
        areas_m2 = [one.area_m2 for one in areas if one is not None]
        unsure = np.maximum(areas_m2[0] - areas_m2[1], 0.0)
        return unsure, np.divide(unsure, areas_m2[0], out=np.zeros(self._count), where=areas_m2[0] > 0)

    def _beyond_m2(self, term_versions: Sequence[Version]) -> np.ndarray:
        """The area of each unit (m,) outside these versions' coverage. Raises OneMapError compare.arithmetic."""
        grounds = np.full(self._count, None, dtype=object)
        for version in dict.fromkeys(term_versions):
            if version.table not in self._outside_by_table:
                coverage = coverage_of(self.library, version)
                outside = parts_outside(self.units.grounds, coverage, self.threads)
                self._outside_by_table[version.table] = proved_ground(outside, self.units.source, self.units.names)
            grounds = unions(grounds, self._outside_by_table[version.table])
        areas: np.ndarray = np.nan_to_num(shapely.area(grounds))
        return areas

    def _largest(self, layer: LayerInUnits, pieces: UnitPieces, measure: np.ndarray) -> list[dict[str, Any]]:
        """The features with the largest part of a term in each unit."""
        order = np.lexsort((pieces.feature, -measure, pieces.unit))
        unit = pieces.unit[order]
        place = np.arange(len(order)) - np.searchsorted(unit, unit)
        rows = order[place < LARGEST]
        return [
            {"unit": int(pieces.unit[row]), "feature": layer.source.names[pieces.feature[row]], "value": number}
            for row, number in zip(rows.tolist(), measure[rows].tolist(), strict=True)
        ]

    def _of_table(self, term: Term, year: int | None) -> TermValues:
        """A table's numbers by unit code, of one year, or of the last year until the day."""
        of = require_value(term.of, "the layer of a term, as the pack was refused without")
        version = self._version(of)
        layer = self._layer(version)
        truth, pieces = self._truth(layer, of.where), layer.pieces
        years = self._numbers(layer, term.year)
        numbers, bad_units = self._in_base_units(term, layer)
        is_unknown, repeated = truth.unknown, layer.repeated_among(truth.possible)
        value, features = np.full(self._count, np.nan), np.zeros(self._count, dtype=np.int64)
        known_share, found_year = np.ones(self._count), np.full(self._count, np.nan)
        reason: list[str | None] = [None] * self._count
        largest = []
        for unit in range(self._count):
            rows = pieces.feature[pieces.unit == unit]
            asked_rows = rows[truth.true[rows] | is_unknown[rows]]
            until = asked_rows[years[asked_rows] <= self.as_of.year]
            wanted_year = year if year is not None else (years[until].max() if len(until) else np.nan)
            year_rows = asked_rows[years[asked_rows] == wanted_year]
            if len(asked_rows) == 0 and layer.entry.complete:
                value[unit] = 0.0
                continue
            if len(year_rows) == 0:
                reason[unit] = "no_year" if len(asked_rows) else "no_row"
                continue
            if repeated[year_rows].any():
                reason[unit] = "rows_repeated"
                continue
            if is_unknown[year_rows].any() or np.isnan(numbers[year_rows]).any():
                reason[unit] = "unit" if bad_units[year_rows].any() else Reason.NO_VALUE
                continue
            value[unit], features[unit], found_year[unit] = numbers[year_rows].sum(), len(year_rows), wanted_year
            largest += [
                {"unit": unit, "feature": layer.source.names[row], "value": float(numbers[row])}
                for row in year_rows[:LARGEST].tolist()
            ]
        facts = {"year": found_year}
        return TermValues(value, reason, features, known_share, facts, [record_of(version)], largest)

    def _in_base_units(self, term: Term, layer: LayerInUnits) -> tuple[np.ndarray, np.ndarray]:
        """The rows' numbers in base units (n,), and whether a row names a unit of another kind."""
        numbers = self._numbers(layer, str(term.field))
        if term.unit_field is None:
            return numbers * term.unit.factor, np.zeros(len(numbers), dtype=bool)
        factor = factors_to(term.unit, text_values(self._column(layer, term.unit_field).tolist()))
        return numbers * factor, np.isnan(factor)


def _share(part: np.ndarray, whole: np.ndarray, of_nothing: float = 1.0) -> np.ndarray:
    """The quotient part ÷ whole, or of_nothing if the whole is 0."""
    quotient: np.ndarray = np.divide(part, whole, out=np.full(len(whole), of_nothing), where=np.asarray(whole) > 0)
    return quotient


def _why_open(uncovered_share: np.ndarray, lack: np.ndarray) -> list[str | None]:
    """Why a term is partly unknown: the larger lack decides, since coverages differ by some cm² along borders."""
    return [
        Reason.OUTSIDE_COVERAGE if out > 0 and out >= whole - out else Reason.NO_VALUE
        for out, whole in zip(uncovered_share.tolist(), lack.tolist(), strict=True)
    ]


def _year(version: Version) -> int | None:
    return int(version.valid_from[:4]) if version.valid_from else None
