"""Lay out groups of different lengths flat, without a loop over them."""

import numpy as np


def ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return `count[i]` consecutive numbers from `first[i]` on, one group after the other; all arrays of integers."""
    ends = np.cumsum(count)
    numbers: np.ndarray = np.arange(int(count.sum())) + np.repeat(first - (ends - count), count)
    return numbers
