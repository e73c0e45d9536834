"""The verb of past runs: list, show again, compare, name, remove."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.errors import UsageError
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import open_library
from onemap.layers.messages import ProblemRecord, problem_record
from onemap.rules.answers.remedy.remedy import KIND as REMEDY
from onemap.rules.answers.remedy.remedy_storage import remedy_tables
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.contract.output_forms import CHECK_FORMS, TABLE_FORMS
from onemap.rules.contract.verdict import most_severe
from onemap.rules.display.outputs.sheet_titles import KnownTitles, titles_of_check, titles_of_library
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.incremental.verdict_changes import (
    ChangedParcel,
    VerdictChanges,
    titles_of_changed,
    unasked_problems,
)
from onemap.rules.judge.packs.pack import rule_titles
from onemap.rules.judge.runs.past_runs import name_run, past_runs, remove_run, run_of_name, stored_verdicts
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import (
    CHECK,
    check_record,
    kind_of,
    run_names,
    run_record,
    stored_packs,
    stored_rows,
    whole_check,
)
from onemap.rules.judge.runs.stored_rows import check_blocks
from onemap.rules.judge.runs.unasked_rules import rules_of_stored_run, unasked_rules, unasked_table
from onemap.rules.numbers.indicators.indicator_pack import indicator_titles
from onemap.rules.numbers.indicators.indicator_sheets import term_titles
from onemap.rules.numbers.indicators.indicator_storage import stored_options
from onemap.rules.numbers.indicators.indicators import KIND as INDICATORS
from onemap.rules.numbers.indicators.indicators import titled_tables
from onemap.rules.verbs.work.indicator_work import tables_for
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, with_turned, write_tables


def runs(values: Values, context: VerbContext) -> Result:
    """The runs stored in a library; with RUN, write, compare, name or remove that run."""
    from onemap.rules.verbs.work.judgement_tables import stored_tables

    run = values.get("run")
    options = [
        f"--{name}" for name in ("name", "remove", "against", "out") if values.get(name) not in (None, False, [])
    ]
    if options and not run:
        raise UsageError("usage.alone", field=options[0], other="RUN")
    if values.get("remove") and len(options) > 1:
        raise UsageError("usage.apart", field="--remove", other=next(one for one in options if one != "--remove"))
    with open_library(values["library"]) as library:
        tables = stored_tables(library)
        if not run:
            all_runs, problems = past_runs(library, values.get("kind"), tables)
            return {
                "ok": True,
                "runs": all_runs,
                "problems": [problem_record(one, context.language) for one in problems],
            }
        names = run_names(library)
        run = run_of_name(names, run)
        values = {**values, "against": run_of_name(names, values["against"])} if values.get("against") else values
        if values.get("remove"):
            return {"ok": True, "removed": remove_run(library, run, library.person(), tables)}
        if values.get("name") is not None:
            return {"ok": True, "named": {"id": run, "name": name_run(library, run, values["name"], library.person())}}
        return _one_run(library, run, values, context)


def _one_run(library: Any, run: str, values: Values, context: VerbContext) -> Result:
    """A stored check as `check` answered it, or the record of another run; its tables are written if asked."""
    record = run_record(library, run, CHECK if values.get("against") else None)
    kind = kind_of(record)
    outs = check_outs(values, CHECK_FORMS if kind == CHECK else TABLE_FORMS)
    if kind != CHECK:
        problems = _write_stored_tables(library, run, record, kind, values, context.language) if outs else []
        answer = {"run": {**record, "kind": kind, "recorded": True}, "name": run_names(library).get(run)}
        return {**answer, "problems": problems, **target_answer(values)}
    check_blocks(library, run)
    rules = rules_of_stored_run(library, run, context.language)
    verdicts = stored_verdicts(library, run)
    result: Result = {
        "run": {**record, "recorded": True},
        "name": run_names(library).get(run),
        "parcels": sum(verdicts.values()),
        "verdicts": verdicts,
        "verdict": most_severe(verdicts),
        **rules,
        "problems": [],
    }
    needs_tables = outs or values.get("against")
    tables = _tables(library, run, record, rules["unasked"], context.language) if needs_tables else {}
    packs_and_record = (
        (stored_packs(library, run), check_record(library, run), context.language) if needs_tables else None
    )
    titles = titles_of_check(library, *packs_and_record) if packs_and_record else None
    # What is refused is refused before anything is written.
    changed_parcels = _changes(library, values["against"], tables) if values.get("against") else None
    if outs:

        def for_place(out: str, rows: Mapping[str, Any], _tongue: str) -> Mapping[str, Any]:
            return rows if changed_parcels is None else with_turned(out, rows, lambda: changed_parcels)

        languages = context.language, context.language
        result["problems"] += write_tables(tables, library.crs, values, *languages, for_place, titles=titles)
    result |= target_answer(values)
    if changed_parcels is not None and packs_and_record is not None and titles is not None:
        unasked_list = unasked_problems(changed_parcels, *packs_and_record[:2])
        result["problems"] += [problem_record(problem, context.language) for problem in unasked_list]
        result |= {"changed": changed_parcels, "rule_titles": titles_of_changed(changed_parcels, titles.rules)}
    return result


def _tables(library: Any, run: str, record: Mapping[str, Any], unasked_list: Any, language: str) -> dict[str, Any]:
    from onemap.rules.judge.runs.stored_tables import stored_tables

    tables = stored_tables(library, run, language)
    return {**tables, "run": run_table(dict(record)), "unasked_rules": unasked_table(unasked_list)}


def _changes(library: Any, against: str, tables: Mapping[str, Any]) -> list[ChangedParcel]:
    """The parcels whose verdict in these tables differs from that of an earlier run."""
    whole_check(library, against, "--against")
    changes = VerdictChanges(library, against)
    changes.append(Chunk(dict(tables)))
    return changes.changed_parcels()


def _write_stored_tables(
    library: Any, run: str, record: Mapping[str, Any], kind: str, values: Values, language: str
) -> list[ProblemRecord]:
    """Write a run's tables to all targets; return what a form could not hold, as the contract's JSON objects.

    Raises OneMapError run.damaged, run.incomplete, out.….
    """
    check_blocks(library, run)
    catalogue = library.catalogue()
    own = {"run": run_table(dict(record))}
    if kind == INDICATORS:
        packs = stored_options(library, run).packs
        titles = KnownTitles(terms=term_titles(packs, catalogue, language), catalogue=catalogue)
        tables = {**_indicator_tables(library, run, indicator_titles(packs, language)), **own}

        def for_people(out: str, rows: Mapping[str, Any], tongue: str) -> Any:
            return tables_for(out, rows, tongue, titles)

        return write_tables(tables, library.crs, values, language, form=for_people)
    if kind == REMEDY:
        judging = stored_packs(library, run, REMEDY)
        titles = titles_of_library(library, rule_titles(judging, record, language))
        unasked_list = unasked_rules(library, judging, record, language)
        tables = {**remedy_tables(library, run), "unasked_rules": unasked_table(unasked_list)}
    else:
        tables, titles = _comparison_tables(library, run), titles_of_library(library)
    return write_tables({**tables, **own}, library.crs, values, language, language, titles=titles)


def _comparison_tables(library: Any, run: str) -> dict[str, Any]:
    """Spots with their ground, the matrix, clusters and statistics, as stored."""
    from onemap.rules.answers.compare.comparison_storage import KEPT

    return {name: table for name in KEPT if (table := _stored_table(library, run, name)) is not None}


def _indicator_tables(library: Any, run: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """Values, terms and features, as stored. titles: of indicators."""
    from onemap.rules.numbers.indicators.indicator_storage import KEPT

    tables = {name: table for name in KEPT if (table := _stored_table(library, run, name)) is not None}
    return titled_tables(tables, titles) if "indicators" in tables else tables


def _stored_table(library: Any, run: str, name: str) -> Any:
    """A stored table, with the shapes of its rows if they have some; None without rows."""
    rows = stored_rows(library, run, name)
    if not rows:
        return None
    columns = pd.DataFrame([row.values for row in rows], dtype=object)
    columns = columns.where(columns.notna(), None)
    present_values = {str(name): columns[name].dropna() for name in columns}
    texts = {name for name, values in present_values.items() if values.map(lambda one: isinstance(one, str)).any()}
    numbers = [name for name, values in present_values.items() if len(values) and name not in texts]
    columns = columns.assign(**{name: columns[name].infer_objects() for name in numbers})
    if all(row.wkb is None for row in rows):
        return Table(columns)
    return Table(columns, geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object)))
