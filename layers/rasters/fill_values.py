"""Numbers that stand for "no value" in a raster's cells without being declared: no heights, slopes or shares."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from onemap.layers.rasters.rasters import is_complex, some_blocks

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

# What programs write where nothing was measured: ArcGIS and ASCII grids, the SRTM and ASTER models, the least numbers
# of two and four bytes; of floats also what is as large as the largest float of four bytes.
_MARKS = (-9999, -32767, -32768, -99999, -999999, -(2**31) + 1, -(2**31))
_GREATEST_MARK, _NO_QUANTITY = max(_MARKS), 1e30
_LARGEST_OF_TWO_BYTES = 65535
_MOST_BLOCKS = 200  # that are looked at, evenly over the raster: of a usual one a second's part


def hold_no_value(cells: np.ndarray) -> np.ndarray:
    """Which cells (h, w) hold a number that stands for no value, even if the raster does not declare it."""
    if cells.dtype.kind == "u":
        return cells == _LARGEST_OF_TWO_BYTES if cells.dtype.itemsize == 2 else np.zeros(cells.shape, dtype=bool)
    is_mark: np.ndarray = cells <= _GREATEST_MARK
    if is_mark.any():
        is_mark = np.isin(cells, _MARKS)
    if cells.dtype.kind == "f":
        is_mark |= np.abs(cells) >= _NO_QUANTITY
    return is_mark


def cells_looked_at(dataset: "DatasetReader") -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of the first band, only some of a large raster: cells (h, w), and which of them are declared valid.

    Raises RasterioError if a block cannot be read.
    """
    for window in some_blocks(dataset, _MOST_BLOCKS):
        yield dataset.read(1, window=window), dataset.read_masks(1, window=window) > 0


def fill_value(dataset: "DatasetReader") -> tuple[float, float] | None:
    """The commonest undeclared number for "no value" in the first band, and the share of cells with such numbers.

    Only some blocks of a large raster are read. None if no cell holds such a number. Raises RasterioError if a block
    cannot be read.
    """
    if dataset.dtypes[0] == "uint8" or is_complex(dataset):
        return None
    marks, count = [np.empty(0)], 0
    for cells, is_valid in cells_looked_at(dataset):
        marks.append(cells[hold_no_value(cells) & is_valid].astype(float))
        count += cells.size
    numbers, times = np.unique(np.concatenate(marks), return_counts=True)
    return (float(numbers[times.argmax()]), float(times.sum() / count)) if len(numbers) else None
