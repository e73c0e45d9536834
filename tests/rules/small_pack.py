"""Packs for tests, which fill in the keys that a rule leaves out."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

_RULE = {
    "id": "r",
    "kind": "avoid",
    "layer": "ZONE",
    "department": "land",
    "verdict": "prohibited",
    "title": {"zh": "题", "en": "title"},
    "basis": [{"law": "法", "article": "第一条"}],
}
SETBACK = {
    "id": "road",
    "kind": "setback",
    "layer": "GL",
    "department": "transport",
    "verdict": "restricted",
    "distance_m": 20,
    "basis": [{"law": "公路法", "article": "第五十六条"}],
}


def pack_text(
    *rules: Mapping[str, Any],
    id: str = "test",
    version: str = "1",
    title: tuple[str, str] = ("试", "test"),
    **tables: Mapping[str, Any],
) -> str:
    """The text of a pack of rules. tables: its other tables by their names, as [class] with a table for each."""
    zh, en = title
    text = f"[pack]\n{_lines({'id': id, 'version': version, 'title': {'zh': zh, 'en': en}})}"
    for name, content in tables.items():
        text += f"\n[{name}]\n{_lines(content)}"
    return text + "".join(rule_text(**rule) for rule in rules)


def own_pack(count: int) -> str:
    """A pack of this many rules, each of which leaves out another zone."""
    names = [{"title": {"zh": f"规则{n}", "en": f"Rule {n}"}} for n in range(count)]
    rules = [{"id": f"own.r{n}", "layer": "T", "where": f"BSM <> '{n}'", **name} for n, name in enumerate(names)]
    return pack_text(*rules, id="own")


def rule_text(**keys: Any) -> str:
    """The text of one rule, as it stands in a pack."""
    return f"\n[[rule]]\n{_lines({**_RULE, **keys})}"


def item_text(department: str, id: str, zh: str, en: str) -> str:
    """The text of one item of a department's checklist, as it stands in a pack."""
    return f"\n[[checklist]]\n{_lines({'id': id, 'department': department, 'title': {'zh': zh, 'en': en}})}"


def rule_of(rule: str, layer: str, zh: str, en: str, basis: str, **keys: Any) -> str:
    """The text of one rule with a title in both languages; rule: its id, department and verdict; basis: by spaces."""
    names = dict(zip(("id", "department", "verdict"), rule.split(), strict=False))
    laws = [dict(zip(("law", "article"), one.split(), strict=False)) for one in basis.split("；")]
    return rule_text(**{**names, "layer": layer, **keys, "title": {"zh": zh, "en": en}, "basis": laws})


def matrix_text(a: Sequence[Any], b: Sequence[Any] = (), **keys: Any) -> str:
    """The text of a matrix of two plans; a, b: the field of its codes, those of construction, those of other use."""
    names = ("field", "construction", "other")
    sides = {"a": dict(zip(names, a, strict=True)), "b": dict(zip(names, b or a, strict=True))}
    return _lines({"title": "test", **keys}) + "".join(f"[{name}]\n{_lines(side)}" for name, side in sides.items())


def _lines(content: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in content.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
