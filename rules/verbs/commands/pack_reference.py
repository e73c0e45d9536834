"""The reference of rule packs in docs/: their tables, kinds of rule, reasons and verdicts, from the declarations."""

from collections.abc import Iterable, Mapping

from onemap.layers.messages import list_text, sentences
from onemap.layers.text_table import markdown_table
from onemap.layers.value_groups import groups_of
from onemap.rules.contract.verdict import VERDICTS, Verdict
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.kind import TYPE_WORDS, Key, Kind
from onemap.rules.judge.kinds.reasons import reason_meanings, reason_words
from onemap.rules.judge.packs.keys import TABLES

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Rule packs",
        "about": "A rule pack is a TOML file (UTF-8). Copy one of `resources/packs/`, change it, and give it to "
        "`--pack`; whatever is wrong with it is named with pack, rule and key. This page is made from the program.",
        "keys": "| key | type | unit | default | meaning |",
        "pack": "About the pack itself, once.",
        "review": "How the review of a case runs, once or not at all.",
        "class": "A class of projects under a name, which rules use in `unless` and `only`.",
        "kind": "A kind of project beside those of the register, under a name that classes use in `kinds`.",
        "body": "A body beside the ten departments that is asked on paper, which rules name in `consult`.",
        "rule": "One for each rule; further keys belong to its kind.",
        "checklist": "One for each matter that only a person can judge.",
        "required": "required",
        "one_of": "one of",
        "kinds": "Kinds of rule",
        "all_kinds": "| kind | name | layers of | conflict |",
        "takers": "Which kinds take which keys",
        "taken": "| key | kinds |",
        "conflict": "Conflict",
        "geometries": "Layers of",
        "measures": "A finding shows",
        "no_measures": "It makes no finding and changes no verdict; where its layer is wanting it is skipped.",
        "reads_layer": "layers of {geometries} only",
        "own_reasons": "Its own reasons",
        "reasons": "Reasons",
        "reason_keys": "| reason | name | meaning |",
        "verdicts": "Verdicts",
        "verdict_keys": "| verdict | name | meaning |",
        "verdicts_about": "The gravest first. A parcel has the gravest verdict of its findings that count.",
    },
    "zh": {
        "title": "规则包",
        "about": "规则包是 TOML 文本（UTF-8）。复制 `resources/packs/` 中的一个，修改后交给 `--pack`；"
        "写错的地方逐一指明规则包、规则和键。本页由程序生成。",
        "keys": "| 键 | 类型 | 单位 | 缺省 | 含义 |",
        "pack": "规则包本身，一次。",
        "review": "会审办理的约定，一次或不写。",
        "class": "一个有名的项目类别，供规则的 unless 和 only 使用。",
        "kind": "目录之外的项目类型，供类别的 kinds 使用。",
        "body": "十个部门之外书面征求意见的单位，供规则的 consult 使用。",
        "rule": "每条规则一段；其余的键因类型而异。",
        "checklist": "每件只能由人判断的事一段。",
        "required": "必填",
        "one_of": "限于",
        "kinds": "规则类型",
        "all_kinds": "| 类型 | 名称 | 图层几何 | 冲突 |",
        "takers": "哪些类型用哪些键",
        "taken": "| 键 | 类型 |",
        "conflict": "冲突",
        "geometries": "图层几何",
        "measures": "结果列出",
        "no_measures": "不产生结果，也不改变结论；缺图层时跳过。",
        "reads_layer": "图层几何限于 {geometries}",
        "own_reasons": "自有的原因",
        "reasons": "原因",
        "reason_keys": "| 原因 | 名称 | 含义 |",
        "verdicts": "结论",
        "verdict_keys": "| 结论 | 名称 | 含义 |",
        "verdicts_about": "由重到轻。地块取其计入结果中最重的结论。",
    },
}
_VERDICTS: Mapping[str, Mapping[str, str]] = {
    Verdict.PROHIBITED: {"zh": "法律禁止", "en": "The law forbids it."},
    Verdict.RESTRICTED: {"zh": "满足条件或经批准方可", "en": "Only under conditions, or with an approval."},
    Verdict.UNKNOWN: {
        "zh": "缺数据，该部分不能下结论；规则中不可写",
        "en": "Data are wanting, so the ground cannot be judged; no rule may say it.",
    },
    Verdict.CONSULT: {"zh": "须征求主管部门意见", "en": "The department has to be asked."},
    Verdict.NOTICE: {"zh": "提请注意，不妨碍", "en": "To be noted; it hinders nothing."},
    Verdict.CLEAR: {
        "zh": "没有计入的冲突；规则中不可写",
        "en": "No conflict that counts; no rule may say it.",
    },
}
_HEADINGS: Mapping[str, str] = {
    "rule": "[[rule]]",
    "checklist": "[[checklist]]",
    "class": "[class.NAME]",
    "body": "[body.NAME]",
    "kind": "[kind.NAME]",
}


def pack_reference(language: str) -> str:
    """The whole reference as Markdown."""
    words = _WORDS[language]
    lines = [f"# {words['title']}", "", words["about"], ""]
    for name, keys in TABLES.items():
        heading = _HEADINGS.get(name, f"[{name}]")
        lines += [f"## `{heading}`", "", words[name], "", *key_table(keys, language), ""]
    lines += [f"## {words['kinds']}", "", *_kind_table(language), ""]
    for kind in KINDS.values():
        lines += [*_kind_section(kind, language), ""]
    lines += [f"### {words['takers']}", "", *_taker_table(words), ""]
    names = reason_words(language)
    rows = [(f"`{code}`", names[code], meaning) for code, meaning in reason_meanings(language).items()]
    lines += [f"## {words['reasons']}", "", *markdown_table(words["reason_keys"], rows), ""]
    titles = sentences(language)["verdict"]
    rows = [(f"`{verdict}`", titles[verdict], _VERDICTS[verdict][language]) for verdict in VERDICTS]
    lines += [f"## {words['verdicts']}", "", words["verdicts_about"], "", *markdown_table(words["verdict_keys"], rows)]
    return "\n".join(lines) + "\n"


def key_table(keys: Mapping[str, Key], language: str) -> list[str]:
    """The keys of a table of a pack, with type, default and meaning."""
    words = _WORDS[language]
    rows = []
    for name, key in keys.items():
        default = words["required"] if key.required else f"`{key.default}`" if key.default else ""
        rows.append((f"`{name}`", TYPE_WORDS[key.type][language], key.unit, default, _meaning(key, language)))
    return markdown_table(words["keys"], rows)


def _meaning(key: Key, language: str) -> str:
    """A key's meaning with its choices."""
    parts = [key.meaning[language].rstrip("。.")]
    if key.choices:
        choices = list_text((f"`{choice}`" for choice in key.choices), language)
        parts.append(f"{_WORDS[language]['one_of']} {choices}")
    if key.layer_geometries:
        parts.append(_WORDS[language]["reads_layer"].format(geometries=_geometries(key.layer_geometries, language)))
    return "；".join(parts) + "。" if language == "zh" else "; ".join(parts) + "."


def _geometries(geometries: Iterable[str], language: str) -> str:
    return list_text((f"`{geometry}`" for geometry in geometries), language)


def _kind_table(language: str) -> list[str]:
    rows = [
        (
            f"[`{kind.name}`](#{kind.name})",
            kind.title[language],
            _geometries(kind.geometries, language),
            kind.conflict[language],
        )
        for kind in KINDS.values()
    ]
    return markdown_table(_WORDS[language]["all_kinds"], rows)


def _kind_section(kind: Kind, language: str) -> list[str]:
    words = _WORDS[language]
    colon = "：" if language == "zh" else ": "
    lines = [f"### {kind.name}", "", f"{words['geometries']}{colon}{_geometries(kind.geometries, language)}", ""]
    lines += [f"{words['conflict']}{colon}{kind.conflict[language]}", ""]
    if kind.finds:
        lines += [f"{words['measures']}{colon.rstrip()}", ""]
        lines += [f"- `{column}`{colon}{measure[language]}" for column, measure in kind.measures.items()]
    else:
        lines.append(words["no_measures"])
    if kind.keys:
        lines += ["", *key_table(kind.keys, language)]
    if kind.reasons:
        lines += ["", f"{words['own_reasons']}{colon}" + _geometries(kind.reasons, language)]
    return lines


def _taker_table(words: Mapping[str, str]) -> list[str]:
    takers = groups_of((key, f"`{kind.name}`") for kind in KINDS.values() for key in kind.keys)
    return markdown_table(words["taken"], [(f"`{key}`", " ".join(kinds)) for key, kinds in takers.items()])
