"""Comparisons kept in the library beside the runs of checks: record, matrix text, spots and matrix."""

from onemap.layers.library import Library, log
from onemap.rules.compare.comparison import Comparison
from onemap.rules.runs import keep_run, rows_of_table

KEPT = ("spots", "matrix", "clusters")


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
