"""What is wrong with one rule of a pack: every problem names the pack, the rule and the key."""

from collections.abc import Mapping
from string import Formatter
from sys import float_info
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS, LayerEntry
from onemap.layers.errors import Problem
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.conditions import ConditionError, fields_of

RULE_VERDICTS = ("prohibited", "restricted", "consult", "notice")
_TEXT, _NUMBER, _FLAG, _TABLE, _LIST = "text", "number", "flag", "table", "list"
_TYPES: dict[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _NUMBER: (int, float),
    _FLAG: (bool,),
    _TABLE: (dict,),
    _LIST: (list,),
}
COMMON_KEYS = {
    "id": _TEXT,
    "kind": _TEXT,
    "layer": _TEXT,
    "department": _TEXT,
    "verdict": _TEXT,
    "where": _TEXT,
    "when": _TEXT,
    "missing": _TEXT,
    "title": _TABLE,
    "finding": _TABLE,
    "draft": _TABLE,
    "basis": _LIST,
    "consult": _LIST,
    "source": _TEXT,
    "confidence": _TEXT,
    "estimated": _FLAG,
    "replaces": _TEXT,
}
_REQUIRED_KEYS = ("id", "kind", "layer", "department", "verdict", "title", "basis")
_CHOICES = {
    "verdict": RULE_VERDICTS,
    "department": DEPARTMENTS,
    "missing": ("unknown", "checklist"),
    "confidence": ("C", "L", "U"),
}
AREA_THRESHOLDS = ("min_area_m2", "min_width_m")  # of kinds whose conflict is ground


def rule_problems(item: dict[str, Any], source: str, name: str, catalogue: Mapping[str, LayerEntry]) -> list[Problem]:
    """Everything that is wrong with one rule."""
    problems: list[Problem] = []

    def wrong(code: str, key: str, **facts: Any) -> None:
        place = {"file": source, "feature": name, "rule": name, "field": key, "key": key}
        problems.append(Problem(code, {**place, **facts}))

    kind = KINDS.get(item.get("kind", "")) if isinstance(item.get("kind"), str) else None
    for key in _REQUIRED_KEYS:
        if (key not in item or item[key] == "") and not (
            key == "verdict" and kind is not None and not getattr(kind, "FINDS", True)
        ):
            wrong("rule.key_missing", key)
    if "kind" in item and kind is None:
        wrong("rule.kind", "kind", value=item["kind"], allowed=list(KINDS))
    known = {**COMMON_KEYS, **(kind.KEYS if kind else {})}
    for key, value in item.items():
        if key in AREA_THRESHOLDS and kind is not None and key not in known:
            wrong("rule.geometry", key, layer=item.get("layer"), geometry=key, kind=item["kind"])
        elif key not in known:
            if kind is not None:
                wrong("rule.key", key, kind=item["kind"])
        elif known[key] is not None and not _is_type(value, known[key]):
            wrong("rule.type", key, expected=known[key])
        elif key in _CHOICES and value not in _CHOICES[key]:
            wrong("rule.value", key, value=value, allowed=list(_CHOICES[key]))
    for key in AREA_THRESHOLDS:
        if isinstance(item.get(key), (int, float)) and item[key] < 0:
            wrong("rule.negative", key)
    for department in item.get("consult", ()) if isinstance(item.get("consult"), list) else ():
        if department not in DEPARTMENTS:
            wrong("rule.value", "consult", value=department, allowed=list(DEPARTMENTS))
    if isinstance(item.get("basis"), list):
        if not item["basis"] or not all(map(_is_source, item["basis"])):
            wrong("rule.basis", "basis")
        else:
            for other in sorted({key for entry in item["basis"] for key in entry} - {"law", "article"}):
                wrong("rule.key", f"basis.{other}", kind=item.get("kind"))
    if isinstance(item.get("title"), dict) and not (item["title"] and is_title(item["title"])):
        wrong("rule.option", "title", reason='title = { zh = "…", en = "…" }')
    for key in ("finding", "draft"):
        wordings = item[key].values() if isinstance(item.get(key), dict) else ()
        if not all(isinstance(wording, str) and _is_wording(wording) for wording in wordings):
            wrong("rule.wording", key)
    for key in ("where", "when"):
        if isinstance(item.get(key), str):
            try:
                fields_of(item[key])
            except ConditionError as error:
                wrong("rule.condition", key, reason=error.reason)
    if kind is None or problems:
        return problems
    entry = catalogue.get(item["layer"])
    if entry is None:
        wrong("rule.layer", "layer", layer=item["layer"])
        return problems
    if entry.geometry not in kind.GEOMETRIES:
        wrong("rule.geometry", "layer", layer=item["layer"], geometry=entry.geometry, kind=item["kind"])
    for key, reason in kind.problems(item):
        wrong("rule.option", key, reason=reason)
    if "instead" in item:
        other = catalogue.get(item["instead"])
        if other is None:
            wrong("rule.layer", "instead", layer=item["instead"])
        elif other.geometry != "polygon":  # lines have no ground: under them all would be clear
            wrong("rule.geometry", "instead", layer=item["instead"], geometry=other.geometry, kind="instead")
    return problems


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
        return expected == _FLAG
    # With nan or inf as a limit nothing would ever count, and all would be clear.
    if expected == _NUMBER:
        return isinstance(value, (int, float)) and abs(value) <= float_info.max
    return isinstance(value, _TYPES[expected])
