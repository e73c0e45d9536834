"""The rows of each rule as plain columns; their ground is written later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onemap.rules.contract.verdict import RANK
from onemap.rules.judge.findings.findings import FindingColumns, RuleJudgement, block_rows


@dataclass(frozen=True)
class RuleRows:
    """The rows of a rule: its findings and overlaps in blocks of columns that each have rows; see `Block`."""

    judged: RuleJudgement
    findings: list[FindingColumns]
    overlaps: list[FindingColumns]


def without_rows_under(rules: Sequence[RuleRows]) -> list[RuleRows]:
    """The rows of all rules, without the hits of a rule where the rule named by its `under` counts for the same parcel.

    A rule with a milder verdict hides nothing: the parcel's verdict would be that of the milder one. Ground that a rule
    could not judge stays: another rule's hit does not make it known.
    """
    by_id = {item.judged.rule.id: item for item in rules}
    left = []
    for item in rules:
        rule = item.judged.rule
        upper_rules = [by_id[other] for other in rule.under if other in by_id]
        above = [_counting_parcels(one) for one in upper_rules if RANK[one.judged.rule.verdict] <= RANK[rule.verdict]]
        left.append(_rows_but_under(item, np.concatenate(above) if above else None))
    return left


def _counting_parcels(rows: RuleRows) -> np.ndarray:
    """The parcels for which a hit of a rule counts."""
    hits = [block for block in rows.findings if not block["_unknown"]]
    return np.concatenate([np.empty(0, dtype=np.int64), *(block["_parcel"][block["counted"]] for block in hits)])


def _rows_but_under(rows: RuleRows, parcels: np.ndarray | None) -> RuleRows:
    if parcels is None or len(parcels) == 0:
        return rows
    blocks_left = [
        [
            block_rows(block, np.flatnonzero((block["_unknown"] == 1) | ~np.isin(block["_parcel"], parcels)))
            for block in part
        ]
        for part in (rows.findings, rows.overlaps)
    ]
    findings, overlaps = ([block for block in part if len(block["_parcel"])] for part in blocks_left)
    return RuleRows(rows.judged, findings, overlaps)
