"""The library that a session works in stays open between two requests, as long as nobody else changes it.

A planner who drags a corner asks ten times in a few seconds. What was derived from the library is good until another
connection writes to it: then it is opened anew, so that every answer equals that of a fresh process. It is closed as
soon as nobody asks, since only then a file is one file that can be copied, and a server has a place for others.
"""

import contextlib
import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from onemap.layers.errors import OneMapError

Resource = TypeVar("Resource")


@dataclass(frozen=True)
class _OpenResource(Generic[Resource]):
    name: Hashable
    mark: Hashable
    resource: Resource
    stack: ExitStack


class SessionCache(Generic[Resource]):
    """A cache for one thread of at most one open file or connection to a server."""

    def __init__(self) -> None:
        self._cached: _OpenResource[Resource] | None = None
        self._in_use = False

    @contextlib.contextmanager
    def open_or_reuse(
        self,
        name: Hashable,
        mark_of: Callable[[Resource], Hashable | None],
        opener: Callable[[], AbstractContextManager[Resource]],
    ) -> Iterator[Resource]:
        """Give the resource of a name, opening it if needed; after an error it is closed. Raises what `opener` raises.

        mark_of: the mark that shows whether the resource is unchanged; None if it may not be kept, or no longer.
        """
        if self._in_use:
            with opener() as again:
                yield again
            return
        cached = self._cached
        if cached is None or cached.name != name or cached.mark != mark_of(cached.resource):
            self.close()
            stack = ExitStack()
            resource = stack.enter_context(opener())
            cached = _OpenResource(name, mark_of(resource), resource, stack)
        self._in_use, self._cached = True, None
        try:
            yield cached.resource
        except BaseException:
            # What the opener makes of the error, such as a refusal, is raised here.
            if not cached.stack.__exit__(*sys.exc_info()):
                raise
        else:
            if cached.mark is not None:
                self._cached = cached
            else:
                cached.stack.close()
        finally:
            self._in_use = False

    def close(self) -> None:
        """Close the open library, if there is one."""
        cached, self._cached = self._cached, None
        if cached is not None:
            # That its file was taken away meanwhile is no concern of whoever asks about another.
            with contextlib.suppress(OneMapError):
                cached.stack.close()


SESSION_CACHE: ContextVar[SessionCache[Any] | None] = ContextVar("onemap_kept_open", default=None)


@contextlib.contextmanager
def keeping_open() -> Iterator[SessionCache[Any]]:
    """Within the block, this thread's libraries stay open as `SessionCache` says."""
    cache: SessionCache[Any] = SessionCache()
    token = SESSION_CACHE.set(cache)
    try:
        yield cache
    finally:
        SESSION_CACHE.reset(token)
        cache.close()
