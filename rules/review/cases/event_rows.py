"""Events as rows of the history: events that the library's log does not record, and events without effect."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from onemap.layers.library.library import ROWS, Library, sha256
from onemap.layers.messages import wording
from onemap.layers.stores.logged_rows import row_name
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.cases.event import Event, ordered_events
from onemap.rules.review.cases.event_store import json_text, read_events
from onemap.rules.review.cases.event_tables import EVENTS
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay

UNLAWFUL = "unlawful"


def with_events(library: Library, rows: Sequence[Row], case_id: str | None, language: str) -> list[Row]:
    """The log's rows and, ordered by moment among them, the events that the log does not record.

    rows: of the case, or of the whole library. Each row gets a key `unlawful`: why an event has no effect or cannot be
    judged, else None.
    """
    log_rows = [{**row, UNLAWFUL: None} for row in rows]
    if not library.has_table(EVENTS) or not library.roles.reads_layers:
        return log_rows
    logged = {name: row for row in log_rows for name in _logged_events(row["detail"])}
    for one in [case_id] if case_id else _cases_beside(library, logged):
        events = read_events(library, one)
        refusals, details = _judge_events(library, events, language)
        for event in events:
            name = row_name(event.place)
            if name in logged:
                logged[name][UNLAWFUL] = refusals.get(name)
            else:
                log_rows.append(_row(event, details.get(name), refusals.get(name)))
    return sorted(log_rows, key=lambda row: str(row["at"]))


def _logged_events(detail: Any) -> list[str]:
    """The names of the events that a row of the log records."""
    try:
        rows = json.loads(detail).get(ROWS, {}).get(EVENTS, {})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []
    return list(rows) if isinstance(rows, dict) else []


def _cases_beside(library: Library, logged: Collection[str]) -> list[str]:
    """The cases that have events which the log does not record."""
    places = library.connection.execute(compose_sql("SELECT case_id, chain, number FROM {events}", events=EVENTS))
    return sorted({place[0] for place in places if row_name(place) not in logged})


def _judge_events(
    library: Library, events: Sequence[Event], language: str
) -> tuple[dict[str, str], dict[str, Mapping]]:
    """By event name: why an event has no effect or cannot be judged; and what every other event did."""
    replay = Replay(library.id, LibraryEvidence(library))
    details: dict[str, Mapping[str, Any]] = {}
    refusals: dict[str, str] = {}
    for event in ordered_events(events):
        before = replay.case
        replay.take(event)
        if replay.case is not None and replay.case is not before and replay.case.entries:
            entry = replay.case.entries[-1]
            details[row_name(event.place)] = {"on": entry.on.isoformat(), "round": entry.round, **entry.detail}
    refused_events = [(event, error.problems[0]) for event, error in replay.unlawful]
    for event, problem in (*replay.unreadable, *replay.unjudged, *refused_events):
        refusals[row_name(event.place)] = wording(problem, language)[0]
    for event, _ in refused_events:
        details.pop(row_name(event.place), None)
    return refusals, details


def _row(event: Event, detail: Mapping[str, Any] | None, refusal: str | None) -> Row:
    department = event.chain if event.action in ("opine", "sign", "return") else ""
    return {
        "number": None,
        "at": event.at,
        "who": event.who,
        "action": f"review.{event.action}",
        "subject": f"{event.case_id} {department}".strip(),
        "detail": json_text(detail or {}),
        "content_hash": sha256(event.body.encode("utf-8", "surrogatepass")),
        "previous_hash": event.before,
        "hash": event.hash,
        UNLAWFUL: refusal,
    }
