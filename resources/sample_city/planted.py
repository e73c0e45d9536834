"""The planted conflicts: simple shapes on clean ground, whose answers are worked by hand in answers.toml.

All are given as (west, south, east, north) in metres from `CORNER`, whole ones but for two parcels, so that areas
can be worked in the head. None of these numbers depends on the seed. Nothing else lies on `CLEAN_GROUND`.
"""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_ground import ORIGIN
from onemap.resources.sample_city.city_land import identifiers

CORNER = (543_000.0, 4_212_000.0)  # easting, northing in EPSG:4547
Rectangle = tuple[float, float, float, float]

CLEAN_GROUND: Rectangle = (-150, -150, 850, 1200)
NEW_DISTRICT: Rectangle = (-150, -100, 400, 1100)  # where both plans let the town grow
URBAN_BOX: Rectangle = (-900, -100, 400, 1100)  # the urban boundary's straight part: its edge stands at 400
SHIFTED: Rectangle = (-150, 1100, 400, 1106)  # plan B goes to the far side of the road, plan A to the near one
CONFLICT: Rectangle = (300, 20, 380, 120)  # plan A: irrigated land; plan B: works
VILLAGES: tuple[Rectangle, ...] = tuple((west, 600, west + 40, 650) for west in (200, 260, 320))  # plan B: homesteads
RENAMED: Rectangle = (-130, 420, -70, 520)  # plan A: scenic facilities; plan B: park
UNSURVEYED: tuple[Rectangle, ...] = ((700, 700, 5000, 5000), (-1450, 1300, 5000, 5000))  # no forest survey yet

PARCELS: dict[str, tuple[str, str | None, str | None, list[Rectangle], list[Rectangle]]] = {
    # DKBH → DKMC, YDXZ, XMLX, its parts, its holes
    "DK90001": ("两图斑重叠", "100102", "工业", [(450, 0, 550, 100)], []),
    "DK90002": ("与耕地相邻", "100102", "工业", [(650, 0, 750, 100)], []),
    "DK90003": ("耕地窄条", "110101", "仓储", [(450, 150, 550.3, 230)], []),
    "DK90004": ("耕地一角", "110101", "仓储", [(650, 150, 750, 230.8)], []),
    "DK90005": ("跨开发边界", "070102", "住宅", [(350, 300, 450, 360)], []),
    "DK90006": ("贴开发边界", "070102", "住宅", [(300, 400, 400, 460)], []),
    "DK90007": ("国道二十米", "0901", "商业", [(0, 720, 100, 780)], []),
    "DK90008": ("国道十五米", "0901", "商业", [(150, 715, 250, 775)], []),
    "DK90009": ("国道南十米", "0901", "商业", [(0, 600, 80, 690)], []),
    "DK90010": ("未定级公路十米", "0901", "商业", [(0, 910, 100, 990)], []),
    "DK90011": ("未定级公路三十米", "0901", "商业", [(150, 930, 250, 990)], []),
    "DK90012": ("两路交角", "0902", "商务", [(305, 1040, 380, 1090)], []),
    "DK90013": ("高压线十五米", "100102", "工业", [(635, 400, 695, 460)], []),
    "DK90014": ("高压线十米", "100102", "工业", [(630, 500, 690, 560)], []),
    "DK90015": ("特高压线", "100102", "工业", [(740, 600, 790, 660)], []),
    "DK90016": ("天然气管道", "100102", "工业", [(500, 1003, 560, 1050)], []),
    "DK90017": ("铁路十米", "110101", "仓储", [(-50, 300, 0, 360)], []),
    "DK90018": ("水源一级二级", "100102", "工业", [(80, 130, 130, 180)], []),
    "DK90019": ("水源未分级", "0804", "教育", [(230, 150, 270, 190)], []),
    "DK90020": ("旧版红线内", "0804", "教育", [(120, 470, 160, 510)], []),
    "DK90021": ("新版红线内", "0804", None, [(150, 330, 250, 370)], []),
    "DK90022": ("林地未调查", "070102", "住宅", [(660, 800, 740, 860)], []),
    "DK90023": ("文物两处用地", "070102", "住宅", [(-140, 10, -100, 30), (-70, 10, -40, 30)], []),
    "DK90024": ("红线在院内", "0801", "办公", [(0, 0, 60, 60)], [(15, 15, 45, 45)]),
    "DK90025": ("无冲突", "070102", "住宅", [(150, 20, 250, 80)], []),
    "DK90026": ("水源准保护区工业", "100102", "工业", [(-40, 1040, 0, 1080)], []),
    "DK90027": ("水源准保护区学校", "0804", "教育", [(20, 1040, 60, 1080)], []),
    "DK90028": ("水源准保护区未定", None, None, [(80, 1040, 120, 1080)], []),
}

ARABLE: tuple[Rectangle, ...] = (  # irrigated land; the rest of the clean ground is rough grass
    (430, -20, 600, 120),
    (750, 0, 820, 100),
    (550, 150, 590, 230),
    (749, 230, 780, 260),
)
FARMLAND: tuple[Rectangle, ...] = (
    (470, 20, 530, 60),
    (500, 40, 570, 90),
    (750, 0, 820, 100),
    (550, 150, 590, 230),
    (749, 230, 780, 260),
)
ROADS: tuple[tuple[str, str, str | None, float, Rectangle], ...] = (
    # key, name, class, width, from (x, y) to (x, y)
    ("G999-2", "云河线园区段", "国道", 28.0, (-140, 700, 380, 700)),
    ("W001", "园区连接线", None, 12.0, (-140, 900, 380, 900)),
    ("S999-2", "清源线园区段", "省道", 22.0, (150, 1030, 390, 1030)),
    ("X978", "园区东线", "县道", 14.0, (300, 1000, 300, 1180)),
    ("Y908", "园区北线", "乡道", 6.0, (-140, 1103, 395, 1103)),
)
RAILWAYS = (("T03", "园区专用线", "其他", "其他地区", (-60, 100, -60, 600)),)
POWER = (("DL901", "220千伏园区线", 220, (620, 350, 620, 1190)), ("DL902", "750千伏试验线", 750, (800, 350, 800, 1190)))
PIPES = (("YQ901", "园区天然气支线", (425, 1000, 845, 1000)),)
WATER_SOURCES: tuple[tuple[str, str, str | None, Rectangle], ...] = (
    ("SY901", "园区水井一级保护区", "一级", (100, 150, 160, 210)),
    ("SY902", "园区水井二级保护区", "二级", (60, 110, 200, 250)),
    ("SY903", "园区备用水井保护区", None, (250, 150, 300, 250)),
    ("SY904", "园区水井准保护区", "准", (-60, 1060, 140, 1070)),
)
REDLINE_2023: tuple[Rectangle, ...] = ((100, 450, 200, 550),)
REDLINE_2025: tuple[Rectangle, ...] = ((100, 300, 200, 400),)
HERITAGE = (("WB901", "园区古井", "市县级", (-120, 0, -80, 40)),)
HERITAGE_AROUND = (("JK901", "园区古井", "市县级", (-130, -10, -50, 50)),)
ROAD_REDLINES = (("HX901", "规划院内路", 20.0, (20, 20, 40, 40)), ("HX902", "规划园区路", 20.0, (40, 50, 80, 70)))


def ground(rectangle: Rectangle) -> shapely.Polygon:
    """`rectangle` in EPSG:4547."""
    west, south, east, north = rectangle
    return shapely.box(CORNER[0] + west, CORNER[1] + south, CORNER[0] + east, CORNER[1] + north)


def local(rectangle: Rectangle) -> shapely.Polygon:
    """`rectangle` in the local metres of `ground.py`."""
    return shapely.transform(ground(rectangle), lambda xy: np.round(xy - np.asarray(ORIGIN), 3))


def land_classes() -> tuple[np.ndarray, list[str]]:
    """The land survey's shapes on the clean ground in local metres, and their classes; earlier before later."""
    shapes = [local(each) for each in (*ARABLE, CLEAN_GROUND)]
    return np.asarray(shapes, object), ["0102"] * len(ARABLE) + ["0404"]


def parcels() -> geopandas.GeoDataFrame:
    """The planted parcels, in EPSG:4547."""
    shapes = []
    for *_, pieces, holes in PARCELS.values():
        shape = shapely.union_all([ground(each) for each in pieces])
        shapes.append(shapely.difference(shape, shapely.union_all([ground(each) for each in holes])))
    return geopandas.GeoDataFrame(
        {
            "DKBH": list(PARCELS),
            "DKMC": [parcel[0] for parcel in PARCELS.values()],
            "YDXZ": [parcel[1] for parcel in PARCELS.values()],
            "XMMC": [f"算例{number}：{parcel[0]}" for number, parcel in enumerate(PARCELS.values(), 1)],
            "XMLX": [parcel[2] for parcel in PARCELS.values()],
        },
        geometry=shapes,
    )


def features() -> dict[str, geopandas.GeoDataFrame]:
    """The planted features by layer, in EPSG:4547; the red line's two versions under STBHHX-2023 and -2025."""
    return {
        "YJJBNTTB": _farmland(),
        "GL": _lines(("GLBH", "GLMC", "GLDJ", "LMKD"), ROADS),
        "TL": _lines(("TLBH", "TLMC", "TLLX", "DQLX"), RAILWAYS),
        "JKDLXL": _lines(("XLBH", "XLMC", "DYDJ"), POWER),
        "YQGD": _lines(("GDBH", "GDMC"), PIPES),
        "YYSSYBHQ": _boxes(("BH", "MC", "BHJB"), WATER_SOURCES),
        "WWBHFW": _boxes(("BH", "MC", "JB"), HERITAGE),
        "JSKZDD": _boxes(("BH", "MC", "JB"), HERITAGE_AROUND),
        "DLHX": _boxes(("HXBH", "DLMC", "HXKD"), ROAD_REDLINES),
        "STBHHX-2023": _redline(REDLINE_2023, 9001),
        "STBHHX-2025": _redline(REDLINE_2025, 9501),
    }


def _lines(columns: tuple[str, ...], rows: tuple) -> geopandas.GeoDataFrame:
    """Rows that end with (x, y, x, y) as a frame of straight lines."""
    start = np.asarray([row[-1] for row in rows], float).reshape(-1, 2, 2) + np.asarray(CORNER)
    return geopandas.GeoDataFrame([row[:-1] for row in rows], columns=columns, geometry=shapely.linestrings(start))


def _boxes(columns: tuple[str, ...], rows: tuple) -> geopandas.GeoDataFrame:
    """Rows that end with a rectangle as a frame of polygons."""
    shapes = [ground(row[-1]) for row in rows]
    return geopandas.GeoDataFrame([row[:-1] for row in rows], columns=columns, geometry=shapes)


def _farmland() -> geopandas.GeoDataFrame:
    """The planted permanent farmland."""
    shapes = np.asarray([ground(each) for each in FARMLAND], object)
    area_m2 = np.round(shapely.area(shapes), 2)
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2005", len(shapes), 90_000_001),
            "YSDM": "2005010300",
            "YJJBNTTBBH": [f"{names.COUNTY_CODE}9{number:05d}" for number in range(1, len(shapes) + 1)],
            "DLBM": "0102",
            "DLMC": names.LAND_CLASSES["0102"],
            "YJJBNTTBMJ": area_m2,
            "YJJBNTMJ": area_m2,
            "KCXS": 0.0,
            "KCMJ": 0.0,
            "SJNF": np.int32(2023),
            "BHKSSJ": "20221014",
        },
        geometry=shapes,
    )


def _redline(rectangles: tuple[Rectangle, ...], first: int) -> geopandas.GeoDataFrame:
    """The planted part of one version of the ecological red line."""
    shapes = np.asarray([ground(each) for each in rectangles], object)
    return geopandas.GeoDataFrame(
        {
            "BSM": identifiers("2091", len(shapes), first),
            "YSDM": "2090020500",
            "XJXZQDM": names.COUNTY_CODE,
            "XJXZQMC": names.CITY,
            "HXMC": "园区试验红线",
            "LHLX": "水土保持",
            "MJ": np.round(shapely.area(shapes), 2),
        },
        geometry=shapes,
    )
