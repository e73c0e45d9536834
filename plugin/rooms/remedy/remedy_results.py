"""The remedy of one parcel, read from the core's answer and the GeoPackage that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsGeometry

from onemap.plugin.desk.results.results import open_table, table_rows
from onemap.plugin.words.verdicts import severity

CUT = "cut"


@dataclass(frozen=True)
class Cut:
    """The ground that one rule cut from the parcel, without what earlier rules had cut."""

    row: int
    rule: str
    verdict: str
    area_m2: float | None
    unknown_m2: float | None  # of it, ground that could not be judged


@dataclass(frozen=True)
class Alternative:
    """One alternative: cut, one_piece, moved, turned or moved_turned; each has been checked itself.

    row: the core's row for it, with a row for each department below; its areas are those that documents print.
    """

    kind: str
    passes: bool
    verdict: str
    area_m2: float
    is_whole: bool  # whether the parcel keeps its shape
    row: dict[str, Any]


@dataclass(frozen=True)
class Remedy:
    """The remedy of one parcel: the remainder, the cuts with the most severe rule first, and the alternatives.

    search: the core's remark on the search for another place; empty without a search. remarks: on coverage that is only
    assumed, and on rules that were not asked.
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
    remarks: tuple[str, ...]

    def alternative(self, kind: str) -> Alternative | None:
        """The alternative of a kind; None if there is none."""
        return next((alternative for alternative in self.alternatives if alternative.kind == kind), None)


def stored_remedies(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The remedies stored with a case that are of the present round's parcels, the latest last."""
    return [remedy for remedy in answer.get("remedies") or () if remedy.get("state") == "current"]


def remedy_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The remedy in an answer: the answer itself, or, in a case, the last remedy stored with it."""
    stored_list = stored_remedies(answer)
    if not stored_list:
        return answer
    rows = next(part["rows"] for part in answer["view"] if part["about"]["list"] == "remedy")
    return {**stored_list[-1], "view": [*rows, *_remark_parts(answer)]}


def _remark_parts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a view that say by what was judged: what is assumed, and which rules were not asked, if any."""
    abouts = [(part, part.get("about") or {}) for part in answer["view"]]
    lists = ("assumed", "unasked")
    return [part for part, about in abouts if about.get("list") in lists and about.get("count") != 0]


def record_in(remedy: dict[str, Any]) -> dict[str, Any]:
    """The record of a remedy's run; a stored remedy has only its id and day."""
    run = remedy.get("run") or {}
    return run if isinstance(run, dict) else {"id": run, "started": str(remedy.get("on") or "")}


def read_remedy(path: str, parcel: str, answer: dict[str, Any], scale: float) -> Remedy:
    """Read the remedy of one parcel. May run in any thread. Raises Refusal.

    path: the file of its tables.
    answer: the remedy as the core reports it, measured in the plane.
    scale: the factor from areas in the plane to the areas that documents print.
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
        area_m2=float(remainder.get("area_m2") or 0.0) * scale,
        share=remainder.get("share"),
        parts=int(remainder.get("parts") or 0),
        dropped_m2=float(remainder.get("dropped_m2") or 0.0) * scale,
        cuts=tuple(sorted(cuts, key=lambda cut: severity(cut.verdict))),
        alternatives=tuple(
            Alternative(
                str(record["alternative"]),
                bool(record["passes"]),
                str(record["verdict"]),
                float(record["area_m2"] or 0.0) * scale,
                bool(record["moved_m"] or record["turned_deg"]),
                _scale_areas(row, scale),
            )
            for record, row in zip(answer["alternatives"], answer["view"])
            if str(record["parcel"]) == parcel
        ),
        search=str((answer.get("search") or {}).get("text") or ""),
        remarks=tuple(str(part["name"]) for part in _remark_parts(answer)),
    )


def _scale_areas(row: dict[str, Any], scale: float) -> dict[str, Any]:
    """A row, with the rows below it, whose areas in the plane are scaled to those that documents print."""
    values = [
        {**one, "value": one["value"] * scale} if isinstance(one, dict) and one["measure"] == "m2" else one
        for one in row["values"]
    ]
    return {**row, "values": values, "rows": [_scale_areas(below, scale) for below in row["rows"]]}


def remainder_ground(path: str, parcel: str) -> QgsGeometry:
    """The geometry of the remainder of a parcel; a null geometry if nothing remains."""
    return _ground(path, "remainder", {"parcel": parcel})


def alternative_ground(path: str, parcel: str, kind: str) -> QgsGeometry:
    """The geometry of an alternative; a null geometry if there is none."""
    return _ground(path, "alternatives", {"parcel": parcel, "alternative": kind})


def _ground(path: str, table: str, values: dict[str, str]) -> QgsGeometry:
    for feature in open_table(path, table).getFeatures():
        # By value: an id may hold what an expression would take for its own.
        if all(str(feature[name]) == text for name, text in values.items()):
            return feature.geometry()
    return QgsGeometry()
