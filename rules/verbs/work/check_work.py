"""The verbs of the check; what only some of them need is imported there."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onemap.layers.library.library import open_library
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.contract.output_forms import CHECK_FORMS
from onemap.rules.contract.verdict import RANK
from onemap.rules.verbs.work.table_targets import target_answer, with_turned

if TYPE_CHECKING:
    from onemap.rules.judge.incremental.verdict_changes import ChangedParcel

_KEPT = 0.93  # of a check whose tables are written, when its rows are in the library
_JUDGED_OF_WRITTEN = 0.93  # how much earlier such a check has judged


def check(values: Values, context: VerbContext) -> Result:
    """Check parcels, keep the run in the library, and write its tables: both, or neither."""
    from onemap.rules.display.outputs.outputs import check_targets
    from onemap.rules.judge.distributed.check_of_any_size import Execution, run_of_any_size
    from onemap.rules.judge.incremental.verdict_changes import VerdictChanges, titles_of_changed, unasked_problems
    from onemap.rules.judge.inputs.parcel_sources import files_of_parcels
    from onemap.rules.judge.packs.pack import rule_titles
    from onemap.rules.judge.question.question import check_options
    from onemap.rules.judge.runs.past_runs import run_of_name
    from onemap.rules.judge.runs.run import RowsOutdated
    from onemap.rules.judge.runs.run_store import run_names, whole_check
    from onemap.rules.judge.runs.unasked_rules import asked_answer, unasked_rules

    outs, against = values.get("out") or [], values.get("against")
    with contextlib.ExitStack() as stack:
        is_served = context.session is not None
        files, unread = stack.enter_context(files_of_parcels(values["parcels"], is_served))
        options = check_options({**values, "parcels": files, "unread": unread})
        check_targets(outs, bool(values.get("overwrite")), files, CHECK_FORMS)
        library = stack.enter_context(open_library(values["library"]))
        if against:
            against = run_of_name(run_names(library), against)
            whole_check(library, against, "--against")
        how = values.get("workers"), values.get("scheduler"), values.get("shared")
        execution = Execution(values["library"], *how, in_parts=True)
        judging = context.progress.part(0.0, _JUDGED_OF_WRITTEN if outs else 1.0)
        run = stack.enter_context(run_of_any_size(library, options, context.language, execution, judging, against))
        context.left.append(run)
        # A trial is no state of the library; and one that may only be read gives its verdicts all the same.
        is_recorded = library.writable and not options.replaced and not values.get("unrecorded")
        while True:
            changes = VerdictChanges(library, against) if against else None
            unasked_list = unasked_rules(library, run.packs, run.record, context.language)
            with contextlib.suppress(RowsOutdated):
                remarks = _write_check(library, run, values, context, is_recorded, changes, unasked_list)
                break
        changed_parcels = changes.changed_parcels() if changes else None
    if changed_parcels is not None:
        problems = unasked_problems(changed_parcels, run.packs, run.record)
        remarks += [problem_record(problem, context.language) for problem in problems]
    rules_answer: Result = asked_answer(run.packs, run.record, unasked_list, context.language)
    if changed_parcels is not None:
        rules_answer["rule_titles"] = titles_of_changed(
            changed_parcels, rule_titles(run.packs, run.record, context.language)
        )
    return {**_check_result(run, values, is_recorded, remarks, changed_parcels), **rules_answer}


def _opened_outputs(library: Any, run: Any, values: Values, language: str) -> list[Any]:
    """The outputs of a run, not yet begun."""
    from onemap.rules.display.outputs.outputs import output_opened
    from onemap.rules.display.outputs.sheet_titles import titles_of_check

    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    if not outs:
        return []
    titles = titles_of_check(library, run.packs, run.record, language)
    return [output_opened(library.crs, out, overwrite, language, titles=titles) for out in outs]


def _write_check(
    library: Any,
    run: Any,
    values: Values,
    context: VerbContext,
    is_recorded: bool,
    changes: Any,
    unasked_list: Sequence[Mapping[str, str]],
) -> list[ProblemRecord]:
    """Write a run's rows to its tables and, if it is recorded, to the library; return what the tables could not hold.

    changes: a `VerdictChanges` that takes the rows too, or None; unasked_list: the rules that were not asked, for a
    table of their own.
    """

    from onemap.rules.display.outputs.outputs import remark_records
    from onemap.rules.judge.runs.background_recorder import run_recorder
    from onemap.rules.judge.runs.bad_parcels import BAD_TABLE, bad_parcels_table
    from onemap.rules.judge.runs.unasked_rules import unasked_table

    with contextlib.ExitStack() as stack:
        takers = [stack.enter_context(one) for one in _opened_outputs(library, run, values, context.language)]
        recorder = stack.enter_context(run_recorder(library, run.record["id"], run.parcels)) if is_recorded else None
        step, done_share = phrase("progress.writing" if is_recorded else "progress.tables", context.language), 0.0
        step_range = context.progress.reached_share, _KEPT if takers else 1.0, None if run.is_ahead else step
        keeping = context.progress.part(
            *step_range
        )  # of who judges meanwhile stand the words: by turns both would flicker
        keeping.at(0.0)
        for chunk in run.chunks():
            for taker in takers:
                taker.append(chunk.tables)
            begin, done_share = done_share, done_share + chunk.count / max(run.parcels, 1)
            if recorder:
                recorder.append(chunk, keeping.part(begin, done_share))
            if changes:
                changes.append(chunk)
            keeping.at(done_share)
        keeping.at(1.0, step)
        bad = {BAD_TABLE: bad_parcels_table(run.bad, context.language)} if values.get("keep_bad") else {}
        _end_rows(takers, values, {"unasked_rules": unasked_table(unasked_list), **bad}, changes)
        if recorder:
            recorder.insert_all(keeping)  # while what is left of the tables is still on its way
        for taker, part in zip(takers, context.progress.part(_KEPT, 1.0, step).parts([1] * len(takers)), strict=True):
            taker.finish(part)
        if recorder:
            recorder.finish_check(run.record, run.packs, run.verdicts)
        context.progress.settle()
    return remark_records(takers, context.language)


def _end_rows(takers: Sequence[Any], values: Values, tables: Mapping[str, Any], changes: Any) -> None:
    """Give the outputs the last tables, which concern the whole run."""
    for out, taker in zip(values.get("out") or [], takers, strict=True):
        taker.append(with_turned(out, tables, changes.changed_parcels) if changes else tables)
        taker.end()


def _check_result(
    run: Any,
    values: Values,
    is_recorded: bool,
    remarks: list[ProblemRecord],
    changed_parcels: "list[ChangedParcel] | None",
) -> Result:
    """The answer of `check`.

    changed_parcels: the parcels whose verdict differs from the earlier run's, None without one.
    """
    from onemap.rules.judge.question.question import LEFT_OUT

    result: Result = {
        "run": {**run.record, "recorded": is_recorded},
        "parcels": run.parcels,
        "verdicts": run.verdicts,
        "verdict": run.verdict,
        "seconds": run.record["seconds"],
        "problems": [*run.problems, *remarks],
    }
    result |= target_answer(values)
    if changed_parcels is not None:
        result["changed"] = changed_parcels
    if values.get("keep_bad"):
        result |= _set_aside(run, values)
    if unread_files := run.record["parameters"].get(LEFT_OUT):
        result |= {LEFT_OUT: unread_files, "failed_on": LEFT_OUT}
    threshold = values.get("fail_on")
    if threshold and RANK[run.verdict] <= RANK[threshold]:
        result["failed_on"] = threshold
    return result


def _set_aside(run: Any, values: Values) -> Result:
    """The number of parcels that could not be used, and the table that has them; None if no tables were wanted."""
    from onemap.rules.judge.runs.bad_parcels import BAD_TABLE

    count = sum(len(some.rows) for _, some in run.bad)
    return {"set_aside": count, "bad_table": BAD_TABLE if count and values.get("out") else None}


def explain(values: Values, context: VerbContext) -> Result:
    """How a finding, or an indicator's value, came about."""
    from onemap.rules.judge.runs.explain import explain as explained
    from onemap.rules.judge.runs.run_store import kind_of, run_record
    from onemap.rules.numbers.indicators.explain_indicator import explain_indicator
    from onemap.rules.numbers.indicators.indicators import KIND as INDICATORS

    with open_library(values["library"]) as library:
        if kind_of(run_record(library, values["run"], None)) == INDICATORS:
            return explain_indicator(library, values["run"], values["parcel"], values["rule"], context.language)
        return explained(library, values["run"], values["parcel"], values["rule"], context.language)
