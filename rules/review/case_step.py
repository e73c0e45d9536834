"""One step of a case: who took it, on which day, based on which state; one event, written whole or not at all."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import is_text
from onemap.layers.library.library import Library, log, sha256
from onemap.layers.progress import settle_work
from onemap.layers.stores.logged_rows import HEADS
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review import carrying
from onemap.rules.review.cases.case import Case, Entry, OpinionState
from onemap.rules.review.cases.case_conditions import check_readable
from onemap.rules.review.cases.case_file import case_on_its_day, on_a_day
from onemap.rules.review.cases.case_so_far import clock_days
from onemap.rules.review.cases.code_names import Named, case_state_name, department_name, department_names, opinion_name
from onemap.rules.review.cases.event import EDITION, LEAD_CHAIN, Event, readable_json
from onemap.rules.review.cases.event_facts import MOST_REASON
from onemap.rules.review.cases.event_store import (
    NewEvent,
    append_event,
    event_of,
    heads_of,
    note_event,
    read_events,
    replay_case,
)
from onemap.rules.review.cases.event_verification import check_logged
from onemap.rules.review.cases.hand import Hand, check_hand, step_day
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import LEADS, Replay
from onemap.rules.review.cases.round_facts import RoundFacts

# What the lead department does; it also returns any opinion, gives more time, and enters what bodies answer on paper.
_LEADS = (*LEADS, "return")


@dataclass
class Step:
    """A step inside its transaction. before: the case as its events tell it; on: the day of the step.

    detail: facts for the log besides the entry.
    """

    connection: StoreConnection
    before: Case
    on: date
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepContent:
    """The content of a step. chain: of its event, None for the department's own, or the lead's without a department.

    words: of a draft; run: the run that the event names; fresh: runs written with the step, with the facts of a run
    that opens a round.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] | None = None
    chain: str | None = None
    run: str | None = None
    year: int | None = None
    sequence: int | None = None
    fresh: Mapping[str, RoundFacts | None] = field(default_factory=dict)


def plain_text(value: str | None, field: str, most: int = MOST_REASON) -> str:
    """A person's text without surrounding blanks; "" for None.

    Raises OneMapError review.text for a text that is too long, holds control characters, or is not Unicode.
    """
    text = (value or "").strip()
    if len(text) > most or any(ord(sign) < 32 and sign not in "\n\r\t" for sign in text) or not is_text(text):
        raise OneMapError("review.text", field=field, most=most)
    return text


@contextlib.contextmanager
def step(
    library: Library,
    case_id: str,
    action: str,
    hand: Hand,
    say: Callable[[Case, date], StepContent],
    department: str | None = None,
    write: Callable[[StoreConnection], None] | None = None,
) -> Iterator[Step]:
    """Take one step of a case in one transaction, judged by the rules of the replay, with what others did meanwhile.

    say: returns the step's content for the case as it stands on its day; write: writes before the event, such as a run.
    The caller's block writes after the event.
    Raises OneMapError review.case, review.by, review.date, review.conflict, review.expect, library.altered, and the
    refusals of the replay.
    """
    case_before = _case_before(library, case_id, action, hand, department)
    try:
        # A department's event waits for nobody but its own department; of a run with it the log tells at once.
        with library.writing() if write is not None or is_logged(library) else library.appending() as connection:
            taken_step, event, after = _judge_step(library, case_before, action, hand, say, department, connection)
            if write is not None:
                write(connection)
            append_event(library, connection, event)
            yield taken_step
            if is_logged(library):
                log_step(connection, event, after.entries[-1], taken_step.detail)
            _confirm(library, event)
            settle_work()
    except OneMapError as error:
        if error.code == "library.conflict":
            _no_conflict(library, replay_case(library, case_id), case_before.revision, department)
        raise
    _confirm(library, event)


def _case_before(library: Library, case_id: str, action: str, hand: Hand, department: str | None) -> Case:
    """The case before a step, in today's form, once the person and the step are allowed. Raises as `step`."""
    check_hand(library, hand)
    carrying.carry_over(library)
    case = replay_case(library, case_id).current_case
    if department is not None:
        case.opinion(department)
    may_act(library, action, department)
    if hand.expect is not None and hand.expect > case.revision:
        raise OneMapError("review.expect", case=case_id, field="--expect", seen=hand.expect, revision=case.revision)
    return case


def _judge_step(
    library: Library,
    case_before: Case,
    action: str,
    hand: Hand,
    say: Callable[[Case, date], StepContent],
    department: str | None,
    connection: StoreConnection,
) -> tuple[Step, Event, Case]:
    """The step, its event, and the case after it, inside the transaction.

    case_before: the case as the person saw it.
    """
    events = read_events(library, case_before.id)
    check_logged(library, case_before.id, events)
    replay = replay_case(library, case_before.id)
    before = replay.current_case
    _no_conflict(library, replay, hand.expect or case_before.revision, department)
    if hand.seen is not None and department is not None:
        _no_conflict(library, replay, hand.seen, department, is_own=True)
    chain = LEAD_CHAIN if action == "override" else _chain_of(library, action, department)
    on = step_day(library, hand, replay.day_before(chain))
    case_of_day = on_a_day(library, before, hand.on) if chain == LEAD_CHAIN else replace(before, on=on)
    case = case_on_its_day(library, case_of_day)
    check_readable(case, action)
    content = say(case, on)
    chain = content.chain or chain
    facts = {"edition": EDITION, "round": before.round, "on": on.isoformat(), **content.facts}
    facts |= {"department": department} if chain == LEAD_CHAIN and department is not None else {}
    new = NewEvent(
        before.id, chain, action, facts, content.words, run=content.run, year=content.year, sequence=content.sequence
    )
    event = event_of(library, new, hand.by, events)
    after = replay.fork(LibraryEvidence(library, content.fresh)).judge(event)
    event = event_of(library, _with_outcome(new, department, before, after), hand.by, events)
    return Step(connection, before, on), event, after


def _with_outcome(new: NewEvent, department: str | None, before: Case, after: Case) -> NewEvent:
    """Add to an event the days reckoned by today's calendar, so that a later calendar does not change them.

    An event of the lead also gets the case's state, for other programs. The day on which a clock stopped is part of a
    department's words; it goes into the body only if the opinion is public.
    """
    facts, words = dict(new.facts), new.words
    if new.chain == LEAD_CHAIN:
        facts["state"] = after.state
    if new.action == "extend":
        facts["due"] = after.entries[-1].detail["due"]
    if new.action == "opine" and words is not None and department is not None:
        words = {**words, "clock": clock_days(after.opinion(department))}
    if new.action == "return" and department is not None and before.opinion(department).state == OpinionState.SIGNED:
        facts["clock"] = clock_days(after.opinion(department))
    return replace(new, facts=facts, words=words)


def is_logged(library: Library) -> bool:
    """Whether the library's log records a step at once: in a file, and on a server if the lead takes it."""
    return library.path is not None or library.roles.is_lead


def _chain_of(library: Library, action: str, department: str | None) -> str:
    """The chain of a step's event: the department's if the step speaks for it, else the lead's."""
    if department is not None and action not in LEADS and department in library.roles.departments:
        return department
    if library.roles.is_lead or not library.roles.departments:
        return LEAD_CHAIN
    return library.roles.departments[0]


def log_step(connection: StoreConnection, event: Event, entry: Entry, more: Mapping[str, Any] | None = None) -> None:
    """Write the row of the library's log that records a step; it may be read by anyone who may read drafts."""
    subject = f"{event.case_id} {entry.department}" if entry.department else event.case_id
    logged = {
        "on": entry.on.isoformat(),
        "round": entry.round,
        "revision": entry.number,
        **entry.detail,
        **(more or {}),
    }
    if event.words is not None:
        words = readable_json(event.words)
        content = "\n".join(words[name] for name in ("conclusion", "text", "basis"))
        logged |= {"conclusion": words["conclusion"], "words": sha256(content)}
    logged |= {"entered_on": entry.entered_on.isoformat()} if entry.entered_on else {}
    logged[HEADS] = heads_of(connection, event.case_id)
    note_event(connection, event)
    log(connection, event.who, f"review.{event.action}", subject, logged)


def _confirm(library: Library, event: Event) -> None:
    """Refuse a step that has no effect because others on a server wrote theirs at the same moment.

    Raises the OneMapError of the replay.
    """
    if library.path is not None:  # which has one writer
        return
    content = event.chain, event.action, event.body
    for other, error in replay_case(library, event.case_id).unlawful:
        # The server numbers it, perhaps later; an earlier one may have said the same in vain.
        if other.number >= event.number and (other.chain, other.action, other.body) == content:
            raise error


def may_act(library: Library, action: str, department: str | None) -> None:
    """Refuse the lead department's steps to others, and a department's steps to anyone who does not act for it.

    Raises OneMapError review.lead_only, review.not_yours.
    """
    roles = library.roles
    if roles.is_lead and action in _LEADS:
        return
    if action in _LEADS and (department is None or action == "extend"):
        raise OneMapError("review.lead_only", field="--by", action=f"review {action}")
    if department is not None and department not in roles.departments:
        facts = {
            "department": department_name(library, department),
            "yours": department_names(library, roles.departments),
        }
        raise OneMapError("review.not_yours", field="DEPARTMENT", **facts)


def _no_conflict(
    library: Library, replay: Replay, seen_revision: int, department: str | None, is_own: bool = False
) -> None:
    """Refuse a step if what it changes was changed after revision `seen_revision`. replay: of the case as the step
    finds it.

    is_own: only changes of the department's own opinion count.
    """
    case = replay.current_case
    for entry in reversed(case.entries):
        if entry.number <= seen_revision:
            return
        if entry.department == department or (not is_own and None in (entry.department, department)):
            raise OneMapError(
                "review.conflict",
                case=case.id,
                subject=department_name(library, department) if department else case.project,
                field="--expect",
                seen=seen_revision,
                before=_state_at(replay, seen_revision, department),
                revision=case.entries[-1].number,
                after=_state_at(replay, entry.number, department),
                who=entry.who,
                when=entry.on.isoformat(),
                action=f"review {entry.action}",
            )


def _state_at(replay: Replay, revision: int, department: str | None) -> Named:
    """The state, with the conclusion of an opinion, after the last step up to a revision."""
    for entry in reversed(replay.current_case.entries[:revision]):
        if department is None:
            return case_state_name(entry.detail["state"])
        if entry.department == department and "opinion" in entry.detail:
            conclusion = replay.conclusions.get((entry.round, department, entry.detail["opinion_number"]))
            return opinion_name(entry.detail["opinion"], conclusion)
    return opinion_name(OpinionState.DRAFTED, None)
