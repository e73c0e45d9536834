"""Slips of rule packs: laws repealed or blank, days turned round, constant conditions, misspelt measures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from string import Formatter

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import first_names
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.kinds.constant_conditions import constant_clause
from onemap.rules.judge.packs.keys import PLACEHOLDERS
from onemap.rules.judge.packs.legal_basis import LegalBasis
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.rule import Rule


def refuse_slips(packs: Sequence[Pack], day: date) -> None:
    """Refuse packs that are given anew, or put in force, on a day.

    Raises OneMapError rule.repealed, rule.basis, rule.days, rule.never, rule.always, rule.placeholder.
    """
    if problems := _slips(packs, day):
        raise OneMapError.of(problems)


def slips_of(packs: Sequence[Pack], day: date) -> list[Problem]:
    """The problems of packs that a library keeps and that judge on a day: they are remarks, since the packs stand.

    Laws that came later are one of them: who judges a past day need not have a pack of that day.
    """
    return [*_slips(packs, day), *_later_laws(packs, day)]


def _slips(packs: Sequence[Pack], day: date) -> list[Problem]:
    rules = [rule for pack in packs for rule in pack.rules]
    return [*_repealed_laws(packs, day), *(problem for rule in rules for problem in _slips_of_rule(rule))]


def _slips_of_rule(rule: Rule) -> Iterator[Problem]:
    place = {"file": rule.pack, "feature": rule.id, "rule": rule.id}
    for entry in rule.basis:
        if not entry.law.strip():
            yield Problem("rule.basis", {**place, "field": "basis"})
        first, last = entry.first_day, entry.last_day
        if first is not None and last is not None and first > last:
            days = {"law": entry.law, "from": first.isoformat(), "to": last.isoformat()}
            yield Problem("rule.days", {**place, "field": "basis", **days})
    wheres = (rule.for_layer(code).where for code in rule.layers_named)
    for key, text in (("when", rule.when), *(("where", where) for where in dict.fromkeys(wheres))):
        if text and (clause := constant_clause(text)):
            code = "rule.always" if clause.holds else "rule.never"
            yield Problem(code, {**place, "field": key, "key": key, "condition": clause.text})
    for key, wordings in (("finding", rule.finding), ("draft", rule.draft)):
        names = {name for text in wordings.values() for _, name, _, _ in Formatter().parse(text) if name is not None}
        if unknown := sorted(names.difference(PLACEHOLDERS)):
            yield Problem(
                "rule.placeholder", {**place, "field": key, "key": key, "names": unknown, "known": PLACEHOLDERS}
            )


@dataclass(frozen=True)
class _Law:
    """One edition of a law.

    first_day: None where it is not known; to: its last day in force, None while it is; successor: the law that
    replaced it.
    """

    title: str
    first_day: date | None
    to: date | None
    successor: str


@cache
def _laws() -> Mapping[str, Sequence[_Law]]:
    """The editions of every known law, by its title."""
    editions: dict[str, list[_Law]] = {}
    for item in shipped_table("laws.toml")["law"]:
        law = _Law(item["title"], item.get("from"), item.get("to"), item.get("successor", ""))
        editions.setdefault(law.title, []).append(law)
    return editions


def _repealed_laws(packs: Sequence[Pack], day: date) -> list[Problem]:
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


def _later_laws(packs: Sequence[Pack], day: date) -> list[Problem]:
    """One problem if rules of the packs cite laws for a day before the first day of every edition that is known."""
    rules, later = set(), {}
    for rule in (rule for pack in packs for rule in pack.rules):
        for entry in rule.basis:
            first = min((edition.first_day or date.min for edition in _laws().get(entry.law, ())), default=day)
            if entry.is_in_force(day) and first > day:
                rules.add((rule.pack, rule.id))
                later[f"{entry.law} {first.isoformat()}"] = first
    names = first_names(sorted(later, key=lambda name: later[name], reverse=True))
    return [Problem("rule.later_laws", {"count": len(rules), "day": day.isoformat(), "laws": names})] if later else []


def _repealed_law(entry: LegalBasis, day: date) -> _Law | None:
    """The law of an entry of a basis if it is repealed on a day for which the entry cites it, else None."""
    editions = _laws().get(entry.law, ())
    if not entry.is_in_force(day) or not editions or any(law.to is None or day <= law.to for law in editions):
        return None
    return max(editions, key=lambda law: law.to or date.min)
