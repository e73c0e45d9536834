"""The town at other times and in other eyes: as it was, as a census counts it, and as it may become."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names, planted
from onemap.resources.sample_city.city_ground import parts, wavy_loop
from onemap.resources.sample_city.city_land import identifiers, survey_area_m2
from onemap.resources.sample_city.streets import CENTRE, CityBlock

OLD_TOWN_M, OLD_YEAR = 820.0, 2009  # how far the town reached then
BUILT_SINCE = ("05H1", "0508", "0601", "0701", "08H1", "08H2", "0809", "0810", "1004")
CENSUS = {
    # class of the census → its name, and the land classes that it takes together
    "0100": ("耕地", ("0101", "0102", "0103")),
    "0200": ("园地", ("0201",)),
    "0300": ("林地", ("0301", "0305", "0307")),
    "0400": ("草地", ("0404",)),
    "0500": ("房屋建筑区", ("05H1", "0508", "0601", "0701", "0702", "08H1", "08H2", "0809")),
    "0600": ("铁路与道路", ("1001", "1003", "1004", "1006")),
    "0700": ("构筑物", ("1202",)),
    "0800": ("人工堆掘地", ("0810",)),
    "1000": ("水域", ("1101", "1104", "1106")),
}
RENEWAL_USES = ("old", "works")
RENEWAL_AREAS = 6


def older_land_cover(cover: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """LSDLTB: the survey of 2009, when fields lay where the town has grown since."""
    away_m = shapely.distance(shapely.centroid(cover.geometry.to_numpy()), shapely.Point(CENTRE))
    classes = cover["DLBM"].to_numpy().copy()
    classes[np.isin(classes, BUILT_SINCE) & (away_m > OLD_TOWN_M)] = "0102"
    classes[(classes == "1001")] = "0102"  # the railways came later
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2101", len(cover)),
            "TBBH": cover["TBBH"].to_numpy(),
            "DLBM": classes,
            "DLMC": [names.LAND_CLASSES[code] for code in classes],
            "SJNF": np.int32(OLD_YEAR),
            "TBMJ": cover["TBMJ"].to_numpy(),
        },
        geometry=cover.geometry.to_numpy(),
    )


def census(cover: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """DLGQ: the land cover by the few classes of the geographic conditions census, in large pieces."""
    codes, ground = [], []
    for code, (_, classes) in CENSUS.items():
        mine = cover.geometry.to_numpy()[cover["DLBM"].isin(classes)]
        if len(mine):
            pieces = parts(shapely.coverage_union_all(mine))
            codes += [code] * len(pieces)
            ground.append(pieces)
    pieces = np.concatenate(ground)
    return geopandas.GeoDataFrame(
        {
            "BH": [f"GQ{number:05d}" for number in range(1, len(pieces) + 1)],
            "FLM": codes,
            "FLMC": [CENSUS[code][0] for code in codes],
            "MJ": survey_area_m2(pieces),
        },
        geometry=pieces,
    )


def renewal_areas(blocks: tuple[CityBlock, ...]) -> geopandas.GeoDataFrame:
    """CSGXFW: some blocks of the old town and of old works, each with the streets to its neighbours' middle."""
    renewal_blocks = [block for block in blocks if block.use in RENEWAL_USES][:: max(1, len(blocks) // 60)][
        :RENEWAL_AREAS
    ]
    ground = shapely.buffer(np.asarray([block.outline for block in renewal_blocks], object), 3.0, join_style="mitre")
    titles = [f"{names.numbered_place(number)}片区更新单元" for number in range(len(renewal_blocks))]
    return geopandas.GeoDataFrame(
        {"MC": titles, "GXLX": ["拆除重建" if block.use == "works" else "综合整治" for block in renewal_blocks]},
        geometry=ground,
    )


def long_term_plan(
    rng: np.random.Generator, district: shapely.Polygon, taken_ground: np.ndarray
) -> geopandas.GeoDataFrame:
    """YJGH: where the town may grow to by 2050; an outlook, not yet a plan."""
    places = [
        ("城北拓展区", "07", (3150, 4350), (620, 260)),
        ("东部产业新区", "10", (5000, 4250), (360, 240)),
        ("南岸生活区", "07", (3450, 1150), (420, 190)),
        ("站前商务区", "09", (4250, 1750), (210, 150)),
    ]
    out = shapely.union_all([*taken_ground, shapely.buffer(planted.local(planted.CLEAN_GROUND), 20.0)])
    grown = np.asarray([wavy_loop(rng, centre, radii, 0.1) for *_, centre, radii in places], object)
    free = shapely.difference(shapely.intersection(grown, district), out)
    ground = [max(parts(each), key=shapely.area) for each in free]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"YJ{number:02d}" for number in range(1, len(places) + 1)],
            "MC": [place[0] for place in places],
            "YDDM": [place[1] for place in places],
            "GHQX": "2050",
        },
        geometry=ground,
    )
