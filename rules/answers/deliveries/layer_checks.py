"""Checks of a delivery's layers: which exist, with which geometry and system; their fields and values."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.catalogue.schema import Field
from onemap.layers.crs import systems
from onemap.layers.errors import Problem
from onemap.layers.frames.fields import text_values
from onemap.layers.geometry.validity import kind_of
from onemap.layers.sources.sheets import sheet_grid
from onemap.rules.answers.deliveries.check_kinds import AREA, CONDITION, KINDS
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer, SourceLayer
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate, LayerWish
from onemap.rules.answers.deliveries.proof_findings import Finding, code_of_finding, first_of_each_code, with_hash
from onemap.rules.answers.deliveries.row_checks import numbers_or_nan
from onemap.rules.judge.kinds.conditions import fields_of

_DATUMS = {"cgcs2000", "xian80", "beijing54"}
_OWN_KEYS = ("field", "plus", "minus", "times", "where", "only", "by", "of")
_OTHER_KEYS = ("other_of", "other_by", "other_where", "other_field")
_ROUNDING = 1e-6  # of a unit in the last place, as doubles have it


def layer_findings(
    sources: Sequence[SourceLayer],
    layers: Mapping[str, DeliveredLayer],
    template: DeliveryTemplate,
    check: Check,
    lost_codes: Collection[str],
) -> tuple[int, list[Finding]]:
    """Problems of whole layers, and their number.

    lost_codes: codes of layers in files that are missing or unreadable.
    """
    findings = [*_names_of_layers(sources, check)]
    for code, wish in template.layers.items():
        if code not in layers:
            if not wish.is_optional and code not in lost_codes:
                problem = Problem("proof.layer_missing", {"layer": code, "title": wish.entry.title})
                findings.append(with_hash(Finding(check, problem, "", code), []))
            continue
        findings += [layers[code].finding(check, problem) for problem in _layer_problems(layers[code])]
    return len(sources), findings


def _names_of_layers(sources: Sequence[SourceLayer], check: Check) -> Iterator[Finding]:
    first_sources: dict[str, SourceLayer] = {}
    for source in sources:
        facts: dict[str, Any] = {"file": source.file.path, "layer": source.name}
        if source.wish is None:
            yield with_hash(Finding(check, Problem("proof.layer_extra", facts), source.file.path, source.name), [])
            continue
        code = source.wish.entry.code
        if not source.is_named_exactly:
            problem = Problem("proof.layer_name", {**facts, "name": code})
            yield with_hash(Finding(check, problem, source.file.path, code), [])
        first = first_sources.setdefault(code, source)
        if first is not source and _is_sheet(first) == _is_sheet(source):
            problem = Problem("proof.layer_twice", {**facts, "other": first.file.path})
            yield with_hash(Finding(check, problem, source.file.path, code), [])


def _is_sheet(source: SourceLayer) -> bool:
    return source.file.place.suffix.lower() in sheet_grid.SUFFIXES


def _layer_problems(layer: DeliveredLayer) -> Iterator[Problem]:
    raw, wish = layer.source.raw, layer.wish
    expected = Problem(f"kind.{wish.entry.geometry}")
    if raw.is_table != (wish.entry.geometry == "table"):
        actual_kind = (
            Problem("kind.table") if raw.is_table else kind_of(one for one in raw.geometries if one is not None)
        )
        yield Problem("proof.layer_geometry", {"found": actual_kind, "expected": expected})
        return
    if len(raw.shapes) == 0:
        yield Problem("proof.layer_empty")
    elif has_wrong_kind(layer):
        yield Problem("proof.layer_geometry", {"found": kind_of(raw.geometries), "expected": expected})
    if raw.is_table:
        return
    allowed = wish.crs
    if raw.crs is None or (allowed and not any(_is_system(raw.crs, one) for one in allowed)):
        name = None if raw.crs is None else f"{systems.crs_name(raw.crs)} {raw.crs.name}".strip()
        yield Problem("proof.layer_crs", {"crs": name, "allowed": allowed or ("EPSG:…",), "reason": ""})
    for problem in layer.refused:
        yield Problem("proof.layer_crs", {"crs": None, "allowed": (), "reason": problem})


def has_wrong_kind(layer: DeliveredLayer) -> bool:
    """Whether all features have another geometry than the layer should: then the layer is wrong, not each feature."""
    if layer.bad is None or (layer.frame is not None and layer.frame.count):
        return False
    return all(any(one.code == "geometry.type" for one in problems) for problems in layer.bad.problems)


def _is_system(crs: pyproj.CRS, allowed: str) -> bool:
    """Whether a system is the named one, or has the named datum."""
    if allowed.lower() in _DATUMS:
        return systems.datum_family(crs) == allowed.lower()
    if systems.crs_name(crs) == allowed:
        return True
    try:
        return bool(crs.equals(pyproj.CRS.from_user_input(allowed), ignore_axis_order=True))
    except pyproj.exceptions.CRSError:
        return False


def asked_fields(template: DeliveryTemplate, wish: LayerWish) -> list[str]:
    """The fields that must exist: all those that the template mentions."""
    field_names = [*wish.required, *(name for one in wish.unique for name in one.split("+"))]
    if wish.has_exact_fields:
        field_names += [field.name for field in wish.entry.fields]
    for check in template.checks:
        if check.layer == wish.entry.code:
            field_names += _fields_of_check(check, _OWN_KEYS)
        if check.keys.get("other") == wish.entry.code:
            by = {} if "other_by" in check.keys or "by" not in check.keys else {"other_by": check.keys["by"]}
            field_names += _fields_of_check(replace(check, keys={**check.keys, **by}), _OTHER_KEYS)
    return list(dict.fromkeys(field_names))


def _fields_of_check(check: Check, names: Sequence[str]) -> Iterator[str]:
    """The fields that some keys of a check name."""
    for name in names:
        value = check.keys.get(name)
        if value is None or value == AREA:
            continue
        if KINDS[check.kind].keys.get(name) == CONDITION:
            yield from fields_of(value)
        else:
            yield from [value] if isinstance(value, str) else value


def field_findings(layer: DeliveredLayer, template: DeliveryTemplate, check: Check) -> tuple[int, list[Finding]]:
    """Findings for fields that are missing, named by their titles, or of a wrong type."""
    return len(layer.wish.entry.fields), [layer.finding(check, one) for one in _field_problems(layer, template)]


def _field_problems(layer: DeliveredLayer, template: DeliveryTemplate) -> Iterator[Problem]:
    attributes = layer.source.raw.attributes
    names = [str(name) for name in attributes.columns]
    is_sheet = _is_sheet(layer.source)
    for name in asked_fields(template, layer.wish):
        if name not in layer.columns_of and name not in names:
            yield Problem("proof.field_missing", {"field": name, "names": names})
    for field in layer.wish.entry.fields:
        column = layer.columns_of.get(field.name)
        if column is None or is_sheet:
            continue
        if column != field.name:
            yield Problem("proof.field_title", {"field": column, "name": field.name})
        actual_type = _type_of(attributes[column])
        if actual_type is not None and not _types_agree(actual_type, field):
            expected = Problem(f"kind.{field.type}")
            yield Problem(
                "proof.field_type", {"field": column, "found": Problem(f"kind.{actual_type}"), "expected": expected}
            )


def _type_of(values: pd.Series) -> str | None:
    """The type of a column's values; None if it has no values."""
    if not values.notna().any():
        return None
    if pd.api.types.is_string_dtype(values.dtype) and values.dtype != object:
        return "text"
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return "number"
    kinds = {type(value) for value in values if value is not None and not _is_nothing(value)}
    if not kinds:
        return None
    if all(issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool for kind in kinds):
        return "number"
    return "date" if all("date" in kind.__name__.lower() or "Timestamp" in kind.__name__ for kind in kinds) else "text"


def _is_nothing(value: Any) -> bool:
    return bool(isinstance(value, (float, np.floating)) and np.isnan(value)) or value is pd.NaT or value is pd.NA


def _types_agree(actual_type: str, field: Field) -> bool:
    if field.type in ("number", "integer"):
        return actual_type == "number"
    return actual_type in ("date", "text") if field.type == "date" else actual_type == "text"


def value_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Findings for values that are missing, repeated, out of range, malformed, or have too many decimals."""
    first_problems = first_of_each_code(_value_problems(layer), lambda one: one[0].code)
    return layer.count, [layer.finding(check, problem, row) for problem, row in first_problems]


def _value_problems(layer: DeliveredLayer) -> Iterator[tuple[Problem, int]]:
    wish, rows = layer.wish, layer.rows
    for name in wish.required:
        if name in rows:
            for at, text in enumerate(text_values(rows[name].tolist())):
                if text is None:
                    yield Problem("proof.value_missing", {"field": name}), at
    for one in wish.unique:
        yield from _repeated_values(layer, one)
    for name, (least, most) in wish.ranges.items():
        numbers = numbers_or_nan(rows, name)
        is_beyond = (numbers < (-np.inf if least is None else least)) | (numbers > (np.inf if most is None else most))
        for at in np.flatnonzero(is_beyond).tolist():
            limits = f"{'' if least is None else f'{least:g}'} … {'' if most is None else f'{most:g}'}"
            yield Problem("proof.value_range", {"field": name, "value": f"{numbers[at]:g}", "range": limits}), at
    for name, form in wish.forms.items():
        pattern = re.compile(form)
        for at, text in enumerate(text_values(rows[name].tolist()) if name in rows else ()):
            if text is not None and not pattern.fullmatch(text):
                yield Problem("proof.value_form", {"field": name, "value": text[:80], "form": form}), at
    for name, count in wish.decimals.items():
        numbers = numbers_or_nan(rows, name)
        whole_numbers = numbers * 10**count
        apart = np.abs(whole_numbers - np.round(whole_numbers)) > np.maximum(
            _ROUNDING, np.abs(whole_numbers) * 1e-15 * 4
        )
        for at in np.flatnonzero(apart & np.isfinite(numbers)).tolist():
            facts = {"field": name, "value": repr(float(numbers[at])), "decimals": count}
            yield Problem("proof.value_decimals", facts), at


def _repeated_values(layer: DeliveredLayer, fields: str) -> Iterator[tuple[Problem, int]]:
    """Rows whose value, or values joined by +, an earlier row already has."""
    names = fields.split("+")
    if not all(name in layer.rows for name in names):
        return
    keys = pd.DataFrame({name: text_values(layer.rows[name].tolist()) for name in names}, dtype=object)
    again = keys.notna().all(axis=1).to_numpy() & keys.duplicated(keep=False).to_numpy()
    first: dict[tuple[str, ...], int] = {}
    for at in np.flatnonzero(again).tolist():
        key = tuple(keys.iloc[at])
        other = first.setdefault(key, at)
        if other != at:
            value = " + ".join(key)
            yield Problem("proof.value_repeated", {"field": fields, "value": value, "other": layer.name_of(other)}), at


def geometry_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Findings for features whose geometry is missing, invalid or of another kind."""
    bad = layer.bad
    if bad is None or has_wrong_kind(layer):
        return layer.count, []
    findings = []
    for at, problems in enumerate(bad.problems):
        for problem in problems[:1]:
            shape = bad.geometries[at]
            place = None if shape is None or shape.is_empty or not np.isfinite(shape.bounds).all() else shape
            one = Finding(
                check=check,
                problem=Problem(problem.code, {**problem.facts, "layer": layer.code}),
                path=layer.path,
                layer=layer.code,
                feature=str(bad.names[at]),
                ground=place,
                point=layer.point_in_source(place),
            )
            content = b"" if shape is None else shape.wkb
            findings.append(with_hash(one, [str(bad.names[at]), content.hex()]))
    return layer.count, list(first_of_each_code(findings, code_of_finding))
