"""The proof of a pack of indicators: values worked out by hand, compared with those measured in a town of test places.

Places, one for each case, are squares of a kilometre in a row along the central meridian, where plane and ellipsoid
agree, and too far apart to affect each other; each is a unit of the town. What a case does not draw does not exist.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.coverage_names import FILE
from onemap.layers.frames.fields import object_array
from onemap.layers.frames.frames import RawFrame
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import EMPTY, AddOptions
from onemap.layers.ingest.coverage import Coverage
from onemap.layers.library.library import Library, make_library, new_place, open_library, system_user
from onemap.layers.messages import phrase, sentences
from onemap.layers.progress import SILENT, Progress
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_targets import ALARM, NONE, OK, WARN
from onemap.rules.numbers.indicators.indicators import IndicatorOptions, indicators
from onemap.rules.review.proofs.case_reading import CaseReading, DrawnFeature, drawn_feature
from onemap.rules.review.proofs.plain_proof import PlainCase, PlainProof
from onemap.rules.review.proofs.rule_coverage import HIT, UNKNOWN

UNIT, UNIT_FIELDS = "XZQ", ("XZQDM", "XZQMC")
_WEST, _SOUTH, _SIDE_M, _STEP_M = 500_000.0, 4_200_000.0, 1_000.0, 4_000.0
_SYSTEM = pyproj.CRS("EPSG:4547")
_NO_RULES = ("none", '[pack]\nid = "none"\nversion = "1"\n')
_CLOSE = 1e-6  # of a value: what rounding leaves
_TOWN = "town"  # the library of cases that name none
_TABLES, _OF_HEAD = ("cases", "case"), ("pack", "title", "day", "year")
_WORDS = ("id", "title", "source", "arithmetic", "why", "library", "reason", "status")
STATUSES = (OK, WARN, ALARM, UNKNOWN, NONE)
_KEYS = (*_WORDS, "indicator", "value", "beyond")
_AREA_FIELDS = {"DLTB": ("TBMJ", "TBDLMJ")}  # declared areas: what a case does not say of them is what it draws


@dataclass(frozen=True)
class IndicatorCase:
    """The expected result of indicators in one place: a value, the reason why there is none, or no status.

    drawn: features by layer, "CODE" or "CODE@YEAR"; rows: of tables; library: cases with the same name share a library.
    """

    id: str
    item: Mapping[str, Any]
    indicators: tuple[str, ...]
    drawn: Mapping[str, Sequence[DrawnFeature]]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def library(self) -> str:
        """The library in which its place lies."""
        return str(self.item.get("library", _TOWN))


@dataclass(frozen=True)
class IndicatorCases:
    """The cases of a pack. day: on which indicators are measured; year: of versions that name none."""

    cases: Sequence[IndicatorCase]
    day: date
    year: int


def read_indicator_cases(
    texts: Sequence[tuple[str, str]], pack: IndicatorPack, catalogue: Mapping[str, LayerEntry]
) -> IndicatorCases:
    """Read the cases of all files beside a pack. Raises OneMapError cases.… with every problem, each with its line."""
    cases: list[IndicatorCase] = []
    day, year = date.today(), date.today().year
    for text, source in texts:
        reading = CaseReading(source, text.replace("\r\n", "\n"), catalogue)
        content = reading.content()
        reading.check_keys(1, "", content, _TABLES)
        head = content.get("cases", {})
        reading.check_keys(1, "cases", head, _OF_HEAD)
        day = head.get("day", day)
        year = head.get("year", year)
        earlier_ids = {case.id for case in cases}
        for _, line, item in reading.tables("case", content):
            case = _case(line, item, pack, reading)
            if case.id in earlier_ids:
                reading.wrong("twice", line, case.id, "id")
            earlier_ids.add(case.id)
            cases.append(case)
        if not content.get("case"):
            reading.wrong("none", 1, "case")
        reading.refuse_wrong()
    return IndicatorCases(cases, day, year)


def _case(line: int, item: Mapping[str, Any], pack: IndicatorPack, reading: CaseReading) -> IndicatorCase:
    indicator_names = item.get("indicator", ())
    names = (indicator_names,) if isinstance(indicator_names, str) else tuple(indicator_names)
    expected = item.get("reason", "")
    name = str(item.get("id", "/".join(filter(None, (names[0] if names else "", expected)))))
    known_names = [one.id for one in pack.indicators]
    for one in names or ("",):
        if one not in known_names:
            reading.wrong("indicator", line, name, "indicator", value=one, known=known_names)
    value, status = item.get("value"), item.get("status")
    if value is None and not expected:
        reading.wrong("worked", line, name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        reading.wrong("key", line, name, "value", known=["value = 9.5"])
    if status is not None and status not in STATUSES:
        reading.wrong("key", line, name, "status", known=list(STATUSES))
    features_by_layer: dict[str, list[DrawnFeature]] = {}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for key, layer_tables in item.items():
        if key in _KEYS:
            continue
        entry = reading.catalogue.get(key.partition("@")[0])
        if entry is None or entry.geometry == "raster" or not _are_tables(layer_tables):
            reading.wrong("layer", line, name, key, value=key, known=[UNIT, "DLTB@2020"])
        elif entry.geometry == "table":
            rows[key] = layer_tables
            known_names = [field.name for field in entry.fields]
            for field in dict.fromkeys(field for one in layer_tables for field in one if field not in known_names):
                reading.wrong("field", line, name, key, value=field, layer=entry.code, known=known_names)
        else:
            layer_features = (
                drawn_feature({**one, "layer": entry.code}, _PLACE, name, line, reading, key) for one in layer_tables
            )
            features_by_layer[key] = [one for one in layer_features if one is not None]
    for key in item.get("beyond", ()):
        entry = reading.catalogue.get(key.partition("@")[0])
        if entry is None or entry.geometry in ("raster", "table"):
            reading.wrong("layer", line, name, "beyond", value=key, known=[UNIT, "DLTB@2020"])
    return IndicatorCase(name, item, names, features_by_layer, rows)


_PLACE = shapely.box(0, 0, _SIDE_M, _SIDE_M)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def prove_indicators(
    pack: IndicatorPack, indicator_cases: IndicatorCases, language: str, progress: Progress = SILENT
) -> PlainProof:
    """Measure the places of all cases, and compare. Raises OneMapError indicators.…, indicator.…."""
    towns = dict.fromkeys(case.library for case in indicator_cases.cases)
    rows_by_case: dict[str, Mapping[str, Any]] = {}
    parts = progress.parts([1] * len(towns))
    with tempfile.TemporaryDirectory(prefix="onemap-cases-", ignore_cleanup_errors=True) as folder:
        for name, part in zip(towns, parts, strict=True):
            cases = [case for case in indicator_cases.cases if case.library == name]
            rows_by_case |= _Town(Path(folder) / f"{len(rows_by_case)}.gpkg", cases, indicator_cases, language).measure(
                pack, part
            )
    case_results = [_case_result(case, rows_by_case[case.id], language) for case in indicator_cases.cases]
    titles = {item.id: item.title.get(language, item.id) for item in pack.indicators}
    return PlainProof(titles, case_results, (HIT, UNKNOWN))


def _case_result(case: IndicatorCase, rows: Mapping[str, Mapping[str, Any]], language: str) -> PlainCase:
    """One case compared with the rows of its place, by indicator."""
    item = case.item
    value, reason = item.get("value"), item.get("reason")
    status = item.get("status", "none" if reason is None else "unknown")
    reason = reason or ("no_target" if status == "none" else None)
    wrong = [
        name
        for name in case.indicators
        if not _is_close(rows[name]["value"], value) or (rows[name]["status"], rows[name]["reason"]) != (status, reason)
    ]
    shown_row = rows[(wrong or case.indicators)[0]]
    subjects = {HIT: case.indicators} if value is not None else {UNKNOWN: case.indicators}
    return PlainCase(
        id=case.id,
        title=str(item.get("title", item.get("arithmetic", item.get("why", case.id)))),
        source=str(item.get("source", "")),
        expected=_words_of(value, status, reason, language),
        answer=_words_of(shown_row["value"], shown_row["status"], shown_row["reason"], language),
        passes=not wrong,
        subjects={clause: wrong or names for clause, names in subjects.items()},
    )


def _is_close(measured_value: float | None, expected_value: float | None) -> bool:
    if measured_value is None or expected_value is None:
        return measured_value is expected_value
    return math.isclose(measured_value, expected_value, rel_tol=_CLOSE, abs_tol=1e-12)


def _words_of(value: float | None, status: str, reason: str | None, language: str) -> str:
    """A value, its status and the reason for either, in words."""
    words = [] if value is None else [f"{value:.9g}"]
    known_sentences = sentences(language)
    why = (
        [known_sentences["indicator_reason"].get(reason) or known_sentences["reason"].get(reason, reason)]
        if reason
        else []
    )
    return " · ".join([*words, phrase(f"indicator_status.{status}", language), *why])


class _Town:
    """A library of places, each a unit, with the layers that its cases draw."""

    def __init__(
        self, path: Path, cases: Sequence[IndicatorCase], indicator_cases: IndicatorCases, language: str
    ) -> None:
        self._path, self._cases, self._indicator_cases, self._language = path, cases, indicator_cases, language
        north = _SOUTH + len(cases) * _STEP_M
        self._ground = shapely.box(_WEST - _STEP_M, _SOUTH - _STEP_M, _WEST + _STEP_M, north)
        self._codes = [f"139901{number:03d}" for number in range(len(cases))]

    def measure(self, pack: IndicatorPack, progress: Progress) -> dict[str, Mapping[str, Any]]:
        """The rows of each case's place, by indicator."""
        district = np.array([self._ground], dtype=object)
        make_library(new_place(str(self._path), "cases"), _SYSTEM, [_NO_RULES], district, system_user())
        indicator_names = tuple(dict.fromkeys(name for case in self._cases for name in case.indicators))
        with open_library(str(self._path)) as library:
            for name, shapes, table, ground in self._layers():
                progress.check()
                self._add(library, name, shapes, table, ground)
            options = IndicatorOptions(
                (pack,), (self._indicator_cases.day,), UNIT, only=indicator_names, language=self._language
            )
            rows = indicators(library, options, Threads.of(None, progress)).rows
        by_unit: dict[str, dict[str, Any]] = {}
        for row in rows:
            by_unit.setdefault(row["unit"], {})[row["id"]] = row
        return {case.id: by_unit[code] for case, code in zip(self._cases, self._codes, strict=True)}

    def _layers(self) -> Iterator[tuple[str, np.ndarray | None, pd.DataFrame, shapely.Geometry]]:
        """The layers: name, shapes, fields, and covered ground; the units come first."""
        places = [self._shape_at(_PLACE, number) for number in range(len(self._cases))]
        yield UNIT, object_array(places), pd.DataFrame(dict.fromkeys(UNIT_FIELDS, self._codes)), self._ground
        for name in dict.fromkeys(name for case in self._cases for name in (*case.drawn, *case.item.get("beyond", ()))):
            numbered_features = [(at, one) for at, case in enumerate(self._cases) for one in case.drawn.get(name, ())]
            shapes = [self._shape_at(one.shape, at) for at, one in numbered_features]
            fields = dict.fromkeys(field for _, one in numbered_features for field in one.fields)
            columns = {field: [one.fields.get(field) for _, one in numbered_features] for field in fields}
            for field in _AREA_FIELDS.get(name.partition("@")[0], ()):
                stated_areas = columns.get(field, [None] * len(shapes))
                columns[field] = [
                    shape.area if stated_area is None else stated_area
                    for stated_area, shape in zip(stated_areas, shapes, strict=True)
                ]
            silent = [places[at] for at, case in enumerate(self._cases) if name in case.item.get("beyond", ())]
            ground = shapely.difference(self._ground, shapely.union_all(silent)) if silent else self._ground
            yield name, object_array(shapes), pd.DataFrame(columns, index=range(len(shapes)), dtype=object), ground
        for name in dict.fromkeys(name for case in self._cases for name in case.rows):
            rows = [
                {UNIT_FIELDS[0]: self._codes[at], **row}
                for at, case in enumerate(self._cases)
                for row in case.rows.get(name, ())
            ]
            yield name, None, pd.DataFrame(rows, dtype=object), self._ground

    def _shape_at(self, shape: shapely.Geometry, number: int) -> shapely.Geometry:
        return shapely.transform(shape, lambda points: points + (_WEST, _SOUTH + number * _STEP_M))

    def _add(
        self,
        library: Library,
        name: str,
        shapes: np.ndarray | None,
        table: pd.DataFrame,
        ground: shapely.Geometry,
    ) -> None:
        """Add a version of a layer, of the year in its name."""
        code, _, year = name.partition("@")
        key = library.catalogue()[code].key
        if key and key not in table and shapes is not None:
            table[key] = [f"{number:018d}" for number in range(1, len(table) + 1)]
        nothing = object_array([None] * len(table))
        frame = RawFrame(
            path=Path(f"{name}.cases"),
            layer=name,
            format="cases",
            shapes=nothing if shapes is None else shapes,
            attributes=table.astype(object).where(table.notna(), None),
            crs=None if shapes is None else _SYSTEM,
            encoding=None,
            is_table=shapes is None,
        )
        begin = date(int(year or self._indicator_cases.year), 12, 31)
        coverage, accept = Coverage(ground, FILE), () if len(table) else (EMPTY,)
        options = AddOptions(code, valid_from=begin, coverage=coverage, sure=True, accept=accept)
        Intake(library, lambda _code: (), system_user(), self._language).add_frame(frame, options)
