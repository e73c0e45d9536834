"""From a raw frame to a clean one: fields by schema, the library's CRS, two dimensions, valid geometry."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.fields import (
    feature_names,
    numbers_by_schema,
    renamed_fields,
    schema_names,
    storable,
    text_by_schema,
)
from onemap.layers.frames import BadFeatures, CleanFrame, RawFrame
from onemap.layers.placing import Wishes, in_crs
from onemap.layers.soundness import SortedGeometries, listed, sorted_geometries


@np.errstate(all="ignore")  # numbers too large for arithmetic are told by feature
def normalise(
    raw: RawFrame,
    entry: LayerEntry,
    target: pyproj.CRS,
    wishes: Wishes,
    required: Sequence[str] = (),
    sort_out: bool = False,
) -> CleanFrame:
    """A raw frame as the layer's clean frame, or a refusal that names every problem.

    required: further fields that must be there because rules use them. Schema fields that are absent are warned of.
    sort_out: features of unsound geometry are set aside as the frame's `bad` instead of being refused.
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
    attributes, as_numbers = numbers_by_schema(attributes, entry)
    problems += [Problem("field.as_number", {**place, "field": name}) for name in as_numbers]
    names = feature_names(attributes, entry.key, len(raw.geometries))
    geometries = raw.geometries
    # One refusal tells all that is wrong, so that a file is sent back once.
    try:
        geometries, remarks = in_crs(geometries, raw, wishes, target)
        problems += remarks
    except OneMapError as error:
        refused += error.problems
    sound = None
    if raw.is_table:
        kinds = {"found": Problem("kind.table"), "expected": Problem(f"kind.{entry.geometry}")}
        refused.append(Problem("geometry.type", {**place, **kinds}))
    else:
        sound = sorted_geometries(geometries, entry.geometry, names, wishes.repair, place)
        if refused or not sort_out:
            refused += listed(sound.problems, place)
    if refused or sound is None:
        raise OneMapError.of(refused)
    frame = CleanFrame(
        geometries=sound.geometries,
        attributes=storable(attributes, schema_names(entry, required)),
        names=names,
        problems=(*problems, *sound.repairs),
        repaired=len(sound.repairs),
        area_changed_m2=sound.changed_m2,
    )
    return _without_unsound(frame, sound) if sound.rows else frame


def _without_unsound(frame: CleanFrame, sound: SortedGeometries) -> CleanFrame:
    by_row: dict[int, list[Problem]] = {}
    for row, problem in zip(sound.rows, sound.problems, strict=True):
        by_row.setdefault(row, []).append(problem)
    return set_aside(frame, by_row)


def set_aside(frame: CleanFrame, problems: dict[int, list[Problem]]) -> CleanFrame:
    """A frame without some of its features, which join those that were sorted out before.

    problems: what is wrong with each, by its place in the frame.
    """
    out = np.array(sorted(problems), dtype=np.int64)
    keep = np.ones(len(frame.geometries), dtype=bool)
    keep[out] = False
    rows = frame.source_rows()
    bad = BadFeatures(
        geometries=frame.geometries[out],
        attributes=frame.attributes.iloc[out].reset_index(drop=True),
        names=frame.names[out],
        rows=rows[out],
        problems=tuple(tuple(problems[row]) for row in out.tolist()),
    )
    return replace(
        frame,
        geometries=frame.geometries[keep],
        attributes=frame.attributes[keep].reset_index(drop=True),
        names=frame.names[keep],
        rows=rows[keep],
        bad=bad if frame.bad is None else _joined(frame.bad, bad),
    )


def _joined(first: BadFeatures, second: BadFeatures) -> BadFeatures:
    return BadFeatures(
        geometries=np.concatenate([first.geometries, second.geometries]),
        attributes=pd.concat([first.attributes, second.attributes], ignore_index=True),
        names=np.concatenate([first.names, second.names]),
        rows=np.concatenate([first.rows, second.rows]),
        problems=(*first.problems, *second.problems),
    )
