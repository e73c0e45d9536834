"""`onemap indicators`: indicators of area units with targets and status, each with its terms, versions and features.

Nothing unknown counts as zero: a missing layer, year, denominator or ground gives `unknown`, with the reason.
"""

import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import object_array
from onemap.layers.ingest.unit_keys import UNIT_LAYERS
from onemap.layers.library.district import district_at
from onemap.layers.library.library import Library
from onemap.layers.library.versions import in_force, versions
from onemap.layers.reason import Reason, column_of_reasons
from onemap.layers.records import Record
from onemap.layers.software import software_versions
from onemap.rules.answers.statistics.outside_units import OutsideUnits
from onemap.rules.answers.statistics.units import (
    AreaUnits,
    area_units,
    declared_problems,
    gap_problems,
    overlap_problems,
    shared_m2,
)
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.layer_remarks import absent_values
from onemap.rules.numbers.indicators.headroom import COMMITTED, NOTHING, set_headroom, with_committed
from onemap.rules.numbers.indicators.indicator_keys import GROUND, NOT_APPLICABLE, OF_TABLE, REVIEW
from onemap.rules.numbers.indicators.indicator_pack import Indicator, IndicatorPack, Term
from onemap.rules.numbers.indicators.indicator_targets import (
    NONE,
    OK,
    UNKNOWN,
    WARN,
    Target,
    Targets,
    status_of,
)
from onemap.rules.numbers.indicators.reach import NETWORK, STRAIGHT
from onemap.rules.numbers.indicators.term_measures import TermMeasures
from onemap.rules.numbers.indicators.term_values import TermValues
from onemap.rules.numbers.indicators.trends import earlier_states, mark_breaks, set_trends

KIND = "indicators"
YEARS_DIFFER = "years_differ"  # numbers of tables that belong to no one state
_ARITHMETIC = 1e-6  # of a unit's ground: what rounding leaves between two borders that are one


@dataclass(frozen=True)
class IndicatorOptions:
    """The options of `indicators`: packs, units, days, and indicators (all if none is named).

    states: the number of earlier states of its data for which each indicator is measured, too.
    language: of the names of the steps of the work.
    """

    packs: tuple[IndicatorPack, ...]
    days: tuple[date, ...]
    unit: str | None = None
    unit_field: str | None = None
    units_where: str | None = None
    only: tuple[str, ...] = ()
    known_at: datetime | None = None
    states: int = 0
    language: str = "en"


@dataclass(frozen=True)
class Indicators:
    """The answer: rows by day, unit and indicator; the units; and the record of the run."""

    rows: list[Record]
    units: list[Record]
    problems: list[Problem]
    record: Record
    tables: Mapping[str, Table] = field(default_factory=dict)


def indicators(library: Library, options: IndicatorOptions, threads: Threads) -> Indicators:
    """Measure indicators.

    Raises OneMapError indicators.…, statistics.…, layer.unknown, compare.… and a file's refusals.
    """
    began, start_moment = time.perf_counter(), library.connection.moment()
    items_by_day = _asked_by_day(library, options)
    days = [
        _Day(
            library,
            _with_units(library, options, day),
            day,
            threads.part(place / len(items_by_day), (place + 1) / len(items_by_day)),
        )
        for place, day in enumerate(items_by_day)
    ]
    rows: list[Record] = []
    for day in days:
        rows += day.rows(items_by_day[day.day])
    mark_breaks(rows, _grounds(days))
    set_headroom(rows)
    set_trends(rows)
    layers: dict[str, Record] = {}
    for day in days:
        layers |= {version["table"]: version for version in day.versions()}
    problems = [problem for day in days if day.day in options.days for problem in day.problems(library, options)]
    problems += _value_problems(library, options)
    record = {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "kind": KIND,
        "started": start_moment,
        "seconds": 0.0,
        "software": software_versions(),
        "packs": [pack.record() for pack in options.packs],
        "layers": [layers[table] for table in sorted(layers)],
        "units": [day.units.record for day in days],
        "parameters": _parameters(options),
        "who": library.person(),
    }
    terms = [row for day in days for row in day.terms]
    features = [row for day in days for row in day.features]
    record["seconds"] = round(time.perf_counter() - began, 3)
    units = [row for day in days for row in day.unit_records()]
    tables = _tables(rows, terms, features, days, options.states > 0)
    return Indicators(rows, units, problems, record, tables)


def _parameters(options: IndicatorOptions) -> Record:
    return {
        "days": [day.isoformat() for day in options.days],
        "as_of": options.days[-1].isoformat(),
        "unit": options.unit,
        "unit_field": options.unit_field,
        "units_where": options.units_where,
        "only": list(options.only),
        "known_at": options.known_at.isoformat() if options.known_at else None,
        "states": options.states,
    }


def _wanted_indicators(options: IndicatorOptions) -> list[tuple[IndicatorPack, Indicator]]:
    every = [(pack, item) for pack in options.packs for item in pack.indicators]
    ids = {item.id for _, item in every}
    unknown = [name for name in options.only if name not in ids]
    if unknown:
        raise OneMapError("indicators.unknown", field="--only", value=unknown, known=sorted(ids))
    return [(pack, item) for pack, item in every if not options.only or item.id in options.only]


def _value_problems(library: Library, options: IndicatorOptions) -> list[Problem]:
    """Remarks on terms that select values which nothing has: they would count nothing, and meet a ceiling."""
    catalogue, all_versions = library.catalogue(), versions(library, options.known_at)
    problems: dict[tuple[str, str, str, str], Problem] = {}
    for pack, item in _wanted_indicators(options):
        for term in map(pack.terms.__getitem__, item.term_names):
            for part in (*term.layers, *([term.streets] if term.streets is not None else [])):
                own = [version for version in all_versions if version.code == part.layer]
                for name, values in absent_values(library, part.where, catalogue[part.layer], own).items():
                    place = ProblemPlace(file=pack.id, feature=term.id, layer=part.layer, field=name)
                    problem = Problem("indicator.value_absent", {**place, "values": values})
                    problems[pack.id, term.id, part.layer, name] = problem
    return list(problems.values())


def _asked_by_day(library: Library, options: IndicatorOptions) -> dict[date, list[tuple[IndicatorPack, Indicator]]]:
    """The indicators to measure on each day, in the order of days: all of them on the requested days."""
    wanted_items = _wanted_indicators(options)
    items_by_day: dict[date, list[tuple[IndicatorPack, Indicator]]] = {}
    if options.states:
        all_versions = versions(library, options.known_at)
        for day in options.days:
            for at, some in earlier_states(all_versions, wanted_items, day, options.states).items():
                items_by_day.setdefault(at, []).extend(one for one in some if one not in items_by_day[at])
    items_by_day |= dict.fromkeys(options.days, wanted_items)
    return {day: items_by_day[day] for day in sorted(items_by_day)}


def _with_units(library: Library, options: IndicatorOptions, day: date) -> IndicatorOptions:
    """The options for a day; if there were no units yet, with the units of the next requested day."""
    later = [one for one in options.days if one > day]
    if options.unit is None or "@" in options.unit or day in options.days or not later:
        return options
    of_units = [one for one in versions(library, options.known_at) if one.code == options.unit]
    then = in_force(of_units, min(later))
    if then is None or in_force(of_units, day) is not None:
        return options
    return replace(options, unit=f"{options.unit}@{then.label}")


def units_of(library: Library, options: IndicatorOptions, day: date) -> AreaUnits:
    """The units of a day, from a layer or a file; without either the library's district is the only unit.

    Raises OneMapError indicators.no_ground, indicators.unit, statistics.…, layer.unknown, compare.….
    """
    if options.unit is None:
        district = district_at(library, options.known_at)
        if district is None:
            raise OneMapError("indicators.no_ground", file=library.label, field="--unit")
        record = {"code": None, "unit": None}
        return AreaUnits(np.array([None], dtype=object), np.array([district], dtype=object), record)
    code = options.unit.partition("@")[0]
    if code not in library.catalogue():  # a file would be another one when the run is repeated
        raise OneMapError("indicators.unit", field="--unit", value=code)
    unit_field = options.unit_field or UNIT_LAYERS.get(code)
    return area_units(library, options.unit, unit_field, options.units_where, day, options.known_at, "--unit")


class _Day:
    """All indicators on one day."""

    def __init__(self, library: Library, options: IndicatorOptions, day: date, threads: Threads) -> None:
        self.day, self._threads = day, threads
        self.units = units_of(library, options, day)
        self._measures = TermMeasures(library, self.units, day, options.known_at, threads)
        self._targets = {pack.id: Targets(library, pack, day, options.known_at) for pack in options.packs}
        self._language = options.language
        self._term_values: dict[tuple[str, str, int | None], TermValues] = {}
        self.terms: list[Record] = []
        self.features: list[Record] = []

    def rows(self, wanted_items: Sequence[tuple[IndicatorPack, Indicator]]) -> list[Record]:
        """The values, unit by unit; terms and features are recorded on the way."""
        by_indicator = []
        for place, (pack, item) in enumerate(wanted_items):
            self._threads.progress.at(place / len(wanted_items), item.title.get(self._language, item.id))
            by_indicator.append(self._rows_of(pack, item))
        self._note_terms()
        return [rows[unit] for unit in range(len(self.units.names)) for rows in by_indicator]

    def _rows_of(self, pack: IndicatorPack, item: Indicator) -> list[Record]:
        committed_rows = self._committed_rows(pack, item)
        term_values: dict[str, TermValues] = {}
        for term in sorted((pack.terms[name] for name in item.formula.names), key=lambda one: one.kind == OF_TABLE):
            year = None
            if term.kind == OF_TABLE:  # a number of persons belongs to the state of the ground that it is divided by
                years = [value.year for name, value in term_values.items() if value.year is not None]
                year = years[0] if years else None
            term_values[term.id] = self._term_values[pack.id, term.id, year] = self._measures.measure(
                pack.id, term, year
            )
        terms = [(pack.terms[name], term_values[name]) for name in item.formula.names]
        rows = []
        for unit, committed in enumerate(committed_rows):
            here = _TermsInUnit(terms, unit)
            rows.append(self._with_status(pack, item, self._row(pack, item, here) | committed, here))
        return rows

    def _committed_rows(self, pack: IndicatorPack, item: Indicator) -> list[Record]:
        """By unit, what is committed but not yet in the value, in the indicator's unit, with its terms; or why not."""
        if item.committed is None:
            return [{**NOTHING, "in_review": None} for _ in self.units.names]
        committed_terms = [pack.terms[name] for name in item.committed.names]
        terms = [(term, self._measures.measure(pack.id, term)) for term in committed_terms]
        self._term_values |= {(pack.id, term.id, None): values for term, values in terms}
        rows = []
        for unit in range(len(self.units.names)):
            here = _TermsInUnit(terms, unit)
            base = None if here.lost else item.committed.value(here.values)
            row: Record = {"share_known": here.share_known, "value": None if base is None else item.unit.of(base)}
            reason = _why_unknown(pack, item, here, row)
            row = {"committed": None if reason else row["value"], "committed_reason": reason, "in_review": None}
            if not reason:  # formulas of quantities of one kind are sums, so that parts of them add up
                cases = {term.id: here.values[term.id] if term.kind == REVIEW else 0.0 for term, _ in terms}
                row["in_review"] = item.unit.of(item.committed.value(cases) or 0.0)
            rows.append({**NOTHING, **row, "spoken_for": here.inputs()})
        return rows

    def _with_status(self, pack: IndicatorPack, item: Indicator, row: Record, here: "_TermsInUnit") -> Record:
        """A row with its target and status; a quota too small for what is committed counts as close to its target."""
        target = self._targets[pack.id].of(item, row["unit"])
        row |= _judgement(item, row, target, _why_unknown(pack, item, here, row))
        after = with_committed(row)
        if row["status"] == OK and after is not None and status_of(item, after, target, row["year"])[0] != OK:
            row |= {"status": WARN, "reason": COMMITTED}
        return row

    def _row(self, pack: IndicatorPack, item: Indicator, here: "_TermsInUnit") -> Record:
        base = None if here.lost else item.formula.value(here.values)
        value = None if base is None else item.unit.of(base)
        above, below = (None, None) if here.lost else item.formula.parts(here.values)
        years = here.years()
        return {
            "id": item.id,
            "pack": pack.id,
            "unit": self.units.names[here.unit],
            "unit_title": None if self.units.titles is None else self.units.titles[here.unit],
            "unit_version": self.units.record.get("table"),
            "as_of": self.day.isoformat(),
            "year": years[0] if years else self.day.year,
            "value": value,
            "unit_of_measure": item.unit.text,
            "target": None,
            "target_year": None,
            "status": UNKNOWN,
            "reason": None,
            "nature": item.nature,
            "bound": item.bound,
            "numerator": above,
            "denominator": below,
            "share_known": here.share_known,
            "known_value": value,
            "way": here.way(),
            "break": None,
            "inputs": here.inputs(),
        }

    def _note_terms(self) -> None:
        for (pack, term, _), values in self._term_values.items():
            for unit, name in enumerate(self.units.names.tolist()):
                number = float(values.value[unit])
                row: Record = {"unit": name, "as_of": self.day.isoformat(), "pack": pack, "term": term}
                row |= {"value": None if math.isnan(number) else number, "reason": _reason(values, unit)}
                row |= {"features": int(values.features[unit]), "share_known": float(values.known[unit])}
                row |= {key: _number(column[unit]) for key, column in values.facts.items()}
                row |= {key: column[unit] for key, column in values.words.items()}
                row["versions"] = ", ".join(f"{one['table']}@{one['hash'][:12]}" for one in values.versions)
                self.terms.append(row)
            for large in values.largest:
                unit_facts = {"unit": self.units.names[large["unit"]], "as_of": self.day.isoformat(), "pack": pack}
                self.features.append({**unit_facts, "term": term, "feature": large["feature"], "value": large["value"]})

    def versions(self) -> list[Record]:
        """Every version used for the units, the terms and the targets."""
        used_versions = [version for values in self._term_values.values() for version in values.versions]
        used_versions += [targets.version for targets in self._targets.values() if targets.version is not None]
        own = self.units.record
        return [*used_versions, *([own] if own.get("table") else [])]

    def problems(self, library: Library, options: IndicatorOptions) -> list[Problem]:
        """Remarks on the units: on their file, on ground in two of them or in none, and on stated areas.

        Also on features that lie in none.
        """
        versions_and_areas = [
            (one.versions[0], one.facts) for one in self._term_values.values() if "declared_m2" in one.facts
        ]
        problems = [*self.units.problems, *declared_problems(library, self.units, versions_and_areas)]
        if options.unit is not None:
            problems += overlap_problems(library, options.unit, shared_m2(self.units, self._threads))
            unit_arguments = options.unit, self.units, options.known_at, self._threads
            problems += [] if options.units_where else gap_problems(library, *unit_arguments)
        for layer, by_where in self._measures.counted.items():
            outside = OutsideUnits(library, layer.version, self.units)
            outside.add(layer, np.logical_or.reduce(list(by_where.values())))
            problems += outside.problems(by_where)
        return problems

    def unit_records(self) -> list[Record]:
        """The units of the day with their ground."""
        return [
            {"unit": name, "as_of": self.day.isoformat(), "area_m2": area}
            for name, area in zip(self.units.names.tolist(), self._measures.ground_m2.tolist(), strict=True)
        ]


@dataclass(frozen=True)
class _TermsInUnit:
    """The terms of a formula with their values, in one unit. unit: its position."""

    terms: Sequence[tuple[Term, TermValues]]
    unit: int

    @property
    def values(self) -> dict[str, float]:
        """The value of each term, NaN if it is unknown."""
        return {term.id: float(values.value[self.unit]) for term, values in self.terms}

    @property
    def lost(self) -> list[str]:
        """Why terms are unknown, for those that are."""
        unknown = [values for _, values in self.terms if math.isnan(values.value[self.unit])]
        return [values.reason[self.unit] or Reason.NO_VALUE for values in unknown]

    @property
    def share_known(self) -> float:
        """The part of the unit for which all terms are known."""
        return float(np.min([1.0, *(values.known[self.unit] for _, values in self.terms)]))

    def row_years(self) -> list[float]:
        """The years of the tables' rows."""
        years = [float(values.facts["year"][self.unit]) for _, values in self.terms if "year" in values.facts]
        return [year for year in years if not math.isnan(year)]

    def years(self) -> list[int]:
        """The years of the data: those of the layers' versions, then those of the tables' rows."""
        return [*(values.year for _, values in self.terms if values.year is not None), *map(int, self.row_years())]

    def way(self) -> str | None:
        """The way of the walks, `straight` if any of them was; None without a walk."""
        ways = {values.words["way"][self.unit] for _, values in self.terms if "way" in values.words}
        return STRAIGHT if STRAIGHT in ways else NETWORK if ways else None

    def inputs(self) -> list[Record]:
        """The terms as JSON."""
        return [_input(term, values, self.unit) for term, values in self.terms]


def _why_unknown(pack: IndicatorPack, item: Indicator, here: _TermsInUnit, row: Record) -> str | None:
    """Why a value is unknown, or None if it is known."""
    if here.lost:
        return column_of_reasons(dict.fromkeys(here.lost))
    if len(set(here.row_years())) > 1:
        return YEARS_DIFFER
    least = pack.least_known - _ARITHMETIC
    if row["share_known"] < least:
        open_terms = [values for _, values in here.terms if values.known[here.unit] < least]
        return ",".join(dict.fromkeys(str(values.reason[here.unit]) for values in open_terms))
    if row["value"] is None:
        return NOT_APPLICABLE if item.options.get("zero") == NOT_APPLICABLE else "denominator_zero"
    return None


def _judgement(item: Indicator, row: Record, target: Target, reason: str | None) -> Record:
    """Value, target, status and reason for a row."""
    if reason == NOT_APPLICABLE:
        return {"value": None, "known_value": None, "status": NONE, "reason": NOT_APPLICABLE}
    if reason is not None:
        target_of_year = target.in_year(row["year"], item.bound)
        number, goal = target_of_year if target_of_year else (None, None)
        reason = column_of_reasons(dict.fromkeys([*reason.split(","), *([target.reason] if target.reason else [])]))
        return {"value": None, "target": number, "target_year": goal, "status": UNKNOWN, "reason": reason}
    if target.reason is not None:
        return {"status": UNKNOWN, "reason": target.reason}
    status, number, goal = status_of(item, row["value"], target, row["year"])
    return {"target": number, "target_year": goal, "status": status, "reason": "no_target" if status == NONE else None}


def _reason(values: TermValues, unit: int) -> str | None:
    """Why a term is unknown, or partly unknown, in a unit."""
    is_whole = values.known[unit] >= 1.0 - _ARITHMETIC and not np.isnan(values.value[unit])
    return None if is_whole else values.reason[unit]


def _input(term: Term, values: TermValues, unit: int) -> Record:
    """One term of a row, as JSON."""
    number = float(values.value[unit])
    return {
        "term": term.id,
        "kind": term.kind,
        "value": None if math.isnan(number) else term.unit.of(number),
        "unit_of_measure": term.unit.text if term.kind != GROUND else "m2",
        "reason": _reason(values, unit),
        "features": int(values.features[unit]),
        "share_known": float(values.known[unit]),
        **{name: _number(column[unit]) for name, column in values.facts.items()},
        **{name: column[unit] for name, column in values.words.items()},
        "versions": values.versions,
    }


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _grounds(days: Sequence[_Day]) -> dict[tuple[str, Any], Any]:
    """The units' polygons by day and name."""
    return {
        (day.day.isoformat(), name): ground
        for day in days
        for name, ground in zip(day.units.names.tolist(), day.units.grounds, strict=True)
    }


def _tables(
    rows: list[Record], terms: list[Record], features: list[Record], days: Sequence[_Day], has_trends: bool
) -> dict[str, Table]:
    """The tables `indicators`, with the units' ground, `terms` and `features`: everything needed to trace a value."""
    grounds = _grounds(days)
    flat = [{name: value for name, value in row.items() if name not in ("inputs", "spoken_for")} for row in rows]
    shapes = object_array(grounds[row["as_of"], row["unit"]] for row in rows)
    return {
        "indicators": Table(typed_columns(flat, VALUE_COLUMNS | (TREND_COLUMNS if has_trends else {})), shapes),
        "terms": Table(typed_columns(terms, TERM_COLUMNS)),
        "features": Table(typed_columns(features, FEATURE_COLUMNS)),
    }


VALUE_COLUMNS: dict[str, str] = {
    **dict.fromkeys(("id", "pack", "unit", "unit_title", "unit_version", "as_of"), "text"),
    "year": "whole",
    "value": "number",
    "unit_of_measure": "text",
    "target": "number",
    "target_year": "whole",
    **dict.fromkeys(("status", "reason", "nature", "bound"), "text"),
    **dict.fromkeys(("numerator", "denominator", "share_known", "known_value"), "number"),
    **dict.fromkeys(("way", "break"), "text"),
    **dict.fromkeys(("headroom", "committed", "free", "pace", "days_left"), "number"),
    **dict.fromkeys(("committed_reason", "days_reason"), "text"),
}
# Of runs that ask for states before: a run that was kept without them stays the same when it is repeated.
TREND_COLUMNS: dict[str, str] = {
    **dict.fromkeys(("trend", "trend_reason"), "text"),
    "before": "number",
    "before_as_of": "text",
}
TERM_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("unit", "as_of", "pack", "term"), "text"),
    "value": "number",
    "reason": "text",
    "features": "whole",
    **dict.fromkeys(("share_known", "area_m2", "planar_m2", "overlap_m2", "uncovered_m2", "no_value_m2"), "number"),
    **dict.fromkeys(("no_value_features", "without_value", "year"), "number"),
    **dict.fromkeys(("way", "way_reason", "classes"), "text"),
    **dict.fromkeys(("streets_m", "street_parts", "loose_ends", "off_street_m2"), "number"),
    "versions": "text",
}
FEATURE_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("unit", "as_of", "pack", "term", "feature"), "text"),
    "value": "number",
}


def typed_columns(records: Sequence[Record], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Rows as columns, each of one type even if there are no rows."""
    columns = {}
    for name, kind in kinds.items():
        values = [record.get(name) for record in records]
        if kind == "text":
            columns[name] = pd.Series([None if value is None else str(value) for value in values], dtype=object)
        else:
            columns[name] = pd.Series(values, dtype="Int64" if kind == "whole" else float)
    return pd.DataFrame(columns)


def titled_tables(tables: Mapping[str, Table], titles: Mapping[str, str]) -> dict[str, Table]:
    """The tables for people, with the title of each indicator, which is not stored."""
    values = tables["indicators"]
    columns = values.columns.copy()
    columns.insert(1, "title", pd.Series([titles[name] for name in columns["id"]], dtype=object))
    return {**tables, "indicators": Table(columns, values.geometries)}
