"""Tables of indicators and warnings as sheets that a person reads."""

from collections.abc import Callable, Mapping

import pandas as pd

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_tables import code_table, table_names
from onemap.layers.messages import sentences
from onemap.rules.findings.table import Table
from onemap.rules.indicators.indicator_words import indicator_reasons, measure_words, warning_status
from onemap.rules.outputs.sheet_words import RECORD, SheetWords

_REASONS = ("committed_reason", "days_reason", "trend_reason", "way_reason")


def sheets_for_people(tables: Mapping[str, Table], language: str) -> dict[str, Table]:
    """The tables as sheets that a person reads: heads, status and reasons in words, without geometry."""
    said = sentences(language)
    return {
        said["indicator_sheet"].get(name, name): Table(
            _record(table.columns, language) if name == RECORD else _worded(table.columns, language)
        )
        for name, table in tables.items()
    }


def _record(columns: pd.DataFrame, language: str) -> pd.DataFrame:
    """The record of a run as facts, one a row."""
    words = SheetWords(language)
    facts = words.columns(RECORD, columns)
    return facts.rename(columns={name: words.head(str(name)) for name in facts})


def _worded(columns: pd.DataFrame, language: str) -> pd.DataFrame:
    """Columns with their heads and codes in words."""
    said = sentences(language)
    titles = {code: entry.title[language] for code, entry in shipped_catalogue().items()}
    layers = {code: f"{title} {code}" for code, title in titles.items()}
    tables = table_names()
    words: dict[str, Callable[[str], str]] = {
        "status": lambda code: str(said["indicator_status"][code]),
        "break": lambda code: str(said["indicator_reason"][code]),
        "kind": lambda code: str(said["warning_kind"][code]),
        "way": lambda code: str(said["way"][code]),
        "trend": lambda code: str(said["trend"][code]),
        **dict.fromkeys(_REASONS, lambda code: indicator_reasons(code, language)),
        "layer": lambda code: layers.get(code, code),
        "nearest": lambda place: " ".join([layers.get(code, code) for code in place.split()[:1]] + place.split()[1:]),
        "unit_version": lambda table: f"{titles.get(table.split('__')[0], '')} {table}".strip(),
        "classes": lambda name: code_table(name).title[language] if name in tables else name,
        "unit_of_measure": lambda text: measure_words(text, language),
        "state": lambda code: str(said["warning_state"][code]),
        **dict.fromkeys(("nature", "bound"), lambda code: str(said["indicator_word"][code])),
    }
    if "kind" in columns:  # of a warning that is about no quota nothing is broken
        pairs = zip(columns["kind"], columns["status"], strict=True)
        rows = [{"kind": kind, "status": status} for kind, status in pairs]
        columns = columns.assign(status=pd.Series([warning_status(row, language) for row in rows], dtype=object).values)
        del words["status"]
    result = columns.copy()
    for name in result.columns:
        if name in words:
            texts = [None if code is None else words[name](code) for code in columns[name]]
            result[name] = pd.Series(texts, index=columns.index, dtype=object)
    if "reason" in result:  # of sums it names year and class
        kinds = columns["kind"] if "kind" in columns else [None] * len(columns)
        texts = [
            text if text is None or kind == "sums" else indicator_reasons(text, language)
            for text, kind in zip(columns["reason"], kinds, strict=True)
        ]
        result["reason"] = pd.Series(texts, index=columns.index, dtype=object)
    return result.rename(columns=said["indicator_column"])
