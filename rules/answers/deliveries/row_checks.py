"""Checks of the logic within a row: conditions on its fields, sums of fields, stated against planar areas."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import areas_apart
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import plain_numbers
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import MOST_LISTED, Finding
from onemap.rules.judge.kinds.conditions import Truth, evaluate, fields_of

_WITHIN = 0.005  # half of the last place of an area with two decimals


def row_findings(layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """The findings of one check of rows in a layer, and the number of rows."""
    findings = list(islice(_CHECKS[check.kind](layer, check), MOST_LISTED))
    return len(layer.rows), findings


def meets_condition(layer: DeliveredLayer, where: str | None) -> np.ndarray:
    """Which rows (n,) certainly meet a condition; all if there is none. Raises OneMapError proof.condition_field."""
    if where is None:
        return np.ones(len(layer.places), dtype=bool)
    return condition_truth(layer, where).true


def condition_truth(layer: DeliveredLayer, where: str) -> Truth:
    """The truth of a condition for each row. Raises OneMapError proof.condition_field for a missing field."""
    try:
        return evaluate(where, layer.rows)
    except KeyError as error:
        missing = str(error.args[0])
        raise OneMapError("proof.condition_field", layer=layer.code, field=missing, where=where) from None


def _conditions(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Findings for rows that meet `only` and for which the condition is false; unknown ones are reported elsewhere."""
    where = check.keys["where"]
    truth, is_asked = condition_truth(layer, where), meets_condition(layer, check.keys.get("only"))
    title = dict(check.title or {"zh": where, "en": where})
    fields = fields_of(where)
    for at in np.flatnonzero(is_asked & ~truth.true & ~truth.unknown).tolist():
        values = ", ".join(f"{name}={layer.rows[name].iloc[at]}" for name in fields if name in layer.rows)
        facts = {"field": check.keys.get("field") or fields[0], "condition": title, "where": where, "values": values}
        yield layer.finding(check, Problem("proof.condition", facts), at)


def _row_sums(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Findings for rows in which a field differs from its computed value: plus - minus, or the product of `times`."""
    keys, rows = check.keys, layer.rows
    stated_sums = numbers_or_nan(rows, keys["field"])
    computed_sums = np.zeros(len(rows))
    for sign, key in ((1.0, "plus"), (-1.0, "minus")):
        for name in keys.get(key, ()):
            computed_sums += sign * np.nan_to_num(numbers_or_nan(rows, name))
    if keys.get("times"):
        computed_sums = computed_sums + np.prod(
            [np.nan_to_num(numbers_or_nan(rows, name)) for name in keys["times"]], axis=0
        )
    terms = [*keys.get("plus", ()), *(f"-{name}" for name in keys.get("minus", ()))]
    terms += ["×".join(keys["times"])] if keys.get("times") else []
    within = keys.get("within", _WITHIN) + 1e-9 * np.abs(computed_sums)
    for at in np.flatnonzero(np.isfinite(stated_sums) & (np.abs(stated_sums - computed_sums) > within)).tolist():
        facts = {
            "field": keys["field"],
            "stated": f"{stated_sums[at]:.4f}",
            "made": f"{computed_sums[at]:.4f}",
            "terms": terms,
        }
        yield layer.finding(check, Problem("proof.row_sum", facts), at)


def _plane_areas(layer: DeliveredLayer, check: Check) -> Iterator[Finding]:
    """Findings for rows whose stated area differs from the planar area."""
    stated_m2, area_m2 = numbers_or_nan(layer.rows, check.keys["field"]), shapely.area(layer.shapes)
    within = np.maximum(check.keys.get("share", 0.001) * area_m2, check.keys.get("least_m2", 1.0))
    for at in np.flatnonzero(np.isfinite(stated_m2) & (np.abs(stated_m2 - area_m2) > within)).tolist():
        facts = {"field": check.keys["field"], **areas_apart(stated_m2[at], area_m2[at])}
        yield layer.finding(check, Problem("proof.area_plane", facts), at, area_m2=float(area_m2[at]))


def numbers_or_nan(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A field as numbers (n,), NaN where it holds none or does not exist."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    return plain_numbers(rows[name].tolist())


def field_numbers(layer: DeliveredLayer, names: Sequence[str]) -> list[np.ndarray]:
    """Fields as numbers, each (n,). Raises OneMapError proof.condition_field for a missing field."""
    for name in names:
        if name not in layer.rows:
            raise OneMapError("proof.condition_field", layer=layer.code, field=name, where=name)
    return [numbers_or_nan(layer.rows, name) for name in names]


_CHECKS: dict[str, Callable[[DeliveredLayer, Check], Iterator[Finding]]] = {
    "condition": _conditions,
    "row_sum": _row_sums,
    "stated_area": _plane_areas,
}
