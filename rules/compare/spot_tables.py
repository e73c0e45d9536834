"""The tables of a comparison: spots, their matrix, and clusters, with the contract's columns first."""

from typing import Any

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.areas import ellipsoidal_areas_m2
from onemap.layers.parts import moved, multi, sound
from onemap.rules.compare.clusters import Clusters, clustered
from onemap.rules.compare.spots import Spots, matrix_rows, spot_names
from onemap.rules.compare.triage import Triage
from onemap.rules.crew import Crew
from onemap.rules.run_tables import Table

SPOT_COLUMNS = ["spot", "type", "conflict", "code_a", "code_b", "use_a", "use_b", "area_m2", "share"]
_MORE = ["area_ellipsoidal_m2", "mean_width_m", "compactness", "class_a", "class_b", "date_a", "date_b"]
_MORE += ["line_distance_m", "shift_m", "cause", "evidence", "cluster"]
MATRIX_COLUMNS = ["type", "use_a", "use_b", "spots", "area_m2", "share"]
CLUSTER_COLUMNS = ["cluster", "cause", "spots", "area_m2", "types", "class_a", "class_b", "mean_width_m", "shift_m"]
CLUSTER_COLUMNS += ["shift_east_m", "shift_north_m"]
_NUMBERS = {"area_m2", "share", "area_ellipsoidal_m2", "mean_width_m", "compactness", "line_distance_m"}
_NUMBERS |= {"shift_m", "shift_east_m", "shift_north_m"}


def spot_tables(
    spots: Spots, triage: Triage, pair: str, crs: pyproj.CRS, origin: tuple[float, float], crew: Crew
) -> dict[str, Table]:
    """The tables `spots`, `matrix` and `clusters`, ground in the library's plane; pair: the two layers' codes."""
    written = sound(moved(spots.geometries, origin))
    names = spot_names(pair, spots.columns, written)
    clusters = clustered(names, spots.columns, spots.geometries, triage, crew)
    columns = pd.concat([spots.columns, triage.columns], axis=1).assign(spot=names)
    columns["area_ellipsoidal_m2"] = ellipsoidal_areas_m2(written, crs)
    columns["cluster"] = _cluster_names(clusters)
    matrix = matrix_rows(spots.columns, spots.compared_m2)
    return {
        "spots": Table(typed_columns(columns, [*SPOT_COLUMNS, *_MORE]), multi(written, "polygon")),
        "matrix": Table(typed_columns(matrix, MATRIX_COLUMNS)),
        "clusters": Table(
            typed_columns(clusters.columns, CLUSTER_COLUMNS),
            multi(sound(moved(clusters.geometries, origin)), "polygon"),
        ),
    }


def _cluster_names(clusters: Clusters) -> np.ndarray:
    names = np.r_[clusters.columns["cluster"].to_numpy(dtype=object), np.array([None], dtype=object)]
    result: np.ndarray = names[clusters.member]  # -1 is the last
    return result


def typed_columns(columns: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The named columns in order: text as objects, numbers as floats, so that an empty table has the same types."""
    typed: dict[str, Any] = {}
    for name in names:
        values = columns[name]
        if name in _NUMBERS:
            typed[name] = values.astype(float)
        elif name == "conflict":
            typed[name] = values.astype(bool)
        elif name == "spots":
            typed[name] = values.astype("int64")
        else:
            typed[name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(typed, columns=names)
