"""Divide the area units of a large layer into blocks of neighbours, so that a province is never wholly in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.hilbert import hilbert_order
from onemap.layers.records import Record
from onemap.rules.answers.statistics.units import AreaUnits
from onemap.rules.judge.distributed.partition import most_parcels

FEATURES_A_PARCEL = 10  # adding one up costs a tenth of checking a parcel: 250,000 take one and a half gigabytes


@dataclass(frozen=True)
class PartOfStatistics:
    """The statistics of a block of units.

    rows, units, total: as for all units; crossing: by the total's key, fids of features that may also lie in other
    blocks.
    """

    rows: list[Record]
    units: list[Record]
    total: Record
    crossing: Mapping[str, frozenset[int]]


def unit_blocks(units: AreaUnits, features: int) -> list[np.ndarray]:
    """Rows of the units (n,) by block, ascending in each block; there are at most as many blocks as units.

    features: number in the layer, assumed to be spread evenly.
    """
    count = min(-(-features // (FEATURES_A_PARCEL * most_parcels())), len(units.names))
    order = hilbert_order(shapely.bounds(units.grounds))
    return [np.sort(rows) for rows in np.array_split(order, max(count, 1))]


def units_of(units: AreaUnits, rows: np.ndarray) -> AreaUnits:
    """Some of the units."""
    titles = None if units.titles is None else units.titles[rows]
    return replace(units, names=units.names[rows], grounds=units.grounds[rows], titles=titles)


def joined_statistics(
    parts: Sequence[PartOfStatistics], names: np.ndarray
) -> tuple[list[Record], list[Record], Record]:
    """Rows and units in the order of the units (n,), and the total; a feature in two blocks counts once."""
    order = {name: at for at, name in enumerate(names.tolist())}
    rows = sorted((row for part in parts for row in part.rows), key=lambda row: order[row["unit"]])
    units = sorted((unit for part in parts for unit in part.units), key=lambda unit: order[unit["unit"]])
    total = dict(_sums([part.total for part in parts]))
    for key in parts[0].crossing:
        total[key] -= sum(len(part.crossing[key]) for part in parts)
        total[key] += len(frozenset().union(*(part.crossing[key] for part in parts)))
    if total["area_m2"] is None:
        total["share"] = 1.0 if total["features"] else None
    else:
        total["share"] = total["area_m2"] / total["units_m2"] if total["units_m2"] else None
    return rows, units, total


def _sums(totals: Sequence[Record]) -> Iterator[tuple[str, Any]]:
    """Every number of the totals summed by key, None if one is unknown; other values are the same in all totals."""
    for key, first in totals[0].items():
        values = [total[key] for total in totals]
        yield key, first if isinstance(first, dict) else None if None in values else sum(values)
