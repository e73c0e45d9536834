"""A library in rows: its layers and services, its working days, the facts of a project that its rules ask for."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import list_text, phrase
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerTable, AnswerView, Column, Part, column_heads

_IN_FORCE, _NOT_IN_FORCE, _ELSEWHERE = "●", "○", "~"


def layers_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each version, with a mark of whether it is in force; then a row for each service."""
    rows = [_version_row(layer, version, language) for layer in result["layers"] for version in layer["versions"]]
    heads = column_heads(("layer", "code", "version", "features"), language)
    columns = [*(Column(head, is_number=number == 3) for number, head in enumerate(heads)), Column("")]
    nothing = phrase("said.no_layers", language)
    layers: Part = AnswerTable(columns, rows, indent="") if rows else AnswerRow(nothing, line=[nothing])
    departments = named_groups()["departments"]
    services = [
        AnswerRow(f"{_ELSEWHERE} {one['name']}", [one["type"], departments[one["department"]][language]])
        for one in result.get("services", ())
    ]
    table = AnswerTable([Column("")] * 3, services, indent="", has_heads=False)
    return AnswerView([layers, table], [f"{result['name']} · {result['crs']}"])


def _version_row(layer: Mapping[str, Any], version: Mapping[str, Any], language: str) -> AnswerRow:
    mark = _IN_FORCE if version["in_force"] else _NOT_IN_FORCE
    remark = phrase("reason.unreadable", language) if version["unreadable"] else ""
    if version["missing_m2"] and not remark:
        remark = phrase("said.version_short", language, area=hectares_text(version["missing_m2"]))
    if version["retired"]:
        remark = phrase("said.version_retired", language, reason=version["retired"]["reason"])
    values = [layer["code"], version["label"], Amount(version["count"], "count"), remark]
    about = {"layer": layer["code"], "version": version["label"]}
    return AnswerRow(f"{mark} {layer['title'].get(language) or layer['code']}", values, about=about)


def calendar_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each year, with its free days and its worked weekends below; then whether a notice was kept."""
    rows = [_year_row(year, language) for year in result["years"]]
    remark = phrase("said.calendar_kept" if result["kept"] else "said.calendar_shown", language, file=result["file"])
    return AnswerView([*rows, AnswerRow("", line=[remark])] if result["has_notice"] else rows)


def _year_row(year: Mapping[str, Any], language: str) -> AnswerRow:
    source = phrase(f"said.calendar_{year['source']}", language)
    free = [_span_text(first, last, language) for first, last in year["free"]]
    below = [
        AnswerRow(
            name,
            line=[phrase("sheet.pair", language, name=name, value=list_text(texts, language))],
            rows=[AnswerRow(text, line=None) for text in texts],
        )
        for name, texts in (
            (phrase("said.calendar_free", language), free),
            (phrase("said.calendar_worked", language), year["worked"]),
        )
        if texts
    ]
    name = str(year["year"])
    return AnswerRow(name, [source], rows=below, line=[phrase("sheet.pair", language, name=name, value=source)])


def _span_text(first: str, last: str, language: str) -> str:
    return first if first == last else phrase("said.calendar_span", language, first=first, last=last)


def facts_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each fact, with the rules that ask for it; then how many rules wait, with each of them."""
    titles = {rule["rule"]: rule["title"] for rule in result["rules"]}
    rows = [_fact_row(fact, titles, language) for fact in result["parcels"]]
    waiting = [AnswerRow(titles[rule], about={"rule": rule}) for rule in result["waiting"]]
    counts = {"waiting": len(waiting), "count": len(result["rules"])}
    name = phrase("said.facts_waiting", language, **counts)
    return AnswerView([*rows, AnswerRow(name, is_open=False, rows=waiting, line=[name])])


def _fact_row(fact: Mapping[str, Any], titles: Mapping[str, str], language: str) -> AnswerRow:
    count = len(fact["rules"])
    below = [AnswerRow(titles.get(rule, rule), about={"rule": rule}) for rule in fact["rules"]]
    line = phrase("said.facts_asked", language, **{**fact, "count": count})
    return AnswerRow(fact["title"], [Amount(count, "count")], fact["name"], is_open=False, rows=below, line=[line])
