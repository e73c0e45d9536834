"""`onemap layers`: the catalogue of a library as it stands, with every version of every layer."""

from datetime import date
from typing import Any

from onemap.layers.library import Library
from onemap.layers.versions import Version, in_force, versions


def listing(library: Library, as_of: date) -> dict[str, Any]:
    """Every layer that may exist, in the catalogue's order, with its versions and which is in force."""
    of_code: dict[str, list[Version]] = {}
    for version in versions(library):
        of_code.setdefault(version.code, []).append(version)
    layers = []
    for entry in library.catalogue().values():
        found = of_code.get(entry.code, [])
        current = in_force(found, as_of)
        layers.append(
            {
                "code": entry.code,
                "title": entry.title,
                "department": entry.department,
                "library": entry.library,
                "kind": entry.kind,
                "geometry": entry.geometry,
                "key": entry.key,
                "class_field": entry.class_field,
                "versions": [
                    {
                        "label": version.label,
                        "table": version.table,
                        "valid_from": version.valid_from,
                        "valid_to": version.valid_to,
                        "recorded_at": version.recorded_at,
                        "count": version.count,
                        "hash": version.hash,
                        "coverage_m2": version.coverage_m2,
                        "coverage": version.coverage_kind,
                        "in_force": version is current,
                    }
                    for version in found
                ],
            }
        )
    district = library.district()
    return {
        "name": library.name,
        "crs": f"EPSG:{library.srs_id}",
        "district": district is not None,
        "as_of": as_of.isoformat(),
        "layers": layers,
    }
