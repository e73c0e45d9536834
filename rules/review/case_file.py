"""A case read from the library, as it stands on a day: the one way in which documents, pages and steps see it."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.rules.review.case import (
    CASE_STATES,
    CONCLUSIONS,
    MACHINE,
    OPINION_STATES,
    AttachedFile,
    Case,
    ChecklistItem,
    Entry,
    KeptRemedy,
    Opinion,
    Override,
    Round,
    Terms,
)
from onemap.rules.review.review_tables import check_case
from onemap.rules.review.staleness import superseded_inputs
from onemap.rules.review.working_days import WorkCalendar, calendar_of
from onemap.rules.runs.run_store import run_record

__all__ = [
    "CASE_STATES",
    "CONCLUSIONS",
    "MACHINE",
    "OPINION_STATES",
    "AttachedFile",
    "Case",
    "ChecklistItem",
    "Entry",
    "Opinion",
    "Override",
    "Round",
    "Terms",
    "case_ids",
    "read_case",
    "stored_case",
]

_CASE = (
    "id, project, data, options, terms, state, round, opened_by, opened_on, proposed, conclusion,"
    " conclusion_reason, decided_by, decided_on, document, issued_by, issued_on"
)
_OPINION = (
    "department, round, number, state, conclusion, text, text_en, basis, routed, why, drafted_by, drafted_on,"
    " signed_by, signed_on, due, stopped_on, unanswered"
)


def case_ids(library: Library) -> list[str]:
    """The ids of all cases, the oldest first."""
    if not library.has_table("onemap_cases"):
        return []
    return [row[0] for row in library.connection.execute("SELECT id FROM onemap_cases ORDER BY at, id")]


def read_case(library: Library, case_id: str, on: date | None = None) -> Case:
    """A case with all its rounds as it stands on a day (default today; never before its last step).

    An opinion that is overdue under a pack that takes silence for consent reads as deemed. Raises OneMapError
    review.case for an id that this library does not hold.
    """
    return case_on_its_day(library, stored_case(library, case_id, on))


def stored_case(library: Library, case_id: str, on: date | None = None) -> Case:
    """A case as its rows say, without what follows from the day: nothing is overdue, deemed or stale.

    Raises OneMapError review.case, and library.altered for rows of which somebody has made what is no case.
    """
    try:
        return _case_of_rows(library, case_id, on)
    except (ValueError, TypeError, LookupError):
        check_case(library, case_id)
        raise


def _case_of_rows(library: Library, case_id: str, on: date | None) -> Case:
    row = None
    if library.has_table("onemap_cases") and case_id.isprintable():
        row = library.connection.execute(f"SELECT {_CASE} FROM onemap_cases WHERE id = ?", (case_id,)).fetchone()  # noqa: S608 - names of our own  # nosec B608
    if row is None:
        raise OneMapError("review.case", file=library.name, field="CASE", case=case_id)
    values = dict(zip(_CASE.split(", "), row, strict=True))
    entries = _entries(library, case_id)
    rounds = _rounds(library, case_id)
    for name in ("opened_on", "decided_on", "issued_on"):
        values[name] = _day(values[name])
    for name in ("data", "options"):
        values[name] = json.loads(values[name])
    return Case(
        **{**values, "terms": Terms(**json.loads(values["terms"]))},
        library=library.id,
        revision=entries[-1].number,
        on=_standing_day(library, on, max(entry.on for entry in entries)),
        rounds=rounds,
        entries=entries,
        files=_files(library, case_id),
    )


def _standing_day(library: Library, asked: date | None, last_day: date) -> date:
    """The day on which a case is looked at: not before its last step, and, but in a rehearsal, never a day to come."""
    today = library.today()
    day = max(asked or today, last_day)
    return day if library.is_rehearsal else min(day, today)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _entries(library: Library, case_id: str) -> tuple[Entry, ...]:
    sql = "SELECT number, round, action, who, day, at, department, detail, entered_on FROM onemap_case_entries"
    rows: Iterable[Any] = library.connection.execute(f"{sql} WHERE case_id = ? ORDER BY number", (case_id,))
    return tuple(
        Entry(number, round_, action, who, date.fromisoformat(day), at, department, json.loads(detail), _day(entered))
        for number, round_, action, who, day, at, department, detail, entered in rows
    )


def _files(library: Library, case_id: str) -> tuple[AttachedFile, ...]:
    sql = "SELECT name, hash FROM onemap_case_files WHERE case_id = ? ORDER BY position"
    return tuple(AttachedFile(*row) for row in library.connection.execute(sql, (case_id,)))


# What is kept of every round, in the order in which it was written: the last row of each holds.
_OF_ROUND = {
    "opinions": f"SELECT round, {_OPINION} FROM onemap_opinions WHERE case_id = ? ORDER BY number",  # noqa: S608 - names of our own  # nosec B608
    "items": "SELECT round, item, department, title, rule, layer, reason FROM onemap_case_items WHERE case_id = ?"
    " ORDER BY position",
    "answers": "SELECT round, department, item, answer, who, day FROM onemap_case_answers WHERE case_id = ?"
    " ORDER BY number",
    "overrides": "SELECT round, parcel, rule, before, verdict, reason, who, day FROM onemap_overrides WHERE case_id = ?"
    " ORDER BY number",
    "remedies": "SELECT round, number, run, who, day FROM onemap_case_remedies WHERE case_id = ? ORDER BY number",
}


def _rows_by_round(library: Library, case_id: str, sql: str) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = {}
    for row in library.connection.execute(sql, (case_id,)):
        rows.setdefault(row[0], []).append(row[1:])
    return rows


def _rounds(library: Library, case_id: str) -> tuple[Round, ...]:
    """All rounds with what holds in each: the last row of an opinion, of an answer, of an override."""
    rows_of = {name: _rows_by_round(library, case_id, sql) for name, sql in _OF_ROUND.items()}
    rounds = library.connection.execute(
        "SELECT number, run, opened_by, opened_on, circulated_by, circulated_on FROM onemap_rounds WHERE case_id = ?"
        " ORDER BY number",
        (case_id,),
    )
    return tuple(
        Round(
            number=row[0],
            run=row[1],
            opened_by=row[2],
            opened_on=date.fromisoformat(row[3]),
            circulated_by=row[4],
            circulated_on=_day(row[5]),
            opinions=_opinions(rows_of["opinions"].get(row[0], ())),
            items=_items(rows_of["items"].get(row[0], ()), rows_of["answers"].get(row[0], ())),
            overrides=tuple(
                Override(parcel, rule, before, verdict, reason, who, date.fromisoformat(day))
                for parcel, rule, before, verdict, reason, who, day in rows_of["overrides"].get(row[0], ())
            ),
            remedies=tuple(
                KeptRemedy(number, run, who, date.fromisoformat(day))
                for number, run, who, day in rows_of["remedies"].get(row[0], ())
            ),
        )
        for row in rounds.fetchall()
    )


def _opinions(rows: Iterable[Any]) -> tuple[Opinion, ...]:
    last = {row[0]: dict(zip(_OPINION.split(", "), row, strict=True)) for row in rows}
    for values in last.values():
        values["routed"] = bool(values["routed"])
        for name in ("drafted_on", "signed_on", "due", "stopped_on"):
            values[name] = _day(values[name])
    return tuple(Opinion(**last[department]) for department in DEPARTMENTS if department in last)


def _items(rows: Iterable[Any], answers: Iterable[Any]) -> tuple[ChecklistItem, ...]:
    answer_of = {(department, item): (answer, who, _day(day)) for department, item, answer, who, day in answers}
    found = []
    for item, department, title, rule, layer, reason in rows:
        answer, who, day = answer_of.get((department, item), (None, None, None))
        found.append(ChecklistItem(item, department, json.loads(title), rule, layer, reason, answer, who, day))
    return tuple(found)


def case_on_its_day(library: Library, case: Case) -> Case:
    """The same case with what follows from its day: overdue, deemed and stale opinions of the current round."""
    if case.state in ("issued", "withdrawn"):
        return case
    current = case.current
    row = library.connection.execute(
        "SELECT watched FROM onemap_rounds WHERE case_id = ? AND number = ?", (case.id, current.number)
    ).fetchone()
    watched = json.loads(row[0])
    # What was superseded is so for a step of an earlier day too, which is entered now.
    day = case.on if library.is_rehearsal else library.today()
    gone = superseded_inputs(library, run_record(library, current.run), case.options["packs"], day)
    calendar = calendar_of(library)
    opinions = tuple(
        _due(replace(opinion, stale_because=tuple(sorted(gone & set(watched[opinion.department])))), case, calendar)
        for opinion in current.opinions
    )
    return replace(case, rounds=(*case.rounds[:-1], replace(current, opinions=opinions)))


def _was_given_back(opinion: Opinion, case: Case) -> bool:
    """Whether the department's opinion was given back in this round: then somebody waits for another."""
    whose = ("return", opinion.round, opinion.department)
    return any((entry.action, entry.round, entry.department) == whose for entry in case.entries)


def _due(opinion: Opinion, case: Case, calendar: WorkCalendar) -> Opinion:
    """An opinion with its countdown; silence past the last day is consent where the pack says so.

    Whoever was given his opinion back is not silent.
    """
    waits = opinion.state in ("drafted", "returned") and case.state == "circulating"
    if not waits or opinion.due is None or opinion.stopped_on is not None:
        return opinion
    overdue = opinion.due < case.on
    if overdue and case.terms.overdue == "consent" and not _was_given_back(opinion, case):
        return replace(opinion, state="deemed", conclusion="agree", overdue=True)
    try:
        left = calendar.between(case.on, opinion.due)
    except OneMapError:  # a case can be read in a year of which no calendar is known yet
        left = None
    return replace(opinion, overdue=overdue, days_left=left)
