"""raster: cells above or below a value, or steeper than one. Conflict: those cells ∩ P, weighed exactly."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from onemap.layers.crs.systems import transformation
from onemap.layers.geometry.parts import moved
from onemap.layers.rasters.rasters import RasterReference, checked_raster, raster_crs
from onemap.rules.kinds.avoid import arithmetic, reach_m
from onemap.rules.kinds.ground import Ground, Judgement, Measures, no_ground, no_pairs
from onemap.rules.kinds.raster_grids import cell_sums, cell_weights, in_cells, slope_degrees, windows
from onemap.rules.overlay.overlay import ARITHMETIC_M2, union_by
from onemap.rules.overlay.threads import Crew

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


@dataclass(frozen=True)
class _Weighed:
    """Of parcels (k,) the weights of cells that match, that have a value, and of all times their values: (3, k).

    hits, blanks, calm: the ground of cells that match, of those without a value, and of those that have one and do not
    match, on the grid, each with its parcel; calm only where `every` cell is asked for.
    """

    parcel: np.ndarray
    weights: np.ndarray
    hits: np.ndarray
    hit_owner: np.ndarray
    blanks: np.ndarray
    blank_owner: np.ndarray
    calm: np.ndarray
    calm_owner: np.ndarray


def judge(ground: Ground) -> Judgement:
    """Share of matching cells by exact weights; cells without a value and ground off the grid are unknown.

    So is what lies outside the coverage and in no matching cell: a grid may reach further than its version speaks.
    """
    count, options = len(ground.parcels), ground.options
    attributes = ground.features.attributes
    whole, totals = np.zeros(count), np.zeros((3, count))
    hits: list[np.ndarray] = []
    hit_owner: list[np.ndarray] = []
    blanks: list[np.ndarray] = []
    blank_owner: list[np.ndarray] = []
    is_slope = options.get("derive") == "slope"
    nothing = no_ground(count)
    outlying, failed = ground.outside_coverage()
    beyond = np.flatnonzero(~shapely.is_missing(outlying))
    without_value, unspoken = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    warped_to_m: float | None = None
    assert ground.crs is not None, "the check hands over the library's CRS"  # noqa: S101 - for the type checker
    for reference, given in zip(ground.rasters, attributes["given_crs"], strict=True):
        with _grid(reference, given, ground.crs, is_slope) as (grid, crs):
            if is_slope and crs is ground.crs:
                warped_to_m = abs(float(grid.transform.a))
            there, back = _changes(grid, crs, ground.crs, ground.origin)
            polygons = in_cells(there(ground.parcels), grid)
            whole = shapely.area(polygons)
            # On several rasters a mean is made of all cells of all of them.
            for seen in _weighed(polygons, grid, options, len(ground.rasters) > 1, ground.crew):
                totals[:, seen.parcel] += seen.weights
                hits.append(back(seen.hits))
                hit_owner.append(seen.hit_owner)
                blanks.append(back(seen.blanks))
                blank_owner.append(seen.blank_owner)
                without_value[seen.blank_owner] = True
            for seen in _weighed(in_cells(there(outlying[beyond]), grid), grid, options, True, ground.crew):
                blanks.append(back(seen.calm))
                blank_owner.append(beyond[seen.calm_owner])
                unspoken[beyond[seen.calm_owner]] = True
    matching, valid, weighed = totals
    hit = union_by(np.concatenate(hit_owner), np.concatenate(hits), count) if hits else nothing
    unknown = union_by(np.concatenate(blank_owner), np.concatenate(blanks), count) if blanks else ground.parcels.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = matching / valid
        on_valid = shapely.area(ground.parcels) * valid / whole
        mean = weighed / valid
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
    is_unknown = ~shapely.is_missing(unknown)
    judgement.because("outside_coverage", is_unknown & unspoken)
    judgement.because("nodata", is_unknown & (without_value | ~unspoken))
    judgement.warped_to_m = warped_to_m
    return arithmetic(judgement, ground, failed)


def _weighed(
    polygons: np.ndarray, grid: "DatasetReader", options: dict[str, Any], every: bool, crew: Crew
) -> list[_Weighed]:
    """What the parcels, polygons (n,) in units of cells, have of a grid: window by window, in threads.

    every: cells are weighed even where there is nothing to tell of them but that they have a value.
    """
    is_slope = options.get("derive") == "slope"
    reading = Lock()  # an open raster is read by one thread at a time

    def of_window(tile: "tuple[np.ndarray, Window]") -> _Weighed:
        part, window = tile
        with reading:
            cells = _read(grid, window)
        values = _values(*cells, grid, is_slope)
        corner = int(window.row_off), int(window.col_off)
        telling, valid = np.ones(len(part), dtype=bool), np.zeros(len(part))
        if not every:
            telling, valid = _telling(polygons[part], values, corner, options)
        weights = np.zeros((3, len(part)))
        weights[1, ~telling] = valid[~telling]
        rows = np.flatnonzero(telling)
        part_of = part[rows]
        found = cell_weights(polygons[part_of])
        row, column = found.row - corner[0], found.column - corner[1]
        on_grid = (row >= 0) & (column >= 0) & (row < values.shape[0]) & (column < values.shape[1])
        value = np.full(len(row), np.nan)
        value[on_grid] = values[row[on_grid], column[on_grid]]
        has_value, matching = ~np.isnan(value), _matching(value, options)
        for sums, times in zip(weights, (matching, has_value, np.nan_to_num(value)), strict=True):
            sums[rows] = np.bincount(found.parcel, found.fraction * times, len(rows))
        pieces = []
        for wanted in (matching, ~has_value, has_value & ~matching & every):
            owner, west, north = part_of[found.parcel[wanted]], found.column[wanted], found.row[wanted]
            cells_of = shapely.box(west, north, west + 1, north + 1)
            pieces += [shapely.intersection(cells_of, polygons[owner]), owner]
        return _Weighed(part, weights, *pieces)

    return crew.each(of_window, list(windows(polygons, grid, 1 if is_slope else 0)))


def _matching(values: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """Which values the rule is about; none that is missing."""
    matching: np.ndarray = values > options["above"] if "above" in options else values < options["below"]
    return matching


def _telling(
    polygons: np.ndarray, values: np.ndarray, corner: tuple[int, int], options: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Of which polygons (k,) there is something to tell: cells that match, have no value, or are off the grid.

    corner: row and column of the first of the values (h, w). Of the others the cells need not be looked at: for them
    the weight of all, which have a value, is handed back too, (k,).
    """
    rows, columns = values.shape
    west, south, east, north = (shapely.bounds(polygons) - [corner[1], corner[0]] * 2).T
    telling = (west < 0) | (south < 0) | (east > columns) | (north > rows)
    blank = np.isnan(values)
    if len(polygons) == 0 or values.size == 0:
        return telling, np.zeros(len(polygons))
    matching, missing, valid = cell_sums(polygons, _matching(values, options), blank, ~blank, corner=corner)
    return telling | (matching != 0) | (missing != 0), valid


def _read(grid: "DatasetReader", window: "Window") -> tuple[np.ndarray, np.ndarray]:
    """The first band's values in a window, and where they are valid."""
    if window.width == 0 or window.height == 0:
        return np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
    return grid.read(1, window=window), grid.read_masks(1, window=window) > 0


def _values(read: np.ndarray, valid: np.ndarray, grid: "DatasetReader", is_slope: bool) -> np.ndarray:
    """What was read as floats, NaN where there is none; or the slope in degrees."""
    if np.issubdtype(read.dtype, np.floating):
        valid = valid & np.isfinite(read)
    if is_slope:
        return slope_degrees(read, valid, abs(grid.transform.a), abs(grid.transform.e))
    return np.where(valid, read.astype(float), np.nan)


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
