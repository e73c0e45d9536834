"""Rows of a table of readings as numbers in time: every time with its zone, every property in one unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from onemap.layers.errors import OneMapError, Problem
from onemap.rules.answers.readings.limits import Limit

NODE, PROPERTY, UNIT, TIME, VALUE, FLAG, PERIOD = "JDBH", "ZBDM", "DW", "SJ", "Z", "ZL", "CCZQ"
GOOD_FLAGS = frozenset(("", "0", "n", "ok", "good", "valid", "正常", "有效"))
_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
# In parts of a common unit; sources: the prefixes of the SI.
_PARTS = {
    "kg/m3": ("mass per volume", 1e9),
    "g/m3": ("mass per volume", 1e6),
    "mg/m3": ("mass per volume", 1e3),
    "ug/m3": ("mass per volume", 1.0),
    "mg/l": ("mass per litre", 1e3),
    "ug/l": ("mass per litre", 1.0),
    "km": ("length", 1e3),
    "m": ("length", 1.0),
    "cm": ("length", 1e-2),
    "mm": ("length", 1e-3),
    "mpa": ("pressure", 1e6),
    "kpa": ("pressure", 1e3),
    "hpa": ("pressure", 1e2),
    "pa": ("pressure", 1.0),
    "m3/s": ("flow", 1.0),
    "l/s": ("flow", 1e-3),
}
_SIGNS = str.maketrans({"μ": "u", "µ": "u", "³": "3", "²": "2", " ": None, "　": None})


@dataclass(frozen=True)
class Readings:
    """Rows (n,) sorted by node, property and time.

    rows: node, property, unit, time (UTC), value (NaN where it is no reading), period_s (NaN where nobody says).
    """

    rows: pd.DataFrame
    problems: list[Problem]


def readings_of(table: pd.DataFrame, limits: Mapping[str, Limit], zone: timedelta | None, name: str) -> Readings:
    """The readings of a table with the fields of JCSJ.

    zone: for times that do not say theirs; without it they are refused.
    Raises OneMapError readings.….
    """
    missing = [field for field in (NODE, PROPERTY, UNIT, TIME, VALUE) if field not in table.columns]
    if missing:
        raise OneMapError("readings.fields", file=name, fields=missing)
    rows = pd.DataFrame(
        {
            "node": _texts(table[NODE]),
            "property": _texts(table[PROPERTY]),
            "unit": _texts(table[UNIT]).fillna(""),
            "time": _times(table[TIME], zone, name),
            "value": pd.to_numeric(table[VALUE], errors="coerce").astype(float),
            "period_s": pd.to_numeric(table.get(PERIOD, pd.Series(np.nan, table.index)), errors="coerce"),
        }
    )
    for field, column in ((NODE, "node"), (PROPERTY, "property")):
        if rows[column].isna().any():
            number = int(np.flatnonzero(rows[column].isna())[0]) + 1
            raise OneMapError("readings.no_name", file=name, row=number, field=field)
    problems = _in_one_unit(rows, limits, name)
    flags = table[FLAG] if FLAG in table.columns else pd.Series("", table.index)
    problems += _without_invalid(rows, flags, limits, name)
    rows = rows.sort_values(["node", "property", "time"], kind="stable", ignore_index=True)
    twice = rows.duplicated(["node", "property", "time"], keep=False)
    if twice.any():
        first = rows[twice].iloc[0]
        raise OneMapError(
            "readings.repeated",
            file=name,
            feature=first["node"],
            property=first["property"],
            time=first["time"].isoformat(),
            count=int(twice.sum()),
        )
    return Readings(rows, problems)


def _texts(values: pd.Series) -> pd.Series:
    """Values as texts without blanks around them (n,), as objects whatever holds them."""
    return values.astype("string").str.strip().astype(object).where(values.notna(), None)


def _times(texts: pd.Series, zone: timedelta | None, name: str) -> pd.Series:
    """Times in UTC (n,)."""
    time_texts = _texts(texts)
    bare = ~time_texts.str.contains(_ZONE, na=False).astype(bool) & time_texts.notna()
    if bare.any() and zone is None:
        number = int(np.flatnonzero(bare)[0]) + 1
        raise OneMapError("readings.zone", file=name, row=number, field=TIME, value=time_texts.iloc[number - 1])
    times = pd.to_datetime(time_texts, format="ISO8601", utc=True, errors="coerce")
    if zone is not None:
        times = times.mask(bare, times - zone)
    if times.isna().any():
        number = int(np.flatnonzero(times.isna())[0]) + 1
        value = time_texts.iloc[number - 1]
        raise OneMapError("readings.time", file=name, row=number, field=TIME, value="" if pd.isna(value) else value)
    return times


def _in_one_unit(rows: pd.DataFrame, limits: Mapping[str, Limit], name: str) -> list[Problem]:
    """Bring every property to the unit of its limit, else to the one that most rows have. Changes the rows."""
    problems = []
    for prop, mine in rows.groupby("property", sort=True):
        counts = mine["unit"].value_counts()
        wanted_unit = limits[str(prop)].unit if prop in limits else str(counts.index[0])
        for unit, count in counts.items():
            if _plain(str(unit)) == _plain(wanted_unit):
                continue
            here, there = _PARTS.get(_plain(str(unit))), _PARTS.get(_plain(wanted_unit))
            if here is None or there is None or here[0] != there[0]:
                row = int(mine.index[mine["unit"] == unit][0]) + 1
                facts = {"property": prop, "unit": unit, "wanted": wanted_unit}
                raise OneMapError("readings.unit", file=name, row=row, field=UNIT, count=int(count), **facts)
            changed_rows = mine.index[mine["unit"] == unit]
            rows.loc[changed_rows, "value"] *= here[1] / there[1]
            facts = {"property": prop, "unit": unit, "wanted": wanted_unit, "factor": f"{here[1] / there[1]:g}"}
            problems.append(Problem("readings.units_joined", {"file": name, "count": int(count), **facts}))
        rows.loc[mine.index, "unit"] = wanted_unit
    return problems


def _plain(unit: str) -> str:
    return unit.translate(_SIGNS).lower()


def _without_invalid(rows: pd.DataFrame, flags: pd.Series, limits: Mapping[str, Limit], name: str) -> list[Problem]:
    """Take the value from rows that are no readings; what was taken, and why. Changes the rows."""
    marks = _texts(flags).fillna("").str.lower()
    reasons: list[tuple[str, np.ndarray]] = [("flag", (~marks.isin(GOOD_FLAGS)).to_numpy())]
    reasons.append(("no_number", ~np.isfinite(rows["value"].to_numpy(float))))
    least = rows["property"].map({prop: limit.least for prop, limit in limits.items()}).astype(float)
    most = rows["property"].map({prop: limit.most for prop, limit in limits.items()}).astype(float)
    reasons.append(("range", ((rows["value"] < least) | (rows["value"] > most)).to_numpy()))
    reasons.append(("stuck", _stuck(rows, limits)))
    problems, is_invalid = [], np.zeros(len(rows), dtype=bool)
    for why, wrong in reasons:
        count = int((wrong & ~is_invalid).sum())
        if count:
            nodes = sorted(set(rows["node"][wrong & ~is_invalid].astype(str)))[:5]
            problems.append(Problem(f"readings.{why}", {"file": name, "count": count, "nodes": nodes}))
        is_invalid |= wrong
    rows.loc[is_invalid, "value"] = np.nan
    return problems


def _stuck(rows: pd.DataFrame, limits: Mapping[str, Limit]) -> np.ndarray:
    """Which rows belong to a row of equal values as long as the limit's `stuck`, or longer."""
    stuck = np.zeros(len(rows), dtype=bool)
    for prop, limit in limits.items():
        if not limit.stuck:
            continue
        mine = rows[rows["property"] == prop].sort_values(["node", "time"], kind="stable")
        same = (mine["value"] == mine["value"].shift()) & (mine["node"] == mine["node"].shift())
        length = mine.groupby((~same).cumsum())["value"].transform("size")
        stuck[mine.index[(length >= limit.stuck) & mine["value"].notna()]] = True
    return stuck
