"""What the verbs that count do with their values; libraries are imported here only when one runs."""

from datetime import date
from typing import Any

from onemap.rules.overlay.threads import Threads
from onemap.rules.verb.declaration import Result, Values, VerbContext
from onemap.rules.work.chart_pages import check_page, write_pages


def statistics(values: Values, context: VerbContext) -> Result:
    """Areas, lengths, counts and sums of a layer by class and by area unit."""
    from onemap.layers.library.library import open_library
    from onemap.layers.messages import problem_record
    from onemap.rules.outputs.outputs import check_targets
    from onemap.rules.statistics.figure_pages import statistics_page
    from onemap.rules.statistics.layer_in_units import StatisticsOptions
    from onemap.rules.statistics.statistics import statistics as measure

    options = StatisticsOptions(
        layer=values["code"],
        by=values.get("by") or (),
        sums=values.get("sum") or (),
        within=values.get("within"),
        unit=values.get("unit"),
        units_where=values.get("units_where"),
        where=values.get("where"),
        as_of=values.get("as_of") or date.today(),
        known_at=values.get("known_at"),
        language=context.language,
    )
    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    check_targets(outs, overwrite, [values["library"], values.get("within") or ""])
    check_page(values, values.get("within"))
    with open_library(values["library"]) as library:
        found = measure(library, options, Threads.of(values.get("workers"), context.progress))
        crs, catalogue = library.crs, library.catalogue()
    problems = [problem_record(problem, context.language) for problem in found.problems]
    problems += _write_tables(found.tables, crs, outs, overwrite, context)
    context.progress.at(1.0, "")
    result: Result = {
        "rows": found.rows,
        "total": found.total,
        "units": found.units,
        "layer": found.layer,
        "within": found.within,
        "problems": problems,
    }
    if outs:
        result["out"] = outs[0] if len(outs) == 1 else outs
    if values.get("page"):
        day = (values.get("as_of") or date.today()).isoformat()
        page, chart = statistics_page(result, catalogue, day, context.language)
        result["page"] = write_pages(values, [page], [chart], context)
    return result


def transitions(values: Values, context: VerbContext) -> Result:
    """What of each class became what between two versions, by area unit."""
    from onemap.layers.library.library import open_library
    from onemap.layers.messages import problem_record
    from onemap.rules.outputs.outputs import check_targets
    from onemap.rules.statistics.figure_pages import transitions_page
    from onemap.rules.statistics.transitions import TransitionOptions
    from onemap.rules.statistics.transitions import transitions as measure

    options = TransitionOptions(
        a=values["a"],
        b=values["b"],
        by=values["by"],
        within=values.get("within"),
        unit=values.get("unit"),
        units_where=values.get("units_where"),
        as_of=values.get("as_of") or date.today(),
        known_at=values.get("known_at"),
    )
    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    check_targets(outs, overwrite, [values["library"], values.get("within") or ""])
    check_page(values, values.get("within"))
    with open_library(values["library"]) as library:
        found = measure(library, options, Threads.of(values.get("workers"), context.progress))
        crs, catalogue = library.crs, library.catalogue()
    problems = [problem_record(problem, context.language) for problem in found.problems]
    problems += _write_tables(found.tables, crs, outs, overwrite, context)
    context.progress.at(1.0, "")
    result: Result = {
        "ok": True,
        "rows": found.rows,
        "classes": found.classes,
        "units": found.units,
        "total": found.total,
        "layers": found.layers,
        "within": found.within,
        "problems": problems,
    }
    if outs:
        result["out"] = outs[0] if len(outs) == 1 else outs
    if values.get("page"):
        day = (values.get("as_of") or date.today()).isoformat()
        page, chart = transitions_page(result, catalogue, day, context.language)
        result["page"] = write_pages(values, [page], [chart], context)
    return result


def _write_tables(
    tables: Any, crs: Any, outs: list[str], overwrite: bool, context: VerbContext
) -> list[dict[str, Any]]:
    """Write the tables wherever they are wanted; what a form could not hold."""
    from onemap.rules.outputs.outputs import remark_records, tables_written

    problems: list[dict[str, Any]] = []
    for out in outs:
        with tables_written(tables, crs, out, overwrite) as target:  # nothing else is recorded with them
            problems += remark_records([target], context.language)
    return problems
