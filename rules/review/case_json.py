"""A case as the JSON that `review show` and every step return, and the list of cases."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from onemap.layers.catalogue.bureau_profile import Names
from onemap.layers.errors import OneMapError, Problem, joined_sentences
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import calendar_of, department_names, profile_of
from onemap.layers.messages import phrase, wording
from onemap.layers.records import Record, fields_of
from onemap.rules.judge.findings.citations import cited_basis
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.judge.runs.unwritten_sites import unwritten_cases
from onemap.rules.review.allowed_steps import case_steps, opinion_steps
from onemap.rules.review.bodies import body_records
from onemap.rules.review.case_lines import CaseLines
from onemap.rules.review.cases.case import SPOKEN, Case, Entry, Opinion, OpinionState, Round
from onemap.rules.review.cases.code_names import item_title
from onemap.rules.review.cases.round_facts import UnreadableRun, facts_of_stored_run
from onemap.rules.review.cases.routing import overall
from onemap.rules.review.cases.staleness import input_title
from onemap.rules.review.notice_rows import notice_record
from onemap.rules.review.remedies import shown_remedies
from onemap.rules.review.round_evidence import area_problems, counts_of_round, said_against, same_hands

_MONTH_DAYS = 20  # of work
_Titles = dict[tuple[int, str], str]  # of rules, by round and id


def case_as_json(library: Library, case: Case, language: str, by: str | None = None) -> Record:
    """The case as JSON: the contract's keys first, then more for the dock.

    by: the person whose allowed steps are listed; None for anybody.
    """
    titles, names = _titles_of_overridden(library, case, language), department_names(library)
    return {
        "case": case.id,
        **fields_of(case, "state", "round"),
        "opinions": [
            {
                **_opinion(library, case, opinion, case.current.run, names, language),
                "steps": opinion_steps(library, case, opinion, by, names, language),
            }
            for opinion in case.opinions
        ],
        "project": case.project,
        "data": dict(case.data),
        **fields_of(case, "revision", "on", "opened_by", "opened_on"),
        "run": case.current.run,
        "terms": asdict(case.terms),
        "proposal": _proposal(case),
        **fields_of(case, "proposed", "conclusion", "conclusion_reason", "decided_by", "decided_on"),
        **fields_of(case, "document", "issued_by", "issued_on"),
        "checklist": _checklist(case.current, language),
        "overrides": _overrides(case.current, titles),
        "remedies": shown_remedies(library, case, language),
        "bodies": [] if case.damage else body_records(library, case, case.current, language),
        "notices": [notice_record(library, case, notice) for notice in case.notices],
        "files": [asdict(file) for file in case.files],
        "rounds": [_round(library, case, number, titles, names, language) for number in case.rounds],
        "entries": [_entry(entry, titles) for entry in case.entries],
        "verdicts": counts_of_round(library, case),
        "steps": case_steps(library, case, language),
        "warnings": [damage_text(case, language)] if case.damage else _warnings(library, case, language),
        **({"damaged": damage_text(case, language)} if case.damage else {}),
    }


def damage_text(case: Case, language: str) -> str:
    """The sentence that a round's run cannot be read, with the number of unjudged steps; "" if it can be read."""
    if case.damage is None:
        return ""
    how = Problem("review.run_unreadable", {"case": case.id, "how": case.damage.problem})
    count = len(case.damage.unjudged)
    more = [phrase("review_said.unjudged", language, count=count)] if count else []
    return joined_sentences(wording(how, language)[0], *more)


def _proposal(case: Case) -> str | None:
    """The overall conclusion of the opinions signed so far; None if departments are asked and none has signed.

    A draft is not an opinion: it neither decides a case, nor is silence over it consent.
    """
    signed_conclusions = [opinion.conclusion for opinion in case.opinions if opinion.state in SPOKEN]
    is_asked = any(opinion.is_asked for opinion in case.opinions)
    return None if is_asked and not signed_conclusions else overall(signed_conclusions)


def _opinion(
    library: Library, case: Case, opinion: Opinion, run: str, names: Mapping[str, Names], language: str
) -> dict[str, Any]:
    """An opinion of a round as JSON. run: id of the round's run; names: of the departments."""
    # A clock that stands still has no last day; the day to which it ran is shown beside.
    due = opinion.due.isoformat() if opinion.due else None
    entered_on = case.signature_entered_on(opinion)
    return {
        "department": opinion.department,
        "department_title": names[opinion.department][language],
        **fields_of(opinion, "state", "conclusion"),
        "due": None if opinion.stopped_on else due,
        **fields_of(opinion, "stale", "routed", "why"),
        "why_text": phrase("review_why." + opinion.why.replace(",", "_"), language),
        "text": opinion.text_in(language),
        "basis": opinion.basis,
        "basis_text": cited_basis(opinion.basis, language),
        **fields_of(opinion, "drafted_by", "drafted_on", "signed_by", "signed_on"),
        "signature_entered_on": entered_on.isoformat() if entered_on else None,
        **fields_of(opinion, "unanswered", "overdue", "days_left", "stopped_on"),
        "stopped_due": due if opinion.stopped_on else None,
        "stale_because": list(opinion.stale_because),
        "stale_titles": _stale_titles(library, opinion, run, language),
    }


def _stale_titles(library: Library, opinion: Opinion, run: str, language: str) -> list[str]:
    """The titles of the superseded layers and packs behind an opinion."""
    if not opinion.stale_because:
        return []
    facts, catalogue = facts_of_stored_run(library, run), library.catalogue()
    rules = facts.of_packs.rules
    return [input_title(name, facts.record, catalogue, language, rules) for name in opinion.stale_because]


def _checklist(current: Round, language: str) -> list[dict[str, Any]]:
    return [
        {
            **fields_of(item, "item", "department"),
            "title": item_title(item, language),
            **fields_of(item, "rule", "layer", "reason", "answer", "answered_by", "answered_on"),
        }
        for item in current.items
    ]


def _titles_of_overridden(library: Library, case: Case, language: str) -> _Titles:
    """The titles of the rules of each round in which a finding was overridden, by round and rule."""
    return {
        (one.number, rule.id): rule.title.get(language, rule.id)
        for one in case.rounds
        if one.overrides
        for rule in _rules_of_run(library, one.run)
    }


def _rules_of_run(library: Library, run: str) -> Collection[Rule]:
    """The rules by which a run was judged; none if it cannot be read."""
    try:
        return facts_of_stored_run(library, run).of_packs.rules.values()
    except UnreadableRun:
        return ()


def _overrides(current: Round, titles: _Titles) -> list[dict[str, Any]]:
    return [
        {
            **fields_of(override, "parcel", "rule"),
            "rule_title": titles.get((current.number, override.rule), override.rule),
            **fields_of(override, "before", "verdict", "reason", "by", "on"),
        }
        for override in current.overrides
    ]


def _round(
    library: Library, case: Case, one: Round, titles: _Titles, names: Mapping[str, Names], language: str
) -> dict[str, Any]:
    return {
        "round": one.number,
        **fields_of(one, "run", "opened_by", "opened_on", "circulated_on"),
        "opinions": [_opinion(library, case, opinion, one.run, names, language) for opinion in one.opinions],
        "overrides": _overrides(one, titles),
    }


def _entry(entry: Entry, titles: _Titles) -> dict[str, Any]:
    title = titles.get((entry.round, str(entry.detail.get("rule"))))
    return {
        "revision": entry.number,
        **fields_of(entry, "round", "action", "department"),
        "by": entry.who,
        **fields_of(entry, "on", "entered_on", "at"),
        "detail": {**entry.detail, **({"rule_title": title} if title is not None else {})},
    }


def _warnings(library: Library, case: Case, language: str) -> list[str]:
    """Warnings for whoever decides: departments agree, or are silent, where the machine forbids or could not judge.

    Also one name under several opinions, a statement without a sender, and one that is missing from the layers.
    """
    findings = [row.values for row in stored_rows(library, case.current.run, "findings")]
    areas = area_problems(library, case.current.run, case.data, case.terms)
    lines = [wording(problem, language)[0] for problem in areas]
    profile = profile_of(library)
    for opinion in case.opinions:
        department = profile.department_title(opinion.department, language)
        lines += _unanswered_items(case, opinion, department, language)
        lines += said_against(case.current, opinion, findings, department, language)
        if opinion.state == OpinionState.DEEMED and not opinion.by_machine:
            lines.append(phrase("review_said.deemed_draft", language, department=department, who=opinion.drafted_by))
    lines += [hand.sentence(language) for hand in same_hands(case)]
    if case.state in ("consolidated", "issued") and not profile.lead.mark:
        lines.append(phrase("review_said.no_sender", language))
    if case.state == "issued" and any(one.case == case.id for one in unwritten_cases(library)):
        lines.append(phrase("review_said.unwritten", language))
    return lines


def _unanswered_items(case: Case, opinion: Opinion, department: str, language: str) -> list[str]:
    """A remark on unanswered items of a department that has signed or is deemed to consent. department: its name."""
    left = case.current.open_items(opinion.department)
    if not left or opinion.state not in SPOKEN:
        return []
    reason = opinion.unanswered or phrase("review_said.unanswered_silent", language)
    facts = {"department": department, "count": len(left), "reason": reason}
    return [phrase("review_said.unanswered", language, **facts)]


def case_list(
    library: Library, state: str | None, on: date | None, *, is_cached: bool = True
) -> tuple[list[Record], list[Problem]]:
    """The cases in a state, or all, the oldest first, with their deadlines; and why other cases or runs cannot be read.

    is_cached: take lines from the desk's file if they still fit their cases.
    """
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    with library.reading():
        lines = CaseLines(library, is_cached=is_cached)
        for row in lines.rows(state, on):
            if not isinstance(row, OneMapError):
                rows.append(row)
            elif row.code != "review.case":  # what nobody may open is no case
                problems += [one for one in row.problems if one not in problems]  # all cases lack one calendar
        problems += _calendar_problems(library, on or library.today()) if rows else []
    lines.keep()
    return rows, [*problems, *lines.damage]


def _calendar_problems(library: Library, day: date) -> list[Problem]:
    """Why no deadline a month after a day can be calculated: the calendar ends before, or cannot be read."""
    try:
        calendar_of(library).after(day, _MONTH_DAYS)
    except OneMapError as error:
        if error.code != "calendar.missing":
            return [*error.problems]
        year = error.problems[0].facts["year"]
        return [Problem("calendar.soon" if year > day.year else "calendar.missing", {"year": year})]
    return []
