"""Contradictions between plans: every pair of plans that has a matrix is compared, all in one table."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, in_force, layer_in_force, versions
from onemap.layers.messages import problem_record
from onemap.layers.progress import Progress
from onemap.layers.records import Record
from onemap.rules.answers.compare.comparison import WRITTEN_FROM, Comparison, ComparisonOptions, comparison_of
from onemap.rules.answers.compare.matrix import Matrix, read_matrix, shipped_matrices
from onemap.rules.answers.compare.spots import ARTEFACT, CONFLICTS
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads

COLUMNS = ["a", "b", "department_a", "department_b", "matrix", "title", "conflicts", "conflict_ha", "compared_ha"]
COLUMNS += ["ha_03", "ha_04", "ha_05", "ha_90", "run", "reason"]
_HECTARES = [name for name in COLUMNS if name.endswith("_ha") or name.startswith("ha_")]
_TYPES: dict[str, Any] = {"conflicts": "Int64", **dict.fromkeys(_HECTARES, "float64")}


@dataclass(frozen=True)
class Pair:
    """Two layers, each with a version in force, and the matrix written for them."""

    a: str
    b: str
    matrix: Matrix


def pairs_of(
    library: Library, options: ComparisonOptions, matrix_names: Sequence[str], only: Sequence[str] = ()
) -> list[Pair]:
    """All pairs of different layers in force that a matrix names: shipped matrices and given files.

    Matrices of a survey are left out: land that is used, but not so planned, or not yet, is no contradiction of plans.
    only: layers of which a pair must have one. Raises OneMapError matrix.…, layer.unknown.
    """
    catalogue = library.catalogue()
    for code in only:
        known_layer(catalogue, code, "--only")
    all_versions = versions(library, options.known_at)
    by_code = {
        version.code: [other for other in all_versions if other.code == version.code] for version in all_versions
    }
    there = {code for code, layer_versions in by_code.items() if in_force(layer_versions, options.as_of)}
    pairs = []
    for matrix in (read_matrix(name) for name in [*matrix_names, *shipped_matrices()]):
        if not matrix.survey:
            named_pairs = [(a, b) for a in matrix.for_a for b in matrix.for_b if a != b and {a, b} <= there]
            if matrix.is_symmetric:  # the same two plans the other way round would find the same ground
                named_pairs = list({frozenset(pair): pair for pair in reversed(named_pairs)}.values())[::-1]
            pairs += [Pair(a, b, matrix) for a, b in named_pairs]
    return [pair for pair in pairs if not only or {pair.a, pair.b} & set(only)]


def contradictions(
    library: Library, options: ComparisonOptions, pairs: Sequence[Pair], threads: Threads
) -> Iterator[tuple[Record, Comparison | None, Progress]]:
    """Compare each pair: its row, its comparison (None if refused, with the reason in the row), and the progress.

    The progress is for writing the comparison. The shares of pairs follow the numbers of their features.
    """
    catalogue, all_versions = library.catalogue(), versions(library, options.known_at)
    sizes = [1 + sum(_features(all_versions, code, options) for code in (pair.a, pair.b)) for pair in pairs]
    for pair, share in zip(pairs, threads.progress.parts(sizes), strict=True):
        plans = [catalogue[code].title.get(options.language, code) for code in (pair.a, pair.b)]
        part = share.part(0.0, 1.0, " × ".join(plans))
        head = {
            "a": pair.a,
            "b": pair.b,
            "department_a": catalogue[pair.a].department,
            "department_b": catalogue[pair.b].department,
            "matrix": pair.matrix.name,
            "title": pair.matrix.title.get(options.language, pair.matrix.name),
        }

        with contextlib.ExitStack() as stack:
            try:
                of_pair = replace(options, a=pair.a, b=pair.b, matrix=pair.matrix)
                comparison = stack.enter_context(comparison_of(library, of_pair, replace(threads, progress=part)))
            except OneMapError as error:
                yield {**head, "reason": problem_record(error.problems[0], options.language)["message"]}, None, part
                continue
            yield {**head, **_pair_figures(comparison)}, comparison, part.part(WRITTEN_FROM, 1.0)


def _features(all_versions: Sequence[Version], code: str, options: ComparisonOptions) -> int:
    """The number of features in a layer's version in force."""
    version = layer_in_force(all_versions, code, options.as_of)
    return version.count if version else 0


def _pair_figures(comparison: Comparison) -> dict[str, Any]:
    """The figures of a pair's comparison, by the columns of its row."""
    matrix = comparison.tables["matrix"].columns
    area_ha = (matrix.groupby("type")["area_m2"].sum() / M2_PER_HECTARE).to_dict()
    conflict = matrix["type"].isin(CONFLICTS)
    return {
        "conflicts": int(matrix.loc[conflict, "spots"].sum()),
        "conflict_ha": float(matrix.loc[conflict, "area_m2"].sum()) / M2_PER_HECTARE,
        "compared_ha": comparison.spots.compared_m2 / M2_PER_HECTARE,
        **{f"ha_{kind}": float(area_ha.get(kind, 0.0)) for kind in (*CONFLICTS, ARTEFACT)},
        "run": comparison.record["id"],
    }


def contradiction_tables(rows: Sequence[Mapping[str, Any]]) -> dict[str, Table]:
    """The rows as a table, and as a matrix of layers by layers with hectares in conflict.

    A pair that could not be compared has no hectares there.
    """
    columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in COLUMNS}
    table = pd.DataFrame({name: series.astype(_TYPES.get(name, object)) for name, series in columns.items()})
    wide = table.groupby(["a", "b"])["conflict_ha"].sum(min_count=1).unstack() if len(table) else pd.DataFrame()
    return {
        "contradictions": Table(table),
        "hectares": Table(wide.rename_axis(None, axis=1).reset_index(names="layer")),
    }
