"""The table of the three control lines: ground taken, and for a boundary the ground inside, outside and unknown."""

from typing import Any

from onemap.rules.findings.land_classes import rounded_hectares
from onemap.rules.kinds import KINDS
from onemap.rules.statement.document_words import words
from onemap.rules.statement.rule_tables import Row
from onemap.rules.statement.run_evidence import Evidence
from onemap.rules.statement.sections import table_of


def three_lines(evidence: Evidence, rows: list[Row], whole_m2: float) -> list[dict[str, Any]]:
    """A row per rule on one of the three lines; a rule whose layer is a boundary has one for each side.

    whole_m2: the project's ground on the ellipsoid, of which the sides are the parts.
    """
    table: list[dict[str, Any]] = []
    mine = [row for row in rows if table_of(row["layer"]) == "three_lines"]
    for rule in dict.fromkeys(row["rule"] for row in mine):
        halves = {row["state"]: row for row in mine if row["rule"] == rule}
        measured = next(iter(halves.values()))
        if KINDS[measured["kind"]].is_boundary and "not_checked" not in halves:
            table += _sides(evidence, halves, whole_m2)
        else:
            table += [_line(row, "occupied", row["title"], row) for row in halves.values()]
    return table


def _sides(evidence: Evidence, halves: dict[str, Row], whole_m2: float) -> list[dict[str, Any]]:
    said = words(evidence.language)
    any_row = next(iter(halves.values()))
    exact = {
        "outside": halves["conflict"]["area_ellipsoidal_m2"] if "conflict" in halves else 0.0,
        "unknown": halves["unknown"]["area_ellipsoidal_m2"] if "unknown" in halves else 0.0,
    }
    exact["inside"] = max(whole_m2 - exact["outside"] - exact["unknown"], 0.0)
    rounded = dict(zip(exact, rounded_hectares(list(exact.values())), strict=True))
    states = {"inside": "clear", "outside": "conflict", "unknown": "unknown"}
    lines = []
    for item in ("inside", "outside", "unknown"):
        row = halves.get(states[item])
        if row is None and item == "unknown":
            continue
        verdict = row["verdict"] if row else "clear"
        measure = {
            "area_ellipsoidal_m2": exact[item],
            "hectares": rounded[item],
            "share": exact[item] / whole_m2,
            "state": states[item] if row else "clear",
            "verdict": verdict,
            "counted": bool(row and row["counted"]),
            "reason_text": row["reason_text"] if row else "",
        }
        lines.append(_line(any_row, item, said[f"boundary_{item}"], {**any_row, **measure}))
    return lines


def _line(rule: Row, item: str, title: str, measure: Row) -> dict[str, Any]:
    return {
        **{name: rule[name] for name in ("rule", "layer", "layer_title", "version", "department", "basis")},
        "item": item,
        "figure": measure["figure"] if measure["state"] != "clear" else None,
        "item_title": title,
        **{
            name: measure[name]
            for name in ("area_ellipsoidal_m2", "hectares", "share", "state", "verdict", "counted", "reason_text")
        },
    }
