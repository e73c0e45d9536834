"""The rows of the review for people: the list of cases, opinions and steps, and what a recheck would change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from onemap.layers.messages import pair_text, phrase
from onemap.layers.records import Record
from onemap.rules.contract.verdict import most_severe
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerView, amount_text
from onemap.rules.display.rows.turned_words import turned_words
from onemap.rules.review.cases.case import WAITING, CaseState, OpinionState

# What presses most stands first in a list.
_BY_URGENCY = (CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.DRAFT, CaseState.ISSUED, CaseState.WITHDRAWN)
_OVERDUE, _STALE, _WRITTEN = "!", "◐", "✎"
_MACHINE = "onemap"  # who has drafted what no person has touched
_NONE = "–"


def cases_by_urgency(cases: Iterable[Record]) -> list[Record]:
    """Order cases by the urgency of their states, then by deadline, then the newest first."""
    newest = sorted(cases, key=lambda case: case["opened_on"], reverse=True)
    return sorted(
        newest,
        key=lambda case: (_BY_URGENCY.index(case["state"]), not case["overdue"], case["due"] or "9999"),
    )


def matches_text(case: Record, text: str) -> bool:
    """Whether a text occurs in a case's project, its number or its document's number, in any letter case."""
    return any(text.casefold() in str(case[name] or "").casefold() for name in ("project", "case", "document"))


def finding_remarks(finding: Mapping[str, Any], language: str) -> str:
    """Why a finding is unknown or does not count, and whether the coverage behind it is only assumed; else empty."""
    from onemap.rules.judge.kinds.reasons import reasons_text  # numpy, which the words of a step do without

    assumed = phrase("column.assumed", language) if finding["assumed"] else ""
    return phrase("said.comma", language).join(filter(None, (reasons_text(finding["reason"], language), assumed)))


def cases_view(result: Record, language: str) -> AnswerView:
    """A row for each case, by urgency: name, state, outcome; if it is only a page, a line with the total."""
    cases, rows = result["cases"], [_case_row(case, language) for case in cases_by_urgency(result["cases"])]
    total = result.get("total", len(cases))
    opening = [] if total else [_say("no_cases", language)]
    closing = [_say("case_page", language, count=len(cases), total=total)] if len(cases) < total else []
    return AnswerView(rows, opening, closing)


def _case_row(case: Record, language: str) -> AnswerRow:
    verdict = most_severe(case["verdicts"])
    stale = f" {_STALE}" if case["stale"] else ""
    state = f"{_state(case, language)}{stale}\n{_say('round', language, round=case['round'])}"
    outcome = "" if case["conclusion"] is None else conclusion_words(case["conclusion"], language)
    if case.get("unreadable"):
        outcome = _say("unreadable", language)
    elif case["state"] == "circulating":
        left = deadline_words(case["days_left"], case["due"], bool(case["overdue"]), language)
        outcome = f"{left}\n{_say('waiting', language, count=len(case['waiting']))}"
    number = case["document"] or case["case"]  # what people call it by; both stand in the tip
    lines = [f"{case['case']} · {phrase(f'verdict.{verdict}', language)}", case["document"]]
    lines += [_say("due_on", language, day=case["due"])] if case["due"] else []
    marks = [_say("due", language, due=case["due"])] if case["due"] else []
    marks += [_say("overdue", language)] if case["overdue"] else []
    marks += [_say("stale", language)] if case["stale"] else []
    marks += [_say("unreadable", language)] if case.get("unreadable") else []
    return AnswerRow(
        f"{case['project']}\n{number}",
        (state, outcome),
        "\n".join(filter(None, lines)),
        {"case": case["case"]},
        verdict,
        line=(" · ".join([head_line(case, language), *marks]),),
    )


def head_line(case: Record, language: str) -> str:
    """One line with a case's number, project, round and state."""
    return _say("case", language, **{**case, "state": _state(case, language)})


def opinion_rows(opinions: Sequence[Record], language: str) -> list[AnswerRow]:
    """A row for each opinion: conclusion, state, first line; below it who wrote and signed it, its text, its basis."""
    return [_opinion_row(opinion, language) for opinion in opinions]


def _opinion_row(opinion: Record, language: str) -> AnswerRow:
    is_by_machine = opinion["drafted_by"] == _MACHINE
    author, text = author_words(opinion, language), opinion["text"] or ""
    lines = [pair_text(opinion["department_title"], opinion["why_text"] or "", language), author]
    lines += [_say("due_on", language, day=opinion["due"])] if opinion["due"] else []
    lines += [_say("stopped_since", language, day=opinion["stopped_on"])] if opinion["stopped_on"] else []
    if opinion["stale_because"]:
        lines.append(_say("superseded", language, what=opinion["stale_titles"] or opinion["stale_because"]))
    if opinion["state"] == OpinionState.DRAFTED and not is_by_machine:
        lines.append(f"{_WRITTEN} {_say('unsigned', language)}")
    about = {
        "department": opinion["department"],
        "is_asked": bool(opinion["routed"]) or not is_by_machine,
        "is_overdue": bool(opinion["overdue"]),
    }
    below = [author, text, _say("basis", language, basis=opinion["basis_text"]) if opinion["basis_text"] else ""]
    return AnswerRow(
        opinion["department_title"],
        (conclusion_words(opinion["conclusion"], language), _opinion_state(opinion, language), text.partition("\n")[0]),
        "\n".join([*lines, "", text]),
        about,
        is_open=False,
        rows=[AnswerRow(one) for one in below if one],
        line=(f"{opinion['department_title']} · {' · '.join(_opinion_marks(opinion, language))}",),
    )


def _opinion_marks(opinion: Record, language: str) -> list[str]:
    """The state of an opinion as the words of a line."""
    marks = [
        phrase(f"opinion_state.{opinion['state']}", language),
        conclusion_words(opinion["conclusion"], language),
    ]
    if not opinion["routed"]:
        marks.append(_say("not_asked", language))
    elif opinion["due"]:
        marks.append(_say("due", language, due=opinion["due"]))
    if opinion["overdue"]:
        marks.append(_say("overdue", language))
    elif opinion["days_left"] is not None:
        marks.append(_say("left", language, days=opinion["days_left"]))
    marks += [_say("stale", language)] if opinion["stale"] else []
    return marks + ([_say("stopped", language)] if opinion["stopped_on"] else [])


def _opinion_state(opinion: Record, language: str) -> str:
    """The state of an opinion for a narrow column; signs mark what a person wrote and what is stale."""
    is_by_machine, state = opinion["drafted_by"] == _MACHINE, opinion["state"]
    stale = f" {_STALE}" if opinion["stale_because"] else ""
    if not opinion["routed"] and is_by_machine:
        return _say("not_asked", language) + stale
    text = phrase(f"opinion_state.{state}", language)
    if state in WAITING and opinion["stopped_on"]:
        text = _say("stopped", language)
    elif state in WAITING and opinion["due"]:
        left = deadline_words(opinion["days_left"], opinion["due"], bool(opinion["overdue"]), language)
        text = left if state == OpinionState.DRAFTED else f"{text} · {left}"
    return text + (f" {_WRITTEN}" if state == OpinionState.DRAFTED and not is_by_machine else "") + stale


def deadline_words(days_left: int | None, due: str | None, is_overdue: bool, language: str) -> str:
    """The time until a deadline, in working days."""
    if is_overdue:
        late = _say("overdue", language) if days_left is None else _say("days_late", language, days=abs(days_left))
        return f"{_OVERDUE} {late}"
    if not due or days_left is None:
        return due or ""
    return _say("days_left", language, days=days_left) if days_left else _say("today", language)


def author_words(opinion: Record, language: str) -> str:
    """The author of an opinion and its signer, in one line."""
    author = "One Map" if opinion["drafted_by"] == _MACHINE else opinion["drafted_by"]
    words = [_say("drafted_by", language, name=author, day=opinion["drafted_on"])]
    if opinion["signed_by"]:
        signature_text = _say("signed_by", language, name=opinion["signed_by"], day=opinion["signed_on"])
        words.append(signature_text + late_words(opinion.get("signature_entered_on"), language))
    if opinion.get("unanswered"):
        words.append(_say("unanswered_because", language, reason=opinion["unanswered"]))
    return " · ".join(words)


def late_words(entered_on: str | None, language: str) -> str:
    """The day on which a step was entered late, in brackets; empty for a step of its own day."""
    return _say("entered_late", language, day=entered_on) if entered_on else ""


def conclusion_words(conclusion: str | None, language: str) -> str:
    """The name of a conclusion; a dash for none."""
    return phrase(f"conclusion.{conclusion}", language) if conclusion else _NONE


def entry_rows(entries: Sequence[Record], departments: Mapping[str, str], language: str) -> list[AnswerRow]:
    """A row for each step, the last first: its day, who took it, and what. departments: their names."""
    return [_entry_row(entry, departments, language) for entry in reversed(entries)]


def _entry_row(entry: Record, departments: Mapping[str, str], language: str) -> AnswerRow:
    detail = entry["detail"] or {}
    action_texts = [phrase(f"review_done.{entry['action']}", language), departments.get(entry["department"] or "", "")]
    parts = []
    if entry["action"] == "override":
        before, after = (phrase(f"verdict.{detail[name]}", language) for name in ("before", "verdict"))
        rule = detail.get("rule_title") or detail["rule"]
        parts.append(_say("overridden", language, parcel=detail["parcel"], rule=rule, before=before, after=after))
    elif entry["action"] == "extend":
        parts.append(_say("days_more", language, days=detail.get("days") or 0))
    elif detail.get("conclusion"):
        parts.append(conclusion_words(detail["conclusion"], language))
    parts += [str(detail["document"])] if detail.get("document") else []
    if detail.get("written_by"):
        parts.append(_say("reply_by", language, name=detail["written_by"], day=detail.get("written_on")))
    parts += [_say("unanswered_because", language, reason=detail["unanswered"])] if detail.get("unanswered") else []
    parts += [_say("because", language, reason=detail["reason"])] if detail.get("reason") else []
    what = "\n".join(filter(None, (" · ".join(filter(None, action_texts)), " · ".join(parts))))
    late = late_words(entry["entered_on"], language).strip()
    day = f"{entry['on']}\n{late}" if late else entry["on"]
    return AnswerRow(day, (entry["by"], what), entry["at"], {"revision": entry["revision"]})


def changes_rows(changes: Record, departments: Mapping[str, str], language: str) -> list[AnswerRow]:
    """The changes that a recheck would make: layers and rules, parcels, findings, opinions. departments: names."""
    titles = {one["rule"]: one["title"] for one in changes["findings"]}
    versions = [
        _said_pair(one["title"], f"{one['from'] or _NONE} → {one['to'] or _NONE}", language)
        for one in (*changes["layers"], *changes["packs"])
    ]
    parcels = [_said_pair(one["parcel"], turned_words(one, titles, language), language) for one in changes["parcels"]]
    findings = [_finding_row(one, language) for one in changes["findings"]]
    opinions = []
    for one in changes["opinions"]:
        before, after = (conclusion_words(one[side]["conclusion"], language) for side in ("from", "to"))
        opinions.append(_said_pair(departments[one["department"]], f"{before} → {after}", language))
    rows_by_name = {"parcels": parcels, "findings": findings, "opinions": opinions, "versions": versions}
    return [
        AnswerRow(_say(f"changed_{name}", language), about={"list": "changes"}, rows=rows, line=())
        for name, rows in rows_by_name.items()
        if rows
    ]


def _finding_row(one: Record, language: str) -> AnswerRow:
    areas = [one[f"area_m2_{side}"] for side in ("from", "to")]
    turn = " → ".join(_NONE if area is None else amount_text(Amount(area, "m2"), language) for area in areas)
    verdict = phrase(f"verdict.{one['verdict']}", language)
    return AnswerRow(pair_text(f"{one['parcel']} · {one['title']} · {verdict}", turn, language))


def _said_pair(name: str, value: str, language: str) -> AnswerRow:
    text = pair_text(name, value, language)
    return AnswerRow(text, line=(f"  {text}",))


def _state(case: Record, language: str) -> str:
    return phrase(f"review_state.{case['state']}", language)


def _say(key: str, language: str, /, **facts: Any) -> str:
    return phrase(f"review_said.{key}", language, **facts)
