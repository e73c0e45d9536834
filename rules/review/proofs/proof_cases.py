"""Read and check a file of cases beside a pack; every problem is named with its line."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.code_systems import SYSTEM_FIELD, USE_FIELD
from onemap.layers.errors import OneMapError
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.contract.verdict import RANK, VERDICTS, Verdict
from onemap.rules.judge.packs.asked_facts import asked_facts
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.pack import is_shipped
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.given_facts import stated_attributes
from onemap.rules.review.proofs.case_reading import (
    CaseReading,
    DrawnFeature,
    drawn_feature,
    line_of_key,
    texts_beside,
    wrong_shape,
)
from onemap.rules.review.proofs.small_words import ShapeError, parcel_shape

USUAL_PARCEL = "100 × 100"
_WORDS = ("id", "title", "article", "why", "place")
_LISTS = ("decides", "spares", "words", "cites", "without", "beyond", "never_loaded", "outdated")
_OF_PLACE = ("title", "parcel", "features", "without", "beyond", "never_loaded", "outdated")
_KEYS = (*_WORDS, *_LISTS, "parcel", "project", "stated", "features", "day", "verdict", "at_least", "at_most")
_TABLES = ("cases", "project", "place", "around", "case")
_OF_HEAD = ("pack", "title", "day")
_LAYER_LISTS = ("without", "beyond", "never_loaded", "outdated")
_RULE_LISTS = ("decides", "spares")


@dataclass(frozen=True)
class Case:
    """One expected verdict.

    fields: of the parcel, including what is stated of its project. least, most: the verdicts that the law allows; they
    differ if it leaves a range. decides: all rules that decide, None if the case does not say. Other lists: see
    docs/decisions/46.
    """

    id: str
    title: str
    line: int
    parcel: shapely.Geometry
    fields: Mapping[str, Any]
    features: tuple[DrawnFeature, ...]
    day: date
    least: str
    most: str
    decides: tuple[str, ...] | None = None
    spares: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    beyond: frozenset[str] = frozenset()
    never_loaded: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()
    article: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it expects a single verdict: a case with a range counts neither for coverage nor for mutants."""
        return self.least == self.most

    @property
    def expectation(self) -> str:
        """The verdict that it expects, or the mildest and the most severe."""
        return self.most if self.is_exact else f"{self.least}–{self.most}"


@dataclass
class _RuleCaseReading(CaseReading):
    """The reading of a case file of rules, with the rules and facts that it refers to."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def cases_texts(name: str) -> list[tuple[str, str]]:
    """The texts of the case files beside a pack, with their names; name: of the pack, as it is given.

    Raises OneMapError cases.missing, pack.encoding.
    """
    return texts_beside(RESOURCES / "packs" / f"{name}.toml" if is_shipped(name) else Path(name), name)


def read_cases(
    text: str, source: str, rules: Sequence[Rule], catalogue: Mapping[str, LayerEntry], today: date
) -> list[Case]:
    """Read the cases of a file. rules: of its packs, joined; today: used if neither case nor file names a day.

    Raises OneMapError cases.… with every problem, each with its line.
    """
    facts = {fact.name.lower(): fact.name for fact in asked_facts(rules)} | {SYSTEM_FIELD: SYSTEM_FIELD}
    facts = {KIND_FIELD.lower(): KIND_FIELD, USE_FIELD.lower(): USE_FIELD} | facts
    by_id = {rule.id: rule for rule in rules}
    reading = _RuleCaseReading(source, text.replace("\r\n", "\n"), catalogue, rules=by_id, facts=facts)
    content = reading.content()
    day = _head_day(content, reading, today)
    cases, earlier_names = list[Case](), set[str]()
    for number, line, item in reading.tables("case", content):
        name = str(item.get("id") or item.get("title") or f"#{number + 1}")
        if name in earlier_names:
            reading.wrong("twice", line, name, "id")
        earlier_names.add(name)
        before = len(reading.problems)
        case = _case(name, line, item, content, reading, day)
        if case is not None and len(reading.problems) == before:
            cases.append(case)
    reading.refuse_wrong()
    if not cases:
        raise OneMapError("cases.none", file=source)
    return cases


def _head_day(content: Mapping[str, Any], reading: _RuleCaseReading, today: date) -> date:
    for key, value in content.items():
        is_tables = key in ("case", "around")
        is_right_kind = isinstance(value, list) and all(isinstance(one, dict) for one in value) if is_tables else True
        if key not in _TABLES or not is_right_kind or (not is_tables and not isinstance(value, dict)):
            reading.wrong("key", line_of_key(reading.text, 1, key), key, key, known=list(_TABLES))
    reading.refuse_wrong()
    head = content.get("cases", {})
    (line, *_) = reading.lines_by_head.get("[cases]", [1])
    reading.check_keys(line, "cases", head, _OF_HEAD)
    for place, item in content.get("place", {}).items():
        (at, *_) = reading.lines_by_head.get(f"[place.{place}]", [line])
        reading.check_keys(at, place, item if isinstance(item, dict) else {}, _OF_PLACE)
    return _day(head.get("day", today), line, "cases", reading) or today


def _case(
    name: str,
    line: int,
    item: Mapping[str, Any],
    content: Mapping[str, Any],
    reading: _RuleCaseReading,
    usual_day: date,
) -> Case | None:
    _check_keys(name, line, item, reading)
    place = _table_named(item.get("place"), "place", content, name, line, reading)
    lists = {key: tuple(place.get(key, ())) + tuple(_texts(item, key)) for key in _LISTS}
    _check_names(name, line, lists, reading)
    try:
        parcel = parcel_shape(item.get("parcel", place.get("parcel", USUAL_PARCEL)))
    except ShapeError as error:
        wrong_shape(error, name, line, "parcel", reading)
        return None
    features = [*place.get("features", ()), *item.get("features", ())]
    surroundings = [one for one in content.get("around", ()) if one.get("layer") not in lists["without"]]
    drawn_features = [drawn_feature(one, parcel, name, line, reading) for one in (*surroundings, *features)]
    least, most = _verdicts(item, name, line, reading)
    article = str(item.get("article", ""))
    named_rules = [reading.rules[one] for key in _RULE_LISTS for one in _texts(item, key) if one in reading.rules]
    if article and not _is_cited(article, named_rules or list(reading.rules.values())):
        reading.wrong("article", line, name, "article", value=article, known=_articles(named_rules))
    return Case(
        id=name,
        title=str(item.get("title", name)),
        line=line,
        parcel=parcel,
        fields=_fields_of_parcel(item, content, name, line, reading),
        features=tuple(one for one in drawn_features if one is not None),
        day=_day(item.get("day", usual_day), line, name, reading) or usual_day,
        least=least,
        most=most,
        decides=lists["decides"] if "decides" in item else None,
        spares=lists["spares"],
        words=lists["words"],
        cites=lists["cites"],
        beyond=frozenset(lists["beyond"]),
        never_loaded=frozenset(lists["never_loaded"]),
        outdated=frozenset(lists["outdated"]),
        article=article,
    )


def _check_keys(name: str, line: int, item: Mapping[str, Any], reading: _RuleCaseReading) -> None:
    for key, value in item.items():
        is_text = key not in _WORDS or isinstance(value, str)
        is_list = key not in _LISTS or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        is_features = key != "features" or (isinstance(value, list) and all(isinstance(one, dict) for one in value))
        if key not in _KEYS or not (is_text and is_list and is_features):
            reading.wrong("key", line, name, key, known=list(_KEYS))


def _texts(item: Mapping[str, Any], key: str) -> list[str]:
    value = item.get(key, ())
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _check_names(name: str, line: int, lists: Mapping[str, Sequence[str]], reading: _RuleCaseReading) -> None:
    """Record a problem for each layer or rule that a case lists and that does not exist."""
    for key in _LAYER_LISTS:
        for code in (code for code in lists[key] if code not in reading.catalogue):
            reading.unknown_name("layer", line, name, key, code, reading.catalogue)
    for key in _RULE_LISTS:
        for rule in (rule for rule in lists[key] if rule not in reading.rules):
            reading.unknown_name("rule", line, name, key, rule, reading.rules)


def _table_named(
    table_or_name: Any, table: str, content: Mapping[str, Any], name: str, line: int, reading: _RuleCaseReading
) -> Mapping[str, Any]:
    """A place or a project of the file by its name; a table is returned as it is."""
    if isinstance(table_or_name, dict):
        return table_or_name
    if table_or_name is None:
        return {}
    tables = content.get(table, {})
    if table_or_name not in tables:
        reading.unknown_name("name", line, name, table, table_or_name, tables)
        return {}
    named_table: Mapping[str, Any] = tables[table_or_name]
    return named_table


def _fields_of_parcel(
    item: Mapping[str, Any], content: Mapping[str, Any], name: str, line: int, reading: _RuleCaseReading
) -> dict[str, Any]:
    """The parcel's fields by the names that rules use, and what a person states of its project."""
    own = dict(_table_named(item.get("project"), "project", content, name, line, reading))
    stated_facts = item.get("stated", own.pop("stated", {}))
    own.pop("title", None)
    if not isinstance(stated_facts, dict):
        reading.wrong("key", line, name, "stated", known=['{ XMLX = "…" }'])
        stated_facts = {}
    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in stated_facts.items()}
    for key in (*own, *plain):
        if key.lower() not in reading.facts and key not in _needed_with_kinds(reading):
            near = difflib.get_close_matches(key, reading.facts.values(), n=3, cutoff=0.4)
            reading.wrong("fact", line, name, "project", value=key, known=near or sorted(reading.facts.values()))
    return {**stated_attributes(plain), **own}


def _needed_with_kinds(reading: _RuleCaseReading) -> set[str]:
    """The facts that must be stated together with some kind of project."""
    registers = {one.register for rule in reading.rules.values() for one in (*rule.unless, *rule.only)}
    return {name for register in registers for kind in register.kinds.values() for name in kind.needs}


def _verdicts(item: Mapping[str, Any], name: str, line: int, reading: _RuleCaseReading) -> tuple[str, str]:
    """The mildest and the most severe verdict that a case allows."""
    verdict_keys = {key: item[key] for key in ("verdict", "at_least", "at_most") if key in item}
    for key, value in verdict_keys.items():
        if value not in VERDICTS:
            reading.wrong("verdict", line, name, key, value=str(value), known=list(VERDICTS))
            return Verdict.CLEAR, Verdict.CLEAR
    if ("verdict" in verdict_keys) == (len(verdict_keys) > 1) or not verdict_keys:
        reading.wrong("expectation", line, name)
        return Verdict.CLEAR, Verdict.CLEAR
    least = str(verdict_keys.get("verdict", verdict_keys.get("at_least", VERDICTS[-1])))
    most = str(verdict_keys.get("verdict", verdict_keys.get("at_most", VERDICTS[0])))
    if RANK[least] < RANK[most]:
        reading.wrong("range", line, name, "at_least", least=least, most=most)
    return least, most


def _day(value: Any, line: int, name: str, reading: _RuleCaseReading) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    reading.wrong("day", line, name, "day", value=str(value))
    return None


def _is_cited(article: str, rules: Sequence[Rule]) -> bool:
    """Whether one of some rules cites an article: "土地管理法 第三十五条"."""
    plain = re.sub(r"[《》\s]", "", article)
    entries = [entry for rule in rules for entry in rule.basis]
    return any(
        plain in re.sub(r"[《》\s]", "", entry.law + entry.article) and plain.endswith(re.sub(r"\s", "", entry.article))
        for entry in entries
    )


def _articles(rules: Sequence[Rule]) -> list[str]:
    return list(dict.fromkeys(entry.text for rule in rules for entry in rule.basis))
