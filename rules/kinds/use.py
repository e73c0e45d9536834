"""use: the plan must permit the parcel's use. Conflict: P ∩ the plan's features that do not."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.fields import text_value
from onemap.rules.kinds.avoid import GEOMETRIES, arithmetic, less, reach_m
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import AREA_KEYS, Ground, Judgement, Pairs, no_ground
from onemap.rules.overlay.area_check import Zones
from onemap.rules.overlay.overlay import (
    MARGIN_M,
    Concerns,
    differences,
    intersections,
    union_by,
    unions,
    unions_near,
)

KEYS = {
    **{key: AREA_KEYS[key] for key in ("min_area_m2", "min_width_m")},
    "parcel_field": "text",
    "plan_field": "text",
    "permits": "table",
}

__all__ = ["GEOMETRIES", "KEYS", "fields", "judge", "problems", "reach_m"]


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    found = [(key, f'{key} = "FIELD"') for key in ("parcel_field", "plan_field") if not item.get(key)]
    permits = item.get("permits")
    lists = permits.values() if isinstance(permits, dict) else ()
    if not permits or not all(isinstance(codes, list) and all(isinstance(c, str) for c in codes) for codes in lists):
        found.append(("permits", 'permits = { "0701" = ["07", "08"] }'))
    return found


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads."""
    return (options["plan_field"],)


def _texts(values: np.ndarray) -> np.ndarray:
    return np.array([text_value(value) for value in values], dtype=object)


def deciding_keys(permits: dict[str, list[str]], codes: np.ndarray) -> np.ndarray:
    """The longest key that is a prefix of each code, (n,); None for a null code or one without a key."""
    by_length = sorted(permits, key=len, reverse=True)
    found = {code: next((key for key in by_length if code.startswith(key)), None) for code in set(codes) - {None}}
    return np.array([found.get(code) for code in codes], dtype=object)


def judge(ground: Ground) -> Judgement:
    """Conflict with features whose code is not permitted; unknown where a code is wanting, or a plan."""
    count, options = len(ground.parcels), ground.options
    permits: dict[str, list[str]] = options["permits"]
    parcel_codes = _parcel_codes(ground, options["parcel_field"])
    keys = deciding_keys(permits, parcel_codes)
    plan_codes = _texts(column_named(ground.features.attributes, options["plan_field"]))
    found = ground.overlaps_with(ground.features.geometries)
    key, code = keys[found.parcel], plan_codes[found.feature]
    no_key, no_code = pd.isna(key), pd.isna(code)
    forbidden = _forbids(keys, plan_codes, permits)(found.parcel, found.feature)
    hit = union_by(found.parcel[forbidden], found.geometry[forbidden], count, ground.crew)
    doubtful = ~no_key & no_code
    doubt = union_by(found.parcel[doubtful], found.geometry[doubtful], count, ground.crew)
    without_key = pd.isna(keys)
    doubt[without_key] = ground.parcels[without_key]
    beyond, failed = ground.outside_coverage()
    covered, failed_cover = ground.inside_coverage()
    plan = ground.grounds_of(found)
    unplanned, failed_plan = less(covered, plan, ground, lambda: ground.features.pieces)
    forbids = _forbids(keys, plan_codes, permits)
    wanting = ~(shapely.is_missing(doubt) & shapely.is_missing(unplanned) & shapely.is_missing(beyond))
    unknown, failed_unknown = _not_judged(ground, np.flatnonzero(wanting), keys, plan_codes, forbids)
    shown = forbidden | doubtful
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=Pairs(
            found.parcel[shown],
            found.feature[shown],
            found.geometry[shown],
            np.zeros(int(shown.sum())),
            (ground.features.uncertain[found.feature] | doubtful)[shown],
            forbidden[shown],
        ),
    )
    judgement.zones = Zones(lambda: ground.features.pieces, ground.parcels, concerns=forbids)
    known = ~shapely.is_missing(unknown)
    for reason, part in (("outside_coverage", beyond), ("no_value", doubt), ("no_plan", unplanned)):
        judgement.because(reason, known & ~shapely.is_missing(part))
    broken = np.unique(found.failed[:, 0])
    return arithmetic(judgement, ground, broken, failed | failed_cover | failed_plan | failed_unknown)


def _not_judged(
    ground: Ground, rows: np.ndarray, keys: np.ndarray, plan_codes: np.ndarray, forbids: Concerns
) -> tuple[np.ndarray, np.ndarray]:
    """P less the ground that a plan with a code speaks of inside the coverage, and less what is forbidden anywhere.

    Where a plan without a code lies over another, nothing is certain but what the other forbids.
    """
    unknown, all_failed = no_ground(len(ground.parcels)), np.zeros(len(ground.parcels), dtype=bool)
    if len(rows) == 0:
        return unknown, all_failed
    zones, crew, no_code = ground.features.pieces, ground.crew, pd.isna(plan_codes)
    parcels = ground.parcels[rows]

    def near(concerns: Concerns) -> np.ndarray:
        return unions_near(parcels, zones, MARGIN_M, crew, concerns)

    spoken = near(lambda parcel, zone: ~no_code[zone] & ~pd.isna(keys[rows[parcel]]))
    spoken, failed = intersections(spoken, np.full(len(rows), ground.coverage), crew)
    spoken, broken = differences(spoken, near(lambda _, zone: no_code[zone]), crew)
    judged = unions(spoken, near(lambda parcel, zone: forbids(rows[parcel], zone)))
    rest, broken_rest = differences(parcels, judged, crew)
    unknown[rows] = rest
    all_failed[rows] = failed | broken | broken_rest
    return unknown, all_failed


def _forbids(keys: np.ndarray, plan_codes: np.ndarray, permits: dict[str, list[str]]) -> Concerns:
    """Whether a plan's feature forbids a parcel's use: both codes are known, and no listed code begins the plan's."""

    def forbidden(parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        pairs = list(zip(keys[parcel], plan_codes[feature], strict=True))
        answers = {
            (key, code): key is not None and code is not None and not code.startswith(tuple(permits[key]))
            for key, code in set(pairs)
        }
        return np.array([answers[pair] for pair in pairs], dtype=bool)

    return forbidden


def _parcel_codes(ground: Ground, name: str) -> np.ndarray:
    """Each parcel's own use code; a field that the parcels do not have is a null for all."""
    try:
        return _texts(column_named(ground.parcel_attributes, name))
    except KeyError:
        return np.full(len(ground.parcels), None, dtype=object)
