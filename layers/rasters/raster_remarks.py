"""What is remarked on a raster that is described or added: which of its numbers rules do not read."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyproj

from onemap.layers.errors import Problem
from onemap.layers.rasters.fill_values import fill_value
from onemap.layers.rasters.raster_heights import height_unit, metres_of_unit
from onemap.layers.rasters.rasters import refusing_damage

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


def raster_remarks(dataset: "DatasetReader", crs: pyproj.CRS | None) -> Iterator[Problem]:
    """That one band or page of several is read, a unit other than metres, and an undeclared number for "no value".

    crs: declared or given, None without. Raises OneMapError source.damaged.
    """
    name = Path(dataset.name).name
    if dataset.count > 1:
        yield Problem("raster.bands", {"file": name, "bands": dataset.count})
    pages = len(dataset.subdatasets)  # the first is the one that is read
    if pages > 1:
        yield Problem("raster.pages", {"file": name, "pages": pages})
    unit = height_unit(dataset, crs)
    if metres_of_unit(unit) != 1:
        yield Problem("raster.unit", {"file": name, "unit": unit})
    with refusing_damage(dataset):
        found = fill_value(dataset)
    if found is not None:
        value, share = found
        yield Problem("raster.fill", {"file": name, "value": f"{value:.8g}", "share": f"{max(100 * share, 0.1):.1f}"})
