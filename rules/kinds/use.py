"""use: the plan must permit the parcel's use. Conflict: P ∩ the plan's features that do not."""

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.fields import text_value
from onemap.rules.kinds.area_keys import AREA_LIMITS
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import Ground, Judgement, Pairs, no_ground
from onemap.rules.kinds.kind import TABLE, TEXT, Key, Kind, Options, Reason
from onemap.rules.kinds.subtract_zones import mark_broken, subtract_zones
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


def _problems(item: Options) -> list[tuple[str, str]]:
    wrong = [(key, f'{key} = "FIELD"') for key in ("parcel_field", "plan_field") if not item.get(key)]
    permits = item.get("permits")
    lists = permits.values() if isinstance(permits, dict) else ()
    if not permits or not all(isinstance(codes, list) and all(isinstance(c, str) for c in codes) for codes in lists):
        wrong.append(("permits", 'permits = { "0701" = ["07", "08"] }'))
    return wrong


def _texts(values: np.ndarray) -> np.ndarray:
    return np.array([text_value(value) for value in values], dtype=object)


def deciding_keys(permits: dict[str, list[str]], codes: np.ndarray) -> np.ndarray:
    """The longest key that is a prefix of each code, (n,); None for a null code or one without a key."""
    by_length = sorted(permits, key=len, reverse=True)
    key_of = {code: next((key for key in by_length if code.startswith(key)), None) for code in set(codes) - {None}}
    return np.array([key_of.get(code) for code in codes], dtype=object)


def _judge(ground: Ground) -> Judgement:
    """Conflict with features whose code is not permitted; unknown where a code is wanting, or a plan."""
    count, options = len(ground.parcels), ground.options
    keys = deciding_keys(options["permits"], _parcel_codes(ground, options["parcel_field"]))
    plan_codes = _texts(column_named(ground.features.attributes, options["plan_field"]))
    forbids = _forbids(keys, plan_codes, options["permits"])
    overlaps = ground.overlaps_with(ground.features.geometries)
    is_forbidden = forbids(overlaps.parcel, overlaps.feature)
    hit = union_by(overlaps.parcel[is_forbidden], overlaps.geometry[is_forbidden], count, ground.threads)
    has_no_code = ~pd.isna(keys[overlaps.parcel]) & pd.isna(plan_codes[overlaps.feature])
    without_code = union_by(overlaps.parcel[has_no_code], overlaps.geometry[has_no_code], count, ground.threads)
    has_no_key = pd.isna(keys)
    without_code[has_no_key] = ground.parcels[has_no_key]
    outside, outside_broken = ground.outside_coverage()
    covered, cover_broken = ground.inside_coverage()
    unplanned, plan_broken = subtract_zones(
        covered, ground.grounds_of(overlaps), ground, lambda: ground.features.pieces
    )
    wanting = ~(shapely.is_missing(without_code) & shapely.is_missing(unplanned) & shapely.is_missing(outside))
    unknown, unknown_broken = _not_judged(ground, np.flatnonzero(wanting), keys, plan_codes, forbids)
    is_shown = is_forbidden | has_no_code
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=Pairs(
            overlaps.parcel[is_shown],
            overlaps.feature[is_shown],
            overlaps.geometry[is_shown],
            np.zeros(int(is_shown.sum())),
            (ground.features.uncertain[overlaps.feature] | has_no_code)[is_shown],
            is_forbidden[is_shown],
        ),
        zones=Zones(lambda: ground.features.pieces, ground.parcels, concerns=forbids),
    )
    is_unknown = ~shapely.is_missing(unknown)
    for reason, part in (("outside_coverage", outside), ("no_value", without_code), ("no_plan", unplanned)):
        judgement.because(reason, is_unknown & ~shapely.is_missing(part))
    is_broken = outside_broken | cover_broken | plan_broken | unknown_broken
    return mark_broken(judgement, ground, np.unique(overlaps.failed[:, 0]), is_broken)


def _not_judged(
    ground: Ground, rows: np.ndarray, keys: np.ndarray, plan_codes: np.ndarray, forbids: Concerns
) -> tuple[np.ndarray, np.ndarray]:
    """P less the ground that a plan with a code speaks of inside the coverage, and less what is forbidden anywhere.

    Where a plan without a code lies over another, nothing is certain but what the other forbids.
    """
    unknown, is_broken = no_ground(len(ground.parcels)), np.zeros(len(ground.parcels), dtype=bool)
    if len(rows) == 0:
        return unknown, is_broken
    zones, threads, no_code = ground.features.pieces, ground.threads, pd.isna(plan_codes)
    parcels = ground.parcels[rows]

    def near(concerns: Concerns) -> np.ndarray:
        return unions_near(parcels, zones, MARGIN_M, threads, concerns)

    planned = near(lambda parcel, zone: ~no_code[zone] & ~pd.isna(keys[rows[parcel]]))
    planned, cover_broken = intersections(planned, np.full(len(rows), ground.coverage), threads)
    planned, code_broken = differences(planned, near(lambda _, zone: no_code[zone]), threads)
    judged = unions(planned, near(lambda parcel, zone: forbids(rows[parcel], zone)))
    unknown[rows], rest_broken = differences(parcels, judged, threads)
    is_broken[rows] = cover_broken | code_broken | rest_broken
    return unknown, is_broken


def _forbids(keys: np.ndarray, plan_codes: np.ndarray, permits: dict[str, list[str]]) -> Concerns:
    """Whether a plan's feature forbids a parcel's use: both codes are known, and no listed code begins the plan's."""

    def are_forbidden(parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        pairs = list(zip(keys[parcel], plan_codes[feature], strict=True))
        answers = {
            (key, code): key is not None and code is not None and not code.startswith(tuple(permits[key]))
            for key, code in set(pairs)
        }
        return np.array([answers[pair] for pair in pairs], dtype=bool)

    return are_forbidden


def _parcel_codes(ground: Ground, name: str) -> np.ndarray:
    """Each parcel's own use code; a field that the parcels do not have is a null for all."""
    try:
        return _texts(column_named(ground.parcel_attributes, name))
    except KeyError:
        return np.full(len(ground.parcels), None, dtype=object)


KIND = Kind(
    name="use",
    title={"zh": "用途相符", "en": "be of a permitted use"},
    conflict={
        "zh": "规划用途不允许地块用途的规划图斑所占的地面",
        "en": "The ground of the plan's features whose use does not permit the parcel's.",
    },
    geometries=("polygon",),
    judge=_judge,
    keys={
        **AREA_LIMITS,
        "parcel_field": Key(
            TEXT,
            {"zh": "地块上写明用途代码的字段", "en": "The parcel's field with its use code."},
            title={"zh": "地块字段", "en": "field of the parcel"},
            required=True,
        ),
        "plan_field": Key(
            TEXT,
            {"zh": "规划图层上写明用途代码的字段", "en": "The plan's field with its use code."},
            title={"zh": "规划字段", "en": "field of the plan"},
            required=True,
        ),
        "permits": Key(
            TABLE,
            {
                "zh": '{ "0701" = ["07", "08"] }：地块代码以哪个键开头（取最长者），规划代码就须以其所列之一开头',
                "en": '{ "0701" = ["07", "08"] }: the longest key that begins the parcel\'s code decides, '
                "and one of its codes must begin the plan's.",
            },
            title={"zh": "允许的用途", "en": "permitted uses"},
            required=True,
        ),
    },
    reasons={
        "no_plan": Reason(
            {"zh": "无规划", "en": "no plan"},
            {
                "zh": "该处在覆盖范围之内，但没有规划图斑",
                "en": "The ground lies inside the coverage, and no feature of the plan covers it.",
            },
        )
    },
    overlays_whole_features=True,
    problems=_problems,
    fields=lambda options: (options["plan_field"],),
    parcel_fields=lambda options: (options["parcel_field"],),
)
