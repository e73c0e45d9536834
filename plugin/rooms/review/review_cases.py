"""Cases of the review in the core's answers: rows of a list, and a whole case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.desk.library.layer_list import DEPARTMENTS
from onemap.plugin.desk.results.results import Finding
from onemap.plugin.rooms.remedy.remedy_results import stored_remedies

CASE_STATES = ("draft", "circulating", "consolidated", "issued", "withdrawn")
CONCLUSIONS = ("agree", "conditional", "disagree", "not_involved", "supplement")
OVERALL_CONCLUSIONS = tuple(conclusion for conclusion in CONCLUSIONS if conclusion != "not_involved")
OPEN = "open"  # of a draft alone: the machine proposes nothing, and a person must choose
MACHINE_NAME = "onemap"


@dataclass(frozen=True)
class CaseLine:
    """One case in the list.

    waiting: departments that have not answered.
    verdict: the gravest verdict of its parcels.
    row: the core's row for the case.
    """

    case: str
    state: str
    waiting: list[str]
    overdue: list[str]
    stale: list[str]
    revision: int
    verdict: str
    row: dict[str, Any]


@dataclass(frozen=True)
class Opinion:
    """One department's opinion.

    why: the reason why the department is asked.
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
    due: str
    steps: dict[str, str | None]

    @property
    def by_machine(self) -> bool:
        """Whether no person has edited it yet."""
        return self.drafted_by == MACHINE_NAME

    @property
    def words(self) -> tuple[str, str, str]:
        """Conclusion, text and basis."""
        return self.conclusion, self.text, self.basis


@dataclass(frozen=True)
class Case:
    """One case as it is now.

    answer: the core's answer.
    state: one of CASE_STATES.
    round: the current round, from 1.
    revision: a number that grows by one with every step.
    steps: for each step of the whole case None, or the reason why it is not allowed.
    entries: all steps so far, the earliest first.
    notices: the public notices, the earliest first.
    overrides: the round's findings that people judge otherwise; for a parcel and rule the last one counts.
    """

    answer: dict[str, Any]
    opinions: tuple[Opinion, ...]
    id: str
    project: str
    state: str
    round: int
    revision: int
    steps: dict[str, str | None]
    entries: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    overrides: list[dict[str, Any]]

    @property
    def remedies(self) -> list[dict[str, Any]]:
        """The current remedies of the round's parcels; the last one counts, and is complete."""
        return stored_remedies(self.answer)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The core's rows of the case. name: `opinions`, `facts`, or `entries`, which are the steps so far."""
        return next(part["rows"] for part in self.answer["view"] if part["about"]["list"] == name)

    @property
    def round_rows(self) -> list[dict[str, Any]]:
        """A row for each round, the earliest first, with the opinions of that round below it."""
        return [part for part in self.answer["view"] if part["about"]["list"] == "round"]

    def opinion(self, department: str) -> Opinion | None:
        """One department's opinion."""
        return next((opinion for opinion in self.opinions if opinion.department == department), None)

    def override_of(self, finding: Finding) -> dict[str, Any] | None:
        """A person's verdict in place of a finding; a hit and ground that could not be judged are overridden apart."""
        of_finding = (finding.parcel, finding.rule, finding.verdict == "unknown")
        rows = [one for one in self.overrides if (one["parcel"], one["rule"], one["before"] == "unknown") == of_finding]
        return rows[-1] if rows else None

    def override_refusal(self, finding: Finding) -> str | None:
        """The reason why a finding may not be overridden; None if it may."""
        opinion = self.opinion(finding.department)
        return self.steps.get("override") or (opinion.steps.get("override") if opinion is not None else None)

    def items(self, department: str) -> list[dict[str, Any]]:
        """The questions that only a person of the department can answer."""
        return [item for item in self.answer.get("checklist") or [] if item["department"] == department]

    def open_items(self, department: str) -> list[dict[str, Any]]:
        """The items that nobody has answered."""
        return [item for item in self.items(department) if not item.get("answer")]


def case_in(answer: dict[str, Any]) -> Case:
    """The case in an answer of the core."""
    lists = {name: answer.get(name) or [] for name in ("entries", "notices", "overrides")}
    opinions, steps = opinions_in(answer["opinions"]), answer.get("steps") or {}
    return record_of(Case, answer, answer=answer, id=str(answer["case"]), opinions=opinions, steps=steps, **lists)


def opinions_in(rows: Iterable[dict[str, Any]]) -> tuple[Opinion, ...]:
    """Opinions in the departments' order."""
    opinions = []
    for row in rows:
        texts = {name: str(row.get(f"{name}_text") or "") for name in ("basis", "why")}
        opinions.append(record_of(Opinion, row, steps=row.get("steps") or {}, **texts))
    return tuple(sorted(opinions, key=lambda row: DEPARTMENTS.index(row.department)))


def lines_in(answer: dict[str, Any]) -> list[CaseLine]:
    """The cases in a list of the core, in its order."""
    cases = {case["case"]: case for case in answer["cases"]}
    cases_and_rows = ((cases[row["about"]["case"]], row) for row in answer["view"])
    return [record_of(CaseLine, case, verdict=row["sign"], row=row) for case, row in cases_and_rows]
