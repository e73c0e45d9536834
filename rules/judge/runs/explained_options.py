"""The options of a rule as a reviewer reads them: with titles instead of codes, units, and no signs of JSON."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.code_systems import CODE_SYSTEMS
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.rule import Rule


def option_said(rule: Rule, key: str, value: Any, catalogue: Mapping[str, LayerEntry], language: str) -> str:
    """An option in words: what it is called, and its value."""
    declared = KINDS[rule.kind].keys[key]
    titles = _field_titles(catalogue.get(rule.layer), language)
    if isinstance(value, PermitTable):
        words = f"{value.title.get(language, value.name)} {value.version}"
    elif isinstance(value, str) and value in declared.choice_titles:
        words = declared.choice_titles[value][language]
    elif declared.layer_geometries and value in catalogue:
        words = layer_title(value, catalogue, language)
    elif isinstance(value, dict) and "field" in value:
        words = _by_field(value, titles, language)
    elif key.endswith("_share") and isinstance(value, (int, float)):
        words = f"{100 * value:.15g} %"
    elif value in CODE_SYSTEMS:
        words = phrase(f"code_system.{value}", language)
    else:
        words = titles.get(value, value) if isinstance(value, str) else plain_value(value)
    return phrase(
        "explain.option", language, option=declared.title[language], value=f"{words} {declared.unit}".rstrip()
    )


def _by_field(value: Mapping[str, Any], titles: Mapping[str, str], language: str) -> str:
    """A value that depends on what a feature says in a field, or in several."""
    names = value["field"] if isinstance(value["field"], list) else [value["field"]]
    comma = phrase("said.comma", language)
    words = comma.join(titles.get(name, name) for name in names)
    cases = dict(value.get("values") or {})
    if "default" in value:
        cases[phrase("explain.else", language)] = value["default"]
    if not cases:
        return words
    listed = comma.join(f"{case} → {plain_value(one)}" for case, one in cases.items())
    return phrase("explain.by_field", language, field=words, values=listed)


def _field_titles(entry: LayerEntry | None, language: str) -> dict[str, str]:
    """The titles of a layer's fields, by their names and by the names that others give them, a parcel's file too."""
    titles: dict[str, str] = {}
    for field in entry.fields if entry else ():
        title = dict(field.title).get(language)
        for name in (field.name, *field.aliases) if title else ():
            titles.setdefault(name, str(title))
    return titles


def plain_value(value: Any) -> str:
    """A value without the signs of JSON."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain_value, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)
