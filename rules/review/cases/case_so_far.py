"""A case during the replay of its events: opinions and their authors, hidden drafts, clocks and entries."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import sha256
from onemap.rules.review.cases.case import (
    CASE_STATES,
    MACHINE,
    Case,
    Entry,
    Opinion,
    OpinionState,
    RunDamage,
    copy_with,
)
from onemap.rules.review.cases.case_conditions import is_deemed, is_running, is_silence_consent
from onemap.rules.review.cases.code_names import Named
from onemap.rules.review.cases.event import CARRIED_CHAIN, EDITION, LEAD_CHAIN, Event
from onemap.rules.review.cases.event_facts import Facts
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.state_machine import CASE_TABLE, opinion_state_after

_LONG_HOLIDAY = 15  # days: more than any row of free days, with the weekends beside it


class UnreadableCalendar(OneMapError):
    """The calendar cannot be read, or lacks a year for which no event tells the last day."""


def last_days(opinion: Opinion) -> tuple[date, date]:
    """The last day of an opinion whose clock runs, and the last day that its events tell."""
    due = opinion.due or date.max
    return due, opinion.claimed_due or due


def clock_days(opinion: Opinion) -> list[str | None]:
    """The last day of an opinion and the day on which its clock stopped, as events tell them: ISO, None for none."""
    return [day.isoformat() if day else None for day in (opinion.due, opinion.stopped_on)]


def claimable_day(claim: Any, first: date, start: date, days: int) -> date | None:
    """The last day that an event tells, if some calendar could have given it, else None.

    It is not before `first`, and not later than twice the days and a long holiday after `start`.
    """
    try:
        day = date.fromisoformat(claim)
    except (TypeError, ValueError):
        return None
    most = start + timedelta(2 * days + _LONG_HOLIDAY if days else 0)
    return day if first <= day <= most else None


Snapshot = tuple[Case | None, dict[str, str], dict[str, Event], set[str], dict[str, str], dict[str, date]]


class CaseSoFar:
    """A case after some of its events.

    case: None before the first lawful event. conclusions: of every state of an opinion, by round, department and
    number; None for a draft whose words the reader may not see. authors: of the current drafts, even if the words are
    hidden. draft_events: events of drafts that people wrote and nobody has signed. machine_worded: departments whose
    current draft the machine worded; draft_texts: hashes that events claim for such drafts, with the person who answers
    for the words if this program words them differently. days: of the last step in each chain that certainly has
    effect. is_new: the current event is not written yet.
    """

    def __init__(self, library_id: str, evidence: LibraryEvidence) -> None:
        self.case: Case | None = None
        self.conclusions: dict[tuple[int, str, int], str | None] = {}
        self.library = library_id
        self.evidence = evidence
        self.authors: dict[str, str] = {}
        self.draft_events: dict[str, Event] = {}
        self.machine_worded: set[str] = set()
        self.draft_texts: dict[str, str] = {}
        self.days: dict[str, date] = {}
        self.is_new = False
        self._last_day: tuple[tuple[Entry, ...], date | None] = ((), None)  # of these entries

    def snapshot(self) -> Snapshot:
        """Everything that an event may change, copied."""
        drafts = set(self.machine_worded), dict(self.draft_texts), dict(self.days)
        return self.case, dict(self.authors), dict(self.draft_events), *drafts

    def go_back_to(self, before: Snapshot) -> None:
        """Return to a snapshot; the snapshot must not be used again."""
        self.case, self.authors, self.draft_events, self.machine_worded, self.draft_texts, self.days = before

    @property
    def current_case(self) -> Case:
        """The case. Raises OneMapError review.event_unreadable where no event has opened one."""
        if self.case is None:
            raise OneMapError("review.event_unreadable")
        return self.case

    def enter(self, event: Event, on: date, state: str, department: str | None, detail: Facts) -> None:
        """Add the entry of an event that has effect, and set the case's new state."""
        case = self.current_case
        clock = event.clock_day
        entered_on = clock if on < clock and not case.is_rehearsal else None
        number = len(case.entries) + 1
        whole = {"state": state, **detail}
        entry = Entry(
            number,
            case.round,
            event.action,
            who=event.who,
            on=on,
            at=event.at,
            department=department,
            detail=whole,
            entered_on=entered_on,
        )
        damage = copy_with(case.damage, states=(state,)) if case.damage else None
        last, entries = self.last_judged_day(), (*case.entries, entry)
        latest = max(case.on, on)  # departments do not wait for each other
        self.case = copy_with(case, state=state, on=latest, revision=number, entries=entries, damage=damage)
        self.days[event.chain] = max(self.days.get(event.chain, on), on)
        if damage is None:
            self._last_day = entries, max(last, on) if last else on

    def last_judged_day(self) -> date | None:
        """The day of the last step that certainly has effect; None before the first."""
        case = self.current_case
        if case.damage is not None or self._last_day[0] is not case.entries:
            return case.last_judged_day if case.entries else None
        return self._last_day[1]

    def day_before(self, chain: str) -> date | None:
        """The earliest day that an event of a chain may have: the day of the case's last step; None before the first.

        If that day would turn a department's silence into consent, only its own and the lead's last steps count: an
        answer that came on paper in time may be entered late, whatever other departments did meanwhile.
        """
        last = self.last_judged_day()
        if last is None or chain not in DEPARTMENTS or not self.may_be_deemed(chain, last):
            return last
        return max((self.days[one] for one in (chain, LEAD_CHAIN, CARRIED_CHAIN) if one in self.days), default=last)

    def may_be_deemed(self, department: str, on: date) -> bool:
        """Whether an event may take a department's silence for consent because its last day is over.

        A draft whose words are hidden counts as waiting: whether it stopped its clock is unknown.
        """
        case = self.current_case
        opinion = case.opinion(department)
        due, claimed = last_days(opinion)
        is_late = (due if self.is_new else claimed) < on
        waits = self.is_hidden(department) or is_running(case.state, opinion)
        return waits and is_late and is_silence_consent(case, opinion)

    def enter_unjudged(self, event: Event, on: date, department: str | None, problem: Problem) -> None:
        """Add the entry of an event that depends on an unreadable run; the case may or may not change its state.

        problem: what is wrong with the run.
        """
        case = self.current_case
        damage = case.damage or RunDamage(problem, (case.state,))
        follow = [CASE_TABLE[event.action][CASE_STATES.index(state)] for state in damage.states]
        states = tuple(one for one in CASE_STATES if one in (*damage.states, *follow))
        days = dict(self.days)
        self.enter(event, on, case.state, department, {"unjudged": True})
        self.days = days
        unjudged = (*damage.unjudged, self.current_case.revision)
        self.case = copy_with(self.current_case, damage=RunDamage(damage.problem, states, unjudged))

    def is_hidden(self, department: str) -> bool:
        """Whether a department has a current draft whose words the reader may not see."""
        draft = self.draft_events.get(department)
        return draft is not None and draft.words is None

    def clock_day(self, event: Event, on: date) -> date:
        """The day from which clocks run: never before an event was recorded, so a late entry costs no days."""
        return on if self.current_case.is_rehearsal else max(on, event.clock_day)

    def deadline(self, department: str, day: date, claim: Any) -> tuple[date, date]:
        """The last day of a department whose clock starts on a day, as `_last_day_of`. claim: as its event tells it."""
        days = self.current_case.terms.days_for(department)
        return self._last_day_of(lambda calendar: calendar.after(day, days), claim, day, day, days)

    def extended(self, before: Opinion, days: int, claim: Any) -> tuple[date, date]:
        """The last day of a department that gets some more working days; returns as `_last_day_of`."""
        due, claimed = last_days(before)
        return self._last_day_of(lambda calendar: calendar.after(due, days), claim, claimed, due, days)

    def _last_day_of(
        self,
        reckon: Callable[[WorkCalendar], date],
        claim: Any,
        by_events: date,
        start: date,
        days: int,
        least: int = -1,
    ) -> tuple[date, date]:
        """The last day by the calendar, or by the event if it tells a later one; and the day that the event tells.

        A later calendar neither takes a day from anybody nor undoes silence that was recorded as such. A day that no
        calendar could give is not believed; if the calendar of a year is gone, every day counts as worked. by_events,
        start: the day from which days are counted, by the events and in fact; least: natural days, -1 for `days`.
        Raises UnreadableCalendar.
        """
        few = timedelta(days if least < 0 else least)
        by_event = None if self.is_new else claimable_day(claim, by_events + few, start, days)
        try:
            by_calendar = reckon(self.evidence.calendar)
        except OneMapError as error:
            if self.is_new:
                raise
            if error.code != "calendar.missing" or claim is None:
                raise UnreadableCalendar.of(error.problems) from error
            by_calendar = start + few
        due = max(by_calendar, by_event or by_calendar)
        return due, by_event or due

    def clock(self, before: Opinion, conclusion: str, on: date, clock: date, claim: Any = None) -> dict[str, Any]:
        """The last day and stop of a clock after an opinion: a demand for material stops it, any other restarts it.

        The days on which it stood are added. claim: last day and stop as the event tells them; an event without them
        comes from a program that stopped the clock on the typed day.
        """
        if before.due is None:
            return {"due": None, "claimed_due": None, "stopped_on": None}
        if conclusion == "supplement":
            stops = clock if self.is_new or claim is not None else on
            return {"due": before.due, "claimed_due": before.claimed_due, "stopped_on": before.stopped_on or stops}
        if before.stopped_on is None:
            return {"due": before.due, "claimed_due": before.claimed_due, "stopped_on": None}
        (before_stop, claimed), stopped_on = last_days(before), before.stopped_on
        day = None if claim is None else claim[0]
        stood = (max(clock, stopped_on) - stopped_on).days
        due, claimed = self._last_day_of(
            lambda calendar: calendar.after(before_stop, calendar.between(stopped_on, clock)),
            day,
            claimed,
            before_stop,
            stood,
            least=0,
        )
        return {"due": due, "claimed_due": claimed, "stopped_on": None}

    def state_on(self, opinion: Opinion, on: date) -> str:
        """An opinion's state on a day, on which silence may already be consent."""
        if opinion.due is None or opinion.due >= on:
            return opinion.state
        is_silent = not self.is_hidden(opinion.department) and is_deemed(self.current_case, opinion, on)
        return OpinionState.DEEMED if is_silent else opinion.state

    def opinion_state(self, opinion: Opinion, action: str, on: date) -> str:
        """The state of an opinion after an action on a day; an opinion that is deemed by then counts as such."""
        before = self.state_on(opinion, on)
        try:
            return opinion_state_after(before, action)
        except OneMapError:
            due = opinion.due.isoformat() if opinion.due else None
            facts = {"department": self.name(opinion.department), "signed_by": opinion.signed_by, "due": due}
            return opinion_state_after(before, action, **facts, field="DEPARTMENT")

    def put(self, before: Opinion, **values: Any) -> Opinion:
        """Replace an opinion by its next state, with other values in some fields."""
        after = copy_with(before, number=before.number + 1, **values)
        department = after.department
        opinions = self.current_case.opinions
        self.set_round(opinions=tuple([after if one.department == department else one for one in opinions]))
        self.note_conclusion(after)
        return after

    def note_conclusion(self, opinion: Opinion) -> None:
        """Record the conclusion of a state of an opinion, for the history."""
        place = opinion.round, opinion.department, opinion.number
        self.conclusions[place] = None if self.is_hidden(opinion.department) else opinion.conclusion

    def note_drafts(self, event: Event, facts: Facts) -> None:
        """Record who is responsible for drafts that an event attributes to the machine.

        It is the machine if an earlier edition of the rules worded them, which this program cannot compute again.
        Otherwise it is the person of the event, since this edition's wording can be computed.
        """
        claims = MACHINE if facts.get("edition", EDITION) < EDITION else event.who
        for hash_ in facts.get("drafts", ()):
            self.draft_texts.setdefault(hash_, claims)

    def set_round(self, **values: Any) -> None:
        """Change fields of the current round."""
        case = self.current_case
        self.case = copy_with(case, rounds=(*case.rounds[:-1], copy_with(case.rounds[-1], **values)))

    def opinion_detail(self, opinion: Opinion) -> dict[str, Any]:
        """An opinion's facts for an entry: its state and number, and its conclusion once it is signed."""
        content: dict[str, Any] = {"opinion": opinion.state, "opinion_number": opinion.number}
        if opinion.state == "signed":
            words = sha256("\n".join((opinion.conclusion, opinion.text, opinion.basis)))
            content |= {"conclusion": opinion.conclusion, "words": words}
        return content

    def name(self, department: Any) -> Named:
        """The name of a department."""
        return self.evidence.name_of(str(department))
