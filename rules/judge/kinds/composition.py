"""composition: the parcel's ground by classes, in a table of its own. It makes no finding and no verdict."""

import numpy as np
import pandas as pd
import shapely

from onemap.rules.judge.kinds.attribute_json import attribute_json
from onemap.rules.judge.kinds.conditions import column_or_null
from onemap.rules.judge.kinds.ground import Ground, Judgement, SurveyPieces, no_ground, no_pairs
from onemap.rules.judge.kinds.kind import LIST, Form, Key, Kind, Options
from onemap.rules.judge.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.flat_polygons import occurring_numbers
from onemap.rules.judge.overlay.mutual_overlaps import features_overlap, near_pairs
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, Overlaps, differences, union_by

_NO_KEYS = np.empty(0, dtype=object)


def _problems(item: Options) -> list[tuple[str, Form]]:
    by = item.get("by")
    if by and all(isinstance(name, str) and name for name in by):
        return []
    return [("by", {"zh": 'by = ["字段", …]', "en": 'by = ["FIELD", …]'})]


def _judge(ground: Ground) -> Judgement:
    """Each parcel's ground by the values of `by`, classes in order of their keys; other ground has null keys.

    Where features overlap each other, the first row wins, so that the parts add up to the parcel. A feature of which
    nobody knows whether the rule means it gives no class.
    """
    count, by, features = len(ground.shapes), ground.options["by"], ground.features
    common = ground.overlaps_with(features.shapes)
    overlaps = common.only(~features.uncertain[common.feature])
    pieces, failed = _first_wins(overlaps, ground)
    is_left = ~shapely.is_missing(pieces)
    parcel, feature, pieces = overlaps.parcel[is_left], overlaps.feature[is_left], pieces[is_left]
    rest, is_broken = subtract_zones(
        ground.parcels, ground.grounds_of(overlaps), ground, lambda: features.certain_pieces
    )
    numbers, place = occurring_numbers(feature, len(features.shapes))
    keys = _class_keys(features.attributes.iloc[numbers], by)[place] if len(feature) else _NO_KEYS
    bare = np.flatnonzero(~shapely.is_missing(rest))
    without = np.full(len(bare), attribute_json(dict.fromkeys(by)), dtype=object)
    classes = _ground_by_class(np.r_[parcel, bare], np.r_[keys, without], np.r_[pieces, rest[bare]], ground)
    judgement = Judgement(no_ground(count), no_ground(count), np.full(count, np.nan), no_pairs(), classes=classes)
    judgement.survey = SurveyPieces(parcel, feature, pieces, features.shapes, rest)
    return mark_broken(judgement, ground, np.unique(np.r_[common.failed[:, 0], np.flatnonzero(is_broken), failed]))


def _class_keys(attributes: pd.DataFrame, by: list[str]) -> np.ndarray:
    """The class of each feature (m,): its values of the fields `by` as JSON; the version may lack a field."""
    columns = [column_or_null(attributes, name) for name in by]
    rows = [tuple(None if pd.isna(value) else value for value in values) for values in zip(*columns, strict=True)]
    return np.array([attribute_json(dict(zip(by, values, strict=True))) for values in rows] or [""])


def _ground_by_class(parcel: np.ndarray, keys: np.ndarray, pieces: np.ndarray, ground: Ground) -> pd.DataFrame:
    """A row per parcel and class, with the union of its pieces, in order of parcels and keys."""
    code, classes = pd.factorize(keys.astype(object), sort=True)
    groups, position = np.unique(parcel * len(classes) + code, return_inverse=True)
    grounds = union_by(position, pieces, len(groups), ground.threads)
    row, code = np.divmod(groups, max(1, len(classes)))
    return pd.DataFrame({"_row": row, "keys": classes[code], "_geometry": grounds})


def _first_wins(overlaps: Overlaps, ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """The pieces (k,) of each parcel without ground that an earlier piece covers; and the parcels whose overlay failed.

    Only pieces that share ground are overlaid: a survey that was transformed from another system has slivers of overlap
    everywhere, and a large parcel has thousands of pieces.
    """
    parcel, geometry, count = overlaps.parcel, overlaps.geometry, len(ground.shapes)
    # A survey that overlaps itself is an error, and rare: only where the kernel sees it GEOS is asked.
    is_double = features_overlap(parcel, overlaps.feature, ground.features.shapes, count, 0.0, ground.threads)
    doubles, result = np.flatnonzero(is_double[parcel]), geometry.copy()
    total = np.bincount(parcel[doubles], shapely.area(geometry[doubles]), minlength=count)
    union = np.nan_to_num(shapely.area(union_by(parcel[doubles], geometry[doubles], count, ground.threads)))
    rows = np.flatnonzero((total - union > ARITHMETIC_M2)[parcel])
    later, earlier = _pairs_sharing_ground(parcel[rows], geometry[rows], ground)
    if len(later) == 0:
        return result, later
    places, group = np.unique(later, return_inverse=True)
    taken_ground = union_by(group, geometry[rows[earlier]], len(places), ground.threads)
    result[rows[places]], failed = differences(geometry[rows[places]], taken_ground, ground.threads)
    return result, parcel[rows[places[failed]]]


def _pairs_sharing_ground(parcel: np.ndarray, geometry: np.ndarray, ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of pieces (k,) of one parcel that share ground: the later piece (j,) and the earlier one (j,)."""
    pair_parts = [np.empty((2, 0), dtype=np.int64)]
    for _, one, other in near_pairs(parcel, np.arange(len(parcel)), shapely.bounds(geometry).reshape(-1, 4)):
        ground.threads.progress.check()
        areas, errors = common_areas(geometry[one], geometry[other], ground.threads)
        share = areas > errors
        pair_parts.append(np.array([np.maximum(one, other)[share], np.minimum(one, other)[share]]))
    later, earlier = np.concatenate(pair_parts, axis=1)
    order = np.lexsort((earlier, later))  # whatever stands beside
    return later[order], earlier[order]


KIND = Kind(
    name="composition",
    title={"zh": "地类构成", "en": "ground by classes"},
    conflict={
        "zh": "没有冲突：按分类字段的取值把地块面积列在 composition 表",
        "en": "None: the table `composition` lists the parcel's ground by the values of fields.",
    },
    geometries=("polygon",),
    judge=_judge,
    keys={
        "by": Key(
            LIST,
            {"zh": "分类字段", "en": "The fields by whose values the ground is listed."},
            title={"zh": "分类字段", "en": "classes by"},
            required=True,
        )
    },
    measures={},
    finds=False,
    overlays_whole_features=True,
    problems=_problems,
    fields=lambda options: tuple(options["by"]),
)
