"""The document numbers (文号) given in a library, and the next free one; the events that issue them keep them."""

from bisect import bisect_left

from onemap.layers.library.library import Library
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.review.cases.event import CARRIED_CHAIN
from onemap.rules.review.cases.event_tables import EVENTS


class DocumentNumbers:
    """The document numbers given in all cases; those of a year are read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._moments_by_year: dict[int, list[str]] = {}  # the moments, in order
        self._carried: dict[int, list[tuple[str, int]]] = {}

    def before(self, year: int, at: str) -> int:
        """How many numbers of a year were given before a moment; cases carried over count by their highest."""
        if year not in self._moments_by_year:
            self._read(year)
        carried = [sequence for moment, sequence in self._carried[year] if moment < at]
        return bisect_left(self._moments_by_year[year], at) + max(carried, default=0)

    def _read(self, year: int) -> None:
        sql = compose_sql(
            "SELECT at, chain, sequence FROM {events} WHERE year = ? AND sequence IS NOT NULL", events=EVENTS
        )
        rows = self._library.connection.execute(sql, (year,)).fetchall()
        self._moments_by_year[year] = sorted(at for at, chain, _ in rows if chain != CARRIED_CHAIN)
        self._carried[year] = [(at, int(last)) for at, chain, last in rows if chain == CARRIED_CHAIN]


def free_number(library: Library, year: int) -> int:
    """The next number of a year's documents: one that a replay allows and no event has taken."""
    number = 1 + DocumentNumbers(library).before(year, "9999")
    sql = compose_sql("SELECT sequence FROM {events} WHERE year = ?", events=EVENTS)
    used_numbers = {row[0] for row in library.connection.execute(sql, (year,))}
    while number in used_numbers:
        number -= 1
    return number
