"""The project's data as rows of a table: what was given, in the order of the form, and what was counted."""

from collections.abc import Mapping
from typing import Any

from onemap.rules.review.case_file import Case
from onemap.rules.review.project_data import FIELDS
from onemap.rules.statement.document_words import words
from onemap.rules.statement.run_evidence import Evidence


def project_rows(
    case: Case, evidence: Evidence, totals: Mapping[str, Any], points: int, crs: str
) -> list[dict[str, Any]]:
    """Key, title and value of each line: the project's name, its fields as given or None, and what was counted."""
    said = words(evidence.language)
    site = f"{totals['hectares']:.4f} ha / {totals['mu']:,.2f} mu"
    if evidence.language == "zh":
        site = f"{totals['hectares']:.4f}公顷（{totals['mu']:,.2f}亩）"
    counted = {
        "site": site,
        "parcels": str(len(evidence.parcels)),
        "boundary_points": str(points),
        "crs": crs,
        "reviewed": evidence.record["started"][:10],
        "as_of": evidence.record["parameters"]["as_of"],
    }
    rows: list[dict[str, Any]] = [{"key": "name", "title": said["field_name"], "value": case.project}]
    rows += [
        {"key": field.key, "title": said[f"field_{field.key}"], "value": _given(case.data.get(field.key))}
        for field in FIELDS
    ]
    return rows + [{"key": key, "title": said[f"field_{key}"], "value": value} for key, value in counted.items()]


def _given(value: Any) -> str | None:
    """A value as it was given; None where nothing was."""
    if value is None:
        return None
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
