"""Features as a FileGDB or a GeoPackage for other systems, if receivers ask; a package keeps its own record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.library.versions import StoredFeatures

GEODATABASE = "features.gdb"
Types = Mapping[str, str]
_NUMBERS = ("INTEGER", "REAL")
_EXACT = 2**53  # up to here a double holds every whole number


def write_geodatabase(path: Path, layers: Sequence[tuple[LayerEntry, StoredFeatures, Types]], crs: pyproj.CRS) -> None:
    """Write a feature class for each layer under its code, with its Chinese title as alias; types: of its fields.

    path: .gpkg gives a GeoPackage (1.3, which older programs open), all else a FileGDB. Raises OneMapError
    package.geodatabase for a layer that it cannot hold.
    """
    driver = "GPKG" if path.suffix.lower() == ".gpkg" else "OpenFileGDB"
    alias = "IDENTIFIER" if driver == "GPKG" else "LAYER_ALIAS"
    for entry, rows, types in layers:
        number_columns = {
            name: _number_type(rows.attributes[name], kind) for name, kind in types.items() if kind in _NUMBERS
        }
        attributes = rows.attributes.astype(number_columns)
        options: dict[str, Any] = {alias: entry.title_in("zh"), "layer": entry.code, "driver": driver}
        if driver == "GPKG" and not path.exists():
            options["dataset_options"] = {"VERSION": "1.3"}
        try:
            if entry.geometry == "table":
                pyogrio.write_dataframe(attributes, path, **options)
                continue
            frame = gpd.GeoDataFrame(attributes, geometry=rows.geometries, crs=crs)
            pyogrio.write_dataframe(frame, path, promote_to_multi=True, **options)
        except Exception as error:  # GDAL's own classes, by format
            raise OneMapError("package.geodatabase", layer=entry.code, reason=str(error)) from error


def _number_type(values: pd.Series, kind: str) -> str:
    """Return a column type that every FileGDB can hold: 64-bit integers are new to it, so large ones become text."""
    if kind == "REAL":
        return "float64"
    largest = max((abs(value) for value in values.tolist() if value is not None), default=0)
    return "Int32" if largest < 2**31 else "float64" if largest <= _EXACT else "string"
