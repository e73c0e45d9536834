"""Rows of a table: each is named once, by the fields that together say of what and of when it speaks."""

from typing import Any

import numpy as np

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.frames.fields import text_values
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.quality.feature_problems import FlawList, Flaws

_YEAR = "ND"  # the field of years in every table of the catalogue
_INDICATORS, _MEASURE = ("ZBDM", "ZBMC"), "DW"  # which indicator a row tells, and its unit of measure
_PERCENT, _SHARES = {"%", "％", "百分比", "percent"}, {"1", "x", "倍", "比例", "小数", "share", "ratio"}
_FIRST_YEAR, _LAST_YEAR = 1949, 2100


def row_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Rows that say again what another has said, years that are none, and rows without year or code of a unit.

    Codes: table.repeated, table.year, table.empty.
    """
    names = [name for name in entry.rows if name in frame.columns]
    if not names:
        return []
    repeated, years = FlawList("table.repeated", None), FlawList("table.year", None)
    empty = FlawList("table.empty", None)
    needed = [name for name in names if name in (entry.unit, _YEAR)]
    seen: dict[tuple[Any, ...], int] = {}
    for block in frame.blocks():
        rows = list(zip(*(text_values(frame.values(name, block)) for name in names), strict=True))
        sources = frame.source_rows(block).tolist()
        for place, source, row in zip(block.tolist(), sources, rows, strict=True):
            first = seen.setdefault(row, source)
            if first != source:
                facts = {"field": ", ".join(names), "value": " · ".join(str(v or "–") for v in row), "other": first + 1}
                repeated.add(np.array([place]), lambda at, facts=facts: facts)  # type: ignore[misc]
            for name in needed:
                if row[names.index(name)] is None:
                    empty.add(np.array([place]), lambda at, name=name: {"field": name})  # type: ignore[misc]
            year = row[names.index(_YEAR)] if _YEAR in names else None
            if year is not None and not _is_year(year):
                said = {"field": _YEAR, "value": year}
                years.add(np.array([place]), lambda at, said=said: said)  # type: ignore[misc]
    return repeated.flaws() + years.flaws() + empty.flaws()


def share_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Rows that tell as a share (0.45) what other rows of the same indicator tell in percent (table.percent)."""
    names = [name for name in (*_INDICATORS, _MEASURE) if name in frame.columns]
    if _MEASURE not in names or len(names) < 2 or _MEASURE not in {field.name for field in entry.fields}:
        return []
    flaws = FlawList("table.percent", None)
    percent: dict[str, int] = {}
    shares: list[tuple[int, str, str]] = []
    for block in frame.blocks():
        rows = list(zip(*(text_values(frame.values(name, block)) for name in names), strict=True))
        sources = frame.source_rows(block).tolist()
        for place, source, row in zip(block.tolist(), sources, rows, strict=True):
            indicator, measure = next((text for text in row[:-1] if text), None), (row[-1] or "").strip()
            if indicator is None:
                continue
            if measure in _PERCENT:
                percent.setdefault(indicator, source)
            elif measure in _SHARES:
                shares.append((place, indicator, measure))
    for place, indicator, measure in shares:
        if indicator in percent:
            facts = {"field": _MEASURE, "value": measure, "name": indicator, "other": percent[indicator] + 1}
            flaws.add(np.array([place]), lambda at, facts=facts: facts)  # type: ignore[misc]
    return flaws.flaws()


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdigit() and _FIRST_YEAR <= int(text) <= _LAST_YEAR
