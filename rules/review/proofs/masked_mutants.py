"""Changes of a rule that no case can detect: a graver rule decides wherever they matter, or they concern nobody.

This is computed only for changes that no case has detected, and claims only what holds for all projects and features.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.messages import list_text, phrase
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.mutants import RuleMutant, is_within
from onemap.rules.review.proofs.trial_fields import trial_rows, where_says

_LEAST = ("min_area_m2", "min_share", "min_width_m")
_DISTANCE = "distance_m"
_LONG_AGO = date(1949, 10, 1)
_rank = RANK.__getitem__


def masked_reason(
    mutant: RuleMutant, rules: Sequence[Rule], catalogue: Mapping[str, LayerEntry], language: str
) -> str | None:
    """The reason why no case can detect a change among some rules; None if one could."""
    rule = next(one for one in rules if one.id == mutant.rule.id)
    classes = _changed_classes(rule, mutant.rule)
    if mutant.key in ("unless_class_added", "only_class_added", "only_class_dropped") and len(classes) == 1:
        graver = [one for one in rules if one.finds and _decides_for(one, classes[0], rule, rules)]
        return _because_of(graver[:1], language)
    entry = catalogue.get(rule.layer)
    if mutant.rule.where != rule.where and rule.where and entry is not None:
        return _because_of(_graver_on_features(mutant.rule, rule, rules, entry), language)
    return None


def _changed_classes(rule: Rule, changed_rule: Rule) -> list[ProjectClass]:
    """The classes that only one of two rules names."""
    sides = [(*one.unless, *one.only) for one in (rule, changed_rule)]
    return [item for one, other in (sides, sides[::-1]) for item in one if item not in other]


def _because_of(graver: Sequence[Rule], language: str) -> str | None:
    names = list_text([one.id for one in graver], language)
    return phrase("mutant_equal.graver_rule", language, rules=names) if graver else None


# ---- Conditions on features


def _graver_on_features(changed_rule: Rule, rule: Rule, rules: Sequence[Rule], entry: LayerEntry) -> list[Rule]:
    """The rules that decide on all features for which a changed `where` differs; none if some features are left."""
    rules_of_layer = [one for one in rules if one.layer == rule.layer and one.finds]
    rules_with_condition = [one for one in (rule, changed_rule, *rules_of_layer) if one.where]
    names = dict.fromkeys(name for one in (rule, changed_rule) for name in fields_of(str(one.where or rule.where)))
    rows = trial_rows(rules_with_condition, names, entry)
    deciding_rules: dict[str, Rule] = {}
    before, after = _says(rule, rows, entry), _says(changed_rule, rows, entry)
    for fields, was, now in zip(rows, before, after, strict=True):
        if was == now:
            continue
        gravest = min(
            (rule.verdict if truth else Verdict.UNKNOWN for truth in (was, now) if truth is not False), key=_rank
        )
        who = next((one for one in rules_of_layer if _decides_on(one, fields, rule, gravest, rules, entry)), None)
        if who is None:
            return []
        deciding_rules[who.id] = who
    return [*deciding_rules.values()]


def _decides_on(
    one: Rule, fields: Mapping[str, object], rule: Rule, verdict: str, rules: Sequence[Rule], entry: LayerEntry
) -> bool:
    """Whether a rule says more than a verdict about each feature with some fields that another rule concerns."""
    if one.only or not _is_wider(one, rule, verdict) or not _reaches_as_many(one, rule, verdict, rules):
        return False
    return _says(one, [fields], entry) == [True]


def _says(rule: Rule, rows: Sequence[Mapping[str, object]], entry: LayerEntry) -> list[bool | None]:
    return [True] * len(rows) if rule.where is None else where_says(rule, rows, entry)


# ---- Classes of projects


def _decides_for(one: Rule, item: ProjectClass, rule: Rule, rules: Sequence[Rule]) -> bool:
    """Whether a graver rule decides on all projects of a class that another rule reaches."""
    if one.where != rule.where or not _is_wider(one, rule, rule.verdict):
        return False
    if not _reaches_as_many(one, rule, rule.verdict, rules):
        return False
    is_of_only = bool(rule.only) and all(is_within(other, one.only, "only") for other in rule.only)
    return not one.only or is_of_only or is_within(item, one.only, "only")


# ---- What a graver rule must have


def _is_wider(one: Rule, rule: Rule, verdict: str) -> bool:
    """Whether a rule is graver than a verdict, and covers at least the ground of another rule's layer on every day."""
    if one.id == rule.id or _rank(one.verdict) >= _rank(verdict) or one.when is not None:
        return False
    if one.kind != rule.kind or one.layers_named != rule.layers_named:
        return False
    plain = (*_LEAST, _DISTANCE)
    others = [{key: value for key, value in each.options.items() if key not in plain} for each in (one, rule)]
    is_as_small = all(float(one.options.get(key, 0)) <= float(rule.options.get(key, 0)) for key in _LEAST)
    return others[0] == others[1] and is_as_small and _is_as_far(one, rule) and _is_always_there(one, rule)


def _is_as_far(one: Rule, rule: Rule) -> bool:
    """Whether a rule's distances are at least another's, class by class."""
    own, other_distances = one.options.get(_DISTANCE), rule.options.get(_DISTANCE)
    if isinstance(own, Mapping) and isinstance(other_distances, Mapping):
        pairs = [(own["values"].get(name, 0), far) for name, far in other_distances["values"].items()]
        pairs.append((own.get("default", 0), other_distances.get("default", 0)))
        return bool(own["field"] == other_distances["field"]) and all(long >= far for long, far in pairs)
    if isinstance(own, Mapping) or isinstance(other_distances, Mapping):
        return False
    return float(own or 0) >= float(other_distances or 0)


def _is_always_there(one: Rule, rule: Rule) -> bool:
    """Whether a rule has a law in force on each day on which another rule has one."""
    return all(
        any(entry.is_in_force(day) for entry in one.basis)
        for day in _turning_days(one, rule)
        if any(entry.is_in_force(day) for entry in rule.basis)
    )


def _turning_days(*rules: Rule) -> Iterator[date]:
    """The days on which a law of some rules begins or ends, the days before and after, and one day long ago."""
    yield _LONG_AGO
    for entry in (entry for rule in rules for entry in rule.basis):
        yield from (day + timedelta(days=step) for day in entry.days for step in (-1, 0, 1))


def _reaches_as_many(one: Rule, rule: Rule, verdict: str, rules: Sequence[Rule]) -> bool:
    """Whether a rule excuses only whom another excuses, or a rule graver than a verdict judges the rest instead."""
    excused_names = {item.name for item in rule.unless}
    if {item.name for item in one.unless} <= excused_names:
        return True
    instead = [other for other in rules if any(mild.id == one.id for mild in other.milder_of)]
    return any(
        other.where == one.where
        and _is_wider(other, rule, verdict)
        and {item.name for item in other.unless} <= excused_names
        for other in instead
    )
