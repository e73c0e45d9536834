"""What a proof says to people: score and grade, then the problems by check, the most severe first."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import joined_sentences
from onemap.layers.messages import phrase
from onemap.rules.answers.deliveries.check_kinds import SEVERITIES
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView

Record = Mapping[str, Any]
_MOST_LINES = 10  # of one check in plain text


def proof_view(result: dict[str, Any], language: str) -> AnswerView:
    """The rows of an answer of `validate`."""
    grade = phrase(f"proof_words.{result['grade']}", language)
    facts = {"template": result["template"], "score": f"{result['score']:g}", "grade": grade}
    opening = [
        phrase("proof_words.head", language, **facts),
        phrase("proof_words.counts", language, **result["counts"]),
    ]
    by_check: dict[str, list[Record]] = {}
    for problem in result["problems"]:
        by_check.setdefault(problem["check"], []).append(problem)
    parts = [_check_row(check, problems, language) for check, problems in by_check.items()]
    closing = []
    if result["granted"]:
        parts.append(_granted_row(result, language))
    if result["lapsed"]:
        closing.append(phrase("proof_words.lapsed", language, count=len(result["lapsed"])))
    reports = result.get("report") or ()
    for report in [reports] if isinstance(reports, str) else reports:
        closing.append(phrase("proof_words.report", language, report=report))
    if result.get("findings"):
        closing.append(phrase("proof_words.findings", language, findings=result["findings"]))
    return AnswerView(parts, opening, closing)


def _check_row(check: str, problems: list[Record], language: str) -> AnswerRow:
    """One check with its problems."""
    worst = min((problem["severity"] for problem in problems), key=SEVERITIES.index)
    severity = phrase(f"proof_words.{worst}", language)
    head = f"{check} · {severity} · {len(problems)}"
    below = [_problem_row(problem, at < _MOST_LINES, language) for at, problem in enumerate(problems)]
    if len(problems) > _MOST_LINES:
        more = phrase("proof_words.more", language, count=len(problems) - _MOST_LINES)
        below.append(AnswerRow("", line=(more,)))
    return AnswerRow(check, (severity, str(len(problems))), about={"check": check}, rows=below, line=(head,))


def _problem_row(problem: Record, has_line: bool, language: str) -> AnswerRow:
    place = " · ".join(filter(None, (problem["path"], problem["layer"], problem["feature"])))
    says = joined_sentences(problem["message"], problem["mend"])
    about: dict[str, str | int] = {"hash": problem["hash"]}
    if problem["x"] is not None:
        about |= {"x": str(problem["x"]), "y": str(problem["y"])}
    name = place or problem["check"]
    colon = "：" if language == "zh" else ": "
    return AnswerRow(
        name, (problem["message"],), problem["mend"], about, line=(f"{name}{colon}{says}",) if has_line else None
    )


def _granted_row(result: Record, language: str) -> AnswerRow:
    head = phrase("proof_words.granted", language, count=len(result["granted"]))
    below = []
    for one in result["granted"]:
        by = phrase("proof_words.by", language, who=one["who"], when=one["when"], reason=one["reason"])
        text = " · ".join(filter(None, (one["check"], one["path"], one["layer"], one["feature"], by)))
        below.append(AnswerRow(text, line=(text,)))
    return AnswerRow(head, rows=below, line=(head,))
