"""The trend of a value against its previous state, measured on the last day before its data changed.

Without an earlier state, or across a break of borders or classes, the trend is unknown, and the reason is given. In a
series of days, values are marked that have the same state as the one before, or cannot be compared with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely

from onemap.layers.library.versions import Version, in_force
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.class_editions import CLASSES, is_broken
from onemap.rules.numbers.indicators.headroom import is_same
from onemap.rules.numbers.indicators.indicator_pack import Indicator, IndicatorPack

RISE, FALL, SAME = "rise", "fall", "same"
ONE_STATE = "one_state"
UNITS, SAME_STATE = "units", "same_state"
_MOVED = 1e-4  # of a unit's ground: less is how two surveys round the same border
Wanted = Sequence[tuple[IndicatorPack, Indicator]]
NOTHING: Mapping[str, None] = dict.fromkeys(("trend", "trend_reason", "before", "before_as_of"))


def earlier_states(
    all_versions: Sequence[Version], wanted_items: Wanted, day: date, count: int
) -> dict[date, list[tuple[IndicatorPack, Indicator]]]:
    """The last day of each of the `count` earlier states of each indicator, by day.

    A state ends when one of the versions that the formula uses is followed by the next. all_versions: the library's
    versions. Indicators without an earlier state are left out.
    """
    by_code = groups_of((version.code, version) for version in all_versions)
    return groups_of(
        (at, (pack, item)) for pack, item in wanted_items for at in _ends(by_code, _codes(pack, item), day, count)
    )


def _codes(pack: IndicatorPack, item: Indicator) -> list[str]:
    """The layers and tables whose version depends on the day; those of a fixed year are left out."""
    terms = (pack.terms[name] for name in item.formula.names)
    return list(dict.fromkeys(part.layer for term in terms for part in term.layers if part.state is None))


def _ends(by_code: Mapping[str, list[Version]], codes: Sequence[str], day: date, count: int) -> Iterable[date]:
    at = day
    for _ in range(count):
        present = [in_force(by_code.get(code, []), at) for code in codes]
        begins = [version.valid_from for version in present if version is not None and version.valid_from]
        if not begins:
            return
        at = date.fromisoformat(max(begins)) - timedelta(days=1)
        if any(in_force(by_code.get(code, []), at) is None for code in codes):
            return
        yield at


def set_trends(rows: Sequence[Record]) -> None:
    """Set trend, trend_reason, before and before_as_of in rows, which are in the order of days with `break` set.

    trend: rise, fall or same, None with its reason; before, before_as_of: the value compared with, and its day.
    """
    last: dict[tuple[str, str, Any], Record] = {}
    rows_before: dict[tuple[str, str, Any], Record] = {}
    cut: dict[tuple[str, str, Any], str] = {}
    for row in rows:
        key = row["pack"], row["id"], row["unit"]
        row |= NOTHING
        if row["break"] in (UNITS, CLASSES):
            last.pop(key, None)
            cut[key] = row["break"]
        if row["value"] is None:
            row["trend_reason"] = row["reason"]
            continue
        if row["break"] == SAME_STATE and key in rows_before:
            row |= {name: rows_before[key][name] for name in NOTHING}
            continue
        before = last.get(key)
        if before is None:
            row["trend_reason"] = cut.get(key, ONE_STATE)
        else:
            row |= {"trend": _way(before["value"], row["value"])}
            row |= {"before": before["value"], "before_as_of": before["as_of"]}
        last[key] = rows_before[key] = row
        cut.pop(key, None)


def _way(before: float, after: float) -> str:
    if is_same(before, after):
        return SAME
    return RISE if after > before else FALL


def mark_breaks(rows: list[Record], grounds: Mapping[tuple[str, Any], Any]) -> None:
    """Set `break` in rows, which are in the order of their days. grounds: the units' polygons by day and name.

    `units`: the unit has other borders than on the day before, or did not exist; `classes`: its land is written in
    another edition of classes; `same_state`: the versions are those of the day before, so nothing was measured anew.
    """
    before: dict[tuple[str, str, Any], Record] = {}
    first: dict[tuple[str, str], str] = {}  # the day on which an indicator is measured first
    is_moved: dict[tuple[str, str, Any], bool] = {}
    for row in rows:
        key = row["pack"], row["id"], row["unit"]
        earlier, begin = before.get(key), first.setdefault(key[:2], row["as_of"])
        before[key] = row
        if earlier is None:
            row["break"] = _break_within(row) or (UNITS if row["as_of"] != begin else None)
            continue
        pair = earlier["as_of"], row["as_of"], row["unit"]
        if pair not in is_moved:
            same = earlier["unit_version"] == row["unit_version"]
            is_moved[pair] = not same and _is_moved(*(grounds[day, row["unit"]] for day in pair[:2]))
        row["break"] = _mark(earlier, row, is_moved[pair])


def _mark(earlier: Record, row: Record, is_moved: bool) -> str | None:
    if is_moved:
        return UNITS
    if _break_within(row) or _other_classes(earlier, row):
        return CLASSES
    states = [_state(some) for some in (earlier, row)]
    return SAME_STATE if states[0] == states[1] and any(term[1] for term in states[0]) else None


def _state(row: Record) -> list[tuple[Any, list[str]]]:
    """The sources of a value: the versions of each term, and the year of a table's rows."""
    return [(term.get("year"), [one["hash"] for one in term["versions"]]) for term in row["inputs"]]


def _break_within(row: Record) -> str | None:
    """The break between the two versions whose difference is the value, if any."""
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
