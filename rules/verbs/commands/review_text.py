"""The texts of the review's verbs for people: rows of a case, and plain lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from onemap.layers.area_units import hectares_text
from onemap.layers.messages import list_text, phrase
from onemap.rules.answers.remedy.alternative_rows import alternative_rows, remedy_lines
from onemap.rules.contract.declaration import Result
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerView,
    Part,
    amount_text,
    assumed_rows,
    part_lines,
    sentence_row,
)
from onemap.rules.display.rows.run_views import unasked_row, verdict_table
from onemap.rules.review.case_rows import cases_view, changes_rows, entry_rows, finding_remarks, head_line, opinion_rows


def _review_phrase(name: str, language: str, /, **facts: Any) -> str:
    return phrase(f"review_said.{name}", language, **facts)


def _department_names(result: Result) -> dict[str, str]:
    return {opinion["department"]: opinion["department_title"] for opinion in result["opinions"]}


def case_view(result: Result, language: str) -> AnswerView:
    """A case: its opinions, its steps, the opinions of each round, and its outcome."""
    return AnswerView(case_parts(result, language), closing=_outcome_lines(result, _department_names(result), language))


def case_parts(result: Result, language: str) -> list[AnswerRow]:
    """The opinions of a case, its steps, and the opinions of each round."""
    names = _department_names(result)
    fact_texts = [{"title": fact["title"], "value": fact["value"]} for fact in result["facts"]]
    facts = [AnswerRow(fact["title"], (fact["value"],)) for fact in fact_texts]
    below = [AnswerRow("", line=(_review_phrase("fact", language, **fact),)) for fact in fact_texts]
    below += opinion_rows(result["opinions"], language)
    bodies = _body_lines(result["bodies"], language)
    below += [AnswerRow("", line=(line,)) for line in bodies]
    below += [AnswerRow("", line=(notice_line(notice, language),)) for notice in result["notices"]]
    below += [AnswerRow("", line=(_review_phrase("attached", language, **file),)) for file in result["files"]]
    head = head_line(result, language)
    parts = [
        AnswerRow(head, about={"list": "opinions"}, rows=below, line=(head,)),
        AnswerRow(head, about={"list": "facts"}, rows=facts),
        AnswerRow(head, about={"list": "bodies"}, rows=[AnswerRow(line) for line in bodies]),
        AnswerRow(head, about={"list": "entries"}, rows=entry_rows(result["entries"], names, language)),
    ]
    for one in result["rounds"]:
        name = _review_phrase("round", language, round=one["round"])
        rows = opinion_rows(one["opinions"], language)
        parts.append(AnswerRow(name, about={"list": "round", "round": one["round"]}, rows=rows))
    last_remedy = [one for one in result["remedies"] if "alternatives" in one][-1:]
    rows = [row for one in last_remedy for row in alternative_rows(one["alternatives"], language)]
    parts.append(AnswerRow(head, about={"list": "remedy"}, rows=rows))
    return parts


def _outcome_lines(result: Result, names: Mapping[str, str], language: str) -> list[str]:
    """The outcome of a case, its warnings, and steps that were entered late. names: the departments' names."""
    lines = []
    if result["conclusion"]:
        conclusion = phrase(f"conclusion.{result['conclusion']}", language)
        lines.append(_review_phrase("overall", language, conclusion=conclusion))
    if result["document"]:
        lines.append(_review_phrase("document", language, document=result["document"]))
    lines += [f"  ! {warning}" for warning in result["warnings"]]
    lines += [f"  {_late(entry, names, language)}" for entry in result["entries"] if entry["entered_on"]]
    if result.get("instead_of"):
        before = result["instead_of"]
        conclusion = phrase(f"conclusion.{before['conclusion']}", language)
        lines.append("  ! " + _review_phrase("instead_of", language, by=before["by"], conclusion=conclusion))
    return lines


def _with_lines(result: Result, lines: Sequence[str], language: str) -> AnswerView:
    view = case_view(result, language)
    return replace(view, closing=[*view.closing, *lines])


def _body_lines(bodies: Sequence[Result], language: str) -> list[str]:
    """The bodies that are asked on paper, those in one state together: their answer, or the day when it is due."""
    titles: dict[str, list[str]] = {}
    for body in bodies:
        marks = [_review_phrase("on_paper", language)]
        if body["answer"]:
            marks.append(phrase(f"conclusion.{body['answer']['conclusion']}", language))
        elif body["due"]:
            marks.append(_review_phrase("due", language, due=body["due"]))
        marks += [_review_phrase("overdue", language)] if body["overdue"] else []
        titles.setdefault(" · ".join(marks), []).append(body["title"])
    return [f"{list_text(names, language)} · {marks}" for marks, names in titles.items()]


def _open_view(result: Result, language: str) -> AnswerView:
    """The case with a new round: the verdicts of its parcels, and by what they were judged."""
    parts: list[Part] = [verdict_table(result["verdicts"], language), *_judged_rows(result, language)]
    return _with_lines(result, part_lines(parts, language), language)


def _judged_rows(result: Result, language: str) -> list[AnswerRow]:
    """The layers of assumed coverage by which a round was judged, and the rules that were not asked."""
    return [
        *assumed_rows(result["layers"], language),
        unasked_row(result["rules"], result["unasked"], language),
    ]


def _show_view(result: Result, language: str) -> AnswerView:
    """The case, and by what its parcels were judged."""
    if "damaged" in result:
        return _with_lines(result, (), language)
    rows = _judged_rows(result, language)
    rows += [_finding_row(one, language) for one in result.get("findings", ())]
    view = _with_lines(result, part_lines(rows, language), language)
    return replace(view, parts=[*view.parts, *(replace(row, line=None) for row in rows)])


def _finding_row(finding: Result, language: str) -> AnswerRow:
    """A finding of the requested department: its parcel, its verdict, its rule, what limits it, and the law."""
    area_m2, remarks = finding["area_ellipsoidal_m2"], finding_remarks(finding, language)
    area = "" if area_m2 is None else amount_text(Amount(area_m2, "m2"), language)
    words = finding["parcel"], verdict_words(finding["verdict"], language), finding["title"], area, remarks
    line = " · ".join(filter(None, (*words, finding["basis"])))
    values = (*words[1:3], finding["basis"])
    return AnswerRow(finding["parcel"], values, remarks, about={"rule": finding["rule"]}, line=(line,))


def _late(entry: Result, names: Mapping[str, str], language: str) -> str:
    """A step that was entered late, with both of its days. names: the departments' names."""
    department = f" {names[entry['department']]}" if entry["department"] else ""
    action = phrase(f"review_done.{entry['action']}", language) + department
    return _review_phrase("entered", language, action=action, on=entry["on"], entered_on=entry["entered_on"])


def _remedy_view(result: Result, language: str) -> AnswerView:
    last_remedy = result["remedies"][-1]
    facts = {name: last_remedy[name] for name in ("parcels", "passing", "whole", "run")}
    sums = {name: hectares_text(last_remedy[f"{name}_m2"]) for name in ("cut", "dropped")}
    lines = [phrase("said.remedy", language, **facts, **sums), *remedy_lines(last_remedy, language)]
    return _with_lines(result, lines, language)


def _recheck_view(result: Result, language: str) -> AnswerView:
    changes = result["changes"]
    count = _review_phrase("changes", language, count=sum(map(len, changes.values())))
    rows = changes_rows(changes, _department_names(result), language)
    of_case = [replace(part, line=None) for part in case_parts(result, language)]
    return AnswerView([*rows, *of_case], [head_line(result, language), count])


def _publish(result: Result, language: str) -> str:
    lines = [
        _review_phrase("published", language, code=code, version=version)
        for code, version in result["layers"].items()
        if version
    ]
    return "\n".join(lines) or _review_phrase("published_none", language)


def _written_text(result: Result, language: str) -> str:
    lines = [_review_phrase("written", language, target=result["target"]), result.get("fonts")]
    return "\n".join(filter(None, lines))


def history_view(result: Result, language: str) -> AnswerView:
    """The log: a row for each entry, with its number if it has one, and its details in the tooltip."""
    rows = []
    for row in result["rows"]:
        words, number = (moment_text(row["at"]), row["who"], row["step"], row["what"]), str(row["number"] or "–")
        rows.append(AnswerRow(number, words, row["details"] or "", line=(f"{number:>6}  {' · '.join(words)}",)))
    if result.get("unread"):
        rows.append(sentence_row("log_only", language))
    return AnswerView(rows)


def _comments_view(result: Result, language: str) -> AnswerView:
    """A notice, and its comments with their authors and the lead's replies."""
    head = f"{result['project']} · {notice_line(result['notice'], language)}"
    rows = [_comment_row(comment, language) for comment in result["comments"]]
    return AnswerView([AnswerRow(head, about={"list": "comments"}, rows=rows, line=(head,))])


def notice_line(notice: Result, language: str) -> str:
    """A notice in one line: its kind and number, its last day, and the number of comments."""
    kind = phrase(f"notice_kind.{notice['kind']}", language)
    state = "over" if notice["over"] else "open" if notice["open"] else "closed"
    facts = {"until": notice["until"], "closed_on": notice["closed_on"], "by": notice["closed_by"]}
    count_text = phrase("notice_said.counted", language, comments=notice["comments"], replied=notice["replied"])
    lasts = phrase(f"notice_said.{state}", language, **facts)
    return " · ".join((f"{kind} {notice['notice']}", lasts, count_text))


def _comment_row(comment: Result, language: str) -> AnswerRow:
    who = (
        phrase("notice_said.erased", language)
        if comment["erased"]
        else "　".join(filter(None, (comment["name"], comment["place"])))
    )
    marks = [who or "–", comment["day"]]
    marks += [phrase("notice_said.consents", language)] if comment["consent"] and comment["name"] else []
    rows = []
    if comment["reply"]:
        facts = {"by": comment["replied_by"], "on": comment["replied_on"], "text": comment["reply"]}
        line = phrase("notice_said.reply", language, **facts)
        rows.append(AnswerRow(line, line=(f"      {line}",)))
    words = (comment["text"], " · ".join(marks))
    about = {"comment": comment["comment"]}
    line = f"  {comment['comment']:>4}  {' · '.join(marks)}\n        {comment['text']}"
    return AnswerRow(str(comment["comment"]), words, about=about, rows=rows, line=(line,))


_STEPS = (
    *("circulate", "opine", "sign", "return", "override", "extend"),
    *("consolidate", "issue", "withdraw"),
    *("notice", "respond", "close", "erase"),
)
REVIEW_VIEWS: dict[str, Callable[[Result, str], AnswerView]] = {
    **{f"review {step}": case_view for step in _STEPS},
    "review open": _open_view,
    "review revise": _open_view,
    "review show": _show_view,
    "review list": cases_view,
    "review recheck": _recheck_view,
    "review remedy": _remedy_view,
    "review comments": _comments_view,
    "history": history_view,
}
REVIEW_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "review publish": _publish,
    "review export": _written_text,
    "review attachment": _written_text,
}
