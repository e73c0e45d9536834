"""Departments that are asked, and their drafts: pure functions of findings, overrides and checklist items."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.frames.fields import text_value
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.conditions import column_named
from onemap.rules.judge.packs.pack import Pack, joined_rules
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.question import Question
from onemap.rules.review.cases.case import OPEN, ChecklistItem, Conclusion, Override, override_of
from onemap.rules.review.cases.drafting import DraftedFinding, drafted_basis, drafted_text

# From the gravest: in a draft as in the overall conclusion the gravest decides.
GRAVITY = (
    Conclusion.DISAGREE,
    Conclusion.SUPPLEMENT,
    OPEN,
    Conclusion.CONDITIONAL,
    Conclusion.AGREE,
    Conclusion.NOT_INVOLVED,
)
_CONCLUSION_OF: Mapping[str, Conclusion] = {
    Verdict.PROHIBITED: Conclusion.DISAGREE,
    Verdict.RESTRICTED: Conclusion.CONDITIONAL,
    Verdict.CONSULT: Conclusion.CONDITIONAL,
    Verdict.NOTICE: Conclusion.AGREE,
    Verdict.CLEAR: Conclusion.NOT_INVOLVED,
}


@dataclass(frozen=True)
class Draft:
    """A draft of `onemap` for one department. why: `findings`, `checklist`, both with a comma, `nothing`, or
    `unreadable` where the run cannot be read.
    """

    department: str
    conclusion: str
    text: str
    text_en: str
    basis: str
    routed: bool
    why: str

    def text_in(self, language: str) -> str:
        """The text in a language of the program."""
        return self.text_en if language == "en" else self.text


def gravest(conclusions: Iterable[str]) -> str:
    """The gravest of several conclusions; not_involved if there are none."""
    return min(conclusions, key=GRAVITY.index, default=Conclusion.NOT_INVOLVED)


def overall(conclusions: Iterable[str]) -> str:
    """The overall conclusion: any disagree, else any supplement, else any conditional, else agree."""
    conclusion = gravest(conclusions)
    return Conclusion.AGREE if conclusion == Conclusion.NOT_INVOLVED else conclusion


def asked_departments(rule: Rule) -> tuple[str, ...]:
    """The department of a rule, followed by the departments that the rule wants consulted."""
    return tuple(dict.fromkeys((rule.department, *rule.consult)))


def departments_of_rules(packs: Sequence[Pack], day: date) -> dict[str, tuple[str, ...]]:
    """The department of each rule on a day, followed by the departments that the rule wants consulted."""
    return {rule.id: asked_departments(rule) for rule in joined_rules(packs, day)}


def checklist_items(
    packs: Sequence[Pack], rules: Mapping[str, Rule], skipped: Sequence[Mapping[str, str]], found_rules: Collection[str]
) -> tuple[ChecklistItem, ...]:
    """Matters that only people can judge: the packs' items, then the rules that were not run, by department.

    rules: of the packs, by id; skipped: id, layer and reason of each rule that was not run, except rules without a law
    in force; found_rules: ids of the rules with a counted finding, be it a conflict or ground that could not be judged.
    """
    not_run = {entry["rule"]: entry["layer"] for entry in skipped}
    rule_names = {
        name for rule in rules.values() if rule.id in not_run or rule.id in found_rules for name in _names(rule)
    }
    items: dict[tuple[str, str], ChecklistItem] = {}
    for pack in packs:
        for item in pack.checklist:
            if item.get("after") is None or item["after"] in rule_names:
                items[item["id"], item["department"]] = ChecklistItem(item["id"], item["department"], item["title"])
    for entry in skipped:
        rule = rules[entry["rule"]]
        # One question for a layer that nobody has: what stands in for another rule, or under it, asks the same of those
        # whom the other asks.
        alike = [
            one for one in (*rule.under, *(one.id for one in rule.milder_of)) if not_run.get(one) == entry["layer"]
        ]
        by_others = {department for one in alike for department in asked_departments(rules[one])}
        for department in (one for one in asked_departments(rule) if one not in by_others):
            items[rule.id, department] = ChecklistItem(
                rule.id, department, rule.title, rule.id, entry["layer"], entry["reason"]
            )
    return tuple(items.values())


def _names(rule: Rule) -> set[str]:
    """The ids by which packs may name a rule: its own, and those of the rules that it replaced."""
    return {rule.id, *(_names(rule.replaced) if rule.replaced else ())}


def drafts(
    question: Question,
    findings: Sequence[Mapping[str, Any]],
    items: Sequence[ChecklistItem],
    overrides: Sequence[Override],
) -> tuple[Draft, ...]:
    """The ten drafts in the departments' order. findings: rows of the question's run."""
    rules = {rule.id: rule.on_day(question.as_of) for rule in joined_rules(question.packs, question.as_of)}
    missing_facts = wanting_facts(question.parcels, rules.values())
    return drafts_by_rules(rules, missing_facts, len(question.parcels.ids) == 1, findings, items, overrides)


def drafts_by_rules(
    rules: Mapping[str, Rule],
    missing_facts: Collection[tuple[str, str]],
    is_one: bool,
    findings: Sequence[Mapping[str, Any]],
    items: Sequence[ChecklistItem],
    overrides: Sequence[Override],
) -> tuple[Draft, ...]:
    """The ten drafts, as `drafts` gives them. rules: the rules of the findings as they stand on the day, by id.

    A finding that does not count asks no department. An overridden finding still asks its departments, and proposes
    what follows from the new verdict. missing_facts: from `wanting_facts`; is_one: the case has one parcel.
    """
    by_department: dict[str, list[DraftedFinding]] = {department: [] for department in DEPARTMENTS}
    for row in findings:
        if not row["counted"]:
            continue
        place = (row["parcel"], row["rule"])
        override = override_of(overrides, *place, row["verdict"])
        verdict = override.verdict if override else row["verdict"]
        one = DraftedFinding(rules[row["rule"]], row, verdict, override, wants_fact=place in missing_facts)
        for department in asked_departments(one.rule):
            by_department[department].append(one)
    return tuple(
        _draft(department, by_department[department], [item for item in items if item.department == department], is_one)
        for department in DEPARTMENTS
    )


def wanting_facts(parcels: Parcels, rules: Iterable[Rule]) -> set[tuple[str, str]]:
    """Pairs of parcel and rule where the applicant's file leaves a field empty that the rule judges by."""
    parcels_and_rules = set()
    for rule in rules:
        for name in KINDS[rule.kind].parcel_fields(rule.options):
            try:
                values = [text_value(value) for value in column_named(parcels.attributes, name)]
            except KeyError:
                values = [None] * len(parcels.ids)
            parcels_and_rules |= {
                (id_, rule.id) for id_, value in zip(parcels.ids, values, strict=True) if value is None
            }
    return parcels_and_rules


def _draft(department: str, findings: Sequence[DraftedFinding], items: Sequence[ChecklistItem], is_one: bool) -> Draft:
    why = ",".join(filter(None, ("findings" if findings else "", "checklist" if items else "")))
    return Draft(
        department=department,
        conclusion=_proposed_conclusion(findings, items),
        text=drafted_text(findings, items, "zh", is_one),
        text_en=drafted_text(findings, items, "en", is_one),
        basis=drafted_basis(findings),
        routed=bool(why),
        why=why or "nothing",
    )


def _proposed_conclusion(findings: Sequence[DraftedFinding], items: Sequence[ChecklistItem]) -> str:
    """The conclusion that findings lead to; if nothing was found but matters are unchecked, a person must choose."""
    conclusion = gravest(_conclusion_of(one) for one in findings)
    is_unchecked = any(item.rule is not None for item in items)
    return OPEN if is_unchecked and conclusion in (Conclusion.AGREE, Conclusion.NOT_INVOLVED) else conclusion


def _conclusion_of(one: DraftedFinding) -> str:
    """The conclusion of a finding. An unknown one asks for the applicant's missing facts, else a person chooses."""
    if one.verdict == Verdict.UNKNOWN:
        return Conclusion.SUPPLEMENT if one.wants_fact else OPEN
    return _CONCLUSION_OF[one.verdict]


def inputs_by_department(
    packs: Sequence[Pack], rules: Iterable[Rule], used_layers: Collection[str]
) -> dict[str, set[str]]:
    """The inputs behind each department's opinion: every pack, the layers of its rules, and rules whose laws have days.

    rules: of the packs; used_layers: the layers with a version in force.
    """
    inputs: dict[str, set[str]] = {department: {pack.id for pack in packs} for department in DEPARTMENTS}
    for rule in rules:
        for department in asked_departments(rule):
            inputs[department].update(
                watched_layers(rule, used_layers), [rule.id] if dated_law(rule, is_cited=True) else ()
            )
    return inputs


def watched_layers(rule: Rule, used_layers: Collection[str]) -> list[str]:
    """The layers that a rule's judgement depends on: those it used, and those it would prefer if they had a version.

    used_layers: the layers with a version in force; if none of the rule's has one, any of them would be used.
    """
    layer_codes = rule.layers_named or (rule.layer,)
    used_layer = next((code for code in layer_codes if code in used_layers), None)
    first = layer_codes if used_layer is None else layer_codes[: layer_codes.index(used_layer) + 1]
    return list(dict.fromkeys([*first, *rule.for_layer(used_layer or rule.layer).other_layers.values()]))


def dated_law(rule: Rule, *, is_cited: bool) -> list[tuple[str | None, str | None]]:
    """The first and last ISO days of a rule's laws; empty if the days change nothing, or the rule judges nothing.

    is_cited: the rule has found something, so each of its laws matters; otherwise only whether any of them holds. For a
    rule replaced by another during its days, the laws of the other.
    """
    rule = rule.waiting or rule
    have_days = [bool(entry.days) for entry in rule.basis]
    if not rule.finds or not (any(have_days) if is_cited else all(have_days)):
        return []
    spans = ((entry.first_day, entry.last_day) for entry in rule.basis)
    return [(first.isoformat() if first else None, last.isoformat() if last else None) for first, last in spans]
