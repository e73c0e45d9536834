"""One version of a layer: the parts of its features in each area unit, and their size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.crs.plane_scale import refuse_stretched_plane
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.frames.fields import plain_numbers, text_values
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import AnyShapes, some_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, versions
from onemap.layers.messages import LANGUAGES
from onemap.layers.quality.table_rows import repeated_rows
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.answers.statistics.class_keys import ClassKeys, class_keys
from onemap.rules.answers.statistics.conditions_of_layers import column_of, truth_of
from onemap.rules.answers.statistics.counted_once import CountedOnce, UnitBlock
from onemap.rules.answers.statistics.union_areas import Plane, UnionAreas, overlapping_pairs, union_areas
from onemap.rules.answers.statistics.unit_pieces import (
    LINE,
    POLYGON,
    UnitPieces,
    joined_rows,
    pieces_size,
    unit_pieces,
    whole_features,
)
from onemap.rules.answers.statistics.units import AreaUnits, area_units, gap_problems, overlap_problems, version_titles
from onemap.rules.judge.check.check import local_origin
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.lines_inside import union_lengths_m
from onemap.rules.judge.overlay.threads import Threads

_MOST_SUMMED = 1e290  # of a value: as many of them as a layer may hold have a sum


@dataclass(frozen=True)
class StatisticsOptions:
    """The options of `statistics`: `layer` (CODE or CODE@label), classes, units, condition.

    language: of the titles of classes.
    """

    layer: str
    by: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    within: str | None = None
    unit: str | None = None
    units_where: str | None = None
    where: str | None = None
    as_of: date = date.min
    known_at: datetime | None = None
    language: str = "zh"


@dataclass(frozen=True)
class MeasuredRows:
    """Rows (r): unit and class of each, counts and measures; NaN where not measured.

    sums: by field, with the number of the row's features that have no number there.
    """

    unit: np.ndarray
    group: np.ndarray
    features: np.ndarray
    areas: UnionAreas | None
    length_m: np.ndarray | None
    sums: dict[str, tuple[np.ndarray, np.ndarray]]


class LayerInUnits:
    """One version of a layer, the parts of its features in each unit, and measures of these."""

    def __init__(
        self,
        library: Library,
        options: StatisticsOptions,
        threads: Threads,
        units: AreaUnits | None = None,
        block: UnitBlock | None = None,
    ) -> None:
        """Read the layer and its units. units: used instead of those that the options name.

        block: the position of these units among all. Coordinates are counted from the middle of all, so that every
        block gives the same digits. Raises OneMapError statistics.…, compare.…, layer.unknown, version.unreadable.
        """
        self.library, self.options, self.threads = library, options, threads
        self.version: Version = version_named(library, options.layer, options.as_of, options.known_at, "CODE")
        self.entry: LayerEntry = library.catalogue()[self.version.code]
        if self.entry.geometry == "raster":
            raise OneMapError("statistics.raster", layer=self.version.code, field="CODE")
        self.units: AreaUnits | None = units
        self.lost: list[str | None] = []  # codes in a table that are no unit's
        if units is None and options.within is not None:
            moment = options.as_of, options.known_at
            self.units = area_units(library, options.within, options.unit, options.units_where, *moment)
        self._block = block
        self.source = self._read(threads)
        features = self.source.features
        place = self.entry.place_in(library.label)
        self.truth = truth_of(options.where, features.attributes, {**place, "field": "--where"}, self.entry)
        self.keys: ClassKeys = class_keys(options.by, features.attributes, self.entry, {**place, "field": "--by"})
        self.repeated: np.ndarray = self.repeated_among(self.truth.possible)
        self.numbers = {
            name: self._summable(column_of(features.attributes, name, {**place, "field": "--sum"}))
            for name in self._summed_fields(features.attributes)
        }

    def _read(self, threads: Threads) -> LayerSource:
        box = (
            None
            if self.units is None or self.entry.geometry == "table"
            else shapely.total_bounds(self.units.grounds).tolist()
        )
        whole = box if self._block is None else shapely.total_bounds(self._block.every.grounds).tolist()
        ground = whole if whole is not None else shapely.bounds(coverage_of(self.library, self.version)).tolist()
        if self.entry.geometry != "table":
            refuse_stretched_plane(self.library.crs, ground, {"file": self.library.label})
        ground = ground if np.isfinite(ground).all() else [0.0, 0.0, 0.0, 0.0]  # of a table, where there is no district
        origin = local_origin(*ground[:2])
        self.plane = Plane(self.library.crs, origin)
        all_versions = versions(self.library, self.options.known_at)
        sources = Sources(self.library, all_versions, self.options.as_of, {}, {}, origin)
        threads.progress.at(0.02)
        source = sources.of_version(self.version, box)
        if source.stored is None:
            raise OneMapError("version.unreadable", file=self.library.label, layer=self.version.table)
        return source

    def repeated_among(self, is_chosen: np.ndarray) -> np.ndarray:
        """Which of some rows of a table (n,) repeat one unit and time, so that it is unknown which of them holds."""
        repeated = np.zeros(len(is_chosen), dtype=bool)
        if self.entry.geometry == "table":
            rows = np.flatnonzero(is_chosen)
            repeated[rows] = repeated_rows(self.source.features.attributes.iloc[rows], self.entry)
        return repeated

    def _summable(self, values: np.ndarray) -> np.ndarray:
        """Values (n,) as numbers; NaN also for repeated rows, and for numbers too large to be summed."""
        numbers = plain_numbers(values)
        return np.where(self.repeated | (np.abs(numbers) > _MOST_SUMMED), np.nan, numbers)

    def _summed_fields(self, attributes: pd.DataFrame) -> list[str]:
        """The fields to sum: those asked for, and the declared and net area that the layer's schema knows."""
        area_fields = [name for name in (self.declared_field, self.net_field) if name in attributes.columns]
        return list(dict.fromkeys([*self.options.sums, *(name for name in area_fields if name is not None)]))

    @cached_property
    def declared_field(self) -> str | None:
        """The field in which features state their area."""
        return next((field.name for field in self.entry.fields if field.area), None)

    @cached_property
    def net_field(self) -> str | None:
        """The field in which features state their area without what is deducted, such as ridges."""
        return next((field.name for field in self.entry.fields if field.net), None)

    @cached_property
    def shapes(self) -> AnyShapes:
        """The features' shapes (n,), counted from the origin."""
        return self.source.features.shapes

    @cached_property
    def grounds(self) -> np.ndarray | None:
        """The units' grounds (m,), counted from the origin; None if no units are named."""
        if self.units is None:
            return None
        east, north = self.plane.origin
        return shift_geometries(self.units.grounds, (-east, -north))

    @cached_property
    def pieces(self) -> UnitPieces:
        """The pieces of all features, whether or not they meet the condition."""
        if self.grounds is None:
            return self._with_areas(whole_features(self.shapes))
        return self.pieces_in(self.grounds)

    def pieces_in(self, grounds: np.ndarray) -> UnitPieces:
        """The features' pieces in some polygons (m,), counted from the origin; rows of a table by the units' codes."""
        if self.entry.geometry == "table" and self.units is not None:
            pieces, self.lost = joined_rows(self.units.names, self._unit_keys())
            return pieces
        threads = self.threads.part(0.1, 0.6)
        layer_facts = self.entry.geometry, self.source.names, self.version.table
        return self._with_areas(unit_pieces(grounds, self.shapes, *layer_facts, threads))

    @property
    def area_units(self) -> AreaUnits:
        """The units, which must have been named. Raises DefectError."""
        return require_value(self.units, "area units")

    def _unit_keys(self) -> list[str | None]:
        """The unit codes of the rows: from the table's own field of units, else from the field that names the units."""
        name = self.entry.unit or self.area_units.record["unit"]
        place: ProblemPlace = {**self.entry.place_in(self.library.label), "field": "--unit"}
        return text_values(column_of(self.source.features.attributes, name, place).tolist())

    def _with_areas(self, pieces: UnitPieces) -> UnitPieces:
        if self.entry.geometry != POLYGON:
            return pieces
        return replace(pieces, areas=(pieces.ground.area_m2, self.plane.ellipsoidal_m2(pieces.ground)))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Pairs (2, p) of polygons that share ground."""
        if self.entry.geometry != POLYGON:
            return np.empty((2, 0), dtype=np.int64)
        present = np.unique(self.pieces.feature)
        return present[overlapping_pairs(some_of(self.shapes, present), self.threads.part(0.6, 0.8))]

    @cached_property
    def once(self) -> UnitBlock:
        """The position of these units among all units of the question, in the library's plane."""
        if self._block is not None:
            return self._block
        return UnitBlock(CountedOnce.of(self.area_units, self.threads), np.arange(len(self.area_units.names)))

    @property
    def units_overlap_m2(self) -> float:
        """The ground that lies in two units, and is counted in both."""
        return 0.0 if self.units is None or self.entry.geometry == "table" else self.once.every.shared_m2

    @cached_property
    def own_m2(self) -> float:
        """The area of the units, without ground that an earlier unit has."""
        return float(self.once.every.own_m2[self.once.rows].sum())

    @cached_property
    def own_ellipsoidal_m2(self) -> float:
        """The ellipsoidal area of the units, without ground that an earlier unit has."""
        return float(ellipsoidal_areas_m2(self.once.every.own[self.once.rows], self.plane.crs).sum())

    @cached_property
    def pieces_once(self) -> UnitPieces:
        """The pieces of all features; ground in two units, or on their border, counts only in the earlier unit."""
        if self.units is None or self.entry.geometry == "table":
            return self.pieces
        every, rows = self.once.every.from_origin(self.plane.origin), self.once.rows
        if self.entry.geometry != POLYGON:
            return every.in_first_unit(self.pieces, rows, self.entry.geometry, self.shapes, self.threads)
        if not every.shared_m2:
            return self.pieces
        present = np.flatnonzero(~shapely.is_missing(every.own[rows]))
        pieces = self.pieces_in(every.own[rows[present]])
        return replace(pieces, unit=present[pieces.unit])

    @cached_property
    def crossing_features(self) -> np.ndarray:
        """Which features have a part in this block and may have another in other blocks: mask (n,)."""
        here = np.unique(self.pieces.feature)
        every = self.once.every.from_origin(self.plane.origin)
        crosses = np.zeros(len(self.shapes), dtype=bool)
        crosses[here] = every.crossing_features(some_of(self.shapes, here), self.once.rows, self.threads)
        return crosses

    def areas_of(self, pieces: UnitPieces, group: np.ndarray, groups: int) -> UnionAreas | None:
        """The areas of the unions of pieces (k,) by group; None if the layer has no areas."""
        if self.entry.geometry != POLYGON:
            return None
        return union_areas(group, pieces, groups, self.pairs, self.plane, self.threads.part(0.8, 0.9))

    def declared_areas(self, field: str | None, pieces: UnitPieces, units: int) -> dict[str, np.ndarray]:
        """The area that the features of pieces (k,) declare, and the drawn area of these features, by unit in m².

        Given for a sum of `field` that adds declared or net areas, which count ground twice where features overlap;
        else empty.
        """
        numbers = self.numbers.get(self.declared_field or "")
        if numbers is None or field not in (self.declared_field, self.net_field):
            return {}
        some = pieces.of_features(np.isfinite(numbers))
        ground = require_value(self.areas_of(some, some.unit, units), "areas of polygons")
        declared_m2 = np.bincount(some.unit, numbers[some.feature] * some.share, units)
        return {"declared_m2": declared_m2, "drawn_m2": ground.ellipsoidal_m2}

    def sizes_of(self, pieces: UnitPieces) -> np.ndarray:
        """The size of each piece (k,): m² of polygons, m of lines, the number of points."""
        kind = self.entry.geometry
        return pieces.areas[0] if kind == POLYGON else pieces_size(pieces.geometry, kind)

    def length_of(self, pieces: UnitPieces, group: np.ndarray, groups: int) -> np.ndarray | None:
        """The lengths of the unions of lines (k,) by group: a line drawn twice counts once.

        Raises OneMapError overlay.union.
        """
        if self.entry.geometry != LINE:
            return None

        def unite(lines: np.ndarray) -> np.ndarray:
            return np.concatenate(
                self.threads.each(lambda line: np.atleast_1d(shapely.length(shapely.union_all([line]))), lines.tolist())
            )

        return union_lengths_m(pieces.geometry, group, groups, unite)

    def measure(self, pieces: UnitPieces, unit: np.ndarray, group: np.ndarray) -> MeasuredRows:
        """The rows of pieces by unit (k,) and class (k,), sorted by these."""
        classes = max(len(self.keys.classes), 1)
        units_and_classes, at = np.unique(unit * classes + group, return_inverse=True)
        sums = {}
        for name, values in self.numbers.items():
            value = values[pieces.feature] * pieces.share
            nothing = np.isnan(value)
            sums[name] = (
                np.bincount(at, np.nan_to_num(value), len(units_and_classes)),
                np.bincount(at[nothing], minlength=len(units_and_classes)),
            )
        return MeasuredRows(
            unit=units_and_classes // classes,
            group=units_and_classes % classes,
            features=np.bincount(at, minlength=len(units_and_classes)),
            areas=self.areas_of(pieces, at, len(units_and_classes)),
            length_m=self.length_of(pieces, at, len(units_and_classes)),
            sums=sums,
        )

    def remarks(self) -> Sequence[Problem]:
        """Remarks for readers of the numbers."""
        problems = []
        if self.lost:
            codes = list(dict.fromkeys(code or "–" for code in self.lost))[:10]
            field = self.entry.unit or (self.units.record["unit"] if self.units else None)
            facts = {"layer": self.version.code, "field": field, "count": len(self.lost), "codes": codes}
            facts["table"] = version_titles(self.entry, self.version.label)
            facts["title"] = {one: self.entry.field_title(field or "", one) or field for one in LANGUAGES}
            problems.append(Problem("statistics.unjoined", facts))
        if self.repeated.any():
            rows = np.flatnonzero(self.repeated)
            keys = self._unit_keys() if self.entry.unit or self.units else []
            codes = list(dict.fromkeys(keys[row] or "–" for row in rows.tolist() if keys))[:10]
            facts = {"layer": self.version.code, "count": len(rows), "codes": codes}
            facts["table"] = version_titles(self.entry, self.version.label)
            problems.append(Problem("statistics.repeated", facts))
        return [*unit_remarks(self.library, self.options, self.units, self.units_overlap_m2, self.threads), *problems]


def unit_remarks(
    library: Library, options: StatisticsOptions, units: AreaUnits | None, overlap_m2: float, threads: Threads
) -> Sequence[Problem]:
    """Remarks on the units: those on their file, on ground in two units or in none.

    Raises OneMapError compare.arithmetic.
    """
    if units is None:
        return []
    problems = [*units.problems, *overlap_problems(library, options.within, overlap_m2)]
    if units.version is not None and options.units_where is None:
        problems += gap_problems(library, options.within, units, options.known_at, threads)
    return problems
