"""Tables in parts: ground counted from a run's origin is brought to the library's plane only when it is written."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.geometry.parts import multi, shift_polygons
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import BLOCK_ROWS

PART_ROWS = 2 * BLOCK_ROWS  # that are written at once; the blocks of a run are the same as those of the whole


class LocalTable(Table):
    """A table whose polygons (n,) are counted from `origin`; written, and as WKB, they are made anew for who asks."""

    def __init__(self, columns: pd.DataFrame, local: np.ndarray, origin: tuple[float, float]) -> None:
        self.__dict__.update(columns=columns, local=local, origin=origin)

    local: np.ndarray
    origin: tuple[float, float]

    @property
    def geometries(self) -> np.ndarray:
        """The polygons in the library's plane, as multipolygons (n,)."""
        return multi(library_polygons(self.local, self.origin), "polygon")

    @property
    def wkb(self) -> pa.Array:
        """The polygons in the library's plane as WKB (n,)."""
        return Table(self.columns, self.geometries).wkb

    @property
    def has_geometries(self) -> bool:
        """Whether it is a table of ground."""
        return True


def library_polygons(local: np.ndarray, origin: tuple[float, float]) -> np.ndarray:
    """Polygons (n,) counted from `origin` as they are in the library's plane."""
    return shift_polygons(local, origin)


def parts_of(table: Table) -> Iterator[Table]:
    """A table some thousand rows at a time, of which nothing is held; at least one, which may have no row."""
    for rows in list(blocks(len(table.columns), PART_ROWS)) or [slice(0, 0)]:
        columns = table.columns.iloc[rows]
        if isinstance(table, LocalTable):
            yield Table(columns, LocalTable(columns, table.local[rows], table.origin).geometries)
        elif table.geometries is None:
            yield Table(columns)
        else:
            yield Table(columns, table.geometries[rows], table.geometry_type)
