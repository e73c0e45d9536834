"""Packed rows of a run that wait until all are there: in memory as long as they are few, then in a file."""

import pickle  # noqa: S403 - what this process itself has written  # nosec B403
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onemap.layers.files.journal_folder import disk_errors_as_refusals

MOST_HELD = 64_000_000  # bytes
_NAME = "waiting"

Block = tuple[Any, ...]


class WaitingBlocks:
    """Blocks in the order in which they came."""

    def __init__(self, place: Path | None) -> None:
        """place: the folder in which they may wait, None where there is none."""
        self._place = place
        self._held: list[Block] = []
        self._bytes = 0
        if place is not None:
            (place / _NAME).unlink(missing_ok=True)

    def add(self, blocks: list[Block]) -> None:
        """The next blocks. Raises OneMapError journal.failed."""
        self._held += blocks
        self._bytes += sum(len(value) for block in blocks for value in block if isinstance(value, bytes))
        if self._place is not None and self.are_many:
            with disk_errors_as_refusals(self._place), (self._place / _NAME).open("ab") as file:
                for block in self._held:
                    pickle.dump(block, file, pickle.HIGHEST_PROTOCOL)
            self._forget()

    @property
    def are_many(self) -> bool:
        """Whether more are held than should be."""
        return self._bytes > MOST_HELD

    def take(self) -> Iterator[Block]:
        """All of them, which wait no longer."""
        path = None if self._place is None else self._place / _NAME
        if path is not None and path.exists():
            with path.open("rb") as file:
                size = path.stat().st_size
                while file.tell() < size:
                    yield pickle.load(file)  # noqa: S301 - see above  # nosec B301
            path.unlink()
        yield from self._held
        self._forget()

    def _forget(self) -> None:
        self._held, self._bytes = [], 0
