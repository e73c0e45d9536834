"""Report rasters inside a GeoPackage or a FileGDB, which a reader of features skips."""

import warnings
from pathlib import Path

import numpy as np
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.rasters.raster_formats import listed_rasters
from onemap.layers.sources.gdal.gdal_name import gdal_name
from onemap.layers.sources.gdal.geopackage_schema import raster_tables

# Of the kinds in a geodatabase's own table GDB_ItemTypes: Raster Dataset, Raster Catalog, Mosaic Dataset, Terrain.
_RASTER_TYPES = (
    "{5ED667A3-9CA9-44A2-8029-D95BF23704B9}",
    "{35B601F7-45CE-4AFF-ADB7-7702D3839B12}",
    "{F8413DCB-2248-4935-BFE9-315F397E5110}",
    "{76357537-3364-48AF-A4BE-783C7C28B5CB}",
)


def raster_remarks(path: Path, place: ProblemPlace) -> list[Problem]:
    """Return the remark that a file whose features are read holds rasters too; empty if it holds none."""
    names = _raster_names(path)
    return [Problem("raster.passed_over", {**place, "rasters": listed_rasters(names)})] if names else []


def check_holds_features(path: Path) -> None:
    """Refuse a file that holds rasters but no layer that GDAL finds. Raises OneMapError raster.tiles."""
    if names := _raster_names(path):
        raise OneMapError("raster.tiles", file=path.name, rasters=listed_rasters(names))


def _raster_names(path: Path) -> list[str]:
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        return raster_tables(path)
    return _raster_datasets(path) if suffix == ".gdb" else []


def _raster_datasets(path: Path) -> list[str]:
    """Return the rasters and terrains of a geodatabase; none if its table of items cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told already, when the file was opened
            _, _, _, (kinds, names) = pyogrio.raw.read(
                gdal_name(path), layer="GDB_Items", columns=["Type", "Name"], read_geometry=False, LIST_ALL_TABLES="YES"
            )
    except (DataSourceError, DataLayerError, FieldError, ValueError):
        return []  # one of ArcGIS 9 has no such table
    is_raster = np.isin([str(kind).upper() for kind in kinds], _RASTER_TYPES)
    return [str(name) for name in names[is_raster]]
