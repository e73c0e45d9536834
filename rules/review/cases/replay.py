"""Build a case from its events: the only module that decides which events are allowed, and what follows from them.

An event that the rules do not allow has no effect: it is kept in `Replay.unlawful` with its refusal. A step asks the
same rules before it writes its event.

Whether an event is lawful does not depend on which runs can be read today; otherwise restoring a backup would change
cases that went on without it. A round whose run cannot be read is opened all the same. Its events may or may not have
effect; they are kept in `Replay.unjudged`. What is lawful either way has effect: a new round, a withdrawal.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem
from onemap.rules.review.cases import department_effects, lead_effects
from onemap.rules.review.cases.case import NOTICE_ACTIONS, Case, CaseState, copy_with
from onemap.rules.review.cases.case_conditions import check_notice, check_readable, circulates_again
from onemap.rules.review.cases.case_so_far import CaseSoFar, UnreadableCalendar
from onemap.rules.review.cases.event import CARRIED_CHAIN, EDITION, LEAD_CHAIN, Event, ordered_events
from onemap.rules.review.cases.event_facts import Facts
from onemap.rules.review.cases.hand import checked_name, refuse_day
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.round_facts import UnreadableRun
from onemap.rules.review.cases.state_machine import case_state_after

WITHOUT_RUN = ("circulate", "revise", "withdraw")  # whether they are lawful no run says
LEADS = ("open", "circulate", "revise", "consolidate", "issue", "withdraw", "extend", "answer", *NOTICE_ACTIONS)


class Replay(CaseSoFar):
    """A case built from its events one by one; its entries are the lawful events.

    unlawful: events without effect, each with its refusal; unreadable: events that open a round whose run cannot be
    read, or first need that run, with what is wrong with it; unjudged: events that depend on such a run.
    """

    def __init__(self, library_id: str, evidence: LibraryEvidence) -> None:
        super().__init__(library_id, evidence)
        self.unlawful: list[tuple[Event, OneMapError]] = []
        self.unreadable: list[tuple[Event, Problem]] = []
        self.unjudged: list[tuple[Event, Problem]] = []

    @classmethod
    def of(cls, events: Sequence[Event], library_id: str, evidence: LibraryEvidence) -> "Replay":
        """Replay a case's events, given in any order."""
        replay = cls(library_id, evidence)
        for event in ordered_events(events):
            replay.take(event)
        return replay

    def take(self, event: Event) -> None:
        """Apply an event if it is lawful. Raises UnreadableCalendar if that cannot be told."""
        before = self.snapshot()
        damaged_before = self._damaged_round()
        try:
            self._apply(event)
            if self._damaged_round() != damaged_before and self.current_case.damage is not None:
                self.unreadable.append((event, self.current_case.damage.problem))
        except UnreadableCalendar:
            raise
        except OneMapError as error:
            self.go_back_to(before)
            self.unlawful.append((event, error))
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            # Whatever stands in a body, written by whatever program, is none of the facts that its action needs.
            self.go_back_to(before)
            self.unlawful.append((event, OneMapError("review.event_unreadable")))

    def _damaged_round(self) -> int | None:
        """The number of the current round if its run cannot be read, else None."""
        return self.case.round if self.case is not None and self.case.damage is not None else None

    def fork(self, evidence: LibraryEvidence) -> "Replay":
        """A copy of the replay that continues independently."""
        other = Replay(self.library, evidence)
        other.go_back_to(self.snapshot())
        return other

    def judge(self, event: Event) -> Case:
        """Apply an event that is not written yet. Raises OneMapError if it is not allowed."""
        self.is_new = True
        self._apply(event)
        self.is_new = False
        return self.current_case

    def _apply(self, event: Event) -> None:
        facts = event.facts()
        if facts.get("edition", EDITION) not in range(1, EDITION + 1):
            raise OneMapError("review.event_unreadable")  # a later program gives the library a new format
        if event.chain == CARRIED_CHAIN:
            lead_effects.carry_case(self, event, facts)
            return
        action = event.action
        if action not in _ACTIONS or (event.sequence is not None) != (action == "issue"):
            raise OneMapError("review.event_unreadable")
        if not event.account:
            checked_name(event.who)
        if action == "open":
            lead_effects.open_case(self, event, facts)
            return
        case = self.current_case
        department = facts.get("department") if event.chain == LEAD_CHAIN else event.chain
        if department is not None and department not in DEPARTMENTS:
            raise OneMapError("review.event_unreadable")
        if event.chain == LEAD_CHAIN and action in ("opine", "sign", "override"):
            raise OneMapError("review.not_yours", field="DEPARTMENT", department=self.name(department), yours=[])
        if event.chain != LEAD_CHAIN and action in LEADS:
            raise OneMapError("review.lead_only", field="--by", action=f"review {action}")
        if facts["round"] != case.round:
            raise OneMapError("review.event_round", case=case.id, round=case.round)
        on = self._day(event, facts, case)
        of_department = None if action in ("override", "remedy") else department
        try:
            state = self._state_after(case, action, on)
            detail = _EFFECTS[action](self, event, facts, on, department)
        except UnreadableRun as error:
            if self.is_new:
                raise
            self.case = case
            self.enter_unjudged(event, on, of_department, error.problems[0])
            self.unjudged.append((event, error.problems[0]))
        else:
            self.enter(event, on, state, of_department, detail)
            if action in NOTICE_ACTIONS and case.damage is not None:  # it tells nothing of the case's state
                self.case = copy_with(self.current_case, damage=case.damage)

    def _state_after(self, case: Case, action: str, on: date) -> str:
        """The state of a case after an action on a day.

        Raises UnreadableRun if nobody can tell whether the action has effect, OneMapError review.… if it has none.
        """
        if self.is_new:
            check_readable(case, action)
        if action != "close":  # whose event says which one
            check_notice(case, action)
        if action == "circulate" and circulates_again(case):
            return CaseState.CIRCULATING
        if case.damage is None:
            return case_state_after(case.state, action, case.id)
        next_states: set[str] = set()
        refusals: list[OneMapError] = []
        for state in case.damage.states:
            try:
                next_states.add(case_state_after(state, action, case.id))
            except OneMapError as error:
                refusals.append(error)
        if not next_states:
            raise refusals[0]
        if action in NOTICE_ACTIONS and not refusals and on >= case.last_day:
            return case.state
        if action not in WITHOUT_RUN or refusals or len(next_states) > 1 or on < case.last_day:
            raise UnreadableRun.of([case.damage.problem])
        return next_states.pop()

    def _day(self, event: Event, facts: Facts, case: Case) -> date:
        """The day of an event: under an account the server's day, else the typed one; never before `day_before`."""
        on, clock = date.fromisoformat(facts["on"]), event.clock_day
        if not case.is_rehearsal:
            refuse_day(on, clock, is_account=bool(event.account))
        refuse_day(on, last=self.day_before(event.chain))
        return on


_Effect = Callable[[CaseSoFar, Event, Facts, date, str | None], dict[str, Any]]
_EFFECTS: dict[str, _Effect] = {
    "circulate": lead_effects.circulate,
    "revise": lead_effects.revise,
    "extend": lead_effects.extend,
    "consolidate": lead_effects.consolidate,
    "issue": lead_effects.issue,
    "withdraw": lead_effects.withdraw,
    "answer": lead_effects.answer,
    "opine": department_effects.opine,
    "sign": department_effects.sign,
    "return": department_effects.give_back,
    "override": department_effects.override,
    "remedy": department_effects.remedy,
    "notice": lead_effects.post_notice,
    "respond": lead_effects.respond,
    "close": lead_effects.close_notice,
    "erase": lead_effects.erase_person,
}
_ACTIONS = {"open", *_EFFECTS}
