"""A case as it stands on a day: project, rounds, opinions, checklist, overrides and every step taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem
from onemap.rules.contract.verdict import VERDICTS, Verdict


class CaseState(StrEnum):
    """The state of a case."""

    DRAFT = "draft"
    CIRCULATING = "circulating"
    CONSOLIDATED = "consolidated"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


class OpinionState(StrEnum):
    """The state of a department's opinion."""

    DRAFTED = "drafted"
    SIGNED = "signed"
    RETURNED = "returned"
    VOID = "void"
    DEEMED = "deemed"


class Conclusion(StrEnum):
    """The conclusion of a department, and of the whole review."""

    AGREE = "agree"
    CONDITIONAL = "conditional"
    DISAGREE = "disagree"
    NOT_INVOLVED = "not_involved"
    SUPPLEMENT = "supplement"


# The codes as plain texts, for tables and parameters.
CASE_STATES = tuple(state.value for state in CaseState)
OPINION_STATES = tuple(state.value for state in OpinionState)
CONCLUSIONS = tuple(conclusion.value for conclusion in Conclusion)
CLOSED = (CaseState.ISSUED, CaseState.WITHDRAWN)  # nothing presses any more
SPOKEN, WAITING = (OpinionState.SIGNED, OpinionState.DEEMED), (OpinionState.DRAFTED, OpinionState.RETURNED)
OPEN = "open"  # of a draft alone: the machine proposes nothing, and a person must choose
NOTICE_KINDS = ("before", "after")  # the statement
NOTICE_ACTIONS = ("notice", "respond", "close", "erase")
MACHINE = "onemap"
_Frozen = TypeVar("_Frozen")


def copy_with(value: _Frozen, **values: Any) -> _Frozen:
    """Copy a frozen dataclass with other values in some fields; ten times as fast as `dataclasses.replace`.

    Only for classes that derive nothing from their fields. A replay changes a case some ten times for each event.
    """
    fields = value.__dict__
    after = object.__new__(value.__class__)
    content = after.__dict__
    content.update(fields, **values)
    if len(content) != len(fields):
        raise TypeError(f"{type(value).__name__} has no field {values.keys() - fields.keys()}")
    return after


@dataclass(frozen=True)
class Terms:
    """Terms of the review from the packs. overdue: escalate or consent; prefix: the bureau's code in document numbers.

    days: working days for an answer; days_of: the same for departments that differ; area_share: the share by which a
    declared area may differ from the parcels'.
    """

    days: int = 5
    overdue: str = "escalate"
    self_sign: bool = False
    prefix: str = ""
    days_of: Mapping[str, int] = field(default_factory=dict)
    area_share: float = 0.01

    def days_for(self, department: str) -> int:
        """How many working days a department has for its answer."""
        return self.days_of.get(department, self.days)


@dataclass(frozen=True)
class Opinion:
    """One department's opinion in one round. conclusion: one of CONCLUSIONS; a draft may also be OPEN.

    number: counts the states of the opinion from 1. text: a person's text, or the machine's Chinese draft, whose
    English is text_en. why: as in `Draft`. due: the last day, None where no clock runs; claimed_due: the last day that
    events tell, if any: silence once recorded after it remains silence; stopped_on: the day on which the clock was
    stopped. unanswered: why it was signed although items of the checklist had no answer. stale_because: the superseded
    layers and packs behind it. days_left: working days until due, negative when overdue, None without a calendar.
    """

    department: str
    round: int
    number: int
    state: str
    conclusion: str
    text: str
    text_en: str | None
    basis: str
    routed: bool
    why: str
    drafted_by: str
    drafted_on: date
    signed_by: str | None = None
    signed_on: date | None = None
    due: date | None = None
    claimed_due: date | None = None
    stopped_on: date | None = None
    unanswered: str | None = None
    stale_because: tuple[str, ...] = ()
    overdue: bool = False
    days_left: int | None = None

    @property
    def stale(self) -> bool:
        """Whether a layer version or a pack behind the opinion has been superseded."""
        return bool(self.stale_because)

    @property
    def by_machine(self) -> bool:
        """Whether the text is still the machine's: no person has written it."""
        return self.drafted_by == MACHINE

    @property
    def is_asked(self) -> bool:
        """Whether the department has anything to say: its opinion is asked for, or a person has written one."""
        return self.routed or not self.by_machine

    def text_in(self, language: str) -> str:
        """The text in a language; English exists only for a machine's draft, else the text itself is returned."""
        return self.text_en if language == "en" and self.text_en is not None else self.text


@dataclass(frozen=True)
class ChecklistItem:
    """A matter that only a person can judge: an item of a pack, or a rule whose layer was not checked by machine.

    rule, layer, reason: set for a rule that was not run (reason as in `run.skipped`), else None. answer: None until
    given.
    """

    item: str
    department: str
    title: Mapping[str, str]
    rule: str | None = None
    layer: str | None = None
    reason: str | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_on: date | None = None


@dataclass(frozen=True)
class Override:
    """A person's verdict that replaces the machine's on a finding; both are kept. The last override of a finding holds.

    before: the machine's verdict; it tells a hit from the ground beside it that could not be judged. is_whole: the
    override applies to both, as in events of earlier programs.
    """

    parcel: str
    rule: str
    before: str
    verdict: str
    reason: str
    by: str
    on: date
    is_whole: bool = True

    def is_of(self, parcel: str, rule: str, verdict: str) -> bool:
        """Whether the override applies to a finding. verdict: the machine's."""
        is_same = self.is_whole or (self.before == Verdict.UNKNOWN) == (verdict == Verdict.UNKNOWN)
        return is_same and (self.parcel, self.rule) == (parcel, rule)


def override_of(overrides: Sequence[Override], parcel: str, rule: str, verdict: str) -> Override | None:
    """The last override of a finding, which holds; None if there is none. verdict: the machine's."""
    return next((one for one in reversed(overrides) if one.is_of(parcel, rule, verdict)), None)


@dataclass(frozen=True)
class KeptRemedy:
    """A remedy of a round's parcels: the run that is stored for it. The last one counts."""

    number: int
    run: str
    by: str
    on: date


@dataclass(frozen=True)
class CommentReply:
    """The lead's reply to a comment of the public. hash: of the comment."""

    comment: int
    hash: str
    text: str
    by: str
    on: date


@dataclass(frozen=True)
class Notice:
    """A public notice of the case. kind: before or after the statement; until: its last day.

    page: SHA-256 of the page that was shown; withheld: departments' opinions and facts of the project that the page
    left out; count, head: number of comments when it was closed, and the hash of the last; erased: comments whose names
    and places were erased.
    """

    number: int
    kind: str
    opened_by: str
    opened_on: date
    until: date
    page: str
    withheld: tuple[str, ...] = ()
    closed_by: str | None = None
    closed_on: date | None = None
    reason: str | None = None
    count: int | None = None
    head: str | None = None
    replies: tuple[CommentReply, ...] = ()
    erased: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed the notice yet; the public may comment until its last day."""
        return self.closed_on is None

    def reply_to(self, comment: int) -> CommentReply | None:
        """The last reply to a comment."""
        return next((reply for reply in reversed(self.replies) if reply.comment == comment), None)


@dataclass(frozen=True)
class Round:
    """One round: the run of its parcels, and the opinions on it. opinions: ten, in the departments' order.

    watched: the layers and packs behind each department's opinion.
    """

    number: int
    run: str
    opened_by: str
    opened_on: date
    circulated_by: str | None
    circulated_on: date | None
    opinions: tuple[Opinion, ...]
    items: tuple[ChecklistItem, ...]
    overrides: tuple[Override, ...]
    remedies: tuple[KeptRemedy, ...] = ()
    watched: Mapping[str, Collection[str]] = field(default_factory=dict)

    def open_items(self, department: str) -> tuple[ChecklistItem, ...]:
        """The items of a department's checklist that have no answer."""
        return tuple(item for item in self.items if item.department == department and item.answer is None)

    def answers(self, department: str) -> list[tuple[str, str, str, str]]:
        """A department's answers to its checklist: item, answer, who answered, ISO day."""
        return [
            (item.item, item.answer, str(item.answered_by), item.answered_on.isoformat())
            for item in self.items
            if item.department == department and item.answer is not None and item.answered_on is not None
        ]

    def opinion(self, department: str) -> Opinion:
        """One department's opinion. Raises OneMapError review.department."""
        for opinion in self.opinions:
            if opinion.department == department:
                return opinion
        raise OneMapError("review.department", field="DEPARTMENT", value=department, known=list(DEPARTMENTS))

    def verdict_of(self, parcel: str, rule: str, verdict: str) -> str:
        """The verdict of a finding that counts: a person's override if there is one, else the machine's."""
        override = override_of(self.overrides, parcel, rule, verdict)
        return verdict if override is None else override.verdict

    @property
    def judged_verdicts(self) -> dict[tuple[str, str, str], str]:
        """The verdicts that people set, by parcel, rule and machine's verdict."""
        return {
            (one.parcel, one.rule, verdict): one.verdict
            for one in self.overrides
            for verdict in VERDICTS
            if one.is_of(one.parcel, one.rule, verdict)
        }


@dataclass(frozen=True)
class Entry:
    """One step of a case: who did what on which day. at: when it was recorded; detail: facts of this kind of step.

    entered_on: the day on which it was recorded if that is later than its own day, else None.
    """

    number: int
    round: int
    action: str
    who: str
    on: date
    at: str
    department: str | None
    detail: Mapping[str, Any]
    entered_on: date | None = None


@dataclass(frozen=True)
class AttachedFile:
    """A file of the project that lies in the case. hash: SHA-256."""

    name: str
    hash: str


@dataclass(frozen=True)
class RunDamage:
    """Why the run of the current round cannot be read, so that some events of the round cannot be judged.

    states: states in which the case may be, depending on which of these events have effect; unjudged: the numbers of
    their entries.
    """

    problem: Problem
    states: tuple[str, ...]
    unjudged: tuple[int, ...] = ()


@dataclass(frozen=True)
class Case:
    """One project on its way through the review, as it stands on the day `on`.

    project: its name, plain text; data: the checked fields of the project, by name (project_data.py in this folder).
    revision: grows by one with every step. proposed: the overall conclusion that follows from the opinions, set when
    consolidated; conclusion: the one decided; document: the statement's number, set when issued; is_rehearsal: the case
    was opened for trying the review, according to its first event. damage: None if the run of its round can be read.
    """

    id: str
    library: str
    project: str
    data: Mapping[str, Any]
    state: str
    round: int
    revision: int
    opened_by: str
    opened_on: date
    on: date
    terms: Terms
    options: Mapping[str, Any]
    rounds: tuple[Round, ...]
    entries: tuple[Entry, ...]
    files: tuple[AttachedFile, ...] = ()
    proposed: str | None = None
    conclusion: str | None = None
    conclusion_reason: str | None = None
    decided_by: str | None = None
    decided_on: date | None = None
    document: str | None = None
    issued_by: str | None = None
    issued_on: date | None = None
    is_rehearsal: bool = False
    damage: RunDamage | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def open_notice(self) -> Notice | None:
        """The notice that nobody has closed yet."""
        return next((notice for notice in self.notices if notice.is_open), None)

    def notice(self, number: int | None) -> Notice:
        """A notice by its number, the last one for None. Raises OneMapError notice.none."""
        for notice in reversed(self.notices):
            if number in (None, notice.number):
                return notice
        raise OneMapError("notice.none", field="--notice", case=self.id, count=len(self.notices))

    @property
    def current(self) -> Round:
        """The current round."""
        return self.rounds[self.round - 1]

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        """The ten opinions of the current round, in the departments' order."""
        return self.current.opinions

    def opinion(self, department: str) -> Opinion:
        """One department's opinion of the current round. Raises OneMapError review.department."""
        return self.current.opinion(department)

    def signature_entered_on(self, opinion: Opinion) -> date | None:
        """The day on which an opinion's signature was recorded, where that is later than its own day."""
        for entry in reversed(self.entries):
            if (entry.action, entry.round, entry.department) == ("sign", opinion.round, opinion.department):
                return entry.entered_on if opinion.signed_by else None
        return None

    @property
    def judged_on(self) -> date:
        """The day on which the parcels of the current round were judged, by the clock that the case's days are of."""
        opening = next(entry for entry in self.entries if entry.round == self.round)
        return opening.entered_on or opening.on

    @property
    def last_day(self) -> date:
        """The day of the last step."""
        return max([entry.on for entry in self.entries])

    @property
    def last_judged_day(self) -> date:
        """The day of the last step that certainly has effect."""
        if self.damage is None:
            return self.last_day
        return max(entry.on for entry in self.entries if entry.number not in self.damage.unjudged)
