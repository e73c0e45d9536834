"""What a library stores about a raster's cells, and whether the file still agrees: files beside it may change that.

An .aux.xml or a world file beside a raster moves it, and an .hdr or .prj changes its cells or its system, while the
bytes of the raster itself stay the same.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyproj

from onemap.layers.crs.systems import DEGREE_M, datum_family, two_dimensional, unit_m
from onemap.layers.geometry.areas import to_degrees
from onemap.layers.rasters.raster_heights import height_unit, metres_of_unit

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


@dataclass(frozen=True)
class GridFacts:
    """The facts of a raster's cells; their size, and their first corner, in the units of its system.

    mask: what marks cells of the first band as without value, in rasterio's words. longitude, latitude: of the corner,
    in degrees of the system's own datum; the system is recognised by them alone.
    """

    width: int
    height: int
    bands: int
    data_type: str
    nodata: float | None
    mask: str
    cell_width: float
    cell_height: float
    corner_x: float
    corner_y: float
    longitude: float
    latitude: float
    datum: str | None
    unit: str | None

    @classmethod
    def of(cls, dataset: "DatasetReader", crs: pyproj.CRS) -> Self:
        """The facts of an open raster in its CRS."""
        grid, plane = dataset.transform, two_dimensional(crs)
        longitude, latitude = to_degrees(plane).transform(grid.c, grid.f) if plane.geodetic_crs else (np.nan, np.nan)
        return cls(
            width=dataset.width,
            height=dataset.height,
            bands=dataset.count,
            data_type=dataset.dtypes[0],
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            mask=",".join(flag.name for flag in dataset.mask_flag_enums[0]),
            cell_width=abs(grid.a),
            cell_height=abs(grid.e),
            corner_x=grid.c,
            corner_y=grid.f,
            longitude=longitude,
            latitude=latitude,
            datum=datum_family(crs),
            unit=height_unit(dataset, crs),
        )


FACTS = tuple(field.name for field in fields(GridFacts))
_LENGTHS = {"cell_width", "cell_height", "corner_x", "corner_y"}
_DEGREES = {"longitude", "latitude"}


def says_still(stored_facts: Mapping[str, Any], dataset: "DatasetReader", crs: pyproj.CRS) -> bool:
    """Whether a raster's grid has the stored facts; facts that an older program did not store are not compared.

    Differences between versions of GDAL and PROJ do not count: other words for metres, the last digits of a length.
    """
    grid_facts = asdict(GridFacts.of(dataset, crs))
    cell = min(grid_facts["cell_width"], grid_facts["cell_height"])
    # The far corner may move by a thousandth of a cell, and the near one by half of one over the ground.
    nearness = dict.fromkeys(_LENGTHS, cell / 1000 / max(dataset.width, dataset.height))
    nearness |= dict.fromkeys(_DEGREES, cell * unit_m(crs) / DEGREE_M / 2)
    for name, value in stored_facts.items():
        before, after = _comparable(name, value), _comparable(name, grid_facts[name])
        is_near = name in nearness and None not in (before, after) and abs(before - after) < nearness[name]
        if before != after and not is_near:
            return False
    return True


def _comparable(name: str, value: Any) -> Any:
    """A fact in a form to compare: a table's column does not distinguish None from NaN, or 3 from 3.0."""
    if name == "unit":
        unit = value if isinstance(value, str) else None
        return metres_of_unit(unit) or unit
    if isinstance(value, str):
        return value or None
    return None if value is None or math.isnan(value) else float(value)
