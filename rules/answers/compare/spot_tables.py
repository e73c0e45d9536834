"""The tables of a comparison: spots, their matrix, and clusters, with the contract's columns first.

Ground is counted from a run's origin, and moved to the library's plane only when a part is written.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import multi, shift_polygons
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.answers.compare.clusters import Clusters, clusters_of
from onemap.rules.answers.compare.spots import Spots, matrix_rows, spot_names
from onemap.rules.answers.compare.triage import Triage
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.uninterruptible import run_cancellable
from onemap.rules.judge.runs.arrow_blocks import BLOCK_ROWS

SPOT_COLUMNS = ["spot", "type", "conflict", "code_a", "code_b", "use_a", "use_b", "area_m2", "share"]
_MORE = ["area_ellipsoidal_m2", "mean_width_m", "compactness", "class_a", "class_b", "date_a", "date_b"]
PART_ROWS = 2 * BLOCK_ROWS  # that are written at once; the blocks of a run are the same as those of the whole


_MORE += ["line_distance_m", "shift_m", "cause", "evidence", "cluster"]
_MORE += ["decision", "decision_reason", "decision_by", "decision_at", "decision_match"]
MATRIX_COLUMNS = ["type", "use_a", "use_b", "spots", "area_m2", "share"]
CLUSTER_COLUMNS = ["cluster", "cause", "spots", "area_m2", "types", "class_a", "class_b", "mean_width_m", "shift_m"]
CLUSTER_COLUMNS += ["shift_east_m", "shift_north_m", "decided", "decision"]
_NUMBERS = {"area_m2", "share", "area_ellipsoidal_m2", "mean_width_m", "compactness", "line_distance_m"}
_NUMBERS |= {"shift_m", "shift_east_m", "shift_north_m", "decision_match"}


def spot_tables(
    spots: Spots,
    triage: Triage,
    decisions: pd.DataFrame,
    pair: str,
    crs: pyproj.CRS,
    origin: tuple[float, float],
    threads: Threads,
) -> dict[str, Table]:
    """The tables `spots`, `matrix` and `clusters`, with ground in the library's plane.

    decisions: the one that holds for each spot; pair: the two layers' codes.
    """
    count = len(spots.geometries)
    names, area_m2 = np.empty(count, dtype=object), np.empty(count)
    for rows, own in threads.part(0.0, 0.5).in_turn(list(blocks(count, PART_ROWS))):
        ground = shift_polygons(spots.geometries[rows], origin)
        names[rows] = spot_names(pair, spots.columns.iloc[rows], ground)
        own.progress.at(0.5)
        area_m2[rows] = ellipsoidal_areas_m2(ground, crs)
    clusters = clusters_of(names, spots.columns, spots.geometries, triage, threads.part(0.5, 1.0))
    columns = pd.concat([spots.columns, triage.columns, decisions], axis=1).assign(spot=names)
    columns["area_ellipsoidal_m2"] = area_m2
    columns["cluster"] = _cluster_names(clusters)
    cluster_rows = clusters.columns.assign(**_cluster_decisions(clusters, columns["decision"].to_numpy(dtype=object)))
    matrix = matrix_rows(spots.columns, spots.compared_m2)
    return {
        "spots": LocalTable(typed_columns(columns, [*SPOT_COLUMNS, *_MORE]), spots.geometries, origin),
        "matrix": Table(typed_columns(matrix, MATRIX_COLUMNS)),
        "clusters": Table(
            typed_columns(cluster_rows, CLUSTER_COLUMNS),
            multi(run_cancellable(lambda: shift_polygons(clusters.geometries, origin)), "polygon"),
        ),
    }


def _cluster_decisions(clusters: Clusters, decision: np.ndarray) -> dict[str, Any]:
    """The number of decided spots of each cluster, and the decision if all of them have the same."""
    count = len(clusters.columns)
    is_member = clusters.member >= 0
    is_known = np.array([value is not None and value == value for value in decision], dtype=bool)  # not NaN
    decided = np.bincount(clusters.member[is_member & is_known], minlength=count)
    whole = np.flatnonzero(decided == np.bincount(clusters.member[is_member], minlength=count))
    common = np.full(count, None, dtype=object)
    for number in whole:
        values = set(decision[clusters.member == number])
        common[number] = values.pop() if len(values) == 1 else None
    return {"decided": decided, "decision": common}


def _cluster_names(clusters: Clusters) -> np.ndarray:
    names = np.r_[clusters.columns["cluster"].to_numpy(dtype=object), np.array([None], dtype=object)]
    result: np.ndarray = names[clusters.member]  # -1 is the last
    return result


def typed_columns(columns: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The named columns in order: text as objects, numbers as floats, so that an empty table has the same types."""
    columns_by_name: dict[str, Any] = {}
    for name in names:
        values = columns[name]
        if name in _NUMBERS:
            columns_by_name[name] = values.astype(float)
        elif name == "conflict":
            columns_by_name[name] = values.astype(bool)
        elif name in ("spots", "decided"):
            columns_by_name[name] = values.astype("int64")
        else:
            columns_by_name[name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(columns_by_name, columns=names)


class LocalTable(Table):
    """A table whose polygons (n,) are counted from `origin`; they are converted anew for each reader."""

    def __init__(self, columns: pd.DataFrame, local: np.ndarray, origin: tuple[float, float]) -> None:
        self.__dict__.update(columns=columns, local=local, origin=origin)

    local: np.ndarray
    origin: tuple[float, float]

    @property
    def geometries(self) -> np.ndarray:
        """The polygons in the library's plane, as multipolygons (n,)."""
        return multi(shift_polygons(self.local, self.origin), "polygon")

    @property
    def wkb(self) -> pa.Array:
        """The polygons in the library's plane as WKB (n,)."""
        return Table(self.columns, self.geometries).wkb

    @property
    def has_geometries(self) -> bool:
        """True: the table always has geometries."""
        return True


def parts_of(table: Table) -> Iterator[Table]:
    """A table in parts of some thousand rows, none of which is held; at least one part, which may be empty."""
    for rows in list(blocks(len(table.columns), PART_ROWS)) or [slice(0, 0)]:
        columns = table.columns.iloc[rows]
        if isinstance(table, LocalTable):
            yield Table(columns, LocalTable(columns, table.local[rows], table.origin).geometries)
        elif table.geometries is None:
            yield Table(columns)
        else:
            yield Table(columns, table.geometries[rows], table.geometry_type)
