"""Cases are opened, revised and rechecked: parcels are checked, routed to departments, and drafts written."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log, now, sha256
from onemap.layers.messages import phrase
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.store import StoreConnection
from onemap.layers.system_reasons import file_reason
from onemap.rules.check.check import check
from onemap.rules.overlay.threads import Threads
from onemap.rules.packs.pack import joined_rules
from onemap.rules.question.check_options import check_options
from onemap.rules.question.given_facts import GivenFacts, facts_content
from onemap.rules.question.question import Question, question_of
from onemap.rules.review.case import MACHINE, Case, ChecklistItem, Opinion, Override
from onemap.rules.review.case_step import Place, Stamp, enter, put_opinion, step, whole_case
from onemap.rules.review.hand import Hand, late_day, step_day
from onemap.rules.review.project_data import PARCEL_FACTS, checked_data
from onemap.rules.review.review_tables import FILES, TABLES, make_tables
from onemap.rules.review.routing import Draft, checklist_items, departments_of_rules, drafts, inputs_by_department
from onemap.rules.review.staleness import pack_sources, watched_text
from onemap.rules.review.state_machine import case_state_after
from onemap.rules.review.terms import deadline, terms_of
from onemap.rules.review.working_days import calendar_of
from onemap.rules.runs.run import Run
from onemap.rules.runs.run_store import rows_of_table, write_run
from onemap.rules.verb.declaration import Values, VerbContext

_MOST_NAME, _MOST_BYTES = 200, 50_000_000
_READ = 0.1  # of the work, when the parcels are read


@dataclass(frozen=True)
class Attachment:
    """A file that goes into a case."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Project:
    """What is told of a project when its case is opened: its name, its checked facts, its files."""

    name: str
    data: Mapping[str, Any]
    files: tuple[Attachment, ...]


def told_project(values: Values) -> Project:
    """The project of a verb's values, read before anything is checked. Raises OneMapError review.…, data.…."""
    content, facts = facts_content(values["data"]) if values.get("data") else ({}, GivenFacts())
    data = checked_data(content, facts.file)
    return Project(
        project_name(values["project"]),
        {**data, PARCEL_FACTS: facts.plain} if facts.values else data,
        tuple(attachment(path) for path in values.get("attach") or ()),
    )


def judge_round(
    library: Library, values: Values, context: VerbContext, day: date, facts: Mapping[str, Any] | None = None
) -> Run:
    """The run of a round: the verb's parcels by its packs, as of its day.

    facts: what the case says for its parcels, where the verb is given no file of facts.
    Raises OneMapError for every refusal.
    """
    if not library.writable:
        raise OneMapError("library.read_only", file=library.label)
    if not library.roles.is_lead:
        raise OneMapError("review.lead_only", field="--by", action="review open, review revise")
    threads = Threads.of(values.get("workers"), context.progress)
    reading = threads.progress.part(0.0, _READ, phrase("progress.parcels", context.language))
    reading.at(0.0)
    options = check_options(values, day, GivenFacts(facts or {}))
    question = question_of(library, options, context.language, threads.workers, reading)
    return run_question(library, question, values, context)


def run_question(library: Library, question: Question, values: Values, context: VerbContext) -> Run:
    """The run of a question."""
    return check(library, question, Threads.of(values.get("workers"), context.progress))


def propose_drafts(run: Run, overrides: Sequence[Override] = ()) -> tuple[tuple[Draft, ...], tuple[ChecklistItem, ...]]:
    """The ten drafts and the checklist that follow from a run."""
    rules = {rule.id: rule for rule in joined_rules(run.question.packs)}
    # What only counts the ground by classes judges nothing, so nobody has to judge in its stead.
    skipped = [item for item in run.record["skipped"] if rules[item["rule"]].finds]
    skipped = [item for item in skipped if item["reason"] != "law_not_in_force"]
    findings = [row.values for row in rows_of_table(run.tables["findings"])]
    items = checklist_items(run.question.packs, skipped, {row["rule"] for row in findings if row["counted"]})
    return drafts(run.question, findings, items, overrides), items


def open_case(library: Library, run: Run, hand: Hand, values: Values, project: Project) -> str:
    """Write a new case, its run, its first round and the ten drafts in one transaction; the case's id.

    Raises OneMapError library.…, review.by, review.date.
    """
    on = step_day(library, hand)
    case_id = f"{on:%Y%m%d}-{uuid.uuid4().hex[:8]}"
    options = {
        "packs": pack_sources([pack.id for pack in run.question.packs], values.get("pack") or ()),
        "only": list(run.question.only),
    }
    terms = terms_of(run.question.packs)
    with library.writing() as connection:
        make_tables(connection)
        write_run(connection, run)
        connection.execute(
            "INSERT INTO onemap_cases (id, project, data, options, terms, state, round, opened_by,"
            " opened_on, at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                case_id,
                project.name,
                json.dumps(project.data, ensure_ascii=False),
                json.dumps(options, ensure_ascii=False),
                json.dumps(terms.__dict__, ensure_ascii=False),
                "draft",
                1,
                hand.by,
                on.isoformat(),
                now(),
            ),
        )
        put_files(connection, case_id, project.files)
        put_round(connection, case_id, 1, run, Stamp(hand.by, on), {})
        detail: dict[str, Any] = {"state": "draft", "project": project.name, "run": run.record["id"]}
        detail["files"] = [file.name for file in project.files]
        enter(connection, Place(case_id, 1, 1), "open", Stamp(hand.by, on, late_day(library, on)), detail, {})
    return case_id


def revise(library: Library, case_id: str, run: Run, hand: Hand, reason: str | None, packs: Sequence[str]) -> None:
    """Open the next round on new parcels: older opinions become void, and where the case is out clocks start anew.

    packs: as they were named for the new run. Raises OneMapError review.….
    """
    detail: dict[str, Any] = {"run": run.record["id"], "reason": reason}
    with step(library, case_id, "revise", hand, detail) as taken:
        number = taken.stored.round + 1
        for opinion in taken.stored.opinions:
            taken.put(replace(opinion, state="void"))
        write_run(taken.connection, run)
        terms = terms_of(run.question.packs)
        due_days = {}
        if taken.state == "circulating":
            calendar = calendar_of(library)
            due_days = {code: deadline(calendar, terms, code, taken.clock_day) for code in DEPARTMENTS}
        put_round(taken.connection, case_id, number, run, Stamp(taken.by, taken.on), due_days)
        options = {**taken.stored.options, "packs": pack_sources([pack.id for pack in run.question.packs], packs)}
        taken.set(
            round=number,
            options=json.dumps(options, ensure_ascii=False),
            terms=json.dumps(terms.__dict__, ensure_ascii=False),
            proposed=None,
            conclusion=None,
            conclusion_reason=None,
            decided_by=None,
            decided_on=None,
        )
        taken.round = number
        detail["round"] = number


def put_round(
    connection: StoreConnection, case_id: str, number: int, run: Run, stamp: Stamp, due_days: Mapping[str, date]
) -> None:
    """Write a round: its run, the checklist, and a draft for each department.

    due_days: each department's last day, where the round is out at once; else empty.
    """
    ten, items = propose_drafts(run)
    by, on = stamp.by, stamp.on
    sent = (by, on.isoformat()) if due_days else (None, None)
    connection.execute(
        "INSERT INTO onemap_rounds (case_id, number, run, watched, rules, opened_by, opened_on, circulated_by,"
        " circulated_on) VALUES (?,?,?,?,?,?,?,?,?)",
        (
            case_id,
            number,
            run.record["id"],
            watched_text(inputs_by_department(run.question.packs)),
            json.dumps(departments_of_rules(run.question.packs), ensure_ascii=False),
            by,
            on.isoformat(),
            *sent,
        ),
    )
    connection.executemany(
        "INSERT INTO onemap_case_items (case_id, round, position, item, department, title, rule, layer, reason)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (
                *(case_id, number, position, item.item, item.department),
                *(json.dumps(item.title, ensure_ascii=False), item.rule, item.layer, item.reason),
            )
            for position, item in enumerate(items)
        ],
    )
    for draft in ten:
        due = due_days.get(draft.department) if draft.routed else None
        put_opinion(connection, case_id, machine_opinion(draft, number, on, due))


def machine_opinion(draft: Draft, round_: int, on: date, due: date | None) -> Opinion:
    """A draft as the first state of an opinion."""
    return Opinion(
        department=draft.department,
        round=round_,
        number=1,
        state="drafted",
        conclusion=draft.conclusion,
        text=draft.text,
        text_en=draft.text_en,
        basis=draft.basis,
        routed=draft.routed,
        why=draft.why,
        drafted_by=MACHINE,
        drafted_on=on,
        due=due,
    )


def put_files(connection: StoreConnection, case_id: str, files: Sequence[Attachment], first: int = 0) -> None:
    """Write files of a case. first: the place of the first."""
    numbered = enumerate(files, start=first)
    rows = [(case_id, place, file.name, sha256(file.content), file.content) for place, file in numbered]
    insert_logged(connection, plain_tables(TABLES)[FILES], rows)


def project_name(name: str) -> str:
    """A project's name as plain text. Raises OneMapError review.project."""
    name = name.strip()
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        raise OneMapError("review.project", field="--project")
    return name


def attachment(path: str) -> Attachment:
    """A file to attach. Raises OneMapError review.attach."""
    source = Path(path)
    try:
        if source.stat().st_size > _MOST_BYTES:
            raise OneMapError("review.attach", file=source.name, field="--attach", reason="> 50 MB")
        return Attachment(source.name, source.read_bytes())
    except OSError as error:
        raise OneMapError("review.attach", file=source.name, field="--attach", reason=file_reason(error)) from None


def looked_again(library: Library, case: Case, by: str, changes: int) -> None:
    """The row in the library's log of somebody who rechecked a case."""
    with library.writing() as connection:
        log(connection, by, "review.recheck", case.id, {"round": case.round, "changes": changes})


def revisable(library: Library, case_id: str) -> Case:
    """The case, if its state allows a new round: told before hours of checking. Raises OneMapError review.…."""
    case = whole_case(library, case_id)
    case_state_after(case.state, "revise", case=case_id, field="CASE")
    return case
