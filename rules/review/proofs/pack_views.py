"""The rows of packs for people: the results of their cases, their differences, and their rules by department."""

import re
from collections.abc import Sequence
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.contract.declaration import Result
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerTable, AnswerView, Column

# What a rule becomes, as people want to see it: the strictest first.
CHANGES = ("new", "gone", "stricter", "milder", "both", "otherwise", "law", "words")
# A verdict as a word of its own: what a template's or an indicator's case names is no verdict.
_VERDICT = re.compile(r"(?<![\w.])(prohibited|restricted|unknown|consult|notice|clear)(?![\w.])")
_MOST_LINES = 40  # of each sort; the report and JSON have all


def prove_view(result: Result, language: str) -> AnswerView:
    """A summary of the cases, followed by what fails, what is not covered, and which errors no case would detect."""
    if "text" in result:
        return AnswerView(opening=[phrase("said.prove_new", language, **result), "", result["text"].rstrip()])
    head = {**result, "rules": len(result["rules"]), "uncovered": len(result["uncovered"])}
    rows = [_failed_row(one, language) for one in result["failed"]]
    rows += [_uncovered_row(rule, result["rules"][rule], language) for rule in result["uncovered"]]
    lines = [phrase("said.prove", language, **head)]
    if mutants := result.get("mutants"):
        lines.append(phrase("said.prove_mutants", language, **{**mutants, "equal": len(mutants["equal"])}))
        rows += [_row(phrase("said.prove_survived", language, **one), one["rule"]) for one in mutants["survived"]]
    heads = [AnswerRow(line, line=()) for line in lines]  # a window has no lines before its rows
    shown_rows = [*heads, *rows[:_MOST_LINES]]
    more = len(rows) - _MOST_LINES
    closing = [phrase("said.more_rows", language, count=more)] if more > 0 else []
    closing += [phrase("said.prove_report", language, report=place) for place in result.get("report", ())]
    return AnswerView(shown_rows, lines, closing)


def _row(text: str, rule: str) -> AnswerRow:
    return AnswerRow(text, about={"rule": rule}, line=(text,))


def _failed_row(one: Result, language: str) -> AnswerRow:
    expected, verdict = (
        _VERDICT.sub(lambda match: phrase(f"verdict.{match[0]}", language), one[key]) for key in ("expected", "verdict")
    )
    rules = phrase("said.prove_rules", language, rules=one["rule"]) if one["rule"] else ""
    facts = {"case": one["case"], "expected": expected, "verdict": verdict, "rule": rules}
    return _row(phrase("said.prove_failed", language, **facts), one["rule"])


def _uncovered_row(rule: str, counts: Result, language: str) -> AnswerRow:
    lacks = [phrase(f"clause.{clause}", language) for clause, count in counts.items() if count == 0]
    words = phrase("said.comma", language).join(lacks)
    return _row(phrase("said.prove_uncovered", language, rule=rule, lacks=words), rule)


def differences_view(result: Result, language: str) -> AnswerView:
    """The number of rules by kind of change, each rule with its sentences, and parcels whose verdict changes."""
    counts = [
        f"{phrase(f'pack_difference.{name}', language)} {result['counts'][name]}"
        for name in CHANGES
        if result["counts"].get(name)
    ]
    heads = {
        **result,
        "counts": phrase("said.comma", language).join(counts) or phrase("pack_difference.none", language),
    }
    opening = phrase("pack_difference.counts", language, **heads)
    rows = [AnswerRow(opening, line=())]  # a window has no lines before its rows
    for name in CHANGES:
        ofs = [_difference_row(one, language) for one in result["rules"] if one["change"] == name]
        rows += [_headed(phrase(f"pack_difference.{name}", language), ofs, len(ofs), language)] if ofs else []
    if result["pack"]:
        others = [AnswerRow(one["sentence"], line=(one["sentence"],)) for one in result["pack"]]
        rows.append(_headed(phrase("pack_difference.pack", language), others, len(others), language))
    if turned_parcels := result.get("turned"):
        title = phrase("pack_difference.turned", language, count=len(turned_parcels), run=result["run"])
        rows.append(AnswerRow(title, rows=[_turned_row(one, language) for one in turned_parcels], line=(title,)))
    closing = [phrase("pack_difference.none_turned", language, run=result["run"])] if result.get("turned") == [] else []
    rows += [AnswerRow(line, line=()) for line in closing]
    return AnswerView(rows, [opening], closing)


def _headed(title: str, rows: list[Any], count: int, language: str) -> AnswerRow:
    """Rows below a head that counts them."""
    head = phrase("pack_difference.head", language, title=title, count=count)
    return AnswerRow(head, rows=rows, line=(head,))


def _difference_row(one: Result, language: str) -> AnswerRow:
    below = [AnswerRow(key["sentence"], line=(key["sentence"],)) for key in one["keys"]]
    name = phrase("pack_difference.rule", language, **one)
    return AnswerRow(name, hint=one["rule"], about={"rule": one["rule"]}, sign=one["verdict"], rows=below, line=(name,))


def _turned_row(one: Result, language: str) -> AnswerRow:
    words = [phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to")]
    text = phrase("pack_difference.parcel", language, parcel=one["parcel"], before=words[0], after=words[1])
    return AnswerRow(text, hint=", ".join(one["rules"]), about={"parcel": one["parcel"]}, line=(text,))


def pack_view(result: Result, language: str) -> AnswerView:
    """The rules by department, each with its law, its number of hits, and its differences from the pack's origin."""
    heads = [phrase(f"pack_form.{name}", language) for name in ("rule", "verdict", "law", "hits", "change")]
    parts: list[AnswerRow | AnswerTable] = []
    for one in result["departments"]:
        rows = [_form_row(rule, language) for rule in one["rules"]]
        table = AnswerTable([Column(head, is_number=at == 3) for at, head in enumerate(heads)], rows)
        parts.append(_headed(one["title"], [table], len(rows), language))
    pack = result["pack"]
    facts = {"id": pack["id"], "version": pack["version"], "hash": pack["hash"][:12]}
    opening = [phrase("pack_form.head", language, title=pack["title"].get(language, pack["id"]), **facts)]
    if result["origin"]:
        opening.append(phrase("pack_form.origin", language, **result["origin"]))
    return AnswerView(parts, opening)


def _form_row(rule: Result, language: str) -> AnswerRow:
    verdict = phrase(f"verdict.{rule['verdict']}", language)
    hits = "" if rule["hits"] is None else str(rule["hits"])
    values: Sequence[str] = (verdict, rule["law"], hits, rule["mark"])
    return AnswerRow(rule["title"], values, hint=rule["rule"], about={"rule": rule["rule"]}, sign=rule["verdict"])
