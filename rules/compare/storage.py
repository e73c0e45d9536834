"""Comparisons kept in the library beside the runs of checks: record, matrix text, spots and matrix."""

from datetime import date, datetime

from onemap.layers.errors import OneMapError
from onemap.layers.library import Library, log
from onemap.rules.compare.comparison import Comparison, ComparisonWishes
from onemap.rules.compare.comparison_record import KIND
from onemap.rules.compare.matrix import parse_matrix
from onemap.rules.compare.spots import Limits
from onemap.rules.runs import keep_run, rows_of_table, run_record, stored_texts

KEPT = ("spots", "matrix", "clusters", "statistics")


def record_comparison(library: Library, found: Comparison) -> None:
    """Keep a comparison in one transaction. Raises OneMapError library.read_only, library.busy, library.full."""
    record = found.record
    kept = {name: rows_of_table(found.tables[name]) for name in KEPT}
    matrix = found.wishes.matrix
    detail = {
        "parameters": record["parameters"],
        "matrix": matrix.record(),
        "spots": len(kept["spots"]),
        "area_m2": found.spots.compared_m2,
    }
    with library.writing() as connection:
        keep_run(connection, record, kept, [(matrix.hash, matrix.text)])
        log(connection, record["who"], "compare", record["id"], detail)


def stored_wishes(library: Library, identifier: str) -> ComparisonWishes:
    """What a stored comparison was asked; versions and decisions that were recorded later are not known.

    Raises OneMapError run.unknown, run.kind, run.incomplete.
    """
    record = run_record(library, identifier, KIND)
    said, texts = record["parameters"], stored_texts(library)
    if record["matrix"]["hash"] not in texts:
        raise OneMapError("run.incomplete", file=library.label, run=identifier)
    moments = [datetime.fromisoformat(text) for text in (said["known_at"], record["started"]) if text]
    return ComparisonWishes(
        a=said["a"],
        b=said["b"],
        matrix=parse_matrix(texts[record["matrix"]["hash"]], record["matrix"]["name"]),
        as_of=date.fromisoformat(said["as_of"]),
        known_at=min(moments),
        limits=Limits(said["min_width_m"], said["min_area_m2"]),
        language=said["lang"],
        decided_until=record["started"],
    )
