"""From judgements to the tables of a run: rows, measures, thresholds, verdicts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.areas import ellipsoidal_areas_m2
from onemap.layers.parts import multi
from onemap.rules.conditions import column_named
from onemap.rules.kinds.ground import Judgement
from onemap.rules.overlay import ARITHMETIC_M2
from onemap.rules.packs import VERDICTS, Rule
from onemap.rules.thresholds import Measured, measured

RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
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
class Table:
    """One table of a run: its columns, its geometries (n,) or None, and their GeoPackage type."""

    columns: pd.DataFrame
    geometries: np.ndarray | None = None
    geometry_type: str = "MultiPolygon"


@dataclass(frozen=True)
class Judged:
    """One rule's judgement of some parcels, with what its rows need to be written.

    rows: the parcels' positions (k,); label: the layer version's, or None; names and attributes: of its features;
    assumed: the version's coverage is only its bounding box.
    """

    rule: Rule
    rows: np.ndarray
    judgement: Judgement
    label: str | None
    names: np.ndarray
    attributes: pd.DataFrame
    assumed: bool = False


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
    return np.array([",".join(filter(None, pair)) or None for pair in zip(first, second, strict=True)], dtype=object)


def rows_of(judged: Judged, order: int, parcel_area_m2: np.ndarray, language: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Findings and overlaps of one rule. `order` is the rule's place; parcel_area_m2 is of all parcels."""
    rule, judgement = judged.rule, judged.judgement
    findings = []
    counted_of: dict[bool, tuple[np.ndarray, np.ndarray, Measured]] = {}
    for is_unknown, grounds in ((False, judgement.hit), (True, judgement.unknown)):
        present = np.flatnonzero(~shapely.is_missing(grounds))
        measure = measured(grounds[present], rule)
        counted_of[is_unknown] = (present, grounds, measure)
        if is_unknown:
            reason = _joined(_reasons(judgement, present), measure.reason)
            features = pd.array([pd.NA] * len(present), dtype="Int64")
            net = np.full(len(present), np.nan)
        else:
            reason = _joined(_hit_reasons(judgement, present), measure.reason)
            features = pd.array(_features_of(judgement)[present], dtype="Int64")
            net = _net_areas(judged, present)
        parcel = judged.rows[present]
        findings.append(
            pd.DataFrame(
                {
                    "_parcel": parcel,
                    "_rule": order,
                    "_unknown": int(is_unknown),
                    "rule": rule.id,
                    "pack": rule.pack,
                    "department": rule.department,
                    "layer": rule.layer,
                    "version": judged.label,
                    "verdict": "unknown" if is_unknown else rule.verdict,
                    "area_m2": measure.area_m2,
                    "counted_area_m2": measure.counted_area_m2,
                    "net_area_m2": net,
                    "share": measure.area_m2 / parcel_area_m2[parcel],
                    "features": features,
                    "length_m": np.nan,
                    "distance_m": np.nan if is_unknown else judgement.distance_m[present],
                    "value": np.nan,
                    "counted": measure.counted,
                    "reason": reason,
                    "title": rule.title.get(language) or next(iter(rule.title.values()), ""),
                    "basis": rule.basis_text,
                    "estimated": rule.estimated,
                    "assumed": judged.assumed,
                    "_geometry": grounds[present],
                }
            )
        )
    return pd.concat(findings, ignore_index=True), _overlap_rows(judged, order, counted_of)


def _features_of(judgement: Judgement) -> np.ndarray:
    """How many features make up each parcel's conflict."""
    of_hit = judgement.pairs.of_hit
    return np.bincount(judgement.pairs.parcel[of_hit], minlength=len(judgement.hit))


def _hit_reasons(judgement: Judgement, present: np.ndarray) -> np.ndarray:
    """no_value where every feature of the conflict counts only because its condition is unknown."""
    pairs, count = judgement.pairs, len(judgement.hit)
    doubtful = np.bincount(pairs.parcel[pairs.of_hit & pairs.no_value], minlength=count)
    all_doubtful = (doubtful > 0) & (doubtful == _features_of(judgement))
    piece_area = np.bincount(pairs.parcel[pairs.of_hit], shapely.area(pairs.geometry[pairs.of_hit]), minlength=count)
    # In a `within` conflict most ground lies under no feature at all: then the doubt is not the whole reason.
    whole = piece_area >= shapely.area(judgement.hit) - ARITHMETIC_M2
    return np.where((all_doubtful & whole)[present], "no_value", "").astype(object)


def _net_areas(judged: Judged, present: np.ndarray) -> np.ndarray:
    """Piece × part ÷ of, summed over the conflict's features; NaN without `net`, or where a value is null."""
    net = judged.rule.options.get("net")
    count = len(judged.judgement.hit)
    if net is None:
        return np.full(len(present), np.nan)
    part, whole = (pd.to_numeric(pd.Series(column_named(judged.attributes, net[key]))) for key in ("part", "of"))
    pairs = judged.judgement.pairs
    ratio = (part / whole).to_numpy(dtype=float)[pairs.feature]
    return np.bincount(pairs.parcel, shapely.area(pairs.geometry) * ratio, minlength=count)[present]


def _overlap_rows(
    judged: Judged, order: int, counted_of: dict[bool, tuple[np.ndarray, np.ndarray, Measured]]
) -> pd.DataFrame:
    pairs = judged.judgement.pairs
    count = len(judged.judgement.hit)
    counted = np.zeros(len(pairs.parcel), dtype=bool)
    reason = np.where(pairs.no_value, "no_value", "").astype(object)
    for is_unknown, (present, _, measure) in counted_of.items():
        of_parcel = np.full(count, -1)
        of_parcel[present] = np.arange(len(present))
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
    attributes = judged.attributes.to_dict("records")
    used = {index: json.dumps(attributes[index], ensure_ascii=False, default=str) for index in set(pairs.feature)}
    return pd.DataFrame(
        {
            "_parcel": judged.rows[pairs.parcel],
            "_rule": order,
            "_unknown": (~pairs.of_hit).astype(int),
            "_feature": pairs.feature,
            "rule": judged.rule.id,
            "feature": judged.names[pairs.feature] if len(pairs.feature) else np.empty(0, dtype=object),
            "area_m2": shapely.area(pairs.geometry),
            "length_m": np.nan,
            "distance_m": pairs.distance_m,
            "counted": counted,
            "reason": np.array([text or None for text in reason], dtype=object),
            "attributes": np.array([used[index] for index in pairs.feature], dtype=object),
            "_geometry": pairs.geometry,
        }
    )


_FINDING_COLUMNS = [
    "parcel",
    "rule",
    "pack",
    "department",
    "layer",
    "version",
    "verdict",
    "area_m2",
    "area_ellipsoidal_m2",
    "counted_area_m2",
    "net_area_m2",
    "share",
    "features",
    "length_m",
    "distance_m",
    "value",
    "counted",
    "reason",
    "title",
    "basis",
    "estimated",
    "assumed",
]
_OVERLAP_COLUMNS = ["parcel", "rule", "feature", "area_m2", "length_m", "distance_m", "counted", "reason", "attributes"]
_TEXT_COLUMNS = {
    "parcel",
    "rule",
    "pack",
    "department",
    "layer",
    "version",
    "verdict",
    "reason",
    "title",
    "basis",
    "feature",
    "attributes",
    "known_verdict",
    "keys",
}


def _typed(columns: pd.DataFrame) -> pd.DataFrame:
    """Text as objects, flags as booleans, numbers as they are, so that an empty table has the same types."""
    typed = {}
    for name in columns.columns:
        if name in _TEXT_COLUMNS:
            typed[name] = columns[name].astype(object).where(columns[name].notna(), None)
        elif name in ("counted", "estimated", "assumed"):
            typed[name] = columns[name].astype(bool)
        elif name in ("features", "findings", "unknown_rules"):
            typed[name] = columns[name].astype("Int64")
        else:
            typed[name] = columns[name].astype(float)
    return pd.DataFrame(typed, columns=columns.columns)


def run_tables(
    names: Sequence[str], parcels: np.ndarray, judged: Sequence[Judged], crs: pyproj.CRS, language: str
) -> dict[str, Table]:
    """All tables of a run but `run` itself. names: (n,) of the parcels; judged: in the rules' order."""
    keys = np.asarray(names, dtype=object)
    area_m2 = shapely.area(parcels)
    blocks = [rows_of(item, order, area_m2, language) for order, item in enumerate(judged)]
    findings = _sorted([block[0] for block in blocks], ["_parcel", "_rule", "_unknown"])
    pieces = _sorted([block[1] for block in blocks], ["_parcel", "_rule", "_unknown", "_feature"])
    for frame in (findings, pieces):
        frame["parcel"] = keys[frame["_parcel"].to_numpy(dtype=int)] if len(frame) else pd.Series(dtype=object)
    ground = frame_geometries(findings)
    findings["area_ellipsoidal_m2"] = ellipsoidal_areas_m2(ground, crs)
    no_rows: dict[str, Any] = {name: [] for name in _OVERLAP_COLUMNS}
    composition = ["parcel", "rule", "keys", "area_m2", "area_ellipsoidal_m2", "share"]
    return {
        "parcels": Table(_parcel_columns(keys, parcels, area_m2, findings, crs), multi(parcels, "polygon")),
        "findings": Table(_typed(findings.reindex(columns=_FINDING_COLUMNS)), multi(ground, "polygon")),
        "overlaps": Table(_typed(pieces.reindex(columns=_OVERLAP_COLUMNS)), multi(frame_geometries(pieces), "polygon")),
        "overlaps_line": Table(_typed(pd.DataFrame(no_rows)), np.empty(0, dtype=object), "MultiLineString"),
        "overlaps_point": Table(_typed(pd.DataFrame(no_rows)), np.empty(0, dtype=object), "MultiPoint"),
        "composition": Table(_typed(pd.DataFrame({name: [] for name in composition}))),
    }


def frame_geometries(frame: pd.DataFrame) -> np.ndarray:
    """The geometries of rows under construction, (n,)."""
    return frame["_geometry"].to_numpy(dtype=object) if len(frame) else np.empty(0, dtype=object)


def _sorted(blocks: list[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    filled = [block for block in blocks if len(block)]
    if not filled:
        return pd.DataFrame({name: [] for name in [*by, "verdict", "counted", "_geometry"]})
    return pd.concat(filled, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)


def _parcel_columns(
    keys: np.ndarray, parcels: np.ndarray, area_m2: np.ndarray, findings: pd.DataFrame, crs: pyproj.CRS
) -> pd.DataFrame:
    count = len(keys)
    counted = findings[findings["counted"].astype(bool)] if len(findings) else findings
    parcel = counted["_parcel"].to_numpy(dtype=int)
    rank = np.array([RANK[verdict] for verdict in counted["verdict"]], dtype=int)
    verdict = np.full(count, RANK["clear"])
    np.minimum.at(verdict, parcel, rank)
    known = np.full(count, RANK["clear"])
    is_known = rank != RANK["unknown"]
    np.minimum.at(known, parcel[is_known], rank[is_known])
    names = np.array(VERDICTS, dtype=object)
    return _typed(
        pd.DataFrame(
            {
                "parcel": keys,
                "verdict": names[verdict],
                "known_verdict": names[known],
                "unknown_rules": np.bincount(parcel[~is_known], minlength=count),
                "findings": np.bincount(parcel, minlength=count),
                "area_m2": area_m2,
                "area_ellipsoidal_m2": ellipsoidal_areas_m2(parcels, crs),
            }
        )
    )
