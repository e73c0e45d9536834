"""The reference of packs of indicators in docs/: their keys, kinds of terms, and the shipped indicators."""

from collections.abc import Iterable, Mapping

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.messages import sentences
from onemap.layers.text_table import markdown_table
from onemap.rules.numbers.indicators.indicator_keys import ALLOWED, GEOMETRIES, NEEDED, TABLES
from onemap.rules.numbers.indicators.indicator_pack import DEFAULT_INDICATORS, Indicator, indicator_packs
from onemap.rules.verbs.commands.pack_reference import key_table

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Packs of indicators",
        "about": "A pack of indicators is a TOML file (UTF-8). Copy `resources/indicators/city-checkup.toml`, change "
        "it, and give it to `onemap indicators --pack`; whatever is wrong is named with line, table and key. What the "
        "verb does with it stands in [Indicators](indicators.en.md). This page is made from the program.",
        "pack": "About the pack itself, once.",
        "term": "A quantity that is measured once for each unit. Which keys it has depends on its kind, see below.",
        "indicator": "A formula of terms, its unit, and what its value is held to.",
        "kinds": "Kinds of terms",
        "kind_keys": "| kind | name | layers of | must have | may have |",
        "shipped": "Indicators of {pack} {version}",
        "shipped_about": "{count} indicators. Confidence: C certain, L likely, U to be checked. A definition is that "
        "of its issuer and edition; another issuer may mean something else by the same name.",
        "shipped_keys": "| id | name | formula | unit | nature, bound | issuer, edition | source | remark |",
    },
    "zh": {
        "title": "指标包",
        "about": "指标包是 TOML 文本（UTF-8）。复制 `resources/indicators/city-checkup.toml`，修改后交给 "
        "`onemap indicators --pack`；写错的地方逐一指明行、表和键。怎样计算见[指标](indicators.zh.md)。"
        "本页由程序生成。",
        "pack": "指标包本身，一次。",
        "term": "在每个单元中量一次的量。有哪些键由类型决定，见下。",
        "indicator": "由各项组成的公式、计量单位，以及对照的目标。",
        "kinds": "项的类型",
        "kind_keys": "| 类型 | 名称 | 图层几何 | 必须有 | 可以有 |",
        "shipped": "{pack} {version} 的指标",
        "shipped_about": "共 {count} 个。把握：C 确定，L 多半，U 待核。定义以所列的发布者和版本为准；"
        "别的发布者同名指标可能另有所指。",
        "shipped_keys": "| 代码 | 名称 | 公式 | 单位 | 性质、约束 | 发布者、版本 | 出处 | 须知 |",
    },
}


def indicator_reference(language: str) -> str:
    """The whole reference as Markdown."""
    words = _WORDS[language]
    lines = [f"# {words['title']}", "", words["about"], ""]
    for name, keys in TABLES.items():
        heading = f"[{name}]" if name == "pack" else f"[[{name}]]"
        lines += [f"## `{heading}`", "", words[name], "", *key_table(keys, language), ""]
    lines += [f"## {words['kinds']}", "", *_kind_table(language), ""]
    (pack,) = indicator_packs((DEFAULT_INDICATORS,), shipped_catalogue())
    lines += [f"## {words['shipped'].format(pack=pack.id, version=pack.version)}", ""]
    shipped = markdown_table(words["shipped_keys"], [_cells(item, language) for item in pack.indicators])
    lines += [words["shipped_about"].format(count=len(pack.indicators)), "", *shipped]
    return "\n".join(lines) + "\n"


def _kind_table(language: str) -> list[str]:
    titles = sentences(language)["term_kind"]
    rows = [
        (
            f"`{kind}`",
            titles[kind],
            _codes(geometries),
            _codes(NEEDED[kind]),
            _codes(key for key in ALLOWED[kind] if key not in NEEDED[kind]),
        )
        for kind, geometries in GEOMETRIES.items()
    ]
    return markdown_table(_WORDS[language]["kind_keys"], rows)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cells(item: Indicator, language: str) -> tuple[str, ...]:
    target = f" {item.options['target']}" if "target" in item.options else ""
    return (
        f"`{item.id}`",
        item.title[language],
        f"`{item.formula.text}`",
        item.unit.text,
        f"{item.nature}, {item.bound}{target}",
        f"{item.issuer}, {item.edition}",
        f"{item.options['source']} ({item.options.get('confidence', 'C')})",
        item.options.get("remark", {}).get(language, ""),
    )
