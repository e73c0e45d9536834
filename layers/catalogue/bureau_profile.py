"""A bureau's profile: who issues its documents, under what head and sign, to whom; and how its departments are called.

A library city.gpkg has city.profile.toml beside it, one on a server what `onemap keep` put there. A name is a text for
both languages, or one for each: { zh = "…", en = "…" }. What is not said stands nowhere: nothing is made up.

    authority = "云州市自然资源和规划局"
    head = "letter"                      # or "document": the head of GB/T 9704, 10.1 or 7.2
    code = "云自然资预审"                  # before 〔year〕number
    addressees = ["云州市人民政府"]
    copies = ["云州市发展和改革委员会"]
    contact = "王某，0311-00000000"
    signatory = "李某"
    printed_by = "云州市自然资源和规划局办公室"
    seal = true
    [fonts]
    body = "仿宋"
    [departments.environment]
    name = "生态环境局"
    unit = "云州市生态环境局"
    code = "云环审"
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem

Names = Mapping[str, str]  # language → text
HEADS = ("letter", "document")
FONT_ROLES = ("title", "body", "heading", "subheading", "song")
_MOST_SIGNS, _MOST_ITEMS = 120, 40
_LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Sender:
    """The sender of a document. unit: full name; mark: the red text at the head; code: the text before 〔year〕number.

    Texts are by language; {} if the profile has none. head: one of HEADS, None without a red head.
    """

    unit: Names = field(default_factory=dict)
    mark: Names = field(default_factory=dict)
    head: str | None = None
    code: str = ""
    addressees: tuple[Names, ...] = ()
    copies: tuple[Names, ...] = ()
    contact: Names = field(default_factory=dict)
    signatory: Names = field(default_factory=dict)
    printed_by: Names = field(default_factory=dict)
    seal: bool = True


@dataclass(frozen=True)
class Profile:
    """The lead bureau, the departments that a profile describes, all names, and the wanted fonts by role.

    own_names: of the departments that the profile itself names.
    """

    lead: Sender = field(default_factory=Sender)
    departments: Mapping[str, Sender] = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=lambda: named_groups()["departments"])
    fonts: Mapping[str, str] = field(default_factory=dict)
    own_names: Mapping[str, Names] = field(default_factory=dict)

    def department_title(self, department: str, language: str) -> str:
        """The name of a department in tables and lists."""
        return self.names[department][language]


def _names(value: Any) -> Names:
    texts = value if isinstance(value, dict) else dict.fromkeys(_LANGUAGES, value)
    if set(texts) != set(_LANGUAGES) or not all(map(_is_text, texts.values())):
        raise ValueError
    return {language: text.strip() for language, text in texts.items()}


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_SIGNS:
        return False
    return all(ord(sign) >= 32 and not 0xD800 <= ord(sign) < 0xE000 and sign not in "\x7f￾￿" for sign in value)


def _text(value: Any) -> str:
    if not _is_text(value):
        raise ValueError
    return str(value.strip())


def _list(value: Any) -> tuple[Names, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise ValueError
    return tuple(map(_names, value))


def _head(value: Any) -> str:
    if value not in HEADS:
        raise ValueError
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


_OF_SENDER: dict[str, Callable[[Any], Any]] = {
    "mark": _names,
    "head": _head,
    "code": _text,
    "addressees": _list,
    "copies": _list,
    "contact": _names,
    "signatory": _names,
    "printed_by": _names,
    "seal": _flag,
}
_OF_LEAD = {"authority": _names, **_OF_SENDER}
_OF_DEPARTMENT = {"name": _names, "unit": _names, **_OF_SENDER}
_TABLES = ("fonts", "departments")
# What a form calls a kind of value; form.KIND in the messages says how such a value is written.
_KINDS: dict[Callable[[Any], Any], str] = {_names: "name", _head: "head", _text: "text", _list: "list", _flag: "flag"}
# What a form asks: the keys of the lead bureau and of a department, each with its kind.
PROFILE_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lead": tuple((name, _KINDS[check]) for name, check in _OF_LEAD.items()),
    "department": tuple((name, _KINDS[check]) for name, check in _OF_DEPARTMENT.items()),
}


@lru_cache(maxsize=8)
def checked_profile(text: str, file: str) -> Profile:
    """Return the profile that a text describes.

    Raises OneMapError profile.syntax, profile.key, profile.value with every problem, each naming file and key.
    """
    content = toml_or_refusal(text, "profile.syntax", file)
    problems: list[Problem] = []
    lead = {key: value for key, value in content.items() if key not in _TABLES}
    lead_values = _known_values(lead, _OF_LEAD, "", file, problems)
    fonts = _known_values(
        _table(content, "fonts", file, problems), dict.fromkeys(FONT_ROLES, _text), "fonts.", file, problems
    )
    departments = {}
    for code, entry in _table(content, "departments", file, problems).items():
        place = f"departments.{code}"
        if code not in DEPARTMENTS or not isinstance(entry, dict):
            problems.append(Problem("profile.key", {"file": file, "field": place, "known": list(DEPARTMENTS)}))
            continue
        departments[code] = _known_values(entry, _OF_DEPARTMENT, f"{place}.", file, problems)
    if problems:
        raise OneMapError.of(problems)
    own_names = {code: entry["name"] for code, entry in departments.items() if "name" in entry}
    return Profile(
        _sender(lead_values, lead_values.pop("authority", {})),
        {code: _sender(entry, entry.pop("unit", {})) for code, entry in departments.items()},
        {**named_groups()["departments"], **own_names},
        fonts,
        own_names,
    )


def _sender(values: dict[str, Any], unit: Names) -> Sender:
    """Return a sender from checked values; with a name it has a red head, for a letter unless another is given."""
    own_values = {key: value for key, value in values.items() if key not in ("name", "authority", "unit")}
    mark = own_values.get("mark") or unit
    head = own_values.get("head", "letter") if mark else None
    if head == "document" and "mark" not in own_values:
        mark = {"zh": f"{unit['zh']}文件", "en": unit["en"]}
    return Sender(**{**own_values, "unit": unit, "mark": mark, "head": head})


def _table(content: Mapping[str, Any], name: str, file: str, problems: list[Problem]) -> dict[str, Any]:
    table = content.get(name, {})
    if isinstance(table, dict):
        return table
    facts = {"file": file, "field": name, "value": str(table)[:80], "wanted": Problem("form.table")}
    problems.append(Problem("profile.value", facts))
    return {}


def _known_values(
    values: Mapping[str, Any],
    checks: Mapping[str, Callable[[Any], Any]],
    place: str,
    file: str,
    problems: list[Problem],
) -> dict[str, Any]:
    """Return the values of known keys; an unknown key or unusable value becomes a problem."""
    usable: dict[str, Any] = {}
    for key, value in values.items():
        facts = {"file": file, "field": f"{place}{key}"}
        if key not in checks:
            problems.append(Problem("profile.key", {**facts, "known": list(checks)}))
            continue
        try:
            usable[key] = checks[key](value)
        except ValueError:
            expected_form = Problem(f"form.{_KINDS[checks[key]]}")
            problems.append(Problem("profile.value", {**facts, "value": str(value)[:80], "wanted": expected_form}))
    return usable
