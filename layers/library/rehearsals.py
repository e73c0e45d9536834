"""Libraries that were made to try the review: everything that names one says so."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

REHEARSAL = "rehearsal"  # the fact that such a library holds, and the key of answers about it
_SAID = "演练 rehearsal"  # before the library's name, for readers of either language
_OPENED: ContextVar[set[str] | None] = ContextVar("opened_rehearsals", default=None)


def rehearsal_name(name: str) -> str:
    """Return the name of a rehearsal library as it is printed."""
    return f"{_SAID} · {name}"


def note_rehearsal(library_id: str) -> None:
    """Note that a rehearsal library has been opened."""
    rehearsal_ids = _OPENED.get()
    if rehearsal_ids is not None:
        rehearsal_ids.add(library_id)


@contextlib.contextmanager
def noting_rehearsals() -> Iterator[set[str]]:
    """Collect the ids of the rehearsal libraries that are opened inside the block."""
    rehearsal_ids: set[str] = set()
    token = _OPENED.set(rehearsal_ids)
    try:
        yield rehearsal_ids
    finally:
        _OPENED.reset(token)
