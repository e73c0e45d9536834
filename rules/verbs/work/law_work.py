"""The verb `laws`: the rules of packs with the law that each rests on, as a page that a bureau checks."""

from datetime import date
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.packs.rule import Rule, is_in_force


def laws(values: Values, context: VerbContext) -> Result:
    """Each rule with its legal basis, and what of it is in force on a day.

    Raises OneMapError pack.…, rule.….
    """
    from onemap.layers.catalogue.catalogue import shipped_catalogue
    from onemap.rules.judge.packs.pack import DEFAULT_PACK, joined_rules, pack_text, parse_packs

    day, language = values.get("as_of") or date.today(), context.language
    packs = parse_packs([pack_text(name) for name in values.get("pack") or [DEFAULT_PACK]], shipped_catalogue())
    rules = [_record(rule, day, language) for rule in joined_rules(packs)]
    return {"ok": True, "as_of": day.isoformat(), "packs": [pack.record() for pack in packs], "rules": rules}


def _record(rule: Rule, day: date, language: str) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "pack": rule.pack,
        "succeeds": list(rule.succeeds),
        "title": rule.title.get(language) or next(iter(rule.title.values()), ""),
        "department": rule.department,
        "department_title": named_groups()["departments"][rule.department][language],
        "verdict": rule.verdict,
        "confidence": rule.confidence,
        "basis": [_entry(dict(entry), day, language) for entry in rule.basis],
    }


def _entry(entry: dict[str, Any], day: date, language: str) -> dict[str, Any]:
    """An entry of a basis: law, article, and the days on which it holds; in_force: whether it does on the day."""
    subject = entry.get("subject", {})
    return {
        "law": entry["law"],
        "article": entry.get("article", ""),
        "edition": entry.get("edition", ""),
        "subject": subject.get(language) or next(iter(subject.values()), ""),
        "from": str(entry["from"]) if "from" in entry else None,
        "to": str(entry["to"]) if "to" in entry else None,
        "in_force": is_in_force(entry, day),
    }
