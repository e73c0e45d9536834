"""The problems of one rule of a pack: each names the pack, the rule and the key."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from graphlib import CycleError, TopologicalSorter
from string import Formatter
from typing import Any, Protocol

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.messages import is_title
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.conditions import ConditionError, fields_of
from onemap.rules.judge.kinds.kind import (
    AMOUNT,
    AREA_LIMITS,
    FLAG,
    LIST,
    NUMBER,
    SEVERAL,
    TABLE,
    TEXT,
    TYPE_WORDS,
    WHOLE,
    Key,
    Kind,
    is_number,
)
from onemap.rules.judge.packs.keys import RULE_KEYS
from onemap.rules.judge.packs.rule import Rule

_TYPES: dict[str, tuple[type, ...]] = {
    TEXT: (str,),
    WHOLE: (int,),
    FLAG: (bool,),
    TABLE: (dict,),
    LIST: (list,),
    **dict.fromkeys(SEVERAL, (object,)),
}
_Item = dict[str, Any]
_SOURCE_KEYS = {"law", "article", "edition", "subject", "from", "to"}


class _Wrong(Protocol):
    """Notes a problem of a key; facts: for the placeholders of its sentence."""

    def __call__(self, code: str, key: str, **facts: Any) -> None: ...


def rule_problems(
    item: _Item,
    source: str,
    name: str,
    catalogue: Mapping[str, LayerEntry],
    classes: Collection[str] = (),
    bodies: Collection[str] = (),
) -> list[Problem]:
    """All problems of one rule.

    item: the rule's table.
    source: the pack, as errors name it.
    name: the rule, as errors name it.
    catalogue: the layers, by code.
    classes: the names of the pack's classes of projects.
    bodies: the names of the bodies beside the departments that may be consulted.
    """
    problems: list[Problem] = []

    def wrong(code: str, key: str, **facts: Any) -> None:
        place = {"file": source, "feature": name, "rule": name, "field": key, "key": key}
        problems.append(Problem(code, {**place, **facts}))

    kind = KINDS.get(item["kind"]) if isinstance(item.get("kind"), str) else None
    _check_presence(item, kind, wrong)
    _check_values(item, kind, wrong)
    _check_consulted(item, bodies, wrong)
    _check_basis(item, wrong)
    _check_words(item, wrong)
    _check_conditions(item, wrong)
    _check_classes(item, classes, wrong)
    if kind is not None and not problems:
        _check_layers(item, kind, catalogue, wrong)
        for layer, own in item.get("by_layer", {}).items():
            problems += _problems_by_layer(item, layer, own, (source, name, catalogue, classes, bodies), wrong)
    return problems


def circle_problems(rules: Mapping[str, Rule], ids: Mapping[str, str]) -> list[Problem]:
    """A problem if rules name each other in a circle by `milder` or `under`: none of them would be reported.

    ids: the rule that has taken the place of another, by the other's id.
    """
    problems = []
    for key in ("milder", "under"):
        names_by_rule = {
            name: [ids.get(one, one) for one in names_of(getattr(rule, key) or ())] for name, rule in rules.items()
        }
        try:
            TopologicalSorter(names_by_rule).prepare()
        except CycleError as error:
            first, *others = reversed(error.args[1])
            place = {"file": rules[first].pack, "feature": first, "rule": first, "field": key}
            problems.append(Problem("rule.circle", {**place, "others": " → ".join([first, *others])}))
    return problems


def _problems_by_layer(item: _Item, layer: str, own: Any, about: tuple[Any, ...], wrong: _Wrong) -> list[Problem]:
    """The problems of keys that hold for one of a rule's layers only. about: as of `rule_problems`."""
    kind = KINDS[item["kind"]]
    allowed = sorted({"where", *kind.keys})
    if layer not in names_of(item["layer"]):
        wrong("rule.value", "by_layer", value=layer, allowed=list(names_of(item["layer"])))
        return []
    if not isinstance(own, dict) or not own or own.keys() - set(allowed):
        wrong("rule.option", f"by_layer.{layer}", reason=", ".join(allowed))
        return []
    alone = {key: value for key, value in item.items() if key != "by_layer"}
    return rule_problems({**alone, **own, "layer": layer}, *about)


def _check_presence(item: _Item, kind: Kind | None, wrong: _Wrong) -> None:
    for name, key in RULE_KEYS.items():
        is_spared = name == "verdict" and kind is not None and not kind.finds
        if key.required and not is_spared and item.get(name, "") == "":
            wrong("rule.key_missing", name)
    if "kind" in item and kind is None:
        wrong("rule.kind", "kind", value=item["kind"], allowed=list(KINDS))
    layer = item.get("layer", "")
    if not (isinstance(layer, str) or (isinstance(layer, list) and layer and all(isinstance(c, str) for c in layer))):
        words = {"zh": 'layer = "代码" | ["代码", …]', "en": 'layer = "CODE" | ["CODE", …]'}
        wrong("rule.option", "layer", reason=words)


def _check_values(item: _Item, kind: Kind | None, wrong: _Wrong) -> None:
    """Note unknown keys, values of a wrong type, values that are not among the choices, and limits below 0."""
    keys = {**RULE_KEYS, **(kind.keys if kind else {})}
    for name, value in item.items():
        if name in keys:
            _check_value(name, keys[name], value, wrong)
        elif kind is not None and name in AREA_LIMITS:
            wrong("rule.geometry", name, layer=item.get("layer"), geometry=name, kind=kind.name)
        elif kind is not None:
            wrong("rule.key", name, kind=kind.name)
    for name, key in {**AREA_LIMITS, **keys}.items():
        if key.type == AMOUNT and is_number(item.get(name)) and item[name] < 0:
            wrong("rule.negative", name)
    if isinstance(item.get("min_share"), (int, float)) and item["min_share"] > 1:
        wrong("rule.option", "min_share", reason="0 … 1")


def _check_consulted(item: _Item, bodies: Collection[str], wrong: _Wrong) -> None:
    allowed, bodies_asked = [*RULE_KEYS["consult"].choices, *bodies], item.get("consult")
    for body in bodies_asked if isinstance(bodies_asked, list) else ():
        if body not in allowed:
            wrong("rule.value", "consult", value=body, allowed=allowed)


def _check_value(name: str, key: Key, value: Any, wrong: _Wrong) -> None:
    if not is_type(value, key.type):
        wrong("rule.type", name, expected=dict(TYPE_WORDS[key.type]))
    elif key.choices and key.type != LIST and value not in key.choices:
        wrong("rule.value", name, value=value, allowed=list(key.choices))


def _check_basis(item: _Item, wrong: _Wrong) -> None:
    basis = item.get("basis")
    if not isinstance(basis, list):
        return
    if not basis or not all(map(_is_source, basis)):
        wrong("rule.basis", "basis")
        return
    for name in sorted({name for entry in basis for name in entry} - _SOURCE_KEYS):
        wrong("rule.key", f"basis.{name}", kind=item.get("kind"))
    for entry in basis:
        for name in {"from", "to"} & entry.keys():
            if not is_day(entry[name]):
                wrong("rule.option", f"basis.{name}", reason=f"{name} = 2026-08-15")
        if "subject" in entry and not is_title(entry["subject"]):
            wrong("rule.option", "basis.subject", reason='subject = { zh = "…", en = "…" }')


def _check_classes(item: _Item, classes: Collection[str], wrong: _Wrong) -> None:
    """Check the classes that a rule names, and keys that have no meaning without classes."""
    for name in ("unless", "only"):
        for class_name in item[name] if isinstance(item.get(name), list) else ():
            if class_name not in classes:
                wrong("rule.class", name, value=class_name, allowed=sorted(classes))
    under = item.get("under", "rule")
    if not (isinstance(under, str) or (isinstance(under, list) and all(isinstance(name, str) for name in under))):
        wrong("rule.option", "under", reason='under = "rule.id" | ["rule.id", …]')
    succeeds = item.get("succeeds", [])
    if isinstance(succeeds, list) and not all(isinstance(name, str) for name in succeeds):
        wrong("rule.option", "succeeds", reason='succeeds = ["rule.id", …]')
    for name, needed_key in (("silent", "only"), ("milder", "unless")):
        if item.get(name) and not item.get(needed_key):
            wrong("rule.option", name, reason={"zh": f'{needed_key} = ["类别"]', "en": f'{needed_key} = ["CLASS"]'})
    harmless = item.get("harmless", {})
    if isinstance(harmless, dict) and not all(isinstance(values, list) for values in harmless.values()):
        words = {"zh": 'harmless = { 字段 = ["…"] }', "en": 'harmless = { FIELD = ["…"] }'}
        wrong("rule.option", "harmless", reason=words)


def _check_words(item: _Item, wrong: _Wrong) -> None:
    if isinstance(item.get("title"), dict) and not is_title(item["title"]):
        wrong("rule.option", "title", reason='title = { zh = "…", en = "…" }')
    for name in ("finding", "draft"):
        wordings = item[name].values() if isinstance(item.get(name), dict) else ()
        if not all(isinstance(wording, str) and _is_wording(wording) for wording in wordings):
            wrong("rule.wording", name)


def _check_conditions(item: _Item, wrong: _Wrong) -> None:
    for name in ("where", "when"):
        if isinstance(item.get(name), str):
            try:
                fields_of(item[name])
            except ConditionError as error:
                wrong("rule.condition", name, reason=error.reason)


def _check_layers(item: _Item, kind: Kind, catalogue: Mapping[str, LayerEntry], wrong: _Wrong) -> None:
    """Check the rule's own layer, its kind's own keys, and the other layers that these name."""
    for code in names_of(item["layer"]):
        entry = catalogue.get(code)
        if entry is None:
            wrong("rule.layer", "layer", layer=code)
        elif entry.geometry not in kind.geometries_for(item):
            wrong("rule.geometry", "layer", layer=code, geometry=entry.geometry, kind=kind.name)
    forms = kind.problems(item)
    for name, form in forms:
        wrong("rule.option", name, reason=form)
    for name, key in kind.keys.items():
        if key.required and name not in item and name not in dict(forms):
            wrong("rule.key_missing", name)
    for name, code in kind.other_layers(item).items():
        other = catalogue.get(code)
        if other is None:
            wrong("rule.layer", name, layer=code)
        elif other.geometry not in kind.keys[name].layer_geometries:
            wrong("rule.geometry", name, layer=code, geometry=other.geometry, kind=name)


def names_of(value: str | Sequence[str]) -> tuple[str, ...]:
    """The names in a key that takes one or several, such as `layer` and `under`."""
    return (value,) if isinstance(value, str) else tuple(value)


def is_day(value: Any) -> bool:
    """Whether a value is a day, as TOML writes it or as text."""
    if isinstance(value, datetime):
        return False
    try:
        return isinstance(value, date) or bool(isinstance(value, str) and date.fromisoformat(value))
    except ValueError:
        return False


def _is_source(entry: Any) -> bool:
    """Whether an entry of `basis` names a law in words, with an article and an edition or without."""
    if not isinstance(entry, dict) or not entry.get("law"):
        return False
    return all(isinstance(entry.get(name, ""), str) for name in ("law", "article", "edition"))


def _is_wording(text: str) -> bool:
    """Whether a sentence's placeholders are plain names in braces."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return False
    return all(name is None or (name.isidentifier() and not spec and not change) for _, name, spec, change in parts)


def is_type(value: Any, expected: str) -> bool:
    """Whether a value has the type that a key needs; an amount below 0 has it, and is refused by its own check."""
    if isinstance(value, bool):
        return expected in (FLAG, *SEVERAL)
    if expected in (NUMBER, AMOUNT):
        return is_number(value)
    return isinstance(value, _TYPES[expected])
