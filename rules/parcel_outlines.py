"""The outline of a parcel is held once in a run: rows whose ground is the whole parcel only say so."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onemap.rules.run_blocks import KEY, Rows
from onemap.rules.whole_parcels import as_multis


class Outlines:
    """The outlines of consecutive parcels of a run, by which the rows are known that show a whole parcel.

    first: the position of the first among all parcels; ids, wkb (n,): as they were given.
    """

    def __init__(self, first: int, ids: np.ndarray, wkb: np.ndarray) -> None:
        self._first = first
        self._ids = pa.array(ids.tolist(), pa.string())
        self._wkb = wkb

    def of(self, rows: Rows) -> np.ndarray | None:
        """The positions of the parcels (k,) whose outline is a row's geometry, byte by byte, -1 for other rows."""
        if rows.wkb is None or KEY not in rows.columns.column_names or not len(rows):
            return None
        names = rows.columns[KEY].cast(pa.string()).combine_chunks()
        found = np.arange(len(names)) if names.equals(self._ids) else _places(names, self._ids)
        known = np.flatnonzero((found >= 0) & np.asarray(rows.wkb.is_valid()))
        outlines = pa.array(as_multis(self._wkb[found[known]].tolist()), pa.large_binary())
        shown = rows.wkb if len(known) == len(rows) else rows.wkb.take(pa.array(known))
        whole = known[np.asarray(pc.equal(shown, outlines))]
        positions = np.full(len(rows), -1)
        positions[whole] = self._first + found[whole]
        return positions


def _places(names: pa.Array, among: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.index_in(names, value_set=among), -1).to_numpy(), dtype=np.int64)
