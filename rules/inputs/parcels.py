"""The ground in question: parcels from any source, each with its id, valid and in the library's CRS."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import text_values
from onemap.layers.geometry.validity import refuse_beyond, sorted_geometries
from onemap.layers.ingest.placing import SourceOptions, in_crs
from onemap.layers.library.library import sha256
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.reading import read_source

_READ = 0.6  # of the time: the rest is the proof that they are sound
ID_FIELDS = ("parcel", "DKBH", "DKID", "BSM", "XMDM")


@dataclass(frozen=True)
class Parcels:
    """Parcels (n,): ids as text, dissolved polygons in the library's CRS, all their attributes."""

    ids: np.ndarray
    geometries: np.ndarray
    attributes: pd.DataFrame
    id_field: str | None
    source: str
    source_hash: str
    problems: tuple[Problem, ...]

    @cached_property
    def wkb(self) -> np.ndarray:
        """The polygons as WKB (n,), made once for all who write or compare them."""
        bodies: np.ndarray = shapely.to_wkb(self.geometries, byte_order=1)
        return bodies

    @cached_property
    def ground_hash(self) -> str:
        """SHA-256 of all polygons as WKB, one after the other."""
        return sha256(b"".join(self.wkb))

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each polygon (n, 4)."""
        boxes: np.ndarray = shapely.bounds(self.geometries).reshape(-1, 4)
        return boxes

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all of them."""
        west, south = self.boxes[:, :2].min(axis=0).tolist()
        east, north = self.boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @cached_property
    def vertices(self) -> np.ndarray:
        """How many vertices each polygon has (n,)."""
        vertices: np.ndarray = shapely.get_num_coordinates(self.geometries)
        return vertices

    def at(self, rows: np.ndarray) -> "Parcels":
        """Some of them: positions (k,)."""
        attributes = self.attributes.iloc[rows].reset_index(drop=True)
        some = replace(self, ids=self.ids[rows], geometries=self.geometries[rows], attributes=attributes)
        if "wkb" in self.__dict__:
            some.__dict__["wkb"] = self.wkb[rows]
        return some


def id_field_of(columns: list[str], wanted: str | None, place: dict[str, Any]) -> str | None:
    """--id, else the first present of ID_FIELDS; exactly, then ignoring case."""
    for name in (wanted,) if wanted else ID_FIELDS:
        if name in columns:
            return name
        alike = [column for column in columns if column.lower() == name.lower()]
        if len(alike) > 1:
            raise OneMapError("field.ambiguous", field=name, names=alike, **place)
        if alike:
            return alike[0]
    if wanted:
        raise OneMapError("field.missing", field=wanted, names=columns, **place)
    return None


def _checked_ids(attributes: pd.DataFrame, field: str | None, rows: int, place: dict[str, Any]) -> np.ndarray:
    if field is None:
        return np.array([str(row) for row in range(1, rows + 1)], dtype=object)
    ids = text_values(attributes[field].tolist())
    if None not in (distinct := set(ids)) and len(distinct) == len(ids):
        return np.array(ids, dtype=object)
    times = Counter(ids)
    problems = [
        Problem(
            "parcel.id",
            {**place, "feature": name or str(row), "row": row, "field": field},
        )
        for row, name in enumerate(ids, start=1)
        if name is None or times[name] > 1
    ]
    raise OneMapError.of(problems)


def read_parcels(
    source: str,
    layer: str | None,
    id_field: str | None,
    encoding: str | None,
    wishes: SourceOptions,
    target: pyproj.CRS,
    workers: int = 1,
    progress: Progress = SILENT,
) -> Parcels:
    """Parcels of a file; several polygons in one feature are one parcel.

    workers: threads.
    Raises OneMapError parcel.id (null or repeated), geometry.…, crs.…, source.….
    """
    raw = read_source(source, layer, encoding, progress.part(0.0, _READ))
    place = {"file": raw.path.name, "layer": raw.layer}
    field = id_field_of(list(map(str, raw.attributes.columns)), id_field, place)
    ids = _checked_ids(raw.attributes, field, len(raw.geometries), place)
    refuse_beyond(raw.geometries, ids, place)
    carried, remarks = in_crs(raw.geometries, raw, wishes, target)
    sound = sorted_geometries(
        carried, "polygon", ids, wishes.repair, place, workers, progress.part(_READ, 1.0)
    ).require_sound(place)
    geometries = dissolved(sound.geometries)
    empty = np.flatnonzero(shapely.area(geometries) <= 0)
    if len(empty):
        raise OneMapError.of(Problem("geometry.empty", {**place, "feature": ids[row], "row": row + 1}) for row in empty)
    problems = (*raw.problems, *remarks, *sound.repairs)
    return Parcels(ids, geometries, raw.attributes, field, raw.path.name, raw.source_hash, problems)


def dissolved(geometries: np.ndarray) -> np.ndarray:
    """Valid (multi)polygons (n,), whose parts that share an edge are one."""
    several = np.flatnonzero(shapely.get_num_geometries(geometries) > 1)
    result = geometries.copy()
    # Valid multipolygons only touch in points, so this changes nothing but parts that share an edge.
    result[several] = shapely.union_all(geometries[several][:, None], axis=1)
    return result


def no_parcels(source: str, source_hash: str) -> Parcels:
    """What is known of parcels before they are read."""
    nothing = np.empty(0, dtype=object)
    return Parcels(nothing, nothing, pd.DataFrame(), None, source, source_hash, ())
