"""The parcels of a run as its tables show them: what a row says of a whole parcel is worked out once for all rows."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import is_

import numpy as np
import pyproj
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import multi, shift_polygons

_POLYGON = struct.pack("<BI", 1, shapely.GeometryType.POLYGON)  # how its WKB begins
_OF_ONE = struct.pack("<BII", 1, shapely.GeometryType.MULTIPOLYGON, 1)  # a multipolygon's, before its one part


def as_multis(bodies: np.ndarray) -> np.ndarray:
    """Polygons and multipolygons as WKB (n,), all of them as multipolygons."""
    multis = np.empty(len(bodies), dtype=object)
    multis[:] = [_OF_ONE + body if body.startswith(_POLYGON) else body for body in bodies.tolist()]
    return multis


@dataclass(frozen=True)
class ParcelRows:
    """Parcels (n,) by name, valid polygons in the library's plane, and as they are judged: counted from `origin`.

    given_wkb: makes the polygons' WKB (n,), or has made it.
    """

    names: np.ndarray
    geometries: np.ndarray
    given_wkb: Callable[[], np.ndarray]
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
    def multis(self) -> np.ndarray:
        """The parcels as multipolygons (n,)."""
        return multi(self.geometries, "polygon")

    @cached_property
    def wkb(self) -> np.ndarray:
        """The multipolygons as WKB (n,)."""
        return as_multis(self.given_wkb())

    def grounds_in_library(self, grounds: np.ndarray, parcel: np.ndarray) -> "GroundsInLibrary":
        """Grounds (k,), counted from the origin, or None, of parcels (k,), back in the library's plane."""
        whole = np.zeros(len(grounds), dtype=bool)
        if min(self.origin) >= 0:  # else what is taken off is put on again with a loss, and moving says how much
            pairs = map(is_, grounds.tolist(), self.local[parcel].tolist())
            whole = np.fromiter(pairs, dtype=bool, count=len(grounds))
        result = np.empty(len(grounds), dtype=object)
        result[whole] = self.geometries[parcel[whole]]
        result[~whole] = shift_polygons(grounds[~whole], self.origin)
        return GroundsInLibrary(self, result, np.where(whole, parcel, -1))


@dataclass(frozen=True)
class GroundsInLibrary:
    """Grounds (k,) in the library's plane, or None; parcel (k,): whose whole ground it is, -1 of a part."""

    parcels: ParcelRows
    geometries: np.ndarray
    parcel: np.ndarray

    def at(self, rows: np.ndarray) -> "GroundsInLibrary":
        """Some of them."""
        return GroundsInLibrary(self.parcels, self.geometries[rows], self.parcel[rows])

    @property
    def area_ellipsoidal_m2(self) -> np.ndarray:
        """Their areas on the ellipsoid (k,), 0 where there is none."""
        areas, part = self._from(self.parcels.area_ellipsoidal_m2)
        areas[part] = ellipsoidal_areas_m2(self.geometries[part], self.parcels.crs)
        return areas

    def multis_and_wkb(self, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """As multis of a kind, polygon, line or point, and the same as WKB."""
        multis, part = self._from(self.parcels.multis)
        multis[part] = multi(self.geometries[part], kind)
        wkb, _ = self._from(self.parcels.wkb)
        wkb[part] = shapely.to_wkb(multis[part], byte_order=1)
        return multis, wkb

    def _from(self, of_parcels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is known of whole parcels (k,), and the rows of parts, of which it is not."""
        part = np.flatnonzero(self.parcel < 0)
        known = np.empty(len(self.parcel), dtype=of_parcels.dtype)
        known[self.parcel >= 0] = of_parcels[self.parcel[self.parcel >= 0]]
        return known, part
