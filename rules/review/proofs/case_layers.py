"""The layers that test cases draw, in memory: each case has a cell of its own, out of the reach of its neighbours."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.frames.fields import object_array
from onemap.layers.library.versions import StoredFeatures, Version
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.reason import Reason
from onemap.rules.judge.inputs.layer_sources import LayerSource
from onemap.rules.judge.overlay.unchanging_sets import freeze_set
from onemap.rules.review.proofs.case_reading import DrawnFeature
from onemap.rules.review.proofs.proof_cases import Case

CELL_M, _IN_ROW, _FIRST_M = 6_000.0, 40, 60_000.0  # no coordinate near zero, where floating point is too fine
_SYSTEM = "EPSG:4547"
_CELL_OF_RASTER_M, _NO_HEIGHT = 25.0, -9999.0


@dataclass(frozen=True)
class CaseGround:
    """Cases (n,) that are judged together, and whose layers have the same versions.

    ever_loaded, in_force: codes of layers; official: layers that count only where a case draws them; folder: for the
    files of rasters.
    """

    cases: tuple[Case, ...]
    catalogue: Mapping[str, LayerEntry]
    ever_loaded: frozenset[str]
    in_force: frozenset[str]
    official: frozenset[str]
    folder: Path

    @cached_property
    def corners(self) -> np.ndarray:
        """The south-west corner (n, 2) of each case's cell."""
        number = np.arange(len(self.cases))
        return _FIRST_M + CELL_M * np.stack([number % _IN_ROW, number // _IN_ROW], axis=1).astype(float)

    @cached_property
    def parcels(self) -> np.ndarray:
        """The parcels (n,), each in its cell."""
        return freeze_set(self._in_cells([case.parcel for case in self.cases], np.arange(len(self.cases))))

    @property
    def crs(self) -> pyproj.CRS:
        """A plane in metres; any will do."""
        return pyproj.CRS(_SYSTEM)

    def expect(self, boxes: Mapping[str, Sequence[float]]) -> None:
        """Do nothing: all layers are in memory."""

    def features(self, code: str) -> int:
        """How many features of a layer the cases draw."""
        return len(self._features_by_layer.get(code, ()))

    def read(self, code: str, bounds: Sequence[float] | None, boxes: np.ndarray | None = None) -> LayerSource:
        """One layer, with the features of all cases, or the reason why it says nothing."""
        del bounds, boxes  # all of it is at hand
        if code not in self.in_force:
            return LayerSource(reason=Reason.NOT_IN_FORCE if code in self.ever_loaded else Reason.LAYER_MISSING)
        entry, layer_features = self.catalogue[code], self._features_by_layer.get(code, [])
        shapes = self._in_cells(
            [feature.shape for _, feature in layer_features], np.array([place for place, _ in layer_features], int)
        )
        attributes, rasters = self._attributes(entry, layer_features), tuple[RasterReference, ...]()
        if entry.geometry == "raster":
            rasters = self._rasters(layer_features, shapes)
            attributes = pd.DataFrame(index=range(len(rasters)))
            shapes = np.array([shapely.box(*shapely.total_bounds(shapes))] if layer_features else [], dtype=object)
        boxes = shapely.bounds(shapes).reshape(-1, 4)
        features = StoredFeatures(np.arange(1, len(shapes) + 1), freeze_set(shapes), attributes, boxes)
        names = object_array(map(str, features.fids.tolist()))
        coverage = self._coverage(code)
        return LayerSource(
            None, self._version(code, len(layer_features)), features, coverage, names, rasters, entry=entry
        )

    @cached_property
    def _features_by_layer(self) -> dict[str, list[tuple[int, DrawnFeature]]]:
        features_by_layer: dict[str, list[tuple[int, DrawnFeature]]] = {}
        for place, case in enumerate(self.cases):
            for feature in case.features:
                features_by_layer.setdefault(feature.layer, []).append((place, feature))
        return features_by_layer

    def _in_cells(self, shapes: Sequence[shapely.Geometry], place: np.ndarray) -> np.ndarray:
        own_shapes = object_array(shapes)
        owner = np.repeat(place, shapely.get_num_coordinates(own_shapes)) if len(own_shapes) else place
        moved_shapes: np.ndarray = shapely.set_coordinates(
            own_shapes.copy(), shapely.get_coordinates(own_shapes) + self.corners[owner]
        )
        return moved_shapes

    @staticmethod
    def _attributes(entry: LayerEntry, layer_features: Sequence[tuple[int, DrawnFeature]]) -> pd.DataFrame:
        """Every field of the schema, null where a case does not give it."""
        names = dict.fromkeys([*(one.name for one in entry.fields), *([entry.key] if entry.key else [])])
        columns = {name: object_array(one.fields.get(name) for _, one in layer_features) for name in names}
        return pd.DataFrame(columns, index=range(len(layer_features)))

    def _coverage(self, code: str) -> shapely.Geometry:
        """The ground of all cells, without those of cases for which the layer says nothing."""
        if code in self.official:
            silent_cases = [
                place for place, case in enumerate(self.cases) if any(one.layer == code for one in case.features)
            ]
            ground = shapely.union_all(self._cells(np.array(silent_cases, dtype=int)))
        else:
            ends = [place for place, case in enumerate(self.cases) if code in case.beyond]
            last = float(self.corners.max()) + 2 * CELL_M
            ground = shapely.box(0.0, 0.0, last, last)
            if ends:
                ground = shapely.difference(ground, shapely.union_all(self._cells(np.array(ends, dtype=int))))
        shapely.prepare(ground)
        return ground

    def _cells(self, place: np.ndarray) -> np.ndarray:
        half = CELL_M / 2
        west, south = self.corners[place].T
        cells: np.ndarray = shapely.box(west - half, south - half, west + half, south + half)
        return cells

    @staticmethod
    def _version(code: str, count: int) -> Version:
        return Version(
            code=code,
            number=1,
            table=code,
            label="cases",
            valid_from=None,
            valid_to=None,
            recorded_at="",
            count=count,
            hash="",
            coverage_kind="district",
            coverage_m2=math.nan,
            accuracy_m=None,
        )

    def _rasters(
        self, layer_features: Sequence[tuple[int, DrawnFeature]], shapes: np.ndarray
    ) -> tuple[RasterReference, ...]:
        """The grids of all cases as one file, like a version's: planes of a slope, or of one value."""
        if not layer_features:
            return ()
        west, south, east, north = shapely.total_bounds(shapes)
        columns, rows = (math.ceil((end - begin) / _CELL_OF_RASTER_M) for begin, end in ((west, east), (south, north)))
        heights = np.full((rows, columns), _NO_HEIGHT, dtype=np.float32)
        for (_, feature), shape in zip(layer_features, shapes, strict=True):
            x1, y1, x2, y2 = (
                ((np.array(shape.bounds) - [west, south, west, south]) / _CELL_OF_RASTER_M).round().astype(int)
            )
            rise = math.tan(math.radians(feature.slope or 0.0)) * _CELL_OF_RASTER_M
            heights[rows - y2 : rows - y1, x1:x2] = (feature.value or 0.0) + rise * np.arange(x2 - x1)
        return (self._raster_file(heights, west, north),)

    def _raster_file(self, heights: np.ndarray, west: float, north: float) -> RasterReference:
        import rasterio
        from rasterio.transform import from_origin

        path = self.folder / f"{len(list(self.folder.iterdir()))}.tif"
        profile: dict[str, Any] = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": _SYSTEM}
        profile |= {"nodata": _NO_HEIGHT, "compress": "deflate", "tiled": True}
        rows, columns = heights.shape
        grid = from_origin(west, north, _CELL_OF_RASTER_M, _CELL_OF_RASTER_M)
        with rasterio.open(path, "w", width=columns, height=rows, transform=grid, **profile) as file:
            file.write(heights, 1)
        state = path.stat()
        return RasterReference(path, hashlib.sha256(path.read_bytes()).hexdigest(), state.st_size, state.st_mtime_ns)
