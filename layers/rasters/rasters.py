"""Rasters opened for reading; a version's raster only if it still is what was added.

In the library a raster version is a table of one polygon, the raster's footprint, with path, hash and grid.
"""

import html
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from onemap.layers.crs.systems import check_names_no_file, parse_crs, suggestion
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.first_bytes import check_first_bytes
from onemap.layers.files.plain_file import check_plain_beside
from onemap.layers.rasters.grid_facts import says_still
from onemap.layers.rasters.raster_formats import RASTER_DRIVERS, listed_rasters, unreadable_raster
from onemap.layers.rasters.raster_reference import RasterReference, cell_files, is_as_added
from onemap.layers.records import Record

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window


# Overviews, masks and what HFA spills into a file of its own; GeoTIFF, and HFA's two kinds.
_BESIDE = (".ovr", ".OVR", ".msk", ".MSK", ".rrd", ".RRD", ".aux", ".AUX", ".ige", ".IGE")
# Of a block of cells, which is read as a whole: what is read of any file, and how many times its own size of a larger.
_MOST_BYTES, _MOST_TIMES = 500_000_000, 50
_RASTER_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"EHFA_HEADER_TAG", b"ERDAS_IMG_EXTER")


def opened_raster(path: Path) -> "DatasetReader":
    """Open a raster for reading with the driver for its suffix; all its files must lie beside it.

    Raises OneMapError source.missing, source.no_file, source.damaged, source.indirect, source.swollen, format.unknown,
    format.no_driver, crs.names_file, raster.folder, raster.several.
    """
    import rasterio  # a third GDAL beside pyogrio's: loaded only where a raster is at stake
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

    if not path.exists():
        raise OneMapError("source.missing", file=str(path))
    driver = RASTER_DRIVERS.get(path.suffix.lower())
    if path.suffix.lower() == ".vrt":
        raise OneMapError("source.indirect", file=path.name)
    if driver is None or not path.is_file():
        raise unreadable_raster(path)
    check_plain_beside(path)
    _check_systems_beside(path)
    check_first_bytes(path)
    _check_beside(path)
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # it is told as a problem, and not by rasterio on stderr
    try:
        dataset = rasterio.open(path, driver=driver)
    except RasterioIOError as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from error
    try:
        _check_files(dataset, path)
        _check_grid(dataset, path)
    except BaseException:
        dataset.close()
        raise
    return dataset


def _check_beside(path: Path) -> None:
    """Refuse files in place of a raster's overviews and masks: GDAL would open them with whatever driver they name.

    Raises OneMapError source.indirect.
    """
    for end in _BESIDE:
        for further_file in (path.with_name(path.name + end), path.with_suffix(end)):
            if further_file.is_file() and further_file != path:
                with further_file.open("rb") as file:
                    if not file.read(15).startswith(_RASTER_BEGINNINGS):
                        raise OneMapError("source.indirect", file=further_file.name)


def _check_systems_beside(path: Path) -> None:
    """Refuse a coordinate system beside a raster that names a file. Raises OneMapError crs.names_file."""
    names = [path.with_suffix(".prj"), path.with_suffix(".PRJ")]
    names += [path.with_name(path.name + ".aux.xml"), path.with_suffix(".aux.xml")]
    for further_file in names:
        if further_file.is_file():
            check_names_no_file(html.unescape(further_file.read_bytes().decode("latin-1")), file=further_file.name)


def _check_files(dataset: "DatasetReader", path: Path) -> None:
    """Refuse a raster with cells or overviews in a file that is not its own. Raises OneMapError source.indirect."""
    # Before the files are listed: for that the overviews are opened, wherever they are.
    strange = list(dataset.tags(ns="OVERVIEWS").values())
    own = path.stem.casefold()
    if not strange:
        file_names = (Path(name) for name in dataset.files)
        strange = [
            file.name
            for file in file_names
            if file.absolute().parent != path.absolute().parent or not file.name.casefold().startswith(own)
        ]
    if strange:
        raise OneMapError("source.indirect", file=path.name)


def _check_grid(dataset: "DatasetReader", path: Path) -> None:
    """Refuse a file with several grids but none of its own, a grid without a place, and blocks as large as memory.

    Raises OneMapError raster.several, source.damaged, source.swollen.
    """
    if not dataset.count:
        names = [name.rpartition(":")[2] for name in dataset.subdatasets]
        raise OneMapError("raster.several", file=path.name, count=len(names), grids=listed_rasters(names))
    if not all(map(math.isfinite, (*dataset.transform, *dataset.bounds))) or dataset.transform.determinant == 0:
        raise OneMapError("source.damaged", file=path.name, reason=f"{tuple(dataset.transform)[:6]}")
    rows, columns = map(max, zip(*dataset.block_shapes, strict=True))
    block_bytes = rows * columns * sum(_bytes_of(kind) for kind in dataset.dtypes)
    size = path.stat().st_size
    if block_bytes > max(_MOST_BYTES, _MOST_TIMES * size):
        facts = {"kilobytes": -(-size // 1000), "megabytes": block_bytes // 1_000_000, "most": _MOST_BYTES // 1_000_000}
        raise OneMapError("source.swollen", file=path.name, **facts)


def _bytes_of(kind: str) -> int:
    return 8 if kind == "complex_int16" else np.dtype(kind).itemsize


def check_blocks(dataset: "DatasetReader") -> None:
    """Refuse a raster whose first, middle or last block cannot be read: its header may be fine all the same.

    Raises OneMapError source.damaged.
    """
    with refusing_damage(dataset):
        for window in some_blocks(dataset, 3):
            dataset.read(window=window)


@contextmanager
def refusing_damage(dataset: "DatasetReader") -> Iterator[None]:
    """Refuse a raster if a block cannot be read within the context. Raises OneMapError source.damaged."""
    from rasterio.errors import RasterioError

    try:
        yield
    except RasterioError as error:
        reason = str(error.__cause__ or error)[:200].rstrip(".")
        raise OneMapError("source.damaged", file=Path(dataset.name).name, reason=reason) from error


def some_blocks(dataset: "DatasetReader", most: int) -> "Iterator[Window]":
    """At most so many of a raster's blocks: the first, the last, and others evenly between them."""
    from rasterio.windows import Window

    rows, columns = dataset.block_shapes[0]
    across = -(-dataset.width // columns)
    count = across * -(-dataset.height // rows)
    for number in sorted({round(share * (count - 1)) for share in np.linspace(0, 1, min(most, count)).tolist()}):
        row, column = number // across * rows, number % across * columns
        yield Window(column, row, min(columns, dataset.width - column), min(rows, dataset.height - row))


def raster_crs(dataset: "DatasetReader", stated_crs: str | None) -> pyproj.CRS:
    """The raster's CRS, declared or given. Raises OneMapError crs.missing, crs.unknown."""
    name = Path(dataset.name).name
    if stated_crs:
        return parse_crs(stated_crs, field="--crs")
    if dataset.crs is None:
        raise OneMapError("crs.missing", file=name, suggestion=suggestion(tuple(dataset.bounds)))
    return parse_crs(dataset.crs.to_wkt(), file=name)


def declared_system(dataset: "DatasetReader") -> tuple[pyproj.CRS | None, list[Problem]]:
    """The coordinate system that a raster declares; if there is none, None and the problems that say why."""
    try:
        return raster_crs(dataset, None), []
    except OneMapError as error:
        return None, list(error.problems)


def is_scaled(dataset: "DatasetReader") -> bool:
    """Whether the first band's numbers are scaled: QGIS shows number × scale + offset, rules read the number."""
    return bool(dataset.scales[0] != 1 or dataset.offsets[0] != 0)


def scaling(dataset: "DatasetReader") -> Record:
    """Scale and offset of a scaled raster, as facts for the message."""
    return {"file": Path(dataset.name).name, "scale": dataset.scales[0], "offset": dataset.offsets[0]}


def is_complex(dataset: "DatasetReader") -> bool:
    """Whether the first band, which rules read, holds complex numbers, which cannot be heights."""
    return "complex" in dataset.dtypes[0]


def checked_raster(reference: RasterReference) -> "DatasetReader":
    """Open the raster of a version, if it and the files beside it still are what was added.

    Raises OneMapError version.unreadable if it is gone or another.
    """
    unreadable = OneMapError("version.unreadable", file=reference.path.name, layer=reference.path.stem)
    try:
        if not is_as_added(reference):
            raise unreadable
        dataset = opened_raster(reference.path)
    except OSError as error:
        raise unreadable from error
    try:
        is_same = says_still(dict(reference.facts), dataset, raster_crs(dataset, reference.given_crs))
    except OneMapError:  # it has lost its system
        is_same = False
    if reference.beside is not None:
        is_same &= cell_files(dataset) == [file.path for file in reference.beside]
    is_same &= not is_scaled(dataset)  # no raster that is scaled is added
    if not is_same:
        dataset.close()
        raise unreadable
    return dataset
