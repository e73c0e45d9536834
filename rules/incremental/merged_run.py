"""Rows of an earlier run taken over into a new one: which parcels are spared, and the tables put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from onemap.rules.findings.run_tables import ROW_TABLES, Table, typed
from onemap.rules.incremental.comparison_with_run import Comparison, Earlier
from onemap.rules.incremental.run_cache import Said
from onemap.rules.packs.rule import VERDICTS, Rule
from onemap.rules.runs.arrow_blocks import Rows, parcel_rows, rows_of_table, together
from onemap.rules.runs.row_references import Shared, Standing, renamed
from onemap.rules.runs.rows_before_blocks import has_former_rows
from onemap.rules.runs.run_store import KEPT, run_record, stored_blocks
from onemap.rules.runs.stored_rows import GIVEN, own_rows, standing_of

if TYPE_CHECKING:
    from onemap.rules.check.check import Answer

_SAID = ("parcel", "rule", "verdict", "counted")


@dataclass(frozen=True)
class Held:
    """Rows of a table of an earlier run that stand (k,): their positions there, and their parcels and rules of now."""

    rows: np.ndarray
    parcel: np.ndarray
    rule: np.ndarray


@dataclass(frozen=True)
class Spared:
    """For which of the parcels (n,) of a question each rule's rows of an earlier run stand: by rule (n,).

    whole (n,): nothing of the parcel is computed.
    """

    earlier: Earlier
    rules: Sequence[Rule]
    stands: Mapping[str, np.ndarray]
    whole: np.ndarray
    _held: dict[str, "Held"] = field(default_factory=dict)

    @cached_property
    def asked(self) -> np.ndarray:
        """The positions of the parcels that some rule must judge; the first where there is none."""
        rest = np.flatnonzero(~self.whole)
        return rest if len(rest) else np.zeros(1, dtype=np.int64)

    def wanted(self, rule: str) -> np.ndarray:
        """Which of the parcels that are asked the rule must judge."""
        wanted: np.ndarray = ~self.stands[rule][self.asked]
        return wanted

    def held(self, name: str) -> "Held":
        """Of the earlier run's rows of a table those that stand. Raises OneMapError run.damaged."""
        if name not in self._held:
            held = self._found(self.earlier.said(name))
            if name == "parcels" and len(held.rows) != self.whole.sum():
                raise self.earlier.damage(name)
            self._held[name] = held
        return self._held[name]

    @cached_property
    def _stands_by_place(self) -> np.ndarray:
        """For which parcels the rows of each rule of now stand, and of none: (r + 1, n + 1), the last for nobody."""
        by_place = np.zeros((len(self.rules) + 1, len(self.whole) + 1), dtype=bool)
        for at, rule in enumerate(self.rules):
            by_place[at, :-1] = self.stands[rule.id]
        return by_place

    @cached_property
    def _rule_places(self) -> np.ndarray:
        """Where the rules of the earlier run stand among those of now, -1 where they do not; the last one is nobody."""
        order = {rule.id: at for at, rule in enumerate(self.rules)}
        return np.array([*(order.get(rule, -1) for rule in self.earlier.record["rules"]), -1], dtype=np.int64)

    def _found(self, said: Said) -> "Held":
        if said.rule is None:
            rows = np.flatnonzero(np.r_[self.whole, False][said.parcel])
            return Held(rows, said.parcel[rows], np.zeros(len(rows), dtype=np.int64))
        rule = self._rule_places[said.rule]
        rows = np.flatnonzero(self._stands_by_place[rule, said.parcel])
        return Held(rows, said.parcel[rows], rule[rows])

    @cached_property
    def said(self) -> pd.DataFrame:
        """The findings that stand of parcels that some rule must judge."""
        rest, rows = ~self.whole, np.empty(0, dtype=np.int64)
        if any((stands & rest).any() for stands in self.stands.values()):
            held = self.held("findings")
            rows = held.rows[rest[held.parcel]]
        said = self.earlier.said("findings")
        return pd.DataFrame(dict(zip(_SAID, self.earlier.words(said, rows), strict=True)))

    def unreadable(self, layers: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """The layers that could be read then, and now cannot, although they should be the same."""
        before = {layer["code"]: layer["reason"] for layer in self.earlier.record["layers"]}
        return frozenset(code for code in layers if layers[code]["reason"] == "unreadable" != before.get(code))

    def warped(self, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What the earlier run says of warped rasters of rules whose rows stand, beyond what is known."""
        rules = {item["rule"] for item in known}
        stand = {rule for rule, stands in self.stands.items() if stands.any()}
        return [item for item in self.earlier.record["warped"] if item["rule"] in stand - rules]


def spared_by(comparison: Comparison) -> Spared:
    """What an earlier run spares. Raises OneMapError for layers that are refused."""
    rules = comparison.agenda.rules
    stands = {rule.id: comparison.stands(rule) for rule in rules}
    whole = comparison.earlier.same.copy()
    if list(comparison.earlier.record["rules"]) != [rule.id for rule in rules]:
        whole[:] = False  # a rule that is gone, or new, may change what a parcel's row says
    for mask in stands.values():
        whole &= mask
    return Spared(comparison.earlier, rules, stands, whole)


@dataclass(frozen=True)
class TakenOver:
    """A new run whose rows are those that were computed, and an earlier run's where they stand."""

    spared: Spared
    answer: "Answer"

    @cached_property
    def _computed(self) -> dict[str, Table]:
        """The rows that were computed; not those of a parcel that was asked only so that there was one."""
        if not self.spared.whole[self.spared.asked].any():
            return self.answer.tables
        return {name: _at(table, np.empty(0, dtype=np.int64)) for name, table in self.answer.tables.items()}

    @cached_property
    def verdicts(self) -> dict[str, int]:
        """How many parcels have each of the six verdicts."""
        said = list(self.verdicts_computed.values())
        counts = {verdict: said.count(verdict) for verdict in VERDICTS}
        stood = self.spared.earlier.said("parcels").verdict
        assert stood is not None, "each parcel has a verdict"  # noqa: S101 - for the type checker
        found = np.bincount(stood[self.spared.held("parcels").rows], minlength=len(VERDICTS))
        for verdict, count in zip(VERDICTS, found.tolist(), strict=True):
            counts[verdict] += count
        return counts

    @property
    def verdicts_computed(self) -> dict[str, str]:
        """The verdicts of the parcels whose row was computed."""
        columns = self._computed["parcels"].columns
        return dict(zip(columns["parcel"], columns["verdict"], strict=True))

    @cached_property
    def verdicts_before(self) -> dict[str, str]:
        """The verdicts that the earlier run had of parcels whose row does not stand, in its order."""
        return self.spared.earlier.verdicts_but(self.spared.held("parcels").rows)

    def findings_of_computed(self) -> Iterator[tuple[Any, ...]]:
        """Parcel, rule, verdict and whether it counts, of all findings of the parcels whose row was computed."""
        for columns in (self.spared.said, self._computed["findings"].columns):
            yield from zip(*(columns[name] for name in _SAID), strict=True)

    @cached_property
    def tables(self) -> dict[str, Table]:
        """All rows of every table, in the order in which a whole run gives them."""
        return {name: self._whole(name, table) for name, table in self._computed.items()}

    def _whole(self, name: str, new: Table) -> Table:
        earlier, held = self.spared.earlier, self.spared.held(name)
        parts, first = [], 0
        for rows in stored_blocks(earlier.library, earlier.identifier, name):
            here = slice(*np.searchsorted(held.rows, [first, first + len(rows)]))
            parts.append(renamed(self._labels, rows.take(held.rows[here] - first)))
            first += len(rows)
        if not len(held.rows):
            return new
        old = {column: np.concatenate([rows.values(column) for rows in parts]) for column in new.columns.columns}
        rows_at = np.argsort(np.r_[self._keys_of(name, new), self._keys(name, held.parcel, held.rule)], kind="stable")
        both = {column: _one_after_the_other(new.columns[column], values)[rows_at] for column, values in old.items()}
        columns = typed(both)
        if new.geometries is None:
            return Table(columns, None, new.geometry_type)
        wkb = np.concatenate([new.wkb, *(rows.bodies() for rows in parts)])
        geometries = np.concatenate([new.geometries, shapely.from_wkb(wkb[len(new.geometries) :])])
        return Table(columns, geometries[rows_at], new.geometry_type, wkb[rows_at])

    def _keys_of(self, name: str, table: Table) -> np.ndarray:
        """By what the computed rows of a table are in order."""
        columns = table.columns
        asked = self.spared.asked
        index = pd.Index(self.spared.earlier.parcels.ids[asked], dtype=object)
        parcel = asked[index.get_indexer(pd.Index(columns["parcel"].to_numpy(), dtype=object))]
        if "rule" not in columns:
            return self._keys(name, parcel, np.zeros(len(parcel), dtype=np.int64))
        order = {rule.id: at for at, rule in enumerate(self.spared.rules)}
        return self._keys(name, parcel, np.array([order[rule] for rule in columns["rule"]], dtype=np.int64))

    def _keys(self, name: str, parcel: np.ndarray, rule: np.ndarray) -> np.ndarray:
        """By what rows are in order: by parcel and then rule, or the other way round."""
        by_rule = ROW_TABLES.get(name) == "rule"
        keys: np.ndarray = rule * len(self.spared.whole) + parcel if by_rule else parcel * len(self.spared.rules) + rule
        return keys

    @property
    def _labels(self) -> dict[str, str | None]:
        """What the version is called that each rule looks at now."""
        layers = self.answer.layers
        return {rule.id: layers[rule.layer]["label"] for rule in self.spared.rules if rule.layer in layers}

    @cached_property
    def shared(self) -> dict[str, Shared]:
        """The tables, and the parcels as given, of which the earlier run holds none, or most in the order of now."""
        earlier = self.spared.earlier
        if has_former_rows(earlier.library, earlier.identifier):
            return {}
        found = {name: self._shared(name) for name in (*KEPT, GIVEN)}
        return {name: part for name, part in found.items() if part is not None}

    def _shared(self, name: str) -> Shared | None:
        earlier = self.spared.earlier
        if name == GIVEN:
            rest = np.flatnonzero(~earlier.same)
            part = earlier.parcels.at(rest)
            own = parcel_rows(part.ids, part.attributes, part.wkb)
            own_keys = rest
            positions = np.flatnonzero(earlier.same[earlier.place] & (earlier.place >= 0))
            keys = earlier.place[positions]
        else:
            table, held = self._computed[name], self.spared.held(name)
            own, own_keys = rows_of_table(table), self._keys_of(name, table)
            positions, keys = held.rows, self._keys(name, held.parcel, held.rule)
        if not len(positions):
            return Shared(None, own)
        if np.any(np.diff(keys) < 0):
            return None
        return self._referring(name, positions, keys, own, own_keys)

    def _referring(
        self, name: str, positions: np.ndarray, keys: np.ndarray, own: Rows, own_keys: np.ndarray
    ) -> Shared | None:
        """Rows of the earlier run, and own ones, in their order; what it has from another run is had from there."""
        library, run = self.spared.earlier.library, self.spared.earlier.identifier
        before = standing_of(library, run, name)
        if before is not None:
            order = before.order()
            is_own = (order < 0)[positions]
            held = together([rows for _, rows in own_rows(library, run, name)] or [own.slice(0, 0)])
            copied = held.take((np.cumsum(order < 0) - 1)[positions[is_own]])
            own = together([own, renamed(self._labels, copied)])
            own_keys = np.r_[own_keys, keys[is_own]]
            positions, keys, run = order[positions[~is_own]], keys[~is_own], before.run
        if len(own) > len(positions):
            return None
        own_order = np.argsort(own_keys, kind="stable")
        sources = np.r_[positions, np.full(len(own), -1)]
        merged = sources[np.argsort(np.r_[keys, own_keys[own_order]], kind="stable")]
        return Shared(Standing.of(run, merged, self._labels_beside(run)), own.take(own_order))

    def _labels_beside(self, run: str) -> dict[str, str | None]:
        """The labels that are others than those of a stored run."""
        record, now = run_record(self.spared.earlier.library, run), self._labels
        before = {layer["code"]: layer["label"] for layer in record["layers"]}
        return {rule.id: now[rule.id] for rule in self.spared.rules if now.get(rule.id) != before.get(rule.layer)}


def _at(table: Table, rows: np.ndarray) -> Table:
    shapes = None if table.geometries is None else table.geometries[rows]
    return replace(table, columns=table.columns.iloc[rows], geometries=shapes, known_wkb=None)


def _one_after_the_other(new: pd.Series, old: np.ndarray) -> np.ndarray:
    """The values of a column and more of them, as numbers where both are."""
    first = new.to_numpy(dtype=float if new.dtype.kind == old.dtype.kind == "f" else object)
    return np.concatenate([first, old])
