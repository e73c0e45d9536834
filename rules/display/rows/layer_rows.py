"""The layers of a library by title, each version with its number of features; then the services."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import phrase
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerTable, AnswerView, Column, Part
from onemap.rules.judge.findings.verdict_text import column_heads

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
    lost = phrase("reason.unreadable", language) if version["unreadable"] else ""
    if version["missing_m2"] and not lost:
        lost = phrase("said.version_short", language, area=hectares_text(version["missing_m2"]))
    if version["retired"]:
        lost = phrase("said.version_retired", language, reason=version["retired"]["reason"])
    values = [layer["code"], version["label"], Amount(version["count"], "count"), lost]
    about = {"layer": layer["code"], "version": version["label"]}
    return AnswerRow(f"{mark} {layer['title'].get(language) or layer['code']}", values, about=about)
