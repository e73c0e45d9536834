"""The facts of a project that rules ask for, and how many rules wait for some."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerView


def facts_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each fact, with the rules that ask for it; then how many rules wait, with each of them."""
    titles = {rule["rule"]: rule["title"] for rule in result["rules"]}
    rows = [_fact_row(fact, titles, language) for fact in result["parcels"]]
    waiting = [AnswerRow(titles[rule], about={"rule": rule}) for rule in result["waiting"]]
    counts = {"waiting": len(waiting), "count": len(result["rules"])}
    name = phrase("said.facts_waiting", language, **counts)
    return AnswerView([*rows, AnswerRow(name, is_open=False, rows=waiting, line=[name])])


def _fact_row(fact: Mapping[str, Any], titles: Mapping[str, str], language: str) -> AnswerRow:
    count = len(fact["rules"])
    below = [AnswerRow(titles.get(rule, rule), about={"rule": rule}) for rule in fact["rules"]]
    line = phrase("said.facts_asked", language, **{**fact, "count": count})
    return AnswerRow(fact["title"], [Amount(count, "count")], fact["name"], is_open=False, rows=below, line=[line])
