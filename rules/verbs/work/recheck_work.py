"""Recheck open cases and named checks by today's data, such as every night. Nothing is written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library, open_library
from onemap.layers.messages import phrase, problem_record
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.review.cases.case import CaseState
from onemap.rules.verbs.work.table_targets import check_outs, one_or_all, target_answer, write_tables

_OPEN = (
    CaseState.DRAFT,
    CaseState.CIRCULATING,
    CaseState.CONSOLIDATED,
)  # states of a case that is not decided for good


def recheck(values: Values, context: VerbContext) -> Result:
    """Judge open cases and stored checks again by today's packs and versions: changed verdicts, reasons, warnings."""
    from onemap.layers.files.atomic_output import check_places
    from onemap.rules.display.outputs.sheet_titles import KnownTitles
    from onemap.rules.numbers.indicators.indicator_pack import indicator_titles
    from onemap.rules.numbers.warnings.warning_pages import titled_rows
    from onemap.rules.numbers.warnings.warning_states import last_question, new_warnings

    run_names = values.get("run") or []
    if not values.get("open") and not run_names and not values.get("warnings"):
        raise UsageError("usage.required", field="--open", verb="recheck")
    check_outs(values)
    overwrite = bool(values.get("overwrite"))
    pages = [*map(Path, values.get("page") or ())]
    for page in pages:
        if page.suffix.lower() != ".html":
            raise OneMapError("statement.suffix", file=page.name, field="--page", known=[".html"])
    check_places(pages, overwrite, "--page")
    with open_library(values["library"]) as library:
        records, run_records, progress = _records(library, values, context)
        warnings = None
        if values.get("warnings"):
            question = last_question(library, context.language)
            warnings = new_warnings(library, question, Threads.of(values.get("workers"), progress))
        crs, catalogue = library.crs, library.catalogue()
        facts = {"library": library.printed_name, "day": library.today().isoformat()}
        titles_of_records = record_titles(library, [*records, *run_records], context.language)
        packs = question.quotas.packs if warnings else ()
    has_turned = any(record["turned"] or record["problems"] for record in (*records, *run_records))
    result: Result = {"cases": records, "titles": titles_of_records, "failed_on": has_turned}
    if run_names:
        result["runs"] = run_records
    if warnings:
        rows = titled_rows(warnings.rows, packs, catalogue, context.language)
        result |= {"warnings": rows, "unlooked": warnings.unlooked}
    language = context.language
    titles = KnownTitles(titles_of_records["rules"], indicator_titles(packs, language), catalogue)
    more = {"warnings": warnings.table()} if warnings else {}
    tables = {**turned_tables(records, run_records), **more}
    result["problems"] = write_tables(tables, crs, values, language, language, _form(titles), titles=titles)
    if pages:
        others = [_new_warnings(warnings, packs, catalogue, context.language, facts["day"])] if warnings else []
        for page in pages:
            _write_page(page, result, facts, others, context.language, overwrite)
        result["page"] = one_or_all(list(map(str, pages)))
    return result | target_answer(values)


def _records(library: Library, values: Values, context: VerbContext) -> tuple[list[Any], list[Any], Any]:
    """The record of each case and check that was asked for, and the remaining progress."""
    from onemap.rules.judge.runs.past_runs import runs_of_names
    from onemap.rules.review.recheck import recheck as recheck_case
    from onemap.rules.review.recheck import recheck_run

    runs = runs_of_names(library, values.get("run") or ())
    cases = open_cases(library) if values.get("open") else []
    parts = iter(context.progress.parts([1] * (len(cases) + len(runs) + 1)))
    contexts = (replace(context, progress=part) for part in parts)
    records = []
    for case in cases:
        facts = {"case": case.id, "project": case.project, "state": case.state}
        records.append(_record(facts, partial(recheck_case, library, case, values), next(contexts)))
    of_runs = [
        _record({"run": run, "name": name}, partial(recheck_run, library, run, values), next(contexts))
        for run, name in runs.items()
    ]
    return records, of_runs, next(parts)


def _form(titles: Any) -> Callable[[str, Mapping[str, Any], str], Mapping[str, Any]]:
    """Return a function that gives the tables for a place: on a sheet, warnings have words of their own."""
    from onemap.rules.verbs.work.indicator_work import tables_for

    def form(out: str, tables: Mapping[str, Any], language: str) -> Mapping[str, Any]:
        own = {name: table for name, table in tables.items() if name != "warnings"}
        others = {name: table for name, table in tables.items() if name == "warnings"}
        return {**own, **tables_for(out, others, language, titles)}

    return form


def record_titles(library: Library, records: Iterable[Mapping[str, Any]], language: str) -> dict[str, dict[str, str]]:
    """The titles of the rules, layers and packs in records, and of all departments, by their ids and codes."""
    from onemap.layers.catalogue.catalogue import layer_title
    from onemap.layers.library.own_files import department_names
    from onemap.rules.judge.packs.library_packs import packs_of

    packs, catalogue, records = packs_of(library, ()), library.catalogue(), list(records)
    rule_ids = {rule for record in records for one in record["turned"] for rule in one["rules"]}
    codes = {one["code"] for record in records for one in record.get("layers", ())} & catalogue.keys()
    rules = [rule for pack in (*_packs_asked(library, records), *packs) for rule in pack.rules if rule.id in rule_ids]
    departments = department_names(library)
    return {
        "departments": {code: name[language] for code, name in departments.items()},
        "rules": {rule.id: rule.title.get(language, rule.id) for rule in rules},
        "layers": {code: layer_title(code, catalogue, language) for code in sorted(codes)},
        "packs": {pack.id: pack.title.get(language, pack.id) for pack in packs},
    }


def _packs_asked(library: Library, records: Iterable[Mapping[str, Any]]) -> list[Pack]:
    """The packs of those cases and checks whose verdicts have changed."""
    from onemap.rules.judge.runs.run_store import stored_packs
    from onemap.rules.review.cases.case_file import read_case

    turned_records = [record for record in records if record["turned"]]
    runs = [record.get("run") or read_case(library, record["case"]).current.run for record in turned_records]
    return [pack for run in dict.fromkeys(runs) for pack in stored_packs(library, run)]


def _write_page(
    page: Path, result: Result, facts: Mapping[str, str], more: Any, language: str, overwrite: bool
) -> None:
    from onemap.rules.display.outputs.turned_page import write_turned_page

    records = [*result["cases"], *result.get("runs", [])]
    write_turned_page(page, records, result["titles"], facts, language, overwrite, more)


def _new_warnings(warnings: Any, packs: Any, catalogue: Mapping[str, Any], language: str, day: str) -> Any:
    """The page of the warnings that were never opened."""
    from onemap.rules.numbers.warnings.warning_pages import warning_page

    lead = phrase("figures.warnings_new", language, count=len(warnings.rows))
    return warning_page(warnings, day, packs, catalogue, language, lead)


def open_cases(library: Library) -> list[Any]:
    """The cases that are neither issued nor withdrawn."""
    from onemap.rules.review.cases.case_file import case_on_its_day, stored_cases

    return [case_on_its_day(library, case) for case in stored_cases(library) if case.state in _OPEN]


def _record(facts: Mapping[str, Any], judge: Callable[[VerbContext], Result], context: VerbContext) -> dict[str, Any]:
    """A case or a check: its parcels with changed verdicts, and the changes behind them; or why it cannot be judged."""
    try:
        judgement = judge(context)
    except OneMapError as error:
        return {**facts, "turned": [], "problems": [problem_record(one, context.language) for one in error.problems]}
    changes: Result = {name: judgement[name] for name in ("opinions", "layers", "packs") if name in judgement}
    return {**facts, "turned": judgement["parcels"], **changes, "problems": []}


def turned_tables(cases: list[dict[str, Any]], runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The table with a row for each parcel whose verdict has changed."""
    from onemap.rules.judge.findings.table import Table

    columns = ["case", "project", "run", "parcel", "from", "to", "rules"]
    rows = [
        [record.get("case"), record.get("project"), record.get("run"), parcel["parcel"], parcel["from"], parcel["to"]]
        + [",".join(parcel["rules"])]
        for record in (*cases, *runs)
        for parcel in record["turned"]
    ]
    return {"turned": Table(pd.DataFrame(rows, columns=columns, dtype=object))}
