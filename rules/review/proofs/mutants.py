"""Single errors of rules: each mutant is a rule with one change, and a sentence that describes the change.

The kinds of changes are fixed, and no pack can turn one off: docs/decisions/46.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import pi
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry, layer_title
from onemap.layers.messages import phrase
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.findings.citations import cited_law
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.condition_mutants import condition_mutants

STEPS = (0.5, 2.0)
_ACROSS = 0.1  # a tenth: only a case near the limit sees it
_INCLUDED = ("near", "raster", "height")  # at the limit itself a rule of these kinds says what it says beyond it
_NUMBERS = ("min_area_m2", "min_share", "min_width_m", "distance_m", "half_width_m", "above", "below", "limit")
_ORDER = (Verdict.NOTICE, Verdict.CONSULT, Verdict.RESTRICTED, Verdict.PROHIBITED)  # a rule may say no other verdict


@dataclass(frozen=True)
class RuleMutant:
    """A rule with one change. key, facts: of the sentence in the messages under `mutant`; equal: as in `Mutant`."""

    rule: Rule
    key: str
    facts: Mapping[str, Any]
    equal: str | None = None

    def sentence(self, language: str) -> str:
        """The changed rule, in words."""
        words = {name: value[language] if isinstance(value, dict) else value for name, value in self.facts.items()}
        return phrase(f"mutant.{self.key}", language, **words)

    def reason(self, language: str) -> str | None:
        """Why the mutant is equal in meaning, None if it is not."""
        return None if self.equal is None else phrase(f"mutant_equal.{self.equal}", language)


def mutants_of(
    rule: Rule, classes: Mapping[str, ProjectClass], catalogue: Mapping[str, LayerEntry]
) -> Iterator[RuleMutant]:
    """All mutants of a rule that judges. classes: of its packs, in their order."""
    if not rule.finds:
        return
    yield from _numbers(rule)
    yield from _classes_of_distances(rule)
    yield from _permitted_codes(rule)
    yield from condition_mutants(rule, catalogue.get(rule.layer), RuleMutant)
    for key in ("unless", "only"):
        yield from _classes(rule, key, list(classes.values()))
    yield from _layers(rule, catalogue)
    yield from _verdicts(rule)
    yield from _days(rule)


def _numbers(rule: Rule) -> Iterator[RuleMutant]:
    across = 1 - _ACROSS if rule.kind in _INCLUDED else 1 + _ACROSS
    for key in _NUMBERS:
        number = rule.options.get(key)
        if isinstance(number, Mapping):
            values = dict(number.get("values", {}))
            for name, value in values.items():
                for step in (*STEPS, across):
                    changed_option = {**number, "values": {**values, name: value * step}}
                    facts = {**_key_facts(rule, key, value, value * step), "value": name}
                    yield RuleMutant(_with_option(rule, key, changed_option), "number_of_class", facts)
            number = number.get("default")
            changed_key = "default"
        else:
            changed_key = ""
        if isinstance(number, (int, float)) and not isinstance(number, bool) and number:
            for step in (*STEPS, across):
                whole = {**rule.options[key], "default": number * step} if changed_key else number * step
                equal = _equal_number(rule, key, number, number * step)
                facts = _key_facts(rule, key, number, number * step)
                yield RuleMutant(_with_option(rule, key, whole), "number", facts, equal)


def _key_facts(rule: Rule, key: str, before: float, after: float) -> dict[str, Any]:
    title = dict(KINDS[rule.kind].keys[key].title) or {"zh": key, "en": key}
    unit = KINDS[rule.kind].keys[key].unit
    return {"name": title, "before": f"{before:g} {unit}".strip(), "after": f"{after:g} {unit}".strip()}


def _with_option(rule: Rule, key: str, value: Any) -> Rule:
    return replace(rule, options={**rule.options, key: value})


def _equal_number(rule: Rule, key: str, before: float, after: float) -> str | None:
    """Why a change of the least area has no effect: ground as wide as the rule wants is larger anyway; else None."""
    widest_m2 = pi / 4 * rule.min_width_m**2
    return "area_below_width" if key == "min_area_m2" and max(before, after) <= widest_m2 else None


def _classes_of_distances(rule: Rule) -> Iterator[RuleMutant]:
    distances = rule.options.get("distance_m")
    if not isinstance(distances, Mapping) or "default" in distances:
        return
    for name in distances["values"]:
        left = {other: value for other, value in distances["values"].items() if other != name}
        if left:
            changed_rule = _with_option(rule, "distance_m", {**distances, "values": left})
            yield RuleMutant(changed_rule, "distance_dropped", {"value": name})


def _permitted_codes(rule: Rule) -> Iterator[RuleMutant]:
    """Mutants with one code dropped from those that the rule's own table permits for a use, or one added."""
    permits = rule.options.get("permits")
    if not isinstance(permits, Mapping):
        return
    for use, codes in permits.items():
        for code in codes:
            left = [other for other in codes if other != code]
            equal = "permit_within" if code.startswith(tuple(left)) else None
            changed_rule = _with_option(rule, "permits", {**permits, use: left})
            yield RuleMutant(changed_rule, "permit_dropped", {"use": use, "value": code}, equal)
        others = (code for use_codes in permits.values() for code in use_codes)
        if more := next((code for code in others if not code.startswith(tuple(codes))), None):
            changed_rule = _with_option(rule, "permits", {**permits, use: [*codes, more]})
            yield RuleMutant(changed_rule, "permit_added", {"use": use, "value": more})


def _classes(rule: Rule, key: str, all_classes: Sequence[ProjectClass]) -> Iterator[RuleMutant]:
    """Mutants with one class dropped, one added, or all dropped."""
    rule_classes: tuple[ProjectClass, ...] = getattr(rule, key)
    if not rule_classes:
        return
    yield RuleMutant(_with_classes(rule, key, ()), f"{key}_dropped", {})
    for item in rule_classes if len(rule_classes) > 1 else ():
        left = tuple(one for one in rule_classes if one is not item)
        equal = "class_within" if is_within(item, left, key) else None
        changed_rule = _with_classes(rule, key, left)
        yield RuleMutant(changed_rule, f"{key}_class_dropped", {"title": dict(item.title)}, equal)
    if more := next_class(rule, key, all_classes):
        changed_rule = _with_classes(rule, key, (*rule_classes, more))
        yield RuleMutant(changed_rule, f"{key}_class_added", {"title": dict(more.title)})


def _with_classes(rule: Rule, key: str, classes: tuple[ProjectClass, ...]) -> Rule:
    return replace(rule, unless=classes) if key == "unless" else replace(rule, only=classes)


def next_class(rule: Rule, key: str, all_classes: Sequence[ProjectClass]) -> ProjectClass | None:
    """The next class of the pack after those of a rule's list that adds something to them."""
    rule_classes: tuple[ProjectClass, ...] = getattr(rule, key)
    names, own = [one.name for one in all_classes], {one.name for one in rule_classes}
    begin = max((names.index(name) for name in own if name in names), default=-1) + 1
    others = (item for item in (*all_classes[begin:], *all_classes[:begin]) if item.name not in own)
    return next((item for item in others if not is_within(item, rule_classes, key)), None) if rule_classes else None


def is_within(item: ProjectClass, others: Sequence[ProjectClass], key: str) -> bool:
    """Whether every project of a class also belongs to one of the others."""
    use = tuple(start for other in others for start in other.use)
    survey = tuple(start for other in others for start in other.survey)
    kinds = {kind for other in others for kind in other.kinds}
    danger = {kind for other in others if other.is_danger for kind in other.kinds}
    is_danger = item.is_danger and key == "only"
    return (
        all(start.startswith(use) for start in item.use)
        and all(start.startswith(survey) for start in item.survey)
        and set(item.kinds) <= (danger if is_danger else kinds)
    )


def _layers(rule: Rule, catalogue: Mapping[str, LayerEntry]) -> Iterator[RuleMutant]:
    """Mutants with one layer of a list dropped."""
    for code in rule.layers_named if len(rule.layers_named) > 1 else ():
        left = tuple(other for other in rule.layers_named if other != code)
        title = {language: layer_title(code, catalogue, language) for language in ("zh", "en")}
        changed_rule = replace(rule.for_layer(left[0]), layers_named=left)
        yield RuleMutant(changed_rule, "layer_dropped", {"title": title})


def _verdicts(rule: Rule) -> Iterator[RuleMutant]:
    at = _ORDER.index(rule.verdict)
    for step in (-1, 1):
        if 0 <= at + step < len(_ORDER):
            words = [
                {language: phrase(f"verdict.{one}", language) for language in ("zh", "en")}
                for one in (rule.verdict, _ORDER[at + step])
            ]
            changed_rule = replace(rule, verdict=_ORDER[at + step])
            yield RuleMutant(changed_rule, "verdict", {"before": words[0], "after": words[1]})


def _days(rule: Rule) -> Iterator[RuleMutant]:
    """Mutants with the first day of a law one day earlier or later."""
    for number, entry in enumerate(rule.basis):
        if (first := entry.first_day) is None:
            continue
        for step in (-1, 1):
            moved_day = first + timedelta(days=step)
            basis = (*rule.basis[:number], replace(entry, first_day=moved_day), *rule.basis[number + 1 :])
            law = {language: cited_law(entry.law, language) for language in ("zh", "en")}
            facts = {"law": law, "article": entry.article, "before": str(first), "after": str(moved_day)}
            yield RuleMutant(replace(rule, basis=basis), "first_day", facts)
