"""Comparisons stored in the library beside the runs of checks: record, matrix text, spots and matrix."""

from collections.abc import Iterator
from datetime import date

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.progress import Progress
from onemap.rules.answers.compare.comparison import Comparison, ComparisonOptions
from onemap.rules.answers.compare.comparison_record import KIND
from onemap.rules.answers.compare.matrix import parse_matrix
from onemap.rules.answers.compare.spot_tables import parts_of
from onemap.rules.answers.compare.spots import Limits
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import Rows, rows_of_table
from onemap.rules.judge.runs.run_record import known_moment
from onemap.rules.judge.runs.run_store import Recorder, log_run, run_record, stored_texts

KEPT = ("spots", "matrix", "clusters", "statistics")


def record_comparison(library: Library, comparison: Comparison, progress: Progress) -> None:
    """Store a comparison in one transaction.

    Raises OneMapError library.read_only, library.busy, library.full.
    """
    record = comparison.record
    matrix = comparison.options.matrix
    detail = {
        "parameters": record["parameters"],
        "matrix": matrix.record(),
        "spots": len(comparison.tables["spots"].columns),
        "area_m2": comparison.spots.compared_m2,
    }
    with library.writing() as connection:
        recorder = Recorder(connection, record["id"])
        for share, name, rows in kept_rows(comparison):
            progress.at(share)
            recorder.append_rows({name: rows})
        recorder.finish(record, [(matrix.hash, matrix.text)])
        log_run(connection, "compare", record, detail)
        progress.settle()


def kept_rows(comparison: Comparison) -> Iterator[tuple[float, str, Rows]]:
    """The rows of a comparison to store, in parts: the share of all rows before it, the table's name, and the rows."""
    row_count, count = 0, sum(len(comparison.tables[name].columns) for name in KEPT)
    for name in KEPT:
        for rows in _rows_of(comparison.tables[name]):
            yield row_count / max(count, 1), name, rows
            row_count += len(rows)


def _rows_of(table: Table) -> Iterator[Rows]:
    """The rows of a table to store, part by part; a column has the same type in all parts."""
    columns, first = rows_of_table(Table(table.columns)).columns, 0
    for part in parts_of(table):
        count = len(part.columns)
        wkb = part.wkb if part.has_geometries else None
        yield Rows(columns.slice(first, count), wkb)
        first += count


def stored_options(library: Library, identifier: str) -> ComparisonOptions:
    """The options of a stored comparison; versions and decisions recorded later are ignored.

    Raises OneMapError run.unknown, run.kind, run.incomplete.
    """
    record = run_record(library, identifier, KIND)
    params, texts = record["parameters"], stored_texts(library)
    if record["matrix"]["hash"] not in texts:
        raise OneMapError("run.incomplete", file=library.label, run=identifier)
    return ComparisonOptions(
        a=params["a"],
        b=params["b"],
        matrix=parse_matrix(texts[record["matrix"]["hash"]], record["matrix"]["name"]),
        as_of=date.fromisoformat(params["as_of"]),
        known_at=known_moment(record),
        limits=Limits(params["min_width_m"], params["min_area_m2"]),
        language=params["lang"],
        decided_until=record["started"],
    )
