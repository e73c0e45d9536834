"""The project's data as rows of a table: what was given, in the order of the form, and what was counted."""

from collections.abc import Mapping
from typing import Any

from onemap.rules.review.case_file import Case
from onemap.rules.statement.evidence import Evidence
from onemap.rules.statement.words import words


def project_rows(
    case: Case, evidence: Evidence, totals: Mapping[str, Any], points: int, crs: str
) -> list[dict[str, Any]]:
    """Key, title and value of each line: the project's name, its fields as given, and what One Map counted."""
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
    rows = [{"key": "name", "title": said["field_name"], "value": case.project}]
    rows += [
        {"key": key, "title": title, "value": value} for key, title, value in given_rows(case.data, evidence.language)
    ]
    return rows + [{"key": key, "title": said[f"field_{key}"], "value": value} for key, value in counted.items()]


def given_rows(data: Mapping[str, Any], language: str) -> list[tuple[str, str, str]]:
    """The fields that were given, with their titles, as text."""
    said = words(language)
    return [
        (key, said.get(f"field_{key}", key), str(value))
        for key, value in data.items()
        if value not in (None, "", [], {})
    ]
