"""The verb of past runs: listed, shown again, compared, named, taken away."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import UsageError
from onemap.rules.verb.declaration import Result, Values, VerbContext
from onemap.rules.work.table_targets import target_answer, write_tables


def runs(values: Values, context: VerbContext) -> Result:
    """The runs that a library keeps; with RUN one of them, which is written, compared, named or taken away."""
    from onemap.layers.library.library import open_library, system_user
    from onemap.layers.stores.library_tables import LIBRARY_TABLES
    from onemap.layers.stores.logged_rows import plain_tables
    from onemap.rules.runs.past_runs import name_run, past_runs, remove_run
    from onemap.rules.work.judgement_tables import TABLES

    run, tables = values.get("run"), plain_tables((*LIBRARY_TABLES, *TABLES))
    asked = [f"--{name}" for name in ("name", "remove", "against", "out") if values.get(name) not in (None, False, [])]
    if asked and not run:
        raise UsageError("usage.alone", field=asked[0], other="RUN")
    if values.get("remove") and len(asked) > 1:
        raise UsageError("usage.apart", field="--remove", other=next(one for one in asked if one != "--remove"))
    with open_library(values["library"]) as library:
        if not run:
            return {"ok": True, "runs": past_runs(library, values.get("kind"), tables)}
        if values.get("remove"):
            return {"ok": True, "removed": remove_run(library, run, system_user(), tables)}
        if values.get("name") is not None:
            return {"ok": True, "named": {"id": run, "name": name_run(library, run, values["name"], system_user())}}
        return _one_run(library, run, values, context)


def _one_run(library: Any, run: str, values: Values, context: VerbContext) -> Result:
    """A stored check as `check` answered it, its tables written where that is asked for."""
    from onemap.rules.outputs.outputs import check_targets
    from onemap.rules.outputs.sheet_titles import KnownTitles
    from onemap.rules.packs.pack import rule_titles
    from onemap.rules.runs.past_runs import run_names, stored_verdicts
    from onemap.rules.runs.run import most_severe
    from onemap.rules.runs.run_store import run_record, stored_packs
    from onemap.rules.runs.unasked_rules import rules_of_stored_run

    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    check_targets(outs, overwrite, [values["library"]])
    record, rules = run_record(library, run), rules_of_stored_run(library, run, context.language)
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
    if outs:
        rules = rule_titles(stored_packs(library, run), record, context.language)
        titles, languages = KnownTitles(rules, catalogue=library.catalogue()), (context.language, context.language)
        result["problems"] += write_tables(tables, library.crs, values, *languages, titles=titles)
    result |= target_answer(values)
    if values.get("against"):
        result["changed"] = _changes(library, values["against"], tables)
    return result


def _tables(library: Any, run: str, record: Mapping[str, Any], unasked: Any, language: str) -> dict[str, Any]:
    from onemap.rules.findings.run_tables import run_table
    from onemap.rules.runs.stored_tables import stored_tables
    from onemap.rules.runs.unasked_rules import unasked_table

    tables = stored_tables(library, run, language)
    return {**tables, "run": run_table(dict(record)), "unasked_rules": unasked_table(unasked)}


def _changes(library: Any, against: str, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parcels whose verdict in these tables differs from that of an earlier run."""
    from onemap.rules.incremental.verdict_changes import VerdictChanges
    from onemap.rules.runs.run import Chunk
    from onemap.rules.runs.run_store import run_record

    run_record(library, against)
    changes = VerdictChanges(library, against)
    changes.append(Chunk(dict(tables)))
    return changes.changed_parcels()
