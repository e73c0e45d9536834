"""Rasters: kept by reference with their hash, or copied as Cloud-Optimised GeoTIFF; a version's row says where.

In the library a raster version is a table of one polygon, the raster's footprint, with path, hash and grid.
"""

import contextlib
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.systems import contradiction, crs_name, parse_crs, suggestion, transformation
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.file_hashes import known_hash
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.sources.reading import layers_of, opened

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_EDGE_POINTS = 33  # on each side of the footprint, so that a reprojected edge keeps its bend


@dataclass(frozen=True)
class RasterReference:
    """Where a version's raster lies, and what it must still be."""

    path: Path
    sha256: str
    size: int
    modified_ns: int


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def opened_raster(path: Path) -> "DatasetReader":
    """A raster open for reading. Raises OneMapError source.missing, source.damaged."""
    import rasterio  # a third GDAL beside pyogrio's: loaded only where a raster is at stake
    from rasterio.errors import RasterioIOError

    if not path.exists():
        raise OneMapError("source.missing", file=path.name)
    try:
        return rasterio.open(path)
    except RasterioIOError as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from error


def _opened_as_raster(path: Path) -> "DatasetReader":
    """The same, of a file that may be of another kind. Raises OneMapError raster.vector also."""
    try:
        return opened_raster(path)
    except OneMapError as error:
        if error.code == "source.damaged" and _is_vector(path):
            raise OneMapError("raster.vector", file=path.name) from error
        raise


def _is_vector(path: Path) -> bool:
    try:
        with opened(path) as found:
            return bool(layers_of(found))
    except OneMapError:
        return False


def check_blocks(dataset: "DatasetReader") -> None:
    """Refuse a raster whose first, middle or last block cannot be read: a header alone says nothing of the cells.

    Raises OneMapError source.damaged.
    """
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    rows, columns = dataset.block_shapes[0]
    try:
        for share in (0.0, 0.5, 1.0):
            row = int(share * ((dataset.height - 1) // rows)) * rows
            column = int(share * ((dataset.width - 1) // columns)) * columns
            size = min(columns, dataset.width - column), min(rows, dataset.height - row)
            dataset.read(window=Window(column, row, *size))
    except RasterioError as error:
        reason = str(error.__cause__ or error)[:200].rstrip(".")
        raise OneMapError("source.damaged", file=Path(dataset.name).name, reason=reason) from error


def raster_crs(dataset: "DatasetReader", given: str | None) -> pyproj.CRS:
    """The raster's CRS, declared or given. Raises OneMapError crs.missing, crs.unknown."""
    name = Path(dataset.name).name
    if given:
        return parse_crs(given, field="--crs")
    if dataset.crs is None:
        raise OneMapError("crs.missing", file=name, suggestion=suggestion(tuple(dataset.bounds)))
    return parse_crs(dataset.crs.to_wkt(), file=name)


def _check_place(dataset: "DatasetReader", crs: pyproj.CRS) -> None:
    """Refuse a raster without coordinates, or with such as its CRS does not have."""
    name = Path(dataset.name).name
    if dataset.transform.is_identity:
        raise OneMapError("raster.unplaced", file=name)
    west, south, east, north = map(float, dataset.bounds)
    problem = contradiction(crs, (min(west, east), min(south, north), max(west, east), max(south, north)))
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, file=name)


def is_scaled(dataset: "DatasetReader") -> bool:
    """Whether the first band's numbers stand for others: QGIS shows number × scale + offset, rules see the number."""
    return bool(dataset.scales[0] != 1 or dataset.offsets[0] != 0)


def scaling(dataset: "DatasetReader") -> dict[str, Any]:
    """How a scaled raster's numbers are meant, for the message."""
    return {"file": Path(dataset.name).name, "scale": dataset.scales[0], "offset": dataset.offsets[0]}


def is_complex(dataset: "DatasetReader") -> bool:
    """Whether the first band, which is the one that rules read, holds complex numbers: they are no heights."""
    return "complex" in dataset.dtypes[0]


def band_remarks(dataset: "DatasetReader") -> tuple[Problem, ...]:
    """That of several bands the first is read, which nobody should have to guess."""
    if dataset.count == 1:
        return ()
    return (Problem("raster.bands", {"file": Path(dataset.name).name, "bands": dataset.count}),)


def footprint(dataset: "DatasetReader", source: pyproj.CRS, target: pyproj.CRS) -> shapely.Polygon:
    """The outline of a raster's grid in `target`."""
    steps = np.linspace(0, 1, _EDGE_POINTS)
    side = np.concatenate([steps[:-1], np.ones(_EDGE_POINTS - 1), steps[:0:-1], np.zeros(_EDGE_POINTS - 1)])
    down = np.roll(side, _EDGE_POINTS - 1)
    grid = dataset.transform
    east, north = grid.c + grid.a * side * dataset.width, grid.f + grid.e * down * dataset.height
    change = transformation(source, target, file=Path(dataset.name).name)
    if change is not None:
        east, north = change(east, north)
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise OneMapError(
            "crs.out_of_range", file=Path(dataset.name).name, crs=crs_name(source), target=crs_name(target)
        )
    return shapely.Polygon(np.column_stack([east, north]))


def raster_frame(source: str, given_crs: str | None, target: pyproj.CRS, copy_to: Path | None) -> CleanFrame:
    """A raster as the row that a library keeps of it.

    copy_to: where a Cloud-Optimised GeoTIFF is written (beside as *.part first); None keeps a reference.
    Raises OneMapError source.…, crs.…, raster.rotated, raster.scaled, raster.complex, raster.unplaced, raster.vector,
    out.failed.
    """
    path = Path(source)
    with _opened_as_raster(path) as dataset:
        check_blocks(dataset)
        if is_scaled(dataset):
            raise OneMapError("raster.scaled", **scaling(dataset))
        if is_complex(dataset):
            raise OneMapError("raster.complex", file=path.name, data_type=dataset.dtypes[0])
        crs = raster_crs(dataset, given_crs)
        _check_place(dataset, crs)
        if not math.isclose(dataset.transform.determinant, 0) and dataset.transform.b == dataset.transform.d == 0:
            outline = footprint(dataset, crs, target)
        else:
            raise OneMapError("raster.rotated", file=path.name)
        remarks = band_remarks(dataset)
        compound = crs.sub_crs_list[1].name if crs.is_compound else None
        facts = {
            "width": dataset.width,
            "height": dataset.height,
            "bands": dataset.count,
            "data_type": dataset.dtypes[0],
            "nodata": None if dataset.nodata is None else float(dataset.nodata),
            "cell_width": abs(dataset.transform.a),
            "cell_height": abs(dataset.transform.e),
            "crs": crs_name(crs),
            "vertical_datum": compound,
            "overviews": ",".join(map(str, dataset.overviews(1))),
        }
    kept = path if copy_to is None else _copied(path, copy_to)
    state = kept.stat()
    row = {
        "path": str(kept.resolve()) if copy_to is None else f"{copy_to.parent.name}/{copy_to.name}",
        "sha256": _sha256(kept),
        "size": state.st_size,
        "modified_ns": state.st_mtime_ns,
        "given_crs": given_crs,
        **facts,
    }
    return CleanFrame(
        geometries=np.array([outline], dtype=object),
        attributes=pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()}),
        names=np.array(["1"], dtype=object),
        problems=remarks,
    )


def _copied(path: Path, target: Path) -> Path:
    """The raster as a Cloud-Optimised GeoTIFF with overviews, whole or not at all."""
    from rasterio.errors import RasterioError
    from rasterio.shutil import copy as copy_raster

    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(exist_ok=True)
        copy_raster(str(path), str(part), driver="COG", compress="DEFLATE")
        part.replace(target)
    except (OSError, RasterioError) as error:
        part.unlink(missing_ok=True)
        raise OneMapError("out.failed", file=target.name, reason=str(error)[:200]) from error
    return target


@contextlib.contextmanager
def raster_copy(library: Path | None, code: str, wanted: bool) -> Iterator[Path | None]:
    """Where a copy is to lie, beside the library; taken back if what follows fails. None if none is wanted.

    library: its file, None on a server. Raises OneMapError raster.no_folder.
    """
    if not wanted:
        yield None
        return
    if library is None:
        raise OneMapError("raster.no_folder", layer=code, field="--copy")
    folder = library.with_name(library.name + ".rasters")
    number = 1 + max((int(p.stem.rpartition("__")[2]) for p in folder.glob(f"{code}__*.tif")), default=0)
    target = folder / f"{code}__{number}.tif"
    try:
        yield target
    except BaseException:
        target.unlink(missing_ok=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise


def reference_of(attributes: "pd.Series[Any]", library: Path | None) -> RasterReference:
    """What a version's row says of its raster; a copy lies beside the library."""
    path = Path(attributes["path"])
    return RasterReference(
        path=path if path.is_absolute() or library is None else library.parent / path,
        sha256=attributes["sha256"],
        size=int(attributes["size"]),
        modified_ns=int(attributes["modified_ns"]),
    )


def is_as_added(reference: RasterReference) -> bool:
    """Whether a raster still is what was added: by size and time, else by its hash."""
    try:
        state = reference.path.stat()
        if state.st_size != reference.size:
            return False
        if state.st_mtime_ns == reference.modified_ns:
            return True
        # A copy of gigabytes with another time is read once.
        return known_hash("raster", [reference.path], lambda: _sha256(reference.path)) == reference.sha256
    except OSError:
        return False


def checked_raster(reference: RasterReference) -> "DatasetReader":
    """The raster, if it still is what was added. Raises OneMapError version.unreadable if it is gone or another."""
    try:
        if not is_as_added(reference):
            raise OneMapError("version.unreadable", file=reference.path.name, layer=reference.path.stem)
        return opened_raster(reference.path)
    except OSError as error:
        raise OneMapError("version.unreadable", file=reference.path.name, layer=reference.path.stem) from error
