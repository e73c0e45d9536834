"""The planning department's layers: urban boundary, detailed plan, road red lines, green lines, heritage."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names, planted
from onemap.resources.sample_city.city_ground import GRID_M, Warp, parts, wavy_loop
from onemap.resources.sample_city.city_land import identifiers, planned_features, survey_area_m2
from onemap.resources.sample_city.countryside import cover
from onemap.resources.sample_city.streets import ARTERIAL_HALF_M, USES, CityBlock, Streets

DENSITY = {
    "070102": ("≤2.2", "25", "≥35", "60"),
    "0901": ("≤3.0", "45", "≥20", "50"),
    "0902": ("≤3.5", "40", "≥25", "80"),
}
WIDENED_M, WITHIN_M = 4.5, 1.2  # the plan widens every fifth arterial; the others it draws inside their kerbs


def urban_boundary(network: Streets) -> geopandas.GeoDataFrame:
    """CZKFBJ: the town with room to grow, and the straight-edged new district in the east."""
    town_ground = shapely.simplify(shapely.buffer(shapely.buffer(network.town, 260), -170), 12.0)
    town_ground = shapely.union(shapely.set_precision(town_ground, GRID_M), planted.local(planted.URBAN_BOX))
    spare = wavy_loop(np.random.default_rng(7), (2350, 4330), (170, 120), 0.1)
    spare = shapely.set_precision(shapely.difference(spare, town_ground), GRID_M)
    ground = np.concatenate([parts(town_ground), parts(spare)])
    kinds = ["城镇集中建设区"] * len(parts(town_ground)) + ["城镇弹性发展区"] * len(parts(spare))
    codes = ["410" if kind == kinds[0] else "420" for kind in kinds]
    return planned_features("2090", "2090020400", ground, GHFQDM=codes, GHFQMC=kinds)


def land_plan_masks(network: Streets) -> list[tuple[str, np.ndarray]]:
    """What TDGHDL says of the town and the new district; the planted disagreements go first."""
    return [
        ("1120", np.asarray([planted.local(planted.CONFLICT)], object)),
        ("2310", np.asarray([planted.local(planted.RENAMED)], object)),
        ("2110", np.append(parts(network.town), planted.local(planted.NEW_DISTRICT))),
    ]


def detailed_plan(rng: np.random.Generator, network: Streets, blocks: tuple[CityBlock, ...]) -> geopandas.GeoDataFrame:
    """KGDK: every block of the town with its use and limits, and the streets between them.

    It goes beyond TDGHDL along one road, calls one park by another name, and plans works on its farmland. The
    villages that the town has reached are rural homesteads here, and urban land there.
    """
    district = shapely.union(planted.local(planted.NEW_DISTRICT), planted.local(planted.SHIFTED))
    ground = shapely.union(network.town, district)
    outlines = np.asarray([block.outline for block in blocks], object)
    masks = [
        ("100102", np.asarray([planted.local(planted.CONFLICT)], object)),
        ("1401", np.asarray([planted.local(planted.RENAMED)], object)),
        ("070301", np.asarray([planted.local(each) for each in planted.VILLAGES], object)),
        ("16", np.asarray([district], object)),
        ("block", outlines),
    ]
    plan = cover(ground, np.asarray([ground], object), masks, "1207")
    uses = np.asarray([USES[block.use][0] for block in blocks], object)
    code = plan.kind.copy()
    in_block = plan.kind == "block"
    code[in_block] = uses[plan.shape[in_block]]
    is_changed = in_block & (rng.random(len(code)) < 0.06)  # where the plan wants something else than there is
    code[is_changed] = rng.choice(np.asarray(["070102", "0901", "1401", "0804"], object), int(is_changed.sum()))
    limits = np.asarray([DENSITY.get(use, (None, None, None, None)) for use in code], object)
    unit = np.where(shapely.get_x(shapely.centroid(plan.faces)) > 3600, "QY-02", "QY-01")
    return geopandas.GeoDataFrame(
        {
            "DKBH": [f"{first}-{number:03d}" for number, first in enumerate(unit, 1)],
            "DYBH": unit,
            "GHMC": "清源中心城区控制性详细规划",
            "PFWH": "清政函〔2022〕18号",
            "PFRQ": pandas.Timestamp("2022-06-30"),
            "YDXZDM": code,
            "YDXZMC": [names.PLOT_USES[use] for use in code],
            "YDMJ": np.round(shapely.area(plan.faces), 2),
            "RJL": limits[:, 0],
            "JZMD": limits[:, 1],
            "LDL": limits[:, 2],
            "JZXG": limits[:, 3],
            "GHZT": "现行",
        },
        geometry=plan.faces,
    )


def road_redlines(network: Streets) -> geopandas.GeoDataFrame:
    """DLHX: the arterials as planned; every fifth is to be wider than it is."""
    half = ARTERIAL_HALF_M + np.where(np.arange(len(network.arterials)) % 5 == 2, WIDENED_M, -WITHIN_M)
    ground = shapely.buffer(network.arterials, half, cap_style="flat", join_style="mitre")
    return geopandas.GeoDataFrame(
        {
            "HXBH": [f"HX{number:03d}" for number in range(1, len(ground) + 1)],
            "DLMC": [f"规划{number}路" for number in range(1, len(ground) + 1)],
            "HXKD": 2 * half,
        },
        geometry=ground,
    )


def green_lines(blocks: tuple[CityBlock, ...]) -> geopandas.GeoDataFrame:
    """ZXCQCSLVX: the parks of the town."""
    ground = np.asarray([block.outline for block in blocks if block.use == "park"], object)
    return planned_features("2092", "2090020232", ground)


def heritage(network: Streets) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """WWBHFW and JSKZDD: what is protected in the old town and the country, and the ground about it."""
    sites = [
        ("文昌阁", "省级", Warp((3150, 2960), -0.1).box(-45, -35, 45, 40)),
        ("清源古城墙遗址", "市县级", shapely.buffer(network.warp.line([-330, -120, 140], [-300, -330, -300]), 14.0)),
        ("西岭烽火台", "市县级", shapely.Point(690, 1560).buffer(35, quad_segs=4)),
        ("南渡古桥", "省级", Warp((2380, 1190), 0.9).box(-50, -18, 50, 18)),
    ]
    ground = np.asarray([site[2] for site in sites], object)
    base = {"MC": [site[0] for site in sites], "JB": [site[1] for site in sites]}
    outer_ground = shapely.buffer(ground, 45.0, join_style="mitre")
    number = range(1, len(sites) + 1)
    return (
        geopandas.GeoDataFrame({"BH": [f"WB{each:03d}" for each in number], **base}, geometry=ground),
        geopandas.GeoDataFrame({"BH": [f"JK{each:03d}" for each in number], **base}, geometry=outer_ground),
    )


def approved_sites(
    rng: np.random.Generator, blocks: tuple[CityBlock, ...], block: np.ndarray, ground: np.ndarray
) -> geopandas.GeoDataFrame:
    """GHDK: some parcels that have their permission already."""
    parcel_rows = np.sort(rng.choice(len(ground), min(60, len(ground)), replace=False))
    uses = np.asarray([USES[blocks[index].use][0] for index in block[parcel_rows]], object)
    number = range(1, len(parcel_rows) + 1)
    return geopandas.GeoDataFrame(
        {
            "DKBH": [f"PZ{each:04d}" for each in number],
            "XMMC": names.projects(rng, uses),
            "YDXZDM": uses,
            "PZWH": [f"清自规选〔2023〕{each}号" for each in number],
            "PZRQ": pandas.Timestamp("2023-05-20"),
            "YXQZ": pandas.Timestamp("2026-05-19"),
        },
        geometry=ground[parcel_rows],
    )


def control_zones(
    units: geopandas.GeoDataFrame,
    district: shapely.Polygon,
    network: Streets,
    urban: np.ndarray,
    redline: np.ndarray,
    villages: np.ndarray,
) -> geopandas.GeoDataFrame:
    """JSYDGZQ: where the land-use plan allows building (010), with conditions (020), rarely (030), never (040)."""
    allowed = np.concatenate([parts(network.town), villages, [planted.local(planted.CLEAN_GROUND)]])
    masks = [("040", redline), ("010", allowed), ("020", urban)]
    zone = cover(district, units.geometry.to_numpy(), masks, "030")
    township = units.iloc[zone.unit]
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2004", len(zone.faces)),
            "YSDM": "2003020210",
            "XZQDM": township["XZQDM"].to_numpy(),
            "XZQMC": township["XZQMC"].to_numpy(),
            "GZQLXDM": zone.kind,
            "GZQMJ": survey_area_m2(zone.faces),
        },
        geometry=zone.faces,
    )
