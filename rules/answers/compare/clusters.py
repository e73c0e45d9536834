"""Clusters: difference spots with one cause, so that they can be decided together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from onemap.layers.frames.fields import object_array
from onemap.layers.library.library import sha256
from onemap.rules.answers.compare.dissolve import joined_groups
from onemap.rules.answers.compare.triage import Triage
from onemap.rules.judge.overlay.in_chunks import pairs_within
from onemap.rules.judge.overlay.threads import Threads

ALONG_M = 60.0  # pieces of one shifted line may lie so far apart: crossings and yards between them
SAME_STEP_M, SAME_STEP_SHARE = 0.5, 0.25  # how much the step of one shifted line may differ between two spots
NEAR_M = 1.0  # spots of one policy lie beside each other
_CLUSTERS_AT_ONCE = 500  # whose rows are made between two looks at whether to stop


@dataclass(frozen=True)
class Clusters:
    """member (m,): the cluster of each spot, -1 for none; and one row for each cluster, with its ground."""

    member: np.ndarray
    columns: pd.DataFrame
    geometries: np.ndarray


def clusters_of(
    names: np.ndarray, spots: pd.DataFrame, geometries: np.ndarray, triage: Triage, threads: Threads
) -> Clusters:
    """The clusters of all spots that have a cause; names (m,): of the spots, from which a cluster's name is made.

    Digitising: all artefacts of one pair of uses. Boundary shift: the same step along one line. Classification, and
    outdated version: one pair of classes. Policy: neighbouring spots of one type.
    """
    cause = triage.columns["cause"].to_numpy(dtype=object)
    rows = np.flatnonzero(triage.columns["cause"].notna())
    first, second = _pairs_of_clusters(rows, cause, spots, geometries, triage, threads.part(0.0, 0.4))
    group = joined_groups(len(rows), first, second, threads)
    member = np.full(len(spots), -1)
    member[rows] = group
    return _table(rows, group, names, spots, geometries, triage, member, threads.part(0.4, 1.0))


def _pairs_of_clusters(
    rows: np.ndarray, cause: np.ndarray, spots: pd.DataFrame, geometries: np.ndarray, triage: Triage, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of positions in `rows` that belong to one cluster."""
    types = spots["type"].to_numpy(dtype=object)[rows]
    by_class = _pair_keys(spots["class_a"], spots["class_b"])
    by_use = _pair_keys(spots["use_a"], spots["use_b"])
    pairs = [
        _chains(np.flatnonzero(cause[rows] == "digitising"), by_use[rows]),
        _chains(np.flatnonzero(cause[rows] == "classification"), by_class[rows]),
        _chains(np.flatnonzero(cause[rows] == "outdated"), by_class[rows]),
        _along_lines(np.flatnonzero(cause[rows] == "boundary_shift"), geometries[rows], triage.steps[rows], threads),
        _neighbours(np.flatnonzero(cause[rows] == "policy"), geometries[rows], types, threads),
    ]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _pair_keys(first: pd.Series, second: pd.Series) -> np.ndarray:
    pair_texts = first.astype(object).fillna("") + "×" + second.astype(object).fillna("")
    return pair_texts.to_numpy(dtype=object)


def _chains(places: np.ndarray, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that join all positions of one key in a chain."""
    order = places[np.argsort(key[places].astype(str), kind="stable")]
    same = key[order[1:]] == key[order[:-1]]
    return order[:-1][same], order[1:][same]


def _along_lines(
    places: np.ndarray, geometries: np.ndarray, steps: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of nearby spots across which the line moved by the same step."""
    mine = geometries[places]
    near = pairs_within(shapely.STRtree(mine), mine, ALONG_M, threads)
    first, second = places[near[0]], places[near[1]]
    apart = np.hypot(*(steps[first] - steps[second]).T)
    size = np.minimum(np.hypot(*steps[first].T), np.hypot(*steps[second].T))
    same = apart <= np.maximum(SAME_STEP_M, SAME_STEP_SHARE * size)
    return first[same], second[same]


def _neighbours(
    places: np.ndarray, geometries: np.ndarray, types: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    mine = geometries[places]
    near = pairs_within(shapely.STRtree(mine), mine, NEAR_M, threads)
    first, second = places[near[0]], places[near[1]]
    same = types[first] == types[second]
    return first[same], second[same]


def _table(
    rows: np.ndarray,
    group: np.ndarray,
    names: np.ndarray,
    spots: pd.DataFrame,
    geometries: np.ndarray,
    triage: Triage,
    member: np.ndarray,
    threads: Threads,
) -> Clusters:
    """One row for each cluster, the largest first; member is renumbered to match."""
    columns = ["cluster", "cause", "spots", "area_m2", "types", "class_a", "class_b", "mean_width_m", "shift_m"]
    columns += ["shift_east_m", "shift_north_m"]
    by_group = np.argsort(group, kind="stable")
    members = np.split(rows[by_group], np.flatnonzero(np.diff(group[by_group])) + 1) if len(rows) else []
    area = spots["area_m2"].to_numpy(dtype=float)
    order = sorted(range(len(members)), key=lambda number: (-area[members[number]].sum(), names[members[number]].min()))
    records, shapes = [], []
    place = np.full(len(members) + 1, -1)
    kinds, class_a, class_b = (spots[name].to_numpy(dtype=object) for name in ("type", "class_a", "class_b"))
    cause, width_m = triage.columns["cause"].to_numpy(dtype=object), triage.columns["mean_width_m"].to_numpy()
    for position, number in enumerate(order):
        if position % _CLUSTERS_AT_ONCE == 0:
            threads.progress.at(position / len(order))
        mine = members[number]
        place[number] = position
        weight = area[mine]
        shift = _mean_shift_m(triage.steps[mine], weight)
        records.append(
            [
                "K" + sha256("\n".join(sorted(names[mine])))[:12],
                cause[mine[0]],
                len(mine),
                float(weight.sum()),
                ",".join(sorted(set(kinds[mine]))),
                _class_list(class_a[mine]),
                _class_list(class_b[mine]),
                float(np.average(width_m[mine], weights=weight)),
                float(np.hypot(*shift)),
                *(float(value) for value in shift),
            ]
        )
        shapes.append(shapely.multipolygons(geometries[mine]))
    new_member = np.full(len(member), -1)
    new_member[member >= 0] = place[member[member >= 0]]
    return Clusters(new_member, pd.DataFrame(records, columns=columns), object_array(shapes))


def _mean_shift_m(steps: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean shift east and north (2,) of spots in m, from their shifts (n, 2); NaN if none is known."""
    is_known = ~np.isnan(steps[:, 0])
    return np.average(steps[is_known], axis=0, weights=weight[is_known]) if is_known.any() else np.full(2, np.nan)


def _class_list(values: np.ndarray) -> str | None:
    return ",".join(sorted({value for value in values.tolist() if isinstance(value, str)})) or None
