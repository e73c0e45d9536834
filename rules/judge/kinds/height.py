"""height: a building must not be higher than allowed. Conflict: P ∩ ground where it would be higher."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.frames.fields import plain_numbers
from onemap.layers.geometry.parts import polygon_parts
from onemap.layers.rasters.raster_heights import metres_of_height, vertical_datum
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.cell_reading import cell_values, changes_of_plane, read_cells, values_of_cells
from onemap.rules.judge.kinds.conditions import column_named, column_or_null
from onemap.rules.judge.kinds.ground import Ground, Judgement, no_ground, no_pairs
from onemap.rules.judge.kinds.kind import (
    GROUND_MEASURES,
    NUMBER_OR_TABLE,
    TEXT,
    Form,
    Key,
    Kind,
    Options,
    as_list,
    is_amount,
)
from onemap.rules.judge.kinds.raster import HEIGHTS, NODATA
from onemap.rules.judge.kinds.raster_grids import cell_pieces, cell_weights, grid_parts, in_cells
from onemap.rules.judge.kinds.subtract_zones import mark_broken
from onemap.rules.judge.kinds.unknown_ground import doubtful_ground, name_reasons, shown_pairs
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.overlay import differences, intersections, parts_outside, union_by, unions

_LIMIT = {
    "zh": 'limit = 米 | { field = "字段" } | ground = "代码"（地面高程栅格的图层）',
    "en": 'limit = METRES | { field = "FIELD" } | ground = "CODE" of a raster of heights',
}
_LIMIT_OF_SURFACE = {
    "zh": 'limit = "代码"：本规则自己的图层，海拔高度的栅格',
    "en": 'limit = "CODE" of the rule\'s own layer, a raster of heights above sea level',
}
_GROUND = {
    "zh": 'ground = "代码"：地面海拔高度的栅格',
    "en": 'ground = "CODE" of a raster of the ground\'s heights above sea level',
}
_MOST_CELLS = 20_000  # of a surface at a time: each of its pieces is cut along the ground's cells
_PARCEL_FIELD = {"zh": 'parcel_field = "字段"', "en": 'parcel_field = "FIELD"'}


def _problems(item: Options) -> list[tuple[str, Form]]:
    limit = item.get("limit")
    wrong: list[tuple[str, Form]] = [] if item.get("parcel_field") else [("parcel_field", _PARCEL_FIELD)]
    if _is_of_surface(item):
        if limit is not None and _raster_named(limit) not in as_list(item.get("layer")):
            wrong.append(("limit", _LIMIT_OF_SURFACE))
        if "ground" not in item:
            wrong.append(("ground", _GROUND))
    elif limit is None or not (is_amount(limit) or _field_named(limit)):
        wrong.append(("limit", _LIMIT))
    return wrong


def _field_named(limit: Any) -> str | None:
    """The field of `{ field = "…" }`, None of anything else."""
    name = limit.get("field") if isinstance(limit, dict) and set(limit) == {"field"} else None
    return name if isinstance(name, str) and name else None


def _raster_named(limit: Any) -> str | None:
    """The code of `"CODE"` or `{ raster = "CODE" }`, None of anything else."""
    name = limit.get("raster") if isinstance(limit, dict) and set(limit) == {"raster"} else limit
    return name if isinstance(name, str) and name else None


def _is_of_surface(item: Options) -> bool:
    """Whether the limit is a raster of heights above sea level, for which the ground's own heights are needed, too."""
    return "ground" in item or _raster_named(item.get("limit")) is not None


def _layer_kinds(item: Options) -> tuple[str, ...]:
    return ("raster",) if _is_of_surface(item) else ("polygon",)


def _fields(options: Options) -> tuple[str, ...]:
    name = _field_named(options.get("limit"))
    return () if name is None else (name,)


def _metres(values: np.ndarray) -> np.ndarray:
    """Heights as floats (n,), NaN for null and for values that cannot be a height."""
    height = plain_numbers(values)
    return np.where(height >= 0, height, np.nan)


def _judge(ground: Ground) -> Judgement:
    """Conflict where the proposed height exceeds the limit, not at the limit; unknown where either has no value."""
    heights = _metres(column_or_null(ground.parcel_attributes, ground.options["parcel_field"]))
    return _judge_surface(ground, heights) if _is_of_surface(ground.options) else _judge_features(ground, heights)


@dataclass(frozen=True)
class _HeightsAgainstLimits:
    """Heights of parcels (n,) and limits of features (m,), in metres above ground; uncertain: of features (m,)."""

    heights: np.ndarray
    limits: np.ndarray
    uncertain: np.ndarray

    def exceeds(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the parcel is certainly higher than the feature allows, pair by pair (k,)."""
        is_higher: np.ndarray = self.heights[parcel] > self.limits[feature]
        return is_higher & ~self.uncertain[feature]

    def is_doubtful(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether a height, a limit or the rule's condition is not known, pair by pair (k,)."""
        is_unknown: np.ndarray = np.isnan(self.heights[parcel]) | np.isnan(self.limits[feature])
        return is_unknown | self.uncertain[feature]


def _judge_features(ground: Ground, heights: np.ndarray) -> Judgement:
    """P ∩ the features that allow less; unknown under features without a limit, and outside the coverage.

    Covered ground without a feature has no limit and is clear, whatever the height.
    """
    count, features, limit = len(ground.shapes), ground.features, ground.options["limit"]
    name = _field_named(limit)
    own = np.full(len(features.shapes), float(limit)) if name is None else column_named(features.attributes, name)
    against = _HeightsAgainstLimits(heights, _metres(own), features.uncertain)
    overlaps = ground.overlaps_with(features.shapes)
    is_hit = against.exceeds(overlaps.parcel, overlaps.feature)
    is_doubtful = against.is_doubtful(overlaps.parcel, overlaps.feature)
    hit = union_by(overlaps.parcel[is_hit], overlaps.ground.at(is_hit).geometries, count, ground.threads)
    outside_coverage, is_broken = ground.outside_coverage()
    parts: Mapping[str, np.ndarray] = {
        Reason.OUTSIDE_COVERAGE: outside_coverage,
        Reason.NO_VALUE: doubtful_ground(overlaps, is_doubtful, ground),
    }
    doubtful = unions(parts[Reason.OUTSIDE_COVERAGE], parts[Reason.NO_VALUE])
    unknown, is_broken_too = differences(doubtful, hit, ground.threads)
    excess_m = np.full(count, -np.inf)
    parcel, feature = overlaps.parcel[is_hit], overlaps.feature[is_hit]
    np.maximum.at(excess_m, parcel, heights[parcel] - against.limits[feature])
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=shown_pairs(overlaps, is_hit, is_doubtful),
        zones=Zones(lambda: features.pieces, ground.shapes, concerns=against.exceeds),
        value=np.where(np.isfinite(excess_m), excess_m, np.nan),
    )
    name_reasons(judgement, parts, ground)
    return mark_broken(judgement, ground, np.unique(overlaps.failed[:, 0]), is_broken | is_broken_too)


def _judge_surface(ground: Ground, heights: np.ndarray) -> Judgement:
    """P ∩ cells where surface minus ground is less than the height; unknown where either raster has no value.

    All is unknown where a raster's unit is no length, or where the rasters count heights from different zeros.
    """
    count, floor, under = len(ground.parcels), ground.others["ground"], _under_surface(ground, heights)
    outside_coverage, is_broken = ground.outside_coverage()
    outside_floor, floor_broken = parts_outside(ground.parcels, floor.coverage, ground.threads)
    without_height = no_ground(count)
    without_height[np.isnan(heights)] = ground.parcels[np.isnan(heights)]
    parts: Mapping[str, np.ndarray] = {
        Reason.OUTSIDE_COVERAGE: unions(outside_coverage, outside_floor),
        Reason.NO_VALUE: without_height,
        "nodata": under.blank,
        "heights": no_ground(count) if under.is_comparable else ground.parcels,
    }
    doubtful = reduce(unions, parts.values())
    unknown, rest_broken = differences(doubtful, under.hit, ground.threads)
    judgement = Judgement(
        hit=under.hit,
        unknown=unknown,
        distance_m=np.full(count, np.nan),
        pairs=no_pairs(),
        value=np.where(np.isfinite(under.most_m), under.most_m, np.nan),
    )
    name_reasons(judgement, parts, ground)
    return mark_broken(judgement, ground, under.is_broken | is_broken | floor_broken | rest_broken)


@dataclass(frozen=True)
class _UnderSurface:
    """The ground of parcels (n,) that is too high for a surface, by how many metres at most, and that without a value.

    is_comparable: the heights are lengths that count from one zero. is_broken: (n,) ground that arithmetic lost.
    """

    hit: np.ndarray
    most_m: np.ndarray
    blank: np.ndarray
    is_comparable: bool
    is_broken: np.ndarray


def _under_surface(ground: Ground, heights: np.ndarray) -> _UnderSurface:
    """Hold the parcels against the surface, portion by portion: of each the cells' pieces are united at once."""
    count, plane = len(ground.parcels), (ground.system, ground.origin)
    most_m, has_values, is_comparable = np.full(count, -np.inf), np.zeros(count, dtype=bool), True
    portions = _portions(ground)
    hits, blanks = [(np.empty(0, dtype=np.int64), no_ground(0))], [portions.off_grids]
    for grounds, parcels in portions.grounds:
        surface = _cells(grounds, np.arange(len(grounds)), ground.rasters, plane)
        pieces = surface.pieces
        floor_cells = _cells(pieces, np.arange(len(pieces)), ground.others["ground"].rasters, plane)
        part = surface.owner[floor_cells.owner]
        owner = parcels[part]
        # Where the height is not known, nothing is higher than it: such parcels are unknown as a whole.
        excess_m = heights[owner] - (surface.values[floor_cells.owner] - floor_cells.values)
        zeros = surface.zeros | floor_cells.zeros
        is_comparable = surface.are_lengths and floor_cells.are_lengths and len(zeros) <= 1
        is_hit = (excess_m > 0) & is_comparable
        np.maximum.at(most_m, owner[is_hit], excess_m[is_hit])
        has_values[owner] = True
        blank_part = np.r_[surface.blank_owner, surface.owner[floor_cells.blank_owner]]
        for united, of, cells in (
            (hits, part[is_hit], floor_cells.pieces[is_hit]),
            (blanks, blank_part, np.r_[surface.blanks, floor_cells.blanks]),
        ):
            present, group = np.unique(of, return_inverse=True)
            united.append((parcels[present], union_by(group, cells, len(present), ground.threads)))
    hit, blank = (_union_of_portions(united, ground) for united in (hits, blanks))
    # A parcel without any value is unknown as it came: rebuilt from its cells it would differ by rounding.
    return _UnderSurface(hit, most_m, np.where(has_values, blank, ground.parcels), is_comparable, portions.is_broken)


def _union_of_portions(portions: list[tuple[np.ndarray, np.ndarray]], ground: Ground) -> np.ndarray:
    """The union of what portions have of each parcel (n,): parcels, and ground."""
    parcels, grounds = zip(*portions, strict=True)
    return union_by(np.concatenate(parcels), np.concatenate(grounds), len(ground.parcels), ground.threads)


@dataclass(frozen=True)
class _Portions:
    """Grounds of parcels (n,) and the rows of their parcels, in portions of so many cells that they fit into memory.

    off_grids: the rows of large parcels, and their ground beyond the surface or the ground's heights. is_broken: (n,)
    which parcels could not be cut.
    """

    grounds: list[tuple[np.ndarray, np.ndarray]]
    off_grids: tuple[np.ndarray, np.ndarray]
    is_broken: np.ndarray


def _portions(ground: Ground) -> _Portions:
    """Put the parcels (n,) into portions; where one lies over more cells, on the grids it is cut into squares."""
    count, boxes = len(ground.parcels), shapely.bounds(ground.parcels)
    cells, owner, is_broken = _most_cells(ground, boxes), np.arange(count), np.zeros(count, dtype=bool)
    grounds, off_grids = ground.parcels, (np.empty(0, dtype=np.int64), no_ground(0))
    large = np.flatnonzero(cells > _MOST_CELLS)
    if len(large):
        frame = _common_frame(ground)
        on_grids = np.c_[np.maximum(boxes[:, :2], frame[:2]), np.minimum(boxes[:, 2:], frame[2:])]
        cells = _most_cells(ground, on_grids)
        grid_boxes = no_ground(len(large))
        grid_boxes[:] = shapely.box(*frame) if (frame[:2] < frame[2:]).all() else None
        off_ground, failed_rows = differences(grounds[large], grid_boxes, ground.threads)
        is_broken[large[failed_rows]] = True
        is_beyond = ~shapely.is_missing(off_ground)
        off_grids = large[is_beyond], off_ground[is_beyond]
        squares = [_squares(on_grids[at], math.ceil(math.sqrt(cells[at] / _MOST_CELLS))) for at in large.tolist()]
        of = np.repeat(large, [len(some) for some in squares])
        cut, broken_rows = intersections(grounds[of], np.concatenate(squares), ground.threads)
        is_broken[of[broken_rows]] = True
        shares = cells[of] / np.bincount(of, minlength=count)[of]
        has_ground, small = ~shapely.is_missing(cut), np.setdiff1d(owner, large)
        grounds, owner = np.r_[grounds[small], cut[has_ground]], np.r_[small, of[has_ground]]
        cells = np.r_[cells[small], shares[has_ground]]
    number = np.cumsum(cells) // _MOST_CELLS
    rows = np.split(np.arange(len(owner)), np.flatnonzero(np.diff(number)) + 1)
    return _Portions([(grounds[some], owner[some]) for some in rows], off_grids, is_broken)


def _common_frame(ground: Ground) -> np.ndarray:
    """The box (4,) in the library's plane outside of which the surface or the ground's heights have no cell."""
    frame = shapely.total_bounds(ground.parcels) + np.repeat([-1, 1], 2)
    for references in (ground.rasters, ground.others["ground"].rasters):
        boxes = np.array([_box_of_grid(reference, ground) for reference in references]).reshape(-1, 4)
        west_south = np.min(boxes[:, :2], axis=0, initial=np.inf)
        east_north = np.max(boxes[:, 2:], axis=0, initial=-np.inf)
        frame = np.r_[np.maximum(frame[:2], west_south), np.minimum(frame[2:], east_north)]
    return frame


def _box_of_grid(reference: RasterReference, ground: Ground) -> np.ndarray:
    """A box (4,) in the library's plane that a grid does not leave; without end where the plane does not reach."""
    with checked_raster(reference) as grid:
        _, to_plane = changes_of_plane(grid, raster_crs(grid, reference.given_crs), ground.system, ground.origin)
        edge = shapely.segmentize(shapely.box(0, 0, grid.width, grid.height).exterior, max(grid.shape) / 64)
        box: np.ndarray = shapely.bounds(to_plane(np.array([edge])))[0]
    # Between its points an edge may bend outwards in the plane, though never by so much.
    box += np.repeat([-0.01, 0.01], 2) * np.tile(box[2:] - box[:2], 2)
    return box if np.isfinite(box).all() else np.repeat([-np.inf, np.inf], 2)


def _most_cells(ground: Ground, boxes: np.ndarray) -> np.ndarray:
    """How many cells of the finest raster lie in boxes (n, 4) of the library's plane, at least 1: (n,)."""
    cells, rows = np.ones(len(boxes)), np.flatnonzero((boxes[:, :2] < boxes[:, 2:]).all(axis=1))
    for reference in (*ground.rasters, *ground.others["ground"].rasters):
        with checked_raster(reference) as grid:
            to_grid, _ = changes_of_plane(grid, raster_crs(grid, reference.given_crs), ground.system, ground.origin)
            west, south, east, north = shapely.bounds(in_cells(to_grid(shapely.box(*boxes[rows].T)), grid)).T
            number = (east - west) * (north - south)
            cells[rows] = np.maximum(cells[rows], np.where(np.isfinite(number), number, 1.0))
    return cells


def _squares(box: np.ndarray, side: int) -> np.ndarray:
    """A box (4,) in so many columns, and as many rows; nothing of one that is empty."""
    west, south, east, north = box
    if west >= east or south >= north:
        return no_ground(0)
    x, y = np.linspace(west, east, side + 1), np.linspace(south, north, side + 1)
    boxes: np.ndarray = shapely.box(x[:-1], y[:-1, None], x[1:], y[1:, None]).ravel()
    return boxes


@dataclass(frozen=True)
class _Cells:
    """Ground cut along the cells of rasters, in the library's plane.

    pieces, owner, values: (k,) each in one cell, the row of its ground, the cell's value.
    blanks, blank_owner: (j,) ground in cells without a value and off the grids, and its rows.
    are_lengths: the unit of every raster is a length. zeros: the names of the height systems.
    """

    pieces: np.ndarray
    owner: np.ndarray
    values: np.ndarray
    blanks: np.ndarray
    blank_owner: np.ndarray
    are_lengths: bool
    zeros: frozenset[str]


def _cells(
    grounds: np.ndarray,
    owner: np.ndarray,
    rasters: tuple[RasterReference, ...],
    plane: tuple[pyproj.CRS, tuple[float, float]],
) -> _Cells:
    """Cut grounds (n,) of owners (n,) along the cells of the first raster that has a value there.

    plane: the library's CRS, and the point from which coordinates are counted.
    """
    pieces, owners, values = [np.empty(0, dtype=object)], [np.empty(0, dtype=np.int64)], [np.empty(0)]
    are_lengths, zeros = True, []
    for reference in rasters:
        blanks, blank_owners = [np.empty(0, dtype=object)], [np.empty(0, dtype=np.int64)]
        with checked_raster(reference) as grid:
            crs = raster_crs(grid, reference.given_crs)
            height_m = metres_of_height(grid, crs)
            are_lengths &= height_m is not None
            zeros.append(vertical_datum(crs))
            to_grid, to_plane = changes_of_plane(grid, crs, *plane)
            polygons = in_cells(to_grid(grounds), grid)
            for part in grid_parts(polygons, grid, 0):
                if part.is_off_grid:
                    blanks.append(to_plane(part.polygons))
                    blank_owners.append(owner[part.rows])
                    continue
                value = cell_values(*read_cells(grid, part.window)) * (height_m or 1.0)
                cells = cell_weights(part.polygons)
                own_values = values_of_cells(value, cells, part.window)
                every = np.ones(len(own_values), dtype=bool)
                cell_grounds = polygon_parts(to_plane(cell_pieces(part.polygons, cells, every)))
                is_ground = ~shapely.is_missing(cell_grounds)
                ground, own_values = cell_grounds[is_ground], own_values[is_ground]
                of, has_value = owner[part.rows][cells.parcel[is_ground]], ~np.isnan(own_values)
                pieces.append(ground[has_value])
                owners.append(of[has_value])
                values.append(own_values[has_value])
                blanks.append(ground[~has_value])
                blank_owners.append(of[~has_value])
        grounds, owner = np.concatenate(blanks), np.concatenate(blank_owners)
        is_left = ~shapely.is_missing(grounds)
        grounds, owner = grounds[is_left], owner[is_left]
    on_cells = np.concatenate(pieces), np.concatenate(owners), np.concatenate(values)
    return _Cells(*on_cells, grounds, owner, are_lengths, frozenset(filter(None, zeros)))


KIND = Kind(
    name="height",
    title={"zh": "建筑高度", "en": "keep below a height"},
    conflict={
        "zh": "地块的拟建高度大于（不含等于）所允许高度的部分；拟建高度或限高没有值处无法判定；"
        "限高为海拔面时，允许高度逐单元取限高栅格减地面栅格",
        "en": "The parcel's ground where its proposed height is more than allowed, not at it; where the height or the "
        "limit has no value, ground is unknown. Under a surface above sea level, what is allowed is the surface's "
        "cell less the ground's.",
    },
    geometries=("polygon", "raster"),
    judge=_judge,
    keys={
        "parcel_field": Key(
            TEXT,
            {
                "zh": "地块上写明拟建高度（地面以上，米）的字段",
                "en": "The parcel's field with its proposed height, in metres above ground.",
            },
            title={"zh": "地块字段", "en": "field of the parcel"},
            required=True,
        ),
        "limit": Key(
            NUMBER_OR_TABLE,
            {
                "zh": "允许高度（地面以上，米）：数字，或 { field = 字段 }；图层为栅格（海拔，米）时不写，"
                "或写该图层代码，并写 ground",
                "en": "What is allowed, in metres above ground: a number, or { field = FIELD }. Where the layer is a "
                "raster of heights above sea level, it is left out or is the layer's code, and `ground` stands beside.",
            },
            title={"zh": "限高", "en": "height limit"},
            unit="m",
        ),
        "ground": Key(
            TEXT,
            {
                "zh": "地面高程栅格图层的代码（海拔，米）；图层为限高栅格时必写",
                "en": "The code of the raster of the ground's heights above sea level; a raster of limits needs it.",
            },
            title={"zh": "地面高程", "en": "ground heights"},
            layer_geometries=("raster",),
            is_needed=True,
        ),
    },
    measures={
        **GROUND_MEASURES,
        "value": {"zh": "超出允许高度最多多少米", "en": "by how many metres it is higher than allowed, at most"},
    },
    reasons={"nodata": NODATA, "heights": HEIGHTS},
    problems=_problems,
    fields=_fields,
    parcel_fields=lambda options: (options["parcel_field"],),
    parcel_unit="m",
    fitting=_layer_kinds,
)
