"""What `prove` says to people."""

from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView

Result = dict[str, Any]
_MOST_LINES = 40  # of each sort; the report and JSON have all


def prove_view(result: Result, language: str) -> AnswerView:
    """How the cases stand, then what fails, what is not shown, and which errors nobody would notice."""
    if "text" in result:
        return AnswerView(opening=[phrase("said.prove_new", language, **result), "", result["text"].rstrip()])
    head = {**result, "rules": len(result["rules"]), "uncovered": len(result["uncovered"])}
    rows = [_failed(one, language) for one in result["failed"]]
    rows += [_uncovered(rule, result["rules"][rule], language) for rule in result["uncovered"]]
    lines = [phrase("said.prove", language, **head)]
    if mutants := result.get("mutants"):
        lines.append(phrase("said.prove_mutants", language, **{**mutants, "equal": len(mutants["equal"])}))
        rows += [_row(phrase("said.prove_survived", language, **one), one["rule"]) for one in mutants["survived"]]
    heads = [AnswerRow(line, line=()) for line in lines]  # a window has no lines before its rows
    shown = [*heads, *rows[:_MOST_LINES]]
    more = len(rows) - _MOST_LINES
    closing = [phrase("said.more_rows", language, count=more)] if more > 0 else []
    closing += [phrase("said.prove_report", language, report=place) for place in result.get("report", ())]
    return AnswerView(shown, lines, closing)


def _row(text: str, rule: str) -> AnswerRow:
    return AnswerRow(text, about={"rule": rule}, line=(text,))


def _failed(one: Result, language: str) -> AnswerRow:
    verdict = phrase(f"verdict.{one['verdict']}", language)
    expected = one["expected"]
    for code in ("prohibited", "restricted", "unknown", "consult", "notice", "clear"):
        expected = expected.replace(code, phrase(f"verdict.{code}", language))
    rules = phrase("said.prove_rules", language, rules=one["rule"]) if one["rule"] else ""
    facts = {"case": one["case"], "expected": expected, "verdict": verdict, "rule": rules}
    return _row(phrase("said.prove_failed", language, **facts), one["rule"])


def _uncovered(rule: str, counts: Result, language: str) -> AnswerRow:
    lacks = [phrase(f"clause.{clause}", language) for clause, count in counts.items() if count == 0]
    words = phrase("said.comma", language).join(lacks)
    return _row(phrase("said.prove_uncovered", language, rule=rule, lacks=words), rule)
