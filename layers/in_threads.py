"""Parts of a piece of work in threads, taken in their order, so many at a time that memory stays bounded."""

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
    """work(part) for each part, in their order, one more of them begun than there are workers.

    parts: are asked for in the calling thread; workers: None for as many as the machine has cores. Whoever stops
    taking waits for what has begun; what has not never begins.
    """
    count = workers or os.cpu_count() or 1
    pool, begun = ThreadPoolExecutor(count), deque[Future[Result]]()
    try:
        for part in parts:
            begun.append(pool.submit(work, part))
            if len(begun) > count:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def one_ahead(parts: Iterable[Part]) -> Generator[Part, None, None]:
    """The parts in order; while one is used, the next is computed in a thread. At most two are held in memory.

    Whoever stops taking waits for the one that is being made.
    """
    source, end = iter(parts), object()
    with one_thread_more() as thread:
        coming: Future[Part | object] = thread.submit(next, source, end)
        while (part := coming.result()) is not end:
            coming = thread.submit(next, source, end)
            yield cast(Part, part)


@contextlib.contextmanager
def one_thread_more() -> Iterator[ThreadPoolExecutor]:
    """A thread beside the calling one. Whoever leaves waits for what has begun; what has not never begins."""
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def result_of(made: "Future[Result]", look: Callable[[], object]) -> Result:
    """The result of a thread, once it is there; an error in the thread is raised.

    look: is called again and again meanwhile, says how far it is or asks whether to stop, and may raise Cancelled. What
    breaks off this thread from outside comes between two such calls: it comes only where Python runs.
    """
    while not made.done():
        look()
        wait([made], timeout=_LOOK_S)
    return made.result()
