"""The reference of delivery templates in docs/: kinds of checks with their keys, and every code with its words."""

from collections.abc import Mapping

from onemap.layers.messages import plain_sentence, sentences
from onemap.layers.text_table import markdown_table
from onemap.rules.answers.deliveries.check_kinds import KINDS

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Templates of deliveries: checks and codes",
        "about": "What a template (`resources/deliveries/*.toml`) may ask in `[[check]]`, and what each check finds. "
        "Checks that follow from folders and layers need no `[[check]]`. How it is used stands in "
        "[Deliveries and packages](exchange.en.md). This page is made from the program.",
        "kinds": "Kinds of checks",
        "kind_heads": "| kind | what it wants | layer of | must have | may have |",
        "codes": "Codes",
        "code_heads": "| code | severity | check | what is wrong | what to do |",
        "implied": "follows from the template",
        "any": "any",
    },
    "zh": {
        "title": "汇交模板：检查项与代码",
        "about": "模板（`resources/deliveries/*.toml`）在 `[[check]]` 中可以提出的检查，以及各项检查的问题代码。"
        "由文件夹和图层规定得出的检查不必写 `[[check]]`。用法见[汇交与数据包](exchange.zh.md)。本页由程序生成。",
        "kinds": "检查的类型",
        "kind_heads": "| 类型 | 要求 | 图层几何 | 必须有 | 可以有 |",
        "codes": "代码",
        "code_heads": "| 代码 | 级别 | 检查 | 问题 | 处理办法 |",
        "implied": "由模板得出",
        "any": "不限",
    },
}


def check_reference(language: str) -> str:
    """The whole reference as Markdown."""
    words, texts = _WORDS[language], sentences(language)
    severities = texts["proof_words"]
    rows = []
    for name, kind in KINDS.items():
        optional = [f"`{key}`" for key in kind.keys if key not in kind.needed]
        needed = [words["implied"]] if kind.is_implied else [f"`{key}`" for key in ("layer", *kind.needed)]
        geometry = kind.geometry or (words["any"] if kind.by_layer else "")
        rows.append((f"`{name}`", kind.title[language], geometry, ", ".join(needed), ", ".join(optional)))
    lines = [f"# {words['title']}", "", words["about"], "", f"## {words['kinds']}", ""]
    lines += [*markdown_table(words["kind_heads"], rows), "", f"## {words['codes']}", ""]
    codes = []
    for name, kind in KINDS.items():
        for code, severity in kind.codes.items():
            subject, _, problem = code.partition(".")
            entry = texts[subject][problem]
            says = plain_sentence(entry["message"])
            mend = plain_sentence(entry.get("sender", entry.get("mend", "")))
            codes.append((f"`{code}`", severities[severity], f"`{name}`", says, mend))
    lines += markdown_table(words["code_heads"], codes)
    return "\n".join(lines) + "\n"
