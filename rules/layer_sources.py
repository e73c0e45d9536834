"""Which version of each layer a run looks at, its features near the parcels, or the reason why there are none."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.fields import text_value
from onemap.layers.library import Library
from onemap.layers.parts import moved
from onemap.layers.rasters import RasterReference, reference_of
from onemap.layers.versions import StoredFeatures, Version, coverage_of, in_force, read_version


@dataclass(frozen=True)
class LayerSource:
    """What is known of one layer for this run: a version and its features, or the reason why there is none."""

    reason: str | None = None
    version: Version | None = None
    stored: StoredFeatures | None = None
    coverage: shapely.Geometry | None = None
    names: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    rasters: tuple[RasterReference, ...] = ()


class WarmLayers:
    """Whole versions kept in memory between the requests of one `serve`, the least used dropped first.

    Versions never change, so a version's table and content hash are all that a kept one needs to be known by.
    """

    def __init__(self, most_features: int = 300_000) -> None:
        self.most_features = most_features
        self._kept: OrderedDict[tuple[str, str, str], StoredFeatures] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, library: Library, version: Version) -> StoredFeatures | None:
        """The whole version, from memory if it is there; None if it is too large to be kept."""
        if version.count > self.most_features // 2:
            return None
        key = (library.id, version.table, version.hash)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        stored = read_version(library, version, None)
        with self._lock:
            self._kept[key] = stored
            while sum(len(kept.fids) for kept in self._kept.values()) > self.most_features:
                self._kept.popitem(last=False)
        return stored


def source_of(
    library: Library,
    code: str,
    known: list[Version],
    as_of: date,
    bounds: Sequence[float] | None,
    warm: WarmLayers | None = None,
) -> LayerSource:
    """One layer's version in force on a day and its features near `bounds`, or all of them."""
    candidates = [version for version in known if version.code == code]
    if not candidates:
        return LayerSource(reason="layer_missing")
    version = in_force(candidates, as_of)
    if version is None:
        return LayerSource(reason="not_in_force")
    try:
        stored = warm.read(library, version) if warm else None
        stored = stored or read_version(library, version, bounds)
        coverage = coverage_of(library, version)
    except OneMapError:
        return LayerSource(reason="unreadable", version=version)
    entry = library.catalogue()[code]
    rasters: tuple[RasterReference, ...] = ()
    if entry.geometry == "raster":
        rasters = tuple(reference_of(stored.attributes.iloc[row], library.path) for row in range(len(stored.fids)))
    return LayerSource(None, version, stored, coverage, _names(stored, entry.key), rasters)


def near_origin(source: LayerSource, origin: tuple[float, float]) -> LayerSource:
    """The same layer with coordinates counted from `origin`."""
    if source.stored is None or source.coverage is None:
        return source
    back = (-origin[0], -origin[1])
    stored = replace(source.stored, geometries=moved(source.stored.geometries, back))
    (coverage,) = moved(np.array([source.coverage], dtype=object), back)
    return replace(source, stored=stored, coverage=coverage)


def _names(stored: StoredFeatures, key: str | None) -> np.ndarray:
    """Each feature's key as text, else its row in the source, which is its fid."""
    names = stored.fids.astype(str).astype(object)
    if key is not None and key in stored.attributes.columns:
        keys = np.array([text_value(value) for value in stored.attributes[key]], dtype=object)
        named = keys != None  # noqa: E711 - elementwise
        names[named] = keys[named]
    return names
