"""The events of cases in a library: how they are read, replayed with the library's evidence, and appended."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import WrittenRow, shown_text
from onemap.layers.library.rows_as_logged import refuse_altered
from onemap.layers.stores.logged_rows import note_stored, plain_tables, row_name
from onemap.layers.stores.sql_text import columns_of, compose_sql, question_marks
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.cases.event import (
    CARRIED_CHAIN,
    COLUMNS,
    LEAD_CHAIN,
    Event,
    broken_links,
    event_hash,
    words_hash,
)
from onemap.rules.review.cases.event_tables import EVENTS, TABLES
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay

_PLACE = ("case_id", "chain", "number")  # the first of the columns
_PUBLIC = tuple(name for name in COLUMNS if name != "words")
_WHOLE_NUMBERS, _OPTIONAL = ("number", "account", "year", "sequence"), ("words", "run", "year", "sequence")
_SORTS = tuple(
    (int if name in _WHOLE_NUMBERS else str, *([type(None)] if name in _OPTIONAL else [])) for name in COLUMNS
)


def read_events(library: Library, case_id: str) -> list[Event]:
    """The events of a case, with the words that the reader may see."""
    if EVENTS not in library.kept and library.has_table(EVENTS):
        library.kept[EVENTS] = True  # which is there for good
    if EVENTS not in library.kept or not case_id.isprintable():
        return []
    sql = compose_sql(
        "SELECT {columns} FROM {events} WHERE case_id = ? ORDER BY at, chain",
        columns=columns_of(EVENTS, COLUMNS if library.path is not None else _PUBLIC),
        events=EVENTS,
    )
    if library.path is not None:
        return [event_of_row(row) for row in library.connection.execute(sql, (case_id,))]
    of_drafts = "SELECT case_id, chain, number, words FROM onemap_event_words WHERE case_id = ? AND words IS NOT NULL"
    words = {tuple(place): text for *place, text in library.connection.execute(of_drafts, (case_id,))}
    return [_event_with_words(row, words) for row in library.connection.execute(sql, (case_id,)).fetchall()]


def _event_with_words(row: Sequence[Any], words: Mapping[tuple[Any, ...], str]) -> Event:
    """Make an event from its public columns, with None for words that the reader may not see. words: by place."""
    at = COLUMNS.index("words")
    return event_of_row([*row[:at], words.get(tuple(row[: len(_PLACE)])), *row[at:]])


def event_of_row(row: Sequence[Any]) -> Event:
    """Make an event from a row in the order of COLUMNS.

    A value of another type than its column's is kept as text, which then does not fit the hash.
    """
    if all(map(isinstance, row, _SORTS)):
        return Event.of(row)
    whole = [value if isinstance(value, sort) else shown_text(value) for value, sort in zip(row, _SORTS, strict=True)]
    number = COLUMNS.index("number")
    return Event.of([*whole[:number], -1 if isinstance(whole[number], str) else whole[number], *whole[number + 1 :]])


def all_events(library: Library) -> dict[str, list[Event]]:
    """The events of every case as they lie in their table, by case and in their order; see `read_events`."""
    read, table = library.connection.read_rows, EVENTS if library.path is not None else "onemap_event_words"
    words = {tuple(place): text for *place, text in read(table, (*_PLACE, "words")) if text is not None}
    events_by_case: dict[str, list[Event]] = {}
    for row in read(EVENTS, _PUBLIC):
        event = _event_with_words(row, words)
        events_by_case.setdefault(event.case_id, []).append(event)
    for events in events_by_case.values():
        events.sort(key=lambda event: (str(event.at), str(event.chain)))
    return events_by_case


def replay_case(library: Library, case_id: str, evidence: LibraryEvidence | None = None) -> Replay:
    """Replay a case's events. evidence: of the library, shared by callers that replay many cases.

    Raises OneMapError review.case for an id that this library does not hold, library.altered if events differ from what
    was written.
    """
    events = read_events(library, case_id)
    if not events:
        raise OneMapError("review.case", file=library.name, field="CASE", case=case_id)
    refuse_altered(link_problems(library, events))
    replay = Replay.of(events, library.id, evidence or LibraryEvidence(library))
    if replay.case is None:
        raise OneMapError("review.case", file=library.name, field="CASE", case=case_id)
    if replay.case.is_rehearsal != library.is_rehearsal:
        raise OneMapError("review.rehearsal_lost", file=library.label, case=case_id)
    return replay


def link_problems(library: Library, events: Sequence[Event]) -> Iterator[Problem]:
    """A problem for each event of a case that differs from what was written, by table and row."""
    for event in broken_links(events):
        yield Problem("verify.record_changed", place_facts(library, event.place, event))


def place_facts(library: Library, place: tuple[str, str, int], author: Event | WrittenRow) -> dict[str, str]:
    """The place of an event, and when and by whom it, or what tells of it, was written."""
    facts = {"file": library.label, "layer": EVENTS, "feature": shown_text(row_name(place))}
    return {**facts, "at": shown_text(author.at), "who": shown_text(author.who)}


def case_ids(library: Library) -> list[str]:
    """The ids of all cases, the oldest first."""
    if not library.has_table(EVENTS):
        return []
    sql = compose_sql(
        "SELECT case_id FROM {events} WHERE number = 1 AND chain IN (?, ?) GROUP BY case_id ORDER BY min(at), case_id",
        events=EVENTS,
    )
    rows = library.connection.execute(sql, (LEAD_CHAIN, CARRIED_CHAIN))
    return [row[0] for row in rows]


@dataclass(frozen=True)
class NewEvent:
    """The content of an event before the library adds person, time and preceding event. words: text of a draft."""

    case_id: str
    chain: str
    action: str
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None = None
    run: str | None = None
    year: int | None = None
    sequence: int | None = None


def json_text(value: Any) -> str:
    """A value as the text that is stored and hashed."""
    return json.dumps(value, ensure_ascii=False)


def salted_words(words: Mapping[str, Any]) -> str:
    """A draft's text with a salt, so that it cannot be guessed from its hash."""
    return json_text({**words, "salt": secrets.token_hex(16)})


def event_of(library: Library, content: NewEvent, who: str, events: Sequence[Event]) -> Event:
    """The event as it will be appended to others; on a server the server's clock and account replace the program's."""
    words = salted_words(content.words) if content.words is not None else None
    heads = {event.chain: event.number for event in sorted(events, key=lambda one: one.number)}
    before = next((one for one in events if (one.chain, one.number) == (content.chain, heads.get(content.chain))), None)
    facts = {**content.facts, **({"words": words_hash(words)} if words is not None else {})}
    event = Event(
        case_id=content.case_id,
        chain=content.chain,
        number=heads.get(content.chain, 0) + 1,
        at=library.connection.moment(),
        day=library.today().isoformat(),
        who=who,
        account=int(library.account is not None),
        action=content.action,
        seen=json_text(heads),
        body=json_text(facts),
        words=words,
        run=content.run,
        year=content.year,
        sequence=content.sequence,
        before=before.hash if before else "",
        hash="",
    )
    return replace(event, hash=event_hash(event))


def append_event(library: Library, connection: StoreConnection, event: Event) -> None:
    """Write an event inside the open transaction; on a server the database itself fills in who, when and after what."""
    content = {} if library.path is not None else {"seen": "", "before": "", "hash": "", "at": "", "day": "", "who": ""}
    values = [content.get(name, getattr(event, name)) for name in COLUMNS]
    marks = question_marks(len(COLUMNS))
    sql = compose_sql("INSERT INTO {events} ({columns}) VALUES ({marks})", events=EVENTS, columns=COLUMNS, marks=marks)
    connection.execute(sql, values)


def note_event(connection: StoreConnection, event: Event) -> None:
    """Make the next row of the log record an event that the open transaction has written."""
    last = compose_sql("SELECT max(number) FROM {events} WHERE case_id = ? AND chain = ?", events=EVENTS)
    number = connection.execute(last, (event.case_id, event.chain)).fetchone()[0]
    place = {"case_id": event.case_id, "chain": event.chain, "number": number}
    note_stored(connection, plain_tables(TABLES)[EVENTS], **place)


def heads_of(connection: StoreConnection, case_id: str) -> dict[str, list[Any]]:
    """Number and hash of the last event of each chain of a case, for the library's log."""
    sql = compose_sql("SELECT chain, number, hash FROM {events} WHERE case_id = ? ORDER BY number", events=EVENTS)
    return {chain: [number, hash_] for chain, number, hash_ in connection.execute(sql, (case_id,))}
