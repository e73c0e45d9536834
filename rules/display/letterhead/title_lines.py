"""A title in lines of similar length: no single character is left over, and no word or number is broken."""

import re
import unicodedata
from functools import cache

MOST_EMS = 20.0  # of 22 points in 156 mm
_BEFORE = "，。、；：！？）》”〕】%,.;:!?)]}"  # what begins no line
_AFTER = "（《“〔【([{"  # what ends none
_SEAM = 0.2  # how much a break between parts may cost in evenness
_TEAR = 0.5  # how much a word of _WORDS, or a short bracket, that is parted costs, of the same
_BRACKETS = re.compile(r"（[^（）]{1,12}）")
# What names of projects are made of, two signs each: a line of a title ends with a whole word (GB/T 9704, 7.3.1).
_WORDS = (
    *("建设", "工程", "项目", "用地", "预审", "意见", "新建", "扩建", "改建", "迁建", "改造", "开发", "整治", "治理"),
    *("设施", "服务", "配套", "基础", "综合", "公共", "商业", "住宅", "工业", "产业", "仓储", "物流", "厂房", "市政"),
    *("片区", "园区", "社区", "中心", "广场", "公园", "道路", "公路", "铁路", "桥梁", "车站", "停车", "管网", "水库"),
    *("学校", "小学", "中学", "大学", "医院", "文化", "体育", "卫生", "养老", "安置", "污水", "处理", "河道", "变电"),
    *("规划", "生态", "保护", "防洪", "供水", "燃气", "光伏", "发电", "雨污", "分流", "管廊", "地下", "灌区", "消防"),
    *("提升", "修复", "更新", "短板", "老旧", "小区", "一期", "二期", "三期", "四期", "示范", "基地", "枢纽", "机场"),
    *("农村", "乡村", "城市", "土地", "地块", "绿地", "湿地", "校区", "幼儿", "应急", "救援", "数据", "科技", "创新"),
)


def title_lines(title: str, parts: tuple[str, ...] = ()) -> list[str]:
    """The lines of a title, as few and as equal as possible; breaks between its parts are preferred.

    parts: words in the title that should stay whole if possible, such as the project's name.
    """
    text = " ".join(title.split())
    count = max(1, -int(-_ems(text) // MOST_EMS))
    for number in range(count, len(text) + 1):
        cuts = _best_cuts(text, number, _seams(text, parts))
        if cuts is not None:
            edges = [0, *cuts, len(text)]
            return [text[start:end].strip() for start, end in zip(edges, edges[1:], strict=False)]
    return [text]


def _ems(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.55 for sign in text)


def _seams(text: str, parts: tuple[str, ...]) -> frozenset[int]:
    seams = set()
    for part in parts:
        at = text.find(part)
        if part and at >= 0:
            seams |= {at, at + len(part)}
    return frozenset(seams)


def _is_torn(text: str, at: int) -> bool:
    """Whether a break at this position splits a word or a number, or separates a sign from its word."""
    before, after = text[at - 1], text[at]
    if before == " " or after == " ":
        return False
    return after in _BEFORE or before in _AFTER or (before.isascii() and after.isascii())


def _best_cuts(text: str, count: int, seams: frozenset[int]) -> list[int] | None:
    """The positions that cut a text into this many lines; None if words would break or lines be too long."""
    aim = _ems(text) / count
    breaks = [at for at in range(1, len(text)) if not _is_torn(text, at)]
    within = {match.start() + 1 for word in _WORDS for match in re.finditer(word, text)}
    within |= {at for match in _BRACKETS.finditer(text) for at in range(match.start() + 1, match.end())}

    @cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]] | None:
        if left == 1:
            length = _ems(text[start:])
            return None if length > MOST_EMS else ((length - aim) ** 2, ())
        cheapest: tuple[float, tuple[int, ...]] | None = None
        for at in breaks:
            length = _ems(text[start:at]) if at > start else 0.0
            if at <= start or length > MOST_EMS:
                continue
            rest = best(at, left - 1)
            if rest is None:
                continue
            cost = (length - aim) ** 2 + rest[0] - (_SEAM * aim**2 if at in seams else 0.0)
            cost += _TEAR * aim**2 if at in within else 0.0
            if cheapest is None or cost <= cheapest[0]:  # of equal ones the longer line stands above
                cheapest = (cost, (at, *rest[1]))
        return cheapest

    if len(text) > 400:
        return None
    best_cuts = best(0, count)
    return None if best_cuts is None else list(best_cuts[1])
