"""Rule packs: TOML becomes rules, and every key that is wrong is named with its pack and rule."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from string import Formatter
from typing import Any

from onemap.layers.catalogue import DEPARTMENTS, LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library import sha256
from onemap.layers.messages import RESOURCES
from onemap.rules.conditions import ConditionError, fields_of
from onemap.rules.kinds import KINDS
from onemap.rules.rule import Rule

DEFAULT_PACK = "city-preliminary"
RULE_VERDICTS = ("prohibited", "restricted", "consult", "notice")

_TEXT, _NUMBER, _FLAG, _TABLE, _LIST = "text", "number", "flag", "table", "list"
_TYPES: dict[str, tuple[type, ...]] = {
    _TEXT: (str,),
    _NUMBER: (int, float),
    _FLAG: (bool,),
    _TABLE: (dict,),
    _LIST: (list,),
}
_COMMON_KEYS = {
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
_PACK_KEYS = {"pack": ("id", "version", "title"), "review": ("days", "overdue", "self_sign", "prefix")}
_OVERDUE = ("escalate", "consent")
_MOST_DAYS = 250  # working days: about a year


@dataclass(frozen=True)
class Pack:
    """A file of rules, with its text and the hash of it."""

    id: str
    version: str
    title: dict[str, str]
    hash: str
    rules: tuple[Rule, ...]
    text: str
    checklist: tuple[dict[str, Any], ...] = ()
    review: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """What a run keeps of a pack."""
        return {"id": self.id, "version": self.version, "hash": self.hash, "title": self.title}


def pack_text(name: str) -> tuple[str, str]:
    """A pack's TOML text and the name under which errors speak of it: a shipped pack's id, or a file.

    Raises OneMapError pack.missing, pack.encoding.
    """
    shipped = RESOURCES / "packs" / f"{name}.toml"
    path = shipped if shipped.is_file() and "/" not in name and "\\" not in name else Path(name)
    if not path.is_file():
        known = sorted(item.stem for item in (RESOURCES / "packs").glob("*.toml"))
        raise OneMapError("pack.missing", file=name, field="--pack", known=known)
    try:
        return path.read_bytes().decode("utf-8-sig"), path.name
    except UnicodeDecodeError:
        raise OneMapError("pack.encoding", file=path.name) from None


def is_shipped(name: str) -> bool:
    """True if the name is that of a pack that comes with One Map."""
    return "/" not in name and "\\" not in name and (RESOURCES / "packs" / f"{name}.toml").is_file()


def parse_pack(text: str, source: str, catalogue: Mapping[str, LayerEntry]) -> Pack:
    """A pack from its TOML text; `source` names it in errors.

    Raises OneMapError pack.… or rule.… with every problem, each naming pack, rule and key.
    """
    try:
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise OneMapError("pack.syntax", file=source, reason=str(error)) from None
    problems: list[Problem] = []

    def wrong(code: str, key: str, **facts: Any) -> None:
        problems.append(Problem(code, {"file": source, "field": key, "key": key, **facts}))

    for key in raw:
        if key not in ("pack", "review", "rule", "checklist"):
            wrong("pack.key", key)
        elif key in ("rule", "checklist") and not _is_tables(raw[key]):
            wrong("pack.tables", f"[[{key}]]")
    for section, keys in _PACK_KEYS.items():
        content = raw.get(section, {})
        if not isinstance(content, dict):
            wrong("pack.key", section)
            continue
        for key in content:
            if key not in keys:
                wrong("pack.key", f"{section}.{key}")
            elif section == "review" and not _is_term(key, content[key]):
                wrong("pack.review", f"review.{key}", value=content[key])
    head = raw.get("pack", {}) if isinstance(raw.get("pack", {}), dict) else {}
    for key in ("id", "version"):
        if not isinstance(head.get(key), str) or not head.get(key):
            wrong("pack.key_missing", f"pack.{key}")
    if not _is_title(head.get("title", {})):
        wrong("pack.key", "pack.title")
    if problems:
        raise OneMapError.of(problems)
    rules, seen = [], set()
    for position, item in enumerate(raw.get("rule", ()), start=1):
        name = str(item.get("id", f"#{position}"))
        found = _rule_problems(item, source, name, catalogue)
        if name in seen:
            found.append(Problem("rule.twice", {"file": source, "feature": name, "rule": name, "field": "id"}))
        seen.add(name)
        problems += found
        if not found:
            rules.append(_rule(item, head["id"]))
    checklist = raw.get("checklist", ())
    for item in checklist:
        if not _is_asked(item):
            name = str(item.get("id", "?"))
            problems.append(Problem("pack.checklist", {"file": source, "feature": name, "field": "checklist"}))
    if problems:
        raise OneMapError.of(problems)
    return Pack(
        id=head["id"],
        version=head["version"],
        title=head.get("title", {}),
        hash=sha256(text),
        rules=tuple(rules),
        text=text,
        checklist=tuple(checklist),
        review=raw.get("review", {}),
    )


def _is_tables(value: Any) -> bool:
    """Whether a key of a pack holds [[…]], and nothing else."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_asked(item: dict[str, Any]) -> bool:
    """Whether a checklist item has its id, its department and its title in each language."""
    return isinstance(item.get("id"), str) and item.get("department") in DEPARTMENTS and _is_title(item.get("title"))


def _is_title(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_term(key: str, value: Any) -> bool:
    """Whether a value of [review] can be followed."""
    if key == "days":
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_DAYS
    if key == "overdue":
        return value in _OVERDUE
    return isinstance(value, bool if key == "self_sign" else str)


def _rule_problems(item: dict[str, Any], source: str, name: str, catalogue: Mapping[str, LayerEntry]) -> list[Problem]:
    """Everything that is wrong with one rule."""
    problems: list[Problem] = []

    def wrong(code: str, key: str, **facts: Any) -> None:
        place = {"file": source, "feature": name, "rule": name, "field": key, "key": key}
        problems.append(Problem(code, {**place, **facts}))

    kind = KINDS.get(item.get("kind", "")) if isinstance(item.get("kind"), str) else None
    for key in _REQUIRED_KEYS:
        if key not in item and not (key == "verdict" and kind is not None and not getattr(kind, "FINDS", True)):
            wrong("rule.key_missing", key)
    if "kind" in item and kind is None:
        wrong("rule.kind", "kind", value=item["kind"], allowed=list(KINDS))
    known = {**_COMMON_KEYS, **(kind.KEYS if kind else {})}
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
    if isinstance(item.get("basis"), list) and (
        not item["basis"] or not all(isinstance(entry, dict) and entry.get("law") for entry in item["basis"])
    ):
        wrong("rule.basis", "basis")
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
    if "instead" in item and item["instead"] not in catalogue:
        wrong("rule.layer", "instead", layer=item["instead"])
    return problems


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
    return isinstance(value, _TYPES[expected]) and not (isinstance(value, float) and not isfinite(value))


def _rule(item: dict[str, Any], pack: str) -> Rule:
    common = {key: value for key, value in item.items() if key in _COMMON_KEYS}
    common.setdefault("verdict", "notice")  # of a kind that finds nothing, and so judges nothing
    common["basis"] = tuple(common["basis"])
    common["consult"] = tuple(common.get("consult", ()))
    options = {key: value for key, value in item.items() if key not in _COMMON_KEYS}
    return Rule(**common, pack=pack, options=options)


def joined_rules(packs: Sequence[Pack]) -> list[Rule]:
    """The rules of several packs in order; a later pack's rule may replace an earlier one.

    Raises OneMapError rule.in_two_packs, rule.replaces.
    """
    rules: dict[str, Rule] = {}
    problems = []
    for pack in packs:
        earlier = set(rules)
        for rule in pack.rules:
            facts = {"file": pack.id, "feature": rule.id, "rule": rule.id, "field": "replaces"}
            if rule.replaces is not None and rule.replaces not in earlier:
                problems.append(Problem("rule.replaces", {**facts, "other": rule.replaces}))
            elif rule.id in earlier and rule.replaces != rule.id:
                problems.append(Problem("rule.in_two_packs", {**facts, "other": rules[rule.id].pack}))
            elif rule.replaces is not None:
                # The ordinance takes the place of the rule that it replaces, so that the order of work stays.
                own = replace(rule, replaced=rules[rule.replaces])
                rules = {
                    (rule.id if key == rule.replaces else key): (own if key == rule.replaces else value)
                    for key, value in rules.items()
                }
            else:
                rules[rule.id] = rule
    if problems:
        raise OneMapError.of(problems)
    return list(rules.values())
