"""The status of a sensor at a moment: normal, warn, alarm, or unknown with its reason. Silence is never normal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from onemap.rules.answers.readings.limits import Limit

SILENT_PERIODS = 3.0
_LEVELS = ("normal", "warn", "alarm")
_LENGTHS = {"hour": pd.Timedelta(hours=1), "day": pd.Timedelta(days=1)}


@dataclass(frozen=True)
class NodeStatus:
    """One property of one node. reason of unknown: no_limit, silent, no_valid, no_period, few. since: in UTC."""

    node: str
    property: str
    unit: str
    status: str
    reason: str | None
    value: float | None
    time: datetime | None
    age_s: float | None
    period_s: float | None
    beyond: int | None
    since: datetime | None


def node_statuses(
    rows: pd.DataFrame, spans: Mapping[str, pd.DataFrame], limits: Mapping[str, Limit], at: datetime
) -> list[NodeStatus]:
    """A status for each node and property, from the readings until `at`.

    spans: `hour` and `day`, as `means` makes them; of these only ones that ended until `at` count. Where the last mean
    ended more than three of its own lengths before `at`, the status is unknown, few: readings still come, too few of
    them valid.
    beyond: how many of the looked-at values were beyond the first limit.
    """
    statuses = []
    ended = {
        name: dict(iter(table[table["start"] + _LENGTHS[name] <= at].groupby(["node", "property"])))
        for name, table in spans.items()
    }
    for (node, prop), mine in rows.groupby(["node", "property"], sort=True):
        readings_so_far = mine[mine["time"] <= at]
        limit = limits.get(str(prop))
        means = ended.get(limit.over, {}).get((node, prop)) if limit and limit.over != "reading" else None
        statuses.append(_status(str(node), str(prop), mine, readings_so_far, means, limit, at))
    return statuses


def _status(
    node: str,
    prop: str,
    mine: pd.DataFrame,
    readings_so_far: pd.DataFrame,
    means: pd.DataFrame | None,
    limit: Limit | None,
    at: datetime,
) -> NodeStatus:
    valid = readings_so_far[readings_so_far["value"].notna()]
    period = float(mine["period_s"].median()) if mine["period_s"].notna().any() else None
    last = valid.iloc[-1] if len(valid) else None
    age = None if last is None else float((pd.Timestamp(at) - last["time"]).total_seconds())
    status, reason, beyond_count, since = "unknown", None, None, None
    if last is None:
        reason = "no_valid"
    elif period is None:
        reason = "no_period"
    elif age is not None and age > SILENT_PERIODS * period:
        reason = "silent"
    elif limit is None or (limit.warn is None and limit.alarm is None):
        reason = "no_limit"
    else:
        series = _series(valid, means, limit)
        if len(series) < limit.last or _is_of_long_ago(series, limit, at):
            reason = "few"
        else:
            status, beyond_count, since = _level(series, limit)
    return NodeStatus(
        node=node,
        property=prop,
        unit=str(mine["unit"].iloc[0]),
        status=status,
        reason=reason,
        value=None if last is None else float(last["value"]),
        time=None if last is None else last["time"].to_pydatetime(),
        age_s=age,
        period_s=period,
        beyond=beyond_count,
        since=since,
    )


def _series(valid: pd.DataFrame, means: pd.DataFrame | None, limit: Limit) -> pd.DataFrame:
    """The series that the limit is compared with: time and value, without invalid readings."""
    if limit.over == "reading":
        return valid[["time", "value"]]
    if means is None:
        return pd.DataFrame({"time": [], "value": []})
    valid_means = means[means["mean"].notna()]
    return pd.DataFrame({"time": valid_means["start"].array, "value": valid_means["mean"].to_numpy()})


def _is_of_long_ago(series: pd.DataFrame, limit: Limit, at: datetime) -> bool:
    length = _LENGTHS.get(limit.over)
    return length is not None and bool(series["time"].iloc[-1] + (1 + SILENT_PERIODS) * length < pd.Timestamp(at))


def _level(series: pd.DataFrame, limit: Limit) -> tuple[str, int, datetime | None]:
    """Level at the end, how many of the last were beyond the first limit, and since when the level stands."""
    side = 1.0 if limit.direction == "above" else -1.0
    values = side * series["value"].to_numpy(float)
    bounds = [side * bound if bound is not None else np.inf for bound in (limit.warn, limit.alarm)]
    counts = [_beyond_in_last(values > bound, limit.last) for bound in bounds]
    first = min(bounds)
    ends = [np.inf, *(bounds if limit.clear is None else [side * limit.clear] * 2)]  # of each level
    level, since = 0, 0
    for at in range(len(values)):
        reached = 2 if counts[1][at] >= limit.times else 1 if counts[0][at] >= limit.times else 0
        next_level = level if reached < level and values[at] > ends[level] else reached
        if next_level != level:
            level, since = next_level, at
    time = series["time"].iloc[since].to_pydatetime() if level else None
    beyond_count = int((values[-limit.last :] > first).sum())
    return _LEVELS[level], beyond_count, time


def _beyond_in_last(is_beyond: np.ndarray, last: int) -> np.ndarray:
    """The number of the `last` values up to each (n,) that are beyond the limit."""
    sums = np.concatenate([[0], np.cumsum(is_beyond)])
    ends = np.arange(1, len(is_beyond) + 1)
    counts: np.ndarray = sums[ends] - sums[np.maximum(ends - last, 0)]
    return counts
