"""The sums of a check for an office: findings of each verdict by department, and rules that were not asked."""

from collections.abc import Mapping

import pandas as pd

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import phrase
from onemap.rules.contract.verdict import VERDICTS, Verdict
from onemap.rules.display.outputs.sheet_titles import RECORD

TOTALS = "totals"
_OF_FINDINGS = {"department", "verdict", "counted"}
_UNASKED = "unasked"


def with_department_totals(frames: Mapping[str, pd.DataFrame], language: str) -> dict[str, pd.DataFrame]:
    """The tables of a check with its sums before the run's record; tables of other verbs stay as they are."""
    findings = frames.get("findings")
    if findings is None or not set(findings) >= _OF_FINDINGS:
        return dict(frames)
    totals = _totals(findings, frames.get("unasked_rules", pd.DataFrame(columns=["department"])), language)
    with_totals: dict[str, pd.DataFrame] = {}
    for name, frame in frames.items():
        with_totals |= {TOTALS: totals} if name == RECORD else {}
        with_totals[name] = frame
    return {**with_totals, TOTALS: totals}


def _totals(findings: pd.DataFrame, unasked_rules: pd.DataFrame, language: str) -> pd.DataFrame:
    """A row for each department in the catalogue's order, then the sum; findings below a threshold do not count."""
    counted_findings = findings[findings["counted"].astype(bool)]
    columns = {
        str(verdict): counted_findings.loc[counted_findings["verdict"] == verdict, "department"].value_counts()
        for verdict in VERDICTS
        if verdict != Verdict.CLEAR
    }
    counts = pd.DataFrame({**columns, _UNASKED: unasked_rules["department"].value_counts()}).fillna(0).astype(int)
    known_departments = [name for name in named_groups()["departments"] if name in counts.index]
    counts = counts.reindex([*known_departments, *sorted(set(counts.index) - set(known_departments))])
    counts.loc[phrase("sheet.total", language)] = counts.sum()
    return counts.rename_axis("department").reset_index()
