"""From a raw frame to a clean one: fields by schema, the library's CRS, two dimensions, valid geometry."""

from collections.abc import Sequence

import pyproj

from onemap.layers.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.fields import feature_names, renamed_fields, schema_names, storable, text_by_schema
from onemap.layers.frames import CleanFrame, RawFrame
from onemap.layers.placing import Wishes, in_crs
from onemap.layers.soundness import checked_geometries


def normalise(
    raw: RawFrame, entry: LayerEntry, target: pyproj.CRS, wishes: Wishes, required: Sequence[str] = ()
) -> CleanFrame:
    """A raw frame as the layer's clean frame, or a refusal that names every problem.

    required: further fields that must be there because rules use them. Schema fields that are absent are warned of.
    Raises OneMapError field.…, crs.…, geometry.….
    """
    place = {"file": raw.path.name, "layer": raw.layer}
    attributes, refused = renamed_fields(raw, entry, wishes.fields, required)
    problems = list(raw.problems)
    problems += [
        Problem("field.absent", {**place, "field": field.name})
        for field in entry.fields
        if field.name not in attributes.columns
    ]
    attributes, as_text = text_by_schema(attributes, entry)
    problems += [Problem("field.type", {**place, "field": name}) for name in as_text]
    names = feature_names(attributes, entry.key, len(raw.geometries))
    geometries = raw.geometries
    # One refusal tells all that is wrong, so that a file is sent back once.
    try:
        geometries, remarks = in_crs(geometries, raw, wishes, target)
        problems += remarks
    except OneMapError as error:
        refused += error.problems
    try:
        if raw.is_table:
            kinds = {"found": Problem("kind.table"), "expected": Problem(f"kind.{entry.geometry}")}
            raise OneMapError("geometry.type", **place, **kinds)
        checked = checked_geometries(geometries, entry.geometry, names, wishes.repair, place)
    except OneMapError as error:
        refused += error.problems
    if refused:
        raise OneMapError.of(refused)
    geometries, repairs, repaired, changed = checked
    return CleanFrame(
        geometries=geometries,
        attributes=storable(attributes, schema_names(entry, required)),
        names=names,
        problems=(*problems, *repairs),
        repaired=repaired,
        area_changed_m2=changed,
    )
