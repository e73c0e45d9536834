"""Checks inside a row (conditions, sums of fields, areas stated), and of sums over rows: maps, tables, units."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import areas_apart
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import text_value, text_values
from onemap.rules.answers.deliveries.check_kinds import AREA, UNITS_M2
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import MOST_LISTED, Finding
from onemap.rules.judge.kinds.conditions import Truth, evaluate, fields_of

_ALL = ""
_WITHIN = 0.005  # half of the last place of an area with two decimals


def sum_findings(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Where sums of a layer and of another, or of a table, differ; unit by unit, if `by` names the fields of units.

    An area is measured on the ellipsoid; what `unit` names is the unit of the other side's numbers.
    """
    keys = check.keys
    ours = _sums(layer, keys["of"], keys.get("by"), keys.get("where"))
    theirs = _sums(other, keys["other_of"], keys.get("other_by", keys.get("by")), keys.get("other_where"))
    factor = UNITS_M2[keys.get("unit", "m2")]
    found = []
    for unit in sorted({*ours, *theirs}):
        if unit not in theirs or unit not in ours:
            missing = other if unit not in theirs else layer
            facts = {"unit": unit or "–", "other": missing.wish.entry.title}
            found.append(_about_unit(missing, check, Problem("proof.sum_missing", facts), unit))
            continue
        one, another = ours[unit] / factor, theirs[unit]
        within = keys.get("within", 0.01) + 1e-9 * abs(one)
        if abs(one - another) > within:
            facts = {
                "unit": unit or "–",
                "sum": f"{one:.4f}",
                "stated": f"{another:.4f}",
                "difference": f"{another - one:+.4f}",
                "other": layer.wish.entry.title,
                "field": keys["other_of"],
            }
            found.append(_about_unit(other, check, Problem("proof.sum", facts), unit))
    return len({*ours, *theirs}), found


def sum_of(layer: DeliveredLayer, of: str, where: str | None) -> float:
    """The sum of a field, or of the measured areas, over all rows that are asked for.

    Raises OneMapError proof.condition_field.
    """
    return _sums(layer, of, None, where).get(_ALL, 0.0)


def _about_unit(layer: DeliveredLayer, check: Check, problem: Problem, unit: str) -> Finding:
    """A finding about a sum: its feature is the one row of the unit, if there is one alone."""
    keys = check.keys
    rows = np.flatnonzero(meets_condition(layer, keys.get("other_where")) if layer.code == keys["other"] else [])
    by = keys.get("other_by", keys.get("by"))
    if by in layer.rows:
        rows = rows[[text_value(layer.rows[by].iloc[at]) == unit for at in rows.tolist()]] if len(rows) else rows
    others = [layer.hash_of(at) for at in rows.tolist()]
    return layer.finding(check, problem, int(rows[0]) if len(rows) == 1 else None, others=others)


def _sums(layer: DeliveredLayer, of: str, by: str | None, where: str | None) -> dict[str, float]:
    """The sums of a field, or of the measured areas, by unit; under no name where no field of units is asked.

    Raises OneMapError proof.condition_field.
    """
    asked = meets_condition(layer, where)
    numbers = layer.areas_m2 if of == AREA else field_numbers(layer, [of])[0]
    if by is None:
        return {_ALL: float(np.nansum(numbers[asked]))} if asked.any() else {}
    field_numbers(layer, [by])
    rows = np.flatnonzero(asked)
    texts = text_values(layer.rows[by].iloc[rows].tolist())
    place, units = pd.factorize(np.array([text or "–" for text in texts], dtype=object))
    totals = np.bincount(place, np.nan_to_num(numbers[rows]), len(units))
    return {str(unit): float(total) for unit, total in zip(units, totals, strict=True)}


def unit_findings(layer: DeliveredLayer, other: DeliveredLayer | None, check: Check) -> tuple[int, list[Finding]]:
    """Units that are missing, there twice, or unknown. Their codes: a list, or another layer's field."""
    wanted = {str(code) for code in check.keys.get("codes", ())}
    if other is not None:
        values = other.rows.get(check.keys["other_field"], ())
        wanted |= {text for value in values if (text := text_value(value)) is not None}
    return len(wanted), list(_unit_findings(layer, check, wanted))


def _unit_findings(layer: DeliveredLayer, check: Check, wanted: set[str]) -> Iterator[Finding]:
    name = check.keys["field"]
    texts = [text_value(value) for value in layer.rows.get(name, ())]
    counts = Counter(text for text in texts if text is not None)
    for unit in sorted(wanted - set(counts)):
        yield layer.finding(check, Problem("proof.unit_missing", {"field": name, "unit": unit}))
    seen: set[str] = set()
    for at, text in enumerate(texts):
        if text is None:
            continue
        facts = {"field": name, "unit": text}
        if text not in wanted:
            yield layer.finding(check, Problem("proof.unit_unknown", facts), at)
        elif text in seen:
            yield layer.finding(check, Problem("proof.unit_repeated", {**facts, "count": counts[text]}), at)
        seen.add(text)


def row_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """The findings of one check of rows in a layer, and the number of rows that it looked at."""
    found = list(islice(_CHECKS[check.kind](layer, check), MOST_LISTED))
    return len(layer.rows), found


def meets_condition(layer: DeliveredLayer, where: str | None) -> np.ndarray:
    """Which rows (n,) certainly meet a condition; all without one. Raises OneMapError proof.condition_field."""
    if where is None:
        return np.ones(len(layer.places), dtype=bool)
    return condition_truth(layer, where).true


def condition_truth(layer: DeliveredLayer, where: str) -> Truth:
    """The truth of a condition for each row. Raises OneMapError proof.condition_field for a field that is not there."""
    try:
        return evaluate(where, layer.rows)
    except KeyError as error:
        missing = str(error.args[0])
        raise OneMapError("proof.condition_field", layer=layer.code, field=missing, where=where) from None


def _conditions(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Rows, of those that meet `only`, for which the condition is false; what is unknown is reported elsewhere."""
    where = check.keys["where"]
    truth, asked = condition_truth(layer, where), meets_condition(layer, check.keys.get("only"))
    title = dict(check.title or {"zh": where, "en": where})
    fields = fields_of(where)
    for at in np.flatnonzero(asked & ~truth.true & ~truth.unknown).tolist():
        values = ", ".join(f"{name}={layer.rows[name].iloc[at]}" for name in fields if name in layer.rows)
        facts = {"field": check.keys.get("field") or fields[0], "condition": title, "where": where, "values": values}
        yield layer.finding(check, Problem("proof.condition", facts), at)


def _row_sums(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Rows in which a field is not what others make: plus - minus, or the product of `times`."""
    keys, rows = check.keys, layer.rows
    stated = _numbers(rows, keys["field"])
    made = np.zeros(len(rows))
    for sign, key in ((1.0, "plus"), (-1.0, "minus")):
        for name in keys.get(key, ()):
            made += sign * np.nan_to_num(_numbers(rows, name))
    if keys.get("times"):
        made = made + np.prod([np.nan_to_num(_numbers(rows, name)) for name in keys["times"]], axis=0)
    terms = [*keys.get("plus", ()), *(f"-{name}" for name in keys.get("minus", ()))]
    terms += ["×".join(keys["times"])] if keys.get("times") else []
    within = keys.get("within", _WITHIN) + 1e-9 * np.abs(made)
    for at in np.flatnonzero(np.isfinite(stated) & (np.abs(stated - made) > within)).tolist():
        facts = {"field": keys["field"], "stated": f"{stated[at]:.4f}", "made": f"{made[at]:.4f}", "terms": terms}
        yield layer.finding(check, Problem("proof.row_sum", facts), at)


def _plane_areas(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Rows whose stated area is not that of the plane."""
    stated, area_m2 = _numbers(layer.rows, check.keys["field"]), shapely.area(layer.shapes)
    within = np.maximum(check.keys.get("share", 0.001) * area_m2, check.keys.get("least_m2", 1.0))
    for at in np.flatnonzero(np.isfinite(stated) & (np.abs(stated - area_m2) > within)).tolist():
        facts = {"field": check.keys["field"], **areas_apart(stated[at], area_m2[at])}
        yield layer.finding(check, Problem("proof.area_plane", facts), at, area_m2=float(area_m2[at]))


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A field as numbers (n,), not a number where it holds none or is not there."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(pd.Series(rows[name].tolist(), dtype=object), errors="coerce").to_numpy(dtype=float)


def field_numbers(layer: DeliveredLayer, names: Sequence[str]) -> list[np.ndarray]:
    """Fields as numbers, each (n,). Raises OneMapError proof.condition_field for one that is not there."""
    for name in names:
        if name not in layer.rows:
            raise OneMapError("proof.condition_field", layer=layer.code, field=name, where=name)
    return [_numbers(layer.rows, name) for name in names]


_CHECKS: dict[str, Callable[[DeliveredLayer, Check], Iterator[Finding]]] = {
    "condition": _conditions,
    "row_sum": _row_sums,
    "stated_area": _plane_areas,
}
