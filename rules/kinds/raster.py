"""raster: cells above or below a value, or steeper than one. Conflict: those cells ∩ P, weighed exactly."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from onemap.layers.crs import transformation
from onemap.layers.parts import moved
from onemap.layers.rasters import RasterReference, checked_raster, raster_crs
from onemap.rules.grids import cell_sums, cell_weights, in_cells, slope_degrees, windows
from onemap.rules.kinds.avoid import reach_m
from onemap.rules.kinds.ground import Ground, Judgement, Measures, no_ground, no_pairs
from onemap.rules.overlay import ARITHMETIC_M2, union_by

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

KEYS = {"above": "number", "below": "number", "derive": "text", "min_share": "number"}
GEOMETRIES = ("raster",)

__all__ = ["GEOMETRIES", "KEYS", "fields", "judge", "problems", "reach_m"]


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    found = []
    if ("above" in item) == ("below" in item):
        found.append(("above", "above = VALUE | below = VALUE"))
    if item.get("derive", "slope") != "slope":
        found.append(("derive", 'derive = "slope"'))
    if not 0 <= item.get("min_share", 0) <= 1:
        found.append(("min_share", "0 … 1"))
    return found


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads: none."""
    return ()


@contextlib.contextmanager
def _grid(
    reference: RasterReference, given: str | None, plane: pyproj.CRS, slope: bool
) -> "Iterator[tuple[DatasetReader, pyproj.CRS]]":
    """The raster and its CRS; slope of a geographic one is taken of square cells of its cell height in metres."""
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT
    from rasterio.warp import calculate_default_transform

    with checked_raster(reference) as dataset:
        crs = raster_crs(dataset, given)
        if not (slope and crs.is_geographic):
            yield dataset, crs
            return
        # A degree of latitude at the grid's middle, on its own ellipsoid.
        middle = (dataset.bounds.top + dataset.bounds.bottom) / 2
        geod = crs.get_geod()
        assert geod is not None, "a geographic CRS has an ellipsoid"  # noqa: S101 - for the type checker
        metres = geod.line_length([0, 0], [middle - 0.5, middle + 0.5]) * abs(dataset.transform.e)
        source, target = crs.to_wkt(), plane.to_wkt()
        transform, width, height = calculate_default_transform(
            source, target, dataset.width, dataset.height, *dataset.bounds, resolution=metres
        )
        options = {"crs": target, "transform": transform, "width": width, "height": height}
        missing = dataset.nodata if dataset.nodata is not None else np.nan
        with WarpedVRT(dataset, src_crs=source, resampling=Resampling.bilinear, nodata=missing, **options) as warped:
            yield warped, plane


def judge(ground: Ground) -> Judgement:
    """Share of matching cells by exact weights; cells without a value and ground off the grid are unknown."""
    count, options = len(ground.parcels), ground.options
    attributes = ground.features.attributes
    totals = {name: np.zeros(count) for name in ("matching", "valid", "weighed", "whole")}
    hits: list[np.ndarray] = []
    hit_owner: list[np.ndarray] = []
    blanks: list[np.ndarray] = []
    blank_owner: list[np.ndarray] = []
    is_slope = options.get("derive") == "slope"
    covered = no_ground(count)
    warped_to_m: float | None = None
    assert ground.crs is not None, "the check hands over the library's CRS"  # noqa: S101 - for the type checker
    for reference, given in zip(ground.rasters, attributes["given_crs"], strict=True):
        with _grid(reference, given, ground.crs, is_slope) as (grid, crs):
            if is_slope and crs is ground.crs:
                warped_to_m = abs(float(grid.transform.a))
            there, back = _changes(grid, crs, ground.crs, ground.origin)
            polygons = in_cells(there(ground.parcels), grid)
            totals["whole"] = shapely.area(polygons)
            for part, window in windows(polygons, grid, 1 if is_slope else 0):
                ground.crew.check()
                values = _values(grid, window, is_slope)
                if len(ground.rasters) == 1:  # on several, a mean is made of all of them
                    part = _telling(part, polygons, values, window, options, totals["valid"])
                weights = cell_weights(polygons[part])
                row, column = weights.row - window.row_off, weights.column - window.col_off
                on_grid = (row >= 0) & (column >= 0) & (row < values.shape[0]) & (column < values.shape[1])
                value = np.full(len(row), np.nan)
                value[on_grid] = values[row[on_grid], column[on_grid]]
                valid = ~np.isnan(value)
                matching = _matching(value, options)
                parcel = part[weights.parcel]
                for name, weight in (
                    ("matching", weights.fraction * matching),
                    ("valid", weights.fraction * valid),
                    ("weighed", weights.fraction * np.nan_to_num(value)),
                ):
                    totals[name] += np.bincount(parcel, weight, minlength=count)
                for wanted, shapes, owners in ((matching, hits, hit_owner), (~valid, blanks, blank_owner)):
                    cells = shapely.box(
                        *(a[wanted] for a in (weights.column, weights.row)),
                        *(a[wanted] + 1 for a in (weights.column, weights.row)),
                    )
                    pieces = shapely.intersection(cells, polygons[parcel[wanted]])
                    shapes.append(back(pieces))
                    owners.append(parcel[wanted])
    hit = union_by(np.concatenate(hit_owner), np.concatenate(hits), count) if hits else covered
    unknown = union_by(np.concatenate(blank_owner), np.concatenate(blanks), count) if blanks else ground.parcels.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = totals["matching"] / totals["valid"]
        on_valid = shapely.area(ground.parcels) * totals["valid"] / totals["whole"]
        mean = totals["weighed"] / totals["valid"]
    found = np.nan_to_num(share * on_valid) >= ARITHMETIC_M2
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.full(count, np.nan),
        pairs=no_pairs(),
        measures=Measures(
            found=found,
            counted=found & (share >= options.get("min_share", 0.0)),
            area_m2=share * on_valid,
            length_m=np.full(count, np.nan),
            value=mean,
            share=share,
        ),
    )
    judgement.because("nodata", ~shapely.is_missing(unknown))
    judgement.warped_to_m = warped_to_m
    return judgement


def _matching(values: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """Which values the rule is about; none that is missing."""
    matching: np.ndarray = values > options["above"] if "above" in options else values < options["below"]
    return matching


def _telling(
    part: np.ndarray,
    polygons: np.ndarray,
    values: np.ndarray,
    window: "Window",
    options: dict[str, Any],
    valid: np.ndarray,
) -> np.ndarray:
    """Those of some polygons of which there is something to tell: cells that match, have no value, or are off the grid.

    For the others the weight of their valid cells is put down in `valid`; their cells need not be looked at.
    """
    corner = int(window.row_off), int(window.col_off)
    rows, columns = values.shape
    west, south, east, north = (shapely.bounds(polygons[part]) - [corner[1], corner[0]] * 2).T
    telling = (west < 0) | (south < 0) | (east > columns) | (north > rows)
    blank = np.isnan(values)
    if len(part) and values.size:
        sums = cell_sums(polygons[part], _matching(values, options), blank, ~blank, corner=corner)
        telling |= (sums[0] != 0) | (sums[1] != 0)
        valid[part[~telling]] = sums[2][~telling]
    return part[telling]


def _values(grid: "DatasetReader", window: "Window", is_slope: bool) -> np.ndarray:
    """The first band's values in a window as floats, NaN where there is none; or the slope in degrees."""
    if window.width == 0 or window.height == 0:
        return np.full((0, 0), np.nan)
    heights = grid.read(1, window=window)
    valid = grid.read_masks(1, window=window) > 0
    if np.issubdtype(heights.dtype, np.floating):
        valid &= np.isfinite(heights)
    if is_slope:
        return slope_degrees(heights, valid, abs(grid.transform.a), abs(grid.transform.e))
    return np.where(valid, heights.astype(float), np.nan)


def _changes(grid: "DatasetReader", crs: pyproj.CRS, plane: pyproj.CRS, local: tuple[float, float]) -> tuple[Any, Any]:
    """From the library's plane, counted from `local`, to the grid's CRS, and from cells back to the plane."""
    forward, inverse, origin = transformation(plane, crs), transformation(crs, plane), grid.transform

    def there(geometries: np.ndarray) -> np.ndarray:
        geometries = moved(geometries, local)
        if forward is None:
            return geometries
        return shapely.transform(geometries, lambda xy: np.column_stack(forward(xy[:, 0], xy[:, 1])))

    def back(geometries: np.ndarray) -> np.ndarray:
        def placed(xy: np.ndarray) -> np.ndarray:
            east, north = origin.c + origin.a * xy[:, 0], origin.f + origin.e * xy[:, 1]
            return np.column_stack([east, north] if inverse is None else inverse(east, north))

        return moved(shapely.transform(geometries, placed), (-local[0], -local[1]))

    return there, back
