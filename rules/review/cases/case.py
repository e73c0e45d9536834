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
    """How far a case is."""

    DRAFT = "draft"
    CIRCULATING = "circulating"
    CONSOLIDATED = "consolidated"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


class OpinionState(StrEnum):
    """How far a department's opinion is."""

    DRAFTED = "drafted"
    SIGNED = "signed"
    RETURNED = "returned"
    VOID = "void"
    DEEMED = "deemed"


class Conclusion(StrEnum):
    """The conclusion of a department, and of the review in the end."""

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
    """A frozen dataclass with other values in some fields; a tenth of the time of `dataclasses.replace`.

    For classes that make nothing of their fields. A replay changes a case some ten times for each event.
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

    days: working days for an answer; days_of: those of departments that have others; area_share: by which part a
    declared area may differ from the parcels'.
    """

    days: int = 5
    overdue: str = "escalate"
    self_sign: bool = False
    prefix: str = ""
    days_of: Mapping[str, int] = field(default_factory=dict)
    area_share: float = 0.01

    def days_for(self, department: str) -> int:
        """How many working days a department has."""
        return self.days_of.get(department, self.days)


@dataclass(frozen=True)
class Opinion:
    """One department's word in one round, as it stands. conclusion: one of CONCLUSIONS, of a draft also OPEN.

    number: its state's number, counted from 1, the larger the later. text: as a person wrote it, or the Chinese draft,
    whose English is text_en. why: as of a `Draft`. due: the last day, None where no clock runs; claimed_due: as events
    tell it, where they do: silence that was written down after it stays silence; stopped_on: since when the clock
    stands still, to run on from there. unanswered: why it was signed although items of the checklist had no
    answer. stale_because: the layers and packs that were superseded. days_left: working days until due, negative when
    overdue, None without a calendar.
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
        """Whether no person has written in it yet."""
        return self.drafted_by == MACHINE

    def text_in(self, language: str) -> str:
        """The text, in English where a machine's draft has it and it is asked for."""
        return self.text_en if language == "en" and self.text_en is not None else self.text


@dataclass(frozen=True)
class ChecklistItem:
    """A matter that only a person can judge: an item of a pack, or a rule whose layer was not checked by machine.

    rule, layer, reason: of such a rule (reason as in `run.skipped`), else None. answer: None while nobody answered.
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
    """A finding that a person judges otherwise: both verdicts are kept. The last one of a finding holds.

    A hit and the ground beside it that could not be judged are two findings, told apart by `before`. is_whole: of both,
    as programs before judged.
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
        """Whether it is of a finding. verdict: the machine's."""
        is_same = self.is_whole or (self.before == Verdict.UNKNOWN) == (verdict == Verdict.UNKNOWN)
        return is_same and (self.parcel, self.rule) == (parcel, rule)


def override_of(overrides: Sequence[Override], parcel: str, rule: str, verdict: str) -> Override | None:
    """The override of a finding that holds, the last of it; None for none. verdict: the machine's."""
    return next((one for one in reversed(overrides) if one.is_of(parcel, rule, verdict)), None)


@dataclass(frozen=True)
class KeptRemedy:
    """The remedy of a round's parcels: the run that is stored for it. The last one counts."""

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

    page: the SHA-256 of what was shown; withheld: departments whose opinions, and facts of the project, which it left
    out; count, head: how many comments it had when it was closed, and the hash of the last; erased: comments whose
    names and places were erased.
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
        """Whether nobody has closed it; the public writes until its last day."""
        return self.closed_on is None

    def reply_to(self, comment: int) -> CommentReply | None:
        """The last reply to a comment."""
        return next((reply for reply in reversed(self.replies) if reply.comment == comment), None)


@dataclass(frozen=True)
class Round:
    """One round: the run of its parcels, and what was said of it. opinions: ten, in the departments' order.

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
        """The answers of a department to its checklist, as events tell them: item, answer, who, on which day."""
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
        """The verdict of a finding that counts: the machine's, or the one that a person set instead."""
        override = override_of(self.overrides, parcel, rule, verdict)
        return verdict if override is None else override.verdict

    @property
    def judged_verdicts(self) -> dict[tuple[str, str, str], str]:
        """The verdicts that people set, by parcel, rule and the machine's verdict."""
        return {
            (one.parcel, one.rule, verdict): one.verdict
            for one in self.overrides
            for verdict in VERDICTS
            if one.is_of(one.parcel, one.rule, verdict)
        }


@dataclass(frozen=True)
class Entry:
    """One step of a case: who did what on which day. at: when it was recorded; detail: the step's own facts.

    entered_on: the day on which it was recorded where that is a later one; None for a step of its own day.
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

    states: those in which the case may be, by which of these events have effect; unjudged: the numbers of their
    entries.
    """

    problem: Problem
    states: tuple[str, ...]
    unjudged: tuple[int, ...] = ()


@dataclass(frozen=True)
class Case:
    """One project on its way through the review, as it stands on `on`.

    project: its name, plain text; data: the checked fields of the project, by name (project_data.py in this folder).
    revision: grows by one with every step. proposed: the overall conclusion that follows from the opinions, set when
    consolidated; conclusion: the one decided; document: the statement's number, set when issued; is_rehearsal: it was
    opened for trying the review, as its first event says. damage: None where the run of its round can be read.
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
        """The round that counts."""
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
    def last_day(self) -> date:
        """The day of the last step."""
        return max([entry.on for entry in self.entries])

    @property
    def last_judged_day(self) -> date:
        """The day of the last step that certainly has effect."""
        if self.damage is None:
            return self.last_day
        return max(entry.on for entry in self.entries if entry.number not in self.damage.unjudged)
