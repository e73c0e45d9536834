"""Remarks of a question on its layers: ground near the parcels that versions lack, and values that none has."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.check_levels import level_of
from onemap.layers.catalogue.code_tables import plain_code
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.frames.fields import text_value
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.ingest.plausibility import ArrivingLayer, Doubt, doubt_of
from onemap.layers.ingest.quality_report import GroundRemark
from onemap.layers.ingest.raster_reading import remarks_on_heights
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, files_of
from onemap.layers.messages import first_names
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.layers.sources.reading import source_name
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.judge.inputs.check_record import LayerRecord
from onemap.rules.judge.inputs.layer_sources import trial_frame
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.foreseen_values import is_named, strange_values, values_in_no_table
from onemap.rules.judge.kinds.setback import distance_classes, half_widths_m, largest_distance_m
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan, VersionsUsed

_BESIDE_M = 200.0  # of the parcels: a line without its zone lies beside whom the distance would have kept off


def versions_of_run(layers: Iterable[LayerRecord]) -> VersionsUsed:
    """The versions that a run used. layers: of its record."""
    return {item["table"]: (item["code"], str(item["label"])) for item in layers if item["table"]}


def trial_problems_of(library: Library, check_plan: CheckPlan) -> Iterator[Problem]:
    """Doubts about files that replace layers: a file does not look like its layer, or is one of several.

    Raises OneMapError if the file is refused.
    """
    sources = check_plan.sources(library)
    for code, file in check_plan.replaced.items():
        version = check_plan.in_force(code)
        names = [] if version is None else [str(one["source"]) for one in files_of(library, version)]
        facts = {"file": source_name(file), "layer": code, "field": "--replace"}
        if version is not None and len(names) > 1:
            several = {"label": version.label, "count": len(names), "names": first_names(names)}
            yield Problem("replace.one_file", {**facts, **several})
        elif doubt := _doubt_of_trial(library, sources.catalogue[code], file, sources.required.get(code, ())):
            yield Problem("replace.doubtful", {**doubt.problem.facts, **facts})


def _doubt_of_trial(library: Library, entry: LayerEntry, file: str, required: Sequence[str]) -> Doubt | None:
    if entry.geometry not in ("polygon", "line", "point"):
        return None
    frame, name = FrameBlocks.of(trial_frame(library, entry, file, required)), source_name(file)
    return doubt_of(
        library, ArrivingLayer(entry, frame, [Path(name).stem], [name], [], False, False, ProblemPlace(file=name))
    )


def problems_near(
    remarks: Iterable[GroundRemark], used_versions: VersionsUsed, *extents: Sequence[float]
) -> Iterator[Problem]:
    """Those of some remarks on ground that versions lack which concern parcels.

    There parcels come out clear of these layers. Features set aside without a position may lie anywhere. used_versions:
    the versions that judge; extents: of the parcels, each west, south, east, north.
    """
    boxes = [shapely.box(*extent) for extent in extents]
    for remark in remarks:
        if remark.ground is None or shapely.dwithin(remark.ground, boxes, _BESIDE_M).any():
            yield problem_of_remark(remark, used_versions)


def problem_of_remark(remark: GroundRemark, used_versions: VersionsUsed) -> Problem:
    """The problem that reports a remark on ground that a version lacks."""
    code, label = used_versions[remark.table]
    return Problem(remark.problem, {"layer": code, "label": label, "words": remark.words})


def value_problems_of(library: Library, check_plan: CheckPlan) -> list[Problem]:
    """Remarks on rules that may judge wrongly: values that they ask for, widths, and heights that cannot be."""
    catalogue = library.catalogue()
    of_values = [
        problem
        for rule in check_plan.rules
        for code in rule.layers_named
        if code in catalogue
        for problem in _problems(library, rule, catalogue[code], [one for one in check_plan.known if one.code == code])
    ]
    return [*of_values, *width_problems(library, check_plan), *_height_problems(library, check_plan)]


def width_problems(library: Library, check_plan: CheckPlan) -> Iterator[Problem]:
    """Remarks on rules that measure from edges whose position the version in force does not state.

    Near such a feature ground is unknown as if it were as wide as the widest feature with a width; beyond that it is
    clear.
    """
    for rule in check_plan.rules:
        name, version = rule.options.get("half_width_field"), check_plan.in_force(rule.layer)
        if name is None or version is None or rule.layer in check_plan.replaced:
            continue
        if (field := _field_of(library, version, name)) is not None:
            sql = compose_sql("SELECT {field} FROM {table}", field=field, table=version.table)
            values = [value for (value,) in library.connection.execute(sql)]
            width_m = half_widths_m(rule.options, pd.DataFrame({name: np.array(values, dtype=object)}))
            if count := int(np.isnan(width_m).sum()):
                reach_m = largest_distance_m(rule.options) + float(np.nanmax(width_m, initial=0.0))
                facts = {"count": count, "total": len(values), "metres": f"{reach_m:g}"}
                place = ProblemPlace(file=rule.pack, feature=rule.id, layer=rule.layer, field=name)
                yield Problem("rule.half_width", {**place, **facts})


def _height_problems(library: Library, check_plan: CheckPlan) -> Iterator[Problem]:
    """Rasters of heights that can hardly be such, as `add` remarks; who checks need not be who added them."""
    sources = check_plan.sources(library)
    for code in check_plan.codes:
        entry = sources.catalogue.get(code)
        if entry is not None and entry.geometry == "raster" and entry.heights_m is not None:
            for reference in sources.read(code, None).rasters:
                with contextlib.suppress(OneMapError):  # it cannot be read, which its rules tell
                    height_remarks = library.keep_made(
                        ("heights", reference), partial(_remarks_on_heights, reference, entry)
                    )
                    yield from (replace(one, facts={**one.facts, "layer": code}) for one in height_remarks)


def _remarks_on_heights(reference: RasterReference, entry: LayerEntry) -> list[Problem]:
    """Those that the layer's checks do not switch off. Raises OneMapError version.unreadable, source.damaged."""
    with checked_raster(reference) as dataset:
        crs = raster_crs(dataset, reference.given_crs)
        return [one for one in remarks_on_heights(dataset, crs, entry) if level_of(entry, one.code) != "off"]


def _problems(library: Library, rule: Rule, entry: LayerEntry, versions: list[Version]) -> Iterator[Problem]:
    rule = rule.for_layer(entry.code)
    for name, asked_values in absent_values(library, rule.where, entry, versions).items():
        yield _problem_of_values("pack.value", rule, entry, name, asked_values)
    for name, classes in distance_classes(rule.options).items():
        if asked_values := strange_values(classes, name, entry):
            layer_values = set(map(plain_code, _values_of(library, versions, name)))
            if absent := [value for value in asked_values if plain_code(value) not in layer_values]:
                yield _problem_of_values("pack.distance_class", rule, entry, name, absent)


def absent_values(
    library: Library, where: str | None, entry: LayerEntry, versions: Sequence[Version]
) -> dict[str, list[str]]:
    """By field the values that a condition asks for, if neither the field's list or tables nor a version has one."""
    absent = {}
    for name in fields_of(where) if where else ():
        asked_values = values_in_no_table(where or "", name, entry)
        if asked_values and not any(
            is_named(where or "", name, value) for value in _values_of(library, versions, name)
        ):
            absent[name] = asked_values
    return absent


def _problem_of_values(code: str, rule: Rule, entry: LayerEntry, name: str, values: Sequence[str]) -> Problem:
    field = require_value(entry.field_named(name), "a field with a list of values or with code tables")
    place = ProblemPlace(file=rule.pack, feature=rule.id, layer=entry.code, field=name)
    return Problem(code, {**place, "values": values, "known": list(field.values or field.codes)})


def _values_of(library: Library, versions: Iterable[Version], name: str) -> Iterator[str]:
    """The different values of a field in each version; none of a version that lacks the field."""
    for version in versions:
        if (field := _field_of(library, version, name)) is not None:
            sql = compose_sql("SELECT DISTINCT {field} FROM {table}", field=field, table=version.table)
            yield from filter(None, (text_value(row[0]) for row in library.connection.execute(sql)))


def _field_of(library: Library, version: Version, name: str) -> str | None:
    """The field of a version's table with a name, in capital or small letters; None where it has none."""
    fields = library.connection.field_types(version.table)
    return next((field for field in fields if field.lower() == name.lower()), None)
