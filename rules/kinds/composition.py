"""composition: the parcel's ground by classes, in a table of its own. No finding and no verdict."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.rules.kinds.attribute_json import attribute_json
from onemap.rules.kinds.avoid import GEOMETRIES, less, reach_m
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import Ground, Judgement, SurveyPieces, no_ground, no_pairs
from onemap.rules.overlay.overlay import ARITHMETIC_M2, differences, union_by

KEYS = {"by": "list"}
FINDS = False  # where its layer is wanting, the rule is skipped with the reason, and no verdict changes

__all__ = ["GEOMETRIES", "KEYS", "fields", "judge", "problems", "reach_m"]


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    by = item.get("by")
    return [] if by and all(isinstance(name, str) and name for name in by) else [("by", 'by = ["FIELD", …]')]


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads."""
    return tuple(options["by"])


def judge(ground: Ground) -> Judgement:
    """Each parcel's ground by the values of `by`, classes in order of their keys; ground without a feature has nulls.

    Where features overlap each other the first row wins, so that the parts sum to the parcel.
    """
    count, by = len(ground.parcels), ground.options["by"]
    found = ground.overlaps_with(ground.features.geometries)
    geometry = _first_wins(found.parcel, found.geometry, ground)
    kept = ~shapely.is_missing(geometry)
    parcel, feature, geometry = found.parcel[kept], found.feature[kept], geometry[kept]
    columns = [_column(ground.features.attributes, name) for name in by]
    plain = [tuple(None if pd.isna(value) else value for value in values) for values in zip(*columns, strict=True)]
    keys = np.array([attribute_json(dict(zip(by, v, strict=True))) for v in plain] or [""])
    class_of = keys[feature] if len(feature) else np.empty(0, dtype=object)
    groups, position = np.unique(
        np.column_stack([parcel.astype(object), class_of]).astype(str), axis=0, return_inverse=True
    )
    by_class = union_by(position.ravel(), geometry, len(groups), ground.crew)
    rows = pd.DataFrame(
        {"_row": groups[:, 0].astype(int) if len(groups) else [], "keys": groups[:, 1], "_geometry": by_class}
    )
    taken = ground.grounds_of(found)
    rest, failed = less(ground.parcels, taken, ground, lambda: ground.features.pieces)
    bare = np.flatnonzero(~shapely.is_missing(rest))
    nulls = attribute_json(dict.fromkeys(by))
    blank = pd.DataFrame({"_row": bare, "keys": nulls, "_geometry": rest[bare]})
    classes = pd.concat([rows, blank], ignore_index=True).sort_values(["_row", "keys"], kind="stable")
    judgement = Judgement(no_ground(count), no_ground(count), np.full(count, np.nan), no_pairs(), classes=classes)
    judgement.survey = SurveyPieces(parcel, feature, geometry, ground.features.geometries, rest)
    broken = np.unique(np.r_[found.failed[:, 0], np.flatnonzero(failed)])
    judgement.unknown[broken] = ground.parcels[broken]
    judgement.because("arithmetic", broken)
    return judgement


def _column(attributes: pd.DataFrame, name: str) -> np.ndarray:
    """A field's values; nulls where the version does not have it, since the rule decides nothing."""
    try:
        return column_named(attributes, name)
    except KeyError:
        return np.full(len(attributes), None, dtype=object)


def _first_wins(parcel: np.ndarray, geometry: np.ndarray, ground: Ground) -> np.ndarray:
    """The pieces of each parcel without the ground that an earlier piece of it has taken."""
    whole = np.bincount(parcel, shapely.area(geometry), minlength=len(ground.parcels))
    union = shapely.area(union_by(parcel, geometry, len(ground.parcels), ground.crew))
    crowded = np.flatnonzero(whole - np.nan_to_num(union) > ARITHMETIC_M2)
    result = geometry.copy()
    for index in crowded:  # a survey that overlaps itself is an error, and rare
        rows = np.flatnonzero(parcel == index)
        taken = geometry[rows[0]]
        for row in rows[1:]:
            part, _ = differences(geometry[[row]], np.array([taken], dtype=object), ground.crew)
            result[row] = part[0]
            taken = shapely.union(taken, geometry[row])
    return result
