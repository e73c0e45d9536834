"""The rows of `sites` for people: the places found, the freest first."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    amount_text,
    assumed_rows,
)

_SIZES = (("area", "m2"), ("width", "m"))


def sites_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each place: its distance from the edge of the free ground, and the rule whose ground is nearest."""
    sites, assumed = result["sites"], assumed_rows(result["layers"], language)
    if not sites:
        return AnswerView(assumed, [phrase("said.no_sites", language)])
    titles = {
        name: phrase(f"text_column.{name}", language) for name in ("site", "clearance", "nearest", "nearest_away")
    }
    titles |= {name: phrase(f"text_column.{name}", language) for name in ("width", "verdict")}
    units = {"clearance": "m", "nearest_away": "m", "width": "m"}
    columns = [Column(title, units.get(name, "")) for name, title in titles.items()]
    rows = [_site_row(site, language) for site in sites]
    return AnswerView([AnswerTable(columns, rows), *assumed], [phrase("said.sites", language, count=len(sites))])


def _site_row(site: Mapping[str, Any], language: str) -> AnswerRow:
    nearest = "–" if site["nearest_m"] is None else Amount(site["nearest_m"], "m")
    values = (
        Amount(site["clearance_m"], "m"),
        site["nearest_title"] or site["nearest_rule"] or "–",
        nearest,
        Amount(site["width_m"], "m"),
        phrase(f"verdict.{site['verdict']}", language),
    )
    sizes = {name: amount_text(Amount(site[f"{name}_{unit}"], unit), language) for name, unit in _SIZES}
    hint = phrase("said.site_size", language, **sizes)
    return AnswerRow(site["site"], values, hint, {"site": site["site"]}, sign=site["verdict"])
