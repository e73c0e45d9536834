"""How two lists of packs differ, rule by rule: what is stricter, milder, judged or only worded differently."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.rules.contract.verdict import RANK
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.pack_views import CHANGES
from onemap.rules.review.proofs.trial_fields import trial_rows, where_says

STRICTER, MILDER, OTHERWISE, WORDS = "stricter", "milder", "otherwise", "words"
_MORE_IS_MILDER = ("min_area_m2", "min_share", "min_width_m", "above", "limit")
_MORE_IS_STRICTER = ("distance_m", "half_width_m", "below")
_NONE_IS_NOTHING = ("min_area_m2", "min_share", "min_width_m")
_SAID_OTHERWISE = ("title", "finding", "draft", "source", "confidence", "estimated", "succeeds")
_JUDGE_OTHERWISE = ("kind", "layers_named", "by_layer", "department", "consult", "bodies", "under", "milder")
_MOST_TRIALS = 20_000  # features by which two conditions are compared; beyond that nobody says which is milder
_SAYS = {False: 0, None: 1, True: 2}


@dataclass(frozen=True)
class KeyChange:
    """One key of a rule that differs. direction: STRICTER, MILDER, OTHERWISE, WORDS, or `law`, `both`."""

    key: str
    before: Any
    after: Any
    direction: str


@dataclass(frozen=True)
class RuleDifference:
    """A rule before and after, None where it does not exist; keys (n,) that changed."""

    before: Rule | None
    after: Rule | None
    keys: tuple[KeyChange, ...] = ()

    @property
    def rule(self) -> Rule:
        """The rule by which the difference is named: the new one, or the old one if it is gone."""
        rule = self.after or self.before
        if rule is None:
            raise ValueError("a difference is of a rule")
        return rule

    @property
    def change(self) -> str:
        """The kind of the rule's change: one of CHANGES."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        ways = {one.direction for one in self.keys}
        if "both" in ways or {STRICTER, MILDER} <= ways:
            return "both"
        # What judges otherwise beside what is milder may make it stricter all the same: nobody says milder then.
        return next(one for one in (OTHERWISE, STRICTER, MILDER, "law", WORDS) if one in ways)


def rule_differences(
    before: Sequence[Pack], after: Sequence[Pack], catalogue: Mapping[str, LayerEntry]
) -> list[RuleDifference]:
    """Every rule that differs between two lists of packs, in the order of CHANGES, then of the packs.

    A rule is compared with the rule of its id, the rule that it replaces, or the rule that it succeeds.
    A pack that depends on another may be compared without it.
    """
    old, new = (_rules_of(packs) for packs in (before, after))
    differences, matched_names = [], set()
    for rule in new.values():
        former = _former(rule, old)
        matched_names |= {former.id} if former is not None else set()
        keys = tuple(_key_changes(former, rule, catalogue)) if former is not None else ()
        if former is None or keys:
            differences.append(RuleDifference(former, rule, keys))
    succeeded_names = {name for rule in new.values() for name in rule.succeeds}
    differences += [
        RuleDifference(rule, None)
        for name, rule in old.items()
        if name not in matched_names and name not in succeeded_names
    ]
    return sorted(differences, key=lambda one: CHANGES.index(one.change))


def _rules_of(packs: Sequence[Pack]) -> dict[str, Rule]:
    """The rules of some packs by id; a rule of a later pack takes the place of the rule that it replaces."""
    rules: dict[str, Rule] = {}
    for rule in (rule for pack in packs for rule in pack.rules):
        if rule.replaces in rules:
            rules = {rule.id if name == rule.replaces else name: one for name, one in rules.items()}
        rules[rule.id] = rule
    return rules


def _former(rule: Rule, old: Mapping[str, Rule]) -> Rule | None:
    names = (rule.id, *filter(None, (rule.replaces,)), *rule.succeeds)
    return next((old[name] for name in names if name in old), None)


def _key_changes(before: Rule, after: Rule, catalogue: Mapping[str, LayerEntry]) -> list[KeyChange]:
    """The keys that differ, those that affect judging first."""
    changes = []

    def note(key: str, sides: tuple[Any, Any], direct: Callable[[Any, Any], str]) -> None:
        if _plain(sides[0]) != _plain(sides[1]):
            changes.append(KeyChange(key, *sides, direct(*sides)))

    note("verdict", (before.verdict, after.verdict), _by_rank)
    for key in dict.fromkeys((*before.options, *after.options)):
        note(key, (before.options.get(key), after.options.get(key)), partial(_of_option, key))
    for key, more in (("unless", MILDER), ("only", STRICTER)):
        note(key, (getattr(before, key), getattr(after, key)), partial(_of_classes, more))
    note("silent", (before.silent, after.silent), lambda _old, new: STRICTER if new else MILDER)
    entry = catalogue.get(after.layer) if before.layer == after.layer else None
    note("where", (before.where, after.where), lambda *_sides: _of_where(before, after, entry))
    note("when", (before.when, after.when), lambda old, new: OTHERWISE if old and new else _of_presence(old))
    note("missing", (before.missing, after.missing), lambda _old, new: STRICTER if new == "unknown" else MILDER)
    note("harmless", (before.harmless, after.harmless), _of_harmless)
    for keys, direction in ((_JUDGE_OTHERWISE, OTHERWISE), (("basis",), "law"), (_SAID_OTHERWISE, WORDS)):
        for key in keys:
            note(key, (getattr(before, key), getattr(after, key)), lambda *_sides, way=direction: way)
    return changes


def _plain(value: Any) -> Any:
    """A value in a form to compare: classes and tables of uses by their whole content."""
    if isinstance(value, PermitTable):
        return value.hash
    if isinstance(value, ProjectClass):
        return value.content
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _by_rank(before: str, after: str) -> str:
    return STRICTER if RANK[after] < RANK[before] else MILDER


def _of_presence(before: Any) -> str:
    """The direction in which a rule changes if a narrowing condition is added or removed. before: the old condition."""
    return STRICTER if before else MILDER


def _of_option(key: str, before: Any, after: Any) -> str:
    if key in _NONE_IS_NOTHING:
        before, after = before or 0, after or 0
    if key == "unplanned":
        return STRICTER if after != "open" else MILDER
    if key not in (*_MORE_IS_MILDER, *_MORE_IS_STRICTER):
        return OTHERWISE
    sides = _numbers(before), _numbers(after)
    if sides[0].keys() != sides[1].keys() or not sides[0]:
        return OTHERWISE  # a class without a distance of its own may be unknown, or have the distance of all others
    grows = {sides[1][name] > value for name, value in sides[0].items() if sides[1][name] != value}
    if len(grows) != 1:
        return "both" if grows else OTHERWISE  # of other fields, or in another order
    return STRICTER if grows == {key in _MORE_IS_STRICTER} else MILDER


def _numbers(value: Any) -> dict[tuple[str, str], float]:
    """The numbers of a threshold, by the class that each is for; none for a field that holds them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {("", ""): float(value)}
    if not isinstance(value, Mapping) or "values" not in value:
        return {}
    field = str(value.get("field"))
    numbers = {(field, str(name)): float(one) for name, one in value["values"].items()}
    return {**numbers, **({(field, ""): float(value["default"])} if "default" in value else {})}


def _of_classes(more: str, before: Sequence[ProjectClass], after: Sequence[ProjectClass]) -> str:
    """The direction of a change of excused or reached classes. more: the effect of more projects in them."""
    if not before or not after:
        return _of_presence(before)  # of `only` nobody named is everybody, of `unless` nobody: either list narrows
    sides = [_reach(classes) for classes in (before, after)]
    if sides[0] == sides[1]:
        return OTHERWISE
    if sides[0] <= sides[1]:
        return more
    less = MILDER if more == STRICTER else STRICTER
    return less if sides[1] <= sides[0] else "both"


def _reach(classes: Sequence[ProjectClass]) -> set[tuple[str, str]]:
    """The projects of some classes: kinds and beginnings of codes; dangerous ones apart."""
    return {
        (f"{name} {one.is_danger} {one.system}", value)
        for one in classes
        for name in ("use", "survey", "kinds")
        for value in getattr(one, name)
    }


def _of_harmless(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> str:
    sides = [{(field, value) for field, values in one.items() for value in values} for one in (before, after)]
    if sides[0] <= sides[1]:
        return MILDER
    return STRICTER if sides[1] <= sides[0] else "both"


def _of_where(before: Rule, after: Rule, entry: LayerEntry | None) -> str:
    """The direction of a change of `where`, by all values that both conditions, the schema and its code tables name."""
    if not before.where or not after.where:
        return _of_presence(before.where)
    if entry is None:
        return OTHERWISE
    names = dict.fromkeys((*fields_of(before.where), *fields_of(after.where)))
    rows = trial_rows((before, after), names, entry, _MOST_TRIALS)
    if not rows:
        return OTHERWISE
    sides = [[_SAYS[says] for says in where_says(rule, rows, entry)] for rule in (before, after)]
    steps = {new > old for old, new in zip(*sides, strict=True) if new != old}
    if len(steps) != 1:
        return "both" if steps else WORDS
    return STRICTER if True in steps else MILDER


@dataclass(frozen=True)
class PackChange:
    """A change outside the rules: its table and key as the file writes it, before and after; None: not there."""

    place: str
    before: Any
    after: Any


def pack_changes(before: Sequence[Pack], after: Sequence[Pack]) -> list[PackChange]:
    """Terms of the review, items of the checklist and classes that differ, by name."""
    sides = [_places(packs) for packs in (before, after)]
    names = dict.fromkeys((*sides[0], *sides[1]))
    return [
        PackChange(name, sides[0].get(name), sides[1].get(name))
        for name in names
        if _plain(sides[0].get(name)) != _plain(sides[1].get(name))
    ]


def _places(packs: Sequence[Pack]) -> dict[str, Any]:
    values_by_place: dict[str, Any] = {}
    for pack in packs:
        values_by_place |= {f"review.{key}": value for key, value in pack.review.items()}
        values_by_place |= {f"checklist.{item['id']}": item for item in pack.checklist}
        values_by_place |= {f"class.{name}": one for name, one in pack.classes.items()}
    return values_by_place
