"""The remedy of a case's parcels, found by the packs and layer versions of its round, and kept with the round."""

import contextlib
from dataclasses import replace
from datetime import date

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.messages import wording
from onemap.rules.answers.remedy.remedy import KIND, Remedy, of_parcels, remedy
from onemap.rules.answers.remedy.remedy_json import alternative_rows, remedy_options, search_text
from onemap.rules.answers.remedy.remedy_storage import stored_options, write_remedy
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.display.outputs.outputs import check_targets, remark_records, tables_written
from onemap.rules.display.outputs.sheet_titles import titles_of_library
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import rule_titles
from onemap.rules.judge.runs.run_store import run_record, stored_question, stored_rows, stored_rules
from onemap.rules.judge.runs.stored_rows import DAMAGE, check_blocks
from onemap.rules.review.case_step import StepContent, may_act, step
from onemap.rules.review.cases.case import Case, KeptRemedy, Round
from onemap.rules.review.cases.case_conditions import check_step
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.hand import Hand


def find_and_keep(library: Library, case_id: str, hand: Hand, values: Values, context: VerbContext) -> Remedy:
    """Find the remedy of the current round's parcels, keep it with the round, and write its tables: all or nothing.

    It follows the machine's findings; ground of an overridden finding is cut all the same. Raises OneMapError review.…,
    parcel.unknown, library.read_only, out.….
    """
    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    check_targets(outs, overwrite)
    case = stored_case(library, case_id, hand.on)
    may_act(library, "remedy", None)
    check_step(case, "remedy")
    if not library.writable:
        raise OneMapError("library.read_only", file=library.label)
    question = stored_question(library, case.current.run)
    if values.get("parcel"):
        question = of_parcels(question, values["parcel"], case_id)
    threads = Threads.of(values.get("workers"), context.progress)
    new_remedy = remedy(library, question, remedy_options(values), threads)
    detail: Row = {**remedy_options(values).record(), **new_remedy.record["sums"]}
    rules = rule_titles(new_remedy.packs, new_remedy.record, context.language)
    more = overwrite, context.language, (), titles_of_library(library, rules)
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(tables_written(new_remedy.tables, library.crs, out, *more)) for out in outs]
        problems = [*new_remedy.problems, *remark_records(targets, context.language)]

        def say(case_now: Case, _: date) -> StepContent:
            if case_now.round != case.round:
                # It was found for parcels that somebody has replaced meanwhile.
                facts = {"case": case_id, "round": case.round, "rounds": case_now.round}
                raise OneMapError("review.remedy_round", field="CASE", **facts)
            return StepContent(detail, run=new_remedy.record["id"], fresh={new_remedy.record["id"]: None})

        with step(library, case_id, "remedy", hand, say, write=lambda connection: write_remedy(connection, new_remedy)):
            pass
    return replace(new_remedy, problems=problems)


def shown_remedies(library: Library, case: Case, language: str) -> list[Row]:
    """The remedies of all rounds, the oldest first; those of earlier rounds are void. The last valid one comes in full.

    One that cannot be read gets `damaged`, a sentence that says why.
    """
    last = case.current.remedies[-1:]
    rows = []
    for one in case.rounds:
        state = "current" if one.number == case.round else "void"
        for kept_remedy in one.remedies:
            remedy_facts = {
                "number": kept_remedy.number,
                "round": one.number,
                "run": kept_remedy.run,
                "by": kept_remedy.by,
                "state": state,
            }
            try:
                more = (
                    remedy_rows(library, one, kept_remedy, language)
                    if state == "current" and kept_remedy in last
                    else {}
                )
                rows.append({**_head(library, one, kept_remedy, language), "state": state, **more})
            except OneMapError as error:
                if not (error.code.startswith("run.") or error.code in DAMAGE):
                    raise
                rows.append({**remedy_facts, "damaged": wording(error.problems[0], language)[0]})
    return rows


def _head(library: Library, one: Round, kept_remedy: KeptRemedy, language: str) -> Row:
    record = run_record(library, kept_remedy.run, KIND)
    options = stored_options(library, kept_remedy.run).record()
    return {
        "number": kept_remedy.number,
        "round": one.number,
        "run": kept_remedy.run,
        "by": kept_remedy.by,
        "on": kept_remedy.on.isoformat(),
        **options,
        **record["sums"],
        "search": {**record["search"], "text": search_text(record["search"], language)},
    }


def remedy_rows(library: Library, one: Round, kept_remedy: KeptRemedy, language: str) -> Row:
    """The tables of a kept remedy as JSON: remainder, cuts with their rules' titles, alternatives.

    Raises OneMapError run.unknown, run.damaged, library.altered.
    """
    check_blocks(library, kept_remedy.run)
    tables = {
        name: [row.values for row in stored_rows(library, kept_remedy.run, name)]
        for name in ("remainder", "cuts", "alternatives", "departments")
    }
    titles = {rule.id: rule.title for rule in stored_rules(library, one.run)}
    cuts = [{**row, "title": titles.get(row["rule"], {}).get(language, row["rule"])} for row in tables["cuts"]]
    alternatives = alternative_rows(tables["alternatives"], tables["departments"])
    return {"remainder": tables["remainder"], "cuts": cuts, "alternatives": alternatives}
