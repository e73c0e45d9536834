"""The laws that packs name, each edition with its days, in one table, so that a correction serves all rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from onemap.layers.errors import Problem
from onemap.layers.messages import names_in_short
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.packs.legal_basis import LegalBasis
from onemap.rules.judge.packs.pack import Pack


@dataclass(frozen=True)
class Law:
    """One edition of a law.

    first_day: None where it is not known; to: its last day in force, None while it is; successor: the law that
    replaced it.
    """

    title: str
    first_day: date | None
    to: date | None
    successor: str


@cache
def laws() -> Mapping[str, Sequence[Law]]:
    """The editions of every known law, by its title."""
    editions: dict[str, list[Law]] = {}
    for item in shipped_table("laws.toml")["law"]:
        law = Law(item["title"], item.get("from"), item.get("to"), item.get("successor", ""))
        editions.setdefault(law.title, []).append(law)
    return editions


def repealed_laws(packs: Sequence[Pack], day: date) -> list[Problem]:
    """A problem for each law that rules of the packs cite as holding on a day on which it is repealed."""
    problems = []
    for rule in (rule for pack in packs for rule in pack.rules):
        for entry in rule.basis:
            law = _repealed_law(entry, day)
            if law is not None and law.to is not None:
                place = {"file": rule.pack, "feature": rule.id, "rule": rule.id, "field": "basis", "key": "basis"}
                facts = {"law": law.title, "to": law.to.isoformat(), "successor": law.successor or "–"}
                problems.append(Problem("rule.repealed", {**place, **facts}))
    return problems


def later_laws(packs: Sequence[Pack], day: date) -> list[Problem]:
    """One problem if rules of the packs cite laws for a day before the first day of every edition that is known."""
    rules, later = set(), {}
    for rule in (rule for pack in packs for rule in pack.rules):
        for entry in rule.basis:
            first = min((edition.first_day or date.min for edition in laws().get(entry.law, ())), default=day)
            if entry.is_in_force(day) and first > day:
                rules.add((rule.pack, rule.id))
                later[f"{entry.law} {first.isoformat()}"] = first
    names = names_in_short(sorted(later, key=lambda name: later[name], reverse=True))
    return [Problem("rule.later_laws", {"count": len(rules), "day": day.isoformat(), "laws": names})] if later else []


def _repealed_law(entry: LegalBasis, day: date) -> Law | None:
    """The law of an entry of a basis if it is repealed on a day for which the entry cites it, else None."""
    editions = laws().get(entry.law, ())
    if not entry.is_in_force(day) or not editions or any(law.to is None or day <= law.to for law in editions):
        return None
    return max(editions, key=lambda law: law.to or date.min)
