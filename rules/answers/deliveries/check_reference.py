"""The reference of delivery templates in docs/: kinds of checks with their keys, and every code with its text."""

from collections.abc import Iterator, Mapping

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.messages import plain_sentence, sentences
from onemap.layers.text_table import markdown_table
from onemap.rules.answers.deliveries.check_kinds import KINDS
from onemap.rules.answers.deliveries.delivery_template import DeliveryTemplate, delivery_template
from onemap.rules.answers.deliveries.template_titles import template_files

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Templates of deliveries: checks and codes",
        "about": "What a template (`resources/deliveries/*.toml`) may ask in `[[check]]`, and what each check finds. "
        "Checks that follow from folders and layers need no `[[check]]`. How it is used stands in "
        "[Deliveries and packages](exchange.en.md). This page is made from the program.",
        "kinds": "Kinds of checks",
        "kind_heads": "| kind | what it wants | layer of | must have | may have |",
        "codes": "Codes",
        "of_check": "Severity: {severity}; check `{kind}`: {title}.",
        "wrong": "What is wrong:",
        "mend": "What to do:",
        "limits": "What a template may set: {keys}.",
        "asked": "Asked by {templates}.",
        "implied": "follows from the template",
        "any": "any",
        "comma": ", ",
        "all": "every template",
        "layers": "`{template}` ({layers})",
        "sources": "Sources of the checks",
        "source_heads": "| check | source | how sure |",
    },
    "zh": {
        "title": "汇交模板：检查项与代码",
        "about": "模板（`resources/deliveries/*.toml`）在 `[[check]]` 中可以提出的检查，以及各项检查的问题代码。"
        "由文件夹和图层规定得出的检查不必写 `[[check]]`。用法见[汇交与数据包](exchange.zh.md)。本页由程序生成。",
        "kinds": "检查的类型",
        "kind_heads": "| 类型 | 要求 | 图层几何 | 必须有 | 可以有 |",
        "codes": "代码",
        "of_check": "级别：{severity}；检查项 `{kind}`：{title}。",
        "wrong": "问题：",
        "mend": "处理办法：",
        "limits": "模板可设：{keys}。",
        "asked": "提出此项检查的模板：{templates}。",
        "implied": "由模板得出",
        "any": "不限",
        "comma": "、",
        "all": "各模板",
        "layers": "`{template}`（{layers}）",
        "sources": "各项检查的依据",
        "source_heads": "| 检查项 | 依据 | 把握 |",
    },
}


def check_reference(language: str) -> str:
    """The whole reference as Markdown."""
    words, texts = _WORDS[language], sentences(language)
    severities = texts["proof_words"]
    rows = []
    for name, kind in KINDS.items():
        optional = [f"`{key}`" for key in kind.keys if key not in kind.needed]
        needed_keys = [words["implied"]] if kind.is_implied else [f"`{key}`" for key in ("layer", *kind.needed)]
        geometry = kind.geometry or (words["any"] if kind.by_layer else "")
        rows.append((f"`{name}`", kind.title[language], geometry, ", ".join(needed_keys), ", ".join(optional)))
    lines = [f"# {words['title']}", "", words["about"], "", f"## {words['kinds']}", ""]
    lines += [*markdown_table(words["kind_heads"], rows), "", f"## {words['codes']}"]
    templates = _asking_templates()
    for name, kind in KINDS.items():
        for code, severity in kind.codes.items():
            lines += ["", f"### `{code}`", "", *_code_lines(code, severities[severity], name, templates, language)]
    lines += ["", f"## {words['sources']}"]
    for template in _shipped_templates():
        clauses = [(f"`{one.id}`", one.source, one.confidence) for one in template.checks]
        lines += ["", f"### `{template.folders.id}`", "", *markdown_table(words["source_heads"], clauses)]
    return "\n".join(lines) + "\n"


def _code_lines(
    code: str, severity: str, name: str, templates_by_kind: Mapping[str, Mapping[str, list[str]]], language: str
) -> Iterator[str]:
    """The lines about one code: its check, the problem, the mend, and the templates that check it."""
    words, kind, gap = _WORDS[language], KINDS[name], "" if language == "zh" else " "
    subject, _, problem = code.partition(".")
    entry = sentences(language)[subject][problem]
    yield words["of_check"].format(severity=severity, kind=name, title=kind.title[language])
    yield ""
    yield f"- {words['wrong']}{gap}{plain_sentence(entry['message'])}"
    if mend := plain_sentence(entry.get("sender", entry.get("mend", ""))):
        yield f"- {words['mend']}{gap}{mend}"
    if kind.keys:
        yield f"- {words['limits'].format(keys=words['comma'].join(f'`{key}`' for key in kind.keys))}"
    if kind.is_implied:
        templates = words["all"]
    else:
        templates = words["comma"].join(
            words["layers"].format(template=template, layers=words["comma"].join(layers))
            for template, layers in templates_by_kind.get(name, {}).items()
        )
    if templates:
        yield f"- {words['asked'].format(templates=templates)}"


def _asking_templates() -> dict[str, dict[str, list[str]]]:
    """By kind of check, the shipped templates that use it, each with the layers."""
    templates_by_kind: dict[str, dict[str, list[str]]] = {}
    for template in _shipped_templates():
        for check in template.checks:
            layers = templates_by_kind.setdefault(check.kind, {}).setdefault(template.folders.id, [])
            if check.layer is not None and check.layer not in layers:
                layers.append(check.layer)
    return templates_by_kind


def _shipped_templates() -> list[DeliveryTemplate]:
    catalogue = shipped_catalogue()
    return [delivery_template(path.read_text(encoding="utf-8"), path.name, catalogue) for path in template_files()]
