"""The library of approvals: issued statements' parcels become a layer against which other projects are checked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames import CleanFrame
from onemap.layers.library import Library, sha256
from onemap.layers.stores.store import StoreConnection
from onemap.layers.version_writing import VersionFacts, add_version
from onemap.layers.versions import StoredFeatures, Version, coverage_of, in_force, read_version, versions
from onemap.rules.review.case import Case
from onemap.rules.review.case_file import case_ids, stored_case
from onemap.rules.runs import stored_rows

CODE = "XS_XMKJFW"
APPROVING = ("agree", "conditional")
# The catalogue's fields, then what a reader of the layer wants to know of the statement.
_FIELDS = ("XMDM", "DZJGH", "AJBH", "XZQDM", "XMMC", "DKBH", "WH", "PZRQ", "JL")


@dataclass(frozen=True)
class _Approved:
    """The parcels of one statement: their grounds, and a row for each."""

    grounds: tuple[shapely.Geometry, ...]
    rows: tuple[dict[str, Any], ...]


def write_approvals(library: Library, connection: StoreConnection, day: date, who: str) -> str | None:
    """Bring the layer of approvals up to date inside the open transaction: the new version's label, None if it is.

    The version holds what was in force on the day and the parcels of every approving statement that is not in it yet,
    one by one, with the statement's number. It speaks for the district, or, where the library has none, for the ground
    of all approvals. Raises OneMapError version.unreadable.
    """
    before = in_force([version for version in versions(library) if version.code == CODE], day)
    kept = read_version(library, before, None) if before is not None else None
    known = set(kept.attributes["AJBH"]) if kept is not None and "AJBH" in kept.attributes else set()
    cases = [stored_case(library, id_) for id_ in case_ids(library) if id_ not in known]
    issued = [case for case in cases if case.state == "issued" and case.conclusion in APPROVING]
    if not issued:
        return None
    approved = [_approved(library, case) for case in issued]
    geometries, attributes = _joined(kept, approved)
    coverage, kind = _coverage(library, before, [ground for one in approved for ground in one.grounds])
    last = max(issued, key=lambda case: (case.issued_on or day, case.document or ""))
    facts = VersionFacts(
        label=_label(connection, f"{last.issued_on}{last.document}"),
        valid_from=day,
        valid_to=None,
        coverage=coverage,
        coverage_kind=kind,
        source=", ".join(case.id for case in issued),
        source_hash=sha256(json.dumps([[case.document, case.current.run] for case in issued])),
        accuracy_m=None,
        who=who,
    )
    frame = CleanFrame(geometries, attributes, attributes["XMDM"].to_numpy(dtype=object))
    report: dict[str, Any] = {"problems": [], "documents": [case.document for case in issued]}
    return add_version(connection, library.catalogue()[CODE], frame, facts, report, lambda _: None).label


def _approved(library: Library, case: Case) -> _Approved:
    given = stored_rows(library, case.current.run, "given")
    project = case.data.get("project_code") or case.id
    names = [str(row.values["id"]) for row in given]
    return _Approved(
        tuple(shapely.from_wkb(row.wkb) for row in given),
        tuple(
            {
                "XMDM": project if len(names) == 1 else f"{project}-{name}",
                "AJBH": case.id,
                "XZQDM": case.data.get("region"),
                "XMMC": case.project,
                "DKBH": name,
                "WH": case.document,
                "PZRQ": case.issued_on.isoformat() if case.issued_on else None,
                "JL": case.conclusion,
            }
            for name in names
        ),
    )


def _joined(kept: StoredFeatures | None, approved: Sequence[_Approved]) -> tuple[np.ndarray, pd.DataFrame]:
    """What the layer held, and below it what is new; fields that a bureau keeps of its own stay."""
    grounds = np.array([ground for one in approved for ground in one.grounds], dtype=object)
    added = pd.DataFrame([row for one in approved for row in one.rows], columns=list(_FIELDS), dtype=object)
    if kept is None:
        return grounds, added.where(added.notna(), None)
    attributes = pd.concat([kept.attributes.astype(object), added], ignore_index=True).astype(object)
    return np.concatenate([kept.geometries, grounds]), attributes.where(attributes.notna(), None)


def _coverage(
    library: Library, before: Version | None, grounds: Sequence[shapely.Geometry]
) -> tuple[shapely.Geometry, str]:
    district = library.district()
    if district is not None:
        return district, "district"
    earlier = [coverage_of(library, before)] if before is not None else []
    return shapely.union_all([*earlier, *grounds]), "file"


def _label(connection: StoreConnection, wanted: str) -> str:
    """The day and the last statement's number; never a label that the layer has already."""
    used = {row[0] for row in connection.execute("SELECT label FROM onemap_versions WHERE code = ?", (CODE,))}
    label, more = wanted, 1
    while label in used:
        more += 1
        label = f"{wanted}-{more}"
    return label
