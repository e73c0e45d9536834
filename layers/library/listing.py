"""`onemap layers`: the catalogue of a library as it stands, with every version of every layer."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames.fields import needed_fields, schema_names
from onemap.layers.library.district import DistrictChange, district_changes, missing_of_district_m2
from onemap.layers.library.library import Library
from onemap.layers.library.services import listed_services
from onemap.layers.library.versions import Version, in_force, read_version, versions
from onemap.layers.records import Record, fields_of
from onemap.layers.value_groups import groups_of


def listing(library: Library, as_of: date, required_fields: Callable[[str], Sequence[str]]) -> Record:
    """Return every layer that may exist, in the catalogue's order, with its fields, its versions and the one in force.

    upcoming: the version is valid from a later day on.
    undated: the version has no first day, and one that has a first day goes before it; else it could be in force.
    retired: at, who and reason if the version was taken out of force, from its first day on; else null.
    today: the version's state on the current day, whatever `as_of` is: in_force, upcoming, undated, past or retired.
    day: the first day on which the version is in force; null if another took its place from the beginning.
    missing_m2: how much of the district the version leaves out although it should cover all of it; else 0.
    unreadable: the version's table is gone, or its raster is gone or not the one that was added.
    roles: for whom the account may act; in a file, and as the owner on a server, for all.
    required_fields: the fields of a layer that the library's rules use.
    """
    today = library.today()
    of_code = groups_of((version.code, version) for version in versions(library))
    district, changes = library.district(), district_changes(library)
    short = {
        one.table: _missing_m2(library, one, district, changes)
        for layer_versions in of_code.values()
        for one in layer_versions
    }
    layers = [
        {
            **fields_of(entry, "code", "title", "department", "library", "kind", "geometry", "key"),
            **fields_of(entry, "class_field", "withheld"),
            "fields": _fields(entry, required_fields(entry.code)),
            "versions": [
                {**record, "missing_m2": short[record["table"]]}
                for record in _version_records(library, entry, of_code.get(entry.code, []), as_of, today)
            ],
        }
        for entry in library.catalogue().values()
    ]
    return {
        "name": library.name,
        "account": library.account,
        "roles": {
            "owner": library.roles.is_owner,
            "lead": library.roles.is_lead,
            "departments": list(library.roles.departments),
        },
        "crs": f"EPSG:{library.srs_id}",
        "district": district is not None,
        "as_of": as_of.isoformat(),
        "layers": layers,
        "services": listed_services(library),
    }


def _version_records(
    library: Library, entry: LayerEntry, layer_versions: Sequence[Version], as_of: date, today: date
) -> list[Record]:
    current, now = in_force(layer_versions, as_of), in_force(layer_versions, today)
    return [
        {
            **_version_record(library, entry, version, current, as_of),
            "today": "in_force" if version is now else _state(version, now, today),
            "day": _first_day(version, layer_versions),
        }
        for version in layer_versions
    ]


def _version_record(
    library: Library, entry: LayerEntry, version: Version, current: Version | None, as_of: date
) -> dict[str, Any]:
    state = _state(version, current, as_of)
    return {
        **fields_of(version, "label", "table", "valid_from", "valid_to", "recorded_at", "count", "hash", "coverage_m2"),
        "coverage": version.coverage_kind,
        "in_force": version is current,
        "upcoming": state == "upcoming",
        "undated": version is not current and state == "undated",
        "retired": None if version.retired is None else vars(version.retired),
        "unreadable": _is_unreadable(library, entry, version),
    }


def _missing_m2(
    library: Library, version: Version, district: shapely.Geometry | None, changes: Sequence[DistrictChange]
) -> float:
    """Return the area of the district that a version leaves out; 0 if its coverage cannot be read."""
    try:
        return missing_of_district_m2(library, version, district, changes)
    except OneMapError:
        return 0.0


def _state(version: Version, current: Version | None, day: date) -> str:
    """Return the state on a day of a version that is not in force. current: the version that is."""
    if version.retired is not None:
        return "retired"
    if (version.valid_from or "") > day.isoformat():
        return "upcoming"
    is_open = version.valid_from is None and (version.valid_to is None or day.isoformat() <= version.valid_to)
    return "undated" if is_open and current is not None and current.valid_from else "past"


def _first_day(version: Version, layer_versions: Sequence[Version]) -> str | None:
    first = version.valid_from
    return first if first and in_force(layer_versions, date.fromisoformat(first)) is version else None


def _is_unreadable(library: Library, entry: LayerEntry, version: Version) -> bool:
    """Whether the table or the raster of a version is gone or changed, as far as can be seen without its features."""
    if not library.connection.has_table(version.table):
        return True
    if entry.geometry != "raster":
        return False
    from onemap.layers.rasters.raster_reference import is_as_added, reference_of  # only where a raster is at stake

    try:
        rows = read_version(library, version, None).attributes
        return not all(is_as_added(reference_of(row, library.path)) for _, row in rows.iterrows())
    except (OneMapError, KeyError, TypeError, ValueError):  # a row that was changed by hand
        return True


def _fields(entry: LayerEntry, required: Sequence[str]) -> list[dict[str, Any]]:
    """Return the fields that a layer may have: the schema's in order, then the key and rules' fields that it lacks.

    required: as for `add`, so that whoever matches fields sees what would be refused. The type of a field is null if no
    schema describes the field.
    """
    needed_names = set(needed_fields(entry, required))
    field_records = []
    for name in schema_names(entry, required):
        field = entry.field_named(name)
        titles = dict(field.title) if field else {}
        field_records.append(
            {
                "name": name,
                "type": field.type if field else None,
                "title": {language: titles.get(language, "") for language in ("zh", "en")},
                "aliases": list(field.aliases) if field else [],
                "required": name in needed_names,
            }
        )
    return field_records
