"""Remedies kept in the library beside the runs of checks: record, remainder, cuts, and the parcels as given."""

from onemap.layers.library import Library, log
from onemap.rules.remedy.remedy import KIND, Remedy
from onemap.rules.remedy.wishes import RemedyWishes
from onemap.rules.runs import GIVEN, given_rows, keep_run, rows_of_table, run_record

KEPT = ("remainder", "cuts", "alternatives", "departments")


def record_remedy(library: Library, found: Remedy) -> None:
    """Keep a remedy in one transaction. Raises OneMapError library.read_only, library.busy, library.full."""
    record = found.record
    kept = {name: rows_of_table(found.tables[name]) for name in KEPT}
    kept[GIVEN] = given_rows(found.question)
    texts = [(pack.hash, pack.text) for pack in found.question.packs]
    detail = {"parameters": record["parameters"], "cut_m2": found.cut_m2, "dropped_m2": found.dropped_m2}
    with library.writing() as connection:
        keep_run(connection, record, kept, texts)
        log(connection, record["who"], "remedy", record["id"], detail)


def stored_wishes(library: Library, identifier: str) -> RemedyWishes:
    """What a stored remedy was asked besides its question. Raises OneMapError run.unknown, run.kind."""
    said = run_record(library, identifier, KIND)["parameters"]
    names = ("keep_verdict", "min_part_m2", "min_width_m", "one_piece", "move_m", "turn_deg")
    return RemedyWishes(**{name: said[name] for name in names if name in said})
