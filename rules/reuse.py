"""What a stored run has answered already: for which parcels and rules its rows stand, and which must be computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.library import Library
from onemap.layers.software import software_versions
from onemap.layers.versions import versions
from onemap.rules.changes import near_changes
from onemap.rules.kinds import KINDS
from onemap.rules.layer_sources import LayerSource, Sources
from onemap.rules.overlay import MARGIN_M
from onemap.rules.packs import joined_rules
from onemap.rules.question import Question
from onemap.rules.rule import Rule
from onemap.rules.run_tables import ROW_TABLES, Table, typed
from onemap.rules.runs import given_again, run_record, stored_blocks, stored_packs


@dataclass(frozen=True)
class Earlier:
    """A stored run beside a new question: what it knew of the same parcels, rules and layers.

    same (n,): the parcel's ground and attributes are those of then.
    """

    library: Library
    identifier: str
    record: dict[str, Any]
    rules: Mapping[str, Rule]
    same: np.ndarray
    reused: dict[str, np.ndarray] = field(default_factory=dict)
    labels: dict[str, str | None] = field(default_factory=dict)
    _sources: dict[str, LayerSource | None] = field(default_factory=dict)

    def rows_to_compute(
        self,
        rule: Rule,
        layers: Mapping[str, LayerSource],
        sources: Sources,
        parcels: np.ndarray,
        boxes: Mapping[str, Sequence[float] | None],
    ) -> np.ndarray:
        """Which parcels (n,) the rule must judge again; the others' rows are remembered as standing.

        layers: what the rule looks at now, by code; parcels: (n,), coordinates counted from the run's origin; boxes:
        the ground near which each layer is read.
        """
        affected = ~self.same
        if self.rules.get(rule.id) != rule or rule.id not in self.record["rules"]:
            affected[:] = True
        for code, now in layers.items():
            if affected.all():
                break
            before = self._before(code, now, sources, boxes[code])
            if before is None:
                affected[:] = True
            else:
                error_m = now.version.accuracy_m if now.version else None
                far_m = KINDS[rule.kind].reach_m(rule.options) + 2 * (error_m or 0.0) + 2 * MARGIN_M
                affected |= near_changes(before, now, parcels, far_m)
        self.reused[rule.id] = ~affected
        own = layers[rule.layer].version
        self.labels[rule.id] = own.label if own else None
        return affected

    def _before(
        self, code: str, now: LayerSource, sources: Sources, bounds: Sequence[float] | None
    ) -> LayerSource | None:
        """The layer as the stored run saw it; None if that cannot be told any more."""
        if code in self._sources:
            return self._sources[code]
        recorded = next((layer for layer in self.record["layers"] if layer["code"] == code), None)
        before: LayerSource | None = None
        if recorded is not None and recorded["table"] is None:
            before = LayerSource(reason=recorded["reason"])
        elif recorded is not None and recorded["reason"] is None:
            if now.version is not None and (now.version.table, now.version.hash) == (
                recorded["table"],
                recorded["hash"],
            ):
                before = now
            else:
                version = next((item for item in versions(self.library) if item.table == recorded["table"]), None)
                if version is not None and version.hash == recorded["hash"]:
                    before = sources.of_version(version, bounds)
        self._sources[code] = before
        return before

    def joined(self, tables: dict[str, Table], ids: np.ndarray, rules: Sequence[Rule]) -> dict[str, Table]:
        """The new rows of tables and the standing ones, in the order in which a whole run would give them."""
        if not any(mask.any() for mask in self.reused.values()):
            return tables
        place, order = pd.Index(ids, dtype=object), pd.Index([rule.id for rule in rules], dtype=object)
        return {**tables, **{name: self._joined(name, tables[name], place, order) for name in ROW_TABLES}}

    def _joined(self, name: str, new: Table, place: pd.Index, order: pd.Index) -> Table:
        standing = [
            rows.take(chosen)
            for rows in stored_blocks(self.library, self.identifier, name)
            if len(chosen := self._standing(rows.columns, place))
        ]
        if not standing:
            return new
        old = {column: np.concatenate([rows.values(column) for rows in standing]) for column in new.columns.columns}
        if "version" in old:
            old["version"] = np.array([self.labels[rule] for rule in old["rule"]], dtype=object)
        both = {column: _one_after_the_other(new.columns[column], values) for column, values in old.items()}
        parcel, rule = _found(place, both["parcel"]), _found(order, both["rule"])
        rows = np.lexsort((rule, parcel) if ROW_TABLES[name] == "parcel" else (parcel, rule))
        columns = typed(pd.DataFrame({column: pd.Series(both[column][rows]) for column in new.columns.columns}))
        if new.geometries is None:
            return Table(columns, None, new.geometry_type)
        wkb = np.concatenate([new.wkb, *(rows.bodies() for rows in standing)])
        geometries = np.concatenate([new.geometries, shapely.from_wkb(wkb[len(new.geometries) :])])
        return Table(columns, geometries[rows], new.geometry_type, wkb[rows])

    def ellipsoidal_areas(self, ids: np.ndarray) -> np.ndarray:
        """The areas on the ellipsoid of the parcels (n,) whose ground is that of then, NaN of the others."""
        areas, place = np.full(len(ids), np.nan), pd.Index(ids, dtype=object)
        for rows in stored_blocks(self.library, self.identifier, "parcels"):
            at = _found(place, rows.values("parcel"))
            known = np.flatnonzero((at >= 0) & self.same[at])
            areas[at[known]] = rows.values("area_ellipsoidal_m2")[known]
        return areas

    def _standing(self, columns: pa.Table, place: pd.Index) -> np.ndarray:
        """Which of some stored rows stand: their positions."""
        at = _found(place, np.array(columns["parcel"].to_pylist(), dtype=object))
        rules = columns["rule"].to_pylist()
        stands = np.zeros(len(at), dtype=bool)
        for rule in set(rules) & set(self.reused):
            mine = np.fromiter((rule == other for other in rules), dtype=bool, count=len(rules)) & (at >= 0)
            stands[mine] = self.reused[rule][at[mine]]
        return np.flatnonzero(stands)


def _found(place: pd.Index, names: np.ndarray) -> np.ndarray:
    """Where each name (k,) stands, -1 for one that does not."""
    return np.asarray(place.get_indexer(pd.Index(names, dtype=object)))  # else pandas makes Arrow's text of them


def _one_after_the_other(new: pd.Series, old: np.ndarray) -> np.ndarray:
    """The values of a column and more of them, as numbers where both are."""
    first = new.to_numpy(dtype=float if new.dtype.kind == old.dtype.kind == "f" else object)
    return np.concatenate([first, old])


def earlier_run(library: Library, identifier: str, question: Question, origin: tuple[float, float]) -> Earlier | None:
    """A stored run whose rows may stand for some of a new run's; None if none of them can.

    They can only where software, language and origin of coordinates are the same. Raises OneMapError run.unknown.
    """
    record = run_record(library, identifier)
    if record["software"] != software_versions() or record["parameters"]["lang"] != question.language:
        return None
    if record.get("origin") != list(origin):
        return None
    packs = stored_packs(library, identifier)
    same = given_again(library, identifier, question.parcels)
    return Earlier(library, identifier, record, {rule.id: rule for rule in joined_rules(packs)}, same)
