"""What is farmed, kept for farming and kept from it: zones of grain, facilities, livestock, fish, slopes, villages."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import planted
from onemap.resources.sample_city.city_ground import GRID_M, Geometries, parts
from onemap.resources.sample_city.city_land import identifiers, survey_area_m2
from onemap.resources.sample_city.countryside import Country, cover

PLANNED_SHARE, FILED_SHARE = 0.98, 0.75
BANNED_M, LIMITED_M = 200.0, 500.0  # from town and villages
SLOPES = (("5", -420.0), ("4", -260.0), ("3", -120.0), ("2", 0.0))  # class, and how far inside the hills' foot
FISH_FROM_X = 4000.0


def planned_farmland(rng: np.random.Generator, farmland: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """YJJBNT: what the plan of 2021 protects until 2035; a little less than was drawn on the ground."""
    patches = farmland[rng.random(len(farmland)) < PLANNED_SHARE].reset_index(drop=True)
    columns = ["XZQDM", "XZQMC", "YJJBNTTBBH", "TBBH", "DLBM", "DLMC", "QSXZ", "YJJBNTTBMJ", "YJJBNTMJ", "BHKSSJ"]
    about = {"BSM": identifiers("2093", len(patches)), "YSDM": "2090020300"}
    return geopandas.GeoDataFrame({**about, **patches[columns]}, geometry=patches.geometry.to_numpy())


def grain_zones(farmland: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """NYLQ: permanent farmland in the south for grain, and in the north for vegetables."""
    y = shapely.get_y(shapely.centroid(farmland.geometry.to_numpy()))
    zones = (
        ("粮食生产功能区", "南坪粮食生产功能区", y < 2000.0),
        ("重要农产品生产保护区", "北坡蔬菜生产保护区", y > 4300.0),
    )
    zone_pieces = [(kind, title, piece) for kind, title, mine in zones for piece in _field_pieces(farmland[mine])]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"LQ{number:03d}" for number in range(1, len(zone_pieces) + 1)],
            "MC": [row[1] for row in zone_pieces],
            "LQLX": [row[0] for row in zone_pieces],
        },
        geometry=[row[2] for row in zone_pieces],
    )


def _field_pieces(patches: geopandas.GeoDataFrame) -> Geometries:
    """Fields that share a border as one piece each, of at least two hectares."""
    return parts(shapely.coverage_union_all(patches.geometry.to_numpy()), 20_000.0)


def facilities(rng: np.random.Generator, land_cover: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """SSNYD: most of the facility farmland of the survey; the rest is not on file."""
    ground = land_cover.geometry.to_numpy()[land_cover["DLBM"] == "1202"]
    ground = ground[rng.random(len(ground)) < FILED_SHARE]
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {"BH": [f"SS{each:03d}" for each in number], "MC": [f"设施农业{each}号" for each in number]}, geometry=ground
    )


def livestock_zones(district: shapely.Polygon, homes: Geometries) -> geopandas.GeoDataFrame:
    """XQJYQ: about town and villages no livestock is kept, and farther out only little."""
    clean = shapely.buffer(planted.local(planted.CLEAN_GROUND), 60.0)
    banned, limited = (shapely.union_all(shapely.buffer(homes, metres)) for metres in (BANNED_M, LIMITED_M))
    free = shapely.difference(district, clean)
    grounds = [("禁养区", shapely.intersection(banned, free))]
    grounds += [("限养区", shapely.intersection(shapely.difference(limited, banned), free))]
    ground = shapely.set_precision(np.asarray([each for _, each in grounds], object), GRID_M)
    return geopandas.GeoDataFrame(
        {"BH": ["JY01", "JY02"], "MC": [f"清源畜禽{kind}" for kind, _ in grounds], "FQ": [kind for kind, _ in grounds]},
        geometry=ground,
    )


def fish_reserve(district: shapely.Polygon, land: Country) -> geopandas.GeoDataFrame:
    """SCZZZYBHQ: the lower river, where carp spawn."""
    water = shapely.intersection(land.river, district)
    west, south, east, north = shapely.bounds(water)
    ground = parts(shapely.set_precision(shapely.clip_by_rect(water, FISH_FROM_X, south, east, north), GRID_M), 500.0)
    number = range(1, len(ground) + 1)
    return geopandas.GeoDataFrame(
        {"BH": [f"ZZ{each:02d}" for each in number], "MC": "清源河鲤鱼种质资源保护区"}, geometry=ground
    )


def slopes(district: shapely.Polygon, land: Country) -> geopandas.GeoDataFrame:
    """PDT: the plain is of the first class; the hills are steeper the farther in."""
    masks = [(kind, parts(shapely.buffer(land.hills, inward_m))) for kind, inward_m in SLOPES]
    whole = np.asarray([district], object)
    slope_cover = cover(district, whole, [*masks, ("1", whole)], "")
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2202", len(slope_cover.faces)),
            "YSDM": "2002000000",
            "PDJB": slope_cover.kind,
            "MJ": survey_area_m2(slope_cover.faces),
        },
        geometry=slope_cover.faces,
    )


def village_districts(
    district: shapely.Polygon, units: geopandas.GeoDataFrame, places: dict[str, tuple[float, float]]
) -> geopandas.GeoDataFrame:
    """CJDCQ: every township by the place that is nearest to the ground; code of the township, then of the place."""
    points = shapely.multipoints(list(places.values()))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=district))
    middle = shapely.points(list(places.values()))
    owner = shapely.STRtree(cells).query(middle, predicate="within")[1]
    masks = [(name, cells[[cell]]) for name, cell in zip(places, owner, strict=True)]
    village_cover = cover(district, units.geometry.to_numpy(), masks, "")
    number = {name: f"{order:03d}" for order, name in enumerate(places, 1)}
    township = units["XZQDM"].to_numpy()[village_cover.unit]
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("1200", len(village_cover.faces)),
            "YSDM": "1000600200",
            "ZLDWDM": [
                f"{code[:9]}{number[name]}0000000" for code, name in zip(township, village_cover.kind, strict=True)
            ],
            "ZLDWMC": village_cover.kind,
            "DCMJ": survey_area_m2(village_cover.faces),
            "JSMJ": survey_area_m2(village_cover.faces),
            "MSSM": "00",
        },
        geometry=village_cover.faces,
    )
