"""Vector files that pyogrio reads: shapefile, FileGDB, GeoPackage, GeoJSON, TopoJSON, FlatGeobuf."""

import contextlib
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from onemap.layers.crs import parse_crs
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import RawFrame
from onemap.layers.sources.dbf_text import shapefile_encoding, sibling

DRIVERS = {
    ".shp": "ESRI Shapefile",
    ".gdb": "OpenFileGDB",
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".topojson": "TopoJSON",
    ".fgb": "FlatGeobuf",
}
_PARTS_OF_SHAPEFILE = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx")
_READ_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError)


@contextlib.contextmanager
def _gdal_errors_as_refusals(path: Path, layer: str | None = None) -> Iterator[None]:
    """GDAL's complaints become refusals that name the file; its warnings are not printed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnicodeDecodeError as error:
        raise OneMapError("encoding.undecidable", file=path.name, layer=layer) from error
    except (*_READ_ERRORS, ValueError, RuntimeError) as error:
        reason = re.sub(r"'?/[^\s']*/", "", str(error)).strip()
        raise OneMapError("source.damaged", file=path.name, layer=layer, reason=reason[:300]) from error


def check_complete(path: Path) -> None:
    """Refuse a shapefile whose parts are missing. Raises OneMapError source.part_missing."""
    if path.suffix.lower() in _PARTS_OF_SHAPEFILE and sibling(path, ".shp") is None:
        raise OneMapError("source.part_missing", file=path.name, part=f"{path.stem}.shp")
    if path.suffix.lower() == ".shp":
        missing = [suffix for suffix in (".dbf", ".shx") if sibling(path, suffix) is None]
        if missing:
            raise OneMapError("source.part_missing", file=path.name, part=", ".join(path.stem + s for s in missing))


def layer_names(path: Path) -> list[str]:
    """The layers of a file that hold geometry or rows, in the file's order."""
    with _gdal_errors_as_refusals(path):
        return [str(name) for name, _ in pyogrio.list_layers(path)]


def _declared_crs(path: Path, text: str | None) -> pyproj.CRS | None:
    """The CRS as the file declares it; GDAL's WGS 84 for a TopoJSON or an undeclared GeoPackage is none."""
    if not text or path.suffix.lower() == ".topojson" or _is_topojson(path):
        return None
    crs = parse_crs(text, file=path.name)
    return None if crs.name.lower().startswith(("undefined", "unknown", "unnamed")) else crs


def _is_topojson(path: Path) -> bool:
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        return b'"Topology"' in file.read(4096)


def _check_json(path: Path) -> None:
    """A broken JSON file is refused with the place of the break; GDAL may crash or read it in part."""
    if path.suffix.lower() not in {".geojson", ".json", ".topojson"}:
        return
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from None


def read_vector(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """One layer of a vector file, every row of it.

    Raises OneMapError source.damaged, source.part_missing, encoding.….
    """
    check_complete(path)
    _check_json(path)
    options: dict[str, Any] = {}
    text_encoding = None
    if path.suffix.lower() == ".shp":
        text_encoding = shapefile_encoding(path, encoding)
        options["encoding"] = text_encoding
    with _gdal_errors_as_refusals(path, layer):
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, return_fids=False, **options)
        geometries = _geometries(wkb, len(columns[0]) if columns else 0)
    attributes = pd.DataFrame(
        {str(name): pd.Series(list(column), dtype=object) for name, column in zip(meta["fields"], columns, strict=True)}
        if len(meta["fields"])
        else {},
        index=range(len(geometries)),
    )
    problems = []
    if shapely.has_z(geometries).any():
        problems.append(Problem("geometry.z_dropped", {"file": path.name, "layer": layer}))
    return RawFrame(
        path=path,
        layer=layer,
        format=DRIVERS.get(path.suffix.lower(), ""),
        geometries=shapely.force_2d(geometries),
        attributes=attributes,
        crs=_declared_crs(path, meta["crs"]),
        encoding=text_encoding,
        problems=tuple(problems),
    )


def _geometries(wkb: np.ndarray | None, rows: int) -> np.ndarray:
    """WKB as geometries; a ring too short or open to be one reads as None and is reported as such later."""
    if wkb is None:
        return np.full(rows, None, dtype=object)
    return shapely.from_wkb(wkb, on_invalid="ignore")
