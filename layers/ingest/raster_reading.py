"""Make a version from a raster: read where it lies, or copied beside the library as Cloud-Optimised GeoTIFF."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.check_levels import check_of
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.crs.axis_order import are_turned, words_on_turned
from onemap.layers.crs.systems import contradiction, crs_name, transformation
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.durable_names import name_durably
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.ingest.placing import identity_remarks, override_remarks
from onemap.layers.progress import SILENT, Progress
from onemap.layers.rasters.grid_facts import GridFacts
from onemap.layers.rasters.raster_folder import raster_folder, reserved_stem
from onemap.layers.rasters.raster_heights import vertical_datum
from onemap.layers.rasters.raster_reference import cell_files, file_columns
from onemap.layers.rasters.raster_remarks import height_remarks, raster_remarks
from onemap.layers.rasters.rasters import (
    check_blocks,
    declared_system,
    is_complex,
    is_scaled,
    opened_raster,
    raster_crs,
    scaling,
)
from onemap.layers.sources.reading import layers_of, open_source

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_EDGE_POINTS = 33  # on each side of the footprint, so that a reprojected edge keeps its bend


def _opened_as_raster(path: Path) -> "DatasetReader":
    """Open a file as a raster; the file may be of another kind.

    Raises OneMapError as `opened_raster`, raster.vector, raster.packed, raster.tiles, and source.folder.
    """
    try:
        return opened_raster(path)
    except OneMapError as error:
        if error.code in ("source.damaged", "format.unknown"):
            _check_other_kind(path)
        raise


def _check_other_kind(path: Path) -> None:
    """Refuse features or rows, rasters in an archive or a GeoPackage, and a folder of other files.

    Raises OneMapError raster.vector, raster.packed, raster.tiles, source.folder.
    """
    try:
        with open_source(path) as source:
            is_vector = bool(layers_of(source))
    except OneMapError as error:
        if error.code in ("raster.packed", "raster.tiles", "source.folder"):
            raise
        return
    if is_vector:
        raise OneMapError("raster.vector", file=path.name)


def _check_place(dataset: "DatasetReader", crs: pyproj.CRS, target: pyproj.CRS) -> None:
    """Refuse a raster without coordinates, with coordinates that its CRS does not have, or with its axes exchanged."""
    name = Path(dataset.name).name
    if dataset.transform.is_identity:
        raise OneMapError("raster.unplaced", file=name)
    west, south, east, north = map(float, dataset.bounds)
    box = min(west, east), min(south, north), max(west, east), max(south, north)
    problem = contradiction(crs, box)
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, file=name)
    if are_turned(crs, target, np.array([box])).any():
        raise OneMapError("crs.contradicted", file=name, crs=crs_name(crs), suggestion=words_on_turned(None, *box[:2]))


def footprint(dataset: "DatasetReader", source: pyproj.CRS, target: pyproj.CRS) -> shapely.Polygon:
    """Return the outline of a raster's grid in `target`. Raises OneMapError crs.out_of_range."""
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


def raster_frame(
    source: str,
    entry: LayerEntry,
    given_crs: str | None,
    target: pyproj.CRS,
    copy_to: Path | None,
    progress: Progress = SILENT,
) -> CleanFrame:
    """Return a raster as the row that a library keeps of it.

    entry: of its layer; copy_to: where a Cloud-Optimised GeoTIFF is written (beside as *.part first); None keeps a
    reference.
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
        _check_place(dataset, crs, target)
        if not math.isclose(dataset.transform.determinant, 0) and dataset.transform.b == dataset.transform.d == 0:
            outline = footprint(dataset, crs, target)
        else:
            raise OneMapError("raster.rotated", file=path.name)
        remarks = tuple(_remarks(dataset, crs, target, entry))
        overviews = ",".join(map(str, dataset.overviews(1)))
    kept_path = path if copy_to is None else _copy_raster(path, copy_to)
    with opened_raster(kept_path) as dataset:
        crs = raster_crs(dataset, given_crs)
        facts, further_files = GridFacts.of(dataset, crs), cell_files(dataset)
    row = {
        "path": str(kept_path.resolve()) if copy_to is None else f"{copy_to.parent.name}/{copy_to.name}",
        **file_columns(kept_path, further_files, progress),
        "given_crs": given_crs,
        **asdict(facts),
        "crs": crs_name(crs),
        "vertical_datum": vertical_datum(crs),
        "overviews": overviews,
    }
    return CleanFrame(
        shapes=np.array([outline], dtype=object),
        attributes=pd.DataFrame({name: [value] for name, value in row.items()}, dtype=object),
        names=np.array(["1"], dtype=object),
        problems=remarks,
    )


def _remarks(dataset: "DatasetReader", crs: pyproj.CRS, target: pyproj.CRS, entry: LayerEntry) -> Iterator[Problem]:
    """What is remarked on a raster that is added: on its system, its numbers, and its heights, if it has such."""
    place = ProblemPlace(file=Path(dataset.name).name)
    yield from override_remarks(declared_system(dataset)[0], crs, place)
    yield from identity_remarks(crs, target, place)
    yield from raster_remarks(dataset, crs)
    yield from remarks_on_heights(dataset, crs, entry)


def remarks_on_heights(dataset: "DatasetReader", crs: pyproj.CRS, entry: LayerEntry) -> Iterator[Problem]:
    """That cells of a layer of heights can hardly be such; none of another layer. Raises OneMapError source.damaged."""
    if entry.heights_m is not None:
        shares = {code: check_of(entry, code)["share"] for code in ("raster.heights", "raster.steep")}
        yield from height_remarks(dataset, crs, entry.heights_m, shares)


def _copy_raster(path: Path, target: Path) -> Path:
    """Write the raster as a Cloud-Optimised GeoTIFF with overviews, whole or not at all."""
    from rasterio.errors import RasterioError
    from rasterio.shutil import copy as copy_raster

    part = target.with_name(target.name + ".part")
    try:
        with opened_raster(path) as dataset:
            copy_raster(dataset, str(part), driver="COG", compress="DEFLATE")
        name_durably(part, target)
    except (OSError, RasterioError) as error:
        part.unlink(missing_ok=True)
        raise OneMapError("out.failed", file=target.name, reason=str(error)[:200]) from error
    return target


@contextlib.contextmanager
def raster_copy(library: Path | None, code: str, is_wanted: bool) -> Iterator[Path | None]:
    """Give the path for a copy beside the library; remove the copy if the block fails. None if none is wanted.

    library: its file, None on a server. Raises OneMapError raster.no_folder, out.failed.
    """
    if not is_wanted:
        yield None
        return
    if library is None:
        raise OneMapError("raster.no_folder", layer=code, field="--copy")
    with reserved_stem(raster_folder(library), code) as stem:
        yield stem.with_name(stem.name + ".tif")
