"""The lines of the rule packs' verbs for people, and the rows of which pack was in force when."""

from collections.abc import Callable
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.contract.declaration import Result
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView
from onemap.rules.judge.findings.citations import cited_law


def _laws(result: Result, language: str) -> str:
    """A Markdown table with a line for each rule."""
    heads = [phrase(f"laws.{name}", language) for name in ("rule", "title", "basis", "department", "confidence")]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for rule in result["rules"]:
        basis = phrase("laws.between", language).join(_basis_line(entry, language) for entry in rule["basis"])
        department = rule["department_title"]
        sure = phrase(f"laws.{rule['confidence']}", language)
        name = rule["rule"]
        if rule["succeeds"]:
            name += phrase("laws.succeeds", language, names=phrase("said.comma", language).join(rule["succeeds"]))
        lines.append(f"| {' | '.join((name, rule['title'], basis, department, sure))} |")
    return "\n".join(lines)


def _basis_line(entry: dict[str, Any], language: str) -> str:
    words = [
        cited_law(entry["law"], language),
        f"({entry['edition']})" if entry["edition"] else "",
        entry["article"],
        entry["subject"],
    ]
    lapsed = "" if entry["in_force"] else phrase("laws.lapsed", language)
    return " ".join(filter(None, (*words, lapsed)))


def versions_view(result: Result, language: str) -> AnswerView:
    """The packs in force, followed by all that were put in force, the newest first."""
    opening = [phrase("said.pack_in_force", language, **_short(one)) for one in result["in_force"]]
    closing = [] if result["versions"] else [phrase("said.pack_never_enacted", language)]
    heads = [AnswerRow(line, line=()) for line in (*opening, *closing)]  # a window has no lines around its rows
    return AnswerView([*heads, *(_version_row(one, language) for one in result["versions"])], opening, closing)


def _version_row(one: Result, language: str) -> AnswerRow:
    name = phrase("said.pack_version", language, **_short(one))
    code = "pack_why_instead" if one["replaced"] else "pack_why"
    why = phrase(f"said.{code}", language, **one)
    below = [AnswerRow(one["at"], line=(one["at"],)), AnswerRow(why, line=(why,))]
    return AnswerRow(name, hint=one["hash"], about={"hash": one["hash"]}, line=(name,), rows=below)


def _short(one: Result) -> Result:
    return {**one, "hash": one["hash"][:12]}


def _copied_text(result: Result, language: str) -> str:
    return phrase("said.pack_copied", language, **{**result, "cases": len(result["cases"])})


def _change(result: Result, language: str) -> str:
    return phrase("said.pack_changed", language, **{**result, "changed": len(result["changed"])})


def _enacted_text(result: Result, language: str) -> str:
    return phrase("said.pack_enacted", language, **_short(result))


def _on_its_way(result: Result, language: str) -> str:
    code = "pack_received" if "file" not in result else "pack_sent"
    facts = {**result, **_short(result["pack"]), "files": len(result["files"])}
    return phrase(f"said.{code}", language, **facts)


PACK_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "laws": _laws,
    "pack copy": _copied_text,
    "pack change": _change,
    "pack enact": _enacted_text,
    "pack send": _on_its_way,
    "pack receive": _on_its_way,
}
