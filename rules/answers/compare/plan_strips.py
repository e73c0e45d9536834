"""Place a large plan on the compared ground in strips, each written to disk, so that it is never held as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.feature_table import Features, FeatureTable
from onemap.layers.library.versions import StoredFeatures, Version
from onemap.rules.answers.compare.matrix import Matrix, Side, codes_of
from onemap.rules.answers.compare.plans import Plan, refuse, uses_of
from onemap.rules.answers.compare.polygons import Polygons
from onemap.rules.answers.compare.self_overlap import overlap_of, without_earlier
from onemap.rules.judge.distributed.partition import most_parcels
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.overlay import parts_inside
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads

_SPARE_M = 1.0  # beside a strip: the index of the library is rounded, and coordinates are counted from another origin


def plan_in_strips(
    sources: Sources,
    version: Version,
    side: Side,
    matrix: Matrix,
    bounds: Sequence[float],
    ground: shapely.Geometry,
    threads: Threads,
    journal: Journal,
    name: str,
) -> Plan:
    """The plan that `placed_plan` would make of a version; its polygons are parts `name` of the journal, by fid.

    A strip has the features whose west edge lies in it; strips left by an earlier attempt are used. Raises OneMapError
    version.unreadable, matrix.field, compare.arithmetic, journal.failed.
    """
    west, south, east, north = bounds
    edges = np.linspace(west, east, max(1, -(-version.count // most_parcels())) + 1)
    table = FeatureTable(journal, _NOTHING)

    def read(first: float, last: float) -> LayerSource:
        source = sources.of_version(version, (first - _SPARE_M, south, last + _SPARE_M, north))
        if source.stored is None:
            raise OneMapError("version.unreadable", file=sources.library.label, layer=version.table)
        return source

    def make(number: int, own: Threads) -> Features:
        strip = _strip(read, edges, number, sources.origin[0], own)
        return _strip_polygons(strip, side, matrix, ground, own)

    for number, own in threads.in_turn(range(len(edges) - 1)):
        table.add(f"{name}-{number:06d}", partial(make, number, own))
    notes = table.abouts()
    code, fid, part = table.columns("code", "fid", "part")
    codes = _codes(code, notes)
    at = np.lexsort((part, fid))
    fid, codes = fid[at], codes[at]
    polygons = Polygons.among(table, at)
    lost_areas = np.array(sorted(pair for strip in notes for pair in strip["lost"])).reshape(-1, 2)
    source = LayerSource(version=version)
    feature_name = partial(_feature_name, sources, version, polygons, fid)
    return Plan(source, polygons, fid, codes, uses_of(side, codes), overlap_of(lost_areas[:, 1]), feature_name)


def _feature_name(sources: Sources, version: Version, polygons: Polygons, fid: np.ndarray, row: int) -> str | None:
    """The key of a row's feature. Keys are not held in memory; the few that are needed are read again."""
    moved_by = np.array([*sources.origin, *sources.origin])
    near = sources.of_version(version, (polygons.boxes[row] + moved_by).tolist())
    rows = np.flatnonzero(near.stored.fids == fid[row]) if near.stored is not None else _NONE
    return near.names[rows[0]] if len(rows) else None


@dataclass(frozen=True)
class _Strip:
    """The features of a strip and near it, by fid; is_own (n,): whether a feature's west edge lies in the strip."""

    source: LayerSource
    stored: StoredFeatures
    is_own: np.ndarray


def _strip(
    read: Callable[[float, float], LayerSource], edges: np.ndarray, number: int, origin_m: float, threads: Threads
) -> _Strip:
    source = read(edges[number], edges[number + 1])
    features = source.features

    def own(boxes: np.ndarray) -> np.ndarray:
        return np.asarray(np.searchsorted(edges[1:-1] - origin_m, boxes[:, 0], side="right") == number)

    boxes = shapely.bounds(features.geometries).reshape(-1, 4)
    east_m = boxes[own(boxes), 2].max(initial=-np.inf) + origin_m
    if east_m > edges[number + 1]:  # what lies beside these alone belongs to other strips, and may stand before them
        threads.progress.check()
        next_strip = read(edges[number + 1], east_m)
        features = _features_of_both(features, next_strip.features)
        boxes = shapely.bounds(features.geometries).reshape(-1, 4)
    return _Strip(source, features, own(boxes))


def _features_of_both(one: StoredFeatures, other: StoredFeatures) -> StoredFeatures:
    """The features of both sets without repetition, by fid."""
    new = np.flatnonzero(~np.isin(other.fids, one.fids))
    fids = np.r_[one.fids, other.fids[new]]
    order = np.argsort(fids, kind="stable")
    attributes = pd.concat([one.attributes, other.attributes.iloc[new]], ignore_index=True)
    geometries = np.r_[one.geometries, other.geometries[new]][order]
    return StoredFeatures(fids[order], geometries, attributes.iloc[order].reset_index(drop=True))


def _strip_polygons(strip: _Strip, side: Side, matrix: Matrix, ground: shapely.Geometry, threads: Threads) -> Features:
    """The polygons of a strip; `about` holds its codes, its number of rows, and what features lost."""
    source, features = strip.source, strip.stored
    codes = codes_of(side, features.attributes, source.read_version.code, matrix.name)
    clipped_shapes, failed = parts_inside(features.geometries, ground, threads)
    _refuse_own(strip, failed)
    rows = np.flatnonzero(~shapely.is_missing(clipped_shapes))
    own_places = np.flatnonzero(strip.is_own[rows])
    grounds, lost_m2, broken_rows = without_earlier(clipped_shapes[rows], own_places, threads)
    _refuse_own(strip, np.isin(np.arange(len(clipped_shapes)), rows[broken_rows]))
    rows = rows[own_places]
    real = np.flatnonzero(lost_m2)
    lost_areas = zip(features.fids[rows[real]].tolist(), lost_m2[real].tolist(), strict=True)
    speaks = ~shapely.is_missing(grounds) & (uses_of(side, codes[rows]) != "silent")
    rows, pieces = rows[speaks], subdivide_polygons(grounds[speaks])
    code, names = pd.factorize(codes[rows], use_na_sentinel=True)
    columns = {
        "fid": features.fids[rows][pieces.owner],
        "part": np.arange(len(pieces.owner)) - np.searchsorted(pieces.owner, pieces.owner),
        "code": code[pieces.owner],
    }
    about = {"rows": len(pieces.owner), "codes": list(names), "lost": list(lost_areas)}
    return Features(pieces.geometries, columns, about=about)


def _refuse_own(strip: _Strip, failed: np.ndarray) -> None:
    """Refuse failed features of this strip; others are refused in their own strip. failed: (n,) of all features."""
    for fid in strip.stored.fids[failed & strip.is_own].tolist():
        refuse(strip.source, np.flatnonzero(strip.source.features.fids == fid))


def _codes(code: np.ndarray, progress: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The code of every polygon (n,), each text held once. code: its number within its strip, -1 for none."""
    once: dict[str, str] = {}
    codes, start = np.full(len(code), None, dtype=object), 0
    for strip in progress:
        names = np.array([*(once.setdefault(name, name) for name in strip["codes"]), None], dtype=object)
        codes[start : start + strip["rows"]] = names[code[start : start + strip["rows"]]]
        start += strip["rows"]
    return codes


_NONE = np.empty(0, dtype=np.int64)
_NO_CODES = {"rows": 0, "codes": [], "lost": []}
_NOTHING = Features(np.empty(0, dtype=object), dict.fromkeys(("fid", "part", "code"), _NONE), about=_NO_CODES)
