"""The common pack says what the law says: verdicts, articles, editions, distances, and the days of each law.

The tables below restate facts from the project's reading of each law, apart from the pack, so that a slip in
either is seen. The ids (F-01 …) are those that a rule names as its `source`.
"""

import copy
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "resources"
PACK = tomllib.loads((RESOURCES / "packs" / "city-preliminary.toml").read_text("utf-8"))
ORDINANCE = tomllib.loads((RESOURCES / "packs" / "sample-ordinance.toml").read_text("utf-8"))
LAWS = tomllib.loads((RESOURCES / "laws.toml").read_text("utf-8"))["law"]
PAGE = (ROOT / "docs" / "law.md").read_text("utf-8")
RULES, CHECKLIST = PACK["rule"], PACK["checklist"]
LETTERS = {"prohibited": "P", "restricted": "R", "consult": "C", "notice": "N"}
DIGITS = "零一二三四五六七八九"

# Metres, by source and rule; a table where the distance depends on the feature's class.
_CONTROL_ZONE = {"高速公路": 30, "国道": 20, "省道": 15, "县道": 10, "乡道": 5}
_OF_PRESSURE = {
    **dict.fromkeys(("低压", "中压", "中压A", "中压B"), 0),
    **dict.fromkeys(("次高压", "次高压A", "次高压B"), 1),
    **dict.fromkeys(("高压", "高压A", "高压B", "超高压"), 2),
}
DISTANCES_M = {
    **dict.fromkeys(("road.control_zone", "road.control_strip", "road.works"), _CONTROL_ZONE),
    "rail.safety_zone": {
        "高铁/城市市区": 10,
        "其他/城市市区": 8,
        "高铁/城市郊区居民居住区": 12,
        "其他/城市郊区居民居住区": 10,
        "高铁/村镇居民居住区": 15,
        "其他/村镇居民居住区": 12,
        "高铁/其他地区": 20,
        "其他/其他地区": 15,
    },
    "rail_transit.protection_zone": {
        "地下结构": 50,
        "地面": 30,
        "高架": 30,
        "出入口": 10,
        "风亭": 10,
        "变电站": 10,
        "过水隧道": 100,
    },
    **dict.fromkeys(
        ("transfer.banned_activities", "transfer.south_north"), {"中线明渠": 200, "东线明渠": 50, "地下管涵": 50}
    ),
    "transfer.works": {"交叉工程": 1000, "泵站": 200, "水闸": 200},
    **dict.fromkeys(("power.cable", "power.cable_strip"), 0.75),
    **dict.fromkeys(("pipeline.oil_gas", "pipeline.oil_gas_strip"), 5),
    **dict.fromkeys(
        ("gas.protection", "gas.protection_strip"), {key: (0.5, 1.5, 5.0)[n] for key, n in _OF_PRESSURE.items()}
    ),
    "gas.control": {key: (5, 15, 50)[n] for key, n in _OF_PRESSURE.items()},
    "utility.clearance": {"污水": 2.5, "雨水": 2.5, "直埋热力": 3.0, "电力": 0.6, "通信直埋": 1.0, "通信管道": 1.5},
    "utility.water_small": 1.0,
    "utility.water_large": 3.0,
    "tunnel.utility": 15,
    "weather.station": {"基准站": 2000, "基本站": 1000, "一般站": 800},
    "weather.disturbance": 500,
    **dict.fromkeys(
        ("road.extraction", "road.extraction_strip"),
        {**dict.fromkeys(("高速公路", "国道", "省道", "县道"), 100), "乡道": 50},
    ),
    **dict.fromkeys(("road.bridge", "road.bridge_strip"), 200),
    **dict.fromkeys(("road.tunnel", "road.tunnel_strip"), 100),
    **dict.fromkeys(("road.dangerous_goods", "road.dangerous_goods_strip"), 100),
    "pipeline.surroundings": 50,
    "pipeline.blasting": 200,
    # How far the pack looks about where no law gives a number.
    "hazard.site": 200,
    "fault.near": 200,
    "neighbour.pollution": 100,
    "neighbour.dwellings": 100,
    "power.overhead_uhv": 50,
    **dict.fromkeys(("road.graves", "rail.graves"), 100),
}
# T-03 counts from the outer edge of the control area, which itself is as wide as T-01 and T-02 say.
BEYOND_CONTROL_ZONE_M = {"高速公路": 50, "国道": 50, "省道": 50, "县道": 20, "乡道": 20}
# P-01 is written in ranges of kV, so it is held to the ranges: (from, to, metres).
OVERHEAD_LINE_RANGES = ((1, 10, 5), (35, 110, 10), (154, 330, 15), (500, 500, 20))

# Letters: P prohibited, R restricted, C consult, N notice. Articles by law and edition (the end of the law's title and
# the beginning of its edition); an empty set where the provision is named in words.
FACTS: dict[str, tuple[str, dict[str, set[int]]]] = {
    "F-01": (
        "P",
        {
            "土地管理法 2019": {35, 44, 46},
            "基本农田保护条例 2011": {15, 16, 17},
            "永久基本农田保护红线管理办法 2025": {4},
        },
    ),
    "F-02": ("R", {"土地管理法 2019": {30, 37}, "土地管理法实施条例 2021": {8}}),
    "F-03": ("N", {"土地管理法 2019": {44}, "土地管理法实施条例 2021": {24}}),
    "F-05": ("PRN", {"土地管理法 2019": {4}, "土地管理法实施条例 2021": {2}, "土地利用总体规划": set()}),
    "F-06": ("R", {"城乡规划法 2019": {42}}),
    "E-01": ("PR", {"（自然资发〔2022〕142号） 2022": {1}, "生态环境法典 2026": {60}}),
    "E-02": (
        "P",
        {
            "自然保护区条例 2026": {26},
            "自然保护区条例 2017": {27, 28, 32},
            "国家公园法 2025": {27},
            "生态环境法典 2026": {861},
        },
    ),
    "E-03": (
        "PR",
        {
            "自然保护区条例 2026": {27},
            "自然保护区条例 2017": {32},
            "国家公园法 2025": {28},
            "生态环境法典 2026": {861},
        },
    ),
    "E-04": ("P", {"风景名胜区条例 2016": {27}}),
    "E-05": ("R", {"风景名胜区条例 2016": {26, 28, 30}}),
    "E-06": ("P", {"湿地保护法 2021": {19}}),
    "E-08": ("P", {"（国家林业局令第35号） 2016": {4}}),
    "E-09": ("R", {"（国家林业局令第35号） 2016": {4}, "森林法 2019": {37}}),
    "E-10": ("R", {"森林法 2019": {36, 37, 38}}),
    "E-12": ("RN", {"生态环境法典 2026": {66, 67}, "加强生态环境分区管控的意见 2024": set()}),
    "W-01": ("P", {"生态环境法典 2026": {318, 319}, "水污染防治法 2017": {64, 65}}),
    "W-02": ("R", {"生态环境法典 2026": {318, 320}, "水污染防治法 2017": {64, 66}}),
    "W-03": ("N", {"生态环境法典 2026": {318, 321}, "水污染防治法 2017": {64, 67}}),
    "W-04": ("P", {"生态环境法典 2026": {318}, "水污染防治法 2017": {64}}),
    "W-05": ("R", {"防洪法 2016": {22, 27}, "河道管理条例 2018": {11, 20, 24, 25}}),
    "W-06": ("P", {"河道管理条例 2018": {24}}),
    "W-07": ("R", {"河道管理条例 2018": {26}}),
    "W-08": ("R", {"防洪法 2016": {29, 33}}),
    "W-09": ("R", {"南水北调工程供用水管理条例 2014": {40, 43, 44}}),
    "W-10": ("R", {"水库大坝安全管理条例 2018": {10, 13, 17}}),
    "W-11": ("N", {"水土保持法 2010": {20}}),
    "W-12": ("R", {"水土保持法 2010": {24, 25}}),
    "T-01": ("PR", {"公路安全保护条例 2011": {11, 13}, "公路法 2017": {56}}),
    "T-03": ("RN", {"公路安全保护条例 2011": {14}}),
    "T-04": ("PRN", {"公路安全保护条例 2011": {17, 18}, "公路法 2017": {47}}),
    "T-05": ("RN", {"公路安全保护条例 2011": {18}}),
    "T-06": ("R", {"铁路安全管理条例 2013": {27, 30}}),
    "T-08": ("C", {"地方城市轨道交通管理条例": set(), "城市轨道交通工程项目建设标准 建标104": set()}),
    "T-09": (
        "C",
        {"民用航空法 2025": {56}, "民用航空法 2021": {58}, "民用机场管理条例 2019": {46, 47, 48, 49}},
    ),
    "T-10": ("N", {"民用机场飞行区技术标准 MH 5001": set()}),
    "P-01": ("PR", {"电力设施保护条例 2011": {10, 15}}),
    "P-02": ("PR", {"电力设施保护条例 2011": {10, 16}}),
    "P-03": ("R", {"城市电力规划规范 GB/T 50293": set()}),
    "P-04": ("PR", {"石油天然气管道保护法 2010": {30}}),
    "P-05": ("RN", {"石油天然气管道保护法 2010": {35}}),
    "P-08": ("PRC", {"燃气工程项目规范 GB 55009": set(), "城镇燃气管理条例 2016": {33}}),
    "P-09": ("N", {"城市工程管线综合规划规范 GB 50289": set()}),
    "P-10": ("N", {"城市综合管廊工程技术规范 GB 50838": set(), "地方综合管廊管理规定": set()}),
    "H-01": ("P", {"文物保护法 2024": {28, 31, 43}, "文物保护法 2017": {17, 29}}),
    "H-02": ("R", {"文物保护法 2024": {29, 31, 43}, "文物保护法 2017": {18}}),
    "H-03": ("C", {"文物保护法 2024": {43}, "文物保护法 2017": {29}}),
    "H-04": ("PR", {"历史文化名城名镇名村保护条例 2017": {24, 28}}),
    "U-01": ("P", {"第112号） 2011": {11}}),
    "U-02": ("R", {"第119号） 2011": {13}}),
    "U-03": ("R", {"第144号） 2011": {13}}),
    "U-04": ("R", {"第145号） 2011": {10}}),
    "U-05": ("P", {"控制性详细规划": set()}),
    "U-06": ("R", {"城乡规划法 2019": {38, 43}, "控制性详细规划": set()}),
    "G-01": ("P", {"地质灾害防治条例 2003": {19}}),
    "G-02": ("R", {"地质灾害防治条例 2003": {21, 24}}),
    "G-03": ("R", {"矿产资源法 2024": {32}}),
    "G-04": ("RN", {"活动断层探测 GB/T 36072": set(), "地方活动断层管理规定": set()}),
    "M-02": ("C", {"军事设施保护法 2021": {36, 38}}),
    # First-class air zones are closed to polluters only, which geometry cannot tell: the department is asked.
    "A-01": ("CN", {"环境空气质量标准": set()}),
    "A-03": ("R", {"气象设施和气象探测环境保护条例 2016": {13, 14, 17}}),
    "A-04": ("RN", {"土地管理法实施条例 2021": {3}, "（自然资发〔2023〕193号） 2023": set()}),
}
# Rules that say other than their entry as a whole, and those that stand with the departments' layers (1.1, 1.2).
OWN_FACTS: dict[str, tuple[str, dict[str, set[int]]]] = {
    "farmland.other_farming": (
        "R",
        {"土地管理法实施条例 2021": {12}, "粮食安全保障法 2023": {11}, "（自然资发〔2021〕166号） 2021": set()},
    ),
    "farmland.high_standard": ("C", {"（国办发〔2019〕50号） 2019": set()}),
    "farmland.two_zones": ("C", {"（国发〔2017〕24号） 2017": set()}),
    # What an article bans by name, it bans: no department may agree to it on conditions.
    "farmland.graves": ("P", {"土地管理法 2019": {37}}),
    "farmland.graves_unsaid": ("R", {"土地管理法 2019": {37}}),
    "farmland.permanent_temporary": ("R", {"（自然资规〔2021〕2号） 2021": {1}, "土地管理法 2019": {57}}),
    "farmland.temporary": (
        "R",
        {"土地管理法 2019": {57}, "土地管理法实施条例 2021": {20}, "（自然资规〔2021〕2号） 2021": {1}},
    ),
    "land.temporary": ("N", {"土地管理法 2019": {57}, "土地管理法实施条例 2021": {20}}),
    "grassland.basic": ("R", {"草原法 2021": {38, 42}, "生态环境法典 2026": {716}}),
    "grassland.reclaiming": ("P", {"草原法 2021": {46}}),
    "grassland.photovoltaic": ("P", {"（自然资办发〔2023〕12号） 2023": set()}),
    "farmland.photovoltaic": ("P", {"（自然资办发〔2023〕12号） 2023": set()}),
    **dict.fromkeys(
        ("farmland.landfill", "redline.landfill"),
        ("P", {"生态环境法典 2026": {481}, "固体废物污染环境防治法 2020": {21}}),
    ),
    "reservoir.banned_activities": ("P", {"水库大坝安全管理条例 2018": {13}}),
    "dike.safety_banned_activities": ("P", {"河道管理条例 2018": {26}}),
    "reserve.core_admitted": ("R", FACTS["E-02"][1]),
    "river.dumping": ("P", {"防洪法 2016": {22}}),
    "wetland.banned_activities": ("P", {"湿地保护法 2021": {28}}),
    "forest.reclaiming": ("P", {"森林法 2019": {39}}),
    "scenic.banned_activities": ("P", {"风景名胜区条例 2016": {26}}),
    "reserve.general_waste": (
        "P",
        {
            "自然保护区条例 2026": {27},
            "自然保护区条例 2017": {32},
            "国家公园法 2025": {28},
            "生态环境法典 2026": {861},
        },
    ),
    "reserve.park_waste": ("P", {"生态环境法典 2026": {861}, "国家级自然公园管理办法（试行） 2023": set()}),
    **dict.fromkeys(("road.graves", "rail.graves"), ("C", {"殡葬管理条例 2012": {10}, "殡葬管理条例 2026": set()})),
    "historic.banned_activities": ("P", {"历史文化名城名镇名村保护条例 2017": {24}}),
    "historic.core_waste": ("P", {"历史文化名城名镇名村保护条例 2017": {28}}),
    "transfer.banned_activities": ("P", {"南水北调工程供用水管理条例 2014": {40, 43}}),
    **dict.fromkeys(("livestock.scenic", "livestock.water_source"), ("P", {"畜禽规模养殖污染防治条例 2013": {11}})),
    "water_source.second_pollution": ("P", {"生态环境法典 2026": {320}, "水污染防治法 2017": {66}}),
    "water_source.quasi_pollution": ("P", {"生态环境法典 2026": {321}, "水污染防治法 2017": {67}}),
    "air.first_pollution": ("P", {"大气污染物综合排放标准 GB 16297": set()}),
    "airport.explosives": ("P", {"民用航空法 2025": {56}, "民用航空法 2021": {58}}),
    **dict.fromkeys(("slope.reclaiming", "slope.terrain_reclaiming"), ("P", {"水土保持法 2010": {20}})),
    **dict.fromkeys(("road.dangerous_goods", "road.dangerous_goods_strip"), ("PR", {"公路安全保护条例 2011": {18}})),
    "industry.prohibited_catalogue": ("R", {"（自然资发〔2024〕273号） 2024": set()}),
    "redline.green_temporary": ("R", {"（建设部令第112号） 2011": {11}}),
    "wetland.national_works": ("R", {"湿地保护法 2021": {19, 21}}),
    **dict.fromkeys(
        ("reserve.park", "reserve.park_admitted"),
        ("PR", {"生态环境法典 2026": {861}, "国家级自然公园管理办法（试行） 2023": set()}),
    ),
    "aquatic.germplasm": ("C", {"渔业法 2025": {41}, "渔业法 2013": {29}}),
    "aquatic.germplasm_works": ("C", {"渔业法 2025": {41, 47}, "渔业法 2013": {29}}),
    "livestock.banned": ("P", {"畜禽规模养殖污染防治条例 2013": {11}}),
    "livestock.limited": ("C", {"畜禽规模养殖污染防治条例 2013": {11}}),
    "land.composition": ("N", {"土地管理法 2019": {4, 26}}),
    "approval.conversion": ("N", {"土地管理法 2019": {44}}),
    "approval.expropriation": ("N", {"土地管理法 2019": {46}}),
    "approval.supplied": ("N", {"土地管理法 2019": {53, 54}}),
    "approval.offence": ("R", {"土地管理法 2019": {77}}),
    "approval.suspected": ("N", {"土地管理法 2019": {77}}),
    "approval.temporary": ("N", {"土地管理法 2019": {57}}),
    "approval.planning": ("N", {"城乡规划法 2019": {38}}),
    "approval.site": ("N", {"土地管理法 2019": {52}}),
    "boundary.elastic": ("R", {"（自然资发〔2023〕193号） 2023": set()}),
    "zone.ecological": ("R", {"国土空间规划": set()}),
    "zone.farmland": ("R", {"国土空间规划": set()}),
    "historic.line": ("C", {"国土空间规划": set()}),
    "flood.risk_line": ("C", {"国土空间规划": set()}),
    "plan.use": ("R", {"城乡规划法 2019": {35, 38, 43}, "国土空间规划": set()}),
    "transport.planned_line": ("C", {"城乡规划法 2019": {35}}),
    "heritage.pollution": ("P", {"文物保护法 2024": {30}, "文物保护法 2017": {19}}),
    "heritage.protection_works": ("R", {"文物保护法 2024": {28}, "文物保护法 2017": {17}}),
    "historic.control": ("R", {"历史文化名城名镇名村保护条例 2017": {26}}),
    "water_source.first_works": ("R", {"生态环境法典 2026": {319}, "水污染防治法 2017": {65}}),
    "air.first": ("C", {"大气污染物综合排放标准 GB 16297": set(), "环境空气质量标准": set()}),
    "water_quality.zone": ("N", {"地表水环境质量标准 GB 3838": set()}),
    "noise.zone": ("N", {"声环境质量标准 GB 3096": set()}),
    "neighbour.pollution": ("N", {"行业防护距离标准": set()}),
    "neighbour.dwellings": ("N", {"行业防护距离标准": set(), "危险化学品安全法 2025": {20}}),
    **dict.fromkeys(
        ("forest.graves", "water_source.graves"), ("R", {"殡葬管理条例 2012": {10}, "殡葬管理条例 2026": set()})
    ),
    "wetland.provincial": ("R", {"湿地保护法 2021": {19, 20, 21}}),
    "wetland.other": ("C", {"湿地保护法 2021": {19}}),
    "forest.public": ("R", {"森林法 2019": {37, 49}, "（国家林业局令第35号） 2016": {4}}),
    "forest.public_zone": ("R", {"森林法 2019": {49}, "（国家林业局令第35号） 2016": {4}}),
    "forest.natural": ("R", {"森林法 2019": {32}, "生态环境法典 2026": {702}}),
    "tree.inside": ("C", {"森林法 2019": {40}, "古树名木保护条例 2025": {11, 18}}),
    "dike.works": ("R", {"防洪法 2016": {27}, "河道管理条例 2018": {11, 24}}),
    "transfer.works": ("C", {"南水北调工程供用水管理条例 2014": {40, 43}}),
    "road.works": ("C", {"公路安全保护条例 2011": {27}, "公路法 2017": {56}}),
    **dict.fromkeys(
        ("road.extraction", "road.extraction_strip", "road.extraction_unsaid"),
        ("PRN", {"公路安全保护条例 2011": {17}, "公路法 2017": {47}}),
    ),
    "power.overhead_uhv": ("C", {"电力设施保护条例 2011": {10}}),
    "power.overhead_works": ("R", {"电力设施保护条例 2011": {15, 17}}),
    "pipeline.surroundings": ("C", {"石油天然气管道保护法 2010": {31, 35}}),
    "gas.control": ("C", {"燃气工程项目规范 GB 55009": set(), "城镇燃气管理条例 2016": {34}}),
    "sponge.unit": ("N", {"海绵城市专项规划": set()}),
    "renewal.area": ("N", {"城市更新专项规划": set()}),
    "project.key": ("N", {"年度重点项目计划": set()}),
    "hazard.site": ("N", {"地质灾害防治条例 2003": {21}}),
    "weather.disturbance": ("R", {"气象设施和气象探测环境保护条例 2016": {13, 14, 17}}),
}
# What no rule judges, and who does instead: a rule of another entry, or a checklist item.
JUDGED_ELSEWHERE = {
    "T-02": "road.control_zone",
    "T-07": "rail.mining",
    "P-06": "pipeline.works",
    "P-07": "pipeline.works",
    "M-01": "military.zones",
}
# Names that the pack once had, each with the rule that judges the matter today: findings and cases of old bear them.
RETIRED = {
    **dict.fromkeys(
        (
            *("plan.residential", "plan.commercial", "plan.industrial", "plan.storage", "plan.special"),
            *("plan.public_service", "plan.utility", "plan.green", "plan.use_change"),
        ),
        "plan.use",
    ),
    "airport.height": "airport.clearance",
    "fault.active": "fault.near",
    "road.new_settlements": "road.public_places",
    "road.quarrying": "road.extraction",
    "tree.old": "tree.inside",
    "weather.disturbance_unsaid": "weather.station",
    "weather.height": "weather.station",
}
SOURCES = [
    f"{letter}-{number:02}"
    for letter, last in zip("FEWTPHUGMA", (6, 12, 12, 10, 10, 4, 6, 4, 2, 4), strict=True)
    for number in range(1, last + 1)
]
# Laws by the day: what a rule of the pack cites on the last day of the old law, and on the first of the new one.
TURNS = [
    ("water_source.outfall", date(2026, 8, 14), "水污染防治法", {64}, "生态环境法典", {318}),
    ("water_source.first", date(2026, 8, 14), "水污染防治法", {64, 65}, "生态环境法典", {318, 319}),
    ("reserve.core", date(2026, 3, 14), "自然保护区条例", {27, 28, 32}, "自然保护区条例", {26}),
    ("reserve.general", date(2026, 3, 14), "自然保护区条例", {32}, "自然保护区条例", {27}),
    ("airport.clearance", date(2026, 6, 30), "民用航空法", {58}, "民用航空法", {56}),
    ("aquatic.germplasm", date(2026, 4, 30), "渔业法", {29}, "渔业法", {41}),
    ("aquatic.germplasm_works", date(2026, 4, 30), "渔业法", {29}, "渔业法", {41, 47}),
    ("heritage.protection", date(2025, 2, 28), "文物保护法", {17, 29}, "文物保护法", {28, 31, 43}),
    ("redline.landfill", date(2026, 8, 14), "固体废物污染环境防治法", {21}, "生态环境法典", {481}),
]


def rule_ids(rule: dict) -> str:
    """A rule's name in the test report."""
    return rule["id"]


def article_number(article: str) -> int | None:
    """第三百一十九条 → 319; None if the provision is named in words."""
    match = re.match(r"第([一二三四五六七八九十百零]+)条", article)
    if not match:
        return None
    hundreds, _, rest = match.group(1).rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = 100 * DIGITS.index(hundreds) if hundreds else 0
    value += (DIGITS.index(tens) if tens else 1) * 10 * bool(ten)
    return value + (DIGITS.index(ones.lstrip("零")) if ones.lstrip("零") else 0)


def cited_articles(rule: dict, day: date | None = None) -> dict[str, set[int]]:
    """The articles that a rule cites, by law and edition; only those of a day, if it is given."""
    found: dict[str, set[int]] = {}
    for entry in rule["basis"]:
        if day is None or entry.get("from", date.min) <= day <= entry.get("to", date.max):
            number = article_number(entry["article"])
            name = f"{entry['law']} {entry.get('edition', '')}".strip()
            found.setdefault(name, set()).update({number} if number else set())
    return found


def is_the_laws(rule: dict) -> bool:
    """Whether verdict, laws, editions and articles are the ones restated above."""
    letters, expected = OWN_FACTS.get(rule["id"]) or FACTS[rule["source"]]
    cited = cited_articles(rule)
    named = {fragment: [law for law in cited if fragment in law] for fragment in expected}
    same = all(len(laws) == 1 and cited[laws[0]] == expected[fragment] for fragment, laws in named.items())
    return LETTERS[rule["verdict"]] in letters and same and len(cited) == len(expected)


def has_the_laws_distance(rule: dict) -> bool:
    """Whether a rule's distance, class by class, is the one restated above."""
    distance = rule["distance_m"]
    found = distance["values"] if isinstance(distance, dict) else distance
    if rule["source"] == "P-01" and rule["kind"] == "setback":
        metres = {metres for *_, metres in OVERHEAD_LINE_RANGES}
        return metres == set(found.values()) and all(
            [far for low, high, far in OVERHEAD_LINE_RANGES if low <= int(kilovolt) <= high] == [given]
            for kilovolt, given in found.items()
        )
    if rule["source"] == "T-03":
        return found == {road: _CONTROL_ZONE[road] + beyond for road, beyond in BEYOND_CONTROL_ZONE_M.items()}
    return found == DISTANCES_M[rule["id"].removesuffix("_unsaid")]


def entries() -> Iterator[tuple[str, dict]]:
    """Every entry of every basis in the shipped packs, with its rule."""
    for rule in [*RULES, *ORDINANCE["rule"]]:
        for entry in rule["basis"]:
            yield rule["id"], entry


@pytest.mark.parametrize("rule", RULES, ids=rule_ids)
def test_a_verdict_and_its_articles_are_those_of_the_law(rule):
    assert is_the_laws(rule), cited_articles(rule)


def test_another_article_edition_or_verdict_is_seen():
    for rule in RULES:
        for at, entry in enumerate(rule["basis"]):
            wrong = copy.deepcopy(rule)
            wrong["basis"][at]["article"] = "第九百九十九条"
            assert not is_the_laws(wrong), (rule["id"], entry["article"])
            wrong = copy.deepcopy(rule)
            wrong["basis"][at]["law"] = "另一部法"
            assert not is_the_laws(wrong), (rule["id"], entry["law"])
        letters, _ = OWN_FACTS.get(rule["id"]) or FACTS[rule["source"]]
        for verdict, letter in LETTERS.items():
            assert letter in letters or not is_the_laws({**rule, "verdict": verdict}), rule["id"]


@pytest.mark.parametrize("rule", [rule for rule in RULES if "distance_m" in rule], ids=rule_ids)
def test_a_distance_is_that_of_the_law(rule):
    assert has_the_laws_distance(rule)


def test_a_distance_that_differs_by_a_metre_in_one_class_is_seen():
    for rule in (rule for rule in RULES if "distance_m" in rule):
        for name in rule["distance_m"]["values"] if isinstance(rule["distance_m"], dict) else [None]:
            wrong = copy.deepcopy(rule)
            if name is None:
                wrong["distance_m"] += 1
            else:
                wrong["distance_m"]["values"][name] += 1
            assert not has_the_laws_distance(wrong), (rule["id"], name)


@pytest.mark.parametrize(
    ("rules", "zh", "en"),
    [
        # 公路安全保护条例 第十八条: 除按照国家有关规定设立的为车辆补充燃料的场所、设施外.
        ("road.dangerous_goods", "（为车辆补充燃料的除外）", "(filling stations apart)"),
        ("road.bridge", "（为车辆补充燃料的除外）", "(filling stations apart)"),
        ("road.tunnel", "（为车辆补充燃料的除外）", "(filling stations apart)"),
        # 第十七条: 公路隧道上方和洞口外100米.
        ("road.tunnel", "隧道上方和洞口外100米", "100 m outside its mouths"),
        # 河道管理条例 第二十四条.
        (
            "dike.land",
            "晒粮、存放物料、开采地下资源、进行考古发掘以及开展集市贸易",
            "drying of grain, storage, extraction",
        ),
        # 殡葬管理条例, which was 第十条 until 2026-03-29.
        ("water_source.graves", "限期迁移或者深埋", "moved or buried deep within a term"),
        ("forest.graves", "限期迁移或者深埋", "moved or buried deep within a term"),
        # 文物保护法: 爆破、钻探、挖掘等作业.
        ("heritage.protection", "爆破、钻探、挖掘", "blasted, drilled or dug"),
    ],
)
def test_what_an_article_bans_excepts_and_measures_from_is_drafted_in_both_languages(rules: str, zh: str, en: str):
    of_matter = ("", "_strip", "_unsaid")
    drafts = [rule["draft"] for rule in RULES if rule["id"] in [f"{rules}{end}" for end in of_matter]]
    assert drafts
    assert [draft for draft in drafts if zh not in draft["zh"] or en not in draft["en"]] == []


def test_every_rule_of_the_reading_is_judged_or_left_to_somebody():
    judged = {rule["source"] for rule in RULES} - {"1.1", "1.2"}
    known = {entry["id"] for entry in RULES + CHECKLIST}
    assert judged | set(JUDGED_ELSEWHERE) == set(SOURCES)
    assert judged & set(JUDGED_ELSEWHERE) == set()
    assert set(JUDGED_ELSEWHERE.values()) <= known


def test_a_name_that_was_once_given_is_found_with_the_rule_that_judges_its_matter_today():
    assert {old: rule["id"] for rule in RULES for old in rule.get("succeeds", ())} == RETIRED
    assert set(RETIRED) & {entry["id"] for entry in RULES + CHECKLIST} == set()
    for old, new in RETIRED.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{old}` |"))
        assert f"| `{new}` |" in row


def test_a_checklist_item_names_the_entries_that_it_stands_for():
    text = (RESOURCES / "packs" / "city-preliminary.toml").read_text("utf-8")
    named = {item: sources.split(", ") for sources, item in re.findall(r'# (.*)\n\[\[checklist]]\nid = "(.*)"', text)}
    assert set(named) == {item["id"] for item in CHECKLIST}
    assert {source for sources in named.values() for source in sources} <= {*SOURCES, "1.1", "1.2"}
    for source, judge in JUDGED_ELSEWHERE.items():
        assert judge == "road.control_zone" or source in named[judge]


@pytest.mark.parametrize(("name", "last_day", "old", "before", "new", "after"), TURNS)
def test_the_law_of_a_day_is_the_one_cited(name, last_day, old, before, new, after):
    rule = next(rule for rule in RULES if rule["id"] == name)
    for day, law, articles in ((last_day, old, before), (date.fromordinal(last_day.toordinal() + 1), new, after)):
        assert [found for title, found in cited_articles(rule, day).items() if law in title] == [articles], day


@pytest.mark.parametrize("day", [date(2025, 6, 1), date(2026, 6, 30), date(2026, 8, 15), date(2026, 11, 21)])
def test_every_rule_has_a_basis_on_every_day_of_the_last_years(day):
    assert [rule["id"] for rule in RULES if not cited_articles(rule, day)] == []


def test_every_law_that_a_pack_names_stands_in_the_table_of_laws_with_its_edition():
    known = {(law["title"], law.get("edition", "")) for law in LAWS}
    several = {title for title, times in Counter(title for title, _ in known).items() if times > 1}
    for rule, entry in entries():
        if "虚构" in entry["law"]:
            continue
        edition = entry.get("edition", "")
        # Where the day of a change is to be confirmed, the law is named without its edition.
        assert (entry["law"], edition) in known or (entry["law"] in several and not edition), (rule, entry["law"])


def test_the_table_of_laws_is_well_formed_and_holds_no_law_that_nobody_names():
    named = {entry["law"] for _, entry in entries()}
    for law in LAWS:
        assert set(law) <= {"title", "edition", "from", "to", "successor", "confidence"}
        assert law["title"] in named
        assert law["confidence"] in {"C", "L", "U"}
        assert law.get("from", date.min) <= law.get("to", date.max)
        assert ("to" in law) == ("successor" in law)
        assert law.get("successor") in {None, *(other["title"] for other in LAWS)}
    counted = Counter((law["title"], law.get("edition")) for law in LAWS)
    assert [key for key, times in counted.items() if times > 1] == []


def test_an_entry_of_a_law_that_has_ended_or_begun_of_late_bears_its_days():
    by_edition = {(law["title"], law.get("edition", "")): law for law in LAWS}
    for rule, entry in entries():
        law = by_edition.get((entry["law"], entry.get("edition", "")), {})
        assert entry.get("to") == law.get("to"), rule
        if law.get("from", date.min) >= date(2025, 10, 1):
            assert entry["from"] == law["from"], rule


@pytest.mark.slow
def test_each_finding_of_the_audit_names_rules_and_tests_that_there_are():
    """A row that is answered by a rule or a test of another name is answered by nothing."""
    known = {entry["id"] for entry in RULES + CHECKLIST}
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"(?m)^def (test_\w+)", path.read_text("utf-8"))
    }
    cases = tomllib.loads((RESOURCES / "packs" / "city-preliminary.cases.toml").read_text("utf-8"))["case"]
    decided: dict[str, list[list[str]]] = {}
    for case in cases:
        decided.setdefault(case["place"], []).append(case.get("decides", []))
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| (B\d|D )", line)]
    counts = {"B1": 17, "B2": 1, "B3": 7, "B4": 1, "B5": 1, "B6": 3, "D": 1}
    assert Counter(row[0].split(".")[0] for row in rows) == counts
    for finding, _, _, rules, held in rows:
        names, proofs = re.findall("`(.+?)`", rules), re.findall("`(.+?)`", held)
        assert names and set(names) <= known, finding
        assert proofs and set(proofs) <= tests | set(decided), finding
        # Of the places some row is decided by one of the rules, or lets pass what the rule spares.
        deciding = {rule for place in proofs if place in decided for row in decided[place] for rule in row}
        assert not deciding or finding == "B3.7" or deciding & set(names), finding


def test_the_page_of_the_law_has_a_row_for_each_rule_with_its_articles():
    rows = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 6:
            rows[cells[0].strip("`")] = cells
    assert set(rows) == {rule["id"] for rule in RULES}
    confidence = {"C": "read 已读", "L": "likely 可能", "U": "to be checked 待核"}
    for rule in RULES:
        _, title, article, edition, sure, who = rows[rule["id"]]
        assert title == rule["title"]["zh"]
        assert all(entry["law"] in article and entry["article"] in article for entry in rule["basis"])
        assert all(entry.get("edition", "") in edition for entry in rule["basis"])
        assert sure == confidence[rule["confidence"]]
        assert who
