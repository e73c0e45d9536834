"""The data of an atlas from a stored comparison: its spots with later decisions, grouped into sheets."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, versions
from onemap.rules.answers.compare.comparison_record import KIND
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.runs.run_store import stored_rows, whole_record

BY_CLUSTER, BY_SPOT = "cluster", "spot"


@dataclass(frozen=True)
class AtlasSheet:
    """One page: its number from 1, its cluster or spot, and the positions of its spots, the largest first."""

    number: int
    name: str
    cause: str | None
    places: tuple[int, ...]
    area_m2: float


@dataclass(frozen=True)
class AtlasSource:
    """A stored comparison as an atlas needs it.

    spots: rows of the wanted types in stored order; grounds (n,): their polygons in the library's plane; matrix: the
    stored rows of all types; sheets: those to print; left_out: number and area in m² of sheets beyond the limit;
    unclustered: number and area in m² of wanted spots without a cluster, which have no sheet; sides: the versions of A
    and B, None if the library no longer has them.
    """

    record: Row
    matrix: list[Row]
    spots: list[Row]
    grounds: np.ndarray
    sheets: list[AtlasSheet]
    left_out: tuple[int, float]
    unclustered: tuple[int, float]
    sides: tuple[Version | None, Version | None]


def atlas_source(library: Library, run: str, by: str, types: Collection[str], most: int) -> AtlasSource:
    """Read a comparison and arrange its spots of some types in sheets, by cluster or by spot, the largest first.

    Raises OneMapError run.unknown, run.kind.
    """
    record = whole_record(library, run, KIND)
    spot_rows = [row for row in stored_rows(library, run, "spots") if row.wkb is not None]
    pairs = [(values, row.wkb) for row in spot_rows if (values := row.values)["type"] in types]
    decided = _decided_since(library, run)
    spots = [{**values, **decided.get(values["spot"], {})} for values, _ in pairs]
    grounds = geometries_of_wkb(np.array([wkb for _, wkb in pairs], dtype=object))
    groups: dict[str, list[int]] = {}
    alone: list[int] = []
    for place, spot in enumerate(spots):
        name = spot["spot"] if by == BY_SPOT else spot["cluster"]
        if name is None:
            alone.append(place)
        else:
            groups.setdefault(name, []).append(place)
    sheets = _sheets_by_area(groups, spots)
    shown_sheets, omitted_sheets = sheets[:most], sheets[most:]
    tables = {version.table: version for version in versions(library)}
    a, b = (tables.get(layer["table"]) for layer in record["layers"])
    return AtlasSource(
        record,
        [row.values for row in stored_rows(library, run, "matrix")],
        spots,
        grounds,
        shown_sheets,
        (len(omitted_sheets), sum(sheet.area_m2 for sheet in omitted_sheets)),
        (len(alone), sum(float(spots[place]["area_m2"]) for place in alone)),
        (a, b),
    )


def _sheets_by_area(groups: dict[str, list[int]], spots: Sequence[Row]) -> list[AtlasSheet]:
    area = {name: sum(float(spots[place]["area_m2"]) for place in places) for name, places in groups.items()}
    order = sorted(groups, key=lambda name: (-area[name], name))
    return [
        AtlasSheet(
            number,
            name,
            spots[groups[name][0]]["cause"],
            tuple(sorted(groups[name], key=lambda place: (-float(spots[place]["area_m2"]), spots[place]["spot"]))),
            area[name],
        )
        for number, name in enumerate(order, start=1)
    ]


def _decided_since(library: Library, run: str) -> dict[str, Row]:
    """The last decision on each spot of this comparison, in the spot's own columns."""
    if not library.connection.has_table("onemap_decisions"):
        return {}
    sql = "SELECT spot, decision, reason, who, at FROM onemap_decisions WHERE run = ? ORDER BY number"
    names = ("decision", "decision_reason", "decision_by", "decision_at")
    return {
        spot: dict(zip(names, decision, strict=True)) for spot, *decision in library.connection.execute(sql, (run,))
    }


def evidence_of(spot: Row) -> Row:
    """The figures behind a spot's cause; empty if none was proposed."""
    figures: Row = json.loads(spot["evidence"]) if spot["evidence"] else {}
    return figures
