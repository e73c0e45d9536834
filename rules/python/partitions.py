"""Frames of dask-geopandas: a check of one, whose tables are Dask frames too, and a version of a layer as one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, ProblemPlace, UsageError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import read_version
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.contract.check_parameters import CHECK_PARAMETERS
from onemap.rules.contract.declaration import declare_verb
from onemap.rules.judge.distributed.geodataframes import PARCELS, check_frame, refuse_unplaced
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.inputs.parcels import id_field_of
from onemap.rules.python.verb_call import plain_values

_CHECK = declare_verb("check", *CHECK_PARAMETERS)
Box: TypeAlias = Sequence[float] | gpd.GeoDataFrame | gpd.GeoSeries
_SIDES = 4


def is_partitioned(parcels: object) -> bool:
    """Whether an object is a frame of dask-geopandas; tested without importing it."""
    kind = type(parcels)
    return kind.__module__.partition(".")[0] == "dask_geopandas" and kind.__name__ == "GeoDataFrame"


class PartitionedTables:
    """The tables of a check of a partitioned frame, not computed yet; nothing is recorded in the library."""

    def __init__(
        self, parcels: Any, library: str, crs: pyproj.CRS, today: date, language: str, wishes: Mapping[str, Any]
    ) -> None:
        """Take the options. crs, today: the library's; wishes: packs, only, as_of and id, as for `check`.

        Raises UsageError usage.…, OneMapError python.geometry, crs.missing, crs.no_transformation, field.missing.
        """
        values = plain_values(_CHECK, wishes)
        if parcels._meta._geometry_column_name not in parcels.columns:
            raise OneMapError("python.geometry", field=PARCELS)
        refuse_unplaced(parcels, crs)
        place = ProblemPlace(file=PARCELS, layer=None)
        field = id_field_of(list(map(str, parcels.columns)), values.get("id"), place)
        if field is None:
            raise UsageError("usage.required", field="id", verb="check")
        self._parcels, self._library = parcels, library
        self._how: dict[str, Any] = {
            "id_field": field,
            "packs": values.get("pack") or (),
            "only": values.get("only") or (),
        }
        self.as_of: date = values.get("as_of") or today
        self._how |= {"as_of": self.as_of, "language": language}

    @property
    def names(self) -> list[str]:
        """The names of all tables."""
        return [PARCELS, *ROW_TABLES]

    def read(self, name: str) -> Any:
        """A frame of dask-geopandas, not yet computed."""
        return check_frame(self._parcels, self._library, table=name, **self._how)


def refuse_other_wishes(**wishes: Any) -> None:
    """Raise UsageError usage.apart for options that a check of partitions does not support."""
    for name, value in wishes.items():
        if value not in (None, False):
            raise UsageError("usage.apart", field=name, other="dask_geopandas.GeoDataFrame")


def version_frame(
    library: Library, name: str, as_of: date, known_at: datetime | None, bbox: Box | None
) -> gpd.GeoDataFrame:
    """The features of CODE (the version in force) or CODE@label, in the library's CRS, numbered by their fids.

    bbox: only features that meet this box: west, south, east, north in the library's CRS; or that of a frame.
    Raises OneMapError layer.unknown, compare.label, compare.not_in_force, python.raster, usage.value,
    version.unreadable.
    """
    version = version_named(library, name, as_of, known_at, "code")
    if library.catalogue()[version.code].geometry == "raster":
        raise OneMapError("python.raster", layer=version.code)
    box = None if bbox is None else _box(library, bbox)
    features = read_version(library, version, box)
    geometries, attributes, fids = features.geometries, features.attributes, features.fids
    if box is not None:  # boxes that meet are not yet features that do
        corners = np.reshape(box, (2, 2))
        meets = shapely.intersects(geometries, shapely.envelope(shapely.multipoints(corners)))  # also of no width
        geometries, attributes, fids = geometries[meets], attributes[meets], fids[meets]
    shape = "geometry"
    while shape in attributes.columns:
        shape += "_"
    columns = {name: attributes[name].to_numpy() for name in attributes.columns}
    columns[shape] = gpd.GeoSeries(geometries, crs=library.crs).to_numpy()
    frame = pd.DataFrame(columns, index=pd.Index(fids, name="fid"))
    return gpd.GeoDataFrame(frame, geometry=shape, crs=library.crs)


def _box(library: Library, bbox: Box) -> tuple[float, ...]:
    if isinstance(bbox, (gpd.GeoDataFrame, gpd.GeoSeries)):
        if bbox.crs is None:
            raise OneMapError("crs.missing", file="bbox", suggestion=None)
        sides = tuple(bbox.to_crs(library.crs).total_bounds.tolist())
    else:
        try:
            sides = tuple(float(side) for side in bbox)
        except (TypeError, ValueError):
            sides = ()
    is_box = len(sides) == _SIDES and np.isfinite(sides).all() and sides[0] <= sides[2] and sides[1] <= sides[3]
    if not is_box:
        raise UsageError("usage.value", field="bbox", value=str(bbox)[:200])
    return sides
