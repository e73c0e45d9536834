"""Conditions of a case on a day: which departments are awaited, whose silence is consent, who may sign and issue."""

from datetime import date
from typing import Protocol

from onemap.layers.errors import OneMapError
from onemap.layers.person_names import same_person
from onemap.rules.review.cases.case import (
    CLOSED,
    MACHINE,
    OPEN,
    SPOKEN,
    WAITING,
    Case,
    CaseState,
    Conclusion,
    Opinion,
    OpinionState,
    Terms,
)
from onemap.rules.review.cases.code_names import Named
from onemap.rules.review.cases.state_machine import case_state_after


def circulates_again(case: Case) -> bool:
    """Whether a revised case that is already circulating may be sent out again: only if no step followed since."""
    return case.state == CaseState.CIRCULATING and case.entries[-1].action == "revise"


def check_readable(case: Case, action: str) -> None:
    """Refuse an action that depends on a run that cannot be read, or on whether the case is over.

    A new round and a withdrawal depend on neither. Raises OneMapError review.run_unreadable.
    """
    if case.damage is None:
        return
    may_be_over = not set(CLOSED).isdisjoint(case.damage.states)
    if action not in ("revise", "withdraw") or may_be_over:
        raise OneMapError("review.run_unreadable", case=case.id, how=case.damage.problem)


def check_step(case: Case, action: str) -> None:
    """Refuse a step that a case does not allow: by its state, by its run, by a notice. Raises review.…, notice.…."""
    if not (action == "circulate" and circulates_again(case)):
        case_state_after(case.state, action, case.id)
    check_readable(case, action)
    check_notice(case, action)


def check_notice(case: Case, action: str) -> None:
    """Refuse to change a case that a notice shows to the public, to open a second notice, or to close none.

    Raises OneMapError notice.open, notice.none.
    """
    open_notice = case.open_notice
    if open_notice is not None and action in ("notice", "issue", "revise", "withdraw"):
        raise OneMapError("notice.open", case=case.id, notice=open_notice.number)
    if open_notice is None and action == "close":
        raise OneMapError("notice.none", field="--notice", case=case.id, count=len(case.notices))


def is_awaited(opinion: Opinion, state: str, author: str) -> bool:
    """Whether an opinion still has to be signed: a person has written it, its department is asked, or it was returned.

    state: of the opinion on the day; author: of the current draft.
    """
    return state == OpinionState.RETURNED or (state == OpinionState.DRAFTED and (opinion.routed or author != MACHINE))


def decides_alone(case: Case, account: str) -> bool:
    """Whether the account that issues a case also consolidated it. Only for accounts: a typed name proves nothing."""
    consolidating_accounts = [entry.who for entry in case.entries if entry.action == "consolidate"]
    return not case.terms.self_sign and account in consolidating_accounts[-1:]


def may_sign(terms: Terms, opinion: Opinion, author: str, by: str | None, department: Named) -> None:
    """Refuse to sign one's own draft, a draft without a conclusion, or a disagreement without a basis.

    author: of the draft; by: None if the signer is not known; department: the department.
    Raises OneMapError review.self_sign, review.open, review.basis.
    """
    if opinion.conclusion == OPEN:
        raise OneMapError("review.open", department=department, field="DEPARTMENT")
    if by is not None and not terms.self_sign and same_person(author, by):
        raise OneMapError("review.self_sign", department=department, by=by, field="--by")
    if opinion.conclusion == Conclusion.DISAGREE and not opinion.basis:
        raise OneMapError("review.basis", department=department, field="--basis")


def check_unspoken(opinion: Opinion, state: str, department: Named) -> None:
    """Refuse to override a finding of a department that has spoken, or whose silence is consent.

    state: of the opinion on the day. Raises OneMapError review.spoken, review.deemed.
    """
    if state == OpinionState.DEEMED and opinion.due:
        raise OneMapError("review.deemed", department=department, due=opinion.due.isoformat(), field="RULE")
    if state in SPOKEN:
        raise OneMapError("review.spoken", department=department, field="RULE")


def check_clock(opinion: Opinion, department: Named) -> None:
    """Refuse more time where no clock runs. Raises OneMapError review.not_routed, review.stopped."""
    if opinion.due is None:
        raise OneMapError("review.not_routed", department=department, field="DEPARTMENT")
    if opinion.stopped_on is not None:
        raise OneMapError("review.stopped", department=department, field="DEPARTMENT")


def check_reply_day(sent_on: date | None, on: date, taken_on: date) -> None:
    """Refuse a reply dated before its round was sent out, or after the day on which it was taken in.

    Raises OneMapError reply.day.
    """
    if sent_on is not None and not sent_on <= on <= taken_on:
        days = {"sent": sent_on.isoformat(), "until": taken_on.isoformat()}
        raise OneMapError("reply.day", field="--reply", on=on.isoformat(), **days)


class Clock(Protocol):
    """What must be known of an opinion to tell whether its clock runs."""

    @property
    def state(self) -> str:
        """The opinion's stored state, before the day is taken into account."""

    @property
    def due(self) -> date | None:
        """The last day, None where no clock runs."""

    @property
    def stopped_on(self) -> date | None:
        """The day on which the clock was stopped; None while it is not stopped."""


def is_running(case_state: str, clock: Clock) -> bool:
    """Whether the review waits for a department whose clock runs towards a last day."""
    waits = clock.state in WAITING and case_state == CaseState.CIRCULATING
    return waits and clock.due is not None and clock.stopped_on is None


def is_overdue(case_state: str, clock: Clock, on: date) -> bool:
    """Whether the last day is over."""
    return is_running(case_state, clock) and clock.due is not None and clock.due < on


def is_silence_consent(case: Case, opinion: Opinion) -> bool:
    """Whether the pack takes silence after the last day for consent.

    A department whose opinion was returned is not silent.
    """
    whose = ("return", opinion.round, opinion.department)
    return case.terms.overdue == "consent" and not any(
        (entry.action, entry.round, entry.department) == whose for entry in case.entries
    )


def is_deemed(case: Case, opinion: Opinion, on: date) -> bool:
    """Whether a department that gave no opinion in time counts as consenting on a day."""
    return is_overdue(case.state, opinion, on) and is_silence_consent(case, opinion)
