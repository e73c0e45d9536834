"""cross: lines and points inside the parcel, by length and number. No ground is in conflict.

The length is that of the union, the number that of places: what is drawn twice counts once, like ground.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.finding_figures import FindingFigures
from onemap.rules.judge.kinds.ground import Ground, Judgement, Measures, Pairs, no_ground
from onemap.rules.judge.kinds.kind import Kind, area_share_and_length
from onemap.rules.judge.kinds.unknown_ground import name_reasons
from onemap.rules.judge.overlay.flat_polygons import distinct
from onemap.rules.judge.overlay.in_chunks import chunks
from onemap.rules.judge.overlay.lines_inside import proved_pieces, union_lengths_m
from onemap.rules.judge.overlay.threads import Threads

_LEAST_M = 1e-6  # shorter is arithmetic: a line that touches the edge, not one that crosses; nearer is on the edge


def outlines(geometries: np.ndarray) -> np.ndarray:
    """Lines and points unchanged, polygons as their outlines."""
    areal = shapely.get_dimensions(geometries) == 2
    result = geometries.copy()
    result[areal] = shapely.boundary(geometries[areal])
    return result


def _judge(ground: Ground) -> Judgement:
    """Length of the union of lines and number of places of points inside each parcel.

    A line along the edge or a point on it touches the parcel and does not cross it.

    Where an object inside may or may not match, the whole parcel is unknown, since crossing has no ground of its own.
    """
    count = len(ground.parcels)
    parcel, feature, inside = _pieces_inside(ground)
    is_doubtful = ground.features.uncertain[feature]
    is_line = (shapely.get_dimensions(inside) == 1) & ~is_doubtful
    is_point = (shapely.get_dimensions(inside) == 0) & ~is_doubtful
    numbers = _places(parcel[is_point], inside[is_point], count)
    has_row = np.bincount(parcel[~is_doubtful], minlength=count) > 0
    outside, is_broken = ground.outside_coverage()
    doubtful = no_ground(count)
    doubtful[parcel[is_doubtful]] = ground.parcels[parcel[is_doubtful]]
    parts: Mapping[str, np.ndarray] = {Reason.OUTSIDE_COVERAGE: outside, Reason.NO_VALUE: doubtful}
    judgement = Judgement(
        hit=no_ground(count),
        unknown=np.where(shapely.is_missing(doubtful), outside, doubtful),
        distance_m=np.where(has_row, 0.0, np.nan),
        pairs=Pairs(parcel, feature, FlatGround.of(inside), np.zeros(len(parcel)), is_doubtful, ~is_doubtful),
        measures=Measures(
            has_row,
            length_m=_union_lengths_m(parcel[is_line], inside[is_line], count, ground.threads),
            value=np.where(numbers > 0, numbers, np.nan),
        ),
    )
    name_reasons(judgement, parts, ground)
    judgement.because(Reason.ARITHMETIC, is_broken)
    return judgement


def _pieces_inside(ground: Ground) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines and points inside parcels: parcel (k,), feature (k,), piece (k,), by parcel and then by feature."""
    shapes = outlines(ground.features.geometries)
    feature, parcel = ground.tree.query(shapes, predicate="intersects")
    order = np.lexsort((feature, parcel))
    feature, parcel = feature[order], parcel[order]
    ground.threads.progress.check()
    if len(parcel) == 0:
        return parcel, feature, no_ground(0)
    inside = proved_pieces(_parts_inside, shapes[feature], ground.parcels[parcel], without_edges=True)
    inside = _same_dimension(inside, shapely.get_dimensions(shapes)[feature])
    is_inside = (shapely.length(inside) > _LEAST_M) | (shapely.get_dimensions(inside) == 0)
    return parcel[is_inside], feature[is_inside], inside[is_inside]


def _parts_inside(shapes: np.ndarray, parcels: np.ndarray) -> np.ndarray:
    """The parts of lines and points strictly inside parcels, pair by pair (k,)."""
    ground, which = distinct(parcels)
    edges = shapely.boundary(ground)[which]
    parts_inside: np.ndarray = shapely.difference(shapely.intersection(shapes, parcels), edges)
    rows = np.flatnonzero(shapely.get_dimensions(parts_inside) == 0)
    points, owner = shapely.get_parts(parts_inside[rows], return_index=True)
    # On a slanting edge few points are to the last digit.
    is_inside = ~shapely.dwithin(edges[rows[owner]], points, _LEAST_M)
    parts_inside[rows] = shapely.MultiPoint()
    shapely.multipoints(points[is_inside], indices=rows[owner[is_inside]], out=parts_inside)
    return parts_inside


def _union_lengths_m(parcel: np.ndarray, lines: np.ndarray, count: int, threads: Threads) -> np.ndarray:
    """The length of the union of each parcel's lines (count,), NaN without any; parcel, lines: (k,) the pieces."""
    if len(lines) == 0:
        return np.full(count, np.nan)

    def unite(of_parcel: np.ndarray) -> np.ndarray:
        parts = chunks(len(of_parcel))
        return np.concatenate(threads.each(lambda part: _united_m(of_parcel[part]), parts))

    lengths_m = union_lengths_m(lines, parcel, count, unite)
    return np.where(np.bincount(parcel, minlength=count) > 0, lengths_m, np.nan)


def _united_m(lines: np.ndarray) -> np.ndarray:
    """The length of each multiline (k,) with doubled parts counted once."""
    line_column = lines[:, None]
    exact = shapely.length(shapely.union_all(line_column, axis=1))
    # A line cut in two places is no longer quite on itself: what lies that near to another is the same.
    near = shapely.length(shapely.union_all(line_column, axis=1, grid_size=_LEAST_M))
    lengths_m: np.ndarray = np.where(exact - near > _LEAST_M * shapely.get_num_coordinates(lines), near, exact)
    return lengths_m


def _places(parcel: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    """The number of places of points in each parcel (count,); parcel, points: (k,) the pieces."""
    if len(points) == 0:
        return np.zeros(count, dtype=np.int64)
    spots, owner = shapely.get_coordinates(points, return_index=True)
    places = np.unique(np.column_stack([parcel[owner], spots]), axis=0)
    return np.bincount(places[:, 0].astype(np.int64), minlength=count)


def _same_dimension(inside: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """The parts of each piece that have its feature's dimension: no points where a line only touches."""
    result = no_ground(len(inside))
    parts, owner = shapely.get_parts(inside, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    is_same = (shapely.get_dimensions(parts) == dimension[owner]) & ~shapely.is_empty(parts)
    for asked_dimension, make in ((1, shapely.multilinestrings), (0, shapely.multipoints)):
        is_chosen = is_same & (shapely.get_dimensions(parts) == asked_dimension)
        if is_chosen.any():
            owners, position = np.unique(owner[is_chosen], return_inverse=True)
            result[owners] = make(parts[is_chosen], indices=position)
    return result


def _explain_amounts(finding: Mapping[str, Any], language: str, figures: FindingFigures) -> tuple[str, ...]:
    """The number of places of points, or length and number of lines; else the ground that was not judged."""
    if finding["features"] is None or finding["area_m2"] is not None:
        return area_share_and_length(finding, language, figures)
    if finding["length_m"] is None:
        places = finding["features"] if finding["value"] is None else finding["value"]
        return (phrase("amount.places", language, count=int(places)),)
    facts = {"length": figures.length(finding["length_m"]), "count": int(finding["features"])}
    return (of_parcels(phrase("amount.lines", language, **facts), finding, language),)


def of_parcels(text: str, finding: Mapping[str, Any], language: str) -> str:
    """An amount of objects; over several parcels it says that an object in two of them counts for each."""
    return phrase("amount.of_parcels", language, amount=text) if (finding.get("parcels") or 1) > 1 else text


KIND = Kind(
    name="cross",
    title={"zh": "穿越", "en": "do not cross"},
    conflict={
        "zh": "没有冲突面积：地块之内线的长度和点的个数（面按其轮廓），重复绘制的只计一次；沿边界或在边界上的不算",
        "en": "No ground: the length of lines and the number of points inside the parcel (polygons by their outline); "
        "what is drawn twice counts once, and what runs along its edge or lies on it does not count.",
    },
    geometries=("line", "point", "polygon"),
    judge=_judge,
    ends_at_features=True,
    value_places=0,
    measures={
        "length_m": {"zh": "地块内线的并集长度", "en": "the length of the union of lines inside"},
        "value": {"zh": "地块内点的位置个数", "en": "the number of places of points inside"},
        "features": {"zh": "涉及的要素数", "en": "the number of features"},
        "distance_m": {"zh": "恒为 0", "en": "always 0"},
    },
    explained=_explain_amounts,
)
