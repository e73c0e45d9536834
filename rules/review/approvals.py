"""The layers that the review adds to the six libraries: approvals, sites of earlier opinions, projects by stage.

Each is a layer of the catalogue like any other, so that other projects are checked against it and any GIS shows it. A
version holds what a bureau loaded itself and, below it, what this library's cases say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.frames import CleanFrame
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.rows_as_logged import check_features, check_layer
from onemap.layers.library.version_writing import VersionFacts, add_version, free_label
from onemap.layers.library.versions import (
    StoredFeatures,
    Version,
    coverage_of,
    in_force,
    read_version,
    source_report,
    versions,
)
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT
from onemap.layers.stores.store import StoreConnection
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import union_of_all
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.judge.runs.unwritten_sites import APPROVALS, APPROVING, CASE_FIELD, OPINIONS, PROJECTS
from onemap.rules.review.cases.case import Case, CaseState
from onemap.rules.review.cases.case_file import case_ids, stored_cases

_CASES = "cases"  # in the report of a version that the review has written
_STAGES: dict[str, str] = {
    CaseState.DRAFT: "储备",
    CaseState.CIRCULATING: "策划",
    CaseState.CONSOLIDATED: "策划",
    CaseState.ISSUED: "在办",
}


@dataclass(frozen=True)
class _Layer:
    """One of the three layers: which cases enter it, its fields, and a case's rows with their grounds."""

    code: str
    takes: Callable[[Case], bool]
    fields: tuple[str, ...]
    rows: Callable[[Library, Case], list[tuple[dict[str, Any], shapely.Geometry]]]


def _parcels(library: Library, case: Case) -> list[tuple[str, shapely.Geometry]]:
    parcel_rows = stored_rows(library, case.current.run, "given")
    return [(str(row.values["id"]), shapely.from_wkb(row.wkb)) for row in parcel_rows]


def _site(library: Library, case: Case) -> shapely.Geometry:
    return union_of_all(np.array([ground for _, ground in _parcels(library, case)], dtype=object), Threads())


def _project_code(case: Case) -> str:
    return str(case.data.get("project_code") or case.id)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _approval_rows(library: Library, case: Case) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    """One row for each parcel, so that a finding names the parcel that is met."""
    parcels, project = _parcels(library, case), _project_code(case)
    return [
        (
            {
                "XMDM": project if len(parcels) == 1 else f"{project}-{name}",
                CASE_FIELD: case.id,
                "XZQDM": case.data.get("region"),
                "XMMC": case.project,
                "DKBH": name,
                "WH": case.document,
                "PZRQ": _day(case.issued_on),
                "JL": phrase(f"conclusion.{case.conclusion}", "zh"),
            },
            ground,
        )
        for name, ground in parcels
    ]


def _opinion_rows(library: Library, case: Case) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    row = {
        CASE_FIELD: case.id,
        "XMDM": case.data.get("project_code"),
        "XMMC": case.project,
        "YJJL": phrase(f"conclusion.{case.conclusion}", "zh"),
        "YJRQ": _day(case.issued_on),
        "WH": case.document,
    }
    return [(row, _site(library, case))]


def _project_rows(library: Library, case: Case) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    row = {
        "XMDM": _project_code(case),
        "XMMC": case.project,
        "XMLX": case.data.get("approval_type"),
        "JD": _STAGES[case.state],
        "JSDW": case.data.get("developer"),
        CASE_FIELD: case.id,
        "ZT": phrase(f"review_state.{case.state}", "zh"),
        "LC": case.round,
        "WH": case.document,
    }
    return [(row, _site(library, case))]


_LAYERS = {
    layer.code: layer
    for layer in (
        _Layer(
            APPROVALS,
            lambda case: case.state == CaseState.ISSUED and case.conclusion in APPROVING,
            ("XMDM", "DZJGH", CASE_FIELD, "XZQDM", "XMMC", "DKBH", "WH", "PZRQ", "JL"),
            _approval_rows,
        ),
        _Layer(
            OPINIONS,
            lambda case: case.state == CaseState.ISSUED,
            (CASE_FIELD, "XMDM", "XMMC", "YJJL", "YJRQ", "WH"),
            _opinion_rows,
        ),
        _Layer(
            PROJECTS,
            lambda case: case.state in _STAGES,
            ("XMDM", "XMMC", "XMLX", "JD", "JSDW", CASE_FIELD, "ZT", "LC", "WH"),
            _project_rows,
        ),
    )
}


def write_library(
    library: Library,
    connection: StoreConnection,
    code: str,
    day: date,
    who: str,
    read: dict[str, Case | None],
    *,
    is_whole: bool,
) -> str | None:
    """Bring one of the three layers up to date inside the open transaction; return the new label, None if unchanged.

    read: cases that the transaction has read for another layer, by id. is_whole: read all cases; otherwise only those
    of which the review has written no rows, since issued cases do not change. The version covers the district, or, if
    the library has none, the ground of everything in it. It does not begin before the version in force, even for a case
    that is entered late. Raises OneMapError version.unreadable, library.altered.
    """
    check_layer(library, code)
    layer, of_layer = _LAYERS[code], [version for version in versions(library) if version.code == code]
    day = _first_day(library, of_layer, day)
    before = in_force(of_layer, day)
    features = read_version(library, before, None) if before is not None else None
    if before is not None and features is not None:
        check_features(library, before, features)
    written_cases = set[str]() if is_whole else _written_cases(library, before, features)
    # Of cases that are damaged what was written stays.
    readable_cases = [case for case in stored_cases(library, written_cases, read) if case.damage is None]
    ids, cases = [case.id for case in readable_cases], [case for case in readable_cases if layer.takes(case)]
    pairs = [pair for case in cases for pair in layer.rows(library, case)]
    if _is_up_to_date(features, ids, [row for row, _ in pairs]):
        return None
    geometries, attributes = _features_with_cases(features, ids, layer.fields, pairs)
    count = len(set(attributes[CASE_FIELD]).intersection(case_ids(library)))
    coverage, kind = _coverage(library, before, [ground for _, ground in pairs])
    last = max(cases, key=lambda case: (case.issued_on or date.min, case.document or ""), default=None)
    facts = VersionFacts(
        label=free_label(connection, code, f"{day.isoformat()}{(last.document if last else None) or ''}"),
        valid_from=day,
        valid_to=None,
        coverage=coverage,
        coverage_kind=kind,
        source=f"onemap review, {count}",
        source_hash=sha256("\n".join([*sorted(written_cases), *(f"{case.id} {case.revision}" for case in cases)])),
        accuracy_m=None,
        who=who,
    )
    entry = library.catalogue()[code]
    frame = CleanFrame(geometries, attributes, np.array(list(map(str, attributes[str(entry.key)])), dtype=object))
    report = {"problems": [], _CASES: count}
    return add_version(connection, entry, frame, facts, report, SILENT, versions(library)).label


def _first_day(library: Library, of_layer: Sequence[Version], day: date) -> date:
    """The first day of a new version: the step's day, or the first day of the version in force or written later.

    A version that a bureau has added for a future day waits for that day.
    """
    present = max(day, library.today()).isoformat()
    first_days = [
        version.valid_from
        for version in of_layer
        if version.retired is None
        and version.valid_from is not None
        and (version.valid_from <= present or _CASES in source_report(library, version))
    ]
    return max([day, *map(date.fromisoformat, first_days)])


def _written_cases(library: Library, before: Version | None, features: StoredFeatures | None) -> set[str]:
    """The cases that have rows in a version; none if the review has not written the version."""
    if before is None or features is None or _CASES not in source_report(library, before):
        return set()
    return set(features.attributes[CASE_FIELD].dropna())


def _own_rows(features: StoredFeatures, ids: Sequence[str]) -> np.ndarray:
    """Which rows of a version belong to this library's cases."""
    if CASE_FIELD not in features.attributes:
        return np.zeros(len(features.fids), dtype=bool)
    return features.attributes[CASE_FIELD].isin(list(ids)).to_numpy(dtype=bool)


def _is_up_to_date(features: StoredFeatures | None, ids: Sequence[str], rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the version in force holds exactly these rows for this library's cases."""
    if features is None:
        return not rows
    own = features.attributes[_own_rows(features, ids)]
    values = [{name: row.get(name) for name in sorted(set(own.columns))} for row in rows]
    return sorted(map(repr, own[sorted(own.columns)].to_dict("records"))) == sorted(map(repr, values))


def _features_with_cases(
    features: StoredFeatures | None,
    ids: Sequence[str],
    fields: tuple[str, ...],
    pairs: Sequence[tuple[dict[str, Any], shapely.Geometry]],
) -> tuple[np.ndarray, pd.DataFrame]:
    """The bureau's own features, with all their fields, and below them the cases."""
    grounds = np.array([ground for _, ground in pairs], dtype=object)
    new_rows = pd.DataFrame([row for row, _ in pairs], columns=list(fields), dtype=object)
    if features is not None:
        others = ~_own_rows(features, ids)
        grounds = np.concatenate([features.geometries[others], grounds])
        new_rows = pd.concat([features.attributes[others].astype(object), new_rows], ignore_index=True).astype(object)
    return grounds, new_rows.where(new_rows.notna(), None)


def _coverage(
    library: Library, before: Version | None, grounds: Sequence[shapely.Geometry]
) -> tuple[shapely.Geometry, str]:
    district = library.district()
    if district is not None:
        return district, "district"
    earlier = [coverage_of(library, before)] if before is not None else []
    return union_of_all(np.array([*earlier, *grounds], dtype=object), Threads()), "file"
