"""What lies below the streets: pipes by kind, town gas, power cables, and the galleries that hold them."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_ground import GRID_M, Geometries
from onemap.resources.sample_city.streets import Streets

# Kind, metres aside of the street's middle, diameter in mm on long and on short streets, owner. An arterial's ground
# reaches 17 m to each side, less where it bends: hardly a pipe below it stands in the way of who builds beside it.
PIPES = (
    ("给水", 7.0, 400, 150, "清源水务有限公司"),
    ("污水", -4.0, 500, 300, "清源水务有限公司"),
    ("雨水", 4.0, 800, 600, "市政设施管理处"),
    ("直埋热力", -8.0, 500, 250, "清源热力有限公司"),
    ("通信管道", 9.0, 110, 110, "清源通信有限公司"),
)
HEATED = 3  # every third street has no heat
GAS_ASIDE_M, CABLE_ASIDE_M = -6.0, -10.0
GALLERIES = 3  # below the longest streets; the last is planned
PLAIN_M = 0.2  # a pipe is surveyed from shaft to shaft


def _streets(network: Streets) -> Geometries:
    """The arterials' centre lines, the longest first, in the order of CSDL."""
    order = np.argsort(-shapely.length(network.arterials), kind="stable")
    return network.arterials[order]


def _aside(lines: Geometries, metres: float) -> Geometries:
    """Each line moved aside, to its left where `metres` is positive; where a bend leaves pieces, the longest."""
    offset_lines = shapely.offset_curve(shapely.simplify(lines, PLAIN_M), metres, join_style="mitre")
    whole = [max(shapely.get_parts(line), key=shapely.length) for line in offset_lines]
    return shapely.set_precision(np.asarray(whole, object), GRID_M)


def utilities(network: Streets) -> geopandas.GeoDataFrame:
    """DXGX: water, sewage, rain, heat and telecommunication below the arterials."""
    streets = _streets(network)
    rows: list[tuple[str, float, str]] = []
    ground = []
    for kind, aside_m, wide, narrow, owner in PIPES:
        served = np.arange(len(streets)) % HEATED > 0 if kind == "直埋热力" else np.ones(len(streets), bool)
        ground += list(_aside(streets[served], aside_m))
        is_main = np.flatnonzero(served) < len(streets) // 3
        rows += [(kind, float(wide if main else narrow), owner) for main in is_main]
    return geopandas.GeoDataFrame(
        {
            "GXBH": [f"GX{number:04d}" for number in range(1, len(rows) + 1)],
            "GXLX": [row[0] for row in rows],
            "GJ": [row[1] for row in rows],
            "QSDW": [row[2] for row in rows],
        },
        geometry=ground,
    )


def town_gas(network: Streets) -> geopandas.GeoDataFrame:
    """RQGD: medium pressure below the arterials, and a main of higher pressure in the middle of the longest."""
    streets = _streets(network)
    ground = [*_aside(streets[:1], 1.5), *_aside(streets, GAS_ASIDE_M)]
    count = len(ground)
    return geopandas.GeoDataFrame(
        {
            "GDBH": [f"RQ{number:03d}" for number in range(1, count + 1)],
            "GDMC": ["次高压主干管", *(f"{names.numbered_place(number)}路中压管" for number in range(count - 1))],
            "YLJB": ["次高压A", *["中压A"] * (count - 1)],
            "GJ": [400.0, *(200.0 if number < len(streets) // 3 else 110.0 for number in range(count - 1))],
        },
        geometry=ground,
    )


def cables(network: Streets) -> geopandas.GeoDataFrame:
    """DLDL: power cables along every other arterial."""
    ground = _aside(_streets(network)[::2], CABLE_ASIDE_M)
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {"XLBH": [f"DD{each:03d}" for each in number], "XLMC": [f"10千伏电缆{each}线" for each in number]},
        geometry=ground,
    )


def galleries(network: Streets) -> geopandas.GeoDataFrame:
    """DXZHGL: galleries below the middle of the longest arterials, two built and one planned."""
    ground = _aside(_streets(network)[:GALLERIES], -1.5)
    return geopandas.GeoDataFrame(
        {
            "BH": [f"GLL{number}" for number in range(1, len(ground) + 1)],
            "MC": [f"{names.numbered_place(number)}路综合管廊" for number in range(len(ground))],
            "ZT": ["现状"] * (len(ground) - 1) + ["规划"],
        },
        geometry=ground,
    )
