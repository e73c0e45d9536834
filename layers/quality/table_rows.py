"""Checks of a table's rows: each row is identified by the fields that name its subject and its time."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.unit_codes import plain_unit_code
from onemap.layers.frames.fields import text_values
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.quality.feature_problems import FlawList, Flaws

_YEAR = "ND"  # the field of years in every table of the catalogue
_INDICATORS, _MEASURE = ("ZBDM", "ZBMC"), "DW"  # which indicator a row tells, and its unit of measure
_PERCENT, _SHARES = {"%", "％", "百分比", "percent"}, {"1", "x", "倍", "比例", "小数", "share", "ratio"}
_NUMBER, _FAR_APART = "Z", 50.0  # of percentages
_RATE = re.compile(r"率|比例|占比|比重|\b(rate|share|percent)", re.IGNORECASE)
_FIRST_YEAR, _LAST_YEAR = 1949, 2100


def repeated_rows(attributes: pd.DataFrame, entry: LayerEntry) -> np.ndarray:
    """Which rows of a table (n,) have the same unit and time as another row, however its code is written.

    `add` refuses such rows; a library may hold some from before. A table without fields for these has no repeats.
    """
    names = [name for name in entry.rows if name in attributes.columns]
    if not names:
        return np.zeros(len(attributes), dtype=bool)
    subjects = _subjects(names, entry, [text_values(attributes[name].tolist()) for name in names])
    return pd.Series(subjects, dtype=object).duplicated(keep=False).to_numpy(dtype=bool)


def _subjects(
    names: Sequence[str], entry: LayerEntry, columns: Sequence[Sequence[str | None]]
) -> list[tuple[str | None, ...]]:
    """Return the subject of each row: the fields that identify it, with the unit's code without trailing zeros."""
    plain = [
        [None if code is None else plain_unit_code(code) for code in column] if name == entry.unit else column
        for name, column in zip(names, columns, strict=True)
    ]
    return list(zip(*plain, strict=True))


def row_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Rows that repeat another row, invalid years, and rows without year or code of a unit.

    Codes: table.repeated, table.year, table.empty.
    """
    names = [name for name in entry.rows if name in frame.columns]
    if not names:
        return []
    repeated, years = FlawList("table.repeated", None), FlawList("table.year", None)
    empty = FlawList("table.empty", None)
    needed_names = [name for name in names if name in (entry.unit, _YEAR)]
    first_rows: dict[tuple[Any, ...], int] = {}
    for block in frame.blocks():
        columns = [text_values(frame.values(name, block)) for name in names]
        rows, sources = list(zip(*columns, strict=True)), frame.source_rows(block).tolist()
        subjects = _subjects(names, entry, columns)
        for place, source, row, subject in zip(block.tolist(), sources, rows, subjects, strict=True):
            first = first_rows.setdefault(subject, source)
            if first != source:
                facts = {"field": ", ".join(names), "value": " · ".join(str(v or "–") for v in row), "other": first + 1}
                repeated.add(np.array([place]), lambda at, facts=facts: facts)  # type: ignore[misc]
            for name in needed_names:
                if row[names.index(name)] is None:
                    empty.add(np.array([place]), lambda at, name=name: {"field": name})  # type: ignore[misc]
            year = row[names.index(_YEAR)] if _YEAR in names else None
            if year is not None and not _is_year(year):
                year_facts = {"field": _YEAR, "value": year}
                years.add(np.array([place]), lambda at, year_facts=year_facts: year_facts)  # type: ignore[misc]
    return repeated.flaws() + years.flaws() + empty.flaws()


def share_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Return rows that give a share (0.45) where other rows of the same indicator give percent (table.percent)."""
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


def scale_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Return rows in percent that look like shares: at most 1, while the indicator has a value 50 times as large.

    They may be right, so they are reported and not refused (table.percent_scale).
    """
    schema_names = {field.name for field in entry.fields}
    names = [name for name in (*_INDICATORS, _MEASURE, _NUMBER) if name in frame.columns]
    if not {_MEASURE, _NUMBER} <= schema_names or _NUMBER not in names or len(names) < 2:
        return []
    largest: dict[str, tuple[float, int]] = {}
    small: list[tuple[int, str, float]] = []
    for block in frame.blocks():
        rows = zip(*(text_values(frame.values(name, block)) for name in names), strict=True)
        for place, source, row in zip(block.tolist(), frame.source_rows(block).tolist(), rows, strict=True):
            texts = dict(zip(names, row, strict=True))
            indicator = next((texts[name] for name in _INDICATORS if texts.get(name)), None)
            number, measure = _number(texts[_NUMBER]), (texts.get(_MEASURE) or "").strip()
            title = " ".join(texts.get(name) or "" for name in _INDICATORS)
            is_percent = measure in _PERCENT or (not measure and _RATE.search(title) is not None)
            if indicator is None or number is None or number <= 0 or not is_percent:
                continue
            largest[indicator] = max(largest.get(indicator, (0.0, 0)), (number, source))
            if number <= 1.0:
                small.append((place, indicator, number))
    flaws = FlawList("table.percent_scale", None)
    for place, indicator, number in small:
        most, other = largest[indicator]
        if most >= number * _FAR_APART and most > 1.0:
            facts: dict[str, Any] = {"field": _NUMBER, "value": f"{number:g}", "name": indicator}
            facts |= {"most": f"{most:g}", "other": other + 1}
            flaws.add(np.array([place]), lambda at, facts=facts: facts)  # type: ignore[misc]
    return flaws.flaws()


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdigit() and _FIRST_YEAR <= int(text) <= _LAST_YEAR
