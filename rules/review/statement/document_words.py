"""The fixed words of the documents in one language: resources/templates/words.toml."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.code_systems import LAND_SEA, SYSTEM_FIELD, TABLES, USE_FIELD, system_of
from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.packs.asked_facts import fact_title
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.project_data import FIELDS, PARCEL_FACTS, PUBLIC_FACTS


@lru_cache(maxsize=2)
def words(language: str) -> dict[str, str]:
    """Headings, column heads, captions and remarks by name."""
    return {name: entry[language] for name, entry in shipped_table("templates/words.toml").items()}


def withheld_titles(departments: Mapping[str, str], language: str) -> dict[str, str]:
    """The parts that a public notice may leave out, by code: departments' opinions, and facts of the project.

    departments: names by code.
    """
    fixed = words(language)
    facts = {key: fixed[f"field_{key}"] for key in PUBLIC_FACTS}
    return {**{code: fixed["withheld_opinion"].format(name=name) for code, name in departments.items()}, **facts}


def given_facts(case: Case, code_system: str | None, language: str) -> list[Record]:
    """Key, title and value of each fact of a project as stated; the value is None if the fact was not stated.

    code_system: the one in which the check read codes of uses, None for the usual one.
    """
    labels, facts = words(language), case.data.get(PARCEL_FACTS, {})
    rows = [
        {"key": field.key, "title": labels[f"field_{field.key}"], "value": _field_text(case.data.get(field.key))}
        for field in FIELDS
    ]
    for name in facts:
        text = _fact_text(name, facts, code_system or LAND_SEA, language)
        # Whoever opened the case stated it; later rounds keep what was stated then.
        value = phrase("said.fact_stated", language, value=text, who=case.opened_by) if text else text
        rows.append({"key": name, "title": fact_title(name, language), "value": value})
    return rows


def _fact_text(name: str, facts: Mapping[str, Any], usual: str, language: str) -> str | None:
    """A fact of the parcels as stated; a proposed use gets the title of its class, a code system its own title."""
    text = _field_text(facts[name])
    if name == SYSTEM_FIELD and text in TABLES:
        return phrase(f"code_system.{text}", language)
    if name != USE_FIELD or text is None:
        return text
    system = system_of(text, facts.get(SYSTEM_FIELD), usual)
    titles = class_titles(TABLES[system], text) if system else None
    return f"{text} {titles[language]}" if titles else text


def _field_text(value: Any) -> str | None:
    """A stated value as text; None if it was not stated."""
    if value is None:
        return None
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
