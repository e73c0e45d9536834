"""The library's file that a session works in stays open between two requests, as long as nobody else changes it.

A planner who drags a corner asks ten times in a few seconds. What was made of the library is good until another
connection writes to it: then it is opened anew, so that every answer is that of a fresh process. Whoever keeps it open
closes it as soon as nobody asks, since only then the file is one file that can be copied.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class Keepable(Protocol):
    """What is kept open: whether it may be written, and a number that changes when another connection writes."""

    writable: bool

    def state(self) -> int:
        """The number."""


Opened = TypeVar("Opened", bound=Keepable)


@dataclass(frozen=True)
class _Kept(Generic[Opened]):
    path: Path
    file: tuple[int, int]
    state: int
    opened: Opened
    stack: ExitStack


class KeptOpen(Generic[Opened]):
    """At most one opened file of one thread."""

    def __init__(self) -> None:
        self._kept: _Kept[Opened] | None = None
        self._in_use = False

    @contextlib.contextmanager
    def opened(
        self, path: Path, is_writable: Callable[[Path], bool], opener: Callable[[], AbstractContextManager[Opened]]
    ) -> Iterator[Opened]:
        """The file, open already or opened now; after an error it is closed. Raises what `opener` raises."""
        if self._in_use:
            with opener() as again:
                yield again
            return
        kept = self._kept if self._kept is not None and _is_as_it_was(self._kept, path, is_writable) else None
        if kept is None:
            self.close()
            stack = ExitStack()
            opened = stack.enter_context(opener())
            kept = _Kept(path, _file(path), opened.state(), opened, stack)
        self._in_use, self._kept = True, None
        try:
            yield kept.opened
        except BaseException:
            # What the opener makes of the error, such as a refusal, is raised here.
            if not kept.stack.__exit__(*sys.exc_info()):
                raise
        else:
            if kept.opened.writable:
                self._kept = kept
            else:
                kept.stack.close()
        finally:
            self._in_use = False

    def close(self) -> None:
        """Close what is open; nothing is if nobody asked since."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.stack.close()


def _file(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_dev, state.st_ino


def _is_as_it_was(kept: _Kept[Opened], path: Path, is_writable: Callable[[Path], bool]) -> bool:
    """Whether a path still leads to the file that is open, and nobody else has written to it."""
    if kept.path != path or not os.path.exists(path) or _file(path) != kept.file:
        return False
    return is_writable(path) and kept.opened.state() == kept.state


KEPT: ContextVar[KeptOpen[Any] | None] = ContextVar("onemap_kept_open", default=None)


@contextlib.contextmanager
def keeping_open() -> Iterator[KeptOpen[Any]]:
    """Within the block, this thread's libraries stay open as `KeptOpen` says."""
    kept: KeptOpen[Any] = KeptOpen()
    token = KEPT.set(kept)
    try:
        yield kept
    finally:
        KEPT.reset(token)
        kept.close()
