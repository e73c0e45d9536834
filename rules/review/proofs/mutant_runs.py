"""Find out which mutants the cases detect: each replaces its rule, on the cases that its layers touch."""

from collections.abc import Collection, Sequence

import numpy as np

from onemap.layers.errors import OneMapError
from onemap.layers.progress import Progress
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.case_judgement import JudgedCases, with_rule
from onemap.rules.review.proofs.masked_mutants import masked_reason
from onemap.rules.review.proofs.mutants import RuleMutant, mutants_of
from onemap.rules.review.proofs.proof import CaseResult, Mutant, PacksToProve, wrong_keys


class MutantRuns:
    """Makes all mutants of a pack, and finds out which are detected."""

    def __init__(self, language: str, rules: Collection[str] | None = None) -> None:
        """language: of the sentences; rules: ids of the rules to change, None for all."""
        self._language, self._names = language, rules

    def __call__(
        self, proving: PacksToProve, groups: Sequence[JudgedCases], results: Sequence[CaseResult], progress: Progress
    ) -> tuple[Mutant, ...]:
        """Each mutant with the case that detects it, if one does."""
        passing = {result.case.id for result in results if result.passes and result.case.is_exact}
        classes = {name: item for pack in proving.packs for name, item in pack.classes.items()}
        rules = [rule for rule in proving.own_rules if self._names is None or rule.id in self._names]
        rule_mutants = [one for rule in rules for one in mutants_of(rule, classes, proving.catalogue)]
        mutants = []
        for number, one in enumerate(rule_mutants):
            progress.at(number / max(len(rule_mutants), 1))
            killer = None if one.equal else _killer(one, proving.rules, groups, passing)
            equal = one.reason(self._language)
            if killer is None and equal is None:
                equal = masked_reason(one, proving.rules, proving.catalogue, self._language)
            mutants.append(Mutant(one.rule.id, one.sentence(self._language), equal, killer))
        return tuple(mutants)


def _killer(mutant: RuleMutant, rules: Sequence[Rule], groups: Sequence[JudgedCases], passing: set[str]) -> str | None:
    """The first case that detects a mutant; None if none does."""
    changed_rules = with_rule(rules, mutant.rule)
    original = next(rule for rule in rules if rule.id == mutant.rule.id)
    layers = {*original.layers_named, *original.layers, *mutant.rule.layers}
    for has_name in (True, False):  # those that name the rule tell of it most often, and are few
        for group in groups:
            place = cases_about(group, layers, original.id, passing, has_name)
            if len(place) and (killer := _killer_among(changed_rules, group, place)) is not None:
                return killer
    return None


def _killer_among(changed_rules: Sequence[Rule], group: JudgedCases, place: np.ndarray) -> str | None:
    """The first of some cases (k,) that fails with changed rules."""
    try:
        outcomes = group.outcomes_with(changed_rules, place)
    except OneMapError:
        return group.ground.cases[int(place[0])].id  # a rule that cannot be judged is noticed by any case
    for at, outcome in zip(place.tolist(), outcomes, strict=True):
        if wrong_keys(group.ground.cases[at], outcome):
            return group.ground.cases[at].id
    return None


def cases_about(group: JudgedCases, layers: set[str], rule: str, passing: set[str], has_name: bool) -> np.ndarray:
    """Positions (k,) of cases that may detect a change of a rule on some layers: those naming it, or the others."""
    positions = []
    for place, case in enumerate(group.ground.cases):
        names = rule in (case.decides or ()) or rule in case.spares or case.id.startswith(f"{rule}/")
        case_layers = {feature.layer for feature in case.features} | case.beyond | case.never_loaded | case.outdated
        if case.id in passing and (names if has_name else not names and layers & case_layers):
            positions.append(place)
    return np.array(positions, dtype=np.int64)
