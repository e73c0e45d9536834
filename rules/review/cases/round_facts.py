"""The machine's facts of a round, computed from run and packs: terms, drafts, checklist, the departments of rules."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.reason import Reason
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.packs.pack import Pack, joined_rules, lapsed_rules
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.run_store import (
    packs_of_record,
    rows_of_table,
    stored_question,
    stored_records,
    stored_values,
    whole_check,
)
from onemap.rules.review.cases.case import ChecklistItem, Override, Terms, override_of
from onemap.rules.review.cases.routing import (
    Draft,
    asked_departments,
    checklist_items,
    drafts_by_rules,
    inputs_by_department,
    wanting_facts,
)

_MOST_KEPT = 64  # rounds, of which a step asks a few, and a list each once


def layers_used(record: CheckRecord) -> frozenset[str]:
    """The layers for which a run used a version, or a file in place of one."""
    of_versions = {layer["code"] for layer in record["layers"] if layer["label"] is not None}
    return frozenset(of_versions | set(record["parameters"].get("replaced", ())))


def terms_of(packs: Sequence[Pack]) -> Terms:
    """The terms of several packs; a later pack overrides earlier ones, as a city's ordinance the common pack."""
    entries = {key: value for pack in packs for key, value in pack.review.items()}
    days_of = {code: days for pack in packs for code, days in pack.review.get("days_of", {}).items()}
    return Terms(**{**entries, "days_of": days_of})


class UnreadableRun(OneMapError):
    """The run of a round, or one of its packs, is gone, incomplete or damaged; its problems say how."""


class PackFacts:
    """Facts that packs give on a day, computed once for all rounds that share them. Raises as `joined_rules`."""

    def __init__(self, packs: Sequence[Pack], day: date) -> None:
        self.packs = packs
        self.rules = {rule.id: rule for rule in joined_rules(packs, day)}
        self.terms = terms_of(packs)
        self._items: dict[Any, tuple[ChecklistItem, ...]] = {}
        self._on_day: dict[tuple[str, date], Rule] = {}
        self._watched: dict[frozenset[str], dict[str, set[str]]] = {}

    @cached_property
    def departments_of_rules(self) -> dict[str, tuple[str, ...]]:
        """The department of each rule, followed by the departments that the rule wants consulted."""
        return {id_: asked_departments(rule) for id_, rule in self.rules.items()}

    def watched(self, used_layers: frozenset[str]) -> dict[str, set[str]]:
        """The layers, packs and rules behind each department's opinion, as `inputs_by_department`."""
        if used_layers not in self._watched:
            self._watched[used_layers] = inputs_by_department(self.packs, self.rules.values(), used_layers)
        return self._watched[used_layers]

    def rule_on_day(self, id_: str, day: date) -> Rule:
        """A rule as it stands on a day."""
        place = id_, day
        if place not in self._on_day:
            self._on_day[place] = self.rules[id_].on_day(day)
        return self._on_day[place]

    def items(self, skipped: Sequence[Mapping[str, Any]], found_rules: frozenset[str]) -> tuple[ChecklistItem, ...]:
        """The checklist. A rule that only counts ground by classes judges nothing, so nobody judges in its stead."""
        place = tuple((item["rule"], item["layer"], item["reason"]) for item in skipped), found_rules
        if place not in self._items:
            judging = [item for item in skipped if self.rules[item["rule"]].finds]
            judging = [item for item in judging if item["reason"] != Reason.LAW_NOT_IN_FORCE]
            self._items[place] = checklist_items(self.packs, self.rules, judging, found_rules)
        return self._items[place]


class RoundFacts:
    """The facts of one round. of_packs: facts of the round's packs; record: of the run; findings: the run's rows.

    stated: the machine's verdict of each parcel, as the run stores it.
    """

    def __init__(
        self,
        of_packs: PackFacts,
        record: CheckRecord,
        findings: Sequence[Mapping[str, Any]],
        stated_verdicts: Sequence[tuple[str, str]],
        read_parcels: Callable[[], Parcels],
    ) -> None:
        self.of_packs = of_packs
        self.record = record
        self.findings = findings
        self.stated = stated_verdicts
        self._read_parcels = read_parcels
        self._drafts: dict[tuple[Override, ...], tuple[Draft, ...]] = {}

    @property
    def watched(self) -> dict[str, set[str]]:
        """The layers, packs and rules behind each department's opinion."""
        return self.of_packs.watched(layers_used(self.record))

    @cached_property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """The gravest verdict of each parcel and rule."""
        verdict_by_place: dict[tuple[str, str], str] = {}
        for row in self.findings:
            place = row["parcel"], row["rule"]
            verdict_by_place[place] = min(
                row["verdict"], verdict_by_place.get(place, row["verdict"]), key=RANK.__getitem__
            )
        return verdict_by_place

    def verdicts_of(self, parcel: str, rule: str) -> tuple[str, ...]:
        """The machine's gravest verdict of a rule's hits on a parcel, then unknown if some ground was not judged."""
        rows = {row["verdict"] for row in self.findings if (row["parcel"], row["rule"]) == (parcel, rule)}
        hits = sorted(rows - {Verdict.UNKNOWN}, key=RANK.__getitem__)[:1]
        return (*hits, *(rows & {Verdict.UNKNOWN}))

    def finding_to_judge(
        self, parcel: str, rule: str, overrides: Sequence[Override], machine_verdict: str | None = None
    ) -> str | None:
        """The machine's verdict of the finding that an override concerns; None if there is no such finding.

        A hit and the ground beside it that could not be judged are two findings. machine_verdict: of the one that is
        meant; None for the gravest, earlier overrides included.
        """

        def holds(verdict: str) -> int:
            override = override_of(overrides, parcel, rule, verdict)
            return RANK[verdict if override is None else override.verdict]

        verdicts = self.verdicts_of(parcel, rule)
        candidates = (
            verdicts if machine_verdict is None else [verdict for verdict in verdicts if verdict == machine_verdict]
        )
        return min(candidates, key=holds, default=None)

    @property
    def verdicts_of_parcels(self) -> dict[str, str]:
        """The gravest verdict of the counted findings of each parcel that has one."""
        verdict_by_parcel: dict[str, str] = {}
        for row in self.findings:
            if row["counted"]:
                parcel = row["parcel"]
                verdict_by_parcel[parcel] = min(
                    row["verdict"], verdict_by_parcel.get(parcel, Verdict.CLEAR), key=RANK.__getitem__
                )
        return verdict_by_parcel

    @cached_property
    def counted_rules(self) -> frozenset[str]:
        """The ids of the rules that have a counted finding."""
        return frozenset(row["rule"] for row in self.findings if row["counted"])

    @cached_property
    def items(self) -> tuple[ChecklistItem, ...]:
        """The checklist that follows from rules that were not run, and from findings."""
        return self.of_packs.items(self.record["skipped"], self.counted_rules)

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        """The rules with a counted finding, as they stood on the day of the run."""
        day = date.fromisoformat(self.record["parameters"]["as_of"])
        return {id_: self.of_packs.rule_on_day(id_, day) for id_ in self.counted_rules}

    @cached_property
    def _wanting_facts(self) -> set[tuple[str, str]]:
        """Pairs of parcel and rule that lack a fact of the applicant's; parcels are read only if a rule asks one."""
        asking = [rule for rule in self._rules.values() if KINDS[rule.kind].parcel_fields(rule.options)]
        return wanting_facts(self._read_parcels(), asking) if asking else set()

    def drafts(self, overrides: tuple[Override, ...] = ()) -> tuple[Draft, ...]:
        """The ten drafts that follow from the run and from what people have overridden."""
        drafts = self._drafts.get(overrides)
        if drafts is None:
            is_one = len(self.stated) == 1
            drafts = drafts_by_rules(self._rules, self._wanting_facts, is_one, self.findings, self.items, overrides)
            self._drafts[overrides] = drafts
        return drafts


def facts_of_run(run: Run) -> RoundFacts:
    """The facts of a run that is not stored yet."""
    parcels = run.question.parcels
    findings = [row.values for row in rows_of_table(run.tables["findings"])]
    stated_verdicts = [(row.values["parcel"], row.values["verdict"]) for row in rows_of_table(run.tables["parcels"])]
    return RoundFacts(
        PackFacts(run.question.packs, run.question.as_of), run.record, findings, stated_verdicts, lambda: parcels
    )


def facts_of_stored_run(
    library: Library, run: str, read_catalogue: Callable[[], Mapping[str, LayerEntry]] | None = None
) -> RoundFacts:
    """The facts of a stored run; those of the last few runs are kept while the library is open.

    read_catalogue: as in `packs_of_record`. Raises UnreadableRun, and OneMapError run.kind for a run that is not a
    check.
    """
    cached_facts: dict[str, RoundFacts] = library.keep_made("round facts", dict)
    if run not in cached_facts:
        with _reading_run(library, run):
            new_facts = _read_facts(library, run, read_catalogue)
        while len(cached_facts) >= _MOST_KEPT:
            del cached_facts[next(iter(cached_facts))]
        cached_facts[run] = new_facts
    return cached_facts[run]


def check_stored_run(library: Library, run: str) -> None:
    """Refuse a run of a round whose record, verdicts or rows are not all there. Raises as `facts_of_stored_run`."""
    with _reading_run(library, run):
        whole_check(library, run)
        parcel_verdicts(library, run)


def parcel_verdicts(library: Library, run: str) -> dict[str, str]:
    """The machine's verdict of each parcel of a check, from memory if it was read already. Raises run.damaged."""
    cached_facts: dict[str, RoundFacts] = library.keep_made("round facts", dict)
    return dict(cached_facts[run].stated if run in cached_facts else _stated_verdicts(library, run))


def _stated_verdicts(library: Library, run: str) -> list[tuple[Any, ...]]:
    return list(stored_values(library, run, "parcels", ("parcel", "verdict")))


@contextlib.contextmanager
def _reading_run(library: Library, run: str) -> Iterator[None]:
    """Turn errors while a run is read into UnreadableRun. Raises as `facts_of_stored_run`."""
    try:
        yield
    except OneMapError as error:
        if error.code == "run.kind":
            raise
        raise UnreadableRun.of(error.problems) from error
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise UnreadableRun("run.damaged", file=library.label, run=run, layer="onemap_runs") from error


def _read_facts(
    library: Library, run: str, read_catalogue: Callable[[], Mapping[str, LayerEntry]] | None
) -> RoundFacts:
    record = whole_check(library, run)
    packs = packs_of_record(library, run, record, read_catalogue)
    day = date.fromisoformat(record["parameters"]["as_of"])
    key = ("facts of packs", id(packs), lapsed_rules(packs, day))
    of_packs: PackFacts = library.keep_made(key, lambda: PackFacts(packs, day))
    findings = stored_records(library, run, "findings")
    stated_verdicts = _stated_verdicts(library, run)
    facts = RoundFacts(of_packs, record, findings, stated_verdicts, lambda: stored_question(library, run).parcels)
    computed_verdicts = facts.verdicts_of_parcels
    if any(
        computed_verdicts.get(parcel, Verdict.CLEAR) != verdict for parcel, verdict in dict(stated_verdicts).items()
    ):
        raise OneMapError("run.damaged", file=library.label, run=run, layer="findings")
    facts.drafts()  # what cannot be computed later must not be found out then
    return facts
