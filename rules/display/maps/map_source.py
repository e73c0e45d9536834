"""The source of a map: a stored run's parcels and pieces, and the features that lie near them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.geometry.wkb_reading import geometry_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, in_force, read_version, versions
from onemap.rules.judge.packs.pack import rules_of_run
from onemap.rules.judge.runs.run_record import started_moment
from onemap.rules.judge.runs.run_store import StoredRow, stored_packs, stored_rows, whole_check

_PIECES = ("findings", "overlaps_line", "overlaps_point")


@dataclass(frozen=True)
class Piece:
    """A piece of conflict: its parcel, rule and verdict, whether it counts, and its geometry in the library's plane."""

    parcel: str
    rule: str
    verdict: str
    counted: bool
    geometry: shapely.Geometry


@dataclass(frozen=True)
class NearFeatures:
    """The features of one layer near some ground: entry, version, geometries (n,) and fields of n rows."""

    entry: LayerEntry
    version: Version
    geometries: np.ndarray
    attributes: pd.DataFrame


class LayersOnMap:
    """The features of a library's layers near some ground, in the versions of a stored run's day.

    record: the run's; unreadable: the layers that a map lacks because their version could not be read.
    """

    def __init__(self, library: Library, record: Mapping[str, Any]) -> None:
        self.library, self.record = library, record
        self.catalogue = library.catalogue()
        self._versions = versions(library)
        self.unreadable: set[str] = set()
        self._near: dict[tuple[str, Bounds], NearFeatures | None] = {}

    def version_of(self, code: str) -> Version | None:
        """The version of a layer that the run used; for another layer, the version in force then."""
        used_layers = {layer["code"]: layer for layer in self.record["layers"]}
        if code in used_layers:
            return next((version for version in self._versions if version.table == used_layers[code]["table"]), None)
        moment = started_moment(self.record)
        layer_versions = [
            version
            for version in self._versions
            if version.code == code and datetime.fromisoformat(version.recorded_at) <= moment
        ]
        return in_force(layer_versions, date.fromisoformat(self.record["parameters"]["as_of"]))

    def near(self, code: str, bounds: Bounds) -> NearFeatures | None:
        """The features of a layer that meet a box, or None: no such layer, no geometry, or nothing there."""
        if (code, bounds) not in self._near:
            self._near[code, bounds] = self._read(code, bounds)
        return self._near[code, bounds]

    def _read(self, code: str, bounds: Bounds) -> NearFeatures | None:
        entry, version = self.catalogue.get(code), self.version_of(code)
        if entry is None or version is None or entry.geometry not in ("polygon", "line", "point"):
            return None
        try:
            features = read_version(self.library, version, bounds)
        except OneMapError:
            self.unreadable.add(code)  # the map says so; the run says that nothing could be judged by it
            return None
        if len(features.geometries) == 0:
            return None
        return NearFeatures(entry, version, features.geometries, features.attributes)

    def coverage(self, code: str) -> shapely.Geometry | None:
        """The coverage of a layer's version; None if there is no version, or it is damaged."""
        version = self.version_of(code)
        if version is None:
            return None
        try:
            return coverage_of(self.library, version)
        except OneMapError:
            self.unreadable.add(code)
            return None

    def forget(self) -> None:
        """Release the features near the previous ground."""
        self._near.clear()


class MapSource(LayersOnMap):
    """One stored run of a library, as maps need it; it is read once and serves many maps.

    overrides: the verdicts that people put in place of the run's, by parcel, rule and the run's verdict.

    Raises OneMapError run.unknown, run.incomplete.
    """

    def __init__(
        self, library: Library, run: str, language: str, overrides: Mapping[tuple[str, str, str], str] | None = None
    ) -> None:
        super().__init__(library, whole_check(library, run))
        self.language = language
        self.parcels: dict[str, shapely.Geometry] = {
            row.values["parcel"]: geometry_of_wkb(row.wkb) for row in stored_rows(library, run, "parcels") if row.wkb
        }
        self._overrides = dict(overrides or {})
        self.findings = [self._overridden(row.values) for row in stored_rows(library, run, "findings")]
        self.pieces = [
            piece for name in _PIECES for row in stored_rows(library, run, name) for piece in self._piece(row)
        ]
        self.rules = {rule.id: rule for rule in rules_of_run(stored_packs(library, run), self.record)}

    def _piece(self, row: StoredRow) -> list[Piece]:
        values = row.values
        if row.wkb is None:
            return []
        whose = values["parcel"], values["rule"]
        if "verdict" in values:
            verdict = self._overridden(values)["verdict"]
        else:  # a line or a point is never unknown ground
            verdict = next(f["verdict"] for f in self.findings if (f["parcel"], f["rule"]) == whose)
        return [Piece(*whose, verdict, bool(values["counted"]), geometry_of_wkb(row.wkb))]

    def _overridden(self, finding: dict[str, Any]) -> dict[str, Any]:
        verdict = self._overrides.get((finding["parcel"], finding["rule"], finding["verdict"]))
        return {**finding, "verdict": verdict} if verdict else finding

    def rule_title(self, rule: str) -> str:
        """The title of a rule, in the maps' language."""
        rule_here = self.rules.get(rule)
        return str(rule_here.title.get(self.language) or rule) if rule_here else rule
