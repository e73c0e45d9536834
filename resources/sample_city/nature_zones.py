"""Zones of the environment and forestry departments: air, water, noise, wetland, forest, and who pollutes."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_ground import GRID_M, parts
from onemap.resources.sample_city.countryside import Country
from onemap.resources.sample_city.streets import CityBlock, Streets

NOISE_M = 35.0  # about a railway: noise zones of class 4
RIVER_CLASSES = (("Ⅱ", "上游段", -9000.0, -1200.0), ("Ⅲ", "城区段", -1200.0, 2700.0), ("Ⅳ", "下游段", 2700.0, 9000.0))
POLLUTES = ("大气", "水", "固体废物")
SOURCES_OF = 3  # every third works is on the list


def air_zones(reserves: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """DQHJGNQ: the reserve is of the first class; only zones of that class are drawn."""
    ground = shapely.set_precision(shapely.union_all(reserves.geometry.to_numpy()), GRID_M)
    return geopandas.GeoDataFrame({"BH": ["KQ01"], "MC": ["西岭一类区"], "GNLB": ["一类"]}, geometry=[ground])


def water_zones(district: shapely.Polygon, land: Country) -> geopandas.GeoDataFrame:
    """SHUIHJGNQ: the river in three reaches. It flows to the south-east, so x - y grows along it."""
    water, rows = shapely.intersection(land.river, district), []
    for kind, title, low, high in RIVER_CLASSES:
        band = shapely.polygons([(low - 9000, -9000), (high - 9000, -9000), (high + 9000, 9000), (low + 9000, 9000)])
        reach = shapely.set_precision(shapely.intersection(water, band), GRID_M)
        rows += [(f"清源河{title}", kind, piece) for piece in parts(reach, 500.0)]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"SH{number:02d}" for number in range(1, len(rows) + 1)],
            "MC": [row[0] for row in rows],
            "GNLB": [row[1] for row in rows],
        },
        geometry=[row[2] for row in rows],
    )


def noise_zones(district: shapely.Polygon, network: Streets) -> geopandas.GeoDataFrame:
    """SHENGHJGNQ: both sides of the railways are of class 4; only zones of that class are drawn."""
    lines = np.asarray([line for *_, line in network.railways], object)
    strip = shapely.union_all(shapely.buffer(lines, NOISE_M, cap_style="flat"))
    ground = parts(shapely.set_precision(shapely.intersection(strip, district), GRID_M))
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {"BH": [f"ZS{each:02d}" for each in number], "MC": "铁路两侧", "GNLB": "4"}, geometry=ground
    )


def sources_of_pollution(blocks: tuple[CityBlock, ...]) -> geopandas.GeoDataFrame:
    """WRY: works that the list of the year names."""
    works = [block for block in blocks if block.use == "works"][::SOURCES_OF]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"WR{number:03d}" for number in range(1, len(works) + 1)],
            "MC": [f"{names.numbered_place(number)}排污单位" for number in range(len(works))],
            "WRLX": [POLLUTES[number % len(POLLUTES)] for number in range(len(works))],
        },
        geometry=[shapely.point_on_surface(block.outline) for block in works],
    )


def wetlands(redline: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """SD: the wetland by the river, as far as the red line keeps it."""
    ground = redline.geometry.to_numpy()[redline["HXMC"] == "清源河湿地生态保护红线"]
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {"BH": [f"SD{each:02d}" for each in number], "MC": "清源河湿地", "JB": "一般湿地"}, geometry=ground
    )


def public_forest(forest: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """GYL: the stands that forestry's own map calls public-welfare forest."""
    ground = forest.geometry.to_numpy()[forest["SFGYL"] == "是"]
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame({"BH": [f"GY{each:03d}" for each in number], "MC": "西岭公益林"}, geometry=ground)


def natural_forest(forest: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """TRL: the stands of the first two grades, which nobody planted."""
    ground = forest.geometry.to_numpy()[forest["BHDJ"].isin(["I", "II"])]
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame({"BH": [f"TR{each:03d}" for each in number], "MC": "西岭天然林"}, geometry=ground)


def hazard_sites(zones: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """DZZHYHD: a place in every zone of slopes that may slide, at which somebody looks."""
    kinds = ("滑坡", "崩塌", "滑坡", "不稳定斜坡", "崩塌")
    count = len(zones)
    return geopandas.GeoDataFrame(
        {
            "BH": [f"YH{number:03d}" for number in range(1, count + 1)],
            "MC": [f"西岭{number}号隐患点" for number in range(1, count + 1)],
            "ZHLX": [kinds[number % len(kinds)] for number in range(count)],
            "XQDJ": ["中型" if grade == "高" else "小型" for grade in zones["YFDJ"]],
        },
        geometry=shapely.point_on_surface(zones.geometry.to_numpy()),
    )
