"""The proof of packs by their cases: which pass, what each rule's cases cover, and which errors no case detects."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.messages import LANGUAGES
from onemap.layers.progress import SILENT, Progress
from onemap.rules.contract.verdict import RANK
from onemap.rules.judge.findings.rule_rows import without_rows_under
from onemap.rules.judge.packs.pack import Pack, joined_rules, parse_packs
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.cases.drafting import DraftedFinding, drafted_text
from onemap.rules.review.proofs.case_judgement import JudgedCases, Outcome, judged_groups
from onemap.rules.review.proofs.proof_cases import Case, read_cases
from onemap.rules.review.proofs.rule_coverage import RuleCoverage, coverage_of

_JUDGED = 0.2  # of the work, where mutants follow
MOST_EQUAL = 0.03  # of all mutants: more that cannot be told from their rule are a failure
_MEASURES = ("length_m", "features", "distance_m", "value", "share")


@dataclass(frozen=True)
class CaseResult:
    """A case, the check's outcome, and the names of the case's keys that the outcome does not meet."""

    case: Case
    outcome: Outcome
    wrong: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the outcome is as the case expects."""
        return not self.wrong


@dataclass(frozen=True)
class Mutant:
    """One change of a rule. change: the sentence that describes the changed rule, in a language.

    equal: why no case can tell it from the rule, None if one could; killer: the case that detected it.
    """

    rule: str
    change: str
    equal: str | None = None
    killer: str | None = None


@dataclass(frozen=True)
class Proof:
    """The proof of packs by cases: results (n,), and coverage by rule. mutants: None if none were made."""

    rules: tuple[Rule, ...]
    results: tuple[CaseResult, ...]
    coverage: Mapping[str, RuleCoverage]
    mutants: tuple[Mutant, ...] | None = None

    @property
    def failed(self) -> list[CaseResult]:
        """The cases that fail."""
        return [result for result in self.results if not result.passes]

    @property
    def uncovered(self) -> list[str]:
        """The rules that lack a hit, a miss or an unknown."""
        return [name for name, one in self.coverage.items() if not one.is_covered]

    @property
    def surviving_mutants(self) -> list[Mutant]:
        """The mutants that no case detects, though one could."""
        return [one for one in self.mutants or () if one.equal is None and one.killer is None]

    @property
    def equal(self) -> list[Mutant]:
        """The mutants that are equal in meaning."""
        return [one for one in self.mutants or () if one.equal is not None]

    @property
    def is_proved(self) -> bool:
        """Whether all cases pass, all rules are covered, no mutant survives, and not too many are equal."""
        too_many = len(self.equal) > MOST_EQUAL * len(self.mutants or ())
        return not (self.failed or self.uncovered or self.surviving_mutants or too_many)


@dataclass(frozen=True)
class PacksToProve:
    """Packs to be proved, with their cases.

    texts: of the packs with their names, in the given order; case_texts: of the case files of the last pack, whose
    rules are proved.
    """

    texts: Sequence[tuple[str, str]]
    case_texts: Sequence[tuple[str, str]]
    catalogue: Mapping[str, LayerEntry]
    today: date
    code_system: str | None = None

    @cached_property
    def packs(self) -> list[Pack]:
        """The packs. Raises OneMapError pack.…, rule.…."""
        return parse_packs(self.texts, self.catalogue, self.code_system)

    @cached_property
    def rules(self) -> list[Rule]:
        """Their rules, joined. Raises OneMapError rule.…."""
        return joined_rules(self.packs, strictly=True)

    @property
    def own_rules(self) -> list[Rule]:
        """The rules to be proved: those of the last pack, which depends on the others."""
        return [rule for rule in self.rules if rule.pack == self.packs[-1].id]

    @cached_property
    def cases(self) -> list[Case]:
        """All cases. Raises OneMapError cases.…."""
        cases = []
        for text, source in self.case_texts:
            cases += read_cases(text, source, self.rules, self.catalogue, self.today)
        return cases


Further = Callable[[PacksToProve, Sequence[JudgedCases], Sequence[CaseResult], Progress], tuple[Mutant, ...]]


def prove_packs(proving: PacksToProve, mutants: Further | None = None, progress: Progress = SILENT) -> Proof:
    """Judge all cases. mutants: makes the mutants and finds out which are detected.

    Raises OneMapError pack.…, rule.…, cases.….
    """
    cases = proving.cases
    with tempfile.TemporaryDirectory(prefix="onemap-cases-") as folder:
        groups = [*judged_groups(cases, proving.packs, proving.catalogue, Path(folder))]
        results = [
            CaseResult(case, outcome, (*wrong_keys(case, outcome), *_wrong_words(case, group, place)))
            for group in groups
            for place, (case, outcome) in enumerate(zip(group.ground.cases, group.outcomes, strict=True))
        ]
        order = {case.id: place for place, case in enumerate(cases)}
        results.sort(key=lambda result: order[result.case.id])
        passing = {result.case.id for result in results if result.passes}
        coverage = coverage_of(proving.own_rules, groups, passing)
        progress.at(_JUDGED)
        proved_mutants = mutants(proving, groups, results, progress.part(_JUDGED, 1.0)) if mutants else None
    return Proof(tuple(proving.own_rules), tuple(results), coverage, proved_mutants)


def wrong_keys(case: Case, outcome: Outcome) -> tuple[str, ...]:
    """The keys of a case that the outcome does not meet; none if it passes."""
    rank = RANK.__getitem__
    wrong = []
    if not rank(case.most) <= rank(outcome.verdict) <= rank(case.least):
        wrong.append("verdict")
    if case.decides is not None and frozenset(case.decides) != outcome.decides:
        wrong.append("decides")
    if outcome.decides & set(case.spares):
        wrong.append("spares")
    if case.cites and {_plain(one) for one in case.cites} != _laws(outcome):
        wrong.append("cites")
    return tuple(wrong)


def _wrong_words(case: Case, group: JudgedCases, place: int) -> tuple[str, ...]:
    """The key `words` if a draft lacks words that the case expects in it, else nothing."""
    if not case.words:
        return ()
    text = draft_texts(group, place)
    return () if all(word in text for word in case.words) else ("words",)


def _laws(outcome: Outcome) -> set[str]:
    """Law and article of all bases of the deciding rules."""
    return {_plain(one) for basis in outcome.basis.values() for one in basis.split("；")}


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign not in " 《》")


def draft_texts(group: JudgedCases, place: int) -> str:
    """The drafts' texts for all counted findings of a case, in every language. Areas are those of the cases' plane."""
    findings = [
        DraftedFinding(rows.judged.rule, row, row["verdict"], None)
        for rows in without_rows_under([*group.rows.values()])
        for block in rows.findings
        for row in _rows(block, group.ground.cases[place].id, place)
    ]
    return "\n".join(drafted_text(findings, (), language) for language in LANGUAGES)


def _rows(block: Mapping[str, Any], case: str, place: int) -> list[dict[str, Any]]:
    """The counted findings of a case, in the form of a run's table."""
    rows = np.flatnonzero((block["_parcel"] == place) & block["counted"])
    columns = ("rule", "layer", "title", "verdict", "reason", "area_m2", *_MEASURES)
    counted_rows = [{name: _cell(block[name], at) for name in columns} for at in rows.tolist()]
    return [
        {**row, "parcel": case, "area_ellipsoidal_m2": row["area_m2"], "reason": row["reason"] or ""}
        for row in counted_rows
    ]


def _cell(values: Any, at: int) -> Any:
    value = values[at] if isinstance(values, np.ndarray) else values
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value
