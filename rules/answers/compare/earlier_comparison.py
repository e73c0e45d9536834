"""Compare two plans again: which spots of a stored comparison are kept, and which are new, gone or changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.library.versions import coverage_of, versions
from onemap.layers.software import software_versions
from onemap.rules.answers.compare.comparison_record import KIND, pair_of
from onemap.rules.answers.compare.decisions import facts_of_spots, spots_that_stayed
from onemap.rules.answers.compare.matrix import Matrix
from onemap.rules.answers.compare.plans import Plan
from onemap.rules.answers.compare.spots import KEPT_COLUMNS, Limits
from onemap.rules.answers.compare.triage import TRIAGED
from onemap.rules.judge.inputs.changed_features import changed_features
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.overlay import parts_outside
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_store import stored_rows, whole_record

# A spot's corners are computed: beside a feature that went they may lie some 1e-11 m off its edge.
_BORDERS_M = 1e-3
_LEAST_M2 = 0.01  # of ground that is no longer compared: less comes from the last digits of corners


@dataclass(frozen=True)
class EarlierComparison:
    """A stored comparison of the same two plans: its record and its spots, counted from the origin that was asked."""

    record: dict[str, Any]
    columns: pd.DataFrame
    geometries: np.ndarray


@dataclass(frozen=True)
class StandingSpots:
    """The spots of an earlier comparison that no change touches, and the ground to compare again.

    columns, geometries: (k,) the spots to keep; ground: polygons (j,) of touched spots and changed features.
    """

    columns: pd.DataFrame
    geometries: np.ndarray
    ground: np.ndarray


def earlier_comparison(
    library: Library, identifier: str, pair: str, origin: tuple[float, float] | None = None
) -> EarlierComparison:
    """A stored comparison of this pair of plans. origin: from which its spots are counted, its own if there is none.

    Raises OneMapError run.unknown, run.kind, run.damaged, compare.other_pair.
    """
    record = whole_record(library, identifier, KIND)
    if pair_of(record) != pair:
        raise OneMapError("compare.other_pair", run=identifier, field="--against", pair=pair_of(record), asked=pair)
    rows = stored_rows(library, identifier, "spots")
    columns = pd.DataFrame([row.values for row in rows], columns=["spot", *KEPT_COLUMNS], dtype=object)
    stored_geometries = geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object))
    east, north = origin or record["origin"]
    # Each spot is one polygon; only the table holds it as a multipolygon.
    return EarlierComparison(
        record, columns, shapely.get_geometry(shift_geometries(stored_geometries, (-east, -north)), 0)
    )


def what_stands(
    library: Library,
    earlier: EarlierComparison,
    plans: tuple[Plan, Plan],
    sources: Sources,
    bounds: Sequence[float],
    matrix: Matrix,
    limits: Limits,
) -> StandingSpots | None:
    """The spots of an earlier comparison that a new one would find unchanged; None if everything must be compared.

    They are kept if software, origin, matrix, limits and both coverages are the same, and no added or removed feature
    touches or borders them. bounds: near which the plans were read.
    """
    record, params = earlier.record, earlier.record["parameters"]
    if record["software"] != software_versions() or record["origin"] != list(sources.origin):
        return None
    if record["matrix"]["hash"] != matrix.hash or matrix.a.elsewhere or matrix.b.elsewhere:
        return None
    if (params["min_width_m"], params["min_area_m2"]) != (limits.min_width_m, limits.min_area_m2):
        return None
    changed_features: list[np.ndarray] = []
    for layer, plan in zip(record["layers"], plans, strict=True):
        features = _differing_features(library, layer, plan, sources, bounds)
        if features is None:
            return None
        changed_features.append(features)
    moved_ground = np.concatenate(changed_features)
    _, touched = shapely.STRtree(earlier.geometries).query(moved_ground, predicate="dwithin", distance=_BORDERS_M)
    stands = np.ones(len(earlier.geometries), dtype=bool)
    stands[touched] = False
    columns = earlier.columns.loc[stands, KEPT_COLUMNS].reset_index(drop=True)
    return StandingSpots(columns, earlier.geometries[stands], np.r_[moved_ground, earlier.geometries[~stands]])


def _differing_features(
    library: Library, layer: dict[str, Any], plan: Plan, sources: Sources, bounds: Sequence[float]
) -> np.ndarray | None:
    """The features that differ between a plan and its earlier version; None if that cannot be told."""
    now = plan.version
    if (layer["table"], layer["hash"]) == (now.table, now.hash):
        return np.empty(0, dtype=object)
    then = next((version for version in versions(library) if version.table == layer["table"]), None)
    if then is None or then.hash != layer["hash"]:
        return None
    if not shapely.equals_exact(*(coverage_of(library, version) for version in (then, now))):
        return None
    before: LayerSource = sources.of_version(then, bounds)
    return None if before.stored is None else changed_features(before, plan.source)


@dataclass(frozen=True)
class Changes:
    """Changes since an earlier comparison: as lists for the answer, and row by row with ground (k,).

    columns: change (new, gone, changed), spot and its present measures, and its earlier ones (before, before_m2).
    """

    lists: dict[str, list[dict[str, Any]]]
    columns: pd.DataFrame
    geometries: np.ndarray

    def remarks(
        self, earlier: EarlierComparison, ground: shapely.Geometry, matrix: Matrix, limits: Limits, threads: Threads
    ) -> list[Problem]:
        """What else than the plans may have made a difference new or gone: another question, or other compared ground.

        ground: that is compared now, counted from the spots' origin.
        """
        then, facts = earlier.record["parameters"], dict[str, Any](run=earlier.record["id"], field="--against")
        remarks = list[Problem]()
        is_asked_alike = earlier.record["matrix"]["hash"] == matrix.hash
        if not is_asked_alike or (then["min_width_m"], then["min_area_m2"]) != (limits.min_width_m, limits.min_area_m2):
            remarks.append(Problem("compare.asked_otherwise", facts))
        gone_ground = self.geometries[(self.columns["change"] == "gone").to_numpy()]
        outside, failed = parts_outside(gone_ground, ground, threads)
        outside[failed] = gone_ground[
            failed
        ]  # of which nobody knows the part: a remark is no reason to refuse the rest
        beyond_m2 = shapely.area(outside)
        beyond_m2 = beyond_m2[beyond_m2 > _LEAST_M2]
        if len(beyond_m2):
            facts |= {"count": len(beyond_m2), "area": f"{float(beyond_m2.sum()):,.1f}"}
            remarks.append(Problem("compare.gone_uncovered", facts))
        return remarks


def changes(
    earlier: EarlierComparison, columns: pd.DataFrame, names: Sequence[str], geometries: np.ndarray, threads: Threads
) -> Changes:
    """Which differences are new, gone, or changed; changed: one gone and one new on the same ground, of one kind."""
    before, now = earlier.columns, columns.assign(spot=list(names))
    gone_rows = _differences(before, ~before["spot"].isin(now["spot"]).to_numpy())
    new = _differences(now, ~now["spot"].isin(before["spot"]).to_numpy())
    old_shapes, new_shapes = earlier.geometries[gone_rows], geometries[new]
    facts_now, facts_before = facts_of_spots(now.iloc[new]), facts_of_spots(before.iloc[gone_rows])
    pairs = spots_that_stayed(new_shapes, facts_now, old_shapes, facts_before, threads)
    stayed = set(pairs.values())
    only_new = [at for at in range(len(new)) if at not in pairs]
    only_gone = [at for at in range(len(gone_rows)) if at not in stayed]
    both = sorted(pairs.items())
    lists = {
        "new": [_spot_json(now.iloc[new[at]]) for at in only_new],
        "gone": [_spot_json(before.iloc[gone_rows[at]]) for at in only_gone],
        "changed": [
            {"from": _spot_json(before.iloc[gone_rows[w]]), "to": _spot_json(now.iloc[new[c]])} for c, w in both
        ],
    }
    rows = [_row("new", spot, None) for spot in lists["new"]]
    rows += [_row("gone", None, spot) for spot in lists["gone"]]
    rows += [_row("changed", pair["to"], pair["from"]) for pair in lists["changed"]]
    table = pd.DataFrame(rows, columns=list(_CHANGE_TYPES)).astype(_CHANGE_TYPES)
    shapes = np.r_[new_shapes[only_new], old_shapes[only_gone], new_shapes[[c for c, _ in both]]]
    return Changes(lists, table, shapes)


_CHANGE_TYPES = {"change": object, "spot": object, "type": object, "area_m2": float, "before": object}
_CHANGE_TYPES["before_m2"] = float


def _row(change: str, spot: dict[str, Any] | None, before: dict[str, Any] | None) -> list[Any]:
    now, then = spot or {}, before or {}
    kind = now.get("type", then.get("type"))
    return [change, now.get("spot"), kind, now.get("area_m2"), then.get("spot"), then.get("area_m2")]


def _differences(columns: pd.DataFrame, is_wanted: np.ndarray) -> np.ndarray:
    return np.flatnonzero(is_wanted & columns["type"].isin(TRIAGED).to_numpy())


def _spot_json(row: pd.Series) -> dict[str, Any]:
    return {"spot": row["spot"], "type": row["type"], "area_m2": float(row["area_m2"])}
