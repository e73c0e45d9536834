"""The library that a session works in stays open between two requests, as long as nobody else changes it.

A planner who drags a corner asks ten times in a few seconds. What was made of the library is good until another
connection writes to it: then it is opened anew, so that every answer is that of a fresh process. Whoever keeps it open
closes it as soon as nobody asks, since only then a file is one file that can be copied, and a server has a place for
others.
"""

import contextlib
import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class _Kept(Generic[Opened]):
    name: Hashable
    mark: Hashable
    opened: Opened
    stack: ExitStack


class KeptOpen(Generic[Opened]):
    """At most one opened file, or connection to a server, of one thread."""

    def __init__(self) -> None:
        self._kept: _Kept[Opened] | None = None
        self._in_use = False

    @contextlib.contextmanager
    def opened(
        self,
        name: Hashable,
        marked: Callable[[Opened], Hashable | None],
        opener: Callable[[], AbstractContextManager[Opened]],
    ) -> Iterator[Opened]:
        """What goes by a name, open already or opened now; after an error it is closed. Raises what `opener` raises.

        marked: by what it is known to be as it was; None if it may not be kept, or no longer.
        """
        if self._in_use:
            with opener() as again:
                yield again
            return
        kept = self._kept
        if kept is None or kept.name != name or kept.mark != marked(kept.opened):
            self.close()
            stack = ExitStack()
            opened = stack.enter_context(opener())
            kept = _Kept(name, marked(opened), opened, stack)
        self._in_use, self._kept = True, None
        try:
            yield kept.opened
        except BaseException:
            # What the opener makes of the error, such as a refusal, is raised here.
            if not kept.stack.__exit__(*sys.exc_info()):
                raise
        else:
            if kept.mark is not None:
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
