"""The keys of a pack's tables, except those of a single kind of rule, which stand with the kind."""

from collections.abc import Mapping
from dataclasses import replace

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.layers.catalogue.code_systems import CODE_SYSTEMS, LAND_SEA
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.kinds.kind import FLAG, LIST, NUMBER, TABLE, TEXT, TEXT_OR_LIST, TITLE, TITLE_FORM, WHOLE, Key
from onemap.rules.judge.packs.body import BODY_KEYS
from onemap.rules.judge.packs.kind_register import KIND_KEYS
from onemap.rules.judge.packs.project_class import CLASS_KEYS

RULE_VERDICTS = (Verdict.PROHIBITED, Verdict.RESTRICTED, Verdict.CONSULT, Verdict.NOTICE)
ORIGIN_KEYS = ("id", "version", "hash")
MOST_DAYS = 250  # working days: about a year

# What the sentences of a rule may speak of.
PLACEHOLDERS = (
    *("area_m2", "area_ha", "area_mu", "share_percent", "length_m", "distance_m", "value", "features"),
    *("layer", "parcels"),
)
_MEASURES = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)

RULE_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "规则编号，永不改变", "en": "The rule's name, stable for ever."}, required=True),
    "kind": Key(TEXT, {"zh": "规则类型，见下", "en": "The kind of rule, see below."}, required=True),
    "layer": Key(
        TEXT_OR_LIST,
        {
            "zh": '所看图层的代码；写成列表 ["A", "B"] 时用当日有效的第一个，检测记录写明是哪个',
            "en": 'The code of the layer that it looks at; of a list ["A", "B"] the first that has a version in force, '
            "and the run says which.",
        },
        required=True,
    ),
    "by_layer": Key(
        TABLE,
        {
            "zh": "{ 图层 = { 键 = 值 } }：由 layer 列表中的这个图层判断时另有取值的键，如 where、plan_field",
            "en": "{ LAYER = { key = value } }: keys such as `where` or `plan_field` that differ where this layer of "
            "the list judges.",
        },
    ),
    "department": Key(
        TEXT,
        {"zh": "主管部门", "en": "The department whose rule it is."},
        required=True,
        choices=tuple(DEPARTMENTS),
    ),
    "verdict": Key(
        TEXT,
        {
            "zh": "有冲突时的结论；不作判断的类型无须写",
            "en": "The verdict of a conflict; a kind that judges nothing needs none.",
        },
        required=True,
        choices=RULE_VERDICTS,
    ),
    "where": Key(
        TEXT,
        {
            "zh": "只看符合条件的要素（CQL2：比较、IN、LIKE、IS NULL、AND、OR、NOT）；取值为空即无从判断；"
            "有代码表的字段按代码表的写法读取",
            "en": "Only features that meet the condition (CQL2: comparisons, IN, LIKE, IS NULL, AND, OR, NOT); "
            "a null makes it unknown; of a field with a code table the codes are read as the table writes them.",
        },
    ),
    "when": Key(
        TEXT,
        {
            "zh": "只用于符合条件的地块（CQL2）；无从判断时仍适用",
            "en": "Only parcels that meet the condition (CQL2); where that is unknown the rule applies.",
        },
    ),
    "unless": Key(
        LIST,
        {
            "zh": "不适用于这些类别的项目（[class.…]）；什么也没说明的项目不属于任何类别",
            "en": "It does not apply to projects of these classes ([class.…]); one that says nothing is of none.",
        },
        default="[]",
    ),
    "only": Key(
        LIST,
        {"zh": "只适用于这些类别的项目", "en": "It applies to projects of these classes alone."},
        default="[]",
    ),
    "silent": Key(
        FLAG,
        {
            "zh": "only 也适用于什么也没说明的项目",
            "en": "`only` reaches a project that says nothing of itself, too.",
        },
        default="false",
    ),
    "milder": Key(
        TEXT,
        {
            "zh": "unless 所免的项目改由这条规则判断；那条规则只判断这些项目",
            "en": "The rule that judges the projects which `unless` excuses; it judges those alone.",
        },
    ),
    "under": Key(
        TEXT_OR_LIST,
        {
            "zh": '这条规则在同一地块上已计入时，本规则的冲突不再列出；写成列表 ["规则", …] 的，任何一条计入即不列出；'
            "结论比本规则轻的规则不起此作用",
            "en": 'Its hit is not reported where this rule, or one of a list ["rule", …], counts for the same parcel; '
            "a rule with a milder verdict hides nothing.",
        },
    ),
    "harmless": Key(
        TABLE,
        {
            "zh": '{ 字段 = ["值", …] }：该字段的这些取值有意不受任何规则约束',
            "en": '{ FIELD = ["value", …] }: values of a field that no rule of the layer meets on purpose.',
        },
    ),
    "missing": Key(
        TEXT,
        {
            "zh": "资料库从未有过该图层时：unknown 为无法判定，checklist 为列作核实事项",
            "en": "Where the library has never held the layer: `unknown`, or an item of the `checklist`.",
        },
        default='"unknown"',
        choices=("unknown", "checklist"),
    ),
    "title": TITLE,
    "finding": Key(
        TABLE,
        {
            "zh": f"所见的一句话，{TITLE_FORM}，可用 {{area_m2}} 等占位",
            "en": f"What is found, {TITLE_FORM}, with {{area_m2}} and the like.",
        },
    ),
    "draft": Key(
        TABLE,
        {
            "zh": f"意见稿的一句话，{TITLE_FORM}；占位：{_MEASURES}",
            "en": f"The sentence of a draft, {TITLE_FORM}, with {_MEASURES}.",
        },
    ),
    "basis": Key(
        LIST,
        {
            "zh": '法律依据，至少一项：[{ law = "…", article = "…" }]；另可写 subject（条文主题 { zh, en }）、'
            "edition（版本）、from、to（施行与废止日期）",
            "en": 'The legal basis, one at least: [{ law = "…", article = "…" }]; also subject { zh, en } (what the '
            "article is about), edition, from and to (the days of its force).",
        },
        required=True,
    ),
    "consult": Key(
        LIST,
        {
            "zh": "另需征求意见的部门和 [body.…] 单位",
            "en": "Departments, and bodies of [body.…], that are asked besides.",
        },
        default="[]",
        choices=tuple(DEPARTMENTS),
    ),
    "source": Key(TEXT, {"zh": "规则出处的编号", "en": "Where the rule is taken from."}),
    "confidence": Key(
        TEXT,
        {
            "zh": "条文的把握：C 确定，L 多半，U 待核",
            "en": "How sure the article is: C certain, L likely, U to be checked.",
        },
        default='"C"',
        choices=("C", "L", "U"),
    ),
    "estimated": Key(
        FLAG,
        {
            "zh": "以中心线外扩代替官方划定范围，结果标为估算",
            "en": "A distance from a centreline stands for an official zone; findings are marked so.",
        },
        default="false",
    ),
    "succeeds": Key(
        LIST,
        {
            "zh": "本包早先版本中已并入本规则的规则或核实事项编号；这些编号不再启用",
            "en": "Rules and items of earlier versions of this pack whose matter it judges now; their names are never "
            "given again.",
        },
        default="[]",
    ),
    "replaces": Key(
        TEXT,
        {
            "zh": "替换先前规则包中的这条规则；检测当日本规则的依据均未施行或已失效的，仍按原规则",
            "en": "The rule of an earlier pack whose place it takes, on days on which one of its own laws is in force.",
        },
    ),
}

PACK_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "规则包代码", "en": "The pack's name."}, required=True),
    "version": Key(TEXT, {"zh": "规则包版本", "en": "The pack's version."}, required=True),
    "title": replace(TITLE, required=False),
    "origin": Key(
        TABLE,
        {
            "zh": '由哪个规则包复制而来：{ id = "…", version = "…", hash = "…" }；由 pack copy 写入，'
            "pack differences 据此标明不同之处",
            "en": 'Of which pack it is a copy: { id = "…", version = "…", hash = "…" }; `pack copy` writes it, and '
            "`pack differences` marks by it what differs.",
        },
    ),
    "code_system": Key(
        TEXT,
        {
            "zh": "地块用途代码所用的分类；地块字段 code_system 可另行说明",
            "en": "The classes by which parcels name their use; their field `code_system` may say otherwise.",
        },
        default=f'"{LAND_SEA}"',
        choices=CODE_SYSTEMS,
    ),
}

REVIEW_KEYS: Mapping[str, Key] = {
    "days": Key(
        WHOLE,
        {
            "zh": f"各部门答复的工作日数，1 到 {MOST_DAYS}；收到之日不计",
            "en": f"Working days for each department's answer, 1 to {MOST_DAYS}; the day of receipt does not count.",
        },
        default="5",
    ),
    "overdue": Key(
        TEXT,
        {
            "zh": "逾期：escalate 须由人决定，consent 视为同意",
            "en": "Overdue opinions: `escalate` leaves them to a person, `consent` takes them as agreed.",
        },
        default='"escalate"',
        choices=("escalate", "consent"),
    ),
    "self_sign": Key(
        FLAG,
        {"zh": "拟写意见的人可否自行签署", "en": "Whether who drafts an opinion may sign it."},
        default="false",
    ),
    "prefix": Key(TEXT, {"zh": "文号的字头", "en": "How document numbers begin."}),
    "days_of": Key(
        TABLE,
        {
            "zh": "与 days 不同的部门及其工作日数：{ water = 10 }",
            "en": "Departments with other days than `days`, and how many: { water = 10 }.",
        },
        default="{}",
    ),
    "area_share": Key(
        NUMBER,
        {
            "zh": "申报用地面积与地块面积可相差的比例（0 到 1，不含 1）；超过即在立项时和文件中提示",
            "en": "By which part a declared area may differ from the parcels', from 0 to below 1; "
            "a greater difference is remarked on opening and on paper.",
        },
        default="0.01",
    ),
}

CHECKLIST_KEYS: Mapping[str, Key] = {
    "id": Key(TEXT, {"zh": "核实事项编号", "en": "The item's name."}, required=True),
    "department": Key(
        TEXT,
        {"zh": "由哪个部门核查", "en": "The department that judges it."},
        required=True,
        choices=tuple(DEPARTMENTS),
    ),
    "title": TITLE,
    "after": Key(
        TEXT,
        {
            "zh": "只在这条规则有冲突或未能判断时才问",
            "en": "It is asked only where this rule has a hit, or was not judged.",
        },
    ),
}

TABLES: Mapping[str, Mapping[str, Key]] = {
    "pack": PACK_KEYS,
    "review": REVIEW_KEYS,
    "kind": KIND_KEYS,
    "body": BODY_KEYS,
    "class": CLASS_KEYS,
    "rule": RULE_KEYS,
    "checklist": CHECKLIST_KEYS,
}
