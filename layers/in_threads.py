"""Parts of a piece of work computed in threads; results come in order, and few at a time are in memory."""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar, cast

Part = TypeVar("Part")
Result = TypeVar("Result")

_LOOK_S = 0.05  # between two questions whether anybody still waits


def in_order(
    work: Callable[[Part], Result], parts: Iterable[Part], workers: int | None = None
) -> Generator[Result, None, None]:
    """Yield work(part) for each part in order; at most one part more than there are workers is begun ahead.

    parts: iterated in the calling thread; workers: None for one per core. A caller that stops early waits for the parts
    that have begun; the others never begin.
    """
    count = workers or os.cpu_count() or 1
    pool, futures = ThreadPoolExecutor(count), deque[Future[Result]]()
    try:
        for part in parts:
            futures.append(pool.submit(work, part))
            if len(futures) > count:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def one_ahead(parts: Iterable[Part]) -> Generator[Part, None, None]:
    """The parts in order; while one is used, the next is computed in a thread. At most two are held in memory.

    A caller that stops early waits for the part being computed.
    """
    source, end = iter(parts), object()
    with one_thread_more() as thread:
        coming: Future[Part | object] = thread.submit(next, source, end)
        while (part := coming.result()) is not end:
            coming = thread.submit(next, source, end)
            yield cast(Part, part)


@contextlib.contextmanager
def one_thread_more() -> Iterator[ThreadPoolExecutor]:
    """A thread beside the calling one. Leaving the block waits for the work that has begun; other work never begins."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def result_of(future: "Future[Result]", look: Callable[[], object]) -> Result:
    """Wait for a thread's result and return it, or raise the thread's error.

    look: called repeatedly meanwhile; it reports progress or asks whether to stop, and may raise Cancelled. An
    interruption from outside arrives between two calls, because it needs Python to run in this thread.
    """
    while not future.done():
        look()
        wait([future], timeout=_LOOK_S)
    return future.result()
