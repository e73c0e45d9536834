"""What is wrong with one rule of a pack: every problem names the pack, the rule and the key."""

from collections.abc import Mapping
from string import Formatter
from sys import float_info
from typing import Any, Protocol

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import Problem
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.area_keys import AREA_LIMITS
from onemap.rules.kinds.conditions import ConditionError, fields_of
from onemap.rules.kinds.kind import ANY, FLAG, LIST, NUMBER, TABLE, TEXT, Key, Kind
from onemap.rules.packs.keys import RULE_KEYS

_TYPES: dict[str, tuple[type, ...]] = {
    TEXT: (str,),
    NUMBER: (int, float),
    FLAG: (bool,),
    TABLE: (dict,),
    LIST: (list,),
    ANY: (object,),
}
_Item = dict[str, Any]


class _Wrong(Protocol):
    """Notes a problem of a key; facts: what its sentence names."""

    def __call__(self, code: str, key: str, **facts: Any) -> None: ...


def rule_problems(item: _Item, source: str, name: str, catalogue: Mapping[str, LayerEntry]) -> list[Problem]:
    """Everything that is wrong with one rule.

    item: the rule's table.
    source: the pack, as errors name it.
    name: the rule, as errors name it.
    catalogue: the layers, by code.
    """
    problems: list[Problem] = []

    def wrong(code: str, key: str, **facts: Any) -> None:
        place = {"file": source, "feature": name, "rule": name, "field": key, "key": key}
        problems.append(Problem(code, {**place, **facts}))

    kind = KINDS.get(item["kind"]) if isinstance(item.get("kind"), str) else None
    _check_presence(item, kind, wrong)
    _check_values(item, kind, wrong)
    _check_basis(item, wrong)
    _check_words(item, wrong)
    _check_conditions(item, wrong)
    if kind is not None and not problems:
        _check_layers(item, kind, catalogue, wrong)
    return problems


def _check_presence(item: _Item, kind: Kind | None, wrong: _Wrong) -> None:
    for name, key in RULE_KEYS.items():
        is_spared = name == "verdict" and kind is not None and not kind.finds
        if key.required and not is_spared and item.get(name, "") == "":
            wrong("rule.key_missing", name)
    if "kind" in item and kind is None:
        wrong("rule.kind", "kind", value=item["kind"], allowed=list(KINDS))


def _check_values(item: _Item, kind: Kind | None, wrong: _Wrong) -> None:
    """Keys that nobody knows, values of a wrong type, values that are none of the choices, limits below 0."""
    keys = {**RULE_KEYS, **(kind.keys if kind else {})}
    for name, value in item.items():
        if name in keys:
            _check_value(name, keys[name], value, wrong)
        elif kind is not None and name in AREA_LIMITS:
            wrong("rule.geometry", name, layer=item.get("layer"), geometry=name, kind=kind.name)
        elif kind is not None:
            wrong("rule.key", name, kind=kind.name)
    for name, key in {**AREA_LIMITS, **keys}.items():
        if key.not_negative and isinstance(item.get(name), (int, float)) and item[name] < 0:
            wrong("rule.negative", name)
    departments = item.get("consult")
    for department in departments if isinstance(departments, list) else ():
        if department not in RULE_KEYS["consult"].choices:
            wrong("rule.value", "consult", value=department, allowed=list(RULE_KEYS["consult"].choices))


def _check_value(name: str, key: Key, value: Any, wrong: _Wrong) -> None:
    if not _is_type(value, key.type):
        wrong("rule.type", name, expected=key.type)
    elif key.choices and key.type != LIST and value not in key.choices:
        wrong("rule.value", name, value=value, allowed=list(key.choices))


def _check_basis(item: _Item, wrong: _Wrong) -> None:
    basis = item.get("basis")
    if not isinstance(basis, list):
        return
    if not basis or not all(map(_is_source, basis)):
        wrong("rule.basis", "basis")
        return
    for name in sorted({name for entry in basis for name in entry} - {"law", "article"}):
        wrong("rule.key", f"basis.{name}", kind=item.get("kind"))


def _check_words(item: _Item, wrong: _Wrong) -> None:
    if isinstance(item.get("title"), dict) and not (item["title"] and is_title(item["title"])):
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
    """The rule's own layer, what its kind says of its keys, and the other layers that these name."""
    entry = catalogue.get(item["layer"])
    if entry is None:
        wrong("rule.layer", "layer", layer=item["layer"])
        return
    if entry.geometry not in kind.geometries:
        wrong("rule.geometry", "layer", layer=item["layer"], geometry=entry.geometry, kind=kind.name)
    for name, reason in kind.problems(item):
        wrong("rule.option", name, reason=reason)
    for name, code in kind.other_layers(item).items():
        other = catalogue.get(code)
        if other is None:
            wrong("rule.layer", name, layer=code)
        elif other.geometry not in kind.keys[name].layer_geometries:
            wrong("rule.geometry", name, layer=code, geometry=other.geometry, kind=name)


def is_title(value: Any) -> bool:
    """Whether a title is a text in each of its languages."""
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_source(entry: Any) -> bool:
    """Whether an entry of `basis` names a law, and an article or none, in words."""
    if not isinstance(entry, dict) or not entry.get("law"):
        return False
    return all(isinstance(entry.get(name, ""), str) for name in ("law", "article"))


def _is_wording(text: str) -> bool:
    """Whether a sentence's placeholders are plain names in braces."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return False
    return all(name is None or (name.isidentifier() and not spec and not change) for _, name, spec, change in parts)


def _is_type(value: Any, expected: str) -> bool:
    if isinstance(value, bool):
        return expected in (FLAG, ANY)
    # With nan or inf as a limit nothing would ever count, and all would be clear.
    if expected == NUMBER:
        return isinstance(value, (int, float)) and abs(value) <= float_info.max
    return isinstance(value, _TYPES[expected])
