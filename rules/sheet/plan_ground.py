"""What the plans and control lines of a library say on parcels: every feature that lies on one, by class."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.fields import text_value
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.rules.inputs.layer_sources import LayerSource, Sources
from onemap.rules.maps.sheets_needed import theme_codes
from onemap.rules.overlay.overlay import overlaps, union_by
from onemap.rules.overlay.threads import Threads
from onemap.rules.statistics.union_areas import Plane

_THEMES = ("plan", "controls")
_CONTROLS = ("RJL", "JZMD", "LDL", "JZXG")  # what a regulatory plan allows on a plot
_NAMES = ("MC", "HXMC", "GHMC", "BHQMC", "ZRBHDMC", "WWMC", "HDMC")  # where a feature's own name stands


class PlanGround:
    """Plans and control lines in force, asked for some parcels after the other.

    silent: why a layer says nothing, by code: it is missing, not in force, or unreadable; uncovered: by parcel the
    layers that do not speak for all of it.
    """

    def __init__(self, library: Library, known: Sequence[Version], as_of: date, language: str) -> None:
        self.library, self.known, self.as_of, self.language = library, known, as_of, language
        catalogue = library.catalogue()
        codes = dict.fromkeys(code for theme in _THEMES for code in theme_codes(theme))
        self.entries = [
            catalogue[code] for code in codes if code in catalogue and catalogue[code].geometry == "polygon"
        ]
        self.silent: dict[str, str] = {}
        self.uncovered: dict[str, list[str]] = {}

    def rows(self, names: np.ndarray, grounds: np.ndarray, threads: Threads) -> dict[str, list[dict[str, Any]]]:
        """By parcel (n,) what lies on it: layer, class, controls, area on the ellipsoid and share of the parcel."""
        box = shapely.total_bounds(grounds)
        origin = float(np.floor((box[0] + box[2]) / 2)), float(np.floor((box[1] + box[3]) / 2))
        local = shift_geometries(grounds, (-origin[0], -origin[1]))
        plane, tree = Plane(self.library.crs, origin), shapely.STRtree(local)
        sources = Sources(self.library, self.known, self.as_of, {}, {}, origin)
        whole = plane.ellipsoidal_m2(local)
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.tolist()}
        for entry in self.entries:
            source = sources.read(entry.code, box.tolist(), shapely.bounds(grounds))
            if source.stored is None:
                self.silent[entry.code] = source.reason or "unreadable"
                continue
            if source.coverage is not None:
                for row in np.flatnonzero(~shapely.covers(source.coverage, local)).tolist():
                    self.uncovered.setdefault(names[row], []).append(entry.code)
            for row, said in self._of_layer(entry, source, local, tree, plane, threads):
                area = said["area_ellipsoidal_m2"]
                found[names[row]].append({**said, "share": float(area / whole[row]) if whole[row] else None})
        return found

    def _of_layer(
        self,
        entry: LayerEntry,
        source: LayerSource,
        local: np.ndarray,
        tree: shapely.STRtree,
        plane: Plane,
        threads: Threads,
    ) -> list[tuple[int, dict[str, Any]]]:
        stored, version = source.stored, source.version
        assert stored is not None and version is not None, "asked of what was read"  # noqa: S101
        pairs = overlaps(local, tree, stored.geometries, threads)
        if len(pairs.parcel) == 0:
            return []
        said = [self._words_of(entry, stored.attributes, int(at)) for at in pairs.feature.tolist()]
        groups = pd.MultiIndex.from_arrays([pairs.parcel, [repr(one) for one in said]])
        codes, distinct = pd.factorize(groups)
        areas = plane.ellipsoidal_m2(union_by(codes, pairs.geometry, len(distinct), threads))
        first = np.unique(codes, return_index=True)[1]
        head = {"layer": entry.code, "layer_title": entry.title.get(self.language) or entry.code}
        return [
            (int(pairs.parcel[at]), {**head, "version": version.label, **said[at], "area_ellipsoidal_m2": float(area)})
            for at, area in zip(first.tolist(), areas.tolist(), strict=True)
        ]

    def _words_of(self, entry: LayerEntry, attributes: pd.DataFrame, row: int) -> dict[str, Any]:
        """A feature's class with its title, else its own name; and what it allows."""

        def value(field: str | None) -> str | None:
            return text_value(attributes[field].iloc[row]) if field in attributes.columns else None

        code = value(entry.class_field)
        schema = entry.field_named(entry.class_field) if entry.class_field else None
        titles = class_titles(schema.codes, code) if schema and code and schema.codes else None
        called = next(filter(None, map(value, _NAMES)), None)
        title = (titles or {}).get(self.language) or called
        controls = []
        for field in _CONTROLS:
            known, text = entry.field_named(field), value(field)
            if known and text is not None:
                controls.append(f"{dict(known.title).get(self.language, field)} {text}")
        return {"class": code, "class_title": title, "controls": controls}
