"""What the verbs of indicators do with their values; libraries are imported here only when one runs."""

from datetime import date
from typing import Any

from onemap.rules.overlay.threads import Threads
from onemap.rules.verb.declaration import Result, Values, VerbContext
from onemap.rules.work.chart_pages import check_page, write_pages
from onemap.rules.work.table_targets import target_answer


def indicators(values: Values, context: VerbContext) -> Result:
    """Measure indicators, keep the run in the library, and write its tables: both, or neither."""
    import contextlib

    from onemap.layers.library.library import open_library
    from onemap.layers.messages import problem_record
    from onemap.rules.findings.run_tables import run_table
    from onemap.rules.indicators.indicator_pack import indicator_packs
    from onemap.rules.indicators.indicator_storage import record_indicators
    from onemap.rules.indicators.indicators import IndicatorOptions, titled_tables
    from onemap.rules.indicators.indicators import indicators as measure
    from onemap.rules.outputs.outputs import check_targets, remark_records, tables_written

    outs, overwrite, names = values.get("out") or [], bool(values.get("overwrite")), values.get("pack") or []
    check_targets(outs, overwrite, [values["library"], *names])
    check_page(values, *names)
    with open_library(values["library"]) as library:
        packs = indicator_packs(names, library.catalogue())
        options = IndicatorOptions(
            packs=tuple(packs),
            days=tuple(sorted(set(values.get("as_of") or [date.today()]))),
            unit=values.get("unit"),
            unit_field=values.get("unit_field"),
            units_where=values.get("units_where"),
            only=values.get("only") or (),
            known_at=values.get("known_at"),
        )
        found = measure(library, options, Threads.of(values.get("workers"), context.progress))
        titles = {item.id: item.title.get(context.language, item.id) for pack in packs for item in pack.indicators}
        tables = {**titled_tables(found.tables, titles), "run": run_table(found.record)}
        with contextlib.ExitStack() as written:
            targets = [
                written.enter_context(
                    tables_written(tables_for(out, tables, context.language), library.crs, out, overwrite)
                )
                for out in outs
            ]
            if library.writable:
                record_indicators(library, found, options)
        recorded, catalogue = library.writable, library.catalogue()
    problems: list[dict[str, Any]] = [problem_record(problem, context.language) for problem in found.problems]
    problems += remark_records(targets, context.language)
    context.progress.at(1.0, "")
    result: Result = {
        "run": {**found.record, "recorded": recorded},
        "indicators": [{**row, "title": titles[row["id"]]} for row in found.rows],
        "units": found.units,
        "problems": problems,
    }
    return {**result, **_files_of(values, result["indicators"], packs, catalogue, context)}


def _files_of(values: Values, rows: list[dict[str, Any]], packs: Any, catalogue: Any, context: VerbContext) -> Result:
    """Where the tables lie, and the page, which is written here."""
    from onemap.rules.indicators.indicator_pages import indicator_pages

    answer = target_answer(values)
    if values.get("page"):
        pages, charts = indicator_pages(rows, packs, catalogue, context.language)
        answer["page"] = write_pages(values, pages, charts, context)
    return answer


def themes(values: Values, context: VerbContext) -> Result:
    """The themes with their layers, tables and indicators, and which layers and tables the library lacks on a day."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.versions import in_force, versions
    from onemap.rules.indicators.indicator_pack import indicator_packs
    from onemap.rules.indicators.themes import themes as read_themes

    with open_library(values["library"]) as library:
        catalogue = library.catalogue()
        packs = indicator_packs(values.get("pack") or [], catalogue)
        titles = {item.id: item.title.get(context.language, item.id) for pack in packs for item in pack.indicators}
        found = read_themes(values.get("theme") or [], catalogue, list(titles))
        day = values.get("as_of") or date.today()
        known = versions(library)
        held = {code for code in catalogue if in_force([one for one in known if one.code == code], day) is not None}

    def layer(code: str) -> dict[str, Any]:
        title = catalogue[code].title
        return {"code": code, "title": title.get(context.language, code), "in_force": code in held}

    return {
        "ok": True,
        "as_of": day.isoformat(),
        "themes": [
            {
                "id": theme.id,
                "title": theme.title[context.language],
                "layers": [layer(code) for code in theme.layers],
                "tables": [layer(code) for code in theme.tables],
                "indicators": [{"id": one, "title": titles[one]} for one in theme.indicators if one in titles],
            }
            for theme in found
        ],
    }


def tables_for(out: str, tables: Any, language: str) -> Any:
    """The tables as the file wants them: a sheet is for people, in their language."""
    from onemap.rules.indicators.indicator_sheets import sheets_for_people

    return sheets_for_people(tables, language) if out.lower().endswith(".xlsx") else tables
