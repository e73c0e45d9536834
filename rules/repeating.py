"""A stored run asked again: the tables that it would give today, to be held against those that are stored."""

from collections.abc import Callable

from onemap.layers.library import Library
from onemap.rules import runs
from onemap.rules.check import check
from onemap.rules.compare import storage as comparisons
from onemap.rules.compare.comparison import compared
from onemap.rules.compare.comparison_record import KIND as COMPARE
from onemap.rules.remedy import storage as remedies
from onemap.rules.remedy.remedy import KIND as REMEDY
from onemap.rules.remedy.remedy import remedy
from onemap.rules.run_tables import Table


def tables_again(
    library: Library, identifier: str, workers: int, report: Callable[[float, str], None]
) -> dict[str, Table]:
    """The tables of a stored check, comparison or remedy, computed again with what was known then.

    Raises OneMapError run.unknown, run.incomplete.
    """
    kind = runs.kind_of(runs.run_record(library, identifier, None))
    if kind == COMPARE:
        with compared(library, comparisons.stored_wishes(library, identifier), workers, report) as found:
            tables = found.tables
        kept: tuple[str, ...] = comparisons.KEPT
    elif kind == REMEDY:
        question = runs.stored_question(library, identifier, REMEDY)
        tables = remedy(library, question, remedies.stored_wishes(library, identifier), workers, report).tables
        kept = remedies.KEPT
    else:
        tables = check(library, runs.stored_question(library, identifier), workers, report).tables
        kept = runs.KEPT
    return {name: tables[name] for name in kept}
