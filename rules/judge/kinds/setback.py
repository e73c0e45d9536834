"""setback: the parcel must keep a distance. Conflict: P ∩ the union of the features, each grown by its own distance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.code_tables import plain_code
from onemap.layers.frames.fields import plain_numbers, text_value
from onemap.layers.geometry.boxes import box_around
from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.geometry.shape_column import boxes_of
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.conditions import column_named
from onemap.rules.judge.kinds.ground import Features, Ground, Judgement, Pairs
from onemap.rules.judge.kinds.kind import (
    AMOUNT,
    AREA_LIMITS,
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
from onemap.rules.judge.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.judge.kinds.unknown_ground import name_reasons
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.grown_ground import grown_ground
from onemap.rules.judge.overlay.overlay import (
    Overlaps,
    differences,
    intersections,
    parts_inside,
    parts_outside,
    union_by,
    unions,
)
from onemap.rules.judge.overlay.unchanging_sets import freeze_set

_DISTANCE = {
    "zh": "distance_m = 米 | { field, values, default }",
    "en": "distance_m = METRES | { field, values, default }",
}
_METRES = {"zh": "不小于 0 的米数", "en": "METRES ≥ 0"}


def _problems(item: Options) -> list[tuple[str, Form]]:
    wrong = _distance_problems(item.get("distance_m"))
    if "half_width_m" in item and "half_width_field" in item:
        wrong.append(("half_width_field", "half_width_m | half_width_field"))
    return wrong


def _distance_problems(distance: Any) -> list[tuple[str, Form]]:
    if distance is None:
        return [("distance_m", _DISTANCE)]
    if not isinstance(distance, dict):
        return [] if is_amount(distance) else [("distance_m", _METRES)]
    names, values = as_list(distance.get("field")), distance.get("values")
    are_named = bool(names) and all(isinstance(name, str) and name for name in names)
    if set(distance) - {"field", "values", "default"} or not are_named:
        return [("distance_m", "distance_m = { field, values, default }")]
    if not isinstance(values, dict) or not values or not all(map(is_amount, values.values())):
        return [("distance_m.values", {"zh": "values = { 类别 = 米 }", "en": "values = { CLASS = METRES }"})]
    if len({(plain_code(key), value) for key, value in values.items()}) > len(set(map(plain_code, values))):
        return [("distance_m.values", {"zh": "每个类别只有一个距离", "en": "one distance for each CLASS"})]
    if "default" in distance and not is_amount(distance["default"]):
        return [("distance_m.default", {"zh": "default = 米", "en": "default = METRES"})]
    if len(names) > 1 and not all(key.count("/") == len(names) - 1 for key in values):
        return [("distance_m.values", {"zh": 'values = { "甲/乙" = 米 }', "en": 'values = { "A/B" = METRES }'})]
    return []


def _class_fields(options: Options) -> list[str]:
    distance = options.get("distance_m")
    return as_list(distance["field"]) if isinstance(distance, dict) else []


def _fields(options: Options) -> tuple[str, ...]:
    width = options.get("half_width_field")
    return (*_class_fields(options), *([width] if width else []))


def _reach_m(options: Options) -> float:
    """How far from a parcel a feature may lie and still matter, in metres; infinite where a field sets the distance."""
    if "half_width_field" in options:
        return float("inf")
    return largest_distance_m(options) + float(options.get("half_width_m", 0.0))


def largest_distance_m(options: Options) -> float:
    """The largest distance that any feature keeps, in metres."""
    distance = options["distance_m"]
    if isinstance(distance, dict):
        return float(max([*distance["values"].values(), distance.get("default", 0)]))
    return float(distance)


def _distances_m(options: Options, attributes: pd.DataFrame) -> np.ndarray:
    """Each feature's own distance in metres (m,); NaN where its class has none and there is no default.

    Classes are compared without regard to width, blanks and case.
    """
    distance = options["distance_m"]
    if not isinstance(distance, dict):
        return np.full(len(attributes), float(distance))
    columns = [[text_value(value) for value in column_named(attributes, name)] for name in _class_fields(options)]
    default = float(distance.get("default", np.nan))
    values = {plain_code(key): float(value) for key, value in distance["values"].items()}
    keys = [None if None in parts else "/".join(filter(None, parts)) for parts in zip(*columns, strict=True)]
    of_key = {key: default if key is None else values.get(plain_code(key), default) for key in set(keys)}
    return np.array([of_key[key] for key in keys], dtype=float)


def distance_classes(options: Options) -> dict[str, list[str]]:
    """The values of fields that have distances of their own, by field, each once."""
    names = _class_fields(options)
    if not names:
        return {}
    keys = options["distance_m"]["values"]
    parts = zip(*(key.split("/") for key in keys), strict=True) if len(names) > 1 else [keys]
    return {name: list(dict.fromkeys(part)) for name, part in zip(names, parts, strict=True)}


def half_widths_m(options: Options, attributes: pd.DataFrame) -> np.ndarray:
    """Half of each feature's width in metres (m,); NaN where the field is null or cannot be a width."""
    if "half_width_field" in options:
        width = plain_numbers(column_named(attributes, options["half_width_field"]))
        return np.where(width >= 0, width, np.nan)
    return np.full(len(attributes), float(options.get("half_width_m", 0.0)))


def _judge(ground: Ground) -> Judgement:
    """Conflict with each feature grown by its distance from its edge; unknown where class or coverage is missing.

    At exactly the limit there is no conflict. A feature without a distance makes the ground within the largest distance
    unknown (no_value). Ground that near to uncovered ground is unknown, too (outside_coverage).
    """
    count, features = len(ground.parcels), ground.features
    grown = features.once("grown", lambda: _grow_features(ground))
    official = _official_zones(ground)
    overlaps = ground.overlaps_with(grown.zones.geometries)
    without_proof = overlaps.parcel[grown.is_unproved[overlaps.feature]]
    overlaps = overlaps.only(~grown.is_unproved[overlaps.feature])
    apart_m = _distances_apart_m(ground, grown, overlaps)
    is_certain = grown.is_certain[overlaps.feature]
    least_m = np.full(count, np.inf)  # also of features that keep nobody off where official zones speak
    np.minimum.at(least_m, overlaps.parcel[is_certain], apart_m[is_certain])
    if official is not None:
        overlaps = _pieces_on(official.estimated, overlaps, ground)
        apart_m = _distances_apart_m(ground, grown, overlaps)
    is_certain = grown.is_certain[overlaps.feature]
    grounds = (
        union_by(overlaps.parcel[is_certain], overlaps.geometry[is_certain], count, ground.threads),
        union_by(overlaps.parcel[~is_certain], overlaps.geometry[~is_certain], count, ground.threads),
    )
    near, near_broken = near_unknown_ground(ground, grown.farthest_m)
    hit, without_value = grounds
    if official is not None:
        hit = unions(hit, official.zones)
        near, clip_broken = intersections(near, official.estimated, ground.threads)
        near_broken = near_broken | clip_broken | official.is_broken
    certain_zones = Zones(lambda: grown.zones.certain_pieces, ground.parcels)
    if official is not None:
        unknown, unknown_broken = differences(unions(without_value, near), hit, ground.threads)
    else:
        unknown, unknown_broken = subtract_zones(unions(without_value, near), hit, ground, certain_zones.pieces)
    pairs = Pairs(overlaps.parcel, overlaps.feature, overlaps.ground, apart_m, ~is_certain, is_certain)
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(np.isinf(least_m) | shapely.is_missing(hit), np.nan, least_m),
        pairs=pairs if official is None else _with_pieces_of(pairs, official.pieces, len(features.geometries)),
        zones=certain_zones if official is None else None,
    )
    name_reasons(judgement, {Reason.OUTSIDE_COVERAGE: near, Reason.NO_VALUE: without_value}, ground)
    is_broken = near_broken | unknown_broken
    return mark_broken(judgement, ground, np.unique(np.r_[overlaps.failed[:, 0], without_proof]), is_broken)


@dataclass(frozen=True)
class _GrownFeatures:
    """The features (m,) grown by their distances.

    zones: m polygons; of a feature without a distance by the largest one.
    is_certain: (m,) its condition, its distance and its half width are known.
    is_unproved: (m,) its zone may lack ground: it is a box around all that could be in it.
    half_width_m: (m,) metres, NaN where not known.
    farthest_m: how far from its middle any feature keeps parcels off.
    """

    zones: Features
    is_certain: np.ndarray
    is_unproved: np.ndarray
    half_width_m: np.ndarray
    farthest_m: float


def _grow_features(ground: Ground) -> _GrownFeatures:
    features, largest_m = ground.features, largest_distance_m(ground.options)
    distance_m = _distances_m(ground.options, features.attributes)
    half_width_m = half_widths_m(ground.options, features.attributes)
    # Where no feature lies near, one beyond the coverage may still be as wide.
    widest_m = np.nanmax(half_width_m, initial=float(ground.options.get("half_width_m", 0.0)))
    is_measured = ~(np.isnan(distance_m) | np.isnan(half_width_m))
    grown_by_m = np.where(is_measured, distance_m, largest_m) + np.where(np.isnan(half_width_m), widest_m, half_width_m)
    zones, is_unproved = grown_ground(features.geometries, grown_by_m, ground.threads)
    zones[is_unproved] = _grown_boxes(shapely.bounds(features.geometries[is_unproved]), grown_by_m[is_unproved])
    is_certain = is_measured & ~features.uncertain & ~is_unproved
    grown = Features(freeze_set(zones), features.attributes, ~is_certain)
    return _GrownFeatures(grown, is_certain, is_unproved, half_width_m, largest_m + widest_m)


def near_unknown_ground(ground: Ground, reach_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The part of each parcel (n,) nearer than `reach_m` to ground that the layer does not cover.

    Returns the parts, None without any, and where the overlay is broken.
    """
    parts, is_broken = np.full(len(ground.parcels), None, dtype=object), np.zeros(len(ground.parcels), dtype=bool)
    # A margin past the reach, so that the box's own edge is never taken for that of the unknown ground.
    margin_m = reach_m + 1.0
    shapely.prepare(ground.coverage)
    whole = box_around(boxes_of(ground.shapes))
    if whole is None or shapely.covers(ground.coverage, _grown_boxes(np.array([whole]), margin_m)).all():
        return parts, is_broken
    edge = shapely.boundary(ground.coverage)
    shapely.prepare(edge)
    is_near = ~shapely.covers(ground.coverage, ground.parcels) | shapely.dwithin(edge, ground.parcels, reach_m)
    rows = np.flatnonzero(is_near)
    near_boxes = _grown_boxes(shapely.bounds(ground.parcels[rows]), margin_m)
    blank, is_broken[rows] = parts_outside(near_boxes, ground.coverage, ground.threads)
    grown_blank, unproved = grown_ground(blank, reach_m, ground.threads)
    parts[rows], near_broken = intersections(ground.parcels[rows], grown_blank, ground.threads)
    is_broken[rows] |= near_broken | unproved
    return parts, is_broken


def _grown_boxes(boxes: np.ndarray, margin_m: np.ndarray | float) -> np.ndarray:
    """Boxes (n, 4) as polygons (n,), each widened by margin_m, (n,) or one for all."""
    west, south, east, north = boxes.T
    grown: np.ndarray = shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    return grown


def _distances_apart_m(ground: Ground, grown: _GrownFeatures, overlaps: Overlaps) -> np.ndarray:
    """How far each parcel lies from the feature's edge, pair by pair (k,), in metres."""
    apart_m = shapely.distance(ground.parcels[overlaps.parcel], ground.features.geometries[overlaps.feature])
    edge: np.ndarray = np.maximum(apart_m - np.nan_to_num(grown.half_width_m[overlaps.feature]), 0.0)
    return edge


@dataclass(frozen=True)
class _OfficialZones:
    """The official zones in each parcel (n,), and the ground outside of them; None without zones.

    is_broken: (n,) whether arithmetic could not place them; pieces: what each parcel shares with each of the zones.
    """

    zones: np.ndarray
    estimated: np.ndarray
    is_broken: np.ndarray
    pieces: Overlaps


def _official_zones(ground: Ground) -> _OfficialZones | None:
    """The official zones, which replace the computed zones wherever their layer speaks."""
    official = ground.others.get("instead")
    if official is None:
        return None
    estimated, is_broken = parts_outside(ground.parcels, official.coverage, ground.threads)
    overlaps = ground.overlaps_with(official.geometries)
    covered_ground, cover_broken = parts_inside(ground.parcels, official.coverage, ground.threads)
    union = union_by(overlaps.parcel, overlaps.geometry, len(ground.parcels))
    zones, zone_broken = intersections(union, covered_ground, ground.threads)
    pieces = _pieces_on(covered_ground, overlaps, ground)
    is_broken = is_broken | zone_broken | cover_broken
    is_broken[pieces.failed[:, 0]] = True
    return _OfficialZones(zones, estimated, is_broken, pieces)


def _with_pieces_of(pairs: Pairs, zones: Overlaps, features: int) -> Pairs:
    """The pieces of `features` features, followed by those of official zones, which meet the parcel and are certain."""
    count = len(zones.parcel)
    never, always = np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    return Pairs(
        np.concatenate([pairs.parcel, zones.parcel]),
        np.concatenate([pairs.feature, zones.feature + features]),
        joined_ground([pairs.ground, zones.ground]),
        np.concatenate([pairs.distance_m, np.zeros(count)]),
        np.concatenate([pairs.no_value, never]),
        np.concatenate([pairs.of_hit, always]),
    )


def _pieces_on(grounds: np.ndarray, pieces: Overlaps, ground: Ground) -> Overlaps:
    """The parts of pieces on given ground of their parcels: grounds (n,), None where there is none."""
    left, is_broken = intersections(pieces.geometry, grounds[pieces.parcel], ground.threads)
    failed = np.column_stack([pieces.parcel, pieces.feature])[is_broken]
    is_left = ~shapely.is_missing(left)
    return Overlaps(
        pieces.parcel[is_left],
        pieces.feature[is_left],
        FlatGround.of(left[is_left]),
        np.concatenate([pieces.failed, failed]),
    )


KIND = Kind(
    name="setback",
    title={"zh": "退让距离", "en": "keep a distance"},
    conflict={
        "zh": "地块与各要素按各自距离外扩后的范围重叠的部分；恰在限值上不算冲突；覆盖范围须达到最大距离，"
        "离未覆盖范围这么近的部分无法判定",
        "en": "The parcel's ground on the union of the features, each grown by its own distance; at the limit exactly "
        "there is no conflict. Ground nearer than the largest distance to what the layer does not cover is unknown.",
    },
    geometries=("polygon", "line", "point"),
    judge=_judge,
    grows_features=True,
    ends_at_features=True,
    keys={
        **AREA_LIMITS,
        "distance_m": Key(
            NUMBER_OR_TABLE,
            {
                "zh": "数字，或 { field = 字段, values = { 类别 = 米 }, default = 米 }；field 可为几个字段，"
                '类别写作 "高铁/城市市区"；没有对应值又无 default 时，最大距离之内无法判定',
                "en": "A number, or { field = FIELD, values = { CLASS = METRES }, default = METRES }; `field` may be "
                'several, with classes written "A/B". Without a value and a default, ground within the largest '
                "distance is unknown.",
            },
            title={"zh": "距离", "en": "distance"},
            unit="m",
            required=True,
        ),
        "half_width_m": Key(
            AMOUNT,
            {"zh": "线的半宽：距离从其边缘量起", "en": "Half the width of lines, from whose edge is measured."},
            title={"zh": "半宽", "en": "half width"},
            unit="m",
            default="0",
        ),
        "half_width_field": Key(
            TEXT,
            {
                "zh": "写明半宽（米）的字段；不与 half_width_m 同用",
                "en": "The field with the half width in metres; not beside half_width_m.",
            },
            title={"zh": "半宽字段", "en": "field of the half width"},
        ),
        "instead": Key(
            TEXT,
            {
                "zh": "官方划定范围的图层代码：在其覆盖之处以其多边形代替外扩范围，"
                "压占图斑列其要素，属性 official_layer 为其代码",
                "en": "The code of a layer of official zones: where it speaks, its polygons stand instead, and are the "
                "features of the overlaps there, with its code as the attribute `official_layer`.",
            },
            title={"zh": "官方划定范围", "en": "official zones"},
            layer_geometries=("polygon",),
        ),
    },
    measures={**GROUND_MEASURES, "distance_m": {"zh": "与要素的最近距离", "en": "the least distance to a feature"}},
    problems=_problems,
    fields=_fields,
    reach_m=_reach_m,
)
