"""The reference in docs/: every verb with its parameters, and every refusal with its mend, from the declarations.

`python3 build.py reference` writes it in both languages, with the reference of rule packs, the table of verbs that the
plugin reads, and the list of licences.
"""

import json
import sys
from pathlib import Path
from typing import Any

from onemap.layers.messages import LANGUAGES, plain_sentence, sentences
from onemap.rules.contract.declaration import Parameter, Verb
from onemap.rules.contract.value_schema import value_kind
from onemap.rules.contract.verb_help import help_text
from onemap.rules.verbs.commands.verbs import DOORS, VERBS

FOLDER = Path(__file__).resolve().parents[3]
DOCS = FOLDER / "docs"
VERB_TABLE = FOLDER / "resources" / "verbs" / "verbs.json"
EVERYWHERE = ("json", "summary", "lang", "progress", "output_encoding", "log")  # on every verb
_HEADINGS = {
    "en": ("Reference", "Verbs", "Refusals", "| code | says | mend |", "On every verb"),
    "zh": ("参考", "动作", "拒绝代码", "| 代码 | 说明 | 处理办法 |", "每个动作都有"),
}


def _usage(verb: Verb) -> str:
    parts = ["onemap", verb.name]
    for parameter in verb.parameters:
        if parameter.positional:
            parts.append(f"[{parameter.metavar}]" if parameter.optional else parameter.metavar)
            continue
        text = parameter.option + (f" {_values(parameter)}" if _values(parameter) else "")
        parts.append(text if parameter.required else f"[{text}]" + ("…" if parameter.repeated else ""))
    return " ".join(parts)


def _values(parameter: Parameter) -> str:
    return parameter.metavar or "|".join(parameter.choices)


def reference(language: str) -> str:
    """The whole reference as Markdown."""
    title, verbs, refusals, header, everywhere = _HEADINGS[language]
    lines = [f"# {title}", "", f"## {verbs}", ""]
    for verb in (*VERBS.values(), *DOORS.values()):
        lines += [f"### {verb.name}", "", help_text(verb.name, "verb", language), "", "```", _usage(verb), "```", ""]
        for parameter in verb.parameters:
            name = parameter.metavar if parameter.positional else f"{parameter.option} {_values(parameter)}".strip()
            lines.append(f"- `{name}`: {help_text(verb.name, parameter.name, language)}")
        lines.append("")
    lines += [f"### {everywhere}", ""]
    lines += [f"- `--{name.replace('_', '-')}`: {help_text('any', name, language)}" for name in EVERYWHERE]
    codes = dict(sentences(language)["exit"])
    lines += ["", f"## {codes.pop('title')}", "", *(f"- `{code}`: {meaning}" for code, meaning in codes.items())]
    lines += ["", f"## {refusals}", "", header, "|---|---|---|"]
    for subject, entries in sorted(sentences(language).items()):
        for name, entry in sorted(entries.items()):
            if isinstance(entry, dict) and "message" in entry:
                cells = (f"`{subject}.{name}`", *(plain_sentence(entry.get(part, "")) for part in ("message", "mend")))
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the references in both languages, and the table of verbs."""
    from onemap.rules.answers.deliveries.check_reference import check_reference
    from onemap.rules.verbs.commands.indicator_reference import indicator_reference
    from onemap.rules.verbs.commands.licence_table import licence_table
    from onemap.rules.verbs.commands.pack_reference import pack_reference  # kinds need libraries that `--help` does not

    for language in LANGUAGES:
        (DOCS / f"reference.{language}.md").write_text(reference(language), encoding="utf-8")
        (DOCS / f"packs.{language}.md").write_text(pack_reference(language), encoding="utf-8")
        (DOCS / f"delivery-checks.{language}.md").write_text(check_reference(language), encoding="utf-8")
        (DOCS / f"indicator-packs.{language}.md").write_text(indicator_reference(language), encoding="utf-8")
    VERB_TABLE.write_text(verb_table(), encoding="utf-8")
    (DOCS / "licences.md").write_text(licence_table(), encoding="utf-8")
    return 0


def verb_table() -> str:
    """Every verb with its parameters in order, one a line."""
    verbs = []
    for verb in VERBS.values():
        rows = [json.dumps(_row(parameter), ensure_ascii=False) for parameter in verb.parameters]
        verbs.append(f' "{verb.name}": [' + ",".join(f"\n  {row}" for row in rows) + "]")
    return "{\n" + ",\n".join(verbs) + "\n}\n"


def _row(parameter: Parameter) -> dict[str, Any]:
    row = {
        "name": parameter.name,
        "kind": value_kind(parameter),
        "positional": parameter.positional,
        "metavar": parameter.metavar if parameter.positional and parameter.metavar != parameter.name.upper() else "",
        "required": parameter.is_required,
        "choices": parameter.choices,
        "words": parameter.words,
        "forms": parameter.forms,
    }
    return {key: value for key, value in row.items() if value}


if __name__ == "__main__":
    sys.exit(main())
