"""Issued statements that the layers of approvals and earlier opinions lack: on a server only the owner adds them.

Until then a check finds parcels clear of their sites, and every answer says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import read_json
from onemap.layers.ingest.quality_report import GroundRemark, ground_remarks
from onemap.layers.library.library import Library
from onemap.layers.library.versions import versions
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.judge.question.check_plan import VersionsUsed
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.judge.runs.stored_rows import GIVEN

APPROVALS, OPINIONS, PROJECTS = "XS_XMKJFW", "YSYJ", "XMK"  # the layers that the review itself writes
CASE_FIELD = "AJBH"
APPROVING = ("agree", "conditional")  # the conclusions by which a case enters the layer of approvals
_EVENTS = "onemap_events"
_ISSUED = compose_sql("SELECT case_id FROM onemap_events WHERE year IS NOT NULL AND chain = 'lead'")


@dataclass(frozen=True)
class UnwrittenCase:
    """An issued case that the layers lack. run: of its last parcels, None where it is not known."""

    case: str
    project: str
    run: str | None
    is_refused: bool


def unwritten_cases(library: Library) -> list[UnwrittenCase]:
    """The issued cases that the newest version of earlier opinions lacks; every statement belongs in that layer."""
    if not library.has_table(_EVENTS):
        return []
    opinion_versions = [one for one in versions(library) if one.code == OPINIONS and one.retired is None]
    table = opinion_versions[-1].table if opinion_versions and library.has_table(opinion_versions[-1].table) else None
    lacking = _ISSUED
    if table is not None and CASE_FIELD in library.connection.field_types(table):
        lacking = compose_sql(
            "{issued} AND case_id NOT IN (SELECT {field} FROM {table} WHERE {field} IS NOT NULL)",
            issued=_ISSUED,
            field=CASE_FIELD,
            table=table,
        )
    sql = compose_sql(
        "SELECT case_id, body, run FROM onemap_events WHERE chain = 'lead' AND case_id IN ({lacking})"
        " AND action IN ('open', 'revise', 'consolidate', 'issue') ORDER BY case_id, number",
        lacking=lacking,
    )
    cases: dict[str, UnwrittenCase] = {}
    for case, text, run in library.connection.execute(sql):
        before, body = cases.get(case, UnwrittenCase(case, case, None, False)), read_json(text)
        conclusion = body.get("conclusion")
        is_refused = before.is_refused if conclusion is None else conclusion not in APPROVING
        cases[case] = UnwrittenCase(case, str(body.get("project") or before.project), run or before.run, is_refused)
    return list(cases.values())


def lacking_ground(library: Library, used_versions: VersionsUsed) -> list[GroundRemark]:
    """Return all remarks on ground that versions lack: those made when they were added, then sites not yet in them.

    used_versions: the versions that judge.
    """
    return [*ground_remarks(library, used_versions), *unwritten_sites(library, used_versions)]


def unwritten_sites(library: Library, used_versions: VersionsUsed) -> Iterator[GroundRemark]:
    """The sites that versions of the two layers lack, as remarks on these versions.

    used_versions: the versions that judge.
    """
    ours = {table: code for table, (code, _) in used_versions.items() if code in (APPROVALS, OPINIONS)}
    if not ours:
        return
    for case in unwritten_cases(library):
        site = _site(library, case)
        for table, code in ours.items():
            if code == OPINIONS or not case.is_refused:
                yield GroundRemark(table, site, f"{case.project} ({case.case})", "version.lacks_case")


def _site(library: Library, case: UnwrittenCase) -> shapely.Geometry | None:
    """The parcels of a case; None, which stands for anywhere, where they cannot be read."""
    if case.run is None:
        return None
    try:
        rows = stored_rows(library, case.run, GIVEN)
    except OneMapError:
        return None
    return shapely.geometrycollections(shapely.from_wkb(np.array([row.wkb for row in rows], dtype=object)))
