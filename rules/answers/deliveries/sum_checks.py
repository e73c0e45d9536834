"""Checks of sums over rows: maps, tables, units."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from onemap.layers.errors import Problem
from onemap.layers.frames.fields import text_value, text_values
from onemap.rules.answers.deliveries.check_kinds import AREA, UNITS_M2
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.answers.deliveries.row_checks import field_numbers, meets_condition

_ALL = ""


def sum_findings(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Differences between sums of a layer and of another layer or table, by unit if `by` names the fields of units.

    Areas are ellipsoidal; `unit` is the unit of the other side's numbers.
    """
    keys = check.keys
    ours = _sums(layer, keys["of"], keys.get("by"), keys.get("where"))
    theirs = _sums(other, keys["other_of"], keys.get("other_by", keys.get("by")), keys.get("other_where"))
    factor = UNITS_M2[keys.get("unit", "m2")]
    findings = []
    for unit in sorted({*ours, *theirs}):
        if unit not in theirs or unit not in ours:
            missing = other if unit not in theirs else layer
            facts = {"unit": unit or "–", "other": missing.wish.entry.title}
            findings.append(_about_unit(missing, check, Problem("proof.sum_missing", facts), unit))
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
            findings.append(_about_unit(other, check, Problem("proof.sum", facts), unit))
    return len({*ours, *theirs}), findings


def sum_of(layer: DeliveredLayer, of: str, where: str | None) -> float:
    """The sum of a field, or of the measured areas, over all rows that meet a condition.

    Raises OneMapError proof.condition_field.
    """
    return _sums(layer, of, None, where).get(_ALL, 0.0)


def _about_unit(layer: DeliveredLayer, check: Check, problem: Problem, unit: str) -> Finding:
    """A finding about a unit's sum; its feature is the unit's row, if there is only one."""
    keys = check.keys
    rows = np.flatnonzero(meets_condition(layer, keys.get("other_where")) if layer.code == keys["other"] else [])
    by = keys.get("other_by", keys.get("by"))
    if by in layer.rows:
        rows = rows[[text_value(layer.rows[by].iloc[at]) == unit for at in rows.tolist()]] if len(rows) else rows
    others = [layer.hash_of(at) for at in rows.tolist()]
    return layer.finding(check, problem, int(rows[0]) if len(rows) == 1 else None, others=others)


def _sums(layer: DeliveredLayer, of: str, by: str | None, where: str | None) -> dict[str, float]:
    """The sums of a field, or of the measured areas, by unit; a single sum if no field of units is named.

    Raises OneMapError proof.condition_field.
    """
    is_asked = meets_condition(layer, where)
    numbers = layer.areas_m2 if of == AREA else field_numbers(layer, [of])[0]
    if by is None:
        return {_ALL: float(np.nansum(numbers[is_asked]))} if is_asked.any() else {}
    field_numbers(layer, [by])
    rows = np.flatnonzero(is_asked)
    texts = text_values(layer.rows[by].iloc[rows].tolist())
    place, units = pd.factorize(np.array([text or "–" for text in texts], dtype=object))
    totals = np.bincount(place, np.nan_to_num(numbers[rows]), len(units))
    return {str(unit): float(total) for unit, total in zip(units, totals, strict=True)}


def unit_findings(layer: DeliveredLayer, other: DeliveredLayer | None, check: Check) -> tuple[int, list[Finding]]:
    """Units that are missing, repeated, or unknown. Valid codes: a list, or another layer's field."""
    valid_codes = {str(code) for code in check.keys.get("codes", ())}
    if other is not None:
        values = other.rows.get(check.keys["other_field"], ())
        valid_codes |= {text for value in values if (text := text_value(value)) is not None}
    return len(valid_codes), list(_unit_findings(layer, check, valid_codes))


def _unit_findings(layer: DeliveredLayer, check: Check, valid_codes: set[str]) -> Iterator[Finding]:
    name = check.keys["field"]
    texts = [text_value(value) for value in layer.rows.get(name, ())]
    counts = Counter(text for text in texts if text is not None)
    for unit in sorted(valid_codes - set(counts)):
        yield layer.finding(check, Problem("proof.unit_missing", {"field": name, "unit": unit}))
    earlier_codes: set[str] = set()
    for at, text in enumerate(texts):
        if text is None:
            continue
        facts = {"field": name, "unit": text}
        if text not in valid_codes:
            yield layer.finding(check, Problem("proof.unit_unknown", facts), at)
        elif text in earlier_codes:
            yield layer.finding(check, Problem("proof.unit_repeated", {**facts, "count": counts[text]}), at)
        earlier_codes.add(text)
