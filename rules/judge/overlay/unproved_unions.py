"""Work whose unions prove their own areas; rows with a union that is not proved are left out and named."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from onemap.layers.errors import OneMapError

UNPROVED = "overlay.union"  # the code of the refusal
Result = TypeVar("Result")


def do_provable(work: Callable[[np.ndarray], Result], count: int) -> tuple[Result, np.ndarray, np.ndarray]:
    """The result for the rows (below `count`) whose unions are proved, these rows, and the others.

    work: takes rows; whether the union of a row is proved depends on that row alone. Raises every other OneMapError of
    `work`.
    """
    rows = np.arange(count)
    try:
        return work(rows), rows, rows[:0]
    except OneMapError as error:
        if error.code != UNPROVED:
            raise
    unproved = _unproved_rows(work, rows)
    proved = np.setdiff1d(rows, unproved)
    return work(proved), proved, unproved


def _unproved_rows(work: Callable[[np.ndarray], object], rows: np.ndarray) -> np.ndarray:
    """The rows that are refused by themselves, among rows (k,) that are refused together; found by halving."""
    if len(rows) == 1:
        return rows
    refused_rows = [rows[:0]]
    for half in np.array_split(rows, 2):
        try:
            work(half)
        except OneMapError as error:
            if error.code != UNPROVED:
                raise
            refused_rows.append(_unproved_rows(work, half))
    return np.concatenate(refused_rows)
