"""What stands on a parcel's sheet, as facts: today's use, plans, findings with law, what was not asked, points."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.library.library import Library
from onemap.layers.library.versions import versions
from onemap.layers.progress import Progress
from onemap.rules.findings.table import Table, records_of
from onemap.rules.maps.boundary_points import boundary_points
from onemap.rules.overlay.threads import Threads
from onemap.rules.sheet.plan_ground import PlanGround

Sheet = dict[str, Any]
_FINDING = (
    *(
        "rule",
        "title",
        "department",
        "verdict",
        "layer",
        "version",
        "area_m2",
        "area_ellipsoidal_m2",
        "share",
        "length_m",
    ),
    *("distance_m", "features", "counted", "reason", "basis"),
)
_AT_ONCE = 200  # parcels


def sheets_of(
    library: Library,
    record: Mapping[str, Any],
    tables: Mapping[str, Table],
    rules: int,
    language: str,
    progress: Progress,
) -> Iterator[tuple[list[Sheet], np.ndarray]]:
    """The sheets of a check's parcels in their order, some at a time, and the parcels' polygons.

    record: of the run; tables: its rows of these parcels; rules: how many its packs have.
    """
    as_of = date.fromisoformat(record["parameters"]["as_of"])
    plans = PlanGround(library, versions(library), as_of, language)
    parcels = tables["parcels"]
    grounds = parcels.geometries
    assert grounds is not None, "parcels have their ground"  # noqa: S101 - for the type checker
    names = parcels.values("parcel")
    findings, classes = _by_parcel(tables["findings"]), _by_parcel(tables.get("land_classes"))
    for start in range(0, len(names), _AT_ONCE):
        progress.at(start / len(names))
        rows = slice(start, start + _AT_ONCE)
        said = plans.rows(names[rows], grounds[rows], Threads(1, progress.part(start / len(names), 1.0)))
        made = [
            {
                **_facts(parcels.columns.iloc[start + at]),
                "today": [_land_row(row) for row in classes.get(name, ())],
                "plans": said[name],
                "plans_silent": {**plans.silent, **dict.fromkeys(plans.uncovered.get(name, ()), "outside_coverage")},
                "findings": [{key: row[key] for key in _FINDING} for row in findings.get(name, ())],
                "asked": rules - len(record["skipped"]),
                **_not_asked(record),
                "points": [
                    {"point": point.label, "ring": point.ring, "north_m": point.north_m, "east_m": point.east_m}
                    for point in boundary_points(grounds[start + at])
                ],
            }
            for at, name in enumerate(names[rows].tolist())
        ]
        yield made, grounds[rows]


def _facts(row: pd.Series) -> Sheet:
    return {
        "parcel": row["parcel"],
        "verdict": row["verdict"],
        "area_m2": float(row["area_m2"]),
        "area_ellipsoidal_m2": float(row["area_ellipsoidal_m2"]),
    }


def _land_row(row: Mapping[str, Any]) -> Sheet:
    return {name: row[name] for name in ("ownership", "class", "class_name", "group", "area_m2", "hectares")}


def _not_asked(record: Mapping[str, Any]) -> Sheet:
    """Why rules were not asked: by reason, how many, and by which layers."""
    skipped = record["skipped"]
    reasons = Counter(item["reason"] for item in skipped)
    layers: dict[str, list[str]] = {}
    for item in skipped:
        if item["layer"] not in layers.setdefault(item["reason"], []):
            layers[item["reason"]].append(item["layer"])
    skipped_rules = [
        {"reason": reason, "rules": count, "layers": layers[reason]} for reason, count in sorted(reasons.items())
    ]
    return {"not_asked": skipped_rules}


def _by_parcel(table: Table | None) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in records_of(table.columns) if table is not None else ():
        found.setdefault(row["parcel"], []).append(row)
    return found
