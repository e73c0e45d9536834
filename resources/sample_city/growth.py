"""How the town grew since the survey of 2020, and what offices know: approved, supplied, not built, not known."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names, planted
from onemap.resources.sample_city.city_ground import GRID_M, Geometries, parts
from onemap.resources.sample_city.city_land import identifiers, survey_area_m2
from onemap.resources.sample_city.streets import CENTRE

YEAR_BEFORE = 2020
NEW_M2 = 95_000.0  # so much building land came since 2020
NEW_CLASSES = ("0601", "0701", "0508", "05H1")
FIELD = "0102"
APPROVED_OF = 5  # every fifth new patch has no approval
WAITING, UNBUILT = 4, 2  # fields in the boundary that are approved: not supplied, not built
SEEN = 3
FIELD_M2 = (3_000.0, 16_000.0)
PLAN_ROWS = (
    ("住宅用地", "出让", 6.0, 2.0),
    ("工业用地", "出让", 8.0, 3.0),
    ("公共管理与公共服务用地", "划拨", 2.0, 1.5),
)


@dataclass(frozen=True)
class Growth:
    """The faces of the land cover that were fields in 2020, and fields at the town's edge that wait."""

    new: np.ndarray  # which faces of the land cover
    waiting: Geometries  # whole fields within the growth boundary on which nobody builds yet


def growth(cover: geopandas.GeoDataFrame, boundary: Geometries, sites: Geometries) -> Growth:
    """The outermost blocks of the town are new; fields inside the boundary, away from `sites`, wait."""
    ground = cover.geometry.to_numpy()
    away_m = shapely.distance(shapely.centroid(ground), shapely.Point(CENTRE))
    area_m2 = shapely.area(ground)
    usable = cover["DLBM"].isin(NEW_CLASSES).to_numpy() & (cover["kind"] == "block").to_numpy()
    order = np.flatnonzero(usable)[np.argsort(-away_m[usable], kind="stable")]
    new = order[np.cumsum(area_m2[order]) <= NEW_M2]
    inside = shapely.union_all(boundary)
    shapely.prepare(inside)
    clean = shapely.buffer(planted.local(planted.CLEAN_GROUND), 40.0)
    free = cover["DLBM"].isin(["0101", "0102", "0103"]).to_numpy() & (area_m2 > FIELD_M2[0]) & (area_m2 < FIELD_M2[1])
    free &= shapely.contains(inside, ground) & ~shapely.intersects(ground, clean)
    free &= ~(shapely.distance(ground, shapely.union_all(sites)) <= 5.0)  # a town without sites has no distance
    return Growth(new, ground[free])


def survey_before(cover: geopandas.GeoDataFrame, grown: Growth) -> geopandas.GeoDataFrame:
    """DLTB of 2020: the same patches, of which the new ones were fields."""
    before = cover.drop(columns="kind").copy()
    was_field = before.index[grown.new]
    before.loc[was_field, "DLBM"] = FIELD
    before.loc[was_field, "DLMC"] = names.LAND_CLASSES[FIELD]
    before.loc[was_field, ["QSXZ", "GDPDJB", "ZZSXDM", "CZCSXM"]] = ["30", "1", "LS", None]
    before["SJNF"] = np.int32(YEAR_BEFORE)
    return before


def conversions(cover: geopandas.GeoDataFrame, grown: Growth) -> geopandas.GeoDataFrame:
    """ZZ_NYDZYFW: farmland that may be built on: most of the new patches, and fields that wait."""
    new = cover.geometry.to_numpy()[grown.new]
    ground = np.concatenate([new[np.arange(len(new)) % APPROVED_OF > 0], grown.waiting[: WAITING + UNBUILT]])
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {
            "XMDM": [f"2022-{names.COUNTY_CODE}-ZY{each:03d}" for each in number],
            "AJBH": [f"清农转〔2022〕{each}号" for each in number],
            "XZQDM": f"{names.COUNTY_CODE}000000",
            "XMMC": [f"2022年第{each}批次城镇建设用地" for each in number],
        },
        geometry=ground,
    )


def supplied_land(cover: geopandas.GeoDataFrame, grown: Growth) -> geopandas.GeoDataFrame:
    """GDDK: the approved patches that were built on, and those that are not built yet."""
    new = cover.geometry.to_numpy()[grown.new]
    ground = np.concatenate([new[np.arange(len(new)) % APPROVED_OF > 0], grown.waiting[WAITING : WAITING + UNBUILT]])
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {
            "DKBH": [f"GD{each:04d}" for each in number],
            "XMMC": [f"{names.numbered_place(each)}供地项目" for each in number],
            "DZJGH": [f"{names.COUNTY_CODE}2022B{each:05d}" for each in number],
            "GYFS": np.where(np.arange(len(ground)) % 4 == 3, "划拨", "出让"),
            "PZWH": [f"清政地〔2022〕{each}号" for each in number],
            "PZRQ": pandas.Timestamp("2022-09-15"),
        },
        geometry=ground,
    )


def unbuilt_land(grown: Growth) -> geopandas.GeoDataFrame:
    """PZWJSTD: approved and supplied fields that are fields still."""
    ground = grown.waiting[WAITING : WAITING + UNBUILT]
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2012", len(ground)),
            "YSDM": "2001040000",
            "PZWH": [f"清政地〔2022〕9{number}号" for number in range(1, len(ground) + 1)],
            "PZSJ": "20220915",
            "MJ": survey_area_m2(ground),
        },
        geometry=ground,
    )


def suspected_spots(grown: Growth) -> geopandas.GeoDataFrame:
    """YGYSXZJSYDTB: building seen from space in 2025 on fields at the town's edge."""
    ground = shapely.set_precision(shapely.buffer(grown.waiting[-SEEN:], -12.0, join_style="mitre"), GRID_M)
    ground = parts(ground, 400.0)
    return geopandas.GeoDataFrame(
        {
            "TBBH": [f"YG{number:04d}" for number in range(1, len(ground) + 1)],
            "XZQDM": names.COUNTY_CODE,
            "JCSX": "2025年第二季度",
            "MJ": survey_area_m2(ground),
        },
        geometry=ground,
    )


def offences(cover: geopandas.GeoDataFrame, grown: Growth) -> geopandas.GeoDataFrame:
    """WFDK: one of the new patches without approval, on which a decision was made."""
    new = cover.geometry.to_numpy()[grown.new]
    ground = new[::APPROVED_OF][-1:]
    return geopandas.GeoDataFrame(
        {
            "DKBH": ["WF0001"][: len(ground)],
            "XZQDM": names.COUNTY_CODE,
            "WFLX": "未批先建",
            "MJ": survey_area_m2(ground),
        },
        geometry=ground,
    )


def supply_plan() -> pandas.DataFrame:
    """TDGYJH: what the county means to supply in 2026, in hectares."""
    rows = [
        (f"{names.COUNTY_CODE}000000", names.CITY, 2026, use, way, total, new, round(total - new, 4))
        for use, way, total, new in PLAN_ROWS
    ]
    return pandas.DataFrame(rows, columns=["XZQDM", "XZQMC", "ND", "YDLX", "GYFS", "JHMJ", "XZMJ", "CLMJ"])
