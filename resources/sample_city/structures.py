"""Bridges, a tunnel, lines and zones that plans keep free, and areas of the town that have a name and a purpose."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city.city_ground import GRID_M, Geometries, parts, smooth_line
from onemap.resources.sample_city.city_land import planned_features
from onemap.resources.sample_city.countryside import Country
from onemap.resources.sample_city.streets import Streets

BANK_M = 12.0  # a bridge reaches beyond the water
BRIDGES = ((100.0, "大桥"), (30.0, "中桥"), (0.0, "小桥"))  # by length in metres, the longest first
IN_HILL_M = 60.0
CORRIDOR_M = 20.0  # half of the width
RAILWAY_DECK_M = 7.0
PLANNED_LINES = (
    ("清源南绕城公路", "公路", [(2650, 60), (3050, 420), (3560, 640), (4080, 860), (4700, 560), (5250, 180)]),
    ("清云城际铁路", "铁路", [(150, 5060), (700, 4790), (1700, 4830), (2700, 4840), (3900, 4800), (5000, 4960)]),
)
CORRIDOR = [(4260, 1330), (4390, 1000), (4480, 520), (4640, 40)]
# An airfield south of the district, with the inner horizontal and the conical surface of a runway of code number 2.
RUNWAY, AIRFIELD_M = [(2500, -2350), (3700, -2150)], 58.0  # its height above sea level
INNER_RADIUS_M, INNER_M, CONE_M, CONE_SLOPE, CONE_STEP_M = 2500.0, 45.0, 55.0, 0.05, 5.0


def road_bridges(land: Country, network: Streets, district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """GLQL: where a classified road crosses the river."""
    water = shapely.intersection(shapely.buffer(land.river, BANK_M), district)
    rows = []
    for _, name, _, width_m, line in network.roads:
        pieces = shapely.get_parts(shapely.intersection(line, water))
        for piece in pieces[shapely.length(pieces) > 1.0]:
            kind = next(title for least, title in BRIDGES if piece.length >= least)
            rows.append((f"{name}清源河桥", kind, shapely.buffer(piece, width_m / 2, cap_style="flat")))
    return _named_features("QL", [row[0] for row in rows], [row[2] for row in rows], QLLX=[row[1] for row in rows])


def railway_bridges(land: Country, network: Streets, district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """TLQL: where a railway crosses the river."""
    water = shapely.intersection(shapely.buffer(land.river, BANK_M), district)
    lines = np.asarray([line for *_, line in network.railways], object)
    decks = shapely.buffer(shapely.intersection(lines, water), RAILWAY_DECK_M, cap_style="flat")
    ground = parts(decks)
    return _named_features("TQ", [f"清源河铁路桥{number}" for number in range(1, len(ground) + 1)], ground)


def tunnels(land: Country, network: Streets, district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """GLSD: the motorway's way through the hills."""
    inside = shapely.intersection(shapely.buffer(land.hills, -IN_HILL_M), district)
    motorways = np.asarray([line for _, _, kind, _, line in network.roads if kind == "高速公路"], object)
    pieces = shapely.get_parts(shapely.intersection(motorways, inside))
    longest = pieces[np.argsort(-shapely.length(pieces), kind="stable")][:1]
    return _named_features("SDD", ["西岭隧道"] * len(longest), longest)


def planned_lines(district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """JTGHXW: a road about the town in the south, and a railway in the north."""
    ground = [shapely.intersection(smooth_line(points, 40.0), district) for _, _, points in PLANNED_LINES]
    return _named_features("XW", [row[0] for row in PLANNED_LINES], ground, XWLX=[row[1] for row in PLANNED_LINES])


def height_limits(district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """JCZAWXZM: the airfield's limits over the district; its cone in steps, each as low as its lowest edge."""
    runway = shapely.LineString(RUNWAY)
    rises = np.arange(0.0, CONE_M + CONE_STEP_M / 2, CONE_STEP_M)  # over the inner horizontal surface
    discs = shapely.buffer(runway, INNER_RADIUS_M + rises / CONE_SLOPE, quad_segs=32)
    rings = [discs[0], *shapely.difference(discs[1:], discs[:-1])]
    ground = shapely.intersection(np.asarray(rings, object), district)
    titles = ["内水平面", *(f"锥形面第{number}级" for number in range(1, len(rises)))]
    heights = AIRFIELD_M + INNER_M + np.concatenate([[0.0], rises[:-1]])
    over = np.flatnonzero(shapely.area(ground) > 0)
    limits = heights[over].tolist()
    return _named_features("XZM", [f"清南通用机场{titles[each]}" for each in over], ground[over], XZGD=limits)


def power_corridors() -> geopandas.GeoDataFrame:
    """GHGYZL: the way of a 220 kV line to come, from the substation to the south."""
    ground = shapely.buffer(shapely.LineString(CORRIDOR), CORRIDOR_M, cap_style="flat", join_style="mitre")
    return _named_features("ZL", ["清南220千伏规划走廊"], [ground], DYDJ=[220])


def industrial_park(network: Streets) -> geopandas.GeoDataFrame:
    """CYYQ: the blocks of works and stores, with the streets between them."""
    blocks = np.asarray([block.outline for block in network.blocks if block.use in ("works", "stores")], object)
    ground = shapely.buffer(shapely.union_all(shapely.buffer(blocks, 20.0, join_style="mitre")), -20.0)
    largest = max(parts(ground), key=shapely.area)
    return _named_features("YQ", ["清源产业园"], [largest], YQJB=["市级"], ZDCY=["装备制造、食品加工"])


def sponge_units(renewal: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """HMCSGKDY: where the town is renewed it has to keep its rain; only these pilots are drawn."""
    ground = renewal.geometry.to_numpy()
    number = range(1, len(ground) + 1)
    return _named_features("HM", [f"海绵试点{each}号单元" for each in number], ground, NJLZL=[75.0] * len(ground))


def historic_quarter(sites: geopandas.GeoDataFrame, outer_ground: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """LSWHJQ: the quarter about the old tower, its core and the ground about it."""
    core, whole = sites.geometry.iloc[0], outer_ground.geometry.iloc[0]
    ground = [core, shapely.set_precision(shapely.difference(whole, core), GRID_M)]
    return _named_features("LS", ["文昌阁历史文化街区"] * 2, ground, FWLX=["核心保护范围", "建设控制地带"])


def historic_lines(outer_ground: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """LSWHBHX: the line about what is protected, as the plan draws it."""
    return planned_features("2094", "2090020600", outer_ground.geometry.to_numpy())


def _named_features(
    start: str, titles: list[str], ground: Geometries | list, **columns: list
) -> geopandas.GeoDataFrame:
    """Features that have a number, a name, and what `columns` say."""
    whole = shapely.set_precision(np.asarray(ground, object), GRID_M)
    number = [f"{start}{each:03d}" for each in range(1, len(whole) + 1)]
    return geopandas.GeoDataFrame({"BH": number, "MC": titles, **columns}, geometry=whole)
