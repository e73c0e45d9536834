"""The places that the core found for a parcel, as it answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Site:
    """One place, checked as it is. row: in the table of sites; clearance_m: to the edge of the free ground."""

    row: int
    name: str
    rank: int
    verdict: str
    area_m2: float
    width_m: float
    clearance_m: float
    nearest: str  # what stands nearest to it, by the rule's title
    nearest_m: float | None


def sites_in(answer: dict[str, Any]) -> list[Site]:
    """The sites of an answer, the freest first; the table has them in the same order."""
    return [
        Site(
            number,
            str(row["site"]),
            int(row["rank"]),
            str(row["verdict"]),
            *(float(row[name]) for name in ("area_m2", "width_m", "clearance_m")),
            str(row.get("nearest_title") or row.get("nearest_rule") or ""),
            row.get("nearest_m"),
        )
        for number, row in enumerate(answer.get("sites") or (), start=1)
    ]
