"""The keys of a pack of indicators: its head, its terms, its indicators."""

from collections.abc import Mapping

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.rules.judge.kinds.kind import (
    AMOUNT,
    LIST,
    NUMBER,
    NUMBER_OR_TABLE,
    TABLE,
    TEXT,
    TEXT_OR_TABLE,
    TITLE,
    TITLE_FORM,
    WHOLE,
    Key,
)

AREA, NET, SUM, LENGTH, COUNT = "area", "net", "sum", "length", "count"
GROUND, REACH, TRANSITION, OF_TABLE, REVIEW = "ground", "reach", "transition", "table", "review"
GEOMETRIES: Mapping[str, tuple[str, ...]] = {
    AREA: ("polygon",),
    NET: ("polygon",),
    SUM: ("polygon", "line", "point"),
    LENGTH: ("line",),
    COUNT: ("polygon", "line", "point"),
    GROUND: (),
    REACH: ("polygon",),
    TRANSITION: ("polygon",),
    OF_TABLE: ("table",),
    REVIEW: ("polygon",),
}
TERM_KINDS = tuple(GEOMETRIES)
NATURES = ("binding", "expected", "advisory")
FLOOR, CEILING, BAND, RISE, FALL, NO_BOUND = "floor", "ceiling", "band", "rise", "fall", "none"
BOUNDS = (FLOOR, CEILING, BAND, RISE, FALL, NO_BOUND)
LEVELS = ("city", "county", "township", "village", "urban")
NOT_APPLICABLE = "not_applicable"
SNAP_M, JOIN_M = 50.0, 0.1  # of a walk: how near a street must be, and which vertices are one junction

_OF_LAYERS = '["CODE", { layer = "CODE", where = "…" }]'

HEAD_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "指标包代码", "en": "The pack's name."}, required=True),
    "version": Key(TEXT, {"zh": "指标包版本", "en": "The pack's version."}, required=True),
    "title": TITLE,
    "issuer": Key(
        TEXT,
        {
            "zh": "由谁定义：不同部门的同名指标定义不同",
            "en": "Who defines the indicators: two ministries define the same name differently.",
        },
        required=True,
    ),
    "edition": Key(TEXT, {"zh": "定义的版本", "en": "Which edition of the definition."}, required=True),
    "least_known": Key(
        AMOUNT,
        {
            "zh": "单元中须有数据的最小比例（0 到 1）；不足即为无法判定",
            "en": "The least part of a unit, 0 to 1, for which data must speak; below it the value is unknown.",
        },
        default="1.0",
    ),
    "targets": Key(
        TEXT,
        {
            "zh": "目标值取自哪个表（如 GHZBB）：按单元、指标编号或名称",
            "en": "The table that holds targets, such as GHZBB, by unit and by the indicator's id or name.",
        },
    ),
    "near_year": Key(WHOLE, {"zh": "该表近期目标的年份", "en": "The year of that table's near target."}),
}

TERM_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "项的代码，公式中用", "en": "The term's name, as formulas use it."}, required=True),
    "kind": Key(
        TEXT,
        {
            "zh": "怎样量：area 并集的椭球面积，net 净面积字段之和，sum 字段之和，length 并集长度，count 个数，"
            "ground 单元面积，reach 步行一定距离可达的面积，transition 两个版本之间变来的面积，"
            "table 表中的数，review 审查中项目的地块面积，写 layer 时为该图层要素在其中的净面积",
            "en": "How it is measured: `area` of the union on the ellipsoid, `net` the sum of the layer's net area, "
            "`sum` of a field, `length` of the union, `count`, `ground` the unit's own area, `reach` the area within "
            "a walk, `transition` the area that came from something else, `table` a number of a table, "
            "`review` the ground of the cases in review, or with `layer` the net area of its features there.",
        },
        required=True,
        choices=TERM_KINDS,
    ),
    "layer": Key(TEXT, {"zh": "图层代码", "en": "The layer's code."}),
    "where": Key(
        TEXT,
        {
            "zh": "只计符合条件的要素（CQL2）；取值为空的不计入，另报",
            "en": "Only features that meet the condition (CQL2); where that is unknown they count nowhere, and it is "
            "said how many.",
        },
    ),
    "field": Key(
        TEXT,
        {
            "zh": "求和的字段；reach 有此键时求该字段之和，如住户数",
            "en": "The field that is added up; of reach, what is added up instead of area, such as households.",
        },
    ),
    "unit": Key(TEXT, {"zh": "该字段的计量单位", "en": "That field's unit of measure."}, default='"m2"'),
    "unit_field": Key(
        TEXT, {"zh": "表中写着计量单位的字段", "en": "The table's field that names each row's unit of measure."}
    ),
    "distinct": Key(TEXT, {"zh": "按此字段的不同取值计数", "en": "Values of this field are counted, each once."}),
    "inside": Key(
        LIST,
        {"zh": f"只计在这些图层之内的部分：{_OF_LAYERS}", "en": f"Only what lies inside all of these: {_OF_LAYERS}."},
        default="[]",
    ),
    "outside": Key(
        LIST,
        {
            "zh": f"不计在这些图层之内的部分：{_OF_LAYERS}",
            "en": f"Without what lies inside any of these: {_OF_LAYERS}.",
        },
        default="[]",
    ),
    "to": Key(TEXT_OR_TABLE, {"zh": "reach：到哪些要素，同上写法", "en": "reach: of what, written as above (one)."}),
    "distance_m": Key(
        AMOUNT,
        {
            "zh": "reach：走多远（米），有路网时沿路网，否则为直线；或写 minutes 和 speed_kmh",
            "en": "reach: how far somebody walks, in metres, over `streets` where they form a network, else straight; "
            "or `minutes` and `speed_kmh`.",
        },
    ),
    "minutes": Key(AMOUNT, {"zh": "reach：走几分钟", "en": "reach: how many minutes somebody walks."}),
    "speed_kmh": Key(
        AMOUNT,
        {"zh": "reach：步行速度（公里/小时），与 minutes 同写", "en": "reach: how fast, in km/h; beside `minutes`."},
    ),
    "streets": Key(
        TEXT_OR_TABLE,
        {
            "zh": "reach：沿哪个线图层走，同上写法；没有该图层或线不相接时按直线，并在值旁注明",
            "en": "reach: along the lines of which layer, written as above; where it is missing or its lines do not "
            "join, the way is straight, and the value says so.",
        },
    ),
    "snap_m": Key(
        AMOUNT,
        {
            "zh": "reach：离路多远以内可直接走到路上（米），不超过 distance_m 的一半",
            "en": "reach: how near a street must be to be walked to, in metres; at most half of the distance.",
        },
        default="50.0",
    ),
    "join_m": Key(
        AMOUNT,
        {
            "zh": "reach：相距多少以内的路线端点算相接（米）；更远的不接，另报断头数",
            "en": "reach: ends of streets within so many metres meet; others are not joined, and it is said how many.",
        },
        default="0.1",
    ),
    "was": Key(
        TEXT,
        {
            "zh": "transition：在较早版本中的条件（CQL2）",
            "en": "transition: the condition that held in the earlier version (CQL2).",
        },
    ),
    "state": Key(
        WHOLE,
        {
            "zh": "固定用哪一年年底有效的版本",
            "en": "The year at the end of which the version was in force, whatever day is asked for.",
        },
    ),
    "year": Key(TEXT, {"zh": "表中年度的字段", "en": "The table's field of the year."}, default='"ND"'),
}

INDICATOR_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "指标编号，永不改变", "en": "The indicator's name, stable for ever."}, required=True),
    "title": Key(TABLE, {"zh": f"名称，{TITLE_FORM}", "en": f"Its name, {TITLE_FORM}."}, required=True),
    "names": Key(
        LIST, {"zh": "目标表中的其他名称", "en": "Other names by which tables of targets call it."}, default="[]"
    ),
    "definition": Key(TABLE, {"zh": f"定义，{TITLE_FORM}", "en": f"What it is, {TITLE_FORM}."}),
    "issuer": Key(TEXT, {"zh": "与指标包不同时：由谁定义", "en": "Who defines it, if not the pack's issuer."}),
    "edition": Key(TEXT, {"zh": "与指标包不同时：定义的版本", "en": "Its edition, if not the pack's."}),
    "formula": Key(
        TEXT,
        {"zh": "由项、数、+ - * / 和括号组成", "en": "Terms, numbers, + - * / and brackets."},
        required=True,
    ),
    "unit": Key(
        TEXT,
        {
            "zh": "计量单位，如 ha、km2、%、x、count、km/km2、m2/person；须与公式相合",
            "en": "Its unit, such as ha, km2, %, x, count, km/km2, m2/person; it must fit the formula.",
        },
        required=True,
    ),
    "decimals": Key(
        WHOLE,
        {
            "zh": "显示的小数位数；不写时按计量单位：计数与人数不带小数，% 一位，km、km2 三位，其他两位",
            "en": "How many decimals people read; without, by the unit: none of counts and persons, one of %, three of "
            "km and km2, two of others.",
        },
    ),
    "nature": Key(
        TEXT,
        {
            "zh": "binding 约束性，expected 预期性，advisory 建议性",
            "en": "`binding` 约束性, `expected` 预期性, `advisory` 建议性.",
        },
        required=True,
        choices=NATURES,
    ),
    "bound": Key(
        TEXT,
        {
            "zh": "目标是什么：floor 下限，ceiling 上限，band 区间，rise 升至，fall 降至，none 无",
            "en": "What its target is: a `floor` or a `ceiling` in every year, a `band`, a path that must `rise` or "
            "`fall` to it, or `none`.",
        },
        required=True,
        choices=BOUNDS,
    ),
    "levels": Key(LIST, {"zh": "用于哪些层级", "en": "For which levels it is meant."}, default="[]", choices=LEVELS),
    "target": Key(
        NUMBER_OR_TABLE,
        {
            "zh": "目标值：一个数，或 { 2025 = …, 2035 = … }，区间写 [低, 高]；单元各有目标的用目标表",
            "en": "Its target: a number, { 2025 = …, 2035 = … }, of a band [low, high]; targets of single units come "
            "from the table.",
        },
    ),
    "base": Key(
        TABLE,
        {"zh": "基期值：{ 2020 = … }，rise、fall 由此起算", "en": "The base, { 2020 = … }: where a path begins."},
    ),
    "warn": Key(NUMBER, {"zh": "到目标的几倍即预警", "en": "From which part of the target on it warns."}),
    "alarm": Key(
        NUMBER, {"zh": "到目标的几倍即突破", "en": "From which part of the target on it is broken."}, default="1.0"
    ),
    "committed": Key(
        TEXT,
        {
            "zh": "已占用而未体现在值中的量，公式同上：已批未建、审查中；余量扣除此数后另列",
            "en": "What is spoken for and not yet in the value, as a formula: approved and not built, in review. "
            "Headroom is told without it, too; where the target does not hold with it, the indicator warns.",
        },
    ),
    "zero": Key(
        TEXT,
        {
            "zh": "分母量得为零时：unknown 无法判定，not_applicable 不适用（如内陆的岸线）",
            "en": "Where the denominator is measured and is nothing: `unknown`, or `not_applicable` (a coast inland).",
        },
        default='"unknown"',
        choices=("unknown", NOT_APPLICABLE),
    ),
    "department": Key(TEXT, {"zh": "主管部门", "en": "Whose it is."}, choices=tuple(DEPARTMENTS)),
    "source": Key(TEXT, {"zh": "定义的出处", "en": "Where its definition is taken from."}, required=True),
    "confidence": Key(
        TEXT,
        {"zh": "定义的把握：C 确定，L 多半，U 待核", "en": "How sure that is: C certain, L likely, U to be checked."},
        default='"C"',
        choices=("C", "L", "U"),
    ),
    "remark": Key(
        TABLE, {"zh": f"看数时须知，{TITLE_FORM}", "en": f"What a reader of the number must know, {TITLE_FORM}."}
    ),
}

TABLES: Mapping[str, Mapping[str, Key]] = {"pack": HEAD_KEYS, "term": TERM_KEYS, "indicator": INDICATOR_KEYS}
# Which keys a kind of term must have, and which it may have besides id, kind, layer and where.
NEEDED: Mapping[str, tuple[str, ...]] = {
    AREA: ("layer",),
    NET: ("layer",),
    SUM: ("layer", "field"),
    LENGTH: ("layer",),
    COUNT: ("layer",),
    GROUND: (),
    REACH: ("layer", "to"),
    TRANSITION: ("layer", "was"),
    OF_TABLE: ("layer", "field"),
    REVIEW: (),
}
WALK_KEYS = ("distance_m", "minutes", "speed_kmh")
_CUT = ("inside", "outside", "state")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    AREA: ("layer", "where", *_CUT),
    NET: ("layer", "where", "field", *_CUT),
    SUM: ("layer", "where", "field", "unit", *_CUT),
    LENGTH: ("layer", "where", *_CUT),
    COUNT: ("layer", "where", "distinct", *_CUT),
    GROUND: (),
    REACH: ("layer", "where", "field", "unit", "to", *WALK_KEYS, "streets", "snap_m", "join_m", *_CUT),
    TRANSITION: ("layer", "where", "was", *_CUT),
    OF_TABLE: ("layer", "where", "field", "unit", "unit_field", "year"),
    REVIEW: ("layer", "where", "field", "inside", "outside"),
}
