"""avoid: the parcel must not lie on the layer's features. Conflict: P ∩ F, also with features outside the coverage."""

from collections.abc import Mapping

import numpy as np
import shapely

from onemap.layers.frames.fields import plain_numbers
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.conditions import column_named
from onemap.rules.judge.kinds.ground import Features, Ground, Judgement, Pairs
from onemap.rules.judge.kinds.kind import AREA_LIMITS, GROUND_MEASURES, TABLE, Form, Key, Kind, Options
from onemap.rules.judge.kinds.subtract_zones import mark_broken
from onemap.rules.judge.kinds.unknown_ground import doubtful_ground, name_reasons, unjudged_ground
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, BALANCE_M2, unions


def _problems(item: Options) -> list[tuple[str, Form]]:
    net = item.get("net")
    if net is not None and (set(net) != {"part", "of"} or not all(isinstance(name, str) for name in net.values())):
        return [("net", {"zh": "net = { part = 字段, of = 字段 }", "en": "net = { part = FIELD, of = FIELD }"})]
    return []


def _fields(options: Options) -> tuple[str, ...]:
    net = options.get("net", {})
    return tuple(net[key] for key in ("part", "of") if key in net)


def _judge(ground: Ground) -> Judgement:
    """Conflict P ∩ F; unknown under features whose condition is unknown, and outside the coverage where no F lies."""
    features = ground.features
    overlaps = ground.overlaps_with(features.shapes)
    is_doubtful = features.uncertain[overlaps.feature]
    hit = ground.grounds_of(overlaps.only(~is_doubtful))
    outside, is_broken = ground.outside_coverage()
    parts: Mapping[str, np.ndarray] = {
        Reason.OUTSIDE_COVERAGE: outside,
        Reason.NO_VALUE: doubtful_ground(overlaps, is_doubtful, ground),
    }
    unknown, is_broken_too = unjudged_ground(parts, hit, ground, lambda: features.certain_pieces)
    no_distance = np.zeros(len(is_doubtful))
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(hit.dimension < 0, np.nan, 0.0),
        pairs=Pairs(overlaps.parcel, overlaps.feature, overlaps.ground, no_distance, is_doubtful, ~is_doubtful),
        zones=Zones(lambda: features.certain_pieces, ground.shapes),
    )
    if "net" in ground.options:
        judgement.net_area_m2 = _net_areas(judgement.pairs, features, ground.options["net"], hit)
    name_reasons(judgement, parts, ground)
    return mark_broken(judgement, ground, np.unique(overlaps.failed[:, 0]), is_broken | is_broken_too)


def _net_areas(pairs: Pairs, features: Features, net: Options, hit: FlatGround) -> np.ndarray:
    """The net area of each conflict (count,): piece × part ÷ whole, summed over its features.

    Ground under two features counts for the first one. NaN where the part of a feature is no finite area ≥ 0, or its
    whole no finite area > 0.
    """
    part, whole = (plain_numbers(column_named(features.attributes, net[key])) for key in ("part", "of"))
    is_known = (part >= 0) & (whole > 0)
    rows = np.flatnonzero(pairs.of_hit)
    parcel, own_m2 = pairs.parcel[rows], _own_areas(pairs.parcel[rows], pairs.ground.at(rows), hit)
    ratio = np.divide(part, whole, out=np.full(len(part), np.nan), where=is_known)[pairs.feature[rows]]
    return np.bincount(parcel, np.where(own_m2 > 0, own_m2 * ratio, 0.0), minlength=len(hit))


def _own_areas(parcel: np.ndarray, pieces: FlatGround, hit: FlatGround) -> np.ndarray:
    """The areas of pieces (k,) of parcels (k,), ascending, without ground that an earlier piece of the parcel covers.

    hit: the union of the pieces of each parcel.
    """
    own_m2 = np.array(pieces.area_m2, dtype=float)
    twice_m2 = np.bincount(parcel, own_m2, minlength=len(hit)) - np.nan_to_num(hit.area_m2)
    rows = np.flatnonzero((twice_m2 > BALANCE_M2)[parcel])
    turn = np.arange(len(rows)) - np.searchsorted(parcel[rows], parcel[rows])
    united = np.full(len(hit), None, dtype=object)
    for number in range(int(turn.max(initial=-1)) + 1):
        some = rows[turn == number]
        before, at = united[parcel[some]], parcel[some]
        united[at] = unions(before, pieces.at(some).geometries)
        own_m2[some] = shapely.area(united[at]) - np.nan_to_num(shapely.area(before))
    return np.where(own_m2 < ARITHMETIC_M2, 0.0, own_m2)


KIND = Kind(
    name="avoid",
    title={"zh": "避让", "en": "keep off"},
    conflict={
        "zh": "地块与图层要素重叠的部分；覆盖范围之外的要素同样计入",
        "en": "The ground that the parcel shares with the layer's features, those outside the coverage too.",
    },
    geometries=("polygon",),
    judge=_judge,
    keys={
        **AREA_LIMITS,
        "net": Key(
            TABLE,
            {
                "zh": "净面积：{ part = 字段, of = 字段 }，图块面积 × part ÷ of，列为 net_area_m2；"
                "要素重叠处只按先列的计算",
                "en": "{ part = FIELD, of = FIELD }: the piece's area × part ÷ of, as net_area_m2; "
                "ground under two features counts for the first.",
            },
            title={"zh": "净面积", "en": "net of"},
        ),
    },
    measures={
        **GROUND_MEASURES,
        "net_area_m2": {"zh": "净面积（规则写有 net 时）", "en": "the net area, where the rule has `net`"},
    },
    overlays_whole_features=True,
    keeps_off=True,
    ends_at_features=True,
    problems=_problems,
    fields=_fields,
)
