"""Cases of the review as the core tells them: lines of a list, and one case whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onemap.plugin.library.layer_list import DEPARTMENTS
from onemap.plugin.words.verdicts import SEVERITY

CASE_STATES = ("draft", "circulating", "consolidated", "issued", "withdrawn")
CONCLUSIONS = ("agree", "conditional", "disagree", "not_involved", "supplement")
OVERALL = tuple(conclusion for conclusion in CONCLUSIONS if conclusion != "not_involved")
MACHINE = "onemap"
# What presses most stands first in a list.
_BY_URGENCY = ("circulating", "consolidated", "draft", "issued", "withdrawn")


@dataclass(frozen=True)
class CaseLine:
    """One case in the list. verdict: the gravest of its parcels; waiting: departments that have not answered."""

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
    """One department's word. steps: for each step None, or why it is not allowed."""

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
    due: str
    days_left: int | None
    overdue: bool
    stopped_on: str
    stale_because: tuple[str, ...]
    steps: dict[str, str | None]

    @property
    def by_machine(self) -> bool:
        """Whether no person has written in it yet."""
        return self.drafted_by == MACHINE


@dataclass(frozen=True)
class Case:
    """One case as it stands; answer: all that the core said of it."""

    answer: dict[str, Any]
    opinions: tuple[Opinion, ...]

    @property
    def id(self) -> str:
        """Its number."""
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
        """The round that counts, from 1."""
        return int(self.answer["round"])

    @property
    def revision(self) -> int:
        """It grows by one with every step."""
        return int(self.answer["revision"])

    @property
    def run(self) -> str:
        """The check on which the round rests."""
        return str(self.answer["run"])

    @property
    def steps(self) -> dict[str, str | None]:
        """For each step of the whole case None, or why it is not allowed."""
        return dict(self.answer.get("steps") or {})

    @property
    def rounds(self) -> list[dict[str, Any]]:
        """All rounds, the first first."""
        return list(self.answer.get("rounds") or [])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Every step taken, the first first."""
        return list(self.answer.get("entries") or [])

    @property
    def overrides(self) -> list[dict[str, Any]]:
        """Findings of the round that people judge otherwise; the last one of a parcel and rule holds."""
        return list(self.answer.get("overrides") or [])

    @property
    def remedies(self) -> list[dict[str, Any]]:
        """What would pass of the round's parcels, as often as it was asked; the last one holds, and is told in full."""
        return [one for one in self.answer.get("remedies") or [] if one.get("state") == "current"]

    def opinion(self, department: str) -> Opinion | None:
        """One department's word."""
        return next((opinion for opinion in self.opinions if opinion.department == department), None)

    def items(self, department: str) -> list[dict[str, Any]]:
        """What only a person of this department can judge."""
        return [item for item in self.answer.get("checklist") or [] if item["department"] == department]


def case_in(answer: dict[str, Any]) -> Case:
    """The case in an answer of the core."""
    return Case(answer, opinions_in(answer["opinions"]))


def opinions_in(told: Iterable[dict[str, Any]]) -> tuple[Opinion, ...]:
    """Opinions of one round, in the departments' order."""
    return tuple(sorted((_opinion(one) for one in told), key=lambda one: DEPARTMENTS.index(one.department)))


def _opinion(told: dict[str, Any]) -> Opinion:
    def text(name: str) -> str:
        return str(told.get(name) or "")

    return Opinion(
        department=told["department"],
        state=told["state"],
        conclusion=told["conclusion"],
        text=text("text"),
        basis=text("basis"),
        routed=bool(told.get("routed")),
        why=text("why_text"),
        drafted_by=text("drafted_by"),
        drafted_on=text("drafted_on"),
        signed_by=text("signed_by"),
        signed_on=text("signed_on"),
        due=text("due"),
        days_left=told.get("days_left"),
        overdue=bool(told.get("overdue")),
        stopped_on=text("stopped_on"),
        stale_because=tuple(told.get("stale_because") or ()),
        steps=dict(told.get("steps") or {}),
    )


def lines_in(answer: dict[str, Any]) -> list[CaseLine]:
    """The cases in a list of the core's: what presses most first, then by deadline, then the newest."""
    lines = [_line(told) for told in answer.get("cases", [])]
    lines.sort(key=lambda line: line.opened_on, reverse=True)
    return sorted(lines, key=lambda line: (_BY_URGENCY.index(line.state), not line.overdue, line.due or "9999"))


def _line(told: dict[str, Any]) -> CaseLine:
    verdicts = told.get("verdicts") or {}
    return CaseLine(
        case=told["case"],
        project=told["project"],
        state=told["state"],
        round=int(told["round"]),
        opened_on=str(told.get("opened_on") or ""),
        due=str(told.get("due") or ""),
        days_left=told.get("days_left"),
        waiting=tuple(told.get("waiting") or ()),
        overdue=tuple(told.get("overdue") or ()),
        stale=tuple(told.get("stale") or ()),
        conclusion=str(told.get("conclusion") or ""),
        document=str(told.get("document") or ""),
        revision=int(told.get("revision") or 0),
        verdict=next((verdict for verdict in SEVERITY if verdicts.get(verdict)), "clear"),
    )
