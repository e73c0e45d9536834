"""What is remarked on a raster that is described or added: which of its numbers rules do not read, or misread."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyproj

from onemap.layers.errors import Problem
from onemap.layers.height_range import HeightRange
from onemap.layers.rasters.fill_values import cells_looked_at, fill_value, hold_no_value
from onemap.layers.rasters.raster_heights import height_unit, metres_of_height, metres_of_unit
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


def height_remarks(
    dataset: "DatasetReader", crs: pyproj.CRS, heights_m: tuple[float, float], share: float
) -> Iterator[Problem]:
    """That more than a share of the cells that were looked at cannot be heights: they are of another unit, say.

    heights_m: what the least and the greatest can be. Raises OneMapError source.damaged.
    """
    unit_m = metres_of_height(dataset, crs)
    if unit_m is None:  # which is remarked already, and of which rules know nothing
        return
    heights = HeightRange(heights_m)
    with refusing_damage(dataset):
        for cells, is_valid in cells_looked_at(dataset):
            heights.see(cells[is_valid & ~hold_no_value(cells)].astype(float) * unit_m)
    if heights.beyond > share * heights.count:
        facts = {"file": Path(dataset.name).name, "share": f"{max(100 * heights.beyond / heights.count, 0.1):.1f}"}
        yield Problem("raster.heights", {**facts, **heights.facts()})
