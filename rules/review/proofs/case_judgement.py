"""Judge test cases with the check itself: its own rules on its own layers; only the ground is drawn.

The rows of each rule are kept as the rule judged alone. A changed rule can then be judged again by itself, on the cases
that its layers touch, beside the rows of all other rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.progress import SILENT
from onemap.rules.contract.verdict import RANK, VERDICTS, Verdict
from onemap.rules.judge.check.judge_rule import Bench, judged_rule
from onemap.rules.judge.check.layers_of_check import LayersOfCheck, SmallLayers
from onemap.rules.judge.findings.findings import rows_of
from onemap.rules.judge.findings.rule_rows import RuleRows, without_rows_under
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import Pack, joined_rules
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan, is_left_to_people, rule_on_day
from onemap.rules.review.proofs.case_layers import CaseGround
from onemap.rules.review.proofs.proof_cases import Case

_NO_ORIGIN = (0.0, 0.0)
_OF_FEATURES = ("avoid", "setback", "near", "cross")  # kinds that say nothing of ground without a feature
_CLEAR = RANK[Verdict.CLEAR]


@dataclass(frozen=True)
class Outcome:
    """The check's judgement of one case: its verdict, and the rules that decide it, each with its legal basis."""

    verdict: str
    decides: frozenset[str]
    basis: Mapping[str, str]


@dataclass(frozen=True)
class RowsOfRule:
    """A rule's findings of cases (k,): position of the case, whether unknown, rank of the verdict, what counts."""

    place: np.ndarray
    is_unknown: np.ndarray
    rank: np.ndarray
    counted: np.ndarray
    is_excused: np.ndarray


class JudgedCases:
    """Cases that are judged together: of one day, with the same versions of layers."""

    def __init__(self, ground: CaseGround, rules: Sequence[Rule]) -> None:
        """Judge the cases by all rules. Raises OneMapError rule.field."""
        self.ground, self.rules = ground, tuple(rules)
        self._day = ground.cases[0].day
        attributes = pd.DataFrame([dict(case.fields) for case in ground.cases], dtype=object)
        attributes = attributes.where(attributes.notna(), None)
        ids = np.array([case.id for case in ground.cases], dtype=object)
        self._parcels = Parcels(ids, ground.parcels, attributes, None, "cases", "", ())
        self._bench = Bench(ground.parcels, attributes, ground.crs, _NO_ORIGIN)
        self._area_m2 = shapely.area(ground.parcels)
        rules_on_day = self._rules_on_day(self.rules)
        self._layers = LayersOfCheck(self._plan(rules_on_day), ground, self._parcels, SILENT)
        self.rows = {rule.id: self._rows_alone(rule, self._layers, None) for rule in rules_on_day}

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """The judgement of each case (n,)."""
        rows = {rule.judged.rule.id: (rule, rows_of_rule(rule)) for rule in without_rows_under([*self.rows.values()])}
        return self._outcomes(rows, np.arange(len(self.ground.cases)))

    def outcomes_with(self, changed_rules: Sequence[Rule], place: np.ndarray) -> list[Outcome]:
        """The judgement of some cases (k,) with changed rules, each replacing the rule of its id.

        Raises OneMapError rule.field.
        """
        is_wanted = np.zeros(len(self.ground.cases), dtype=bool)
        is_wanted[place] = True
        rows = dict(self.rows)
        rules_on_day = self._rules_on_day(changed_rules)
        for rule in changed_rules:
            rows.pop(rule.id, None)
        if rules_on_day:
            layers = LayersOfCheck(
                self._plan(rules_on_day), self.ground, self._parcels, SILENT, SmallLayers(dict(self._layers.read))
            )
            rows |= {rule.id: self._rows_alone(rule, layers, is_wanted) for rule in rules_on_day}
        ids = {rule.id for rule in changed_rules}
        some = [row for row in rows.values() if self._matters(row, ids, is_wanted)]
        rows_by_rule = {row.judged.rule.id: (row, rows_of_rule(row)) for row in without_rows_under(some)}
        return self._outcomes(rows_by_rule, place)

    def _matters(self, rows: RuleRows, changed_ids: set[str], is_wanted: np.ndarray) -> bool:
        if rows.judged.rule.id in changed_ids:
            return True
        return any(is_wanted[block["_parcel"]].any() for block in rows.findings)

    def _rules_on_day(self, rules: Sequence[Rule]) -> list[Rule]:
        """The rules to run, as they stand on the day."""
        layer_states = self.ground.ever_loaded, self.ground.in_force
        ready = [rule_on_day(rule, self._day, *layer_states) for rule in rules]
        return [
            rule
            for rule in ready
            if rule.basis and rule.finds and not is_left_to_people(rule, layer_states[0]) and self._has_ground(rule)
        ]

    def _has_ground(self, rule: Rule) -> bool:
        """Whether the cases draw, or take away, something that a rule uses.

        A raster that no case draws belongs to no case; a rule of features alone finds nothing where none are drawn.
        """
        if rule.kind not in _OF_FEATURES and not self._needs_raster(rule):
            return True
        return any(self._is_told(code) for code in rule.layers)

    def _needs_raster(self, rule: Rule) -> bool:
        entries = (self.ground.catalogue.get(code) for code in rule.layers)
        return any(entry is not None and entry.geometry == "raster" for entry in entries)

    def _is_told(self, code: str) -> bool:
        return self.ground.features(code) > 0 or code in self._gone

    @cached_property
    def _gone(self) -> set[str]:
        """The layers that some case declares to be silent."""
        return {code for case in self.ground.cases for code in case.beyond | case.never_loaded | case.outdated}

    def _plan(self, rules: Sequence[Rule]) -> CheckPlan:
        return CheckPlan(tuple(rules), (), (), self._day, {}, _NO_ORIGIN, "zh")

    def _rows_alone(self, rule: Rule, layers: LayersOfCheck, is_wanted: np.ndarray | None) -> RuleRows:
        rule_judgement = judged_rule(rule, self._bench, layers, Threads(), is_wanted, None)
        return RuleRows(rule_judgement, *rows_of(rule_judgement, 0, self._area_m2, "zh"))

    def _outcomes(self, rows: Mapping[str, tuple[RuleRows, RowsOfRule]], place: np.ndarray) -> list[Outcome]:
        best = np.full(len(self.ground.cases), _CLEAR)
        for _, one in rows.values():
            np.minimum.at(best, one.place[one.counted], one.rank[one.counted])
        decides: dict[int, set[str]] = {}
        for name, (_, one) in rows.items():
            is_deciding = one.counted & (one.rank == best[one.place]) & (one.rank < _CLEAR)
            for at in one.place[is_deciding].tolist():
                decides.setdefault(at, set()).add(name)
        return [
            Outcome(
                VERDICTS[best[at]],
                frozenset(decides.get(at, ())),
                {name: rows[name][0].judged.rule.basis_text for name in decides.get(at, ())},
            )
            for at in place.tolist()
        ]


def rows_of_rule(rows: RuleRows) -> RowsOfRule:
    """A rule's findings as plain columns."""
    parts = [_columns(block) for block in rows.findings]
    if not parts:
        nobody, never = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
        return RowsOfRule(nobody, never, nobody, never, never)
    return RowsOfRule(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _columns(block: Mapping[str, object]) -> tuple[np.ndarray, ...]:
    place = np.asarray(block["_parcel"])
    count = len(place)
    verdict = np.broadcast_to(np.asarray(block["verdict"], dtype=object), (count,))
    excused = np.broadcast_to(np.asarray(block["excused_by"], dtype=object), (count,))
    return (
        place,
        np.full(count, bool(block["_unknown"])),
        np.array([RANK[one] for one in verdict], dtype=np.int64),
        np.asarray(block["counted"], dtype=bool),
        np.array([one is not None for one in excused], dtype=bool),
    )


def judged_groups(
    cases: Sequence[Case], packs: Sequence[Pack], catalogue: Mapping[str, LayerEntry], folder: Path
) -> Iterator[JudgedCases]:
    """The cases in groups that can be judged together. folder: for the files of rasters."""
    rules = joined_rules(packs, strictly=True)
    layer_codes = [code for rule in rules for code in (*rule.layers_named, *rule.layers)]
    first = {rule.layers_named[0] for rule in rules}
    official = {code for rule in rules for key, code in rule.other_layers.items() if key == "instead"}
    usual = frozenset(code for code in layer_codes if code in first or code not in official)
    others = {code for rule in rules for code in rule.layers_named[1:]} - first
    groups: dict[_Versions, list[Case]] = {}
    for case in cases:
        drawn_layers = {feature.layer for feature in case.features} | case.beyond
        rasters = frozenset(code for code in drawn_layers if catalogue[code].geometry == "raster")
        of_case = _Versions(case.day, frozenset(drawn_layers & others), rasters, case.never_loaded, case.outdated)
        groups.setdefault(of_case, []).append(case)
    for of_group, members in groups.items():
        # A rule takes the first of its layers that is in force: one before it would hide the one that is drawn.
        before = {code for rule in rules for code in _layers_before_drawn(rule.layers_named, of_group.chosen)}
        drawn_here = {feature.layer for case in members for feature in case.features}
        loaded = (usual - others - before - of_group.never_loaded) | of_group.chosen | (drawn_here & official)
        in_force = frozenset(loaded - of_group.outdated)
        codes = frozenset(loaded), in_force, frozenset(official - first)
        yield JudgedCases(CaseGround(tuple(members), catalogue, *codes, folder), joined_rules(packs, of_group.day))


@dataclass(frozen=True)
class _Versions:
    """What cases must share to be judged together. chosen: layers of lists, besides the first, that a case draws."""

    day: date
    chosen: frozenset[str]
    rasters: frozenset[str]
    never_loaded: frozenset[str]
    outdated: frozenset[str]


def _layers_before_drawn(layer_codes: Sequence[str], drawn_layers: frozenset[str]) -> Sequence[str]:
    """The layers of a list before the first that a case draws; none if it draws none."""
    at = next((number for number, code in enumerate(layer_codes) if code in drawn_layers), None)
    return () if at is None else layer_codes[:at]


def with_rule(rules: Sequence[Rule], changed_rule: Rule) -> list[Rule]:
    """The rules that differ if one is changed_rule: the rule itself, and those that judge in its place."""
    differing_rules = [changed_rule]
    for rule in rules:
        if any(one.id == changed_rule.id for one in rule.milder_of) and rule.id != changed_rule.id:
            above = tuple(changed_rule if one.id == changed_rule.id else one for one in rule.milder_of)
            differing_rules.append(replace(rule, milder_of=above))
    return differing_rules
