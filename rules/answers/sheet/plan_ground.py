"""The ground of parcels in plans, control lines and protected areas of a library, by class."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.coverage_names import EXTENT
from onemap.layers.catalogue.map_order import place_of, stratum_of
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames.fields import text_value
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, versions_in_force
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.rules.answers.compare.plans import refuse
from onemap.rules.answers.identify.class_words import class_code, class_title
from onemap.rules.answers.identify.layer_fitness import layer_fitness
from onemap.rules.answers.identify.layer_grades import LIMITED, UNFIT
from onemap.rules.answers.identify.nearest_feature import NearestFeature, nearest_facts, nearest_features
from onemap.rules.answers.statistics.union_areas import Plane
from onemap.rules.display.maps.layers_on_sheet import name_field
from onemap.rules.judge.check.check import local_origin
from onemap.rules.judge.findings.table import records_of
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.overlay import overlaps, union_by
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import VersionsUsed

_STRATA = ("plans", "control_lines", "protected_areas")
MOST_NEAR = 6  # layers of which a sheet says how far they are
_NO_PLANS = "base"  # the library of divisions and surveys
_CONTROLS = ("RJL", "JZMD", "LDL", "JZXG")  # what a regulatory plan allows on a plot


class PlanGround:
    """Plans and control lines in force, asked for some parcels after the other.

    silent: why a layer says nothing, by code: it is missing, not in force, or unreadable; uncovered: by parcel the
    layers that do not speak for all of it.
    """

    def __init__(self, library: Library, all_versions: Sequence[Version], as_of: date, language: str) -> None:
        self.library, self.known, self.as_of, self.language = library, all_versions, as_of, language
        entries = [entry for entry in library.catalogue().values() if entry.geometry == "polygon"]
        self.entries = sorted((entry for entry in entries if _is_plan(entry)), key=_reading_order)
        self.silent: dict[str, str] = {}
        self.uncovered: dict[str, list[str]] = {}

    def rows(self, names: np.ndarray, grounds: np.ndarray, threads: Threads) -> dict[str, list[dict[str, Any]]]:
        """By parcel (n,) what lies on it: layer, class, controls, area on the ellipsoid and share of the parcel.

        Raises OneMapError compare.arithmetic.
        """
        box = shapely.total_bounds(grounds)
        origin, local = _from_origin(grounds)
        plane, tree = Plane(self.library.crs, origin), shapely.STRtree(local)
        sources = Sources(self.library, self.known, self.as_of, {}, {}, origin)
        whole = plane.ellipsoidal_m2(local)
        sources.expect({entry.code: box.tolist() for entry in self.entries})
        rows_by_parcel: dict[str, list[dict[str, Any]]] = {name: [] for name in names.tolist()}
        for entry in self.entries:
            source = sources.read(entry.code, box.tolist(), shapely.bounds(grounds))
            if source.stored is None:
                self.silent[entry.code] = source.reason or Reason.UNREADABLE
                continue
            if source.coverage is not None:
                for row in np.flatnonzero(~shapely.covers(source.coverage, local)).tolist():
                    self.uncovered.setdefault(names[row], []).append(entry.code)
            here = self._of_layer(entry, source, local, tree, plane, threads)
            for row, facts in sorted(here, key=lambda pair: -pair[1]["area_ellipsoidal_m2"]):
                area = facts["area_ellipsoidal_m2"]
                rows_by_parcel[names[row]].append({**facts, "share": float(area / whole[row]) if whole[row] else None})
        return rows_by_parcel

    def nearest_rows(
        self, names: np.ndarray, grounds: np.ndarray, plan_rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, list[dict[str, Any]]]:
        """By parcel (n,) the nearest feature of layers that cover it and have nothing on it: the MOST_NEAR nearest.

        plan_rows: what `rows` has said of the parcels.
        """
        origin, local = _from_origin(grounds)
        sources = Sources(self.library, self.known, self.as_of, {}, {}, origin)
        features_by_parcel: dict[str, list[tuple[float, str, NearestFeature]]] = {name: [] for name in names.tolist()}
        there = {name: {row["layer"] for row in rows} for name, rows in plan_rows.items()}
        for entry in self.entries:
            is_free = [
                entry.code not in there[name] and entry.code not in self.uncovered.get(name, ())
                for name in names.tolist()
            ]
            rows = np.flatnonzero(np.array(is_free, dtype=bool))
            if entry.code in self.silent or len(rows) == 0:
                continue
            try:
                nearest = nearest_features(sources, entry.code, local[rows], shapely.bounds(grounds[rows]))
            except OneMapError as error:
                if error.code != "version.unreadable":
                    raise
                continue  # of what lies around the parcels nothing is said
            for row, feature in zip(rows.tolist(), nearest, strict=True):
                if feature is not None:
                    features_by_parcel[names[row]].append((feature.distance_m, entry.code, feature))
        features_by_layer: dict[str, list[tuple[str, NearestFeature]]] = {}
        for name, of in features_by_parcel.items():
            for _, code, feature in sorted(of, key=itemgetter(0))[:MOST_NEAR]:
                features_by_layer.setdefault(code, []).append((name, feature))
        return self._nearest_of(features_by_layer, names)

    def _nearest_of(
        self, features_by_layer: Mapping[str, Sequence[tuple[str, NearestFeature]]], names: np.ndarray
    ) -> dict[str, list[dict[str, Any]]]:
        """By parcel (n,) the rows of the nearest features, which are given by layer."""
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names.tolist()}
        for entry in self.entries:
            pairs = features_by_layer.get(entry.code, ())
            facts = nearest_facts([feature for _, feature in pairs], entry, self.language)
            head = {"layer": entry.code, "layer_title": entry.title_in(self.language)}
            for (name, feature), fact in zip(pairs, facts, strict=True):
                rows[name].append({**head, "version": feature.source.read_version.label, **fact})
        return {name: sorted(of, key=itemgetter("distance_m")) for name, of in rows.items()}

    def coarse_layers(self, grounds: np.ndarray) -> list[dict[str, dict[str, Any]]]:
        """The layers that are not accurate enough for each parcel's size (n,): their fitness, by code."""
        none = np.empty(0, dtype=object)
        graded = (
            {code: layer_fitness(ground, accuracy_m, none) for code, accuracy_m in self._accuracies_m.items()}
            for ground in grounds
        )
        return [{code: one for code, one in of.items() if one["grade"] in (LIMITED, UNFIT)} for of in graded]

    @cached_property
    def _accuracies_m(self) -> dict[str, float | None]:
        """The stated accuracy of each layer's version in force, by code; None where nobody stated it."""
        return {version.code: version.accuracy_m for version in self._in_force}

    @property
    def versions_used(self) -> VersionsUsed:
        """The versions that are asked."""
        return {version.table: (version.code, version.label) for version in self._in_force}

    @property
    def assumed(self) -> set[str]:
        """The layers whose coverage is only assumed."""
        return {version.code for version in self._in_force if version.coverage_kind == EXTENT}

    @cached_property
    def _in_force(self) -> list[Version]:
        """Each layer's version in force."""
        return versions_in_force(self.known, (entry.code for entry in self.entries), self.as_of)

    def _of_layer(
        self,
        entry: LayerEntry,
        source: LayerSource,
        local: np.ndarray,
        tree: shapely.STRtree,
        plane: Plane,
        threads: Threads,
    ) -> list[tuple[int, dict[str, Any]]]:
        stored_features, version = source.features, source.read_version
        pairs = overlaps(local, tree, stored_features.shapes, threads)
        refuse(source, pairs.failed[:, 1])
        if len(pairs.parcel) == 0:
            return []
        features, at_feature = np.unique(pairs.feature, return_inverse=True)
        words = [self._words_of(entry, values) for values in records_of(stored_features.attributes.iloc[features])]
        words_of_pair = [words[at] for at in at_feature.tolist()]
        groups = pd.MultiIndex.from_arrays([pairs.parcel, [repr(one) for one in words_of_pair]])
        codes, distinct = pd.factorize(groups)
        areas = plane.ellipsoidal_m2(union_by(codes, pairs.geometry, len(distinct), threads))
        first = np.unique(codes, return_index=True)[1]
        head = {"layer": entry.code, "layer_title": entry.title_in(self.language)}
        return [
            (
                int(pairs.parcel[at]),
                {**head, "version": version.label, **words_of_pair[at], "area_ellipsoidal_m2": float(area)},
            )
            for at, area in zip(first.tolist(), areas.tolist(), strict=True)
        ]

    def _words_of(self, entry: LayerEntry, values: dict[str, Any]) -> dict[str, Any]:
        """A feature's class with its title, its own name, and what it allows."""
        code, own_name_field = class_code(entry, values), name_field(entry)
        control_texts = [(field, text_value(values.get(field))) for field in _CONTROLS if entry.field_named(field)]
        return {
            "class": code,
            "class_title": class_title(entry, code, values, self.language),
            "name": text_value(values.get(own_name_field)) if own_name_field else None,
            "controls": [
                phrase(f"query_sheet.control_{field}", self.language, value=text)
                for field, text in control_texts
                if text
            ],
        }


def _from_origin(grounds: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """An origin near some grounds (n,), and these as they are counted from it."""
    origin = local_origin(*shapely.total_bounds(grounds)[:2])
    return origin, shift_geometries(grounds, (-origin[0], -origin[1]))


def _is_plan(entry: LayerEntry) -> bool:
    return stratum_of(entry)["id"] in _STRATA and entry.library != _NO_PLANS


def _reading_order(entry: LayerEntry) -> tuple[int, Any]:
    """Plans first, then control lines, then protected areas; within these as they lie on the map."""
    return _STRATA.index(stratum_of(entry)["id"]), place_of(entry)
