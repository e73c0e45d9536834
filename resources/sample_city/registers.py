"""What offices keep a register of: place names, sensors, key projects, and opinions of earlier reviews."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_sites import Sites
from onemap.resources.sample_city.countryside import RIVER, VILLAGES, Country
from onemap.resources.sample_city.streets import USES, CityBlock, Streets

TOWNSHIP_SEATS = ((800, 2000), (3200, 2900), (5400, 2800), (5400, 150))
PLACES_BY_USE = {
    # what a block is for → the kind of place, and how such places end
    "school": ("学校", ("小学", "中学", "幼儿园", "职业学校")),
    "hospital": ("医疗机构", ("医院", "社区卫生服务中心")),
    "park": ("公园绿地", ("公园", "街心花园")),
    "town hall": ("行政机构", ("政务服务中心", "街道办事处")),
    "works": ("工业企业", ("机械厂", "食品厂", "纺织厂")),
    "stores": ("仓储物流", ("物流园", "仓库")),
}
SENSORS = (
    # kind, who keeps it, how many; the first two stand by the river
    ("水位", "市水利局", 6),
    ("水质", "市生态环境局", 4),
    ("交通流量", "市交通运输局", 16),
    ("空气质量", "市生态环境局", 6),
    ("噪声", "市生态环境局", 8),
    ("燃气压力", "市城管局", 12),
    ("内涝积水", "市城管局", 10),
)
BY_RIVER = 2
PROJECTS, OPINIONS = 14, 24
STAGES, APPROVALS = ("储备", "策划", "在办", "建成"), ("审批", "核准", "备案")
CONCLUSIONS = ("同意", "有条件同意", "有条件同意", "不同意", "补正材料")


def place_names(blocks: tuple[CityBlock, ...]) -> geopandas.GeoDataFrame:
    """DMDZ: townships, villages, the river's reaches, and what in the town has a name of its own."""
    rows = [
        (f"{name}人民政府", "行政区", name, place)
        for name, place in zip(names.TOWNSHIPS[:4], TOWNSHIP_SEATS, strict=True)
    ]
    rows += [(name, "居民点", name, place) for name, (place, *_) in VILLAGES.items()]
    rows += [(f"清源河{part}", "水系", "清源河", RIVER[at]) for part, at in (("上游", 1), ("城区段", 5), ("下游", 10))]
    count = dict.fromkeys(PLACES_BY_USE, 0)
    for block in blocks:
        if block.use not in PLACES_BY_USE:
            continue
        kind, endings = PLACES_BY_USE[block.use]
        turn, count[block.use] = count[block.use], count[block.use] + 1
        title = names.numbered_place(turn) + endings[turn % len(endings)]
        middle = shapely.point_on_surface(block.outline)
        rows.append((title, kind, f"清源街道{names.numbered_place(turn // 2)}路{len(rows)}号", (middle.x, middle.y)))
    return geopandas.GeoDataFrame(
        {
            "DMBH": [f"DM{number:04d}" for number in range(1, len(rows) + 1)],
            "DMMC": [row[0] for row in rows],
            "DMLB": [row[1] for row in rows],
            "DZ": [f"{names.CITY}{row[2]}" for row in rows],
            "XZQDM": names.COUNTY_CODE,
        },
        geometry=[shapely.Point(row[3]) for row in rows],
    )


def sensors(rng: np.random.Generator, land: Country, network: Streets) -> geopandas.GeoDataFrame:
    """WLWJD: gauges along the river, the rest along the town's arterials."""
    kinds, keepers, points = [], [], []
    for index, (kind, keeper, number) in enumerate(SENSORS):
        lines = [land.river_line] * number if index < BY_RIVER else rng.choice(network.arterials, number)
        shares = (
            np.linspace(0.12 + 0.05 * index, 0.8 + 0.05 * index, number)
            if index < BY_RIVER
            else rng.uniform(0.1, 0.9, number)
        )
        points += list(shapely.line_interpolate_point(np.asarray(lines, object), shares, normalized=True))
        kinds += [kind] * number
        keepers += [keeper] * number
    days = pandas.Timestamp("2021-03-01") + pandas.to_timedelta(rng.integers(0, 1500, len(points)), unit="D")
    return geopandas.GeoDataFrame(
        {
            "JDBH": [f"WL{number:04d}" for number in range(1, len(points) + 1)],
            "JDMC": [f"{kind}监测点{number:02d}" for number, kind in enumerate(kinds, 1)],
            "JDLX": kinds,
            "GLDW": keepers,
            "AZRQ": days.strftime("%Y-%m-%d"),
        },
        geometry=points,
    )


def key_projects(rng: np.random.Generator, all_sites: Sites) -> geopandas.GeoDataFrame:
    """ZDXM: sites outside the town that the development plan of the year names."""
    site_rows = np.sort(rng.choice(len(all_sites.ground), min(PROJECTS, len(all_sites.ground)), replace=False))
    uses = all_sites.use[site_rows]
    kinds = {"10": "工业", "11": "仓储", "12": "交通", "13": "市政", "14": "绿地", "08": "公共服务"}
    return geopandas.GeoDataFrame(
        {
            "XMDM": [f"2026-{names.COUNTY_CODE}-{number:04d}" for number in range(1, len(site_rows) + 1)],
            "XMMC": names.projects(rng, uses),
            "XMLX": [kinds[use[:2]] for use in uses],
            "LXLX": rng.choice(np.asarray(APPROVALS, object), len(site_rows)),
            "JD": rng.choice(np.asarray(STAGES, object), len(site_rows), p=[0.2, 0.3, 0.4, 0.1]),
            "JSDW": "清源建设投资有限公司",
        },
        geometry=all_sites.ground[site_rows],
    )


def earlier_opinions(
    rng: np.random.Generator, blocks: tuple[CityBlock, ...], block: np.ndarray, ground: np.ndarray
) -> geopandas.GeoDataFrame:
    """YSYJ: parcels that went through a review before, with what was concluded then."""
    parcel_rows = np.sort(rng.choice(len(ground), min(OPINIONS, len(ground)), replace=False))
    uses = np.asarray([USES[blocks[index].use][0] for index in block[parcel_rows]], object)
    number = range(1, len(parcel_rows) + 1)
    return geopandas.GeoDataFrame(
        {
            "AJBH": [f"清预审〔2025〕{each:03d}号" for each in number],
            "XMDM": [f"2025-{names.COUNTY_CODE}-{each:04d}" for each in number],
            "XMMC": names.projects(rng, uses),
            "YJJL": rng.choice(np.asarray(CONCLUSIONS, object), len(parcel_rows)),
            "YJRQ": pandas.Timestamp("2025-02-10") + pandas.to_timedelta(np.arange(len(parcel_rows)) * 9, unit="D"),
        },
        geometry=ground[parcel_rows],
    )
