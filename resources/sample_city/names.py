"""Names for the sample city. All are invented; where a real place bears one, that is chance."""

from __future__ import annotations

import numpy as np

CITY = "清源市示范区"
COUNTY_CODE = "139901"  # no county bears it: 99 is free in the national table
TOWNSHIPS = ("西岭镇", "清源街道", "东营镇", "河湾乡", "南坪乡")  # west, town, east, south-east, others

LAND_CLASSES = {
    "0101": "水田", "0102": "水浇地", "0103": "旱地", "0201": "果园", "0301": "乔木林地", "0305": "灌木林地",
    "0307": "其他林地", "0404": "其他草地", "05H1": "商业服务业设施用地", "0508": "物流仓储用地",
    "0601": "工业用地", "0701": "城镇住宅用地", "0702": "农村宅基地", "08H1": "机关团体新闻出版用地",
    "08H2": "科教文卫用地", "0809": "公用设施用地", "0810": "公园与绿地", "1001": "铁路用地",
    "1003": "公路用地", "1004": "城镇村道路用地", "1006": "农村道路", "1101": "河流水面",
    "1104": "坑塘水面", "1106": "内陆滩涂", "1202": "设施农用地",
}  # fmt: skip
PLANNED_CLASSES = {
    "1120": "水浇地", "1130": "旱地", "1200": "园地", "1300": "林地", "1510": "设施农用地", "1520": "农村道路",
    "1530": "坑塘水面", "2110": "城镇用地", "2120": "农村居民点用地", "2210": "铁路", "2220": "公路",
    "2310": "风景名胜设施用地",    "3110": "河流水面", "3130": "滩涂", "3200": "自然保留地",
}  # fmt: skip
PLOT_USES = {
    "070102": "二类城镇住宅用地", "0901": "商业用地", "0902": "商务金融用地", "0804": "教育用地",
    "0806": "医疗卫生用地", "0801": "机关团体用地", "1401": "公园绿地", "100102": "二类工业用地",
    "110101": "一类物流仓储用地", "1302": "排水用地", "1207": "城镇村道路用地",
    "16": "留白用地", "070301": "一类农村宅基地",
}  # fmt: skip

_PLACES = (
    "安澜",
    "朝晖",
    "云栖",
    "望河",
    "长桥",
    "南渡",
    "西岭",
    "槐荫",
    "金穗",
    "青禾",
    "临川",
    "泽润",
    "北苑",
    "同福",
    "永和",
)
_PARTS = ("东", "西", "南", "北", "中")
_PROJECTS = {
    "0701": ("家园", "花园小区", "公寓", "片区住宅改造", "安置房"),
    "0703": ("农房改造", "新村住宅"),
    "0901": ("商业中心", "农贸市场", "商业街"),
    "0902": ("商务楼", "金融服务中心"),
    "0804": ("小学", "中学", "幼儿园", "职业学校"),
    "0806": ("医院", "社区卫生服务中心"),
    "0801": ("政务服务中心", "综合办公楼"),
    "1401": ("公园", "街头绿地"),
    "1001": ("机械厂", "食品加工厂", "标准厂房", "纺织厂", "装备制造项目"),
    "1101": ("物流园", "仓储中心", "冷链仓库"),
    "1202": ("公路拓宽工程",),
    "1302": ("污水泵站", "再生水站"),
    "1303": ("变电站", "光伏升压站"),
}


def numbered_place(number: int) -> str:
    """An invented place: each of the first has a name of its own, the later ones are parts of those."""
    part = number // len(_PLACES)
    return _PLACES[number % len(_PLACES)] + ("" if part == 0 else _PARTS[(part - 1) % len(_PARTS)])


def projects(rng: np.random.Generator, uses: np.ndarray) -> np.ndarray:
    """A project name for each proposed use: an invented place, and what may be built for that use."""
    place = np.asarray(_PLACES, object)[rng.integers(len(_PLACES), size=len(uses))]
    kind = rng.integers(1 << 16, size=len(uses))
    return np.asarray(
        [
            start + (choices := _PROJECTS[use[:4]])[number % len(choices)]
            for start, use, number in zip(place, uses, kind, strict=True)
        ],
        object,
    )
