"""The two plans of a comparison: their versions, their common ground, and their uses on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import object_array
from onemap.layers.geometry.row_blocks import BLOCK, give_back_memory
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, coverage_of, in_force, previous_version, versions
from onemap.layers.messages import in_each_language
from onemap.layers.progress import SILENT, Progress
from onemap.rules.answers.compare.matrix import Matrix, Side, codes_of
from onemap.rules.answers.compare.polygons import Polygons
from onemap.rules.answers.compare.self_overlap import SelfOverlap, first_row_wins
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.overlay import differences, intersections, parts_inside, refuse_failed, union_by
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class Plan:
    """One plan on the compared ground: polygons (n,) that share no ground, each with its code and use, by fid.

    feature (n,): the fid in the version; -1, at the end, for ground without a feature on which the plan still makes a
    statement. Large polygons are split, so a feature may have several rows. feature_name: gives the key of a row's
    feature.
    """

    source: LayerSource
    polygons: Polygons
    feature: np.ndarray
    codes: np.ndarray
    uses: np.ndarray
    overlap: SelfOverlap
    feature_name: Callable[[int], str | None]

    @property
    def version(self) -> Version:
        """The version that was compared."""
        return self.source.read_version

    def without_features(self) -> "Plan":
        """The same plan and ground, without the features as they were read."""
        return replace(self, source=replace(self.source, stored=None, coverage=None, cut=None))

    def without_ground(self) -> "Plan":
        """The plan without its polygons and features."""
        none, plan = Polygons.in_memory(np.empty(0, dtype=object)), self.without_features()
        source = replace(plan.source, names=none.at)
        return replace(plan, source=source, polygons=none, feature=none.at, feature_name=lambda row: None)


def wanted_version(library: Library, plan_name: str, as_of: date, known_at: datetime | None, field: str) -> Version:
    """The version that `CODE` (the one in force) or `CODE@label` names.

    Raises OneMapError layer.unknown, compare.geometry, compare.label, compare.not_in_force.
    """
    code = plan_name.partition("@")[0]
    entry = library.catalogue().get(code)
    if entry is not None and entry.geometry != "polygon":
        geometry = in_each_language(f"layer_geometry.{entry.geometry}")
        raise OneMapError("compare.geometry", layer=code, field=field, geometry=geometry)
    return version_named(library, plan_name, as_of, known_at, field)


def version_named(library: Library, name: str, as_of: date, known_at: datetime | None, field: str) -> Version:
    """The version of any layer that `CODE` (the one in force) or `CODE@label` names.

    Raises OneMapError layer.unknown, compare.label, compare.not_in_force.
    """
    code, has_label, label = name.partition("@")
    known_layer(library.catalogue(), code, field)
    layer_versions = [version for version in versions(library, known_at) if version.code == code]
    version_found = (
        next((version for version in layer_versions if version.label == label), None)
        if has_label
        else in_force(layer_versions, as_of)
    )
    if version_found is None and has_label:
        labels = [version.label for version in layer_versions]
        raise OneMapError("compare.label", layer=code, field=field, label=label, known=labels)
    if version_found is None:
        raise OneMapError("compare.not_in_force", layer=code, field=field, day=as_of.isoformat())
    return version_found


def remarks_on_pair(one: Version, other: Version) -> list[Problem]:
    """A remark if both sides of a comparison are one version, so that nothing can differ."""
    return [Problem("compare.same", {"layer": one.code, "version": one.label})] if one.table == other.table else []


def version_before(library: Library, newer: Version, older: Version, known_at: datetime | None) -> Version | None:
    """The version of a plan while the other plan was made: the last one before `newer`, if that is the newer plan.

    None if dates are not known, or the plan is not newer than the other, or has no earlier version.
    """
    if newer.valid_from is None or older.valid_from is None or newer.valid_from <= older.valid_from:
        return None
    return previous_version(versions(library, known_at), newer)


def common_ground(library: Library, a: Version, b: Version) -> shapely.Geometry:
    """Where both versions' coverages meet, in the library's plane.

    Raises OneMapError compare.no_ground, compare.arithmetic, version.unreadable.
    """
    layers = f"{a.code}, {b.code}"
    one, other = (np.array([coverage_of(library, version)], dtype=object) for version in (a, b))
    (ground,), (is_broken,) = intersections(one, other, Threads())
    if is_broken:
        raise OneMapError("compare.arithmetic", layer=layers)
    if ground is None:
        raise OneMapError("compare.no_ground", layer=layers)
    return ground


def read_plan(sources: Sources, version: Version, bounds: Sequence[float], progress: Progress = SILENT) -> LayerSource:
    """Read the features of a version near `bounds`, by fid, with coordinates counted from the sources' origin.

    They are read strip by strip, since reading takes several times the memory of its result.
    Raises OneMapError version.unreadable.
    """
    west, south, east, north = bounds
    edges = np.linspace(west, east, max(1, -(-version.count // BLOCK)) + 1).tolist()
    parts: list[LayerSource] = []
    read: np.ndarray = np.empty(0, dtype=np.int64)
    for first, last in pairwise(edges):
        progress.check()
        source = sources.of_version(version, (first, south, last, north))
        if source.stored is None:
            raise OneMapError("version.unreadable", file=sources.library.label, layer=version.table)
        new = np.flatnonzero(~np.isin(source.stored.fids, read))  # what lies across an edge was in the strip before
        read = np.r_[read, source.stored.fids[new]]
        stored_features = StoredFeatures(
            source.stored.fids[new],
            source.stored.geometries[new],
            source.stored.attributes.iloc[new].reset_index(drop=True),
        )
        parts.append(replace(source, stored=stored_features, names=source.names[new], cut=None))
        give_back_memory()
    order = np.argsort(read, kind="stable")
    features = [part.stored for part in parts if part.stored is not None]
    attributes = pd.concat([some.attributes for some in features], ignore_index=True).iloc[order].reset_index(drop=True)
    geometries = np.concatenate([some.geometries for some in features])[order]
    names = np.concatenate([part.names for part in parts])[order]
    return replace(parts[0], stored=StoredFeatures(read[order], geometries, attributes), names=names)


def placed_plan(source: LayerSource, side: Side, matrix: Matrix, ground: shapely.Geometry, threads: Threads) -> Plan:
    """A plan on the compared ground, with every place belonging to one feature only.

    ground: one geometry, counted from the same origin as the source. Raises OneMapError matrix.field,
    compare.arithmetic.
    """
    features = source.features
    codes = codes_of(side, features.attributes, source.read_version.code, matrix.name)
    clipped_shapes, failed = parts_inside(features.geometries, ground, threads)
    refuse(source, np.flatnonzero(failed))
    rows = np.flatnonzero(~shapely.is_missing(clipped_shapes))
    geometries, overlap, broken_rows = first_row_wins(clipped_shapes[rows], threads)
    refuse(source, rows[broken_rows])
    present = ~shapely.is_missing(geometries)
    geometries, rows = geometries[present], rows[present]
    uses = uses_of(side, codes)[rows]
    codes = codes[rows]
    if side.elsewhere is not None:
        rest = _elsewhere(geometries, ground, source, threads)
        geometries, rows = np.r_[geometries, rest], np.r_[rows, np.full(len(rest), -1)]
        codes = np.r_[codes, np.full(len(rest), None)]
        uses = np.r_[uses, np.full(len(rest), side.elsewhere, dtype=object)]
    speaks = uses != "silent"
    pieces = subdivide_polygons(geometries[speaks])
    rows = rows[speaks][pieces.owner]
    feature = np.where(rows >= 0, features.fids[rows] if len(features.fids) else rows, -1)
    names = source.names
    return Plan(
        source,
        Polygons.in_memory(pieces.geometries),
        feature,
        codes[speaks][pieces.owner],
        uses[speaks][pieces.owner],
        overlap,
        lambda row: names[rows[row]] if rows[row] >= 0 else None,
    )


def uses_of(side: Side, codes: np.ndarray) -> np.ndarray:
    """The use of each code (n,) on one side; each code is looked up once."""
    use_by_code = {code: side.use_of(code) for code in set(codes.tolist())}
    return object_array(use_by_code[code] for code in codes.tolist())


def _elsewhere(geometries: np.ndarray, ground: shapely.Geometry, source: LayerSource, threads: Threads) -> np.ndarray:
    """The compared ground that has no feature, as single polygons."""
    taken_ground = union_by(np.zeros(len(geometries), dtype=np.int64), geometries, 1)
    rest, failed = differences(np.array([ground], dtype=object), taken_ground, threads)
    if failed.any():
        raise OneMapError("compare.arithmetic", layer=source.version.table if source.version else None)
    parts: np.ndarray = shapely.get_parts(rest)
    return parts


def refuse(source: LayerSource, rows: np.ndarray) -> None:
    """Refuse features of a source, by rows, whose arithmetic failed. Raises OneMapError compare.arithmetic."""
    refuse_failed(source.version.table if source.version else None, source.names, rows)
