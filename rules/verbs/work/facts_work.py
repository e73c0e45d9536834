"""The work of the verb `facts`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import open_library
from onemap.layers.messages import phrase, problem_record, sentences
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.packs.asked_facts import asked_facts, fact_title, register_of, rule_needs
from onemap.rules.judge.packs.kind_register import KIND_FIELD, titles_of
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.packs.pack import joined_rules
from onemap.rules.judge.question.given_facts import checked_facts, facts_content
from onemap.rules.review.cases.project_data import APPROVAL_TYPES, FIELDS, SUPPLIES, checked_data
from onemap.rules.review.statement.document_words import words


def facts(values: Values, context: VerbContext) -> Result:
    """The facts that a project can state, the rules that need them, and the content of a file of facts.

    Raises OneMapError data.… for every problem of the file.
    """
    language = context.language
    with open_library(values["library"]) as library:
        rules = joined_rules(packs_of(library, tuple(values.get("pack") or ()), values.get("code_system")))
    project, parcel_facts = _checked_file(values.get("data"), rules)
    needs = rule_needs(rules)
    waiting = [need.rule.id for need in needs if not all(set(group) & set(parcel_facts) for group in need.any_of)]
    return {
        "ok": True,
        "groups": {name: phrase(f"fact.group_{name}", language) for name in ("parcels", "project", "land", "days")},
        "project": _project_fields(language),
        "parcels": _asked_fields(rules, language),
        "rules": [
            {
                "rule": need.rule.id,
                "title": need.rule.title.get(language, need.rule.id),
                "department": need.rule.department,
                "needs": [list(group) for group in need.any_of],
            }
            for need in needs
        ],
        "given": {"project": project, "parcels": parcel_facts},
        "problems": [
            problem_record(one, language) for one in _kind_problems(values.get("data"), parcel_facts, rules, language)
        ],
        "waiting": waiting,
    }


def _checked_file(path: str | None, rules: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of the project and of its parcels in a file; all problems of both are reported at once."""
    if not path:
        return {}, {}
    content, parcel_facts = facts_content(path)
    problems: list[Problem] = []
    try:
        content = checked_data(content, parcel_facts.file)
    except OneMapError as error:
        problems += error.problems
    try:
        parcel_facts = checked_facts(parcel_facts, rules)
    except OneMapError as error:
        problems += error.problems
    if problems:
        raise OneMapError.of(problems)
    return content, parcel_facts.plain


def _kind_problems(path: str | None, parcel_facts: Mapping[str, Any], rules: Sequence[Any], language: str) -> list[Any]:
    """The problems of a stated kind that is in no register: it counts as not stated."""
    text = parcel_facts.get(KIND_FIELD)
    register = register_of(rules)
    if text is None or register is None or None not in register.kinds_of(text):
        return []
    nearest = titles_of(register.nearest(text), language)
    place = {"file": Path(path or "").name, "field": KIND_FIELD, "value": text}
    return [Problem("data.kind", {**place, "nearest": nearest})]


def _asked_fields(rules: Sequence[Any], language: str) -> list[dict[str, Any]]:
    """The facts that rules need, each with these rules."""
    return [
        {
            "name": fact.name,
            "title": fact_title(fact.name, language),
            "group": "parcels",
            "kind": fact.kind,
            "unit": fact.unit,
            "hint": "",
            "choices": [{"value": word, "title": word} for word in fact.choices],
            "rules": list(fact.rules),
        }
        for fact in asked_facts(rules)
    ]


_KINDS = {  # by what is expected, and of a text of several lines by its name
    "amount": "number",
    "size": "number",
    "date": "date",
    "approval_type": "choice",
    "supply": "choice",
    "content": "long",
}
_HINTS = {"project_code": "2026-130102-47-01-012345", "region": "130102", "credit_code": "91130100MA0000000Y"}


def _project_fields(language: str) -> list[dict[str, Any]]:
    """The facts of a project that its documents print; no rule asks for them."""
    labels, titles = words(language), sentences(language)["fact_choice"]
    choices = {"approval_type": APPROVAL_TYPES, "supply": SUPPLIES}
    return [
        {
            "name": field.key,
            "title": labels[f"field_{field.key}"],
            "group": field.group,
            "kind": _KINDS.get(field.key) or _KINDS.get(field.expected, "text"),
            "unit": "",
            "hint": _HINTS.get(field.expected, ""),
            "choices": [{"value": one, "title": titles.get(one, one)} for one in choices.get(field.expected, ())],
            "rules": [],
        }
        for field in FIELDS
    ]
