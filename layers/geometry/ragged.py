"""Groups of unlike length laid out flat, without a loop over them."""

from collections.abc import Iterator

import numpy as np


def ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The numbers first[i], first[i] + 1, … count[i] of them, one group after the other; all arrays of integers."""
    ends = np.cumsum(count)
    found: np.ndarray = np.arange(int(count.sum())) + np.repeat(first - (ends - count), count)
    return found


def blocks_within(ends: np.ndarray, most: int) -> Iterator[slice]:
    """Consecutive items that sum to at most `most`, or single items; `ends` (n,) is the running sum of their sizes."""
    start, done = 0, 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, done + most, side="right")))
        yield slice(start, stop)
        start, done = stop, int(ends[stop - 1])
