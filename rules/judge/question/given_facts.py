"""The facts of a project that count for its parcels where these state nothing themselves, from a TOML file.

The file of a project's facts has them in a table of its own, by the names of the parcels' fields:

    [parcels]            # or [地块]
    YDXZ = "0701"        # or as the form calls it: 拟用途 = "0701"
    XMLX = "住宅"
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from onemap.layers.catalogue.code_systems import CODE_SYSTEMS, LAND_SEA, SYSTEM_FIELD, USE_FIELD, known_use
from onemap.layers.catalogue.toml_text import toml_content, toml_reason
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, file_reason
from onemap.layers.frames.fields import text_value
from onemap.layers.messages import LANGUAGES
from onemap.layers.records import Record
from onemap.rules.judge.inputs.parcels import STATED_KIND, Parcels
from onemap.rules.judge.kinds.conditions import column_named
from onemap.rules.judge.packs.asked_facts import (
    CODE,
    DATE,
    FLAG,
    NUMBER,
    AskedFact,
    asked_facts,
    fact_title,
    register_of,
)
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.rule import Rule

TABLES = ("parcels", "地块")
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class GivenFacts:
    """Values by the parcels' fields, and the file from which they were read."""

    values: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def plain(self) -> Record:
        """The values as JSON has them."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in self.values.items()}


def facts_content(path: str) -> tuple[Record, GivenFacts]:
    """The facts in a file, of the project and of its parcels; not yet checked.

    Raises OneMapError data.file, data.syntax, data.twice.
    """
    source = Path(path)
    try:
        content = toml_content(source.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise OneMapError("data.file", file=source.name, field="--data", reason=file_reason(error)) from None
    except ValueError as error:
        raise OneMapError("data.syntax", file=source.name, field="--data", reason=toml_reason(error)) from None
    tables = [name for name in TABLES if isinstance(content.get(name), dict)]
    if len(tables) > 1:
        raise OneMapError("data.twice", file=source.name, field=f"[{tables[1]}]", key=f"[{tables[0]}]")
    values = content.pop(tables[0]) if tables else {}
    return content, GivenFacts(values, source.name)


def checked_facts(stated_facts: GivenFacts, rules: Sequence[Rule], as_of: date | None = None) -> GivenFacts:
    """The facts, checked and under the names that rules use.

    as_of: the day of the check, on which a term that is stated with a kind must not have ended.
    Raises OneMapError data.… with every problem.
    """
    facts_asked = asked_facts(rules)
    facts_by_title = {fact_title(fact.name, language).lower(): fact for fact in facts_asked for language in LANGUAGES}
    facts_by_name = {**facts_by_title, **{fact.name.lower(): fact for fact in facts_asked}}
    systems = _code_systems(stated_facts, rules)
    names_use = any(
        name.lower() in facts_by_name and facts_by_name[name.lower()].name.upper() == USE_FIELD
        for name in stated_facts.values
    )
    problems: list[Problem] = []
    checked_values: dict[str, Any] = {}
    for name, value in stated_facts.values.items():
        fact = facts_by_name.get(name.lower())
        place = ProblemPlace(file=stated_facts.file, field=name)
        if name == SYSTEM_FIELD and names_use:
            if value not in CODE_SYSTEMS:
                facts = {"value": str(value)[:60], "allowed": list(CODE_SYSTEMS)}
                problems.append(Problem("data.choice", {**place, **facts}))
            checked_values[name] = value
        elif fact is None:
            fact_names = [one.name for one in facts_asked]
            problems.append(Problem("data.fact", {**place, "known": fact_names}))
        elif fact.name in checked_values:
            problems.append(Problem("data.twice", {**place, "key": fact.name}))
        else:
            problem = _wrong(fact, value, systems, place)
            problems += [problem] if problem else []
            checked_values[fact.name] = value
    problems += _wrong_with_kind(checked_values, rules, stated_facts.file, as_of)
    if problems:
        raise OneMapError.of(problems)
    return replace(stated_facts, values=checked_values)


def _wrong_with_kind(
    checked_values: Mapping[str, Any], rules: Sequence[Rule], file: str, as_of: date | None
) -> list[Problem]:
    """The problems of the facts that a stated kind needs: temporary land has a term, not ended, and an approval."""
    register = register_of(rules)
    text = checked_values.get(KIND_FIELD)
    if register is None or not isinstance(text, str):
        return []
    problems = []
    for name, kind in {name: one for one in register.kinds_of(text) if one for name in one.needs}.items():
        titles = {language: fact_title(name, language) for language in LANGUAGES}
        facts = {"file": file, "field": name, "title": titles, "kind": dict(kind.title)}
        value = checked_values.get(name)
        if value is None:
            problems.append(Problem("data.with_kind", facts))
        elif kind.needs[name] == DATE and as_of and _is_day(value) and date.fromisoformat(str(value)) < as_of:
            problems.append(Problem("data.term_ended", {**facts, "value": str(value), "as_of": as_of.isoformat()}))
    return problems


def _code_systems(stated_facts: GivenFacts, rules: Sequence[Rule]) -> set[str]:
    """The code systems in which a use may be named: the one in the facts, else those that the rules assume."""
    stated_system = stated_facts.values.get(SYSTEM_FIELD)
    if stated_system is not None:
        return {stated_system} if stated_system in CODE_SYSTEMS else set(CODE_SYSTEMS)
    return {one.system for rule in rules for one in (*rule.unless, *rule.only)} or {LAND_SEA}


def _wrong(fact: AskedFact, value: Any, systems: set[str], place: ProblemPlace) -> Problem | None:
    facts = {**place, "value": str(value)[:60]}
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if fact.kind == NUMBER:
        return None if is_number and math.isfinite(value) and value >= 0 else Problem("data.amount", facts)
    if fact.kind == FLAG:
        return None if isinstance(value, bool) else Problem("data.choice", {**facts, "allowed": ["true", "false"]})
    if fact.kind == DATE:
        return None if _is_day(value) else Problem("data.date", facts)
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_CHARACTERS or not value.isprintable():
        return Problem("data.text", {**facts, "most": _MOST_CHARACTERS})
    if fact.kind == CODE and fact.name == USE_FIELD:
        return None if any(known_use(value.strip(), None, system) for system in systems) else Problem("data.use", facts)
    return None


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, date) and not isinstance(value, datetime)


def stated_attributes(values: Mapping[str, Any]) -> Record:
    """Values that a person states of a project, as attributes; its kind counts as stated and precedes any text."""
    kinds = [value for name, value in values.items() if name.upper() == KIND_FIELD]  # as a pack spells it
    return {**values, STATED_KIND: kinds[-1]} if kinds else dict(values)


def with_facts(parcels: Parcels, facts: GivenFacts) -> Parcels:
    """The parcels (n,) with facts filled in where their own field is null or missing; a parcel's own value stays."""
    if not facts.values or len(parcels.ids) == 0:
        return parcels
    attributes = parcels.attributes.copy()
    of_use = np.zeros(len(parcels.ids), dtype=bool)
    for name, value in sorted(stated_attributes(facts.plain).items(), key=lambda fact: fact[0] == SYSTEM_FIELD):
        column, values = _column(attributes, name, len(parcels.ids))
        empty = np.array([text_value(one) is None for one in values], dtype=bool)
        # By which codes a use is named, belongs to that use: not to one that the parcel states itself.
        values[of_use if name == SYSTEM_FIELD else empty] = value
        of_use = empty if name.lower() == USE_FIELD.lower() else of_use  # as a pack spells it
        attributes[column] = values
    return replace(parcels, attributes=attributes)


def _column(attributes: Any, name: str, count: int) -> tuple[str, np.ndarray]:
    try:
        values = column_named(attributes, name).copy()
    except KeyError:
        return name, np.full(count, None, dtype=object)
    alike = [str(column) for column in attributes.columns if str(column).lower() == name.lower()]
    return name if name in alike else alike[0], values
