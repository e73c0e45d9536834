"""`onemap inspect`: what is in a file, without loading it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.crs import systems
from onemap.layers.crs.crs_titles import plain_crs_title
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import lost_text, plain_value
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.validity import RECORD, are_beyond, are_finite, type_names
from onemap.layers.ingest.placing import bounds_of, contradiction_of, undeclared_crs
from onemap.layers.messages import problem_record, wording
from onemap.layers.progress import SILENT, Progress
from onemap.layers.rasters.raster_formats import RASTER_DRIVERS
from onemap.layers.records import Record
from onemap.layers.sources.reading import layers_of, open_with_rest, read_layer, source_name

RASTERS = {*RASTER_DRIVERS, ".vrt"}  # the last to say that it is none
_READ = 0.6  # of the work on a layer, when it is read
_VALID = 0.6  # of the rest, when it is known which geometries are valid
_MOST_RECORDS = 10  # broken ones that are named; all of them count among those without geometry
_SAMPLES, _SAMPLED_ROWS, _LONGEST_SAMPLE = 3, 1_000, 40  # different values of a field, for a person to know it by
_ROWS_AT_ONCE = 10_000  # asked whether they are valid, and of which types their values are
_LISTS = (list, np.ndarray)  # pandas tells of each member whether it is missing


def inspect(source: str, layer: str | None, encoding: str | None, language: str, progress: Progress = SILENT) -> Record:
    """Return format, layers, encoding, CRS, counts, geometry types, fields and problems of a source.

    Raises OneMapError source.layer_unknown, and as reading does if the source cannot be opened at all.
    """
    if Path(source).suffix.lower() in RASTERS and Path(source).is_file():
        from onemap.layers.ingest.raster_inspection import (
            inspect_raster,  # rasterio is loaded only where a raster is at stake
        )

        return inspect_raster(Path(source), language)
    with open_with_rest(source) as (path, rest):
        names = layers_of(path)
        if layer is not None and layer not in names:
            raise OneMapError("source.layer_unknown", file=source_name(source), layer=layer, names=names)
        layer_records: list[dict[str, Any]] = []
        kind = ""
        layer_names = [layer] if layer is not None else names
        for name, part in zip(layer_names, progress.parts([1] * len(layer_names)), strict=True):
            try:
                frame = _read(path, name, encoding, part.part(0.0, _READ))
            except OneMapError as error:
                if len(names) == 1 or layer is not None:
                    raise
                layer_records.append(_unreadable_layer(name, error, language))
                continue
            kind = kind or frame.format
            frame = replace(frame, problems=(*rest, *frame.problems))
            layer_records.append(_describe_layer(frame, language, part.part(_READ, 1.0)))
    return {"format": kind, "file": source_name(source), "layers": layer_records}


def _read(source: Any, name: str, encoding: str | None, progress: Progress) -> RawFrame:
    """Read one layer; a sheet without coordinates is read as a table."""
    try:
        return read_layer(source, name, encoding, progress, lenient=True)
    except OneMapError as error:
        if error.code != "sheet.no_header":
            raise
        return read_layer(source, name, encoding, progress, lenient=True, as_table=True)


def _unreadable_layer(name: str, error: OneMapError, language: str) -> dict[str, Any]:
    problems = [problem_record(problem, language) for problem in error.problems]
    crs = {"code": None, "from": "none", "why": ""}
    return {
        "name": name,
        "count": None,
        "geometry": None,
        "crs": crs,
        "encoding": None,
        "fields": [],
        "problems": problems,
    }


@np.errstate(all="ignore")  # numbers too large for arithmetic are reported as such
def _describe_layer(frame: RawFrame, language: str, progress: Progress) -> dict[str, Any]:
    progress.at(0.0)
    place = frame.place
    lost_texts, _ = lost_text(frame.replaced, (), place)
    broken_records = [
        Problem(RECORD, {**place, "feature": str(row + 1), "row": row + 1, "reason": reason})
        for row, reason in list(frame.broken.items())[:_MOST_RECORDS]
    ]
    problems = [
        *frame.problems,
        *lost_texts,
        *broken_records,
        *([] if frame.is_table else _geometry_problems(frame, place, progress)),
    ]
    if len(frame.geometries) == 0:
        problems.append(Problem("source.empty", place))
    box = bounds_of(frame.geometries[are_finite(frame.geometries)])
    crs, extra = _crs(frame, box, language)
    if extra is not None:
        problems.append(Problem(extra.code, {**extra.facts, **place}))
    progress.at(_VALID)
    return {
        "name": frame.layer,
        "count": len(frame.geometries),
        "geometry": ", ".join(sorted({*type_names(frame.geometries)} - {""})) or None,
        "is_table": frame.is_table,
        "crs": crs,
        "encoding": frame.encoding,
        "bounds": box,
        "fields": [_describe_field(str(name), frame.attributes[name], progress) for name in frame.attributes.columns],
        "problems": [problem_record(problem, language) for problem in problems],
    }


def _crs(frame: RawFrame, box: Any, language: str) -> tuple[dict[str, Any], Problem | None]:
    """Return the declared CRS, else the one that the numbers suggest, with the reason; and any contradiction."""
    if frame.is_table:
        return {"code": None, "from": "none", "why": wording(Problem("suggest.no_geometry"), language)[0]}, None
    if frame.crs is not None and frame.is_assumed:
        why = wording(Problem("suggest.rfc7946"), language)[0]
        record = {"code": systems.crs_name(frame.crs), "from": "guessed", "why": why}
        return record, contradiction_of(frame.crs, box, frame.shapes)
    if frame.crs is not None:
        record = {"code": systems.crs_name(frame.crs), "from": "declared", "why": plain_crs_title(frame.crs, language)}
        return record, contradiction_of(frame.crs, box, frame.shapes)
    return undeclared_crs(box, language)


def _geometry_problems(frame: RawFrame, place: ProblemPlace, progress: Progress) -> list[Problem]:
    """Return geometry problems with counts, and name only the first few rows: a file may have a million of them."""
    missing = shapely.is_missing(frame.geometries)
    empty = shapely.is_empty(frame.geometries) & ~missing
    invalid = np.zeros(len(missing), dtype=bool)
    endless = ~are_finite(frame.geometries)
    is_beyond = ~endless & are_beyond(frame.geometries)
    areal = ~missing & ~endless & ~is_beyond & (shapely.get_dimensions(frame.geometries) == 2)
    rows = np.flatnonzero(areal)
    for block in blocks(len(rows), _ROWS_AT_ONCE):
        progress.at(_VALID * block.start / len(rows))
        invalid[rows[block]] = ~shapely.is_valid(frame.geometries[rows[block]])
    problems = []
    for code, wrong in (
        ("inspect.null", missing),
        ("inspect.empty", empty),
        ("inspect.not_finite", endless),
        ("inspect.beyond", is_beyond),
        ("inspect.invalid", invalid),
    ):
        if wrong.any():
            first = [int(row) + 1 for row in np.flatnonzero(wrong)[:10]]
            problems.append(Problem(code, {**place, "count": int(wrong.sum()), "rows": first}))
    return problems


def _describe_field(name: str, values: pd.Series, progress: Progress) -> dict[str, Any]:
    return {"name": name, "type": _type(values, progress), "samples": _samples(values)}


def _samples(values: pd.Series) -> list[str]:
    """Return the first distinct values as text, without empty ones; of binary ones, such as pictures, the size."""
    samples: dict[str, None] = {}
    for value in values.iloc[:_SAMPLED_ROWS]:
        plain = plain_value(value) if isinstance(value, _LISTS) else value
        plain = f"{len(plain):,} B" if isinstance(plain, bytes) else plain
        if plain is None or pd.isna(plain) or not str(plain).strip():
            continue
        text = " ".join(str(plain).split())
        if isinstance(value, float | np.floating):  # a DBF keeps long whole numbers as such
            text = text.removesuffix(".0")
        samples[text if len(text) <= _LONGEST_SAMPLE else f"{text[: _LONGEST_SAMPLE - 1]}…"] = None
        if len(samples) == _SAMPLES:
            break
    return list(samples)


def _type(values: pd.Series, progress: Progress) -> str:
    kinds: set[str] = set()
    for block in blocks(len(values), _ROWS_AT_ONCE):
        progress.check()
        part = values.iloc[block]
        kinds |= {type(value).__name__ for value in part if isinstance(value, _LISTS) or not pd.isna(value)}
    if not kinds:
        return "text"
    if all(kind.startswith(("int", "uint")) for kind in kinds):
        return "integer"
    if all(kind.startswith(("int", "uint", "float")) for kind in kinds):
        return "number"
    if all(kind.startswith(("datetime", "date", "Timestamp")) for kind in kinds):
        return "date"
    return "boolean" if kinds <= {"bool", "bool_"} else "text"
