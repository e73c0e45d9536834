"""Describe a raster without loading it: size, cells, bands, nodata, coordinate system, vertical datum, overviews."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyproj

from onemap.layers.crs import systems
from onemap.layers.crs.crs_titles import plain_crs_title
from onemap.layers.errors import Problem
from onemap.layers.ingest.placing import undeclared_crs
from onemap.layers.messages import problem_record
from onemap.layers.rasters.raster_heights import vertical_datum
from onemap.layers.rasters.raster_remarks import raster_remarks
from onemap.layers.rasters.rasters import (
    check_blocks,
    declared_system,
    is_complex,
    is_scaled,
    opened_raster,
    scaling,
)

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


def inspect_raster(path: Path, language: str) -> dict[str, Any]:
    """Return a raster as the one layer of its file; its own facts stand under "raster", lengths in its own units.

    Raises OneMapError source.missing, source.damaged.
    """
    with opened_raster(path) as dataset:
        check_blocks(dataset)
        is_placed = not dataset.transform.is_identity
        west, south, east, north = map(float, dataset.bounds)
        box = (west, min(south, north), east, max(south, north)) if is_placed else None
        system, problems = declared_system(dataset)
        if not is_placed:
            problems = [Problem("raster.unplaced", {"file": path.name})]
        if system is None:
            crs = undeclared_crs(box, language)[0]
        else:
            crs = {"code": systems.crs_name(system), "from": "declared", "why": plain_crs_title(system, language)}
            extra = systems.contradiction(system, box)
            problems += [Problem(extra.code, {**extra.facts, "file": path.name})] if extra is not None else []
        problems += _grid_problems(dataset, system, is_placed)
        layer = {
            "name": path.stem,
            "count": 1,
            "geometry": "Raster",
            "crs": crs,
            "encoding": None,
            "bounds": box,
            "fields": [],
            "problems": [problem_record(problem, language) for problem in problems],
            "raster": _grid_record(dataset, system),
        }
        return {"format": dataset.driver, "file": path.name, "layers": [layer]}


def _grid_problems(dataset: "DatasetReader", system: pyproj.CRS | None, is_placed: bool) -> list[Problem]:
    """Return the problems of grid and numbers that keep a raster out of a library, and remarks on its bands."""
    name, problems = Path(dataset.name).name, []
    if is_placed and not dataset.transform.b == dataset.transform.d == 0:
        problems.append(Problem("raster.rotated", {"file": name}))
    if is_scaled(dataset):
        problems.append(Problem("raster.scaled", scaling(dataset)))
    if is_complex(dataset):
        problems.append(Problem("raster.complex", {"file": name, "data_type": dataset.dtypes[0]}))
    return [*problems, *raster_remarks(dataset, system)]


def _grid_record(dataset: "DatasetReader", system: pyproj.CRS | None) -> dict[str, Any]:
    return {
        "width": dataset.width,
        "height": dataset.height,
        "cell_width": abs(dataset.transform.a),
        "cell_height": abs(dataset.transform.e),
        "bands": dataset.count,
        "data_type": dataset.dtypes[0],
        "nodata": None if dataset.nodata is None else _finite(dataset.nodata),
        "vertical_datum": vertical_datum(system),
        "overviews": list(dataset.overviews(1)),
    }


def _finite(nodata: float) -> float | str:
    """Return nodata as JSON can hold it: NaN and infinity as text."""
    return float(nodata) if nodata == nodata and abs(nodata) != float("inf") else str(nodata)
