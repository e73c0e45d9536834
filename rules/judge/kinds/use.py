"""use: the plan must permit the parcel's use. Conflict: P ∩ the plan's features that do not permit it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.code_systems import CODE_SYSTEMS, LAND_SEA, SYSTEM_FIELD
from onemap.layers.frames.fields import text_values
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.conditions import column_named, column_or_null
from onemap.rules.judge.kinds.ground import Ground, Judgement, no_ground
from onemap.rules.judge.kinds.kind import AREA_LIMITS, TEXT, TEXT_OR_TABLE, Form, Key, Kind, KindReason, Options
from onemap.rules.judge.kinds.permitted_uses import Permits, PermitTable, permit_tables, permits_of
from onemap.rules.judge.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.judge.kinds.unknown_ground import doubtful_ground, name_reasons, shown_pairs
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.overlay import (
    MARGIN_M,
    Concerns,
    differences,
    intersections,
    union_by,
    unions,
    unions_near,
)


def _problems(item: Options) -> list[tuple[str, Form]]:
    wrong: list[tuple[str, Form]] = [
        (key, {"zh": f'{key} = "字段"', "en": f'{key} = "FIELD"'})
        for key in ("parcel_field", "plan_field")
        if not item.get(key)
    ]
    permits = item.get("permits")
    if isinstance(permits, PermitTable):
        return wrong
    if isinstance(permits, str):
        return [*wrong, ("permits", " | ".join(permit_tables()))]
    lists = permits.values() if isinstance(permits, dict) else ()
    if not lists or not all(isinstance(codes, list) and all(isinstance(c, str) for c in codes) for codes in lists):
        wrong.append(("permits", 'permits = { "0701" = ["07", "08"] }'))
    return wrong


def _judge(ground: Ground) -> Judgement:
    """Conflict with features whose code is not permitted; unknown where a code, a condition or the plan is missing.

    Where ground without a plan is open, a parcel of unknown use is unknown only on the plan's features.
    """
    count, options, features = len(ground.parcels), ground.options, ground.features
    permits = permits_of(options["permits"], options.get("code_system", LAND_SEA))
    keys = permits.keys(_parcel_texts(ground, options["parcel_field"]), _parcel_texts(ground, SYSTEM_FIELD))
    plan_field = column_named(features.attributes, options["plan_field"])
    plan_codes = features.once("plan codes", lambda: permits.plan_codes(plan_field))
    is_open = options.get("unplanned") == "open"
    use = _UseAgainstPlan(keys, plan_codes, features.uncertain, permits, is_open)
    overlaps = ground.overlaps_with(features.shapes)
    is_forbidden = use.forbids(overlaps.parcel, overlaps.feature)
    hit = union_by(overlaps.parcel[is_forbidden], overlaps.ground.at(is_forbidden).geometries, count, ground.threads)
    has_no_key = pd.isna(keys)
    is_doubtful = ~has_no_key[overlaps.parcel] & ~is_forbidden & use.lacks_value[overlaps.feature]
    if is_open:
        # Where no plan is needed, a feature that would permit the use leaves nothing in doubt.
        is_doubtful = use.may_forbid(overlaps.parcel, overlaps.feature)
    without_value = doubtful_ground(overlaps, is_doubtful, ground)
    if not is_open:
        without_value[has_no_key] = ground.parcels[has_no_key]
    outside, outside_broken = ground.outside_coverage()
    covered_ground, cover_broken = ground.inside_coverage()
    unplanned, plan_broken = no_ground(count), np.zeros(count, dtype=bool)
    if not is_open:
        unplanned, plan_broken = subtract_zones(
            covered_ground, ground.grounds_of(overlaps), ground, lambda: features.pieces
        )
    parts = {Reason.OUTSIDE_COVERAGE: outside, Reason.NO_VALUE: without_value, "no_plan": unplanned}
    is_wanting = ~np.logical_and.reduce([shapely.is_missing(part) for part in parts.values()])
    unknown, unknown_broken = _unjudged_ground(ground, np.flatnonzero(is_wanting), use)
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=shown_pairs(overlaps, is_forbidden, is_doubtful),
        zones=Zones(lambda: features.pieces, ground.parcels, concerns=use.forbids),
    )
    name_reasons(judgement, parts, ground)
    is_broken = outside_broken | cover_broken | plan_broken | unknown_broken
    return mark_broken(judgement, ground, np.unique(overlaps.failed[:, 0]), is_broken)


@dataclass(frozen=True)
class _UseAgainstPlan:
    """The plan's features (m,) and the parcels (n,) whose uses they permit or forbid.

    keys: (n,) the key of `permits` for each parcel, None without.
    plan_codes: (m,) None for a null.
    uncertain: (m,) the rule's `where` is unknown for the feature.
    permits: decides by a key and a code.
    is_open: ground without a plan forbids no use.
    """

    keys: np.ndarray
    plan_codes: np.ndarray
    uncertain: np.ndarray
    permits: Permits
    is_open: bool

    @property
    def lacks_value(self) -> np.ndarray:
        """Which features (m,) do not say what they permit, or whether they belong to the plan."""
        return np.asarray(pd.isna(self.plan_codes) | self.uncertain, dtype=bool)

    @cached_property
    def permits_all(self) -> np.ndarray:
        """Which features (m,) certainly permit every use."""
        codes = {code: code is not None and self.permits.permits_all(code) for code in set(self.plan_codes)}
        return np.array([codes[code] for code in self.plan_codes], dtype=bool) & ~self.uncertain

    def forbids(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the feature certainly forbids the parcel's use, pair by pair (k,)."""
        return self._contradicts(parcel, feature) & ~self.uncertain[feature]

    def may_forbid(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the feature might forbid the use if its code or condition were known, pair by pair (k,)."""
        is_unsaid = pd.isna(self.plan_codes[feature]) | (pd.isna(self.keys[parcel]) & ~self.permits_all[feature])
        return (self._contradicts(parcel, feature) & self.uncertain[feature]) | is_unsaid

    def is_planned(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether the feature certainly decides about the parcel's use, pair by pair (k,)."""
        return ~self.lacks_value[feature] & ~pd.isna(self.keys[parcel])

    def _contradicts(self, parcel: np.ndarray, feature: np.ndarray) -> np.ndarray:
        """Whether both codes are known, and no permitted code begins the plan's, pair by pair (k,)."""
        pairs = list(zip(self.keys[parcel], self.plan_codes[feature], strict=True))
        answers = {
            (key, code): key is not None and code is not None and not self.permits.permits(key, code)
            for key, code in set(pairs)
        }
        return np.array([answers[pair] for pair in pairs], dtype=bool)


def _unjudged_ground(ground: Ground, rows: np.ndarray, use: _UseAgainstPlan) -> tuple[np.ndarray, np.ndarray]:
    """P minus the covered ground on which the plan certainly decides, and minus what it forbids anywhere.

    Where a feature that may forbid lies over another one, only the ground that the other forbids is certain.
    """
    unknown, is_broken = no_ground(len(ground.parcels)), np.zeros(len(ground.parcels), dtype=bool)
    if len(rows) == 0:
        return unknown, is_broken
    zones, threads = ground.features.pieces, ground.threads
    parcels = ground.parcels[rows]

    def near(concerns: Concerns) -> np.ndarray:
        return unions_near(parcels, zones, MARGIN_M, threads, lambda parcel, zone: concerns(rows[parcel], zone))

    spoken_of = parcels if use.is_open else near(use.is_planned)
    planned_ground, cover_broken = intersections(spoken_of, np.full(len(rows), ground.coverage), threads)
    planned_ground, doubt_broken = differences(planned_ground, near(use.may_forbid), threads)
    judged_ground = unions(planned_ground, near(use.forbids))
    unknown[rows], rest_broken = differences(parcels, judged_ground, threads)
    is_broken[rows] = cover_broken | doubt_broken | rest_broken
    return unknown, is_broken


def _parcel_texts(ground: Ground, name: str) -> np.ndarray:
    """The text of each parcel in a field; all null where the parcels lack the field."""
    return np.array(text_values(list(column_or_null(ground.parcel_attributes, name))), dtype=object)


KIND = Kind(
    name="use",
    title={"zh": "用途相符", "en": "be of a permitted use"},
    conflict={
        "zh": "规划用途不允许地块用途的规划图斑所占的部分",
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
            TEXT_OR_TABLE,
            {
                "zh": '{ "0701" = ["07", "08"] }：地块代码以哪个键开头（取最长者），规划代码就须以其所列之一开头；'
                '或者写随软件提供的用途相容表的名称，如 "land-use-permits"',
                "en": '{ "0701" = ["07", "08"] }: the longest key that begins the parcel\'s code decides, '
                "and one of its codes must begin the plan's; or the name of a shipped table of uses, such as "
                '"land-use-permits".',
            },
            title={"zh": "允许的用途", "en": "permitted uses"},
            required=True,
        ),
        "unplanned": Key(
            TEXT,
            {
                "zh": "覆盖范围内没有规划图斑的部分：unknown 为无法判定，open 为不受限制（如控规地块之间的道路）",
                "en": "Covered ground without a feature of the plan: `unknown`, or `open` to any use, such as the "
                "streets between the plots of a regulatory plan.",
            },
            title={"zh": "无规划的范围", "en": "ground without a plan"},
            default='"unknown"',
            choices=("unknown", "open"),
            choice_titles={
                "unknown": {"zh": "无法判定", "en": "unknown"},
                "open": {"zh": "不受限制", "en": "open to any use"},
            },
        ),
        "code_system": Key(
            TEXT,
            {
                "zh": "用表名时，地块代码所用的分类；不写即按 --code-system 或者规则包的分类",
                "en": "With a table's name: the classes of the parcels' codes; without it those of `--code-system`, or "
                "the pack's.",
            },
            title={"zh": "用途代码的分类", "en": "classes of the use codes"},
            choices=CODE_SYSTEMS,
        ),
    },
    reasons={
        "no_plan": KindReason(
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
