"""near: objects within a distance of the parcel, the limit included, and the least distance. No ground in conflict."""

from typing import Any

import numpy as np
import shapely

from onemap.rules.kinds.cross import outlines
from onemap.rules.kinds.ground import Ground, Judgement, Measures, Pairs, no_ground
from onemap.rules.kinds.setback import is_distance, near_unknown_ground

KEYS = {"distance_m": "number"}
GEOMETRIES = ("line", "point", "polygon")


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    return [] if is_distance(item.get("distance_m")) else [("distance_m", "METRES ≥ 0")]


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads: none of its own."""
    return ()


def reach_m(options: dict[str, Any]) -> float:
    """How far from a parcel a feature may lie and still matter."""
    return float(options["distance_m"])


def judge(ground: Ground) -> Judgement:
    """Every object within the distance; near ground for which the layer does not speak is unknown."""
    count, reach = len(ground.parcels), reach_m(ground.options)
    shapes = ground.features.geometries
    feature, parcel = ground.tree.query(shapes, predicate="dwithin", distance=reach)
    order = np.lexsort((feature, parcel))
    feature, parcel = feature[order], parcel[order]
    distance = shapely.distance(ground.parcels[parcel], shapes[feature])
    least = np.full(count, np.inf)
    np.minimum.at(least, parcel, distance)
    found = np.isfinite(least)
    nothing = np.full(count, np.nan)
    unknown, failed = near_unknown_ground(ground, reach)
    judgement = Judgement(
        hit=no_ground(count),
        unknown=unknown,
        distance_m=np.where(found, least, np.nan),
        pairs=Pairs(
            parcel,
            feature,
            outlines(shapes)[feature],
            distance,
            ground.features.uncertain[feature],
            np.ones(len(parcel), dtype=bool),
        ),
        measures=Measures(found, found.copy(), nothing, nothing, nothing, nothing),
    )
    judgement.because("outside_coverage", ~shapely.is_missing(unknown))
    judgement.because("arithmetic", failed)
    return judgement
