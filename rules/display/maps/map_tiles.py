"""The layers of a library as vector tiles, each feature in the style that it has on every other map."""

import base64
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.crs.systems import transformation
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, layer_in_force, read_version, versions
from onemap.layers.publishing.vector_tile import MOST_ZOOM, encode_tile, on_grid, tile_bounds
from onemap.layers.records import Record
from onemap.rules.display.maps.symbols import symbols_of

_MERCATOR = pyproj.CRS.from_epsg(3857)
_EDGE_PARTS = 21  # of each side of a tile, which is no straight line in the library's plane
_LEAST = 16  # steps of a tile's grid: a picture's point on a usual screen, below which nothing is seen
_SHAPES = ("polygon", "line", "point")


def map_tile(library: Library, codes: Sequence[str], place: tuple[int, int, int], as_of: date, language: str) -> Record:
    """Some layers in one tile, as base64, each in its version in force. place: zoom, column, row.

    Tiles are only for display: verbs compute areas, lengths and positions in the library's plane. Raises UsageError
    layer.unknown, tile.geometry, usage.value, OneMapError version.….
    """
    catalogue = library.catalogue()
    for code in codes:
        entry = known_layer(catalogue, code, "CODE,…", error=UsageError)
        if entry.geometry not in _SHAPES:
            raise UsageError("tile.geometry", layer=code)
    zoom, column, row = place
    if not (zoom <= MOST_ZOOM and column < 2**zoom and row < 2**zoom):
        raise UsageError("usage.value", field="Z", value=f"{zoom}/{column}/{row}")
    all_versions = versions(library)
    current = {code: layer_in_force(all_versions, code, as_of) for code in codes}
    tile = b"".join(
        _layer_part(library, catalogue[code], version, place, language)
        for code, version in current.items()
        if version is not None
    )
    labels = {code: version.label if version else None for code, version in current.items()}
    return {"ok": True, "as_of": as_of.isoformat(), "versions": labels, "tile": base64.b64encode(tile).decode()}


def _layer_part(
    library: Library, entry: LayerEntry, version: Version, place: tuple[int, int, int], language: str
) -> bytes:
    """One layer of a tile. Raises OneMapError version.unreadable, crs.…."""
    features = read_version(library, version, bounds=_plane_bounds(library.crs, place))
    grid = on_grid(_in_mercator(features.geometries, library.crs), *place)
    is_seen = ~shapely.is_missing(grid)
    if entry.geometry != "point":
        boxes = shapely.bounds(grid).reshape(-1, 4)
        is_seen &= np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) >= _LEAST
    looks, of_feature = symbols_of(entry, features.attributes, language)
    visible_rows = np.flatnonzero(is_seen)
    words = {
        "line": [looks[number].stroke or "" for number in of_feature[visible_rows]],
        "fill": [looks[number].fill or "" for number in of_feature[visible_rows]],
    }
    return encode_tile(entry.code, features.fids[visible_rows].tolist(), grid[visible_rows], words)


def _plane_bounds(plane: pyproj.CRS, place: tuple[int, int, int]) -> tuple[float, float, float, float]:
    """The box of a tile in the library's plane. Raises OneMapError crs.…."""
    west, south, east, north = tile_bounds(*place)
    along = np.linspace(0.0, 1.0, _EDGE_PARTS)
    x, y = (start + (end - start) * along for start, end in ((west, east), (south, north)))
    edge_x = np.concatenate([x, x, np.full_like(y, west), np.full_like(y, east)])
    edge_y = np.concatenate([np.full_like(x, south), np.full_like(x, north), y, y])
    change = transformation(_MERCATOR, plane)
    points = (edge_x, edge_y) if change is None else change(edge_x, edge_y)
    sides = [side[np.isfinite(side)] for side in points]
    if not all(len(side) for side in sides):
        raise OneMapError("crs.unusable", crs="EPSG:3857", target=f"EPSG:{plane.to_epsg()}")
    return (*(float(side.min()) for side in sides), *(float(side.max()) for side in sides))  # type: ignore[return-value]


def _in_mercator(shapes: np.ndarray, plane: pyproj.CRS) -> np.ndarray:
    change = transformation(plane, _MERCATOR)
    if change is None:
        return shapes
    return shapely.transform(shapes, lambda points: np.column_stack(change(points[:, 0], points[:, 1])))
