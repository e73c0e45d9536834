"""The version of each layer that a run uses, with its features near the parcels, or the reason why there is none."""

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.coverage_names import DISTRICT, EXTENT
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError, require_value
from onemap.layers.frames.fields import object_array, text_values
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import vertices_of
from onemap.layers.geometry.wkb_reading import geometry_of_wkb
from onemap.layers.ingest.coverage import reaches_over
from onemap.layers.ingest.normalise import normalise
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.ingest.raster_reading import raster_frame
from onemap.layers.library.chosen_features import features_near, features_of
from onemap.layers.library.library import Library, now
from onemap.layers.library.versions import (
    COUNTED,
    StoredFeatures,
    Version,
    content_hash,
    coverage_of,
    coverage_wkb,
    in_force,
    read_version,
)
from onemap.layers.rasters.raster_reference import RasterReference, reference_of
from onemap.layers.reason import Reason
from onemap.layers.sources.reading import read_source, source_name, state_of
from onemap.layers.stores.store import DamagedTable
from onemap.layers.value_groups import groups_of
from onemap.rules.judge.inputs.check_record import LayerRecord
from onemap.rules.judge.inputs.layer_cache import CachedLayer, LayerCache, is_of_desk
from onemap.rules.judge.inputs.subdivision_store import StoredCut, cut_near
from onemap.rules.judge.overlay.overlay import MARGIN_M
from onemap.rules.judge.overlay.subdivision import Pieces, subdivide_polygons

_WORTH_BOXES = 10_000  # features: of fewer, all that lie between some boxes are read as fast, and a session keeps them


@dataclass(frozen=True)
class LayerSource:
    """One layer of a run: a version and its features, or the reason why there is none.

    entry: of the catalogue.
    larger: the layer of which these features are rows (k,), ascending, so that its pieces can be used.
    """

    reason: str | None = None
    version: Version | None = None
    stored: StoredFeatures | None = None
    coverage: shapely.Geometry | None = None
    names: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    rasters: tuple[RasterReference, ...] = ()
    cut: Callable[[], StoredCut] | None = None
    larger: "tuple[LayerSource, np.ndarray] | None" = None
    entry: LayerEntry | None = None

    @property
    def features(self) -> StoredFeatures:
        """The features of the layer. Raises DefectError if it could not be read; callers check `reason` first."""
        return require_value(self.stored, "features of a layer that was read")

    @property
    def read_version(self) -> Version:
        """The layer's version. Raises DefectError if there is none; `reason` says why."""
        return require_value(self.version, "the version of a layer that was read")

    @cached_property
    def pieces(self) -> Pieces:
        """The polygons cut small; where the library stores the pieces, only those near the ground that was read."""
        if self.larger is not None:
            whole, rows = self.larger
            return whole.pieces_of(rows)
        geometries = self.stored.geometries if self.stored is not None else np.empty(0, dtype=object)
        if self.cut is None:
            return subdivide_polygons(geometries)
        cut = self.cut()
        rows = np.flatnonzero(~cut.is_cut)
        rest = subdivide_polygons(geometries[rows])
        return Pieces.concatenate([cut.pieces, Pieces(rest.geometries, rows[rest.owner])])

    def pieces_of(self, rows: np.ndarray) -> Pieces:
        """The pieces of some of its features: rows (k,), ascending."""
        return self.pieces.of_rows(rows, len(self.names))

    def of_rows(self, rows: np.ndarray) -> "LayerSource":
        """The same layer with only some of its features: rows (k,), ascending."""
        if self.stored is None:
            return self
        return replace(self, stored=self.stored.at(rows), names=self.names[rows], larger=(self, rows))

    def record(self, code: str) -> LayerRecord:
        """The version of a layer that a run used, or the reason why there was none."""
        version = self.version
        if version is None:
            return {"code": code, "label": None, "table": None, "hash": None, "coverage": None, "reason": self.reason}
        return {
            "code": code,
            "label": version.label,
            "table": version.table,
            "hash": version.hash,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "recorded_at": version.recorded_at,
            "coverage": version.coverage_kind,
            "reason": self.reason,
        }


class LayerReader(Protocol):
    """A source of layers for a check: a library, or the cases of a pack."""

    @property
    def crs(self) -> pyproj.CRS:
        """The system of all coordinates."""

    @property
    def catalogue(self) -> Mapping[str, LayerEntry]:
        """The entry of each layer."""

    def read(self, code: str, bounds: Sequence[float] | None, boxes: np.ndarray | None = None) -> LayerSource:
        """One layer near `bounds`; boxes (k, 4): as of `Sources.read`."""

    def expect(self, boxes: Mapping[str, Sequence[float]]) -> None:
        """Announce the ground near which some layers, by code, will be read."""

    def features(self, code: str) -> int:
        """How many features a layer has."""


@dataclass(frozen=True)
class Sources:
    """The layers of a run: the library's versions of a day, or a file in a layer's place for a trial.

    required: the fields that the rules use, by layer; origin: the point from which coordinates are counted; unreadable:
    layers of which some ground is known to be damaged, so that nothing is read from them.
    """

    library: Library
    known: Sequence[Version]
    as_of: date
    replaced: Mapping[str, str]
    required: Mapping[str, Sequence[str]]
    origin: tuple[float, float]
    unreadable: frozenset[str] = frozenset()

    @property
    def crs(self) -> pyproj.CRS:
        """The library's system."""
        return self.library.crs

    @cached_property
    def catalogue(self) -> dict[str, LayerEntry]:
        """The library's catalogue, read once for a run."""
        return self.library.catalogue()

    @cached_property
    def _versions(self) -> dict[str, list[Version]]:
        """The known versions of each layer."""
        return groups_of((version.code, version) for version in self.known)

    def read(self, code: str, bounds: Sequence[float] | None, boxes: np.ndarray | None = None) -> LayerSource:
        """One layer near `bounds` (in the library's plane), or all of it.

        boxes (k, 4): if they lie far apart within the bounds, only features near them are read. Raises OneMapError if a
        replacing file is refused.
        """
        version = in_force(self._versions.get(code, ()), self.as_of)
        if code in self.replaced:
            return near_origin(self._replacement(code, version), self.origin)
        if version is None:
            return LayerSource(reason=Reason.NOT_IN_FORCE if code in self._versions else Reason.LAYER_MISSING)
        if code in self.unreadable:
            return LayerSource(reason=Reason.UNREADABLE, version=version)
        return self.of_version(version, bounds, boxes)

    def features(self, code: str) -> int:
        """How many features the version of a layer in force has; 0 where nothing is read from the library."""
        version = in_force(self._versions.get(code, ()), self.as_of)
        return 0 if version is None or code in self.replaced or code in self.unreadable else version.count

    def of_version(
        self, version: Version, bounds: Sequence[float] | None, boxes: np.ndarray | None = None
    ) -> LayerSource:
        """A version, in force or not, near `bounds`, or near boxes (k, 4) within them."""
        error_m = _error_m(version)
        if bounds is not None:
            bounds = _widened_bounds(bounds, error_m)
        entry = self.catalogue[version.code]
        if bounds is None or entry.geometry == "raster":
            return self._read_anew(version, entry, bounds)[0]
        if boxes is not None and self.library.path is not None and version.count >= _WORTH_BOXES:
            grown = boxes + np.array([-error_m, -error_m, error_m, error_m])
            return self._read_anew(version, entry, bounds, lambda: features_near(self.library, version, grown))[0]
        read = partial(self._layer_for_cache, version, entry)
        mark = self._marks.get(version.table)
        layer, rows = self._cache.near(self._cached_name(version, entry), bounds, read, self.library, mark)
        return layer if rows is None else layer.of_rows(rows)

    def expect(self, boxes: Mapping[str, Sequence[float]]) -> None:
        """Announce the ground near which layers will be read: a server is asked once whether cached ground holds.

        boxes: by the layer's code west, south, east, north in the library's plane.
        """
        if self.library.path is not None:
            return
        boxes_by_table: dict[str, Sequence[float]] = {}
        names: dict[str, tuple[Version, Hashable]] = {}
        for code, bounds in boxes.items():
            version, entry = in_force(self._versions.get(code, ()), self.as_of), self.catalogue.get(code)
            is_read = code not in self.replaced and code not in self.unreadable
            if version is None or entry is None or not is_read or entry.geometry == "raster":
                continue
            name = self._cached_name(version, entry)
            box = self._cache.box_for(name, _widened_bounds(bounds, _error_m(version)))
            if is_of_desk(box):
                boxes_by_table[version.table], names[version.table] = box, (version, name)
        counted_tables: set[str] = self.library.kept.setdefault(COUNTED, set())
        for table, (count, *rest) in self.library.connection.marks_near(boxes_by_table).items():
            version, name = names[table]
            self._marks[table] = (*boxes_by_table[table], count, *rest)
            self._cache.confirm(name, self.library, self._marks[table])
            if count == version.count:
                counted_tables.add(table)

    @cached_property
    def _cache(self) -> LayerCache[LayerSource]:
        cache: LayerCache[LayerSource] = self.library.kept_by_marks.setdefault("ground", LayerCache())
        return cache

    @cached_property
    def _marks(self) -> dict[str, Hashable]:
        """For the table of each version the ground that will be read, and its mark."""
        return {}

    def _cached_name(self, version: Version, entry: LayerEntry) -> Hashable:
        return self.library.label, version, entry.geometry, entry.key, self.origin

    def rows_of_version(self, version: Version, fids: np.ndarray) -> LayerSource:
        """Some features of a version (k,) of a library in a file, only with ground and values."""
        entry = self.catalogue[version.code]
        return self._read_anew(version, entry, None, lambda: features_of(self.library, version, fids))[0]

    def _layer_for_cache(
        self, version: Version, entry: LayerEntry, bounds: Sequence[float]
    ) -> CachedLayer[LayerSource]:
        """A version near `bounds`, for the cache: its arrays must not be changed."""
        layer, boxes = self._read_anew(version, entry, bounds)
        if layer.stored is None:
            return CachedLayer(layer, boxes, 0, is_whole=False)
        shapes = layer.stored.shapes
        for array in (layer.stored.fids, layer.names, *([shapes] if isinstance(shapes, np.ndarray) else [])):
            array.flags.writeable = False
        return CachedLayer(layer, boxes, vertices_of(shapes))

    def _read_anew(
        self,
        version: Version,
        entry: LayerEntry,
        bounds: Sequence[float] | None,
        read_chosen: Callable[[], StoredFeatures] | None = None,
    ) -> tuple[LayerSource, np.ndarray]:
        """A version near `bounds`, read from the library, and the boxes (n, 4) of its features in the library's plane.

        read_chosen: reads the features, where not all are wanted; it may raise DamagedTable.
        """
        try:
            if read_chosen is None:
                features = read_version(self.library, version, bounds, self.origin)
            else:
                features = _features_from_origin(read_chosen(), self.origin)
            coverage = _local_ground(coverage_wkb(self.library, version), self.origin, threading.get_ident())
        except (OneMapError, DamagedTable, shapely.GEOSException):
            return LayerSource(reason=Reason.UNREADABLE, version=version), np.empty((0, 4))
        rasters: tuple[RasterReference, ...] = ()
        if entry.geometry == "raster":
            path = self.library.path
            rasters = tuple(reference_of(features.attributes.iloc[row], path) for row in range(len(features.fids)))
        cut = None
        if entry.geometry == "polygon":
            cut = partial(cut_near, self.library, version, self.origin, features, self._ground_around(bounds))
        source = LayerSource(None, version, features, coverage, _names(features, entry.key), rasters, cut, entry=entry)
        return source, np.empty((0, 4)) if features.boxes is None else features.boxes

    def _ground_around(self, bounds: Sequence[float] | None) -> Bounds | None:
        """The ground near which pieces are needed, counted from the origin, including the margin of overlays."""
        if bounds is None:
            return None
        east, north = self.origin
        local = bounds[0] - east, bounds[1] - north, bounds[2] - east, bounds[3] - north
        return _widened_bounds(local, 2 * MARGIN_M)

    def _replacement(self, code: str, version: Version | None) -> LayerSource:
        """Read a file as if it were the layer's version."""
        entry = known_layer(self.catalogue, code, "--replace")
        if entry.geometry not in ("polygon", "line", "point", "raster"):
            raise OneMapError("layer.unknown", layer=code, field="--replace", meant="")
        file = self.replaced[code]
        rasters: tuple[RasterReference, ...] = ()
        if entry.geometry == "raster":
            frame = raster_frame(file, entry, None, self.library.crs, None)
            rasters = (reference_of(frame.attributes.iloc[0], None),)
        else:
            frame = trial_frame(self.library, entry, file, self.required.get(code, ()))
        features = StoredFeatures(np.arange(1, len(frame.geometries) + 1), frame.geometries, frame.attributes)
        coverage, kind = self._ground_of_trial(code, version, frame.geometries)
        trial = Version(
            code=code,
            number=0,
            table=f"{code}__trial",
            label=source_name(file),
            valid_from=None,
            valid_to=None,
            recorded_at=now(),
            count=len(frame.geometries),
            hash=content_hash(frame.geometries, frame.attributes),
            coverage_kind=kind,
            coverage_m2=float(shapely.area(coverage)),
            accuracy_m=None,
        )
        return LayerSource(None, trial, features, coverage, _names(features, entry.key), rasters, entry=entry)

    def _ground_of_trial(
        self, code: str, version: Version | None, geometries: np.ndarray
    ) -> tuple[shapely.Geometry, str]:
        """The ground for which a file in a layer's place speaks, and the kind of this coverage.

        It is the coverage of the version in force, else of the last version; without any version the district; and the
        file's own box if the file lies in a corner of the district, or there is none.
        """
        counting = (one for one in reversed(self._versions.get(code, ())) if one.retired is None)
        last = version or next(counting, None)
        if last is not None:
            return coverage_of(self.library, last), last.coverage_kind
        district, bounds = self.library.district(), shapely.total_bounds(geometries)
        if district is not None and reaches_over(bounds, district):
            return district, DISTRICT
        return shapely.box(*bounds), EXTENT


def trial_frame(library: Library, entry: LayerEntry, file: str, required: Sequence[str]) -> CleanFrame:
    """The features of a file in a layer's place, read once while the file is unchanged.

    required: the fields that the rules use. Raises OneMapError if it is refused.
    """
    trial_frames: dict[str, tuple[object, CleanFrame]] = library.kept.setdefault("trials", {})
    path = Path(file)
    state = (path.absolute(), state_of(path, path), tuple(required)) if path.exists() else None
    if state is None or trial_frames.get(entry.code, (None,))[0] != state:
        trial_frames[entry.code] = (
            state,
            normalise(read_source(file, None, None), entry, library.crs, SourceOptions(), required),
        )
    return trial_frames[entry.code][1]


def _error_m(version: Version) -> float:
    """How much nearer than drawn two features may be within the boundary error, in metres."""
    return 2 * (version.accuracy_m or 0.0)


def _widened_bounds(bounds: Sequence[float], by_m: float) -> Bounds:
    return bounds[0] - by_m, bounds[1] - by_m, bounds[2] + by_m, bounds[3] + by_m


def near_origin(source: LayerSource, origin: tuple[float, float]) -> LayerSource:
    """The same layer with coordinates counted from `origin`."""
    if source.stored is None or source.coverage is None:
        return source
    (coverage,) = shift_geometries(np.array([source.coverage], dtype=object), (-origin[0], -origin[1]))
    return replace(source, stored=_features_from_origin(source.stored, origin), coverage=coverage)


def _features_from_origin(features: StoredFeatures, origin: tuple[float, float]) -> StoredFeatures:
    boxes = shapely.bounds(features.geometries).reshape(-1, 4)
    return replace(features, shapes=shift_geometries(features.geometries, (-origin[0], -origin[1])), boxes=boxes)


@lru_cache(maxsize=16)
def _local_ground(wkb: bytes, origin: tuple[float, float], _thread: int) -> shapely.Geometry:
    """A coverage counted from `origin`, prepared; most layers of a city share one, and every request needs it.

    Each thread has its own. Raises shapely.GEOSException.
    """
    (ground,) = shift_geometries(np.array([geometry_of_wkb(wkb)], dtype=object), (-origin[0], -origin[1]))
    shapely.prepare(ground)
    return ground


def _names(features: StoredFeatures, key: str | None) -> np.ndarray:
    """Each feature's key as text, else its row in the source, which is its fid."""
    fids = features.fids.tolist()
    names: list[str] = list(map(str, fids))
    if key is not None and key in features.attributes.columns:
        keys = text_values(features.attributes[key].to_numpy(dtype=object).tolist())
        names = [key_text if key_text is not None else name for key_text, name in zip(keys, names, strict=True)]
    return object_array(names)
