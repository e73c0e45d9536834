"""The land departments' rasters: the elevation model, and a picture of the town from the air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from onemap.resources.sample_city.buildings import roofs
from onemap.resources.sample_city.city_ground import HEIGHT_M, ORIGIN, WIDTH_M, Array
from onemap.resources.sample_city.countryside import Country

MARGIN_M = 240.0  # both reach beyond the district on every side
TERRAIN_CELL_M, PICTURE_CELL_M = 20.0, 3.0
VALLEY_M, HILL_M, FOOT_M = 62.0, 230.0, 420.0  # heights of the plain and over it; how far the hills' foot reaches in
SHADOW = (1, -1)  # where a roof's shadow falls, in cells down and right
NOISE = 13.0  # of 255: leaves, furrows, gravel
COLOURS = {
    "0101": (104, 132, 84), "0102": (134, 146, 84), "0103": (172, 156, 108), "0201": (98, 124, 70),
    "0301": (54, 84, 48), "0305": (82, 108, 62), "0307": (92, 114, 66), "0404": (148, 150, 98),
    "0810": (84, 120, 66), "1001": (120, 112, 106), "1003": (150, 148, 146), "1004": (136, 134, 132),
    "1006": (176, 166, 140), "1101": (66, 92, 98), "1104": (72, 100, 100), "1106": (190, 178, 146),
    "1202": (190, 186, 172),
}  # fmt: skip
BUILT = (158, 152, 142)
ROOFS = np.array([(186, 178, 170), (150, 92, 76), (122, 118, 120), (206, 202, 196), (98, 122, 146)], float)


@dataclass(frozen=True)
class Raster:
    """A grid in EPSG:4547, north up. bands: (band, row, column); corner: easting, northing of its north-west corner."""

    bands: NDArray[np.generic]
    cell_m: float
    corner: tuple[float, float]
    nodata: float | None = None


def terrain(rng: np.random.Generator, land: Country) -> Raster:
    """DEM: a plain that falls to the south-east along its river, and hills with gullies in the west; metres."""
    x, y = _cells(TERRAIN_CELL_M)
    points = shapely.points(x, y)
    foot, river = shapely.simplify([land.hills.exterior, land.river_line], TERRAIN_CELL_M / 4)
    shapely.prepare([land.hills, foot, river])
    depth = np.where(shapely.contains_xy(land.hills, x, y), shapely.distance(foot, points), 0.0)
    to_river = shapely.distance(river, points)
    phase = rng.uniform(0, 2 * np.pi, 4)
    gullies = np.sin(x / 95 + 1.3 * np.sin(y / 210 + phase[0]) + phase[1]) * np.sin(y / 120 + phase[2])
    rise = 1 - np.exp(-((depth / FOOT_M) ** 1.4))
    height = VALLEY_M - 0.0016 * (x - y) + 6.5 * (1 - np.exp(-to_river / 160))
    height = height + 0.5 * np.sin(x / 800 + phase[3]) + HILL_M * rise + 24 * gullies * np.clip(depth / 260, 0, 1)
    return Raster(height.astype(np.float32)[None], TERRAIN_CELL_M, _corner(), nodata=-9999.0)


def aerial_picture(rng: np.random.Generator, cover: geopandas.GeoDataFrame, built_ground: np.ndarray) -> Raster:
    """DOM: what a plane would see of the land cover, and of a roof on each parcel of `built`; red, green, blue."""
    from rasterio.features import rasterize

    x, _ = _cells(PICTURE_CELL_M)
    ground = cover.geometry.to_numpy()
    colours = np.asarray([COLOURS.get(code, BUILT) for code in cover["DLBM"]], float)
    # No two fields have the same green; a road has the same grey everywhere.
    sways = np.where(cover["DLBM"].str[:2].isin(["01", "02", "03", "04"]), 15.0, 3.0)
    colours += rng.normal(0, 1, (len(colours), 1)) * sways[:, None] + rng.normal(0, 3, colours.shape)
    table = np.vstack([[(142, 148, 96)], colours])  # beyond the district: more fields, not looked at closely
    shape, frame = x.shape, _frame(PICTURE_CELL_M)
    place = rasterize(zip(ground, range(1, len(ground) + 1), strict=True), shape, transform=frame, dtype=np.int32)
    picture = table[place]
    roof_shapes = roofs(built_ground)
    kinds = rng.choice(len(ROOFS), len(roof_shapes), p=[0.3, 0.26, 0.2, 0.16, 0.08])
    roof_rows = np.flatnonzero(~shapely.is_empty(roof_shapes))
    pairs = zip(roof_shapes[roof_rows], roof_rows + 1, strict=True)
    roof = rasterize(pairs, shape, transform=frame, dtype=np.int32)
    shadow = np.roll(roof, SHADOW, axis=(0, 1))
    picture[(shadow > 0) & (roof == 0)] *= 0.55
    picture[roof > 0] = ROOFS[kinds[roof[roof > 0] - 1]]
    picture += rng.normal(0, 1, (*shape, 1)) * NOISE
    bands = np.clip(np.round(picture, out=picture), 0, 255, out=picture).astype(np.uint8)
    return Raster(np.moveaxis(bands, 2, 0), PICTURE_CELL_M, _corner())


def _cells(cell_m: float) -> tuple[Array, Array]:
    """Local x, y of the middle of every cell, each (rows, columns), from the north-west."""
    columns = np.arange(-MARGIN_M, WIDTH_M + MARGIN_M, cell_m) + cell_m / 2
    rows = np.arange(HEIGHT_M + MARGIN_M, -MARGIN_M, -cell_m) - cell_m / 2
    x, y = np.meshgrid(columns, rows)
    return x, y


def _frame(cell_m: float) -> Any:
    from rasterio.transform import from_origin

    return from_origin(-MARGIN_M, HEIGHT_M + MARGIN_M, cell_m, cell_m)


def _corner() -> tuple[float, float]:
    return ORIGIN[0] - MARGIN_M, ORIGIN[1] + HEIGHT_M + MARGIN_M
