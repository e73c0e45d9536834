"""The review pack: the page for a department without QGIS, its digest, and the form that saves the reply."""

import re
from typing import Any

from markupsafe import Markup

from onemap.layers.library.library import Library, sha256
from onemap.rules.display.documents.html_printer import render
from onemap.rules.judge.findings.citations import citation
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.review.cases.case import CONCLUSIONS, WAITING, Case, CaseState, OpinionState
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.reply_file import FORMAT, SUFFIX, canonical

_MOST_TEXT, _MOST_ANSWER = 20_000, 1_000  # characters that the core takes in
_MOST_OF_PROJECT = 40  # characters in a file's name
_NO_NAME = re.compile(r'[<>:"/\\|?*\s\x00-\x1f]+')
_MEASURES = ("parcel", "rule", "layer", "version", "verdict", "area_m2", "share", "length_m", "distance_m", "value")


def _reply_name(case: Case, department: str, language: str) -> str:
    """The file name of the reply, readable and without characters that Windows forbids."""
    parts = (case.project[:_MOST_OF_PROJECT], words(language)["kind_reply"], department, str(case.round))
    return _NO_NAME.sub("_", "-".join(parts)) + SUFFIX


def takes_reply(case: Case, department: str) -> bool:
    """Whether a department may still answer in the case's present state. Raises OneMapError review.department."""
    opinion = case.opinion(department)
    return case.state == CaseState.CIRCULATING and opinion.state in WAITING


def shown_facts(library: Library, case: Case, department: str) -> dict[str, Any]:
    """The facts that a department answers, independent of language: parcels, its findings, its items, its draft.

    Deadlines are left out, so that an extension does not invalidate a reply.
    Raises OneMapError review.department.
    """
    round_, opinion = case.current, case.opinion(department)
    findings = [
        row.values for row in stored_rows(library, round_.run, "findings") if row.values["department"] == department
    ]
    rules = {finding["rule"] for finding in findings}
    # Whoever was given the opinion back answers that; the page of before did not show it.
    returned = [str(opinion.state)] if opinion.state == OpinionState.RETURNED else []
    return {
        "library": library.id,
        "case": case.id,
        "project": case.project,
        "round": round_.number,
        "run": round_.run,
        "department": department,
        "parcels": [
            [row.values["parcel"], sha256(row.wkb or b"")] for row in stored_rows(library, round_.run, "parcels")
        ],
        "findings": [
            {**{name: finding[name] for name in _MEASURES}, "counted": finding["counted"], "reason": finding["reason"]}
            for finding in findings
        ],
        "overrides": [
            [item.parcel, item.rule, item.verdict, item.reason] for item in round_.overrides if item.rule in rules
        ],
        "checklist": [[item.item, item.rule, item.answer] for item in round_.items if item.department == department],
        "draft": [opinion.conclusion, opinion.text, opinion.basis, *returned],
        "superseded": list(opinion.stale_because),
    }


def shown_digest(library: Library, case: Case, department: str) -> str:
    """SHA-256 of the facts of the case that a department sees now. Raises OneMapError review.department."""
    return sha256(canonical(shown_facts(library, case, department)))


def reply_section(
    library: Library, case: Case, department: str, printed_content: dict[str, Any], language: str
) -> Markup:
    """Deadline, the machine's draft, the items to judge, and the form. printed_content: the printed content."""
    opinion = case.opinion(department)
    return render(
        "reply.html",
        language=language,
        words=words(language),
        document=printed_content["document"],
        opinion=opinion,
        text=opinion.text_in(language),
        conclusions=CONCLUSIONS,
        basis=next(row["basis_text"] for row in printed_content["opinions"] if row["department"] == department),
        articles=[
            citation(item["law"], [article], language)
            for item in printed_content["laws"]
            for article in item["articles"] or [""]
        ],
        checklist=printed_content["checklist"],
        format=FORMAT,
        file=_reply_name(case, str(printed_content["document"]["department_title"]), language),
        suffix=SUFFIX,
        most_text=_MOST_TEXT,
        most_answer=_MOST_ANSWER,
        facts=Markup(canonical(shown_facts(library, case, department))),  # it has no sign of markup  # nosec B704
    )
