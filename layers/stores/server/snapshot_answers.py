"""Small answers that a snapshot on a server has given: within it the same question has the same answer."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

_MOST_ROWS, _MOST_BYTES = 200, 65_536  # of one answer; what a run holds is read once, and by no means kept
_MOST_IN_ALL = 4 << 20  # bytes: a snapshot may read thousands of cases, each once
_BYTES_A_VALUE = 64  # besides its text


class AnsweredRows:
    """A `Cursor` over rows in memory."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)
        self.rowcount = len(rows)

    def fetchone(self) -> Any:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class SnapshotAnswers:
    """Answers by question, which is a statement and its parameters."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, list[tuple[Any, ...]]] = {}
        self._left = _MOST_IN_ALL

    def of(self, question: Hashable) -> AnsweredRows | None:
        """Return the answer already given; None if there was none, or a large one."""
        rows = self._rows.get(question)
        return None if rows is None else AnsweredRows(rows)

    def take(self, question: Hashable, cursor: Any) -> Any:
        """Keep a small answer while there is room, and return it to be read.

        cursor: psycopg's, from which nothing was read.
        """
        if not 0 <= cursor.rowcount <= _MOST_ROWS:
            return cursor
        rows = cursor.fetchall()
        texts = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        size = texts + _BYTES_A_VALUE * sum(map(len, rows))
        if texts <= _MOST_BYTES and size <= self._left:
            self._left -= size
            self._rows[question] = rows
        return AnsweredRows(rows)
