"""What would pass of one parcel, and in which ways: read from the core's answer and the GeoPackage that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeatureRequest, QgsGeometry

from onemap.plugin.results.results import open_table, table_rows
from onemap.plugin.words.verdicts import severity

CUT = "cut"


@dataclass(frozen=True)
class Cut:
    """What one rule cut from the parcel: only what no earlier one had cut."""

    row: int
    rule: str
    verdict: str
    area_m2: float | None
    unknown_m2: float | None  # of it, ground that could not be judged


@dataclass(frozen=True)
class DepartmentChange:
    """What one department has against the parcel as it is, and against an alternative of it."""

    department: str
    verdict_before: str
    verdict_after: str
    before_m2: float
    after_m2: float
    kept_m2: float  # ground of the department's that the alternative leaves
    given_up_m2: float  # and that only the alternative takes
    unknown_before_m2: float
    unknown_after_m2: float


@dataclass(frozen=True)
class Alternative:
    """One way in which a parcel could pass: cut, one_piece, moved, turned, moved_turned; checked as it is."""

    kind: str
    passes: bool
    verdict: str
    area_m2: float
    share: float
    moved_m: float
    east_m: float
    north_m: float
    turned_deg: float  # counter-clockwise
    departments: tuple[DepartmentChange, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the parcel keeps its shape."""
        return bool(self.moved_m or self.turned_deg)


@dataclass(frozen=True)
class Remedy:
    """The remainder of one parcel, in its parts, what was cut, the most severe rule first, and the alternatives.

    search: what the core says of how far it looked for another place; empty where nobody asked for one.
    """

    path: str
    parcel: str
    area_m2: float
    share: float | None
    parts: int
    dropped_m2: float
    cuts: tuple[Cut, ...]
    alternatives: tuple[Alternative, ...]
    search: str

    def alternative(self, kind: str) -> Alternative | None:
        """The alternative of a kind; None where there is none."""
        return next((one for one in self.alternatives if one.kind == kind), None)


def told_in(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer tells of a remedy: all of it, or of a case the last that was kept with it."""
    kept = [one for one in answer.get("remedies") or () if one.get("state") == "current"]
    return kept[-1] if kept else answer


def record_in(told: dict[str, Any]) -> dict[str, Any]:
    """The record of its run; of one that a case keeps its id and its day."""
    run = told.get("run") or {}
    return run if isinstance(run, dict) else {"id": run, "started": str(told.get("on") or "")}


def read_remedy(path: str, parcel: str, answer: dict[str, Any]) -> Remedy:
    """The remedy of one parcel. answer: what the core tells of it. May run in any thread. Raises Refusal."""
    cuts = [
        Cut(row["fid"], str(row["rule"]), str(row.get("verdict") or ""), row.get("area_m2"), row.get("unknown_m2"))
        for row in table_rows(path, "cuts")
        if str(row["parcel"]) == parcel
    ]
    kept = next((row for row in table_rows(path, "remainder") if str(row["parcel"]) == parcel), {})
    return Remedy(
        path,
        parcel,
        float(kept.get("area_m2") or 0.0),
        kept.get("share"),
        int(kept.get("parts") or 0),
        float(kept.get("dropped_m2") or 0.0),
        tuple(sorted(cuts, key=lambda cut: severity(cut.verdict))),
        tuple(_alternative(row) for row in answer.get("alternatives") or () if str(row["parcel"]) == parcel),
        str((answer.get("search") or {}).get("text") or ""),
    )


def _alternative(row: dict[str, Any]) -> Alternative:
    return Alternative(
        str(row["alternative"]),
        bool(row["passes"]),
        str(row["verdict"]),
        *(float(row[name] or 0.0) for name in ("area_m2", "share", "moved_m", "east_m", "north_m", "turned_deg")),
        tuple(_change(department, said) for department, said in row["departments"].items()),
    )


def _change(department: str, said: dict[str, Any]) -> DepartmentChange:
    measures = ("before_m2", "after_m2", "kept_m2", "given_up_m2", "unknown_before_m2", "unknown_after_m2")
    verdicts = (str(said[name]) for name in ("verdict_before", "verdict_after"))
    return DepartmentChange(department, *verdicts, *(float(said[name]) for name in measures))


def remainder_ground(path: str, parcel: str) -> QgsGeometry:
    """What remains of a parcel; a null geometry where nothing does."""
    return _ground(path, "remainder", {"parcel": parcel})


def alternative_ground(path: str, parcel: str, kind: str) -> QgsGeometry:
    """The ground of an alternative; a null geometry where there is none."""
    return _ground(path, "alternatives", {"parcel": parcel, "alternative": kind})


def _ground(path: str, table: str, wanted: dict[str, str]) -> QgsGeometry:
    layer = open_table(path, table)
    request = QgsFeatureRequest()  # by value: an id may hold what an expression would take for its own
    found = (one for one in layer.getFeatures(request) if all(str(one[name]) == text for name, text in wanted.items()))
    return next((one.geometry() for one in found), QgsGeometry())
