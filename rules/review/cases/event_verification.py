"""Checks whether the events of cases are as written, and which of them the rules do not allow."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library.library import COPY, Library
from onemap.layers.library.log_reading import LogBook, WrittenRow, read_entries, shown_text
from onemap.layers.library.rows_as_logged import check_rows
from onemap.layers.stores.logged_rows import plain_tables, row_hash, row_name
from onemap.layers.stores.sql_text import Sql
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.case_so_far import UnreadableCalendar
from onemap.rules.review.cases.event import COLUMNS, Event
from onemap.rules.review.cases.event_store import all_events, link_problems, place_facts
from onemap.rules.review.cases.event_tables import EVENTS, FILES, TABLES
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay


def event_problems(library: Library, book: LogBook, reported_rows: Collection[str]) -> Iterator[Problem]:
    """The damaged events of all cases, by table and row, and the events that have no effect.

    reported_rows: rows already reported because they differ from the log.
    """
    if not library.has_table(EVENTS):
        return
    with library.connection.without_indexes():
        by_case = all_events(library)
        rows = library.connection.read_rows(FILES, ("case_id", "hash")) if library.has_table(FILES) else ()
        files = {shown_text(row_name(place)) for place in rows} | set(reported_rows)
    link_faults = [*_head_problems(library, book, by_case)]
    for events in by_case.values():
        link_faults += [*link_problems(library, events), *_missing_events(library, events)]
    yield from {
        str(one.facts["feature"]): one for one in link_faults if one.facts["feature"] not in reported_rows
    }.values()
    for events in by_case.values():
        yield from unlawful_events(library, events, files)


def _head_problems(library: Library, book: LogBook, by_case: dict[str, list[Event]]) -> Iterator[Problem]:
    """A problem for each chain head that the log names and that is changed or gone."""
    hashes = {event.place: event.hash for events in by_case.values() for event in events}
    for head in book.chain_heads:
        place = head.case_id, head.chain, head.number
        if hashes.get(place) != head.written.hash:
            code = "verify.record_changed" if place in hashes else "verify.record_gone"
            yield Problem(code, place_facts(library, place, head.written))


def _missing_events(library: Library, events: Sequence[Event]) -> Iterator[Problem]:
    """A problem for each event that others saw and that is gone."""
    there = {(event.chain, event.number) for event in events}
    missing = {
        (event.case_id, chain, number): event
        for event in events
        for chain, number in event.heads().items()
        if number > 0 and (chain, number) not in there
    }
    for place, event in missing.items():
        yield Problem("verify.record_gone", place_facts(library, place, event))


def unlawful_events(library: Library, events: Sequence[Event], files: Collection[str]) -> Iterator[Problem]:
    """Problems of a case: events without effect, with their refusals; events that cannot be judged; missing files.

    files: the rows of files that exist or are already reported.
    """
    try:
        replay = Replay.of(events, library.id, LibraryEvidence(library))
    except UnreadableCalendar as error:
        yield Problem(
            "verify.event_calendar", {**place_facts(library, events[0].place, events[0]), "how": error.problems[0]}
        )
        return
    for event, problem in replay.unreadable:
        yield Problem("verify.event_unjudged", {**place_facts(library, event.place, event), "how": problem})
    for event, refusal in replay.unlawful:
        facts = {**place_facts(library, event.place, event), "action": shown_text(event.action)}
        yield Problem("verify.event_unlawful", {**facts, "how": refusal.problems[0]})
    if replay.case is not None:
        yield from _missing_files(library, replay.case, files)


def _missing_files(library: Library, case: Case, files: Collection[str]) -> Iterator[Problem]:
    """A problem for each file that the case names and that is gone, with the person who added it."""
    entered = {paper["hash"]: entry for entry in case.entries for paper in entry.detail.get("papers", ())}
    for hash_ in dict.fromkeys(file.hash for file in case.files):
        name, entry = shown_text(row_name((case.id, hash_))), entered.get(hash_, case.entries[0])
        if name not in files:
            facts = {"file": library.label, "layer": FILES, "feature": name}
            yield Problem("verify.record_gone", {**facts, "at": entry.at, "who": shown_text(entry.who)})


def check_logged(library: Library, case_id: str, events: Sequence[Event]) -> None:
    """Refuse to continue a case whose events differ from the log.

    A department on a server cannot read the log and relies on the chains. Raises OneMapError library.altered.
    """
    if library.roles.is_owner or library.roles.is_lead:
        of_case = Sql("subject = ? OR substr(subject, 1, ?) = ? OR action = ?")
        book = read_entries(library, of_case, (case_id, len(case_id) + 1, f"{case_id} ", COPY))
        begin = f"{case_id}/"
        logged_rows = {name: row for name, row in book.rows.get(EVENTS, {}).items() if name.startswith(begin)}
        _check_events(library, (event.values for event in events), logged_rows)


def check_all_logged(library: Library) -> None:
    """Refuse to continue if the events of any case differ from the log.

    A user who may not read the log relies on the chains. Raises OneMapError library.altered.
    """
    if not (library.roles.is_owner or library.roles.is_lead):
        return
    book = read_entries(library, Sql("substr(action, 1, 7) = 'review.' OR action = ?"), (COPY,))
    _check_events(library, library.connection.read_rows(EVENTS, COLUMNS), book.rows.get(EVENTS, {}))


def _check_events(library: Library, rows: Iterable[Sequence[Any]], logged_rows: Mapping[str, WrittenRow]) -> None:
    table = plain_tables(TABLES)[EVENTS]
    stored_hashes = {table.row_name(row): row_hash(row) for row in rows}
    if library.path is None:  # of what departments wrote since the lead's last step the log does not know yet
        stored_hashes = {name: hash_ for name, hash_ in stored_hashes.items() if name in logged_rows}
    check_rows(library, {EVENTS: stored_hashes}, {EVENTS: logged_rows})
