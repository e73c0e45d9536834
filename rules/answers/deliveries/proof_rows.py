"""The rows of a proof for people: score and grade, followed by the problems by check, the most severe first."""

from collections.abc import Mapping

from onemap.layers.errors import joined_sentences
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.answers.deliveries.check_kinds import MOST_LISTED, SEVERITIES, SIGNS
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView

_MOST_LINES = 10  # of one check in plain text


def proof_lines(result: Record, title: str, language: str) -> list[str]:
    """Score and grade, the number of problems, and the changes since the last proof.

    title: of the template.
    """
    lines = [grade_text(result, title, language), counts_text(result, language)]
    if again := result.get("again"):
        lines.append(phrase("proof_words.again", language, **again))
    return lines


def grade_text(result: Record, title: str, language: str) -> str:
    """The grade and the score under a template. title: of the template."""
    grade = phrase(f"proof_words.{result['grade']}", language)
    return phrase("proof_words.head", language, template=title, score=f"{result['score']:g}", grade=grade)


def counts_text(result: Record, language: str) -> str:
    """The number of problems by severity, and the checks that stopped at the limit."""
    counts = phrase("proof_words.counts", language, **result["counts"])
    if not result["cut"]:
        return counts
    cut = phrase("proof_words.cut", language, most=f"{MOST_LISTED:,}", checks=", ".join(result["cut"]))
    return counts + cut


def proof_view(result: Record, language: str) -> AnswerView:
    """The rows of an answer of `validate`."""
    by_check: dict[str, list[tuple[int, Record]]] = {}
    for number, problem in enumerate(result["problems"], start=1):
        by_check.setdefault(problem["check"], []).append((number, problem))
    titles = {one["check"]: one["title"] for one in result["checked"]}
    parts = [_check_row(check, titles[check], problems, language) for check, problems in by_check.items()]
    closing = []
    if result["granted"]:
        parts.append(_granted_row(result, titles, language))
    if result["lapsed"]:
        closing.append(phrase("proof_words.lapsed", language, count=len(result["lapsed"])))
    reports = result.get("report") or ()
    for report in [reports] if isinstance(reports, str) else reports:
        closing.append(phrase("proof_words.report", language, report=report))
    if result.get("findings"):
        closing.append(phrase("proof_words.findings", language, findings=result["findings"]))
    return AnswerView(parts, result["opening"], closing)


def _check_row(check: str, title: str, problems: list[tuple[int, Record]], language: str) -> AnswerRow:
    """One check with its problems."""
    worst = min((problem["severity"] for _, problem in problems), key=SEVERITIES.index)
    severity = phrase(f"proof_words.{worst}", language)
    layers = {problem["layer"] for _, problem in problems}
    layer = layers.pop() if len(layers) == 1 else None
    name = " · ".join(filter(None, (title, layer)))
    below = [_problem_row(number, problem, at < _MOST_LINES, language) for at, (number, problem) in enumerate(problems)]
    if len(problems) > _MOST_LINES:
        more = phrase("proof_words.more", language, count=len(problems) - _MOST_LINES)
        below.append(AnswerRow("", line=(more,)))
    line = (f"{check} · {severity} · {len(problems)}",)
    values = (f"{severity} · {len(problems)}",)
    return AnswerRow(name, values, check, {"check": check}, sign=SIGNS[worst], rows=below, line=line)


def _problem_row(number: int, problem: Record, has_line: bool, language: str) -> AnswerRow:
    """One problem. number: its position among all, which the layers of findings use, too."""
    place = " · ".join(filter(None, (problem["path"], problem["layer"], problem["feature"]))) or problem["check"]
    says = joined_sentences(problem["message"], problem["mend"])
    about: dict[str, str | int] = {"number": number, "hash": problem["hash"]}
    subject = problem["feature"] or problem["layer"] or problem["path"].rpartition("/")[2]
    colon = "：" if language == "zh" else ": "
    return AnswerRow(
        problem["message"] if subject in problem["message"] else f"{subject}{colon}{problem['message']}",
        hint="\n".join((place, problem["mend"])),
        about=about,
        sign=SIGNS[problem["severity"]],
        line=(f"{place}{colon}{says}",) if has_line else None,
    )


def _granted_row(result: Record, titles: Mapping[str, str], language: str) -> AnswerRow:
    head = phrase("proof_words.granted", language, count=len(result["granted"]))
    below = []
    for one in result["granted"]:
        by = phrase("proof_words.by", language, who=one["who"], when=one["when"], reason=one["reason"])
        place = " · ".join(filter(None, (one["path"], one["layer"], one["feature"])))
        name = " · ".join(filter(None, (titles[one["check"]], one["layer"], one["feature"], by)))
        line = (" · ".join(filter(None, (one["check"], place, by))),)
        below.append(AnswerRow(name, (), f"{place}\n{one['message']}", {"granted": one["hash"]}, line=line))
    return AnswerRow(head, rows=below, line=(head,))
