"""Cases of the review in the core's answers: rows of a list, and a whole case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onemap.plugin.library.layer_list import DEPARTMENTS
from onemap.plugin.words.verdicts import SEVERITY

CASE_STATES = ("draft", "circulating", "consolidated", "issued", "withdrawn")
CONCLUSIONS = ("agree", "conditional", "disagree", "not_involved", "supplement")
OVERALL_CONCLUSIONS = tuple(conclusion for conclusion in CONCLUSIONS if conclusion != "not_involved")
OPEN = "open"  # of a draft alone: the machine proposes nothing, and a person must choose
MACHINE_NAME = "onemap"
# What presses most stands first in a list.
_BY_URGENCY = ("circulating", "consolidated", "draft", "issued", "withdrawn")


@dataclass(frozen=True)
class CaseLine:
    """One case in the list.

    waiting: departments that have not answered.
    verdict: the gravest of its parcels.
    """

    case: str
    project: str
    state: str
    round: int
    opened_on: str
    due: str
    days_left: int | None
    waiting: tuple[str, ...]
    overdue: tuple[str, ...]
    stale: tuple[str, ...]
    conclusion: str
    document: str
    revision: int
    verdict: str


@dataclass(frozen=True)
class Opinion:
    """One department's opinion.

    why: why the department is asked.
    signature_entered_on: the day on which the signature was entered, where that is later than its own.
    unanswered: why it was signed although items had no answer.
    steps: for each step None, or the reason why it is not allowed.
    """

    department: str
    state: str
    conclusion: str
    text: str
    basis: str
    routed: bool
    why: str
    drafted_by: str
    drafted_on: str
    signed_by: str
    signed_on: str
    signature_entered_on: str
    unanswered: str
    due: str
    days_left: int | None
    overdue: bool
    stopped_on: str
    stale_because: tuple[str, ...]  # layers by their codes, packs by their ids
    stale_titles: tuple[str, ...]  # the same in words
    steps: dict[str, str | None]

    @property
    def by_machine(self) -> bool:
        """Whether no person has edited it yet."""
        return self.drafted_by == MACHINE_NAME


@dataclass(frozen=True)
class Case:
    """One case as it is now.

    answer: the core's answer.
    """

    answer: dict[str, Any]
    opinions: tuple[Opinion, ...]

    @property
    def id(self) -> str:
        """The case's number."""
        return str(self.answer["case"])

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self.answer["project"])

    @property
    def state(self) -> str:
        """One of CASE_STATES."""
        return str(self.answer["state"])

    @property
    def round(self) -> int:
        """The current round, from 1."""
        return int(self.answer["round"])

    @property
    def revision(self) -> int:
        """A number that grows by one with every step."""
        return int(self.answer["revision"])

    @property
    def run(self) -> str:
        """The check of the round."""
        return str(self.answer["run"])

    @property
    def steps(self) -> dict[str, str | None]:
        """For each step of the whole case None, or the reason why it is not allowed."""
        return dict(self.answer.get("steps") or {})

    @property
    def rounds(self) -> list[dict[str, Any]]:
        """All rounds, the earliest first."""
        return list(self.answer.get("rounds") or [])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """All steps so far, the earliest first."""
        return list(self.answer.get("entries") or [])

    @property
    def overrides(self) -> list[dict[str, Any]]:
        """The round's findings that people judge otherwise; the last one of a parcel and rule counts."""
        return list(self.answer.get("overrides") or [])

    @property
    def remedies(self) -> list[dict[str, Any]]:
        """The remedies of the round's parcels; the last one counts, and is complete."""
        return [remedy for remedy in self.answer.get("remedies") or [] if remedy.get("state") == "current"]

    def opinion(self, department: str) -> Opinion | None:
        """One department's opinion."""
        return next((opinion for opinion in self.opinions if opinion.department == department), None)

    def items(self, department: str) -> list[dict[str, Any]]:
        """The questions that only a person of this department can judge."""
        return [item for item in self.answer.get("checklist") or [] if item["department"] == department]

    def open_items(self, department: str) -> list[dict[str, Any]]:
        """Those that nobody has answered."""
        return [item for item in self.items(department) if not item.get("answer")]


def case_in(answer: dict[str, Any]) -> Case:
    """The case in an answer of the core."""
    return Case(answer, opinions_in(answer["opinions"]))


def opinions_in(rows: Iterable[dict[str, Any]]) -> tuple[Opinion, ...]:
    """The opinions of one round, in the departments' order."""
    return tuple(sorted((_opinion(row) for row in rows), key=lambda row: DEPARTMENTS.index(row.department)))


def _opinion(row: dict[str, Any]) -> Opinion:
    def text(name: str) -> str:
        return str(row.get(name) or "")

    return Opinion(
        department=row["department"],
        state=row["state"],
        conclusion=row["conclusion"],
        text=text("text"),
        basis=text("basis_text"),
        routed=bool(row.get("routed")),
        why=text("why_text"),
        drafted_by=text("drafted_by"),
        drafted_on=text("drafted_on"),
        signed_by=text("signed_by"),
        signed_on=text("signed_on"),
        signature_entered_on=text("signature_entered_on"),
        unanswered=text("unanswered"),
        due=text("due"),
        days_left=row.get("days_left"),
        overdue=bool(row.get("overdue")),
        stopped_on=text("stopped_on"),
        stale_because=tuple(row.get("stale_because") or ()),
        stale_titles=tuple(row.get("stale_titles") or row.get("stale_because") or ()),
        steps=dict(row.get("steps") or {}),
    )


def lines_in(answer: dict[str, Any]) -> list[CaseLine]:
    """The cases in a list of the core: by urgency, then by deadline, then the newest first."""
    lines = [_line(row) for row in answer.get("cases", [])]
    lines.sort(key=lambda line: line.opened_on, reverse=True)
    return sorted(lines, key=lambda line: (_BY_URGENCY.index(line.state), not line.overdue, line.due or "9999"))


def _line(row: dict[str, Any]) -> CaseLine:
    verdicts = row.get("verdicts") or {}
    return CaseLine(
        case=row["case"],
        project=row["project"],
        state=row["state"],
        round=int(row["round"]),
        opened_on=str(row.get("opened_on") or ""),
        due=str(row.get("due") or ""),
        days_left=row.get("days_left"),
        waiting=tuple(row.get("waiting") or ()),
        overdue=tuple(row.get("overdue") or ()),
        stale=tuple(row.get("stale") or ()),
        conclusion=str(row.get("conclusion") or ""),
        document=str(row.get("document") or ""),
        revision=int(row.get("revision") or 0),
        verdict=next((verdict for verdict in SEVERITY if verdicts.get(verdict)), "clear"),
    )
