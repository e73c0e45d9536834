"""Metadata of a GeoParquet file: which column holds the geometry, and its properties."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyproj

KEY = "geo"  # of a file's metadata
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def geo_metadata(
    column: str,
    crs: pyproj.CRS,
    geometry_types: Iterable[str] = (),
    box: Sequence[float] | None = None,
    box_column: str | None = None,
) -> str:
    """Return the text under `KEY` as GeoParquet 1.1 has it, for geometries as WKB.

    geometry_types: the types that occur, empty if unknown; box: (4,) around all geometries, in units of the CRS;
    box_column: the column with the box of each row, which has a part for each of `CORNERS`.
    """
    about: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(geometry_types),
        "crs": crs.to_json_dict(),
    }
    if box is not None:
        about["bbox"] = list(box)
    if box_column is not None:
        about["covering"] = {"bbox": {corner: [box_column, corner] for corner in CORNERS}}
    return json.dumps({"version": "1.1.0", "primary_column": column, "columns": {column: about}})
