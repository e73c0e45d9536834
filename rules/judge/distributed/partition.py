"""Divide parcels into blocks of neighbours: in the order given, or along Hilbert's curve through their centres."""

import os

import numpy as np

from onemap.layers.errors import UsageError
from onemap.layers.geometry.hilbert import places_on_curve

MOST_PARCELS = 25_000
BLOCKS_IN_MEMORY = 5  # blocks: about a gigabyte with all that is made of them
BLOCKS_IN_PARTS = 10  # the same where no more rows are held than those of some parts; blocks on disk need as much
MOST_ROWS = 1_500_000  # overlaps of a check in memory: each takes a kilobyte or two until it is written
ROWS_OF_BLOCK, LEAST_PARCELS = 150_000, 500
_GIVEN = "ONEMAP_BLOCK"
MOST_VERTICES = 1_000_000  # of a block: its geometries are then some dozens of megabytes
_MOST_TIMES = 2.0  # that ground is read where blocks keep the order in which parcels were given; a merge costs as much


def fits_into_memory(blocks: float, *, in_parts: bool = False) -> bool:
    """Whether so many blocks are better judged without a journal: to store them on disk costs a quarter of the time.

    in_parts: part by part, so that all parcels but not all rows are in memory. Where ONEMAP_BLOCK sets a block's size,
    every block is stored.
    """
    return blocks <= (1 if _GIVEN in os.environ else BLOCKS_IN_PARTS if in_parts else BLOCKS_IN_MEMORY)


def most_parcels() -> int:
    """The most parcels of a block: 25,000, or the number in ONEMAP_BLOCK of the environment.

    Raises UsageError usage.value.
    """
    number = os.environ.get(_GIVEN, str(MOST_PARCELS))
    if not number.isdecimal() or int(number) < 1:
        raise UsageError("usage.value", field=_GIVEN, value=number)
    return int(number)


def most_rows(parcels: int) -> int | None:
    """The most overlaps that a check of so many parcels in memory may have; None for any number.

    Any number where parcels are too few to be divided, and where ONEMAP_BLOCK sets a block's size.
    """
    return None if _GIVEN in os.environ or parcels < LEAST_PARCELS else MOST_ROWS


def crowded_block(rows: float) -> int:
    """The most parcels of a block where each has about `rows` overlaps: the usual number where these are few."""
    most = most_parcels()
    if _GIVEN in os.environ or rows * most <= ROWS_OF_BLOCK:
        return most
    return max(int(ROWS_OF_BLOCK / rows), LEAST_PARCELS)


def block_count(vertices: np.ndarray, most: int) -> int:
    """How many blocks parcels with so many vertices each (n,) make."""
    return max(1, int(np.ceil(_weights(vertices, most).sum() - 1e-9)))


def _weights(vertices: np.ndarray, most: int) -> np.ndarray:
    """The share of a block that each parcel takes, (n,)."""
    share: np.ndarray = np.maximum(1 / most, vertices / (MOST_VERTICES * most / MOST_PARCELS))
    return share


def range_ends(vertices: np.ndarray, most: int) -> list[int]:
    """The ends of the full ranges, each of a block's size, into which parcels are cut as they come.

    vertices: (n,) of each parcel; most: parcels of a range.
    """
    reached, ends, before = np.cumsum(_weights(vertices, most)), [0], 0.0
    while ends[-1] < len(reached):
        end = max(int(np.searchsorted(reached, before + 1 + 1e-9, side="right")), ends[-1] + 1)
        if end == len(reached) and reached[-1] < before + 1 - 1e-9:
            break
        ends.append(end)
        before = float(reached[end - 1])
    return ends[1:]


def are_compact(boxes: np.ndarray) -> bool:
    """Whether consecutive parcels are neighbours, by the boxes (k, 4) of their ranges.

    Then a range is as good a block as any, and rows need not be brought back into order.
    """
    ground = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum()
    whole = np.prod(boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0))
    return bool(ground <= _MOST_TIMES * whole)


def blocks_of(centres: np.ndarray, vertices: np.ndarray, most: int) -> np.ndarray:
    """The block (n,), counted from 0, of each parcel; all blocks have about the same size.

    centres: (n, 2) in the library's plane; vertices: (n,) of each parcel; most: parcels of a block.
    """
    weight, count = _weights(vertices, most), block_count(vertices, most)
    order = np.argsort(places_on_curve(centres), kind="stable")
    reached = np.cumsum(weight[order])
    at = np.minimum((reached - weight[order]) / reached[-1] * count, count - 1).astype(np.int64)
    result = np.empty(len(order), dtype=np.int64)
    result[order] = np.unique(at, return_inverse=True)[1]  # a very large parcel may leave a number out
    return result
