"""The tables of a run: every rule's rows in order, each parcel's verdict, the ground by classes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.areas import ellipsoidal_areas_m2
from onemap.layers.parts import moved, sound
from onemap.rules.extents import Extent, extent_of
from onemap.rules.findings import Block, Judged, rows_of
from onemap.rules.land_classes import land_classes
from onemap.rules.rule import VERDICTS
from onemap.rules.whole_parcels import WholeParcels

if TYPE_CHECKING:
    from onemap.rules.run_blocks import Rows

RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
SAYING = ("parcel", "verdict", "counted")  # the columns of findings that decide a parcel's verdict


@dataclass(frozen=True)
class Table:
    """One table of a run: its columns, its geometries (n,) or None, and their GeoPackage type.

    known_wkb: the geometries as WKB (n,), where someone has made it already.
    """

    columns: pd.DataFrame
    geometries: np.ndarray | None = None
    geometry_type: str = "MultiPolygon"
    known_wkb: np.ndarray | None = None

    @cached_property
    def wkb(self) -> np.ndarray:
        """The geometries as WKB (n,), made once for all who write them; only of a table that has some."""
        if self.known_wkb is not None:
            return self.known_wkb
        bodies: np.ndarray = shapely.to_wkb(self.geometries, byte_order=1)
        return bodies

    @property
    def has_geometries(self) -> bool:
        """Whether its rows have geometries."""
        return self.geometries is not None

    @cached_property
    def extent(self) -> Extent:
        """Where its geometries lie, and of which types they are; only of a table that has some."""
        return extent_of(np.empty(0, dtype=object) if self.geometries is None else self.geometries)

    @property
    def rows(self) -> "Rows | None":
        """The same rows as a run keeps them, where someone has them so already."""
        return None


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
    "replaced",
    "estimated",
    "assumed",
    "area_low_m2",
    "area_high_m2",
    "within_error",
    "area_check_m2",
    "check_differs",
]
_COMPOSITION_COLUMNS = ["parcel", "rule", "keys", "area_m2", "area_ellipsoidal_m2", "share"]
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
    *("ownership", "class", "class_name", "group", "replaced"),
}


def plain_values(values: pd.Series) -> list[Any]:
    """A column as plain values, None where there is none."""
    missing = np.flatnonzero(values.isna().to_numpy(dtype=bool))
    if len(missing) == len(values):
        return [None] * len(values)
    plain: list[Any] = values.astype(object).tolist()
    for row in missing.tolist():
        plain[row] = None
    return plain


def records_of(columns: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON objects."""
    plain = {name: plain_values(columns[name]) for name in columns.columns}
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def typed(columns: pd.DataFrame) -> pd.DataFrame:
    """Text as objects, flags as booleans, numbers as they are, so that an empty table has the same types."""
    typed = {}
    for name in columns.columns:
        if name in _TEXT_COLUMNS:
            typed[name] = _texts(columns[name])
        elif name in ("counted", "estimated", "assumed", "within_error", "check_differs"):
            typed[name] = columns[name].astype(bool)
        elif name in ("features", "findings", "unknown_rules"):
            typed[name] = columns[name].astype("Int64")
        else:
            typed[name] = columns[name].astype(float)
    return pd.DataFrame(typed, columns=columns.columns)


def _texts(values: pd.Series) -> pd.Series:
    """Text, with None where there is none."""
    plain, missing = values.astype(object), values.isna().to_numpy(dtype=bool)
    return plain.where(~missing, None) if missing.any() else plain


def row_tables(parcels: WholeParcels, judged: Sequence[Judged], language: str) -> dict[str, Table]:
    """The tables of a run whose rows belong to one parcel and one rule each.

    judged: in the rules' order, coordinates counted from the parcels' origin.
    """
    keys = parcels.names
    blocks = [rows_of(item, order, parcels.area_m2, language) for order, item in enumerate(judged)]
    findings = _sorted([part for block in blocks for part in block[0]], ["_parcel", "_rule", "_unknown"])
    pieces = _sorted([part for block in blocks for part in block[1]], ["_parcel", "_rule", "_unknown", "_feature"])
    for frame in (findings, pieces):
        frame["parcel"] = keys[_parcels_of(frame)] if len(frame) else pd.Series(dtype=object)
    ground = parcels.placed(frame_geometries(findings), _parcels_of(findings))
    findings["area_ellipsoidal_m2"] = ground.area_ellipsoidal_m2
    shapes = parcels.placed(frame_geometries(pieces), _parcels_of(pieces))
    dimension = shapely.get_dimensions(shapes.geometries)
    columns = typed(pieces.reindex(columns=_OVERLAP_COLUMNS))
    multis, bodies = ground.written("polygon")
    tables = {"findings": Table(typed(findings.reindex(columns=_FINDING_COLUMNS)), multis, "MultiPolygon", bodies)}
    for name, wanted, kind in _OVERLAP_TABLES:
        rows = np.flatnonzero(dimension == wanted)
        part = columns.iloc[rows].reset_index(drop=True)
        multis, bodies = shapes.at(rows).written(kind)
        tables[name] = Table(part, multis, f"Multi{_PROPER[kind]}", bodies)
    tables["composition"] = _composition(keys, parcels.area_m2, judged, parcels.crs, parcels.origin)
    classes = land_classes(keys, judged, parcels.crs, parcels.origin, language)
    tables["land_classes"] = Table(typed(classes))
    return tables


def _parcels_of(frame: pd.DataFrame) -> np.ndarray:
    """The positions of the parcels to which rows under construction belong, (n,)."""
    return frame["_parcel"].to_numpy(dtype=np.int64)


# By what their rows are ordered first: the parcel, or the rule.
ROW_TABLES = {
    "findings": "parcel",
    "overlaps": "parcel",
    "overlaps_line": "parcel",
    "overlaps_point": "parcel",
    "composition": "parcel",
    "land_classes": "rule",
}
_OVERLAP_TABLES = (("overlaps", 2, "polygon"), ("overlaps_line", 1, "line"), ("overlaps_point", 0, "point"))
_PROPER = {"polygon": "Polygon", "line": "LineString", "point": "Point"}


def _composition(
    keys: np.ndarray,
    area_m2: np.ndarray,
    judged: Sequence[Judged],
    crs: pyproj.CRS,
    origin: tuple[float, float],
) -> Table:
    """The ground of each parcel by classes, for every rule that asks for it."""
    blocks = []
    for order, item in enumerate(judged):
        classes = item.judgement.classes
        if classes is not None and len(classes):
            parcel = item.rows[classes["_row"].to_numpy(dtype=int)]
            blocks.append(classes.assign(_parcel=parcel, _rule=order, rule=item.rule.id))
    if not blocks:
        return Table(typed(pd.DataFrame({name: [] for name in _COMPOSITION_COLUMNS})))
    rows = pd.concat(blocks, ignore_index=True).sort_values(["_parcel", "_rule"], kind="stable", ignore_index=True)
    parcel = rows["_parcel"].to_numpy(dtype=int)
    grounds = sound(moved(frame_geometries(rows), origin))
    rows["parcel"] = keys[parcel]
    rows["area_m2"] = shapely.area(grounds)
    rows["area_ellipsoidal_m2"] = ellipsoidal_areas_m2(grounds, crs)
    rows["share"] = rows["area_m2"] / area_m2[parcel]
    return Table(typed(rows.reindex(columns=_COMPOSITION_COLUMNS)))


def frame_geometries(frame: pd.DataFrame) -> np.ndarray:
    """The geometries of rows under construction, (n,)."""
    return frame["_geometry"].to_numpy(dtype=object) if len(frame) else np.empty(0, dtype=object)


def _sorted(blocks: list[Block], by: list[str]) -> pd.DataFrame:
    """All blocks as one frame in the order of its columns `by`."""
    if not blocks:
        return pd.DataFrame({name: [] for name in [*by, "verdict", "counted", "_geometry"]})
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    order = np.lexsort([columns[name] for name in reversed(by)])
    return pd.DataFrame({name: pd.Series(values[order], dtype=values.dtype) for name, values in columns.items()})


def parcel_table(parcels: WholeParcels, findings: Sequence[pd.DataFrame]) -> Table:
    """Each parcel (n,), in the library's plane, with its verdict, from the rows of all its findings that count."""
    keys = parcels.names
    count = len(keys)
    names, said, counted = (np.concatenate([part[name] for part in findings]) for name in SAYING)
    counts = counted.astype(bool)
    parcel = pd.Index(keys, dtype=object).get_indexer(pd.Index(names[counts], dtype=object))
    rank = np.fromiter((RANK[verdict] for verdict in said[counts]), dtype=np.int64, count=int(counts.sum()))
    verdict = np.full(count, RANK["clear"])
    np.minimum.at(verdict, parcel, rank)
    known = np.full(count, RANK["clear"])
    is_known = rank != RANK["unknown"]
    np.minimum.at(known, parcel[is_known], rank[is_known])
    names_of = np.array(VERDICTS, dtype=object)
    columns = {
        "parcel": keys,
        "verdict": names_of[verdict],
        "known_verdict": names_of[known],
        "unknown_rules": np.bincount(parcel[~is_known], minlength=count),
        "findings": np.bincount(parcel, minlength=count),
        "area_m2": parcels.area_m2,
        "area_ellipsoidal_m2": parcels.area_ellipsoidal_m2,
    }
    return Table(typed(pd.DataFrame(columns)), parcels.multis, "MultiPolygon", parcels.wkb)


def run_table(record: dict[str, Any]) -> Table:
    """The record as a table of one row; what is no text or number stands as JSON."""
    row = {
        name: [value if isinstance(value, (str, float)) else json.dumps(value, ensure_ascii=False)]
        for name, value in record.items()
    }
    return Table(pd.DataFrame(row))
