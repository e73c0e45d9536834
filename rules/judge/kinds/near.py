"""near: objects within a distance of the parcel, the limit included, and the least distance. No ground in conflict."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.cross import of_parcels, outlines
from onemap.rules.judge.kinds.finding_figures import FindingFigures
from onemap.rules.judge.kinds.ground import Ground, Judgement, Measures, Pairs, no_ground
from onemap.rules.judge.kinds.kind import AMOUNT, Key, Kind, Options, area_share_and_length
from onemap.rules.judge.kinds.setback import near_unknown_ground
from onemap.rules.judge.kinds.unknown_ground import name_reasons
from onemap.rules.judge.overlay.grown_ground import grown_ground
from onemap.rules.judge.overlay.overlay import intersections, union_by, unions

_LAST_DIGITS_M = 1e-6  # what carrying coordinates from another plane adds to a distance that is the limit


def _reach_m(options: Options) -> float:
    return float(options["distance_m"])


def _judge(ground: Ground) -> Judgement:
    """Find every object within the distance; ground near doubtful objects or uncovered ground is unknown."""
    count, reach_m = len(ground.parcels), _reach_m(ground.options)
    shapes = ground.features.geometries
    feature, parcel = ground.tree.query(shapes, predicate="dwithin", distance=reach_m + _LAST_DIGITS_M)
    order = np.lexsort((feature, parcel))
    feature, parcel = feature[order], parcel[order]
    distance_m = shapely.distance(ground.parcels[parcel], shapes[feature])
    is_doubtful = ground.features.uncertain[feature]
    least_m = np.full(count, np.inf)
    np.minimum.at(least_m, parcel[~is_doubtful], distance_m[~is_doubtful])
    has_row = np.isfinite(least_m)
    outside, is_broken = near_unknown_ground(ground, reach_m)
    doubtful, doubt_broken = _near_doubtful_objects(ground, parcel[is_doubtful], shapes[feature[is_doubtful]])
    is_broken |= doubt_broken
    judgement = Judgement(
        hit=no_ground(count),
        unknown=unions(outside, doubtful),
        distance_m=np.where(has_row, least_m, np.nan),
        pairs=Pairs(parcel, feature, FlatGround.of(outlines(shapes)[feature]), distance_m, is_doubtful, ~is_doubtful),
        measures=Measures(has_row),
    )
    name_reasons(judgement, {Reason.OUTSIDE_COVERAGE: outside, Reason.NO_VALUE: doubtful}, ground)
    judgement.because(Reason.ARITHMETIC, is_broken)
    return judgement


def _near_doubtful_objects(ground: Ground, parcel: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of each parcel (n,) within the distance of objects that may match; and where an overlay is broken.

    parcel, shapes: (k,) the pairs. If an object lies exactly at the limit no ground is within it: the whole parcel is
    returned.
    """
    near_ground, unproved = grown_ground(shapes, _reach_m(ground.options), ground.threads)
    pieces, broken_pairs = intersections(ground.parcels[parcel], near_ground, ground.threads)
    pieces = np.where(shapely.is_missing(pieces), ground.parcels[parcel], pieces)
    is_broken = np.zeros(len(ground.parcels), dtype=bool)
    is_broken[parcel[broken_pairs | unproved]] = True
    return union_by(parcel, pieces, len(ground.parcels), ground.threads), is_broken


def _obstacle(shapes: np.ndarray, options: Options) -> tuple[np.ndarray, float]:
    """The objects, grown by the rule's distance. A polygon is given by its outline, since its inside is as near."""
    filled_areas = shapely.build_area(shapes)
    return np.r_[shapes, filled_areas[~shapely.is_empty(filled_areas)]], _reach_m(options)


def _explain_amounts(finding: Mapping[str, Any], language: str, figures: FindingFigures) -> tuple[str, ...]:
    """How many objects, and the distance of the nearest; else the ground that could not be judged."""
    if finding["features"] is None or finding["area_m2"] is not None:
        return area_share_and_length(finding, language, figures)
    distance_m = finding["distance_m"]
    name = "places" if distance_m is None else "near" if distance_m > 0 else "met"
    facts = {"count": int(finding["features"]), "distance": figures.length(distance_m)}
    return (of_parcels(phrase(f"amount.{name}", language, **facts), finding, language),)


KIND = Kind(
    name="near",
    title={"zh": "周边", "en": "objects nearby"},
    conflict={
        "zh": "没有冲突面积：列出与地块相距不超过 distance_m（含）的对象和最近距离，"
        "地块在面状对象之内时距离为 0；离未覆盖范围这么近的部分无法判定",
        "en": "No ground: the objects within distance_m of the parcel, the limit included, and the least distance, 0 "
        "inside a polygon; "
        "ground that near to what the layer does not cover is unknown.",
    },
    geometries=("line", "point", "polygon"),
    judge=_judge,
    ends_at_features=True,
    keys={
        "distance_m": Key(
            AMOUNT,
            {"zh": "看多远，含此值", "en": "How far the rule looks, the limit included."},
            title={"zh": "距离", "en": "distance"},
            unit="m",
            required=True,
        )
    },
    measures={
        "distance_m": {"zh": "最近距离", "en": "the least distance"},
        "features": {"zh": "范围内的对象数", "en": "the number of objects within it"},
    },
    reach_m=_reach_m,
    obstacle=_obstacle,
    explained=_explain_amounts,
)
