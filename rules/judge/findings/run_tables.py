"""The tables of a run: every rule's rows in order, each parcel's verdict, the ground by classes.

Ground is written as WKB in the library's plane, with its measures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import shift_polygons
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.records import Record
from onemap.rules.contract.verdict import RANK, VERDICTS, Verdict
from onemap.rules.judge.findings.findings import FindingColumns, RuleJudgement, block_rows, joined_blocks
from onemap.rules.judge.findings.land_classes import land_classes
from onemap.rules.judge.findings.rule_rows import RuleRows
from onemap.rules.judge.findings.table import Table, WrittenTable, typed_arrays
from onemap.rules.judge.inputs.parcel_rows import GroundsInLibrary, ParcelRows
from onemap.rules.judge.overlay.threads import Threads

_AT_ONCE = 20_000  # grounds in one call, which hears of no cancellation meanwhile
SAYING = ("parcel", "verdict", "counted")  # the columns of findings that decide a parcel's verdict
FINDING_COLUMNS = [
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
    "excused_by",
]
_NOTHING, _NOBODY = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
_BY = ("_rule", "_unknown")
_ALONE = Threads()
_COMPOSITION_COLUMNS = ["parcel", "rule", "keys", "area_m2", "area_ellipsoidal_m2", "share"]
_OVERLAP_COLUMNS = ["parcel", "rule", "feature", "area_m2", "length_m", "distance_m", "counted", "reason", "attributes"]


def row_tables(parcels: ParcelRows, rules: Sequence[RuleRows], threads: Threads = _ALONE) -> dict[str, WrittenTable]:
    """The findings and overlaps of all parcels. rules: the rows of each, in their order."""
    findings = _sort_block([block for item in rules for block in item.findings], ["_parcel", *_BY])
    pieces = _sort_block([block for item in rules for block in item.overlaps], ["_parcel", *_BY, "_feature"])
    for block in (findings, pieces):
        block["parcel"] = parcels.names[block["_parcel"]]
    write_grounds(findings, parcels, threads, area_ellipsoidal_m2=lambda own: own.area_ellipsoidal_m2)
    # Where a rule measures no area, there is none on the ellipsoid either: 0 would say that it was measured.
    findings["area_ellipsoidal_m2"] = np.where(np.isnan(findings["area_m2"]), np.nan, findings["area_ellipsoidal_m2"])
    write_grounds(pieces, parcels, threads, _dimension=lambda own: own.dimension)
    columns = typed_arrays(findings, FINDING_COLUMNS)
    tables = {"findings": WrittenTable(columns, findings["_wkb"], findings["_box"])}
    for name, dimension, kind in _OVERLAP_TABLES:
        is_wanted = pieces["_dimension"] == dimension
        part = pieces if is_wanted.all() else block_rows(pieces, np.flatnonzero(is_wanted))
        tables[name] = WrittenTable(typed_arrays(part, _OVERLAP_COLUMNS), part["_wkb"], part["_box"], kind)
    return tables


def class_tables(parcels: ParcelRows, rule_judgements: Sequence[RuleJudgement], language: str) -> dict[str, Table]:
    """The ground of all parcels by classes, for every rule that asks for it, in the order of the rules."""
    plane = parcels.crs, parcels.origin
    classes = land_classes(parcels.names, rule_judgements, *plane, language)
    composition = _composition(parcels.names, parcels.area_m2, rule_judgements, *plane)
    return {"composition": composition, "land_classes": WrittenTable(typed_arrays(classes))}


# By what their rows are ordered first: the parcel, or the rule.
ROW_TABLES = {
    "findings": "parcel",
    "overlaps": "parcel",
    "overlaps_line": "parcel",
    "overlaps_point": "parcel",
    "composition": "parcel",
    "land_classes": "rule",
}
_OVERLAP_TABLES = (
    ("overlaps", 2, "MultiPolygon"),
    ("overlaps_line", 1, "MultiLineString"),
    ("overlaps_point", 0, "MultiPoint"),
)


def _composition(
    keys: np.ndarray,
    area_m2: np.ndarray,
    rule_judgements: Sequence[RuleJudgement],
    crs: pyproj.CRS,
    origin: tuple[float, float],
) -> Table:
    """The ground of each parcel by classes, for every rule that asks for it."""
    blocks = []
    for order, item in enumerate(rule_judgements):
        classes = item.judgement.classes
        if classes is not None and len(classes):
            parcel = item.rows[classes["_row"].to_numpy(dtype=int)]
            blocks.append(classes.assign(_parcel=parcel, _rule=order, rule=item.rule.id))
    if not blocks:
        return WrittenTable(typed_arrays(dict.fromkeys(_COMPOSITION_COLUMNS, _NOTHING)))
    rows = pd.concat(blocks, ignore_index=True).sort_values(["_parcel", "_rule"], kind="stable", ignore_index=True)
    parcel = rows["_parcel"].to_numpy(dtype=int)
    grounds = shift_polygons(rows["_geometry"].to_numpy(dtype=object), origin)
    rows["parcel"] = keys[parcel]
    rows["area_m2"] = shapely.area(grounds)
    rows["area_ellipsoidal_m2"] = ellipsoidal_areas_m2(grounds, crs)
    rows["share"] = rows["area_m2"] / area_m2[parcel]
    return WrittenTable(typed_arrays(rows, _COMPOSITION_COLUMNS))


def _sort_block(blocks: list[FindingColumns], by: list[str]) -> FindingColumns:
    """One block from several, with the rows ordered by the columns `by`."""
    if not blocks:
        return {"_parcel": _NOBODY, "_ground": FlatGround.of(_NOTHING), "area_m2": np.empty(0)}
    columns = joined_blocks(blocks)
    order = np.lexsort([columns[name] for name in reversed(by)])
    return columns if (order[1:] > order[:-1]).all() else block_rows(columns, order)


def ranks_of(verdicts: np.ndarray) -> np.ndarray:
    """The ranks of verdicts (n,), 0 the most severe."""
    return np.fromiter((RANK[verdict] for verdict in verdicts), dtype=np.int64, count=len(verdicts))


def parcel_table(parcels: ParcelRows, findings: Sequence[Mapping[str, Any] | pd.DataFrame]) -> Table:
    """Each parcel (n,) in the library's plane, with its verdict from all its findings that count.

    findings: the columns `SAYING` of their rows, in parts.
    """
    keys = parcels.names
    count = len(keys)
    names, verdicts, is_counted = (np.concatenate([part[name] for part in findings]) for name in SAYING)
    counts = is_counted.astype(bool)
    parcel = pd.Index(keys, dtype=object).get_indexer(pd.Index(names[counts], dtype=object))
    rank = ranks_of(verdicts[counts])
    verdict = np.full(count, RANK[Verdict.CLEAR])
    np.minimum.at(verdict, parcel, rank)
    known_rank = np.full(count, RANK[Verdict.CLEAR])
    is_known = rank != RANK[Verdict.UNKNOWN]
    np.minimum.at(known_rank, parcel[is_known], rank[is_known])
    names_of = np.array(VERDICTS, dtype=object)
    columns = {
        "parcel": keys,
        "verdict": names_of[verdict],
        "known_verdict": names_of[known_rank],
        "unknown_rules": np.bincount(parcel[~is_known], minlength=count),
        "findings": np.bincount(parcel, minlength=count),
        "area_m2": parcels.area_m2,
        "area_ellipsoidal_m2": parcels.area_ellipsoidal_m2,
    }
    return WrittenTable(typed_arrays(columns), parcels.wkb, parcels.boxes)


RUN_TABLE = "run"


def run_table(record: Mapping[str, Any]) -> Table:
    """The record as a table of one row; values other than text and numbers are written as JSON."""
    return _RecordTable(record)


def record_in(table: Table) -> Record:
    """The record from which `run_table` made a table, also where the table was read back from a file."""
    row = table.columns.iloc[0].to_dict()
    return {
        str(name): json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
        for name, value in row.items()
    }


class _RecordTable(Table):
    """A record as a table; its columns are made when somebody writes it."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.__dict__.update(record=record, geometries=None)

    @cached_property
    def columns(self) -> pd.DataFrame:
        """One row; values other than text and numbers are written as JSON."""
        record: Mapping[str, Any] = self.__dict__["record"]
        row = {
            name: [value if isinstance(value, (str, float)) else json.dumps(value, ensure_ascii=False)]
            for name, value in record.items()
        }
        return pd.DataFrame(row)


@dataclass(frozen=True)
class RunRows:
    """The rows of each rule in the rules' order; their ground is written only when tables are made of them."""

    parcels: ParcelRows
    rules: Sequence[RuleRows]
    language: str

    def tables(self, threads: Threads, earlier_findings: pd.DataFrame | None = None) -> dict[str, Table]:
        """Every table of a run except `run`.

        earlier_findings: further findings of the parcels (`SAYING`), which count for their verdicts, too.
        """
        rows = row_tables(self.parcels, self.rules, threads)
        findings: list[Any] = [rows["findings"].arrays, *([] if earlier_findings is None else [earlier_findings])]
        classes = class_tables(self.parcels, [item.judged for item in self.rules], self.language)
        return {"parcels": parcel_table(self.parcels, findings), **rows, **classes}


def write_grounds(
    rows: FindingColumns,
    parcels: ParcelRows,
    threads: Threads,
    **measures: Callable[[GroundsInLibrary], np.ndarray],
) -> None:
    """Replace ground by `_wkb` and `_box`, and by what `measures` computes of it, by name."""
    ground: FlatGround = rows.pop("_ground")
    parcel = rows["_parcel"]

    def write(some: slice) -> dict[str, Any]:
        own = parcels.grounds_in_library(ground.at(np.arange(some.start, some.stop)), parcel[some])
        measures_of_part = {name: measure(own) for name, measure in measures.items()}
        return {"_wkb": own.wkb(), "_box": own.boxes, **measures_of_part}

    parts = threads.each(write, list(blocks(len(ground), _AT_ONCE)) or [slice(0, 0)])
    rows |= {name: one_after_the_other([part[name] for part in parts]) for name in parts[0]}


def one_after_the_other(columns: list[Any]) -> Any:
    """One column from the columns of several blocks: arrays of numpy or of Arrow."""
    if len(columns) == 1:
        return columns[0]
    return pa.concat_arrays(columns) if isinstance(columns[0], pa.Array) else np.concatenate(columns)
