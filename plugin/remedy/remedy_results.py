"""The remedy of one parcel, read from the core's answer and the GeoPackage that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeatureRequest, QgsGeometry

from onemap.plugin.results.results import open_table, table_rows
from onemap.plugin.words.verdicts import severity

CUT = "cut"


@dataclass(frozen=True)
class Cut:
    """What one rule cut from the parcel, without what earlier rules had cut."""

    row: int
    rule: str
    verdict: str
    area_m2: float | None
    unknown_m2: float | None  # of it, ground that could not be judged


@dataclass(frozen=True)
class DepartmentChange:
    """The conflict of one department with the parcel as it is, and with an alternative of it."""

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
    """One alternative: cut, one_piece, moved, turned or moved_turned; each is checked as it is."""

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
    """The remedy of one parcel: the remainder, the cuts with the most severe rule first, and the alternatives.

    search: the core's remark on the search for another place; empty without a search.
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
        return next((alternative for alternative in self.alternatives if alternative.kind == kind), None)


def remedy_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The remedy in an answer: the answer itself, or of a case the last remedy that the case stores."""
    stored = [remedy for remedy in answer.get("remedies") or () if remedy.get("state") == "current"]
    return stored[-1] if stored else answer


def record_in(remedy: dict[str, Any]) -> dict[str, Any]:
    """The record of a remedy's run; a stored remedy has only its id and day."""
    run = remedy.get("run") or {}
    return run if isinstance(run, dict) else {"id": run, "started": str(remedy.get("on") or "")}


def read_remedy(path: str, parcel: str, answer: dict[str, Any], scale: float) -> Remedy:
    """Read the remedy of one parcel. May run in any thread. Raises Refusal.

    path: the tables.
    answer: the remedy as the core reports it, measured in the plane.
    scale: of the plane, by which all areas are made what documents print.
    """

    def printed_area(area_m2: float | None) -> float | None:
        return None if area_m2 is None else area_m2 * scale

    cuts = [
        Cut(
            row["fid"],
            str(row["rule"]),
            str(row.get("verdict") or ""),
            printed_area(row.get("area_m2")),
            printed_area(row.get("unknown_m2")),
        )
        for row in table_rows(path, "cuts")
        if str(row["parcel"]) == parcel
    ]
    remainder = next((row for row in table_rows(path, "remainder") if str(row["parcel"]) == parcel), {})
    return Remedy(
        path,
        parcel,
        float(remainder.get("area_m2") or 0.0) * scale,
        share=remainder.get("share"),
        parts=int(remainder.get("parts") or 0),
        dropped_m2=float(remainder.get("dropped_m2") or 0.0) * scale,
        cuts=tuple(sorted(cuts, key=lambda cut: severity(cut.verdict))),
        alternatives=tuple(
            _alternative(row, scale) for row in answer.get("alternatives") or () if str(row["parcel"]) == parcel
        ),
        search=str((answer.get("search") or {}).get("text") or ""),
    )


def _alternative(row: dict[str, Any], scale: float) -> Alternative:
    return Alternative(
        str(row["alternative"]),
        bool(row["passes"]),
        str(row["verdict"]),
        float(row["area_m2"] or 0.0) * scale,
        *(float(row[name] or 0.0) for name in ("share", "moved_m", "east_m", "north_m", "turned_deg")),
        tuple(_change(department, change, scale) for department, change in row["departments"].items()),
    )


def _change(department: str, row: dict[str, Any], scale: float) -> DepartmentChange:
    measures = ("before_m2", "after_m2", "kept_m2", "given_up_m2", "unknown_before_m2", "unknown_after_m2")
    verdicts = (str(row[name]) for name in ("verdict_before", "verdict_after"))
    return DepartmentChange(department, *verdicts, *(float(row[name]) * scale for name in measures))


def remainder_ground(path: str, parcel: str) -> QgsGeometry:
    """The geometry that remains of a parcel; a null geometry for nothing."""
    return _ground(path, "remainder", {"parcel": parcel})


def alternative_ground(path: str, parcel: str, kind: str) -> QgsGeometry:
    """The geometry of an alternative; a null geometry where there is none."""
    return _ground(path, "alternatives", {"parcel": parcel, "alternative": kind})


def _ground(path: str, table: str, values: dict[str, str]) -> QgsGeometry:
    layer = open_table(path, table)
    request = QgsFeatureRequest()  # by value: an id may hold what an expression would take for its own
    geometries = (
        feature
        for feature in layer.getFeatures(request)
        if all(str(feature[name]) == text for name, text in values.items())
    )
    return next((feature.geometry() for feature in geometries), QgsGeometry())
