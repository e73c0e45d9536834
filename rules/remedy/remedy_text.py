"""What a remedy says to people: its alternatives, a line each, and how far was searched."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.maps.document_areas import hectares_text, share_text

_LEAST_USABLE_M2 = 0.1  # below it, what would pass is no ground that anybody can use
_MOST = 20  # lines that somebody reads; the answer in JSON and the tables have them all


def remedy_lines(result: Mapping[str, Any], language: str) -> list[str]:
    """The lines of an answer with `alternatives` and `search`."""
    rows = result["alternatives"]
    lines = [_line(row, language) for row in rows[:_MOST]]
    more = max(len(rows) - _MOST, 0) + result.get("alternatives_left", 0)
    if more:
        lines.append(phrase("said.more_alternatives", language, count=more))
    return [*lines, result["search"]["text"]] if result["search"]["text"] else lines


def step_text(moved_m: float, turned_deg: float, language: str) -> str:
    """How far an alternative was moved and turned; nothing for one that stays where it is."""
    if not moved_m and not turned_deg:
        return ""
    return phrase("said.alternative_step", language, moved=f"{moved_m:,.1f}", turned=f"{turned_deg:.1f}")


def _line(row: Mapping[str, Any], language: str) -> str:
    facts = {
        "parcel": row["parcel"],
        "name": phrase(f"alternative.{row['alternative']}", language),
        "area_ha": hectares_text(row["area_m2"]),
        "share": share_text(row["share"]),
        "verdict": phrase(f"verdict.{row['verdict']}", language),
    }
    step = step_text(row["moved_m"], row["turned_deg"], language)
    if row["area_m2"] < _LEAST_USABLE_M2:
        return phrase("said.alternative_nothing", language, **facts)
    line = phrase("said.alternative", language, **facts)
    return line + (phrase("said.comma", language) + step if step else "")
