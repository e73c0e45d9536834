"""The work of the verbs of indicators; what only some need is imported there."""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import layer_in_force, versions
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.documents.document_files import check_page, figures_foot, write_pages
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.indicator_pack import indicator_packs, indicator_titles
from onemap.rules.verbs.work.table_targets import check_outs, language_of_heads, target_answer


def indicators(values: Values, context: VerbContext) -> Result:
    """Measure indicators, keep the run in the library, and write its tables: both, or neither."""
    from onemap.layers.messages import problem_record
    from onemap.rules.display.outputs.outputs import remark_records, tables_written
    from onemap.rules.display.outputs.sheet_titles import KnownTitles
    from onemap.rules.judge.findings.run_tables import run_table
    from onemap.rules.numbers.indicators.indicator_rows import is_failing
    from onemap.rules.numbers.indicators.indicator_sheets import term_titles
    from onemap.rules.numbers.indicators.indicator_storage import record_indicators
    from onemap.rules.numbers.indicators.indicators import indicators as measure
    from onemap.rules.numbers.indicators.indicators import titled_tables
    from onemap.rules.numbers.indicators.series_pages import charts_of, sheet_figures

    outs, names, overwrite = check_outs(values), values.get("pack") or [], bool(values.get("overwrite"))
    check_page(values)
    with open_library(values["library"]) as library:
        packs = indicator_packs(names, library.catalogue())
        theme = _theme_of(values, library, packs)
        options = replace(_options(library, values, packs, theme), language=context.language)
        measured_run = measure(library, options, Threads.of(values.get("workers"), context.progress))
        titles = indicator_titles(packs, context.language)
        rows = _titled_rows(measured_run.rows, packs, titles, context.language)
        tables = {**titled_tables(measured_run.tables, titles), "run": run_table(measured_run.record)}
        catalogue, library_name = library.catalogue(), library.printed_name
        known_titles = KnownTitles(terms=term_titles(packs, catalogue, context.language), catalogue=catalogue)
        is_kept = library.writable and not values.get("unrecorded")
        figures = sheet_figures(rows, catalogue, context.language)
        with contextlib.ExitStack() as stack:
            shapes = {out: tables_for(out, tables, context.language, known_titles) for out in outs}
            heads = {out: language_of_heads(out, context.language) for out in outs}
            files = (tables_written(shapes[out], library.crs, out, overwrite, heads[out], figures) for out in outs)
            targets = [stack.enter_context(file) for file in files]
            if is_kept:
                record_indicators(library, measured_run, options)
        theme_versions = _versions_of(theme, library, options)
    result: Result = {"run": {**measured_run.record, "recorded": is_kept}, "units": measured_run.units}
    result["indicators"] = [row for row in rows if is_failing(row)] if values.get("failing") else rows
    result |= {"statuses": dict(Counter(row["status"] for row in rows)), **target_answer(values)}
    problems = [problem_record(one, context.language) for one in measured_run.problems]
    result["problems"] = problems + remark_records(targets, context.language)
    if values.get("page"):
        made_by, of_pages = (
            {**measured_run.record, "library_name": library_name},
            _with_unit_labels(rows, measured_run.record["units"]),
        )
        result["page"] = _write_pages(values, of_pages, packs, theme, theme_versions, catalogue, made_by, context)
    if values.get("charts"):
        result["charts"] = charts_of(rows, packs, catalogue, context.language, float(values["charts"]))
    return result


def _with_unit_labels(rows: Sequence[dict[str, Any]], units: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows in which the version of the units has its label, which people know, instead of its table's number."""
    labels = {one["table"]: f"{one['code']}__{one['label']}" for one in units if one.get("table")}
    return [{**row, "unit_version": labels.get(row["unit_version"], row["unit_version"])} for row in rows]


def _titled_rows(
    rows: Sequence[Mapping[str, Any]], packs: Sequence[Any], titles: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """The values with facts for readers: titles, decimals, and the kinds of their terms."""
    decimals = {(pack.id, item.id): item.decimals for pack in packs for item in pack.indicators}
    return [
        {
            **row,
            "title": titles[row["id"]],
            "decimals": decimals[row["pack"], row["id"]],
            "inputs": [_titled_term(term, language) for term in row["inputs"]],
        }
        for row in rows
    ]


def _titled_term(term: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A term of an indicator with its kind of measure in words, and its decimals for readers."""
    from onemap.layers.messages import phrase
    from onemap.rules.numbers.indicators.indicator_words import decimals_of

    title = phrase(f"term_kind.{term['kind']}", language)
    return {**term, "title": title, "decimals": decimals_of(term["unit_of_measure"])}


def _options(library: Any, values: Values, packs: Sequence[Any], theme: Any) -> Any:
    """The options. Raises OneMapError indicators.unknown for a theme whose indicators the packs do not know."""
    from onemap.layers.errors import OneMapError
    from onemap.rules.numbers.indicators.indicators import IndicatorOptions

    only = tuple(values.get("only") or ())
    if theme is not None:
        indicator_ids = {item.id for pack in packs for item in pack.indicators}
        of_theme = tuple(name for name in theme.indicators if name in indicator_ids)
        only = tuple(name for name in only if name in of_theme) or of_theme
        if not only:
            raise OneMapError(
                "indicators.unknown", field="--theme", value=list(theme.indicators), known=sorted(indicator_ids)
            )
    return IndicatorOptions(
        packs=tuple(packs),
        days=tuple(sorted(set(values.get("as_of") or [library.today()]))),
        unit=values.get("unit"),
        unit_field=values.get("unit_field"),
        units_where=values.get("units_where"),
        only=only,
        known_at=values.get("known_at"),
        states=values.get("states") or 0,
    )


def _theme_of(values: Values, library: Any, packs: Sequence[Any]) -> Any:
    """The requested theme, or None. Raises OneMapError theme.…."""
    from onemap.rules.numbers.indicators.themes import theme_named

    if not values.get("theme"):
        return None
    indicator_ids = [item.id for pack in packs for item in pack.indicators]
    return theme_named(values["theme"], library.catalogue(), indicator_ids)


def _versions_of(theme: Any, library: Any, options: Any) -> dict[str, Any]:
    """The version in force of each layer and table of a theme on the last requested day; None if there is none."""
    codes = (*theme.layers, *theme.tables) if theme is not None else ()
    all_versions = versions(library, options.known_at) if codes else []
    return {code: layer_in_force(all_versions, code, options.days[-1]) for code in codes}


def _write_pages(
    values: Values,
    rows: list[dict[str, Any]],
    packs: Sequence[Any],
    theme: Any,
    theme_versions: dict[str, Any],
    catalogue: Any,
    record: Mapping[str, Any],
    context: VerbContext,
) -> str | list[str]:
    """Write pages: the theme's page, or pages of units and quotas, with each indicator over several days."""
    from onemap.rules.numbers.indicators.indicator_pages import indicator_pages
    from onemap.rules.numbers.indicators.quota_pages import quota_pages
    from onemap.rules.numbers.indicators.series_pages import series_pages
    from onemap.rules.numbers.indicators.theme_pages import theme_page

    pages = series_pages(rows, packs, catalogue, context.language)
    last = max((row["as_of"] for row in rows), default="")
    of_last = [row for row in rows if row["as_of"] == last]
    if theme is not None:
        pages = [*theme_page(theme, of_last, theme_versions, packs, catalogue, context.language), *pages]
    else:
        pages += indicator_pages(rows, packs, catalogue, context.language)
        pages += quota_pages(of_last, packs, catalogue, context.language)
    return write_pages(
        values, pages, context, foot=figures_foot(record["library_name"], context.language), record=record
    )


def themes(values: Values, context: VerbContext) -> Result:
    """The themes with their layers, tables and indicators, and which layers and tables the library lacks on a day."""
    from onemap.rules.numbers.indicators.themes import themes as read_themes

    with open_library(values["library"]) as library:
        catalogue = library.catalogue()
        packs = indicator_packs(values.get("pack") or [], catalogue)
        titles = indicator_titles(packs, context.language)
        all_themes = read_themes(values.get("theme") or [], catalogue, list(titles))
        day = values.get("as_of") or library.today()
        all_versions = versions(library)
        codes_in_force = {code for code in catalogue if layer_in_force(all_versions, code, day) is not None}

    def layer(code: str) -> dict[str, Any]:
        title = catalogue[code].title
        return {"code": code, "title": title.get(context.language, code), "in_force": code in codes_in_force}

    return {
        "ok": True,
        "as_of": day.isoformat(),
        "themes": [
            {
                "id": theme.id,
                "title": theme.title[context.language],
                "file": theme.file,
                "layers": [layer(code) for code in theme.layers],
                "tables": [layer(code) for code in theme.tables],
                "indicators": [{"id": one, "title": titles[one]} for one in theme.indicators if one in titles],
            }
            for theme in all_themes
        ],
    }


def tables_for(out: str, tables: Any, language: str, titles: Any) -> Any:
    """The tables in the form for a file: a sheet is for people, in their language. titles: a `KnownTitles`."""
    from onemap.rules.numbers.indicators.indicator_sheets import sheets_for_people

    return sheets_for_people(tables, language, titles) if out.lower().endswith(".xlsx") else tables
