"""Conditions of a case on a day: who is waited for, whose silence is consent, who may sign and issue."""

from datetime import date
from typing import Protocol

from onemap.layers.errors import OneMapError
from onemap.layers.person_names import same_person
from onemap.rules.review.cases.case import (
    CLOSED,
    MACHINE,
    OPEN,
    WAITING,
    Case,
    CaseState,
    Conclusion,
    Opinion,
    OpinionState,
    Terms,
)
from onemap.rules.review.cases.code_names import Named


def circulates_again(case: Case) -> bool:
    """Whether a revised case that is already circulating may be sent out again: only if no step followed since."""
    return case.state == CaseState.CIRCULATING and case.entries[-1].action == "revise"


def check_readable(case: Case, action: str) -> None:
    """Refuse an action that rests on a run that cannot be read, or on whether the case is over.

    A new round and a withdrawal rest on none. Raises OneMapError review.run_unreadable.
    """
    if case.damage is None:
        return
    may_be_over = not set(CLOSED).isdisjoint(case.damage.states)
    if action not in ("revise", "withdraw") or may_be_over:
        raise OneMapError("review.run_unreadable", case=case.id, how=case.damage.problem)


def check_notice(case: Case, action: str) -> None:
    """Refuse what would change under the eyes of the public, a second notice, and the end of none.

    Raises OneMapError notice.open, notice.none.
    """
    shown = case.open_notice
    if shown is not None and action in ("notice", "issue", "revise", "withdraw"):
        raise OneMapError("notice.open", case=case.id, notice=shown.number)
    if shown is None and action == "close":
        raise OneMapError("notice.none", field="--notice", case=case.id, count=len(case.notices))


def is_awaited(opinion: Opinion, state: str, author: str) -> bool:
    """Whether a department is asked and has not signed, or its people have written, or are to write anew.

    state: of the opinion on the day; author: of the draft that stands.
    """
    return state == OpinionState.RETURNED or (state == OpinionState.DRAFTED and (opinion.routed or author != MACHINE))


def decides_alone(case: Case, account: str) -> bool:
    """Whether the account that issues a case has also consolidated it. Typed names would prove nothing."""
    joined = [entry.who for entry in case.entries if entry.action == "consolidate"]
    return not case.terms.self_sign and account in joined[-1:]


def may_sign(terms: Terms, opinion: Opinion, author: str, by: str | None, named: Named) -> None:
    """Refuse a signature under one's own draft, under one that proposes nothing, and a disagreement without basis.

    author: of the draft; by: None where it is not known who will sign; named: the department.
    Raises OneMapError review.self_sign, review.open, review.basis.
    """
    if opinion.conclusion == OPEN:
        raise OneMapError("review.open", department=named, field="DEPARTMENT")
    if by is not None and not terms.self_sign and same_person(author, by):
        raise OneMapError("review.self_sign", department=named, by=by, field="--by")
    if opinion.conclusion == Conclusion.DISAGREE and not opinion.basis:
        raise OneMapError("review.basis", department=named, field="--basis")


def check_reply_day(sent: date | None, on: date, taken: date) -> None:
    """Refuse a reply that was not written between the day on which its round was sent out and that of its taking in.

    Raises OneMapError reply.day.
    """
    if sent is not None and not sent <= on <= taken:
        days = {"sent": sent.isoformat(), "until": taken.isoformat()}
        raise OneMapError("reply.day", field="--reply", on=on.isoformat(), **days)


class Clock(Protocol):
    """The facts about an opinion's last day."""

    @property
    def state(self) -> str:
        """The opinion's state, without what follows from the day."""

    @property
    def due(self) -> date | None:
        """The last day, None where no clock runs."""

    @property
    def stopped_on(self) -> date | None:
        """Since when it stands still."""


def is_running(case_state: str, clock: Clock) -> bool:
    """Whether a department is waited for, with a last day that comes nearer."""
    waits = clock.state in WAITING and case_state == CaseState.CIRCULATING
    return waits and clock.due is not None and clock.stopped_on is None


def is_overdue(case_state: str, clock: Clock, on: date) -> bool:
    """Whether the last day is over."""
    return is_running(case_state, clock) and clock.due is not None and clock.due < on


def is_silence_consent(case: Case, opinion: Opinion) -> bool:
    """Whether silence past the last day is consent, where the pack says so.

    A department whose opinion was returned is not silent.
    """
    whose = ("return", opinion.round, opinion.department)
    return case.terms.overdue == "consent" and not any(
        (entry.action, entry.round, entry.department) == whose for entry in case.entries
    )


def is_deemed(case: Case, opinion: Opinion, on: date) -> bool:
    """Whether an opinion counts as consent on a day because the department gave none."""
    return is_overdue(case.state, opinion, on) and is_silence_consent(case, opinion)
