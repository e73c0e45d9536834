"""Process large arrays block by block, so that intermediate results are never in memory for the whole array."""

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

_GIVE_BACK_S = 2.0  # at least between two times
_given_back_s = 0.0
BLOCK = 50_000  # features; their coordinates are some dozens of megabytes


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Return slices that together make up range(count), each of at most `size`."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def give_back_memory() -> None:
    """Give free memory back to the system, between two blocks of a large layer.

    The C library of Linux keeps the memory of small objects, and grows with every block. Memory that was returned must
    be requested again, which takes longer than returning it: so this acts only now and then, however often it is
    called.
    """
    global _given_back_s  # the process has one memory
    trim, moment = _trim(), time.monotonic()
    if trim is not None and moment - _given_back_s >= _GIVE_BACK_S:
        _given_back_s = moment
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim, or None if there is none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
