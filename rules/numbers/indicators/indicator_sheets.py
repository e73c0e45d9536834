"""Tables of indicators and warnings as sheets for people."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.code_tables import code_table, table_names
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import pair_text, phrase, sentences
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.outputs.sheet_titles import RECORD, KnownTitles, SheetTitles
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.judge.findings.table import Table
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_words import indicator_reasons, measure_words, warning_status

_REASONS = ("committed_reason", "days_reason", "trend_reason", "way_reason")


def sheets_for_people(tables: Mapping[str, Table], language: str, known_titles: KnownTitles) -> dict[str, Table]:
    """The tables as sheets for people: heads, status and reasons in words, without geometry."""
    wording = sentences(language)
    titles = SheetTitles(language, known_titles, {name: table.columns for name, table in tables.items()})
    words = SheetWords(language, titles)
    sheets = {
        wording["indicator_sheet"].get(name, name): Table(
            _facts(words.columns(RECORD, table.columns), words)
            if name == RECORD
            else _columns_in_words(table.columns, titles)
        )
        for name, table in tables.items()
    }
    technical = words.technical_sheet()
    return {**sheets, technical[0]: Table(_facts(technical[1], words))} if technical else sheets


def _facts(columns: pd.DataFrame, words: SheetWords) -> pd.DataFrame:
    """Facts, one a row, under their heads."""
    return columns.rename(columns={name: words.head(str(name)) for name in columns})


def _columns_in_words(columns: pd.DataFrame, titles: SheetTitles) -> pd.DataFrame:
    """Columns with heads and codes in words; ids come last."""
    language = titles.language
    wording, tables = sentences(language), table_names()
    words: dict[str, Callable[[str], str]] = {
        "status": lambda code: str(wording["indicator_status"][code]),
        "break": lambda code: str(wording["indicator_reason"][code]),
        "kind": lambda code: str(wording["warning_kind"][code]),
        "way": lambda code: str(wording["way"][code]),
        "trend": lambda code: str(wording["trend"][code]),
        **dict.fromkeys(_REASONS, lambda code: indicator_reasons(code, language)),
        "layer": titles.layer,
        "nearest": lambda place: " ".join([titles.layer(code) for code in place.split()[:1]] + place.split()[1:]),
        "unit_version": titles.version,
        "versions": titles.versions,
        "pack": titles.pack,
        "subject": titles.indicator,
        "step_at": moment_text,
        "classes": lambda name: code_table(name).title[language] if name in tables else name,
        "unit_of_measure": lambda text: measure_words(text, language),
        "state": lambda code: str(wording["warning_state"][code]),
        **dict.fromkeys(("nature", "bound"), lambda code: str(wording["indicator_word"][code])),
    }
    if "kind" in columns:  # of a warning that is about no quota nothing is broken
        pairs = zip(columns["kind"], columns["status"], strict=True)
        rows = [{"kind": kind, "status": status} for kind, status in pairs]
        columns = columns.assign(status=pd.Series([warning_status(row, language) for row in rows], dtype=object).values)
        del words["status"]
    if "term" in columns:  # its id stays, last
        columns = columns.assign(term_id=columns["term"])
        words["term"] = titles.term
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
    last = [name for name in ("id", "term_id") if name in result]
    return result[[*(name for name in result if name not in last), *last]].rename(columns=wording["indicator_column"])


def term_titles(packs: Sequence[IndicatorPack], catalogue: Mapping[str, LayerEntry], language: str) -> dict[str, str]:
    """The title of each term of some packs, its layers and its indicators, by the term's id."""
    titles = {}
    for pack in packs:
        for term in pack.terms.values():
            layers = dict.fromkeys(layer_title(part.layer, catalogue, language) for part in term.layers)
            kind, names = phrase(f"term_kind.{term.kind}", language), phrase("said.comma", language).join(layers)
            parts = (item for item in pack.indicators if term.id in item.term_names)
            uses = phrase("said.semicolon", language).join(item.title.get(language, item.id) for item in parts)
            measure = pair_text(kind, names, language) if names else kind
            titles[term.id] = phrase("sheet.in_brackets", language, text=measure, more=uses) if uses else measure
    return titles
