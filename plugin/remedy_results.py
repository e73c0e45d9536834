"""What would pass of one parcel, read from the GeoPackage that the core wrote."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsGeometry

from onemap.plugin.results import open_table, table_rows
from onemap.plugin.verdicts import severity


@dataclass(frozen=True)
class Cut:
    """What one rule cut from the parcel: only what no earlier one had cut."""

    row: int
    rule: str
    verdict: str
    area_m2: float | None
    unknown_m2: float | None  # of it, ground that could not be judged


@dataclass(frozen=True)
class Remedy:
    """The remainder of one parcel, in its parts, and what was cut, the most severe rule first."""

    path: str
    parcel: str
    area_m2: float
    share: float | None
    parts: int
    dropped_m2: float
    cuts: tuple[Cut, ...]


def read_remedy(path: str, parcel: str) -> Remedy:
    """The remedy of one parcel. May run in any thread. Raises Refusal."""
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
    )


def remainder_ground(path: str, parcel: str) -> QgsGeometry:
    """What remains of a parcel; a null geometry where nothing does."""
    layer = open_table(path, "remainder")
    return next((one.geometry() for one in layer.getFeatures() if str(one["parcel"]) == parcel), QgsGeometry())
