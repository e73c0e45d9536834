"""Along a series of days: where a value cannot be compared with the one before, or is the same state as that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.class_editions import CLASSES, is_broken

UNITS, SAME_STATE = "units", "same_state"
_MOVED = 1e-4  # of a unit's ground: less is how two surveys round the same border
Record = dict[str, Any]


def mark_breaks(rows: list[Record], grounds: Mapping[tuple[str, Any], Any]) -> None:
    """Set `break` in rows, which are in the order of their days. grounds: the units' polygons by day and name.

    `units`: the unit has other borders than the day before, or was none; `classes`: its land is written by another
    edition of classes; `same_state`: the same versions as the day before, so nothing was measured anew.
    """
    before: dict[tuple[str, str, Any], Record] = {}
    first: dict[tuple[str, str], str] = {}  # the day on which an indicator is measured first
    moved: dict[tuple[str, str, Any], bool] = {}
    for row in rows:
        key = row["pack"], row["id"], row["unit"]
        earlier, begin = before.get(key), first.setdefault(key[:2], row["as_of"])
        before[key] = row
        if earlier is None:
            row["break"] = _inside(row) or (UNITS if row["as_of"] != begin else None)
            continue
        pair = earlier["as_of"], row["as_of"], row["unit"]
        if pair not in moved:
            same = earlier["unit_version"] == row["unit_version"]
            moved[pair] = not same and _is_moved(*(grounds[day, row["unit"]] for day in pair[:2]))
        row["break"] = _mark(earlier, row, moved[pair])


def _mark(earlier: Record, row: Record, is_moved: bool) -> str | None:
    if is_moved:
        return UNITS
    if _inside(row) or _other_classes(earlier, row):
        return CLASSES
    states = [_state(some) for some in (earlier, row)]
    return SAME_STATE if states[0] == states[1] and any(term[1] for term in states[0]) else None


def _state(row: Record) -> list[tuple[Any, list[str]]]:
    """What a value is measured on: of each term the versions, and the year of a table's rows."""
    return [(term.get("year"), [one["hash"] for one in term["versions"]]) for term in row["inputs"]]


def _inside(row: Record) -> str | None:
    """What breaks a value in itself: two versions of which it is the difference."""
    return next((term["break"] for term in row["inputs"] if term.get("break")), None)


def _other_classes(earlier: Record, row: Record) -> bool:
    pairs = zip(earlier["inputs"], row["inputs"], strict=True)
    return any(is_broken(*(_editions(term) for term in pair)) for pair in pairs)


def _editions(term: Record) -> frozenset[str] | None:
    return frozenset(term["classes"].split(",")) if term.get("classes") else None


def _is_moved(before: Any, after: Any) -> bool:
    (common_m2,), _ = common_areas(np.array([before]), np.array([after]), Threads())
    differing = shapely.area(before) + shapely.area(after) - 2 * common_m2
    return bool(differing > _MOVED * max(shapely.area(before), shapely.area(after)))
