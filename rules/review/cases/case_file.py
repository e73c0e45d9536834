"""A case read from the library, as it stands on a day: the one way in which documents, pages and steps see it."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import calendar_of
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import check_record
from onemap.rules.review.cases import old_form
from onemap.rules.review.cases.case import CLOSED, Case, Conclusion, Opinion, OpinionState, RunDamage
from onemap.rules.review.cases.case_conditions import is_deemed, is_overdue, is_running
from onemap.rules.review.cases.event_store import case_ids as event_case_ids
from onemap.rules.review.cases.event_store import replay_case
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.round_facts import UnreadableRun, check_stored_run, facts_of_stored_run
from onemap.rules.review.cases.staleness import superseded_inputs


def case_ids(library: Library) -> list[str]:
    """The ids of all cases, the oldest first."""
    return old_form.case_ids(library) if old_form.is_old(library) else event_case_ids(library)


def read_case(library: Library, case_id: str, on: date | None = None) -> Case:
    """Read a case with all its rounds as it stands on a day (default today; never before its last step).

    An overdue opinion reads as deemed if the pack takes silence for consent. Raises OneMapError review.case for an id
    that this library does not hold, library.altered.
    """
    return case_on_its_day(library, stored_case(library, case_id, on))


def stored_case(
    library: Library, case_id: str, on: date | None = None, evidence: LibraryEvidence | None = None
) -> Case:
    """Read a case as its events tell it, without what follows from the day: nothing is overdue, deemed or stale.

    evidence: as in `replay_case`. Raises OneMapError review.case, library.altered.
    """
    with library.reading():
        return on_a_day(library, plain_case(library, case_id, evidence), on)


def plain_case(library: Library, case_id: str, evidence: LibraryEvidence | None = None) -> Case:
    """Read a case of either form as it stood on the day of its last step. evidence: as in `replay_case`.

    Raises as `stored_case`.
    """
    if not old_form.is_old(library):
        return replay_case(library, case_id, evidence=evidence).current_case
    case = old_form.stored_case(library, case_id)
    try:
        check_stored_run(library, case.current.run)
    except OneMapError as error:
        return replace(case, damage=RunDamage(error.problems[0], (case.state,)))
    return case


def on_a_day(library: Library, case: Case, asked_day: date | None) -> Case:
    """The case on the day on which it is looked at."""
    return replace(case, on=day_looked_at(library.today(), case.last_day, asked_day, is_rehearsal=library.is_rehearsal))


def day_looked_at(today: date, last_day: date, asked_day: date | None, *, is_rehearsal: bool) -> date:
    """The day as of which a case is read: not before its last step, and not after today except in a rehearsal."""
    day = max(asked_day or today, last_day)
    return day if is_rehearsal else min(day, today)


def stored_cases(
    library: Library, but: Collection[str] = (), read: dict[str, Case | None] | None = None
) -> Iterator[Case]:
    """Read every case as its events tell it, the oldest first; skip events that do not open a case.

    but: ids of cases to skip; read: cases already read in this transaction, by id; they are not read again, and new
    ones are added. Raises OneMapError library.altered: an unreadable case is never left out silently. A case with an
    unreadable run has `damage` set.
    """
    evidence, cases_by_id = LibraryEvidence(library), {} if read is None else read
    for case_id in (one for one in case_ids(library) if one not in but):
        if case_id not in cases_by_id:
            try:
                cases_by_id[case_id] = stored_case(library, case_id, evidence=evidence)
            except OneMapError as error:
                if error.code != "review.case":
                    raise
                cases_by_id[case_id] = None
        case = cases_by_id[case_id]
        if case is not None:
            yield case


def case_on_its_day(library: Library, case: Case) -> Case:
    """Add to a case what follows from its day: overdue, deemed and stale opinions of the current round."""
    if case.state in CLOSED or case.damage is not None:
        return case
    current = case.current
    day = day_of_inputs(library, case.on)
    record, rules, found_rules = record_and_rules(library, current.run)
    changed_inputs = superseded_inputs(library, record, case.options["packs"], day, rules, found_rules)
    calendar = calendar_of(library)
    opinions = tuple(
        _due(replace(opinion, stale_because=tuple(sorted(changed_inputs & set(watched)))), case, calendar)
        for opinion in current.opinions
        for watched in (current.watched.get(opinion.department, ()),)
    )
    return replace(case, rounds=(*case.rounds[:-1], replace(current, opinions=opinions)))


def record_and_rules(library: Library, run: str) -> tuple[CheckRecord, Collection[Rule], Collection[str]]:
    """The record of a round's run, its rules, and the ids of the rules that have a counted finding.

    No rules if an older library keeps packs that cannot be read.
    """
    try:
        facts = facts_of_stored_run(library, run)
    except UnreadableRun:
        return check_record(library, run), (), ()
    return facts.record, facts.of_packs.rules.values(), facts.counted_rules


def day_of_inputs(library: Library, on: date) -> date:
    """The day for which layers and packs are compared: today even for an earlier step; in a rehearsal `on`."""
    return on if library.is_rehearsal else library.today()


def _due(opinion: Opinion, case: Case, calendar: WorkCalendar) -> Opinion:
    """An opinion with its days left; overdue silence becomes consent if the pack says so."""
    if opinion.due is None or not is_running(case.state, opinion):
        return opinion
    overdue = is_overdue(case.state, opinion, case.on)
    if is_deemed(case, opinion, case.on):
        return replace(opinion, state=OpinionState.DEEMED, conclusion=Conclusion.AGREE, overdue=True)
    try:
        left = calendar.between(case.on, opinion.due)
    except OneMapError:  # a case can be read in a year of which no calendar is known yet
        left = None
    return replace(opinion, overdue=overdue, days_left=left)
