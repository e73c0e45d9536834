"""One event of a case: what somebody did, bound by its hash to the event before it; and the order of a case's events.

Each department has its own chain in a case, and so has the lead department; a case carried over from an older library
begins with its old state. An event names the heads of all chains at its moment, which orders events across chains.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import read_json
from onemap.layers.records import Record

LEAD_CHAIN, CARRIED_CHAIN = "lead", "upgrade"
CHAINS = (*DEPARTMENTS, LEAD_CHAIN, CARRIED_CHAIN)
EDITION = 1  # of the rules by which an event is judged
MOST_BODY = 1_000_000  # characters
COLUMNS = (
    *("case_id", "chain", "number", "at", "day", "who", "account", "action"),
    *("seen", "body", "words", "run", "year", "sequence", "before", "hash"),
)


@dataclass(frozen=True)
class Event:
    """One event as it is stored. at: the moment, UTC; day: the clock's day at the library's place, ISO.

    account: 1 where `who` is an account of a server, 0 where it was typed; seen: JSON, the number of each chain's last
    event at that moment; body: JSON, what was said; words: what a department's draft says, under a salted hash in the
    body, None for whom may not read it; year, sequence: of a document's number; before: the hash of the event before it
    in its chain.
    """

    case_id: str
    chain: str
    number: int
    at: str
    day: str
    who: str
    account: int
    action: str
    seen: str
    body: str
    words: str | None
    run: str | None
    year: int | None
    sequence: int | None
    before: str
    hash: str

    @classmethod
    def of(cls, values: Iterable[Any]) -> "Event":
        """Make an event from its values in the order of COLUMNS; fast, since lists make some hundred thousand."""
        event = object.__new__(cls)
        event.__dict__.update(zip(COLUMNS, values, strict=True))
        return event

    @property
    def values(self) -> tuple[Any, ...]:
        """The values in the order of COLUMNS."""
        return tuple(getattr(self, name) for name in COLUMNS)

    @property
    def place(self) -> tuple[str, str, int]:
        """Case, chain and number, which identify the event in its table."""
        return self.case_id, self.chain, self.number

    @property
    def clock_day(self) -> date:
        """The clock's day. Raises ValueError."""
        return _day(self.day)

    def heads(self) -> Mapping[str, int]:
        """The number of each chain's last event when this one was written; empty if it is not a table of numbers."""
        return _heads(self.seen)

    def facts(self) -> Record:
        """The content of the body. Raises OneMapError review.event_unreadable."""
        return readable_json(self.body)


_day = lru_cache(maxsize=4096)(date.fromisoformat)


@lru_cache(maxsize=4096)  # cases go their way alike
def _heads(text: Any) -> Mapping[str, int]:
    try:
        parsed_heads = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    head_items = parsed_heads.items() if isinstance(parsed_heads, dict) else ()
    return {chain: number for chain, number in head_items if chain in CHAINS and type(number) is int}


def readable_json(text: Any) -> Record:
    """A JSON object of bounded size. Raises OneMapError review.event_unreadable."""
    try:
        if isinstance(text, str) and len(text) <= MOST_BODY:
            content = read_json(text)
            if isinstance(content, dict):
                return content
    except ValueError:
        pass
    raise OneMapError("review.event_unreadable")


def event_hash(event: Event) -> str:
    """The hash of an event over every value except the words, whose own hash is in the body.

    A server's trigger computes the same (`event_tables`). The length of the name separates it from the action.
    """
    run_and_number = f"{event.run or ''}/{event.year or ''}/{event.sequence or ''}"
    parts = (
        *(event.before, event.case_id, event.chain, str(event.number), event.at, event.day, str(event.account)),
        *(str(len(event.who)), event.who, event.action, run_and_number, event.seen, event.body),
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def words_hash(words: str) -> str:
    """The hash by which an event's body names its draft's words; the words contain their own salt."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def broken_links(events: Iterable[Event]) -> list[Event]:
    """The events of a case that differ from what was written, or do not follow the event before them."""
    last: dict[str, tuple[int, str]] = {}
    broken_events = []
    for event in sorted(events, key=lambda one: (one.chain, one.number)):
        number, hash_ = last.get(event.chain, (0, ""))
        if (event.number, event.before) != (number + 1, hash_) or event_hash(event) != event.hash:
            broken_events.append(event)
        last[event.chain] = event.number, event.hash
    return broken_events


def ordered_events(events: Sequence[Event]) -> list[Event]:
    """Order the events of a case as they count, in the same way for every reader.

    An event comes after all events that it saw. A department's event that the lead's next event did not see comes after
    that one: nobody can insert into the past through a transaction kept open. Of two events that did not see each other
    the earlier comes first, except that an override comes after what it would touch.
    """
    chains: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda one: (one.chain, one.number)):
        chains.setdefault(event.chain, []).append(event)
    places = {id(event): place for chain in chains.values() for place, event in enumerate(chain)}
    by_rank = sorted((event for chain in chains.values() for event in chain), key=_rank)
    placed_counts = dict.fromkeys(chains, 0)
    events_in_order: list[Event] = []
    first = 0
    while len(events_in_order) < len(by_rank):
        while places[id(by_rank[first])] < placed_counts[by_rank[first].chain]:
            first += 1
        next_event = by_rank[first]  # most events come in this order: then nobody need look at all chains
        if places[id(next_event)] > placed_counts[next_event.chain] or not _is_ready(next_event, chains, placed_counts):
            waiting = [chain[placed_counts[name]] for name, chain in chains.items() if placed_counts[name] < len(chain)]
            next_event = min(
                [event for event in waiting if _is_ready(event, chains, placed_counts)] or waiting, key=_rank
            )
        events_in_order.append(next_event)
        placed_counts[next_event.chain] += 1
    return events_in_order


def _is_ready(event: Event, chains: Mapping[str, Sequence[Event]], placed_counts: Mapping[str, int]) -> bool:
    """Whether all events that an event saw are placed, and no lead's event that did not see it is waiting."""
    for chain, number in event.heads().items():
        if chain in chains and placed_counts[chain] < number and placed_counts[chain] < len(chains[chain]):
            return False
    lead = chains.get(LEAD_CHAIN, ())
    if event.chain in (LEAD_CHAIN, CARRIED_CHAIN) or placed_counts.get(LEAD_CHAIN, 0) == len(lead):
        return True
    return lead[placed_counts[LEAD_CHAIN]].heads().get(event.chain, 0) >= event.number


def _rank(event: Event) -> tuple[bool, bool, str, str]:
    return event.chain != CARRIED_CHAIN, event.action == "override", event.at, event.chain
