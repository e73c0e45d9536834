"""From one rule's judgement to its rows: findings and overlaps, measured and compared with the thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.frames.fields import are_none
from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.reason import Reason, column_of_reasons
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.findings.thresholds import GroundMeasures, measure_grounds
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.attribute_json import attribute_texts
from onemap.rules.judge.kinds.ground import Judgement, Measures, no_ground
from onemap.rules.judge.kinds.reasons import unknown_reasons
from onemap.rules.judge.overlay.area_check import are_decisive, area_ranges, checked_areas, disagrees, within_error
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.flat_polygons import occurring_numbers
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.rule import Rule

_MANY = 1_000  # features


@dataclass(frozen=True)
class RuleJudgement:
    """One rule's judgement of some parcels, with what is needed to write its rows.

    rows: (k,) the parcels' positions.
    lacks_fact: (k,) the rule applies to the parcel because a fact of it is missing.
    label: of the layer's version, or None.
    names: (m,) of the layer's features.
    attributes: m rows, of the layer's features.
    official: features of official zones that replace them, numbered from m on; None where the rule names none.
    assumed: the version's coverage is only its bounding box.
    accuracy_m: the version's positional accuracy in metres, if known.
    excused_by: (k,) what excuses the project, None where nothing does; None where the rule excuses nobody. An
        excused project is measured, but its row decides nothing.
    """

    rule: Rule
    rows: np.ndarray
    lacks_fact: np.ndarray
    judgement: Judgement
    label: str | None
    names: np.ndarray
    attributes: pd.DataFrame
    assumed: bool = False
    accuracy_m: float | None = None
    threads: Threads = field(default_factory=Threads)
    official: "OfficialFeatures | None" = None
    excused_by: np.ndarray | None = None


OFFICIAL_LAYER = "official_layer"  # the attribute that names the layer of official zones that a feature is of


@dataclass(frozen=True)
class OfficialFeatures:
    """The features (z,) of a layer of official zones: their names, and z rows of attributes, `OFFICIAL_LAYER` first."""

    names: np.ndarray
    attributes: pd.DataFrame


def _unknown_reasons(rule_judgement: RuleJudgement, parcels: np.ndarray) -> np.ndarray:
    """The reasons why ground of some parcels (k,) could not be judged, joined with commas (k,)."""
    order = unknown_reasons(rule_judgement.rule.kind)
    reasons = sorted(rule_judgement.judgement.reasons, key=order.index)
    result = np.full(len(parcels), "", dtype=object)
    for reason in reasons:
        rows = np.flatnonzero(rule_judgement.judgement.reasons[reason][parcels])
        result[rows] = [column_of_reasons((before, reason)) for before in result[rows]]
    return result


def _join_reasons(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Reasons (n,) and more reasons (n,) with a comma between, None where there is neither."""
    result = np.full(len(first), None, dtype=object)
    for row in np.flatnonzero(first.astype(bool) | second.astype(bool)).tolist():
        result[row] = column_of_reasons((first[row], second[row]))
    return result


@dataclass(frozen=True)
class _Half:
    """The hits, or the unknown ground, of one rule: which parcels have a row, with its ground and measures."""

    present: np.ndarray
    grounds: FlatGround
    measure: GroundMeasures
    reason: np.ndarray
    columns: dict[str, Any]


_NOBODY, _NOTHING, _NEVER = np.empty(0, dtype=np.int64), np.empty(0, dtype=object), np.empty(0, dtype=bool)
_NO_ROWS = _Half(
    _NOBODY,
    FlatGround.of(_NOTHING),
    GroundMeasures(np.empty(0), np.empty(0), _NEVER, _NOTHING, _NOTHING),
    _NOTHING,
    columns={},
)


def _unknown_half(rule_judgement: RuleJudgement, parcel_m2: np.ndarray) -> _Half:
    unknown = rule_judgement.judgement.unknown
    present = np.flatnonzero(~shapely.is_missing(unknown))
    if len(present) == 0:
        return _NO_ROWS
    grounds = FlatGround.of(unknown[present])
    measure = measure_grounds(grounds, rule_judgement.rule, parcel_m2[present])
    reason = _join_reasons(_unknown_reasons(rule_judgement, present), measure.reason)
    return _excuse_rows(_Half(present, grounds, measure, reason, {}), rule_judgement, is_unknown=True)


def _hit_half(rule_judgement: RuleJudgement, parcel_m2: np.ndarray) -> _Half:
    judgement, measures = rule_judgement.judgement, rule_judgement.judgement.measures
    present = np.flatnonzero(judgement.hit_ground.dimension >= 0 if measures is None else measures.has_row)
    if len(present) == 0:
        return _NO_ROWS
    if measures is None:
        measure, columns = _ground_hit(rule_judgement, present, parcel_m2)
    else:
        measure, columns = _measured_hit(rule_judgement, present, measures)
    lacks_fact = np.where(rule_judgement.lacks_fact[present], Reason.NO_FACT, "").astype(object)
    reason = _join_reasons(lacks_fact, measure.reason)
    of_hit = judgement.pairs.of_hit
    features = np.bincount(judgement.pairs.parcel[of_hit], minlength=len(rule_judgement.rows))[present]
    columns |= {"features": features.astype(float), "distance_m": judgement.distance_m[present]}
    half = _Half(present, judgement.hit_ground.at(present), measure, reason, columns)
    return _excuse_rows(half, rule_judgement, is_unknown=False)


def _excuse_rows(half: _Half, rule_judgement: RuleJudgement, is_unknown: bool) -> _Half:
    """Mark the rows of excused projects: a hit becomes clear and decides nothing, unknown ground decides nothing."""
    if rule_judgement.excused_by is None or len(half.present) == 0:
        return half
    excused_by = rule_judgement.excused_by[half.present]
    rows = np.flatnonzero(~are_none(excused_by))
    if len(rows) == 0:
        return half
    is_counted, measure_reason, reason = half.measure.counted.copy(), half.measure.reason.copy(), half.reason.copy()
    is_counted[rows], measure_reason[rows] = False, Reason.EXCUSED
    columns: dict[str, Any] = {"excused_by": excused_by}
    if is_unknown:
        reason[rows] = [column_of_reasons((before, Reason.EXCUSED)) for before in reason[rows]]
    else:
        reason[rows] = Reason.EXCUSED
        verdict = np.full(len(half.present), rule_judgement.rule.verdict, dtype=object)
        verdict[rows] = Verdict.CLEAR
        columns["verdict"] = verdict
    measure = replace(half.measure, counted=is_counted, reason=measure_reason)
    return _Half(half.present, half.grounds, measure, reason, {**half.columns, **columns})


def _ground_hit(
    rule_judgement: RuleJudgement, present: np.ndarray, parcel_m2: np.ndarray
) -> tuple[GroundMeasures, dict[str, Any]]:
    """The conflicts of ground of the parcels (k,) that have one: areas against the rule's limits, more columns."""
    judgement = rule_judgement.judgement
    measure = measure_grounds(judgement.hit_ground.at(present), rule_judgement.rule, parcel_m2[present])
    columns = _second_method(rule_judgement, present, measure)
    if judgement.net_area_m2 is not None:
        columns["net_area_m2"] = judgement.net_area_m2[present]
    if judgement.value is not None:
        columns["value"] = judgement.value[present]
    return measure, columns


def _measured_hit(
    rule_judgement: RuleJudgement, present: np.ndarray, measures: Measures
) -> tuple[GroundMeasures, dict[str, Any]]:
    """The conflicts that the kind measures itself, of the parcels (k,) that have one: areas, and which count."""
    nothing = np.full(len(present), np.nan)
    area_m2 = nothing if measures.area_m2 is None else measures.area_m2[present]
    is_counted = np.ones(len(present), dtype=bool) if measures.counted is None else measures.counted[present]
    reason = np.where(is_counted, "", KINDS[rule_judgement.rule.kind].not_counted).astype(object)
    measured_values = {name: getattr(measures, name) for name in ("length_m", "value", "share")}
    columns = {name: values[present] for name, values in measured_values.items() if values is not None}
    return GroundMeasures(area_m2, area_m2, is_counted, reason, no_ground(len(present))), columns


def _second_method(rule_judgement: RuleJudgement, present: np.ndarray, measure: GroundMeasures) -> dict[str, Any]:
    """Areas by the second method where they decide, and the range of each area within the boundary error."""
    zones = rule_judgement.judgement.zones
    if zones is None or len(present) == 0:
        return {}
    area_m2 = np.full(len(present), np.nan)
    rows = np.flatnonzero(are_decisive(measure.area_m2, rule_judgement.rule.min_area_m2))
    area_m2[rows] = checked_areas(zones, present[rows], rule_judgement.threads)
    columns: dict[str, Any] = {"area_check_m2": area_m2, "check_differs": disagrees(measure.area_m2, area_m2)}
    if rule_judgement.accuracy_m:
        low, high = area_ranges(zones, present, rule_judgement.accuracy_m, rule_judgement.threads)
        columns |= {"area_low_m2": low, "area_high_m2": high, "within_error": within_error(low)}
    return columns


def read_ahead(rule_judgement: RuleJudgement) -> None:
    """Read from the library all that the rows need, while the thread that owns its connection still judges."""
    judgement = rule_judgement.judgement
    if judgement.zones is None:
        return
    area, least = judgement.hit_ground.area_m2, rule_judgement.rule.min_area_m2
    # Rows may sum an area in another order.
    if rule_judgement.accuracy_m or any(are_decisive(area * share, least).any() for share in (1 - 1e-6, 1 + 1e-6)):
        judgement.zones.pieces()


# Columns of rows: arrays of numpy, `_ground` as FlatGround counted from the origin, WKB as arrays of Arrow, and what is
# the same in every row as that value: most rules find one row, and its columns one by one would cost more than it.
FindingColumns = dict[str, Any]


def block_rows(block: FindingColumns, rows: np.ndarray) -> FindingColumns:
    """Some rows of a block: their positions (k,)."""
    return {name: _rows_of(values, rows) for name, values in block.items()}


def _rows_of(values: Any, rows: np.ndarray) -> Any:
    if isinstance(values, FlatGround):
        return values.at(rows)
    if isinstance(values, np.ndarray):
        return values[rows]
    return values.take(pa.array(rows)) if isinstance(values, pa.Array) else values


def joined_blocks(blocks: Sequence[FindingColumns]) -> FindingColumns:
    """One block from the rows of several with the same columns; all its columns are arrays."""
    counts = [len(block["_parcel"]) for block in blocks]
    return {name: _one_column([block[name] for block in blocks], counts) for name in blocks[0]}


def _one_column(parts: list[Any], counts: list[int]) -> Any:
    if isinstance(parts[0], FlatGround):
        return joined_ground(parts)
    are_arrays = [isinstance(part, np.ndarray) for part in parts]
    if not any(are_arrays):
        return np.repeat(_array_of(parts), counts)
    columns = [
        part if is_array else np.repeat(_array_of([part]), count)
        for part, is_array, count in zip(parts, are_arrays, counts, strict=True)
    ]
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _array_of(values: list[Any]) -> np.ndarray:
    """Values as they are: numbers and flags in their own type, texts as objects."""
    is_text = any(value is None or isinstance(value, str) for value in values)
    return np.array(values, dtype=object if is_text else None)


def rows_of(
    rule_judgement: RuleJudgement, order: int, parcel_area_m2: np.ndarray, language: str
) -> tuple[list[FindingColumns], list[FindingColumns]]:
    """Findings and overlaps of one rule, in blocks of plain columns that each have rows; many rules have none.

    order: the rule's place among all rules; parcel_area_m2: of all parcels.
    """
    own_m2 = parcel_area_m2[rule_judgement.rows]
    halves = {False: _hit_half(rule_judgement, own_m2), True: _unknown_half(rule_judgement, own_m2)}
    findings = [
        _finding_rows(rule_judgement, order, half, is_unknown, parcel_area_m2, language)
        for is_unknown, half in halves.items()
        if len(half.present)
    ]
    pieces = [_overlap_rows(rule_judgement, order, halves)] if len(rule_judgement.judgement.pairs.parcel) else []
    return findings, pieces


def _finding_rows(
    rule_judgement: RuleJudgement, order: int, half: _Half, is_unknown: bool, parcel_area_m2: np.ndarray, language: str
) -> FindingColumns:
    rule, parcel = rule_judgement.rule, rule_judgement.rows[half.present]
    columns = {
        "_parcel": parcel,
        "_rule": order,
        "_unknown": int(is_unknown),
        "rule": rule.id,
        "pack": rule.pack,
        "department": rule.department,
        "layer": rule.layer,
        "version": rule_judgement.label,
        "verdict": Verdict.UNKNOWN if is_unknown else rule.verdict,
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
        "replaced": rule.replaced.summary(language) if rule.replaced else None,
        "estimated": rule.estimated,
        "assumed": rule_judgement.assumed,
        "area_low_m2": np.nan,
        "area_high_m2": np.nan,
        "within_error": False,
        "area_check_m2": np.nan,
        "check_differs": False,
        "excused_by": None,
        "_ground": half.grounds,
    }
    return {**columns, **half.columns}


def _overlap_rows(rule_judgement: RuleJudgement, order: int, halves: dict[bool, _Half]) -> FindingColumns:
    pairs = rule_judgement.judgement.pairs
    is_counted, reason = _counted_pieces(rule_judgement, halves)
    dimension = pairs.ground.dimension
    return {
        "_parcel": rule_judgement.rows[pairs.parcel],
        "_rule": order,
        "_unknown": (~pairs.of_hit).astype(int),
        "_feature": pairs.feature,
        "rule": rule_judgement.rule.id,
        **_features_of_pieces(rule_judgement),
        "area_m2": np.where(dimension == 2, pairs.ground.area_m2, np.nan),
        "length_m": np.where(dimension == 1, shapely.length(pairs.ground.others), np.nan),
        "distance_m": pairs.distance_m,
        "counted": is_counted,
        "reason": np.where(reason.astype(bool), reason, np.full(1, None)),
        "_ground": pairs.ground,
    }


def _features_of_pieces(rule_judgement: RuleJudgement) -> dict[str, np.ndarray]:
    """The name and attributes of each piece's feature (k,)."""
    feature, own = rule_judgement.judgement.pairs.feature, len(rule_judgement.names)
    columns = {name: np.full(len(feature), None, dtype=object) for name in ("feature", "attributes")}
    sources: list[tuple[np.ndarray, int, RuleJudgement | OfficialFeatures]] = [(feature < own, 0, rule_judgement)]
    if rule_judgement.official is not None:
        sources.append((feature >= own, own, rule_judgement.official))
    for is_here, first, source in sources:
        if is_here.any():
            columns["feature"][is_here] = source.names[feature[is_here] - first]
            columns["attributes"][is_here] = _attribute_texts(source.attributes, feature[is_here] - first)
    return columns


def _counted_pieces(rule_judgement: RuleJudgement, halves: dict[bool, _Half]) -> tuple[np.ndarray, np.ndarray]:
    """Which pieces (k,) count, and why not (k,): a piece counts with its finding, unless it is a sliver."""
    pairs = rule_judgement.judgement.pairs
    is_counted = np.zeros(len(pairs.parcel), dtype=bool)
    reason = np.where(pairs.no_value, Reason.NO_VALUE, "").astype(object)
    for is_unknown, half in halves.items():
        if len(half.present) == 0:
            continue
        measure = half.measure
        row_of_parcel = np.full(len(rule_judgement.judgement.hit), -1)
        row_of_parcel[half.present] = np.arange(len(half.present))
        pieces = np.flatnonzero((pairs.of_hit != is_unknown) & (row_of_parcel[pairs.parcel] >= 0))
        row = row_of_parcel[pairs.parcel[pieces]]
        is_counted[pieces] = measure.counted[row]
        piece_reason, sliver_free = measure.reason[row].copy(), measure.sliver_free[row]
        mixed = np.flatnonzero(~shapely.is_missing(sliver_free) & is_counted[pieces])
        if len(mixed):
            ground = pairs.ground.at(pieces[mixed]).geometries
            area_m2, error_m2 = common_areas(ground, sliver_free[mixed], rule_judgement.threads)
            is_broad = area_m2 >= error_m2 + ARITHMETIC_M2
            is_counted[pieces[mixed]] = is_broad
            piece_reason[mixed] = np.where(is_broad, "", Reason.SLIVER)
        reason[pieces] = _join_reasons(reason[pieces], piece_reason)
    return is_counted, reason


def _attribute_texts(attributes: pd.DataFrame, feature: np.ndarray) -> np.ndarray:
    """The attributes of each piece's feature (k,) as JSON."""
    features, position = occurring_numbers(feature, len(attributes))
    if len(attributes) > _MANY:  # of few a frame of some takes longer than the values of all
        attributes, features = attributes.iloc[features], np.arange(len(features))
    rows = attributes.to_numpy(dtype=object)[features].tolist()
    texts = np.array(attribute_texts(list(attributes.columns), rows), dtype=object)
    return texts[position]
