"""The work of each verb of the review; what only some of them need is imported there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library, open_library
from onemap.layers.messages import LANGUAGES, problem_record
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.contract.output_forms import CHECK_FORMS
from onemap.rules.contract.verdict import RANK
from onemap.rules.display.outputs.outputs import remark_records
from onemap.rules.judge.runs.run_store import check_record, whole_check
from onemap.rules.review import deciding, opinions
from onemap.rules.review.case_json import case_as_json, case_list
from onemap.rules.review.case_rows import cases_by_urgency, matches_text
from onemap.rules.review.case_step import is_logged, plain_text
from onemap.rules.review.cases.case import Case, Round
from onemap.rules.review.cases.case_conditions import check_step
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.cases.hand import Hand, check_day, hand_of, step_day
from onemap.rules.review.cases.project_data import PARCEL_FACTS
from onemap.rules.review.round_evidence import area_problems, ground_of_round
from onemap.rules.verbs.work.table_targets import check_outs

if TYPE_CHECKING:
    from onemap.rules.display.outputs.outputs import Target
    from onemap.rules.judge.runs.run import Run


def review_open(values: Values, context: VerbContext) -> Result:
    """Check parcels and open a case on them."""
    from onemap.rules.judge.incremental.verdict_changes import changed_verdicts, unasked_problems
    from onemap.rules.review import opening

    project = opening.told_project(values)
    check_outs(values, CHECK_FORMS)
    with open_library(values["library"]) as library:
        hand = hand_of(library, values)
        if values.get("against"):
            whole_check(library, values["against"], "--against")
        run = opening.judge_round(library, values, context, step_day(library, hand))
        changed_parcels = changed_verdicts(library, values["against"], run) if values.get("against") else None
        with _tables_written(library, run, values, context.language) as targets:
            case_id = opening.open_case(library, run, hand, values, project)
        case = read_case(library, case_id, hand.on)
        answer = _answer(library, case, context)
        of_run = _run_answer(library, case, run, values, context.language)
    of_run["problems"] += remark_records(targets, context.language)
    unasked_list = unasked_problems(changed_parcels or (), run.packs, run.record)
    of_run["problems"] += [problem_record(problem, context.language) for problem in unasked_list]
    return {**answer, **of_run, **({"changed": changed_parcels} if changed_parcels is not None else {})}


@contextlib.contextmanager
def _tables_written(library: Library, run: Run, values: Values, language: str) -> Iterator[Sequence[Target]]:
    """The tables of a round's check, as `check --out` writes them; in place when the block ends without an error."""
    from onemap.rules.display.outputs.outputs import tables_written
    from onemap.rules.display.outputs.sheet_titles import titles_of_check
    from onemap.rules.judge.runs.unasked_rules import unasked_rules, unasked_table

    unasked_list = unasked_rules(library, run.packs, run.record, language)
    tables = {**run.tables, "unasked_rules": unasked_table(unasked_list)}
    titles = titles_of_check(library, run.packs, run.record, language)
    more = bool(values.get("overwrite")), language, (), titles
    with contextlib.ExitStack() as stack:
        outs = values.get("out") or ()
        yield [stack.enter_context(tables_written(tables, library.crs, out, *more)) for out in outs]


def _run_answer(library: Library, case: Case, run: Run, values: Values, language: str) -> Result:
    """The check of a round, as the answer shows it with the case."""
    from onemap.rules.judge.runs.unasked_rules import rules_of_round
    from onemap.rules.review.opening import shared_ground

    remarks = [*area_problems(library, case.current.run, case.data, case.terms), *shared_ground(library, case)]
    problems = [*run.problems, *(problem_record(problem, language) for problem in remarks)]
    of_run: Result = {"verdicts": run.verdicts, "verdict": run.verdict, "problems": problems}
    of_run |= rules_of_round(library, run.packs, run.record, language)
    threshold = values.get("fail_on")
    if threshold and RANK[run.verdict] <= RANK[threshold]:
        of_run["failed_on"] = threshold
    return of_run


def review_list(values: Values, context: VerbContext) -> Result:
    """The cases of a library."""
    with open_library(values["library"]) as library:
        check_day(library, values.get("on"))
        cases, problems = case_list(library, values.get("state"), values.get("on"))
    if values.get("find"):
        cases = [case for case in cases if matches_text(case, values["find"])]
    if values.get("waiting"):
        cases = [case for case in cases if values["waiting"] in case["waiting"]]
    answer: Result = {"cases": cases, "problems": [problem_record(problem, context.language) for problem in problems]}
    if values.get("most"):
        begin = values["most"] * ((values.get("page") or 1) - 1)
        answer |= {"cases": cases_by_urgency(cases)[begin : begin + values["most"]], "total": len(cases)}
    return answer


def review_show(values: Values, context: VerbContext) -> Result:
    """One case as it stands, and the rules and versions by which the round's parcels were judged."""
    from onemap.rules.judge.runs.run_store import stored_packs
    from onemap.rules.judge.runs.unasked_rules import NO_RULES, rules_of_round

    with open_library(values["library"]) as library, library.reading():
        check_day(library, values.get("on"))
        case = read_case(library, values["case"], values.get("on"))
        answer, one = _answer(library, case, context, values.get("by")), _round(case, values)
        is_readable = case.damage is None or one.number != case.round
        if is_readable:
            packs, record = stored_packs(library, one.run), check_record(library, one.run)
        answer |= rules_of_round(library, packs, record, context.language) if is_readable else NO_RULES
        if values.get("findings"):
            from onemap.rules.judge.runs.stored_tables import finding_records

            answer["findings"] = finding_records(library, one.run, values["findings"], context.language)
        if values.get("ground"):
            answer["ground"] = ground_of_round(library, one, context.language)
        if values.get("out"):
            from onemap.rules.review.round_evidence import write_evidence

            overwrite = bool(values.get("overwrite"))
            cut = write_evidence(library, one, answer["unasked"], values["out"], overwrite, context.language)
            return {**answer, "problems": [problem_record(problem, context.language) for problem in cut]}
        return answer


def _round(case: Case, values: Values) -> Round:
    """The requested round, by default the current one."""
    number = values.get("round") or case.round
    if number > case.round:
        raise OneMapError("review.round", case=case.id, round=number, rounds=case.round, field="--round")
    return case.rounds[number - 1]


def _answer(library: Library, case: Case, context: VerbContext, by: str | None = None) -> Result:
    """The case as JSON; a session remembers which revision it has seen."""
    if context.session is not None:
        context.session["review", library.id, case.id] = case.revision
    facts = _given_facts(library, case, context.language)
    return {**case_as_json(library, case, context.language, by), "facts": facts}


def _given_facts(library: Library, case: Case, language: str) -> list[dict[str, Any]]:
    """The stated facts of the project, each with its title and its value as documents print it."""
    from onemap.rules.review.statement.document_words import given_facts

    has_record = case.damage is None and bool(case.data.get(PARCEL_FACTS))
    system = check_record(library, case.current.run)["parameters"].get("code_system") if has_record else None
    return [row for row in given_facts(case, system, language) if row["value"]]


def _take_step(values: Values, context: VerbContext, act: Callable[..., Any], *arguments: Any) -> Result:
    """Take one step of a case, and return the case. act: called with library, case and hand, then with `arguments`."""
    with open_library(values["library"]) as library:
        hand = hand_of(library, values)
        if context.session is not None and hand.expect is None:  # who says what was seen is taken by that word
            hand = replace(hand, seen=context.session.get(("review", library.id, values["case"])))
        act(library, values["case"], hand, *arguments)
        with library.reading():
            return _answer(library, read_case(library, values["case"], hand.on), context, hand.by)


def _reason(values: Values) -> str | None:
    """The given reason, or None. Raises OneMapError review.text."""
    return plain_text(values.get("reason"), "--reason") or None


def review_circulate(values: Values, context: VerbContext) -> Result:
    """Send a case out."""
    return _take_step(values, context, deciding.circulate, _reason(values))


def review_opine(values: Values, context: VerbContext) -> Result:
    """Write a department's opinion, from arguments or a reply file; or enter another body's answer on paper."""
    department = values["department"]
    if department not in DEPARTMENTS and not values.get("reply"):
        return _take_step(values, context, _enter, values)
    if values.get("attach"):
        raise UsageError("review.attach_to_opinion", field="--attach")
    if values.get("reply"):
        for name in ("conclusion", "text", "basis", "answer"):
            if values.get(name):
                raise UsageError("review.reply_and_words", field=f"--{name}")

    gave_way: dict[str, str] = {}

    def act(library: Library, case: str, hand: Hand) -> None:
        if values.get("reply"):
            from onemap.rules.review.statement.reply_taking import read_letter

            words, letter = read_letter(library, values["reply"], department, hand.on)
            gave_way.update(opinions.opine(library, case, department, words, hand, letter) or {})
            return
        content = (values.get("conclusion"), values.get("text"), values.get("basis"), values.get("answer") or ())
        gave_way.update(opinions.opine(library, case, department, opinions.checked_words(*content), hand) or {})

    answer = _take_step(values, context, act)
    # Whose draft gave way is reported, so that nobody's work goes unseen.
    return {**answer, "instead_of": gave_way or None}


def _enter(library: Library, case_id: str, hand: Hand, values: Values) -> None:
    from onemap.rules.review import bodies
    from onemap.rules.review.attachments import attachment

    content = (values.get("conclusion"), values.get("text"), values.get("basis"), values.get("answer") or ())
    words = opinions.checked_words(*content)
    papers = [attachment(path) for path in values.get("attach") or ()]
    bodies.enter_answer(library, read_case(library, case_id, hand.on), values["department"], words, papers, hand)


def review_sign(values: Values, context: VerbContext) -> Result:
    """Sign a department's opinion."""
    department, reason = values["department"], _reason(values)
    unanswered = plain_text(values.get("unanswered"), "--unanswered") or None
    return _take_step(
        values, context, lambda library, case, hand: opinions.sign(library, case, department, hand, reason, unanswered)
    )


def review_return(values: Values, context: VerbContext) -> Result:
    """Give a department's opinion back."""
    department, reason = values["department"], _reason(values)
    return _take_step(
        values, context, lambda library, case, hand: opinions.return_opinion(library, case, department, hand, reason)
    )


def review_override(values: Values, context: VerbContext) -> Result:
    """Judge a finding otherwise."""
    facts = (values["parcel"], values["rule"], values["verdict"], _reason(values) or "")
    judgement = opinions.Judgement(*facts, department=values.get("department"), before=values.get("before"))
    return _take_step(values, context, lambda library, case, hand: opinions.override(library, case, judgement, hand))


def review_extend(values: Values, context: VerbContext) -> Result:
    """Give more working days."""
    department, days = values.get("department"), values["days"]
    return _take_step(
        values,
        context,
        lambda library, case, hand: opinions.extend(library, case, department, days, hand, _reason(values) or ""),
    )


def review_revise(values: Values, context: VerbContext) -> Result:
    """Open the next round on new parcels."""
    from onemap.rules.review import opening

    check_outs(values, CHECK_FORMS)
    with open_library(values["library"]) as library:
        hand = hand_of(library, values)
        before = opening.revisable(library, values["case"])
        opening.check_same_project(before, values)
        pack_names = values.get("pack") or [pack["name"] for pack in before.options["packs"] if pack["name"]]
        own_values = {**values, "pack": pack_names, "only": values.get("only") or before.options["only"]}
        day, facts = step_day(library, hand, before.last_day), before.data.get(PARCEL_FACTS)
        run = opening.judge_round(library, own_values, context, day, facts)
        with _tables_written(library, run, values, context.language) as targets:
            opening.revise(library, values["case"], run, hand, _reason(values), pack_names)
        case = read_case(library, values["case"], hand.on)
        answer = _answer(library, case, context)
        of_run = _run_answer(library, case, run, values, context.language)
    of_run["problems"] += remark_records(targets, context.language)
    return {**answer, **of_run}


def review_recheck(values: Values, context: VerbContext) -> Result:
    """The changes that a recheck would make today."""
    from onemap.rules.review.opening import log_recheck
    from onemap.rules.review.recheck import recheck

    with open_library(values["library"]) as library:
        hand = hand_of(library, values)
        case = read_case(library, values["case"], hand.on)
        check_step(case, "recheck")
        changes = recheck(library, case, values, context)
        if library.writable and is_logged(library):
            log_recheck(library, case, hand.by, sum(map(len, changes.values())))
        answer = _answer(library, case, context)
    return {**answer, "changes": changes}


def review_remedy(values: Values, context: VerbContext) -> Result:
    """Find what would pass of a case's parcels, and store it with the round."""
    from onemap.rules.review.remedies import find_and_keep

    with open_library(values["library"]) as library:
        hand = hand_of(library, values)
        remedy = find_and_keep(library, values["case"], hand, values, context)
        answer = _answer(library, read_case(library, values["case"], hand.on), context, hand.by)
    return {**answer, "problems": remedy.problems, **({"out": values["out"]} if values.get("out") else {})}


def review_consolidate(values: Values, context: VerbContext) -> Result:
    """Join the opinions."""
    return _take_step(values, context, deciding.consolidate, values.get("conclusion"), _reason(values))


def review_issue(values: Values, context: VerbContext) -> Result:
    """Issue the statement."""
    return _take_step(values, context, deciding.issue, values.get("conclusion"), _reason(values))


def review_withdraw(values: Values, context: VerbContext) -> Result:
    """End a case without a statement."""
    return _take_step(values, context, deciding.withdraw, _reason(values))


def review_notice(values: Values, context: VerbContext) -> Result:
    """Show a case to the public."""
    from onemap.rules.review.notice_steps import open_notice
    from onemap.rules.review.statement.document_words import words

    labels = {language: words(language) for language in LANGUAGES}
    notice_values = (values["days"], tuple(dict.fromkeys(values.get("withhold") or ())), _reason(values))
    return _take_step(values, context, open_notice, *notice_values, labels)


def review_comments(values: Values, context: VerbContext) -> Result:
    """The comments on a public notice."""
    from onemap.rules.review.notice_rows import comment_records, notice_record

    with open_library(values["library"]) as library, library.reading():
        case = read_case(library, values["case"])
        notice = case.notice(values.get("notice"))
        record, comments = notice_record(library, case, notice), comment_records(library, case, notice)
    return {"case": case.id, "project": case.project, "notice": record, "comments": comments}


def review_respond(values: Values, context: VerbContext) -> Result:
    """Reply to a comment."""
    from onemap.rules.review.notice_steps import respond

    text = plain_text(values["text"], "--text")
    return _take_step(values, context, respond, values["comment"], text, values.get("notice"))


def review_close(values: Values, context: VerbContext) -> Result:
    """Close a public notice."""
    from onemap.rules.review.notice_steps import close_notice

    return _take_step(values, context, close_notice, _reason(values), values.get("notice"))


def review_erase(values: Values, context: VerbContext) -> Result:
    """Erase who wrote a comment."""
    from onemap.rules.review.notice_steps import erase_person

    return _take_step(values, context, erase_person, values["comment"], _reason(values), values.get("notice"))


def review_publish(values: Values, context: VerbContext) -> Result:
    """Update the layers of approvals, earlier opinions and projects."""
    with open_library(values["library"]) as library:
        layers, unreadable = deciding.publish(library, hand_of(library, values))
    problems = [problem_record(problem, context.language) for problem in unreadable]
    return {"ok": True, "layers": layers, **({"problems": problems} if problems else {})}


def review_export(values: Values, context: VerbContext) -> Result:
    """Write a case's document."""
    from onemap.rules.review.statement.case_export import export_case

    with open_library(values["library"]) as library:
        case = read_case(library, values["case"])
        document = export_case(
            library,
            case,
            values["target"],
            department=values.get("department"),
            language=context.language,
            document=values.get("document"),
            templates=values.get("templates"),
            overwrite=bool(values.get("overwrite")),
            progress=context.progress,
            annexes=values.get("annexes"),
        )
    return {"ok": True, "case": case.id, "target": values["target"], **document}


def review_attachment(values: Values, context: VerbContext) -> Result:
    """Write a file that was attached to a case, as it was attached."""
    from pathlib import Path

    from onemap.layers.files.atomic_output import atomic_output, check_place
    from onemap.rules.review.attachments import stored_attachment

    target, overwrite = Path(values["target"]), bool(values.get("overwrite"))
    check_place(target, overwrite, "TARGET")
    with open_library(values["library"]) as library:
        case = read_case(library, values["case"])
        attachment = stored_attachment(library, case, values["file"])
    with atomic_output(target, overwrite, "TARGET") as new_file:
        new_file.write_bytes(attachment.content)
    return {
        "ok": True,
        "case": case.id,
        "name": attachment.name,
        "size": len(attachment.content),
        "target": values["target"],
    }
