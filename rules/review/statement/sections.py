"""Which rules belong to which table, and which assessments a project needs: resources/templates/sections.toml."""

from collections.abc import Collection, Mapping, Set
from typing import Any

from onemap.layers.shipped_files import shipped_table
from onemap.layers.value_groups import groups_of
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.run_evidence import Evidence

PLAN_TABLES = ("land_plan", "urban_plan", "department_plans")


def sections() -> dict[str, Any]:
    """The file's content: tables → layers, and the assessments."""
    return shipped_table("templates/sections.toml")


def table_of(layer: str) -> str:
    """The table of chapter four to which rules on this layer belong."""
    tables: dict[str, list[str]] = sections()["tables"]
    return next((name for name, layers in tables.items() if layer in layers), "department_plans")


def assessments(
    rows: list[dict[str, Any]], checklist: list[dict[str, Any]], evidence: Evidence, department: str | None
) -> list[dict[str, Any]]:
    """Each assessment with its state: required, not triggered, or for its department to decide.

    rows: the rules' rows of the content; checklist: its items.
    """
    language = evidence.language
    open_items = {item["id"] for item in checklist}
    states = groups_of((row["rule"], row) for row in rows)
    assessment_rows = []
    for entry in sections()["assessment"]:
        if department not in (None, entry["department"]):
            continue
        state, because = _state(entry, states, open_items, evidence)
        assessment_rows.append(
            {
                "id": entry["id"],
                "title": entry["title"][language],
                "department": entry["department"],
                "department_title": evidence.department_title(entry["department"]),
                "unit": evidence.department_unit(entry["department"]),
                "state": state,
                "state_title": words(language)[f"assessment_{state}"],
                "because": because,
            }
        )
    return assessment_rows


def _state(
    entry: Mapping[str, Any],
    states: Mapping[str, list[dict[str, Any]]],
    open_items: Set[str],
    evidence: Evidence,
) -> tuple[str, list[str]]:
    """Whether an assessment is required, not triggered or to be decided; and the titles of what triggers it.

    states: the rows of each rule; open_items: of the checklist.
    """
    mine = [row for rule in entry["rules"] for row in states.get(rule, [])]
    because = list(dict.fromkeys(row["title"] for row in mine if row["state"] == RowState.CONFLICT and row["counted"]))
    is_open = (
        not (entry["rules"] or "only" in entry)
        or bool(open_items & set(entry["checklist"]))
        or any(rule not in states for rule in entry["rules"])
        or any(row["state"] in (RowState.UNKNOWN, RowState.NOT_CHECKED) for row in mine)
    )
    if "only" in entry:
        titles, may_be_of_one = _titles_of_classes(entry["only"], evidence)
        if not titles:
            return ("to_decide" if may_be_of_one and (because or is_open or not mine) else "not_triggered"), []
        because = because if entry["rules"] else titles
    return ("required" if because else "to_decide" if is_open else "not_triggered"), because


def _titles_of_classes(names: Collection[str], evidence: Evidence) -> tuple[list[str], bool]:
    """The titles of those classes to which the site's projects belong, and whether a further one might be among them.

    It might where some project states nothing, and where no pack says what a class is.
    """
    class_by_name = {name: item for pack in evidence.packs for name, item in pack.classes.items()}
    classes, projects = (
        [class_by_name[name] for name in names if name in class_by_name],
        Projects(evidence.question.parcels.attributes),
    )
    titles = [item.title.get(evidence.language, item.name) for item in classes if projects.are_of([item]).any()]
    return titles, len(classes) < len(names) or bool(projects.are_silent(classes).any())
