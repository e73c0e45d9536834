"""The outline of a parcel is held once in a run: rows whose ground is the whole parcel only say so."""

from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onemap.rules.judge.inputs.parcels import Parcels


class Outlines:
    """The outlines of consecutive parcels of a run, by which the rows are known that show a whole parcel.

    first: the position of the first among all parcels of the run.
    """

    def __init__(self, first: int, parcels: Parcels) -> None:
        self._first = first
        self._parcels = parcels

    @cached_property
    def _index(self) -> pd.Index:
        """The parcels' ids."""
        return pd.Index(self._parcels.ids, dtype=object)

    def of(self, names: np.ndarray, bodies: pa.Array) -> np.ndarray:
        """The positions of the parcels whose outline, byte by byte, is a row's geometry, -1 of other rows: (k,).

        names, bodies: the parcels to which the rows belong, and the rows' geometries as WKB, or None.
        """
        multis = self._parcels.multis
        if bodies is multis:  # the parcels' own table
            return self._first + np.arange(len(bodies))
        size, own_size = (np.asarray(pc.fill_null(pc.binary_length(some), -1)) for some in (bodies, multis))
        positions, rows = np.full(len(bodies), -1), np.flatnonzero(np.isin(size, own_size))
        if len(rows) == 0:
            return positions
        found = np.asarray(self._index.get_indexer(pd.Index(names[rows], dtype=object)))
        # Only what is as long as the parcel's is looked at byte by byte.
        is_alike = (found >= 0) & (size[rows] == own_size[found])
        rows, found = rows[is_alike], found[is_alike]
        same = pc.equal(bodies.take(pa.array(rows)), multis.take(pa.array(found)))
        is_whole = np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)
        positions[rows[is_whole]] = self._first + found[is_whole]
        return positions
