"""How people read what excuses a project from a rule."""

import json
from collections.abc import Iterable, Mapping

from onemap.layers.messages import list_text, phrase
from onemap.rules.judge.packs.kind_register import titles_of
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.projects import BY_CODE
from onemap.rules.judge.packs.rule import Rule


def excuse_text(rule: Rule, excused_by: str | None, language: str) -> str:
    """Why a rule does not apply to a project: its class, and what puts it in that class; "" where it applies.

    excused_by: as in the column of findings, which older runs lack.
    """
    if not excused_by:
        return ""
    name = json.loads(excused_by)["class"]
    own = [item for item in rule.unless if item.name == name]
    return excuse_words(excused_by, names_of_classes(own, language), language)


def excuse_texts(rows: Iterable[Mapping[str, str | None]], rule: Rule, language: str) -> list[str]:
    """The different excuses of some findings of a rule, in their order."""
    texts = (excuse_text(rule, row.get("excused_by"), language) for row in rows)
    return list(dict.fromkeys(filter(None, texts)))


def excuse_words(excused_by: str, names: Mapping[str, str], language: str) -> str:
    """An excuse in words. names: from `names_of_classes`; a class without a name there keeps its id."""
    facts = json.loads(excused_by)
    value = facts["value"]
    if facts["by"] != BY_CODE:
        value = list_text([names.get(f"kind.{name}", name) for name in value.split(",")], language)
    title = names.get(f"class.{facts['class']}", facts["class"])
    return phrase(f"excuse.{facts['by']}", language, title=title, value=value)


def names_of_classes(classes: Iterable[ProjectClass], language: str) -> dict[str, str]:
    """The titles of classes and their kinds for people, by class.NAME and kind.NAME."""
    names: dict[str, str] = {}
    for item in classes:
        names[f"class.{item.name}"] = item.title.get(language, item.name)
        kinds = [item.register.kinds[name] for name in item.kinds if name in item.register.kinds]
        names |= zip((f"kind.{kind.name}" for kind in kinds), titles_of(kinds, language), strict=True)
    return names


def names_in_packs(packs: Iterable[Pack], language: str) -> dict[str, str]:
    """The titles of the classes of some packs, and their kinds, as `names_of_classes`."""
    return names_of_classes((item for pack in packs for item in pack.classes.values()), language)
