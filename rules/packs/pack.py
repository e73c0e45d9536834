"""Rule packs: TOML becomes rules, and every key that is wrong is named with its pack and rule."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS, LayerEntry
from onemap.layers.catalogue.toml_reason import toml_reason
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import sha256
from onemap.layers.messages import RESOURCES
from onemap.rules.packs.rule import Rule
from onemap.rules.packs.rule_problems import COMMON_KEYS, is_title, rule_problems

DEFAULT_PACK = "city-preliminary"

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
        raise OneMapError("pack.syntax", file=source, reason=toml_reason(error)) from None
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
    if not is_title(head.get("title", {})):
        wrong("pack.key", "pack.title")
    if problems:
        raise OneMapError.of(problems)
    rules, seen = [], set()
    for position, item in enumerate(raw.get("rule", ()), start=1):
        name = str(item.get("id", f"#{position}"))
        found = rule_problems(item, source, name, catalogue)
        if name in seen:
            found.append(Problem("rule.twice", {"file": source, "feature": name, "rule": name, "field": "id"}))
        seen.add(name)
        problems += found
        if not found:
            rules.append(_rule(item, head["id"]))
    checklist = raw.get("checklist", ())
    for item in checklist:
        name = str(item.get("id", "?"))
        if not _is_asked(item):
            problems.append(Problem("pack.checklist", {"file": source, "feature": name, "field": "checklist"}))
        for key in item.keys() - {"id", "department", "title"}:
            wrong("pack.key", f"checklist.{key}", feature=name)
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
    return isinstance(item.get("id"), str) and item.get("department") in DEPARTMENTS and is_title(item.get("title"))


def _is_term(key: str, value: Any) -> bool:
    """Whether a value of [review] can be followed."""
    if key == "days":
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_DAYS
    if key == "overdue":
        return value in _OVERDUE
    return isinstance(value, bool if key == "self_sign" else str)


def _rule(item: dict[str, Any], pack: str) -> Rule:
    common = {key: value for key, value in item.items() if key in COMMON_KEYS}
    common.setdefault("verdict", "notice")  # of a kind that finds nothing, and so judges nothing
    common["basis"] = tuple(common["basis"])
    common["consult"] = tuple(common.get("consult", ()))
    options = {key: value for key, value in item.items() if key not in COMMON_KEYS}
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
