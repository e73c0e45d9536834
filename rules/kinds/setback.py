"""setback: the parcel must keep a distance. Conflict: P ∩ the union of the features, each grown by its own distance."""

from sys import float_info
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.fields import text_value
from onemap.rules.kinds.avoid import arithmetic, less
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import AREA_KEYS, QUARTER_SEGMENTS, Features, Ground, Judgement, Pairs
from onemap.rules.overlay.area_check import Zones
from onemap.rules.overlay.overlay import differences, inside, intersections, outside, union_by, unions

KEYS: dict[str, str | None] = {
    **{key: AREA_KEYS[key] for key in ("min_area_m2", "min_width_m")},
    "distance_m": None,
    "half_width_m": "number",
    "half_width_field": "text",
    "instead": "text",
}
GEOMETRIES = ("polygon", "line", "point")


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    found = []
    distance = item.get("distance_m")
    if distance is None:
        found.append(("distance_m", "distance_m = NUMBER | { field, values, default }"))
    elif isinstance(distance, dict):
        names = distance.get("field")
        names = names if isinstance(names, list) else [names]
        values = distance.get("values")
        are_named = bool(names) and all(isinstance(name, str) and name for name in names)
        if set(distance) - {"field", "values", "default"} or not are_named:
            found.append(("distance_m", "distance_m = { field, values, default }"))
        elif not isinstance(values, dict) or not values or not all(map(is_distance, values.values())):
            found.append(("distance_m.values", "values = { CLASS = METRES }"))
        elif "default" in distance and not is_distance(distance["default"]):
            found.append(("distance_m.default", "default = METRES"))
        elif len(names) > 1 and not all(key.count("/") == len(names) - 1 for key in values):
            found.append(("distance_m.values", 'values = { "A/B" = METRES }'))
    elif not is_distance(distance):
        found.append(("distance_m", "METRES ≥ 0"))
    if "half_width_m" in item and "half_width_field" in item:
        found.append(("half_width_field", "half_width_m | half_width_field"))
    if isinstance(item.get("half_width_m"), (int, float)) and item["half_width_m"] < 0:
        found.append(("half_width_m", "METRES ≥ 0"))
    return found


def is_distance(value: Any) -> bool:
    """True for a finite number of metres, zero or more."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= float_info.max


def _class_fields(options: dict[str, Any]) -> list[str]:
    distance = options["distance_m"]
    if not isinstance(distance, dict):
        return []
    return distance["field"] if isinstance(distance["field"], list) else [distance["field"]]


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads."""
    width = options.get("half_width_field")
    return (*_class_fields(options), *([width] if width else []))


def reach_m(options: dict[str, Any]) -> float:
    """How far from a parcel a feature may lie and still matter, in metres; infinite where the data set it."""
    if "half_width_field" in options:
        return float("inf")
    return largest_m(options) + float(options.get("half_width_m", 0.0))


def largest_m(options: dict[str, Any]) -> float:
    """The largest distance that any feature keeps, in metres."""
    distance = options["distance_m"]
    if isinstance(distance, dict):
        return float(max([*distance["values"].values(), distance.get("default", 0)]))
    return float(distance)


def distances_m(options: dict[str, Any], attributes: pd.DataFrame) -> np.ndarray:
    """Each feature's own distance in metres, (m,); NaN where its class has none and there is no default."""
    distance = options["distance_m"]
    if not isinstance(distance, dict):
        return np.full(len(attributes), float(distance))
    columns = [[text_value(value) for value in column_named(attributes, name)] for name in _class_fields(options)]
    default = float(distance.get("default", np.nan))
    values = {key: float(value) for key, value in distance["values"].items()}
    keys = [None if None in parts else "/".join(filter(None, parts)) for parts in zip(*columns, strict=True)]
    return np.array([default if key is None else values.get(key, default) for key in keys], dtype=float)


def half_widths_m(options: dict[str, Any], attributes: pd.DataFrame) -> np.ndarray:
    """Half of each feature's width in metres, (m,); NaN where its field says nothing, or what no width can be."""
    if "half_width_field" in options:
        values = pd.Series(column_named(attributes, options["half_width_field"]), dtype=object)
        width = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
        return np.where((width >= 0) & np.isfinite(width), width, np.nan)
    return np.full(len(attributes), float(options.get("half_width_m", 0.0)))


def judge(ground: Ground) -> Judgement:
    """Conflict with each feature grown by its distance from its edge; unknown where class or coverage is wanting.

    At the limit exactly there is no conflict. A feature without a distance makes the ground within the largest
    one unknown (no_value). Ground that near to where nothing is known is unknown too (outside_coverage).
    """
    count = len(ground.parcels)
    features, options = ground.features, ground.options
    distance = distances_m(options, features.attributes)
    half_width = half_widths_m(options, features.attributes)
    widest = np.nanmax(half_width, initial=0.0)
    certain = ~(np.isnan(distance) | np.isnan(half_width))
    grown_by = np.where(certain, distance, largest_m(options)) + np.where(np.isnan(half_width), widest, half_width)
    grown = shapely.buffer(features.geometries, grown_by, quad_segs=QUARTER_SEGMENTS)
    flat = (grown_by <= 0) & (shapely.get_dimensions(features.geometries) < 2)
    grown[flat] = shapely.Polygon()
    zones = Features(grown, features.attributes, features.uncertain)
    found = ground.overlaps_with(grown)
    least = shapely.distance(ground.parcels[found.parcel], features.geometries[found.feature])
    least = np.maximum(least - np.nan_to_num(half_width[found.feature]), 0.0)
    sure = certain[found.feature]
    hit = union_by(found.parcel[sure], found.geometry[sure], count, ground.crew)
    doubt = union_by(found.parcel[~sure], found.geometry[~sure], count, ground.crew)
    near, failed = near_unknown_ground(ground, largest_m(options) + widest)
    hit, doubt, near, failed_instead = _with_official_zones(ground, hit, doubt, near)
    if ground.instead_coverage is None:
        unknown, failed_unknown = less(unions(doubt, near), hit, ground, lambda: zones.pieces.only(certain))
    else:
        unknown, failed_unknown = differences(unions(doubt, near), hit, ground.crew)
    least_of = np.full(count, np.inf)
    np.minimum.at(least_of, found.parcel[sure], least[sure])
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(np.isinf(least_of) | shapely.is_missing(hit), np.nan, least_of),
        pairs=Pairs(
            found.parcel,
            found.feature,
            found.geometry,
            least,
            features.uncertain[found.feature] | ~sure,
            sure,
        ),
    )
    if ground.instead_coverage is None:
        judgement.zones = Zones(lambda: zones.pieces.only(certain), ground.parcels)
    judgement.because("no_value", ~shapely.is_missing(doubt) & ~shapely.is_missing(unknown))
    judgement.because("outside_coverage", ~shapely.is_missing(near) & ~shapely.is_missing(unknown))
    return arithmetic(judgement, ground, np.unique(found.failed[:, 0]), failed | failed_instead | failed_unknown)


def near_unknown_ground(ground: Ground, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The part of each parcel nearer than `reach` to ground for which the layer does not speak."""
    result = np.full(len(ground.parcels), None, dtype=object)
    boundary = shapely.boundary(ground.coverage)
    shapely.prepare(ground.coverage)
    shapely.prepare(boundary)
    near = ~shapely.covers(ground.coverage, ground.parcels) | shapely.dwithin(boundary, ground.parcels, reach)
    rows = np.flatnonzero(near)
    failed = np.zeros(len(ground.parcels), dtype=bool)
    west, south, east, north = shapely.bounds(ground.parcels[rows]).T
    # A margin past the reach, so that the box's own edge is never taken for that of the unknown ground.
    margin = reach + 1.0
    around = shapely.box(west - margin, south - margin, east + margin, north + margin)
    blank, failed[rows] = outside(around, ground.coverage, ground.crew)
    beyond = shapely.buffer(blank, reach, quad_segs=QUARTER_SEGMENTS)
    result[rows], failed_near = intersections(ground.parcels[rows], beyond, ground.crew)
    failed[rows] |= failed_near
    return result, failed


def _with_official_zones(
    ground: Ground, hit: np.ndarray, doubt: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where an official zone layer speaks, its polygons stand instead of the computed ones."""
    if ground.instead_coverage is None or ground.instead_zones is None:
        return hit, doubt, near, np.zeros(len(hit), dtype=bool)
    count = len(ground.parcels)
    estimated, failed = outside(ground.parcels, ground.instead_coverage, ground.crew)
    computed = []
    for part in (hit, doubt, near):
        kept, broken = intersections(part, estimated, ground.crew)
        failed |= broken
        computed.append(kept)
    found = ground.overlaps_with(ground.instead_zones)
    official, broken_official = inside(ground.parcels, ground.instead_coverage, ground.crew)
    zones, broken = intersections(union_by(found.parcel, found.geometry, count), official, ground.crew)
    broken |= broken_official
    return unions(computed[0], zones), computed[1], computed[2], failed | broken
