"""What stands on the parcels: one building each, with its height, where that comes from, and how sure it is."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city.city_ground import GRID_M, Geometries
from onemap.resources.sample_city.lots import Lots
from onemap.resources.sample_city.streets import CityBlock

LEAST_EAVES_M, EAVES = 3.0, 0.13  # roofs stand back from the parcel's border, on large ones by a share of its width
LEAST_M2 = 12.0
KINDS = {
    # what a block is for → what its buildings are for, least and most storeys, metres of one
    "old": ("住宅", 1, 3, 3.0), "homes": ("住宅", 3, 6, 3.0), "estate": ("住宅", 6, 18, 3.0),
    "village": ("农村住宅", 1, 2, 3.2), "shops": ("商业", 1, 4, 4.5), "offices": ("办公", 5, 16, 3.6),
    "town hall": ("办公", 3, 6, 3.6), "school": ("学校", 2, 5, 3.9), "hospital": ("医院", 4, 10, 3.9),
    "works": ("工业厂房", 1, 2, 8.0), "stores": ("仓储", 1, 1, 9.0), "services": ("公用设施", 1, 2, 4.5),
}  # fmt: skip
TOWER = ("办公", 28, 3.9)  # the one tower of the town: 28 storeys, 109.2 m
MEASURED = 0.7  # of the buildings; the height of the others follows from their storeys
MEASURED_M, RECKONED_M = 0.5, 3.0  # how far a height may be off


def roofs(parcels: Geometries) -> Geometries:
    """The ground of the building on each parcel; empty where there is no room for one."""
    eaves_m = np.maximum(LEAST_EAVES_M, EAVES * np.sqrt(shapely.area(parcels)))
    return shapely.buffer(parcels, -eaves_m, join_style="mitre")


def is_built(blocks: tuple[CityBlock, ...], lots: Lots) -> np.ndarray:
    """Which of the parcels have a building: all but parks."""
    return np.asarray([block.use != "park" for block in blocks])[lots.block]


def buildings(rng: np.random.Generator, blocks: tuple[CityBlock, ...], lots: Lots) -> geopandas.GeoDataFrame:
    """JZW: a building on every built parcel, the highest of the offices a tower."""
    built_parcels = np.flatnonzero(is_built(blocks, lots))
    ground, parcel = shapely.get_parts(
        shapely.set_precision(roofs(lots.ground[built_parcels]), GRID_M), return_index=True
    )
    ground = shapely.simplify(ground, 0.3)
    wide = (shapely.area(ground) >= LEAST_M2) & shapely.is_valid(ground)
    ground, use = ground[wide], [blocks[index].use for index in lots.block[built_parcels[parcel[wide]]]]
    kinds = [KINDS[each] for each in use]
    low, high = np.asarray([kind[1:3] for kind in kinds]).T
    storeys = rng.integers(low, high + 1)
    storey_m = np.asarray([kind[3] for kind in kinds])
    uses = np.asarray([kind[0] for kind in kinds], object)
    offices = np.flatnonzero(np.asarray(use, object) == "offices")
    if len(offices):
        tower = offices[np.argmax(storeys[offices])]
        uses[tower], storeys[tower], storey_m[tower] = TOWER
    is_measured = rng.random(len(ground)) < MEASURED
    height_m = storeys * storey_m + np.where(is_measured, rng.uniform(-0.4, 1.2, len(ground)), 0.0)
    return geopandas.GeoDataFrame(
        {
            "BH": [f"JZ{number:05d}" for number in range(1, len(ground) + 1)],
            "CS": storeys.astype(np.int32),
            "JZGD": np.round(height_m, 1),
            "GDLY": np.where(is_measured, "实测", "层数推算"),
            "GDJD": np.where(is_measured, MEASURED_M, RECKONED_M),
            "YT": uses,
        },
        geometry=ground,
    )
