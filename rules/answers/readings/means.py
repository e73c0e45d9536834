"""Means of an hour and of a day, each with how many readings were valid of how many that there should be.

An hour counts with three quarters of its readings, a day with twenty valid hours, after GB 3095-2012, table 4. What has
fewer has no mean.
"""

from datetime import timedelta

import numpy as np
import pandas as pd

HOUR_SHARE, DAY_HOURS = 0.75, 20
_HOUR_S, _DAY_S = 3600.0, 86400.0
_KEYS = ["node", "property"]


def with_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the period of each node and property: as it is said, else the median of the steps between times."""
    rows = rows.copy()
    steps = rows.groupby(_KEYS, sort=False)["time"].diff().dt.total_seconds()
    usual = steps.groupby([rows["node"], rows["property"]], sort=False).transform("median")
    rows["period_s"] = rows["period_s"].where(rows["period_s"] > 0, usual)
    return rows


def hour_means(rows: pd.DataFrame, zone: timedelta) -> pd.DataFrame:
    """One row for each node, property and hour that has a reading.

    start: in UTC; mean: NaN with fewer valid readings than three quarters of `expected`; readings, valid: counts.
    """
    return _means(rows, rows["value"], zone, _HOUR_S, HOUR_SHARE)


def day_means(rows: pd.DataFrame, hours: pd.DataFrame, zone: timedelta) -> pd.DataFrame:
    """One row for each node, property and local day: the mean of its valid hours, if there are twenty.

    Where readings come less often than every hour, the day is of readings, and five sixths of them have to be valid.
    """
    slow = rows["period_s"] > _HOUR_S
    seldom = _means(rows[slow], rows["value"][slow], zone, _DAY_S, DAY_HOURS / 24)
    of_hours = hours.rename(columns={"start": "time", "mean": "value"}).assign(period_s=_HOUR_S)
    often = of_hours.merge(rows[~slow][_KEYS].drop_duplicates(), on=_KEYS)
    found = _means(often, often["value"], zone, _DAY_S, DAY_HOURS / 24)
    return pd.concat([found, seldom], ignore_index=True).sort_values([*_KEYS, "start"], ignore_index=True)


def _means(rows: pd.DataFrame, values: pd.Series, zone: timedelta, length_s: float, least: float) -> pd.DataFrame:
    span = pd.Timedelta(seconds=length_s)
    start = (rows["time"] + zone).dt.floor(span) - zone
    grouped = rows.assign(start=start, value=values).groupby([*_KEYS, "unit", "start"], sort=True)
    found = grouped.agg(
        mean=("value", "mean"), readings=("value", "size"), valid=("value", "count"), period_s=("period_s", "median")
    ).reset_index()
    found["expected"] = np.maximum((length_s / found["period_s"]).round(), 1.0)
    found["share"] = (found["valid"] / found["expected"]).clip(upper=1.0)
    # Without a known period nobody can say how many there should be.
    found["mean"] = found["mean"].where(found["share"] >= least - 1e-9)
    return found.drop(columns="period_s")
