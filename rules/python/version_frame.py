"""A version of a layer as a frame."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import read_version
from onemap.rules.answers.compare.plans import version_named

Box: TypeAlias = Sequence[float] | gpd.GeoDataFrame | gpd.GeoSeries
_SIDES = 4


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
    stored = read_version(library, version, box)
    geometries, attributes, fids = stored.geometries, stored.attributes, stored.fids
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
