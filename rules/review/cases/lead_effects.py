"""The effects of the lead's events on a case: one function per action; each raises if the action is not allowed."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import sha256
from onemap.layers.messages import phrase
from onemap.rules.contract.declaration import MOST_DAYS
from onemap.rules.review.cases.case import (
    CONCLUSIONS,
    MACHINE,
    NOTICE_KINDS,
    OPEN,
    SPOKEN,
    Case,
    CaseState,
    CommentReply,
    Conclusion,
    Notice,
    Opinion,
    OpinionState,
    Round,
    RunDamage,
    Terms,
    copy_with,
)
from onemap.rules.review.cases.case_conditions import check_clock, decides_alone, is_awaited
from onemap.rules.review.cases.case_so_far import CaseSoFar, last_days
from onemap.rules.review.cases.department_effects import person_words
from onemap.rules.review.cases.event import CARRIED_CHAIN, LEAD_CHAIN, Event
from onemap.rules.review.cases.event_facts import (
    MOST_NAME,
    MOST_REASON,
    Facts,
    attached_files,
    pack_places,
    person_text,
    project_facts,
    project_title,
    reason_text,
)
from onemap.rules.review.cases.hand import refuse_day
from onemap.rules.review.cases.old_form import case_from_json
from onemap.rules.review.cases.project_data import WITHHELD
from onemap.rules.review.cases.round_facts import RoundFacts, UnreadableRun
from onemap.rules.review.cases.routing import Draft, overall
from onemap.rules.review.cases.state_machine import case_state_after

MOST_NOTICE_DAYS = 366
_MOST_NOTICES = 10_000
_HASH = re.compile("[0-9a-f]{64}")
_CASE_ID = re.compile(r"[^\s/]+")  # which the log and the names of rows tell from what follows it


def open_case(so_far: CaseSoFar, event: Event, facts: Facts) -> None:
    """Open a case by its first event: its project, its run, its first round."""
    if so_far.case is not None or event.chain != LEAD_CHAIN:
        raise OneMapError("review.event_opened", case=event.case_id)
    if not (_CASE_ID.fullmatch(event.case_id) and event.case_id.isprintable()):
        raise OneMapError("review.event_unreadable")
    on, clock = date.fromisoformat(facts["on"]), event.clock_day
    is_rehearsal = bool(facts["rehearsal"])
    if is_rehearsal != so_far.evidence.is_rehearsal:
        raise OneMapError("review.event_rehearsal", case=event.case_id)
    if not is_rehearsal:
        refuse_day(on, clock, is_account=bool(event.account))
    files = attached_files(facts["files"])
    of_run, damage = _facts_of_run(so_far, event, CaseState.DRAFT)
    so_far.case = Case(
        id=event.case_id,
        library=so_far.library,
        project=project_title(facts["project"]),
        data=project_facts(facts["data"]),
        state=CaseState.DRAFT,
        round=1,
        revision=0,
        opened_by=event.who,
        opened_on=on,
        on=on,
        terms=of_run.of_packs.terms if of_run else Terms(),
        options={"packs": pack_places(facts["packs"]), "only": [person_text(one, MOST_NAME) for one in facts["only"]]},
        rounds=(),
        entries=(),
        files=files,
        is_rehearsal=is_rehearsal,
        damage=damage,
    )
    open_round(so_far, event, facts, of_run, on, None, {})
    case_facts = {"project": facts["project"], "run": event.run, "files": [file.name for file in files]}
    so_far.enter(event, on, CaseState.DRAFT, None, case_facts)


def _facts_of_run(so_far: CaseSoFar, event: Event, state: str) -> tuple[RoundFacts | None, RunDamage | None]:
    """The facts of the run that opens a round, or why it is unreadable. state: of the case after the event."""
    if event.run is None:
        raise OneMapError("review.event_unreadable")
    try:
        return so_far.evidence.facts_of(event.run), None
    except UnreadableRun as error:
        return None, RunDamage(error.problems[0], (state,))


def open_round(
    so_far: CaseSoFar,
    event: Event,
    facts: Facts,
    of_run: RoundFacts | None,
    on: date,
    sender: str | None,
    due: Mapping[str, tuple[date, date]],
) -> None:
    """Open a round with its ten drafts. sender: who sent it out at once, None for a draft; due: last days.

    of_run: None if its run cannot be read; then the machine proposes nothing, and no clock runs.
    """
    run = str(event.run)
    number = len(so_far.current_case.rounds) + 1
    drafts = of_run.drafts() if of_run else tuple(map(_unreadable_draft, DEPARTMENTS))
    opinions = tuple(
        _machine_opinion(draft, number, on, due.get(draft.department) if draft.routed else None) for draft in drafts
    )
    new_round = Round(
        number,
        run,
        event.who,
        opened_on=on,
        circulated_by=sender,
        circulated_on=on if sender else None,
        opinions=opinions,
        items=of_run.items if of_run else (),
        overrides=(),
        watched=of_run.watched if of_run else {},
    )
    so_far.case = copy_with(so_far.current_case, round=number, rounds=(*so_far.current_case.rounds, new_round))
    so_far.authors, so_far.draft_events = dict.fromkeys(DEPARTMENTS, MACHINE), {}
    so_far.machine_worded, so_far.draft_texts = set(DEPARTMENTS), {}
    so_far.note_drafts(event, facts)
    for opinion in opinions:
        so_far.note_conclusion(opinion)


def circulate(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Send the case to its departments, and start their clocks."""
    case, clock = so_far.current_case, so_far.clock_day(event, on)
    due_days = {}
    for opinion in case.opinions if case.damage is None else ():
        if opinion.routed:
            claim = facts.get("due", {}).get(opinion.department)
            due, claimed = so_far.deadline(opinion.department, clock, claim)
            # A demand for more material that was written before the case went out stands still from the start.
            stops = opinion.conclusion == Conclusion.SUPPLEMENT and so_far.authors[opinion.department] != MACHINE
            so_far.put(opinion, due=due, claimed_due=claimed, stopped_on=clock if stops else None)
            due_days[opinion.department] = due.isoformat()
    so_far.set_round(circulated_by=event.who, circulated_on=on)
    return {"reason": reason_text(facts), "due": due_days}


def revise(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Open a new round on new parcels; the opinions of the round before become void."""
    before = so_far.current_case
    state = case_state_after(before.state, "revise", before.id)
    of_run, damage = _facts_of_run(so_far, event, state)
    for opinion in before.opinions:
        so_far.put(opinion, state=OpinionState.VOID)
    is_out = state == CaseState.CIRCULATING
    terms = of_run.of_packs.terms if of_run else before.terms
    so_far.case = copy_with(so_far.current_case, terms=terms, damage=damage)
    clock = so_far.clock_day(event, on)
    claims = facts.get("due") or {}
    runs_clocks = is_out and of_run is not None
    due = {code: so_far.deadline(code, clock, claims.get(code)) for code in DEPARTMENTS if runs_clocks}
    open_round(so_far, event, facts, of_run, on, event.who if is_out else None, due)
    so_far.case = copy_with(
        so_far.current_case,
        options={**before.options, "packs": pack_places(facts["packs"])},
        proposed=None,
        conclusion=None,
        conclusion_reason=None,
        decided_by=None,
        decided_on=None,
    )
    return {"run": event.run, "reason": reason_text(facts), "round": so_far.current_case.round}


def extend(so_far: CaseSoFar, _: Event, facts: Facts, on: date, department: str | None) -> dict[str, Any]:
    """Give one department, or all whose clock runs, more time; never less."""
    case, days = so_far.current_case, facts["days"]
    if type(days) is not int or not 0 < days <= MOST_DAYS:
        raise OneMapError("review.event_unreadable")
    reason, claims = reason_text(facts, is_needed=True), facts.get("due") or {}
    opinions = [case.opinion(department)] if department else running_clocks(so_far, on)
    if not opinions:
        raise OneMapError("review.no_clock", case=case.id)
    due_days = {}
    for before in opinions:
        state = so_far.opinion_state(before, "extend", on)
        check_clock(before, so_far.name(before.department))
        due, claimed = so_far.extended(before, days, claims.get(before.department))
        if so_far.state_on(before, on) == OpinionState.DEEMED and due < on:
            late = {"days": days, "due": due.isoformat(), "on": on.isoformat()}
            raise OneMapError("review.extend_more", field="--days", **late)
        so_far.put(before, state=state, due=due, claimed_due=claimed)
        due_days[before.department] = due.isoformat()
    content = so_far.opinion_detail(so_far.current_case.opinion(department)) if department else {}
    return {"reason": reason, "days": days, "due": due_days, **content}


def running_clocks(so_far: CaseSoFar, on: date) -> list[Opinion]:
    """The opinions whose clock runs, or has run out."""
    return [
        opinion
        for opinion in so_far.current_case.opinions
        if so_far.state_on(opinion, on) in (OpinionState.DRAFTED, OpinionState.RETURNED, OpinionState.DEEMED)
        and opinion.due
        and opinion.stopped_on is None
    ]


def consolidate(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Join the opinions into one conclusion once every awaited department has signed or is deemed to consent."""
    case = so_far.current_case
    claimed = [code for code in facts.get("deemed", ()) if so_far.may_be_deemed(code, on)]
    deemed = [one.department for one in case.opinions if so_far.state_on(one, on) == OpinionState.DEEMED]
    deemed = [code for code in DEPARTMENTS if code in deemed or code in claimed]
    waiting = [
        one.department
        for one in case.opinions
        if one.department not in deemed and is_awaited(one, so_far.state_on(one, on), so_far.authors[one.department])
    ]
    if waiting:
        raise OneMapError("review.unsigned", case=case.id, departments=[so_far.name(code) for code in waiting])
    for code in deemed:
        nothing: dict[str, Any] = {"text": "", "text_en": None, "basis": ""}  # what nobody signed is nobody's word
        due = last_days(case.opinion(code))[1]  # a later calendar's day is not the one that was over
        so_far.put(case.opinion(code), state=OpinionState.DEEMED, conclusion=Conclusion.AGREE, due=due, **nothing)
    proposed = overall(one.conclusion for one in so_far.current_case.opinions if one.state in SPOKEN)
    decided = decide(so_far, event, facts, proposed, on)
    so_far.case = copy_with(so_far.current_case, proposed=proposed)
    return {"proposed": proposed, "deemed": deemed, **decided}


def decide(so_far: CaseSoFar, event: Event, facts: Facts, proposed: str, on: date) -> dict[str, Any]:
    """Set the overall conclusion; one that differs from the proposed one needs a reason."""
    decided = facts.get("conclusion") or proposed
    if decided not in CONCLUSIONS:
        raise OneMapError("review.event_unreadable")
    reason = reason_text(facts, is_needed=decided != proposed)
    so_far.case = copy_with(
        so_far.current_case, conclusion=decided, conclusion_reason=reason, decided_by=event.who, decided_on=on
    )
    return {"conclusion": decided, "reason": reason}


def issue(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Issue the statement with its number, which ends the case."""
    case = so_far.current_case
    if event.account and decides_alone(case, event.who):
        raise OneMapError("review.self_issue", case=case.id, by=event.who)
    detail: dict[str, Any] = {"reason": reason_text(facts)}
    if facts.get("conclusion") and facts["conclusion"] != case.conclusion:
        detail |= decide(so_far, event, {**facts, "reason": reason_text(facts, is_needed=True)}, str(case.proposed), on)
    document = document_number(so_far, event, facts, on)
    so_far.case = copy_with(so_far.current_case, document=document, issued_by=event.who, issued_on=on)
    return {**detail, "document": document, "conclusion": so_far.current_case.conclusion}


def document_number(so_far: CaseSoFar, event: Event, facts: Facts, on: date) -> str:
    """The number of a document: the bureau's sign, the year and a number that was free.

    Numbers of events without effect may be skipped, but a number is never above the next free one.
    """
    year, sequence, sign = event.year, event.sequence, person_text(facts["sign"], MOST_NAME)
    most = 1 + so_far.evidence.numbers_before(on.year, event.at)
    is_number = year == on.year and type(sequence) is int and 1 <= sequence <= most
    if not is_number or any(mark in sign for mark in "〔〕()（）\n"):
        raise OneMapError("review.event_number", case=event.case_id, number=f"{sign}〔{year}〕{sequence}号"[:80])
    mark = phrase("document.rehearsal", "zh") if so_far.current_case.is_rehearsal else ""
    return f"{mark}{sign}〔{year}〕{sequence}号"


def withdraw(so_far: CaseSoFar, _: Event, facts: Facts, __: date, ___: str | None) -> dict[str, Any]:
    """End the case without a statement."""
    return {"reason": reason_text(facts)}


def answer(so_far: CaseSoFar, event: Event, facts: Facts, _: date, department: str | None) -> dict[str, Any]:
    """Record the answer that a body beside the ten departments gave on paper."""
    case, body = so_far.current_case, facts["body"]
    lead_by_body = so_far.evidence.bodies_of(case.current.run)
    if lead_by_body.get(body) is None or lead_by_body[body] != department:
        possible_names = [*DEPARTMENTS, *lead_by_body]
        raise OneMapError("review.department", field="DEPARTMENT", value=str(body)[:80], known=possible_names)
    files = attached_files(facts["papers"])
    papers = [{"name": one.name, "hash": one.hash} for one in files]
    so_far.case = copy_with(case, files=tuple(dict.fromkeys((*case.files, *files))))
    return {"body": body, **person_words(so_far, event, facts), "papers": papers}


def post_notice(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Show the case to the public for some days, the first of which is not counted.

    A circulating case is shown before its statement, an issued one after it; one notice at a time.
    """
    case, days, number = so_far.current_case, facts["days"], _whole_number(facts["notice"])
    last = case.notices[-1].number if case.notices else 0
    states = case.damage.states if case.damage else (case.state,)
    kinds = {NOTICE_KINDS[state == CaseState.ISSUED] for state in states}
    withheld = tuple(name for name in WITHHELD if name in facts["withheld"])
    is_notice = type(days) is int and 0 < days <= MOST_NOTICE_DAYS and last < number <= _MOST_NOTICES
    if not is_notice or facts["kind"] not in kinds or len(withheld) != len(facts["withheld"]):
        raise OneMapError("review.event_unreadable")
    if len(kinds) > 1 and case.damage is not None:
        raise UnreadableRun.of([case.damage.problem])
    until = so_far.clock_day(event, on) + timedelta(days)
    kind, page = facts["kind"], _hash_text(facts["page"])
    posted = Notice(number, kind, event.who, opened_on=on, until=until, page=page, withheld=withheld)
    so_far.case = copy_with(case, notices=(*case.notices, posted))
    notice_facts = {"notice": number, "notice_kind": kind, "days": days, "until": until.isoformat(), "page": page}
    return {**notice_facts, "withheld": list(withheld), "reason": reason_text(facts)}


def respond(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Record the lead's reply to a comment of the public; the last reply counts."""
    notice, comment = _commented_notice(so_far, facts)
    text = person_text(facts["text"], MOST_REASON)
    if not text.strip():
        raise OneMapError("notice.reply", field="--text")
    reply = CommentReply(comment, _hash_text(facts["hash"]), text, event.who, on)
    _put_notice(so_far, copy_with(notice, replies=(*notice.replies, reply)))
    return {"notice": notice.number, "comment": comment, "text": text}


def close_notice(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Close the notice to comments and record the head of their chain; closing it by its last day needs a reason."""
    notice = so_far.current_case.notice(_whole_number(facts["notice"]))
    count, head = facts["count"], facts["head"]
    if not notice.is_open:
        raise OneMapError("notice.closed", case=event.case_id, notice=notice.number)
    if type(count) is not int or count < 0 or (head != "" if count == 0 else not _HASH.fullmatch(head)):
        raise OneMapError("review.event_unreadable")
    reason = reason_text(facts, is_needed=on <= notice.until)
    closing_facts = {"closed_by": event.who, "closed_on": on, "reason": reason, "count": count, "head": head}
    _put_notice(so_far, copy_with(notice, **closing_facts))
    return {"notice": notice.number, "comments": count, "head": head, "reason": reason}


def erase_person(so_far: CaseSoFar, _: Event, facts: Facts, __: date, ___: str | None) -> dict[str, Any]:
    """Erase the name and place of a comment's author; the text and the chain stay."""
    notice, comment = _commented_notice(so_far, facts)
    reason = reason_text(facts, is_needed=True)
    if comment in notice.erased:
        raise OneMapError("notice.erased", notice=notice.number, comment=comment)
    _put_notice(so_far, copy_with(notice, erased=(*notice.erased, comment)))
    return {"notice": notice.number, "comment": comment, "reason": reason}


def _commented_notice(so_far: CaseSoFar, facts: Facts) -> tuple[Notice, int]:
    """A notice and the number of one of its comments. Raises OneMapError notice.none, notice.no_comment."""
    notice = so_far.current_case.notice(_whole_number(facts["notice"]))
    comment = _whole_number(facts["comment"])
    if notice.count is not None and comment > notice.count:
        raise OneMapError("notice.no_comment", field="COMMENT", comment=comment, count=notice.count)
    return notice, comment


def _put_notice(so_far: CaseSoFar, notice: Notice) -> None:
    notices = tuple(notice if one.number == notice.number else one for one in so_far.current_case.notices)
    so_far.case = copy_with(so_far.current_case, notices=notices)


def _whole_number(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise OneMapError("review.event_unreadable")
    return value


def _hash_text(value: Any) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise OneMapError("review.event_unreadable")
    return value


def carry_case(so_far: CaseSoFar, event: Event, facts: Facts) -> None:
    """Take over a case as an older library held it."""
    if event.number > 1:  # it names a run on which the case rests
        return
    if so_far.case is not None:
        raise OneMapError("review.event_opened", case=event.case_id)
    so_far.case = case_from_json(facts["case"], so_far.library)
    try:
        so_far.evidence.check_run(so_far.case.current.run)
    except OneMapError as error:
        damage = RunDamage(error.problems[0], (so_far.case.state,))
        so_far.case = copy_with(so_far.case, damage=damage)
    so_far.days = {CARRIED_CHAIN: so_far.case.last_day}
    so_far.authors = {one.department: one.drafted_by for one in so_far.case.opinions}
    so_far.machine_worded = {code for code, author in so_far.authors.items() if author == MACHINE}
    so_far.draft_texts = {sha256(one.text): MACHINE for one in so_far.case.opinions if one.by_machine}
    for one in so_far.case.rounds:
        for opinion in one.opinions:
            so_far.note_conclusion(opinion)


def _unreadable_draft(department: str) -> Draft:
    """The draft of a department if the round's run cannot be read: open, so that silence is no consent."""
    return Draft(department, conclusion=OPEN, text="", text_en="", basis="", routed=True, why="unreadable")


def _machine_opinion(draft: Draft, round_: int, on: date, due: tuple[date, date] | None) -> Opinion:
    """Make the first state of an opinion from a draft, whose fields it has."""
    return Opinion(
        **vars(draft),
        round=round_,
        number=1,
        state=OpinionState.DRAFTED,
        drafted_by=MACHINE,
        drafted_on=on,
        due=due[0] if due else None,
        claimed_due=due[1] if due else None,
    )
