"""The rows of a case's opinions: those of every round, conditions, and the conclusion."""

import re
from collections.abc import Iterable
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.messages import list_text, phrase
from onemap.layers.records import fields_of
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.review.bodies import AskedBody
from onemap.rules.review.cases.case import OPINION_STATES, Case, ChecklistItem, Conclusion, Opinion, OpinionState, Round
from onemap.rules.review.cases.code_names import item_title, titles_asked_once
from onemap.rules.review.cases.routing import drafts, overall
from onemap.rules.review.round_evidence import said_against
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.run_evidence import Evidence

NOT_ASKED = "opinion_not_asked"


def opinion_rows(case: Case, round_: Round, evidence: Evidence, department: str | None) -> list[Row]:
    """The opinions of one round, in the departments' order; only one department's if it is named."""
    if department is not None:
        round_.opinion(department)  # an unknown one is refused
    return [
        _opinion_row(case, round_, opinion, evidence)
        for opinion in round_.opinions
        if department in (None, opinion.department)
    ]


def _opinion_row(case: Case, round_: Round, opinion: Opinion, evidence: Evidence) -> Row:
    language = evidence.language
    labels = words(language)
    entered_on = _day(case.signature_entered_on(opinion))
    left = [item_title(item, language) for item in round_.open_items(opinion.department)]
    open_text = _open_text(titles_asked_once(left, language), opinion.unanswered, labels)
    state = _state_before_void(case, opinion)
    word = f"conclusion_{opinion.conclusion}"
    is_silent = state == OpinionState.DEEMED  # then the machine's draft is nobody's opinion
    states = dict.fromkeys((state, opinion.state)) if state != OpinionState.SIGNED else (opinion.state,)
    text = labels["opinion_silent"].format(due=_day(opinion.due)) if is_silent else opinion.text_in(language)
    basis = "" if is_silent else opinion.basis
    title = evidence.department_title(opinion.department)
    is_current = is_silent and round_.number == case.round
    against = said_against(round_, opinion, evidence.findings, title, language) if is_current else []
    return {
        "department": opinion.department,
        "department_title": title,
        "unit": evidence.department_unit(opinion.department),
        "round": opinion.round,
        "state": opinion.state,
        "state_title": labels["list_semicolon"].join(labels[opinion_word(opinion, one)] for one in states),
        "conclusion": opinion.conclusion,
        "conclusion_title": "" if opinion_word(opinion, state) == NOT_ASKED else labels[word],
        "text": text,
        "paragraphs": [line for line in text.splitlines() if line.strip()],
        "basis": basis,
        "basis_text": labels["list_semicolon"].join(_laws_once(basis)),
        **fields_of(opinion, "routed", "why", "drafted_by", "by_machine", "signed_by", "signed_on"),
        "signature_entered_on": entered_on,
        "signed_late": labels["entered_late"].format(day=entered_on) if entered_on else None,
        "open_items": left,
        "open_text": open_text,
        "open_lines": [*against, *filter(None, [open_text])],
        **fields_of(opinion, "unanswered", "due", "stale", "stale_because"),
        "stale_titles": [evidence.input_title(name) for name in opinion.stale_because],
    }


def opinion_word(opinion: Opinion, state: str) -> str:
    """The key of the word for a state of an opinion; the machine's draft for a department that nobody asks is none."""
    return f"opinion_{state}" if opinion.is_asked or state != OpinionState.DRAFTED else NOT_ASKED


def _state_before_void(case: Case, opinion: Opinion) -> str:
    """The last state of an opinion; for a void one, whether it had been signed, or silence had counted."""
    if opinion.state != OpinionState.VOID:
        return opinion.state
    if opinion.signed_by:
        return OpinionState.SIGNED
    deemed_lists = (
        one.detail["deemed"] for one in case.entries if (one.action, one.round) == ("consolidate", opinion.round)
    )
    return OpinionState.DEEMED if any(opinion.department in deemed for deemed in deemed_lists) else OpinionState.DRAFTED


def _laws_once(basis: str) -> list[str]:
    """The laws of a basis in order, without repetition."""
    parts = (part.strip() for line in basis.splitlines() for part in re.split("[；;]", line))
    return list(dict.fromkeys(filter(None, parts)))


def _open_text(titles: list[str], reason: str | None, labels: dict[str, str]) -> str | None:
    """The unanswered items of a checklist, and why they are unanswered; None if there are none."""
    if not titles:
        return None
    text = labels["open_items"].format(count=len(titles), items=labels["list_semicolon"].join(titles))
    return labels["in_brackets"].format(text=text, more=labels["open_reason"].format(reason=reason)) if reason else text


def late_entries(case: Case, evidence: Evidence, department: str | None) -> list[Row]:
    """The steps recorded on a later day than their own; for one department only what concerns it."""
    return [
        {
            "action": entry.action,
            "action_title": phrase(f"review_done.{entry.action}", evidence.language),
            "department": entry.department,
            "department_title": evidence.department_title(entry.department) if entry.department else None,
            "by": entry.who,
            "on": _day(entry.on),
            "entered_on": _day(entry.entered_on),
        }
        for entry in case.entries
        if entry.entered_on and (department is None or entry.department in (None, department))
    ]


def _day(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())


def body_rows(bodies: Iterable[AskedBody], evidence: Evidence, department: str | None) -> list[Row]:
    """The bodies asked on paper, with their answers; for one department only those that it writes to."""
    return [_body_row(one, evidence) for one in bodies if department in (None, one.body.lead)]


def _body_row(asked_body: AskedBody, evidence: Evidence) -> Row:
    labels, answer = words(evidence.language), asked_body.answer
    row = {
        "body": asked_body.body.name,
        "title": asked_body.body.title.get(evidence.language) or asked_body.body.name,
        "department": asked_body.body.lead,
        "department_title": evidence.department_title(asked_body.body.lead),
        "asked_on": _day(asked_body.asked_on),
        "due": _day(asked_body.due),
        "answer_text": labels["body_unanswered"],
        "basis": None,
        "entered": None,
    }
    if answer is None:
        return row
    names = labels["list_comma"].join(paper["name"] for paper in answer.papers)
    papers = labels["body_papers"].format(names=names) if names else labels["body_no_paper"]
    conclusion_title = labels[f"conclusion_{answer.conclusion}"]
    return {
        **row,
        "answer_text": labels["in_brackets"].format(text=conclusion_title, more=answer.text),
        "basis": answer.basis or None,
        "entered": labels["body_entered"].format(by=answer.by, on=_day(answer.on), papers=papers),
    }


def conditions(opinions: list[Row], language: str) -> list[Row]:
    """The departments' conditions: the text of every opinion that agrees on conditions, each line once.

    A line that several departments share, since a rule asks them all, is one joint row.
    """
    asking: dict[str, list[Row]] = {}
    for row in opinions:
        for line in dict.fromkeys(row["paragraphs"]) if row["conclusion"] == Conclusion.CONDITIONAL else ():
            asking.setdefault(line, []).append(row)
    lines_of: dict[tuple[str, ...], list[str]] = {}
    for line, rows in asking.items():
        lines_of.setdefault(tuple(row["department"] for row in rows), []).append(line)
    return [_condition(lines, asking[lines[0]], language) for lines in lines_of.values()]


def _condition(lines: list[str], rows: list[Row], language: str) -> Row:
    """One row of lines that some departments ask for; its state is the least final of theirs."""
    joined_texts = {name: list_text([row[name] for row in rows], language) for name in ("department_title", "unit")}
    state = min((row["state"] for row in rows), key=OPINION_STATES.index)
    departments = [row["department"] for row in rows]
    return {
        "department": departments[0],
        "departments": departments,
        **joined_texts,
        "text": "\n".join(lines),
        "state": state,
    }


def checklist(round_: Round, evidence: Evidence, department: str | None) -> list[Row]:
    """The checklist of matters that no machine checks, with people's answers."""
    return [_item_row(item, evidence) for item in round_.items if department in (None, item.department)]


def _item_row(item: ChecklistItem, evidence: Evidence) -> Row:
    return {
        "id": item.item,
        "title": item_title(item, evidence.language),
        "department": item.department,
        "department_title": evidence.department_title(item.department),
        **fields_of(item, "rule", "layer"),
        "layer_title": evidence.layer_title(item.layer) if item.layer else None,
        "reason": item.reason,
        "reason_text": reasons_text(item.reason, evidence.language),
        "answer": item.answer,
        "answer_text": item.answer or words(evidence.language)["item_open"],
        **fields_of(item, "answered_by", "answered_on"),
    }


def override_rows(round_: Round, language: str, evidence: Evidence, rules: set[str]) -> list[Row]:
    """The overridden findings of these rules: both verdicts, the reason and the name."""
    return [
        {
            **fields_of(item, "parcel", "rule"),
            "title": evidence.rule_title(item.rule),
            "before": item.before,
            "before_title": phrase(f"verdict.{item.before}", language),
            **fields_of(item, "verdict", "reason", "by", "on"),
        }
        for item in round_.overrides
        if item.rule in rules
    ]


def conclusion(case: Case, evidence: Evidence, department: str | None) -> Row:
    """The conclusion that follows from the findings, the one decided, and who decided it."""
    labels, current = words(evidence.language), case.current
    ten = drafts(evidence.question, evidence.findings, current.items, current.overrides)
    machine = overall(draft.conclusion for draft in ten if department in (None, draft.department))
    return {
        "machine": machine,
        "machine_title": labels[f"overall_{machine}"],
        "proposed": case.proposed,
        "proposed_title": labels[f"overall_{case.proposed}"] if case.proposed else None,
        "decided": case.conclusion,
        "decided_title": labels[f"overall_{case.conclusion}"] if case.conclusion else None,
        "reason": case.conclusion_reason,
        "by": case.decided_by,
        "on": _day(case.decided_on),
    }


def check_department(case: Case, department: str | None, document: str) -> None:
    """Refuse a document of one department if no department is named.

    Raises OneMapError statement.department, review.department.
    """
    if department is None and document in ("opinion", "reply"):
        raise OneMapError("statement.department", field="--department", document=document)
    if department is not None:
        case.opinion(department)
