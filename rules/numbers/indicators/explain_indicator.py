"""Explain step by step how an indicator's value was computed, from what the run stored."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.area_units import share_text
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.display.outputs.sheet_titles import RECORD, KnownTitles, SheetTitles
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.runs.run_store import stored_rows, whole_record
from onemap.rules.numbers.indicators.indicator_pack import Indicator, LayerPart, Term
from onemap.rules.numbers.indicators.indicator_storage import stored_options
from onemap.rules.numbers.indicators.indicator_words import indicator_reasons, measure_words, number_words, trend_words
from onemap.rules.numbers.indicators.indicators import KIND
from onemap.rules.numbers.indicators.quota_pages import IndicatorRow, is_quota, room_words

_WHOLE_FROM, _WHOLE_M2 = 100_000.0, 10.0
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_TERM_OR_SIGN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*|[-+*/]")
# A finding's feature is a piece in conflict, and its run one of rules: an indicator's have words of their own.
_STEP_WORDS = {"feature": "of_feature", "run": "measurement"}


def explain_indicator(library: Library, identifier: str, unit: str, name: str, language: str) -> Record:
    """The steps from formula, terms, versions and features to value, target and status, on every day of the run.

    unit: as the run names it; "-" for the district. Raises OneMapError run.unknown, run.kind, run.unit, run.indicator.
    """
    record = whole_record(library, identifier, KIND)
    options = stored_options(library, identifier)
    items_by_id = {item.id: (pack, item) for pack in options.packs for item in pack.indicators}
    if name not in items_by_id:
        raise OneMapError("run.indicator", file=library.label, run=identifier, value=name, known=sorted(items_by_id))
    pack, item = items_by_id[name]
    wanted_unit = None if unit == "-" else unit
    rows = [row.values for row in stored_rows(library, identifier, "indicators", id=name)]
    rows = [row for row in rows if row["unit"] == wanted_unit]
    if not rows:
        raise OneMapError("run.unit", file=library.label, run=identifier, value=unit)
    steps: list[dict[str, Any]] = []

    def step(key: str, *parts: Any, wording: Sequence[Any] | None = None) -> None:
        text, plain = _joined_parts(parts), _joined_parts(parts if wording is None else wording)
        name = _STEP_WORDS.get(key, key)
        steps.append({"step": phrase(f"explain.{name}", language), "key": key, "value": text, "said": plain})

    titles = SheetTitles(
        language, KnownTitles(catalogue=library.catalogue()), {RECORD: run_table(dict(record)).columns}
    )
    step("run", identifier, record["started"], record["who"], wording=(record["started"], record["who"]))
    item_facts = item.title.get(language), item.issuer, item.edition
    wording = *item_facts, f"{titles.pack(pack.id)} {pack.version}"
    step("indicator", item.id, *item_facts, f"{pack.id} {pack.version}", wording=wording)
    asked_terms = [pack.terms[term] for term in item.term_names]
    marks = {term.id: mark for term, mark in zip(asked_terms, _MARKS, strict=False)}
    words = {term.id: _term_words(term, marks, titles) for term in asked_terms}
    measure = measure_words(item.unit.text, language)
    step("formula", item.formula.text, item.unit.text, wording=(_formula_words(item.formula.text, words), measure))
    step("basis", item.options["source"])
    stored_tables = [stored_rows(library, identifier, table, pack=pack.id) for table in ("terms", "features")]
    terms, features = ([row.values for row in some if row.values["unit"] == wanted_unit] for some in stored_tables)
    for row in rows:
        units = titles.version(row["unit_version"]) if row["unit_version"] else None
        title = row["unit_title"] or (unit if wanted_unit else phrase("said.district", language))
        step("unit", unit, row["unit_title"], row["unit_version"], row["as_of"], wording=(title, units, row["as_of"]))
        for term in asked_terms:
            _explain_term(term, words[term.id], row, terms, features, titles, step)
        _explain_value(item, row, language, step)
    return {"steps": steps}


def _joined_parts(parts: Sequence[Any]) -> str:
    return " · ".join(str(part) for part in parts if part not in (None, ""))


def _term_words(term: Term, marks: Mapping[str, str], titles: SheetTitles) -> str:
    """The title of a term with its layers, and its mark if the formula has several terms."""
    kind = phrase(f"term_kind.{term.kind}", titles.language)
    layers = dict.fromkeys(titles.layer(part.layer) for part in term.layers)
    names = phrase("said.comma", titles.language).join(layers)
    term_text = phrase("figures.measured_in", titles.language, title=kind, measure=names) if names else kind
    mark = marks.get(term.id, "") if len(marks) > 1 else ""
    return " ".join(filter(None, (mark, term_text)))


def _formula_words(text: str, words: Mapping[str, str]) -> str:
    """A formula with its terms in words and arithmetic signs, for people."""
    signs = {"*": " × ", "/": " ÷ ", "-": " − ", "+": " + "}
    parts = _TERM_OR_SIGN.sub(lambda match: signs.get(match[0]) or words.get(match[0], match[0]), text)
    return " ".join(parts.split())


def _explain_term(
    term: Term,
    words: str,
    row: IndicatorRow,
    terms: Sequence[IndicatorRow],
    features: Sequence[IndicatorRow],
    titles: SheetTitles,
    step: Any,
) -> None:
    """Add the steps of one term: its definition, its versions, its value, and the features with the largest part."""
    language = titles.language
    kind = phrase(f"term_kind.{term.kind}", language)
    step("term", term.id, kind, *map(_part, term.layers), _more(term), wording=(words,))
    for one in terms:
        if one["term"] != term.id or one["as_of"] != row["as_of"] or not _is_of(one, row):
            continue
        if one["versions"]:
            step("version", one["versions"], wording=(titles.versions(one["versions"]),))
        measure = measure_words(term.unit.text, language)
        number = None if one["value"] is None else f"{_amount(term.unit.of(one['value']), term)} {measure}"
        known_text = phrase("explain.known", language, share=share_text(one["share_known"]))
        features_used = phrase("explain.features", language, count=one["features"])
        step("measured", number, indicator_reasons(one["reason"], language), known_text, features_used)
        if one.get("way") is not None:
            step("way", *_way_words(one, language))
    for one in features:
        if one["term"] == term.id and one["as_of"] == row["as_of"]:
            amount = f"{_amount(term.unit.of(one['value']), term)} {measure_words(term.unit.text, language)}"
            step("feature", one["feature"], _number_text(one["value"]), wording=(one["feature"], amount))


def _amount(value: float, term: Term) -> str:
    """A term's number for people: square metres whole from 10, other numbers to six figures."""
    is_area = term.unit.text == "m2" and abs(value) >= _WHOLE_M2
    return f"{value:,.0f}" if is_area else _number_text(value)


def _number_text(value: float) -> str:
    """A number to six figures, a large one whole."""
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:,.6g}"


def _is_of(one: IndicatorRow, row: IndicatorRow) -> bool:
    """Whether a term's row belongs to the row's year; always if the term is not a table's number."""
    return one["year"] is None or row["year"] is None or int(one["year"]) == int(row["year"])


def _part(part: LayerPart) -> str:
    words = [part.layer]
    words += [f"@{part.state}"] if part.state is not None else []
    words += ["@-1"] if part.is_earlier else []
    return "".join(words) + (f" [{part.where}]" if part.where else "")


def _more(term: Term) -> str:
    words = [term.field or ""]
    words += [f"≤ {term.walk.distance_m:g} m"] if term.walk is not None else []
    return " ".join(filter(None, words))


def _way_words(one: IndicatorRow, language: str) -> list[str]:
    """Whether a walk followed streets or straight lines, and how complete the network of streets is."""
    words = [phrase(f"way.{one['way']}", language), indicator_reasons(one["way_reason"], language)]
    if one["streets_m"] is not None:
        facts: dict[str, Any] = {"length": f"{one['streets_m']:,.0f}", "parts": int(one["street_parts"])}
        facts |= {"ends": int(one["loose_ends"])}
        words.append(phrase("explain.streets", language, **facts))
    if one["off_street_m2"]:
        words.append(phrase("explain.off_street", language, area=f"{one['off_street_m2']:,.0f}"))
    return words


def _explain_value(item: Indicator, row: IndicatorRow, language: str, step: Any) -> None:
    row, measure = {**row, "decimals": item.options.get("decimals")}, measure_words(row["unit_of_measure"], language)
    if row["numerator"] is not None:
        step("quotient", f"{_number_text(row['numerator'])} ÷ {_number_text(row['denominator'])}")
    if row["value"] is not None:
        number = number_words(row["value"], row)
        wording = f"{number} {measure}", row["year"]
        step("value", f"{number} {row['unit_of_measure']}", row["year"], wording=wording)
    if row["target"] is not None:
        bound = phrase(f"indicator_word.{item.bound}", language)
        number = number_words(row["target"], row)
        plain = bound, f"{number} {measure}", row["target_year"]
        step("target", bound, f"{number} {row['unit_of_measure']}", row["target_year"], wording=plain)
    if is_quota(row):
        step("room", *room_words(row, language))
    status = phrase(f"indicator_status.{row['status']}", language)
    step("status", status, indicator_reasons(row["reason"], language))
    if "trend" in row:
        step("trend", trend_words(row, language))
    if row["break"] is not None:
        step("break", phrase(f"indicator_reason.{row['break']}", language))
