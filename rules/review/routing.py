"""Who is asked, and what each department's draft says: pure functions of findings, overrides and checklist items."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.rules.packs.pack import Pack, joined_rules
from onemap.rules.packs.rule import Rule
from onemap.rules.review.case import ChecklistItem, Override
from onemap.rules.review.drafting import DraftedFinding, drafted_basis, drafted_text

# From the gravest: in a draft as in the overall conclusion the gravest decides.
GRAVITY = ("disagree", "supplement", "conditional", "agree", "not_involved")
CONCLUSION_OF = {
    "prohibited": "disagree",
    "restricted": "conditional",
    "consult": "conditional",
    "unknown": "supplement",
    "notice": "agree",
    "clear": "not_involved",
}


@dataclass(frozen=True)
class Draft:
    """What `onemap` proposes to one department. why: `findings`, `checklist`, both with a comma, or `nothing`."""

    department: str
    conclusion: str
    text: str
    text_en: str
    basis: str
    routed: bool
    why: str


def gravest(conclusions: Iterable[str]) -> str:
    """The gravest of several conclusions; not_involved of none."""
    return min(conclusions, key=GRAVITY.index, default="not_involved")


def overall(conclusions: Iterable[str]) -> str:
    """The overall conclusion: any disagree, else any supplement, else any conditional, else agree."""
    found = gravest(conclusions)
    return "agree" if found == "not_involved" else found


def asked_departments(rule: Rule) -> tuple[str, ...]:
    """The department of a rule, then those that it wants consulted."""
    return tuple(dict.fromkeys((rule.department, *rule.consult)))


def checklist_items(
    packs: Sequence[Pack], skipped: Sequence[Mapping[str, str]], found: Collection[str]
) -> tuple[ChecklistItem, ...]:
    """What only people can judge: the packs' items, then the rules that were not run, for each department they ask.

    skipped: of each rule that was not run its id, its layer and the reason.
    found: the rules of which something counts, be it a conflict or ground that could not be judged.
    """
    rules = {rule.id: rule for rule in joined_rules(packs)}
    not_run = {entry["rule"]: entry["layer"] for entry in skipped}
    asked = {name for rule in rules.values() if rule.id in not_run or rule.id in found for name in _names(rule)}
    items: dict[tuple[str, str], ChecklistItem] = {}
    for pack in packs:
        for item in pack.checklist:
            if item.get("after") is None or item["after"] in asked:
                items[item["id"], item["department"]] = ChecklistItem(item["id"], item["department"], item["title"])
    for entry in skipped:
        rule = rules[entry["rule"]]
        # One question for a layer that nobody has: what stands in for another rule, or under it, asks the same.
        if entry["layer"] in {not_run.get(other) for other in (rule.under or "", *(one.id for one in rule.milder_of))}:
            continue
        for department in asked_departments(rule):
            items[rule.id, department] = ChecklistItem(
                rule.id, department, rule.title, rule.id, entry["layer"], entry["reason"]
            )
    return tuple(items.values())


def _names(rule: Rule) -> set[str]:
    """The ids under which packs may name a rule: its own, and those of the rules whose place it has taken."""
    return {rule.id, *(_names(rule.replaced) if rule.replaced else ())}


def drafts(
    findings: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Rule],
    items: Sequence[ChecklistItem],
    overrides: Sequence[Override],
    is_one: bool = True,
) -> tuple[Draft, ...]:
    """The ten drafts in the departments' order. findings: rows of a run; those that do not count ask nobody.

    is_one: the case has one parcel, which sentences need not name.

    A finding that a person judges otherwise still asks its departments; what it proposes follows from the new verdict.
    """
    judged = {(override.parcel, override.rule): override for override in overrides}
    by_department: dict[str, list[DraftedFinding]] = {department: [] for department in DEPARTMENTS}
    for row in findings:
        if not row["counted"]:
            continue
        override = judged.get((row["parcel"], row["rule"]))
        one = DraftedFinding(rules[row["rule"]], row, override.verdict if override else row["verdict"], override)
        for department in asked_departments(one.rule):
            by_department[department].append(one)
    return tuple(
        _draft(department, by_department[department], [item for item in items if item.department == department], is_one)
        for department in DEPARTMENTS
    )


def _draft(department: str, findings: Sequence[DraftedFinding], items: Sequence[ChecklistItem], is_one: bool) -> Draft:
    why = ",".join(filter(None, ("findings" if findings else "", "checklist" if items else "")))
    return Draft(
        department=department,
        conclusion=gravest(CONCLUSION_OF[one.verdict] for one in findings),
        text=drafted_text(findings, items, "zh", is_one),
        text_en=drafted_text(findings, items, "en", is_one),
        basis=drafted_basis(findings),
        routed=bool(why),
        why=why or "nothing",
    )


def inputs_by_department(packs: Sequence[Pack]) -> dict[str, set[str]]:
    """The layers and packs behind each department's opinion: its rules' layers, and every pack."""
    found: dict[str, set[str]] = {department: {pack.id for pack in packs} for department in DEPARTMENTS}
    for rule in joined_rules(packs):
        for department in asked_departments(rule):
            found[department].update(rule.layers)
    return found
