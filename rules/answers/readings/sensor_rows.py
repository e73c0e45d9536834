"""The rows of `readings`: how many sensors are at which level, then those that are not normal."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.contract.verdict import Verdict
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerTable, AnswerView, Column, column_heads

_MOST_ROWS = 60  # that somebody reads; --json and --out have them all
_LEVELS = ("normal", "warn", "alarm", "unknown")
# The verdicts that look so.
_SIGNS = {"alarm": Verdict.PROHIBITED, "warn": Verdict.RESTRICTED, "unknown": Verdict.UNKNOWN}


def readings_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """The nodes that are not normal, below how many are at which level."""
    counts = Counter(dict.fromkeys(_LEVELS, 0))
    counts.update(node["status"] for node in result["nodes"])
    levels = phrase("said.readings_level", language, **counts)
    facts = {"nodes": len(result["nodes"]), "at": moment_text(result["at"]), "counts": levels}
    abnormal = [node for node in result["nodes"] if node["status"] != "normal"]
    heads = column_heads(("node", "property", "status", "value", "time", "reason"), language)
    columns = [Column(head, is_number=number == 3) for number, head in enumerate(heads)]
    table = AnswerTable(columns, [_node_row(node, language) for node in abnormal[:_MOST_ROWS]])
    more = [phrase("said.more_rows", language, count=len(abnormal) - _MOST_ROWS)]
    rest = [AnswerRow(more[0], line=[f"  {more[0]}"])] if len(abnormal) > _MOST_ROWS else []
    return AnswerView([table, *rest], [phrase("said.readings", language, **facts)])


def _node_row(node: Mapping[str, Any], language: str) -> AnswerRow:
    status, reason = (
        phrase(f"reading_status.{node[name]}", language) if node[name] else "" for name in ("status", "reason")
    )
    value = "–" if node["value"] is None else f"{node['value']:g} {node['unit']}".strip()
    values = [node["property"], status, value, node["time"] or "–", reason]
    return AnswerRow(node["node"], values, about={"node": node["node"]}, sign=_SIGNS[node["status"]])
