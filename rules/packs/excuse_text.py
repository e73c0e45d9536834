"""How people read by what a project is excused from a rule."""

import json
from collections.abc import Iterable, Mapping

from onemap.layers.messages import phrase
from onemap.rules.packs.kind_register import titles_of
from onemap.rules.packs.projects import BY_CODE
from onemap.rules.packs.rule import Rule


def excuse_text(rule: Rule, excused_by: str | None, language: str) -> str:
    """Why a rule does not apply to a project: its class, and by what it is of it; "" where it applies.

    excused_by: as the column of findings has it, which runs of old lack.
    """
    if not excused_by:
        return ""
    facts = json.loads(excused_by)
    item = next((one for one in rule.unless if one.name == facts["class"]), None)
    value = facts["value"]
    if facts["by"] != BY_CODE and item is not None:
        kinds = [item.register.kinds[name] for name in value.split(",") if name in item.register.kinds]
        value = phrase("said.comma", language).join(titles_of(kinds, language)) or value
    title = (item.title.get(language) if item else None) or facts["class"]
    return phrase(f"excuse.{facts['by']}", language, title=title, value=value)


def excuse_texts(rows: Iterable[Mapping[str, str | None]], rule: Rule, language: str) -> list[str]:
    """The different excuses of some findings of a rule, in their order."""
    texts = (excuse_text(rule, row.get("excused_by"), language) for row in rows)
    return list(dict.fromkeys(filter(None, texts)))
