"""use: the plan must permit the parcel's use. Conflict: P ∩ the plan's features that do not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.fields import text_value
from onemap.rules.kinds.area_keys import AREA_LIMITS
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import Ground, Judgement, Pairs, no_ground
from onemap.rules.kinds.kind import TABLE, TEXT, Key, Kind, Options, Reason
from onemap.rules.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.kinds.unknown_ground import doubtful_ground, name_reasons
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
    """Conflict with features whose code is not permitted; unknown where a code or a condition is, or a plan wanting."""
    count, options, features = len(ground.parcels), ground.options, ground.features
    keys = deciding_keys(options["permits"], _parcel_codes(ground, options["parcel_field"]))
    plan_codes = _texts(column_named(features.attributes, options["plan_field"]))
    use = _UseAgainstPlan(keys, plan_codes, features.uncertain, options["permits"])
    overlaps = ground.overlaps_with(features.geometries)
    is_forbidden = use.forbids(overlaps.parcel, overlaps.feature)
    hit = union_by(overlaps.parcel[is_forbidden], overlaps.geometry[is_forbidden], count, ground.threads)
    is_doubtful = ~pd.isna(keys[overlaps.parcel]) & ~is_forbidden & use.lacks_value[overlaps.feature]
    without_value = doubtful_ground(overlaps, is_doubtful, ground)
    has_no_key = pd.isna(keys)
    without_value[has_no_key] = ground.parcels[has_no_key]
    outside, outside_broken = ground.outside_coverage()
    covered, cover_broken = ground.inside_coverage()
    unplanned, plan_broken = subtract_zones(covered, ground.grounds_of(overlaps), ground, lambda: features.pieces)
    parts = {"outside_coverage": outside, "no_value": without_value, "no_plan": unplanned}
    is_wanting = ~np.logical_and.reduce([shapely.is_missing(part) for part in parts.values()])
    unknown, unknown_broken = _unjudged_ground(ground, np.flatnonzero(is_wanting), use)
    is_shown = is_forbidden | is_doubtful
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=Pairs(
            overlaps.parcel[is_shown],
            overlaps.feature[is_shown],
            overlaps.geometry[is_shown],
            np.zeros(int(is_shown.sum())),
            is_doubtful[is_shown],
            is_forbidden[is_shown],
        ),
        zones=Zones(lambda: features.pieces, ground.parcels, concerns=use.forbids),
    )
    name_reasons(judgement, parts, ground)
    is_broken = outside_broken | cover_broken | plan_broken | unknown_broken
    return mark_broken(judgement, ground, np.unique(overlaps.failed[:, 0]), is_broken)


@dataclass(frozen=True)
class _UseAgainstPlan:
    """What the plan's features (m,) say of the uses of parcels (n,).

    keys: (n,) the key of `permits` that decides for each parcel, None without.
    plan_codes: (m,) None for a null.
    uncertain: (m,) the rule's `where` is unknown of them.
    permits: by key, the beginnings of the plan's codes that are permitted.
    """

    keys: np.ndarray
    plan_codes: np.ndarray
    uncertain: np.ndarray
    permits: dict[str, list[str]]

    @property
    def lacks_value(self) -> np.ndarray:
        """Of which features (m,) it is not known what they permit, or whether they are of the plan."""
        return np.asarray(pd.isna(self.plan_codes) | self.uncertain, dtype=bool)

    def forbids(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the feature certainly forbids the parcel's use, pair by pair (k,)."""
        return self._contradicts(parcel, feature) & ~self.uncertain[feature]

    def may_forbid(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether it would, if its code or its condition were known, pair by pair (k,)."""
        return (self._contradicts(parcel, feature) & self.uncertain[feature]) | pd.isna(self.plan_codes[feature])

    def is_planned(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the feature certainly says something of the parcel's use, pair by pair (k,)."""
        return ~self.lacks_value[feature] & ~pd.isna(self.keys[parcel])

    def _contradicts(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether both codes are known, and no permitted code begins the plan's, pair by pair (k,)."""
        pairs = list(zip(self.keys[parcel], self.plan_codes[feature], strict=True))
        answers = {
            (key, code): key is not None and code is not None and not code.startswith(tuple(self.permits[key]))
            for key, code in set(pairs)
        }
        return np.array([answers[pair] for pair in pairs], dtype=bool)


def _unjudged_ground(ground: Ground, rows: np.ndarray, use: _UseAgainstPlan) -> tuple[np.ndarray, np.ndarray]:
    """P less the ground of which the plan certainly speaks inside the coverage, and less what is forbidden anywhere.

    Where a feature that may forbid lies over another, nothing is certain but what the other forbids.
    """
    unknown, is_broken = no_ground(len(ground.parcels)), np.zeros(len(ground.parcels), dtype=bool)
    if len(rows) == 0:
        return unknown, is_broken
    zones, threads = ground.features.pieces, ground.threads
    parcels = ground.parcels[rows]

    def near(concerns: Concerns) -> np.ndarray:
        return unions_near(parcels, zones, MARGIN_M, threads, lambda parcel, zone: concerns(rows[parcel], zone))

    planned, cover_broken = intersections(near(use.is_planned), np.full(len(rows), ground.coverage), threads)
    planned, doubt_broken = differences(planned, near(use.may_forbid), threads)
    judged = unions(planned, near(use.forbids))
    unknown[rows], rest_broken = differences(parcels, judged, threads)
    is_broken[rows] = cover_broken | doubt_broken | rest_broken
    return unknown, is_broken


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
