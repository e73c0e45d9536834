"""The parcels of a run as its tables show them; what every row needs of a whole parcel is computed once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj

from onemap.layers.geometry.areas import areas_of_ground_m2, areas_of_wkb_m2
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.shape_column import AnyShapes, areas_of
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.overlay.pair_ground import moved_ground

_LAST_DIGITS = 1e-10  # by which share two ways to sum one area differ


@dataclass(frozen=True)
class ParcelRows:
    """Parcels (n,) by name, and as they are judged: valid polygons counted from `origin`.

    boxes (n, 4): west, south, east, north of each in the library's plane.

    given_multis: returns the WKB (n,) of the polygons in that plane as multipolygons.
    """

    names: np.ndarray
    boxes: np.ndarray
    given_multis: Callable[[], pa.Array]
    local: AnyShapes
    origin: tuple[float, float]
    crs: pyproj.CRS

    @cached_property
    def area_m2(self) -> np.ndarray:
        """Their planar areas (n,)."""
        return areas_of(self.local)

    @cached_property
    def area_ellipsoidal_m2(self) -> np.ndarray:
        """Their areas on the ellipsoid (n,)."""
        return areas_of_wkb_m2(self.wkb, self.crs)

    @cached_property
    def wkb(self) -> pa.Array:
        """The parcels as multipolygons, as WKB (n,)."""
        return self.given_multis()

    def grounds_in_library(self, ground: FlatGround, parcel: np.ndarray) -> "GroundsInLibrary":
        """Grounds (k,) of parcels (k,), counted from the origin, moved back into the library's plane."""
        # Else what is taken off is put on again with a loss, and moving says how much.
        is_exact = min(self.origin) >= 0
        is_whole = ground.is_all_of(self.local, parcel) if is_exact else np.zeros(len(ground), dtype=bool)
        part = np.flatnonzero(~is_whole)
        moved_grounds = moved_ground(ground.at(part), self.origin).among(np.full(len(ground), None, dtype=object), part)
        return GroundsInLibrary(self, np.where(is_whole, parcel, -1), moved_grounds, parcel, ground)


@dataclass(frozen=True)
class GroundsInLibrary:
    """Grounds (k,) in the library's plane.

    parcel (k,): the parcel whose whole ground it is, -1 for a part; ground (k,): of the parts; lies_in (k,): the parcel
    of each; local (k,): all of them as they are judged.
    """

    parcels: ParcelRows
    parcel: np.ndarray
    ground: FlatGround
    lies_in: np.ndarray
    local: FlatGround

    @property
    def area_ellipsoidal_m2(self) -> np.ndarray:
        """The areas of the grounds on the ellipsoid in m² (k,), 0 without a geometry.

        What takes all of a parcel has the parcel's own area: that of its vertices, not of those that an overlay adds.
        """
        whole_m2 = self.parcels.area_m2[self.lies_in]
        is_whole = (self.parcel >= 0) | (np.abs(self.local.area_m2 - whole_m2) <= whole_m2 * _LAST_DIGITS)
        whole, part = np.flatnonzero(is_whole), np.flatnonzero(~is_whole)
        areas = np.empty(len(self.parcel))
        areas[whole] = self.parcels.area_ellipsoidal_m2[self.lies_in[whole]]
        areas[part] = areas_of_ground_m2(self.ground.at(part), self.parcels.crs)
        return areas

    @property
    def dimension(self) -> np.ndarray:
        """0 to 2 for points, lines and polygons, -1 where there is no ground: (k,)."""
        dimension: np.ndarray = np.where(self.parcel >= 0, 2, self.ground.dimension)
        return dimension

    @property
    def boxes(self) -> np.ndarray:
        """West, south, east, north (k, 4), not a number where there is no ground."""
        whole, boxes = np.flatnonzero(self.parcel >= 0), self.ground.boxes
        boxes[whole] = self.parcels.boxes[self.parcel[whole]]
        return boxes

    def wkb(self) -> pa.Array:
        """Multipolygons, multilines or multipoints as WKB (k,), null where there is no ground."""
        whole = np.flatnonzero(self.parcel >= 0)
        return self.ground.wkb([(whole, self.parcels.wkb.take(pa.array(self.parcel[whole])))] if len(whole) else ())


class Outlines:
    """The outlines of consecutive parcels of a run, to recognise rows that show a whole parcel.

    first: the position of the first of them among all parcels of the run.
    """

    def __init__(self, first: int, parcels: Parcels) -> None:
        self._first = first
        self._parcels = parcels

    @cached_property
    def _index(self) -> pd.Index:
        """The parcels' ids."""
        return pd.Index(self._parcels.ids, dtype=object)

    def of(self, names: np.ndarray, bodies: pa.Array) -> np.ndarray:
        """The position of the parcel whose outline is, byte by byte, a row's geometry, -1 for other rows: (k,).

        names, bodies: the parcels to which the rows belong, and the rows' geometries as WKB, or None.
        """
        multis = self._parcels.multis
        if bodies is multis:  # the parcels' own table
            return self._first + np.arange(len(bodies))
        size, own_size = (np.asarray(pc.fill_null(pc.binary_length(some), -1)) for some in (bodies, multis))
        positions, rows = np.full(len(bodies), -1), np.flatnonzero(np.isin(size, own_size))
        if len(rows) == 0:
            return positions
        parcel_places = np.asarray(self._index.get_indexer(pd.Index(names[rows], dtype=object)))
        # Only what is as long as the parcel's is looked at byte by byte.
        is_alike = (parcel_places >= 0) & (size[rows] == own_size[parcel_places])
        rows, parcel_places = rows[is_alike], parcel_places[is_alike]
        same = pc.equal(bodies.take(pa.array(rows)), multis.take(pa.array(parcel_places)))
        is_whole = np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)
        positions[rows[is_whole]] = self._first + parcel_places[is_whole]
        return positions
