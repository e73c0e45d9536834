"""The district for which a library is kept: given when it is made, later, or anew when borders change."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import shapely

from onemap.layers.catalogue.coverage_names import DISTRICT
from onemap.layers.errors import OneMapError
from onemap.layers.geometry.coverage_ground import united_ground
from onemap.layers.library.library import TABLES, Library, log
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.library.versions import Version, coverage_of, layer_in_force, versions
from onemap.layers.records import Record
from onemap.layers.stores import geopackage
from onemap.layers.stores.logged_rows import insert_logged, note, row_name
from onemap.layers.stores.sql_text import Sql

_ACTION = "district"  # with which the log has a change
_FORMER = "district."  # before the number of a former district, among the facts of a library
_TABLE = TABLES["onemap_district"]
_TOLD_M2 = 0.1  # less is how borders were rounded


@dataclass(frozen=True)
class DistrictChange:
    """A change of the district. at: when; who, reason: as in the log; before: the district before the change."""

    at: str
    who: str
    reason: str | None
    before: shapely.Geometry | None

    @property
    def before_m2(self) -> float | None:
        """The area of the district before the change, in the library's plane; None if there was no district."""
        return None if self.before is None else float(self.before.area)


def district_changes(library: Library) -> list[DistrictChange]:
    """Return all changes of a library's district, in order. Raises OneMapError library.damaged."""
    changes: dict[int, DistrictChange] = {}
    for key, value in library.connection.execute("SELECT key, value FROM onemap_library"):
        if isinstance(key, str) and key.startswith(_FORMER):
            try:
                content = json.loads(value)
                blobs = [bytes.fromhex(text) for text in content["before"]]
                before = united_ground(geopackage.from_blobs(blobs)) if blobs else None
                datetime.fromisoformat(content["at"])
                number = int(key.removeprefix(_FORMER))
                changes[number] = DistrictChange(content["at"], content["who"], content["reason"], before)
            except (TypeError, ValueError, KeyError, shapely.errors.GEOSException):
                raise OneMapError("library.damaged", file=library.label, reason=key) from None
    return [changes[number] for number in sorted(changes)]


def district_at(library: Library, known_at: datetime | None) -> shapely.Geometry | None:
    """Return the district as it was known at a moment; None means now. Raises OneMapError library.damaged."""
    for change in district_changes(library) if known_at is not None else ():
        if known_at is not None and datetime.fromisoformat(change.at) > known_at:
            return change.before
    return library.district()


def change_district(library: Library, district: np.ndarray, reason: str | None, who: str) -> DistrictChange | None:
    """Give a library another district; return None if it already has this one. Logged; the former district is kept.

    district: (n,) valid polygons in the library's CRS. The coverage of versions does not change.
    Raises OneMapError library.owner_adds, library.altered and other library.….
    """
    library.check_owner()
    with library.writing() as connection:
        before = library.district()
        if before is not None and shapely.equals(before, united_ground(district)):
            return None
        check_table(library, _TABLE, Sql("true"))
        rows = list(connection.execute("SELECT fid, geom FROM onemap_district ORDER BY fid"))
        change = DistrictChange(connection.moment(), who, reason, before)
        fact = {"at": change.at, "who": who, "reason": reason, "before": [bytes(blob).hex() for _, blob in rows]}
        key = f"{_FORMER}{len(district_changes(library)) + 1}"
        text = json.dumps(fact, ensure_ascii=False, sort_keys=True)
        insert_logged(connection, TABLES["onemap_library"], [(key, text)])
        connection.execute("DELETE FROM onemap_district")
        for fid, _ in rows:
            note(connection, _TABLE.name, row_name([fid]), None)
        blobs = geopackage.to_blobs(district, library.srs_id)
        insert_logged(connection, _TABLE, enumerate(blobs, start=1 + max((fid for fid, _ in rows), default=0)))
        area_m2 = float(united_ground(district).area)  # polygons may overlap
        log(
            connection,
            who,
            _ACTION,
            library.label,
            {"area_m2": area_m2, "before_m2": change.before_m2, "reason": reason},
        )
    return change


def district_record(library: Library, day: date) -> Record:
    """Return a library's district as the contract has it: its area, its changes, and the versions that do not cover it.

    day: the day on which versions are in force. Areas are in m². Raises OneMapError library.damaged.
    """
    district = library.district()
    changes = [
        {"at": one.at, "by": one.who, "reason": one.reason, "before_m2": one.before_m2}
        for one in district_changes(library)
    ]
    short = [] if district is None else [*_short_versions(library, district, day)]
    return {"area_m2": None if district is None else float(district.area), "changes": changes, "short": short}


def missing_of_district_m2(
    library: Library, version: Version, district: shapely.Geometry | None, changes: Sequence[DistrictChange]
) -> float:
    """Return the area in m² of the present district that a version for the whole district leaves out; 0 for others.

    changes: the changes of the district. Raises OneMapError version.unreadable.
    """
    if district is None or version.coverage_kind != DISTRICT:
        return 0.0
    recorded_at = datetime.fromisoformat(version.recorded_at)
    is_of_this_one = all(datetime.fromisoformat(change.at) <= recorded_at for change in changes)
    if is_of_this_one and version.coverage_m2 >= district.area - _TOLD_M2:
        return 0.0
    missing_m2 = float(shapely.difference(district, coverage_of(library, version)).area)
    return missing_m2 if missing_m2 > _TOLD_M2 else 0.0


def _short_versions(library: Library, district: shapely.Geometry, day: date) -> Iterator[Record]:
    """Yield the versions in force that should cover the whole district but leave out a part of it."""
    all_versions, catalogue, changes = versions(library), library.catalogue(), district_changes(library)
    for code in dict.fromkeys(version.code for version in all_versions):
        version = layer_in_force(all_versions, code, day)
        if version is None:
            continue
        missing_m2 = missing_of_district_m2(library, version, district, changes)
        if missing_m2 > 0:
            title = dict(catalogue[code].title) if code in catalogue else {}
            yield {"code": code, "title": title, "version": version.label, "missing_m2": missing_m2}
