"""Targets: the number that an indicator's value must meet in a year, from the pack or the library; and its status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from onemap.layers.catalogue.unit_codes import plain_unit_code
from onemap.layers.errors import OneMapError
from onemap.layers.frames.fields import object_array, plain_numbers, text_value
from onemap.layers.library.library import Library
from onemap.layers.library.versions import in_force, read_version, versions
from onemap.layers.reason import Reason
from onemap.rules.answers.statistics.statistics import record_of
from onemap.rules.numbers.indicators.indicator_keys import BAND, CEILING, FALL, FLOOR, RISE
from onemap.rules.numbers.indicators.indicator_pack import Indicator, IndicatorPack
from onemap.rules.numbers.indicators.unit_of_measure import known_unit

TARGETS_DIFFER, TARGET_UNIT, TARGET_YEAR = "targets_differ", "target_unit", "target_year"  # why a target is unknown
OK, WARN, ALARM, UNKNOWN, NONE = "ok", "warn", "alarm", "unknown", "none"


@dataclass(frozen=True)
class Target:
    """The target of a value: numbers by year, in the indicator's unit; both ends of a band; the base by year.

    reason: why it is unknown; source: the pack, or the version of the table, as JSON.
    """

    by_year: Mapping[int, float] = field(default_factory=dict)
    band: tuple[float, float] | None = None
    base: Mapping[int, float] = field(default_factory=dict)
    reason: str | None = None
    source: Mapping[str, Any] | None = None

    def in_year(self, year: int, bound: str) -> tuple[float, int | None] | None:
        """The target for a year, and the year for which it was set; None without a target.

        A floor or a ceiling is the target of the next year that has one, else the last target. A rise or a fall is
        interpolated on the straight line from the base, or the previous target, to the next target.
        """
        if not self.by_year:
            return None
        later = [target_year for target_year in self.by_year if target_year >= year]
        goal = min(later) if later else max(self.by_year)
        number = self.by_year[goal]
        if bound in (RISE, FALL) and later:
            earlier = {
                **self.base,
                **{target_year: value for target_year, value in self.by_year.items() if target_year < year},
            }
            begins = [target_year for target_year in earlier if target_year <= year]
            if begins and (begin := max(begins)) < goal:
                number = earlier[begin] + (number - earlier[begin]) * (year - begin) / (goal - begin)
        return number, goal or None


@dataclass(frozen=True)
class _TargetRow:
    """One row of the table of targets."""

    unit: str
    names: frozenset[str]
    measure: str | None
    numbers: dict[str, float]


class Targets:
    """The targets of a pack's indicators on a day: from the table for single units, else from the pack."""

    def __init__(self, library: Library, pack: IndicatorPack, as_of: date, known_at: datetime | None) -> None:
        self._pack = pack
        self._rows: list[_TargetRow] = []
        self.version: dict[str, Any] | None = None
        self.is_unreadable = False
        if pack.targets is None:
            return
        target_versions = [version for version in versions(library, known_at) if version.code == pack.targets]
        version = in_force(target_versions, as_of)
        if version is None:
            return
        self.version = record_of(version)
        unit = library.catalogue()[version.code].unit
        try:
            attributes = read_version(library, version, None).attributes
        except OneMapError:
            self.is_unreadable = True
            return
        columns = {str(name): attributes[name].tolist() for name in attributes.columns}
        if unit is None or unit not in columns:
            return
        numbers: dict[str, np.ndarray] = {
            name: plain_numbers(object_array(columns[name]))
            for name in ("JQND", "XZJQN", "GHJQN", "GHMBN", "MBND")
            if name in columns
        }
        for row, code in enumerate(map(text_value, columns[unit])):
            names = [text_value(columns[name][row]) for name in ("ZBDM", "ZBMC") if name in columns]
            values = {name: float(some[row]) for name, some in numbers.items() if not np.isnan(some[row])}
            measure = text_value(columns["DW"][row]) if "DW" in columns else None
            if code is not None:
                known_names = frozenset(name for name in names if name is not None)
                self._rows.append(_TargetRow(plain_unit_code(code), known_names, measure, values))

    def of(self, indicator: Indicator, unit: str | None) -> Target:
        """The target of an indicator in a unit."""
        if self.is_unreadable:
            return Target(reason=Reason.UNREADABLE, source=self.version)
        code = None if unit is None else plain_unit_code(unit)
        rows = [row for row in self._rows if row.unit == code and row.names & indicator.names]
        if not rows:
            return self._of_pack(indicator)
        if len(rows) > 1:
            return Target(reason=TARGETS_DIFFER, source=self.version)
        (row,) = rows
        measure = known_unit(row.measure)
        if measure is None or measure.powers != indicator.unit.powers:
            return Target(reason=TARGET_UNIT, source=self.version)
        numbers = {
            name: indicator.unit.of(measure.to_base(row.numbers[name]))
            for name in ("XZJQN", "GHJQN", "GHMBN")
            if name in row.numbers
        }
        by_year = {}
        if "GHMBN" in numbers and "MBND" in row.numbers:
            by_year[int(row.numbers["MBND"])] = numbers["GHMBN"]
        if "GHJQN" in numbers and self._pack.near_year is not None:
            by_year[self._pack.near_year] = numbers["GHJQN"]
        if not by_year:
            return Target(reason=TARGET_YEAR, source=self.version)
        has_base = "XZJQN" in numbers and "JQND" in row.numbers
        base = {int(row.numbers["JQND"]): numbers["XZJQN"]} if has_base else {}
        return Target(by_year, None, base, None, self.version)

    def _of_pack(self, indicator: Indicator) -> Target:
        target = indicator.options.get("target")
        base = {int(year): float(value) for year, value in indicator.options.get("base", {}).items()}
        source = {"pack": self._pack.id, "version": self._pack.version}
        if target is None:
            return Target()
        if isinstance(target, list):
            return Target(band=(float(target[0]), float(target[1])), source=source)
        by_year = (
            {int(year): float(value) for year, value in target.items()} if isinstance(target, dict) else {0: target}
        )
        return Target(by_year, None, base, None, source)


def status_of(indicator: Indicator, value: float, target: Target, year: int) -> tuple[str, float | None, int | None]:
    """The status of a known value, the target that it was compared with, and the year of that target.

    A value on a limit, to the precision of the unit (`UnitOfMeasure.compare`), meets it.
    """
    alarm, warn = indicator.limit("alarm"), indicator.limit("warn")
    compare = indicator.unit.compare
    if indicator.bound == BAND and target.band is not None:
        low, high = target.band
        near = 0.0 if warn is None else abs(1.0 - warn) * (high - low)
        is_low = compare(value, low) < 0
        if is_low or compare(value, high) > 0:
            return ALARM, low if is_low else high, None
        is_near = near > 0 and (compare(value, low + near) < 0 or compare(value, high - near) > 0)
        return WARN if is_near else OK, low if value - low < high - value else high, None
    number_and_goal = target.in_year(year, indicator.bound)
    if number_and_goal is None:
        return NONE, None, None
    number, goal = number_and_goal
    if indicator.bound not in (FLOOR, RISE, CEILING, FALL):
        return NONE, number, goal
    wrong = -1 if indicator.bound in (FLOOR, RISE) else 1
    if compare(value, number * (1.0 if alarm is None else alarm)) == wrong:
        return ALARM, number, goal
    return WARN if warn is not None and compare(value, number * warn) == wrong else OK, number, goal


def limits_of(indicator: Indicator, number: float) -> tuple[float | None, float | None, bool]:
    """The limits at which an indicator is close to its target and beyond it, and whether beyond means above.

    number: the target as `status_of` returns it; for a band the nearer end.
    """
    alarm, warn = indicator.limit("alarm"), indicator.limit("warn")
    band = indicator.options.get("target")
    if indicator.bound == BAND and isinstance(band, list):
        low, high = map(float, band)
        near = 0.0 if warn is None else abs(1.0 - warn) * (high - low)
        is_upper = number == high
        return (high - near if is_upper else low + near) if near else None, number, is_upper
    if indicator.bound not in (FLOOR, RISE, CEILING, FALL):
        return None, None, False
    is_upper = indicator.bound in (CEILING, FALL)
    return None if warn is None else number * warn, number * (1.0 if alarm is None else alarm), is_upper
