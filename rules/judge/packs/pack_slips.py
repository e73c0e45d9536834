"""Slips of rule packs: rules on repealed laws or blank ones, days turned round, conditions that are constant."""

from collections.abc import Iterator, Sequence
from datetime import date

from onemap.layers.errors import OneMapError, Problem
from onemap.rules.judge.kinds.constant_conditions import constant_clause
from onemap.rules.judge.packs.laws import later_laws, repealed_laws
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.rule import Rule


def refuse_slips(packs: Sequence[Pack], day: date) -> None:
    """Refuse packs that are given anew, or put in force, on a day.

    Raises OneMapError rule.repealed, rule.basis, rule.days, rule.never, rule.always.
    """
    if problems := _slips(packs, day):
        raise OneMapError.of(problems)


def slips_of(packs: Sequence[Pack], day: date) -> list[Problem]:
    """The problems of packs that a library keeps and that judge on a day: they are remarks, since the packs stand.

    Laws that came later are one of them: who judges a past day need not have a pack of that day.
    """
    return [*_slips(packs, day), *later_laws(packs, day)]


def _slips(packs: Sequence[Pack], day: date) -> list[Problem]:
    rules = [rule for pack in packs for rule in pack.rules]
    return [*repealed_laws(packs, day), *(problem for rule in rules for problem in _slips_of_rule(rule))]


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
