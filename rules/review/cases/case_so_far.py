"""A case during the replay of its events: opinions and their authors, hidden drafts, clocks and entries."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Protocol

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
from onemap.rules.review.cases.round_facts import RoundFacts
from onemap.rules.review.cases.state_machine import CASE_TABLE, opinion_state_after
from onemap.rules.review.cases.terms import claimable_day, deadline, due_after_stop


class UnreadableCalendar(OneMapError):
    """The calendar cannot be read, or lacks a year of which no event tells what was reckoned by it."""


class Evidence(Protocol):
    """The questions of a replay to the library, beside the events."""

    @property
    def calendar(self) -> WorkCalendar:
        """The calendar of working days."""

    @property
    def is_rehearsal(self) -> bool:
        """Whether the library was made for trying the review."""

    def facts_of(self, run: str) -> RoundFacts:
        """The machine's facts of a round, by its run. Raises UnreadableRun, OneMapError run.kind."""

    def check_run(self, run: str) -> None:
        """Refuse the run of a round that cannot be read. Raises as `facts_of`."""

    def bodies_of(self, run: str) -> Mapping[str, str]:
        """The bodies that a round's findings ask, by name, with the department that writes to them."""

    def reads_words(self, department: str) -> bool:
        """Whether the reader may see the words of a department's drafts."""

    def check_remedy(self, run: str) -> None:
        """Refuse a run that is no stored remedy. Raises OneMapError run.unknown, run.kind."""

    def name_of(self, department: str) -> Named:
        """The name of a department."""

    def numbers_before(self, year: int, at: str) -> int:
        """How many documents of a year were numbered before a moment, in all cases."""


def last_days(opinion: Opinion) -> tuple[date, date]:
    """The last day of an opinion whose clock runs, and the one that its events tell."""
    due = opinion.due or date.max
    return due, opinion.claimed_due or due


def clock_days(opinion: Opinion) -> list[str | None]:
    """The last day of an opinion, and since when its clock stands still, as events tell them: ISO, None for none."""
    return [day.isoformat() if day else None for day in (opinion.due, opinion.stopped_on)]


Snapshot = tuple[Case | None, dict[str, str], dict[str, Event], set[str], dict[str, str], dict[str, date]]


class CaseSoFar:
    """A case after some of its events.

    case: None before the first lawful event. conclusions: of every state of an opinion, by round, department and
    number; None of a draft whose words whoever reads may not see. authors: of the drafts that stand, also where their
    words are hidden. draft_events: those of drafts that people wrote and nobody has signed. machine_worded: whose
    standing draft the machine has worded; draft_texts: of such drafts, by hash as events claim them, who answers for
    the words where this program words them otherwise. days: of the last step in each chain that certainly has effect.
    is_new: the event at hand is not written yet.
    """

    def __init__(self, library_id: str, evidence: Evidence) -> None:
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
        """All that an event may change, as it stands."""
        drafts = set(self.machine_worded), dict(self.draft_texts), dict(self.days)
        return self.case, dict(self.authors), dict(self.draft_events), *drafts

    def go_back_to(self, before: Snapshot) -> None:
        """Stand where a snapshot, which is of no more use then, was taken."""
        self.case, self.authors, self.draft_events, self.machine_worded, self.draft_texts, self.days = before

    @property
    def current_case(self) -> Case:
        """The case. Raises OneMapError review.event_unreadable where no event has opened one."""
        if self.case is None:
            raise OneMapError("review.event_unreadable")
        return self.case

    def enter(self, event: Event, on: date, state: str, department: str | None, detail: Facts) -> None:
        """The entry of an event that has effect, and the case's state after it."""
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
        """The day before which an event of a chain cannot be: that of the case's last step; None before the first.

        Where that day would make silence of a department, it is that of its own and the lead's last step: what came on
        paper in time is entered when it is found, whatever other departments did meanwhile.
        """
        last = self.last_judged_day()
        if last is None or chain not in DEPARTMENTS or not self.may_be_deemed(chain, last):
            return last
        return max((self.days[one] for one in (chain, LEAD_CHAIN, CARRIED_CHAIN) if one in self.days), default=last)

    def may_be_deemed(self, department: str, on: date) -> bool:
        """Whether the silence of a department may be consent that an event tells: it was, by the last day of its time.

        A draft whose words are hidden may have stopped its clock.
        """
        case = self.current_case
        opinion = case.opinion(department)
        due, claimed = last_days(opinion)
        is_late = (due if self.is_new else claimed) < on
        waits = self.is_hidden(department) or is_running(case.state, opinion)
        return waits and is_late and is_silence_consent(case, opinion)

    def enter_unjudged(self, event: Event, on: date, department: str | None, problem: Problem) -> None:
        """The entry of an event that rests on a run that cannot be read: the case stays, or is in what would follow.

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
        """The day from which clocks run: a step that is entered late takes no day from anybody."""
        return on if self.current_case.is_rehearsal else max(on, event.clock_day)

    def deadline(self, department: str, day: date, claim: Any) -> tuple[date, date]:
        """The last day of a department whose clock starts on a day, as `_last_day_of`. claim: as its event tells it."""
        terms = self.current_case.terms
        days = terms.days_for(department)
        return self._last_day_of(lambda calendar: deadline(calendar, terms, department, day), claim, day, day, days)

    def extended(self, before: Opinion, days: int, claim: Any) -> tuple[date, date]:
        """The last day of a department that has so many more working days, as `_last_day_of`."""
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
        """The last day by the calendar, or by its event if that tells a later one; and the day that the event tells.

        A later calendar takes no day from anybody, nor makes silence of what was silence when it was written down. What
        no calendar can give is believed of nobody; of a year whose calendar is gone it is as if each day were worked.
        by_events, start: from which the days are counted, by the events and by all; least: natural days, all for -1.
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
        """The last day, and since when the clock stands still: a demand for material stops it, another word starts it.

        The days on which it stood are added. claim: last day and stop as the event tells them; one that tells none is
        of a program that stopped the clock on the day that was typed.
        """
        if before.due is None:
            return {"due": None, "claimed_due": None, "stopped_on": None}
        if conclusion == "supplement":
            stops = clock if self.is_new or claim is not None else on
            return {"due": before.due, "claimed_due": before.claimed_due, "stopped_on": before.stopped_on or stops}
        if before.stopped_on is None:
            return {"due": before.due, "claimed_due": before.claimed_due, "stopped_on": None}
        (due, claimed), stopped_on = last_days(before), before.stopped_on
        day = None if claim is None else claim[0]
        stood = (max(clock, stopped_on) - stopped_on).days
        found = self._last_day_of(
            lambda calendar: due_after_stop(calendar, due, stopped_on, clock), day, claimed, due, stood, least=0
        )
        return {"due": found[0], "claimed_due": found[1], "stopped_on": None}

    def state_on(self, opinion: Opinion, on: date) -> str:
        """An opinion's state on a day: silence may be consent by then."""
        if opinion.due is None or opinion.due >= on:
            return opinion.state
        is_silent = not self.is_hidden(opinion.department) and is_deemed(self.current_case, opinion, on)
        return OpinionState.DEEMED if is_silent else opinion.state

    def opinion_state(self, opinion: Opinion, action: str, on: date) -> str:
        """The state that follows for an opinion as it stands on a day, so that one that is deemed refuses."""
        before = self.state_on(opinion, on)
        try:
            return opinion_state_after(before, action)
        except OneMapError:
            due = opinion.due.isoformat() if opinion.due else None
            facts = {"department": self.name(opinion.department), "signed_by": opinion.signed_by, "due": due}
            return opinion_state_after(before, action, **facts, field="DEPARTMENT")

    def put(self, before: Opinion, **values: Any) -> Opinion:
        """The next state of an opinion, with other values in some fields."""
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

        The machine itself where an earlier edition of the rules worded them, which this program cannot compute; else
        whoever claims it, for what this edition words is computed.
        """
        claims = MACHINE if facts.get("edition", EDITION) < EDITION else event.who
        for hash_ in facts.get("drafts", ()):
            self.draft_texts.setdefault(hash_, claims)

    def set_round(self, **values: Any) -> None:
        """Change the round that counts."""
        case = self.current_case
        self.case = copy_with(case, rounds=(*case.rounds[:-1], copy_with(case.rounds[-1], **values)))

    def opinion_detail(self, opinion: Opinion) -> dict[str, Any]:
        """An opinion as an entry shows it: its state and its number; its conclusion once it is signed."""
        content: dict[str, Any] = {"opinion": opinion.state, "opinion_number": opinion.number}
        if opinion.state == "signed":
            words = sha256("\n".join((opinion.conclusion, opinion.text, opinion.basis)))
            content |= {"conclusion": opinion.conclusion, "words": words}
        return content

    def name(self, department: Any) -> Named:
        """The name of a department."""
        return self.evidence.name_of(str(department))
