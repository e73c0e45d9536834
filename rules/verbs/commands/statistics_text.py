"""The texts of the verbs of statistics: areas in hectares, lengths in kilometres."""

from typing import TYPE_CHECKING, Any

from onemap.layers.area_units import M2_PER_HECTARE, hectares_text
from onemap.layers.messages import phrase
from onemap.rules.answers.statistics.balance_rows import unit_names
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    Part,
    assumed_rows,
    column_heads,
)

if TYPE_CHECKING:
    from onemap.rules.display.outputs.sheet_titles import SheetTitles

_MOST_ROWS = 60  # that somebody reads; --json and --out have them all
_AREA = "area_ellipsoidal_m2"  # as on the pages: one figure for one piece of ground everywhere
_LEAST_SHOWN_M2 = 0.5  # less reads as 0.0000 ha


def transitions_view(result: dict[str, Any], language: str) -> AnswerView:
    """The changes of ground, the largest first: from class to class, and by area unit if there are units."""
    from onemap.rules.display.outputs.sheet_titles import (
        KnownTitles,
        SheetTitles,
    )  # with libraries that other answers need not

    total, layers = result["total"], result["layers"]
    units, titles = unit_names(result["units"]), SheetTitles(language, KnownTitles(layers=(layers[0]["code"],)))
    pair = {side: f"{layer['title']} {layer['label']}" for side, layer in zip("ab", layers, strict=True)}
    changed_rows = [row for row in result["rows"] if row["from"] != row["to"]]
    changed_rows.sort(key=lambda row: -row[_AREA])
    areas = {"area_ha": hectares_text(total[_AREA]), "changed_ha": hectares_text(_changed_m2(result, changed_rows))}
    shown_rows = [row for row in changed_rows[:_MOST_ROWS] if row[_AREA] >= _LEAST_SHOWN_M2]
    has_units = any(row["unit"] is not None for row in shown_rows)
    rows = []
    for row in shown_rows:
        names = [class_name(row[side], titles) for side in ("from", "to")]
        words = [str(units.get(row["unit"], row["unit"] or "–")), " → ".join(names)][not has_units :]
        area = Amount(row[_AREA] / M2_PER_HECTARE, "ha")
        rows.append(AnswerRow(words[0], (*words[1:], area)))
    heads = column_heads(("unit", "change", "area"), language)
    columns = [Column(head, "ha" if number == 2 else "") for number, head in enumerate(heads)][not has_units :]
    parts: list[Part] = [AnswerTable(columns, rows)]
    if len(changed_rows) > len(shown_rows):
        more = phrase("said.more_rows", language, count=len(changed_rows) - len(shown_rows))
        parts.append(AnswerRow(more, line=(f"  {more}",)))
    parts += assumed_rows(layers, language)
    opening = [phrase("said.transitions", language, **pair, **areas)]
    return AnswerView(parts, opening)


def _changed_m2(result: dict[str, Any], changed_rows: list[dict[str, Any]]) -> float:
    """The changed ground on the ellipsoid; where units overlap, it counts once. changed_rows: its rows."""
    plane_m2 = sum(row["area_m2"] for row in changed_rows)
    curved_m2: float = sum(row[_AREA] for row in changed_rows)
    return curved_m2 * (result["total"]["changed_m2"] / plane_m2) if plane_m2 else 0.0


def themes_text(result: dict[str, Any], language: str) -> str:
    """Each theme with its indicators, and with the layers and tables that the library lacks for it."""
    comma = phrase("said.comma", language)
    lines = []
    for theme in result["themes"]:
        parts = [*theme["layers"], *theme["tables"]]
        lost_layers = [f"{one['code']} {one['title']}" for one in parts if not one["in_force"]]
        facts = {"title": theme["title"], "id": theme["id"], "held": len(parts) - len(lost_layers), "parts": len(parts)}
        lines.append(phrase("said.theme", language, count=len(theme["indicators"]), **facts))
        lines.append("  " + comma.join(one["title"] for one in theme["indicators"]))
        if lost_layers:
            lines.append("  " + phrase("said.theme_lacks", language, layers=comma.join(lost_layers)))
    return "\n".join(lines)


def class_name(keys: dict[str, Any] | None, titles: "SheetTitles") -> str:
    """The codes of a class with their names."""
    if keys is None:
        return phrase("said.no_feature", titles.language)
    return " · ".join(titles.value(name, value) for name, value in keys.items())
