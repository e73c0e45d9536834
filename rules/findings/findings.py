"""From one rule's judgement to its rows: findings and overlaps, measured and held to their thresholds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.rules.findings.thresholds import Measured, measured
from onemap.rules.kinds.attribute_json import attribute_json
from onemap.rules.kinds.conditions import column_named
from onemap.rules.kinds.ground import Judgement, no_ground
from onemap.rules.overlay.area_check import area_ranges, checked_areas, deciding, disagrees, within_error
from onemap.rules.overlay.overlay import ARITHMETIC_M2
from onemap.rules.overlay.threads import Crew
from onemap.rules.packs.rule import Rule

_REASON_ORDER = (
    "layer_missing",
    "not_in_force",
    "unreadable",
    "outside_coverage",
    "no_value",
    "no_plan",
    "nodata",
    "arithmetic",
)


@dataclass(frozen=True)
class Judged:
    """One rule's judgement of some parcels, with what its rows need to be written.

    rows: the parcels' positions (k,); label: the layer version's, or None; names and attributes: of its features;
    assumed: the version's coverage is only its bounding box; accuracy_m: its positional accuracy, if known.
    """

    rule: Rule
    rows: np.ndarray
    judgement: Judgement
    label: str | None
    names: np.ndarray
    attributes: pd.DataFrame
    assumed: bool = False
    accuracy_m: float | None = None
    crew: Crew = field(default_factory=Crew)


def _reasons(judgement: Judgement, indices: np.ndarray) -> np.ndarray:
    names = [reason for reason in _REASON_ORDER if reason in judgement.reasons]
    flags = [judgement.reasons[reason][indices] for reason in names]
    return np.array(
        [",".join(name for name, flag in zip(names, row, strict=True) if flag) for row in zip(*flags, strict=True)]
        if names
        else [""] * len(indices),
        dtype=object,
    )


def _joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Reasons (n,) and more reasons (n,) with a comma between, None where there is neither."""
    result = np.full(len(first), None, dtype=object)
    for row in np.flatnonzero(first.astype(bool) | second.astype(bool)).tolist():
        result[row] = ",".join(filter(None, (first[row], second[row])))
    return result


@dataclass(frozen=True)
class _Half:
    """The hit, or the unknown, of one rule: which parcels have a row, their ground and their measures."""

    present: np.ndarray
    grounds: np.ndarray
    measure: Measured
    reason: np.ndarray
    columns: dict[str, Any]


_NOBODY, _NOTHING, _NEVER = np.empty(0, dtype=np.int64), np.empty(0, dtype=object), np.empty(0, dtype=bool)
_NO_ROWS = _Half(
    _NOBODY, _NOTHING, Measured(np.empty(0), np.empty(0), _NEVER, _NOTHING, _NOTHING), _NOTHING, columns={}
)


def _unknown_half(judged: Judged) -> _Half:
    judgement = judged.judgement
    present = np.flatnonzero(~shapely.is_missing(judgement.unknown))
    if len(present) == 0:
        return _NO_ROWS
    measure = measured(judgement.unknown[present], judged.rule)
    reason = _joined(_reasons(judgement, present), measure.reason)
    return _Half(present, judgement.unknown[present], measure, reason, {})


def _hit_half(judged: Judged) -> _Half:
    judgement, count = judged.judgement, len(judged.rows)
    measures = judgement.measures
    if measures is None:
        present = np.flatnonzero(~shapely.is_missing(judgement.hit))
        measure = measured(judgement.hit[present], judged.rule)
        own: dict[str, Any] = {"net_area_m2": _net_areas(judged, present), **_second_look(judged, present, measure)}
    else:
        present = np.flatnonzero(measures.found)
        counted = measures.counted[present]
        area = measures.area_m2[present]
        not_counted = np.where(counted, "", "below_area").astype(object)
        measure = Measured(area, area, counted, not_counted, no_ground(len(present)))
        own = {name: getattr(measures, name)[present] for name in ("length_m", "value")}
        own |= {"share": measures.share[present]} if not np.isnan(measures.share[present]).all() else {}
    reason = _joined(_hit_reasons(judgement, present), measure.reason)
    of_hit = judgement.pairs.of_hit
    features = np.bincount(judgement.pairs.parcel[of_hit], minlength=count)[present]
    own |= {"features": features.astype(float), "distance_m": judgement.distance_m[present]}
    return _Half(present, judgement.hit[present], measure, reason, own)


def _second_look(judged: Judged, present: np.ndarray, measure: Measured) -> dict[str, Any]:
    """The second method's areas where they decide, and the range of each area within the boundary error."""
    zones, columns = judged.judgement.zones, {}
    if zones is None or len(present) == 0:
        return {}
    check = np.full(len(present), np.nan)
    chosen = np.flatnonzero(deciding(measure.area_m2, judged.rule.min_area_m2))
    check[chosen] = checked_areas(zones, present[chosen], judged.crew)
    columns = {"area_check_m2": check, "check_differs": disagrees(measure.area_m2, check)}
    if judged.accuracy_m:
        low, high = area_ranges(zones, present, judged.accuracy_m, judged.crew)
        columns |= {"area_low_m2": low, "area_high_m2": high, "within_error": within_error(low)}
    return columns


def looked_ahead(judged: Judged) -> None:
    """Have all at hand that rows need of the library, whose connection belongs to the thread that judges."""
    judgement = judged.judgement
    if judgement.zones is None:
        return
    area, least = shapely.area(judgement.hit), judged.rule.min_area_m2
    # Rows may sum an area in another order.
    if judged.accuracy_m or any(deciding(area * share, least).any() for share in (1 - 1e-6, 1 + 1e-6)):
        judgement.zones.pieces()


Block = dict[str, np.ndarray]


def _block(count: int, columns: dict[str, Any]) -> Block:
    """Columns of `count` rows; what is no array stands in every row."""

    def column(value: Any) -> np.ndarray:
        if isinstance(value, np.ndarray):
            return value
        return np.full(count, value, dtype=object if value is None or isinstance(value, str) else None)

    return {name: column(value) for name, value in columns.items()}


def rows_of(judged: Judged, order: int, parcel_area_m2: np.ndarray, language: str) -> tuple[list[Block], list[Block]]:
    """Findings and overlaps of one rule, in blocks that have rows, plain columns each: many rules find nothing.

    `order` is the rule's place; parcel_area_m2 is of all parcels.
    """
    rule = judged.rule
    halves = {False: _hit_half(judged), True: _unknown_half(judged)}
    findings = []
    for is_unknown, half in halves.items():
        if len(half.present) == 0:
            continue
        parcel = judged.rows[half.present]
        columns = {
            "_parcel": parcel,
            "_rule": order,
            "_unknown": int(is_unknown),
            "rule": rule.id,
            "pack": rule.pack,
            "department": rule.department,
            "layer": rule.layer,
            "version": judged.label,
            "verdict": "unknown" if is_unknown else rule.verdict,
            "area_m2": half.measure.area_m2,
            "counted_area_m2": half.measure.counted_area_m2,
            "net_area_m2": np.nan,
            "share": half.measure.area_m2 / parcel_area_m2[parcel],
            "features": np.nan,
            "length_m": np.nan,
            "distance_m": np.nan,
            "value": np.nan,
            "counted": half.measure.counted,
            "reason": half.reason,
            "title": rule.title.get(language) or next(iter(rule.title.values()), ""),
            "basis": rule.basis_text,
            "replaced": rule.replaced.spoken(language) if rule.replaced else None,
            "estimated": rule.estimated,
            "assumed": judged.assumed,
            "area_low_m2": np.nan,
            "area_high_m2": np.nan,
            "within_error": False,
            "area_check_m2": np.nan,
            "check_differs": False,
            "_geometry": half.grounds,
        }
        findings.append(_block(len(parcel), {**columns, **half.columns}))
    pieces = [_overlap_rows(judged, order, halves)] if len(judged.judgement.pairs.parcel) else []
    return findings, pieces


def _hit_reasons(judgement: Judgement, present: np.ndarray) -> np.ndarray:
    """no_value where every feature of the conflict counts only because its condition is unknown."""
    pairs, count = judgement.pairs, len(judgement.hit)
    doubtful = np.bincount(pairs.parcel[pairs.of_hit & pairs.no_value], minlength=count)
    all_doubtful = (doubtful > 0) & (doubtful == np.bincount(pairs.parcel[pairs.of_hit], minlength=count))
    if judgement.measures is not None or not all_doubtful.any():
        return np.where(all_doubtful[present], "no_value", "").astype(object)
    piece_area = np.bincount(pairs.parcel[pairs.of_hit], shapely.area(pairs.geometry[pairs.of_hit]), minlength=count)
    # In a `within` conflict most ground lies under no feature at all: then the doubt is not the whole reason.
    whole = piece_area >= shapely.area(judgement.hit) - ARITHMETIC_M2
    return np.where((all_doubtful & whole)[present], "no_value", "").astype(object)


def _net_areas(judged: Judged, present: np.ndarray) -> np.ndarray:
    """Piece × part ÷ of, summed over the conflict's features, (n,).

    NaN without `net`, and where the part of one of them is no finite area ≥ 0 of a finite whole > 0.
    """
    net = judged.rule.options.get("net")
    count = len(judged.judgement.hit)
    if net is None:
        return np.full(len(present), np.nan)
    part, whole = (
        pd.to_numeric(pd.Series(column_named(judged.attributes, net[key])), errors="coerce").to_numpy(dtype=float)
        for key in ("part", "of")
    )
    pairs = judged.judgement.pairs
    is_known = (part >= 0) & np.isfinite(part) & (whole > 0) & np.isfinite(whole)
    ratio = np.divide(part, whole, out=np.full(len(part), np.nan), where=is_known)[pairs.feature]
    return np.bincount(pairs.parcel, shapely.area(pairs.geometry) * ratio, minlength=count)[present]


def _measured_where(asked: np.ndarray, measure: Callable[[np.ndarray], np.ndarray], grounds: np.ndarray) -> np.ndarray:
    """What some of the grounds (n,) measure, NaN for the others. asked: (n,)."""
    result = np.full(len(grounds), np.nan)
    result[asked] = measure(grounds[asked])
    return result


def _overlap_rows(judged: Judged, order: int, halves: dict[bool, _Half]) -> Block:
    pairs = judged.judgement.pairs
    count = len(judged.judgement.hit)
    counted = np.zeros(len(pairs.parcel), dtype=bool)
    reason = np.where(pairs.no_value, "no_value", "").astype(object)
    for is_unknown, half in halves.items():
        if len(half.present) == 0:
            continue
        measure = half.measure
        of_parcel = np.full(count, -1)
        of_parcel[half.present] = np.arange(len(half.present))
        mine = np.flatnonzero((pairs.of_hit != is_unknown) & (of_parcel[pairs.parcel] >= 0))
        row = of_parcel[pairs.parcel[mine]]
        counted[mine] = measure.counted[row]
        own_reason = measure.reason[row].copy()
        free = measure.sliver_free[row]
        mixed = np.flatnonzero(~shapely.is_missing(free) & counted[mine])
        if len(mixed):
            within = shapely.area(shapely.intersection(pairs.geometry[mine[mixed]], free[mixed])) >= ARITHMETIC_M2
            counted[mine[mixed]] = within
            own_reason[mixed] = np.where(within, "", "sliver")
        reason[mine] = _joined(reason[mine], own_reason)
    dimension = shapely.get_dimensions(pairs.geometry)
    named, which = np.unique(pairs.feature, return_inverse=True)
    names = list(judged.attributes.columns)
    texts = np.empty(len(named), dtype=object)
    for at, values in enumerate(judged.attributes.to_numpy(dtype=object)[named].tolist()):
        texts[at] = attribute_json(dict(zip(names, values, strict=True)))
    return _block(
        len(pairs.parcel),
        {
            "_parcel": judged.rows[pairs.parcel],
            "_rule": order,
            "_unknown": (~pairs.of_hit).astype(int),
            "_feature": pairs.feature,
            "rule": judged.rule.id,
            "feature": judged.names[pairs.feature] if len(pairs.feature) else np.empty(0, dtype=object),
            "area_m2": _measured_where(dimension == 2, shapely.area, pairs.geometry),
            "length_m": _measured_where(dimension == 1, shapely.length, pairs.geometry),
            "distance_m": pairs.distance_m,
            "counted": counted,
            "reason": np.where(reason.astype(bool), reason, np.full(1, None)),
            "attributes": texts[which],
            "_geometry": pairs.geometry,
        },
    )
