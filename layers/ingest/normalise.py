"""How a raw frame becomes a clean one: fields by schema, the library's CRS, two dimensions, valid geometry."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import (
    feature_names,
    lost_text,
    needed_fields,
    numbers_by_schema,
    rename_fields,
    replaced_text,
    schema_names,
    storable_attributes,
    text_by_schema,
    told_renamed,
)
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame, RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.geometry.validity import SortedGeometries, first_problems, kind_of, sorted_geometries
from onemap.layers.ingest.placing import PlacedShapes, SourceOptions, placed_in_crs
from onemap.layers.value_groups import groups_of


@np.errstate(all="ignore")  # numbers too large for arithmetic are reported by feature
def normalise(
    raw: RawFrame,
    entry: LayerEntry,
    target: pyproj.CRS,
    options: SourceOptions,
    required: Sequence[str] = (),
) -> CleanFrame:
    """Return a raw frame as the layer's clean frame, or refuse it and name every problem.

    required: further fields that must be there because rules use them. Absent schema fields give a warning.
    Raises OneMapError field.…, crs.…, geometry.….
    """
    return _clean(raw, entry, target, options, required, sort_out=False)[0]


@np.errstate(all="ignore")
def sorted_out(
    raw: RawFrame,
    entry: LayerEntry,
    target: pyproj.CRS,
    options: SourceOptions,
    required: Sequence[str],
    provers: Provers = NOBODY,
    in_place: bool = False,
) -> FrameBlocks:
    """Normalise as `normalise` does, but set features with unsound geometry aside as `bad` instead of refusing them.

    provers: they prove polygons that are transformed to another plane; in_place: the original geometries may be
    overwritten.
    Raises OneMapError field.…, crs.…, geometry.type for a table.
    """
    frame, sound = _clean(raw, entry, target, options, required, provers, sort_out=True, in_place=in_place)
    by_row = groups_of((row, problem) for row, problem in zip(sound.rows, sound.problems, strict=True))
    clean = FrameBlocks.of(frame, entry.key)
    return clean.set_aside(by_row) if by_row else clean


def _clean(
    raw: RawFrame,
    entry: LayerEntry,
    target: pyproj.CRS,
    options: SourceOptions,
    required: Sequence[str],
    provers: Provers = NOBODY,
    *,
    sort_out: bool,
    in_place: bool = False,
) -> tuple[CleanFrame, SortedGeometries]:
    place = raw.place
    stored_columns, names, problems, refusals = _fields(raw, entry, options, required)
    placement, is_table = PlacedShapes(raw.shapes, raw.valid), entry.geometry == "table"
    # One refusal tells all that is wrong, so that a file is sent back once.
    try:
        if not is_table:
            placement, remarks = placed_in_crs(raw, options, target, provers, in_place)
            problems += remarks
    except OneMapError as error:
        refusals += error.problems
    sound = None
    if raw.is_table != is_table:
        refusals.append(_wrong_kind(raw, entry, place))
    elif is_table:
        sound = SortedGeometries(placement.shapes, (), (), (), 0.0)
    else:
        sorting = entry.geometry, names, options.repair, place
        sound = sorted_geometries(placement.shapes, *sorting, valid=placement.valid)
        sound = sound.with_records(raw.broken)
        if refusals or not sort_out:
            refusals += first_problems(sound.problems, place)
    if refusals or sound is None:
        raise OneMapError.of(refusals)
    frame = CleanFrame(
        shapes=sound.shapes,
        attributes=stored_columns,
        names=names,
        problems=(*problems, *sound.repairs),
        repaired=len(sound.repairs),
        area_changed_m2=sound.changed_m2,
    )
    return frame, sound


def _fields(
    raw: RawFrame, entry: LayerEntry, options: SourceOptions, required: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray, list[Problem], list[Problem]]:
    """Return the attributes as the library keeps them, the names of the features, the remarks, and the refusals."""
    place = raw.place
    attributes, refusals = rename_fields(raw, entry, options.fields_of(raw.attributes.columns), required)
    lost_texts = replaced_text(attributes) if raw.replaced else {}
    remarks, unfit = lost_text(lost_texts, needed_fields(entry, required), place)
    problems, refusals = [*raw.problems, *remarks], [*refusals, *unfit]
    problems += [
        Problem("field.absent", {**place, "field": field.name})
        for field in entry.fields
        if field.name not in attributes.columns
    ]
    attributes, remarks = _by_schema(attributes, entry, place)
    problems += remarks
    stored_columns = storable_attributes(attributes, schema_names(entry, required))
    problems += told_renamed(list(attributes.columns), list(stored_columns.columns), place)
    names = feature_names(attributes, entry.key, len(raw.shapes))
    return stored_columns, names, problems, refusals


def _by_schema(attributes: pd.DataFrame, entry: LayerEntry, place: ProblemPlace) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the fields with the types of the layer's schema, and a problem for each converted field."""
    attributes, as_text = text_by_schema(attributes, entry)
    attributes, as_numbers = numbers_by_schema(attributes, entry)
    problems = [Problem("field.type", {**place, "field": name}) for name in as_text]
    return attributes, problems + [Problem("field.as_number", {**place, "field": name}) for name in as_numbers]


def _wrong_kind(raw: RawFrame, entry: LayerEntry, place: ProblemPlace) -> Problem:
    """Return the problem that a table came instead of features, or features instead of a table."""
    kind = kind_of(geometry for geometry in raw.geometries if geometry is not None)
    actual_kind = Problem("kind.table") if raw.is_table else kind
    return Problem("geometry.type", {**place, "found": actual_kind, "expected": Problem(f"kind.{entry.geometry}")})
