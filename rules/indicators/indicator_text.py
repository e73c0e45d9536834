"""What the verb of indicators says to people: unit by unit, value, target and status, and why where it is unknown."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from onemap.layers.catalogue.catalogue import layer_title, shipped_catalogue
from onemap.layers.messages import phrase
from onemap.layers.text_table import table_lines
from onemap.rules.indicators.indicator_words import (
    indicator_reasons,
    measure_words,
    number_words,
    trend_words,
    warning_status,
)

_MOST_ROWS = 200  # that somebody reads; --json and --out have them all


def indicator_lines(result: dict[str, Any], language: str) -> list[str]:
    """How many indicators have which status, then their values."""
    rows = result["indicators"]
    counts = {status: sum(row["status"] == status for row in rows) for status in ("ok", "warn", "alarm", "unknown")}
    counts["none"] = len(rows) - sum(counts.values())
    lines = [phrase("said.indicators", language, count=len(rows), **counts)]
    for _, of_unit in groupby(rows[:_MOST_ROWS], key=lambda row: (row["unit"], row["as_of"])):
        shown = list(of_unit)
        name = shown[0]["unit_title"] or shown[0]["unit"] or phrase("said.district", language)
        lines.append(f"{name} · {shown[0]['as_of']}")
        lines += table_lines([_cells(row, language) for row in shown], {1})
    if len(rows) > _MOST_ROWS:
        lines.append("  " + phrase("said.more_rows", language, count=len(rows) - _MOST_ROWS))
    return lines


def _cells(row: dict[str, Any], language: str) -> list[str]:
    """Title, value, unit of measure, and what else is known of an indicator."""
    status = phrase(f"indicator_status.{row['status']}", language)
    target = ""
    if row["target"] is not None:
        facts = {"target": number_words(row["target"], row), "year": row["target_year"] or "–"}
        target = phrase("said.indicator_target", language, **facts)
    reasons = "" if row["reason"] == "no_target" else indicator_reasons(row["reason"], language)
    is_known = row["value"] is not None
    value, measure = (number_words(row["value"], row), row["unit_of_measure"]) if is_known else ("–", "")
    way = "" if row["way"] is None else phrase(f"way.{row['way']}", language)
    words = [
        way,
        trend_words(row, language) if row["trend"] else "",
        target,
        _room(row, language),
        status if row["reason"] != "no_target" else "",
        reasons,
    ]
    return [row["title"], value, measure_words(measure, language) if measure else "", " · ".join(filter(None, words))]


def _room(row: dict[str, Any], language: str) -> str:
    """What a quota leaves free after all that is committed, and for how long; of another row nothing."""
    if row["free"] is None:
        return ""
    facts = {"free": number_words(row["free"], row), "unit": measure_words(row["unit_of_measure"] or "", language)}
    if not row["days_left"]:
        return phrase("said.free", language, **facts)
    return phrase("said.free_days", language, **facts, days=f"{row['days_left']:,.0f}")


def warning_lines(result: dict[str, Any], language: str) -> list[str]:
    """The list by kind, each with what it is about; and what could not be looked at."""
    rows = result["warnings"]
    lines = [phrase("said.warnings", language, count=len(rows), day=result["as_of"])]
    if "opened" in result:
        again = sum(row["state"] == "closed" for row in rows)
        before = len({row["id"] for row in rows} - set(result["opened"]))
        lines.append(phrase("said.warnings_kept", language, opened=len(result["opened"]), before=before, again=again))
    return lines + _warning_groups(result, language)


def new_warning_lines(result: dict[str, Any], language: str) -> list[str]:
    """Those that were never opened, as `recheck` tells them."""
    lines = [phrase("said.warnings_new", language, count=len(result["warnings"]))]
    return lines + _warning_groups(result, language)


def _warning_groups(result: dict[str, Any], language: str) -> list[str]:
    rows, lines = result["warnings"], []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        of_kind = [row for row in rows if row["kind"] == kind]
        title = phrase(f"warning_kind.{kind}", language)
        lines.append(phrase("figures.counted", language, title=title, count=len(of_kind)))
        lines += ["  " + _warning_line(row, language) for row in of_kind[:_MOST_ROWS]]
    for one in result["unlooked"]:
        layer = layer_title(one["layer"], shipped_catalogue(), language) if one.get("layer") else ""
        words = [phrase(f"warning_kind.{one['kind']}", language), layer]
        lines.append("  – " + " · ".join(filter(None, [*words, indicator_reasons(one["reason"], language)])))
    return lines


def _warning_line(row: dict[str, Any], language: str) -> str:
    words = _subject_words(row, language)
    if row["value"] is not None:
        limit = "" if row["limit"] is None else f" / {number_words(row['limit'], row)}"
        measure = measure_words(row["unit_of_measure"] or "", language)
        words.append(f"{number_words(row['value'], row)}{limit} {measure}".strip())
    words += [row["day"], _room(row, language)]
    if row["reason"] is not None:
        is_word = row["kind"] != "sums"
        words.append(indicator_reasons(row["reason"], language) if is_word else row["reason"])
    if row["nearest"] is not None:
        name = row.get("nearest_title") or row["nearest"]
        words.append(phrase("said.nearest", language, name=name, distance=f"{row['distance_m']:,.0f}"))
    if row["state"] is not None:
        words.append(phrase(f"warning_state.{row['state']}", language))
    return " · ".join(str(word) for word in words if word)


def _subject_words(row: dict[str, Any], language: str) -> list[str | None]:
    """What a warning is about: layer, unit, matter, and how it stands with it."""
    what = row.get("title") or row["subject"]
    return [
        row.get("layer_title") or row["layer"],
        row["unit_title"] or row["unit"],
        None if what == row["layer"] else what,
        warning_status(row, language),
    ]


def kept_warning_lines(rows: Sequence[dict[str, Any]], language: str) -> list[str]:
    """Warnings that the library has opened: how each stands, by whom, when and why."""
    lines = []
    for row in rows:
        words = [phrase(f"warning_kind.{row['kind']}", language), *_subject_words(row, language)]
        facts = {name: row[name] for name in ("id", "first_seen", "last_seen")}
        facts["what"] = " · ".join(filter(None, words))
        state = phrase(f"warning_state.{row['state']}", language)
        lines.append(phrase("said.warning_kept", language, **facts, state=state))
        for step in row["steps"]:
            state = phrase(f"warning_state.{step['state']}", language)
            lines.append("  " + " · ".join(filter(None, (state, step["at"][:10], step["by"], step["reason"]))))
    return lines


def theme_lines(result: dict[str, Any], language: str) -> list[str]:
    """Each theme with its indicators, and which of its layers and tables the library lacks."""
    comma = phrase("said.comma", language)
    lines = []
    for theme in result["themes"]:
        parts = [*theme["layers"], *theme["tables"]]
        lost = [f"{one['code']} {one['title']}" for one in parts if not one["in_force"]]
        facts = {"title": theme["title"], "id": theme["id"], "held": len(parts) - len(lost), "parts": len(parts)}
        lines.append(phrase("said.theme", language, count=len(theme["indicators"]), **facts))
        lines.append("  " + comma.join(one["title"] for one in theme["indicators"]))
        if lost:
            lines.append("  " + phrase("said.theme_lacks", language, layers=comma.join(lost)))
    return lines
