"""raster: cells above or below a value, or steeper than one. Conflict: these cells ∩ P, weighted exactly."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from onemap.layers.crs.plane_scale import MOST_STRETCH, stretch_at
from onemap.layers.crs.systems import transformation
from onemap.layers.errors import require_value
from onemap.layers.rasters.fill_values import fill_value
from onemap.layers.rasters.raster_heights import metres_of_height
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.cell_reading import (
    cell_values,
    changes_of_plane,
    finite_cells,
    read_cells,
    unreadable_if_damaged,
    values_of_cells,
)
from onemap.rules.judge.kinds.ground import Ground, Judgement, Measures, no_ground, no_pairs
from onemap.rules.judge.kinds.kind import AMOUNT, NUMBER, TEXT, Form, Key, Kind, KindReason, Options
from onemap.rules.judge.kinds.raster_grids import (
    GridPart,
    cell_pieces,
    cell_sums,
    cell_weights,
    grid_parts,
    in_cells,
    slope_degrees,
)
from onemap.rules.judge.kinds.subtract_zones import mark_broken
from onemap.rules.judge.overlay.area_check import reaches_limit
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, union_by
from onemap.rules.judge.overlay.threads import Threads

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


def _problems(item: Options) -> list[tuple[str, Form]]:
    wrong: list[tuple[str, Form]] = []
    if ("above" in item) == ("below" in item):
        wrong.append(("above", {"zh": "above = 数值 | below = 数值", "en": "above = VALUE | below = VALUE"}))
    if item.get("derive", "slope") != "slope":
        wrong.append(("derive", 'derive = "slope"'))
    return wrong


@dataclass(frozen=True)
class _Grid:
    """A raster open for reading. height_m: the metres in a unit of its values, None where that is no length."""

    cells: "DatasetReader"
    crs: pyproj.CRS
    height_m: float | None


@contextlib.contextmanager
def _grid(ground: Ground, reference: RasterReference, slope: bool) -> Iterator[_Grid]:
    """Open the raster; where slope cannot be computed from its own cells, warp it to the library's plane."""
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT
    from rasterio.warp import calculate_default_transform

    with checked_raster(reference) as dataset:
        crs = raster_crs(dataset, reference.given_crs)
        height_m = metres_of_height(dataset, crs)
        cell_m = _warped_cell_m(ground, dataset, crs) if slope else None
        if cell_m is None:
            yield _Grid(dataset, crs, height_m)
            return
        source, target = crs.to_wkt(), ground.system.to_wkt()
        transform, width, height = calculate_default_transform(
            source, target, dataset.width, dataset.height, *dataset.bounds, resolution=cell_m
        )
        options = {"crs": target, "transform": transform, "width": width, "height": height}
        # What stands for no value is not to be mixed with the heights beside it.
        fill = None
        if dataset.nodata is None:
            with unreadable_if_damaged(dataset):
                fill = ground.features.once(("fill value", reference), lambda: fill_value(dataset))
        missing = dataset.nodata if fill is None else fill[0]
        options |= {"src_crs": source, "resampling": Resampling.bilinear, "src_nodata": missing}
        with WarpedVRT(dataset, nodata=np.nan if missing is None else missing, **options) as warped:
            yield _Grid(warped, ground.system, height_m)


def _warped_cell_m(ground: Ground, dataset: "DatasetReader", crs: pyproj.CRS) -> float | None:
    """The height in metres of a cell of a grid that must be warped before slope is computed; else None.

    Such are grids in degrees, not in metres, or in a plane that is stretched where the parcels lie, such as Web
    Mercator, where a slope of 30° would come out as 24°.
    """
    height = abs(float(dataset.transform.e))
    if crs.is_geographic:
        # A degree of latitude at the grid's middle, on its own ellipsoid.
        middle = (dataset.bounds.top + dataset.bounds.bottom) / 2
        geod = require_value(crs.get_geod(), "the ellipsoid of a geographic system")
        return float(geod.line_length([0, 0], [middle - 0.5, middle + 0.5])) * height
    # Where the run counts from, so that all its parts decide alike.
    change = transformation(ground.system, crs)
    x, y = np.array([[ground.origin[0]], [ground.origin[1]]])
    x, y = (x, y) if change is None else change(x, y)
    stretch = stretch_at(crs, float(x[0]), float(y[0]))
    return height / (1 + stretch) if abs(stretch) > MOST_STRETCH else None


@dataclass(frozen=True)
class _CellWeights:
    """The weights of a grid's cells in parcels (k,).

    weights: (3, k) of cells that match, of cells that have a value, and of the latter times their values. hits, blanks,
    calm: the ground of cells that match, that have no value, and that have one and do not match, on the grid, each with
    its parcel; calm only where `every` cell is asked for.
    """

    parcel: np.ndarray
    weights: np.ndarray
    hits: np.ndarray
    hit_owner: np.ndarray
    blanks: np.ndarray
    blank_owner: np.ndarray
    calm: np.ndarray
    calm_owner: np.ndarray


class _Sums:
    """The sums of parcels (n,) over all rasters of a layer, one raster after the other.

    totals: (3, n) weights as in `_CellWeights`; grid_areas: (n,) of whole parcels, in cells of the last raster.
    without_value, outlying_value: (n,) the parcel has cells without a value, or cells outside the coverage.
    has_lengths: the values are lengths, without which slopes are not computed.
    """

    def __init__(self, count: int) -> None:
        self.totals = np.zeros((3, count))
        self.grid_areas = np.zeros(count)
        self.without_value, self.outlying_value = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.has_lengths = True
        self._hits: list[tuple[np.ndarray, np.ndarray]] = []
        self._blanks: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, weighed: _CellWeights, to_plane: Callable[[np.ndarray], np.ndarray]) -> None:
        """Add a part of a grid. to_plane: transforms from cells to the library's plane."""
        self.totals[:, weighed.parcel] += weighed.weights
        self._hits.append((weighed.hit_owner, to_plane(weighed.hits)))
        self._blanks.append((weighed.blank_owner, to_plane(weighed.blanks)))
        self.without_value[weighed.blank_owner] = True

    def add_outlying(self, parcel: np.ndarray, cells: np.ndarray) -> None:
        """Add cells (k,) outside the coverage that do not match, in the plane, each with its parcel (k,)."""
        self._blanks.append((parcel, cells))
        self.outlying_value[parcel] = True

    def hit(self, count: int) -> np.ndarray:
        """The ground of cells that match, (count,)."""
        return _union_cells(self._hits, count)

    def unknown(self, parcels: np.ndarray) -> np.ndarray:
        """The ground that cannot be judged (n,): the whole parcel where no cell has a value, or there is no raster.

        The whole parcel is returned as it came: rebuilt from its cells it would differ by rounding.
        """
        has_values, unknown = self.totals[1] > 0, parcels.copy()
        if has_values.any():
            blanks = [(owner[some], cells[some]) for owner, cells in self._blanks for some in (has_values[owner],)]
            unknown[has_values] = _union_cells(blanks, len(parcels))[has_values]
        return unknown


def _union_cells(parts: list[tuple[np.ndarray, np.ndarray]], count: int) -> np.ndarray:
    if not parts:
        return no_ground(count)
    owners, cells = zip(*parts, strict=True)
    return union_by(np.concatenate(owners), np.concatenate(cells), count)


def _judge(ground: Ground) -> Judgement:
    """The share of matching cells by exact weights; cells without a value and ground off the grid are unknown.

    Ground outside the coverage and in no matching cell is unknown, too: a grid may reach further than its version
    speaks.
    """
    count = len(ground.parcels)
    outlying, is_broken = ground.outside_coverage()
    sums, warped_to_m = _sum_cells(ground, outlying)
    unknown = sums.unknown(ground.parcels)
    judgement = Judgement(
        hit=sums.hit(count),
        unknown=unknown,
        distance_m=np.full(count, np.nan),
        pairs=no_pairs(),
        measures=_measures(sums, ground),
        warped_to_m=warped_to_m,
    )
    is_unknown = ~shapely.is_missing(unknown)
    judgement.because(Reason.OUTSIDE_COVERAGE, is_unknown & sums.outlying_value)
    is_missing = is_unknown & (sums.without_value | ~sums.outlying_value)
    judgement.because("nodata" if sums.has_lengths else "heights", is_missing)
    return mark_broken(judgement, ground, is_broken)


def _sum_cells(ground: Ground, outlying: np.ndarray) -> tuple[_Sums, float | None]:
    """The sums of the parcels over all rasters, and the cell size in metres to which one was warped.

    outlying: (n,) the ground of the parcels outside the coverage, None without any.
    """
    sums, warped_to_m = _Sums(len(ground.parcels)), None
    is_slope = ground.options.get("derive") == "slope"
    outlying_rows = np.flatnonzero(~shapely.is_missing(outlying))
    for reference in ground.rasters:
        with _grid(ground, reference, is_slope) as grid:
            if is_slope and grid.crs is ground.system:
                warped_to_m = abs(float(grid.cells.transform.a))
            options = ground.options if is_slope else _with_stored_limits(ground.options, grid.cells.dtypes[0])
            sums.has_lengths &= grid.height_m is not None or not is_slope
            to_grid, to_plane = changes_of_plane(grid.cells, grid.crs, ground.system, ground.origin)
            polygons = in_cells(to_grid(ground.parcels), grid.cells)
            sums.grid_areas = shapely.area(polygons)
            # On several rasters a mean is made of all cells of all of them.
            for weighed in _weigh_cells(polygons, grid, options, len(ground.rasters) > 1, ground.threads):
                sums.add(weighed, to_plane)
            outside = in_cells(to_grid(outlying[outlying_rows]), grid.cells)
            for weighed in _weigh_cells(outside, grid, options, True, ground.threads):
                sums.add_outlying(outlying_rows[weighed.calm_owner], to_plane(weighed.calm))
    return sums, warped_to_m


def _with_stored_limits(options: Options, data_type: str) -> Options:
    """The options with the limit in the raster's own type: a cell of 24.9 in four bytes is not below 24.9."""
    if data_type != "float32":
        return options
    limits = {key: float(np.float32(options[key])) for key in ("above", "below") if key in options}
    return {**options, **limits}


def _measures(sums: _Sums, ground: Ground) -> Measures:
    """Area and share of the valid ground, and the mean; a finding needs more ground than rounding can produce."""
    matching_sum, valid, times_value = sums.totals
    with np.errstate(invalid="ignore", divide="ignore"):
        share = matching_sum / valid
        valid_m2 = shapely.area(ground.parcels) * valid / sums.grid_areas
        mean = times_value / valid
    has_row = np.nan_to_num(share * valid_m2) >= ARITHMETIC_M2
    is_counted = has_row & reaches_limit(share, ground.options.get("min_share", 0.0))
    return Measures(has_row, is_counted, area_m2=share * valid_m2, value=mean, share=share)


def _weigh_cells(
    polygons: np.ndarray, grid: _Grid, options: Options, every: bool, threads: Threads
) -> list[_CellWeights]:
    """The weights of a grid's cells in parcels, polygons (n,) in units of cells, window by window and in threads.

    every: weigh also cells that have a value and do not match.
    """
    is_slope = options.get("derive") == "slope"
    reading = Lock()  # an open raster is read by one thread at a time

    def of_part(of_grid: GridPart) -> _CellWeights:
        part, grounds, window = of_grid.rows, of_grid.polygons, of_grid.window
        if of_grid.is_off_grid:
            return _off_grid(of_grid)
        with reading:
            read = read_cells(grid.cells, window)
        values = _values(*read, grid, is_slope)
        is_telling, valid = np.ones(len(part), dtype=bool), np.zeros(len(part))
        if not every:
            corner = int(window.row_off), int(window.col_off)
            is_telling, valid = _are_telling(grounds, values, corner, options)
        weights = np.zeros((3, len(part)))
        weights[1, ~is_telling] = valid[~is_telling]
        rows = np.flatnonzero(is_telling)
        parcel, grounds = part[rows], grounds[rows]
        cells = cell_weights(grounds)
        value = values_of_cells(values, cells, window)
        has_value, is_match = ~np.isnan(value), _match_limit(value, options)
        for sums, times in zip(weights, (is_match, has_value, np.nan_to_num(value)), strict=True):
            sums[rows] = np.bincount(cells.parcel, cells.fraction * times, len(rows))
        pieces = []
        for mask in (is_match, ~has_value, has_value & ~is_match & every):
            ground, owner = cell_pieces(grounds, cells, mask), cells.parcel[mask]
            if of_grid.is_tile and len(owner):  # one of so many that the cells of all would not fit into memory
                ground, owner = union_by(owner, ground, 1), owner[:1]
            pieces += [ground, parcel[owner]]
        return _CellWeights(part, weights, *pieces)

    return threads.each(of_part, list(grid_parts(polygons, grid.cells, 1 if is_slope else 0)))


def _off_grid(part: GridPart) -> _CellWeights:
    """The weights of ground that no cell lies near: all of it has no value, and is not cut into cells."""
    nothing, nobody = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    weights = np.zeros((3, len(part.rows)))
    return _CellWeights(part.rows, weights, nothing, nobody, part.polygons, part.rows, nothing, nobody)


def _match_limit(values: np.ndarray, options: Options) -> np.ndarray:
    """Which values match the rule's limit; a missing value does not."""
    is_match: np.ndarray = values > options["above"] if "above" in options else values < options["below"]
    return is_match


def _are_telling(
    polygons: np.ndarray, values: np.ndarray, corner: tuple[int, int], options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Which polygons (k,) have cells that match, have no value, or lie off the grid.

    corner: row and column of the first of the values (h, w). Cells of the other polygons need no weighing: the total
    weight of each, whose cells all have a value, is returned, too, (k,).
    """
    rows, columns = values.shape
    west, south, east, north = (shapely.bounds(polygons) - [corner[1], corner[0]] * 2).T
    is_telling = (west < 0) | (south < 0) | (east > columns) | (north > rows)
    blank = np.isnan(values)
    if len(polygons) == 0 or values.size == 0:
        return is_telling, np.zeros(len(polygons))
    matching_sum, missing, valid = cell_sums(polygons, _match_limit(values, options), blank, ~blank, corner=corner)
    return is_telling | (matching_sum != 0) | (missing != 0), valid


def _values(read: np.ndarray, valid: np.ndarray, grid: _Grid, is_slope: bool) -> np.ndarray:
    """The values read, as floats, NaN where there is none; or the slope in degrees."""
    if not is_slope:
        return cell_values(read, valid)
    if grid.height_m is None:
        return np.full(read.shape, np.nan)
    east, _, _, _, south, *_ = grid.cells.transform
    return slope_degrees(read, finite_cells(read, valid), abs(east) / grid.height_m, abs(south) / grid.height_m)


NODATA = KindReason(
    {"zh": "无数据", "en": "no data"},
    {"zh": "栅格单元无值，或该处在栅格之外", "en": "The cells have no value, or the ground lies off the grid."},
)

HEIGHTS = KindReason(
    {"zh": "高程无法比较", "en": "heights cannot be compared"},
    {
        "zh": "栅格数值的单位不是长度单位，或两个栅格的高程基准不同。",
        "en": "The unit of a raster's numbers is no length, or two rasters count their heights from different zeros.",
    },
)


KIND = Kind(
    name="raster",
    title={"zh": "按栅格取值", "en": "by cell values"},
    conflict={
        "zh": "地块内取值大于 above 或小于 below（不含）的栅格单元；单元按被覆盖的准确比例计；"
        "无数据处和栅格之外无法判定",
        "en": "The parcel's ground in cells above or below a value, not at it; cells weigh by the exact part covered; "
        "where there is no data, or no grid, ground is unknown.",
    },
    geometries=("raster",),
    judge=_judge,
    keys={
        "above": Key(
            NUMBER,
            {"zh": "大于此值的单元算冲突；与 below 二选一", "en": "Cells above it are in conflict; or `below`."},
            title={"zh": "大于", "en": "above"},
        ),
        "below": Key(
            NUMBER,
            {"zh": "小于此值的单元算冲突；与 above 二选一", "en": "Cells below it are in conflict; or `above`."},
            title={"zh": "小于", "en": "below"},
        ),
        "derive": Key(
            TEXT,
            {
                "zh": "slope：先由高程算坡度（度，Horn 3×3），高程按所注单位换算成米；"
                "经纬度栅格及当地长度变形大的栅格先重采样为方格",
                "en": "slope: degrees by Horn's 3×3 window, heights in the unit that the raster names, or metres; a "
                "grid in degrees, or in a plane that is stretched there, is warped to square cells first.",
            },
            title={"zh": "派生", "en": "derived"},
            choice_titles={"slope": {"zh": "坡度", "en": "slope"}},
        ),
        "min_share": Key(
            AMOUNT,
            {
                "zh": "0 到 1：冲突单元占有值单元的比例小于此值时照列，不计入结论",
                "en": "0 to 1: a smaller share of the ground with a value is shown and decides nothing.",
            },
            title={"zh": "最小占比", "en": "least share"},
            default="0",
        ),
    },
    measures={
        "area_m2": {"zh": "冲突部分的面积", "en": "the area in conflict"},
        "share": {"zh": "占有数值部分的比例", "en": "its share of the ground with a value"},
        "value": {"zh": "各单元取值的加权平均", "en": "the weighted mean of the cells"},
    },
    reasons={"nodata": NODATA, "heights": HEIGHTS},
    problems=_problems,
)
