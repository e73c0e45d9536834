"""The work of the verbs of warnings."""

from collections.abc import Sequence
from typing import Any

from onemap.layers.library.library import open_library
from onemap.layers.messages import ProblemRecord
from onemap.layers.provenance import plain_packs
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.documents.document_files import check_page, figures_foot, write_pages
from onemap.rules.display.outputs.sheet_titles import KnownTitles
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.indicator_pack import indicator_packs, indicator_titles
from onemap.rules.numbers.indicators.indicators import IndicatorOptions
from onemap.rules.numbers.warnings.warning_pages import titled_rows, warning_page
from onemap.rules.numbers.warnings.warning_states import (
    keep_warnings,
    kept_table,
    kept_warnings,
    last_question,
    take_step,
)
from onemap.rules.numbers.warnings.warnings import STATE_COLUMNS, WarningOptions
from onemap.rules.numbers.warnings.warnings import warnings as look
from onemap.rules.review.case_step import plain_text
from onemap.rules.review.cases.hand import Hand, check_day, check_hand, checked_name
from onemap.rules.verbs.work.indicator_work import tables_for
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables


def warnings(values: Values, context: VerbContext) -> Result:
    """The matters that need attention: quotas, permits, old layers, sums, candidates for change without approval."""
    check_outs(values)
    names = values.get("pack") or []
    check_page(values)
    with open_library(values["library"]) as library:
        day = values.get("as_of") or library.today()
        if values.get("keep"):
            check_day(library, values.get("as_of"))
        quotas = IndicatorOptions(
            packs=tuple(indicator_packs(names, library.catalogue())),
            days=(day,),
            unit=values.get("unit"),
            unit_field=values.get("unit_field"),
            language=context.language,
        )
        options = WarningOptions(quotas, day, values.get("days") or 90, values.get("rhythm"))
        warning_list_of_day = look(library, options, Threads.of(values.get("workers"), context.progress))
        kept_states = _keep_and_say(library, warning_list_of_day.rows, options, bool(values.get("keep")))
        catalogue, foot = library.catalogue(), figures_foot(library.printed_name, context.language)
        titles = indicator_titles(quotas.packs, context.language)
        known_titles = KnownTitles(indicators=titles, catalogue=catalogue)
        problems = _write(
            library.crs, warning_list_of_day.table(), known_titles, quotas.packs, values, context.language
        )
    result: Result = {
        "ok": True,
        "as_of": day.isoformat(),
        "warnings": titled_rows(warning_list_of_day.rows, quotas.packs, catalogue, context.language),
        "unlooked": warning_list_of_day.unlooked,
        "problems": problems,
        **kept_states,
    }
    result |= target_answer(values)
    if values.get("page"):
        page = warning_page(warning_list_of_day, day.isoformat(), quotas.packs, catalogue, context.language)
        result["page"] = write_pages(values, [page], context, foot=foot, record=_record(quotas.packs))
    return result


def _record(packs: Sequence[Any]) -> dict[str, Any]:
    """The provenance of a list of alerts, as `provenance` takes it."""
    return {"kind": "warnings", "packs": plain_packs(packs)}


def _write(
    crs: Any, table: Any, titles: Any, packs: Sequence[Any], values: Values, language: str
) -> list[ProblemRecord]:
    """Write a list of warnings; a sheet has titles for ids. titles: a `KnownTitles`."""
    return write_tables(
        {"warnings": table},
        crs,
        values,
        language,
        form=lambda out, tables, language: tables_for(out, tables, language, titles),
        record=_record(packs),
    )


def _keep_and_say(library: Any, rows: list[dict[str, Any]], options: Any, is_kept: bool) -> Result:
    """Store the list if wanted, and add to its rows the states of warnings that the library knows."""
    new_ids = keep_warnings(library, rows, options, library.person()) if is_kept else []
    states = kept_warnings(library)
    for row in rows:
        if row["id"] in states:
            record = states[row["id"]].record()
            row.update({name: record[name] for name in STATE_COLUMNS})
    return {"opened": new_ids} if is_kept else {}


def warning_list(values: Values, context: VerbContext) -> Result:
    """The warnings that the library has opened, each with its steps; with --out also as a table."""
    check_outs(values)
    with open_library(values["library"]) as library:
        all_warnings, crs, catalogue = kept_warnings(library).values(), library.crs, library.catalogue()
        packs = last_question(library, context.language).quotas.packs if all_warnings else ()
    matches = [one for one in all_warnings if values.get("state") in (None, one.state)]
    matches = [one for one in matches if values.get("kind") in (None, one.facts["kind"])]
    titles = KnownTitles(indicators=indicator_titles(packs, context.language), catalogue=catalogue)
    problems = _write(crs, kept_table(matches), titles, packs, values, context.language)
    rows = titled_rows([one.record() for one in matches], packs, catalogue, context.language)
    return {"ok": True, "warnings": rows, "problems": problems, **target_answer(values)}


def warning_step(values: Values, context: VerbContext) -> Result:
    """Take the next step of one warning, with person and reason, and return its state."""
    with open_library(values["library"]) as library:
        who = library.person() if values.get("by") is None else checked_name(values["by"])
        check_hand(library, Hand(who))
        reason = plain_text(values["reason"], "--reason")
        warning = take_step(library, values["id"], values["state"], reason, who)
        packs, catalogue = last_question(library, context.language).quotas.packs, library.catalogue()
        (row,) = titled_rows([warning.record()], packs, catalogue, context.language)
        return {"ok": True, "warning": row}
