"""A case from its events: the one place that says what may happen to a case, and what follows from it.

An event that the rules do not allow has no effect: it is kept in `Replay.unlawful` with the refusal that it met. A step
asks the same rules before it writes its event.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.rules.review.cases import department_effects, lead_effects
from onemap.rules.review.cases.case import Case, copy_with
from onemap.rules.review.cases.case_conditions import circulates_again
from onemap.rules.review.cases.case_state import CaseState, Evidence
from onemap.rules.review.cases.event import CARRIED_CHAIN, EDITION, LEAD_CHAIN, Event, ordered_events
from onemap.rules.review.cases.event_facts import Facts
from onemap.rules.review.cases.hand import checked_name, refuse_day
from onemap.rules.review.cases.state_machine import case_state_after

LEADS = ("open", "circulate", "revise", "consolidate", "issue", "withdraw", "extend", "answer")


class Replay(CaseState):
    """A case as its events make it, one by one; its entries are the lawful ones.

    unlawful: the events without effect, with what stood against each.
    """

    def __init__(self, library_id: str, evidence: Evidence) -> None:
        super().__init__(library_id, evidence)
        self.unlawful: list[tuple[Event, OneMapError]] = []

    @classmethod
    def of(cls, events: Sequence[Event], library_id: str, evidence: Evidence) -> "Replay":
        """The replay of a case's events, in whatever order they come."""
        replay = cls(library_id, evidence)
        for event in ordered_events(events):
            replay.take(event)
        return replay

    def take(self, event: Event) -> None:
        """Let an event have its effect, if it is lawful. Raises OneMapError run.damaged."""
        before = self.snapshot()
        try:
            self._apply(event)
        except OneMapError as error:
            if error.code == "run.damaged":
                raise
            self.go_back_to(before)
            self.unlawful.append((event, error))
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            # Whatever stands in a body, written by whatever program, is none of the facts that its action needs.
            self.go_back_to(before)
            self.unlawful.append((event, OneMapError("review.event_unreadable")))

    def fork(self, evidence: Evidence) -> "Replay":
        """A copy of the replay that continues independently."""
        other = Replay(self.library, evidence)
        other.go_back_to(self.snapshot())
        return other

    def judge(self, event: Event) -> Case:
        """Let an event have its effect that is not written yet. Raises OneMapError: why it may not be."""
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
        if action not in (*_EFFECTS, "open") or (event.sequence is not None) != (action == "issue"):
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
        case = copy_with(case, on=on)
        again = action == "circulate" and circulates_again(case)
        state = "circulating" if again else case_state_after(case.state, action, case=case.id, field="CASE")
        self.case = case
        detail = _EFFECTS[action](self, event, facts, on, department)
        of_department = None if action in ("override", "remedy") else department
        self.enter(event, on, state, of_department, detail)

    def _day(self, event: Event, facts: Facts, case: Case) -> date:
        """The day of an event: of an account the server's, else what was typed, and never before the last one."""
        on, clock = date.fromisoformat(facts["on"]), date.fromisoformat(event.day)
        if not case.is_rehearsal:
            refuse_day(on, clock, is_account=bool(event.account))
        refuse_day(on, last=case.last_day)
        return on


_Effect = Callable[[CaseState, Event, Facts, date, str | None], dict[str, Any]]
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
}
