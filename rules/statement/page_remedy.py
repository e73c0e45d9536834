"""The annex of what would pass as HTML: alternatives, what each department keeps and gives up, what each rule cuts."""

from collections.abc import Sequence
from typing import Any

from onemap.rules.statement.page_html import Html, row, table, tag

Printed = dict[str, Any]
_N = "n"  # a column of numbers
_MEASURES = ("taken_before", "taken_after", "kept", "given_up")


def remedy_parts(content: Printed, said: dict[str, str]) -> list[Html]:
    """The annex's sentences and tables. content: as `printed` gives it, with a remedy."""
    found = content["remedy"]
    sentences = [tag("p", line) for line in content["sentences"]["remedy"]]
    sizes = [("hectares", "hectares", _N), ("mu", "mu", _N)]
    alternatives = [
        *[("parcel", "parcel", ""), ("alternative", "alternative_title", ""), *sizes],
        *[("share", "share", _N), ("step", "step", ""), ("verdict", "verdict", "")],
    ]
    names = ("before_hectares", "after_hectares", "kept_hectares", "given_up_hectares")
    departments = [
        *[("parcel", "parcel", ""), ("alternative", "alternative_title", ""), ("department", "department_title", "")],
        *[("verdict_before", "verdict_before_title", ""), ("verdict_after", "verdict_after_title", "")],
        *[(head, name, _N) for head, name in zip(_MEASURES, names, strict=True)],
    ]
    cuts = [("parcel", "parcel", ""), ("rule", "title", "wide"), ("department", "department_title", ""), *sizes]
    cuts.append(("verdict", "verdict", ""))
    tables = (
        ("table_alternatives", alternatives, found["alternatives"]),
        ("table_departments", departments, found["departments"]),
        ("table_cuts", cuts, found["cuts"]),
    )
    return [*sentences, *(_table(said, caption, columns, rows) for caption, columns, rows in tables)]


def _table(
    said: dict[str, str], caption: str, columns: Sequence[tuple[str, str, str]], rows: Sequence[Printed]
) -> Html:
    """A table by its columns: head, the row's field, kind."""
    kinds = [kind for _, _, kind in columns]
    heads = [said[f"column_{head}"] for head, _, _ in columns]
    lines = [row([_cell(line, name) for _, name, _ in columns], kinds=kinds) for line in rows]
    return table(said[caption], heads, lines or [row([said["note_none"]])], kinds=kinds)


def _cell(line: Printed, name: str) -> Any:
    if name != "verdict":
        return line[name] or "–"
    return tag("span", f"{line['verdict_sign']} {line['verdict_title']}", class_=f"verdict {line['verdict']}")
