"""The events of cases in a library: how they are read, replayed with the library's evidence, and appended."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import shown_text
from onemap.layers.library.own_files import calendar_of, department_names
from onemap.layers.library.rehearsals import REHEARSAL
from onemap.layers.library.rows_as_logged import refuse_altered
from onemap.layers.stores.logged_rows import note_stored, plain_tables, row_name
from onemap.layers.stores.sql_text import columns_of, compose_sql, question_marks
from onemap.layers.stores.store import StoreConnection
from onemap.rules.answers.remedy.remedy import KIND
from onemap.rules.judge.runs.run_store import run_record
from onemap.rules.review.cases.code_names import Named, name_with_code
from onemap.rules.review.cases.document_numbers import DocumentNumbers
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
from onemap.rules.review.cases.replay import Replay
from onemap.rules.review.cases.round_facts import RoundFacts, check_stored_run, facts_of_stored_run

_PUBLIC = tuple(name for name in COLUMNS if name != "words")
_WHOLE_NUMBERS, _OPTIONAL = ("number", "account", "year", "sequence"), ("words", "run", "year", "sequence")
_SORTS = tuple(
    (int if name in _WHOLE_NUMBERS else str, type(None))
    if name in _OPTIONAL
    else int
    if name in _WHOLE_NUMBERS
    else str
    for name in COLUMNS
)


class LibraryEvidence:
    """A library's answers to the questions of a replay. fresh: facts of runs that are judged and not stored yet."""

    def __init__(self, library: Library, fresh: Mapping[str, RoundFacts | None] | None = None) -> None:
        self._library = library
        self._fresh = fresh or {}
        self.numbers = DocumentNumbers(library)
        self._named: dict[str, Named] = {}
        self._catalogue: Mapping[str, LayerEntry] | None = None

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The library's calendar."""
        return calendar_of(self._library)

    @cached_property
    def is_rehearsal(self) -> bool:
        """Whether the library was made for trying the review, according to the first entry of its log.

        For a reader who may not read the log, the library's own table decides.
        """
        roles = self._library.roles
        may_read_log = self._library.path is not None or roles.is_owner or roles.is_lead
        made: bool | None = self._library.keep_made("made as rehearsal", self._read_made) if may_read_log else None
        return self._library.is_rehearsal if made is None else made

    def _read_made(self) -> bool | None:
        """Read from the log's first entry whether this is a rehearsal; None if unreadable (`verify` reports it)."""
        row = self._library.connection.execute("SELECT detail FROM onemap_audit WHERE number = 1").fetchone()
        try:
            return bool(json.loads(row[0]).get(REHEARSAL))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        return department_names(self._library)

    def _read_catalogue(self) -> Mapping[str, LayerEntry]:
        if self._catalogue is None:
            self._catalogue = self._library.catalogue()
        return self._catalogue

    def facts_of(self, run: str) -> RoundFacts:
        """The machine's facts of a round. Raises UnreadableRun, OneMapError run.kind."""
        return self._fresh.get(run) or facts_of_stored_run(self._library, run, self._read_catalogue)

    def check_run(self, run: str) -> None:
        """Refuse the run of a round that cannot be read. Raises as `facts_of`."""
        check_stored_run(self._library, run)

    def bodies_of(self, run: str) -> dict[str, str]:
        """The bodies that a round's findings require to be asked, by name, with the department that writes to each."""
        facts = self.facts_of(run)
        found = {row["rule"] for row in facts.findings if row["counted"]}
        rules = facts.of_packs.rules.items()
        return {body.name: body.lead for id_, rule in rules if id_ in found for body in rule.bodies}

    def reads_words(self, department: str) -> bool:
        """Whether the library's user may see the words of a department's drafts."""
        roles = self._library.roles
        return self._library.path is not None or roles.is_owner or roles.is_lead or department in roles.departments

    def check_remedy(self, run: str) -> None:
        """Refuse a run that is not a stored remedy; a damaged one passes. Raises run.unknown, run.kind."""
        if run in self._fresh:
            return
        try:
            run_record(self._library, run, KIND)
        except OneMapError as error:
            if error.code != "run.damaged":
                raise

    def name_of(self, department: str) -> Named:
        """The bureau's name of a department, with its code."""
        if department not in self._named:
            self._named[department] = name_with_code(self._names, department)
        return self._named[department]

    def numbers_before(self, year: int, at: str) -> int:
        """How many documents of a year were numbered before a moment, in all cases."""
        return self.numbers.before(year, at)


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
    words = _visible_words(library, case_id)
    rows = [dict(zip(_PUBLIC, row, strict=True)) for row in library.connection.execute(sql, (case_id,))]
    return [_event_of(row, words.get((row["chain"], row["number"]))) for row in rows]


def _event_of(values: Mapping[str, Any], words: str | None) -> Event:
    """Make an event from its public columns and the words, which are None if the reader may not see them."""
    return event_of_row([words if name == "words" else values[name] for name in COLUMNS])


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
    read, key = library.connection.read_rows, ("case_id", "chain", "number")
    words = {tuple(place): text for *place, text in read(_words_table(library), (*key, "words")) if text is not None}
    found: dict[str, list[Event]] = {}
    for row in read(EVENTS, _PUBLIC):
        values = dict(zip(_PUBLIC, row, strict=True))
        event = _event_of(values, words.get(tuple(values[name] for name in key)))
        found.setdefault(event.case_id, []).append(event)
    for events in found.values():
        events.sort(key=lambda event: (str(event.at), str(event.chain)))
    return found


def _words_table(library: Library) -> str:
    """The table or view from which the words of drafts are read."""
    return EVENTS if library.path is not None else "onemap_event_words"


def _visible_words(library: Library, case_id: str) -> dict[tuple[str, int], str]:
    """The words of drafts by chain and number; on a server of the reader's departments, or of all for the lead."""
    sql = compose_sql(
        "SELECT chain, number, words FROM {table} WHERE case_id = ? AND words IS NOT NULL", table=_words_table(library)
    )
    return {(chain, number): text for chain, number, text in library.connection.execute(sql, (case_id,))}


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
    at = {(event.chain, event.number): event for event in events}
    for (chain, number), _ in broken_links(events).items():
        event = at[chain, number]
        facts = {"file": library.label, "layer": EVENTS, "feature": row_name([event.case_id, chain, number])}
        yield Problem("verify.record_changed", {**facts, "at": shown_text(event.at), "who": shown_text(event.who)})


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
