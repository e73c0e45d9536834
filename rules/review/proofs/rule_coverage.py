"""The coverage of each rule by cases: hit, miss, limit, unknown ground, excused project, each of its laws."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import shapely

from onemap.layers.reason import Reason
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.case_judgement import JudgedCases, RowsOfRule, rows_of_rule
from onemap.rules.review.proofs.proof_cases import Case

HIT, MISS, UNKNOWN, LIMIT, EXCUSED, BEFORE, AFTER = ("hit", "miss", "unknown", "limit", "excused", "before", "after")
CLAUSES = (HIT, MISS, LIMIT, UNKNOWN, EXCUSED, BEFORE, AFTER)
NEEDED = (HIT, MISS, UNKNOWN)  # without which a rule is uncovered
# What a kind cannot have, whatever a pack says.
NOT_OF_KIND: Mapping[str, frozenset[str]] = {
    "composition": frozenset(CLAUSES),  # it judges nothing
    "cross": frozenset({LIMIT}),  # it has no number
}
_NEAR_LIMIT = 0.1  # as a share of the limit
_NUMBERS = ("min_area_m2", "min_share", "min_width_m", "distance_m", "above", "below", "limit")


@dataclass
class RuleCoverage:
    """The cases that show each clause of one rule; a clause that the rule cannot have has no entry."""

    cases: dict[str, list[str]] = field(default_factory=dict)

    def count(self, clause: str) -> int | None:
        """How many cases show a clause; None if the rule cannot have it."""
        return len(self.cases[clause]) if clause in self.cases else None

    @property
    def is_covered(self) -> bool:
        """Whether the rule has a hit, a miss and an unknown, if it can have them."""
        return all(self.cases[clause] for clause in NEEDED if clause in self.cases)


def coverage_of(rules: Iterable[Rule], groups: Iterable[JudgedCases], passing: set[str]) -> dict[str, RuleCoverage]:
    """The coverage of rules by the exact cases that pass."""
    coverage = {rule.id: RuleCoverage({clause: [] for clause in _clauses(rule)}) for rule in rules}
    for group in groups:
        cases = enumerate(group.ground.cases)
        counts = {place: case for place, case in cases if case.is_exact and case.id in passing}
        cases_by_layer = defaultdict[str, set[int]](set)
        for place, case in counts.items():
            for feature in case.features:
                cases_by_layer[feature.layer].add(place)
        for rule in group.rules:
            if rule.id in coverage and coverage[rule.id].cases:
                about = {
                    place for layer in (*rule.layers_named, *rule.layers) for place in cases_by_layer.get(layer, ())
                }
                about |= {place for place, case in counts.items() if rule.id in case.spares}
                _note(rule, group, counts.keys(), about, coverage[rule.id].cases)
    return coverage


def _clauses(rule: Rule) -> list[str]:
    """The clauses that a rule can have."""
    impossible = set(NOT_OF_KIND.get(rule.kind, ()))
    impossible |= {EXCUSED} if not rule.unless else set()
    impossible |= {LIMIT} if not any(rule.options.get(name) for name in _NUMBERS) else set()
    impossible |= {BEFORE, AFTER} if not first_days(rule) else set()
    return [clause for clause in CLAUSES if clause not in impossible]


def first_days(rule: Rule) -> list[date]:
    """The days on which the rule's laws begin."""
    return sorted({entry.first_day for entry in rule.basis if entry.first_day is not None})


def _note(rule: Rule, group: JudgedCases, counts: Set[int], about: set[int], cases: dict[str, list[str]]) -> None:
    rows = group.rows.get(rule.id)
    places = _RulePlaces.of(rows_of_rule(rows) if rows is not None else None)
    days = first_days(rule)
    for place in sorted(counts & (about | places.every_place)):
        case, outcome = group.ground.cases[place], group.outcomes[place]
        is_about, decides = place in about, rule.id in outcome.decides
        is_unknown, has_hit, is_excused = place in places.unknown, place in places.hit, place in places.excused
        shows = {
            HIT: decides and has_hit,
            UNKNOWN: decides and is_unknown,
            MISS: is_about and not (has_hit or is_unknown or is_excused),
            EXCUSED: is_excused,
            LIMIT: is_about and LIMIT in cases and _is_near_limit(rule, case, rows, place),
            BEFORE: decides and any(case.day < day for day in days),
            AFTER: decides and any(case.day >= day for day in days),
        }
        for clause, is_shown in shows.items():
            if is_shown and clause in cases:
                cases[clause].append(case.id)


@dataclass(frozen=True)
class _RulePlaces:
    """The positions of cases for which a rule is unknown, has a counted hit, or excuses the project."""

    unknown: frozenset[int]
    hit: frozenset[int]
    excused: frozenset[int]

    @classmethod
    def of(cls, rows_of_rule: RowsOfRule | None) -> "_RulePlaces":
        """The positions from the rows of a rule; none if it was not run."""
        if rows_of_rule is None:
            return cls(frozenset(), frozenset(), frozenset())
        row_masks = (
            rows_of_rule.counted & rows_of_rule.is_unknown,
            rows_of_rule.counted & ~rows_of_rule.is_unknown,
            rows_of_rule.is_excused,
        )
        return cls(*(frozenset(rows_of_rule.place[rows].tolist()) for rows in row_masks))

    @property
    def every_place(self) -> frozenset[int]:
        """The positions of all cases about which the rule says something."""
        return self.unknown | self.hit | self.excused


def _is_near_limit(rule: Rule, case: Case, rows: object, place: int) -> bool:
    """Whether a case lies within a tenth of one of the rule's numbers, or is a sliver for it."""
    distances = _distances(rule)
    for feature in case.features:
        if feature.layer in rule.layers:
            apart = shapely.distance(feature.shape, case.parcel)
            if any(abs(apart - limit) <= _NEAR_LIMIT * limit for limit in distances):
                return True
    areas = [] if rows is None else _areas_with_reasons(rows, place)
    parcel_m2 = shapely.area(case.parcel)
    least = [rule.min_area_m2, rule.min_share * parcel_m2]
    numbers = [rule.options.get(name) for name in ("above", "below")]
    values = [float(feature.slope or feature.value or 0.0) for feature in case.features if feature.layer == rule.layer]
    return (
        any(reason in (Reason.BELOW_AREA, Reason.SLIVER) for _, reason in areas)
        or any(one and abs(area - one) <= _NEAR_LIMIT * one for area, _ in areas for one in least)
        or any(one and abs(value - one) <= _NEAR_LIMIT * abs(one) for value in values for one in numbers)
    )


def _distances(rule: Rule) -> list[float]:
    distances = rule.options.get("distance_m")
    if isinstance(distances, Mapping):
        return [float(one) for one in (*distances["values"].values(), distances.get("default")) if one]
    return [float(distances)] if distances else []


def _areas_with_reasons(rows: object, place: int) -> list[tuple[float, str]]:
    """Area and reason of a rule's findings of a case."""
    areas = []
    for block in rows.findings:  # type: ignore[attr-defined]
        for at in np.flatnonzero(block["_parcel"] == place).tolist():
            areas.append((float(block["area_m2"][at]), str(block["reason"][at] or "")))
    return areas
