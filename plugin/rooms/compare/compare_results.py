"""The difference spots of a comparison, read from the GeoPackage that the core wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.desk.results.results import table_rows
from onemap.plugin.rooms.compare.compare_looks import difference_rank

DECISIONS = ("keep-a", "keep-b", "change-a", "change-b", "technical", "discuss")  # by the keys 1 to 6
UNDECIDED = "undecided"  # what takes a decision back, by the key 0


@dataclass(frozen=True)
class Spot:
    """One piece of ground with one type of difference, with the core's measures and the decision."""

    row: int  # in the table of spots
    name: str
    kind: str
    use_a: str
    use_b: str
    codes_a: tuple[str, ...]  # each class with its title
    codes_b: tuple[str, ...]
    class_a: str  # that of most of its ground
    class_b: str
    area_m2: float | None
    mean_width_m: float | None
    compactness: float | None
    line_distance_m: float | None
    shift_m: float | None
    cause: str
    evidence: str
    cluster: str
    date_a: str
    date_b: str
    decision: str
    reason: str
    decided_by: str
    decided_at: str
    state: str = ""  # new or changed against an earlier comparison

    @property
    def cell(self) -> tuple[str, str, str]:
        """Its cell of the matrix: type and uses."""
        return self.kind, self.use_a, self.use_b

    @property
    def is_decidable(self) -> bool:
        """Whether there is a difference to decide."""
        return bool(self.cause)  # the core proposes one for every difference, and for nothing else

    def with_decision(self, decision: str, reason: str) -> Spot:
        """The same spot with a decision that the core has stored, or without a decision that was taken back."""
        new_decision, why = ("", "") if decision == UNDECIDED else (decision, reason)
        return replace(self, decision=new_decision, reason=why, decided_by="", decided_at="")


@dataclass(frozen=True)
class Comparison:
    """A comparison on display.

    path: the file of its tables.
    answer: the core's answer.
    library_path: the location of the library.
    plans: the titles of the two plans.
    """

    path: str
    answer: dict[str, Any]
    library_path: str
    plans: tuple[str, str]

    @property
    def record(self) -> dict[str, Any]:
        """The core's record of the run."""
        return self.answer.get("run") or {}

    @property
    def view(self) -> list[dict[str, Any]]:
        """The core's rows of the matrix."""
        return self.answer.get("view") or []

    @property
    def changes(self) -> dict[str, list[dict[str, Any]]] | None:
        """The spots that are new, gone or changed since an earlier comparison; None without an earlier one."""
        return self.answer.get("changed")


def read_spots(path: str, answer: dict[str, Any]) -> list[Spot]:
    """Read the spots, conflicts first, then by type and area. May run in any thread.

    answer: the core's answer, with the titles of classes and the changes.
    """
    spots_by_change: dict[str, list[dict[str, Any]]] = answer.get("changed") or {}
    titles: dict[str, dict[str, str]] = answer.get("class_titles") or {}
    states = {row["spot"]: "new" for row in spots_by_change.get("new", ())}
    states |= {row["to"]["spot"]: "changed" for row in spots_by_change.get("changed", ())}
    spots = [_spot(row, states, titles) for row in table_rows(path, "spots")]
    return sorted(spots, key=lambda spot: (difference_rank(spot.kind), -(spot.area_m2 or 0.0)))


def _spot(row: dict[str, Any], states: dict[str, str], titles: dict[str, dict[str, str]]) -> Spot:
    def classes(field: str, plan: str) -> tuple[str, ...]:
        plan_titles = titles.get(plan, {})
        codes = [code for code in (row.get(f"{field}_{plan}") or "").split(",") if code]
        return tuple(f"{code} {plan_titles[code]}" if code in plan_titles else code for code in codes)

    return record_of(
        Spot,
        row,
        row=row["fid"],
        name=row["spot"],
        kind=row["type"],
        codes_a=classes("code", "a"),
        codes_b=classes("code", "b"),
        class_a="".join(classes("class", "a")),
        class_b="".join(classes("class", "b")),
        reason=row.get("decision_reason") or "",
        decided_by=row.get("decision_by") or "",
        decided_at=row.get("decision_at") or "",
        state=states.get(row["spot"], ""),
    )
