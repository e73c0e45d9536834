"""Remarks on a raster that is described or added: numbers in it that rules do not read, or misread."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from onemap.layers.crs.systems import unit_m
from onemap.layers.errors import Problem
from onemap.layers.height_range import HeightRange
from onemap.layers.rasters.fill_values import cells_looked_at, fill_value, hold_no_value
from onemap.layers.rasters.raster_heights import height_unit, metres_of_height, metres_of_unit
from onemap.layers.rasters.rasters import refusing_damage

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

STEEPEST = 80  # degrees, beyond which hardly any ground is


def raster_remarks(dataset: "DatasetReader", crs: pyproj.CRS | None) -> Iterator[Problem]:
    """Remarks that only one band or page is read, that the unit is not metres, and on undeclared fill values.

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
        fill = fill_value(dataset)
    if fill is not None:
        value, share = fill
        yield Problem("raster.fill", {"file": name, "value": f"{value:.8g}", "share": _percent(share)})


def height_remarks(
    dataset: "DatasetReader", crs: pyproj.CRS, heights_m: tuple[float, float], shares: Mapping[str, float]
) -> Iterator[Problem]:
    """Remarks that too many cells cannot be heights, or that the ground is too steep, as in another unit.

    heights_m: the least and the greatest possible height; shares: of cells that are tolerated, by the remark's code.
    Steepness is remarked only if the heights are possible. Raises OneMapError source.damaged.
    """
    height_m = metres_of_height(dataset, crs)
    if height_m is None:  # which is remarked already, and of which rules know nothing
        return
    height_range, steep, steps = HeightRange(heights_m), 0, 0
    steepest_m = _cell_width_m(dataset, crs) * math.tan(math.radians(STEEPEST))
    with refusing_damage(dataset):
        for cells, is_valid in cells_looked_at(dataset):
            heights = np.where(is_valid & ~hold_no_value(cells), cells.astype(float) * height_m, np.nan)
            height_range.see(heights)
            step_m = np.abs(np.diff(heights, axis=1))  # along a row, for a block may be one
            steep, steps = steep + int((step_m > steepest_m).sum()), steps + int(np.isfinite(step_m).sum())
    name = Path(dataset.name).name
    if height_range.beyond > shares["raster.heights"] * height_range.count:
        yield Problem(
            "raster.heights",
            {"file": name, "share": _percent(height_range.beyond / height_range.count), **height_range.facts()},
        )
    elif steep > shares["raster.steep"] * steps:
        yield Problem("raster.steep", {"file": name, "share": _percent(steep / steps), "degrees": STEEPEST})


def _cell_width_m(dataset: "DatasetReader", crs: pyproj.CRS) -> float:
    """The approximate width of a cell on the ground."""
    width_m = abs(float(dataset.transform.a)) * unit_m(crs)
    if crs.is_geographic:
        width_m *= math.cos(math.radians((dataset.bounds.top + dataset.bounds.bottom) / 2))
    return width_m


def _percent(share: float) -> str:
    return f"{max(100 * share, 0.1):.1f}"
