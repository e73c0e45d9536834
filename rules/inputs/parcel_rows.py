"""The parcels of a run as its tables show them: what a row says of a whole parcel is worked out once for all rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import is_

import numpy as np
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.rules.overlay.pair_ground import moved_ground


@dataclass(frozen=True)
class ParcelRows:
    """Parcels (n,) by name, valid polygons in the library's plane, and as they are judged: counted from `origin`.

    given_multis: makes the polygons' WKB (n,) as multipolygons, or has made it.
    """

    names: np.ndarray
    geometries: np.ndarray
    given_multis: Callable[[], pa.Array]
    local: np.ndarray
    origin: tuple[float, float]
    crs: pyproj.CRS

    @cached_property
    def area_m2(self) -> np.ndarray:
        """Their planar areas (n,)."""
        areas: np.ndarray = shapely.area(self.local)
        return areas

    @cached_property
    def area_ellipsoidal_m2(self) -> np.ndarray:
        """Their areas on the ellipsoid (n,)."""
        return ellipsoidal_areas_m2(self.geometries, self.crs)

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of the parcels (n, 4)."""
        boxes: np.ndarray = shapely.bounds(self.geometries).reshape(-1, 4)
        return boxes

    @cached_property
    def wkb(self) -> pa.Array:
        """The parcels as multipolygons, as WKB (n,)."""
        return self.given_multis()

    def grounds_in_library(self, ground: FlatGround, parcel: np.ndarray) -> "GroundsInLibrary":
        """Grounds (k,), counted from the origin, of parcels (k,), back in the library's plane."""
        is_whole = np.zeros(len(ground), dtype=bool)
        if min(self.origin) >= 0:  # else what is taken off is put on again with a loss, and moving says how much
            rows = np.flatnonzero(ground.size == 0)
            pairs = map(is_, ground.others[rows].tolist(), self.local[parcel[rows]].tolist())
            is_whole[rows] = np.fromiter(pairs, dtype=bool, count=len(rows))
        whole, part = np.flatnonzero(is_whole), np.flatnonzero(~is_whole)
        given = np.full(len(ground), None, dtype=object)
        given[whole] = self.geometries[parcel[whole]]
        moved = moved_ground(ground.at(part), self.origin).among(given, part)
        return GroundsInLibrary(self, np.where(is_whole, parcel, -1), moved)


@dataclass(frozen=True)
class GroundsInLibrary:
    """Grounds (k,) in the library's plane; parcel (k,): whose whole ground it is, -1 of a part."""

    parcels: ParcelRows
    parcel: np.ndarray
    ground: FlatGround

    @property
    def area_ellipsoidal_m2(self) -> np.ndarray:
        """Their areas on the ellipsoid (k,), 0 where there is none."""
        whole, part = np.flatnonzero(self.parcel >= 0), np.flatnonzero(self.parcel < 0)
        areas = np.empty(len(self.parcel))
        areas[whole] = self.parcels.area_ellipsoidal_m2[self.parcel[whole]]
        areas[part] = ellipsoidal_areas_m2(self.ground.at(part).geometries, self.parcels.crs)
        return areas

    def wkb(self) -> pa.Array:
        """Multipolygons, multilines or multipoints as WKB (k,), null where there is no ground."""
        whole = np.flatnonzero(self.parcel >= 0)
        return self.ground.wkb([(whole, self.parcels.wkb.take(pa.array(self.parcel[whole])))] if len(whole) else ())
