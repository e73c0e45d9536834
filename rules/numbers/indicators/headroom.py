"""The headroom of a quota after existing, approved and reviewed ground, and how long it will last.

The pace is that between the last states of the data; with fewer than two states, or across a break, it is unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from onemap.layers.records import Record
from onemap.rules.numbers.indicators.indicator_keys import CEILING, FALL, FLOOR, RISE
from onemap.rules.numbers.indicators.unit_of_measure import UnitOfMeasure, unit_of_measure

NO_PACE, NOT_USED, COMMITTED = "no_pace", "not_used", "committed"
STATES = 3  # before the one in force, over which the pace is taken
_YEAR = 365.25
_SAME = 1e-6  # of the larger value
NOTHING: Mapping[str, None] = dict.fromkeys(
    ("headroom", "committed", "committed_reason", "free", "pace", "days_left", "days_reason")
)


def set_headroom(rows: Sequence[Record]) -> None:
    """Set headroom, free, pace and days_left in rows, which are in the order of their days and have `committed` set.

    headroom: up to the target, from the present value; free: after what is committed; both in the indicator's unit,
    negative beyond the target. pace: of the value, per year; days_left: until nothing is free at that pace.
    """
    states: dict[tuple[str, str, Any], list[tuple[date, float]]] = {}
    for row in rows:
        key = row["pack"], row["id"], row["unit"]
        if row["break"] in ("units", "classes"):
            states.pop(key, None)
        earlier_values = states.setdefault(key, [])
        day = _state_day(row)
        if row["value"] is not None and (not earlier_values or earlier_values[-1][0] < day):
            earlier_values.append((day, row["value"]))
        if row["target"] is None or row["bound"] not in (FLOOR, RISE, CEILING, FALL) or row["value"] is None:
            continue
        sign = 1.0 if row["bound"] in (CEILING, FALL) else -1.0
        unit = unit_of_measure(row["unit_of_measure"])
        row["headroom"] = _room(unit, row["target"], row["value"], sign)
        if not row["committed_reason"]:
            row["free"] = _room(unit, row["target"], row["value"] + sign * (row["committed"] or 0.0), sign)
        _set_days(row, sign, earlier_values[-STATES - 1 :])


def _room(unit: UnitOfMeasure, target: float, value: float, sign: float) -> float:
    """The difference between a value and its target, to the precision of the unit; negative beyond the target."""
    return sign * (target - value) if unit.compare(value, target) else 0.0


def _set_days(row: Record, sign: float, earlier_values: Sequence[tuple[date, float]]) -> None:
    if len(earlier_values) < 2:
        row["days_reason"] = NO_PACE
        return
    (begin, first), (end, last) = earlier_values[0], earlier_values[-1]
    change = 0.0 if is_same(first, last) else last - first
    row["pace"] = change / (end - begin).days * _YEAR
    if row["free"] is None:
        row["days_reason"] = row["committed_reason"]
    elif row["free"] <= 0:
        row["days_left"] = 0.0
    elif sign * row["pace"] <= 0:
        row["days_reason"] = NOT_USED
    else:
        row["days_left"] = row["free"] / (sign * row["pace"]) * _YEAR


def is_same(before: float, after: float) -> bool:
    """Whether two states have the same value, within the error of measuring the same ground twice."""
    return abs(after - before) <= _SAME * max(abs(before), abs(after))


def _state_day(row: Record) -> date:
    """The day from which a value's data are valid: that of the latest of their versions; else the day of the row.

    Any of a term's layers may change: in a share of a boundary it is the boundary, not the plots in it.
    """
    days = [one["valid_from"] for term in row["inputs"] for one in term["versions"] if one["valid_from"]]
    return date.fromisoformat(max(days, default=row["as_of"]))


def with_committed(row: Record) -> float | None:
    """The value once everything committed is built; None if that is unknown."""
    if row["value"] is None or row["committed"] is None:
        return None
    return float(
        row["value"] + row["committed"] if row["bound"] in (CEILING, FALL) else row["value"] - row["committed"]
    )
