"""Numbers of tables whose districts do not add up to the city; only amounts in one unit of measure are compared.

Percentages and numbers per head are no sums, so they are skipped. Sums that cannot be formed, since a unit of measure
is unknown, a row is repeated or a number is missing, are reported.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.unit_codes import plain_unit_code, unit_stems
from onemap.layers.frames.fields import plain_numbers, text_value, text_values
from onemap.layers.quality.table_rows import repeated_rows
from onemap.layers.reason import Reason
from onemap.rules.numbers.indicators.unit_of_measure import UnitOfMeasure, known_unit

MEASURE, TITLE = "DW", "ZBMC"  # the fields of a row's unit of measure, and of what it tells
NO_UNIT, REPEATED = "unit", "rows_repeated"  # why a sum cannot be looked at
_TOLERANCE = 1e-6
_NO_SUM = re.compile(
    r"率|比例|占比|比重|均|密度|强度|指数|\b(rate|share|percent|mean|average|density|index)", re.IGNORECASE
)


@dataclass(frozen=True)
class UnequalSum:
    """A unit whose number differs from the sum of the units right below it; both in the unit of measure of its row."""

    unit: str
    number: str
    group: str
    own: float
    total: float
    measure: str | None


@dataclass
class TableSums:
    """The sums of a table that differ, and why others could not be checked."""

    unequal: list[UnequalSum] = field(default_factory=list)
    unlooked: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Family:
    """A row, and the rows of the units directly below its unit."""

    own: int
    below: list[int]
    unit: str
    group: str


def table_sums(attributes: pd.DataFrame, entry: LayerEntry) -> TableSums:
    """Compare each unit's number with the sum of the units directly below it, as far as the table has them."""
    sums = TableSums()
    if entry.unit is None or entry.unit not in attributes.columns:
        return sums
    keys = [name for name in entry.rows if name != entry.unit and name in attributes.columns]
    numbers = {
        one.name: plain_numbers(attributes[one.name].to_numpy(dtype=object))
        for one in entry.fields
        if one.type == "number" and one.name in attributes.columns and one.name not in keys
    }
    repeated, rows = repeated_rows(attributes, entry), attributes.reset_index(drop=True)
    for family in _families(rows, entry.unit, keys):
        members = [family.own, *family.below]
        factors, measure = _factors(rows, members)
        if factors is None:
            continue
        if repeated[members].any() or np.isnan(factors).any():
            sums.unlooked.add(REPEATED if repeated[members].any() else NO_UNIT)
            continue
        sums.unequal += _unequal(family, numbers, factors, measure)
        if any(_is_open(values[family.own], values[family.below]) for values in numbers.values()):
            sums.unlooked.add(Reason.NO_VALUE)
    return sums


def _is_open(own: float, below: np.ndarray) -> bool:
    """Whether a sum cannot be formed since some of its numbers are missing; a number with none below it has no sum."""
    missing = np.isnan(below)
    return bool(not np.isnan(own) and missing.any() and not missing.all())


def _unequal(
    family: _Family, numbers: Mapping[str, np.ndarray], factors: np.ndarray, measure: str | None
) -> Iterator[UnequalSum]:
    for name, values in numbers.items():
        own, total = float(values[family.own]), float((values[family.below] * factors[1:]).sum() / factors[0])
        if abs(own - total) > _TOLERANCE * max(abs(own), 1.0):
            yield UnequalSum(family.unit, name, family.group, own, total, measure)


def _families(rows: pd.DataFrame, unit: str, keys: Sequence[str]) -> Iterator[_Family]:
    """Each row that has other rows of the same year and class directly below it."""
    units = [plain_unit_code(text) if text else "" for text in text_values(rows[unit].tolist())]
    groups = ["/".join(text_value(rows[name].iloc[at]) or "" for name in keys) for at in range(len(rows))]
    for group, members in pd.DataFrame({"unit": units, "group": groups}).groupby("group", sort=True):
        stems = [unit_stems(name) if name else [""] for name in members["unit"]]
        known_stems = {own for own, *_ in stems}
        below: dict[str, list[int]] = {}
        for at, (_, *others) in zip(members.index.tolist(), stems, strict=True):
            above = next((stem for stem in others if stem in known_stems), None)
            if above is not None:
                below.setdefault(above, []).append(at)
        for at, (own, *_), name in zip(members.index.tolist(), stems, members["unit"], strict=True):
            if own in below:
                yield _Family(at, below[own], name, str(group))


def _factors(rows: pd.DataFrame, members: Sequence[int]) -> tuple[np.ndarray | None, str | None]:
    """The factors of rows' numbers for a sum (NaN where units do not fit), and the first row's unit of measure.

    The factors are None for numbers that are no amounts: shares, and numbers per head or per area. A table without
    units of measure holds amounts, each column in one unit.
    """
    if MEASURE not in rows.columns:
        return np.ones(len(members)), None
    texts = text_values(rows[MEASURE].iloc[list(members)].tolist())
    titles = text_values(rows[TITLE].iloc[list(members)].tolist()) if TITLE in rows.columns else []
    units = [known_unit(text) for text in texts]
    if any(title is not None and _NO_SUM.search(title) for title in titles):
        return None, None
    if any(unit is not None and not _is_amount(unit) for unit in units):
        return None, None
    first = units[0]
    fits = [unit is not None and first is not None and unit.powers == first.powers for unit in units]
    factors = [unit.factor if unit is not None and fit else np.nan for unit, fit in zip(units, fits, strict=True)]
    return np.array(factors), texts[0]


def _is_amount(unit: UnitOfMeasure) -> bool:
    return bool(unit.powers) and all(power > 0 for _, power in unit.powers)
