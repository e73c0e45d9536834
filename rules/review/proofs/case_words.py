"""The sentences of a draft for a case, in every language: those that a department would sign."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from onemap.layers.messages import LANGUAGES
from onemap.rules.judge.findings.rule_rows import without_rows_under
from onemap.rules.review.cases.drafting import DraftedFinding, drafted_text
from onemap.rules.review.proofs.case_judgement import JudgedCases

_MEASURES = ("length_m", "features", "distance_m", "value", "share")


def draft_texts(group: JudgedCases, place: int) -> str:
    """The drafts' texts for all that counts in a case, in every language. Areas are those of the plane of cases."""
    findings = [
        DraftedFinding(rows.judged.rule, row, row["verdict"], None)
        for rows in without_rows_under([*group.rows.values()])
        for block in rows.findings
        for row in _rows(block, group.ground.cases[place].id, place)
    ]
    return "\n".join(drafted_text(findings, (), language) for language in LANGUAGES)


def _rows(block: Mapping[str, Any], case: str, place: int) -> list[dict[str, Any]]:
    """The findings of a case that count, as a run's table has them."""
    rows = np.flatnonzero((block["_parcel"] == place) & block["counted"])
    named = ("rule", "layer", "title", "verdict", "reason", "area_m2", *_MEASURES)
    found = [{name: _cell(block[name], at) for name in named} for at in rows.tolist()]
    return [
        {**row, "parcel": case, "area_ellipsoidal_m2": row["area_m2"], "reason": row["reason"] or ""} for row in found
    ]


def _cell(values: Any, at: int) -> Any:
    value = values[at] if isinstance(values, np.ndarray) else values
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value
