"""What other departments protect: red line, water sources, forest, river, flood storage, lines and pipes."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names, planted
from onemap.resources.sample_city.city_ground import GRID_M, parts, ribbon, smooth_line, wavy_loop
from onemap.resources.sample_city.city_land import identifiers, survey_area_m2
from onemap.resources.sample_city.countryside import Country
from onemap.resources.sample_city.streets import Streets


def ecological_redlines(
    rng: np.random.Generator, district: shapely.Polygon, land: Country
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """STBHHX as drawn in 2023 and as adjusted in 2025: the hills, and a wetland that came later."""
    inner = shapely.intersection(shapely.simplify(shapely.buffer(land.hills, -90.0), 8.0), district)
    gap = wavy_loop(rng, (420, 3380), (260, 150), 0.12)  # taken out in 2025: an old quarry
    wetland = shapely.union_all(
        [wavy_loop(rng, (1500, 2700), (210, 320), 0.15), wavy_loop(rng, (1620, 2250), (130, 210), 0.15)]
    )
    first = parts(shapely.set_precision(inner, GRID_M))
    second = np.concatenate(
        [
            parts(shapely.set_precision(shapely.difference(inner, gap), GRID_M)),
            parts(shapely.set_precision(wetland, GRID_M)),
        ]
    )
    return _redline(first, 1), _redline(second, 5001)


def _redline(ground: np.ndarray, first: int) -> geopandas.GeoDataFrame:
    """STBHHX records for `ground`, numbered from `first`."""
    x = shapely.get_x(shapely.centroid(ground))
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2091", len(ground), first),
            "YSDM": "2090020500",
            "XJXZQDM": names.COUNTY_CODE,
            "XJXZQMC": names.CITY,
            "HXMC": np.where(x < 1150, "西岭水源涵养生态保护红线", "清源河湿地生态保护红线"),
            "LHLX": np.where(x < 1150, "水源涵养", "生物多样性维护"),
            "MJ": survey_area_m2(ground),
        },
        geometry=ground,
    )


def water_sources(rng: np.random.Generator, land: Country) -> geopandas.GeoDataFrame:
    """YYSSYBHQ: a river intake above the town and a well field in its north; each zone without the inner ones."""
    intake, wells = shapely.Point(1430, 3960), (2790, 3560)
    stretch = shapely.intersection(land.river_line, intake.buffer(330))
    first = shapely.union(stretch.buffer(62.0), shapely.intersection(land.river, intake.buffer(360)))
    second = wavy_loop(rng, (1440, 4060), (470, 620), 0.08)
    quasi = wavy_loop(rng, (1450, 4230), (720, 900), 0.08)
    well, well_second = shapely.Point(*wells).buffer(55), wavy_loop(rng, wells, (190, 170), 0.05)
    zones = [
        ("清源河水源地一级保护区", "一级", first),
        ("清源河水源地二级保护区", "二级", shapely.difference(second, first)),
        ("清源河水源地准保护区", "准", shapely.difference(quasi, shapely.union(second, first))),
        ("北苑水井一级保护区", "一级", well),
        ("北苑水井二级保护区", "二级", shapely.difference(well_second, well)),
    ]
    return geopandas.GeoDataFrame(
        {
            "BH": [f"SY{number:03d}" for number in range(1, len(zones) + 1)],
            "MC": [zone[0] for zone in zones],
            "BHJB": [zone[1] for zone in zones],
        },
        geometry=shapely.set_precision(np.asarray([zone[2] for zone in zones], object), GRID_M),
    )


def forest(rng: np.random.Generator, land: Country, cover_of: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """LDYZT: the stands of the hills by grade of protection, and the tree belts among the fields."""
    stands = cover_of[cover_of["DLBM"].isin(["0301", "0305", "0307"])]
    ground = stands.geometry.to_numpy()
    depth = shapely.distance(ground, shapely.boundary(land.hills))
    in_hills = (stands["kind"] == "stand").to_numpy()
    chance = rng.random(len(stands))
    grade = np.where(~in_hills, "IV", np.where(chance < 0.12, "I", np.where(chance < 0.45, "II", "III")))
    grade[in_hills & (depth == 0) & (chance > 0.6)] = "IV"
    return geopandas.GeoDataFrame(
        {
            "BH": [f"LB{number:05d}" for number in range(1, len(stands) + 1)],
            "BHDJ": grade,
            "SFGYL": np.where(in_hills & (rng.random(len(stands)) < 0.6), "是", "否"),
        },
        geometry=ground,
    )


def reserves(rng: np.random.Generator, district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """ZRBHD: a forest park in the hills, its core and the ground about it."""
    core = wavy_loop(rng, (260, 4050), (230, 330), 0.12)
    whole = shapely.intersection(wavy_loop(rng, (330, 4000), (440, 600), 0.1), district)
    zones = [("核心保护区", shapely.intersection(core, whole)), ("一般控制区", shapely.difference(whole, core))]
    return geopandas.GeoDataFrame(
        {"BH": ["ZR001", "ZR002"], "MC": "西岭自然公园", "GNFQ": [zone[0] for zone in zones]},
        geometry=np.asarray([zone[1] for zone in zones], object),
    )


def hazards(rng: np.random.Generator, district: shapely.Polygon) -> geopandas.GeoDataFrame:
    """DZZHYFQ: slopes that may slide, along the foot of the hills."""
    places = [((820, 4350), (160, 110), "高"), ((640, 3650), (190, 130), "中"), ((760, 2950), (150, 150), "中")]
    places += [((640, 2200), (140, 120), "低"), ((560, 1500), (190, 140), "低")]
    ground = np.asarray([wavy_loop(rng, centre, radii, 0.15) for centre, radii, _ in places], object)
    return geopandas.GeoDataFrame(
        {
            "BH": [f"DZ{number:03d}" for number in range(1, len(places) + 1)],
            "MC": [f"西岭{number}号滑坡崩塌易发区" for number in range(1, len(places) + 1)],
            "YFDJ": [grade for *_, grade in places],
        },
        geometry=shapely.intersection(ground, district),
    )


def river_management(district: shapely.Polygon, land: Country) -> geopandas.GeoDataFrame:
    """HLGLFW: the river between the outer feet of its dikes, in three reaches."""
    line = land.river_line
    whole = shapely.intersection(shapely.union(ribbon(line, 74.0), shapely.buffer(land.river, 30.0)), district)
    # A reach ends at a line across the valley: the river flows to the south-east, so x - y grows along it.
    reaches = [(-9000, -1200, "上游段"), (-1200, 2700, "城区段"), (2700, 9000, "下游段")]
    ground = []
    for low, high, _ in reaches:
        band = shapely.polygons([(low - 9000, -9000), (high - 9000, -9000), (high + 9000, 9000), (low + 9000, 9000)])
        ground.append(shapely.intersection(whole, band))
    return geopandas.GeoDataFrame(
        {
            "BH": [f"HD{number:02d}" for number in range(1, len(reaches) + 1)],
            "MC": [f"清源河{name}" for *_, name in reaches],
        },
        geometry=np.asarray(ground, object),
    )


def flood_storage(rng: np.random.Generator, district: shapely.Polygon, land: Country) -> geopandas.GeoDataFrame:
    """XZHQ: low ground on the river's outer bend that may be flooded on purpose."""
    areas = [wavy_loop(rng, (2850, 560), (620, 330), 0.1), wavy_loop(rng, (4650, 420), (430, 230), 0.1)]
    ground = shapely.intersection(
        shapely.difference(np.asarray(areas, object), shapely.buffer(land.river, 12)), district
    )
    largest = [max(parts(each), key=shapely.area) for each in ground]
    return geopandas.GeoDataFrame({"BH": ["XZ01", "XZ02"], "MC": ["南渡蓄滞洪区", "河湾洪泛区"]}, geometry=largest)


def power_lines() -> geopandas.GeoDataFrame:
    """JKDLXL: from the national grid down to a village feeder; straight from tower to tower."""
    lines = [
        (
            "河清一线",
            500,
            [(-120, 3900), (650, 4050), (1500, 4260), (2700, 4420), (4000, 4420), (5000, 4330), (6200, 4260)],
        ),
        ("清东线", 220, [(4260, 1330), (4750, 1650), (5400, 1620), (6200, 1560)]),
        ("清西线", 220, [(4260, 1330), (3100, 1180), (1900, 1000), (900, 850), (-150, 950)]),
        ("城南线", 110, [(4260, 1330), (3900, 1480), (3760, 1900), (3600, 2060)]),
        ("城北线", 110, [(4000, 4420), (3850, 4250), (3400, 4330), (2950, 4250)]),
        ("南渡支线", 10, [(2650, 1150), (2560, 800), (2330, 560), (2150, 420)]),
        ("东营支线", 10, [(4750, 1650), (5100, 1420), (5300, 1250)]),
    ]
    return geopandas.GeoDataFrame(
        {
            "XLBH": [f"DL{number:03d}" for number in range(1, len(lines) + 1)],
            "XLMC": [f"{kilovolt}千伏{name}" for name, kilovolt, _ in lines],
            "DYDJ": [kilovolt for _, kilovolt, _ in lines],
        },
        geometry=[shapely.LineString(points) for *_, points in lines],
    )


def pipelines() -> geopandas.GeoDataFrame:
    """YQGD: a gas trunk line past the town and its branch to the works."""
    trunk = smooth_line(
        [(-150, 1750), (900, 1300), (1950, 830), (3000, 1330), (4180, 1180), (5100, 1700), (6200, 1730)], 40
    )
    branch = smooth_line([(4180, 1180), (4420, 1700), (4440, 2050)], 40)
    return geopandas.GeoDataFrame(
        {"GDBH": ["YQ001", "YQ002"], "GDMC": ["清云天然气干线", "清源支线"]}, geometry=[trunk, branch]
    )


def road_lines(network: Streets, district: shapely.Polygon) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """GL and TL: the classified roads and the railways, as far as the district goes."""
    roads = geopandas.GeoDataFrame(
        [road[:4] for road in network.roads],
        columns=["GLBH", "GLMC", "GLDJ", "LMKD"],
        geometry=shapely.intersection(np.asarray([road[4] for road in network.roads], object), district),
    )
    railways = geopandas.GeoDataFrame(
        [rail[:4] for rail in network.railways],
        columns=["TLBH", "TLMC", "TLLX", "DQLX"],
        geometry=shapely.intersection(np.asarray([rail[4] for rail in network.railways], object), district),
    )
    return roads, railways


def forest_coverage(district: shapely.Polygon) -> shapely.Geometry:
    """Where the forest survey has been: the district without its north-eastern corner."""
    return shapely.difference(district, shapely.union_all([planted.local(each) for each in planted.UNSURVEYED]))
