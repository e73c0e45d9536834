"""The work of the verbs of statistics."""

from datetime import date
from typing import Any, NamedTuple

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.library.library import open_library
from onemap.layers.messages import phrase, problem_record
from onemap.rules.answers.statistics.figure_pages import statistics_page, titled_columns, transitions_page
from onemap.rules.answers.statistics.layer_in_units import StatisticsOptions
from onemap.rules.answers.statistics.transitions import TransitionOptions
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.documents.document_files import check_page, figures_foot, write_pages
from onemap.rules.display.outputs.sheet_titles import KnownTitles
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables


def statistics(values: Values, context: VerbContext) -> Result:
    """Areas, lengths, counts and sums of a layer by class and by area unit."""
    from onemap.rules.answers.statistics.statistics import statistics as measure

    check_outs(values)
    check_page(values)
    with open_library(values["library"]) as library:
        options = StatisticsOptions(
            layer=values["code"],
            by=values.get("by") or (),
            sums=values.get("sum") or (),
            within=values.get("within"),
            unit=values.get("unit"),
            units_where=values.get("units_where"),
            where=values.get("where"),
            as_of=values.get("as_of") or library.today(),
            known_at=values.get("known_at"),
            language=context.language,
        )
        adding = context.progress.part(0.0, 1.0, phrase("progress.sums", context.language))
        figures = measure(library, options, Threads.of(values.get("workers"), adding))
        library_facts = _LibraryFacts(library.crs, library.catalogue(), library.printed_name, options.as_of)
    problems = [problem_record(problem, context.language) for problem in figures.problems]
    answer: Result = {
        "rows": figures.rows,
        "total": figures.total,
        "units": figures.units,
        "layer": _with_title(figures.layer, library_facts.catalogue, context.language),
        "within": figures.within,
        "problems": problems,
    }
    return _with_files(answer, figures.tables, library_facts, statistics_page, values, context)


def transitions(values: Values, context: VerbContext) -> Result:
    """The transitions of classes between two versions, by area unit."""
    from onemap.rules.answers.statistics.transitions import transitions as measure

    check_outs(values)
    check_page(values)
    with open_library(values["library"]) as library:
        options = TransitionOptions(
            a=values["a"],
            b=values["b"],
            by=values["by"],
            within=values.get("within"),
            unit=values.get("unit"),
            units_where=values.get("units_where"),
            as_of=values.get("as_of") or library.today(),
            known_at=values.get("known_at"),
        )
        adding = context.progress.part(0.0, 1.0, phrase("progress.sums", context.language))
        figures = measure(library, options, Threads.of(values.get("workers"), adding))
        library_facts = _LibraryFacts(library.crs, library.catalogue(), library.printed_name, options.as_of)
    problems = [problem_record(problem, context.language) for problem in figures.problems]
    answer: Result = {
        "ok": True,
        "rows": figures.rows,
        "classes": figures.classes,
        "units": figures.units,
        "total": figures.total,
        "layers": [_with_title(layer, library_facts.catalogue, context.language) for layer in figures.layers],
        "within": figures.within,
        "problems": problems,
    }
    return _with_files(answer, figures.tables, library_facts, transitions_page, values, context)


def _with_title(layer: dict[str, Any], catalogue: Any, language: str) -> dict[str, Any]:
    """The record of a version with its layer's title."""
    return {**layer, "title": layer_title(layer["code"], catalogue, language)}


class _LibraryFacts(NamedTuple):
    """The library's facts that the files need once it is closed."""

    crs: Any
    catalogue: Any
    name: str
    day: date


def _layer_code(values: Values) -> str:
    """The layer whose classes are counted; for transitions the older one."""
    return str(values.get("code") or values["a"]).partition("@")[0]


def _titled_form(library_facts: _LibraryFacts, values: Values) -> Any:
    """The tables in the form for a place: a sheet has titles over columns named by the layer's fields."""
    entry = library_facts.catalogue.get(_layer_code(values)) if values.get("code") else None

    def form(out: str, tables: Any, language: str) -> Any:
        fields = values.get("by") or (), values.get("sum") or ()
        is_sheet = out.lower().endswith(".xlsx")
        return titled_columns(tables, entry, *fields, language) if is_sheet and entry is not None else tables

    return form


def _with_files(
    answer: Result, tables: Any, library_facts: _LibraryFacts, make_page: Any, values: Values, context: VerbContext
) -> Result:
    """Write the tables and the page, and return the answer with their paths."""
    page, figure = make_page(answer, library_facts.catalogue, library_facts.day.isoformat(), context.language)
    # Nothing else is recorded with them.
    language = context.language
    titles = KnownTitles(catalogue=library_facts.catalogue, layers=(_layer_code(values),))
    layers = answer.get("layers") or [answer["layer"]]
    kind = "transitions" if "layers" in answer else "statistics"
    record = {"kind": kind, "library_name": library_facts.name, "layers": layers}
    answer["problems"] += write_tables(
        tables,
        library_facts.crs,
        values,
        language,
        language,
        _titled_form(library_facts, values),
        [figure],
        titles,
        record=record,
    )
    answer |= target_answer(values)
    if values.get("page"):
        foot = figures_foot(library_facts.name, language)
        answer["page"] = write_pages(values, [page], context, foot=foot, record=record)
    return answer
