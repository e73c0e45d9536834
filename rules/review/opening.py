"""Open, revise and recheck cases: parcels are checked, routed to departments, and drafts written."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library, log, sha256
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.progress import settle_work
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.judge.check.check import check, check_near_changes
from onemap.rules.judge.incremental.verdict_changes import ChangedParcel, changed_verdicts
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.given_facts import GivenFacts, facts_content
from onemap.rules.judge.question.question import Question, check_options, question_of
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.run_store import stored_rows, write_run
from onemap.rules.judge.runs.stored_rows import GIVEN
from onemap.rules.review.attachments import Attachment, attachment, put_files
from onemap.rules.review.carrying import carry_over
from onemap.rules.review.case_lines import CaseLines
from onemap.rules.review.case_step import StepContent, log_step, step
from onemap.rules.review.cases.case import Case, CaseState, ChecklistItem, Override
from onemap.rules.review.cases.case_conditions import check_step
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.event import EDITION, LEAD_CHAIN
from onemap.rules.review.cases.event_store import NewEvent, append_event, event_of
from onemap.rules.review.cases.hand import Hand, step_day
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.project_data import PARCEL_FACTS, checked_data
from onemap.rules.review.cases.replay import Replay
from onemap.rules.review.cases.round_facts import RoundFacts, facts_of_run
from onemap.rules.review.cases.routing import Draft
from onemap.rules.review.cases.staleness import pack_sources
from onemap.rules.review.deciding import due_days

_MOST_NAME = 200
_READ = 0.1  # of the work, when the parcels are read
_TOLD_M2 = 0.1  # less is how borders were rounded


@dataclass(frozen=True)
class Project:
    """A project as described when its case is opened: name, checked facts, files."""

    name: str
    data: Mapping[str, Any]
    files: tuple[Attachment, ...]


def told_project(values: Values) -> Project:
    """Read the project from a verb's values, before any checking. Raises OneMapError review.…, data.…."""
    content, facts = facts_content(values["data"]) if values.get("data") else ({}, GivenFacts())
    data = checked_data(content, facts.file)
    return Project(
        project_name(values["project"]),
        {**data, PARCEL_FACTS: facts.plain} if facts.values else data,
        tuple(attachment(path) for path in values.get("attach") or ()),
    )


def check_same_project(case: Case, values: Values) -> None:
    """Refuse facts of the project that differ from the case's: a new round only takes new facts of parcels.

    Raises OneMapError review.data_kept, data.….
    """
    if not values.get("data"):
        return
    content, facts = facts_content(values["data"])
    data = checked_data(content, facts.file)
    others = [key for key, value in data.items() if case.data.get(key) != value]
    if others:
        raise OneMapError("review.data_kept", case=case.id, file=facts.file, field="--data", keys=others)


def judge_round(
    library: Library, values: Values, context: VerbContext, day: date, facts: Mapping[str, Any] | None = None
) -> Run:
    """Make the run of a round: judge the verb's parcels by its packs as of its day.

    facts: what the case states about its parcels, used if the verb gets no file of facts.
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
    """Check a question and return its run."""
    return check(library, question, Threads.of(values.get("workers"), context.progress))


def turned_since(
    library: Library, identifier: str, question: Question, values: Values, context: VerbContext
) -> tuple[list[ChangedParcel], Run]:
    """The parcels of a stored check whose verdict differs under a question about the same parcels.

    Also returns the run, which judged only the parcels that the question could affect.
    """
    run = check_near_changes(library, question, Threads.of(values.get("workers"), context.progress), identifier)
    return changed_verdicts(library, identifier, run, run.question.parcels.ids), run


def shared_ground(library: Library, case: Case) -> list[Problem]:
    """Remarks on ground that a case's parcels share with each other or with parcels of other open cases.

    The same application may have come in twice. Cases whose runs cannot be read are left out: the list of cases reports
    them. Areas are in the library's plane.
    """
    own = _parcels_of_run(library, case.current.run)
    remarks = [
        Problem("review.parcels_overlap", {"feature": first, "parcel": second, "area_ha": hectares_text(area_m2)})
        for first, second, area_m2 in _overlaps(own, own)
        if first < second
    ]
    lines = CaseLines(library)
    for line in lines.lines():
        if isinstance(line, OneMapError) or line.run is None or line.case == case.id:
            continue
        state = {language: phrase(f"review_state.{line.state}", language) for language in LANGUAGES}
        facts = {"case": line.case, "project": line.project, "state": state}
        for own_id, their_id, area_m2 in _overlaps(own, _parcels_of_run(library, line.run)):
            ground = {"feature": own_id, "parcel": their_id, "area_ha": hectares_text(area_m2)}
            remarks.append(Problem("review.shared_ground", {**facts, **ground}))
    lines.keep()
    return remarks


def _overlaps(
    own: Mapping[str, shapely.Geometry], others: Mapping[str, shapely.Geometry]
) -> Iterator[tuple[str, str, float]]:
    """Pairs of overlapping parcels: id of an own one, id of another, and the common area in m²."""
    own_ids, other_ids = list(own), list(others)
    tree = shapely.STRtree(list(others.values()))
    for own_at, other_at in tree.query(list(own.values()), predicate="intersects").T.tolist():
        first, second = own_ids[own_at], other_ids[other_at]
        area_m2 = float(shapely.intersection(own[first], others[second]).area)
        if area_m2 > _TOLD_M2:
            yield first, second, area_m2


def _parcels_of_run(library: Library, run: str) -> dict[str, shapely.Geometry]:
    return {str(row.values["id"]): shapely.from_wkb(row.wkb) for row in stored_rows(library, run, GIVEN)}


def propose_drafts(run: Run, overrides: Sequence[Override] = ()) -> tuple[tuple[Draft, ...], tuple[ChecklistItem, ...]]:
    """The ten drafts and the checklist that follow from a run."""
    of_run = facts_of_run(run)
    return of_run.drafts(tuple(overrides)), of_run.items


def open_case(library: Library, run: Run, hand: Hand, values: Values, project: Project) -> str:
    """Write a new case and its run in one transaction, as the case's first event; return the case's id.

    Raises OneMapError library.…, review.by, review.date.
    """
    on = step_day(library, hand)
    carry_over(library)
    case_id = f"{on:%Y%m%d}-{uuid.uuid4().hex[:8]}"
    of_run, identifier = facts_of_run(run), run.record["id"]
    facts = {
        "edition": EDITION,
        "state": CaseState.DRAFT,
        "on": on.isoformat(),
        "rehearsal": library.is_rehearsal,
        "project": project.name,
        "data": project.data,
        "packs": pack_sources([pack.id for pack in run.question.packs], values.get("pack") or ()),
        "only": list(run.question.only),
        "files": [{"name": file.name, "hash": sha256(file.content)} for file in project.files],
        "drafts": draft_hashes(of_run),
    }
    with library.writing() as connection:
        write_run(connection, run)
        event = event_of(library, NewEvent(case_id, LEAD_CHAIN, "open", facts, run=identifier), hand.by, ())
        case = Replay(library.id, LibraryEvidence(library, {identifier: of_run})).judge(event)
        put_files(connection, case_id, project.files)
        append_event(library, connection, event)
        log_step(connection, event, case.entries[-1])
        settle_work()
    return case_id


def draft_hashes(of_run: RoundFacts) -> list[str]:
    """The hashes of a round's drafts, by which later programs recognise them even if they word drafts differently."""
    return [sha256(draft.text) for draft in of_run.drafts()]


def revise(library: Library, case_id: str, run: Run, hand: Hand, reason: str | None, packs: Sequence[str]) -> None:
    """Open the next round on new parcels: older opinions become void; if the case is circulating, clocks start again.

    packs: as named for the new run. Raises OneMapError review.….
    """
    of_run, identifier = facts_of_run(run), run.record["id"]

    def say(case: Case, on: date) -> StepContent:
        sources = pack_sources([pack.id for pack in run.question.packs], packs)
        clock = on if library.is_rehearsal else library.today()
        is_out = case.state in (CaseState.CIRCULATING, CaseState.CONSOLIDATED)
        due = due_days(library, of_run.of_packs.terms, DEPARTMENTS, clock) if is_out else {}
        facts = {"reason": reason, "packs": sources, "due": due, "drafts": draft_hashes(of_run)}
        return StepContent(facts, run=identifier, fresh={identifier: of_run})

    with step(library, case_id, "revise", hand, say, write=lambda connection: write_run(connection, run)):
        pass


def project_name(name: str) -> str:
    """Check and return a project's name as plain text. Raises OneMapError review.project."""
    name = name.strip()
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        raise OneMapError("review.project", field="--project")
    return name


def log_recheck(library: Library, case: Case, by: str, changes: int) -> None:
    """Record in the library's log that somebody rechecked a case."""
    with library.writing() as connection:
        log(connection, by, "review.recheck", case.id, {"round": case.round, "changes": changes})


def revisable(library: Library, case_id: str) -> Case:
    """Read a case, and refuse it before hours of checking if it allows no new round. Raises review.…, notice.open."""
    case = stored_case(library, case_id)
    check_step(case, "revise")
    return case
