"""A new run merged with an earlier one: which parcels need not be judged, and the rows of both in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.reason import Reason
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.judge.findings.run_tables import ROW_TABLES, SAYING
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.incremental.comparison_with_run import Comparison, Earlier
from onemap.rules.judge.inputs.check_record import WarpedRaster
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.arrow_blocks import ArrowTable, Rows, concatenate_rows, rows_of_table
from onemap.rules.judge.runs.run_store import stored_blocks


@dataclass(frozen=True)
class StandingRows:
    """The rows of an earlier run that still hold in a new one.

    stands: by rule, the parcels (n,) of the new run for which its rows hold; whole (n,): nothing of the parcel is
    judged again.
    """

    earlier: Earlier
    rules: Sequence[Rule]
    stands: Mapping[str, np.ndarray]
    whole: np.ndarray

    @cached_property
    def rows_to_judge(self) -> np.ndarray:
        """The positions of the parcels that some rule must judge; the first parcel if none must."""
        rest = np.flatnonzero(~self.whole)
        return rest if len(rest) else np.zeros(1, dtype=np.int64)

    def wanted_parcels(self, rule: str) -> np.ndarray:
        """Which of the parcels to judge a rule must judge."""
        is_wanted: np.ndarray = ~self.stands[rule][self.rows_to_judge]
        return is_wanted

    @cached_property
    def findings(self) -> list[Rows]:
        """The findings that still hold, in parts. Raises OneMapError run.damaged."""
        return self._read("findings")

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts of findings that still hold, for parcels that some rule must judge: the columns `SAYING`."""
        rest = ~self.whole
        parts = self.findings if any((stands & rest).any() for stands in self.stands.values()) else []
        columns = {name: np.concatenate([[], *(rows.values(name) for rows in parts)]) for name in SAYING}
        return pd.DataFrame(columns, dtype=object)[rest[self._parcels.get_indexer(pd.Index(columns["parcel"]))]]

    def merged_rows(self, name: str, computed_table: Table, labels: Mapping[str, str | None]) -> Rows:
        """All rows of a table, in the order of a whole run. Raises OneMapError run.damaged.

        computed_table: rows of the parcels that were judged; labels: by rule, the label of its layer's version.
        """
        own = rows_of_table(computed_table)
        if self.whole[self.rows_to_judge].any():  # it was asked only so that there was one
            own = own.slice(0, 0)
        earlier_parts = self.findings if name == "findings" else self._read(name)
        rows = concatenate_rows([own, *(self._with_labels(part, labels) for part in earlier_parts)])
        parcel, rule = self._places(rows)
        first, second = (rule, parcel) if ROW_TABLES.get(name) == "rule" else (parcel, rule)
        return rows.take(np.lexsort([second, first]))

    def unreadable(self, layers: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """The layers that the earlier run could read and that cannot be read now, although they should be the same."""
        before = {layer["code"]: layer["reason"] for layer in self.earlier.record["layers"]}
        return frozenset(code for code in layers if layers[code]["reason"] == Reason.UNREADABLE != before.get(code))

    def warped_rasters(self, known_rasters: Sequence[WarpedRaster]) -> list[WarpedRaster]:
        """The warped rasters of rules whose rows still hold, except known ones."""
        rules = {item["rule"] for item in known_rasters}
        stand = {rule for rule, stands in self.stands.items() if stands.any()}
        return [item for item in self.earlier.record["warped"] if item["rule"] in stand - rules]

    @cached_property
    def _parcels(self) -> pd.Index:
        return pd.Index(self.earlier.parcels.ids, dtype=object)

    @cached_property
    def _rules(self) -> pd.Index:
        return pd.Index([rule.id for rule in self.rules], dtype=object)

    @cached_property
    def _stands_by_place(self) -> np.ndarray:
        """Which parcels each rule's rows hold for, with a row for no rule and one for unknown rules: (r + 2, n + 1).

        The last column is for unknown parcels.
        """
        by_place = np.zeros((len(self.rules) + 2, len(self.whole) + 1), dtype=bool)
        by_place[:-1, :-1] = [*(self.stands[rule.id] for rule in self.rules), self.whole]
        return by_place

    def _places(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """The position of each row's parcel and of its rule (k,), -1 for one that the new run lacks."""
        parcel = self._parcels.get_indexer(pd.Index(rows.values("parcel"), dtype=object))
        if "rule" not in rows.columns.column_names:
            return parcel, np.full(len(rows), len(self.rules))
        return parcel, self._rules.get_indexer(pd.Index(rows.values("rule"), dtype=object))

    def _read(self, name: str) -> list[Rows]:
        """The rows of a table that still hold, in parts. Raises OneMapError run.damaged."""
        parts = []
        for rows in stored_blocks(self.earlier.library, self.earlier.identifier, name):
            if "parcel" not in rows.columns.column_names:
                raise self.earlier.damage(name)
            parcel, rule = self._places(rows)
            parts.append(rows.take(np.flatnonzero(self._stands_by_place[rule, parcel])))
        if name in ("parcels", "findings"):
            verdicts = np.concatenate([[], *(rows.values("verdict") for rows in parts)])
            if not set(verdicts.tolist()) <= set(VERDICTS):
                raise self.earlier.damage(name)
        if name == "parcels" and sum(map(len, parts)) != self.whole.sum():
            raise self.earlier.damage(name)
        return parts

    def _with_labels(self, rows: Rows, labels: Mapping[str, str | None]) -> Rows:
        """Rows with the present labels of their rules' versions."""
        names = rows.columns.column_names
        if "version" not in names:
            return rows
        of_rules = pa.array([labels[rule.id] for rule in self.rules], pa.string())
        column = of_rules.take(pa.array(self._places(rows)[1]))
        return Rows(rows.columns.set_column(names.index("version"), "version", column), rows.wkb)


def standing_rows(comparison: Comparison) -> StandingRows:
    """Determine which rows of an earlier run still hold. Raises OneMapError for layers that are refused."""
    rules = comparison.check_plan.rules
    stands = {rule.id: comparison.stands(rule) for rule in rules}
    for first, second in _linked_rules(rules):
        stands[first] = stands[second] = stands[first] & stands[second]
    whole = comparison.earlier.same.copy()
    if list(comparison.earlier.record["rules"]) != [rule.id for rule in rules]:
        whole[:] = False  # a rule that is gone, or new, may change what a parcel's row says
    for mask in stands.values():
        whole &= mask
    return StandingRows(comparison.earlier, rules, stands, whole)


def _linked_rules(rules: Sequence[Rule]) -> list[tuple[str, str]]:
    """Pairs of rules of which one is not reported where the other counts, repeated as often as chains need it.

    The rows of one can hold only where the other's do.
    """
    ids = {rule.id for rule in rules}
    pairs = [(rule.id, other) for rule in rules for other in rule.under if other in ids]
    return [pair for _ in pairs for pair in pairs]


def merged_tables(
    earlier_rows: StandingRows, computed_tables: Mapping[str, Table], layers: Mapping[str, Mapping[str, Any]]
) -> dict[str, Table]:
    """The tables of a new run: computed rows, and an earlier run's rows where they still hold.

    computed_tables: of the parcels that were judged; layers: what was read of each layer, by code. Raises OneMapError
    run.damaged.
    """
    labels = {rule.id: layers[rule.layer]["label"] for rule in earlier_rows.rules}
    return {
        name: ArrowTable(earlier_rows.merged_rows(name, table, labels), table.geometry_type)
        for name, table in computed_tables.items()
    }
